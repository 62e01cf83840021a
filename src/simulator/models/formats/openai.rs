//! `OpenAI`'s chat completions, which Z.ai, Ollama, vLLM and many others speak too.

use serde_json::{Value, json};

use super::{End, Question, Said, joined};

pub(super) fn complaint(body: &Value) -> Option<String> {
    if !body["model"].is_string() {
        return Some("you must provide a model parameter".to_owned());
    }
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return Some("Missing required parameter: 'messages'.".to_owned());
    }
    let format = &body["response_format"];
    let schema = &format["json_schema"];
    match format["type"].as_str() {
        None | Some("text" | "json_object") => None,
        Some("json_schema") if schema["name"].is_string() && schema["schema"].is_object() => None,
        _ => Some("Invalid value for parameter 'response_format'.".to_owned()),
    }
}

pub(super) fn question(body: &Value) -> Question {
    let texts = |role: &str| {
        let messages = body["messages"].as_array().into_iter().flatten();
        let of_role = messages.filter(|message| message["role"] == role);
        of_role
            .map(|message| joined(&message["content"]))
            .collect::<Vec<_>>()
            .join("\n")
    };
    Question {
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        system: texts("system"),
        prompt: texts("user"),
        schema: body.pointer("/response_format/json_schema/schema").cloned(),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Value {
    let message = match said.end {
        End::Refused => json!({"role": "assistant", "content": null, "refusal": said.text}),
        End::Blocked => json!({"role": "assistant", "content": null, "refusal": null}),
        End::Stop | End::Length => {
            json!({"role": "assistant", "content": said.text, "refusal": null})
        }
    };
    let finish = match said.end {
        End::Stop | End::Refused => "stop",
        End::Length => "length",
        End::Blocked => "content_filter",
    };
    let mut answer = json!({
        "id": "chatcmpl-sim",
        "object": "chat.completion",
        "created": 1_764_000_000,
        "model": said.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
        "system_fingerprint": "fp_sim",
    });
    if let Some((tokens_in, tokens_out)) = said.tokens {
        answer["usage"] = json!({
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        });
    }
    answer
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Value {
    let (kind, usual) = match status {
        401 => ("invalid_request_error", "invalid_api_key"),
        404 => ("invalid_request_error", "model_not_found"),
        429 => ("requests", "rate_limit_exceeded"),
        400..=499 => ("invalid_request_error", "invalid_value"),
        _ => ("server_error", "server_error"),
    };
    let code = if code.is_empty() { usual } else { code };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

pub(super) fn list(models: &[String]) -> Value {
    let entry = |name: &String| json!({"id": name, "object": "model", "created": 1_764_000_000, "owned_by": "simulator"});
    json!({"object": "list", "data": models.iter().map(entry).collect::<Vec<_>>()})
}
