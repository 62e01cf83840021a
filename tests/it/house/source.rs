//! A source file as the rules read it: only code, with comments and texts blanked, and its paths.

/// One Rust file.
pub(super) struct Source {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// The text with comments, strings and characters blanked; lines stay where they are.
    pub(super) code: String,
}

/// A path in the code, such as `crate::store::jobs`, and its line.
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.replace('\\', "/"),
            text: text.to_owned(),
            code: blanked(text),
        }
    }

    /// The room: `src/store/jobs.rs` is in `store`; `lib` and `main` are the doors.
    pub(super) fn room(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inner.split('/').next().unwrap_or(inner);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The module of this file: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`.
    fn module(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        module
    }

    /// Every path that begins with one of these words, groups taken apart and `super` resolved to `crate`.
    pub(super) fn paths_from(&self, beginnings: &[&str]) -> Vec<Named> {
        let mut found = Vec::new();
        let bytes = self.code.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let Some(word) = word_at(&self.code, at) else {
                at += 1;
                continue;
            };
            let begins = beginnings.contains(&word) && !self.code[..at].trim_end().ends_with("::");
            if begins && self.code[at + word.len()..].trim_start().starts_with("::") {
                let mut reader = Reader {
                    code: &self.code,
                    at,
                };
                reader.path(&mut Vec::new(), &mut found);
                at = reader.at;
            } else {
                at += word.len();
            }
        }
        for named in &mut found {
            self.resolve(&mut named.path);
        }
        found
    }

    /// `super::x` in `a::b` is `crate::a::x`.
    fn resolve(&self, path: &mut Vec<String>) {
        let ups = path.iter().take_while(|word| *word == "super").count();
        if ups > 0 {
            let mut module = self.module();
            module.truncate(module.len().saturating_sub(ups));
            let rest = path.split_off(ups);
            *path = vec!["crate".to_owned()];
            path.extend(module);
            path.extend(rest);
        }
    }

    /// Lines that hold this text as a whole word.
    pub(super) fn lines_with(&self, wanted: &str) -> Vec<usize> {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        self.code
            .lines()
            .enumerate()
            .filter(|(_, line)| {
                line.match_indices(wanted).any(|(start, _)| {
                    !is_word(line[..start].chars().next_back())
                        && !is_word(line[start + wanted.len()..].chars().next())
                })
            })
            .map(|(number, _)| number + 1)
            .collect()
    }
}

/// Reads one path with its groups: `a::{b::c, d}` is `a::b::c` and `a::d`.
struct Reader<'a> {
    code: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn path(&mut self, before: &mut Vec<String>, found: &mut Vec<Named>) {
        let depth = before.len();
        let mut line = self.line();
        loop {
            self.skip_blank();
            if self.eats("{") {
                loop {
                    self.skip_blank();
                    if self.eats("}") || self.at >= self.code.len() {
                        break;
                    }
                    if !self.eats(",") {
                        let start = self.at;
                        self.path(before, found);
                        self.at = self.at.max(start + 1);
                    }
                }
                break;
            }
            let Some(word) = word_at(self.code, self.at) else {
                self.eats("*");
                found.push(Named {
                    line,
                    path: before.clone(),
                });
                break;
            };
            line = self.line();
            before.push(word.to_owned());
            self.at += word.len();
            let rest = self.at;
            self.skip_blank();
            if !self.eats("::") {
                self.at = rest;
                found.push(Named {
                    line,
                    path: before.clone(),
                });
                // `use a::b as c` names nothing more.
                self.skip_alias();
                break;
            }
        }
        before.truncate(depth);
    }

    fn skip_alias(&mut self) {
        let rest = self.code[self.at..].trim_start();
        if let Some(alias) = rest.strip_prefix("as ") {
            let word = word_at(alias, 0).unwrap_or_default();
            self.at = self.code.len() - alias.len() + word.len();
        }
    }

    fn skip_blank(&mut self) {
        let rest = &self.code[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eats(&mut self, text: &str) -> bool {
        let there = self.code[self.at..].starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    fn line(&self) -> usize {
        self.code[..self.at].matches('\n').count() + 1
    }
}

/// The identifier that begins here, and nowhere before.
fn word_at(code: &str, at: usize) -> Option<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if !code.is_char_boundary(at) || code[..at].chars().next_back().is_some_and(is_word) {
        return None;
    }
    let rest = &code[at..];
    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let word = &rest[..end];
    (!word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

/// Blanks comments, strings (raw ones too) and characters, byte for byte, line feeds kept.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest);
        if length == 0 {
            // A word as a whole, so that the `r` of `for` opens no raw string.
            let word = word_at(rest, 0).map_or(first.len_utf8(), str::len);
            out.push_str(&rest[..word]);
            rest = &rest[word..];
        } else {
            let blank = |b: u8| if b == b'\n' { '\n' } else { ' ' };
            out.extend(rest[..length].bytes().map(blank));
            rest = &rest[length..];
        }
    }
    out
}

/// How many bytes of comment, string or character begin here.
fn skipped(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if let Some(end) = raw_string(rest) {
        return end;
    }
    if rest.starts_with('"') {
        let mut escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return at + 1,
                _ => {}
            }
        }
        return rest.len();
    }
    character(rest)
}

fn raw_string(rest: &str) -> Option<usize> {
    let opened = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = opened.len() - opened.trim_start_matches('#').len();
    opened[hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - opened.len() + hashes + 1;
    let end = rest[start..].find(&closing)?;
    Some(start + end + closing.len())
}

/// `'x'` and `'\n'`, but not the lifetime `'a`.
fn character(rest: &str) -> usize {
    let Some(inner) = rest.strip_prefix('\'') else {
        return 0;
    };
    if inner.starts_with('\\') {
        return inner[2..].find('\'').map_or(0, |end| end + 4);
    }
    let Some(c) = inner.chars().next() else {
        return 0;
    };
    if inner[c.len_utf8()..].starts_with('\'') {
        c.len_utf8() + 2
    } else {
        0
    }
}
