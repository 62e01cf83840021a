//! Plans of documents of many kinds, each read by hand, and the same documents cut, shuffled and nested at random.
//!
//! The documents are our own words in the structure of real ones; `docs/structure.md` names those.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;

use super::{RULES, Wishes, explain, plan};
use crate::domain::coverage;
use crate::domain::plan::Plan;
use crate::domain::quality;
use crate::domain::spec::Spec;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/documents")
}

macro_rules! documents_named {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../../tests/documents/", $name, ".md"))),)*]
    };
}

/// Every document by its name.
const DOCUMENTS: &[(&str, &str)] = documents_named![
    "article",
    "decision-record",
    "design-document",
    "enhancement-proposal",
    "epic",
    "implementation-plan",
    "language-proposal-evolution",
    "language-proposal-rfc",
    "migration-plan",
    "minutes-with-actions",
    "minutes-without-actions",
    "nested-lists",
    "one-long-paragraph",
    "prd-chinese",
    "release-checklist",
    "requirements-french",
    "requirements-german",
    "requirements-japanese",
    "requirements-portuguese",
    "requirements-spanish",
    "retrospective",
    "rfc-with-tutorial",
    "roadmap",
    "table-specification",
    "user-stories",
    "wish-with-two-solutions",
    "withdrawn-idea",
];

fn documents() -> BTreeMap<String, String> {
    DOCUMENTS
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

fn wishes() -> Wishes {
    Wishes {
        maximum: 100,
        ..Wishes::default()
    }
}

/// A plan as somebody would read it: titles, parents, what waits for what, lines, and why the rest is no work.
fn told(plan: &Plan) -> String {
    let blocks: BTreeMap<&str, &crate::domain::spec::Block> = plan
        .spec
        .blocks
        .iter()
        .map(|b| (b.id.as_str(), b))
        .collect();
    let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = String::new();
    for warning in &plan.warnings {
        writeln!(out, "! {warning}").unwrap();
    }
    for issue in &plan.issues {
        let depth = issue.parent.as_ref().map_or(0, |p| depths[p.as_str()] + 1);
        depths.insert(&issue.id, depth);
        let lines: Vec<String> = issue
            .covers
            .iter()
            .map(|b| blocks[b.as_str()].lines[0].to_string())
            .collect();
        write!(out, "{}{} {}", "  ".repeat(depth), issue.id, issue.title).unwrap();
        if !issue.blocked_by.is_empty() {
            write!(out, " <- {}", issue.blocked_by.join(", ")).unwrap();
        }
        writeln!(out, " | lines {}", lines.join(" ")).unwrap();
    }
    for (block, coverage) in plan.spec.blocks.iter().zip(&plan.coverage) {
        if let Some(reason) = &coverage.reason {
            let words: String = block.text.replace('\n', " ").chars().take(50).collect();
            writeln!(out, "- {} {reason}: {words}", block.lines[0]).unwrap();
        }
    }
    out
}

#[test]
fn each_document_is_planned_as_a_lead_would() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder().join("plans"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, text) in documents() {
            let plan = plan("", &text, &wishes());
            assert_eq!(coverage::check(&plan), Vec::<String>::new(), "{name}");
            insta::assert_snapshot!(name, told(&plan));
        }
    });
}

#[test]
fn each_document_says_its_kind_and_there_are_many() {
    let documents = documents();
    for (name, text) in &documents {
        assert!(text.starts_with("<!-- kind: "), "{name}");
    }
    assert!(documents.len() >= 14, "{}", documents.len());
}

/// What is never an issue, by the words with which the documents name it.
#[test]
fn no_plan_makes_an_issue_of_what_is_no_work() {
    #[rustfmt::skip] // words, many to a line
    const NEVER: &[&str] = &[
        "motivation", "goals", "non-goals", "glossary", "references", "alternatives", "drawbacks", "prior art", "attendees",
        "present", "risks", "example", "table of contents", "phase 1", "phase 2", "changelog", "personas", "background", "questions",
        "summary", "zielgruppe", "produktnutzen", "contras", "目标用户", "核心价值", "目的", "用語定義",
    ];
    for (name, text) in documents() {
        for issue in plan("", &text, &wishes()).issues {
            let title = issue.title.to_lowercase();
            let thing = title
                .split_once(' ')
                .map_or(title.as_str(), |(_, thing)| thing);
            assert!(
                !NEVER.contains(&title.as_str()) && !NEVER.contains(&thing),
                "{name}: {title}"
            );
            assert!(issue.title.chars().count() <= 80, "{name}: {title}");
        }
    }
}

#[test]
fn nobody_is_asked_to_act_on_a_title_or_on_work_that_is_there_twice() {
    for (name, text) in documents() {
        let report = quality::report(&plan("", &text, &wishes()));
        let found: Vec<_> = report
            .findings
            .iter()
            .filter(|f| {
                [
                    "title-alone",
                    "doubled-work",
                    "uncovered-block",
                    "broken-plan",
                ]
                .contains(&f.rule)
            })
            .collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn every_decision_about_the_documents_has_the_name_of_a_rule() {
    // What needs a wish, or a text that nobody writes, has its example beside `explain`.
    #[rustfmt::skip] // words, many to a line
    const ELSEWHERE: &[&str] = &[
        "component", "merged", "split", "carried-over", "quotation", "footnote", "markup", "dependency", "criteria-alone",
        "dependency-section", "item-with-parts", "written-twice", "introduction",
    ];
    let mut seen = BTreeSet::new();
    for (name, text) in documents() {
        for decision in explain("", &text, &wishes()).1 {
            let known = RULES.iter().any(|rule| rule.name == decision.rule)
                || super::words::headings::rules().any(|rule| rule.name == decision.rule);
            assert!(known, "{name}: {decision:?}");
            seen.insert(decision.rule);
        }
    }
    let silent: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.name)
        .filter(|name| !seen.contains(name) && !ELSEWHERE.contains(name))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn every_word_of_a_heading_rule_leads_to_that_rule() {
    let mut shadowed = Vec::new();
    for rule in super::words::headings::rules() {
        for phrase in rule.phrases {
            let found = super::heading_rule(phrase);
            if found != Some(rule.name) {
                shadowed.push(format!("{phrase}: {found:?}, not {}", rule.name));
            }
        }
    }
    assert!(shadowed.is_empty(), "{shadowed:#?}");
}

#[test]
fn a_short_german_word_is_not_a_french_one_without_its_accent() {
    assert_eq!(super::heading_rule("Termine"), None);
    assert_eq!(
        super::heading_rule("Erfolgsmassstaebe"),
        Some("success metrics")
    );
    assert_eq!(
        super::heading_rule("Criterios de aceptacion"),
        Some("criteria")
    );
}

/// What may happen to a document on its way.
#[derive(Debug, Clone)]
enum Change {
    Cut(usize, usize),
    Swap(usize, usize),
    Repeat(usize),
    Nest(usize),
    Quote(usize),
    Deepen,
    Crlf,
    Tabs,
    NoBlankLines,
    OneLine(usize),
    Foreign(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || 0..60_usize;
    prop_oneof![
        (at(), 1..12_usize).prop_map(|(a, b)| Change::Cut(a, b)),
        (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
        at().prop_map(Change::Repeat),
        at().prop_map(Change::Nest),
        at().prop_map(Change::Quote),
        Just(Change::Deepen),
        Just(Change::Crlf),
        Just(Change::Tabs),
        Just(Change::NoBlankLines),
        at().prop_map(Change::OneLine),
        at().prop_map(Change::Foreign),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let all = lines.len();
    let at = |n: usize| n % all;
    match *change {
        Change::Cut(from, many) => {
            let from = at(from);
            lines.drain(from..(from + many).min(all));
        }
        Change::Swap(one, other) => lines.swap(at(one), at(other)),
        Change::Repeat(n) => lines.insert(at(n), lines[at(n)].clone()),
        Change::Nest(n) => {
            let from = at(n);
            for line in lines.iter_mut().skip(from).take(6) {
                line.insert_str(0, "    ");
            }
        }
        Change::Quote(n) => {
            let from = at(n);
            for line in lines.iter_mut().skip(from).take(5) {
                line.insert_str(0, "> ");
            }
        }
        Change::Deepen => {
            for line in lines.iter_mut().filter(|l| l.starts_with('#')) {
                line.insert(0, '#');
            }
        }
        Change::Crlf => return text.replace('\n', "\r\n"),
        Change::Tabs => return text.replace("  ", "\t"),
        Change::NoBlankLines => lines.retain(|l| !l.trim().is_empty()),
        Change::OneLine(n) => lines.insert(
            at(n),
            "a very long line that asks for something and must end ".repeat(80),
        ),
        Change::Foreign(n) => lines.insert(
            at(n),
            "- يجب أن يعمل هذا 必須です \u{202e}abc\u{202c} и ещё".to_owned(),
        ),
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_document_may_be_changed_in_any_way_and_nothing_is_lost(which in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 0..6)) {
        let documents: Vec<String> = documents().into_values().collect();
        let mut text = which.get(&documents).clone();
        for change in &changes {
            text = changed(&text, change);
        }
        let plan = plan("", &text, &wishes());
        prop_assert_eq!(coverage::check(&plan), Vec::<String>::new());
        prop_assert_eq!(coverage::summary(&plan).uncovered.len(), 0);
        prop_assert!(plan.issues.iter().all(|i| i.title.chars().count() <= 80 && !i.title.trim().is_empty()));
        let spec = Spec::parse("", &text);
        prop_assert_eq!(spec.blocks.len(), plan.coverage.len());
        for (n, line) in text.replace("\r\n", "\n").replace('\r', "\n").split('\n').enumerate() {
            let held = spec.blocks.iter().filter(|b| b.lines[0] <= n + 1 && n < b.lines[1]).count();
            let bare = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
            let fence = bare.starts_with("```") || bare.starts_with("~~~");
            prop_assert!(held <= 1, "line {}", n + 1);
            prop_assert!(held == 1 || fence || !line.chars().any(char::is_alphanumeric), "line {}: {line}", n + 1);
        }
    }
}
