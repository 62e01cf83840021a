//! The pages in a real browser: what a person with Chromium, a keyboard, a telephone or without scripts sees and does.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use openproducer::domain::ids::RunId;
use serde_json::{Value, json};

use crate::harness::house::{House, house};
use crate::web::setup::Scene;

/// Several points, of which some belong together and some wait for others.
const SPEC: &str = include_str!("../../docs/examples/team-inbox-prd.md");
const LONG_SPEC: &str = include_str!("../../docs/examples/billing-migration.md");
const MENTION: &str = "@TheOpenProducerBot\ndry_run: true\n\n";

/// What a scenario needs on this machine.
struct Tools {
    chromium: PathBuf,
}

impl Tools {
    /// `None`: something is missing here that a person has to install; it has been said. CI has everything.
    fn find() -> Option<Self> {
        let chromium = [
            "chromium",
            "chromium-browser",
            "google-chrome-stable",
            "google-chrome",
        ]
        .iter()
        .find_map(|name| on_path(name));
        let modules = folder().join("node_modules/playwright-core").is_dir();
        let missing = match (&chromium, on_path("node"), modules) {
            (Some(_), Some(_), true) => None,
            (None, ..) => Some("Chromium"),
            (_, None, _) => Some("Node.js"),
            (.., false) => Some("the packages of tests/browser"),
        };
        if let Some(missing) = missing {
            let says = format!(
                "the browser tests need {missing}, which `.ci/prepare test` installs where it can"
            );
            assert!(variable("CI").is_none(), "{says}");
            tell(&says);
            return None;
        }
        chromium.map(|chromium| Self { chromium })
    }

    /// Runs a scenario against the house; what it needs to know is in `given`.
    async fn play(&self, t: &House, scenario: &str, given: Value) {
        let home = format!("http://{}", t.address());
        self.play_at(&home, &t.sim.web_url(), scenario, given).await;
    }

    /// The same against any server.
    async fn play_at(&self, home: &str, github: &str, scenario: &str, given: Value) {
        let mut all = json!({
            "home": home,
            "github": github,
            "chromium": self.chromium,
            "shots": variable("OPENPRODUCER_SHOTS"),
            "login": "olivia",
        });
        let fields = all.as_object_mut().expect("an object");
        fields.extend(given.as_object().expect("an object").clone());
        let output = tokio::process::Command::new("node")
            .arg(scenario)
            .current_dir(folder())
            .env("OPENPRODUCER_BROWSER_TEST", all.to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(std::time::Duration::from_mins(5), output)
            .await
            .unwrap_or_else(|_| panic!("{scenario} does not come to its end"))
            .expect("node starts");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{scenario}:\n{}\n{}",
            said(&output.stdout),
            said(&output.stderr)
        );
    }
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn tell(says: &str) {
    eprintln!("SKIPPED: {says}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own variables are no config"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}

#[tokio::test]
async fn every_page_is_accessible_and_fits_in_light_and_dark_and_on_a_telephone() {
    let Some(tools) = Tools::find() else { return };
    house(async |t| {
        let done = t
            .opens(
                "Sign-in",
                "@TheOpenProducerBot\n\n- Add a form with e-mail and password\n- End sessions after a day\n- Sign in with GitHub, after the form",
            )
            .await;
        let waiting = t.opens("Team inbox", &format!("{MENTION}{SPEC}")).await;
        let undone = t
            .opens("Search", "@TheOpenProducerBot\n\n- Add a search field\n- Index the articles")
            .await;
        t.says(&undone, "@TheOpenProducerBot rollback last").await;
        let working = t.opens("Billing", &format!("{MENTION}{LONG_SPEC}")).await;
        let failed = t
            .opens("Reports", &format!("{MENTION}- Add a report\n- Send it by mail")).await;
        t.alice().opens_issue("acme/shop", "Add wishlists for guests", "Which are kept for a month.");
        t.alice().opens_issue("acme/shop", "Send price alarms", "");
        let like = t
            .opens(&format!("Wishlists {}", "anunbrokenword".repeat(12)), "@TheOpenProducerBot\n\n- Add wishlists of guests\n- Send alarms about prices\n- Share a wishlist by a link")
            .await;
        let exists = t
            .opens("Wishes", "@TheOpenProducerBot\ndry_run: true\nunique_by: title\n\n- Add wishlists for guests\n- Send price alarms")
            .await;
        remember(t).await;
        stand_still(t, &t.run(&working).await.id).await;
        sqlx::query("update runs set status = 'failed', phase = null, finished_at = now(), failure = $2 where id = $1")
            .bind(t.run(&failed).await.id.as_str())
            .bind("112 issues are planned; at most 100 may be created here.")
            .execute(t.pool())
            .await
            .expect("the run fails");
        let home = format!("/installations/{}", t.installation);
        let pages = json!({
            "home": "/",
            "installations": "/installations",
            "installation": home,
            "filtered": format!("{home}?state=failed"),
            "run-done": format!("/runs/{}", t.run(&done).await.id),
            "run-working": format!("/runs/{}", t.run(&working).await.id),
            "run-failed": format!("/runs/{}", t.run(&failed).await.id),
            "nowhere": "/runs/run_20200101_000000_abcdefgh",
            "run-waiting": format!("/runs/{}", t.run(&waiting).await.id),
            "run-like": format!("/runs/{}", t.run(&like).await.id),
            "run-exists": format!("/runs/{}", t.run(&exists).await.id),
            "run-undone": format!("/runs/{}", t.run(&undone).await.id),
            "logout": "/logout",
            "settings": format!("{home}/settings"),
            "repository-settings": format!("{home}/repositories/{}/settings", t.shop().id()),
            "history": format!("{home}/settings/history"),
            "audit": format!("{home}/audit"),
            "tokens": format!("{home}/tokens"),
        });
        tools.play(t, "pages.mjs", json!({ "pages": pages, "narrow": ["run-waiting", "installation"] })).await;
    })
    .await;
}

/// A month of which the pages tell: models that were asked, issues on several days, deliveries that came late.
async fn remember(t: &House) {
    for statement in [
        "update created_issues set created_at = created_at - (position * 4 + number) * interval '20 hours'",
        "insert into ai_calls (installation_id, run_id, purpose, provider, model, prompt_version, is_tenants, state,
                               tokens_in, tokens_out, is_estimate, cost_nanos, at)
         select installation_id, id, 'issues', 'openai', 'gpt-5-mini', 'v1', false, 'answered', 4200 + 310 * day, 900 + 70 * day,
                false, case when day % 9 = 0 then null else 3000000 * (day * 7 % 13 + 1) end, created_at - day * interval '1 day'
         from runs, generate_series(0, 28, 2) day where (hashtext(id) + day) % 3 <> 0",
        "insert into redeliveries (guid, installation_id, event, delivery_id, failed_at, attempted_at, status, state, next_at)
         select 'late-' || n, id, 'issues', n, now(), now(), 'OK', 'recovered', now() from installations, generate_series(1, 2) n",
    ] {
        sqlx::query(statement)
            .execute(t.pool())
            .await
            .expect("the statement fits");
    }
}

/// Puts a run that waits into the middle of its work, with everything that can become of an issue.
async fn stand_still(t: &House, run: &RunId) {
    for statement in [
        "update runs set phase = 'creating', confirmed_at = now(), waits_until = now() + interval '4 minutes' where id = $1",
        "update planned_issues set state = case when position < 12 then 'created' when position = 12 then 'intended' else state end
         where run_id = $1",
        "update planned_issues set state = 'failed', note = 'the title is not allowed' where run_id = $1 and position = 3",
        "update planned_issues set state = 'skipped', note = '#2' where run_id = $1 and position = 5",
        "update planned_issues set state = 'dropped' where run_id = $1 and position = 7",
        "insert into created_issues (run_id, position, installation_id, repository_id, issue_id, number, url, fingerprints, created_at)
         select run_id, position, installation_id, repository_id, 900 + position, 900 + position, '', '{}', now() - (12 - position) * interval '2 seconds'
         from planned_issues where run_id = $1 and state = 'created'",
    ] {
        sqlx::query(statement)
            .bind(run.as_str())
            .execute(t.pool())
            .await
            .expect("the statement fits");
    }
}

/// A run that waits, with what the scenarios look for on its page.
async fn preview(t: &House) -> (openproducer::simulator::IssueRef, Value) {
    let issue = t.opens("Team inbox", &format!("{MENTION}{SPEC}")).await;
    let plan = t.plan(&issue).await;
    let given = json!({
        "run": format!("/runs/{}", t.run(&issue).await.id),
        "title": "Team inbox",
        "items": plan.issues.len(),
        "blocks": plan.spec.blocks.len(),
        "left": plan.issues.len(),
        "spoken": "Keyboard shortcuts",
    });
    (issue, given)
}

#[tokio::test]
async fn a_preview_becomes_issues_by_a_button_while_another_tab_watches() {
    let Some(tools) = Tools::find() else { return };
    house(async |t| {
        let (issue, given) = preview(t).await;
        let items = t.plan(&issue).await.issues.len();
        tools.play(t, "live.mjs", given).await;
        t.quiet().await;
        assert_eq!(t.created().len(), items - 1);
        assert_eq!(t.state(&issue).await, "rolled_back");
        let comment = t.bot_comment(&issue);
        assert!(comment.contains("Rolled back"), "{comment}");
    })
    .await;
}

#[tokio::test]
async fn everything_works_without_scripts() {
    let Some(tools) = Tools::find() else { return };
    house(async |t| {
        let (issue, given) = preview(t).await;
        tools.play(t, "plain.mjs", given).await;
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "rolled_back");
    })
    .await;
}

#[tokio::test]
async fn a_keyboard_is_enough() {
    let Some(tools) = Tools::find() else { return };
    house(async |t| {
        let (issue, given) = preview(t).await;
        tools.play(t, "keyboard.mjs", given).await;
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn settings_are_changed_and_a_token_made_without_scripts() {
    let Some(tools) = Tools::find() else { return };
    house(async |t| {
        let home = format!("/installations/{}", t.installation);
        let given = json!({
            "settings": format!("{home}/settings"),
            "tokens": format!("{home}/tokens"),
        });
        tools.play(t, "settings-plain.mjs", given).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_is_set_up_in_light_and_dark_and_on_a_telephone() {
    let Some(tools) = Tools::find() else { return };
    for look in ["light", "dark", "narrow"] {
        let scene = Scene::new().await;
        let server = scene.server().await;
        let home = format!("http://{}", server.address);
        let given = json!({ "look": look, "link": server.setup_link });
        tools
            .play_at(&home, &scene.sim.web_url(), "setup.mjs", given)
            .await;
        server.stop().await;
    }
}

#[tokio::test]
async fn settings_are_changed_and_taken_back() {
    let Some(tools) = Tools::find() else { return };
    house(async |t| {
        let home = format!("/installations/{}", t.installation);
        tools
            .play(t, "settings.mjs", json!({ "installation": home }))
            .await;
    })
    .await;
}
