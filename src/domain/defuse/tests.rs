//! Tricky texts, and the promise that defusing twice changes nothing.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeStream};
use rstest::rstest;

use super::*;

/// The result with the zero-width space made visible.
fn body(text: &str) -> String {
    let once = defuse_body(text);
    assert_eq!(defuse_body(&once), once, "not calm after one call");
    once.replace('\u{200b}', "¦")
}

fn title(text: &str) -> String {
    let once = defuse_title(text);
    assert_eq!(defuse_title(&once), once, "not calm after one call");
    once.replace('\u{200b}', "¦")
}

#[rstest]
#[case("@alice", "@¦alice")]
#[case("Ask @acme/team, @bob.", "Ask @¦acme/team, @¦bob.")]
#[case(
    "&#64;alice &#x40;bob &commat;carol",
    "&#64;¦alice &#x40;¦bob &commat;¦carol"
)]
#[case("&amp;#64;alice", "&amp;#64;¦alice")]
#[case("&amp;amp;#64;alice", "&amp;amp;#64;¦alice")]
#[case("@&#97;lice", "@¦&#97;lice")]
#[case("＠alice ﹫bob", "＠¦alice ﹫¦bob")]
#[case("\\@alice", "\\@¦alice")]
#[case("**@alice** _@bob_", "**@¦alice** _@¦bob_")]
#[case("[@alice](https://example.com)", "[@¦alice](https://example.com)")]
#[case(
    "[@alice][x]\n\n[x]: https://example.com",
    "[@¦alice][x]\n\n[x]: https://example.com"
)]
#[case(
    "[see](https://example.com)@alice",
    "[see](https://example.com)@¦alice"
)]
#[case("@<!-- hidden -->alice", "@¦alice")]
#[case("@<b></b>alice", "@¦<b></b>alice")]
#[case(
    "<details>\n@alice &#64bob\n</details>",
    "<details>\n@¦alice &#64¦bob\n</details>"
)]
#[case("| a |\n|---|\n| @alice |", "| a |\n|---|\n| @¦alice |")]
#[case("x[^1]\n\n[^1]: @alice", "x[^1]\n\n[^1]: @¦alice")]
#[case(
    "# @alice\n\n> @bob\n\n- [ ] @carol",
    "# @¦alice\n\n> @¦bob\n\n- [ ] @¦carol"
)]
#[case("https://@alice", "https://@¦alice")]
#[case("@TheOpenProducerBot confirm", "@¦TheOpenProducerBot confirm")]
fn mentions_are_broken(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(body(text), expected);
}

#[rstest]
#[case("#1 (#2) o/r#3", "#¦1 (#¦2) o/r#¦3")]
#[case("GH-12 gh-3 high-4", "GH-¦12 gh-¦3 high-4")]
#[case("&num;1 &#35;2", "&num;¦1 &#35;¦2")]
#[case("o/r@abc1234", "o/r@¦abc123¦4")]
#[case("see deadbeefcafe", "see deadbe¦efcafe¦")]
#[case("/spawn-issues now", "/¦spawn-issues now")]
#[case(
    "<details>é</details>/spawn-issues",
    "<details>é</details>/¦spawn-issues"
)]
#[case("/Spawn-Issues", "/¦Spawn-Issues")]
fn references_and_commands_are_broken(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(body(text), expected);
}

#[rstest]
#[case("https://github.com/o/r/issues/1", "https://github.com/o/r/./issues/1")]
#[case("<https://github.com/o/r/pull/1>", "<https://github.com/o/r/./pull/1>")]
#[case(
    "[x](https://github.com/o/r/commit/abcdef1)",
    "[x](https://github.com/o/r/./commit/abcdef1)"
)]
#[case(
    "[x](<https://github.com/o/r/issues/1> \"t\")",
    "[x](<https://github.com/o/r/./issues/1> \"t\")"
)]
#[case(
    "[x][1]\n\n[1]: https://github.com/o/r/issues/1",
    "[x][1]\n\n[1]: https://github.com/o/r/./issues/1"
)]
#[case(
    "[x](https://github.com/o/r/issu&#101;s/1)",
    "[x](https://github.com/o/r/./issu&#101;s/1)"
)]
#[case(
    "[x](https://github.com/o/r/issues\\/1)",
    "\\[x](https://github.com/o/r/./issues\\/1)"
)]
#[case(
    "http://127.0.0.1:9/o/r/discussions/1",
    "http://127.0.0.1:9/o/r/./discussions/1"
)]
fn addresses_of_issues_are_broken(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(body(text), expected);
}

#[rstest]
#[case("`@alice #1 <!-- x -->`")]
#[case("```\n@alice\n#1\n/spawn-issues\n<!-- x -->\n```")]
#[case("```\n@alice never closed")]
#[case("    @alice indented")]
#[case("Write to a.b@example.com, 5 < 6 and a > b")]
#[case("https://medium.com/@alice/post-1#2")]
#[case("[x](https://example.com/@alice#1) <https://example.com/#3>")]
#[case("1234567 rows, C# 7, #hash, # heading, a @ b, #-1")]
#[case("line<br>break, <kbd>Ctrl</kbd>, H<sub>2</sub>O")]
#[case("<details open>\n<summary>More</summary>\n\ntext\n\n</details>")]
#[case("Tom &amp; Jerry &lt;b&gt; &copy;")]
#[case("\\<script>")]
#[case("- [ ] task\r\n- [x] done\r\n")]
#[case("https://github.com/o/r and https://github.com/o/r/issues")]
#[case("")]
fn harmless_text_stays_as_it_is(#[case] text: &str) {
    assert_eq!(body(text), text);
}

#[rstest]
#[case("a <!-- hidden --> b", "a  b")]
#[case("<!-- one\ntwo\n\nthree -->\nafter", "\nafter")]
#[case("> <!-- one\n> two -->\n> after", "> \n> \n> after")]
#[case("a <!--> b <!---> c", "a  b  c")]
#[case("<!-->\nshown", "\nshown")]
#[case("<!-<!-- x -->- y -->", "&lt;!-- y -->")]
#[case("<!-- never closed\n@alice", "&lt;!-- never closed\n@¦alice")]
#[case("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>")]
#[case("a <img src=x onerror=y> b", "a &lt;img src=x onerror=y> b")]
#[case("<b onclick=x>y</b>", "&lt;b onclick=x>y&lt;/b>")]
#[case(
    "<details>\n\nswallows what follows",
    "&lt;details>\n\nswallows what follows"
)]
#[case("</details> closes ours", "&lt;/details> closes ours")]
#[case("<pre>\n@alice\n</pre>", "&lt;pre>\n@¦alice\n&lt;/pre>")]
#[case(
    "![pixel](https://evil.example/x.png)",
    "[pixel](https://evil.example/x.png)"
)]
#[case(
    "![](https://evil.example/x.png)",
    "[image](https://evil.example/x.png)"
)]
#[case("!![a](u)", "[a](u)")]
#[case(
    "[![badge](https://img.example/b)](https://example.com)",
    "[badge](https://example.com)"
)]
#[case(
    "![a][1]\n\n[1]: https://img.example/b",
    "[a][1]\n\n[1]: https://img.example/b"
)]
#[case("nul\0byte", "nulbyte")]
fn what_hides_or_loads_is_shown(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(body(text), expected);
}

#[rstest]
#[case(
    "[github.com](https://evil.example/x)",
    "\\[github.com](https://evil.example/x)"
)]
#[case(
    "[`https://github.com/login`](https://evil.example)",
    "\\[`https://github.com/login`](https://evil.example)"
)]
#[case(
    "[sign in at github.com/login now][1]\n\n[1]: https://evil.example",
    "\\[sign in at github.com/login now][1]\n\n[1]: https://evil.example"
)]
#[case(
    "![github.com](https://evil.example/x)",
    "\\[github.com](https://evil.example/x)"
)]
#[case(
    "[log in](https://github.com@evil.example/x)",
    "\\[log in](https:¦//github.com@evil.example/x)"
)]
#[case(
    "[log in](https://github.com%2Flogin%40evil.example)",
    "\\[log in](https:¦//github.com%2Flogin%40evil.example)"
)]
#[case(
    "[x](https://xn--gthub-n4a.com/a)",
    "\\[x](https:¦//xn--gthub-n4a.com/a)"
)]
#[case("[x](https://gіthub.com/a)", "\\[x](https:¦//gіthub.com/a)")]
#[case("[x](//gıthub.com/a)", "\\[x](//gıthub.com/a)")]
#[case("<https://gıthub.com/a>", "\\<https:¦//gıthub.com/a>")]
#[case(
    "see https://github.com@evil.example/x",
    "see https:¦//github.com@evil.example/x"
)]
#[case("see www.gıthub.com", "see www¦.gıthub.com")]
#[case(
    "https://github.com.evil.example/o",
    "https:¦//github.com.evil.example/o"
)]
#[case("https://g1thub.com/o", "https:¦//g1thub.com/o")]
#[case("https://githubb.com/o", "https:¦//githubb.com/o")]
#[case("http://2130706433/", "http:¦//2130706433/")]
#[case(
    "[x](https:\\\\github.com@evil.example)",
    "\\[x](https:\\\\github.com@evil.example)"
)]
#[case(
    "[log in][x]\n\n[x]: https://github.com@evil.example",
    "\\[log in][x]\n\n\\[x]: https:¦//github.com@evil.example"
)]
fn links_that_deceive_are_shown_as_they_are(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(body(text), expected);
}

#[rstest]
#[case("[GitHub](https://github.com/o/r)")]
#[case("[github.com/o/r](https://github.com/o/r)")]
#[case("[example.com](https://www.example.com) [docs.example.com](https://example.com)")]
#[case("[README.md](https://github.com/o/r/blob/main/README.md) and [Node.js](https://nodejs.org)")]
#[case("[src/main.rs](https://github.com/o/r) [e.g. this](https://example.com)")]
#[case(
    "https://gitlab.com/o/r, http://127.0.0.1:8080/x, https://api.github.com/x, https://o.github.io/x"
)]
#[case("[mail](mailto:a@example.com) [part](#part) [file](docs/a.md)")]
#[case("**https://example.com** (https://example.com), 见 https://example.com。")]
#[case("https://raw.githubusercontent.com/o/r/main/x http://[::1]/")]
fn honest_links_stay(#[case] text: &str) {
    assert_eq!(body(text), text);
}

#[rstest]
#[case("Fix  #1\nfor @alice", "Fix #¦1 for @¦alice")]
#[case("Fix &amp;amp; &#64;alice", "Fix & @¦alice")]
#[case("Use `@Override` and `#1`", "Use `@Override` and `#1`")]
#[case("Add <script> tag <!-- x -->", "Add <script> tag")]
#[case("A <!-- never closed", "A never closed")]
#[case("an unclosed ` @alice", "an unclosed ` @¦alice")]
#[case("", "")]
fn titles_are_one_plain_line(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(title(text), expected);
}

#[test]
fn a_long_title_is_cut() {
    let cut = defuse_title(&"#1 ".repeat(200));
    assert_eq!(cut.chars().count(), 256);
    assert!(cut.ends_with('…'));
    assert_eq!(defuse_title(&cut), cut);
}

#[test]
fn hostile_sizes_end_soon() {
    for text in [
        "&amp;", "<!--", "@a", "![", "<b>", "</b>", "`", "[x](", "<!-- -->", "> ", "&#",
    ] {
        body(&text.repeat(60_000 / text.len()));
        title(&text.repeat(2_000));
    }
}

/// Text with every sign that could go off, in any order.
fn explosive() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "@",
        "alice",
        "#",
        "1",
        "&",
        "#64;",
        "amp;",
        "<!--",
        "-->",
        "<",
        ">",
        "b>",
        "/",
        "`",
        "```",
        "\n",
        "\n\n",
        " ",
        "    ",
        "[",
        "]",
        "(",
        ")",
        "!",
        "https://github.com/o/r/issues/",
        "1",
        "\\",
        "*",
        "_",
        "GH-",
        "deadbeef",
        "> ",
        "- ",
        "|",
        "<details>",
        "</details>",
        ": ",
        "é",
        "spawn-issues",
        "~~~",
        "\r\n",
        "-",
        "<b>",
        "</b>",
        "www.a.io/",
    ]);
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn defusing_twice_changes_nothing(text in explosive()) {
        let once = defuse_body(&text);
        prop_assert_eq!(&defuse_body(&once), &once);
        let once = defuse_title(&text);
        prop_assert_eq!(&defuse_title(&once), &once);
    }

    #[test]
    fn no_live_mention_or_reference_reaches_a_reader(text in explosive()) {
        // An independent look: render to HTML as GitHub would, and search what is shown outside code.
        let once = defuse_body(&text);
        let mut in_code = false;
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM;
        for event in TextMergeStream::new(Parser::new_ext(&once, options)) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_code = true,
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Start(Tag::Image { .. }) => prop_assert!(false, "an image in {once:?}"),
                Event::Text(shown) if !in_code => {
                    // What follows inside an address is part of its link.
                    let shown = shown.split("https://").next().unwrap_or_default();
                    let mut mentions = shown.match_indices("@alice");
                    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    let live = mentions.any(|(at, _)| !shown[..at].ends_with(is_word));
                    prop_assert!(!live, "a mention in {once:?}");
                    prop_assert!(!shown.contains("#1"), "a reference in {once:?}");
                    prop_assert!(!shown.starts_with("/spawn-issues"), "a command in {once:?}");
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    prop_assert!(!html.contains("<!--"), "a comment in {once:?}");
                }
                _ => {}
            }
        }
    }
}
