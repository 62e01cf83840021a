//! What the form of a run's page sends: which issues are ticked, and which plan that was.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::domain::command::Selection;

/// The fields of the form. Unknown ones are ignored.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::web) struct Ticks {
    /// The revision of the plan that the page showed.
    pub(super) plan: i64,
    /// The button was the one for all.
    pub(super) all: bool,
    pub(super) force: bool,
    /// What should be different in another plan.
    pub(super) words: Option<String>,
    /// Every issue that has a box.
    offered: BTreeSet<u32>,
    ticked: BTreeSet<u32>,
}

impl Ticks {
    pub(super) fn ticked(&self) -> Option<Selection> {
        Selection::of(self.ticked.iter().copied())
    }

    pub(super) fn unticked(&self) -> Option<Selection> {
        Selection::of(self.offered.difference(&self.ticked).copied())
    }

    pub(super) fn every(&self) -> Option<Selection> {
        Selection::of(self.offered.iter().copied())
    }
}

/// Boxes come as one field, repeated.
impl<'de> Deserialize<'de> for Ticks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Ticks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the form of a run")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Ticks, M::Error> {
                let mut ticks = Ticks::default();
                while let Some((name, value)) = fields.next_entry::<String, String>()? {
                    match name.as_str() {
                        "plan" => ticks.plan = value.parse().unwrap_or_default(),
                        "all" => ticks.all = true,
                        "force" => ticks.force = true,
                        "words" => ticks.words = in_short(&value),
                        "offered" => ticks.offered.extend(value.parse::<u32>()),
                        "item" => ticks.ticked.extend(value.parse::<u32>()),
                        _ => {}
                    }
                }
                Ok(ticks)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The longest wish that is taken; a specification belongs into the issue.
const LONGEST_WORDS: usize = 2000;

fn in_short(typed: &str) -> Option<String> {
    let kept: String = typed
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(LONGEST_WORDS)
        .collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::extract::{Form, FromRequest as _, Request};

    use super::*;

    async fn read(body: &str) -> Ticks {
        let request = Request::builder()
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap();
        let Form(ticks) = Form::from_request(request, &()).await.unwrap();
        ticks
    }

    #[tokio::test]
    async fn boxes_are_told_apart() {
        let ticks =
            read("csrf=x&plan=7&offered=1&item=1&offered=2&offered=3&item=3&item=nonsense").await;
        assert_eq!(ticks.plan, 7);
        assert_eq!(ticks.ticked(), Selection::of([1, 3]));
        assert_eq!(ticks.unticked(), Selection::of([2]));
        assert_eq!(ticks.every(), Selection::of([1, 2, 3]));
        assert!(!ticks.all && !ticks.force);
    }

    #[tokio::test]
    async fn nothing_ticked_is_no_selection() {
        let ticks = read("plan=x&offered=1&all=1").await;
        assert_eq!((ticks.plan, ticks.all), (0, true));
        let wish = read("words=++fewer%00+issues%0d%0aplease+").await.words;
        assert_eq!(wish.as_deref(), Some("fewer issues\nplease"));
        assert_eq!(read("words=+").await.words, None);
        assert_eq!(ticks.ticked(), None);
    }
}
