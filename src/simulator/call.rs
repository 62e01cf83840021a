//! One request as the routes see it, and the answers they give.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

/// Who sent a request, by its `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The App itself, with a JWT.
    App,
    /// An installation token of this installation.
    Installation(u64),
    /// A personal token of this login.
    Token(String),
    /// No (valid) credentials.
    Nobody,
}

/// A request after the door has read it; `path` is without `/api`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) actor: Actor,
    /// The token's text, for the narrowing that belongs to it.
    pub(crate) token: Option<String>,
}

impl Call {
    /// The body as an object of known fields. Empty bodies count as `{}`.
    pub(crate) fn fields(&self, known: &[&str]) -> Result<Fields, Refusal> {
        if self.body.is_empty() {
            return Ok(Fields::default());
        }
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|_| Refusal::new(400, "Problems parsing JSON"))?;
        let Value::Object(values) = value else {
            return Err(Refusal::new(
                422,
                "Invalid request.\n\nFor 'links/0/schema', the body is not an object.",
            ));
        };
        let unknown = values
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .map(|key| format!("{} {}: unknown field `{key}`", self.method, self.path))
            .collect();
        Ok(Fields { values, unknown })
    }

    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }
}

/// The fields of a JSON body, read with GitHub's complaints about wrong types.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    values: Map<String, Value>,
    /// Complaints about fields that the route does not know.
    pub(crate) unknown: Vec<String>,
}

impl Fields {
    /// Absent, or null, or a string.
    #[expect(
        clippy::option_option,
        reason = "absent, null and a value are three different wishes"
    )]
    pub(crate) fn text(&self, name: &str) -> Result<Option<Option<String>>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
            Some(other) => Err(wrong_type(name, other, "a string")),
        }
    }

    /// Absent, or null, or a whole number.
    #[expect(
        clippy::option_option,
        reason = "absent, null and a value are three different wishes"
    )]
    pub(crate) fn number(&self, name: &str) -> Result<Option<Option<u64>>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(Some(number))),
                None => Err(wrong_type(name, value, "an integer")),
            },
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(wrong_type(name, other, "a boolean")),
        }
    }

    /// A list of strings; GitHub also takes objects with a `name` for labels.
    pub(crate) fn names(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.values.get(name) else {
            return Ok(None);
        };
        let items = value
            .as_array()
            .ok_or_else(|| wrong_type(name, value, "an array"))?;
        items
            .iter()
            .map(|item| {
                let text = item.as_str().or_else(|| item.get("name")?.as_str());
                text.map(str::to_owned)
                    .ok_or_else(|| wrong_type(name, item, "a string"))
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    pub(crate) fn numbers(&self, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
        let Some(value) = self.values.get(name) else {
            return Ok(None);
        };
        let items = value
            .as_array()
            .ok_or_else(|| wrong_type(name, value, "an array"))?;
        items
            .iter()
            .map(|item| {
                item.as_u64()
                    .ok_or_else(|| wrong_type(name, item, "an integer"))
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.values.get(name)?.as_object()
    }
}

fn wrong_type(name: &str, value: &Value, wanted: &str) -> Refusal {
    Refusal::new(
        422,
        format!("Invalid request.\n\nFor 'properties/{name}', {value} is not {wanted}."),
    )
}

/// An answer: status, headers beyond the usual ones, and a JSON body unless there is none.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn created(body: Value) -> Self {
        Self::new(201, body)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// GitHub's way to say no: `{message, documentation_url, status, errors?}`.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) errors: Vec<Value>,
    pub(crate) documentation: &'static str,
    pub(crate) headers: Vec<(String, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            errors: Vec::new(),
            documentation: "https://docs.github.com/rest",
            headers: Vec::new(),
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn bad_credentials() -> Self {
        Self::new(401, "Bad credentials")
    }

    /// `Validation Failed` with one entry of `errors`.
    pub(crate) fn invalid(resource: &str, field: &str, code: &str, message: Option<&str>) -> Self {
        let mut error = json!({"resource": resource, "field": field, "code": code});
        if let Some(message) = message {
            error["message"] = json!(message);
        }
        Self {
            errors: vec![error],
            ..Self::new(422, "Validation Failed")
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn into_answer(self) -> Answer {
        let mut body = json!({
            "message": self.message,
            "documentation_url": self.documentation,
            "status": self.status.to_string(),
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        Answer {
            status: self.status,
            headers: self.headers,
            body: Some(body),
        }
    }
}
