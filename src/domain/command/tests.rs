//! A table of comments as people write them, and what each of them says.

use proptest::prelude::*;

use super::*;
use crate::domain::request::Limits;

const RUN: &str = "run_20260102_030405_abcd1234";

fn names() -> BotNames {
    BotNames::new(["Bot", "open-producer"])
}

/// What a comment says, in short.
fn short(comment: &str) -> String {
    match read(comment, &names()) {
        None => "not asked".into(),
        Some(Said::Request) => "request".into(),
        Some(Said::ThisIssue) => "this issue".into(),
        Some(Said::Courtesy) => "courtesy".into(),
        Some(Said::Nothing) => "nothing".into(),
        Some(Said::Bad(complaints)) => format!("bad: {}", complaints[0].says),
        Some(Said::Unknown { nearest, .. }) => {
            format!("unknown, {}?", nearest.unwrap_or("nothing near"))
        }
        Some(Said::Command(command)) => match command {
            Command::Confirm(None) => "confirm".into(),
            Command::Confirm(Some(items)) => format!("confirm {items}"),
            Command::Drop(items) => format!("drop {items}"),
            Command::Edit(Edit::Split(item)) => format!("split {item}"),
            Command::Edit(Edit::Merge { into, others }) => format!("merge {others:?} into {into}"),
            Command::Edit(Edit::Title { item, title }) => format!("title {item}: {title}"),
            Command::Replan(None) => "replan".into(),
            Command::Replan(Some(words)) => format!("replan {words}"),
            Command::Cancel => "cancel".into(),
            Command::Rollback(RollbackTarget::Last { force }) => format!("rollback last {force}"),
            Command::Rollback(RollbackTarget::Run { id, force }) => {
                format!("rollback {id} {force}")
            }
            Command::Status => "status".into(),
            Command::Sync => "sync".into(),
            Command::Help => "help".into(),
        },
    }
}

fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(comment, expected)| (comment, expected, short(comment)))
        .filter(|(_, expected, got)| got != *expected)
        .map(|(comment, expected, got)| format!("{comment:?}: wanted {expected}, got {got}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_are_read_in_every_usual_way() {
    check(&[
        ("@Bot confirm", "confirm"),
        ("@bot CONFIRM", "confirm"),
        ("@Bot confirm!", "confirm"),
        ("@Bot: confirm.", "confirm"),
        ("@Bot, please confirm", "confirm"),
        ("@Bot confirm please, thanks!", "confirm"),
        ("@Bot `confirm`", "confirm"),
        ("**@Bot confirm**", "confirm"),
        ("**@Bot** confirm", "confirm"),
        ("@open-producer[bot] confirm", "confirm"),
        ("LGTM! @Bot confirm", "confirm"),
        ("Looks good to me, @Bot confirm 🎉", "confirm"),
        ("@Bot\nconfirm", "confirm"),
        ("@Bot\r\n\r\nconfirm\r\n", "confirm"),
        ("@Bot confirm\n\nThanks a lot!", "confirm"),
        ("@Bot confirm\nThanks!", "confirm"),
        (
            "@Bot confirm\n\nTalked to Alice, this is what we want.",
            "confirm",
        ),
        ("> the preview\n\n@Bot confirm", "confirm"),
        ("@Bot confirm\n\n> do not confirm\n\n<!-- x -->", "confirm"),
        ("@Bot confirm all", "confirm"),
        ("@Bot confirm the whole plan", "confirm"),
        ("@Bot confirm 1,3-5", "confirm 1,3-5"),
        ("@Bot confirm 1, 3 - 5 please", "confirm 1,3-5"),
        ("@Bot confirm #1 and #2.", "confirm 1,2"),
        ("@Bot confirm only 2", "confirm 2"),
        ("@Bot confirm\n1,2", "confirm 1,2"),
        ("@Bot drop 2,4", "drop 2,4"),
        ("@Bot please drop item 3", "drop 3"),
        ("@Bot replan", "replan"),
        ("@Bot replan please", "replan"),
        (
            "@Bot replan: fewer issues, no tests",
            "replan fewer issues, no tests",
        ),
        (
            "@Bot please replan\n\nwith fewer issues\nand no tests",
            "replan with fewer issues\nand no tests",
        ),
        ("@Bot cancel", "cancel"),
        ("@Bot cancel this run", "cancel"),
        ("@Bot rollback last", "rollback last false"),
        ("@Bot rollback the last run", "rollback last false"),
        ("@Bot rollback last force", "rollback last true"),
        ("@Bot rollback last --force", "rollback last true"),
        ("@Bot roll back last", "rollback last false"),
        (
            "@Bot rollback run_20260102_030405_abcd1234",
            &format!("rollback {RUN} false"),
        ),
        (
            "@Bot rollback `run_20260102_030405_ABCD1234` force",
            &format!("rollback {RUN} true"),
        ),
        ("@Bot status", "status"),
        ("@Bot status?", "status"),
        ("fine with me, @Bot confirm", "confirm"),
        ("@Bot sync", "sync"),
        ("@Bot help", "help"),
        ("@Bot help me please", "help"),
    ]);
}

#[test]
fn edits_are_read_in_every_usual_way() {
    check(&[
        ("@Bot split 3", "split 3"),
        ("@Bot Split #3, please!", "split 3"),
        ("@Bot split item 3", "split 3"),
        ("@Bot merge 2,4", "merge [4] into 2"),
        ("@Bot merge 4 and 2", "merge [2] into 4"),
        ("@Bot merge #5 with 1-3", "merge [1, 2, 3] into 5"),
        ("@Bot merge\n2,4", "merge [4] into 2"),
        ("@Bot title 3: new words", "title 3: new words"),
        ("@Bot TITLE #3: New Words", "title 3: New Words"),
        ("@Bot please title 3 = \"New words\"", "title 3: New words"),
        ("@Bot `title 3: Use `x` here`", "title 3: Use `x` here"),
        (
            "@Bot title 3 “Why does it fail?”",
            "title 3: Why does it fail?",
        ),
        ("@Bot title 3: Who sees it?", "title 3: Who sees it?"),
        ("@Bot title 3:\nAdd the form", "title 3: Add the form"),
        (
            "@Bot title item 12 - Add the form",
            "title 12: Add the form",
        ),
        ("Do not @Bot split 3", "unknown, split?"),
        ("@Bot split 3?", "unknown, split?"),
    ]);
}

#[test]
fn slips_of_edits_say_what_to_write() {
    let long = format!("@Bot title 3: {}", "x".repeat(81));
    check(&[
        (
            "@Bot split",
            "bad: split takes the number of an item, for example `split 3`",
        ),
        (
            "@Bot split three",
            "bad: split takes the number of an item, for example `split 3`, got `three`; to have a text planned, begin its line with `/spawn-issues`",
        ),
        (
            "@Bot split 3,4",
            "bad: split takes one item at a time, got 2; write `split 3`, and the next when the preview shows it",
        ),
        ("@Bot split 0", "bad: items are counted from 1, got `0`"),
        (
            "@Bot merge 2",
            "bad: merge takes the numbers of two or more items, for example `merge 2,4`: the first stays, got `2`",
        ),
        (
            "@Bot merge 2,2",
            "bad: merge takes the numbers of two or more items, for example `merge 2,4`: the first stays, got `2,2`",
        ),
        (
            "@Bot title",
            "bad: title takes an item and its new title, for example `title 3: Add the login form`",
        ),
        (
            "@Bot title 3",
            "bad: the new title is missing: write `title 3: Add the login form`",
        ),
        (
            "@Bot title 3: …",
            "bad: the new title is missing: write `title 3: Add the login form`",
        ),
        ("@Bot title 0: x", "bad: items are counted from 1, got `0`"),
        (&long, "bad: a title has 1 to 80 characters, got 81"),
        ("@Bot splti 3", "unknown, split?"),
        ("@Bot rename 3: add the form to the page", "unknown, title?"),
        ("@Bot combine 2 and 4", "unknown, merge?"),
        ("@Bot divide 3", "unknown, split?"),
        (
            "@Bot merge 4 into 2",
            "bad: merge takes the numbers of two or more items, for example `merge 2,4`: the first stays, got `4 into 2`; to have a text planned, begin its line with `/spawn-issues`",
        ),
        ("@Bot merge both baskets into one", "request"),
        ("@Bot fix page title", "request"),
        (
            "@Bot Split the monolith into one service for each of our teams",
            "request",
        ),
        ("@Bot title: Login for guests and members", "request"),
    ]);
}

#[test]
fn in_doubt_it_is_no_command() {
    check(&[
        ("@Bot please do not confirm", "unknown, confirm?"),
        ("@Bot don’t confirm yet", "unknown, confirm?"),
        ("@Bot confirm but not item 3", "unknown, confirm?"),
        ("@Bot confirm\nbut not item 3", "unknown, confirm?"),
        ("@Bot confirm if Alice agrees", "unknown, confirm?"),
        (
            "@Bot confirm all but the last of them, and wait for Bob with that one please",
            "unknown, confirm?",
        ),
        ("Do not write @Bot confirm yet", "unknown, confirm?"),
        ("To start, comment @Bot confirm", "unknown, confirm?"),
        ("If you agree: @Bot cancel", "unknown, cancel?"),
        ("When in doubt, ask @Bot help", "help"),
        ("@Bot can you confirm?", "unknown, confirm?"),
        ("@Bot confirm?", "unknown, confirm?"),
        ("@Bot cancel this?", "unknown, cancel?"),
        ("`@Bot confirm`", "not asked"),
        ("> @Bot confirm", "not asked"),
        ("@Bots confirm", "not asked"),
        ("I like @Bot's plan", "not asked"),
    ]);
}

#[test]
fn slips_are_answered_with_the_nearest_command() {
    check(&[
        ("@Bot confrim", "unknown, confirm?"),
        ("@Bot confirmed", "unknown, confirm?"),
        ("@Bot comfirm 1,3", "unknown, confirm?"),
        (
            "@Bot confrim\n\nEverybody here agrees on that now.",
            "unknown, confirm?",
        ),
        ("@Bot cancle please", "unknown, cancel?"),
        ("@Bot rolback last", "unknown, rollback?"),
        ("@Bot undo", "unknown, rollback?"),
        ("@Bot stauts", "unknown, status?"),
        ("@Bot synch", "unknown, sync?"),
        ("@Bot yes", "unknown, confirm?"),
        ("@Bot go ahead", "unknown, confirm?"),
        ("@Bot lgtm!", "unknown, confirm?"),
        ("@Bot stop", "unknown, cancel?"),
        ("@Bot remove 3", "unknown, drop?"),
        ("@Bot xyzzy", "unknown, nothing near?"),
        ("@Bot dark mode", "unknown, nothing near?"),
        ("@Bot how does this work?", "unknown, help?"),
        ("@Bot status of the last run", "unknown, status?"),
    ]);
}

#[test]
fn incomplete_commands_say_what_to_write() {
    check(&[
        (
            "@Bot rollback",
            "bad: rollback takes `last` or the id of a run; write `rollback last` or `rollback run_YYYYMMDD_HHMMSS_…` (`status` lists the runs)",
        ),
        (
            "@Bot rollback run_1",
            "bad: rollback takes `last` or the id of a run, got `run_1`; write `rollback last` or `rollback run_YYYYMMDD_HHMMSS_…` (`status` lists the runs)",
        ),
        (
            "@Bot drop",
            "bad: drop takes the numbers of items, for example `drop 2,4`; to have a text planned, begin its line with `/spawn-issues`",
        ),
        (
            "@Bot drop support for IE",
            "bad: drop takes the numbers of items, for example `drop 2,4`, got `support for ie`; to have a text planned, begin its line with `/spawn-issues`",
        ),
        ("@Bot confirm 0", "bad: items are counted from 1, got `0`"),
        (
            "@Bot confirm 5-3",
            "bad: a range runs upwards: write `3-5`, got `5-3`",
        ),
    ]);
    let Some(Said::Bad(complaints)) = read("Hello!\n\n@Bot\nconfirm 0, 5-3", &names()) else {
        panic!("two complaints expected");
    };
    assert_eq!(
        complaints.iter().map(|c| c.line).collect::<Vec<_>>(),
        [4, 4]
    );
}

#[test]
fn specifications_are_requests() {
    check(&[
        ("@Bot Build login with OAuth", "request"),
        ("@Bot Can you add dark mode?", "request"),
        (
            "@Bot please split the billing page into its parts",
            "request",
        ),
        ("@Bot Update the docs", "request"),
        (
            "@Bot Cancel subscriptions from the billing page and send the customer a receipt",
            "request",
        ),
        (
            "@Bot Drop support for Node 16 in all packages and say so in the changelog",
            "request",
        ),
        ("@Bot count: 3", "request"),
        ("@Bot\ncount: 3\n\nBuild it", "request"),
        ("@Bot\n\n# Login\n\n- a form\n- a token", "request"),
        ("@Bot status\n\n", "status"),
        ("@Bot Cancel orders\n- from the list\n- by mail", "request"),
        ("@Bot\n```yaml\ncount: 3\n```", "request"),
        ("Build a login page with OAuth.\n\n@Bot", "request"),
        (
            "Build a login page with OAuth.\n\n@Bot please plan this",
            "request",
        ),
        ("/spawn-issues", "request"),
        ("/spawn-issues confirm", "request"),
        ("@Bot /spawn-issues dark mode", "request"),
        ("@Bot\n/spawn-issues dark mode", "request"),
        ("@Bot 実装してください ログイン 画面", "request"),
        ("@Bot بناء صفحة تسجيل الدخول", "request"),
    ]);
}

#[test]
fn thanks_and_bare_mentions_are_no_work() {
    check(&[
        ("@Bot", "nothing"),
        ("cc @Bot", "nothing"),
        ("@Bot?", "nothing"),
        ("@Bot hi", "courtesy"),
        ("@Bot please", "nothing"),
        ("@Bot thanks", "courtesy"),
        ("@Bot thank you so much!", "courtesy"),
        ("Thanks @Bot!", "courtesy"),
        ("@Bot nice", "courtesy"),
        ("@Bot great work 🎉", "courtesy"),
        ("@Bot 👍", "courtesy"),
        ("@Bot please plan this", "this issue"),
        (
            "@Bot could you break this issue down into smaller tasks?",
            "this issue",
        ),
        ("hello", "not asked"),
    ]);
}

#[test]
fn sixty_thousand_characters_are_read() {
    for piece in [
        "confirm ", "1-9999,", "replan\n", "a b\n\n", "> x\n", "/", "`", "don't ", "🦀",
    ] {
        let _ = read(
            &format!(
                "@Bot confirm {}",
                piece.repeat(60_000 / piece.chars().count())
            ),
            &names(),
        );
        let _ = read(
            &format!("@Bot {}", piece.repeat(60_000 / piece.chars().count())),
            &names(),
        );
    }
}

proptest! {
    #[test]
    fn any_comment_is_read(text in any::<String>()) {
        let _ = read(&text, &names());
        let _ = read(&format!("@Bot {text}"), &names());
    }

    #[test]
    fn a_comment_is_read_exactly_where_a_trigger_is_found(
        words in proptest::collection::vec("(@Bot|@open-producer|/spawn-issues|confirm|not|1,2|`|> |<!-- |-->|\n|\r\n| |é|🦀)", 0..10)
    ) {
        let text = words.concat();
        prop_assert_eq!(read(&text, &names()).is_some(), trigger::find(&text, &names()).is_some());
    }

    #[test]
    fn only_its_own_word_confirms(words in proptest::collection::vec("(confirm|confrim|please|not|don't|1|3-5|cancel|the|plan|now|but|yes)", 1..6)) {
        let text = words.join(" ");
        if let Some(Said::Command(Command::Confirm(_))) = read(&format!("@Bot {text}"), &names()) {
            prop_assert!(words.iter().any(|w| w == "confirm"));
            prop_assert!(!words.iter().any(|w| matches!(w.as_str(), "not" | "don't" | "cancel" | "but")));
        }
    }

    #[test]
    fn what_is_called_a_request_can_be_parsed(text in "[a-z:\n #-]{0,60}") {
        let comment = format!("@Bot {text}");
        if read(&comment, &names()) == Some(Said::Request) {
            let _ = request::parse(Some("Title"), &comment, &names(), &Limits { maximum: 100 });
        }
    }
}
