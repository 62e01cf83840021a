//! Every line in exactly one block, whatever the Markdown.

use proptest::prelude::*;

use super::BlockKind::{Code, Heading, Html, ListItem, Metadata, Paragraph, Quote, TableRow, Task};
use super::Spec;

/// Lines as `Spec` counts them, with any line ending.
fn lines_of(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .split('\n')
        .map(str::to_owned)
        .collect()
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
    line.starts_with("```") || line.starts_with("~~~")
}

fn check(text: &str) {
    let spec = Spec::parse("t", text);
    let lines = lines_of(text);
    let mut held = vec![0; lines.len() + 1];
    let mut last = 0;
    for (n, block) in spec.blocks.iter().enumerate() {
        assert_eq!(block.id, format!("b{}", n + 1));
        assert!(
            block.lines[0] > last && block.lines[1] >= block.lines[0],
            "{block:?} after line {last} in {text:?}"
        );
        last = block.lines[1];
        assert_eq!(block.text, block.text.trim());
        assert!(text.contains(&block.text));
        let joined = lines[block.lines[0] - 1..block.lines[1]].join("\n");
        let block_text = lines_of(&block.text).join("\n");
        assert_eq!(joined.trim(), block_text, "in {text:?}");
        held[block.lines[0]..=block.lines[1]]
            .iter_mut()
            .for_each(|times| *times += 1);
    }
    for (n, line) in lines.iter().enumerate() {
        if line.chars().any(char::is_alphanumeric) && !is_fence(line) {
            assert_eq!(
                held[n + 1],
                1,
                "line {} {line:?} of {text:?}\n{:#?}",
                n + 1,
                spec.blocks
            );
        }
    }
}

#[test]
fn every_line_is_in_one_block_of_odd_documents() {
    for text in [
        "",
        "a",
        "\u{feff}# Title\r\n\r\ntext\r\n",
        "\u{feff}- item",
        "a\rb\r\r- c\r- d",
        "# A\n## B\ntext\nmore\n\n---\n",
        "- - both\n  - c",
        "1. a\n   - b\n\n     code?\n\n   after b\n2. c",
        "- a\n  - b\n  ```\n  x\n  ```\n  text",
        "- a\n\n  para\n\n      code\n- b",
        "> - a\n>   more\n> - b\n\n> text\n> > deeper\n> text",
        "> [!NOTE]\n> Mind the gap",
        "[a]: http://x.y\n[b]: /z 'title'\n\ntext [a]",
        "text[^1]\n\n[^1]: note\n    more\n\n    even more\n",
        "Title\n=====\nSub\n---\n",
        "<details>\n<summary>Sum</summary>\n\n- a\n\n</details>",
        "<!-- one\ntwo\n\nthree -->\nfour",
        "text <!-- x --> more",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |\n\ntext",
        "- | a | b |\n  |---|---|\n  | 1 | 2 |\n- c",
        "- x\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n\n  after",
        "---\nname: x\n---\n\n# T",
        "```rust\nfn a() {}\n```",
        "```\nunclosed",
        "- [ ] a\n- [x] b\n  - [ ] c",
        "* a\n+ b\n- c",
        "\ta code\n\n\tb",
        "- # heading in item\n  text",
        "- > quoted\n- b",
        "> # heading in quote\n> text\n\nafter",
        "# T #\n\n[x]: <y>\n# U",
        "- [l]: http://a.b\n- b",
        "**Bold**\nnext\n- a\nlazy\n\n b",
        "1) a\n2) b\n\n3) c",
        "a\n***\nb\n___\n",
        "-\n  a\n-\n\n- b",
        "- a\n\n\n\n  b\n    - c\n d",
        "<b>\nx\n</b>\n- y",
        "|a|\n|-|\n",
        "a | b\n-|-\nc | d\ne",
        "#\n\n##  \n- \n1. ",
        "\u{2028}a\u{85}b\u{b}c\u{c}d\0e",
        "~~~ js\nx\n~~~\n~~gone~~",
    ] {
        check(text);
    }
}

#[test]
fn kinds_sections_and_lines_are_told() {
    let spec = Spec::parse(
        "t",
        "# A\n\nIntro\n\n## B\r\n- one\n  more\n  - two\n- [ ] three\n\n| h |\n|---|\n| c |\n\n> q\n\n```\nx\n```\n\n<!-- c -->\n\n[r]: /u\n",
    );
    let seen: Vec<_> = spec
        .blocks
        .iter()
        .map(|b| (b.kind, b.lines, b.section.join("/")))
        .collect();
    let ab = || "A/B".to_owned();
    assert_eq!(
        seen,
        [
            (Heading, [1, 1], String::new()),
            (Paragraph, [3, 3], "A".to_owned()),
            (Heading, [5, 5], "A".to_owned()),
            (ListItem, [6, 7], ab()),
            (ListItem, [8, 8], ab()),
            (Task, [9, 9], ab()),
            (TableRow, [11, 11], ab()),
            (TableRow, [13, 13], ab()),
            (Quote, [15, 15], ab()),
            (Code, [17, 19], ab()),
            (Html, [21, 21], ab()),
            (Metadata, [23, 23], ab()),
        ]
    );
}

#[test]
fn a_megabyte_is_read() {
    let nested: String = (0..900)
        .map(|n| format!("{}- item {n}\n", "  ".repeat(n)))
        .collect::<Vec<_>>()
        .concat();
    check_big(&nested);
    check_big(&"- a\n".repeat(250_000));
    check_big(&"> ".repeat(5_000));
    check_big(&"[a]: b\n".repeat(100_000));
    check_big(&"| a | b |\n|---|---|\n| c | d |\n\n".repeat(30_000));
}

fn check_big(text: &str) {
    let spec = Spec::parse("t", text);
    let held: usize = spec
        .blocks
        .iter()
        .map(|b| b.lines[1] + 1 - b.lines[0])
        .sum();
    assert!(held <= lines_of(text).len());
}

fn line() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "|---|---|",
        "```",
        "---",
        "===",
        "[a]: b",
        "[^1]: note",
        "<!-- x",
        "-->",
        "<div>",
        "> [!TIP]",
        "",
        "",
        "",
        "",
        "",
    ]);
    prop_oneof![
        4 => fixed.prop_map(str::to_owned),
        3 => "[a-z ]{0,12}",
        1 => "[ \t>*+-]{0,6}[a-z]{0,3}",
        1 => "#{1,7} ?[a-z]{0,4}",
        2 => " {0,6}[-*+] (\\[[ x]\\] )?[a-z]{0,5}",
        1 => " {0,4}[0-9]{1,2}[.)] [a-z]{0,5}",
        1 => "\\|[a-z|-]{0,8}\\|",
        1 => "\\PC{0,10}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_in_one_block_of_any_document(lines in prop::collection::vec(line(), 0..14), ending in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]) {
        check(&lines.join(ending));
    }

    #[test]
    fn any_characters_are_read(text in "(\\PC|[\\r\\n\\t ]){0,60}") {
        check(&text);
    }
}
