//! What GitHub would refuse fits after it was grouped, and nothing is lost on the way.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{MOST_LEVELS, MOST_SUB_ISSUES, Room, added, counted, fit, is_too_wide, limit_waits};
use crate::domain::coverage;
use crate::domain::plan::{BlockCoverage, Plan, PlannedIssue};
use crate::domain::spec::{BlockKind, Spec};
use crate::domain::structure::{self, Wishes};

/// One issue for each list item, all side by side; a heading belongs to the first item under it.
fn planned(text: &str) -> Plan {
    let spec = Spec::parse("The shop", text);
    let mut issues: Vec<PlannedIssue> = Vec::new();
    let mut headings = Vec::new();
    let mut coverage = Vec::new();
    for block in &spec.blocks {
        let id = format!("i{}", issues.len() + 1);
        let is_title = block.text.starts_with("# ");
        coverage.push(BlockCoverage {
            block: block.id.clone(),
            issues: if is_title {
                Vec::new()
            } else {
                vec![id.clone()]
            },
            reason: is_title.then(|| "document title".to_owned()),
        });
        if block.kind == BlockKind::Heading {
            headings.extend((!is_title).then(|| block.id.clone()));
            continue;
        }
        let title = block.text.trim_start_matches("- ").trim().to_owned();
        issues.push(PlannedIssue {
            id,
            body: format!("{title}.\n\n### From the spec\n\nLine {}\n", block.lines[0]),
            title,
            labels: vec!["shop".to_owned()],
            assignees: vec!["alice".to_owned()],
            component: None,
            repository: None,
            parent: None,
            blocked_by: Vec::new(),
            covers: headings.drain(..).chain([block.id.clone()]).collect(),
        });
    }
    let plan = Plan {
        planner: "structural".to_owned(),
        count_reason: "As many as there are.".to_owned(),
        warnings: Vec::new(),
        spec,
        issues,
        coverage,
    };
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
    plan
}

/// Sections with so many items each; no two items are the same.
fn document(sections: &[(&str, usize)]) -> String {
    let mut text = "# The shop\n".to_owned();
    for (name, items) in sections {
        let _ = write!(text, "\n## {name}\n\n");
        for n in 0..*items {
            let _ = writeln!(text, "- Build the {} page number {n}", name.to_lowercase());
        }
    }
    text
}

/// Issues with parents by their place in the list, and what they wait for.
fn made(issues: &[(Option<usize>, Vec<usize>)]) -> Plan {
    let id = |n: &usize| format!("i{}", n + 1);
    let mut plan = planned("- Build the login form\n");
    for entry in &mut plan.coverage {
        entry.issues.clear();
    }
    plan.issues = issues
        .iter()
        .enumerate()
        .map(|(n, (parent, waits))| PlannedIssue {
            id: id(&n),
            title: format!("Build part {n}"),
            body: format!("Part {n}.\n\n### From the spec\n\nLine {n}\n"),
            labels: Vec::new(),
            assignees: Vec::new(),
            component: None,
            repository: None,
            parent: parent.as_ref().map(id),
            blocked_by: waits.iter().map(id).collect(),
            covers: Vec::new(),
        })
        .collect();
    plan
}

fn fitted(plan: &Plan, free: usize, levels: usize) -> Plan {
    fit(plan.clone(), &Room { free, levels }, &BTreeSet::new())
}

/// How many sub-issues each issue gets; the trigger is `None`.
fn widths(plan: &Plan) -> BTreeMap<Option<&str>, usize> {
    let mut widths = BTreeMap::new();
    for issue in &plan.issues {
        *widths.entry(issue.parent.as_deref()).or_default() += 1;
    }
    widths
}

fn height(plan: &Plan) -> usize {
    let parents: HashMap<&str, &str> = plan
        .issues
        .iter()
        .filter_map(|i| Some((i.id.as_str(), i.parent.as_deref()?)))
        .collect();
    let depth = |id| std::iter::successors(Some(id), |at| parents.get(at).copied()).count();
    plan.issues
        .iter()
        .map(|i| depth(i.id.as_str()))
        .max()
        .unwrap_or(0)
}

#[track_caller]
fn is_sound(before: &Plan, after: &Plan, free: usize, levels: usize) {
    assert_eq!(coverage::check(after), Vec::<String>::new());
    for (parent, width) in widths(after) {
        let most = if parent.is_some() {
            MOST_SUB_ISSUES
        } else {
            free
        };
        assert!(width <= most, "{parent:?} has {width}");
    }
    assert!(height(after) <= levels, "{} levels", height(after));
    let mut seen = HashSet::new();
    for (n, issue) in after.issues.iter().enumerate() {
        assert_eq!(issue.id, format!("i{}", n + 1));
        let parent = issue.parent.as_deref();
        assert!(
            parent.is_none_or(|p| seen.contains(p)),
            "parents come first"
        );
        seen.insert(issue.id.as_str());
    }
    let titles: HashSet<String> = after
        .issues
        .iter()
        .map(|i| i.title.to_lowercase())
        .collect();
    assert_eq!(titles.len(), after.issues.len(), "titles differ");
    // Every issue is still there, in its order, and waits for the same ones.
    let title = |plan: &Plan, id: &str| {
        let found = plan.issues.iter().find(|i| i.id == id);
        found.expect("an issue").title.clone()
    };
    let waits = |plan: &Plan, issue: &PlannedIssue| -> Vec<String> {
        issue.blocked_by.iter().map(|id| title(plan, id)).collect()
    };
    let mut rest = after.issues.iter();
    for issue in &before.issues {
        let same = rest.find(|i| i.title == issue.title).expect("in its order");
        assert_eq!(waits(after, same), waits(before, issue));
        assert_eq!((&same.body, &same.covers), (&issue.body, &issue.covers));
    }
    let counts = |plan: &Plan| {
        let summary = coverage::summary(plan);
        (summary.total, summary.not_work, summary.uncovered.len())
    };
    assert_eq!(counts(after), counts(before));
}

fn outline(plan: &Plan) -> String {
    let top = plan.issues.iter().filter(|i| i.parent.is_none());
    let below = |id: &str| {
        let inside = plan
            .issues
            .iter()
            .filter(|i| i.parent.as_deref() == Some(id));
        inside.count()
    };
    let lines: Vec<String> = top
        .map(|i| format!("{} {} ({})", i.id, i.title, below(&i.id)))
        .collect();
    lines.join("\n")
}

#[test]
fn what_fits_stays_as_it_is() {
    let plan = planned(&document(&[("Storage", 60), ("Search", 40)]));
    assert_eq!(plan.issues.len(), 100);
    assert_eq!(fitted(&plan, 100, 7), plan);
    assert!(!is_too_wide(&plan, 100, &BTreeSet::new()));
    assert!(is_too_wide(&plan, 99, &BTreeSet::new()));
}

#[test]
fn groups_do_not_count_toward_the_maximum_whatever_becomes_of_the_rest() {
    let plan = planned(&document(&[("Storage", 60), ("Search", 50)]));
    let mut after = fitted(&plan, 100, 7);
    let groups = added(&plan, &after);
    assert_eq!(groups, ["i1", "i62"]);
    assert_eq!((after.issues.len(), counted(&after, &groups)), (112, 110));
    // One that took in an issue is work.
    let taken = after.issues.remove(1);
    after.issues[0].covers.extend(taken.covers);
    assert_eq!(counted(&after, &groups), 110);
    assert_eq!(added(&plan, &plan), Vec::<String>::new());
}

#[test]
fn sections_become_the_groups() {
    let plan = planned(&document(&[
        ("Storage", 60),
        ("Search", 40),
        ("Checkout", 30),
    ]));
    let after = fitted(&plan, 100, 7);
    is_sound(&plan, &after, 100, 7);
    assert_snapshot!(outline(&after), @"
    i1 Deliver “Storage” (60)
    i62 Deliver “Search” (40)
    i103 Deliver “Checkout” (30)
    ");
    assert_eq!(after.issues[102].labels, ["shop"]);
    assert!(after.issues[102].body.starts_with(
        "Deliver “Checkout”.\n\n### Acceptance criteria\n\n- [ ] All sub-issues are done\n"
    ));
    assert!(after.issues[102].body.ends_with("\n\n### Acceptance criteria\n\n- [ ] All sub-issues are done\n\n### From the spec\n\nCheckout, lines 109–140\n"), "{}", after.issues[102].body);
    assert!(
        !after.issues[102].covers.is_empty(),
        "it covers its heading"
    );
    assert_snapshot!(after.warnings.join("\n"), @"GitHub keeps at most 100 sub-issues under one issue: 3 issues were added that group the others.");
    assert!(
        after.count_reason.ends_with("; 3 more that group them."),
        "{}",
        after.count_reason
    );
}

#[test]
fn a_section_that_is_too_long_is_split_into_equal_parts() {
    let plan = planned(&document(&[("Storage", 250), ("Search", 4)]));
    let after = fitted(&plan, 100, 7);
    is_sound(&plan, &after, 100, 7);
    assert_snapshot!(outline(&after), @"
    i1 Deliver “Storage”, part 1 of 3 (84)
    i86 Deliver “Storage”, part 2 of 3 (84)
    i171 Deliver “Storage”, part 3 of 3 (82)
    i254 Deliver “Search” (4)
    ");
}

#[test]
fn what_the_structural_planner_groups_by_itself_is_split_below_its_groups() {
    let wishes = Wishes {
        maximum: 5_000,
        ..Wishes::default()
    };
    let text = document(&[("Storage", 250), ("Search", 4)]);
    let plan = structure::plan("The shop", &text, &wishes);
    let after = fitted(&plan, 100, 7);
    is_sound(&plan, &after, 100, 7);
    assert_eq!(height(&plan), 2);
    assert_eq!(height(&after), 3);
}

#[test]
fn a_document_without_sections_is_cut_into_parts() {
    let lines: String = (0..205).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "- Build the page number {n}");
        text
    });
    let plan = planned(&lines);
    let after = fitted(&plan, 100, 7);
    is_sound(&plan, &after, 100, 7);
    assert_snapshot!(outline(&after), @"
    i1 Deliver “The shop”, part 1 of 3 (69)
    i71 Deliver “The shop”, part 2 of 3 (69)
    i141 Deliver “The shop”, part 3 of 3 (67)
    ");
}

#[test]
fn many_small_sections_are_merged_with_their_neighbours() {
    let names: Vec<String> = (0..130).map(|n| format!("Topic{n}")).collect();
    let sections: Vec<(&str, usize)> = names.iter().map(|n| (n.as_str(), 2)).collect();
    let plan = planned(&document(&sections));
    let after = fitted(&plan, 100, 7);
    is_sound(&plan, &after, 100, 7);
    let first = &outline(&after).lines().next().unwrap().to_owned();
    assert!(
        first.starts_with("i1 Deliver “Topic0” to “Topic"),
        "{first}"
    );
    let groups = after.issues.len() - plan.issues.len();
    assert!(groups <= plan.issues.len() / 10, "{groups} groups");
}

#[test]
fn a_trigger_that_is_nearly_full_takes_few_groups() {
    let plan = planned(&document(&[("Storage", 6), ("Search", 7), ("Checkout", 8)]));
    for free in [1, 2, 3, 4, 20] {
        let after = fitted(&plan, free, 7);
        is_sound(&plan, &after, free, 7);
    }
    let after = fitted(&plan, 2, 7);
    assert_snapshot!(after.warnings.join("\n"), @"GitHub keeps at most 100 sub-issues under one issue, and this one has 98 already: 2 issues were added that group the others.");
    assert_snapshot!(outline(&after), @"
    i1 Deliver “Storage” to “Search” (13)
    i15 Deliver “Checkout” (8)
    ");
}

#[test]
fn groups_are_grouped_where_one_layer_does_not_suffice() {
    let plan = planned(&document(&[
        ("Storage", 150),
        ("Search", 150),
        ("Checkout", 150),
    ]));
    let after = fitted(&plan, 2, 7);
    is_sound(&plan, &after, 2, 7);
    assert_eq!(height(&after), 3);
}

#[test]
fn a_full_trigger_is_told_and_nothing_is_grouped() {
    let plan = planned(&document(&[("Storage", 3)]));
    for (free, levels) in [(0, 7), (100, 0)] {
        let after = fitted(&plan, free, levels);
        assert_eq!(after.issues, plan.issues);
        let said = after.warnings.join("\n");
        assert!(said.contains("stands beside it"), "{said}");
    }
}

#[test]
fn a_parent_with_too_many_children_gets_groups_below_it() {
    let mut issues = vec![(None, Vec::new())];
    issues.extend((0..140).map(|_| (Some(0), Vec::new())));
    let plan = made(&issues);
    let after = fitted(&plan, 100, 7);
    is_sound(&plan, &after, 100, 7);
    assert_eq!(widths(&after)[&None], 1);
    assert_eq!(widths(&after)[&Some("i1")], 2);
}

#[test]
fn what_is_too_deep_moves_up_to_the_nearest_place() {
    let line: Vec<_> = (0..12_usize)
        .map(|n| (n.checked_sub(1), Vec::new()))
        .collect();
    let plan = made(&line);
    for levels in 1..=7 {
        let after = fitted(&plan, 100, levels);
        is_sound(&plan, &after, 100, levels);
        assert_eq!(height(&after), levels);
        let said = after.warnings.join("\n");
        let moved = 12 - levels;
        assert!(
            said.contains(&format!("{moved} issues were moved up")),
            "{said}"
        );
    }
    assert_eq!(
        fitted(&made(&line[..MOST_LEVELS - 1]), 100, 7).warnings,
        Vec::<String>::new()
    );
}

#[test]
fn without_a_level_for_groups_it_is_said_what_stays_outside() {
    let plan = made(&vec![(None, Vec::new()); 120]);
    let after = fitted(&plan, 100, 1);
    assert_eq!(after.issues, plan.issues);
    assert_snapshot!(after.warnings.join("\n"), @"GitHub keeps at most 100 sub-issues under one issue, and there is no level left for groups: 20 stay beside their parent.");
}

#[test]
fn what_exists_already_takes_no_room() {
    let plan = planned(&document(&[("Storage", 60), ("Search", 50)]));
    let skipped: BTreeSet<String> = plan.issues[..10].iter().map(|i| i.id.clone()).collect();
    let after = fit(plan.clone(), &Room::EMPTY, &skipped);
    assert_eq!(after, plan);
    assert!(!is_too_wide(&plan, 100, &skipped));
}

#[test]
fn markup_and_mentions_in_a_heading_are_tame_in_a_group() {
    let plan = planned(&document(&[
        ("Work for @octocat and #1", 70),
        ("Search", 50),
    ]));
    let after = fitted(&plan, 100, 7);
    let group = &after.issues[0];
    for text in [&group.title, &group.body] {
        assert!(!text.contains("@octocat") && !text.contains("#1"), "{text}");
    }
}

#[test]
fn dependencies_that_follow_from_others_are_left_out_first() {
    let all: Vec<_> = (0..60_usize).map(|n| (None, (0..n).collect())).collect();
    let plan = limit_waits(made(&all));
    assert_eq!(plan.warnings, Vec::<String>::new());
    for (n, issue) in plan.issues.iter().enumerate().skip(1) {
        assert_eq!(issue.blocked_by, [format!("i{n}")]);
    }
}

#[test]
fn who_waits_for_a_whole_group_waits_for_the_group() {
    let mut issues: Vec<(Option<usize>, Vec<usize>)> = vec![(None, Vec::new())];
    issues.extend((0..70).map(|_| (Some(0), Vec::new())));
    issues.push((None, Vec::new()));
    issues.push((None, (1..=71).collect()));
    let plan = limit_waits(made(&issues));
    assert_eq!(plan.issues[72].blocked_by, ["i1", "i72"]);
    assert_eq!(plan.warnings, Vec::<String>::new());
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
}

#[test]
fn a_group_is_not_waited_for_by_what_it_holds_or_waits_for() {
    // The group itself waits for the issue that waits for all of its children.
    let mut issues: Vec<(Option<usize>, Vec<usize>)> = vec![(None, vec![71])];
    issues.extend((0..70).map(|_| (Some(0), Vec::new())));
    issues.push((None, (1..=70).collect()));
    let plan = limit_waits(made(&issues));
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
    assert_eq!(plan.issues[71].blocked_by.len(), 50);
}

#[test]
fn what_is_still_too_much_is_written_into_the_issue() {
    let mut issues: Vec<(Option<usize>, Vec<usize>)> = vec![(None, Vec::new()); 53];
    issues.push((None, (0..53).collect()));
    let plan = limit_waits(made(&issues));
    assert_eq!(plan.issues[53].blocked_by.len(), 50);
    assert_snapshot!(plan.issues[53].body, @"
    Part 53.

    ### Also waits for

    - Build part 50
    - Build part 51
    - Build part 52

    ### From the spec

    Line 53
    ");
    assert_snapshot!(plan.warnings.join("\n"), @"GitHub keeps at most 50 dependencies of an issue: 3 dependencies were written in the text of the issue that waits instead.");

    let mut issues: Vec<(Option<usize>, Vec<usize>)> = vec![(None, Vec::new())];
    issues.extend((0..60).map(|_| (None, vec![0])));
    let plan = limit_waits(made(&issues));
    let waiting = plan.issues.iter().filter(|i| !i.blocked_by.is_empty());
    assert_eq!(waiting.count(), 50);
    let told = plan
        .issues
        .iter()
        .filter(|i| i.body.contains("- Build part 0\n"));
    assert_eq!(told.count(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_the_shape_it_fits_and_nothing_is_lost(
        parents in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..400),
        free in 1..=100_usize,
        levels in 4..=7_usize,
    ) {
        let issues: Vec<(Option<usize>, Vec<usize>)> = parents
            .iter()
            .enumerate()
            .map(|(n, (at, kind))| {
                let other = (n > 0).then(|| at.index(n));
                let parent = other.filter(|_| *kind > 1);
                (parent, other.into_iter().filter(|_| *kind == 1).collect())
            })
            .collect();
        // Parents first is what planners give; the order of siblings is theirs.
        let before = fit(made(&issues), &Room { free: 1000, levels: 400 }, &BTreeSet::new());
        let narrow = widths(&before).iter().all(|(p, w)| p.is_none() || *w <= 100);
        prop_assume!(narrow);
        let after = fitted(&before, free, levels);
        is_sound(&before, &after, free, levels);
    }
}
