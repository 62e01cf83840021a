//! Planning without a model: the document's own structure says what the work is.
//!
//! The text becomes pieces (`spec`), the pieces a tree (`outline`), the tree drafts (`reader` and `settle` with `lists`, `tables`, `prose`,
//! `criteria`), the drafts get their edges (`dependencies`), their number (`sizing`), their places (`components`), and at the end
//! titles, bodies and the trace of every block. What words mean is data, in `words`.
//!
//! Invariant: the same text and wishes give the same plan; no step looks at all pairs of anything.

mod bodies;
mod components;
mod criteria;
mod dependencies;
mod design;
#[cfg(test)]
mod documents;
mod doubles;
mod draft;
mod explain;
mod finish;
mod folding;
mod labels;
mod lists;
mod matching;
mod outline;
mod prose;
mod reader;
mod rules;
mod settle;
mod sizing;
mod tables;
#[cfg(test)]
mod tests;
mod titles;
mod words;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::ids::RepositoryName;
use super::plan::Plan;
use super::spec::pieces::{self, Piece};
use super::spec::{BlockKind, Spec};
use draft::Draft;
use outline::Outline;
use reader::{Reader, Role};
use titles::Titles;
use words::asks::demands;

pub use explain::{Decision, renumber};
pub use rules::{RULES, Rule};

pub(super) use components::repository;
pub(super) use words::asks::{asks, sentences};
pub(super) use words::language::{COMMON, Language, language};
pub(super) use words::verbs::opens_with_verb;

/// What a request asks of the plan beside the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// How many issues; `None` leaves it to the text.
    pub count: Option<u32>,
    /// Parts to spread the work over.
    pub components: Vec<String>,
    /// Where nothing is asked: parts that the settings know. An issue that plainly speaks of one belongs to it.
    pub known_components: Vec<String>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    /// Where issues may go; none is the trigger's own repository.
    pub repositories: Vec<RepositoryName>,
    /// The most issues that a run may have.
    pub maximum: u32,
}

impl Wishes {
    /// The parts that an issue may belong to.
    pub fn parts(&self) -> &[String] {
        match self.components.as_slice() {
            [] => &self.known_components,
            asked => asked,
        }
    }
}

/// The name of the rule that says what a section with this heading is for; `None` for the name of a thing.
pub fn heading_rule(heading: &str) -> Option<&'static str> {
    outline::rule(heading).map(|rule| rule.name)
}

/// Plans from the structure of the text alone.
pub fn plan(title: &str, text: &str, wishes: &Wishes) -> Plan {
    read(title, text, wishes, false).0
}

/// The same plan, with every decision by the name of its rule.
pub fn explain(title: &str, text: &str, wishes: &Wishes) -> (Plan, Vec<Decision>) {
    read(title, text, wishes, true)
}

fn read(title: &str, text: &str, wishes: &Wishes, is_explained: bool) -> (Plan, Vec<Decision>) {
    let pieces = pieces::read(text);
    let spec = Spec::of_pieces(title, text, &pieces);
    let outline = Outline::of(text, &pieces);
    let titles = Titles {
        language: language(text),
        proper: proper_words(&pieces),
        about: String::new(),
    };
    let name = name_of(title, &outline, &pieces);
    let about = Some(about(&titles, &name))
        .filter(|a| !a.is_empty())
        .unwrap_or_else(|| titles::NAMELESS.to_owned());
    let titles = Titles { about, ..titles };
    let mut reader = Reader {
        text,
        pieces: &pieces,
        outline: &outline,
        titles: &titles,
        drafts: Vec::new(),
        reasons: vec![None; pieces.len()],
        orders: Vec::new(),
        among_orders: HashSet::new(),
        is_readme: outline.is_readme(),
        later: Vec::new(),
        edges: HashMap::new(),
        rest: BTreeSet::new(),
        twins: BTreeSet::new(),
        why: HashMap::new(),
    };
    let mut warnings = Vec::new();

    if !outline.is_changelog() {
        reader.section(0, Role::Plain);
    }
    if reader.alive() == 0
        && !outline.is_changelog()
        && pieces.len() > 1
        && pieces.iter().all(|p| p.level > 0)
    {
        // Nothing but headings: an outline of the work.
        reader.reasons.fill(None);
        reader.section(0, Role::Work);
    }
    if reader.alive() == 0 {
        warnings.extend(reader.plan_as_one(&name));
    }
    warnings.extend(reader.later.iter().map(|sentence| {
        format!(
            "Left out, as the text puts it off: “{}”",
            bodies::shortened(sentence, 160)
        )
    }));
    reader.merge_designs();
    let doubles = reader.join_doubles();
    warnings.extend(
        doubles
            .iter()
            .map(|(title, places)| written_twice(title, places, &spec)),
    );
    reader.find_dependencies();
    reader.dissolve_needless_groups();
    let folded = if wishes.count.is_none() && wishes.components.is_empty() {
        reader.fold_small_issues()
    } else {
        None
    };
    let natural = reader.alive();
    let spread = components::spread(&mut reader, &wishes.components);
    let sized = reader.size(natural, wishes, spread, &mut warnings);
    let sized = match folded {
        Some(before) if sized.is_empty() => format!(
            "{natural}, folded from {before}: short items under one heading stay together (`count` asks for more)"
        ),
        _ => sized,
    };
    let is_asked = !wishes.components.is_empty();
    let speaks = if is_asked {
        components::HINTS
    } else {
        components::PLAIN
    };
    let mut missing = components::assign(&mut reader, wishes.parts(), speaks);
    missing.retain(|_| is_asked);
    if !missing.is_empty() && reader.alive() > 0 {
        warnings.push(format!(
            "No issue speaks of {}: the text names nothing for {}.",
            list(&missing),
            if missing.len() == 1 { "it" } else { "them" }
        ));
    }
    let broken = dependencies::break_circles(&mut reader.drafts);
    if broken > 0 {
        warnings.push(format!(
            "{} to keep the order free of circles; please check what waits for what.",
            if broken == 1 {
                "One dependency was left out".to_owned()
            } else {
                format!("{broken} dependencies were left out")
            }
        ));
    }
    finish::plan(reader, spec, wishes, warnings, &sized, is_explained)
}

fn written_twice(title: &str, places: &[usize], spec: &Spec) -> String {
    let times = match places.len() {
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    };
    let lines: Vec<String> = places
        .iter()
        .map(|piece| spec.blocks[*piece].lines[0].to_string())
        .collect();
    format!(
        "“{title}” is written {times} (lines {}) and planned once.",
        list(&lines)
    )
}

/// What the text and its title call it; empty when neither does.
fn name_of(title: &str, outline: &Outline, pieces: &[Piece]) -> String {
    let name = outline
        .title_section
        .map(|s| outline.sections[s].name.clone())
        .filter(|n| !is_bare_name(n))
        .unwrap_or_else(|| title.to_owned());
    // "Summary" and "1. Goals" say what a part is for, not what the whole is called.
    if name.trim().is_empty() || outline::rule(&name).is_some() {
        named_in_the_head(pieces)
            .or_else(|| outline.told_in_short(pieces))
            .unwrap_or_default()
    } else {
        name
    }
}

impl Reader<'_> {
    /// The sentence of a record that tells what was decided.
    fn decided(&self) -> Option<&str> {
        let section = self.outline.decision?;
        let entries = &self.outline.sections[section].entries;
        let first = entries.iter().find_map(|entry| match entry {
            outline::Entry::Prose(piece) => Some(self.pieces[*piece].plain.as_str()),
            _ => None,
        })?;
        Some(*sentences(first).first()?)
    }

    /// Nothing in the text is work by its structure: then the request as a whole is, unless it says that all is done.
    #[expect(
        clippy::too_many_lines,
        reason = "what is left of a text is looked at in one order"
    )]
    fn plan_as_one(&mut self, name: &str) -> Option<String> {
        if self.outline.is_changelog() {
            for (n, piece) in self.pieces.iter().enumerate() {
                let title = self
                    .outline
                    .title_section
                    .and_then(|s| self.outline.sections[s].heading);
                let reason = if piece.level > 0 && title == Some(n) {
                    "document title"
                } else {
                    reader::ALREADY_DONE
                };
                self.reasons[n] = Some(reason);
            }
            return Some(
                "The text is a changelog: it tells what was done, and asks for nothing.".to_owned(),
            );
        }
        if self.outline.is_minutes() {
            for reason in &mut self.reasons {
                if matches!(reason, None | Some("description" | "empty section")) {
                    *reason = Some("no action item");
                }
            }
            return Some("The minutes name no action items, so nothing is planned.".to_owned());
        }
        let done = self.reasons.contains(&Some(reader::ALREADY_DONE));
        let soft: Vec<usize> = (0..self.pieces.len())
            .filter(|n| {
                matches!(
                    self.reasons[*n],
                    None | Some(
                        "introduction"
                            | "description"
                            | "context"
                            | "goal"
                            | "motivation"
                            | "discussion"
                            | "empty section"
                            | "success metric"
                            | "comparison"
                            | "example"
                            | "list of files"
                            | "document title"
                    )
                )
            })
            .collect();
        if done && soft.iter().all(|n| self.pieces[*n].level > 0) {
            return Some(
                "Everything in the text is ticked or marked as done; nothing is left to plan."
                    .to_owned(),
            );
        }
        let decided = self.decided();
        let asking = soft
            .iter()
            .filter(|n| self.pieces[**n].level == 0 && self.pieces[**n].cells.is_empty())
            .flat_map(|n| sentences(&self.pieces[*n].plain))
            .find(|s| {
                opens_with_verb(&titles::bare(s))
                    || demands(s)
                    || titles::is_complaint(&titles::bare(s))
            });
        let words = if let Some(sentence) = decided.or(asking) {
            sentence.to_owned()
        } else if name.trim().is_empty() {
            soft.iter()
                .map(|n| self.pieces[*n].plain.as_str())
                .find(|w| !w.is_empty())
                .unwrap_or_default()
                .to_owned()
        } else {
            name.to_owned()
        };
        if words.trim().is_empty() {
            return Some("The text asks for nothing that could be planned.".to_owned());
        }
        let mut draft = Draft {
            title: self.titles.title(&words, &[]),
            rule: if decided.is_some() {
                rules::DECISION
            } else {
                rules::WHOLE_REQUEST
            },
            ..Draft::default()
        };
        for piece in soft {
            let it = &self.pieces[piece];
            self.reasons[piece] = None;
            if it.level > 0 {
                draft.covers.insert(piece);
            } else if outline::is_item(it) {
                if it.parent.is_none() {
                    self.absorb(&mut draft, piece);
                }
            } else if it.kind == BlockKind::Paragraph && it.parent.is_none() {
                self.take_prose(&mut draft, piece, true);
            } else if it.parent.is_none() {
                draft.main.push(piece);
                draft.covers.insert(piece);
            }
        }
        self.push(draft);
        let short = self.pieces.iter().filter(|p| p.level == 0).count() <= 3;
        (!short).then(|| "No section of the text asks for work in its own words, so the request is planned as one issue.".to_owned())
    }

    /// Brings the number of drafts to what was wished; why there are as many as there are.
    fn size(
        &mut self,
        natural: usize,
        wishes: &Wishes,
        spread: bool,
        warnings: &mut Vec<String>,
    ) -> String {
        let maximum = wishes.maximum.max(1) as usize;
        if let Some(count) = wishes.count.map(|c| (c.max(1) as usize).min(maximum)) {
            let before = self.alive();
            if before > count {
                self.merge_to(count);
                return format!("{count} as asked, merged from the {natural} that the text has");
            }
            self.split_to(count);
            let now = self.alive();
            if now < count {
                warnings.push(format!("{count} issues were asked for, but the text supports only {now} without inventing work."));
                return format!("{now} of the {count} asked for: the text names no more parts");
            }
            return if now == natural {
                format!("{count} as asked, as many as the text has")
            } else {
                format!("{count} as asked, split from the {natural} that the text has")
            };
        }
        if self.alive() > maximum {
            let before = self.alive();
            self.merge_to(maximum);
            warnings.push(format!("The text has {before} work items, more than the maximum of {maximum}; neighbours were merged and nothing was left out."));
            return format!("{maximum}, the maximum, merged from {before} work items");
        }
        if spread {
            format!("{} components, one issue for each", self.alive())
        } else {
            String::new()
        }
    }
}

/// Words that are written with a capital wherever they stand inside a sentence.
fn proper_words(pieces: &[Piece]) -> HashSet<String> {
    let mut seen: HashMap<String, (u32, u32)> = HashMap::new();
    for piece in pieces
        .iter()
        .filter(|p| p.level == 0 && p.cells.is_empty() && !p.contents_link)
    {
        // In title case capitals say nothing.
        let long = || piece.plain.split(' ').filter(|w| w.chars().count() >= 4);
        if long().filter(|w| w.starts_with(char::is_uppercase)).count() * 2 > long().count() {
            continue;
        }
        for words in [&piece.plain, &piece.more] {
            let mut starts = true;
            for word in words.split(' ') {
                let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                let ends = word.ends_with(['.', ':', '!', '?', ')', '—']);
                if !starts && !bare.is_empty() {
                    let count = seen.entry(bare.to_lowercase()).or_default();
                    if bare.starts_with(char::is_uppercase) {
                        count.0 += 1;
                    } else {
                        count.1 += 1;
                    }
                }
                starts = ends || word.starts_with(['"', '“', '(', '*']) || bare.is_empty();
            }
        }
    }
    seen.into_iter()
        .filter(|(_, (upper, lower))| upper > lower)
        .map(|(word, _)| word)
        .chain(words::names::PROPER.iter().map(|name| (*name).to_owned()))
        .collect()
}

/// "Feature Name: `let-else`" in a document that has no title.
fn named_in_the_head(pieces: &[Piece]) -> Option<String> {
    const KEYS: &[&str] = &[
        "feature name",
        "title",
        "project",
        "product",
        "feature",
        "epic name",
        "epic",
        "name",
    ];
    pieces
        .iter()
        .take(8)
        .filter_map(|p| labels::split(&p.plain))
        .find(|(head, rest)| {
            KEYS.contains(&words::asks::normal(head).as_str()) && is_filled_in(rest)
        })
        .map(|(_, rest)| rest.to_owned())
}

/// "N/A", "(fill me in)" and "TBD" were left from a form.
fn is_filled_in(value: &str) -> bool {
    let value = words::asks::normal(value);
    !["", "n a", "na", "none", "tbd", "todo", "unknown"].contains(&value.as_str())
        && !value.starts_with("fill ")
}

/// "PRD", "Epic": a title that names only the kind of document.
fn is_bare_name(name: &str) -> bool {
    [
        "prd",
        "rfc",
        "epic",
        "spec",
        "specification",
        "proposal",
        "product requirements document",
        "requirements",
        "design doc",
        "plan",
        "tasks",
        "todo",
        "roadmap",
        "product roadmap",
        "implementation",
        "lastenheft",
        "pflichtenheft",
        "anforderungen",
        "cahier des charges",
        "requisitos",
        "requisitos del proyecto",
        "requisitos do projeto",
        "要件定義書",
        "需求文档",
    ]
    .contains(&words::asks::normal(name).as_str())
}

/// What the document is about, as it would be named in the middle of a title.
fn about(titles: &Titles, name: &str) -> String {
    const TAILS: &[&str] = &[
        " prd",
        " rfc",
        " proposal",
        " specification",
        " spec",
        " requirements",
        " product requirements document",
        " design doc",
        " design document",
        " epic",
        " requirements document",
        " product requirements",
        " technical design",
        " meeting notes",
        " notes",
        " plan",
        " roadmap",
        " project plan",
        " draft",
    ];
    let mut name = titles::bare(name);
    for _ in 0..3 {
        let lower = name.to_lowercase();
        let Some(tail) = TAILS
            .iter()
            .find(|tail| lower.ends_with(**tail) && lower.len() == name.len())
        else {
            break;
        };
        let rest = &name[..name.len() - tail.len()];
        if [" and", " or", " of", " the", " a"]
            .iter()
            .any(|end| rest.ends_with(end))
        {
            break;
        }
        name.truncate(rest.len());
        name = name
            .trim_end_matches([':', '-', '–', '—', ',', ' '])
            .to_owned();
    }
    let name = name
        .replace(" - ", ": ")
        .replace(" checklist for ", " ")
        .replace(" Checklist for ", " ");
    let name = name
        .split([':', '—', '–'])
        .map(str::trim)
        .find(|n| !n.is_empty() && !is_bare_name(n))
        .unwrap_or(&name)
        .to_owned();
    titles.lowered(&name)
}

/// "a, b and c".
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
