//! Why a plan is left as it is, in words for people.

use std::fmt;

use super::number;
use crate::domain::ids::RepositoryName;

/// What stands against an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The plan has no such numbers.
    Unknown(Vec<u32>),
    /// The issue is one thing, as far as its structure tells.
    Indivisible { item: u32 },
    /// It groups others and says nothing of its own.
    OnlyGroups { item: u32, inside: Vec<u32> },
    /// They go to different repositories.
    Apart {
        into: u32,
        other: u32,
        places: Box<(Option<RepositoryName>, Option<RepositoryName>)>,
    },
    /// One issue would wait for itself.
    Circle { items: Vec<u32>, through: u32 },
    /// An issue would wait for the one that holds it.
    WaitsForItsGroup { items: Vec<u32>, inside: u32 },
    /// GitHub takes no text as long as theirs together.
    TooLong { items: Vec<u32> },
    /// GitHub takes no more people on one issue.
    TooManyPeople { people: usize },
    /// Another issue of the plan has the title.
    TitleTaken { title: String, by: u32 },
    /// It has this title already.
    SameTitle { item: u32 },
    /// Nothing that could be a title is left of the words.
    NoTitle,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(numbers) => write!(f, "The plan has no {}.", list(numbers, "or")),
            Self::Indivisible { item } => write!(
                f,
                "{item} cannot be divided: by its structure it is one thing, without a list, criteria or sentences that ask \
                 for several. Write its parts as a list in the specification and `replan`, or say it better with \
                 `title {item}: …`."
            ),
            Self::OnlyGroups { item, inside } => write!(
                f,
                "{item} is divided already: it groups {} and asks for nothing of its own. Split one of those.",
                list(inside, "and")
            ),
            Self::Apart {
                into,
                other,
                places,
            } => write!(
                f,
                "{into} and {other} go to different repositories ({} and {}), and an issue stands in one.",
                place(places.0.as_ref()),
                place(places.1.as_ref())
            ),
            Self::Circle { items, through } => write!(
                f,
                "{} cannot be one issue: {through} waits for a part of it, and a part of it waits for {through}.",
                list(items, "and")
            ),
            Self::WaitsForItsGroup { items, inside } => write!(
                f,
                "{} cannot be one issue: it would group {inside}, and {inside} waits for a part of it.",
                list(items, "and")
            ),
            Self::TooLong { items } => write!(
                f,
                "{} cannot be one issue: together their text is longer than GitHub takes.",
                list(items, "and")
            ),
            Self::TooManyPeople { people } => write!(
                f,
                "One issue takes at most {} assignees, and this would have {people}.",
                super::merge::MOST_ASSIGNEES
            ),
            Self::TitleTaken { title, by } => {
                write!(
                    f,
                    "{by} has the title “{title}” already, and titles differ."
                )
            }
            Self::SameTitle { item } => write!(f, "{item} has this title already."),
            Self::NoTitle => f.write_str("A title needs at least one letter or digit."),
        }
    }
}

fn place(name: Option<&RepositoryName>) -> String {
    name.map_or_else(
        || "the one of this issue".to_owned(),
        |name| format!("`{name}`"),
    )
}

/// `3`, `3 and 5`, `3, 4 and 5`.
fn list(numbers: &[u32], and: &str) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {and} {last}", most.join(", ")),
    }
}

pub(super) fn numbers<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
    ids.into_iter().filter_map(number).collect()
}
