//! From user stories to orders: "As an admin, I want to export rows" to "export rows".

use super::super::words::verbs::is_verb;

pub(super) fn is_story(phrase: &str) -> bool {
    let lower = phrase.to_lowercase();
    lower.starts_with("as a ") || lower.starts_with("as an ") || lower.starts_with("as the ")
}

/// Words with which a story says what is wanted.
#[rustfmt::skip] // words, many to a line
const WISHES: &[&str] = &[
    "i want to be able to ", "i want to ", "i want the ability to ", "i want ", "i would like to be able to ",
    "i would like to ", "i would like ", "i'd like to be able to ", "i'd like to ", "i'd like ", "i need to be able to ",
    "i need to ", "i need ", "i should be able to ", "i can ", "i must be able to ", "i must ", "we want to ", "i wish to ",
    "i expect to ", "i expect ", "i am able to ", "i'm able to ",
];

/// What is wished in "As an admin, I want to export rows so that …".
pub(super) fn story(phrase: &str) -> Option<String> {
    if !is_story(phrase) {
        return None;
    }
    let straight = phrase.replace('’', "'");
    let lower = straight.to_lowercase();
    let (at, wish) = WISHES
        .iter()
        .filter_map(|w| lower.find(w).map(|at| (at, *w)))
        .min_by_key(|(at, w)| (*at, usize::MAX - w.len()))?;
    let rest = straight.get(at + wish.len()..)?;
    let lower_rest = rest.to_lowercase();
    let end = [
        " so that ",
        ", so that ",
        " so i ",
        ", so i ",
        ", so ",
        " so we ",
        " in order to ",
        " because ",
    ]
    .iter()
    .filter_map(|w| lower_rest.find(w))
    .min()
    .unwrap_or(rest.len());
    let wanted = rest.get(..end)?.trim().trim_end_matches([',', '.', ';']);
    // "I want my password to be reset" asks for it to happen.
    let wanted = ["expect that ", "expect "]
        .iter()
        .find_map(|e| wanted.strip_prefix(e))
        .filter(|rest| !rest.starts_with("to "))
        .unwrap_or(wanted);
    let verbal = !rest.starts_with("expect ") && wish.ends_with("to ")
        || wish.ends_with("can ")
        || wish.ends_with("must ");
    if verbal && let Some(order) = told_of_others(&straight, wanted) {
        return Some(order);
    }
    (!wanted.is_empty()).then(|| {
        if verbal {
            format!("we want to {wanted}")
        } else {
            wanted.to_owned()
        }
    })
}

/// "As a user, I want to reset my password" is "let users reset their password": a title has no "I".
fn told_of_others(story: &str, wanted: &str) -> Option<String> {
    let mut own = false;
    let deed: Vec<String> = wanted
        .split(' ')
        .map(|word| {
            let other = match word.to_lowercase().as_str() {
                "i" => "they",
                "i'm" => "they are",
                "am" => "are",
                "my" => "their",
                "me" => "them",
                "myself" => "themselves",
                "mine" => "theirs",
                _ => return word.to_owned(),
            };
            own = true;
            other.to_owned()
        })
        .collect();
    let first = deed.first()?.to_lowercase();
    let receives = [
        "see",
        "view",
        "browse",
        "know",
        "read",
        "find",
        "choose",
        "understand",
        "receive",
        "get",
        "notice",
    ]
    .contains(&first.as_str());
    if !(own || receives) || !is_verb(&first) {
        return None;
    }
    let who = story
        .split_once(' ')?
        .1
        .split_once(' ')?
        .1
        .split(',')
        .next()?;
    let who = who.split(" I ").next()?.trim();
    if who.is_empty() || who.split(' ').count() > 3 || who.contains(" who") {
        return None;
    }
    let many = if who.ends_with('s') || who == "people" {
        who.to_owned()
    } else if who.ends_with("person") {
        who.replace("person", "people")
    } else {
        format!("{who}s")
    };
    Some(format!("let {many} {}", deed.join(" ")))
}
