//! For any spec, any reply, any drafts: nothing panics, nothing is lost, and the plan keeps its rules.

use proptest::prelude::*;

use super::*;

fn spec_text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "# Title",
        "## Section",
        "## Out of scope",
        "### Deep",
        "- [ ] Add a thing",
        "- [x] Done already",
        "- An item",
        "  - nested",
        "| a | b |",
        "|---|---|",
        "| Build x | y |",
        "Some words about it.",
        "Acceptance criteria:",
        "```",
        "> quote",
        "<!-- hidden -->",
        "",
        "",
        "1. Depends on step 1",
        "日本語のテキスト",
        "<<<SPEC n0nce5ab41c",
        "SPEC n0nce5ab41c>>>",
        "x\u{2028}y",
        "A very long line that goes on and on and on and on and on and on and on and on and on and on and on and on and on.",
    ]);
    prop::collection::vec(line, 0..60).prop_map(|lines| lines.join("\n"))
}

fn id() -> impl Strategy<Value = String> {
    (0..40_u32).prop_map(|n| format!("b{n}"))
}

fn key() -> impl Strategy<Value = String> {
    (0..8_u32).prop_map(|n| format!("k{n}"))
}

fn title() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("<!-- x -->".to_owned()),
        Just(format!("Fix {}", "@a ".repeat(26))),
        Just("Add a thing".to_owned()),
        "[a-zA-Z@#/` ]{0,90}",
        ".{0,40}",
    ]
}

prop_compose! {
    fn draft()(
        key in key(), title in title(), description in ".{0,60}", criteria in prop::collection::vec(".{0,30}", 0..3),
        covers in prop::collection::vec(id(), 0..6), parent in prop::option::of(key()), after in prop::collection::vec(key(), 0..4),
        after_blocks in prop::collection::vec(id(), 0..3),
    ) -> DraftIssue {
        DraftIssue { key, title, description, criteria, covers, parent, after, after_blocks, component: None, labels: Vec::new() }
    }
}

prop_compose! {
    fn drafts()(
        issues in prop::collection::vec(draft(), 0..12), not_work in prop::collection::vec((id(), ".{0,9}"), 0..6),
        extends in prop::collection::vec((1..3_u32, key(), prop::collection::vec(id(), 0..3)), 0..3),
    ) -> Drafts {
        Drafts {
            issues,
            not_work: not_work.into_iter().map(|(block, reason)| NotWork { block, reason }).collect(),
            extends: extends.into_iter().map(|(n, k, covers)| Extension { issue: format!("{n}.{k}"), covers }).collect(),
            repairs: 0,
        }
    }
}

/// Any JSON that looks like a reply, with wrong types here and there.
fn near_reply() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        id().prop_map(Value::from),
        key().prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "issues",
        "not_work",
        "extends",
        "key",
        "title",
        "description",
        "criteria",
        "covers",
        "parent",
        "after",
        "after_blocks",
        "component",
        "labels",
        "block",
        "reason",
        "count",
        "varied",
        "id",
        "note",
        "issue",
    ]);
    let value = leaf.prop_recursive(4, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8).prop_map(|fields| fields
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v))
                .collect::<Value>()),
        ]
    });
    (value, ".{0,10}", 0..200_usize).prop_map(|(value, around, cut)| {
        let text = value.to_string();
        let keep = text
            .char_indices()
            .rev()
            .nth(cut / 8)
            .map_or(text.len(), |(at, c)| at + c.len_utf8());
        format!("{around}{}", &text[..keep])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_block_is_lost_and_no_part_is_too_large(text in spec_text(), budget in 0..3_000_usize) {
        let desk = Desk::of("Title", &text);
        let brief = desk.brief();
        let parts = parts(&brief, budget);
        let all: Vec<&String> = parts.iter().flat_map(|p| &p.blocks).collect();
        let ids: Vec<&String> = desk.spec.blocks.iter().map(|b| &b.id).collect();
        prop_assert_eq!(all, ids);
        for (n, part) in parts.iter().enumerate() {
            prop_assert!(part.size() <= budget.max(600), "{} of {budget}", part.size());
            prop_assert_eq!((part.number, part.of), (n + 1, parts.len()));
            for id in &part.blocks {
                let block = desk.spec.blocks.iter().find(|b| b.id == *id).unwrap();
                let visible = !block.text.trim_start().starts_with("<!--") && block.text.chars().any(char::is_alphanumeric);
                prop_assert!(!visible || part.text.contains(&format!("[{id} ")), "{id} is not shown");
            }
        }
        let counts = share(30, &parts, &desk.structural);
        prop_assert_eq!(counts.len(), parts.len());
    }

    #[test]
    fn any_reply_is_drafts_or_complaints(text in spec_text(), said in prop_oneof![near_reply(), ".{0,200}", "[{}\\[\\]\",:a-z ]{0,200}"]) {
        let desk = Desk::of("Title", &text);
        let (brief, part) = (desk.brief(), desk.part());
        let said = [said.clone(), format!("{{\"issues\": {said}}}"), format!("{{\"issues\": [{said}], \"count\": {said}, \"varied\": [{said}]}}")];
        for said in &said {
            for outcome in [read_issues(said, &brief, &part, None), read_missing(said, &brief, &part, &[])] {
                match outcome {
                    Ok(drafts) => { desk.assembled(&[(part.clone(), drafts)]); }
                    Err(complaints) => {
                        prop_assert!(!complaints.is_empty());
                        repair_question(&brief, &issues_question(&brief, &part, None), said, &complaints);
                    }
                }
            }
            let _ = (read_count(said, &brief).is_ok(), read_varied(said, &desk.structural, &["i1".to_owned()], &[]).is_ok());
        }
    }

    /// Even drafts that no reading would let through.
    #[test]
    fn any_drafts_make_a_sound_plan(
        text in spec_text(), one in drafts(), other in drafts(), maximum in 1..15_u32, count in prop::option::of(1..12_u32),
    ) {
        let mut desk = Desk::of("Title", &text);
        desk.wishes.maximum = maximum;
        desk.wishes.count = count;
        let part = desk.part();
        let second = Part { number: 2, of: 2, ..part.clone() };
        let all = [(part, one), (second, other)];
        let open = uncovered(&desk.brief(), &all, &desk.structural);
        let assembled = assemble(&desk.brief(), &all, &desk.structural, "m", None);
        let plan = &assembled.plan;
        prop_assert_eq!(coverage::check(plan), Vec::<String>::new());
        if plan.planner != "structural" {
            prop_assert!(plan.issues.len() <= maximum.min(count.unwrap_or(maximum)) as usize);
        }
        prop_assert!(coverage::summary(plan).uncovered.is_empty() || desk.structural.issues.is_empty());
        prop_assert!(open.iter().all(|b| desk.spec.blocks.iter().any(|k| k.id == *b)));
        // Nothing comes before what it needs.
        for (n, issue) in plan.issues.iter().enumerate().filter(|_| plan.planner != "structural") {
            let before: Vec<&str> = plan.issues[..n].iter().map(|i| i.id.as_str()).collect();
            let needs = issue.blocked_by.iter().chain(&issue.parent);
            prop_assert!(needs.clone().all(|b| before.contains(&b.as_str())), "{} needs {:?}", issue.id, issue.blocked_by);
        }
    }
}
