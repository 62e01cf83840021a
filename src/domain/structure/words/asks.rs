//! Words with which a sentence asks for work.

use std::sync::LazyLock;

use super::phrases::WholeWords;

/// In English and, after it, German, French, Spanish and Portuguese. Compared as whole words in lower case.
#[rustfmt::skip] // words, many to a line
static STRONG: LazyLock<WholeWords> = LazyLock::new(|| WholeWords::new(&[
    "must", "shall", "should", "need to", "needs to", "need", "have to", "has to", "required to", "is required", "are required",
    "we want", "i want", "we'd like", "i'd like", "would like", "would love", "i wish", "please", "let's", "we need",
    "will be able to", "ought to", "it would be great", "it would be nice", "would be nice", "would be great", "could we",
    "can we", "could you", "can you", "we will", "we'll", "we propose", "we are going to", "we plan to", "propose to",
    "proposes to", "this rfc proposes", "todo", "muss", "müssen", "soll", "sollen", "sollte", "sollten", "wir brauchen",
    "wir benötigen", "wir wollen", "bitte", "wird benötigt", "doit", "doivent", "devrait", "devraient", "il faut", "il faudrait",
    "nous voulons", "nous avons besoin", "debe", "deben", "debería", "deberían", "necesitamos", "queremos", "hay que", "deve",
    "devem", "deveria", "deveriam", "precisamos", "permitirá", "permitirán",
    "permitirão", "deberá", "deberán", "deverá", "deverão", "podrá", "podrán", "poderá", "poderão", "tendrá", "devra", "devront",
    "permettra", "permettront", "pourra", "pourront", "é preciso", "é necessário",
]));

/// Words that ask where work is expected, and only describe elsewhere.
#[rustfmt::skip] // words, many to a line
static WEAK: LazyLock<WholeWords> = LazyLock::new(|| WholeWords::new(&[
    "can't", "cannot", "may not", "can", "will", "may", "allow", "allows", "let", "lets",
    "support", "supports", "able to", "enables", "enable", "provides", "provide", "kann", "können",
    "darf", "peut", "peuvent", "puede", "pueden", "pode", "podem", "permite", "permet",
]));

/// Lower case, one space between words, signs other than apostrophes gone.
pub(crate) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '’' | '\'' => out.push('\''),
            c if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            '&' | '#' | '%' => out.push(c),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Without umlauts and accents, as they are written where the keyboard has none: "Maßstäbe" is "massstaebe".
pub(crate) fn folded(normal: &str) -> String {
    let mut out = String::with_capacity(normal.len());
    // Short words without accents are other words: "Termine" is not "terminé".
    let is_long = normal.chars().count() >= 10;
    for c in normal.chars() {
        match c {
            c if !is_long && !"äöüß".contains(c) => out.push(c),
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' => out.push('a'),
            'è' | 'é' | 'ê' | 'ë' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' => out.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' => out.push('o'),
            'ù' | 'ú' | 'û' => out.push('u'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            c => out.push(c),
        }
    }
    out
}

/// A sentence that asks for something wherever it stands.
pub(crate) fn demands(sentence: &str) -> bool {
    are_demanded(&normal(sentence))
}

fn are_demanded(normal: &str) -> bool {
    // "I have to copy the numbers by hand" complains.
    STRONG.are_in(&normal.replace("i have to ", ""))
}

/// A sentence that asks for something where work is expected.
pub(crate) fn asks(sentence: &str) -> bool {
    let normal = normal(sentence);
    are_demanded(&normal) || WEAK.are_in(&normal)
}

/// A sentence that puts something off is no demand.
pub(crate) fn is_deferred(sentence: &str) -> bool {
    #[rustfmt::skip] // words, many to a line
    static DEFERRED: LazyLock<WholeWords> = LazyLock::new(|| WholeWords::new(&[
        "out of scope", "not in scope", "not part of", "great later", "nice later", "in the future", "later on", "for later",
        "not now", "not needed", "no need to", "do not wait", "non goal", "at a later", "future work", "don't wait",
        "beyond the scope", "need not",
    ]));
    DEFERRED.are_in(&normal(sentence))
}

/// A sentence that leaves its own wish for later.
pub(crate) fn puts_off(sentence: &str) -> bool {
    #[rustfmt::skip] // words, many to a line
    static LATER: LazyLock<WholeWords> = LazyLock::new(|| WholeWords::new(&[
        "great later", "nice later", "in the future", "later on", "for later", "not now", "do not wait for", "don't wait for",
        "at a later", "out of scope", "some day", "follow up issue",
    ]));
    LATER.are_in(&normal(sentence))
}

/// Words of RFC 2119 in capitals: a requirement even in an introduction.
pub(crate) fn is_normative(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "MUST" | "SHALL" | "REQUIRED"))
}

/// The sentences of a paragraph; dots in numbers, versions, code and short forms end none.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut in_code) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == '`' {
            in_code = !in_code;
        }
        if in_code || !matches!(c, '.' | '!' | '?' | '。' | ';') {
            continue;
        }
        let end = at + c.len_utf8();
        let rest = &text[end..];
        let ends = match c {
            '。' => true,
            _ if rest.is_empty() => true,
            ';' => false,
            _ => {
                rest.starts_with(' ')
                    && !short_form(&text[start..end])
                    && !rest.trim_start().starts_with(|n: char| n.is_lowercase())
            }
        };
        if ends {
            out.push(text[start..end].trim());
            start = end;
        }
    }
    let rest = text[start..].trim();
    if !rest.is_empty() {
        out.push(rest);
    }
    out.retain(|s| s.chars().any(char::is_alphanumeric));
    out
}

fn short_form(sentence: &str) -> bool {
    let last = sentence
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    matches!(
        last.as_str(),
        "e.g."
            | "i.e."
            | "etc."
            | "vs."
            | "cf."
            | "no."
            | "approx."
            | "z.b."
            | "d.h."
            | "bzw."
            | "ca."
            | "mr."
            | "ms."
            | "dr."
            | "p."
            | "st."
    ) || (last.len() == 2 && last.ends_with('.') && sentence.len() <= 2)
}
