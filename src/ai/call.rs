//! One send through the library: our question in its words, and its answer in ours.

use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponse, ChatResponseFormat, JsonSpec, StopReason,
};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, Headers, ModelIden, ServiceTarget};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;
use url::Url;

use super::failure::{Failure, Reader};
use super::gate::Gate;
use super::providers::Dialect;
use super::{Answer, Choice, Finish, Question, Usage, redact};

/// A token is about this many characters of English, where the provider does not say.
const CHARACTERS: usize = 4;

/// How the reply's form is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By the API's field for a JSON schema.
    Schema,
    /// In words, for an API that has no such field.
    Words,
}

/// Everything that one provider is asked with.
pub(super) struct Line<'a> {
    pub(super) client: Client,
    /// What the client goes through.
    pub(super) gate: Gate,
    pub(super) dialect: &'static dyn Dialect,
    pub(super) base: Url,
    pub(super) model: &'a str,
    pub(super) choice: &'a Choice,
}

impl Line<'_> {
    pub(super) fn key(&self) -> &str {
        let key = self.choice.key.as_ref();
        key.map_or("", |key| key.expose_secret())
    }

    /// Asks once. The error is whatever the library says; nothing of it is logged, at no level.
    pub(super) async fn ask(
        &self,
        question: &Question,
        form: Form,
        reader: Reader<'_>,
    ) -> Result<Answer, Failure> {
        let options = self.options(question, form);
        let sent = self
            .client
            .exec_chat(self.target(), request(question, form), Some(&options))
            .with_subscriber(NoSubscriber::default())
            .await;
        match sent {
            Ok(response) => self.read(response, question, reader),
            Err(genai::Error::ChatResponseGeneration { response_body, .. }) => {
                match self.dialect.held_back(&response_body) {
                    Some(finish) => Ok(self.answer(String::new(), finish, counted(&response_body))),
                    None => Err(reader.of_body(&response_body)),
                }
            }
            Err(error) => Err(self.failure(&error, reader)),
        }
    }

    fn failure(&self, error: &genai::Error, reader: Reader<'_>) -> Failure {
        let seen = self.gate.take_verdict();
        seen.map_or_else(|| reader.of_library(error), Failure::of_verdict)
    }

    /// The names of the models that the provider lists; the list may be one page of many.
    pub(super) async fn list(&self, reader: Reader<'_>) -> Result<Vec<String>, Failure> {
        let auth = match self.key() {
            "" => AuthData::None,
            key => AuthData::from_single(key),
        };
        let endpoint = Endpoint::from_owned(self.base.as_str());
        self.client
            .all_model_names(self.dialect.adapter(), (endpoint, auth))
            .with_subscriber(NoSubscriber::default())
            .await
            .map_err(|error| self.failure(&error, reader))
    }

    fn target(&self) -> ServiceTarget {
        let auth = match self.key() {
            // The library wants a key; without one the request has no header for it.
            "" => AuthData::RequestOverride {
                url: format!("{}chat/completions", self.base),
                headers: Headers::default(),
            },
            key => AuthData::from_single(key),
        };
        ServiceTarget {
            endpoint: Endpoint::from_owned(self.base.as_str()),
            auth,
            model: ModelIden::new(self.dialect.adapter(), self.model),
        }
    }

    fn options(&self, question: &Question, form: Form) -> ChatOptions {
        let format = match form {
            Form::Schema => Some(ChatResponseFormat::JsonSpec(JsonSpec::new(
                question.schema_name,
                question.schema.clone(),
            ))),
            Form::Words if self.dialect.takes_json_mode() => Some(ChatResponseFormat::JsonMode),
            Form::Words => None,
        };
        ChatOptions {
            temperature: self.choice.temperature,
            max_tokens: self.choice.max_tokens,
            response_format: format,
            reasoning_effort: self.dialect.no_effort(),
            // Some local models think aloud in front of their reply.
            normalize_reasoning_content: Some(true),
            // For refusals, which the library does not know.
            capture_raw_body: Some(true),
            // The library reads `a::b` and `-high` in a name as wishes to itself.
            extra_body: self
                .dialect
                .model_is_in_body()
                .then(|| json!({"model": self.model})),
            ..ChatOptions::default()
        }
    }

    fn read(
        &self,
        response: ChatResponse,
        question: &Question,
        reader: Reader<'_>,
    ) -> Result<Answer, Failure> {
        let raw = response.captured_raw_body.unwrap_or_default();
        let held_back = self.dialect.held_back(&raw);
        let text = response.content.into_texts().concat();
        let finish = held_back.unwrap_or_else(|| finish(response.stop_reason.as_ref(), &text));
        if finish == Finish::Stop && text.trim().is_empty() {
            return Err(reader.of_body(&raw));
        }
        let told = |tokens: Option<i32>| tokens.and_then(|tokens| u32::try_from(tokens).ok());
        let tokens_in = told(response.usage.prompt_tokens);
        let tokens_out = told(response.usage.completion_tokens);
        let usage = match (tokens_in, tokens_out) {
            (None | Some(0), None | Some(0)) => estimate(question, &text),
            (tokens_in, tokens_out) => Usage {
                tokens_in: tokens_in.unwrap_or_default(),
                tokens_out: tokens_out.unwrap_or_default(),
                is_estimate: false,
            },
        };
        Ok(self.answer(text, finish, usage))
    }

    fn answer(&self, text: String, finish: Finish, usage: Usage) -> Answer {
        let line = |said: String| redact::line(&said, self.key());
        Answer {
            lost: 0,
            text,
            usage,
            finish: match finish {
                Finish::Refused(said) => Finish::Refused(line(said)),
                Finish::Blocked(said) => Finish::Blocked(line(said)),
                other => other,
            },
        }
    }
}

fn request(question: &Question, form: Form) -> ChatRequest {
    let mut system = question.system.clone();
    if form == Form::Words {
        system.push_str(
            "\n\nReply with one JSON value and nothing else. It fits this JSON schema:\n",
        );
        system.push_str(&question.schema.to_string());
    }
    ChatRequest::from_messages(vec![ChatMessage::user(question.prompt.clone())]).with_system(system)
}

fn finish(reason: Option<&StopReason>, text: &str) -> Finish {
    match reason {
        Some(StopReason::MaxTokens(_)) => Finish::Length,
        Some(StopReason::ContentFilter(name)) if name == "refusal" => {
            Finish::Refused(text.to_owned())
        }
        Some(StopReason::ContentFilter(name)) => Finish::Blocked(name.clone()),
        Some(StopReason::Other(name)) if text.is_empty() => Finish::Blocked(name.clone()),
        _ => Finish::Stop,
    }
}

fn estimate(question: &Question, text: &str) -> Usage {
    let tokens = |characters: usize| u32::try_from(characters / CHARACTERS + 1).unwrap_or(u32::MAX);
    let asked = question.system.chars().count() + question.prompt.chars().count();
    Usage {
        tokens_in: tokens(asked),
        tokens_out: tokens(text.chars().count()),
        is_estimate: true,
    }
}

/// Of a reply without candidates, which the library does not count.
fn counted(reply: &Value) -> Usage {
    let count = |path: &str| {
        let tokens = reply.pointer(path).and_then(Value::as_u64);
        tokens.map_or(0, |tokens| u32::try_from(tokens).unwrap_or(u32::MAX))
    };
    Usage {
        tokens_in: count("/usageMetadata/promptTokenCount"),
        tokens_out: count("/usageMetadata/candidatesTokenCount"),
        is_estimate: false,
    }
}
