//! How one asks: where the words may stand, and that each asking is answered by one run and one comment.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{IssueRef, Setup};

use super::{PHASES, WORK, WORK_TITLES, asked, dry};
use crate::harness::house::{House, SHOP, house, house_before};

async fn completes(t: &House, trigger: &IssueRef) {
    assert_eq!(t.state(trigger).await, "completed");
    assert_eq!(t.titles(), WORK_TITLES);
}

#[tokio::test]
async fn an_opened_issue_with_a_specification_goes_on_by_itself() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Deliver phase 1: storage   [sub-issue of #1]
        #3 open   Create the accounts table   [sub-issue of #2]
        #4 open   Write the migration from the old users   [sub-issue of #2]
        #5 open   Deliver phase 2: sign in   [sub-issue of #1] [blocked by #2]
        #6 open   Build the login form   [sub-issue of #5]
        #7 open   Add sessions   [sub-issue of #5]
        #8 open   Lock accounts after five wrong passwords   [sub-issue of #5]
        ");
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ✅ 7 issues created

        - #2 · Deliver phase 1: storage
          - #3 · Create the accounts table
          - #4 · Write the migration from the old users
        - #5 · Deliver phase 2: sign in
          - #6 · Build the login form
          - #7 · Add sessions
          - #8 · Lock accounts after five wrong passwords

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        let eyes = t.shop().reactions(trigger.number);
        assert_eq!(eyes.len(), 1, "{eyes:?}");
        assert_eq!(eyes[0].content, "eyes");
    })
    .await;
}

#[tokio::test]
async fn a_specification_in_a_comment_is_planned() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Something to talk about").await;
        assert!(t.bot_comments(&trigger).is_empty());
        let comment = t.alice().comments(&trigger, &asked(WORK));
        t.quiet().await;
        completes(t, &trigger).await;
        assert_eq!(t.reactions(&comment), ["eyes"]);
        assert!(t.shop().reactions(trigger.number).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_bare_mention_in_a_comment_plans_the_issue_s_own_text() {
    house(async |t| {
        let trigger = t.opens("Accounts", WORK).await;
        t.says(&trigger, "@TheOpenProducerBot").await;
        completes(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn please_plan_this_plans_the_issue_s_own_text() {
    house(async |t| {
        let trigger = t.opens("Accounts", WORK).await;
        t.says(&trigger, "@TheOpenProducerBot please plan this")
            .await;
        completes(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn options_alone_in_a_comment_hold_for_the_issue_s_text() {
    house(async |t| {
        let trigger = t.opens("Accounts", WORK).await;
        t.says(&trigger, "@TheOpenProducerBot\nlabels: backend\ncount: 3")
            .await;
        completes(t, &trigger).await;
        for issue in t.created() {
            assert!(issue.labels.contains(&"backend".to_owned()), "{issue:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_title_and_a_mention_are_one_issue() {
    house(async |t| {
        let trigger = t
            .opens(
                "Add a dark mode to the settings page",
                "@TheOpenProducerBot",
            )
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), ["Add a dark mode to the settings page"]);
    })
    .await;
}

#[tokio::test]
async fn a_request_of_one_line_is_one_issue_of_that_name() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Something to talk about").await;
        t.says(&trigger, &asked("Add a basket")).await;
        assert_eq!(t.titles(), ["Add a basket"]);
    })
    .await;
}

#[tokio::test]
async fn a_slash_line_asks_as_well() {
    house(async |t| {
        let trigger = t
            .opens("Accounts", &format!("/spawn-issues\n\n{WORK}"))
            .await;
        completes(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn another_mention_may_be_configured_and_the_app_s_slug_still_works() {
    house(async |t| {
        t.restart_as("@OurBot").await;
        let slug = t
            .opens("Accounts", &format!("@theopenproducerbot\n\n{WORK}"))
            .await;
        completes(t, &slug).await;
        let mention = t
            .opens("Shop", "@ourbot\ndry_run: true\n\nAdd a basket")
            .await;
        assert_eq!(t.state(&mention).await, "running awaiting_confirmation");
        assert!(t.bot_comment(&mention).contains("`@OurBot confirm`"));
    })
    .await;
}

#[tokio::test]
async fn an_app_of_another_name_tells_people_to_write_its_own() {
    let github = Setup {
        app_name: "Acme Planner".to_owned(),
        app_slug: "acme-planner".to_owned(),
        ..Setup::default()
    };
    house_before(github, async |t| {
        let trigger = t.opens("Accounts", &dry("- Add a basket\n")).await;
        let preview = t.bot_comment(&trigger);
        assert!(preview.contains("`@acme-planner confirm`"), "{preview}");
        t.says(&trigger, "@acme-planner help").await;
        t.says(&trigger, "@theopenproducerbot confrim").await;
        t.says(&trigger, "@acme-planner status").await;
        t.says(&trigger, "@acme-planner confirm").await;
        for text in t.bot_comments(&trigger) {
            assert!(!text.contains("@TheOpenProducerBot"), "{text}");
        }
        let help = &t.bot_comments(&trigger)[1];
        assert!(help.contains("`@acme-planner confirm`"), "{help}");
        t.says(&trigger, "@acme-planner rollback last").await;
        let rolled_back = &t.bot_comments(&trigger)[0];
        assert!(
            !rolled_back.contains("@TheOpenProducerBot"),
            "{rolled_back}"
        );
        let home = format!("http://{}/", t.address());
        let home = reqwest::get(home).await.unwrap().text().await.unwrap();
        assert!(home.contains("@acme-planner confirm"), "{home}");
    })
    .await;
}

#[tokio::test]
async fn every_run_has_one_comment_that_is_edited() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot drop 3").await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        t.bot_comment(&trigger);
        let posts = t.sent(
            &Method::POST,
            "/repos/{owner}/{repo}/issues/{number}/comments",
        );
        assert_eq!(posts, 1);

        t.says(&trigger, &dry("- Add a basket\n")).await;
        assert_eq!(t.bot_comments(&trigger).len(), 2);
        assert_eq!(t.runs(&trigger).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_delivery_that_comes_twice_starts_one_run() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let opened = t.sim.deliveries();
        let opened = opened.iter().rev().find(|d| d.event == "issues");
        t.sim.redeliver(&opened.expect("a delivery").guid);
        t.quiet().await;
        t.send_copy_of(
            &opened.expect("a delivery").payload,
            "issues",
            "another-guid",
        )
        .await;
        t.quiet().await;
        completes(t, &trigger).await;
        assert_eq!(t.runs(&trigger).await.len(), 1);
        t.bot_comment(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_comes_under_two_names_acts_once() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        for words in [
            "@TheOpenProducerBot help",
            "@TheOpenProducerBot status",
            "@TheOpenProducerBot drop 3",
        ] {
            t.says(&trigger, words).await;
            t.send_copy("issue_comment", &format!("copy-of-{}", words.len()))
                .await;
            t.quiet().await;
        }
        assert_eq!(t.bot_comments(&trigger).len(), 3, "run, help, status");

        t.says(&trigger, &asked("- Add a basket\n")).await;
        t.send_copy("issue_comment", "copy-of-request").await;
        t.quiet().await;
        assert_eq!(t.runs(&trigger).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_edited_issue_starts_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Something to talk about").await;
        t.alice().edits_issue(&trigger, None, Some(&asked(WORK)));
        t.quiet().await;
        assert!(t.created().is_empty());
        assert!(t.bot_comments(&trigger).is_empty());
    })
    .await;
}

#[tokio::test]
async fn pull_requests_bots_and_the_bot_itself_never_trigger() {
    house(async |t| {
        let pull = t.alice().opens_pull_request(SHOP, "Accounts", &asked(WORK));
        t.alice().comments_on_pull_request(&pull, &asked(WORK));
        t.quiet().await;
        let robot = t.sim.add_bot("ci-bot[bot]");
        robot.opens_issue(SHOP, "Accounts", &asked(WORK));
        t.quiet().await;
        let own = t.sim.user("theopenproducerbot[bot]");
        let issue = own.opens_issue(SHOP, "Accounts", &asked(WORK));
        own.comments(&issue, &asked(WORK));
        t.quiet().await;
        assert_eq!(t.shop().issues().len(), 3);
        let everywhere = t.sent(&Method::POST, "/repos/{owner}/{repo}/{*}");
        assert_eq!(everywhere, 0);
    })
    .await;
}

#[tokio::test]
async fn a_mention_in_code_a_quote_or_a_comment_is_no_trigger() {
    house(async |t| {
        for body in [
            "Write `@TheOpenProducerBot` to ask",
            "```\n@TheOpenProducerBot\n```",
            "> @TheOpenProducerBot\n",
            "<!-- @TheOpenProducerBot -->",
            "Ask @TheOpenProducerBotX",
            "mail me@TheOpenProducerBot.example",
        ] {
            let issue = t.opens("Accounts", body).await;
            t.says(&issue, body).await;
            assert!(t.bot_comments(&issue).is_empty(), "{body}");
            assert!(t.shop().reactions(issue.number).is_empty(), "{body}");
        }
        assert!(t.created().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_stranger_gets_one_confused_face_and_nothing_else() {
    house(async |t| {
        for login in ["stranger", "rita"] {
            let person = t.sim.user(login);
            let issue = person.opens_issue(SHOP, "Accounts", &asked(WORK));
            t.quiet().await;
            t.send_copy("issues", &format!("copy-{login}")).await;
            t.quiet().await;
            let faces = t.shop().reactions(issue.number);
            assert_eq!(faces.len(), 1, "{login} {faces:?}");
            assert_eq!(faces[0].content, "confused");
            let comment = person.comments(&issue, "@TheOpenProducerBot help");
            let wrong = person.comments(&issue, "@TheOpenProducerBot\ncount: lots\n\nBuild it");
            t.quiet().await;
            assert_eq!(t.reactions(&comment), ["confused"]);
            assert_eq!(t.reactions(&wrong), ["confused"]);
            assert!(t.bot_comments(&issue).is_empty());
        }
        assert!(t.created().is_empty());
        let runs: i64 = sqlx::query_scalar("select count(*) from runs")
            .fetch_one(t.pool())
            .await
            .unwrap();
        assert_eq!(runs, 0);
    })
    .await;
}
