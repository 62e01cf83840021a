//! What one version of a layer changed against another: what the history and the audit log say.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::KEYS;

/// One setting before and after; `None`: inherited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub field: String,
    pub from: Option<Value>,
    pub to: Option<Value>,
}

/// The settings in which two stored documents differ, in the order in which people read them.
pub fn changes(from: &Value, to: &Value) -> Vec<Change> {
    let of = |document: &Value, field: &str| {
        let value = document.get(field)?;
        (!value.is_null()).then(|| value.clone())
    };
    KEYS.into_iter()
        .filter_map(|field| {
            let (from, to) = (of(from, field), of(to, field));
            (from != to).then(|| Change {
                field: field.to_owned(),
                from,
                to,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_named() {
        let changed = changes(
            &json!({"max_issues": 5, "labels": ["a"], "model": null}),
            &json!({"labels": ["a"], "confirmation": "always", "max_issues": 7}),
        );
        let said: Vec<String> = changed
            .iter()
            .map(|c| format!("{} {:?} {:?}", c.field, c.from, c.to))
            .collect();
        assert_eq!(
            said,
            [
                r#"confirmation None Some(String("always"))"#,
                "max_issues Some(Number(5)) Some(Number(7))"
            ]
        );
    }
}
