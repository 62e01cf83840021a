//! Which language a text is in, as far as titles care: English titles get verbs, others are left in their author's words.

/// How a document speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Other,
}

const ENGLISH: &[&str] = &[
    "the", "and", "of", "to", "is", "a", "for", "with", "that", "must", "should", "be", "we", "as",
    "on", "it", "by", "an", "are", "from", "when", "not", "this", "can", "will", "add",
];
const OTHERS: &[&str] = &[
    "der", "die", "das", "und", "ist", "ein", "eine", "mit", "für", "von", "nicht", "werden",
    "muss", "soll", "den", "dem", "auf", "wird", "zu", "im", "le", "la", "les", "et", "est", "un",
    "une", "des", "du", "pour", "dans", "doit", "sur", "au", "que", "el", "los", "las", "y", "es",
    "una", "para", "con", "por", "del", "debe", "en", "se", "o", "os", "um", "uma", "com", "não",
    "do", "da", "deve", "ao", "em", "dos", "na", "no",
];

/// Counts the little words of the first part of a text.
pub(crate) fn language(text: &str) -> Language {
    let (mut english, mut others, mut foreign, mut letters) = (0, 0, 0, 0);
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        // "MIT" is a licence, not German.
        .filter(|w| !(w.is_empty() || w.len() > 1 && w.chars().all(char::is_uppercase)))
        .take(4_000)
    {
        let word = word.to_lowercase();
        letters += word.chars().count();
        foreign += word.chars().filter(|c| *c as u32 > 0x24f).count();
        english += usize::from(ENGLISH.contains(&word.as_str()));
        // Umlauts and accents are rare in English.
        let accented = word.chars().any(|c| ('à'..='ɏ').contains(&c));
        others += usize::from(accented || OTHERS.contains(&word.as_str()));
    }
    if foreign * 6 > letters || others > english {
        Language::Other
    } else {
        Language::English
    }
}

/// Is a phrase written in letters that no English verb goes with?
pub(crate) fn is_foreign(phrase: &str) -> bool {
    let letters = phrase.chars().filter(|c| c.is_alphabetic());
    let (all, foreign) = letters.fold((0, 0), |(all, foreign), c| {
        (all + 1, foreign + usize::from(c as u32 > 0x24f))
    });
    foreign * 4 > all
}

/// Words too common to say what a text is about.
#[rustfmt::skip] // words, many to a line
pub(crate) const COMMON: &[&str] = &[
    "the", "and", "of", "to", "is", "a", "for", "with", "that", "must", "should", "be", "we", "as", "on", "it", "by", "an",
    "are", "from", "when", "not", "this", "can", "will", "in", "or", "at", "all", "any", "each", "every", "its", "their", "than",
    "then", "so", "if", "into", "has", "have", "shall", "may", "our", "they", "them", "there", "these", "those", "which", "who",
    "what", "was", "were", "does", "do", "done", "no", "yes", "but", "also", "only", "new", "use", "used", "using", "add",
    "make", "ensure", "support", "implement", "build", "provide", "let", "via", "per", "after", "before", "once", "until",
    "phase", "step", "milestone", "stage", "task", "complete", "finished", "ready", "first", "be", "been", "being",
];
