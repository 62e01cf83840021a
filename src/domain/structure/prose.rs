//! Paragraphs under no heading of their own: sentences that ask for work, grouped by what they are about.

use super::draft::{Criterion, Draft};
use super::labels;
use super::reader::Reader;
use super::titles::bare;
use super::words::asks::{asks, demands, is_deferred, normal, sentences};
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
    "it", "this", "that", "they", "these", "those", "its", "their", "if", "when", "there", "for example", "e.g", "so", "because",
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
            let wishes = wishes(&words);
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

    fn wish(&mut self, piece: usize, wish: &Wish, several: bool, index: usize) -> usize {
        let asking = wish.sentences.iter().position(|s| wants(s)).unwrap_or(0);
        let mut draft = Draft {
            title: self.title(&wish.sentences[asking], index),
            section: index,
            anchor: piece,
            main: vec![piece],
            covers: [piece].into(),
            ..Draft::default()
        };
        if several {
            draft.excerpt = Some(wish.sentences.join(" "));
        }
        for (n, sentence) in wish.sentences.iter().enumerate() {
            if n != asking && asks(sentence) && !sentence.ends_with('?') && !is_deferred(sentence) {
                draft.criteria.push(Criterion {
                    piece,
                    sentence: Some(sentence.clone()),
                });
            }
        }
        draft.keys = labels::keys(&wish.sentences[asking], None);
        self.push(draft)
    }
}

fn wants(sentence: &str) -> bool {
    demands(sentence) || opens_with_verb(&bare(sentence)) || asks(sentence)
}

fn wishes(words: &str) -> Vec<Wish> {
    let mut out: Vec<Wish> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for sentence in sentences(words) {
        let normal = normal(sentence);
        let opens = |openings: &[&str]| {
            openings
                .iter()
                .any(|o| normal == *o || normal.starts_with(&format!("{o} ")))
        };
        let wanting = wants(sentence);
        let adds = opens(ADDING) || opens_with_verb(&bare(sentence));
        let new = wanting
            && !opens(CONTINUING)
            && (out.is_empty()
                || adds
                || out.last().is_some_and(|wish| {
                    wish.asks >= 3
                        && !shares_words(
                            &wish.sentences[wish.sentences.len().saturating_sub(4)..].join(" "),
                            sentence,
                        )
                }));
        if new {
            let mut sentences = if out.is_empty() {
                std::mem::take(&mut before)
            } else {
                Vec::new()
            };
            sentences.push(sentence.to_owned());
            out.push(Wish { sentences, asks: 1 });
        } else if let Some(wish) = out.last_mut() {
            wish.sentences.push(sentence.to_owned());
            wish.asks += usize::from(wanting);
        } else if wanting {
            let mut sentences = std::mem::take(&mut before);
            sentences.push(sentence.to_owned());
            out.push(Wish { sentences, asks: 1 });
        } else {
            before.push(sentence.to_owned());
        }
    }
    out
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
