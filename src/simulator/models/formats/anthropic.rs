//! Anthropic's messages.

use http::HeaderMap;
use serde_json::{Value, json};

use super::{End, Question, Said, joined};

pub(super) fn complaint(headers: &HeaderMap, body: &Value) -> Option<String> {
    let missing = |field: &str| Some(format!("{field}: Field required"));
    if !headers.contains_key("anthropic-version") {
        return Some("anthropic-version: header is required".to_owned());
    }
    if !body["model"].is_string() {
        return missing("model");
    }
    if !body["max_tokens"].is_u64() {
        return missing("max_tokens");
    }
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return missing("messages");
    }
    None
}

pub(super) fn question(body: &Value) -> Question {
    let messages = body["messages"].as_array().into_iter().flatten();
    let texts: Vec<String> = messages
        .map(|message| joined(&message["content"]))
        .collect();
    Question {
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        system: joined(&body["system"]),
        prompt: texts.join("\n"),
        schema: body.pointer("/output_config/format/schema").cloned(),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Value {
    let stop = match said.end {
        End::Stop => "end_turn",
        End::Length => "max_tokens",
        End::Refused | End::Blocked => "refusal",
    };
    let content = match said.end {
        End::Blocked => json!([]),
        _ => json!([{"type": "text", "text": said.text}]),
    };
    let mut answer = json!({
        "id": "msg_sim",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
    });
    if let Some((tokens_in, tokens_out)) = said.tokens {
        answer["usage"] = json!({
            "input_tokens": tokens_in,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": tokens_out,
        });
    }
    answer
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Value {
    let usual = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    };
    let name = if code.is_empty() { usual } else { code };
    json!({"type": "error", "error": {"type": name, "message": message}, "request_id": "req_sim"})
}

pub(super) fn list(models: &[String]) -> Value {
    let entry = |name: &String| json!({"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"});
    json!({"data": models.iter().map(entry).collect::<Vec<_>>(), "has_more": false, "first_id": models.first(), "last_id": models.last()})
}
