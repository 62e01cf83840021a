//! What is wrong with a reply, in words for the model, and the fields of JSON that are read with them.

use serde_json::Value;

use super::fence;

/// Complaints beyond these say nothing new.
const COMPLAINTS_MOST: usize = 60;

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Complaints(Vec<String>);

impl Complaints {
    pub(super) fn say(&mut self, words: String) {
        if self.0.len() < COMPLAINTS_MOST && !self.0.contains(&words) {
            self.0.push(words);
        }
    }

    /// Nothing wrong so far?
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was read, unless something is wrong.
    pub(super) fn end<T>(self, fine: T) -> Result<T, Vec<String>> {
        if self.0.is_empty() {
            Ok(fine)
        } else {
            Err(self.0)
        }
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, of: &Value, field: &str, who: &str) -> Option<String> {
        match of.get(field) {
            Some(Value::String(text)) => Some(text.clone()),
            None => {
                self.say(format!("{who}: the field `{field}` is missing."));
                None
            }
            Some(other) => {
                self.say(format!(
                    "{who}: `{field}` must be a text, not {}.",
                    shown(other)
                ));
                None
            }
        }
    }

    /// A text that may be absent, null or empty.
    pub(super) fn maybe_text(&mut self, of: &Value, field: &str, who: &str) -> Option<String> {
        match of.get(field) {
            None | Some(Value::Null) => None,
            _ => self
                .text(of, field, who)
                .map(|t| t.trim().to_owned())
                .filter(|t| !t.is_empty()),
        }
    }

    /// A list that may be absent.
    pub(super) fn list<'v>(&mut self, of: &'v Value, field: &str, who: &str) -> &'v [Value] {
        match of.get(field) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.say(format!(
                    "{who}: `{field}` must be a list, not {}.",
                    shown(other)
                ));
                &[]
            }
        }
    }

    /// A list of texts that may be absent; empty ones are left out.
    pub(super) fn texts(&mut self, of: &Value, field: &str, who: &str, most: usize) -> Vec<String> {
        let items = self.list(of, field, who);
        if items.len() > most {
            self.say(format!(
                "{who}: `{field}` has {} entries, at most {most} are allowed.",
                items.len()
            ));
        }
        let mut out = Vec::new();
        for item in items.iter().take(most) {
            match item {
                Value::String(text) if text.trim().is_empty() => {}
                Value::String(text) => out.push(text.trim().to_owned()),
                other => self.say(format!(
                    "{who}: `{field}` must hold texts only, not {}.",
                    shown(other)
                )),
            }
        }
        out
    }
}

/// Any text on one line, without what nobody sees.
pub(super) fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !fence::is_hidden(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A few of a stranger's words for a complaint.
pub(super) fn brief_words(text: &str) -> String {
    fence::cut(&one_line(text).replace('`', "'"), 100)
}

/// A wrong value in few words.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => format!("the word {b}"),
        Value::Number(n) => format!("the number {n}"),
        Value::String(text) => format!("the text `{}`", brief_words(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
