//! Same and not the same.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::ids::RunId;

fn run() -> RunId {
    RunId::parse("run_20260102_030405_abcdefgh").unwrap()
}

#[rstest]
#[case("Add the login form", "add  the\tLOGIN form.")]
#[case("Add the **login** form", "Add the `login` form!")]
#[case("Mention @\u{200b}alice", "Mention @alice")]
#[case("ÜBER uns", "über uns")]
fn titles_that_people_call_the_same_are_the_same(#[case] one: &str, #[case] other: &str) {
    assert_eq!(
        of(one, "b", UniqueBy::Title),
        of(other, "c", UniqueBy::Title)
    );
}

#[rstest]
#[case("- [ ] one\n- [x] two", "* [x] one\r\n\r\n- [ ] Two")]
#[case("text\n\n<!-- openproducer run=r item=i1 -->", "text")]
#[case("a\n<!-- never closed", "a")]
#[case("some   words", "some\nwords")]
fn bodies_that_people_call_the_same_are_the_same(#[case] one: &str, #[case] other: &str) {
    assert_eq!(of("t", one, UniqueBy::Body), of("u", other, UniqueBy::Body));
}

#[test]
fn different_words_are_different() {
    let kinds = UniqueBy::ALL;
    for by in kinds {
        assert_ne!(of("Add a", "do a", by), of("Add b", "do b", by));
    }
    assert_ne!(of("C++", "", UniqueBy::Title), of("C", "", UniqueBy::Title));
    assert_ne!(
        of("Add a", "x", UniqueBy::Hash),
        of("Add a", "y", UniqueBy::Hash)
    );
    assert_ne!(of("ab", "c", UniqueBy::Hash), of("a", "bc", UniqueBy::Hash));
}

#[test]
fn empty_bodies_alone_make_no_duplicates() {
    assert_ne!(of("a", "", UniqueBy::Body), of("b", "", UniqueBy::Body));
}

#[test]
fn the_hash_never_changes_between_versions() {
    let hash = of("Add the login form", "- [ ] It works", UniqueBy::Hash);
    insta::assert_snapshot!(hash, @"e32dc00fd82259147e8ca1bc6dae06638826669411df8509c05200fa8d3a5c4b");
}

#[test]
fn marker_is_found_again_after_edits() {
    let mark = marker(&run(), "i3");
    insta::assert_snapshot!(mark, @"<!-- openproducer run=run_20260102_030405_abcdefgh item=i3 -->");
    let edited = format!("New first line\n\n{mark}\nand more below");
    assert_eq!(find_marker(&edited), Some((run(), "i3".to_owned())));
}

#[test]
fn the_marker_at_the_end_wins_over_look_alikes() {
    let other = RunId::parse("run_20200101_000000_zzzzzzzz").unwrap();
    let body = format!("```\n{}\n```", marker(&other, "i9"));
    let body = with_marker(&body, &run(), "i3");
    assert_eq!(find_marker(&body), Some((run(), "i3".to_owned())));
}

#[rstest]
#[case("<!-- openproducer run=run_20260102_030405_abcdefgh item= -->")]
#[case("<!-- openproducer run=run_20260102_030405_abc item=i3 -->")]
#[case("<!-- openproducer run=run_20260102_030405_abcdefgh item=i3")]
#[case("<!--openproducer run=run_20260102_030405_abcdefgh item=i3 -->")]
#[case("<!-- openproducer run=run_20260102_030405_abcdefgh item=i3 x -->")]
#[case("<!-- openproducer run=run_20260102_030405_abcdefgh comment -->")]
fn a_damaged_marker_is_none(#[case] body: &str) {
    assert_eq!(find_marker(body), None);
}

#[test]
fn comment_marker_counts_only_at_the_beginning() {
    let mark = comment_marker(&run());
    assert_eq!(find_comment_marker(&format!("{mark}\nhello")), Some(run()));
    assert_eq!(find_comment_marker(&format!("hello\n{mark}")), None);
    assert_eq!(find_comment_marker(&marker(&run(), "i1")), None);
}

#[test]
fn where_it_stands_in_the_spec_makes_no_difference() {
    let body = |line: u32| format!("Build it.\n\n### From the spec\n\nScope, line {line}\n");
    for by in UniqueBy::ALL {
        assert_eq!(of("Build it", &body(3), by), of("Build it", &body(40), by));
    }
    assert_ne!(
        of("Build it", &body(3), UniqueBy::Body),
        of("Build it", "Build it twice.", UniqueBy::Body)
    );
}

#[test]
fn a_long_body_is_cut_and_keeps_its_marker() {
    let body = with_marker(&"é".repeat(70_000), &run(), "i3");
    assert!(body.chars().count() <= 65_536);
    assert!(body.contains("… (cut"));
    assert_eq!(find_marker(&body), Some((run(), "i3".to_owned())));
}

#[test]
fn an_open_fence_does_not_swallow_the_marker() {
    let body = with_marker("````rust\nlet a = 1;\n```", &run(), "i3");
    assert!(body.contains("\n```\n````\n\n<!-- openproducer"), "{body}");
    let closed = with_marker("~~~\na\n~~~", &run(), "i3");
    assert_eq!(closed.matches("~~~").count(), 2);
}

proptest! {
    #[test]
    fn any_text_keeps_its_marker(text in ".{0,200}", item in "i[1-9][0-9]{0,3}") {
        let body = with_marker(&text, &run(), &item);
        prop_assert_eq!(find_marker(&body), Some((run(), item)));
    }

    #[test]
    fn case_and_space_never_matter(words in prop::collection::vec("[a-zA-Zäöü]{1,8}", 1..8)) {
        let one = words.join(" ");
        let other = words.join(" \n ").to_uppercase();
        prop_assert_eq!(of(&one, &one, UniqueBy::Hash), of(&other, &other, UniqueBy::Hash));
    }
}
