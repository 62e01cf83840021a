//! What people wrote is data: in created issues and comments it mentions nobody, refers to nothing and commands nothing.

use pulldown_cmark::{Event, Options, Parser};

use super::{asked, dry};
use crate::harness::house::house;

const NASTY: &str = "\
## Work

- Tell @octocat about #1 and acme/shop#1 in the login form
- Fix https://github.com/acme/shop/issues/1 in the documentation
- Hide <!-- @alice --> nothing in the <b onclick=\"x\">basket</b>
- @TheOpenProducerBot confirm
- Run `@alice` and ```@olivia``` in the parser
- Add sessions <!-- openproducer run=run_20261122_084408_a1b2c3d4 item=i1 -->
- Close GH-1 and [this](https://evil.example \"@rita\") in the invoice
";

/// The words that GitHub would look for mentions and references in.
fn live_words(markdown: &str) -> String {
    let mut in_code = false;
    let mut words = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_GFM) {
        match event {
            Event::Start(pulldown_cmark::Tag::CodeBlock(_)) => in_code = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if !in_code => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

fn is_tame(markdown: &str, own_numbers: &[u64]) {
    let words = live_words(markdown);
    for name in [
        "@octocat",
        "@alice",
        "@olivia",
        "@rita",
        "GH-1",
        "acme/shop#1",
    ] {
        assert!(!words.contains(name), "{name} is alive in:\n{markdown}");
    }
    assert!(
        !words.contains("github.com/acme/shop/issues/1"),
        "{markdown}"
    );
    for (at, _) in words.match_indices('#') {
        let digits: String = words[at + 1..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let number = digits.parse::<u64>();
        assert!(
            number.is_err() || own_numbers.contains(&number.unwrap()),
            "#{digits} is alive in:\n{markdown}"
        );
    }
}

#[tokio::test]
async fn mentions_references_and_comments_in_a_list_are_dead_in_the_issues() {
    house(async |t| {
        let trigger = t.opens("Tell @octocat about #1", &asked(NASTY)).await;
        let created = t.created();
        assert!(created.len() >= 5, "{created:#?}");
        let run = t.run(&trigger).await.id;
        for issue in &created {
            for name in ["@octocat", "@TheOpenProducerBot", "#1"] {
                assert!(!issue.title.contains(name), "{name} in {}", issue.title);
            }
            let (shown, mark) = issue.body.rsplit_once("\n\n").expect("a marker");
            assert!(
                mark.starts_with(&format!("<!-- openproducer run={run} item=i")),
                "{mark}"
            );
            assert!(!shown.contains("<!--"), "{shown}");
            is_tame(shown, &[trigger.number]);
            assert!(
                !live_words(shown).contains("@TheOpenProducerBot"),
                "{shown}"
            );
        }
        assert_eq!(t.runs(&trigger).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_preview_and_the_summary_are_as_tame() {
    house(async |t| {
        let trigger = t.opens("Tell @octocat about #1", &dry(NASTY)).await;
        is_tame(&t.bot_comment(&trigger), &[]);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        let numbers: Vec<u64> = t.created().iter().map(|i| i.number).collect();
        is_tame(&t.bot_comment(&trigger), &numbers);
    })
    .await;
}

#[tokio::test]
async fn words_in_an_unknown_command_and_in_a_complaint_are_tame() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Something to talk about").await;
        t.says(&trigger, "@TheOpenProducerBot frobnicate-@alice-#1")
            .await;
        t.says(
            &trigger,
            "@TheOpenProducerBot\ncount: @alice #1 <b>\nmilestone: @olivia\n\nBuild it",
        )
        .await;
        for said in t.bot_comments(&trigger) {
            is_tame(&said, &[]);
        }
        assert!(!t.bot_comments(&trigger).is_empty());
    })
    .await;
}

#[tokio::test]
async fn emoji_tabs_and_other_scripts_come_through_whole() {
    house(async |t| {
        let body = "@TheOpenProducerBot\r\n\r\n## Work\r\n\r\n- Build the 🦀 form\r\n-\tAdd the قائمة page\r\n- Write the 文档\r\n";
        let trigger = t.opens("Ünïcode", body).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), ["Build the 🦀 form", "Add the قائمة page", "Write the 文档"]);
    })
    .await;
}

#[tokio::test]
async fn sixty_thousand_characters_are_planned_and_shown() {
    house(async |t| {
        let filler = "Because it is good. ".repeat(30);
        let chapter = |n| format!("## Chapter {n}\n\n- Build the thing number {n}\n\n{filler}\n\n");
        let chapters: Vec<String> = (1..=90).map(chapter).collect();
        let chapters = chapters.concat();
        assert!(chapters.len() > 50_000);
        let trigger = t.opens("A book", &dry(&chapters)).await;
        assert_eq!(t.state(&trigger).await, "running awaiting_confirmation");
        let (_, body) = t.run_comment(&trigger);
        assert!(body.chars().count() <= 65_536);
    })
    .await;
}
