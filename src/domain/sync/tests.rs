//! Edits of a spec, and what they touch.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::plan::Plan;
use crate::domain::spec::Spec;
use crate::domain::structure::{self, Wishes};

const WORK: &str = "\
## Work

- Build the login form with a password field
- Add sessions that last for two weeks
- Write the guide for new users

## Out of scope

- Single sign-on
";

fn wishes() -> Wishes {
    Wishes {
        maximum: 100,
        ..Wishes::default()
    }
}

fn plan(text: &str) -> Plan {
    structure::plan("Accounts", text, &wishes())
}

fn lives(plan: &Plan) -> Vec<Live> {
    let place = |id: &String| plan.spec.blocks.iter().position(|b| b.id == *id).unwrap();
    let live = |i: &crate::domain::plan::PlannedIssue| Live {
        covers: i.covers.iter().map(place).collect(),
        title: i.title.clone(),
        body: i.body.clone(),
        says: BTreeMap::new(),
    };
    plan.issues.iter().map(live).collect()
}

fn decided(old: &str, new: &str) -> (Decision, Vec<Live>) {
    let (old, new) = (plan(old), plan(new));
    let lives = lives(&old);
    let difference = compare(&old.spec, &new.spec);
    let reasons = vec![None; old.spec.blocks.len()];
    let versions = Versions {
        old: &old,
        new: &new,
        difference: &difference,
        reasons: &reasons,
        foreign: &BTreeSet::new(),
    };
    (decide(&versions, &lives), lives)
}

/// `+ title`, `~ title -> title`, `- title`.
fn told(old: &str, new: &str) -> String {
    let (decision, lives) = decided(old, new);
    let adds = decision
        .adds
        .iter()
        .map(|a| format!("+ {} under {:?}", a.planned.title, a.parent));
    let changes = decision
        .changes
        .iter()
        .map(|c| format!("~ {} -> {}", lives[c.live].title, c.title));
    let retires = decision
        .retires
        .iter()
        .map(|r| format!("- {}", lives[*r].title));
    adds.chain(changes)
        .chain(retires)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_only_looks_different_differs_in_nothing() {
    let other = WORK
        .replace("- ", "* [x] ")
        .replace("## Work", "##  **Work** ##")
        .replace("login form", "`Login`  form")
        .replace("two weeks", "two weeks.");
    let difference = compare(&Spec::parse("", WORK), &Spec::parse("", &other));
    assert!(difference.is_nothing(), "{difference:?}");
}

#[test]
fn a_changed_paragraph_touches_only_the_issue_that_covers_it() {
    let new = WORK.replace("two weeks", "thirty days");
    insta::assert_snapshot!(told(WORK, &new), @"~ Add sessions that last for two weeks -> Add sessions that last for thirty days");
}

#[test]
fn an_added_line_is_an_issue_and_a_removed_one_is_retired() {
    let new = WORK.replace(
        "- Write the guide for new users\n",
        "- Lock accounts after five wrong passwords\n",
    );
    insta::assert_snapshot!(told(WORK, &new), @"
    + Lock accounts after five wrong passwords under None
    - Write the guide for new users
    ");
}

#[test]
fn a_line_that_is_put_out_of_scope_retires_its_issue_and_back_makes_one() {
    let out =
        WORK.replace("- Write the guide for new users\n", "") + "- Write the guide for new users\n";
    insta::assert_snapshot!(told(WORK, &out), @"- Write the guide for new users");
    insta::assert_snapshot!(told(&out, WORK), @"+ Write the guide for new users under None");
}

#[test]
fn another_order_touches_nothing() {
    let new = WORK
        .replace("- Write the guide for new users\n", "")
        .replace("- Build", "- Write the guide for new users\n- Build");
    assert_eq!(told(WORK, &new), "");
    let difference = compare(&Spec::parse("", WORK), &Spec::parse("", &new));
    assert!(difference.is_nothing(), "{difference:?}");
}

#[test]
fn a_new_line_of_a_phase_hangs_under_the_issue_of_that_phase() {
    let phases = "## Phase 1: Storage\n\n- Create the accounts table\n- Write the migration\n\n## Phase 2: Sign in\n\n- Build the login form\n- Add sessions\n";
    let new = phases.replace("- Add sessions\n", "- Add sessions\n- Lock accounts\n");
    insta::assert_snapshot!(told(phases, &new), @"+ Lock accounts under Some(Live(3))");
}

#[test]
fn a_text_that_a_model_wrote_gets_the_new_words() {
    let (old, new) = (plan(WORK), plan(&WORK.replace("two weeks", "thirty days")));
    let mut lives = lives(&old);
    let at = lives
        .iter()
        .position(|l| l.title.contains("sessions"))
        .unwrap();
    lives[at].title = "Keep people signed in".to_owned();
    lives[at].body = "Sessions last.\n\n- [ ] Works\n\n### From the spec\n\nline 4\n".to_owned();
    let difference = compare(&old.spec, &new.spec);
    let versions = Versions {
        old: &old,
        new: &new,
        difference: &difference,
        reasons: &[],
        foreign: &BTreeSet::new(),
    };
    let decision = decide(&versions, &lives);
    assert_eq!(decision.changes.len(), 1);
    insta::assert_snapshot!(decision.changes[0].body, @"
    Sessions last.

    - [ ] Works

    ### Changed in the specification

    - [ ] Add sessions that last for thirty days (was: Add sessions that last for two weeks)

    ### From the spec

    line 4
    ");
    assert_eq!(decision.changes[0].title, "Keep people signed in");
}

/// The body of an issue that a model wrote, when its line comes to say thirty days; `says` is what it was last brought to.
fn rewritten(says: Option<&str>) -> String {
    let (old, new) = (plan(WORK), plan(&WORK.replace("two weeks", "thirty days")));
    let mut lives = lives(&old);
    let at = lives
        .iter()
        .position(|l| l.title.contains("sessions"))
        .unwrap();
    let line = |n: &&usize| old.spec.blocks[**n].text.contains("two weeks");
    let block = *lives[at].covers.iter().find(line).unwrap();
    lives[at].title = "Keep people signed in".to_owned();
    lives[at].body = "Sessions last.\n".to_owned();
    lives[at].says = says.map(|s| (block, s.to_owned())).into_iter().collect();
    let difference = compare(&old.spec, &new.spec);
    let versions = Versions {
        old: &old,
        new: &new,
        difference: &difference,
        reasons: &[],
        foreign: &BTreeSet::new(),
    };
    let decision = decide(&versions, &lives);
    let change = decision.changes.first();
    change.map_or_else(String::new, |c| {
        c.body
            .replace("Sessions last.\n\n### Changed in the specification\n\n", "")
    })
}

#[test]
fn only_words_that_stood_there_are_quoted() {
    let quoted = [
        rewritten(None),
        rewritten(Some("- Add sessions that last for a day")),
        rewritten(Some("")),
        rewritten(Some("- Add sessions that last for thirty days")),
    ];
    insta::assert_snapshot!(quoted.join("\n"), @"
    - [ ] Add sessions that last for thirty days (was: Add sessions that last for two weeks)
    - [ ] Add sessions that last for thirty days (was: Add sessions that last for a day)
    - [ ] Add sessions that last for thirty days
    ");
}

#[test]
fn what_a_change_does_not_bring_is_known_afterwards() {
    let new = WORK
        .replace("two weeks", "thirty days")
        .replace("new users", "new users and admins");
    let (decision, lives) = decided(WORK, &new);
    let told: Vec<String> = decision
        .behind
        .iter()
        .zip(&lives)
        .flat_map(|(behind, live)| behind.iter().map(move |b| (b, live)))
        .map(|(b, live)| format!("{} says {:?}, {}", live.title, b.says, b.stays))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    Add sessions that last for two weeks says "- Add sessions that last for two weeks", false
    Write the guide for new users says "- Write the guide for new users", false
    "#);
}

#[test]
fn whose_words_somebody_wrote_upon_is_told_by_their_lines() {
    let (before, sent) = ("Top\n\n- [ ] One\n", "Top\n\n- [ ] Two\n");
    let told = |now: &str| written_upon(before, sent, now);
    assert_eq!(told("Top\n\n- [x] Two\n- Mine\n"), Upon::Sent);
    assert_eq!(told("Top!\r\n\r\n- [x] One\r\n"), Upon::Before);
    assert_eq!(told("All new"), Upon::Unknown);
    assert_eq!(told("- [ ] One\n- [ ] Two\n"), Upon::Unknown);
}

#[test]
fn every_block_of_the_new_spec_is_covered_or_has_a_reason() {
    let new = "Some context first.\n\n".to_owned()
        + &WORK
            .replace("two weeks", "thirty days")
            .replace("- Write", "- Lock accounts\n- Write");
    let (decision, _) = decided(WORK, &new);
    let mut covered: std::collections::BTreeSet<usize> =
        decision.covers.iter().flatten().copied().collect();
    covered.extend(decision.adds.iter().flat_map(|a| &a.covers));
    for (n, reason) in decision.reasons.iter().enumerate() {
        assert!(
            covered.contains(&n) != reason.is_some(),
            "block {n}: {reason:?}"
        );
    }
}

#[test]
fn ticks_and_words_of_people_stay() {
    let sent = "Build it.\n\n- [ ] One\n- [ ] Two\n\nEnd";
    let now = "Build it.\r\n\r\nAsk Rita first.\r\n\r\n- [x] One\r\n- [ ] Two\r\n\r\nEnd";
    let new = "Build it.\n\n- [ ] One\n- [ ] Two and a half\n\nEnd";
    let Merged::Text(text) = merge(sent, now, new) else {
        panic!("a conflict")
    };
    assert_eq!(
        text,
        "Build it.\n\nAsk Rita first.\n\n- [x] One\n- [ ] Two and a half\n\nEnd"
    );
}

#[test]
fn an_edit_of_the_same_line_is_a_conflict() {
    let sent = "Build it.\n\n- [ ] One\n";
    assert_eq!(
        merge(
            sent,
            "Build it.\n\n- [ ] Uno\n",
            "Build it.\n\n- [ ] One more\n"
        ),
        Merged::Conflict
    );
    assert!(same_but_ticks(sent, "Build it.\r\n\r\n- [x] One"));
    assert!(!same_but_ticks(sent, "Build it.\n\n- [x] Other"));
}

#[test]
fn a_huge_spec_is_compared_without_comparing_all_with_all() {
    let line =
        |n: usize, word: &str| format!("- Add the {word}{n} to page{n} of the handbook{n}\n");
    let old: String = (0..4000).map(|n| line(n, "chapter")).collect();
    let new: String = (0..4000).map(|n| line(n, "section")).collect();
    let difference = compare(&Spec::parse("", &old), &Spec::parse("", &new));
    assert_eq!(difference.changed.len(), 4000);
    assert!(difference.changed.iter().all(|(o, n)| o == n));
}

/// What is to be done about these issues, whatever became of the others of the plan.
fn about(old: &str, new: &str, lives: &[Live], foreign: &BTreeSet<usize>) -> Decision {
    let (old, new) = (plan(old), plan(new));
    let difference = compare(&old.spec, &new.spec);
    let versions = Versions {
        old: &old,
        new: &new,
        difference: &difference,
        reasons: &vec![None; old.spec.blocks.len()],
        foreign,
    };
    decide(&versions, lives)
}

#[test]
fn an_issue_that_has_the_new_words_already_is_left_alone() {
    let old = WORK.replace("two weeks", "two");
    let new = WORK.replace("two weeks", "two weeks and a day");
    let mut done = lives(&plan(&new));
    assert_eq!(about(&old, &new, &done, &BTreeSet::new()).changes, []);
    let at = done
        .iter()
        .position(|l| l.title.contains("sessions"))
        .unwrap();
    done[at].body = "Sessions.\n\n- [ ] Add sessions that last for two weeks and a day\n\n### From the spec\n\nline 4\n".to_owned();
    assert_eq!(about(&old, &new, &done, &BTreeSet::new()).changes, []);
}

#[test]
fn old_words_are_replaced_only_where_they_are_a_line() {
    let mut lives = lives(&plan(WORK));
    let at = lives
        .iter()
        .position(|l| l.title.contains("sessions"))
        .unwrap();
    lives[at].body = "We add sessions that last for two weeks for now.\n\n- [ ] Add sessions that last for two weeks".to_owned();
    let second = WORK.replace("two weeks", "thirty days");
    let decision = about(WORK, &second, &lives, &BTreeSet::new());
    insta::assert_snapshot!(decision.changes[0].body, @"
    We add sessions that last for two weeks for now.

    - [ ] Add sessions that last for thirty days
    ");
}

#[test]
fn a_second_edit_replaces_the_note_of_the_first() {
    let mut of = lives(&plan(WORK));
    let at = of
        .iter()
        .position(|l| l.title.contains("sessions"))
        .unwrap();
    of[at].body = "Sessions last.".to_owned();
    let (second, third) = (
        WORK.replace("two weeks", "thirty days"),
        WORK.replace("two weeks", "one year"),
    );
    let first = about(WORK, &second, &of, &BTreeSet::new());
    of[at].body.clone_from(&first.changes[0].body);
    let decision = about(&second, &third, &of, &BTreeSet::new());
    insta::assert_snapshot!(decision.changes[0].body, @"
    Sessions last.

    ### Changed in the specification

    - [ ] Add sessions that last for one year
    ");
}

#[test]
fn a_reworded_line_that_no_issue_stands_for_is_an_issue() {
    let new = WORK.replace("two weeks", "thirty days");
    let mut lives = lives(&plan(WORK));
    let at = lives
        .iter()
        .position(|l| l.title.contains("sessions"))
        .unwrap();
    let dropped = lives.remove(at);
    let adds = |lives: &[Live], foreign: &BTreeSet<usize>| -> Vec<String> {
        let adds = about(WORK, &new, lives, foreign).adds;
        adds.into_iter().map(|a| a.planned.title).collect()
    };
    assert_eq!(
        adds(&lives, &BTreeSet::new()),
        ["Add sessions that last for thirty days"]
    );
    assert_eq!(adds(&lives, &dropped.covers), [""; 0]);
}

#[test]
fn a_renamed_heading_is_no_task() {
    let mut lives = lives(&plan(WORK));
    for live in &mut lives {
        live.body = "In a model's words.".to_owned();
    }
    let new = WORK.replace("## Work", "## Work to be done");
    assert_eq!(about(WORK, &new, &lives, &BTreeSet::new()).changes, []);
}

#[test]
fn of_two_tasks_that_say_the_same_only_the_ticked_one_is_ticked() {
    let sent = "- [ ] Test\n\nMore\n\n- [ ] Test\n\nEnd";
    let now = "- [x] Test\n\nRita:  \nyes\n\nMore\n\n- [ ] Test\n\nEnd";
    let Merged::Text(text) = merge(sent, now, &sent.replace("End", "The end")) else {
        panic!("a conflict")
    };
    assert_eq!(
        text,
        "- [x] Test\n\nRita:  \nyes\n\nMore\n\n- [ ] Test\n\nThe end"
    );
}
