//! A waiting plan edited in comments: `split`, `merge`, `title`; what the preview shows then is what is created.

use insta::assert_snapshot;
use openproducer::domain::settings::Operator;
use openproducer::simulator::{IssueRef, Role};
use openproducer::store::audit_events::{self, AuditFilter};
use rstest::rstest;
use serde_json::json;

use super::{PHASES, WORK, WORK_TITLES, asked, dry, long_list};
use crate::harness::house::{House, SHOP, house, house_with};

const WAITS: &str = "running awaiting_confirmation";

/// One that can be divided, one that waits for it, one beside them.
const SHOP_WORK: &str = "\
## Work

- Build the basket page
  - It shows every article with its price
  - It works without scripts
- Add payment after the basket page
- Write the guide for new users
";

/// The preview's lines of the plan.
fn tasks(preview: &str) -> String {
    let tasks = preview
        .lines()
        .filter(|l| l.trim_start().starts_with("- ["));
    tasks.collect::<Vec<_>>().join("\n")
}

/// Title and body of every planned issue that is ticked, by number.
async fn promised(
    t: &crate::harness::house::House,
    trigger: &openproducer::simulator::IssueRef,
) -> Vec<(String, String)> {
    let (_, preview) = t.run_comment(trigger);
    let mut issues = t.plan(trigger).await.issues;
    issues.retain(|i| preview.contains(&format!("- [x] **{}.**", &i.id[1..])));
    issues.sort_by_key(|i| i.id[1..].parse::<u32>().unwrap());
    issues.into_iter().map(|i| (i.title, i.body)).collect()
}

fn made(t: &crate::harness::house::House) -> Vec<(String, String)> {
    let without_mark = |body: &str| {
        let end = body.rfind("\n\n<!-- openproducer").unwrap_or(body.len());
        format!("{}\n", body[..end].trim_end())
    };
    let made = t.created().into_iter();
    made.map(|i| (i.title, without_mark(&i.body))).collect()
}

#[tokio::test]
async fn an_issue_is_split_and_its_parts_are_created_as_shown() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        assert_snapshot!(tasks(&t.bot_comment(&trigger)), @"
        - [x] **1.** Build the basket page<br><sub>covers lines 6–8 of “Work”</sub>
        - [x] **2.** Add payment after the basket page<br><sub>covers line 9 of “Work” · waits for 1</sub>
        - [x] **3.** Write the guide for new users<br><sub>covers line 10 of “Work”</sub>
        ");
        let comment = t.alice().comments(&trigger, "@TheOpenProducerBot split 1");
        t.quiet().await;
        assert_eq!(t.reactions(&comment), ["eyes"]);
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_snapshot!(tasks(&t.bot_comment(&trigger)), @"
        - [x] **1.** Build the basket page: shows every article with its price<br><sub>covers lines 6–7 of “Work”</sub>
        - [x] **4.** Build the basket page: works without scripts<br><sub>covers lines 6, 8 of “Work”</sub>
        - [x] **2.** Add payment after the basket page<br><sub>covers line 9 of “Work” · waits for 1, 4</sub>
        - [x] **3.** Write the guide for new users<br><sub>covers line 10 of “Work”</sub>
        ");
        let promised = promised(t, &trigger).await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(made(t), promised);
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Shop
        #2 open   Build the basket page: shows every article with its price   [sub-issue of #1]
        #3 open   Add payment after the basket page   [sub-issue of #1] [blocked by #2, #5]
        #4 open   Write the guide for new users   [sub-issue of #1]
        #5 open   Build the basket page: works without scripts   [sub-issue of #1]
        ");
    })
    .await;
}

#[tokio::test]
async fn issues_are_merged_and_the_one_is_created_as_shown() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot merge 3,1").await;
        assert_snapshot!(tasks(&t.bot_comment(&trigger)), @"
        - [x] **2.** Add payment after the basket page<br><sub>covers line 9 of “Work” · waits for 3</sub>
        - [x] **3.** Write the guide for new users<br><sub>covers lines 6–8, 10 of “Work”</sub>
        ");
        let promised = promised(t, &trigger).await;
        assert_snapshot!(promised[1].1, @"
        Write the guide for new users

        **Build the basket page**

        ### Acceptance criteria

        - [ ] Write the guide for new users
        - [ ] It shows every article with its price
        - [ ] It works without scripts

        ### From the spec

        Work, lines 6–10
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(made(t), promised);
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Shop
        #2 open   Add payment after the basket page   [sub-issue of #1] [blocked by #3]
        #3 open   Write the guide for new users   [sub-issue of #1]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_title_is_said_better_and_means_what_it_says() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(WORK)).await;
        t.says(
            &trigger,
            "@TheOpenProducerBot title 3: \"Write the Guide for @alice, see #1\"",
        )
        .await;
        let promised = promised(t, &trigger).await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(made(t), promised);
        assert_eq!(
            t.titles()[2].replace('\u{200b}', "¦"),
            "Write the Guide for @¦alice, see #¦1"
        );
    })
    .await;
}

#[tokio::test]
async fn numbers_stay_and_the_gone_never_come_back() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        for words in [
            "drop 2",
            "merge 1,3",
            "split 1",
            "split 1",
            "title 4: Keep the shop fast",
        ] {
            t.says(&trigger, &format!("@TheOpenProducerBot {words}"))
                .await;
        }
        assert_snapshot!(tasks(&t.bot_comments(&trigger)[0]), @"
        - [x] **1.** Build the basket page: shows every article with its price<br><sub>covers lines 6–7 of “Work”</sub>
        - [x] **5.** Build the basket page: works without scripts<br><sub>covers lines 6, 8 of “Work”</sub>
        - [x] **4.** Keep the shop fast<br><sub>covers line 10 of “Work”</sub>
        - [ ] **2.** Add payment after the basket page<br><sub>covers line 9 of “Work” · waits for 1, 4, 5</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot drop 3").await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1,4").await;
        assert_snapshot!(t.bot_comments(&trigger)[1..].join("\n----\n"), @"The plan has 4 issues, numbered 1, 2, 4, 5; there is no 3. Nothing was changed.");
        assert_eq!(t.created().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_issue_stays_dropped_whatever_becomes_of_it() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        for words in [
            "drop 1",
            "split 1",
            "title 2: Add payment by card",
            "drop 3",
            "merge 1,3",
        ] {
            t.says(&trigger, &format!("@TheOpenProducerBot {words}"))
                .await;
        }
        assert_snapshot!(tasks(&t.bot_comment(&trigger)), @"
        - [ ] **1.** Build the basket page: shows every article with its price<br><sub>covers lines 6–7, 10 of “Work”</sub>
        - [ ] **4.** Build the basket page: works without scripts<br><sub>covers lines 6, 8 of “Work”</sub>
        - [x] **2.** Add payment by card<br><sub>covers line 9 of “Work” · waits for 1, 4</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), ["Add payment by card"]);
    })
    .await;
}

#[tokio::test]
async fn a_box_that_was_just_unticked_counts_for_an_edit() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(WORK)).await;
        let (comment, body) = t.run_comment(&trigger);
        t.alice()
            .edits_comment(&comment, &body.replace("- [x] **3.**", "- [ ] **3.**"));
        t.alice()
            .comments(&trigger, "@TheOpenProducerBot title 1: Build the form");
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), ["Build the form", WORK_TITLES[1]]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let before = t.plan(&trigger).await;
        for words in [
            "split 2",
            "split 9",
            "split two",
            "merge 2",
            "merge 1,2,7",
            "title 3:",
            "title 3: Build the login form",
            "title 2: …",
        ] {
            t.says(&trigger, &format!("@TheOpenProducerBot {words}"))
                .await;
        }
        assert_eq!(t.plan(&trigger).await, before);
        assert_snapshot!(t.bot_comments(&trigger)[1..].join("\n----\n"), @"
        2 cannot be divided: by its structure it is one thing, without a list, criteria or sentences that ask for several. Write its parts as a list in the specification and `replan`, or say it better with `title 2: …`. Nothing was changed.
        ----
        The plan has 3 issues, numbered 1 to 3; there is no 9. Nothing was changed.
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: split takes the number of an item, for example `split 3`, got `two`; to have a text planned, begin its line with `/spawn-issues`  
          `@TheOpenProducerBot split two`
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: merge takes the numbers of two or more items, for example `merge 2,4`: the first stays, got `2`  
          `@TheOpenProducerBot merge 2`
        ----
        The plan has 3 issues, numbered 1 to 3; there is no 7. Nothing was changed.
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: the new title is missing: write `title 3: Add the login form`  
          `@TheOpenProducerBot title 3:`
        ----
        1 has the title “Build the login form” already, and titles differ. Nothing was changed.
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: the new title is missing: write `title 2: Add the login form`  
          `@TheOpenProducerBot title 2: …`
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_circle_is_refused() {
    house(async |t| {
        let text = "## Work\n\n- Build the importer\n- Build the exporter (depends on the importer)\n- Build the archive (depends on the exporter)\n";
        let trigger = t.opens("Accounts", &dry(text)).await;
        assert_eq!(t.plan(&trigger).await.issues[2].blocked_by, ["i2"]);
        t.says(&trigger, "@TheOpenProducerBot merge 1,3").await;
        assert_snapshot!(t.bot_comments(&trigger)[1], @"1 and 3 cannot be one issue: 2 waits for a part of it, and a part of it waits for 2. Nothing was changed.");
    })
    .await;
}

#[rstest]
#[case("split 1")]
#[case("merge 1,2")]
#[case("title 1: Mine")]
#[tokio::test]
async fn strangers_and_readers_edit_nothing(#[case] command: &str) {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        let before = t.plan(&trigger).await;
        for login in ["stranger", "rita"] {
            let words = format!("@TheOpenProducerBot {command}");
            let comment = t.sim.user(login).comments(&trigger, &words);
            t.quiet().await;
            assert_eq!(t.reactions(&comment), ["confused"], "{login}");
        }
        assert_eq!(t.plan(&trigger).await, before);
        t.bot_comment(&trigger);
    })
    .await;
}

#[rstest]
#[case("split 1", 4)]
#[case("merge 1,3", 2)]
#[case("title 1: Build the basket", 3)]
#[tokio::test]
async fn a_comment_that_comes_twice_edits_once(#[case] command: &str, #[case] issues: usize) {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        t.says(&trigger, &format!("@TheOpenProducerBot {command}"))
            .await;
        let once = t.plan(&trigger).await;
        assert_eq!(once.issues.len(), issues);
        t.send_copy("issue_comment", "7e8a2f9c-0000-4000-8000-000000000001")
            .await;
        t.quiet().await;
        assert_eq!(t.plan(&trigger).await, once);
        let filter = AuditFilter::default();
        let installation = t.run(&trigger).await.installation;
        let all = audit_events::list_before(t.pool(), installation, &filter, i64::MAX, 50)
            .await
            .unwrap();
        let name = command.split(' ').next().unwrap();
        assert_eq!(all.iter().filter(|e| e.action == name).count(), 1);
        t.bot_comment(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_confirm_races_an_edit_and_only_what_was_seen_is_created() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        let shown = promised(t, &trigger).await;
        t.alice().comments(&trigger, "@TheOpenProducerBot split 1");
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        let state = t.state(&trigger).await;
        if state == WAITS {
            // The edit came first: the plan of the confirm was not the stored one any more.
            assert!(t.created().is_empty());
            assert!(t.bot_comments(&trigger)[1].contains("has just changed"));
            assert_eq!(t.plan(&trigger).await.issues.len(), 4);
        } else {
            // The confirm came first, or after the new preview: one of the two plans, whole.
            assert_eq!(state, "completed");
            let made = made(t);
            assert!(
                made == shown || made == promised_now(t, &trigger).await,
                "{made:#?}"
            );
        }
    })
    .await;
}

async fn promised_now(
    t: &crate::harness::house::House,
    trigger: &openproducer::simulator::IssueRef,
) -> Vec<(String, String)> {
    let mut issues = t.plan(trigger).await.issues;
    issues.sort_by_key(|i| i.id[1..].parse::<u32>().unwrap());
    issues.into_iter().map(|i| (i.title, i.body)).collect()
}

#[tokio::test]
async fn an_edit_after_confirm_is_too_late() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        for words in ["split 1", "merge 1,2", "title 1: Mine"] {
            t.says(&trigger, &format!("@TheOpenProducerBot {words}"))
                .await;
        }
        assert_eq!(t.titles(), WORK_TITLES);
        assert_snapshot!(t.bot_comments(&trigger)[1..].join("\n----\n"), @"
        `RUN` is already completed; a plan can be changed only while its preview waits.
        ----
        `RUN` is already completed; a plan can be changed only while its preview waits.
        ----
        `RUN` is already completed; a plan can be changed only while its preview waits.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_new_plan_says_that_the_edits_are_gone() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot split 1").await;
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("what was split, merged or titled in the one before is gone"),
            "{preview}"
        );
        assert_eq!(t.plan(&trigger).await.issues.len(), 3);
        // Its numbers begin anew.
        t.says(&trigger, "@TheOpenProducerBot split 1").await;
        assert!(tasks(&t.bot_comment(&trigger)).contains("**4.**"));
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        assert!(!t.bot_comment(&trigger).contains("is gone"));
    })
    .await;
}

#[tokio::test]
async fn the_maximum_holds_after_an_edit() {
    house(async |t| {
        t.set_settings(json!({ "max_issues": 3 })).await;
        let trigger = t.opens("Shop", &dry(SHOP_WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot split 1").await;
        assert_snapshot!(t.bot_comments(&trigger)[1], @"That would be too many: 4 issues are planned, and at most 3 may be created in one run. Nothing was changed.");
        t.says(&trigger, "@TheOpenProducerBot merge 2,3").await;
        t.says(&trigger, "@TheOpenProducerBot split 1").await;
        assert_eq!(t.plan(&trigger).await.issues.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_prohibited_word_in_a_title_is_a_reason_to_look() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(WORK)).await;
        t.says(
            &trigger,
            "@TheOpenProducerBot title 1: Spread malware by mail",
        )
        .await;
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("The content filter found “malware” (planned issue 1)"),
            "{preview}"
        );
        t.says(
            &trigger,
            "@TheOpenProducerBot title 1: Build the login form",
        )
        .await;
        assert!(!t.bot_comment(&trigger).contains("malware"));
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_makes_what_exists_is_left_out() {
    house(async |t| {
        let there = t.alice().opens_issue(SHOP, "Print the invoice", "By hand.");
        let body = format!("@TheOpenProducerBot\ndry_run: true\nunique_by: title\n\n{WORK}");
        let trigger = t.opens("Shop", &body).await;
        t.says(&trigger, "@TheOpenProducerBot title 1: Print the invoice!")
            .await;
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.replace('\u{200b}', "").contains(&format!(
                "Item 1 is left out: #{} is the same.",
                there.number
            )),
            "{preview}"
        );
        t.says(&trigger, "@TheOpenProducerBot split 1").await;
        assert!(t.bot_comments(&trigger)[1].contains("is left out already"));
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES[1..]);
    })
    .await;
}

#[tokio::test]
async fn what_a_merged_issue_was_like_is_looked_for_again() {
    house(async |t| {
        t.alice().opens_issue(SHOP, "Login form", "We need one.");
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert!(t.bot_comment(&trigger).contains("- **1.** is like #1"));
        t.says(
            &trigger,
            "@TheOpenProducerBot title 1: Lock accounts after five tries",
        )
        .await;
        let preview = t.bot_comment(&trigger);
        assert!(!preview.contains("is like"), "{preview}");
        assert!(preview.contains("The plan was edited."), "{preview}");
        t.says(&trigger, "@TheOpenProducerBot title 3: Build a login form")
            .await;
        assert!(t.bot_comment(&trigger).contains("- **3.** is like #1"));
    })
    .await;
}

#[tokio::test]
async fn a_group_goes_into_another_and_takes_its_issues_along() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(PHASES)).await;
        t.says(&trigger, "@TheOpenProducerBot merge 4,1").await;
        assert_snapshot!(tasks(&t.bot_comment(&trigger)), @"
        - [x] **4.** Deliver phase 2: sign in<br><sub>groups 5 issues · covers lines 4, 9</sub>
          - [x] **2.** Create the accounts table<br><sub>covers line 6</sub>
          - [x] **3.** Write the migration from the old users<br><sub>covers line 7</sub>
          - [x] **5.** Build the login form<br><sub>covers line 11</sub>
          - [x] **6.** Add sessions<br><sub>covers line 12</sub>
          - [x] **7.** Lock accounts after five wrong passwords<br><sub>covers line 13</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Create the accounts table   [sub-issue of #4]
        #3 open   Write the migration from the old users   [sub-issue of #4]
        #4 open   Deliver phase 2: sign in   [sub-issue of #1]
        #5 open   Build the login form   [sub-issue of #4]
        #6 open   Add sessions   [sub-issue of #4]
        #7 open   Lock accounts after five wrong passwords   [sub-issue of #4]
        ");
    })
    .await;
}

#[tokio::test]
async fn github_s_limit_of_sub_issues_holds_after_an_edit() {
    let generous = Operator {
        max_issues: 1000,
        ..Operator::default()
    };
    house_with(generous, async |t| {
        let spec = format!(
            "{}- Build the till\n  - It opens fast\n  - It prints receipts\n",
            long_list(99)
        );
        let trigger = t.opens("Shop", &dry(&spec)).await;
        let before = t.plan(&trigger).await;
        assert_eq!(before.issues.len(), 100);
        t.says(&trigger, "@TheOpenProducerBot split 100").await;
        assert_eq!(t.plan(&trigger).await, before);
        let said = t.bot_comments(&trigger).pop().unwrap();
        assert_snapshot!(said, @"GitHub keeps at most 100 sub-issues under one issue, and that would be more. Nothing was changed.");
        t.says(&trigger, "@TheOpenProducerBot merge 98,99").await;
        t.says(&trigger, "@TheOpenProducerBot split 100").await;
        assert_eq!(t.plan(&trigger).await.issues.len(), 100);
    })
    .await;
}

/// Makes the third issue of [`WORK`] one that was left out because the first is the same.
async fn third_is_the_first(t: &House) -> IssueRef {
    let trigger = t.opens("Shop", &dry(WORK)).await;
    let run = t.run(&trigger).await.id;
    let done = sqlx::query(
        "update planned_issues set state = 'skipped', note = 'item 1' where run_id = $1 and position = 3",
    )
    .bind(run.as_str())
    .execute(t.pool())
    .await
    .unwrap();
    assert_eq!(done.rows_affected(), 1);
    trigger
}

#[rstest]
#[case("drop 1", "confirm", &[1, 2])]
#[case("drop 1", "confirm 1,2", &[0, 1])]
#[case("drop 2", "confirm", &[0])]
#[case("drop 2", "confirm 2,3", &[1, 2])]
#[case("drop 1,3", "confirm", &[1])]
#[tokio::test]
async fn what_was_left_out_stands_in_for_its_twin(
    #[case] drop: &str,
    #[case] confirm: &str,
    #[case] created: &[usize],
) {
    house(async |t| {
        let trigger = third_is_the_first(t).await;
        t.says(&trigger, &format!("@TheOpenProducerBot {drop}"))
            .await;
        t.says(&trigger, &format!("@TheOpenProducerBot {confirm}"))
            .await;
        let expected: Vec<&str> = created.iter().map(|n| WORK_TITLES[*n]).collect();
        assert_eq!(t.titles(), expected);
        // Whatever was not created is named.
        let summary = t.bot_comment(&trigger);
        for title in WORK_TITLES {
            assert!(summary.contains(title), "{title}: {summary}");
        }
    })
    .await;
}

const SITE: &str = "acme/site";
/// One issue here and one in [`SITE`].
const IN_TWO: &str = "@TheOpenProducerBot\ndry_run: true\nrepositories: acme/shop, acme/site\ncomponents: shop, site\n\n- Build the shop\n- Build the site\n";

#[tokio::test]
async fn an_issue_for_a_renamed_repository_is_edited_and_goes_there() {
    house(async |t| {
        t.sim.add_repository(SITE);
        t.sim.set_role(SITE, "alice", Role::Write);
        t.quiet().await;
        let trigger = t.opens("Both", IN_TWO).await;
        t.sim.rename_repository(SITE, "acme/pages");
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot title 2: Build the pages")
            .await;
        assert_eq!(t.bot_comments(&trigger).len(), 1);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        let there = t.created_in("acme/pages");
        assert_eq!(there.len(), 1);
        assert_eq!(there[0].title, "Build the pages");
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_what_goes_out_of_reach_is_answered() {
    house(async |t| {
        t.sim.add_repository(SITE);
        t.sim.set_role(SITE, "alice", Role::Write);
        t.quiet().await;
        let trigger = t.opens("Both", IN_TWO).await;
        let before = t.plan(&trigger).await;
        t.sim
            .remove_repository_from_installation(t.installation, SITE);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot title 2: Build the pages")
            .await;
        assert_snapshot!(t.bot_comments(&trigger)[1], @"Some of these issues go to another repository, in which you have no role and need the role `write`. Take them out, or ask somebody who has it. Nothing was changed.");
        assert_eq!(t.plan(&trigger).await, before);
    })
    .await;
}

#[tokio::test]
async fn an_edit_is_seen_before_it_is_thought_over() {
    house(async |t| {
        let trigger = t.opens("Shop", &dry(WORK)).await;
        let before = t.sim.requests().len();
        t.says(&trigger, "@TheOpenProducerBot title 1: Build the form")
            .await;
        let requests = t.sim.requests().split_off(before);
        let first = |end: &str| {
            let found = requests.iter().position(|r| r.route.ends_with(end));
            found.unwrap_or_else(|| panic!("no request for {end}"))
        };
        assert!(first("/reactions") < first("/acme/shop/issues"));
    })
    .await;
}
