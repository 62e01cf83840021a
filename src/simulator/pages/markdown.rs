//! GitHub's Markdown to safe HTML: raw HTML is shown as text except a few harmless tags; comments are dropped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The tags that pass.
const PASSING: [&str; 5] = ["details", "summary", "sub", "sup", "br"];

/// Where `#12` leads; None: nowhere.
pub(crate) type Links<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Tick boxes are buttons named `box` whose value is the place of the mark in the text.
pub(crate) fn html(text: &str, links: Links<'_>) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut page = Page {
        out: String::with_capacity(text.len() * 2),
        links,
        open: BTreeMap::new(),
        columns: Vec::new(),
        column: 0,
        in_head: false,
        plain: 0,
        raw: None,
        run: String::new(),
    };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        page.take(event, range);
    }
    page.flush();
    page.close_all();
    page.out
}

struct Page<'a> {
    out: String,
    links: Links<'a>,
    /// Passing tags that are open, by name.
    open: BTreeMap<&'static str, usize>,
    columns: Vec<Alignment>,
    column: usize,
    in_head: bool,
    /// Inside links and code nothing is linked.
    plain: usize,
    /// A block of raw HTML, collected until its end.
    raw: Option<String>,
    /// Text, collected until something else comes.
    run: String,
}

impl Page<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        if let Event::Text(text) = &event
            && self.raw.is_none()
        {
            self.run.push_str(text);
            return;
        }
        self.flush();
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Html(html) | Event::InlineHtml(html) => match &mut self.raw {
                Some(raw) => raw.push_str(&html),
                None => self.pass(&html),
            },
            Event::Text(text) => {
                if let Some(raw) = &mut self.raw {
                    raw.push_str(&text);
                }
            }
            Event::Code(code) => {
                let _ = write!(self.out, "<code>{}</code>", escape(&code));
            }
            Event::SoftBreak | Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::TaskListMarker(ticked) => {
                let (class, checked) = if ticked {
                    ("box on", "true")
                } else {
                    ("box", "false")
                };
                let _ = write!(
                    self.out,
                    "<button class=\"{class}\" name=\"box\" value=\"{}\" role=\"checkbox\" \
                     aria-checked=\"{checked}\" aria-label=\"task\"></button> ",
                    range.start
                );
            }
            Event::FootnoteReference(name) => {
                let _ = write!(self.out, "<sup>{}</sup>", escape(&name));
            }
            Event::InlineMath(math) | Event::DisplayMath(math) => {
                self.out.push_str(&escape(&math));
            }
        }
    }

    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.is_empty() {
            return;
        }
        if self.plain > 0 {
            self.out.push_str(&escape(&run));
        } else {
            link_words(&run, self.links, &mut self.out);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                let _ = write!(self.out, "<{}>", heading(level));
            }
            Tag::CodeBlock(kind) => {
                self.plain += 1;
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or(""),
                    CodeBlockKind::Indented => "",
                };
                if language == "mermaid" {
                    self.out.push_str(
                        "<figure class=\"graph\"><figcaption>Mermaid graph, as source</figcaption>",
                    );
                } else {
                    self.out.push_str("<figure>");
                }
                self.out.push_str("<pre><code>");
            }
            Tag::List(Some(first)) => {
                let _ = writeln!(self.out, "<ol start=\"{first}\">");
            }
            Tag::Table(columns) => {
                self.columns = columns;
                self.out.push_str("<div class=\"wide\"><table>\n");
            }
            Tag::TableHead => {
                self.in_head = true;
                self.column = 0;
                self.out.push_str("<thead><tr>");
            }
            Tag::TableRow => {
                self.column = 0;
                self.out.push_str("<tr>");
            }
            Tag::TableCell => {
                let name = if self.in_head { "th" } else { "td" };
                let align = match self.columns.get(self.column) {
                    Some(Alignment::Right) => " class=\"right\"",
                    Some(Alignment::Center) => " class=\"center\"",
                    _ => "",
                };
                self.column += 1;
                let _ = write!(self.out, "<{name}{align}>");
            }
            Tag::Link { dest_url, .. } => {
                self.plain += 1;
                let _ = write!(self.out, "<a href=\"{}\">", safe(&dest_url));
            }
            Tag::Image { dest_url, .. } => {
                // Nothing is fetched from elsewhere.
                self.plain += 1;
                let _ = write!(self.out, "<a href=\"{}\">[image] ", safe(&dest_url));
            }
            Tag::HtmlBlock => self.raw = Some(String::new()),
            other => {
                if let Some(name) = simple(other.to_end()) {
                    let _ = write!(self.out, "<{name}>");
                }
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let _ = writeln!(self.out, "</{}>", heading(level));
            }
            TagEnd::CodeBlock => {
                self.plain -= 1;
                self.out.push_str("</code></pre></figure>\n");
            }
            TagEnd::List(true) => self.out.push_str("</ol>\n"),
            TagEnd::Table => self.out.push_str("</tbody></table></div>\n"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.out.push_str("</tr></thead><tbody>\n");
            }
            TagEnd::TableRow => self.out.push_str("</tr>\n"),
            TagEnd::TableCell => {
                let name = if self.in_head { "th" } else { "td" };
                let _ = write!(self.out, "</{name}>");
            }
            TagEnd::Link | TagEnd::Image => {
                self.plain -= 1;
                self.out.push_str("</a>");
            }
            TagEnd::HtmlBlock => {
                let raw = self.raw.take().unwrap_or_default();
                self.pass(&raw);
            }
            other => {
                if let Some(name) = simple(other) {
                    let _ = write!(self.out, "</{name}>");
                }
            }
        }
    }

    /// Raw HTML: passing tags pass (balanced, without attributes), comments vanish, the rest is text.
    fn pass(&mut self, raw: &str) {
        let mut rest = raw;
        while let Some(place) = rest.find('<') {
            self.out.push_str(&escape(&rest[..place]));
            rest = &rest[place..];
            if rest.starts_with("<!--") {
                rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
                continue;
            }
            match rest.find('>').map(|end| rest.split_at(end + 1)) {
                Some((tag, after)) if self.pass_tag(tag) => rest = after,
                _ => {
                    self.out.push_str("&lt;");
                    rest = &rest[1..];
                }
            }
        }
        self.out.push_str(&escape(rest));
    }

    fn pass_tag(&mut self, tag: &str) -> bool {
        let inside = tag.trim_matches(['<', '>']).trim_end_matches('/').trim();
        let (closing, inside) = match inside.strip_prefix('/') {
            Some(name) => (true, name),
            None => (false, inside),
        };
        let mut words = inside.split_whitespace();
        let name = words.next().unwrap_or("").to_lowercase();
        let Some(name) = PASSING.iter().copied().find(|known| *known == name) else {
            return false;
        };
        if name == "br" {
            self.out.push_str("<br>");
            return true;
        }
        let open = self.open.entry(name).or_default();
        if !closing {
            *open += 1;
            let unfolded = if name == "details" && words.any(|w| w == "open") {
                " open"
            } else {
                ""
            };
            let _ = write!(self.out, "<{name}{unfolded}>");
        } else if *open > 0 {
            *open -= 1;
            let _ = write!(self.out, "</{name}>");
        }
        true
    }

    fn close_all(&mut self) {
        for (name, open) in &self.open {
            for _ in 0..*open {
                let _ = write!(self.out, "</{name}>");
            }
        }
    }
}

fn heading(level: HeadingLevel) -> &'static str {
    // The page has a heading of its own.
    match level {
        HeadingLevel::H1 => "h2",
        HeadingLevel::H2 => "h3",
        HeadingLevel::H3 => "h4",
        HeadingLevel::H4 => "h5",
        HeadingLevel::H5 | HeadingLevel::H6 => "h6",
    }
}

/// Tags that are the same at both ends.
fn simple(tag: TagEnd) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Paragraph => "p",
        TagEnd::BlockQuote(_) => "blockquote",
        TagEnd::List(false) => "ul",
        TagEnd::Item => "li",
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        TagEnd::Strikethrough => "del",
        TagEnd::FootnoteDefinition => "aside",
        _ => return None,
    })
}

pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// An address that does nothing but lead somewhere.
fn safe(address: &str) -> String {
    let lower = address.trim().to_lowercase();
    let known = ["http://", "https://", "mailto:", "/", "#"];
    if known.iter().any(|start| lower.starts_with(start)) {
        escape(address)
    } else {
        "#".to_owned()
    }
}

/// `@name`, `#12`, `owner/repo#12` and bare addresses become links.
fn link_words(text: &str, links: Links<'_>, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .find(|(_, c)| c.is_whitespace() || "()[]{},;\"'".contains(*c))
            .map_or(rest.len(), |(place, _)| place);
        if end == 0 {
            let step = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&escape(&rest[..step]));
            rest = &rest[step..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        let core = word.trim_end_matches(['.', ':', '!', '?']);
        let tail = &word[core.len()..];
        if core.starts_with("http://") || core.starts_with("https://") {
            let _ = write!(out, "<a href=\"{0}\">{0}</a>", escape(core));
        } else if core.len() > 1 && core.starts_with('@') {
            let _ = write!(out, "<b class=\"mention\">{}</b>", escape(core));
        } else if let Some(target) = core.contains('#').then(|| links(core)).flatten() {
            let _ = write!(out, "<a href=\"{}\">{}</a>", safe(&target), escape(core));
        } else {
            out.push_str(&escape(core));
        }
        out.push_str(&escape(tail));
        rest = after;
    }
}

/// The text with the tick box at this place turned over.
pub(crate) fn tick(text: &str, place: usize) -> Option<String> {
    let bytes = text.as_bytes();
    let mark = bytes.get(place..place + 3)?;
    let turned = match mark {
        b"[ ]" => "[x]",
        b"[x]" | b"[X]" => "[ ]",
        _ => return None,
    };
    Some(format!("{}{turned}{}", &text[..place], &text[place + 3..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        html(text, &|word| {
            (word == "#2").then(|| "/acme/shop/issues/2".to_owned())
        })
    }

    #[test]
    fn scripts_handlers_and_comments_do_not_pass() {
        let text = "<script>alert(1)</script>\n\n<!-- openproducer:run -->\n\nhi <b onclick=x>y</b> \
                    <sub onload=x>small</sub>\n\n[x](javascript:alert(1))";
        insta::assert_snapshot!(shown(text), @r##"
        &lt;script&gt;alert(1)&lt;/script&gt;

        <p>hi &lt;b onclick=x&gt;y&lt;/b&gt; <sub>small</sub></p><p><a href="#">x</a></p>
        "##);
    }

    #[test]
    fn folded_parts_are_balanced() {
        let text = "</details>\n\n<details><summary>More</summary>\n\n- one\n\n";
        insta::assert_snapshot!(shown(text), @r"

        <details><summary>More</summary>
        <ul><li>one</li></ul></details>
        ");
    }

    #[test]
    fn references_mentions_and_boxes_are_drawn_but_not_in_code() {
        let text = "- [x] done in #2, see `#2` and #3\n- [ ] ask @alice.";
        insta::assert_snapshot!(shown(text), @r#"
        <ul><li><button class="box on" name="box" value="2" role="checkbox" aria-checked="true" aria-label="task"></button> done in <a href="/acme/shop/issues/2">#2</a>, see <code>#2</code> and #3</li><li><button class="box" name="box" value="36" role="checkbox" aria-checked="false" aria-label="task"></button> ask <b class="mention">@alice</b>.</li></ul>
        "#);
        assert_eq!(tick(text, 2).unwrap().get(..5), Some("- [ ]"));
        assert_eq!(tick(text, 3), None);
    }

    #[test]
    fn tables_keep_their_columns() {
        let table = shown("| a | b |\n|---|--:|\n| 1 | 2 |");
        assert!(table.contains("<th class=\"right\">b</th>"), "{table}");
        assert!(table.contains("<td class=\"right\">2</td>"), "{table}");
    }
}
