//! Titles, word for word.

use super::*;

fn titles() -> Titles {
    Titles {
        language: Language::English,
        proper: ["github", "stripe", "prometheus"].map(str::to_owned).into(),
        about: "team inbox".to_owned(),
    }
}

#[rstest::rstest]
#[case("Login form", "Build login form")]
#[case("3.2 Rate limits", "Add rate limits to team inbox")]
#[case("**Dark mode**", "Add dark mode")]
#[case(
    "As an admin, I want to export all rows so that I can audit them.",
    "Export all rows"
)]
#[case("As a user I want notifications", "Add notifications to team inbox")]
#[case("The system must send a receipt by email.", "Send a receipt by email")]
#[case("The system shall be able to import CSV files", "Import CSV files")]
#[case("We need to migrate the invoices table", "Migrate the invoices table")]
#[case("Support for OAuth", "Support OAuth")]
#[case("SAML support", "Support SAML")]
#[case("FR-12: Users can filter by label", "Let users filter by label")]
#[case("Passwords must be hashed with argon2", "Hash passwords with argon2")]
#[case("The page must be responsive", "Make the page responsive")]
#[case("p95 latency must be under 300 ms", "Keep p95 latency under 300 ms")]
#[case("Every invoice must have a number", "Give every invoice a number")]
#[case(
    "Users must not see other tenants' data",
    "Prevent users from seeing other tenants' data"
)]
#[case(
    "The importer must skip broken rows",
    "Make the importer skip broken rows"
)]
#[case("Documentation", "Write documentation for team inbox")]
#[case("Adding a cache layer", "Add a cache layer")]
#[case("Backend: add an endpoint for labels", "Add an endpoint for labels")]
#[case("Phase 2: Move reads to the new store", "Move reads to the new store")]
#[case("TODO(ann): update the runbook", "Update the runbook")]
#[case("@bob to write the migration guide", "Write the migration guide")]
#[case("Alice to draft the announcement", "Draft the announcement")]
#[case("Export formats", "Add export formats")]
#[case("Export as CSV (P1)", "Export as CSV")]
#[case(
    "Performance: the inbox opens in under 300 ms at p95",
    "Ensure the inbox opens in under 300 ms at p95"
)]
#[case("Removal of the old tables", "Remove the old tables")]
#[case("Change email", "Change email")]
#[case("Checkout flow", "Build checkout flow")]
#[case("Effects of a closed account", "Define effects of a closed account")]
#[case("Explanation of the order", "Explain the order")]
#[case("Handling restarts", "Handle restarts")]
#[case("Prometheus metrics", "Add Prometheus metrics")]
#[case(
    "Naturally, the same issue arises in other languages",
    "Naturally, the same issue arises in other languages"
)]
#[case("May not end with a brace", "May not end with a brace")]
#[case("Print should stay black on white", "Keep print black on white")]
#[case(
    "Safari: the pay button is not clickable",
    "Safari: the pay button is not clickable"
)]
#[case(
    "As a user, I want to reset my password so that I can get back in.",
    "Let users reset their password"
)]
#[case("`--json` flag for plan", "Add `--json` flag for plan")]
fn titles_read_as_orders(#[case] words: &str, #[case] title: &str) {
    let words = words.replace("**", "");
    assert_eq!(titles().title(&words, &["team inbox"]), title);
}

#[test]
fn groups_name_what_they_deliver() {
    assert_eq!(
        titles().group("Phase 1: Move reads to the new store"),
        "Deliver phase 1: move reads to the new store"
    );
    assert_eq!(titles().group("Phase 2"), "Deliver phase 2 of team inbox");
    assert_eq!(
        titles().group("M3 — Switch over"),
        "Deliver milestone 3: switch over"
    );
}

#[test]
fn long_titles_end_where_a_reader_would_pause() {
    let long = "Show the number of unread conversations next to every mailbox in the sidebar, so that people see at once where work waits";
    assert_eq!(
        cut(long),
        "Show the number of unread conversations next to every mailbox in the sidebar"
    );
    assert!(cut(&"word ".repeat(40)).chars().count() <= LONGEST);
    assert!(cut(&"x".repeat(200)).chars().count() <= LONGEST);
}
