//! Which items of a preview are meant: `1,3-5`, `1 3 5`, `#1 and #2`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::rejection::quoted;

/// Item numbers, counted from 1; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection(BTreeSet<u32>);

/// No preview has more items, so a larger number is a slip.
const LARGEST: u32 = 10_000;

/// Longer texts are not looked at: ranges in them could name millions of items.
const LONGEST_BYTES: usize = 1_000;

/// Why a text is no selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoSelection {
    /// These are not numbers at all.
    Words,
    /// They are numbers, but wrong ones; what to say.
    Wrong(Vec<String>),
}

impl Selection {
    /// The selection of these items; `None` if there are none, or one is 0.
    pub fn of(items: impl IntoIterator<Item = u32>) -> Option<Self> {
        let items: BTreeSet<u32> = items.into_iter().collect();
        (!items.is_empty() && !items.contains(&0)).then_some(Self(items))
    }

    /// Whether the item is meant.
    pub fn contains(&self, item: u32) -> bool {
        self.0.contains(&item)
    }

    /// The items in order.
    pub fn items(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// The first item beyond the end of a preview, if any is.
    pub fn find_beyond(&self, last: u32) -> Option<u32> {
        self.0.range(last.saturating_add(1)..).next().copied()
    }

    pub(super) fn read(text: &str) -> Result<Self, NoSelection> {
        Self::of(Self::read_in_order(text)?).ok_or(NoSelection::Words)
    }

    /// The numbers as they were named, each once; never empty.
    pub(super) fn read_in_order(text: &str) -> Result<Vec<u32>, NoSelection> {
        if text.len() > LONGEST_BYTES {
            return Err(NoSelection::Words);
        }
        let text = text.replace(['–', '—', '‐', '‑', '‒', '−'], "-");
        let mut items: Vec<u32> = Vec::new();
        let mut faults = Vec::new();
        for piece in pieces(&text) {
            let Some((first, last)) = span(&piece) else {
                return Err(NoSelection::Words);
            };
            match (first, last) {
                (Some(0), _) | (_, Some(0)) => {
                    faults.push(format!("items are counted from 1, got {}", quoted(&piece)));
                }
                (Some(a), Some(b)) if a > b && b <= LARGEST => {
                    faults.push(format!(
                        "a range runs upwards: write `{b}-{a}`, got {}",
                        quoted(&piece)
                    ));
                }
                (Some(a), Some(b)) if b <= LARGEST => items.extend(a..=b),
                _ => faults.push(format!(
                    "there is no item with so large a number, got {}",
                    quoted(&piece)
                )),
            }
        }
        if !faults.is_empty() {
            return Err(NoSelection::Wrong(faults));
        }
        let mut seen = BTreeSet::new();
        items.retain(|n| seen.insert(*n));
        if items.is_empty() {
            return Err(NoSelection::Words);
        }
        Ok(items)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items = self.items().peekable();
        let mut comma = "";
        while let Some(first) = items.next() {
            let mut last = first;
            while items.next_if_eq(&(last + 1)).is_some() {
                last += 1;
            }
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
            comma = ",";
        }
        Ok(())
    }
}

/// The numbers and ranges of the text; `1 - 3` is one piece, as are `1-3` and `1 to 3`.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut joins = false;
    for word in text
        .split([',', ';', ' ', '\t', '&'])
        .filter(|w| !w.is_empty())
    {
        let lower = word.to_lowercase();
        match lower.as_str() {
            "and" | "item" | "items" | "issue" | "issues" | "only" | "just" => continue,
            "-" | "to" | "through" if !pieces.is_empty() => {
                joins = true;
                continue;
            }
            _ => {}
        }
        match pieces.last_mut() {
            Some(last) if joins || last.ends_with('-') => {
                if !last.ends_with('-') {
                    last.push('-');
                }
                last.push_str(&lower);
            }
            _ => pieces.push(lower),
        }
        joins = false;
    }
    if joins {
        pieces.push("-".to_owned());
    }
    pieces
}

/// The two ends of a piece; a number too large to be one is `None` at its place.
fn span(piece: &str) -> Option<(Option<u32>, Option<u32>)> {
    let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
    Some((number(first)?, number(last)?))
}

#[expect(
    clippy::option_option,
    reason = "no number and too large a number are answered differently"
)]
fn number(text: &str) -> Option<Option<u32>> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn selections_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1,3-5", "1,3-5"),
            ("1 3 5", "1,3,5"),
            ("#1", "1"),
            ("#2, #1 and #3", "1-3"),
            ("1 - 3", "1-3"),
            ("1- 3,7", "1-3,7"),
            ("2–4", "2-4"),
            ("items 2 to 4 & 9", "2-4,9"),
            ("only 5", "5"),
            ("1,1,1", "1"),
            ("3,4", "3,4"),
        ] {
            assert_eq!(
                Selection::read(text).map(|s| s.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn wrong_numbers_are_complained_of_all_at_once() {
        let wrong = |text: &str| match Selection::read(text) {
            Err(NoSelection::Wrong(says)) => says.join("; "),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            wrong("0, 5-3"),
            "items are counted from 1, got `0`; a range runs upwards: write `3-5`, got `5-3`"
        );
        assert_eq!(
            wrong("1-999999999"),
            "there is no item with so large a number, got `1-999999999`"
        );
        assert!(wrong("99999999999999").contains("so large"));
    }

    #[test]
    fn words_are_no_selection() {
        for text in [
            "", "all", "1, b", "-", "1-", "--", "1-2-3", "one", "#", "and",
        ] {
            assert_eq!(Selection::read(text), Err(NoSelection::Words), "{text}");
        }
    }

    #[test]
    fn an_item_beyond_the_preview_is_found() {
        let selection = Selection::of([1, 7]).unwrap();
        assert_eq!(
            (selection.find_beyond(7), selection.find_beyond(6)),
            (None, Some(7))
        );
        assert_eq!(Selection::of([0]), None);
        assert_eq!(Selection::of([]), None);
    }

    proptest! {
        #[test]
        fn a_selection_reads_back_as_itself(items in proptest::collection::btree_set(1u32..300, 1..60)) {
            let selection = Selection::of(items).unwrap();
            prop_assert_eq!(Selection::read(&selection.to_string()), Ok(selection));
        }

        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = Selection::read(&text);
        }
    }
}
