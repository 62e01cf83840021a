//! Bugs and questions, which are best told in the words of those who found or asked them.

/// Words that tell that something is broken.
#[rustfmt::skip] // words, many to a line
const BROKEN: &[&str] = &[
    "wrong", "lost", "broken", "crash", "crashes", "fails", "failing", "missing", "not", "slow", "incorrect", "empty", "freezes",
    "hangs", "doesn't", "don't", "isn't", "aren't", "won't", "never", "twice", "duplicated", "stuck", "ignored", "disappears",
    "unreadable", "leaks", "cannot", "can't", "blank", "corrupted", "stale", "misaligned",
];

/// "The total is wrong when a voucher is applied twice": a bug is best told in its finder's words.
pub(crate) fn is_complaint(phrase: &str) -> bool {
    let straight = phrase.replace('’', "'").to_lowercase();
    let words: Vec<&str> = straight.split(' ').collect();
    let asks = |w: &&str| {
        [
            "must", "should", "shall", "will", "need", "needs", "may", "can", "ensure",
        ]
        .contains(w)
    };
    words.len() >= 3
        && !words.iter().any(asks)
        && !["no", "if", "when"].contains(&words[0])
        && words
            .iter()
            .skip(1)
            .take(7)
            .any(|w| BROKEN.contains(&w.trim_matches(',')))
        && words.iter().skip(1).any(|w| {
            [
                "is",
                "are",
                "was",
                "were",
                "gets",
                "get",
                "crashes",
                "fails",
                "hangs",
                "freezes",
                "disappears",
                "leaks",
            ]
            .contains(w)
                || w.ends_with("n't")
                || *w == "cannot"
        })
}

/// "How can I set a proxy?" asks for an answer.
pub(super) fn asked_how(phrase: &str) -> Option<String> {
    let lower = phrase.to_lowercase();
    [
        "how can i ",
        "how do i ",
        "how can we ",
        "how do we ",
        "how to ",
        "how should i ",
    ]
    .iter()
    .find(|opening| lower.starts_with(**opening))
    .and_then(|opening| phrase.get(opening.len()..))
    .map(|rest| format!("Answer how to {rest}"))
}

#[cfg(test)]
mod tests {
    use super::{asked_how, is_complaint};

    #[test]
    fn what_is_broken_is_a_complaint_and_what_is_wanted_is_not() {
        assert!(is_complaint(
            "The total is wrong when a voucher is applied twice"
        ));
        assert!(is_complaint("The pay button isn't clickable"));
        assert!(!is_complaint("The export must not be slow"));
        assert!(!is_complaint("Missing tests"));
    }

    #[test]
    fn a_how_is_to_be_answered() {
        let how = asked_how("How do I set a proxy");
        assert_eq!(how.as_deref(), Some("Answer how to set a proxy"));
        assert_eq!(asked_how("How we got here"), None);
    }
}
