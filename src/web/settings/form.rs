//! What was typed into the settings' form, and the document that it means. What is typed wrong stays as it was typed.

use serde_json::{Map, Value, json};

use crate::domain::settings::{Document, KEYS, Provider};

/// The form's fields as they came: several of one name where several boxes are ticked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed(Vec<(String, String)>);

/// How a setting is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    /// Dollars.
    Money,
    /// One of some words, or a text.
    Word,
    /// `true` or `false`.
    Switch,
    /// One a line.
    Lines,
    /// `name: owner/repository`, one a line.
    Pairs,
    /// Boxes to be ticked.
    Boxes,
}

/// Ticked where a list is to be empty, and not inherited.
pub(super) const EMPTY: &str = "empty";

pub(super) fn shape(key: &str) -> Shape {
    match key {
        "max_issues" | "confirmation_threshold" | "rate_limit_per_minute" => Shape::Number,
        "monthly_budget" => Shape::Money,
        "content_filtering" => Shape::Switch,
        "labels" | "allowed_labels" | "allowed_repositories" | "prohibited_keywords" => {
            Shape::Lines
        }
        "components" => Shape::Pairs,
        "allowed_providers" => Shape::Boxes,
        _ => Shape::Word,
    }
}

fn is_none(provider: &Value) -> bool {
    provider.as_str() == Some(Provider::None.as_str())
}

impl Typed {
    pub(super) fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// What the form shows of a stored layer.
    pub(super) fn of(document: &Document) -> Self {
        let json = serde_json::to_value(document).unwrap_or_default();
        let mut fields = Vec::new();
        for key in KEYS {
            let Some(value) = json.get(key) else { continue };
            let is_empty = match value {
                // `none` allows no provider more than nothing does.
                Value::Array(list) if shape(key) == Shape::Boxes => list.iter().all(is_none),
                Value::Array(list) => list.is_empty(),
                Value::Object(map) => map.is_empty(),
                _ => false,
            };
            if is_empty {
                fields.push((format!("{key}.{EMPTY}"), "true".to_owned()));
            } else if shape(key) == Shape::Boxes {
                let ticked = value.as_array().into_iter().flatten();
                let ticked = ticked.filter(|one| !is_none(one));
                fields.extend(ticked.map(|one| (key.to_owned(), plain(one))));
            } else {
                fields.push((key.to_owned(), as_text(value)));
            }
        }
        Self(fields)
    }

    /// The text of a field; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, text)| text)
    }

    /// Whether this box is ticked.
    pub(super) fn is_ticked(&self, name: &str, value: &str) -> bool {
        self.0
            .iter()
            .any(|(key, text)| key == name && text == value)
    }

    pub(super) fn is_empty_on_purpose(&self, key: &str) -> bool {
        self.is_ticked(&format!("{key}.{EMPTY}"), "true")
    }

    /// What is meant: a field without text is inherited.
    pub(super) fn document(&self) -> Value {
        let value = |key: &&str| Some(((*key).to_owned(), self.value(key)?));
        Value::Object(KEYS.iter().filter_map(value).collect::<Map<_, _>>())
    }

    fn value(&self, key: &str) -> Option<Value> {
        let text = self.text(key).trim();
        if text.is_empty() {
            return self.is_empty_on_purpose(key).then(|| match shape(key) {
                Shape::Pairs => json!({}),
                _ => json!([]),
            });
        }
        Some(match shape(key) {
            Shape::Number => text
                .parse::<u64>()
                .map_or_else(|_| json!(text), Value::from),
            Shape::Money => {
                let plain = text.trim_start_matches('$').replace(',', "");
                let dollars = plain.trim().parse::<f64>().ok().filter(|d| d.is_finite());
                dollars.map_or_else(|| json!(text), Value::from)
            }
            Shape::Switch => text
                .parse::<bool>()
                .map_or_else(|_| json!(text), Value::from),
            Shape::Word => json!(text),
            Shape::Lines => lines(text).collect(),
            Shape::Pairs => pairs(text),
            Shape::Boxes => self
                .0
                .iter()
                .filter(|(name, _)| name == key)
                .map(|(_, one)| Value::from(one.trim()))
                .collect(),
        })
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// A line that is no pair is the value, so that the complaint shows it.
fn pairs(text: &str) -> Value {
    let mut map = Map::new();
    for line in lines(text) {
        // A repository's name has neither sign; a component's may.
        let split = line.rsplit_once([':', '=']);
        let Some((name, to)) = split.map(|(name, to)| (name.trim(), to.trim())) else {
            return json!(line);
        };
        if map.insert(name.to_owned(), json!(to)).is_some() {
            return json!(format!("{name}: twice"));
        }
    }
    Value::Object(map)
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
        Value::Object(map) => {
            let mut lines: Vec<_> = map
                .iter()
                .map(|(name, to)| format!("{name}: {}", plain(to)))
                .collect();
            lines.sort_unstable();
            lines.join("\n")
        }
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Typed::new(fields.iter().map(own).collect())
    }

    #[test]
    fn what_is_left_empty_is_inherited() {
        let typed = typed(&[
            ("csrf", "x"),
            ("max_issues", " 20 "),
            ("labels", "bug\r\n\r\n needs: review \r\n"),
            ("model", "  "),
            ("allowed_labels.empty", "true"),
            ("components.empty", "true"),
            ("content_filtering", "true"),
            ("allowed_providers", "openai"),
            ("allowed_providers", "zai"),
            ("components", "api: acme/api\nweb = acme/web\na:b: acme/c"),
            ("monthly_budget", "$1,200.50"),
        ]);
        assert_eq!(
            typed.document(),
            json!({
                "max_issues": 20, "labels": ["bug", "needs: review"], "allowed_labels": [], "content_filtering": true,
                "allowed_providers": ["openai", "zai"], "monthly_budget": 1200.5,
                "components": {"api": "acme/api", "web": "acme/web", "a:b": "acme/c"},
            })
        );
    }

    #[test]
    fn what_is_typed_wrong_is_complained_about_as_it_was_typed() {
        let typed = typed(&[
            ("max_issues", "many"),
            ("content_filtering", "maybe"),
            ("components", "api acme/api"),
            ("monthly_budget", "NaN"),
        ]);
        let (_, wrong) = Document::check(&typed.document());
        let said: Vec<_> = wrong.iter().map(|w| w.says.as_str()).collect();
        assert_eq!(
            said,
            [
                "`components` must be pairs such as api: owner/name, got \"api acme/api\"",
                "`content_filtering` must be true or false, got \"maybe\"",
                "`max_issues` must be 1 to 1000, got \"many\"",
                "`monthly_budget` must be US dollars, 0 to 1000000, got \"NaN\"",
            ]
        );
    }

    #[test]
    fn a_stored_layer_can_be_sent_back_as_it_is_shown() {
        let stored = json!({
            "confirmation": "always", "minimum_role": "admin", "max_issues": 5, "confirmation_threshold": 0,
            "rate_limit_per_minute": 80, "labels": ["a", "b: c"], "allowed_labels": [], "allowed_repositories": ["o/r"],
            "allowed_providers": ["openai"], "content_filtering": true, "prohibited_keywords": [],
            "components": {"api: x": "o/r"}, "provider": "custom", "model": "m", "base_url": "https://llm.example.org/v1",
            "monthly_budget": 12.5
        });
        let (document, wrong) = Document::check(&stored);
        assert_eq!(wrong, []);
        let (again, wrong) = Document::check(&Typed::of(&document).document());
        assert_eq!(wrong, []);
        assert_eq!(again, document);

        for nobody in [json!([]), json!(["none"])] {
            let (document, _) = Document::check(&json!({"allowed_providers": nobody}));
            let sent_back = Typed::of(&document).document();
            assert_eq!(sent_back, json!({"allowed_providers": []}));
        }
    }
}
