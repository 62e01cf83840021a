//! Bodies: what to build in the author's words, acceptance criteria as a task list, and where it stands in the spec.

use super::draft::{Criterion, Draft};
use super::outline::{Entry, Outline, is_item};
use super::words::asks::{demands, normal};
use super::words::verbs::opens_with_verb;
use crate::domain::plan::FROM_THE_SPEC;
use crate::domain::spec::BlockKind;
use crate::domain::spec::pieces::Piece;

/// What bodies are cut from.
pub(super) struct Source<'a> {
    pub text: &'a str,
    pub pieces: &'a [Piece],
    pub outline: &'a Outline,
}

impl Source<'_> {
    pub(super) fn body(&self, draft: &Draft) -> String {
        let mut parts = Vec::new();
        let what = within(&self.what(draft), LONGEST);
        if !what.is_empty() {
            parts.push(with_closed_fences(&what));
        }
        parts.push(format!(
            "### Acceptance criteria\n\n{}",
            self.criteria(draft)
        ));
        parts.push(format!("{FROM_THE_SPEC}\n\n{}", self.origin(draft)));
        parts.join("\n\n") + "\n"
    }

    /// The author's text, block by block.
    fn what(&self, draft: &Draft) -> String {
        let mut out: Vec<String> = Vec::new();
        if let Some(excerpt) = &draft.excerpt {
            out.push(excerpt.clone());
        }
        let mut after_item = false;
        for (n, piece) in draft.main.iter().enumerate() {
            let it = &self.pieces[*piece];
            if n == 0 && draft.excerpt.is_some() {
                continue;
            }
            let text = self.own_text(*piece);
            let bulleted = is_item(it) && n > 0;
            let row = it.kind == BlockKind::TableRow;
            let text = if bulleted {
                format!("- {}", indented(&text, "  "))
            } else {
                text
            };
            let joins = (bulleted || row) && after_item;
            if joins && let Some(last) = out.last_mut() {
                last.push('\n');
                last.push_str(&text);
                if row && it.is_head {
                    last.push_str(&rule(it));
                }
            } else {
                out.push(if row && it.is_head {
                    text + &rule(it)
                } else {
                    text
                });
            }
            after_item = bulleted || row;
        }
        out.extend(draft.details.iter().cloned());
        let fields: Vec<String> = draft
            .fields
            .iter()
            .map(|(head, value)| {
                if head.is_empty() {
                    format!("- {value}")
                } else {
                    format!("- **{head}:** {value}")
                }
            })
            .collect();
        if !fields.is_empty() {
            out.push(fields.join("\n"));
        }
        let says_more = out.iter().any(|o| normal(o) != normal(&draft.title));
        let intro = self.introduction(draft);
        match (out.is_empty(), intro) {
            (_, Some(intro)) if !says_more => out.push(intro),
            (true, _) if !draft.criteria.is_empty() => {
                out.push(format!("{}, with everything listed below.", draft.title));
            }
            (true, _) => out.push(format!("{}.", draft.title)),
            _ => {}
        }
        out.join("\n\n")
    }

    /// "Part of **Phase 1: Record every booking twice**: The monolith stays the source of truth", where the source says no more.
    fn introduction(&self, draft: &Draft) -> Option<String> {
        let section = &self.outline.sections[draft.section];
        let heading = section
            .heading
            .filter(|_| self.outline.title_section != Some(draft.section));
        let said = section.entries.iter().find_map(|entry| match entry {
            Entry::Prose(piece) if !draft.main.contains(piece) => {
                Some(self.pieces[*piece].plain.as_str())
            }
            _ => None,
        })?;
        let first = super::words::asks::sentences(said).first().copied()?;
        if heading.is_none() && first.ends_with(':') {
            return None;
        }
        let first = first.trim_end_matches(':');
        Some(match heading {
            Some(_) => format!("Part of **{}**: {}", section.name, shortened(first, 240)),
            None => format!("Part of this: {}", shortened(first, 240)),
        })
    }

    fn criteria(&self, draft: &Draft) -> String {
        let lines: Vec<String> = draft
            .criteria
            .iter()
            .map(|c| with_closed_fences(&self.criterion(c)))
            .filter(|line| !line.is_empty())
            .collect();
        if lines.is_empty() {
            let done = if draft.is_group {
                "All sub-issues are done".to_owned()
            } else if let Some(demand) = self.demand(draft) {
                demand
            } else if normal(&self.what(draft)) == normal(&draft.title) {
                draft.title.clone()
            } else {
                format!("{} as described above", draft.title)
            };
            return format!("- [ ] {done}");
        }
        let mut seen = std::collections::HashSet::new();
        lines
            .into_iter()
            .filter(|line| seen.insert(line.clone()))
            .map(|line| format!("- [ ] {}", indented(&line, "  ")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The sentence of the body that says how things are when the work is done.
    fn demand(&self, draft: &Draft) -> Option<String> {
        let words = match (&draft.excerpt, draft.main.first()) {
            (Some(excerpt), _) => excerpt.as_str(),
            (None, Some(piece)) if self.pieces[*piece].cells.is_empty() => {
                self.pieces[*piece].plain.as_str()
            }
            _ => return None,
        };
        super::words::asks::sentences(words)
            .into_iter()
            .find(|s| demands(s) && !opens_with_verb(s) && !s.ends_with([':', '?']))
            .filter(|s| normal(s) != normal(&draft.title))
            .map(str::to_owned)
    }

    fn criterion(&self, criterion: &Criterion) -> String {
        if let Some(sentence) = &criterion.sentence {
            return sentence.clone();
        }
        let mut text = self.own_text(criterion.piece);
        self.nested(criterion.piece, 0, &mut text);
        text
    }

    /// What hangs on an item, as a list below it.
    fn nested(&self, piece: usize, depth: usize, out: &mut String) {
        for child in &self.outline.children[piece] {
            let marker = if is_item(&self.pieces[*child]) {
                "- "
            } else {
                ""
            };
            let pad = "  ".repeat(depth);
            out.push('\n');
            if marker.is_empty() {
                out.push('\n');
            }
            out.push_str(&pad);
            out.push_str(marker);
            out.push_str(&indented(&self.own_text(*child), &format!("{pad}  ")));
            self.nested(*child, depth + 1, out);
        }
    }

    /// A block's text without its marker, moved to the margin.
    fn own_text(&self, piece: usize) -> String {
        let it = &self.pieces[piece];
        let source = &self.text[it.range.clone()];
        match it.kind {
            BlockKind::Heading => format!("**{}**", it.plain),
            BlockKind::ListItem | BlockKind::Task => {
                let rest = source.trim_start_matches(['>', ' ', '\t']);
                let marker = marker_width(rest);
                let content = rest[marker..].trim_start();
                let content = content
                    .strip_prefix("[ ]")
                    .or_else(|| content.strip_prefix("[x]"))
                    .or_else(|| content.strip_prefix("[X]"))
                    .unwrap_or(content)
                    .trim_start();
                dedented(content, it.quoted)
            }
            _ => dedented(source, it.quoted && it.kind != BlockKind::Quote),
        }
    }

    /// "Scope › Checkout, lines 12–18" and, when it adds something, a short quote.
    fn origin(&self, draft: &Draft) -> String {
        let path = self.outline.path(draft.section);
        let own: Vec<usize> = draft
            .main
            .iter()
            .copied()
            .chain(draft.criteria.iter().map(|c| c.piece))
            .collect();
        let heading = self.outline.sections[draft.section].heading;
        let pieces = if own.is_empty() && !self.pieces.is_empty() {
            vec![draft.anchor]
        } else {
            own
        };
        let spans = spans(
            pieces
                .iter()
                .flat_map(|p| self.outline.family(*p))
                .map(|p| self.pieces[p].lines),
        );
        let lines = if spans.is_empty() {
            heading
                .map(|h| told(&[self.pieces[h].lines]))
                .unwrap_or_default()
        } else {
            told(&spans)
        };
        let place = match (path.is_empty(), lines.is_empty()) {
            (true, true) => "The request as a whole".to_owned(),
            (true, false) => sentence_case(&lines),
            (false, true) => path.join(" › "),
            (false, false) => format!("{}, {lines}", path.join(" › ")),
        };
        match self.quote(draft) {
            Some(quote) => format!("{place}\n\n> {quote}"),
            None => place,
        }
    }

    /// The source line when the body shows it in another form only.
    fn quote(&self, draft: &Draft) -> Option<String> {
        let shown = draft.is_group
            || draft
                .main
                .first()
                .is_none_or(|p| self.pieces[*p].cells.is_empty())
            || draft.main.is_empty();
        let piece = *draft
            .main
            .first()
            .or(draft.criteria.first().map(|c| &c.piece))?;
        let words = if self.pieces[piece].cells.is_empty() {
            self.pieces[piece].plain.clone()
        } else {
            self.pieces[piece].cells.join(" | ")
        };
        let body = normal(&format!(
            "{} {} {}",
            draft.title,
            self.what(draft),
            self.criteria(draft)
        ));
        let told =
            |cell: &String| super::titles::phrases(cell).all(|part| body.contains(&normal(part)));
        if shown || words.is_empty() || self.pieces[piece].cells.iter().all(told) {
            return None;
        }
        Some(shortened(&words, 140))
    }
}

/// A body has room for so many characters of the spec; the rest is one click away.
const LONGEST: usize = 16_000;

/// As many whole paragraphs as there is room for.
fn within(what: &str, longest: usize) -> String {
    if what.len() <= longest {
        return what.to_owned();
    }
    let mut end = longest;
    while !what.is_char_boundary(end) {
        end -= 1;
    }
    let end = what[..end]
        .rfind("\n\n")
        .filter(|at| *at > 0)
        .unwrap_or(end);
    format!(
        "{}\n\n… The rest stands in the spec.",
        with_closed_fences(&what[..end])
    )
}

/// The rule below a table's head.
fn rule(head: &Piece) -> String {
    format!("\n|{}", " --- |".repeat(head.cells.len().max(1)))
}

fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn marker_width(item: &str) -> usize {
    if item.starts_with(['-', '*', '+']) {
        return 1;
    }
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && item[digits..].starts_with(['.', ')']) {
        digits + 1
    } else {
        0
    }
}

/// Lines moved left by as much as they have in common; the first stands at the margin already.
fn dedented(text: &str, quoted: bool) -> String {
    let strip = |line: &str| -> String {
        if quoted {
            line.trim_start().trim_start_matches('>').to_owned()
        } else {
            line.to_owned()
        }
    };
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(n, line)| if n == 0 { line.to_owned() } else { strip(line) })
        .collect();
    let common = lines
        .iter()
        .skip(1)
        .filter(|l| !l.trim().is_empty())
        .map(|l| l.len() - l.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    lines
        .iter()
        .enumerate()
        .map(|(n, l)| {
            if n == 0 {
                l.as_str()
            } else {
                l.get(common..).unwrap_or("").trim_end()
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn indented(text: &str, pad: &str) -> String {
    text.lines()
        .enumerate()
        .map(|(n, l)| {
            if n == 0 || l.is_empty() {
                l.to_owned()
            } else {
                format!("{pad}{l}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn spans(lines: impl Iterator<Item = [usize; 2]>) -> Vec<[usize; 2]> {
    let mut all: Vec<[usize; 2]> = lines.collect();
    all.sort_unstable();
    let mut out: Vec<[usize; 2]> = Vec::new();
    for span in all {
        match out.last_mut() {
            // A blank line between two blocks is no gap worth telling.
            Some(last) if span[0] <= last[1] + 2 => last[1] = last[1].max(span[1]),
            _ => out.push(span),
        }
    }
    out
}

fn told(spans: &[[usize; 2]]) -> String {
    let one = |span: &[usize; 2]| {
        if span[0] == span[1] {
            span[0].to_string()
        } else {
            format!("{}–{}", span[0], span[1])
        }
    };
    match spans {
        [span] if span[0] == span[1] => format!("line {}", span[0]),
        _ => {
            let mut list: Vec<String> = spans.iter().take(6).map(one).collect();
            if spans.len() > 6 {
                list.push("…".to_owned());
            }
            format!("lines {}", list.join(", "))
        }
    }
}

pub(super) fn shortened(words: &str, longest: usize) -> String {
    if words.chars().count() <= longest {
        return words.to_owned();
    }
    let end = words
        .char_indices()
        .nth(longest - 2)
        .map_or(words.len(), |(at, _)| at);
    let at = words[..end].rfind(' ').unwrap_or(end);
    format!("{} …", words[..at].trim_end_matches([',', ';', ':', '.']))
}

/// Closes a code fence that the text left open.
fn with_closed_fences(body: &str) -> String {
    let mut open: Option<(char, usize)> = None;
    for line in body.lines() {
        let line = line.trim_start_matches([' ', '>', '-', '\t']);
        let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else {
            continue;
        };
        let length = line.chars().take_while(|c| *c == mark).count();
        let rest = &line[length..];
        match open {
            Some((fence, least)) if mark == fence && length >= least && rest.trim().is_empty() => {
                open = None;
            }
            None if length >= 3 && !(mark == '`' && rest.contains('`')) => {
                open = Some((mark, length));
            }
            _ => {}
        }
    }
    match open {
        Some((fence, length)) => format!("{body}\n{}", fence.to_string().repeat(length)),
        None => body.to_owned(),
    }
}
