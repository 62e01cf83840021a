//! Tests of the outline.

use proptest::prelude::*;

use super::*;

/// The text with every inert byte range taken out.
fn live(text: &str) -> String {
    let outline = Outline::of(text);
    let mut out = String::new();
    let mut at = 0;
    for range in outline.inert() {
        out.push_str(&text[at..range.start]);
        at = range.end;
    }
    out + &text[at..]
}

#[test]
fn code_quotes_and_comments_are_inert() {
    for text in [
        "`x`",
        "`` a ` x ``",
        "```\nx\n```",
        "~~~rust\nx",
        "    x",
        "\tx",
        "> x",
        "> a\nx",
        "- a\n  > x",
        "<!-- x -->",
        "<!--\n\nx\n\n-->",
        "<!-- x",
        "a <!-- x --> b",
        "a <code>x</code> b",
        "<pre>\nx\n\nx</pre>",
        "<blockquote>\n\nx\n\n</blockquote>",
        "<div title='x > x'>a</div>",
        "<script>\nx\n</script>",
        "[a](x)",
        "[a]: /u 'x'",
        "![x](y)",
        "<http://x>",
        "- a\n\n      x",
    ] {
        assert!(
            !live(text).contains('x'),
            "{text:?} leaves {:?}",
            live(text)
        );
        assert!(
            !live(&text.replace('\n', "\r\n")).contains('x'),
            "{text:?} with CR LF"
        );
    }
}

#[test]
fn speech_is_live() {
    for text in [
        "x",
        "`a` x",
        "   x",
        "a\n    x",
        "- x",
        "- a\n\n  x",
        "1. x",
        "# x",
        "| a |\n|---|\n| x |",
        "- [ ] x",
        "<!-- a --> x",
        "<img src=\"a\">\nx",
        "<details>\n\nx\n\n</details>",
        "<p>x</p>",
        "<code> x",
        "[x](a)",
        "a < b x",
        "> a\n\nx",
        "```\na\n```\nx",
        "a ` x",
        "<br> a <code>\n\nx",
    ] {
        assert!(live(text).contains('x'), "{text:?} leaves {:?}", live(text));
        assert!(
            live(&text.replace('\n', "\r\n")).contains('x'),
            "{text:?} with CR LF"
        );
    }
}

#[test]
fn top_level_blocks_have_shapes() {
    let text = "a\n# b\nc\n===\n- d\n```YAML x\ne\n```\n---\n> f\n\ng";
    let shapes: Vec<Shape> = Outline::of(text)
        .blocks
        .into_iter()
        .map(|b| b.shape)
        .collect();
    assert_eq!(
        shapes,
        [
            Shape::Paragraph,
            Shape::Heading,
            Shape::Heading,
            Shape::List,
            Shape::Fence("yaml".into()),
            Shape::Other,
            Shape::Other,
            Shape::Paragraph,
        ]
    );
}

#[test]
fn lines_end_with_lf_crlf_or_cr() {
    let lines = Lines::of("a\nb\r\nc\rd\n");
    assert_eq!(lines.iter().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert_eq!(
        [0, 1, 2, 4, 5, 7].map(|at| lines.index_at(at)),
        [0, 0, 1, 1, 2, 3]
    );
    assert_eq!(Lines::of("").len(), 1);
    assert_eq!(Lines::of("\n").iter().collect::<Vec<_>>(), [""]);
    assert_eq!(lines.touched(&(2..5)), 1..2);
}

#[test]
fn hostile_texts_of_sixty_thousand_characters_are_read() {
    for piece in [
        "[",
        "`",
        "> ",
        "*a_ ",
        "<a ",
        "<!--",
        "<pre></code>",
        "![](",
        "| a ",
        "- ",
        "&#64;",
        "\\",
        "\u{1f980}",
    ] {
        let text = piece.repeat(60_000 / piece.chars().count());
        let outline = Outline::of(&text);
        assert!(outline.inert().len() <= text.len());
    }
}

proptest! {
    #[test]
    fn inert_ranges_are_sorted_and_cut_between_characters(text in "(?s)[a`>~<!/\\-\\[\\]()*_ \n\r\t\u{5d0}\u{1f980}pre]{0,80}") {
        let outline = Outline::of(&text);
        let mut at = 0;
        for range in outline.inert() {
            prop_assert!(at <= range.start && range.start < range.end);
            prop_assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
            at = range.end;
        }
        for block in &outline.blocks {
            prop_assert!(text.get(block.range.clone()).is_some());
        }
    }

    #[test]
    fn lines_hold_every_character_but_terminators(text in "(?s)[a\u{1f980}\n\r]{0,40}") {
        let lines = Lines::of(&text);
        let kept: String = lines.iter().collect();
        prop_assert_eq!(kept, text.replace(['\r', '\n'], ""));
    }
}
