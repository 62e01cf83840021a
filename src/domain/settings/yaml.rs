//! A layer as people carry it from place to place: YAML (or JSON, which is YAML too), each complaint with its line.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::document::{Document, Wrong};
use crate::domain::rejection::{Complaint, quoted};

/// More than any settings need.
pub const LARGEST_BYTES: usize = 64 * 1024;

/// What was written, and in which line each setting stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Written {
    pub document: Value,
    lines: BTreeMap<String, usize>,
}

impl Written {
    /// What is wrong, where it stands in the text; sorted by line.
    pub fn place(&self, wrong: Vec<Wrong>) -> Vec<Complaint> {
        let mut placed: Vec<Complaint> = wrong
            .into_iter()
            .map(|w| Complaint::new(self.lines.get(&w.field).copied().unwrap_or(1), w.says))
            .collect();
        placed.sort();
        placed
    }
}

/// Reads the text as far as its form goes; whether its values are right, [`Document::check`] says.
pub fn read(text: &str) -> Result<Written, Complaint> {
    if text.len() > LARGEST_BYTES {
        return Err(Complaint::new(1, "settings may hold at most 64 KB"));
    }
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Option<Entries>>(text, options) {
        Ok(Some(Entries(Ok(written)))) => Ok(written),
        Ok(Some(Entries(Err(twice)))) => Err(twice),
        Ok(None) => Ok(Written {
            document: Value::Object(Map::new()),
            ..Written::default()
        }),
        Err(error) => Err(complaint(&error)),
    }
}

/// The layer as YAML, under a line that says what it is.
pub fn write(document: &Document, title: &str) -> String {
    let title = title.replace(char::is_control, " ");
    if *document == Document::default() {
        return format!("# {title}\n{{}}\n");
    }
    let yaml = serde_saphyr::to_string(document);
    let yaml = yaml.expect("a document is maps, lists and scalars");
    format!("# {title}\n{yaml}")
}

fn complaint(error: &serde_saphyr::Error) -> Complaint {
    let line = error
        .location()
        .and_then(|l| usize::try_from(l.line()).ok())
        .map_or(1, |line| line.max(1));
    let says = error.without_snippet().to_string();
    if says.contains("expected mapping") || says.contains("expected settings") {
        return Complaint::new(
            line,
            "settings are written as `name: value`, one below the other",
        );
    }
    let says = says.lines().next().unwrap_or_default();
    let says = says.split(" at line ").next().unwrap_or_default();
    Complaint::new(line, format!("this cannot be read: {}", quoted(says)))
}

struct Entries(Result<Written, Complaint>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings, written as `name: value`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
        let mut document = Map::new();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let mut twice = None;
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value: Value = map.next_value()?;
            let line = usize::try_from(key.referenced.line()).unwrap_or(1);
            if let Some(first) = lines.insert(key.value.clone(), line) {
                let says = format!("{} stands in line {first} already", quoted(&key.value));
                twice.get_or_insert(Complaint::new(line, says));
            }
            document.insert(key.value, value);
        }
        let document = Value::Object(document);
        Ok(Entries(match twice {
            Some(twice) => Err(twice),
            None => Ok(Written { document, lines }),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn complaints(text: &str) -> Vec<String> {
        let written = match read(text) {
            Ok(written) => written,
            Err(complaint) => return vec![complaint.to_string()],
        };
        let (_, wrong) = Document::check(&written.document);
        written
            .place(wrong)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_complaint_has_its_line() {
        let said = complaints(
            "# ours\nmax_issues: 9000\n\nlabels:\n  - bug\n  - 7\ncolour: red\nminimum_role: write\n",
        );
        insta::assert_snapshot!(said.join("\n"), @r#"
        line 2: `max_issues` must be 1 to 1000, got 9000
        line 4: `labels` must be a list of labels, got ["bug",7]
        line 7: `colour` is not a setting
        "#);
        insta::assert_snapshot!(complaints("max_issues: 3\nmax_issues: 4\n").join("\n"), @"line 2: `max_issues` stands in line 1 already");
        insta::assert_snapshot!(complaints("labels: [a\nb: }").join("\n"), @"line 2: this cannot be read: `illegal placement of ':' indicator`");
        insta::assert_snapshot!(complaints("- a\n").join("\n"), @"line 1: settings are written as `name: value`, one below the other");
    }

    #[test]
    fn json_is_read_as_well_and_nothing_is_an_empty_layer() {
        let written = read("{\n \"max_issues\": 5,\n \"labels\": []\n}").unwrap();
        assert_eq!(written.document, json!({"max_issues": 5, "labels": []}));
        for empty in ["", "# nothing\n", "{}", "null"] {
            assert_eq!(read(empty).unwrap().document, json!({}), "{empty:?}");
        }
    }

    #[test]
    fn too_much_is_refused_before_it_is_read() {
        assert!(read(&"a".repeat(LARGEST_BYTES + 1)).is_err());
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                    c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
        assert!(read(bomb).is_err());
        assert!(read(&"[".repeat(20_000)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_exported_can_be_imported(
            words in proptest::collection::vec("[ -~äß🙂:#'\"\\-]{1,40}", 0..5),
            max in proptest::option::of(1u32..1000),
            on in proptest::option::of(any::<bool>()),
            cents in proptest::option::of(0u32..1_000_000),
            title in ".{0,60}",
        ) {
            let words: Vec<&str> = words.iter().map(|w| w.trim()).filter(|w| !w.is_empty()).collect();
            let given = json!({
                "labels": words, "prohibited_keywords": words, "max_issues": max, "content_filtering": on,
                "monthly_budget": cents.map(|c| f64::from(c) / 100.0),
                "components": words.iter().map(|w| ((*w).to_owned(), json!("acme/shop"))).collect::<Map<_, _>>(),
            });
            let (document, wrong) = Document::check(&given);
            prop_assert_eq!(wrong, []);
            let text = write(&document, &title);
            let back = read(&text).map_err(|c| TestCaseError::fail(format!("{c}\n{text}")))?;
            let (back, wrong) = Document::check(&back.document);
            prop_assert_eq!(wrong, []);
            prop_assert_eq!(back, document);
        }
    }
}
