//! Which lines of a body are options, which are spec, and where the template stands.

use std::ops::Range;

use super::keys::{self, Key, option_line};
use super::values::{Given, Written};
use super::yaml;
use crate::domain::markdown::{Outline, Shape, TopBlock};
use crate::domain::rejection::{Complaint, Warning, quoted};
use crate::domain::trigger::{self, Trigger, TriggerKind, small_talk};

/// A body taken apart. `spec` has one entry for each line of the body, `None` where the line is no spec.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) given: Vec<Given>,
    pub(super) spec: Vec<Option<String>>,
    /// The template's text at its lines, where one was given; then it alone is the spec.
    pub(super) template: Option<Vec<(usize, String)>>,
    pub(super) warnings: Vec<Warning>,
    pub(super) complaints: Vec<Complaint>,
}

/// Takes a body apart at the lines of its options.
pub(super) fn of(outline: &Outline<'_>, trigger: &Trigger) -> Layout {
    let mut reader = Reader {
        outline,
        trigger_line: trigger.line - 1,
        beside_trigger: beside(outline.text, outline.lines.range(trigger.line - 1), trigger),
        fence_read: false,
        out: Layout {
            spec: vec![None; outline.lines.len()],
            ..Layout::default()
        },
    };
    reader.read();
    reader.out
}

/// What stands on a line beside the trigger, without the signs that tie the two together.
pub(super) fn beside(text: &str, line: Range<usize>, trigger: &Trigger) -> String {
    let before = text[line.start..trigger.range.start].trim_end();
    let mut after = text[trigger.range.end..line.end.max(trigger.range.end)]
        .trim_start_matches([':', ',', '.', '!', ';'])
        .trim();
    if trigger.kind == TriggerKind::Mention {
        after = trigger::strip_slash(after).map_or(after, str::trim_start);
    }
    let space = if before.is_empty() || after.is_empty() {
        ""
    } else {
        " "
    };
    let joined = format!("{before}{space}{after}");
    if small_talk::says_nothing(&joined) {
        String::new()
    } else {
        joined
    }
}

struct Reader<'o, 'a> {
    outline: &'o Outline<'a>,
    /// Counted from 0, as all lines in here.
    trigger_line: usize,
    beside_trigger: String,
    /// Whether a yaml block was read already: one may follow the trigger.
    fence_read: bool,
    out: Layout,
}

impl Reader<'_, '_> {
    fn read(&mut self) {
        let mut next = 0;
        for block in &self.outline.blocks {
            let touched = self.outline.lines.touched(&block.range);
            if touched.end <= next {
                continue;
            }
            let block_begins_here = touched.start >= next;
            self.keep_all(next..touched.start.max(next));
            let lines = touched.start.max(next)..touched.end;
            next = match &block.shape {
                Shape::Paragraph if block_begins_here => self.paragraph(lines, 0),
                Shape::Heading if block_begins_here && lines.len() > 1 => self.paragraph(lines, 1),
                Shape::Fence(info)
                    if block_begins_here && matches!(info.as_str(), "yaml" | "yml") =>
                {
                    self.fence(&lines);
                    lines.end
                }
                _ => {
                    self.prose(&lines, block);
                    lines.end
                }
            };
        }
        self.keep_all(next..self.outline.lines.len());
    }

    /// The line without the trigger.
    fn line(&self, index: usize) -> &str {
        if index == self.trigger_line {
            &self.beside_trigger
        } else {
            self.outline.lines.get(index)
        }
    }

    fn keep_all(&mut self, lines: Range<usize>) {
        for index in lines {
            self.out.spec[index] = Some(self.line(index).to_owned());
        }
    }

    fn option_at(&self, index: usize) -> Option<(Key, String)> {
        option_line(self.line(index)).map(|(key, value)| (key, value.to_owned()))
    }

    fn give(&mut self, index: usize, key: Key, value: &str) {
        self.out.given.push(Given {
            key,
            line: index + 1,
            written: Written::Text(value.to_owned()),
        });
    }

    /// A paragraph or, with its underline of one line, a heading. Returns the first line after what it took.
    fn paragraph(&mut self, lines: Range<usize>, underline: usize) -> usize {
        let text = lines.start..lines.end - underline;
        let mut given: Vec<(usize, Key, String)> = Vec::new();
        for index in text.clone() {
            match self.option_at(index) {
                Some((Key::Template, value)) => {
                    for (line, key, value) in given {
                        self.give(line, key, &value);
                    }
                    return self.template(index, &value);
                }
                Some((key, value)) => given.push((index, key, value)),
                None if index == self.trigger_line => {}
                None => {
                    self.mixed(&text);
                    self.keep_all(lines.clone());
                    return lines.end;
                }
            }
        }
        let options = !given.is_empty();
        for (line, key, value) in given {
            self.give(line, key, &value);
        }
        if text.contains(&self.trigger_line) && self.option_at(self.trigger_line).is_none() {
            self.keep_all(self.trigger_line..self.trigger_line + 1);
        }
        // A rule below options was meant to part them from the spec; `===` would be a paragraph by itself.
        let under = text.end..lines.end;
        if !options
            || self
                .outline
                .lines
                .get(lines.end - 1)
                .trim_start()
                .starts_with('-')
        {
            self.keep_all(under);
        }
        lines.end
    }

    /// The text that `template:` opens, and the options directly below it. Returns the first line after those.
    fn template(&mut self, opening: usize, value: &str) -> usize {
        let mut next = self.template_text(opening, value);
        while next < self.outline.lines.len() {
            next = match self.option_at(next) {
                Some((Key::Template, value)) => self.template_text(next, &value),
                Some((key, value)) => {
                    self.give(next, key, &value);
                    next + 1
                }
                None => break,
            };
        }
        next
    }

    fn template_text(&mut self, opening: usize, value: &str) -> usize {
        let lines = &self.outline.lines;
        let end = (opening + 1..lines.len())
            .find(|index| self.ends_template(*index))
            .unwrap_or(lines.len());
        let scalar = is_block_scalar(value);
        let below: Vec<&str> = (opening + 1..end).map(|index| self.line(index)).collect();
        let below = if scalar { dedented(&below) } else { below };
        let mut text = vec![(
            opening,
            if scalar {
                String::new()
            } else {
                value.to_owned()
            },
        )];
        text.extend((opening + 1..end).zip(below.into_iter().map(str::to_owned)));
        self.give_template(opening, text);
        end
    }

    fn ends_template(&self, index: usize) -> bool {
        let line = self.line(index);
        option_line(line).is_some()
            && !line.starts_with([' ', '\t'])
            && !self.outline.is_inert(self.outline.lines.range(index).start)
    }

    fn give_template(&mut self, line: usize, text: Vec<(usize, String)>) {
        self.give(line, Key::Template, "");
        if text
            .iter()
            .all(|(_, t)| !t.chars().any(char::is_alphanumeric))
        {
            let says =
                "template has no text; write the requirement behind it or in the lines below it";
            self.out.complaints.push(Complaint::new(line + 1, says));
        }
        if self.out.template.is_none() {
            self.out.template = Some(text);
        }
    }

    fn fence(&mut self, lines: &Range<usize>) {
        let follows_trigger = lines.start > self.trigger_line
            && !self.fence_read
            && (self.trigger_line + 1..lines.start).all(|index| {
                let blank = self.outline.lines.get(index).trim().is_empty();
                blank || self.out.spec[index].is_none()
            });
        if !follows_trigger {
            self.keep_all(lines.clone());
            return;
        }
        self.fence_read = true;
        let last = self.outline.lines.get(lines.end - 1).trim();
        let closed = lines.len() > 1 && (last.starts_with("```") || last.starts_with("~~~"));
        let inner = lines.start + 1..lines.end - usize::from(closed);
        let text: Vec<&str> = inner
            .clone()
            .map(|index| self.outline.lines.get(index))
            .collect();
        match yaml::read(&text) {
            Ok(Some(entries)) => self.entries(&inner, &text, entries),
            Ok(None) => self.keep_all(lines.clone()),
            Err(complaint) => {
                let line = (inner.start + complaint.line + 1).min(lines.end);
                self.out
                    .complaints
                    .push(Complaint::new(line, complaint.says));
            }
        }
    }

    fn entries(&mut self, inner: &Range<usize>, text: &[&str], entries: Vec<yaml::Entry>) {
        let starts: Vec<usize> = entries.iter().map(|e| e.line).collect();
        for (index, entry) in entries.into_iter().enumerate() {
            let until = starts
                .get(index + 1)
                .copied()
                .unwrap_or(text.len())
                .max(entry.line);
            let line = inner.start + entry.line;
            match (Key::read(&entry.key), entry.written) {
                (Some(Key::Template), Written::Text(value)) => {
                    let found = yaml_template(&text[entry.line..until.max(entry.line + 1)], &value);
                    let found = found
                        .into_iter()
                        .enumerate()
                        .map(|(n, t)| (line + n, t))
                        .collect();
                    self.give_template(line, found);
                }
                (Some(Key::Template), _) => {
                    let says = "template must be a text; write `template: |` and the text below it, indented";
                    self.out.complaints.push(Complaint::new(line + 1, says));
                }
                (Some(key), written) => self.out.given.push(Given {
                    key,
                    line: line + 1,
                    written,
                }),
                (None, _) => {
                    self.keep_all(line..inner.start + until);
                    let says = format!(
                        "{} is not an option and was read as part of the spec{}",
                        quoted(&entry.key),
                        meant(&entry.key)
                    );
                    self.out.warnings.push(Warning::new(line + 1, says));
                }
            }
        }
    }

    /// Warns of known keys in a paragraph that is not all options, and of slips in one that was meant to be.
    fn mixed(&mut self, lines: &Range<usize>) {
        let all_pairs = lines
            .clone()
            .all(|i| i == self.trigger_line || keys::word_and_value(self.line(i)).is_some());
        for index in lines.clone() {
            if self.outline.is_inert(self.outline.lines.range(index).start) {
                continue;
            }
            if self.option_at(index).is_some() {
                self.warn_of_prose(index);
            } else if all_pairs
                && let Some((word, _)) = keys::word_and_value(self.line(index))
                && keys::nearest(word).is_some()
            {
                let says = format!(
                    "{} is not an option, so this paragraph was read as part of the spec{}",
                    quoted(word),
                    meant(word)
                );
                self.out.warnings.push(Warning::new(index + 1, says));
            }
        }
    }

    fn warn_of_prose(&mut self, index: usize) {
        let says = format!(
            "{} stands in the middle of prose and was read as part of the spec; put it in a paragraph of its own to make it \
             an option",
            quoted(self.line(index))
        );
        self.out.warnings.push(Warning::new(index + 1, says));
    }

    /// A block that holds no options, with warnings where it looks as if it should.
    fn prose(&mut self, lines: &Range<usize>, block: &TopBlock) {
        let bullet = |line: &str| {
            line.strip_prefix(['-', '*', '+'])
                .filter(|rest| rest.starts_with([' ', '\t']))
                .map(|rest| option_line(rest).is_some())
        };
        let mut bullets = lines
            .clone()
            .filter_map(|i| bullet(self.outline.lines.get(i)))
            .peekable();
        let all_bullets =
            block.shape == Shape::List && bullets.peek().is_some() && bullets.all(|known| known);
        let beside_trigger = lines.contains(&self.trigger_line);
        for index in lines.clone() {
            let line = self.outline.lines.get(index);
            if self.outline.is_inert(self.outline.lines.range(index).start) {
                continue;
            }
            if all_bullets && bullet(line).is_some() {
                let says = format!(
                    "{} is a list item and was read as part of the spec; take the bullet away to make it an option",
                    quoted(line)
                );
                self.out.warnings.push(Warning::new(index + 1, says));
            } else if (beside_trigger || !line.starts_with([' ', '\t']))
                && self.option_at(index).is_some()
            {
                self.warn_of_prose(index);
            }
        }
        self.keep_all(lines.clone());
    }
}

fn meant(word: &str) -> String {
    keys::nearest(word).map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}

/// Whether the value is YAML's sign for "the text stands below".
fn is_block_scalar(value: &str) -> bool {
    value.starts_with(['|', '>'])
        && value.len() <= 3
        && value[1..]
            .chars()
            .all(|c| matches!(c, '+' | '-' | '1'..='9'))
}

/// The lines without the indentation of the first that says something, as far as they have it.
fn dedented<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let first = lines.iter().find(|line| !line.trim().is_empty());
    let width = first.map_or(0, |line| indent(line));
    lines
        .iter()
        .map(|line| &line[width.min(indent(line))..])
        .collect()
}

/// The template's lines at their places, `lines` being those from its key to the next; where YAML folds or escapes the
/// text, its lines follow one another from the key on.
fn yaml_template(lines: &[&str], value: &str) -> Vec<String> {
    let behind_key = lines[0].split_once(':').map_or("", |(_, rest)| rest.trim());
    if behind_key.starts_with('|') {
        let mut text = vec![String::new()];
        text.extend(dedented(&lines[1..]).into_iter().map(str::to_owned));
        return text;
    }
    let first = usize::from(behind_key.starts_with('>'));
    let mut text = vec![String::new(); first];
    text.extend(value.trim_end().split('\n').map(str::to_owned));
    text
}
