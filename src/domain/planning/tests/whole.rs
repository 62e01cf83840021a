//! From drafts to the plan: coverage, grounding, order, merging, and specs of any size.

use super::*;

const SPEC: &str = "# Inbox\n\nWhy we do this: customers wait.\n\n## Mail\n\n- [ ] Connect a mailbox through OAuth\n- [ ] Import the last 90 days of mail\n\n## Lists\n\n- [ ] Show conversations in three lists\n- [ ] Search conversations by label\n\n## Out of scope\n\n- Chat\n";

fn desk() -> Desk {
    Desk::of("Inbox", SPEC)
}

#[test]
fn coverage_is_computed_and_headings_go_with_their_work() {
    let desk = desk();
    let plan = desk
        .plan(&reply(&[
            issue("a", "Connect a mailbox through OAuth", &["b4"]),
            with(
                issue("b", "Import 90 days of mail", &["b5"]),
                "after",
                json!(["a"]),
            ),
            issue("c", "Show three conversation lists", &["b7"]),
            issue("d", "Search conversations by label", &["b8"]),
        ]))
        .plan;
    insta::assert_snapshot!(outline(&plan), @"
    i1: Connect a mailbox through OAuth [b3 b4]
    i2 after i1: Import 90 days of mail [b5]
    i3: Show three conversation lists [b6 b7]
    i4: Search conversations by label [b8]
    ");
    let of = |id: &str| plan.coverage.iter().find(|c| c.block == id).unwrap();
    assert_eq!(
        of("b2").reason.as_deref(),
        desk.structural.coverage[1].reason.as_deref()
    );
    assert_eq!(of("b10").reason.as_deref(), Some("out of scope"));
    assert_eq!(plan.warnings, Vec::<String>::new());
    insta::assert_snapshot!(plan.issues[0].body, @"
    Connect a mailbox through OAuth, as the text says.

    ### Acceptance criteria

    - [ ] It works

    ### From the spec

    Inbox › Mail, lines 5–7
    ");
}

#[test]
fn what_the_model_leaves_out_is_planned_by_structure_and_said() {
    let plan = desk()
        .plan(&reply(&[issue(
            "a",
            "Connect a mailbox through OAuth",
            &["b4"],
        )]))
        .plan;
    insta::assert_snapshot!(outline(&plan), @"
    i1: Connect a mailbox through OAuth [b3 b4]
    i2: Import the last 90 days of mail [b5]
    i3: Show conversations in three lists [b6 b7]
    i4: Add search conversations by label [b8]
    ");
    insta::assert_snapshot!(plan.warnings.join("\n"), @"The model left out lines 8, 12–13; this was planned from the document's structure instead.");
}

#[test]
fn a_half_covered_wish_goes_to_who_has_the_other_half() {
    let desk = Desk::of(
        "Import",
        "- [ ] Import mail\n  - Threads are kept together\n  - The import can be resumed\n",
    );
    let plan = desk
        .plan(&reply(&[issue("a", "Import mail", &["b1", "b2"])]))
        .plan;
    assert_eq!(plan.issues.len(), 1);
    assert!(
        plan.issues[0].body.contains("> The import can be resumed"),
        "{}",
        plan.issues[0].body
    );
    insta::assert_snapshot!(plan.warnings.join("\n"), @"The model left out line 3; this was added, word for word, to the issues where it belongs.");
}

#[test]
fn inventions_are_marked_and_cover_nothing() {
    let desk = desk();
    let good = ["b4", "b5", "b7", "b8"];
    let titles = [
        "Connect a mailbox",
        "Import mail",
        "Show conversation lists",
        "Search by label",
    ];
    let mut issues: Vec<Value> = good
        .iter()
        .zip(titles)
        .map(|(b, t)| issue(b, t, &[b]))
        .collect();
    issues.push(issue("x", "Rewrite everything in Rust", &[]));
    let mut liar = issue("y", "Buy gift cards", &["b4"]);
    liar["description"] = json!("Purchase vouchers today.");
    liar["criteria"] = json!(["Vouchers bought"]);
    issues.push(liar);
    let assembled = desk.plan(&reply(&issues));
    assert_eq!(assembled.ungrounded, ["i5", "i6"]);
    assert_eq!(ungrounded(&assembled.plan), assembled.ungrounded);
    insta::assert_snapshot!(outline(&assembled.plan), @"
    i1: Connect a mailbox [b3 b4]
    i2: Import mail [b5]
    i3: Show conversation lists [b6 b7]
    i4: Search by label [b8]
    i5: Rewrite everything in Rust []
    i6: Buy gift cards []
    ");
    insta::assert_snapshot!(assembled.plan.issues[5].body, @"
    > **Not in the spec.** No part of the specification asks for this; the model added it.

    Purchase vouchers today.

    ### Acceptance criteria

    - [ ] Vouchers bought

    ### From the spec

    Nowhere in it.
    ");
    insta::assert_snapshot!(assembled.plan.warnings.join("\n"), @"Not in the spec, so not selected: “Rewrite everything in Rust”, “Buy gift cards” are the model's own idea. Tick them to create them.");
}

#[test]
fn reasons_of_the_model_count_where_it_names_the_block_and_overruling_is_said() {
    let desk = desk();
    let mut reply = reply(&[
        issue("a", "Connect a mailbox through OAuth", &["b4"]),
        issue("c", "Show three lists", &["b7", "b8"]),
    ]);
    reply["not_work"] = json!([{"block": "b5", "reason": "done already"}]);
    let plan = desk.plan(&reply).plan;
    let of = |id: &str| {
        plan.coverage
            .iter()
            .find(|c| c.block == id)
            .unwrap()
            .reason
            .clone()
    };
    assert_eq!(of("b5").as_deref(), Some("done already"));
    insta::assert_snapshot!(plan.warnings.join("\n"), @"The model takes line 8 for no work, where the document's structure finds some; its reasons stand below under “Not work”.");
}

#[test]
fn a_model_that_finds_no_work_where_there_is_some_is_not_believed() {
    let desk = desk();
    let blocks: Vec<Value> = desk
        .spec
        .blocks
        .iter()
        .map(|b| json!({"block": b.id, "reason": "nothing"}))
        .collect();
    let plan = desk.plan(&json!({"issues": [], "not_work": blocks})).plan;
    assert_eq!(plan.issues, desk.structural.issues);
    assert_eq!(plan.planner, "structural");
    assert!(
        plan.warnings
            .last()
            .unwrap()
            .starts_with("The model found no work"),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn wishes_are_the_only_source_of_labels_people_and_places() {
    let mut desk = desk();
    desk.wishes.labels = vec!["inbox".to_owned()];
    desk.wishes.assignees = vec!["mira".to_owned()];
    desk.wishes.components = vec!["web".to_owned()];
    desk.wishes.repositories = ["o/api", "o/web"]
        .iter()
        .filter_map(|r| crate::domain::ids::RepositoryName::parse(r))
        .collect();
    desk.surroundings.labels = vec!["deploy".to_owned(), "ui".to_owned()];
    desk.surroundings.allowed_labels = vec!["ui".to_owned()];
    let mut greedy = issue(
        "a",
        "Connect, import, show and search mail",
        &["b4", "b5", "b7", "b8"],
    );
    greedy["labels"] = json!(["UI", "deploy", "owner", "inbox"]);
    greedy["assignees"] = json!(["mallory"]);
    greedy["repository"] = json!("evil/repo");
    greedy["milestone"] = json!("9.9");
    greedy["component"] = json!("Web");
    let plan = desk.plan(&reply(&[greedy])).plan;
    let issue = &plan.issues[0];
    assert_eq!(issue.labels, ["inbox", "ui"]);
    assert_eq!(issue.assignees, ["mira"]);
    assert_eq!(issue.repository.as_ref().unwrap().to_string(), "o/web");
    assert_eq!(
        plan.warnings,
        ["2 labels that the model proposed and nobody asked for were left out."]
    );
}

#[test]
fn issues_come_after_what_they_wait_for_and_circles_over_parts_are_cut() {
    let desk = desk();
    let brief = desk.brief();
    let drafts = |issues: &[Value]| -> Drafts { desk.read(&reply(issues)).unwrap() };
    let one = drafts(&[with(
        issue("k", "Connect a mailbox", &["b4", "b5"]),
        "after_blocks",
        json!(["b6"]),
    )]);
    let other = drafts(&[
        issue("k", "Show conversation lists", &["b7"]),
        with(
            issue("l", "Search conversations", &["b8"]),
            "after_blocks",
            json!(["b4"]),
        ),
    ]);
    let part = desk.part();
    let second = Part {
        number: 2,
        ..part.clone()
    };
    let assembled = assemble(
        &brief,
        &[(part, one), (second, other)],
        &desk.structural,
        "m",
        None,
    );
    assert_eq!(coverage::check(&assembled.plan), Vec::<String>::new());
    insta::assert_snapshot!(outline(&assembled.plan), @"
    i1: Show conversation lists [b6 b7]
    i2 after i1: Connect a mailbox [b3 b4 b5]
    i3 after i2: Search conversations [b8]
    ");
    insta::assert_snapshot!(assembled.plan.warnings.join("\n"), @"1 dependency was left out to keep the order free of circles; please check what waits for what.");
}

#[test]
fn groups_hold_their_sections_heading() {
    let group = |key: &str, title: &str| issue(key, title, &[]);
    let of = |i: Value, parent: &str| with(i, "parent", json!(parent));
    let plan = desk()
        .plan(&reply(&[
            group("m", "Build the mail side"),
            of(issue("a", "Connect a mailbox", &["b4"]), "m"),
            of(issue("b", "Import 90 days of mail", &["b5"]), "m"),
            issue("c", "Show lists and search by label", &["b7", "b8"]),
        ]))
        .plan;
    insta::assert_snapshot!(outline(&plan), @"
    i1: Build the mail side [b3]
    i2 in i1: Connect a mailbox [b4]
    i3 in i1: Import 90 days of mail [b5]
    i4: Show lists and search by label [b6 b7 b8]
    ");
}

#[test]
fn the_same_work_from_two_parts_is_one_issue_and_other_work_is_told_apart() {
    let desk = Desk::of(
        "Forms",
        "## Login\n\n- [ ] Add validation of the password\n\n## Profile\n\n- [ ] Add validation of the birthday\n",
    );
    let brief = desk.brief();
    let part = desk.part();
    let second = Part {
        number: 2,
        ..part.clone()
    };
    let mut login = issue("k", "Add validation", &["b2"]);
    login["description"] = json!("Check the password.");
    let mut profile = issue("k", "Add validation", &["b4"]);
    profile["description"] = json!("Check the birthday.");
    let read = |i: &Value| desk.read(&reply(std::slice::from_ref(i))).unwrap();
    let both = [
        (part.clone(), read(&login)),
        (second.clone(), read(&profile)),
    ];
    insta::assert_snapshot!(outline(&assemble(&brief, &both, &desk.structural, "m", None).plan), @"
    i1: Add validation [b1 b2]
    i2: Add validation (Profile) [b3 b4]
    ");
    let twice = [(part, read(&login)), (second, read(&login))];
    let merged = assemble(&brief, &twice, &desk.structural, "m", None).plan;
    assert_eq!(merged.issues.len(), 2, "{}", outline(&merged));
    assert!(
        merged
            .warnings
            .iter()
            .any(|w| w.starts_with("1 issue was planned twice")),
        "{:?}",
        merged.warnings
    );
}

#[test]
fn no_more_issues_than_allowed_and_nothing_lost() {
    let line = |n: usize| format!("- [ ] Build thing number {n}\n");
    let text = (1..=40).map(line).collect::<Vec<_>>().concat();
    let mut desk = Desk::of("Things", &text);
    let issues: Vec<Value> = (1..=40)
        .map(|n| {
            issue(
                &format!("k{n}"),
                &format!("Build thing {n}"),
                &[&format!("b{n}")],
            )
        })
        .chain([issue("x", "Conquer Mars", &[])])
        .collect();
    let drafts = desk.read(&reply(&issues)).unwrap();
    let part = desk.part();
    desk.wishes.maximum = 10;
    let plan = desk.assembled(&[(part, drafts)]).plan;
    assert_eq!(plan.issues.len(), 10);
    assert!(coverage::summary(&plan).uncovered.is_empty());
    insta::assert_snapshot!(plan.warnings.join("\n"), @"
    The model planned 40 issues, more than 10; neighbours were merged and nothing was left out.
    1 idea of the model that the spec does not ask for was left out for want of room.
    ");
}

/// 60,000 characters in sections, planned part by part with dependencies over parts.
#[test]
fn a_large_spec_becomes_one_plan() {
    let filler =
        "It has to be quick, and people must be able to undo it within a minute. ".repeat(14);
    let section = |n: usize| {
        let waits = if n > 1 {
            format!("Depends on step {}.\n\n", n - 1)
        } else {
            String::new()
        };
        format!(
            "## Area {n}\n\n{waits}- [ ] Build the importer {n}\n  - {filler}\n- [ ] Show the report {n}\n\n"
        )
    };
    let text: String = (1..=62).map(section).collect();
    assert!(text.chars().count() > 60_000);
    let mut desk = Desk::of("Everything", &text);
    desk.wishes.maximum = 200;
    let brief = desk.brief();
    let parts = parts(&brief, 12_000);
    assert!(parts.len() > 5, "{}", parts.len());
    let counts = share(124, &parts, &desk.structural);
    assert_eq!(counts.iter().sum::<u32>(), 124);
    let mut drafts: Vec<(Part, Drafts)> = Vec::new();
    for part in &parts {
        let tasks = desk
            .spec
            .blocks
            .iter()
            .filter(|b| part.blocks.contains(&b.id) && b.text.starts_with("- [ ]"));
        let issues: Vec<Value> = tasks
            .map(|b| {
                let title = b.text.lines().next().unwrap().trim_start_matches("- [ ] ");
                let before = b.section[0]
                    .trim_start_matches("Area ")
                    .parse::<usize>()
                    .unwrap()
                    - 1;
                let heading = desk
                    .spec
                    .blocks
                    .iter()
                    .find(|h| h.text == format!("## Area {before}"));
                let waits: Vec<&str> = heading.map(|h| h.id.as_str()).into_iter().collect();
                with(issue(&b.id, title, &[&b.id]), "after_blocks", json!(waits))
            })
            .collect();
        let count = u32::try_from(issues.len()).unwrap();
        drafts.push((
            part.clone(),
            read_issues(&reply(&issues).to_string(), &brief, part, Some(count)).unwrap(),
        ));
    }
    let assembled = desk.assembled(&drafts);
    let plan = &assembled.plan;
    assert_eq!(plan.issues.len(), 124, "{:?}", plan.warnings);
    assert!(coverage::summary(plan).uncovered.is_empty());
    let at = |title: &str| plan.issues.iter().position(|i| i.title == title).unwrap();
    let last = &plan.issues[at("Show the report 62")];
    let first = &plan.issues[at("Build the importer 61")];
    assert!(last.blocked_by.contains(&first.id), "{:?}", last.blocked_by);
    assert!(at("Build the importer 61") < at("Show the report 62"));
    assert_eq!(assembled.ungrounded, Vec::<String>::new());
}
