//! Each rule decides something, and says so by its name.

use std::collections::BTreeSet;

use crate::domain::structure::{Decision, RULES, Wishes, explain, plan};

fn wishes(count: Option<u32>, components: &[&str]) -> Wishes {
    Wishes {
        count,
        components: components.iter().map(|c| (*c).to_owned()).collect(),
        maximum: 100,
        ..Wishes::default()
    }
}

fn decisions(text: &str, wishes: &Wishes) -> Vec<Decision> {
    explain("Shop", text, wishes).1
}

/// A text that the rule decides something in, and what was wished.
type Example = (
    &'static str,
    &'static str,
    Option<u32>,
    &'static [&'static str],
);

/// Nine sections with five short items each.
const FORTY: &str = include_str!("../../../../tests/documents/release-checklist.md");

#[rustfmt::skip] // an example to a line
const EXAMPLES: &[Example] = &[
    ("count", "- Build the login form", None, &[]),
    ("list-item", "## Work\n\n- Build the login form\n- Add sessions", None, &[]),
    ("what-to-build", "## Work\n\n- Build the login form\n- Add sessions", None, &[]),
    ("item-with-parts", "## Tasks\n\n- Accounts\n  - [ ] Create the table\n  - [ ] Write the migration\n- Sign in\n  - [ ] Build the form\n  - [ ] Add sessions", None, &[]),
    ("demand", "The shop must show the stock of each product. It is old.\n\nThe shop must send an invoice by email.", None, &[]),
    ("section", "## Requirements\n\n### Search\n\nVisitors find products by name.\n\n### Basket\n\nVisitors collect products.", None, &[]),
    ("section-group", "## Phase 1: Storage\n\n- Create the accounts table\n- Write the migration\n\n## Phase 2: Sign in\n\n- Build the login form\n- Add sessions", None, &[]),
    ("heading-of-issues", "## Phase 1: Storage\n\n- Create the accounts table\n- Write the migration", None, &[]),
    ("phases", "## Phase 1: Storage\n\n- Create the accounts table\n- Write the migration\n\n## Phase 2: Sign in\n\n- Build the login form\n- Add sessions", None, &[]),
    ("table-row", "## Tasks\n\n| Task | Owner |\n|---|---|\n| Build the form | Ann |\n| Add sessions | Bob |", None, &[]),
    ("criterion", "## Work\n\n- Build the login form\n  - It shows an error for a wrong password\n- Add sessions", None, &[]),
    ("criteria-alone", "## Work\n\n- Build the login form\n- Add sessions\n\n## Acceptance criteria\n\n- All pages load in a second\n- Every page has a title", None, &[]),
    ("whole-request", "## Background\n\nThe shop is old and slow.", None, &[]),
    ("component", "Add a login form.", None, &["api", "web"]),
    ("merged", "- Build the login form\n- Add sessions\n- Write the guide", Some(1), &[]),
    ("split", "## Work\n\n- Build the login form\n  - Show an error for a wrong password\n  - Lock the account after five errors", Some(3), &[]),
    ("one-design", "## Detailed design\n\nThe parser reads `let` and `else`.\n\n## Requirements\n\n- Add a lint\n\n## Implementation\n\nThe compiler lowers it to a match.", None, &[]),
    ("taken-along", "## Work\n\n- Build the login form\n  - It shows an error:\n    - in red letters\n- Add sessions\n\n## Dependencies\n\n- Sessions depends on the login form", None, &[]),
    ("said-to-wait", "- Build the login form\n- Add sessions after the login form", None, &[]),
    ("dependency-section", "## Work\n\n- Build the login form\n- Add sessions\n\n## Dependencies\n\n- Sessions depends on the login form", None, &[]),
    ("ordered-list", "## Steps\n\n1. Create the table\n2. Write the migration\n3. Drop the old table", None, &[]),
    ("carried-over", "## Steps\n\n1. Create the table\n2. Write the migration\n3. Drop the old table\n4. Announce it", Some(2), &[]),
    ("folded", FORTY, None, &[]),
    ("written-twice", "## Work\n\n- Add a basket\n- Print the invoice\n- Add a basket", None, &[]),
    ("decision", "# Queue\n\n## Context\n\nThe queue is slow.\n\n## Decision\n\nWe decided to use PostgreSQL.\n\n## Consequences\n\nOne thing less to run.", None, &[]),
    ("procedure", "## Design\n\nTo compare two states, we do this:\n\n1. Get the old state\n2. Save both in files\n3. Compare the files", None, &[]),
    ("statement-of-design", "## Design\n\nThe basket lives in the session.\n\n- A basket can hold items\n- An item may come twice", None, &[]),
    ("deliverable-of-phase", "## Phase 1: Storage\n\n### Tasks\n\n- Create the table\n- Write the migration\n\n### Deliverables\n\n- A table with an index", None, &[]),
    ("own-requirement", "## Features\n\n### Search\n\n#### Requirements\n\n- By name\n- By place\n\n### Basket\n\n#### Requirements\n\n- Holds ten items\n- Stays a day", None, &[]),
    ("no-action-item", "# Meeting\n\n## Present\n\n- Ann\n- Bob\n\n## Agenda\n\n- The basket\n\n## Basket\n\nAnn finds it slow.", None, &[]),
    ("comparison", "## Work\n\n- Build the login form\n\n## Editions\n\n| Feature | Basic | Plus |\n|---|---|---|\n| Search | ✅ | ✅ |\n| Basket | ❌ | ✅ |", None, &[]),
    ("struck-out", "- Build the login form\n- ~~Add sessions~~", None, &[]),
    ("already-done", "- [ ] Build the login form\n- [x] Add sessions", None, &[]),
    ("document-title", "# Shop\n\n## Work\n\n- Build the login form\n- Add sessions", None, &[]),
    ("document-data", "---\nauthor: Ann\n---\n\n- Build the login form", None, &[]),
    ("footnote", "- Build the login form[^1]\n- Add sessions\n\n[^1]: Seen at a fair.", None, &[]),
    ("reference", "- Build the [login form][1]\n- Add sessions\n\n[1]: https://example.com/form", None, &[]),
    ("comment", "<!-- a note for writers -->\n\n- Build the login form\n- Add sessions", None, &[]),
    ("markup", "<img src=\"a.png\"/>\n\n- Build the login form", None, &[]),
    ("quotation", "> It was always slow, said Bob.\n\n- Build the login form\n- Add sessions", None, &[]),
    ("table-of-contents", "- [Work](#work)\n- [Goals](#goals)\n\n## Work\n\n- Build the login form\n\n## Goals\n\n- Joy", None, &[]),
    ("empty-section", "## Work\n\n- Build the login form\n- Add sessions\n\n## Search", None, &[]),
    ("timeline", "## Work\n\n- Build the login form\n- Add sessions\n\n## Timeline\n\nThe work takes three weeks in spring.", None, &[]),
    ("introduction", "The shop is old and slow.\n\n## Work\n\n- Build the login form\n- Add sessions", None, &[]),
    ("description", "## The shop\n\nThe shop is old and slow.\n\n## Work\n\n- Build the login form\n- Add sessions", None, &[]),
    ("nearest-issue", "# Shorten the queue\n\n## Background\n\nCustomers wait for half an hour.\n\n- ~~A second counter~~\n    - Where the stairs are now", None, &[]),
    ("dependency", "## Work\n\n- Build the login form\n- Add sessions\n\n## Dependencies\n\n- The billing team of the bank", None, &[]),
];

#[test]
fn every_rule_has_an_example_in_which_it_decides() {
    let mut silent = Vec::new();
    for (rule, text, count, components) in EXAMPLES {
        let decisions = decisions(text, &wishes(*count, components));
        if !decisions.iter().any(|d| d.rule == *rule) {
            let rules: BTreeSet<&str> = decisions.iter().map(|d| d.rule).collect();
            silent.push(format!("{rule}: {rules:?}"));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
    let shown: BTreeSet<&str> = EXAMPLES.iter().map(|(rule, ..)| *rule).collect();
    let named: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(shown, named);
}

#[test]
fn a_heading_that_sets_work_aside_is_named_by_its_own_rule() {
    let text =
        "## Work\n\n- Build the login form\n- Add sessions\n\n## Out of scope\n\n- Single sign-on";
    let decisions = decisions(text, &wishes(None, &[]));
    let aside: Vec<&Decision> = decisions.iter().filter(|d| d.rule == "non-goals").collect();
    assert_eq!(aside.len(), 2, "{decisions:#?}");
    assert_eq!(
        aside[1].says,
        "“Out of scope” says that it is no work: out of scope"
    );
}

#[test]
fn every_block_and_every_issue_is_explained_and_the_plan_is_the_same() {
    for (_, text, count, components) in EXAMPLES {
        let wishes = wishes(*count, components);
        let (explained, decisions) = explain("Shop", text, &wishes);
        assert_eq!(explained, plan("Shop", text, &wishes));
        for issue in &explained.issues {
            assert!(
                decisions
                    .iter()
                    .any(|d| d.issue.as_ref() == Some(&issue.id)),
                "{text}"
            );
            let told = decisions
                .iter()
                .filter(|d| d.issue.as_ref() == Some(&issue.id));
            let waits = told.filter(|d| d.waits_for.is_some()).count();
            assert_eq!(waits, issue.blocked_by.len(), "{text}");
        }
        for block in &explained.spec.blocks {
            assert!(
                decisions
                    .iter()
                    .any(|d| d.block.as_ref() == Some(&block.id)),
                "{text}"
            );
        }
        assert!(
            decisions
                .iter()
                .all(|d| !d.rule.is_empty() && !d.says.is_empty()),
            "{decisions:#?}"
        );
    }
}
