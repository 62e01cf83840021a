//! The native graph: what GitHub takes and what it does not, on new servers and on old ones.

use http::Method;
use insta::assert_snapshot;
use openproducer::domain::settings::Operator;
use openproducer::simulator::IssueRef;

use super::{PHASES, WORK, asked, dry, long_list};
use crate::harness::house::{House, SHOP, house, house_with};
use crate::harness::sight::ISSUES;

const SUB_ISSUES: &str = "/repos/{owner}/{repo}/issues/{number}/sub_issues";
const BLOCKED_BY: &str = "/repos/{owner}/{repo}/issues/{number}/dependencies/blocked_by";
const ISSUE: &str = "/repos/{owner}/{repo}/issues/{number}";
const PARENT: &str = "/repos/{owner}/{repo}/issues/{number}/parent";

/// Gives an issue sub-issues that are of no concern to anybody.
fn fill(t: &House, parent: &IssueRef, number: usize) {
    for n in 0..number {
        let child = t.alice().opens_issue(SHOP, &format!("Other {n}"), "");
        t.alice().links_sub_issue(parent, &child);
    }
}

/// Alice opens an issue with sub-issues of its own and then asks in a comment.
async fn asks_under(t: &House, sub_issues: usize, text: &str) -> IssueRef {
    let trigger = t.alice().opens_issue(SHOP, "Accounts", "To be planned");
    fill(t, &trigger, sub_issues);
    t.says(&trigger, text).await;
    trigger
}

/// How many sub-issues each of the bot's issues has, of those that have some.
fn widths(t: &House) -> Vec<(String, usize)> {
    let created = t.created().into_iter().filter(|i| !i.sub_issues.is_empty());
    created.map(|i| (i.title, i.sub_issues.len())).collect()
}

fn text_of(body: &str) -> &str {
    body.rsplit_once("\n\n<!--").map_or(body, |(text, _)| text)
}

#[tokio::test]
async fn a_run_that_fits_is_asked_about_once_and_not_grouped() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), 3);
        assert_eq!(t.sent(&Method::GET, PARENT), 0);
        assert_eq!(t.sent(&Method::GET, SUB_ISSUES), 0);
        assert_eq!(t.sent(&Method::GET, BLOCKED_BY), 0);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_under_the_trigger_is_grouped_in_the_preview_and_created_so() {
    house(async |t| {
        let trigger = asks_under(t, 97, &dry(&long_list(6))).await;
        let preview = t.bot_comment(&trigger);
        assert!(preview.contains("and this one has 97 already"), "{preview}");
        assert!(preview.contains("<sub>groups 6 issues"), "{preview}");
        let planned: Vec<String> = t
            .plan(&trigger)
            .await
            .issues
            .into_iter()
            .map(|i| i.title)
            .collect();
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), planned);
        let under = t.shop().issue(trigger.number).sub_issues;
        assert!(under.len() <= 100, "{}", under.len());
        for issue in t.created() {
            assert!(issue.parent.is_some(), "{} hangs nowhere", issue.title);
        }
        assert!(!widths(t).is_empty());
        let said = t.bot_comment(&trigger);
        assert!(!said.contains("could not be linked"), "{said}");

        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), 97);
        assert!(t.created().iter().all(|i| !i.open && i.parent.is_none()));
    })
    .await;
}

#[tokio::test]
async fn a_request_of_exactly_the_maximum_is_grouped_and_does_not_fail() {
    house_with(
        Operator {
            max_issues: 30,
            ..Operator::default()
        },
        async |t| {
            let trigger = asks_under(t, 95, &asked(&long_list(30))).await;
            assert_eq!(
                t.state(&trigger).await,
                "completed",
                "{}",
                t.bot_comment(&trigger)
            );
            let groups = widths(t);
            assert_eq!(t.created().len(), 30 + groups.len());
            assert_eq!(groups.iter().map(|(_, n)| n).sum::<usize>(), 30);
            assert_eq!(
                t.shop().issue(trigger.number).sub_issues.len(),
                95 + groups.len()
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_hundred_and_fifty_issues_hang_under_groups() {
    house_with(
        Operator {
            max_issues: 200,
            confirmation_threshold: 500,
            ..Operator::default()
        },
        async |t| {
            let items: Vec<String> = (0..150)
                .map(|n| format!("- Build the page number {n}"))
                .collect();
            let items = items.join("\n");
            let trigger = t
                .opens("Pages", &asked(&format!("## Pages\n\n{items}")))
                .await;
            assert_eq!(t.state(&trigger).await, "completed");
            let created = t.created();
            let pages = created.iter().filter(|i| i.title.contains("page number"));
            assert_eq!(pages.clone().count(), 150);
            assert!(pages.clone().all(|i| i.parent.is_some()));
            assert!(widths(t).iter().all(|(_, n)| *n <= 100), "{:?}", widths(t));
            assert!(t.shop().issue(trigger.number).sub_issues.len() <= 100);
            let said = t.bot_comment(&trigger);
            assert!(!said.contains("could not be linked"), "{said}");
            // No preview has told of the groups.
            assert!(said.contains("added that group the others."), "{said}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_full_trigger_is_told_before_and_named_after() {
    house(async |t| {
        let trigger = asks_under(t, 100, &dry(WORK)).await;
        let preview = t.bot_comment(&trigger);
        assert!(preview.contains("it has 100 sub-issues already"), "{preview}");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        let said = t.bot_comment(&trigger);
        assert!(
            said.contains("- #102, #103, #104: could not be linked: its parent has 100 sub-issues already, the most that GitHub allows\n"),
            "{said}"
        );
        assert_eq!(t.created().len(), 3);
        assert_eq!(t.sent(&Method::POST, SUB_ISSUES), 1, "the others would be refused as well");
    })
    .await;
}

#[tokio::test]
async fn when_the_room_has_shrunk_meanwhile_it_is_named_what_stands_outside() {
    house(async |t| {
        let trigger = asks_under(t, 97, &dry(WORK)).await;
        assert!(widths(t).is_empty());
        fill(t, &trigger, 2);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.state(&trigger).await, "completed");
        let numbers: Vec<u64> = t.created().iter().map(|i| i.number).collect();
        assert_eq!(numbers.len(), 3);
        let said = t.bot_comment(&trigger);
        let named = format!("#{}, #{}", numbers[1], numbers[2]);
        assert!(
            said.contains(&format!("{named}: could not be linked")),
            "{said}"
        );
    })
    .await;
}

#[tokio::test]
async fn levels_above_the_trigger_are_counted_and_what_is_too_deep_moves_up() {
    house(async |t| {
        let mut above: Option<IssueRef> = None;
        for n in 0..6 {
            let next = t.alice().opens_issue(SHOP, &format!("Level {n}"), "");
            if let Some(above) = &above {
                t.alice().links_sub_issue(above, &next);
            }
            above = Some(next);
        }
        let trigger = t.alice().opens_issue(SHOP, "Accounts", "To be planned");
        t.alice().links_sub_issue(&above.unwrap(), &trigger);
        t.says(&trigger, &asked(PHASES)).await;
        assert_eq!(t.state(&trigger).await, "completed");
        let said = t.bot_comment(&trigger);
        assert!(!said.contains("could not be linked"), "{said}");
        for issue in t.created() {
            let parent = issue.parent.map(|p| p.number);
            assert_eq!(parent, Some(trigger.number), "{}", issue.title);
        }
    })
    .await;
}

#[tokio::test]
async fn what_hangs_on_a_dropped_group_goes_to_the_next_one_above() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(PHASES)).await;
        t.says(&trigger, "@TheOpenProducerBot drop 1").await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        let created = t.created();
        assert_eq!(created.len(), 6);
        assert_eq!(
            created[0].parent.as_ref().map(|p| p.number),
            Some(trigger.number)
        );
    })
    .await;
}

#[tokio::test]
async fn what_exists_already_is_waited_for_all_the_same() {
    house(async |t| {
        t.opens("Accounts", &asked("## Work\n\n- Build the login form\n"))
            .await;
        t.opens("More", &asked(WORK)).await;
        let created = t.created();
        assert_eq!(created.len(), 3, "the login form is skipped");
        let sessions = created
            .iter()
            .find(|i| i.title.starts_with("Add sessions"))
            .unwrap();
        let first: Vec<u64> = sessions.blocked_by.iter().map(|i| i.number).collect();
        assert_eq!(first, [created[0].number]);
    })
    .await;
}

#[tokio::test]
async fn planning_waits_for_github_and_goes_on() {
    house(async |t| {
        let trigger = t.alice().opens_issue(SHOP, "Accounts", "To be planned");
        t.quiet().await;
        t.sim.faults().schedule(
            openproducer::simulator::Fault::on(Method::GET, ISSUE)
                .then(openproducer::simulator::Effect::status(502, "Bad Gateway")),
        );
        t.says(&trigger, &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn an_old_server_gets_task_lists_in_place_of_links() {
    house(async |t| {
        t.sim.forget_sub_issues();
        t.sim.forget_dependencies();
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        assert_eq!(t.state(&trigger).await, "completed");
        let created = t.created();
        assert_snapshot!(text_of(&created[0].body), @"
        Deliver phase 1: storage.

        ### Acceptance criteria

        - [ ] All sub-issues are done

        ### From the spec

        Phase 1: Storage, line 3

        ### Sub-issues

        - [ ] #3
        - [ ] #4
        ");
        assert_snapshot!(text_of(&created[3].body), @"
        Deliver phase 2: sign in.

        ### Acceptance criteria

        - [ ] All sub-issues are done

        ### From the spec

        Phase 2: Sign in, line 8

        ### Sub-issues

        - [ ] #6
        - [ ] #7
        - [ ] #8

        ### Waits for

        - [ ] #2
        ");
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ✅ 7 issues created

        - [ ] #2 · Deliver phase 1: storage
          - [ ] #3 · Create the accounts table
          - [ ] #4 · Write the migration from the old users
        - [ ] #5 · Deliver phase 2: sign in
          - [ ] #6 · Build the login form
          - [ ] #7 · Add sessions
          - [ ] #8 · Lock accounts after five wrong passwords

        **Not exactly as asked**
        - This GitHub server knows neither sub-issues nor dependencies: they stand as task lists here and in the issues.

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        // Two parents are edited once each; nothing native is tried.
        assert_eq!(t.sent(&Method::PATCH, ISSUE), 2);
        assert_eq!(
            t.sent(&Method::POST, SUB_ISSUES) + t.sent(&Method::POST, BLOCKED_BY),
            0
        );
        assert_eq!(t.sent(&Method::POST, ISSUES), 7);

        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(
            t.shop().open_issues(),
            [trigger.number],
            "our own edits are nobody's work"
        );
        let parent = &t.created()[0].body;
        assert!(parent.contains("- [x] #3\n"), "GitHub ticks boxes: {parent}");
    })
    .await;
}

#[tokio::test]
async fn a_server_without_dependencies_alone_keeps_sub_issues_native() {
    house(async |t| {
        t.sim.forget_dependencies();
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), 3);
        let created = t.created();
        let waits = format!("### Waits for\n\n- [ ] #{}", created[0].number);
        assert!(
            text_of(&created[1].body).ends_with(&waits),
            "{}",
            created[1].body
        );
        assert_eq!(
            t.sent(&Method::PATCH, ISSUE),
            0,
            "the number was known when it was created"
        );
        let said = t.bot_comment(&trigger);
        assert!(
            said.contains("- This GitHub server knows no dependencies: "),
            "{said}"
        );
        assert!(!said.contains("- [ ]"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_server_without_sub_issues_alone_keeps_dependencies_native() {
    house(async |t| {
        t.sim.forget_sub_issues();
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let created = t.created();
        assert_eq!(created[1].blocked_by.len(), 1);
        assert!(created.iter().all(|i| !i.body.contains("- [ ] #")));
        let said = t.bot_comment(&trigger);
        assert!(
            said.contains("- This GitHub server knows no sub-issues: "),
            "{said}"
        );
        assert!(
            said.contains(&format!(
                "- [ ] #{} · Build the login form",
                created[0].number
            )),
            "{said}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_a_later_issue_is_written_once_that_exists() {
    house(async |t| {
        t.sim.forget_dependencies();
        let work = "## Work\n\n- Build the login form, depends on the invoice page\n- Build the invoice page\n";
        let trigger = t.opens("Accounts", &dry(work)).await;
        let mut plan = t.plan(&trigger).await;
        plan.issues[0].blocked_by = vec!["i2".to_owned()];
        t.replace_item(&trigger, &plan.issues[0]).await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        let created = t.created();
        let waits = format!("### Waits for\n\n- [ ] #{}", created[1].number);
        assert!(text_of(&created[0].body).ends_with(&waits), "{}", created[0].body);
        assert_eq!(t.sent(&Method::PATCH, ISSUE), 1);
    })
    .await;
}

#[tokio::test]
async fn an_edit_whose_answer_is_lost_is_made_once() {
    house(async |t| {
        t.sim.forget_sub_issues();
        t.sim.forget_dependencies();
        t.sim.faults().schedule(
            openproducer::simulator::Fault::on(Method::PATCH, ISSUE)
                .then(openproducer::simulator::Effect::DropAfter),
        );
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        assert_eq!(t.state(&trigger).await, "completed");
        for parent in [0, 3] {
            let body = &t.created()[parent].body;
            assert_eq!(body.matches("### Sub-issues").count(), 1, "{body}");
        }
        assert_eq!(t.sent(&Method::PATCH, ISSUE), 2);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_hides_its_counts_is_asked_for_what_it_knows() {
    house(async |t| {
        t.sim.hide_link_summaries();
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), 3);
        assert_eq!(t.created()[1].blocked_by.len(), 1);
        let said = t.bot_comment(&trigger);
        assert!(!said.contains("This GitHub server"), "{said}");
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
    })
    .await;
}

#[tokio::test]
async fn what_github_drops_in_silence_is_named_and_is_nobodys_work() {
    house(async |t| {
        t.sim.add_milestone(SHOP, "Version 2");
        t.sim.drop_metadata_of_the_app();
        let options = "labels: backend\nassignees: alice, olivia\nmilestone: Version 2\ntype: Task";
        let trigger = t
            .opens("Accounts", &format!("@TheOpenProducerBot\n{options}\n\n- Build the login form\n"))
            .await;
        let said = t.bot_comment(&trigger);
        assert!(
            said.contains("GitHub left out label `backend`, assignee `alice`, assignee `olivia`, milestone `Version 2`, type `Task`"),
            "{said}"
        );
        assert!(t.created()[0].labels.is_empty());
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_from_an_adopted_issue_is_named_too() {
    house(async |t| {
        t.sim.drop_metadata_of_the_app();
        t.sim.faults().schedule(
            openproducer::simulator::Fault::on(Method::POST, ISSUES)
                .then(openproducer::simulator::Effect::DropAfter),
        );
        let trigger = t
            .opens(
                "Accounts",
                "@TheOpenProducerBot\nlabels: backend\n\n- Build the login form\n",
            )
            .await;
        assert_eq!(t.created().len(), 1);
        let said = t.bot_comment(&trigger);
        assert!(said.contains("GitHub left out label `backend`"), "{said}");
    })
    .await;
}
