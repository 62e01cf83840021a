//! What scripts send: JSON objects, read field by field, so that whatever is wrong is said in our own words.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use super::problem::ApiError;
use crate::web::Shared;

/// The longest body that is read: settings.
const LONGEST_BODY: usize = 64 * 1024;

/// A body of the API.
pub(super) trait Body: Sized {
    /// What it may say.
    const FIELDS: &'static [&'static str];

    /// Takes it out of an object that has no other fields; or says what is wrong, in a sentence.
    fn read(object: &mut Map<String, Value>) -> Result<Self, String>;
}

/// A JSON body. No body is an empty object where nothing has to be said.
pub(super) struct Sent<T>(pub(super) T);

impl<T: Body> FromRequest<Arc<Shared>> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _shared: &Arc<Shared>) -> Result<Self, ApiError> {
        let body = axum::body::to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|_| ApiError::TooLarge)?;
        let read = if body.is_empty() {
            let read = T::read(&mut Map::new());
            read.map_err(|lacks| format!("There is no body, and this needs a JSON object. {lacks}"))
        } else {
            object(&body).and_then(|object| of(object))
        };
        read.map(Self).map_err(|says| {
            ApiError::Malformed(format!("{says} /api/v1/openapi.json describes the body."))
        })
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) if object.values().any(has_nul) => {
            Err("The body has a character that cannot be kept: U+0000.".to_owned())
        }
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("The body must be a JSON object.".to_owned()),
        Err(error) => Err(format!(
            "The body is no JSON: something is wrong in line {}, at character {}.",
            error.line(),
            error.column()
        )),
    }
}

fn of<T: Body>(mut object: Map<String, Value>) -> Result<T, String> {
    let mut names = object.keys();
    if let Some(other) = names.find(|name| !T::FIELDS.contains(&name.as_str())) {
        let says = match T::FIELDS {
            [] => "nothing can be said here: send {} or no body".to_owned(),
            fields => format!("what can be said is {}", listed(fields)),
        };
        let other: String = other.chars().take(60).collect();
        return Err(format!("`{other}` is not known here; {says}."));
    }
    T::read(&mut object)
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// No text of the database can hold it.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(has_nul),
        Value::Object(all) => all
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// A number that has to be there; `what` says of what it is.
pub(super) fn number<T: TryFrom<i64>>(
    object: &mut Map<String, Value>,
    name: &str,
    what: &str,
) -> Result<T, String> {
    let Some(value) = object.remove(name) else {
        return Err(format!("`{name}` is missing: {what}."));
    };
    let number = value.as_i64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("`{name}` must be a whole number: {what}."))
}
