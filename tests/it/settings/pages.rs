//! The pages of settings and of the audit log, in a browser without scripts.

use std::collections::BTreeSet;

use openproducer::domain::ids::{RepositoryId, RepositoryName};
use openproducer::flows::settings::sheet;
use openproducer::simulator::Role;
use openproducer::store::repositories::{self, RepositoryRow};
use serde_json::json;

use super::{acme, changes, saved, shop};
use crate::harness::house::{House, SHOP, house};

fn settings(t: &House) -> String {
    format!("/installations/{}/settings", t.installation)
}

fn shops(t: &House) -> String {
    format!(
        "/installations/{}/repositories/{}/settings",
        t.installation,
        t.shop().id()
    )
}

#[tokio::test]
async fn an_admin_changes_settings_by_the_form_and_sees_where_each_comes_from() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let page = olivia.get(&settings(t)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(
            page.text.contains("In force: 100, from the operator"),
            "{}",
            page.text
        );
        assert!(page.text.contains("At most 100, the operator’s limit."));
        let fields = [
            ("version", "0"),
            ("max_issues", "20"),
            ("labels", "planned\r\nneeds: care"),
            ("minimum_role", ""),
        ];
        let saved = olivia.submits(&page, &settings(t), &fields).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let page = olivia.follow(saved).await;
        assert!(
            page.text.contains("<strong>Saved</strong>"),
            "{}",
            page.text
        );
        assert!(page.text.contains("In force: 20, set here"));
        assert!(
            page.text
                .contains("In force: planned, needs: care, set here")
        );
        assert!(page.text.contains("Most issues in a run: inherited → 20"));
        assert_eq!(sheet(&t.services(), acme(t)).await.unwrap().version, 1);

        let page = olivia.get(&shops(t)).await;
        assert!(
            page.text.contains("In force: 20, from the installation"),
            "{}",
            page.text
        );
        assert!(page.text.contains("At most 20, the installation’s limit."));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_what_was_typed_stays() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let page = olivia.get(&settings(t)).await;
        let fields = [
            ("version", "0"), ("max_issues", "900"), ("labels", "<b>bold</b>"), ("components", "api to nowhere"),
            ("minimum_role", "read"), ("allowed_labels.empty", "true"), ("allowed_providers", "openai"),
        ];
        let refused = olivia.submits(&page, &settings(t), &fields).await;
        assert_eq!(refused.status, 422);
        for kept in [
            r#"value="900""#,
            "id=\"max_issues-fault\">Must be at most 100, the operator&#39;s limit; got 900.",
            "id=\"components-fault\">Must be pairs such as api: owner/name, got &#34;api to nowhere&#34;.",
            "api to nowhere</textarea>",
            "&#60;b&#62;bold&#60;/b&#62;</textarea>",
            r#"<option value="read" selected>"#,
            r#"name="allowed_labels.empty" value="true" checked"#,
            r#"name="allowed_providers" value="openai" checked"#,
            "Nothing was saved: 4 fields to mend</strong><p>",
            "<a href=\"#components\">",
        ] {
            assert!(refused.text.contains(kept), "{kept} is not in {}", refused.text);
        }
        assert!(!refused.text.contains("<b>bold"));
        assert_eq!(sheet(&t.services(), acme(t)).await.unwrap().version, 0);
    })
    .await;
}

#[tokio::test]
async fn the_second_admin_keeps_what_was_typed_and_is_told() {
    house(async |t| {
        let (one, other) = (t.browser_of("olivia").await, t.browser_of("olivia").await);
        let (page, late) = (one.get(&settings(t)).await, other.get(&settings(t)).await);
        one.submits(
            &page,
            &settings(t),
            &[("version", "0"), ("max_issues", "20")],
        )
        .await;
        let told = other
            .submits(
                &late,
                &settings(t),
                &[("version", "0"), ("max_issues", "30")],
            )
            .await;
        assert_eq!(told.status, 422);
        assert!(told.text.contains("Somebody was quicker"), "{}", told.text);
        assert!(told.text.contains(r#"value="30""#));
        assert_eq!(told.hidden("version"), "1");
        let saved = other
            .submits(
                &told,
                &settings(t),
                &[("version", "1"), ("max_issues", "30")],
            )
            .await;
        assert_eq!(saved.header("location"), settings(t));

        let page = other.follow(saved).await;
        let undone = other
            .submits(
                &page,
                &format!("{}/undo", settings(t)),
                &[("version", "2"), ("to", "1")],
            )
            .await;
        assert_eq!(undone.header("location"), settings(t));
        let undone = other.follow(undone).await;
        assert!(
            undone.text.contains("<strong>Undone</strong>"),
            "{}",
            undone.text
        );
        let anew = other.get(&format!("{}?done=no-key", settings(t))).await;
        for wrong in ["<strong>Undone</strong>", "<strong>Key removed</strong>"] {
            assert!(!anew.text.contains(wrong), "{wrong}: {}", anew.text);
        }
        let now = sheet(&t.services(), acme(t)).await.unwrap();
        assert_eq!((now.version, now.own.max_issues), (3, Some(20)));
        let history = other.get(&format!("{}/history", settings(t))).await;
        assert!(
            history.text.contains("30 → 20") && history.text.contains("inherited → 20"),
            "{}",
            history.text
        );
    })
    .await;
}

#[tokio::test]
async fn settings_are_carried_as_yaml() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let page = olivia.get(&shops(t)).await;
        let import = format!("{}/import", shops(t));
        let bad = "max_issues: 5\nlabels: x\n";
        let refused = olivia.submits(&page, &import, &[("version", "0"), ("text", bad)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("Line 2: labels must be a list of labels, got &#34;x&#34;"), "{}", refused.text);
        let (top, _) = refused.text.split_once("<form method=\"post\" action=\"/installations").unwrap();
        assert!(top.contains("<strong>Nothing was imported</strong><p>Line 2:") && top.contains("href=\"#import\""), "{top}");
        assert!(refused.text.contains("labels: x\n"));
        let text = "max_issues: 5\ncomponents: {api: acme/shop}\n";
        let saved = olivia.submits(&page, &import, &[("version", "0"), ("text", text)]).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        assert_eq!(sheet(&t.services(), shop(t)).await.unwrap().own.max_issues, Some(5));
        let file = olivia.get(&format!("{}/settings.yaml", shops(t))).await;
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"openproducer-settings.yaml\"");
        assert_eq!(file.text, "# OpenProducer settings of acme/shop, version 1\nmax_issues: 5\ncomponents:\n  api: acme/shop\n");
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_says_who_changed_what_and_can_be_taken_along() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let page = olivia.get(&settings(t)).await;
        olivia
            .submits(
                &page,
                &settings(t),
                &[("version", "0"), ("max_issues", "20")],
            )
            .await;
        let issue = t
            .opens(
                "Sign-in",
                "@TheOpenProducerBot\ndry_run: true\n\n- [ ] Build the form\n- [ ] Keep sessions\n",
            )
            .await;
        t.says(&issue, "@TheOpenProducerBot cancel").await;
        let audit = format!("/installations/{}/audit", t.installation);
        let page = olivia.get(&audit).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for said in [
            "changed settings",
            "Most issues in a run: inherited → 20",
            "the whole installation",
            "asked for issues",
            "cancelled the run",
            "alice",
            "acme/shop",
        ] {
            assert!(page.text.contains(said), "{said}: {}", page.text);
        }
        let number = issue.number;
        assert!(
            page.text
                .contains(&format!("/acme/shop/issues/{number}\">#{number}</a>")),
            "{}",
            page.text
        );
        let filtered = olivia
            .get(&format!("{audit}?who=ALICE&action=cancel"))
            .await;
        assert!(
            filtered.text.contains("<td>cancelled the run</td>")
                && !filtered.text.contains("<td>asked for issues</td>"),
            "{}",
            filtered.text
        );
        let strange = olivia.get(&format!("{audit}?since=soon")).await;
        assert_eq!(strange.status, 422);

        let csv = olivia.get(&format!("{audit}/events.csv")).await;
        assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
        assert!(
            csv.text
                .starts_with("at,actor,actor_id,action,repository_id,repository,run,detail\r\n")
        );
        assert!(csv.text.contains("\"acme/shop\""), "{}", csv.text);
        let lines = olivia
            .get(&format!("{audit}/events.jsonl?action=change_settings"))
            .await;
        let line: serde_json::Value = serde_json::from_str(&lines.text).unwrap();
        assert_eq!(line["actor"], "olivia");
        assert_eq!(line["detail"]["changes"][0]["to"], 20);
    })
    .await;
}

#[tokio::test]
async fn whoever_rules_one_repository_learns_nothing_of_the_installation_s_list() {
    house(async |t| {
        t.sim.add_repository("acme/vault");
        t.sim.set_private("acme/vault", true);
        t.sim.add_user("mona");
        t.sim.set_role(SHOP, "mona", Role::Admin);
        t.quiet().await;
        let vault = RepositoryRow {
            id: RepositoryId(i64::try_from(t.sim.repository("acme/vault").id()).unwrap()),
            installation: acme(t).installation,
            name: RepositoryName::parse("acme/vault").unwrap(),
        };
        let now = t.services().clock.now();
        repositories::upsert(t.pool(), &vault, now).await.unwrap();
        let allowed = json!({"allowed_repositories": ["acme/shop", "acme/vault"]});
        assert_eq!(changes(&t.services(), acme(t), 0, allowed).await, saved(1));
        let mona = t.browser_of("mona").await;
        let mut answers = Vec::new();
        for (version, guess) in [("0", "acme/vault"), ("1", "acme/guess")] {
            let page = mona.get(&shops(t)).await;
            let component = format!("api: {guess}");
            let fields = [
                ("version", version),
                ("allowed_repositories", guess),
                ("components", component.as_str()),
            ];
            let sent = mona.submits(&page, &shops(t), &fields).await;
            assert_eq!(sent.status, 303, "{guess}: {}", sent.text);
            let page = mona.get(&shops(t)).await;
            let told: Vec<String> = page
                .text
                .lines()
                .filter(|line| line.contains(guess) || line.contains("In force"))
                // The history says what it was before.
                .filter(|line| !line.contains("Changed:"))
                .map(|line| line.replace(guess, "GUESS"))
                .collect();
            assert!(!told.is_empty());
            answers.push(told);
        }
        assert_eq!(answers[0], answers[1]);
        // Policy holds all the same: where an issue may not go is judged when it is planned.
        let (home, id) = (acme(t).installation, shop(t).repository.unwrap());
        let asked = openproducer::domain::settings::Asked::default();
        let holds = t.services().settings(home, id, &asked).await.unwrap();
        assert_eq!(holds.allowed_repositories.value, Some(BTreeSet::new()));
    })
    .await;
}
