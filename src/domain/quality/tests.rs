//! Each check finds what it is for, and keeps silent about a sound plan.

use std::collections::BTreeSet;

use super::{RULES, Report, report};
use crate::domain::plan::Plan;
use crate::domain::structure::{self, Wishes};

fn planned(text: &str) -> Plan {
    let wishes = Wishes {
        maximum: 100,
        ..Wishes::default()
    };
    structure::plan("Shop", text, &wishes)
}

/// A plan of these titles, each with a criterion of its own.
fn of_titles(titles: &[&str]) -> Plan {
    let items: Vec<String> = (0..titles.len())
        .map(|n| format!("- Build the thing{n}\n"))
        .collect();
    let mut plan = planned(&items.concat());
    for (n, (issue, title)) in plan.issues.iter_mut().zip(titles).enumerate() {
        (*title).clone_into(&mut issue.title);
        issue.body = format!("### Acceptance criteria\n\n- [ ] Shop {n} shows stock");
        issue.blocked_by.clear();
    }
    plan
}

fn names(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// What breaks a sound plan, by the rule that finds it.
fn broken() -> Vec<(&'static str, Plan)> {
    let sound = || {
        of_titles(&[
            "Build the login form",
            "Store parcels",
            "Print labels",
            "Send invoices",
            "List couriers",
            "Hash passwords",
            "Count visitors",
        ])
    };
    let with = |change: fn(&mut Plan)| {
        let mut plan = sound();
        change(&mut plan);
        plan
    };
    vec![
        ("uncovered-block", with(|p| p.coverage[0].issues.clear())),
        (
            "title-alone",
            with(|p| "Phase 2".clone_into(&mut p.issues[1].title)),
        ),
        (
            "several-things",
            with(|p| "Add a basket and remove the old one".clone_into(&mut p.issues[1].title)),
        ),
        (
            "too-large",
            with(|p| {
                p.issues[0].body = "- [ ] It has one part more\n".repeat(13);
            }),
        ),
        (
            "too-small",
            with(|p| {
                "Search".clone_into(&mut p.issues[0].title);
                p.issues[0].body.clear();
            }),
        ),
        (
            "no-criteria",
            with(|p| "- [ ] Build the **login form**.".clone_into(&mut p.issues[0].body)),
        ),
        (
            "unverifiable-words",
            with(|p| "- [ ] The form is fast and user-friendly".clone_into(&mut p.issues[0].body)),
        ),
        (
            "doubled-work",
            with(|p| "Add a login form".clone_into(&mut p.issues[3].title)),
        ),
        (
            "waits-for-many",
            with(|p| {
                let ids = p.issues[..6].iter().map(|i| i.id.clone()).collect();
                p.issues[6].blocked_by = ids;
            }),
        ),
        (
            "one-chain",
            with(|p| {
                for n in 1..p.issues.len() {
                    let before = p.issues[n - 1].id.clone();
                    p.issues[n].blocked_by = vec![before];
                }
            }),
        ),
        (
            "broken-plan",
            with(|p| {
                let own = p.issues[0].id.clone();
                p.issues[0].blocked_by = vec![own];
            }),
        ),
    ]
}

#[test]
fn every_rule_finds_what_it_is_for() {
    let mut seen = BTreeSet::new();
    for (rule, plan) in broken() {
        let found = names(&report(&plan));
        assert!(found.contains(rule), "{rule}: {found:?}");
        seen.insert(rule);
    }
    assert_eq!(seen, RULES.iter().map(|rule| rule.name).collect());
}

#[test]
fn work_of_one_kind_on_two_things_is_not_doubled() {
    for titles in [
        [
            "Complete the coverage of the calendar module",
            "Complete the coverage of the contacts module",
        ],
        [
            "Build the swap from silver to gold",
            "Build the swap from gold to silver",
        ],
    ] {
        assert!(
            !names(&report(&of_titles(&titles))).contains("doubled-work"),
            "{titles:?}"
        );
    }
}

#[test]
fn a_pronoun_whose_noun_is_in_the_title_stands_alone_and_a_long_sentence_is_no_check() {
    let mut plan = of_titles(&["Compare states before applying them"]);
    assert!(!names(&report(&plan)).contains("title-alone"));
    "Apply them".clone_into(&mut plan.issues[0].title);
    assert!(names(&report(&plan)).contains("title-alone"));
    plan.issues[0].body = "- [ ] The page is fast".to_owned();
    assert!(names(&report(&plan)).contains("unverifiable-words"));
    plan.issues[0].body = "- [ ] A page that is easy to read in one country may be hard to read in the next one, as we saw".to_owned();
    assert!(!names(&report(&plan)).contains("unverifiable-words"));
}

#[test]
fn a_sound_plan_has_no_findings() {
    let plan = of_titles(&[
        "Build the login form",
        "Add a logout form",
        "Print parcel labels",
        "Send invoices by email",
    ]);
    let report = report(&plan);
    assert_eq!(report.findings, []);
    assert_eq!((report.issues, report.blocks, report.covered), (4, 4, 4));
    assert!(report.to_act_on().is_empty());
}

#[test]
fn a_preview_names_only_what_a_person_would_act_on_and_no_more_than_a_few() {
    let plan = of_titles(&["Phase 1", "Phase 2", "Phase 3", "Phase 4", "Part 5"]);
    let lines = report(&plan).to_act_on();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[0],
        "Item 1: “Phase 1” says nothing without the document."
    );
    assert_eq!(lines[3], "2 more like these.");
    let quiet = planned("- Build the login form\n- Add sessions");
    assert!(names(&report(&quiet)).contains("no-criteria"));
    assert!(report(&quiet).to_act_on().is_empty());
}
