//! The words with which people address a bot and which say nothing about what to build.

/// Words that ask, greet or thank.
const POLITE: &str = "please pls plz kindly hi hey hello hallo dear there bot now ok okay thanks thank \
    you thx ty cheers so then folks team everyone";

/// Words of which one at least stands in a thank-you.
const THANKS: &str = "thanks thank thx ty cheers nice great awesome perfect excellent cool wow love \
    amazing brilliant wonderful neat sweet hi hello hey welcome merci danke gracias \
    appreciated good well super fantastic kudos";

/// Words that may stand beside those in a thank-you.
const THANKS_BESIDE: &str = "you so much very a lot again work job done it this that is was the looks look for \
    your help all everyone folks there bot really just one stuff plan to see and oh \
    guys team i we works quick fast how too these issues breakdown";

/// What one is asked to do with a text at hand.
const HANDLE: &str = "plan split break decompose spawn create make generate file open process handle \
    take turn do go breakdown produce write start";

/// How one points at a text at hand.
const AT_HAND: &str = "this it that the these those them issue issues spec specification description up \
    down into for me us as a an some smaller small sub-issues subissues sub tasks \
    task pieces parts out above below following on of care tickets ticket epic \
    breakdown plan from list text ahead here actionable please now thanks you thank \
    request our my new";

/// What may come before the verb.
const MODAL: &str =
    "can could would will you i we i'd we'd like want to need let's lets please mind";

/// Whether the word is one of those listed between spaces.
pub(in crate::domain) fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// The words of a text in lower case, without the punctuation and markup around them; pieces without a letter or digit
/// are no words.
pub(in crate::domain) fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .replace('\u{2019}', "'")
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether a text that stands beside the trigger asks for nothing by itself: a greeting, "please", "could you split
/// this up?".
pub(in crate::domain) fn says_nothing(text: &str) -> bool {
    let words = words(text);
    words.iter().all(|w| is_polite(w)) || points_at_hand(&words) || is_thanks(text)
}

/// Whether the words are only polite.
pub(in crate::domain) fn is_polite(word: &str) -> bool {
    is_in(POLITE, word)
}

/// Whether these words point at a text at hand instead of saying what to build: "plan this", "please break it down".
pub(in crate::domain) fn points_at_hand(words: &[String]) -> bool {
    let mut rest = words
        .iter()
        .map(String::as_str)
        .skip_while(|w| is_polite(w) || is_in(MODAL, w));
    rest.next()
        .is_some_and(|verb| is_in(HANDLE, verb) && rest.all(|w| is_in(AT_HAND, w)))
}

/// Whether a text is a thank-you, a greeting or applause (in words or in signs alone), which needs no answer.
pub(in crate::domain) fn is_thanks(text: &str) -> bool {
    let words = words(text);
    if words.is_empty() {
        return text
            .chars()
            .any(|c| !c.is_ascii() && !c.is_whitespace() && !c.is_control());
    }
    words.len() <= 12
        && words.iter().any(|w| is_in(THANKS, w))
        && words
            .iter()
            .all(|w| is_in(THANKS, w) || is_in(THANKS_BESIDE, w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_pointing_say_nothing() {
        for text in [
            "",
            "please",
            "Hi there!",
            ": please, thanks",
            "could you plan this?",
            "please split this up",
            "go ahead",
        ] {
            assert!(says_nothing(text), "{text}");
        }
        for text in [
            "build a login",
            "plan the wedding",
            "please add dark mode",
            "this",
        ] {
            assert!(!says_nothing(text), "{text}");
        }
    }

    #[test]
    fn thanks_are_told_from_wishes() {
        for text in [
            "thanks",
            "Thank you so much!",
            "nice",
            "great work 🎉",
            "👍",
            "❤️ ",
        ] {
            assert!(is_thanks(text), "{text}");
        }
        for text in [
            "thanks, now drop item 3",
            "nice login page please",
            "?",
            "",
            "done",
        ] {
            assert!(!is_thanks(text), "{text}");
        }
    }
}
