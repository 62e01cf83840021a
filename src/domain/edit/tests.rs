//! Edits one by one, as people would make them, and any number of them in any order.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Edit, Edited, Refused, apply, highest};
use crate::domain::coverage;
use crate::domain::ids::RepositoryName;
use crate::domain::plan::Plan;
use crate::domain::structure::{self, Wishes};

const SHOP: &str = "\
# The shop

## Checkout

The checkout takes people from the basket to a paid order.

- Build the basket page
  - It shows every article with its price
  - It works without scripts
- Add payment by card
- Send the receipt by e-mail after the payment

## Sign in

Accounts are needed for invoices. Users must be able to sign in with a password. The form must lock after five wrong
passwords. Operators must see who was locked out.

## Speed

- Cache the price list
";

fn planned(text: &str) -> Plan {
    let wishes = Wishes {
        maximum: 100,
        labels: vec!["shop".to_owned()],
        ..Wishes::default()
    };
    let plan = structure::plan("The shop", text, &wishes);
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
    plan
}

fn edited(plan: &Plan, text: &str, last: u32, edit: &Edit) -> Edited {
    let edited = apply(plan, text, last, edit).unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(coverage::check(&edited.plan), Vec::<String>::new());
    edited
}

fn merge(into: u32, others: &[u32]) -> Edit {
    Edit::Merge {
        into,
        others: others.to_vec(),
    }
}

fn title(item: u32, title: &str) -> Edit {
    Edit::Title {
        item,
        title: title.to_owned(),
    }
}

/// `2 < 1 Title [b1 b2] waits for 3`, a line an issue.
fn outline(plan: &Plan) -> String {
    let mut out = String::new();
    for issue in &plan.issues {
        let parent = issue.parent.as_ref();
        let _ = writeln!(
            out,
            "{}{} {} [{}]{}",
            issue.id,
            parent.map_or_else(String::new, |p| format!(" < {p}")),
            issue.title,
            issue.covers.join(" "),
            match issue.blocked_by.as_slice() {
                [] => String::new(),
                waits => format!(" waits for {}", waits.join(" ")),
            }
        );
    }
    out
}

fn bodies(plan: &Plan, ids: &[&str]) -> String {
    let one = |id: &&str| {
        let issue = plan.issues.iter().find(|i| i.id == **id).unwrap();
        format!("# {}\n{}", issue.title, issue.body)
    };
    ids.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn several_become_one_and_keep_everything() {
    let plan = planned(SHOP);
    assert_snapshot!(outline(&plan), @"
    i1 Build checkout for the shop [b2 b3]
    i2 < i1 Build the basket page [b4 b5 b6]
    i3 < i1 Add payment by card [b7]
    i4 < i1 Send the receipt by e-mail after the payment [b8]
    i5 Sign in [b9 b10]
    i6 Cache the price list [b11 b12]
    ");
    let one = edited(&plan, SHOP, highest(&plan), &merge(2, &[3]));
    assert_snapshot!(outline(&one.plan), @"
    i1 Build checkout for the shop [b2 b3]
    i2 < i1 Build the basket page [b4 b5 b6 b7]
    i4 < i1 Send the receipt by e-mail after the payment [b8]
    i5 Sign in [b9 b10]
    i6 Cache the price list [b11 b12]
    ");
    assert_snapshot!(bodies(&one.plan, &["i2"]), @"
    # Build the basket page
    Build the basket page

    Part of **Checkout**: The checkout takes people from the basket to a paid order.

    **Add payment by card**

    ### Acceptance criteria

    - [ ] It shows every article with its price
    - [ ] It works without scripts
    - [ ] Add payment by card

    ### From the spec

    The shop › Checkout, lines 7–10
    ");
    assert_eq!(one.last, highest(&plan));
}

#[test]
fn what_was_merged_is_split_again_into_the_same_work() {
    let plan = planned(SHOP);
    let one = edited(&plan, SHOP, highest(&plan), &merge(2, &[3]));
    let two = edited(&one.plan, SHOP, one.last, &Edit::Split(2));
    assert_snapshot!(outline(&two.plan), @"
    i1 Build checkout for the shop [b2 b3]
    i2 < i1 Build the basket page [b4 b5 b6]
    i7 < i1 Add payment by card [b7]
    i4 < i1 Send the receipt by e-mail after the payment [b8]
    i5 Sign in [b9 b10]
    i6 Cache the price list [b11 b12]
    ");
    assert_snapshot!(bodies(&two.plan, &["i2"]), @"
    # Build the basket page
    Build the basket page

    Part of **Checkout**: The checkout takes people from the basket to a paid order.

    ### Acceptance criteria

    - [ ] It shows every article with its price
    - [ ] It works without scripts

    ### From the spec

    The shop › Checkout, lines 7–9
    ");
}

#[test]
fn a_paragraph_is_split_by_its_sentences() {
    let text = "## Work\n\n- Users must be able to sign in with a password. The form must lock after five wrong passwords. \
                This keeps robots out. Operators must see who was locked out.\n- Write the guide after the sign in\n";
    let mut plan = planned(text);
    plan.issues[1].blocked_by = vec!["i1".to_owned()];
    let parts = edited(&plan, text, 2, &Edit::Split(1));
    assert_snapshot!(outline(&parts.plan), @"
    i1 Let users sign in with a password [b1 b2]
    i3 Make the form lock after five wrong passwords [b1 b2]
    i4 Require operators to see who was locked out [b1 b2]
    i2 Write the guide after the sign in [b1 b3] waits for i1 i3 i4
    ");
    assert_snapshot!(bodies(&parts.plan, &["i3"]), @"
    # Make the form lock after five wrong passwords
    The form must lock after five wrong passwords. This keeps robots out.

    ### Acceptance criteria

    - [ ] The form must lock after five wrong passwords.

    ### From the spec

    Work, line 3
    ");
    // What its neighbours took is theirs.
    assert_eq!(
        apply(&parts.plan, text, parts.last, &Edit::Split(3)),
        Err(Refused::Indivisible { item: 3 })
    );
}

#[test]
fn an_item_is_split_by_what_is_nested_in_it() {
    let plan = planned(SHOP);
    let parts = edited(&plan, SHOP, highest(&plan), &Edit::Split(2));
    assert_snapshot!(outline(&parts.plan), @"
    i1 Build checkout for the shop [b2 b3]
    i2 < i1 Build the basket page: shows every article with its price [b4 b5]
    i7 < i1 Build the basket page: works without scripts [b4 b6]
    i3 < i1 Add payment by card [b7]
    i4 < i1 Send the receipt by e-mail after the payment [b8]
    i5 Sign in [b9 b10]
    i6 Cache the price list [b11 b12]
    ");
    assert_snapshot!(bodies(&parts.plan, &["i7"]), @"
    # Build the basket page: works without scripts
    It works without scripts

    Part of **Checkout**: The checkout takes people from the basket to a paid order.

    ### Acceptance criteria

    - [ ] It works without scripts

    ### From the spec

    The shop › Checkout, lines 7–9
    ");
}

#[test]
fn the_points_of_a_group_become_issues_under_it() {
    let text = "# Shop\n\n## Checkout\n\nThe checkout must work without scripts. It must take every card.\n\n\
                ### Basket\n\n- Build the basket page\n- Keep the basket for a week\n\n### Payment\n\n- Add payment by card\n\
                - Send the receipt\n\n## Speed\n\n- Cache the price list\n";
    let plan = planned(text);
    assert_snapshot!(outline(&plan), @"
    i1 Build checkout for shop [b2 b3]
    i2 < i1 Build basket for shop [b4]
    i3 < i2 Build the basket page [b5]
    i4 < i2 Keep the basket for a week [b6]
    i5 < i1 Build payment for shop [b7]
    i6 < i5 Add payment by card [b8]
    i7 < i5 Send the receipt [b9]
    i8 Cache the price list [b10 b11]
    ");
    match apply(&plan, text, highest(&plan), &Edit::Split(1)) {
        Ok(parts) => {
            assert_snapshot!(outline(&parts.plan), @"
            i1 Build checkout for shop [b2]
            i9 < i1 Make the checkout work without scripts [b2 b3]
            i10 < i1 Build checkout for shop: must take every card [b2 b3]
            i2 < i1 Build basket for shop [b4]
            i3 < i2 Build the basket page [b5]
            i4 < i2 Keep the basket for a week [b6]
            i5 < i1 Build payment for shop [b7]
            i6 < i5 Add payment by card [b8]
            i7 < i5 Send the receipt [b9]
            i8 Cache the price list [b10 b11]
            ");
            assert_snapshot!(bodies(&parts.plan, &["i1"]), @"
            # Build checkout for shop
            Build checkout for shop.

            ### Acceptance criteria

            - [ ] All sub-issues are done

            ### From the spec

            Shop, line 3
            ");
        }
        Err(refused) => assert_snapshot!(refused, @""),
    }
}

#[test]
fn a_model_s_issue_is_split_by_its_criteria() {
    let text = "Make the shop ready for guests.\n";
    let mut plan = planned(text);
    plan.planner = "openai/gpt-5".to_owned();
    plan.issues[0].body = "Let people buy without an account.\n\n### Acceptance criteria\n\n- [ ] The basket works for guests\n\
                           - [ ] The receipt is sent to the address that a guest gives\n\n### From the spec\n\nLine 1\n"
        .to_owned();
    let parts = edited(&plan, text, 1, &Edit::Split(1));
    assert_snapshot!(outline(&parts.plan), @"
    i1 Ensure the basket works for guests [b1]
    i2 Ensure the receipt is sent to the address that a guest gives [b1]
    ");
    assert_snapshot!(bodies(&parts.plan, &["i1"]), @"
    # Ensure the basket works for guests
    The basket works for guests

    Let people buy without an account.

    ### Acceptance criteria

    - [ ] The basket works for guests

    ### From the spec

    Line 1
    ");
}

#[test]
fn one_thing_is_not_divided() {
    let text = "## Work\n\n- Cache the price list\n- Build the basket page\n";
    let plan = planned(text);
    let refused = apply(&plan, text, 2, &Edit::Split(1)).unwrap_err();
    assert_snapshot!(refused, @"1 cannot be divided: by its structure it is one thing, without a list, criteria or sentences that ask for several. Write its parts as a list in the specification and `replan`, or say it better with `title 1: …`.");
}

#[test]
fn what_would_wait_for_itself_is_not_merged() {
    let text = "## Work\n\n- Build the login form\n- Add sessions\n- Write the guide\n";
    let mut plan = planned(text);
    plan.issues[1].blocked_by = vec!["i1".to_owned()];
    plan.issues[2].blocked_by = vec!["i2".to_owned()];
    let refused = apply(&plan, text, 3, &merge(1, &[3])).unwrap_err();
    assert_snapshot!(refused, @"1 and 3 cannot be one issue: 2 waits for a part of it, and a part of it waits for 2.");
    // Neighbours can be.
    let one = edited(&plan, text, 3, &merge(2, &[1]));
    assert_snapshot!(outline(&one.plan), @"
    i2 Add sessions [b1 b2 b3]
    i3 Write the guide [b1 b4] waits for i2
    ");
}

#[test]
fn an_issue_goes_in_with_the_group_above_it() {
    let text = "# Shop\n\n## Phase 1: Storage\n\n- Create the accounts table\n- Write the migration\n\n\
                ## Phase 2: Sign in\n\n- Build the form\n- Add sessions\n";
    let plan = planned(text);
    assert_snapshot!(outline(&plan), @"
    i1 Deliver phase 1: storage [b2]
    i2 < i1 Create the accounts table [b3]
    i3 < i1 Write the migration [b4]
    i4 Deliver phase 2: sign in [b5] waits for i1
    i5 < i4 Build the form [b6]
    i6 < i4 Add sessions [b7]
    ");
    // Into its own child: the child takes the group's place.
    let one = edited(&plan, text, highest(&plan), &merge(2, &[1]));
    assert_snapshot!(outline(&one.plan), @"
    i2 Create the accounts table [b2 b3]
    i3 < i2 Write the migration [b4]
    i4 Deliver phase 2: sign in [b5] waits for i2
    i5 < i4 Build the form [b6]
    i6 < i4 Add sessions [b7]
    ");
    let groups = edited(&plan, text, highest(&plan), &merge(4, &[1]));
    assert_snapshot!(outline(&groups.plan), @"
    i2 < i4 Create the accounts table [b3]
    i3 < i4 Write the migration [b4]
    i4 Deliver phase 2: sign in [b2 b5]
    i5 < i4 Build the form [b6]
    i6 < i4 Add sessions [b7]
    ");
}

#[test]
fn issues_of_two_repositories_stay_two() {
    let text = "## Work\n\n- Build the login form\n- Add sessions\n";
    let mut plan = planned(text);
    plan.issues[1].repository = RepositoryName::parse("acme/api");
    let refused = apply(&plan, text, 2, &merge(1, &[2])).unwrap_err();
    assert_snapshot!(refused, @"1 and 2 go to different repositories (the one of this issue and `acme/api`), and an issue stands in one.");
}

#[test]
fn a_title_is_one_harmless_line_that_no_other_issue_has() {
    let text = "## Work\n\n- Build the login form\n- Add sessions\n";
    let plan = planned(text);
    let new = edited(
        &plan,
        text,
        2,
        &title(1, "  # Build the *form* for @alice,\nsee #7 "),
    );
    assert_eq!(
        new.plan.issues[0].title.replace('\u{200b}', "¦"),
        "Build the *form* for @¦alice, see #¦7"
    );
    let says = |words: &str| {
        apply(&plan, text, 2, &title(1, words))
            .unwrap_err()
            .to_string()
    };
    assert_snapshot!(says("add  SESSIONS!"), @"2 has the title “add SESSIONS!” already, and titles differ.");
    assert_snapshot!(says("Build the login form"), @"1 has this title already.");
    assert_snapshot!(says("…"), @"A title needs at least one letter or digit.");
    assert_eq!(
        apply(&plan, text, 2, &title(9, "x")),
        Err(Refused::Unknown(vec![9]))
    );
}

#[test]
fn a_split_keeps_every_word_that_no_part_says() {
    let text = "## Work\n\n- Release\n  - Price\n  - Tests\n  - Log\n";
    let mut plan = planned(text);
    let number = plan
        .issues
        .iter()
        .find(|i| i.covers.len() > 3)
        .map(|i| i.id.clone());
    let whole = plan
        .issues
        .iter_mut()
        .find(|i| Some(&i.id) == number.as_ref())
        .unwrap();
    whole.body = "Release\n\nThe price includes tax\n\n- Price\n- Tests\n- Log\n\n### Acceptance criteria\n\n\
                  - [ ] Login answers in 200 ms\n\n### Also waits for\n\n- Build part 51\n\n### Notes\n\nAsk Kim.\n\n\
                  ### From the spec\n\nWork, lines 3–6\n\n> the tests of last year\n"
        .to_owned();
    let item = super::number(&number.unwrap()).unwrap();
    let parts = edited(&plan, text, highest(&plan), &Edit::Split(item))
        .plan
        .issues;
    assert_eq!(parts.len(), 3);
    let said = |words: &str| parts.iter().filter(|i| i.body.contains(words)).count();
    assert_eq!(said("The price includes tax"), 3);
    assert_eq!(said("- [ ] Login answers in 200 ms"), 1);
    assert_eq!(said("### Also waits for\n\n- Build part 51\n\n"), 3);
    assert_eq!(said("### Notes\n\nAsk Kim.\n\n"), 3);
    assert_eq!(said("> the tests of last year"), 1);
    assert!(
        parts[1].body.contains("> the tests of last year"),
        "{}",
        parts[1].body
    );
    assert_eq!(said("- Price\n- Tests"), 0);
}

#[test]
fn a_group_that_nothing_is_left_in_goes_along() {
    let text = "# Shop\n\n## Phase 1: Storage\n\n- Create the accounts table\n- Write the migration\n\n\
                ## Phase 2: Sign in\n\n- Build the form\n- Add sessions\n";
    let plan = planned(text);
    let one = edited(&plan, text, highest(&plan), &merge(2, &[5, 6]));
    assert_snapshot!(outline(&one.plan), @"
    i1 Deliver phase 1: storage [b2]
    i2 < i1 Create the accounts table [b3 b5 b6 b7]
    i3 < i1 Write the migration [b4]
    ");
    assert_eq!(one.made_of.keys().collect::<Vec<_>>(), ["i2"]);
    assert_eq!(one.made_of["i2"], ["i2", "i5", "i6"]);
    // What has text of its own stays, as an issue like others.
    let plan = planned(SHOP);
    let one = edited(&plan, SHOP, highest(&plan), &merge(5, &[2, 3, 4]));
    assert_snapshot!(outline(&one.plan), @"
    i1 Build checkout for the shop [b2 b3]
    i5 Sign in [b4 b5 b6 b7 b8 b9 b10]
    i6 Cache the price list [b11 b12]
    ");
    assert_snapshot!(bodies(&one.plan, &["i1"]), @"
    # Build checkout for the shop
    The checkout takes people from the basket to a paid order.

    ### Acceptance criteria

    - [ ] Build checkout for the shop

    ### From the spec

    Checkout, line 5
    ");
    assert!(one.made_of.contains_key("i1"));
}

#[test]
fn what_is_written_down_follows_the_issues_that_it_names() {
    let text = "## Work\n\n- Build the form\n- Add sessions\n- Write the guide\n  - It shows pictures\n  - It has an index\n- Ship it\n";
    let mut plan = planned(text);
    let last = highest(&plan);
    assert_eq!(last, 4, "{}", outline(&plan));
    let waits = "### Also waits for\n\n- Build the form\n- Add sessions\n- Write the guide\n\n### From the spec";
    let ship = plan.issues.iter_mut().find(|i| i.id == "i4").unwrap();
    ship.body = ship.body.replace("### From the spec", waits);
    let says = |edited: &Edited| {
        let ship = edited.plan.issues.iter().find(|i| i.id == "i4").unwrap();
        let (_, waits) = ship
            .body
            .split_once("### Also waits for\n\n")
            .unwrap_or_default();
        let (waits, rest) = waits.split_once("\n\n").unwrap_or_default();
        assert!(
            waits.is_empty() || rest.starts_with("### From the spec\n\n"),
            "{}",
            ship.body
        );
        waits.to_owned()
    };
    let renamed = edited(&plan, text, last, &title(1, "Build the login form"));
    assert_snapshot!(says(&renamed), @"
    - Build the login form
    - Add sessions
    - Write the guide
    ");
    let merged = edited(&plan, text, last, &merge(2, &[1]));
    assert_snapshot!(says(&merged), @"
    - Add sessions
    - Write the guide
    ");
    let split = edited(&plan, text, last, &Edit::Split(3));
    assert_snapshot!(says(&split), @"
    - Build the form
    - Add sessions
    - Write the guide: shows pictures
    - Write the guide: has an index
    ");
    let all = edited(&plan, text, last, &merge(4, &[1, 2, 3]));
    assert_snapshot!(says(&all), @"");
}

#[test]
fn the_count_s_reason_says_once_that_people_changed_it() {
    let plan = planned(SHOP);
    assert_snapshot!(plan.count_reason, @"5 work items in 3 sections and 1 issue that groups them; planned from the document's structure, no model was used.");
    let one = edited(&plan, SHOP, highest(&plan), &merge(2, &[3]));
    assert_snapshot!(one.plan.count_reason, @"5 work items in 3 sections and 1 issue that groups them; planned from the document's structure, no model was used; then edited by hand.");
    let two = edited(&one.plan, SHOP, one.last, &Edit::Split(2));
    assert_eq!(two.plan.count_reason, one.plan.count_reason);
}

#[test]
fn a_number_that_is_gone_never_comes_back() {
    let plan = planned(SHOP);
    let last = highest(&plan);
    let one = edited(&plan, SHOP, last, &merge(2, &[last]));
    assert!(one.plan.issues.iter().all(|i| i.id != super::id(last)));
    let two = edited(&one.plan, SHOP, one.last, &Edit::Split(2));
    assert!(two.plan.issues.iter().all(|i| i.id != super::id(last)));
    assert!(two.last > last);
}

/// Documents with sections, lists, nested lists, paragraphs and tables.
fn documents() -> impl Strategy<Value = String> {
    const THINGS: &[&str] = &[
        "login form",
        "basket",
        "invoice",
        "price list",
        "newsletter",
        "search page",
        "stock report",
        "returns desk",
    ];
    const VERBS: &[&str] = &[
        "Build",
        "Test",
        "Document",
        "Translate",
        "Measure",
        "Review",
    ];
    let thing = prop::sample::select(THINGS);
    let deed =
        (prop::sample::select(VERBS), thing.clone()).prop_map(|(v, t)| format!("{v} the {t}"));
    let bullet =
        (deed.clone(), prop::collection::vec(deed.clone(), 0..3)).prop_map(|(deed, below)| {
            let nested = below
                .iter()
                .map(|d| format!("\n  - {d}"))
                .collect::<Vec<_>>()
                .concat();
            format!("- {deed}{nested}")
        });
    let list = prop::collection::vec(bullet, 1..5).prop_map(|items| items.join("\n"));
    let prose = prop::collection::vec(deed.clone(), 1..4).prop_map(|deeds| {
        deeds
            .iter()
            .map(|d| format!("The team must {}. ", d.to_lowercase()))
            .collect::<Vec<_>>()
            .concat()
    });
    let table = prop::collection::vec(deed, 1..4).prop_map(|deeds| {
        let rows = deeds
            .iter()
            .map(|d| format!("| {d} | soon |\n"))
            .collect::<Vec<_>>()
            .concat();
        format!("| Task | When |\n|---|---|\n{rows}")
    });
    let piece = prop_oneof![4 => list, 2 => prose, 1 => table];
    let section =
        (thing, prop::collection::vec(piece, 1..3)).prop_map(|(name, pieces): (_, Vec<String>)| {
            format!("## The {name}\n\n{}\n", pieces.join("\n\n"))
        });
    prop::collection::vec(section, 1..4)
        .prop_map(|sections| format!("# Shop\n\n{}", sections.join("\n")))
}

fn edits() -> impl Strategy<Value = Vec<(u8, prop::sample::Index, prop::sample::Index, String)>> {
    let one = (
        0_u8..4,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "\\PC{0,90}",
    );
    prop::collection::vec(one, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_edits_keep_every_promise(text in documents(), edits in edits()) {
        let mut plan = planned(&text);
        let mut last = highest(&plan);
        let before = covered(&plan);
        let mut gone: HashSet<String> = HashSet::new();
        let mut dropped: HashSet<String> = HashSet::new();
        for (kind, a, b, words) in edits {
            let numbers: Vec<u32> = plan.issues.iter().filter_map(|i| super::number(&i.id)).collect();
            let (a, b) = (*a.get(&numbers), *b.get(&numbers));
            let edit = match kind {
                0 => Edit::Split(a),
                1 if a != b => merge(a, &[b]),
                2 => title(a, &words),
                _ => {
                    dropped.insert(super::id(a));
                    continue;
                }
            };
            let Ok(next) = apply(&plan, &text, last, &edit) else { continue };
            let faults = coverage::check(&next.plan);
            prop_assert!(faults.is_empty(), "{edit:?}: {faults:?}");
            prop_assert!(before.is_subset(&covered(&next.plan)), "{edit:?} lost a block");
            prop_assert!(next.last >= last);
            let ids: HashSet<&String> = next.plan.issues.iter().map(|i| &i.id).collect();
            prop_assert!(ids.iter().all(|id| !gone.contains(*id)), "{edit:?} brought a number back");
            prop_assert!(ids.iter().all(|id| super::number(id).is_some_and(|n| n <= next.last)));
            let titles: HashSet<String> = next.plan.issues.iter().map(|i| super::same_words(&i.title)).collect();
            prop_assert_eq!(titles.len(), next.plan.issues.len(), "{:?} doubled a title", edit);
            for issue in &plan.issues {
                match next.plan.issues.iter().find(|i| i.id == issue.id) {
                    None => { gone.insert(issue.id.clone()); }
                    Some(now) if !next.made_of.contains_key(&issue.id) => {
                        prop_assert_eq!((&now.title, &now.body, &now.covers), (&issue.title, &issue.body, &issue.covers));
                    }
                    Some(_) => {}
                }
            }
            for (id, origins) in &next.made_of {
                let now = next.plan.issues.iter().find(|i| i.id == *id).expect("what was made is there");
                prop_assert!(!now.body.trim().is_empty() && now.body.contains("### Acceptance criteria\n\n- [ ] "), "{}", now.body);
                prop_assert!(origins.iter().all(|o| plan.issues.iter().any(|i| i.id == *o)));
            }
            (plan, last) = (next.plan, next.last);
        }
    }

    #[test]
    fn any_title_is_refused_or_fits(words in any::<String>()) {
        let plan = planned("## Work\n\n- Build the login form\n- Add sessions\n");
        if let Ok(new) = apply(&plan, "", 2, &title(1, &words)) {
            prop_assert_eq!(coverage::check(&new.plan), Vec::<String>::new());
        }
    }
}

fn covered(plan: &Plan) -> BTreeSet<String> {
    let covered = plan.coverage.iter().filter(|c| !c.issues.is_empty());
    covered.map(|c| c.block.clone()).collect()
}
