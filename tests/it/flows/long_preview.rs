//! A plan that one comment does not hold: further comments, each with boxes that count, kept up to date, exactly once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Method;
use insta::assert_snapshot;
use openproducer::domain::comment::{COMMENT_MAX, ticked};
use openproducer::domain::settings::Operator;
use openproducer::simulator::{CommentRef, Effect, Fault, IssueRef};

use super::dry;
use crate::harness::house::{House, house_with};
use crate::harness::sight::COMMENTS;

const WAITS: &str = "running awaiting_confirmation";
const COMMENT: &str = "/repos/{owner}/{repo}/issues/comments/{number}";

/// So many things to do with long names, two in a section of each.
fn long_spec(items: usize) -> String {
    let mut spec = String::new();
    for n in 0..items {
        if n % 50 == 0 {
            let _ = writeln!(
                spec,
                "\n## Part {}\n",
                [
                    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"
                ][n / 50 % 8]
            );
        }
        let _ = writeln!(
            spec,
            "- Build screen {n} of the counter for returned articles and vouchers of customers"
        );
    }
    spec
}

fn generous() -> Operator {
    Operator {
        max_issues: 1000,
        ..Operator::default()
    }
}

/// The bot's comments that carry boxes, in their order.
fn parts(t: &House, trigger: &IssueRef) -> Vec<(CommentRef, String)> {
    let comments = t.shop().comments(trigger.number).into_iter();
    comments
        .filter(|c| c.author == "theopenproducerbot[bot]" && c.body.contains(" comment"))
        .map(|c| (c.reference, c.body))
        .collect()
}

fn body(items: usize) -> String {
    dry(&long_spec(items))
}

fn boxes(parts: &[(CommentRef, String)]) -> BTreeMap<u32, bool> {
    let mut all = BTreeMap::new();
    for (_, text) in parts {
        assert!(text.chars().count() <= COMMENT_MAX);
        for (item, is_ticked) in ticked(text) {
            assert_eq!(all.insert(item, is_ticked), None, "{item} stands twice");
        }
    }
    all
}

#[tokio::test]
async fn every_issue_stands_in_one_part_and_an_untick_in_the_second_counts() {
    house_with(generous(), async |t| {
        let trigger = t.opens("Shop", &body(500)).await;
        let planned = t.plan(&trigger).await.issues.len();
        let shown = parts(t, &trigger);
        assert!(shown.len() > 1, "one comment holds all of {planned}");
        assert_eq!(boxes(&shown).len(), planned);
        // Each names the other.
        let (first, second) = (&shown[0], &shown[1]);
        let anchor = |c: &CommentRef| format!("#issuecomment-{}", c.id);
        assert!(first.1.contains(&anchor(&second.0)), "{}", &first.1[..3000]);
        assert!(second.1.contains(&anchor(&first.0)));

        let (item, _) = ticked(&second.1).into_iter().next().unwrap();
        let unticked = second
            .1
            .replace(&format!("- [x] **{item}.**"), &format!("- [ ] **{item}.**"));
        let edits = t.sent(&Method::PATCH, COMMENT);
        t.alice().edits_comment(&second.0, &unticked);
        t.quiet().await;
        let now = parts(t, &trigger);
        assert!(!boxes(&now)[&item]);
        assert!(now[0].1.contains(&format!("{} selected", planned - 1)));
        // Theirs and the first: what did not change is not edited.
        assert!(t.sent(&Method::PATCH, COMMENT) - edits <= 2);

        t.alice()
            .comments(&trigger, &format!("@TheOpenProducerBot confirm {item},1"));
        t.quiet().await;
        assert_eq!(t.created().len(), 2);
        let over = parts(t, &trigger);
        assert!(over[0].1.contains("2 issues created"), "{}", over[0].1);
        for (_, text) in &over[1..] {
            assert_eq!(text.lines().count(), 2);
            assert!(text.contains(&anchor(&over[0].0)) && ticked(text).is_empty());
        }
        assert_eq!(t.sent(&Method::POST, COMMENTS), shown.len());
    })
    .await;
}

#[tokio::test]
async fn parts_that_are_not_needed_any_more_say_so_and_come_back() {
    house_with(generous(), async |t| {
        let trigger = t.opens("Shop", &body(500)).await;
        let many = parts(t, &trigger).len();
        assert!(many > 1);
        let short = dry("- Build the login form\n- Add a search page\n");
        t.alice().edits_issue(&trigger, None, Some(&short));
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        let now = parts(t, &trigger);
        assert_eq!((now.len(), boxes(&now).len()), (many, 2));
        let line = now[1].1.lines().nth(1).unwrap();
        let line = line.replace(&t.sim.web_url(), "https://github.test");
        assert_snapshot!(line.replace(&now[0].0.id.to_string(), "ID"), @"This part of the preview is not needed any more. [The run's comment](https://github.test/acme/shop/issues/1#issuecomment-ID) has everything.");
        t.alice().edits_issue(&trigger, None, Some(&body(500)));
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        let again = parts(t, &trigger);
        assert_eq!(again.len(), many, "the parts that stood are used again");
        assert_eq!(boxes(&again).len(), t.plan(&trigger).await.issues.len());
    })
    .await;
}

#[tokio::test]
async fn a_part_whose_answer_was_lost_is_found_and_not_posted_twice() {
    house_with(generous(), async |t| {
        t.sim.faults().schedule(
            Fault::on(Method::POST, COMMENTS)
                .nth(2)
                .then(Effect::DropAfter),
        );
        let trigger = t.opens("Shop", &body(500)).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let shown = parts(t, &trigger);
        assert_eq!(boxes(&shown).len(), t.plan(&trigger).await.issues.len());
        assert_eq!(t.sent(&Method::POST, COMMENTS), shown.len());
    })
    .await;
}
