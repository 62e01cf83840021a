//! The spec as a tree: sections with what stands in them, in order.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::asks::{folded, normal};
use super::words::headings::{self, MODIFIERS, Meaning, Rule};
use super::words::verbs::opens_with_verb;
use crate::domain::spec::BlockKind;
use crate::domain::spec::pieces::Piece;

/// One thing in a section.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Prose(usize),
    /// The outermost items of one list.
    List(Vec<usize>),
    Table {
        head: Option<usize>,
        rows: Vec<usize>,
    },
    /// Code, quotes, HTML, metadata.
    Other(usize),
    Section(usize),
}

/// A heading (or a line that serves as one) and what stands under it.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub heading: Option<usize>,
    pub name: String,
    pub level: u8,
    pub parent: Option<usize>,
    pub entries: Vec<Entry>,
    pub meaning: Option<Meaning>,
    /// Is it a design only because the document is a proposal?
    pub in_proposal: bool,
}

/// The whole tree; section 0 is the document.
pub(super) struct Outline {
    pub sections: Vec<Section>,
    /// What hangs on each item, by piece.
    pub children: Vec<Vec<usize>>,
    /// The section whose heading is the document's own title.
    pub title_section: Option<usize>,
    /// A proposal argues for one thing: it weighs alternatives, and tells how or why.
    pub is_proposal: bool,
    /// Does any heading say that work is meant?
    pub expects_work: bool,
    /// In a record of a decision, which weighs positions: the section that tells what was decided.
    pub decision: Option<usize>,
}

/// What is longer is a sentence, not the name of a section.
const LONGEST_HEADING: usize = 160;

/// Lines in bold and labels act as headings below all real ones.
const BOLD_LEVEL: u8 = 7;
#[rustfmt::skip] // words, many to a line
const LABEL_LEVEL: u8 = 8;

impl Outline {
    pub(super) fn of(text: &str, pieces: &[Piece]) -> Self {
        let mut outline = Self {
            sections: vec![Section {
                heading: None,
                name: String::new(),
                level: 0,
                parent: None,
                entries: Vec::new(),
                meaning: None,
                in_proposal: false,
            }],
            children: vec![Vec::new(); pieces.len()],
            title_section: None,
            is_proposal: false,
            expects_work: false,
            decision: None,
        };
        let mut at = 0;
        for (n, piece) in pieces.iter().enumerate() {
            if let Some(parent) = piece.parent {
                outline.children[parent].push(n);
                continue;
            }
            let next = pieces[n + 1..].iter().find(|p| !p.reference);
            if let Some((level, name)) = heading(text, piece, next) {
                while outline.sections[at].level >= level {
                    at = outline.sections[at].parent.unwrap_or(0);
                }
                at = outline.open(at, n, level, name);
                continue;
            }
            if outline.sections[at].level == LABEL_LEVEL && !outline.takes(at, piece, pieces) {
                at = outline.sections[at].parent.unwrap_or(0);
            }
            if piece.kind == BlockKind::Html && text[piece.range.clone()].contains("</details") {
                while outline.sections[at].level >= BOLD_LEVEL {
                    at = outline.sections[at].parent.unwrap_or(0);
                }
            }
            outline.add(at, n, piece, pieces);
        }
        outline.title_section = outline.find_title();
        outline.is_proposal = outline.argues();
        outline.read_as_proposal(pieces);
        outline.expects_work = outline.speaks_of_work();
        outline.decision = outline.find_decision();
        outline
    }

    fn open(&mut self, parent: usize, heading: usize, level: u8, name: String) -> usize {
        let meaning = meaning(&name);
        let index = self.sections.len();
        self.sections.push(Section {
            heading: Some(heading),
            name,
            level,
            parent: Some(parent),
            entries: Vec::new(),
            meaning,
            in_proposal: false,
        });
        self.sections[parent].entries.push(Entry::Section(index));
        index
    }

    /// A label holds the one list or table that follows it.
    fn takes(&self, label: usize, piece: &Piece, pieces: &[Piece]) -> bool {
        match self.sections[label].entries.last() {
            None => true,
            Some(Entry::List(items)) => is_item(piece) && pieces[items[0]].group == piece.group,
            Some(Entry::Table { rows, .. }) => {
                piece.kind == BlockKind::TableRow
                    && rows.first().is_none_or(|r| pieces[*r].group == piece.group)
            }
            _ => false,
        }
    }

    fn add(&mut self, at: usize, n: usize, piece: &Piece, pieces: &[Piece]) {
        let entries = &mut self.sections[at].entries;
        if is_item(piece) {
            if let Some(Entry::List(items)) = entries.last_mut()
                && pieces[items[0]].group == piece.group
            {
                items.push(n);
            } else {
                entries.push(Entry::List(vec![n]));
            }
            return;
        }
        match piece.kind {
            BlockKind::Paragraph => entries.push(Entry::Prose(n)),
            BlockKind::TableRow if piece.is_head => entries.push(Entry::Table {
                head: Some(n),
                rows: Vec::new(),
            }),
            BlockKind::TableRow => match entries.last_mut() {
                Some(Entry::Table { rows, .. }) => rows.push(n),
                _ => entries.push(Entry::Table {
                    head: None,
                    rows: vec![n],
                }),
            },
            _ => entries.push(Entry::Other(n)),
        }
    }

    /// The first heading is the document's title when no other stands as high.
    fn find_title(&self) -> Option<usize> {
        let real = || {
            self.sections
                .iter()
                .enumerate()
                .skip(1)
                .filter(|(_, s)| s.level < BOLD_LEVEL)
        };
        let highest = real().map(|(_, s)| s.level).min()?;
        let (first, section) = real().next()?;
        // "## Proposal: a basket" before sections of the same level.
        let labelled = super::titles::label_of(&section.name).is_some_and(|(kind, _)| {
            [
                "proposal",
                "rfc",
                "kep",
                "prd",
                "adr",
                "rep",
                "pep",
                "design doc",
                "epic",
                "spec",
                "specification",
            ]
            .contains(&kind.to_lowercase().as_str())
        });
        let holds_sections = section
            .entries
            .iter()
            .any(|e| matches!(e, Entry::Section(_)));
        if labelled && section.meaning.is_none() && section.level == highest && !holds_sections {
            return Some(first);
        }
        let alone =
            section.level == highest && real().filter(|(_, s)| s.level == highest).count() == 1;
        // "# Overview" as the only big heading is a section all the same, unless others stand under it.
        (alone
            && highest == 1
            && (section.meaning.is_none()
                || section
                    .entries
                    .iter()
                    .any(|e| matches!(e, Entry::Section(_)))))
        .then_some(first)
    }

    /// A changelog tells what was done: its headings are versions.
    pub(super) fn is_changelog(&self) -> bool {
        let version = |name: &str| {
            let name = name.trim_start_matches(['[', 'v', 'V']);
            name.starts_with(|c: char| c.is_ascii_digit())
                && name
                    .bytes()
                    .take_while(|b| *b != b' ')
                    .filter(|b| *b == b'.')
                    .count()
                    >= 2
        };
        let named = self.title_section.is_some_and(|s| {
            ["changelog", "change log", "release notes", "what's new"]
                .contains(&self.sections[s].name.to_lowercase().as_str())
        });
        named && self.sections.iter().any(|s| version(&s.name))
    }

    /// A readme describes what exists: it says how to install and how to use it.
    pub(super) fn is_readme(&self) -> bool {
        let has = |names: &[&str]| {
            self.sections
                .iter()
                .any(|s| s.level < BOLD_LEVEL && names.contains(&s.name.to_lowercase().as_str()))
        };
        has(&[
            "installation",
            "install",
            "installing",
            "getting started",
            "quick start",
            "quickstart",
        ]) && has(&[
            "usage",
            "license",
            "licence",
            "contributing",
            "examples",
            "getting help",
        ])
    }

    /// "Tasks" in a proposal about tasks is a thing of its design, not a list of work.
    fn name_things_of_the_design(&mut self, pieces: &[Piece]) {
        const THINGS: &[&str] = &[
            "tasks",
            "features",
            "components",
            "modules",
            "actions",
            "issues",
            "capabilities",
            "functionality",
            "areas",
            "jobs",
            "user experience",
            "priority",
            "epics",
            "stories",
            "dependencies",
            "phases",
            "stages",
            "steps",
            "performance requirements",
        ];
        let named: Vec<usize> = (1..self.sections.len())
            .filter(|n| {
                let section = &self.sections[*n];
                let works = section.entries.iter().any(|entry| match entry {
                    Entry::List(items) => items.iter().any(|i| {
                        pieces[*i].checked.is_some()
                            || opens_with_verb(&super::titles::bare(&pieces[*i].plain))
                    }),
                    _ => false,
                });
                section.level < BOLD_LEVEL
                    && section
                        .parent
                        .is_some_and(|p| Some(p) != self.title_section && p != 0)
                    && section.meaning != Some(Meaning::Design)
                    && (THINGS.contains(&without_number(&normal(&section.name)))
                        || normal(&section.name).starts_with("user stor")
                        || section.meaning == Some(Meaning::Work) && rule(&section.name).is_none())
                    && !works
            })
            .collect();
        for n in named {
            // The stories of a proposal tell why.
            let stories = normal(&self.sections[n].name).starts_with("user stor");
            self.sections[n].meaning = stories.then_some(Meaning::Aside {
                reason: "context",
                firm: false,
            });
        }
    }

    /// The first sentence of a summary, when it orders: "Improve the shop by a basket".
    pub(super) fn told_in_short(&self, pieces: &[Piece]) -> Option<String> {
        let summary = self
            .sections
            .iter()
            .find(|s| rule(&s.name).is_some_and(|rule| rule.name == "introduction"))?;
        let first = summary.entries.iter().find_map(|entry| match entry {
            Entry::Prose(piece) => Some(pieces[*piece].plain.as_str()),
            _ => None,
        })?;
        let sentence = *super::words::asks::sentences(first).first()?;
        opens_with_verb(&super::titles::bare(sentence)).then(|| sentence.to_owned())
    }

    fn speaks_of_work(&self) -> bool {
        self.sections.iter().any(|s| {
            matches!(s.meaning, Some(meaning) if !matches!(meaning, Meaning::Aside { .. }))
                || super::titles::phase(&s.name).is_some()
        })
    }

    /// Minutes tell who met and what was said.
    pub(super) fn is_minutes(&self) -> bool {
        let has = |wanted: &str| {
            self.sections
                .iter()
                .any(|s| rule(&s.name).is_some_and(|rule| rule.name == wanted))
        };
        has("people") && (has("process") || has("discussion")) && !self.expects_work
    }

    fn find_decision(&self) -> Option<usize> {
        let named = |words: &[&str]| {
            self.sections
                .iter()
                .position(|s| words.contains(&without_number(&normal(&s.name))))
        };
        let weighed = named(&[
            "consequences",
            "implications",
            "positions",
            "considered options",
            "options considered",
            "alternatives considered",
            "alternatives",
            "decision drivers",
            "argument",
        ]);
        weighed.and_then(|_| named(&["decision", "decision outcome", "the decision"]))
    }

    fn argues(&self) -> bool {
        let has = |wanted: &[&str]| {
            self.sections
                .iter()
                .any(|s| rule(&s.name).is_some_and(|rule| wanted.contains(&rule.name)))
        };
        has(&["alternatives"]) && has(&["why", "design"])
    }

    /// In a proposal, a section at the top that is named after a thing tells the design of that thing.
    fn read_as_proposal(&mut self, pieces: &[Piece]) {
        if !self.is_proposal {
            return;
        }
        self.name_things_of_the_design(pieces);
        let title = self.title_section;
        let plans = |name: &str| {
            [
                "strategy",
                "plan",
                "testing",
                "rollout",
                "graduation",
                "compatibility",
            ]
            .iter()
            .any(|end| normal(name).ends_with(end))
        };
        for (n, section) in self.sections.iter_mut().enumerate().skip(1) {
            let top = section.parent == Some(0) || (title.is_some() && section.parent == title);
            if top
                && Some(n) != title
                && section.level < BOLD_LEVEL
                && section.meaning.is_none()
                && !plans(&section.name)
                && super::titles::phase(&section.name).is_none()
                && !opens_with_verb(&super::titles::bare(&section.name))
            {
                section.meaning = Some(Meaning::Design);
                section.in_proposal = true;
            }
        }
    }

    /// The names of the headings above a section and its own, outermost first, without the document's title.
    pub(super) fn path(&self, section: usize) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = Some(section);
        while let Some(index) = at {
            let section = &self.sections[index];
            if section.heading.is_some() && self.title_section != Some(index) {
                names.push(section.name.as_str());
            }
            at = section.parent;
        }
        names.reverse();
        names
    }

    /// A piece and all that hangs on it, in order.
    pub(super) fn family(&self, piece: usize) -> Vec<usize> {
        let mut out = vec![piece];
        let mut at = 0;
        while at < out.len() {
            out.extend(&self.children[out[at]]);
            at += 1;
        }
        out.sort_unstable();
        out
    }
}

pub(super) fn is_item(piece: &Piece) -> bool {
    matches!(piece.kind, BlockKind::ListItem | BlockKind::Task)
}

/// Is this piece a heading, or a line that serves as one? With its level and its words.
fn heading(text: &str, piece: &Piece, next: Option<&Piece>) -> Option<(u8, String)> {
    if piece.level > 0 {
        return Some((piece.level, piece.plain.clone()));
    }
    // "\## Requirements", as an editor wrote it that escapes Markdown.
    if piece.kind == BlockKind::Paragraph && piece.plain.starts_with('#') {
        let level = piece.plain.bytes().take_while(|b| *b == b'#').count();
        if let (1..=6, Some(name)) = (level, piece.plain[level..].strip_prefix(' '))
            && piece.more.is_empty()
        {
            return Some((u8::try_from(level).unwrap_or(6), name.trim().to_owned()));
        }
    }
    if piece.kind == BlockKind::Html {
        let html = &text[piece.range.clone()];
        let summary = html
            .split_once("<summary")?
            .1
            .split_once('>')?
            .1
            .split("</summary")
            .next()?;
        return Some((BOLD_LEVEL, strip_tags(summary)));
    }
    let next = next?;
    if piece.kind != BlockKind::Paragraph
        || !piece.more.is_empty()
        || piece.plain.chars().count() > 80
        || next.level > 0
    {
        return None;
    }
    let label = piece.plain.trim_end().strip_suffix(':').map(str::trim);
    if let Some(lead) = &piece.lead
        && lead.trim_end_matches(':').trim() == label.unwrap_or(&piece.plain)
    {
        return Some((BOLD_LEVEL, lead.trim_end_matches(':').trim().to_owned()));
    }
    let label = label?;
    ((is_item(next) || next.kind == BlockKind::TableRow) && meaning(label).is_some())
        .then(|| (LABEL_LEVEL, label.to_owned()))
}

/// Words of a piece of HTML.
pub(super) fn strip_tags(html: &str) -> String {
    let (mut out, mut inside) = (String::new(), false);
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a heading says that its section is for; `None` for the name of a thing.
pub(super) fn meaning(heading: &str) -> Option<Meaning> {
    if heading.len() > LONGEST_HEADING {
        return None;
    }
    if is_over(heading) {
        return Some(Meaning::Done);
    }
    let bare = without_brackets(heading);
    if let Some(found) = of_phrase(&bare) {
        return Some(found);
    }
    if is_question(heading) {
        return Some(Meaning::Aside {
            reason: "open question",
            firm: false,
        });
    }
    // "Background: how we got here" is background; "Task: move the reads" names a task.
    if let Some((head, _)) = bare.split_once([':', '—', '–'])
        && let Some(found @ (Meaning::Aside { .. } | Meaning::Criteria)) = of_phrase(head)
    {
        return Some(found);
    }
    of_parts(&bare).or_else(|| of_tail(&bare))
}

/// "Backend tasks", "API requirements": a list of work on something.
fn of_tail(heading: &str) -> Option<Meaning> {
    let normal = normal(heading);
    let words = normal.split(' ').count();
    let tail = [
        "tasks",
        "user stories",
        "todos",
        "work items",
        "action items",
        "feature list",
        "checklist",
        "requirements",
        "sub issues",
    ]
    .iter()
    .any(|tail| normal.ends_with(&format!(" {tail}")));
    if tail && words <= 4 && phase_free(heading) {
        return Some(Meaning::Work);
    }
    // "How a swap works" tells the design.
    if normal.starts_with("how ") && words >= 3 {
        return Some(Meaning::Design);
    }
    aside_tail(&normal)
}

/// "Innovation goals", "migration risks".
fn aside_tail(normal: &str) -> Option<Meaning> {
    const TAILS: &[(&str, &str)] = &[
        (" goals", "goal"),
        (" objectives", "goal"),
        (" risks", "risk"),
        (" assumptions", "assumption"),
        (" non goals", "out of scope"),
        (" alternatives", "alternative considered"),
        ("非目标", "out of scope"),
        ("非目標", "out of scope"),
        ("目标用户", "persona"),
        ("目标", "goal"),
        ("目標", "goal"),
        ("背景", "context"),
        ("风险", "risk"),
    ];
    let (_, reason) = TAILS.iter().find(|(tail, _)| normal.ends_with(tail))?;
    (normal.split(' ').count() <= 3).then_some(Meaning::Aside {
        reason,
        firm: false,
    })
}

fn phase_free(heading: &str) -> bool {
    super::titles::phase(heading).is_none() && super::titles::label_of(heading).is_none()
}

/// "Goals and non-goals": each part must be known; a part that holds work wins.
fn of_parts(heading: &str) -> Option<Meaning> {
    let spaced = heading
        .replace(['/', ',', '+'], " and ")
        .replace('&', " and ");
    let parts: Vec<&str> = spaced
        .split(" and ")
        .flat_map(|p| p.split(" und "))
        .flat_map(|p| p.split(" et "))
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    if parts.len() < 2 {
        return None;
    }
    let found: Vec<Meaning> = parts
        .iter()
        .map(|part| of_phrase(part))
        .collect::<Option<_>>()?;
    found
        .iter()
        .find(|m| !matches!(m, Meaning::Aside { .. }))
        .or(found.first())
        .copied()
}

/// The rule whose words a heading is made of.
pub(super) fn rule(heading: &str) -> Option<&'static Rule> {
    rule_of(&without_brackets(heading))
}

fn of_phrase(phrase: &str) -> Option<Meaning> {
    rule_of(phrase).map(|rule| rule.meaning)
}

fn rule_of(phrase: &str) -> Option<&'static Rule> {
    let normal = without_number(&normal(phrase)).to_owned();
    // "Solution 2" is a solution.
    let counted = normal.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut rest = match counted.trim_end() {
        "solution" | "requirement" | "use case" | "example" | "alternative" | "option" => {
            counted.trim_end()
        }
        _ => normal.as_str(),
    };
    loop {
        if let Some(found) = exact(rest) {
            return Some(found);
        }
        let shorter = MODIFIERS
            .iter()
            .find_map(|m| rest.strip_prefix(m).and_then(|r| r.strip_prefix(' ')))?;
        rest = shorter;
    }
}

fn exact(phrase: &str) -> Option<&'static Rule> {
    static PHRASES: LazyLock<HashMap<String, &'static Rule>> = LazyLock::new(|| {
        let mut phrases = HashMap::new();
        for rule in headings::rules() {
            for phrase in rule.phrases {
                phrases.entry(folded(&normal(phrase))).or_insert(rule);
            }
        }
        phrases
    });
    static OPENINGS: LazyLock<Vec<(String, &'static Rule)>> = LazyLock::new(|| {
        headings::rules()
            .flat_map(|rule| {
                rule.openings
                    .iter()
                    .map(move |o| (format!("{} ", folded(&normal(o))), rule))
            })
            .collect()
    });
    if phrase.is_empty() {
        return None;
    }
    let phrase = folded(phrase);
    PHRASES.get(&phrase).copied().or_else(|| {
        let spaced = format!("{phrase} ");
        OPENINGS
            .iter()
            .find(|(opening, _)| spaced.starts_with(opening.as_str()))
            .map(|(_, rule)| *rule)
    })
}

fn without_brackets(heading: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in heading.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    if out.trim().is_empty() {
        heading.to_owned()
    } else {
        out
    }
}

/// Without the number that a heading opens with: "3 1 goals", "iv goals".
fn without_number(normal: &str) -> &str {
    let mut rest = normal;
    while let Some((first, tail)) = rest.split_once(' ') {
        let number = first.chars().all(|c| c.is_ascii_digit())
            || first.chars().all(|c| "一二三四五六七八九十".contains(c))
            || (first.len() <= 4 && first.chars().all(|c| matches!(c, 'i' | 'v' | 'x')))
            || first == "section";
        if !number {
            break;
        }
        rest = tail;
    }
    rest
}

/// A question that wants an answer, not a wish put as a question ("Could we add…?").
pub(super) fn is_question(words: &str) -> bool {
    #[rustfmt::skip] // words, many to a line
    const OPENINGS: &[&str] = &[
        "how", "does", "do", "is", "are", "what", "why", "when", "where", "who", "which", "has",
        "have", "did", "should", "can", "will", "was", "were", "whether", "would", "wie", "warum",
        "was", "quand", "comment", "pourquoi", "qué", "cómo", "como",
    ];
    let words = words.trim().trim_end_matches(['*', '_']);
    let normal = normal(words);
    let first = normal.split(' ').next().unwrap_or_default();
    words.ends_with('?')
        && OPENINGS.contains(&first)
        && !normal.starts_with("can we ")
        && !normal.starts_with("can you ")
}

/// Marked as finished in the heading itself.
pub(super) fn is_over(heading: &str) -> bool {
    let lower = heading.trim().to_lowercase();
    [
        "(done)",
        "(completed)",
        "(complete)",
        "(shipped)",
        "[done]",
        "✅",
        "— done",
        "- done",
        "(finished)",
        "(erledigt)",
        "(terminé)",
        "(hecho)",
        "(feito)",
        "already done)",
        "✔",
        "☑",
    ]
    .iter()
    .any(|mark| lower.ends_with(mark))
        || lower.starts_with('✅')
}

/// Headings that are asides at the top of a document, and parts of the product below one that holds requirements.
pub(super) fn is_ambiguous(heading: &str) -> bool {
    #[rustfmt::skip] // words, many to a line
    const WORDS: &[&str] = &[
        "users", "user roles", "roles", "team", "teams", "status", "history", "notes", "index", "links", "contacts", "contact",
        "changes", "resources", "metrics", "research", "updates", "announcements", "people", "customers", "market",
        "key metrics", "attachments", "contents", "header", "terms", "discussion", "discussions", "decisions", "contributors",
        "reviewers", "roles and responsibilities", "approvals", "sign off", "agenda", "related", "license", "participants",
        "authors", "owners", "comments", "customers", "license", "environment", "today", "about",
    ];
    let normal = normal(heading);
    WORDS.contains(&without_number(&normal))
        || (of_phrase(heading).is_none() && aside_tail(&normal).is_some())
}
