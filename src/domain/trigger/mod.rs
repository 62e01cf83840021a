//! Is the bot asked? The mention or the `/spawn-issues` line that counts, found in a person's Markdown.

pub(super) mod small_talk;

use std::ops::Range;

use super::markdown::Outline;

const SLASH: &str = "/spawn-issues";

/// The name under which the product is known.
const USUAL_NAME: &str = "TheOpenProducerBot";

/// The names to which the bot answers, without `@`, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotNames {
    pub names: Vec<String>,
}

impl BotNames {
    /// The configured mention and the App's slug; an `@` in front and a name given twice do no harm.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for name in names {
            let name = name.as_ref().trim().trim_start_matches('@');
            if !name.is_empty() && !kept.iter().any(|k| k.eq_ignore_ascii_case(name)) {
                kept.push(name.to_owned());
            }
        }
        Self { names: kept }
    }
}

/// The mention that people are told to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    name: String,
    is_chosen: bool,
}

impl Mention {
    /// As the operator wants it, with or without `@`.
    pub fn chosen(name: &str) -> Self {
        Self {
            name: name.trim_start_matches('@').to_owned(),
            is_chosen: true,
        }
    }

    /// The product's own name, until the App's is known.
    pub fn usual() -> Self {
        Self {
            name: USUAL_NAME.to_owned(),
            is_chosen: false,
        }
    }

    /// The name that counts under every App, without `@`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people are told to write under the App of this slug, without `@`: its own name, unless the operator chose one.
    pub fn under<'a>(&'a self, slug: &'a str) -> &'a str {
        let is_ours = self.is_chosen || slug.is_empty() || slug.eq_ignore_ascii_case(&self.name);
        if is_ours { &self.name } else { slug }
    }
}

/// How the bot is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerKind {
    /// `@Name`, anywhere in speech.
    Mention,
    /// `/spawn-issues` at the beginning of a line.
    Slash,
}

/// The place where the bot is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The bytes of the mention or of the word `/spawn-issues`.
    pub range: Range<usize>,
    /// Its line, counted from 1.
    pub line: usize,
    pub kind: TriggerKind,
}

/// A cheap first look: can this text concern us at all? It looks for the words alone and parses no Markdown; `false`
/// only where [`find`] is `None`.
pub fn may_concern(text: &str, names: &BotNames) -> bool {
    first_word_from(text, names, 0).is_some()
}

/// The first mention or `/spawn-issues` line that counts: outside code, quotes and HTML comments, not part of a longer
/// word, an e-mail address, a team's name or a possessive (`@Bot's`). `None`: the bot is not asked.
pub fn find(text: &str, names: &BotNames) -> Option<Trigger> {
    may_concern(text, names)
        .then(|| find_in(&Outline::of(text), names))
        .flatten()
}

/// As [`find`], in a text that is parsed already.
pub fn find_in(outline: &Outline<'_>, names: &BotNames) -> Option<Trigger> {
    let mut from = 0;
    while let Some((range, kind)) = first_word_from(outline.text, names, from) {
        let stands_alone = match kind {
            TriggerKind::Mention => {
                begins_a_mention(outline, range.start) && ends_a_mention(outline, range.end)
            }
            TriggerKind::Slash => {
                begins_a_line(outline.text, range.start) && ends_a_slash(outline.text, range.end)
            }
        };
        if stands_alone && !outline.is_inert(range.start) {
            return Some(Trigger {
                line: outline.lines.index_at(range.start) + 1,
                range,
                kind,
            });
        }
        from = range.start + 1;
    }
    None
}

/// Whether the text, of which nothing may come before, begins with `/spawn-issues`; returns what follows.
pub(super) fn strip_slash(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    let head = rest.get(..SLASH.len())?;
    (head.eq_ignore_ascii_case(SLASH) && ends_a_slash(rest, SLASH.len()))
        .then(|| &rest[SLASH.len()..])
}

/// The next place at or after `from` where the words of a trigger stand, whatever surrounds them.
fn first_word_from(
    text: &str,
    names: &BotNames,
    from: usize,
) -> Option<(Range<usize>, TriggerKind)> {
    let bytes = text.as_bytes();
    let starts_with = |at: usize, word: &str| {
        bytes
            .get(at..at + word.len())
            .is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()))
    };
    for (found, sign) in text[from..].match_indices(['@', '/']) {
        let at = from + found;
        if sign == "/" {
            if starts_with(at, SLASH) {
                return Some((at..at + SLASH.len(), TriggerKind::Slash));
            }
            continue;
        }
        // The longest name wins, so that one name may begin another.
        let longest = names
            .names
            .iter()
            .filter(|name| !name.is_empty() && starts_with(at + 1, name))
            .map(String::len)
            .max();
        if let Some(length) = longest {
            let mut end = at + 1 + length;
            if starts_with(end, "[bot]") {
                end += "[bot]".len();
            }
            return Some((at..end, TriggerKind::Mention));
        }
    }
    None
}

fn begins_a_mention(outline: &Outline<'_>, at: usize) -> bool {
    let Some(before) = outline.text[..at].chars().next_back() else {
        return true;
    };
    match before {
        '_' => outline.is_emphasis(at - 1),
        '@' | '/' | '\\' => false,
        c if c.is_ascii() => !c.is_ascii_alphanumeric(),
        // Scripts with capitals put spaces between words; Chinese, Arabic and others need not.
        c => !(c.is_lowercase() || c.is_uppercase()),
    }
}

fn ends_a_mention(outline: &Outline<'_>, end: usize) -> bool {
    let after = &outline.text[end..];
    match after.chars().next() {
        Some('_') => outline.is_emphasis(end),
        Some('-' | '/' | '@') => false,
        Some('.') => !after
            .trim_start_matches('.')
            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'),
        Some(quote @ ('\'' | '\u{2019}')) => {
            let rest = &after[quote.len_utf8()..];
            let owns =
                rest.starts_with(['s', 'S']) && !rest[1..].starts_with(char::is_alphanumeric);
            !owns
        }
        Some(c) => !c.is_ascii_alphanumeric(),
        None => true,
    }
}

fn begins_a_line(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(' ');
    at - before.len() <= 3
        && (before.is_empty() || before == "\u{feff}" || before.ends_with(['\n', '\r']))
}

fn ends_a_slash(text: &str, end: usize) -> bool {
    let after = &text[end..];
    let rest = after.trim_start_matches([':', ',', '.', '!', '?']);
    if rest.len() == after.len() {
        !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '@'))
    } else {
        !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> BotNames {
        BotNames::new(["@TheOpenProducerBot", "open-producer"])
    }

    fn found(text: &str) -> Option<&str> {
        find(text, &names()).map(|t| &text[t.range])
    }

    #[test]
    fn mentions_and_slash_lines_count() {
        for text in [
            "@TheOpenProducerBot",
            "@theopenproducerbot please",
            "Hi @THEOPENPRODUCERBOT: do",
            "@TheOpenProducerBot, @TheOpenProducerBotX",
            "(@TheOpenProducerBot)",
            "@TheOpenProducerBot.",
            "@TheOpenProducerBot...\nx",
            "@TheOpenProducerBot!",
            "@open-producer",
            "@Open-Producer[bot] go",
            "**@TheOpenProducerBot**",
            "_@TheOpenProducerBot_ go",
            "__@TheOpenProducerBot__ go",
            "# @TheOpenProducerBot",
            "- @TheOpenProducerBot",
            "| @TheOpenProducerBot |\n|---|",
            "请@TheOpenProducerBot看看",
            "\u{200f}@TheOpenProducerBot\u{200f} שלום",
            "🦀@TheOpenProducerBot🦀",
            "@TheOpenProducerBot—go",
            "<img src=\"https://a/b.png\">\n@TheOpenProducerBot go",
            "`@TheOpenProducerBot` is called by @TheOpenProducerBot",
            "/spawn-issues",
            "/SPAWN-Issues now",
            "a\n   /spawn-issues\nb",
            "a\r\n/spawn-issues: x",
            "a\r/spawn-issues",
            "\u{feff}/spawn-issues",
            "@TheOpenProducerBot '",
        ] {
            assert!(found(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_trigger_does_not_count() {
        for text in [
            "",
            "@TheOpenProducerBotX",
            "@TheOpenProducerBot2",
            "@TheOpenProducerBot-dev",
            "@TheOpenProducerBot_x",
            "_x@TheOpenProducerBot_",
            "foo@TheOpenProducerBot",
            "é@TheOpenProducerBot",
            "@@TheOpenProducerBot",
            "https://github.com/@TheOpenProducerBot",
            "@TheOpenProducerBot/core",
            "@TheOpenProducerBot@example.org",
            "@TheOpenProducerBot.com",
            "I like @TheOpenProducerBot's plan",
            "I like @TheOpenProducerBot’s plan",
            "\\@TheOpenProducerBot",
            "&#64;TheOpenProducerBot",
            "@open-producers",
            "TheOpenProducerBot",
            "`@TheOpenProducerBot`",
            "```\n@TheOpenProducerBot\n```",
            "    @TheOpenProducerBot",
            "> @TheOpenProducerBot",
            "> a\n@TheOpenProducerBot as a lazy line",
            "<!-- @TheOpenProducerBot -->",
            "<a title='@TheOpenProducerBot'>a</a>",
            "[a](https://a/ '@TheOpenProducerBot')",
            "say /spawn-issues",
            "    /spawn-issues",
            "\t/spawn-issues",
            "/spawn-issuesX",
            "/spawn-issues-now",
            "/spawn-issues/x",
            "/spawn-issues.md",
            "//spawn-issues",
            "`\n/spawn-issues\n`",
            "> /spawn-issues",
            "<!--\n/spawn-issues\n-->",
        ] {
            assert_eq!(found(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_first_trigger_that_counts_wins() {
        let text = "`@TheOpenProducerBot`\r\n🦀 @open-producer[bot]\r\n/spawn-issues";
        let trigger = find(text, &names()).expect("asked");
        assert_eq!(&text[trigger.range], "@open-producer[bot]");
        assert_eq!((trigger.line, trigger.kind), (2, TriggerKind::Mention));

        let text = "\n\n /spawn-issues\n@TheOpenProducerBot";
        let trigger = find(text, &names()).expect("asked");
        assert_eq!((trigger.line, trigger.kind), (3, TriggerKind::Slash));
        assert_eq!(&text[trigger.range], "/spawn-issues");
    }

    #[test]
    fn one_name_may_begin_another() {
        let names = BotNames::new(["bot", "bot-dev"]);
        let text = "@bot-dev hi";
        assert_eq!(find(text, &names).map(|t| &text[t.range]), Some("@bot-dev"));
    }

    #[test]
    fn a_text_of_nothing_but_mentions_is_read() {
        let text = "@TheOpenProducerBotX ".repeat(3_000);
        assert_eq!(found(&text), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = find(&text, &names());
        }

        #[test]
        fn a_text_that_cannot_concern_us_holds_no_trigger(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("@TheOpenProducerBot"), Just("@open-producer"), Just("[bot]"), Just("/spawn-issues"),
                    Just("\n"), Just("\r"), Just(" "), Just("`"), Just("> "), Just("<!--"), Just("-->"), Just("é"),
                    Just("_"), Just("🦀"), Just("@"), Just("/"), Just("TheOpenProducerBot"), Just("x")
                ],
                0..12,
            )
        ) {
            let text = pieces.concat();
            if let Some(trigger) = find(&text, &names()) {
                prop_assert!(may_concern(&text, &names()));
                let word = text[trigger.range.clone()].to_ascii_lowercase();
                prop_assert!(word.starts_with("@theopenproducerbot") || word.starts_with("@open-producer") || word == SLASH);
                prop_assert!(trigger.line <= crate::domain::markdown::Lines::of(&text).len());
            }
        }
    }
}
