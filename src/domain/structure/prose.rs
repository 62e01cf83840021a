//! Paragraphs under no heading of their own: sentences that ask for work, grouped by what they are about.

use super::draft::{Criterion, Draft};
use super::labels;
use super::reader::Reader;
use super::rules;
use super::titles::bare;
use super::words::asks::{asks, demands, is_deferred, normal, puts_off, sentences};
use super::words::language::COMMON;
use super::words::verbs::opens_with_verb;

/// Openings that add another wish to the one before.
#[rustfmt::skip] // words, many to a line
const ADDING: &[&str] = &[
    "also", "and", "another", "second", "secondly", "third", "thirdly", "next", "then", "finally", "lastly", "in addition",
    "additionally", "besides", "separately", "on top of", "furthermore", "moreover", "we also", "we want", "we need",
    "we should", "we must", "please", "i also", "i want", "i need", "i'd also", "i'd like", "außerdem", "zudem", "ebenso",
    "de plus", "également", "además", "también", "além disso", "também",
];
/// Openings that go on with the wish before.
#[rustfmt::skip] // words, many to a line
const CONTINUING: &[&str] = &[
    "it", "this", "that", "they", "these", "those", "its", "their", "if", "when", "for example", "e.g", "so", "because",
    "otherwise", "such", "here", "in that case",
];

/// Sentences that are about one wish.
struct Wish {
    sentences: Vec<String>,
    asks: usize,
}

impl Reader<'_> {
    /// One draft for each wish in these paragraphs; sentences that ask for nothing stay with the wish before them.
    pub(super) fn prose_issues(&mut self, prose: &[usize], index: usize) -> Vec<usize> {
        let mut made: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = Vec::new();
        for piece in prose {
            let words = format!("{} {}", self.pieces[*piece].plain, self.pieces[*piece].more);
            self.later.extend(
                sentences(&words)
                    .into_iter()
                    .filter(|s| is_put_off(s))
                    .map(str::to_owned),
            );
            let wishes = wishes(&words);
            if let (Some(last), [wish]) = (made.last().copied(), &wishes[..])
                && goes_on(&self.drafts[last].title, &wish.sentences[0])
            {
                self.take_into(last, *piece);
                continue;
            }
            if wishes.is_empty() {
                match made.last() {
                    Some(last) => {
                        self.drafts[*last].main.push(*piece);
                        self.drafts[*last].covers.insert(*piece);
                    }
                    None => waiting.push(*piece),
                }
                continue;
            }
            let several = wishes.len() > 1;
            for wish in wishes {
                made.push(self.wish(*piece, &wish, several, index));
            }
        }
        for piece in waiting {
            match made.first() {
                Some(first) => {
                    self.drafts[*first].main.insert(0, piece);
                    self.drafts[*first].covers.insert(piece);
                }
                None => self.reasons[piece] = Some("introduction"),
            }
        }
        made
    }

    /// A paragraph that tells more of the wish before it.
    fn take_into(&mut self, draft: usize, piece: usize) {
        let mut taken = std::mem::take(&mut self.drafts[draft]);
        self.take_prose(&mut taken, piece, true);
        self.drafts[draft] = taken;
    }

    fn wish(&mut self, piece: usize, wish: &Wish, several: bool, index: usize) -> usize {
        let asking = wish.sentences.iter().position(|s| wants(s)).unwrap_or(0);
        let mut draft = Draft {
            title: self.title(&wish.sentences[asking], index),
            rule: rules::DEMAND,
            section: index,
            anchor: piece,
            main: vec![piece],
            covers: [piece].into(),
            ..Draft::default()
        };
        if several {
            draft.excerpt = Some(
                wish.sentences
                    .iter()
                    .map(|s| sentence_of(s))
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
        for (n, sentence) in wish.sentences.iter().enumerate() {
            if n != asking
                && (asks(sentence) || several && opens_with_verb(&bare(sentence)))
                && !sentence.ends_with('?')
                && !is_deferred(sentence)
            {
                draft
                    .criteria
                    .extend(halves(sentence).into_iter().map(|half| Criterion {
                        piece,
                        sentence: Some(sentence_of(half)),
                    }));
            }
        }
        draft.keys = labels::keys(&wish.sentences[asking], None);
        self.push(draft)
    }
}

/// A paragraph with more wishes than this is long: what asks for a thing of its own is a wish of its own.
const SHORT: usize = 3;
/// A paragraph gives at most so many issues; what is more is read with its neighbour.
const MOST: usize = 6;

fn wants(sentence: &str) -> bool {
    demands(sentence) || opens_with_verb(&bare(sentence)) || asks(sentence)
}

fn is_put_off(sentence: &str) -> bool {
    puts_off(sentence) && wants(sentence)
}

fn opens(sentence: &str, openings: &[&str]) -> bool {
    let normal = normal(sentence);
    openings
        .iter()
        .any(|o| normal == *o || normal.starts_with(&format!("{o} ")))
}

/// The wishes of a paragraph. A sentence begins a new one when it says so ("Also …"), when it is an order, or, in a long
/// paragraph, when what it is about is not what the wish before is about.
fn wishes(words: &str) -> Vec<Wish> {
    let whole = sentences(words);
    let asking = |s: &&&str| wants(s) && !is_deferred(s);
    let clauses: Vec<&str> = whole
        .iter()
        .filter(|s| !is_put_off(s))
        .flat_map(|s| clauses(s))
        .collect();
    let is_long = clauses.iter().filter(asking).count() > SHORT;
    let parts = if is_long {
        clauses
    } else {
        whole.into_iter().filter(|s| !is_put_off(s)).collect()
    };
    let mut out: Vec<Wish> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for sentence in parts {
        let wanting = wants(sentence) && !is_deferred(sentence);
        let adds = opens(sentence, ADDING) || opens_with_verb(&bare(sentence));
        let new = wanting
            && !opens(sentence, CONTINUING)
            && out.last().is_none_or(|wish| {
                let near = wish.sentences[wish.sentences.len().saturating_sub(4)..].join(" ");
                adds || (is_long && has_own_subject(sentence, &near))
                    || (wish.asks >= 3 && !shares_words(&near, sentence))
            });
        if new || (out.is_empty() && wanting) {
            let mut sentences = std::mem::take(&mut before);
            sentences.push(sentence.to_owned());
            out.push(Wish { sentences, asks: 1 });
        } else if let Some(wish) = out.last_mut() {
            wish.sentences.push(sentence.to_owned());
            wish.asks += usize::from(wanting);
        } else {
            before.push(sentence.to_owned());
        }
    }
    while out.len() > MOST {
        let at = (0..out.len() - 1)
            .min_by_key(|n| out[*n].sentences.len() + out[n + 1].sentences.len())
            .unwrap_or(0);
        let next = out.remove(at + 1);
        out[at].sentences.extend(next.sentences);
        out[at].asks += next.asks;
    }
    out
}

/// A clause as a sentence of its own.
fn sentence_of(clause: &str) -> String {
    let mut chars = clause.trim().trim_end_matches([',', ';']).chars();
    let mut out: String = chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect());
    if out.ends_with(char::is_alphanumeric) {
        out.push('.');
    }
    out
}

/// The clauses of a sentence that each demand something.
fn halves(sentence: &str) -> Vec<&str> {
    for joint in [", but ", ", and ", "; "] {
        if let Some(at) = sentence.find(joint) {
            let (one, other) = (&sentence[..at], &sentence[at + joint.len()..]);
            if demands(one) && demands(other) {
                let mut out = halves(one);
                out.extend(halves(other));
                return out;
            }
        }
    }
    vec![sentence]
}

/// Both halves of "X needs colours, and there must be no flash", when each asks with a subject of its own.
fn clauses(sentence: &str) -> Vec<&str> {
    if opens(sentence, CONTINUING) {
        return vec![sentence];
    }
    for joint in [", and ", ", but ", "; "] {
        if let Some(at) = sentence.find(joint) {
            let (one, other) = (&sentence[..at], &sentence[at + joint.len()..]);
            if demands(one) && demands(other) && !opens(other, CONTINUING) {
                return vec![one, other];
            }
        }
    }
    vec![sentence]
}

/// What is the sentence about: the words before its verb.
fn subject(sentence: &str) -> String {
    #[rustfmt::skip] // words, many to a line
    const VERBS: &[&str] = &[
        "must", "should", "shall", "needs", "need", "has", "have", "will", "can", "is", "are", "may", "cannot", "muss", "müssen",
        "soll", "sollen", "sollte", "sollten", "doit", "doivent", "debe", "deben", "deve", "devem", "kann", "können", "peut",
    ];
    normal(sentence)
        .split(' ')
        .take_while(|w| !VERBS.contains(w))
        .collect::<Vec<_>>()
        .join(" ")
}

/// "Code samples need colours" is about something else than the wish before it; "there must be no flash" too.
fn has_own_subject(sentence: &str, before: &str) -> bool {
    let about = subject(sentence);
    about == "there"
        || (about.split(' ').count() <= 6
            && about
                .split(' ')
                .any(|w| w.len() > 3 && !COMMON.contains(&w))
            && !shares_words(before, &about))
}

/// "The export should contain the date" tells more of "Export my invoices".
fn goes_on(title: &str, sentence: &str) -> bool {
    let about = subject(sentence);
    let definite = ["the ", "this ", "that ", "its ", "these ", "it ", "they "]
        .iter()
        .any(|d| format!("{about} ").starts_with(d));
    definite
        && (opens(sentence, CONTINUING)
            || about.split(' ').count() <= 3 && shares_words(title, &about))
}

fn shares_words(one: &str, other: &str) -> bool {
    let one = normal(one);
    let padded = format!(" {one} ");
    normal(other)
        .split(' ')
        .filter(|w| w.len() > 3 && !COMMON.contains(w))
        .any(|w| {
            padded.contains(&format!(" {} ", w.trim_end_matches('s')))
                || padded.contains(&format!(" {w} "))
        })
}

#[cfg(test)]
mod tests {
    use super::wishes;

    fn sizes(words: &str) -> Vec<usize> {
        wishes(words).iter().map(|w| w.sentences.len()).collect()
    }

    #[test]
    fn a_short_paragraph_is_one_wish() {
        assert_eq!(
            sizes("I would love a dark mode. It should follow the system."),
            [2]
        );
    }

    #[test]
    fn sentences_with_subjects_of_their_own_are_wishes_of_a_long_paragraph() {
        let words = "We need an importer. It must read CSV. The dashboard should show progress. Mails must be sent at the end. \
            They must name the file.";
        assert_eq!(sizes(words), [2, 1, 2]);
    }

    #[test]
    fn sentences_about_one_thing_are_one_wish() {
        let words = "The importer must read CSV. The importer must skip broken rows. The importer should report its speed. The \
            importer must stop when asked.";
        assert_eq!(sizes(words), [4]);
    }

    #[test]
    fn what_is_put_off_is_no_wish() {
        assert_eq!(
            sizes("Add a theme. A second one would be great later."),
            [1]
        );
    }

    #[test]
    fn a_very_long_paragraph_gives_few_wishes() {
        let sentence = |n| format!("Thing{n}x must be painted.");
        let words = (0..30).map(sentence).collect::<Vec<_>>().join(" ");
        assert!(wishes(&words).len() <= 6);
    }
}
