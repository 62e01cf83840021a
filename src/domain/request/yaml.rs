//! Options in a fenced `yaml` block, with the lines they stand in.

use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::keys::{Key, option_line};
use super::values::Written;
use crate::domain::rejection::{Complaint, quoted};

/// More YAML than any options need.
const LARGEST_BYTES: usize = 64 * 1024;

/// One `key: value` of the block's top level.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Counted from 0 within the block.
    pub(super) line: usize,
    pub(super) written: Written,
}

/// Reads the lines between the fences. `Ok(None)`: the block holds no options and is part of the spec.
pub(super) fn read(lines: &[&str]) -> Result<Option<Vec<Entry>>, Complaint> {
    let meant = lines
        .iter()
        .any(|line| !line.starts_with([' ', '\t']) && option_line(line).is_some());
    let text = lines.join("\n");
    if text.len() > LARGEST_BYTES {
        return if meant {
            Err(Complaint::new(
                0,
                "a yaml block of options may hold at most 64 KB",
            ))
        } else {
            Ok(None)
        };
    }
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Ok(Some(Vec::new()));
    }
    match entries(&text) {
        Ok(entries) if entries.iter().any(|e| Key::read(&e.key).is_some()) => Ok(Some(entries)),
        Err(complaint) if meant => Err(complaint),
        _ => Ok(None),
    }
}

/// Two passes: the first learns which values are scalars, the second takes scalars as the text that was written, so
/// that a label `1.0` stays `1.0` and `yes` is no surprise.
fn entries(text: &str) -> Result<Vec<Entry>, Complaint> {
    let options = || {
        serde_saphyr::options! {
            duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
            with_snippet: false,
        }
    };
    let shapes: Shapes =
        serde_saphyr::from_str_with_options(text, options()).map_err(|e| complaint(&e))?;
    serde_saphyr::with_deserializer_from_str_with_options(text, options(), |d| {
        d.deserialize_map(Entries(shapes.0))
    })
    .map_err(|e| complaint(&e))
}

fn complaint(error: &serde_saphyr::Error) -> Complaint {
    let line = error
        .location()
        .and_then(|l| usize::try_from(l.line()).ok())
        .map_or(0, |line| line.saturating_sub(1));
    let says = error.without_snippet().to_string();
    // The parser's own line counts from the fence.
    let says = says.lines().next().unwrap_or_default();
    let says = says.split(" at line ").next().unwrap_or_default();
    Complaint::new(
        line,
        format!("the yaml block cannot be read: {}", quoted(says)),
    )
}

#[derive(Clone, Copy)]
enum Shape {
    Scalar,
    Sequence { of_scalars: bool },
    Other,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut of_scalars = true;
        while let Some(shape) = seq.next_element::<Shape>()? {
            of_scalars &= matches!(shape, Shape::Scalar);
        }
        Ok(Shape::Sequence { of_scalars })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }
}

struct Shapes(Vec<Shape>);

impl<'de> Deserialize<'de> for Shapes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ShapesVisitor)
    }
}

struct ShapesVisitor;

impl<'de> Visitor<'de> for ShapesVisitor {
    type Value = Shapes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("options as `key: value` lines")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shapes, A::Error> {
        let mut shapes = Vec::new();
        while let Some((_, shape)) = map.next_entry::<String, Shape>()? {
            shapes.push(shape);
        }
        Ok(Shapes(shapes))
    }
}

struct Entries(Vec<Shape>);

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("options as `key: value` lines")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Entry>, A::Error> {
        let mut entries = Vec::new();
        let mut shapes = self.0.into_iter();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let shape = shapes
                .next()
                .ok_or_else(|| de::Error::custom("the block changed while it was read"))?;
            entries.push(Entry {
                line: usize::try_from(key.referenced.line())
                    .unwrap_or(1)
                    .saturating_sub(1),
                key: key.value,
                written: map.next_value_seed(shape)?,
            });
        }
        Ok(entries)
    }
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = Written;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written, D::Error> {
        Ok(match self {
            Self::Scalar => {
                Written::Text(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
            }
            Self::Sequence { of_scalars: true } => {
                let items = Vec::<Option<String>>::deserialize(deserializer)?;
                Written::List(items.into_iter().flatten().collect())
            }
            Self::Sequence { of_scalars: false } | Self::Other => {
                IgnoredAny::deserialize(deserializer)?;
                Written::Other
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Option<Vec<Entry>>, Complaint> {
        read(&text.lines().collect::<Vec<_>>())
    }

    #[test]
    fn scalars_stay_as_they_were_written() {
        let entries = read_text("# note\ncount: 5\ndry_run: yes\nlabels: [1.0, bug, \"a, b\", 007]\n\nmilestone:\ntype: {a: 1}\n")
            .expect("yaml")
            .expect("options");
        let seen: Vec<(&str, usize, &Written)> = entries
            .iter()
            .map(|e| (e.key.as_str(), e.line, &e.written))
            .collect();
        let text = |s: &str| Written::Text(s.into());
        assert_eq!(
            seen,
            [
                ("count", 1, &text("5")),
                ("dry_run", 2, &text("yes")),
                (
                    "labels",
                    3,
                    &Written::List(vec![
                        "1.0".into(),
                        "bug".into(),
                        "a, b".into(),
                        "007".into()
                    ])
                ),
                ("milestone", 5, &text("")),
                ("type", 6, &Written::Other),
            ]
        );
    }

    #[test]
    fn a_key_given_twice_is_seen_twice() {
        let entries = read_text("count: 1\ncount: 2")
            .expect("yaml")
            .expect("options");
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn yaml_without_a_known_key_is_no_options() {
        for text in [
            "openapi: 3.1.0\ninfo:\n  type: x",
            "- count: 5",
            "just words",
            "a: [",
            "image: x\nimage: y",
        ] {
            assert_eq!(read_text(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn broken_options_name_their_line() {
        let complaint = read_text("count: 5\nlabels: [bug\ntype: Task").expect_err("unclosed");
        assert!(
            complaint.line > 0
                && complaint
                    .says
                    .starts_with("the yaml block cannot be read: "),
            "{complaint:?}"
        );
    }

    #[test]
    fn hostile_yaml_is_refused() {
        let bomb = "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\n\
             d: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\ncount: 3\n";
        assert!(read_text(&format!("count: {}", "[".repeat(60_000))).is_err());
        assert!(read_text(&format!("count: 5\nlabels: {}", "a".repeat(70_000))).is_err());
        let _ = read_text(bomb);
    }
}
