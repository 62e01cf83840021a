//! A small value that fits a JSON schema, for a house that nobody told what to reply.

use serde_json::{Map, Value, json};

/// How deep a schema is followed.
const DEEPEST: usize = 16;

/// The smallest sensible value of a schema: every property, one item of each list, the first choice.
pub(super) fn fitting(schema: &Value) -> Value {
    value(schema, schema, 0)
}

fn value(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    let inner = |schema: &Value| value(schema, root, depth + 1);
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#'));
        return target.map_or(Value::Null, inner);
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(first) = ["anyOf", "oneOf"].iter().find_map(|any| schema[any].get(0)) {
        return inner(first);
    }
    match kind(schema) {
        "object" => {
            let properties = schema["properties"].as_object();
            let fields = properties.into_iter().flatten();
            Value::Object(
                fields
                    .map(|(name, of)| (name.clone(), inner(of)))
                    .collect::<Map<_, _>>(),
            )
        }
        "array" => json!([inner(&schema["items"])]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(false),
        "string" => json!("Simulated"),
        _ => Value::Null,
    }
}

/// `type`, the first of several.
fn kind(schema: &Value) -> &str {
    let named = &schema["type"];
    named
        .as_str()
        .or_else(|| named.get(0)?.as_str())
        .unwrap_or("null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_filled_and_references_are_followed() {
        let schema = json!({
            "type": "object",
            "properties": {
                "count": {"type": "integer", "minimum": 3},
                "kind": {"enum": ["a", "b"]},
                "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
                "note": {"type": ["string", "null"]},
            },
            "$defs": {"item": {"type": "object", "properties": {"done": {"type": "boolean"}}}},
        });
        let fits =
            json!({"count": 3, "kind": "a", "items": [{"done": false}], "note": "Simulated"});
        assert_eq!(fitting(&schema), fits);
    }

    #[test]
    fn schema_that_goes_round_in_circles_ends() {
        let schema = json!({"type": "array", "items": {"$ref": "#"}});
        assert!(fitting(&schema).is_array());
    }
}
