//! The small pieces that comments are made of: safe words, cut lists, durations and numbers.

use std::time::Duration;

use super::{About, COMMENT_MAX};
use crate::domain::defuse::{code_spans, defuse_title};
use crate::domain::fingerprint::comment_marker;

/// A stranger's words as part of a line of Markdown: defused, and no mark-up but closed code spans.
pub fn inline(text: &str) -> String {
    let line = defuse_title(text);
    let mut out = String::with_capacity(line.len() + 8);
    let mut from = 0;
    for span in code_spans(&line) {
        escape(&line[from..span.start], &mut out);
        out.push_str(&line[span.clone()]);
        from = span.end;
    }
    escape(&line[from..], &mut out);
    out
}

/// The same inside a table, where a pipe ends the cell even in code.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in inline(text).chars() {
        if c == '|' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

fn escape(words: &str, out: &mut String) {
    let mut before = ' ';
    let mut chars = words.chars().peekable();
    while let Some(c) = chars.next() {
        let inside_word =
            before.is_alphanumeric() && chars.peek().is_some_and(|c| c.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '_' if inside_word => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        before = c;
    }
}

/// Text in a code span, whatever backticks it has.
pub(super) fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let runs = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(runs + 1);
    let space = if runs > 0 { " " } else { "" };
    format!("{ticks}{space}{line}{space}{ticks}")
}

/// A run's comment: the marker, the heading, the parts with an empty line between, the run's name.
pub(super) fn page(about: About<'_>, heading: &str, parts: &[&str]) -> String {
    let mut out = format!("{}\n### {heading}\n", comment_marker(about.run));
    for part in parts.iter().filter(|part| !part.is_empty()) {
        out.push('\n');
        out.push_str(part.trim_end());
        out.push('\n');
    }
    fit(format!("{out}\n<sub>Run `{}`</sub>\n", about.run))
}

/// The last guard of GitHub's limit; parts that can grow are cut before with a count.
pub(super) fn fit(text: String) -> String {
    if text.chars().count() <= COMMENT_MAX {
        return text;
    }
    let kept: String = text.chars().take(COMMENT_MAX - 2).collect();
    format!("{kept}\n…")
}

/// As many lines as fit into `room` characters, then how many more there are.
pub(super) fn lines_within(lines: &[String], room: usize) -> String {
    const MORE: usize = 40;
    let total: usize = lines.iter().map(|line| line.chars().count() + 1).sum();
    if total <= room {
        return lines.join("\n");
    }
    let mut used = MORE;
    let mut shown = 0;
    for line in lines {
        used += line.chars().count() + 1;
        if used > room {
            break;
        }
        shown += 1;
    }
    let more = lines.len() - shown;
    let note = format!("- … and {} more", thousands(more as u64));
    let mut kept = lines[..shown].to_vec();
    kept.push(note);
    kept.join("\n")
}

/// A part that is folded until somebody opens it; nothing if it is empty.
pub(super) fn folded(summary: &str, inside: &str) -> String {
    if inside.is_empty() {
        return String::new();
    }
    format!("<details>\n<summary>{summary}</summary>\n\n{inside}\n\n</details>")
}

/// `1 issue`, `2 issues`.
pub(super) fn count(n: usize, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", thousands(n as u64))
}

pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A length of time as people say it: `less than a second`, `4 seconds`, `2 minutes`, `1 hour 5 minutes`.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let unit = |n: u64, one: &str| count(usize::try_from(n).unwrap_or(usize::MAX), one);
    match seconds {
        0 => "less than a second".to_owned(),
        1..90 => unit(seconds, "second"),
        90..3570 => unit((seconds + 30) / 60, "minute"),
        _ => {
            let minutes = (seconds + 30) / 60;
            let hours = unit(minutes / 60, "hour");
            match minutes % 60 {
                0 => hours,
                rest => format!("{hours} {}", unit(rest, "minute")),
            }
        }
    }
}
