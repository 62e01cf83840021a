//! What is let through, what is asked about, and in which words.

use insta::assert_snapshot;
use rstest::rstest;

use super::*;
use crate::domain::plan::PlannedIssue;
use crate::domain::spec::{Block, BlockKind, Spec};

fn plan(blocks: &[&str], issues: &[&str]) -> Plan {
    let blocks = blocks.iter().enumerate().map(|(i, text)| Block {
        id: format!("b{}", i + 1),
        kind: BlockKind::Paragraph,
        lines: [i + 1, i + 1 + i % 2],
        section: vec![],
        text: (*text).to_owned(),
    });
    let issues = issues.iter().enumerate().map(|(i, title)| PlannedIssue {
        id: format!("i{}", i + 1),
        title: (*title).to_owned(),
        body: String::new(),
        labels: vec![],
        assignees: vec![],
        component: None,
        repository: None,
        parent: None,
        blocked_by: vec![],
        covers: vec![],
    });
    Plan {
        planner: "structural".to_owned(),
        count_reason: String::new(),
        warnings: vec![],
        spec: Spec {
            title: "Spec".to_owned(),
            blocks: blocks.collect(),
        },
        issues: issues.collect(),
        coverage: vec![],
    }
}

fn case<'a>(plan: &'a Plan, filter: &'a ContentFilter) -> Case<'a> {
    Case {
        plan,
        dry_run: false,
        always: false,
        threshold: 50,
        possible_duplicates: 0,
        left_out: 0,
        filter: Some(filter),
    }
}

fn words(plan: &Plan, filter: &ContentFilter) -> String {
    let verdict = judge(&case(plan, filter));
    let words: Vec<String> = verdict.reasons().iter().map(ToString::to_string).collect();
    words.join("\n")
}

#[rstest]
#[case("Reset a forgotten password")]
#[case("Fix the memory leak and reduce the attack surface")]
#[case("Security headers, token rotation, credential storage")]
#[case("The secret key is exploited by nobody; no spam folder")]
#[case("Malwarebytes and ddosify are product names")]
#[case("follow_malware_rules is an identifier")]
#[case("Followers can buy tickets")]
#[case("")]
fn everyday_words_pass(#[case] text: &str) {
    assert_eq!(ContentFilter::default().find(text), [""; 0]);
}

#[rstest]
#[case("Write MALWARE.", "malware")]
#[case("an anti-malware scanner", "malware")]
#[case("(ransomware)", "ransomware")]
#[case("credential\n  Stuffing", "credential stuffing")]
#[case("credential-stuffing", "credential stuffing")]
#[case("Buy\u{a0}followers now", "buy followers")]
#[case("mal\u{200b}ware", "malware")]
#[case("Läuft mit DDoS, überall", "ddos")]
fn abuse_is_found(#[case] text: &str, #[case] word: &str) {
    assert_eq!(ContentFilter::default().find(text), [word]);
}

#[test]
fn letters_of_every_script_are_part_of_a_word() {
    let filter = ContentFilter::new(&["bot", "Öl", "спам"]);
    assert_eq!(filter.find("botä äbot 机bot"), [""; 0]);
    assert_eq!(filter.find("ÖL, СПАМ!"), ["Öl", "спам"]);
}

#[test]
fn own_keywords_replace_the_list_and_blank_ones_match_nothing() {
    let filter = ContentFilter::new(&["casino", " ", ""]);
    assert_eq!(filter.find("malware for a Casino"), ["casino"]);
}

#[test]
fn an_ordinary_plan_goes_ahead() {
    let plan = plan(&["Add login"], &["Add login"]);
    assert_eq!(
        judge(&case(&plan, &ContentFilter::default())),
        Verdict::GoAhead
    );
}

#[test]
fn every_reason_is_given_in_words() {
    let many: Vec<&str> = vec!["Do it"; 51];
    let plan = plan(
        &["a", "Spread malware", "malware", "malware", "malware"],
        &many,
    );
    let filter = ContentFilter::default();
    let verdict = judge(&Case {
        dry_run: true,
        always: true,
        possible_duplicates: 2,
        ..case(&plan, &filter)
    });
    let words: Vec<String> = verdict.reasons().iter().map(ToString::to_string).collect();
    assert_snapshot!(words.join("\n"), @"
    You asked for a dry run.
    This repository's settings ask for confirmation every time.
    51 issues are planned; more than 50 need a confirmation.
    2 planned issues look like ones that exist already.
    The content filter found “malware” (lines 2–3, line 3, lines 4–5 and 1 more).
    ");
}

#[test]
fn a_word_that_only_the_plan_has_is_found_there() {
    let plan = plan(&["Send mail"], &["Send mail", "Send spam campaign"]);
    assert_snapshot!(words(&plan, &ContentFilter::default()), @"The content filter found “spam campaign” (planned issue 2).");
}

#[test]
fn the_filter_can_be_off() {
    let plan = plan(&["malware"], &[]);
    let filter = ContentFilter::default();
    let off = Case {
        filter: None,
        ..case(&plan, &filter)
    };
    assert_eq!(judge(&off), Verdict::GoAhead);
}

#[test]
fn the_threshold_itself_is_not_too_many() {
    let fifty = plan(&[], &["Do it"; 50]);
    assert_eq!(
        judge(&case(&fifty, &ContentFilter::default())),
        Verdict::GoAhead
    );
    assert_eq!(check_maximum(100, 100), Ok(()));
    let over = check_maximum(101, 100).unwrap_err();
    assert_snapshot!(over, @"101 issues are planned, and at most 100 may be created in one run");
}

#[rstest]
#[case("triage", "read", Role::Triage)]
#[case("maintain", "write", Role::Maintain)]
#[case("Security Manager", "write", Role::Write)]
#[case("", "admin", Role::Admin)]
#[case("boss", "boss", Role::None)]
fn the_exact_role_counts_and_an_unknown_one_falls_back(
    #[case] role_name: &str,
    #[case] permission: &str,
    #[case] role: Role,
) {
    assert_eq!(Role::from_github(role_name, permission), role);
}

#[test]
fn a_role_may_what_lesser_roles_may_and_a_stranger_nothing() {
    for (i, role) in Role::ALL.into_iter().enumerate() {
        for (j, minimum) in Role::ALL.into_iter().enumerate() {
            assert_eq!(may(role, minimum), i > 0 && i >= j, "{role} {minimum}");
        }
    }
}
