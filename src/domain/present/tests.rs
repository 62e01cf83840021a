//! What people see of a plan, word for word.

use super::{markdown, mermaid, text};
use crate::domain::coverage;
use crate::domain::plan::Plan;
use crate::domain::structure::{Wishes, plan};

fn sample() -> Plan {
    let spec = "# Labels\n\nPeople lose track.\n\n## Phase 1: Store\n\n- [ ] Add the table\n- [ ] Add the `labels` API\n\n## Phase 2: Show\n\n- [ ] Show labels in the list (after phase 1)\n- [ ] Filter the list by label\n\n## Non-goals\n\n- Colours\n";
    plan(
        "",
        spec,
        &Wishes {
            components: vec!["api".to_owned()],
            maximum: 100,
            ..Wishes::default()
        },
    )
}

#[test]
fn a_terminal_shows_the_tree_and_the_coverage() {
    insta::assert_snapshot!(text(&sample()), @"
    Plan · 6 issues · planned from the document's structure
    ───────────────────────────────────────────────────────

     1  Deliver phase 1: store
        line 5
         2  Add the table
            line 7
         3  Add the `labels` API
            line 8 · api

     4  Deliver phase 2: show
        line 10 · waits for 1
         5  Show labels in the list
            line 12 · waits for 1
         6  Filter the list by label
            line 13

    Coverage: 6 of 10 blocks are covered by issues; 4 are not work (out of scope 2, document title 1,
      introduction 1); nothing is left over.
    Count: 4 work items in 2 sections and 2 issues that group them; planned from the document's
      structure, no model was used.
    ");
}

#[test]
fn a_drawing_shows_groups_and_order() {
    insta::assert_snapshot!(mermaid(&sample()), @r#"
    flowchart LR
      subgraph ni1["1 Deliver phase 1#58; store"]
        ni2["2 Add the table"]
        ni3["3 Add the #96;labels#96; API"]
      end
      subgraph ni4["4 Deliver phase 2#58; show"]
        ni5["5 Show labels in the list"]
        ni6["6 Filter the list by label"]
      end
      ni1 --> ni4
      ni1 --> ni5
    "#);
}

#[test]
fn a_document_shows_every_body() {
    let document = markdown(&sample());
    assert!(document.starts_with("# Plan\n\n6 issues: "), "{document}");
    assert!(
        document.contains("\n  - **2** Add the table\n"),
        "{document}"
    );
    assert!(
        document.contains("\n## 6. Filter the list by label\n\n*part of 4 · line 13*\n"),
        "{document}"
    );
    assert!(document.ends_with("nothing is left over.\n"), "{document}");
}

#[test]
fn hostile_titles_cannot_leave_their_label() {
    let mut plan = sample();
    plan.issues[1].title =
        "end\"] --> x; <b>#quot; click n1 \"javascript:\" %%{init}%% [[(`|`)]] \n subgraph"
            .to_owned();
    plan.issues[1].id = "i2\"]".to_owned();
    plan.issues[2].parent = Some("i2\"]".to_owned());
    for line in mermaid(&plan).lines().skip(1) {
        let quotes = line.matches('"').count();
        assert!(quotes == 0 || quotes == 2, "{line}");
        let label = line.split('"').nth(1).unwrap_or_default();
        assert!(
            !label.contains(['<', '>', '[', ']', '`', '{', '}', '|', '%', '"']),
            "{line}"
        );
    }
}

#[test]
fn a_drawing_of_a_thousand_issues_is_short_enough_and_closed() {
    let spec: String = (0..250).map(|n| format!("## Phase {n}: \"part\" <{n}>\n\n- [ ] Add the `first` thing {n} to all of the stores\n- [ ] Add the second thing {n} & more\n- [ ] Remove thing {n}\n\n")).collect::<Vec<_>>().concat();
    let plan = plan(
        "",
        &spec,
        &Wishes {
            // Asked for, or they would be folded.
            count: Some(1_000),
            maximum: 5_000,
            ..Wishes::default()
        },
    );
    assert_eq!(plan.issues.len(), 1_000);
    let drawn = mermaid(&plan);
    assert!(drawn.len() < 50_000, "{}", drawn.len());
    assert_eq!(
        drawn.matches("subgraph ").count(),
        drawn.matches("end\n").count()
    );
    assert!(drawn.contains("more issues"), "{drawn}");
    assert!(text(&plan).lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn an_empty_plan_is_shown_too() {
    let plan = plan("", "", &Wishes::default());
    assert!(text(&plan).contains("0 issues"));
    assert_eq!(mermaid(&plan), "flowchart LR\n");
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
}

#[test]
fn every_broken_rule_of_a_plan_is_named() {
    let mut plan = sample();
    plan.issues[0].title = "x".repeat(81);
    plan.issues[1].parent = Some("i99".to_owned());
    plan.issues[2].blocked_by = vec!["i3".to_owned()];
    plan.issues[3].covers.push("b99".to_owned());
    plan.coverage.pop();
    insta::assert_snapshot!(coverage::check(&plan).join("\n"), @r"
    the title of i1 has 81 characters, at most 80 are allowed
    the parent i99 of i2 does not exist
    i4 covers b99, which does not exist
    the coverage leaves out b10
    i3 waits for itself by a circle
    ");
}
