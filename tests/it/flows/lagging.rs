//! The preview on GitHub lags behind what is stored, and so do its boxes: nothing that somebody decided is undone by them.

use std::time::{Duration, Instant};

use http::Method;
use openproducer::domain::run::ItemState;
use openproducer::simulator::{Effect, Fault, IssueRef, Role};
use openproducer::store::planned_issues;

use super::{WORK, WORK_TITLES, asked, dry};
use crate::harness::house::{House, SHOP, STUCK, house};

const COMMENT: &str = "/repos/{owner}/{repo}/issues/comments/{comment_id}";
const WAITS: &str = "running awaiting_confirmation";
const SITE: &str = "acme/site";

fn edits_come_late(t: &House) {
    let late = Effect::Delay(Duration::from_secs(4));
    t.sim
        .faults()
        .schedule(Fault::on(Method::PATCH, COMMENT).then(late));
}

async fn dropped(t: &House, trigger: &IssueRef) -> Vec<i32> {
    let run = t.run(trigger).await;
    let items = planned_issues::list(t.pool(), run.key()).await.unwrap();
    let dropped = items.into_iter().filter(|i| i.state == ItemState::Dropped);
    dropped.map(|i| i.position).collect()
}

async fn until_dropped(t: &House, trigger: &IssueRef, numbers: &[i32]) {
    let begun = Instant::now();
    while let dropped = dropped(t, trigger).await
        && dropped != numbers
    {
        assert!(begun.elapsed() < STUCK, "{dropped:?} are dropped");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_confirm_that_comes_before_a_drop_is_shown_does_not_undo_it() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        edits_come_late(t);
        t.alice().comments(&trigger, "@TheOpenProducerBot drop 2");
        until_dropped(t, &trigger, &[2]).await;
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_eq!(dropped(t, &trigger).await, [2]);
        let said = t.bot_comments(&trigger);
        assert!(said[1].contains("has just changed"), "{said:#?}");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), [WORK_TITLES[0], WORK_TITLES[2]]);
    })
    .await;
}

#[tokio::test]
async fn boxes_that_are_unticked_in_a_row_all_stay_so() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        edits_come_late(t);
        let (comment, body) = t.run_comment(&trigger);
        let one = body.replace("- [x] **1.**", "- [ ] **1.**");
        let two = one.replace("- [x] **2.**", "- [ ] **2.**");
        t.alice().edits_comment(&comment, &one);
        // Our edit that shows the first is on its way, and will write over the second.
        until_dropped(t, &trigger, &[1]).await;
        t.alice().edits_comment(&comment, &two);
        t.quiet().await;
        assert_eq!(dropped(t, &trigger).await, [1, 2]);
        let (_, shown) = t.run_comment(&trigger);
        assert!(
            shown.contains("- [ ] **1.**") && shown.contains("- [ ] **2.**"),
            "{shown}"
        );
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), [WORK_TITLES[2]]);
    })
    .await;
}

#[tokio::test]
async fn whoever_confirms_may_write_wherever_issues_go() {
    house(async |t| {
        t.sim.add_repository(SITE);
        t.sim.set_role(SITE, "alice", Role::Write);
        t.sim.add_user("bob");
        t.sim.set_role(SHOP, "bob", Role::Write);
        t.sim.set_role(SITE, "bob", Role::Read);
        t.quiet().await;
        let request = format!(
            "repositories: {SHOP}, {SITE}\ncomponents: shop, site\ndry_run: true\n\n- Build the shop\n- Build the site\n"
        );
        let trigger = t.opens("Both", &asked(&request).replace("\n\nrepo", "\nrepo")).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let bob = t.sim.user("bob");
        for words in ["confirm", "confirm 1-2", "title 2: Something of mine"] {
            bob.comments(&trigger, &format!("@TheOpenProducerBot {words}"));
            t.quiet().await;
            assert_eq!(t.state(&trigger).await, WAITS, "{words}");
            let said = t.bot_comments(&trigger).pop().unwrap();
            assert!(said.contains("you need the role `write`"), "{words}: {said}");
        }
        assert!(t.created_in(SITE).is_empty());
        bob.comments(&trigger, "@TheOpenProducerBot confirm 1");
        t.quiet().await;
        assert_eq!(t.titles(), ["Build the shop"]);
        assert!(t.created_in(SITE).is_empty());
    })
    .await;
}
