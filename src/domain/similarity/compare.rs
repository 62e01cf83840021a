//! How alike two issues are, from 0 to 1: shared words count for it, words of their own against it.

use std::collections::BTreeSet;

use super::data::Deed;
use super::words::Words;

/// A word of what a title names weighs this; one of its surroundings weighs half.
const NAMES: f32 = 1.0;
const SURROUNDS: f32 = 0.5;
/// What one issue says beyond the other.
const BEYOND: f32 = 0.4;
/// What each says that the other does not: that makes two things of them.
const EACH_ITS_OWN: f32 = 0.9;
/// Titles that name different things, and share only their surroundings.
const OTHER_THING: f32 = 0.65;
/// Bodies of so many words are compared.
const BODY: usize = 8;
/// How much bodies that say the same can add.
const SAME_BODY: f32 = 0.25;

/// How alike two issues are; 0 where something makes them different whatever they share.
pub(super) fn score(a: &Words, b: &Words) -> f32 {
    if differ_in_deed(a, b) || differ_in_choice(a, b) || differ_in_number(a, b) {
        return 0.0;
    }
    let (of_a, of_b) = (titled(a), titled(b));
    let shared = of_a.intersection(&of_b).count();
    let same = of_a == of_b;
    if shared == 0 || (shared == 1 && !same) {
        return 0.0;
    }
    let (own_a, own_b) = (weight(a, &of_b), weight(b, &of_a));
    let shared = of_a
        .intersection(&of_b)
        .map(|word| {
            if a.head.contains(*word) || b.head.contains(*word) {
                NAMES
            } else {
                SURROUNDS
            }
        })
        .sum::<f32>();
    let score = shared / (shared + BEYOND * own_a.max(own_b) + EACH_ITS_OWN * own_a.min(own_b));
    let names_more = |own: &Words, other: &BTreeSet<&str>| {
        own.head.iter().any(|word| !other.contains(word.as_str()))
    };
    let named_apart = !a.head.is_empty()
        && !b.head.is_empty()
        && a.head.is_disjoint(&b.head)
        && (names_more(a, &of_b) || names_more(b, &of_a));
    let score = if named_apart {
        score * OTHER_THING
    } else {
        score
    };
    (score + SAME_BODY * bodies(a, b)).min(1.0)
}

fn titled(words: &Words) -> BTreeSet<&str> {
    words.about().collect()
}

/// What the words weigh that the other title does not have.
fn weight(own: &Words, other: &BTreeSet<&str>) -> f32 {
    let beyond = |words: &BTreeSet<String>, each: f32| {
        words
            .iter()
            .filter(|word| !other.contains(word.as_str()))
            .map(|_| each)
            .sum::<f32>()
    };
    beyond(&own.head, NAMES) + beyond(&own.tail, SURROUNDS)
}

/// "Add X" and "Remove X"; a title that only names a thing may mean to make it or to mend it.
fn differ_in_deed(a: &Words, b: &Words) -> bool {
    match (a.deed, b.deed) {
        (Some(a), Some(b)) => a != b,
        (Some(one), None) | (None, Some(one)) => {
            !matches!(one, Deed::Make | Deed::Mend | Deed::Change)
        }
        (None, None) => false,
    }
}

/// "Export as CSV" and "Export as PDF".
fn differ_in_choice(a: &Words, b: &Words) -> bool {
    let only = |one: &Words, other: &Words| -> BTreeSet<usize> {
        one.choices
            .difference(&other.choices)
            .map(|(kind, _)| *kind)
            .collect()
    };
    !only(a, b).is_disjoint(&only(b, a))
}

/// "Phase 1" and "Phase 2", "Node 18" and "Node 20".
fn differ_in_number(a: &Words, b: &Words) -> bool {
    let numbers = |words: &Words| -> BTreeSet<String> {
        words
            .about()
            .filter(|word| word.bytes().any(|b| b.is_ascii_digit()))
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (numbers(a), numbers(b));
    !a.is_subset(&b) && !b.is_subset(&a)
}

/// How much of what the bodies say is the same, 0 to 1; 0 where one says too little.
fn bodies(a: &Words, b: &Words) -> f32 {
    if a.body.len() < BODY || b.body.len() < BODY {
        return 0.0;
    }
    let shared = a.body.intersection(&b.body).count();
    let all = a.body.len() + b.body.len();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a body is read to 1,500 characters"
    )]
    let dice = 2.0 * shared as f32 / all as f32;
    dice
}
