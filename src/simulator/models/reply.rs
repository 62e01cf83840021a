//! What a model can be made to answer, faults included.

use std::time::Duration;

/// One answer. Texts are dressed in the format of the provider that was asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// Said and done, with the usage.
    Says(String),
    /// Said, but the provider does not say what it cost.
    WithoutUsage(String),
    /// Cut off by the limit of tokens (`length`, `MAX_TOKENS`, `max_tokens`).
    Length(String),
    /// The model declines: `OpenAI`'s `refusal`, Anthropic's stop reason, Gemini's `SAFETY` on the reply.
    Refuses(String),
    /// A filter of the provider took the question (Gemini's `promptFeedback`) or the reply (`content_filter`).
    Blocks,
    /// An error in the provider's format.
    Fails {
        status: u16,
        headers: Vec<(String, String)>,
        /// `type`, `code` or `status` of the error, whichever the provider calls it.
        code: String,
        message: String,
    },
    /// Exactly this.
    Raw {
        status: u16,
        content_type: String,
        body: String,
    },
    /// Elsewhere, with this status.
    Redirects(u16),
    /// Takes the question and never answers.
    Hangs,
    /// The head of an answer comes, then the connection is cut.
    Drops,
    /// The whole length is announced, half of the bytes come, then the connection is cut.
    Half(String),
    /// Said, ten bytes at a time with this pause between.
    Drips(String, Duration),
    /// A JSON string that goes on for this many bytes.
    Huge(usize),
}

impl Reply {
    pub fn says(text: impl Into<String>) -> Self {
        Self::Says(text.into())
    }

    /// An error with this status and the provider's usual code for it.
    pub fn fails(status: u16, message: &str) -> Self {
        Self::Fails {
            status,
            headers: Vec::new(),
            code: String::new(),
            message: message.to_owned(),
        }
    }

    /// 429, with `Retry-After` as it is given.
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let reply = Self::fails(429, "Rate limit reached");
        match retry_after {
            Some(value) => reply.with_header("retry-after", value),
            None => reply,
        }
    }

    /// Another code than the usual one; only for `Fails`.
    #[must_use]
    pub fn with_code(mut self, text: &str) -> Self {
        if let Self::Fails { code, .. } = &mut self {
            text.clone_into(code);
        }
        self
    }

    /// Adds a header; only for `Fails`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Fails { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}
