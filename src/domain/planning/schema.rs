//! The forms of replies as JSON schemas, in the few words that all providers know: no null, no limits, nothing optional.

use serde_json::{Value, json};

/// An object with exactly these properties.
fn object(properties: &Value) -> Value {
    let names: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(|p| p.keys())
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn list(of: &Value, description: &str) -> Value {
    json!({ "type": "array", "items": of, "description": description })
}

fn texts(description: &str) -> Value {
    list(&json!({ "type": "string" }), description)
}

pub(super) fn count() -> Value {
    object(&json!({
        "count": { "type": "integer", "description": "How many issues the work needs, groups included." },
        "reason": text("One sentence: what was counted."),
    }))
}

pub(super) fn issues() -> Value {
    object(&json!({ "issues": list(&issue(), "The issues."), "not_work": not_work() }))
}

pub(super) fn missing() -> Value {
    let extension = object(&json!({
        "issue": text("An issue from the list, for example 1.k2."),
        "covers": texts("Ids of forgotten blocks that it carries out."),
    }));
    object(&json!({
        "extends": list(&extension, "Issues from the list that carry out forgotten blocks."),
        "issues": list(&issue(), "New issues."),
        "not_work": not_work(),
    }))
}

pub(super) fn varied() -> Value {
    let one = object(&json!({
        "id": text("The issue's id, for example i3."),
        "title": text("A new title of at most 80 characters that starts with a verb."),
        "note": text("One sentence that tells it apart."),
    }));
    object(&json!({ "varied": list(&one, "One entry for each issue.") }))
}

fn issue() -> Value {
    object(&json!({
        "key": text("A short name, different for each issue."),
        "title": text("One line, at most 80 characters, starting with a verb."),
        "description": text("What to build, as Markdown."),
        "criteria": texts("Acceptance criteria, one line of plain text each."),
        "covers": texts("Ids of the blocks that the issue carries out, for example b4."),
        "parent": text("The key of the issue that groups this one, or an empty text."),
        "after": texts("Keys of issues that must be finished first."),
        "after_blocks": texts("Ids of blocks whose issues must be finished first."),
        "component": text("One of the components, or an empty text."),
        "labels": texts("Allowed labels that fit."),
    }))
}

fn not_work() -> Value {
    let one = object(&json!({
        "block": text("A block's id."),
        "reason": text("One to five words: why it is no work."),
    }));
    list(&one, "Blocks that no issue covers.")
}
