//! Plans of the examples and of documents of many shapes, in the manner of real ones.

use proptest::prelude::*;

use super::{Wishes, plan};
use crate::domain::coverage;
use crate::domain::plan::Plan;

fn wishes() -> Wishes {
    Wishes {
        maximum: 100,
        ..Wishes::default()
    }
}

/// Titles with their parents by indentation, what they wait for, and where the blocks went.
fn outline(plan: &Plan) -> String {
    assert_eq!(coverage::check(plan), Vec::<String>::new());
    let number = |id: &String| id[1..].to_owned();
    let mut out = String::new();
    for issue in &plan.issues {
        let mut depth = 0;
        let mut at = issue.parent.as_ref();
        while let Some(parent) = at {
            depth += 1;
            at = plan
                .issues
                .iter()
                .find(|i| i.id == *parent)
                .unwrap()
                .parent
                .as_ref();
        }
        let waits = issue
            .blocked_by
            .iter()
            .map(number)
            .collect::<Vec<_>>()
            .join(", ");
        let waits = if waits.is_empty() {
            waits
        } else {
            format!(" <- {waits}")
        };
        out.push_str(
            &[
                &"  ".repeat(depth),
                &number(&issue.id),
                " ",
                &issue.title,
                &waits,
                "\n",
            ]
            .concat(),
        );
    }
    let summary = coverage::summary(plan);
    let reasons = summary
        .reasons
        .iter()
        .map(|(reason, n)| format!("{reason} {n}"))
        .collect::<Vec<_>>()
        .join(", ");
    out + &format!(
        "{} of {} covered; {reasons}; uncovered {}",
        summary.covered,
        summary.total,
        summary.uncovered.len()
    )
}

#[test]
fn the_example_team_inbox_prd() {
    let plan = plan(
        "",
        include_str!("../../../docs/examples/team-inbox-prd.md"),
        &wishes(),
    );
    insta::assert_snapshot!(outline(&plan), @r#"
    1 Build mailbox connection
      2 Connect a Gmail or Microsoft 365 mailbox through OAuth
      3 Import the last 90 days of mail after a mailbox has been connected
      4 Send outgoing mail through the connected mailbox
    5 Build conversations for team inbox
      6 Show conversations in three lists
      7 Assign a conversation to one person <- 6
      8 Warn when two people write an answer to the same conversation <- 7
      9 Add internal notes with mentions <- 6
      10 Snooze a conversation until a date <- 6
    11 Add search to team inbox
    12 Add keyboard shortcuts
    13 Add team lead overview
    14 Ensure the list of open conversations loads in under 300 ms
    15 Encrypt mail bodies at rest with a key per team
    16 Make all screens meet WCAG 2.2 AA
    17 Let administrators set after how many days done conversations are deleted
    18 Open the inbox to our own support team behind a feature flag
    19 Invite twenty customers to a beta after the import has run <- 18
    20 Announce the inbox to all customers and remove the flag <- 19
    38 of 63 covered; document data 4, goal 4, out of scope 4, success metric 4, persona 3, open question 3, introduction 2, document title 1; uncovered 0
    "#);
}

#[test]
fn the_example_billing_migration() {
    let plan = plan(
        "",
        include_str!("../../../docs/examples/billing-migration.md"),
        &wishes(),
    );
    insta::assert_snapshot!(outline(&plan), @r#"
    1 Deliver phase 1: record every booking twice
      2 Publish a booking event for every invoice line, credit note and payment
      3 Store booking events in the ledger
      4 Build a dashboard that compares both sides per customer and day
    5 Deliver phase 2: backfill history <- 1
      6 Export bookings of the last ten years from the archive
      7 Import the export into the ledger in batches of a day <- 6
      8 Compare closing balances per month and customer <- 7
    9 Deliver phase 3: read from the ledger <- 5
      10 Serve the invoice page from the ledger behind the flag `billing.read_ledger`
      11 Serve the customer API's `/balance` endpoint from the ledger
      12 Send the monthly statement from the ledger <- 10
    13 Deliver phase 4: retire the nightly job <- 9
      14 Stop the nightly job
      15 Archive the eleven source tables
      16 Remove the flag `billing.read_ledger`
      17 Write the post-mortem that nobody needed
    18 Prepare rollback for moving billing to the ledger service
    19 Plan communication for moving billing to the ledger service
      20 Tell accounting about the comparison dashboard <- 1
      21 Announce the new statement layout to customers <- 9
      22 Brief the support team on balances that differ
    36 of 56 covered; risk 5, goal 3, out of scope 3, already done 3, context 2, timeline 2, document title 1, document data 1; uncovered 0
    "#);
}

#[test]
fn the_example_dark_mode_wish() {
    let plan = plan(
        "",
        include_str!("../../../docs/examples/dark-mode-wish.md"),
        &wishes(),
    );
    insta::assert_snapshot!(outline(&plan), @"
    1 Add a dark mode
    2 Give code samples and diagrams colours that can be read
    3 Ensure no white flash while a page loads
    4 Keep print black on white
    1 of 1 covered; ; uncovered 0
    ");
}

#[test]
fn an_epic_with_bold_labels() {
    let text = r"**Description:** Customers want to bring their own domain to their status page.

**Acceptance criteria:**

- [ ] A page answers on the customer's domain over TLS
- [ ] A wrong DNS record is explained on the settings page

**Backend tasks:**

- [ ] Store the domain and its state per page (@ana)
- [ ] Ask for a certificate once the DNS record is right (blocked by the DNS check)
- [x] Choose a certificate authority
- [ ] DNS check
  - every five minutes for a day
  - then hourly for a week

**Frontend tasks:**

- [ ] Settings form for the domain
- [ ] Show the state of the DNS check and of the certificate

**Notes:** wildcard domains come later.

**Open questions:**

- Who pays for the certificates?
";
    insta::assert_snapshot!(outline(&plan("Custom domains", text, &wishes())), @r#"
    1 Verify the acceptance criteria of custom domains
    2 Store the domain and its state per page
    3 Ask for a certificate once the DNS record is right <- 4
    4 Add DNS check
    5 Build settings form for the domain
    6 Show the state of the DNS check and of the certificate
    12 of 17 covered; open question 2, introduction 1, already done 1, discussion 1; uncovered 0
    "#);
}

#[test]
fn meeting_minutes() {
    let text = r"# Sync on the importer, 3 June

Present: Ana, Ben, Chloé
Scribe: Ben

## Agenda

1. State of the importer
2. Customer escalation

## Discussion

The importer stops at broken rows. Ben has seen it on three accounts. We talked about skipping rows or stopping early.

- Chloé thinks that skipping silently is worse than stopping
- TODO: Ana to ask support how often this happens

## Decisions

- Broken rows are skipped and reported, never dropped silently.

## Action items

| Action | Owner | Due | Status |
|---|---|---|---|
| Skip broken rows and list them in the report | Ben | 10 June | open |
| Write to the three customers | Chloé | 4 June | done |
| Add a metric for skipped rows | Ben | 17 June | open |

- [ ] Ana: update the help page about imports
- [ ] @chloe to prepare a test file with every kind of broken row

## Next meeting

17 June, same time.
";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Ask support how often this happens
    2 Skip broken rows and list them in the report
    3 Add a metric for skipped rows
    4 Update the help page about imports
    5 Prepare a test file with every kind of broken row
    7 of 20 covered; process 5, discussion 5, document title 1, document data 1, already done 1; uncovered 0
    "#);
}

#[test]
fn user_stories_with_criteria() {
    let text = r#"# Epic: Shared shopping lists

## User stories

### Story 1: Create a list

As a parent, I want to create a shopping list so that I do not forget anything.

**Acceptance criteria**

- Given I am signed in, when I press "New list", then an empty list opens
- A list has a name of at most 40 characters

### Story 2: Share a list

As a parent, I want to share a list with my family, so that anybody can buy what is missing.

**Acceptance criteria**

- Given a shared list, when my partner ticks an item, then I see it ticked within five seconds
- An invitation can be revoked

Depends on story 1.

### Story 3: Suggestions

As a shopper, I'd like to see suggestions from earlier lists.

## Definition of done

- Works offline
- Translated into German and French
"#;
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @"
    1 Create a shopping list
    2 Let parents share a list with their family <- 1
    3 Let shoppers see suggestions from earlier lists
    4 Verify the acceptance criteria of shared shopping lists
    17 of 18 covered; document title 1; uncovered 0
    ");
}

#[test]
fn a_german_document_keeps_its_words() {
    let text = r"# Lastenheft: Urlaubsplaner

## Hintergrund

Urlaub wird heute in einer Tabelle geplant, die nur eine Person versteht.

## Ziele

- Jeder sieht auf einen Blick, wer wann fehlt.

## Nicht-Ziele

- Zeiterfassung

## Anforderungen

- Mitarbeitende müssen Urlaub beantragen können
- Vorgesetzte sollen Anträge genehmigen oder ablehnen
- Der Kalender muss Feiertage je Bundesland zeigen

## Nicht-funktionale Anforderungen

- Die Anwendung muss ohne Anmeldung am zweiten System funktionieren (Single Sign-on)

## Offene Fragen

- Was passiert mit Resturlaub?
";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Mitarbeitende müssen Urlaub beantragen können
    2 Vorgesetzte sollen Anträge genehmigen oder ablehnen
    3 Der Kalender muss Feiertage je Bundesland zeigen
    4 Die Anwendung muss ohne Anmeldung am zweiten System funktionieren
    6 of 15 covered; context 2, goal 2, out of scope 2, open question 2, document title 1; uncovered 0
    "#);
}

#[test]
fn one_long_paragraph() {
    let text = r"We want the command line tool to print its plan as JSON. Also add a flag that writes the output to a file, it must not overwrite an existing one. And the exit code should be 2 when the arguments are wrong. Today it is always 1, which breaks our scripts. Finally, please document all of this in the man page.
";
    insta::assert_snapshot!(outline(&plan("JSON output", text, &wishes())), @r#"
    1 Make the command line tool print its plan as JSON
    2 Add a flag that writes the output to a file
    3 Keep the exit code 2 when the arguments are wrong
    4 Document all of this in the man page
    1 of 1 covered; ; uncovered 0
    "#);
}

#[test]
fn one_line() {
    let text = r"Add rate limits to the public API";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Add rate limits to the public API
    1 of 1 covered; ; uncovered 0
    "#);
}

#[test]
fn nothing_but_headings() {
    let text = r"# Portal

## Login

### Form

### Errors

## Billing

## Goals
";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Build login for portal
      2 Build form for login
      3 Fix errors for login
    4 Add billing
    4 of 6 covered; document title 1, goal 1; uncovered 0
    "#);
}

#[test]
fn a_nested_list() {
    let text = r#"## Scope

- Backend
  - [ ] Add an endpoint that lists sessions
  - [ ] Add an endpoint that ends a session
- Web
  - [ ] Sessions page
    - device, place and time of each session
    - the current session is marked
  - [ ] Button "Sign out everywhere"
- Docs
- Emails
  - Send a mail when a session starts on a new device
  - Send a mail when all sessions were ended
- Out of scope:
  - Session limits per plan
"#;
    insta::assert_snapshot!(outline(&plan("Session management", text, &wishes())), @r#"
    1 Build backend for session management
      2 Add an endpoint that lists sessions
      3 Add an endpoint that ends a session
    4 Build web to session management
      5 Build sessions page
      6 Add button "Sign out everywhere"
    7 Write docs for session management
    8 Build emails for session management
      9 Send a mail when a session starts on a new device
      10 Send a mail when all sessions were ended
    13 of 15 covered; out of scope 2; uncovered 0
    "#);
}

#[test]
fn a_decision_record() {
    let text = r#"---
status: proposed
date: 2026-02-01
---

# Use a queue between the web server and the mailer

## Context and Problem Statement

Sending mail inside a request makes requests slow and loses mail when the mail server is away.

## Considered Options

* Keep sending inside the request
* A queue in the database
* A separate message broker

## Decision Outcome

Chosen option: "A queue in the database", because it needs no new service.

### Consequences

* Good, because a mail is stored in the transaction of its cause
* Bad, because the database does more work

## Implementation

1. Add the table `outgoing_mail` and write to it where mail is sent today
2. Run a worker that sends and retries
3. Remove the direct calls once the worker has been live for a week

### Validation

The retry must be tested with a mail server that answers 451.
"#;
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Add the table `outgoing_mail` and write to it where mail is sent today
    2 Run a worker that sends and retries
    3 Remove the direct calls once the worker has been live for a week
    4 Implement validation for using a queue between the web server and the mailer
    6 of 19 covered; discussion 5, alternative considered 4, context 2, document data 1, document title 1; uncovered 0
    "#);
}

#[test]
fn a_table() {
    let text = r"| # | Feature | Description | Prio | After |
|---|---|---|---|---|
| 1 | Upload | Users drop a file on the page; up to 50 MB | high | |
| 2 | Virus scan | Every file is scanned before anybody can download it | high | 1 |
| 3 | Preview | PDF and images | low | 1, 2 |
| 4 | ~~Versions~~ | ~~later~~ | | |
";
    insta::assert_snapshot!(outline(&plan("File uploads", text, &wishes())), @r#"
    1 Add upload
    2 Add virus scan <- 1
    3 Add preview <- 1, 2
    4 of 5 covered; struck out 1; uncovered 0
    "#);
}

#[test]
fn an_issue_form() {
    let text = r"### Is your feature request related to a problem?

Every time I rename a project the old links break.

### Describe the solution you'd like

Old links should redirect to the new name for at least a year. The redirect has to be permanent (301) for search engines. A name that is redirected can't be taken by somebody else.

### Describe alternatives you've considered

Using ids in links.

### Additional context

_No response_
";
    insta::assert_snapshot!(outline(&plan("Redirect renamed projects", text, &wishes())), @r#"
    1 Make old links redirect to the new name for at least a year
    2 of 8 covered; context 4, alternative considered 2; uncovered 0
    "#);
}

#[test]
fn a_checklist() {
    let text = r"Release checklist for 4.0:

- [x] Freeze the branch
- [ ] Bump the version
- [ ] Changelog
- [ ] Update screenshots in the docs
- [ ] Tag and publish
- [ ] Tell the packagers
";
    insta::assert_snapshot!(outline(&plan("Release 4.0", text, &wishes())), @r#"
    1 Bump the version
    2 Write changelog
    3 Update screenshots in the docs
    4 Tag and publish
    5 Tell the packagers
    5 of 7 covered; introduction 1, already done 1; uncovered 0
    "#);
}

#[test]
fn a_request_for_comments() {
    let text = r#"# RFC 12: Signed release artifacts

## Summary

Releases are signed so that users can check where they come from.

## Motivation

Somebody uploaded a changed archive to a mirror last year.

## Detailed design

The release job MUST sign every archive with a key that never leaves the hardware token. Signatures are published next to the archives.

### Verification

The installer shall refuse an archive without a valid signature. There must be a flag `--insecure-skip-verify` for air-gapped mirrors; it prints a warning.

### Key rotation

Keys are rotated every year. Old signatures stay valid. A revoked key must be refused within a day.

```toml
[keys]
current = "2026"
```

## Drawbacks

Releases take longer.

## Rationale and alternatives

We could sign tags only.

## Unresolved questions

- Which token?
"#;
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Make the release job sign every archive with a key
    2 Implement verification for signed release artifacts
    3 Add key rotation
    7 of 18 covered; introduction 2, motivation 2, risk 2, alternative considered 2, open question 2, document title 1; uncovered 0
    "#);
}

#[test]
fn numbered_requirements_with_constraints() {
    let text = r"# Export service

## Functional requirements

### FR-1 Scheduled exports

The service must run an export every night. It must retry a failed export twice.

### FR-2 Formats

The service shall write CSV and Parquet. Requires FR-1.

## Constraints

- Exports never contain deleted records.
- Memory: under 512 MB whatever the size of the export.

## Dependencies

- FR-2 depends on FR-1.
- The storage team provides a bucket per region.

## Glossary

- **Export**: a file with all records of an account.
";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @r#"
    1 Add scheduled exports
    2 Add formats <- 1
    3 Ensure exports never contain deleted records
    4 Keep memory under 512 MB whatever the size of the export
    9 of 14 covered; dependency 2, glossary 2, document title 1; uncovered 0
    "#);
}

const PRD: &str = include_str!("../../../docs/examples/team-inbox-prd.md");
const MIGRATION: &str = include_str!("../../../docs/examples/billing-migration.md");
const WISH: &str = include_str!("../../../docs/examples/dark-mode-wish.md");

#[test]
fn a_body_tells_what_criteria_and_where() {
    let plan = plan("", PRD, &wishes());
    let body = |start: &str| {
        plan.issues
            .iter()
            .find(|i| i.title.starts_with(start))
            .map(|i| i.body.clone())
            .unwrap()
    };
    insta::assert_snapshot!(body("Connect a Gmail"), @"
    Connect a Gmail or Microsoft 365 mailbox through OAuth

    Part of **Mailbox connection**: A mailbox is connected once, by an administrator.

    ### Acceptance criteria

    - [ ] Only the scopes for reading and sending mail are requested
    - [ ] A revoked grant is shown as a banner to administrators within five minutes

    ### From the spec

    Requirements › Mailbox connection, lines 39–41
    ");
    insta::assert_snapshot!(body("Assign a conversation"), @"
    Assign a conversation to one person

    - **ID:** C-2
    - **Priority:** P0
    - **Depends on:** C-1

    ### Acceptance criteria

    - [ ] The assignee is notified
    - [ ] The previous assignee is shown in the history

    ### From the spec

    Requirements › Conversations, line 52
    ");
}

#[test]
fn the_count_is_met_by_merging_and_splitting() {
    for text in [PRD, MIGRATION] {
        let natural = plan("", text, &wishes());
        for count in [1, 2, 3, 5, 8, 13, 18, 21, 24, 26] {
            let sized = plan(
                "",
                text,
                &Wishes {
                    count: Some(count),
                    ..wishes()
                },
            );
            assert_eq!(sized.issues.len(), count as usize, "{}", sized.count_reason);
            assert_eq!(coverage::check(&sized), Vec::<String>::new());
            assert_eq!(
                coverage::summary(&sized).covered,
                coverage::summary(&natural).covered,
                "{count}"
            );
        }
    }
}

#[test]
fn more_than_the_text_supports_is_said_and_not_invented() {
    let plan = plan(
        "",
        WISH,
        &Wishes {
            count: Some(40),
            ..wishes()
        },
    );
    assert!(plan.issues.len() < 10);
    assert!(
        plan.warnings
            .iter()
            .any(|w| w.starts_with("40 issues were asked for, but the text supports only")),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn the_maximum_merges_and_loses_nothing() {
    let text: String = (0..400).map(|n| format!("## Part {n}\n\n- [ ] Add the thing number {n} to the store\n- [ ] Remove the old thing number {n}\n\n")).collect::<Vec<_>>().concat();
    let plan = plan("Things", &text, &wishes());
    assert_eq!(plan.issues.len(), 100);
    let summary = coverage::summary(&plan);
    assert_eq!((summary.covered, summary.uncovered.len()), (1_200, 0));
    assert!(
        plan.warnings[0].contains("more than the maximum of 100"),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn one_piece_of_work_is_spread_over_its_components() {
    let components = ["web", "ios", "android"].map(str::to_owned).to_vec();
    let spread = plan(
        "",
        "Add dark mode",
        &Wishes {
            components: components.clone(),
            ..wishes()
        },
    );
    let titles: Vec<&str> = spread.issues.iter().map(|i| i.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Add dark mode (web)",
            "Add dark mode (ios)",
            "Add dark mode (android)"
        ]
    );
    assert_eq!(
        spread
            .issues
            .iter()
            .filter_map(|i| i.component.clone())
            .collect::<Vec<_>>(),
        components
    );
}

#[test]
fn issues_find_their_component_and_repository_by_words() {
    let components = vec![
        "backend".to_owned(),
        "docs".to_owned(),
        "android".to_owned(),
    ];
    let repositories = ["acme/backend", "acme/docs"]
        .iter()
        .filter_map(|r| crate::domain::ids::RepositoryName::parse(r))
        .collect();
    let plan = plan(
        "",
        "- [ ] Add an API endpoint for labels\n- [ ] Write a guide about labels",
        &Wishes {
            components,
            repositories,
            ..wishes()
        },
    );
    let seen: Vec<_> = plan
        .issues
        .iter()
        .map(|i| {
            (
                i.component.as_deref().unwrap(),
                i.repository.as_ref().unwrap().to_string(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("backend", "acme/backend".to_owned()),
            ("docs", "acme/docs".to_owned())
        ]
    );
    assert_eq!(
        plan.warnings,
        ["No issue speaks of android: the text names nothing for it."]
    );
}

#[test]
fn everything_ticked_leaves_nothing_to_plan() {
    let plan = plan("", "# Release\n\n- [x] Tag\n- [x] Publish\n", &wishes());
    assert!(plan.issues.is_empty());
    assert_eq!(
        plan.warnings,
        ["Everything in the text is ticked or marked as done; nothing is left to plan."]
    );
}

#[test]
fn a_circle_is_broken_and_said() {
    let plan = plan(
        "",
        "- [ ] Build the importer (depends on the exporter)\n- [ ] Build the exporter (depends on the importer)\n",
        &wishes(),
    );
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
    assert!(
        plan.warnings.iter().any(|w| w.contains("free of circles")),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn a_code_block_that_was_left_open_swallows_nothing() {
    let plan = plan(
        "",
        "## Add a flag\n\nThe tool must have a flag.\n\n```\n--json",
        &wishes(),
    );
    assert_eq!(plan.issues[0].body.matches("```").count(), 2);
    assert!(plan.issues[0].body.contains("### From the spec"));
}

#[test]
fn large_documents_of_one_kind_are_planned() {
    for unit in [
        "- [ ] Add thing after the other\n",
        "We must add a thing. ",
        "## Part\n\nIt should work. Depends on part.\n\n",
        "| Task | After |\n|---|---|\n| Do it | that |\n\n",
        "- a\n  - b must be\n",
        "1. Phase 1: x\n",
    ] {
        let text = unit.repeat(100_000 / unit.len());
        let plan = plan("Big", &text, &wishes());
        assert!((1..=100).contains(&plan.issues.len()), "{unit}");
        assert_eq!(coverage::summary(&plan).uncovered.len(), 0);
    }
}

fn fragment() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "# Goals",
        "## Requirements",
        "## Phase 1: Build",
        "## Phase 2",
        "### Acceptance criteria",
        "## Dependencies",
        "## Login form",
        "**Tasks:**",
        "- [ ] Add a thing after phase 1",
        "- [x] Done",
        "  - nested must work",
        "1. First step",
        "2. Second step depends on 1",
        "| Task | Depends on |",
        "|---|---|",
        "| Build it | 1 |",
        "The system must not fail. Users can log in.",
        "As a user, I want x so that y",
        "```",
        "> quote",
        "<!-- c -->",
        "[^1]: note",
        "Depends on: Login form",
        "",
        "",
        "",
        "- **Name**: rest",
        "Given a, when b, then c",
    ]);
    prop_oneof![6 => fixed.prop_map(str::to_owned), 1 => "\\PC{0,30}", 1 => "[A-Za-z :.,()#*`-]{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_gives_a_sound_plan(lines in prop::collection::vec(fragment(), 0..25), count in prop::option::of(1_u32..12), title in "[A-Za-z ]{0,20}") {
        let text = lines.join("\n");
        let wishes = Wishes { count, ..wishes() };
        let made = plan(&title, &text, &wishes);
        prop_assert_eq!(coverage::check(&made), Vec::<String>::new());
        if !made.issues.is_empty() {
            prop_assert_eq!(coverage::summary(&made).uncovered.len(), 0);
        }
        let titles: std::collections::HashSet<String> = made.issues.iter().map(|i| i.title.to_lowercase()).collect();
        prop_assert_eq!(titles.len(), made.issues.len());
        for issue in &made.issues {
            prop_assert!(issue.body.contains("### Acceptance criteria\n\n- [ ] "));
        }
        prop_assert_eq!(made, plan(&title, &text, &wishes));
    }
}

/// A title for each small text, and nothing else.
fn titles_of(title: &str, text: &str) -> Vec<String> {
    let plan = plan(title, text, &wishes());
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
    plan.issues.into_iter().map(|i| i.title).collect()
}

#[test]
fn an_only_issue_is_titled_by_the_sentence_that_asks() {
    let asked = ["Add dark mode to the settings page"];
    assert_eq!(titles_of("o", asked[0]), asked);
    assert_eq!(titles_of("", asked[0]), asked);
    let bullet = "- Add accounts with email and password\n";
    assert_eq!(
        titles_of("Accounts", bullet),
        ["Add accounts with email and password"]
    );
    let question =
        "How can I configure a proxy for the downloader? I tried HTTPS_PROXY but nothing happens.";
    assert_eq!(
        titles_of("", question),
        ["Answer how to configure a proxy for the downloader"]
    );
}

#[test]
fn bullets_that_order_are_issues() {
    let bullets = [
        "Add a login form with email and password",
        "Lock the account after five wrong passwords",
        "Send a mail when somebody logs in from a new device",
    ];
    assert_eq!(
        titles_of("", &format!("## Login\n- {}\n", bullets.join("\n- "))),
        bullets
    );
}

#[test]
fn bullets_that_say_how_one_thing_is_are_its_criteria() {
    let text = "## Profile page\nBuild a profile page that shows:\n- Name and picture\n- A follow button\n\n\
        ## Search\n- must be fast (under 200 ms)\n- case-insensitive\n- highlights the words found\n\n\
        ## Feed\n- Show the latest posts first\n- Show who wrote a post\n- Hide posts of blocked people\n";
    let plan = plan("", text, &wishes());
    let sizes: Vec<usize> = plan
        .issues
        .iter()
        .map(|i| i.body.matches("- [ ]").count())
        .collect();
    assert_eq!(sizes, [2, 3, 3]);
}

#[test]
fn bugs_keep_their_finders_words() {
    let text = "# Checkout bugs\n\nWe collected these from support last week.\n\n\
        - The total is wrong when a voucher is applied twice\n- Fix crash on empty cart\n\
        - Safari: the pay button is not clickable on iPad\n- Shipping address is lost after login\n";
    insta::assert_snapshot!(titles_of("", text).join("\n"), @"
    The total is wrong when a voucher is applied twice
    Fix crash on empty cart
    Safari: the pay button is not clickable on iPad
    Shipping address is lost after login
    ");
}

#[test]
fn a_wish_and_a_paragraph_of_its_details_are_one_issue() {
    let text = "It would be great if I could export my invoices as CSV. I have to copy the numbers by hand.\n\n\
        The export should contain the number and the date. It must work for 10,000 invoices.\n";
    let plan = plan("Export", text, &wishes());
    assert_eq!(plan.issues.len(), 1);
    insta::assert_snapshot!([plan.issues[0].title.as_str(), &plan.issues[0].body].join("\n"), @"
    Export my invoices as CSV
    It would be great if I could export my invoices as CSV. I have to copy the numbers by hand.

    The export should contain the number and the date. It must work for 10,000 invoices.

    ### Acceptance criteria

    - [ ] The export should contain the number and the date.
    - [ ] It must work for 10,000 invoices.

    ### From the spec

    Lines 1–3
    ");
}

#[test]
fn doubtful_words_are_verbs_among_orders() {
    let text = "# Move\n\n## Phase 1: Prepare\n- Containerise the API\n- Write Helm charts\n## Phase 2: Migrate\n\
        - Run both clusters in parallel\n- Switch DNS\n## Phase 3: Clean up\n- Remove the old VMs\n";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @"
    1 Deliver phase 1: prepare
      2 Containerise the API
      3 Write Helm charts
    4 Deliver phase 2: migrate <- 1
      5 Run both clusters in parallel
      6 Switch DNS
    7 Remove the old VMs <- 4
    8 of 9 covered; document title 1; uncovered 0
    ");
}

#[test]
fn a_changelog_asks_for_nothing() {
    let text =
        "# Changelog\n\n## 1.2.0\n### Added\n- Dark mode\n\n## Unreleased\n- Support Postgres 17\n";
    let plan = plan("", text, &wishes());
    assert!(plan.issues.is_empty());
    assert!(
        plan.warnings[0].starts_with("The text is a changelog"),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn the_features_of_a_readme_exist_and_its_roadmap_does_not() {
    let text = "# tinyq\n\n## Installation\n`cargo install tinyq`\n\n## Features\n- Persistent jobs\n\n\
        ## Roadmap\n- Cron jobs\n- Prometheus metrics\n\n## License\nMIT\n";
    assert_eq!(
        titles_of("", text),
        ["Add cron jobs", "Add Prometheus metrics"]
    );
}

#[test]
fn a_body_that_says_no_more_than_its_title_tells_what_it_is_part_of() {
    let plan = plan("", MIGRATION, &wishes());
    insta::assert_snapshot!(plan.issues[1].body, @"
    Publish a booking event for every invoice line, credit note and payment

    Part of **Phase 1: Record every booking twice**: The monolith stays the source of truth.

    ### Acceptance criteria

    - [ ] Events carry the idempotency key of the request that caused them
    - [ ] An event that cannot be published must fail the transaction

    ### From the spec

    Phase 1: Record every booking twice, lines 32–34
    ");
}

#[test]
fn in_a_design_only_direct_subsections_that_ask_are_issues() {
    let long = "Values are kept in memory and written in order. ".repeat(10);
    let text = format!(
        "# RFC: Store\n\n## Detailed design\n\n### Log\n\nEvery write must be appended to a log.\n\n\
        #### Segments\n\nA segment must be closed at 64 MB.\n\n#### Names\n\n- must sort by age\n- must be unique\n\n\
        ### Values in memory\n\n{long}\n\n### Index\n\nThe index must be rebuilt from the log.\n"
    );
    let plan = plan("", &text, &wishes());
    insta::assert_snapshot!(outline(&plan), @"
    1 Add log
    2 Add index
    12 of 13 covered; document title 1; uncovered 0
    ");
    insta::assert_snapshot!(plan.issues[0].body.replace(long.trim(), "(long)"), @"
    Every write must be appended to a log.

    **Segments**

    A segment must be closed at 64 MB.

    **Values in memory**

    (long)

    ### Acceptance criteria

    - [ ] Every write must be appended to a log.
    - [ ] A segment must be closed at 64 MB.
    - [ ] must sort by age
    - [ ] must be unique

    ### From the spec

    Detailed design › Log, lines 7–11, 15–20
    ");
}

#[test]
fn a_body_is_never_longer_than_its_room() {
    let text = format!(
        "## Detailed design\n\nThe store must keep logs.\n\n{}",
        format!("{}\n\n", "A word to say. ".repeat(20)).repeat(400)
    );
    let plan = plan("Store", &text, &wishes());
    assert!(
        plan.issues.iter().all(|i| i.body.len() < 65_536),
        "{}",
        plan.issues.len()
    );
}

#[test]
fn guide_and_reference_are_one_issue() {
    let text = "# RFC: let-else\n\n## Guide-level explanation\n\nA pattern must be able to fail.\n\n\
        ## Reference-level explanation\n\nThe else block must diverge.\n";
    insta::assert_snapshot!(outline(&plan("", text, &wishes())), @"
    1 Implement let-else
    4 of 5 covered; document title 1; uncovered 0
    ");
}

#[test]
fn a_bug_report_is_titled_by_its_symptom() {
    let text = "The app crashes when I open a PDF larger than 20 MB.\n\nSteps to reproduce:\n1. Open the app\n\
        2. Choose a large PDF\n3. See the crash\n\nExpected: the PDF opens. Actual: the app closes.\n";
    assert_eq!(
        titles_of("", text),
        ["The app crashes when I open a PDF larger than 20 MB"]
    );
}

#[test]
fn orders_after_a_wish_at_the_top_are_issues() {
    let text = "# Improve onboarding\n\nMany new users leave. We should make the first steps easier.\n\n\
        1. Shorten the sign-up form to two fields\n2. Let people skip the tour\n3. Preload a sample project\n\
        4. Measure how many finish\n";
    assert_eq!(
        titles_of("", text),
        [
            "Shorten the sign-up form to two fields",
            "Let people skip the tour",
            "Preload a sample project",
            "Measure how many finish",
        ]
    );
}

#[test]
fn a_proposal_without_a_title_is_titled_by_its_first_sentence() {
    let text = "## Problem\nUsers lose drafts.\n## Proposal\nSave drafts every five seconds.\n## Non-goals\nSync drafts.\n\
        ## Acceptance criteria\n- [ ] A draft survives closing the tab\n";
    assert_eq!(titles_of("", text), ["Save drafts every five seconds"]);
}

#[test]
fn a_german_list_of_requirements_leaves_out_what_is_not_part() {
    let text = "# Bestellübersicht\n\n## Hintergrund\nViele Kunden rufen an.\n\n## Anforderungen\n\
        - Kunden sollen nach Datum filtern können\n- Rechnungen herunterladen\n\n## Nicht Teil dieses Projekts\n- Retouren\n";
    assert_eq!(
        titles_of("", text),
        [
            "Kunden sollen nach Datum filtern können",
            "Rechnungen herunterladen"
        ]
    );
}

#[test]
fn a_story_that_was_left_empty_is_no_issue() {
    let text = "## Proposal\n\nThe tool must prune objects.\n\n### User stories\n\n#### Story 1\n\n#### Story 2\n";
    assert_eq!(titles_of("Pruning", text), ["Implement pruning"]);
}
