//! Words that a check looks for: data.

/// No test can say whether they hold (ISO/IEC/IEEE 29148 calls them vague and subjective).
#[rustfmt::skip] // words, many to a line
pub(super) const UNVERIFIABLE: &[&str] = &[
    "fast", "quick", "quickly", "easy", "easily", "simple", "intuitive", "user friendly", "user-friendly", "robust", "flexible", "scalable", "seamless",
    "seamlessly", "efficient", "efficiently", "modern", "nice", "good", "better", "best", "appropriate", "appropriately", "adequate", "reasonable",
    "sufficient", "as possible", "if possible", "where possible", "if necessary", "as needed", "as appropriate", "and/or", "etc", "and so on",
    "state of the art", "state-of-the-art", "tbd", "to be defined", "to be determined",
];

/// Titles that begin so say nothing without the document.
pub(super) const NAMELESS: &[&str] = &[
    "phase",
    "step",
    "part",
    "stage",
    "milestone",
    "item",
    "task",
    "misc",
    "miscellaneous",
    "other",
    "various",
    "todo",
    "follow up",
    "cleanup",
    "improvements",
    "changes",
    "fixes",
    "tbd",
];

/// Words that stand for something said elsewhere.
pub(super) const ELSEWHERE: &[&str] = &[
    "it",
    "this",
    "that",
    "these",
    "those",
    "them",
    "above",
    "below",
    "aforementioned",
];
