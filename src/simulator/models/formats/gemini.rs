//! Google's native Gemini API: `models/{model}:generateContent`.

use serde_json::{Value, json};

use super::{End, Question, Said, joined};

pub(super) fn complaint(body: &Value) -> Option<String> {
    let missing = body["contents"].as_array().is_none_or(Vec::is_empty);
    missing.then(|| "* GenerateContentRequest.contents: contents is not specified".to_owned())
}

pub(super) fn question(model: String, body: &Value) -> Question {
    let contents = body["contents"].as_array().into_iter().flatten();
    let texts: Vec<String> = contents.map(|content| joined(&content["parts"])).collect();
    let config = &body["generationConfig"];
    let schema = config
        .get("responseJsonSchema")
        .or_else(|| config.get("responseSchema"));
    Question {
        model,
        system: joined(&body["systemInstruction"]["parts"]),
        prompt: texts.join("\n"),
        schema: schema.cloned(),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Value {
    let ratings =
        json!([{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "NEGLIGIBLE"}]);
    let content = json!({"parts": [{"text": said.text}], "role": "model"});
    let mut answer = match said.end {
        End::Blocked => {
            json!({"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": ratings}})
        }
        End::Refused => {
            json!({"candidates": [{"finishReason": "SAFETY", "index": 0, "safetyRatings": ratings}]})
        }
        End::Stop => {
            json!({"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]})
        }
        End::Length => {
            json!({"candidates": [{"content": content, "finishReason": "MAX_TOKENS", "index": 0}]})
        }
    };
    answer["modelVersion"] = json!(said.model);
    answer["responseId"] = json!("sim");
    if let Some((tokens_in, tokens_out)) = said.tokens {
        answer["usageMetadata"] = json!({
            "promptTokenCount": tokens_in,
            "candidatesTokenCount": tokens_out,
            "totalTokenCount": tokens_in + tokens_out,
        });
    }
    answer
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Value {
    let usual = match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let name = if code.is_empty() { usual } else { code };
    json!({"error": {"code": status, "message": message, "status": name}})
}

/// Not 401: Google answers so.
pub(super) fn bad_key() -> Value {
    let message = "API key not valid. Please pass a valid API key.";
    let mut error = error(400, "", message);
    error["error"]["details"] = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
    }]);
    error
}

pub(super) fn list(models: &[String]) -> Value {
    let entry = |name: &String| json!({"name": format!("models/{name}"), "displayName": name, "supportedGenerationMethods": ["generateContent", "countTokens"]});
    json!({"models": models.iter().map(entry).collect::<Vec<_>>()})
}
