//! Replies as a good model would write them for the examples of the documentation: in its own words, and taken as they are.

use super::*;

/// Title, description and covers of each issue; the title names what it waits for by place.
type Written = (&'static str, &'static str, &'static str);

const INBOX: &[Written] = &[
    (
        "Set up OAuth sign-in for Gmail and Microsoft 365",
        "An administrator links a team's account once. Ask only for reading and sending.",
        "b21 b22 b23 b24",
    ),
    (
        "Load 90 days of history after linking",
        "Keep threads whole by message id; resume after a restart.",
        "b25 b26 b27",
    ),
    (
        "Send replies from the team's own address",
        "Outgoing mail leaves through the linked account.",
        "b28",
    ),
    (
        "Split conversations into open, waiting and done",
        "Three lists, updated within two seconds; a reply from a customer reopens.",
        "b31",
    ),
    (
        "Give every conversation one assignee",
        "Notify the person; keep the previous one in the history.",
        "b32",
    ),
    (
        "Detect two people answering at once",
        "Warn the second person before sending.",
        "b33",
    ),
    (
        "Write internal notes with mentions",
        "Notes never leave the team.",
        "b34",
    ),
    (
        "Hide a conversation until a chosen date",
        "Snooze and bring back.",
        "b35",
    ),
    (
        "Find conversations with filters",
        "Support from:, label: and before:, highlight hits, leave out deleted ones, answer within a second.",
        "b37",
    ),
    (
        "Bind keys for moving, replying and closing",
        "j and k, r, n and e.",
        "b39 b40 b41",
    ),
    (
        "Show the team lead what waits and for how long",
        "Numbers per person, the oldest one linked, at most a minute old.",
        "b43 b45 b46 b47",
    ),
    (
        "Serve the open list in under 300 ms",
        "95th percentile.",
        "b49",
    ),
    ("Encrypt bodies at rest", "One key per team.", "b50"),
    ("Meet WCAG 2.2 AA on all screens", "Every screen.", "b51"),
    (
        "Delete done conversations after a set time",
        "Administrators choose the number of days.",
        "b52",
    ),
    ("Release to our support team first", "Behind a flag.", "b58"),
    (
        "Run a beta with twenty customers",
        "After a week of our own import.",
        "b59",
    ),
    ("Announce to everybody", "Drop the flag.", "b60"),
];

const BILLING: &[Written] = &[
    (
        "Emit events for invoice lines, credit notes and payments",
        "With the request's idempotency key; a failed publish fails the transaction.",
        "b15 b16 b17 b18",
    ),
    (
        "Persist bookings on the ledger side",
        "Replays change nothing.",
        "b19 b20",
    ),
    (
        "Compare both sides on a dashboard",
        "Seven days within one cent, run in ten minutes.",
        "b21 b22 b23 b24",
    ),
    (
        "Export ten years from the archive",
        "All bookings.",
        "b26 b27",
    ),
    (
        "Import day by day",
        "Three retries, then tell the on-call channel.",
        "b28 b30",
    ),
    ("Check closing balances", "Monthly and per customer.", "b29"),
    (
        "Read invoices from the new source",
        "Flag `billing.read_ledger` guards the page.",
        "b32",
    ),
    ("Answer `/balance` from the ledger", "Customer API.", "b33"),
    (
        "Move the statement mail",
        "Two weeks after the invoice page.",
        "b34",
    ),
    ("Switch the nightly job off", "Stop it.", "b36"),
    ("Put old tables into the archive", "Eleven of them.", "b37"),
    ("Drop `billing.read_ledger`", "Remove the flag.", "b38"),
    ("Write a post-mortem", "For the record.", "b39"),
    (
        "Make every step reversible",
        "Fifteen minutes, switch back by flag, keep events 90 days, rehearse the runbook.",
        "b41 b42 b43 b44",
    ),
    ("Tell accounting", "About the comparison.", "b47"),
    ("Announce the layout", "To customers.", "b48"),
    ("Brief support", "On balances that differ.", "b49"),
];

const DARK: &[Written] = &[
    (
        "Follow the system's colour preference",
        "Dark by default where the system says so, without a white flash.",
        "b1",
    ),
    (
        "Add a theme switch to the header",
        "Remember the choice on the device.",
        "b1",
    ),
    (
        "Recolour code samples and diagrams",
        "Readable on dark.",
        "b1",
    ),
    ("Keep print black on white", "Whatever the theme.", "b1"),
];

const GERMAN: &str = "# Anmeldung\n\n- [ ] Anmeldung per E-Mail ermöglichen\n- [ ] Sitzungen nach 30 Minuten beenden\n- [ ] Datensicherung jede Nacht\n";
const GERMAN_DE: &[Written] = &[
    ("E-Mail-Login einbauen", "Per Link anmelden.", "b2"),
    (
        "Inaktive Sitzung automatisch schließen",
        "Nach einer halben Stunde.",
        "b3",
    ),
    ("Sicherung einrichten", "Täglich.", "b4"),
];
const GERMAN_EN: &[Written] = &[
    (
        "Let people sign in by mail",
        "With a link that is sent to them.",
        "b2",
    ),
    (
        "Close idle sessions",
        "After half an hour of the person doing nothing.",
        "b3",
    ),
    (
        "Back up the data",
        "Once a day, and the backup is kept for the team.",
        "b4",
    ),
];
const JAPANESE: &str =
    "# 受信箱\n\n- [ ] メールボックスを接続する\n- [ ] 会話を検索できるようにする\n";
const JAPANESE_JA: &[Written] = &[
    ("メールボックス接続を実装する", "OAuthで接続。", "b2"),
    ("会話の検索を追加する", "ラベルで検索。", "b3"),
];
const JAPANESE_EN: &[Written] = &[
    ("Connect a mailbox", "By OAuth.", "b2"),
    ("Search conversations", "By label.", "b3"),
];

fn planned(title: &str, text: &str, written: &[Written]) -> (Desk, Assembled) {
    let desk = Desk::of(title, text);
    let issues: Vec<Value> = written
        .iter()
        .enumerate()
        .map(|(n, (title, description, covers))| {
            let covers: Vec<&str> = covers.split(' ').collect();
            let issue = issue(&format!("k{n}"), title, &covers);
            // No criteria: only the words of the table count.
            with(
                with(issue, "description", json!(description)),
                "criteria",
                json!([]),
            )
        })
        .collect();
    let assembled = desk.plan(&reply(&issues));
    (desk, assembled)
}

#[test]
fn good_replies_are_taken_as_they_are() {
    let inbox = include_str!("../../../../docs/examples/team-inbox-prd.md");
    let billing = include_str!("../../../../docs/examples/billing-migration.md");
    let dark = include_str!("../../../../docs/examples/dark-mode-wish.md");
    for (title, text, written) in [
        ("Team inbox", inbox, INBOX),
        ("Billing", billing, BILLING),
        ("Dark mode", dark, DARK),
        ("Anmeldung", GERMAN, GERMAN_DE),
        ("Anmeldung", GERMAN, GERMAN_EN),
        ("受信箱", JAPANESE, JAPANESE_JA),
        ("受信箱", JAPANESE, JAPANESE_EN),
    ] {
        let (_, assembled) = planned(title, text, written);
        assert_eq!(assembled.ungrounded, Vec::<String>::new(), "{title}");
        assert_eq!(assembled.plan.warnings, Vec::<String>::new(), "{title}");
        assert_eq!(assembled.plan.issues.len(), written.len(), "{title}");
        let summary = coverage::summary(&assembled.plan);
        assert!(
            summary.uncovered.is_empty(),
            "{title}: {:?}",
            summary.uncovered
        );
    }
}

#[test]
fn words_about_something_else_are_not_in_the_spec() {
    let inbox = include_str!("../../../../docs/examples/team-inbox-prd.md");
    let foreign: &[Written] = &[
        ("Mine bitcoin on idle servers", "Use spare GPUs.", "b31"),
        (
            "Translate the website into French",
            "All pages and menus.",
            "b50",
        ),
        ("Buy gift cards", "Purchase vouchers today.", "b58"),
    ];
    // Nothing but inventions would be no plan.
    let all = [&INBOX[..1], foreign].concat();
    let (_, assembled) = planned("Team inbox", inbox, &all);
    assert_eq!(
        assembled.ungrounded.len(),
        3,
        "{}",
        outline(&assembled.plan)
    );
}

#[test]
fn what_structure_reads_about_the_order_holds_for_the_models_issues() {
    let inbox = include_str!("../../../../docs/examples/team-inbox-prd.md");
    let (_, assembled) = planned("Team inbox", inbox, INBOX);
    let of = |title: &str| {
        assembled
            .plan
            .issues
            .iter()
            .find(|i| i.title.starts_with(title))
            .unwrap()
    };
    let (lists, assignee) = (of("Split conversations"), of("Give every conversation"));
    assert_eq!(assignee.blocked_by, [lists.id.as_str()]);
    insta::assert_snapshot!(assignee.body, @"
    Notify the person; keep the previous one in the history.

    ### Acceptance criteria

    - [ ] Give every conversation one assignee, as described above

    ### From the spec

    Team inbox › Requirements › Conversations, line 52
    ");
}
