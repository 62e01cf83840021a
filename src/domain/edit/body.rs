//! Bodies as they are taken apart and put together: what to build, acceptance criteria, further sections, where it is from.

use std::collections::BTreeSet;

use crate::domain::comment::inline;
use crate::domain::defuse::defuse_body;
use crate::domain::grouping::ALSO_WAITS;
use crate::domain::plan::{FROM_THE_SPEC, Plan};
use crate::domain::planning;
use crate::domain::spec::{Block, BlockKind};

const CRITERIA: &str = "### Acceptance criteria";
pub(super) const ALL_DONE: &str = "All sub-issues are done";
const PLACES_MOST: usize = 8;

/// A planned issue's body in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// The author's words.
    pub(super) what: String,
    /// Each without its box; further lines stand as they did.
    pub(super) criteria: Vec<String>,
    /// Other sections, heading and text.
    pub(super) further: Vec<(String, String)>,
    /// What is quoted below where it comes from.
    pub(super) quotes: Vec<String>,
}

impl Body {
    pub(super) fn read(body: &str) -> Self {
        let mut read = Self::default();
        for (heading, text) in sections(body) {
            match heading.as_str() {
                "" => read.what = text,
                CRITERIA => read.criteria = items(&text),
                FROM_THE_SPEC => {
                    let quotes = text.split("\n\n").skip(1);
                    read.quotes = quotes.map(str::to_owned).collect();
                }
                _ => read.further.push((heading, text)),
            }
        }
        read
    }

    /// Whether it only says that what the issue groups is done.
    pub(super) fn says_nothing(&self, title: &str) -> bool {
        let is_title = |segment: &String| {
            let segment = normal(segment);
            segment == normal(title) || segment == normal(&everything(title))
        };
        let (further, quotes) = (self.further.is_empty(), self.quotes.is_empty());
        let all_done = self.criteria.iter().all(|c| normal(c) == normal(ALL_DONE));
        all_done && further && quotes && segments(&self.what).iter().all(is_title)
    }

    /// The body, defused, of an issue that covers these blocks.
    pub(super) fn written(&self, plan: &Plan, covers: &[String]) -> String {
        let mut parts = Vec::new();
        if !self.what.trim().is_empty() {
            parts.push(self.what.trim().to_owned());
        }
        if !self.criteria.is_empty() {
            let lines: Vec<String> = self.criteria.iter().map(|c| format!("- [ ] {c}")).collect();
            parts.push(format!("{CRITERIA}\n\n{}", lines.join("\n")));
        }
        for (heading, text) in &self.further {
            parts.push(format!("{heading}\n\n{}", text.trim()));
        }
        let mut origin = origin(plan, covers);
        for quote in &self.quotes {
            origin.push_str("\n\n");
            origin.push_str(quote);
        }
        parts.push(format!("{FROM_THE_SPEC}\n\n{origin}"));
        defuse_body(&(parts.join("\n\n") + "\n"))
    }
}

/// The body with another title where it repeats the old one.
pub(super) fn renamed(body: &str, old: &str, new: &str) -> String {
    let swaps = [
        (format!("{old}."), format!("{new}.")),
        (
            format!("- [ ] {old} as described above"),
            format!("- [ ] {new} as described above"),
        ),
        (
            format!("- [ ] {old}, as described above"),
            format!("- [ ] {new}, as described above"),
        ),
        (everything(old), everything(new)),
    ];
    swapped(body, &swaps)
}

/// What a group says that has criteria and no text.
fn everything(title: &str) -> String {
    format!("{title}, with everything listed below.")
}

/// The body of a group that holds nothing any more.
pub(super) fn of_its_own(body: &str, title: &str) -> String {
    let swaps = [
        (
            format!("- [ ] {ALL_DONE}"),
            format!("- [ ] {}", inline(title)),
        ),
        (everything(title), format!("{title}.")),
    ];
    swapped(body, &swaps)
}

/// The body with each line new that stands on the left.
fn swapped(body: &str, swaps: &[(String, String)]) -> String {
    let line = |line: &str| {
        let swap = swaps.iter().find(|(from, _)| from == line);
        swap.map_or_else(|| line.to_owned(), |(_, to)| to.clone())
    };
    let lines: Vec<String> = body.split('\n').map(line).collect();
    lines.join("\n")
}

/// The body with each line of what it also waits for replaced, and none of it where no line is left.
pub(super) fn with_waits(body: &str, anew: impl Fn(&str) -> Vec<String>) -> String {
    let Some(start) = body.find(&format!("{ALSO_WAITS}\n")) else {
        return body.to_owned();
    };
    let text = start + ALSO_WAITS.len();
    let end = body[text..]
        .find("\n### ")
        .map_or(body.len(), |at| text + at + 1);
    let mut seen = BTreeSet::new();
    let said = body[text..end].lines().filter(|l| !l.trim().is_empty());
    let lines: Vec<String> = said
        .flat_map(anew)
        .filter(|line| seen.insert(line.clone()))
        .collect();
    let section = match lines.as_slice() {
        [] => String::new(),
        lines => format!("{ALSO_WAITS}\n\n{}\n\n", lines.join("\n")),
    };
    let (head, tail) = (&body[..start], &body[end..]);
    format!("{}\n", format!("{head}{section}{tail}").trim_end())
}

/// Whether a criterion only says that the issue is done.
pub(super) fn says_nothing(criterion: &str, title: &str) -> bool {
    let (criterion, title) = (normal(criterion), normal(title));
    criterion == title
        || criterion == format!("{title} as described above")
        || criterion == normal(ALL_DONE)
}

/// Letters and digits in lower case, one space between words.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// What defusing puts in.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The text's paragraphs, top-level list items and rows, each as it stands.
pub(super) fn segments(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut is_open = false;
    let mut fence = Fence::default();
    for line in text.lines() {
        let was_code = fence.is_open();
        let is_code = fence.passes(line) || was_code;
        let begins = !is_code && (is_item(line) || line.starts_with('|'));
        let continues = is_open && (!begins || was_code);
        if line.trim().is_empty() && !is_code {
            is_open = false;
            continue;
        }
        match out.last_mut() {
            Some(last) if continues || (line.starts_with("  ") && is_item(last)) => {
                last.push_str(if is_open { "\n" } else { "\n\n" });
                last.push_str(line);
            }
            _ => out.push(line.to_owned()),
        }
        is_open = true;
    }
    out
}

/// The segments as one text: items and rows close together, all else apart.
pub(super) fn joined(segments: &[String]) -> String {
    let mut out = String::new();
    let mut before: Option<char> = None;
    for segment in segments {
        let is_close =
            |c: char| is_item(segment) && c == '-' || segment.starts_with('|') && c == '|';
        match before {
            Some(c) if is_close(c) => out.push('\n'),
            Some(_) => out.push_str("\n\n"),
            None => {}
        }
        out.push_str(segment);
        before = Some(match segment {
            s if is_item(s) => '-',
            s if s.starts_with('|') => '|',
            _ => ' ',
        });
    }
    out
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ")
}

/// A list's top-level items without bullet and box.
fn items(text: &str) -> Vec<String> {
    let unboxed = |item: String| {
        let rest = ["- [ ] ", "- [x] ", "- [X] ", "- "]
            .iter()
            .find_map(|mark| item.strip_prefix(mark));
        rest.map_or_else(|| item.clone(), str::to_owned)
    };
    segments(text)
        .into_iter()
        .map(unboxed)
        .filter(|item| !item.trim().is_empty())
        .collect()
}

/// Heading and text of each section; the first has no heading.
fn sections(body: &str) -> Vec<(String, String)> {
    let mut out = vec![(String::new(), String::new())];
    let mut fence = Fence::default();
    for line in body.lines() {
        let is_code = fence.is_open();
        fence.passes(line);
        if !is_code && line.starts_with("### ") {
            out.push((line.trim_end().to_owned(), String::new()));
        } else if let Some((_, text)) = out.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    for (_, text) in &mut out {
        *text = text.trim().to_owned();
    }
    out
}

/// Whether lines stand in a block of code.
#[derive(Default)]
struct Fence(Option<String>);

impl Fence {
    fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Whether this line opens or closes one.
    fn passes(&mut self, line: &str) -> bool {
        let line = line.trim_start_matches([' ', '>', '-', '\t']);
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'));
        let Some(mark) = mark else {
            return false;
        };
        let run: String = line.chars().take_while(|c| *c == mark).collect();
        let rest = line[run.len()..].trim();
        match &self.0 {
            Some(open) if run.starts_with(open.as_str()) && rest.is_empty() => self.0 = None,
            None if run.len() >= 3 && !(mark == '`' && rest.contains('`')) => self.0 = Some(run),
            _ => return false,
        }
        true
    }
}

/// "Scope › Checkout, lines 12–18; Sign in, line 30".
fn origin(plan: &Plan, covers: &[String]) -> String {
    let own: BTreeSet<&str> = covers.iter().map(String::as_str).collect();
    let blocks: Vec<&Block> = plan
        .spec
        .blocks
        .iter()
        .filter(|b| own.contains(b.id.as_str()))
        .collect();
    let only_headings = blocks.iter().all(|b| b.kind == BlockKind::Heading);
    let mut places: Vec<(String, Vec<[usize; 2]>)> = Vec::new();
    for block in blocks {
        if block.kind == BlockKind::Heading && !only_headings {
            continue;
        }
        let path: Vec<String> = block.section.iter().map(|s| inline(s)).collect();
        let path = path.join(" › ");
        match places.iter_mut().find(|(known, _)| *known == path) {
            Some((_, lines)) => lines.push(block.lines),
            None => places.push((path, vec![block.lines])),
        }
    }
    if places.is_empty() {
        return "Nowhere in it.".to_owned();
    }
    let more = places.len().saturating_sub(PLACES_MOST);
    let mut said: Vec<String> = places
        .into_iter()
        .take(PLACES_MOST)
        .map(|(path, lines)| {
            let lines = planning::lines(lines.into_iter());
            if path.is_empty() {
                lines
            } else {
                format!("{path}, {lines}")
            }
        })
        .collect();
    if more > 0 {
        said.push("…".to_owned());
    }
    let said = said.join("; ");
    let mut letters = said.chars();
    letters
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}
