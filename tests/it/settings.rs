//! An admin changes settings: what is told, what is kept, and what two admins see who do it at once.

use openproducer::domain::ids::{InstallationId, RepositoryId, UserId};
use openproducer::domain::rejection::Complaint;
use openproducer::domain::settings::{Layer, Operator, Wrong};
use openproducer::flows::Services;
use openproducer::flows::settings::change::{self, Changed, Imported, change, import, undo};
use openproducer::flows::settings::history::history;
use openproducer::flows::settings::{By, Scope, sheet};
use openproducer::simulator::Role;
use serde_json::{Value, json};

use crate::harness::house::{House, house, house_with};

mod keys;
mod pages;

fn olivia() -> By {
    By {
        login: "olivia".to_owned(),
        id: Some(UserId(7)),
        token: None,
    }
}

fn acme(t: &House) -> Scope {
    Scope {
        installation: InstallationId(i64::try_from(t.installation).unwrap()),
        repository: None,
    }
}

fn shop(t: &House) -> Scope {
    Scope {
        repository: Some(RepositoryId(i64::try_from(t.shop().id()).unwrap())),
        ..acme(t)
    }
}

async fn changes(services: &Services, scope: Scope, base: i32, to: Value) -> Changed {
    change(services, &olivia(), scope, base, &to).await.unwrap()
}

fn saved(version: i32) -> Changed {
    Changed::Saved {
        version,
        key_voided: false,
    }
}

fn said(wrong: &[Wrong]) -> String {
    let line = |w: &Wrong| format!("{}: {}", w.field, w.says);
    wrong.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn audit(t: &House) -> Vec<(String, String, Value)> {
    sqlx::query_as("select actor, action, detail from audit_events order by id")
        .fetch_all(t.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_change_holds_at_once_and_is_kept_with_who_and_what() {
    house(async |t| {
        let s = t.services();
        let first = json!({"max_issues": 20, "labels": ["planned"]});
        assert_eq!(changes(&s, acme(t), 0, first).await, saved(1));
        let of_shop = json!({"max_issues": 5, "components": {"api": "Acme/Shop"}});
        assert_eq!(changes(&s, shop(t), 0, of_shop).await, saved(1));

        let now = sheet(&s, shop(t)).await.unwrap();
        assert_eq!(
            (
                now.effective.max_issues.value,
                now.effective.max_issues.from
            ),
            (5, Layer::Repository)
        );
        assert_eq!(
            (now.above.max_issues.value, now.above.max_issues.from),
            (20, Layer::Installation)
        );
        assert_eq!(now.effective.labels.from, Layer::Installation);
        let ids = (shop(t).installation, shop(t).repository.unwrap());
        let asked = openproducer::domain::settings::Asked::default();
        let in_force = s.settings(ids.0, ids.1, &asked).await.unwrap();
        assert_eq!(
            in_force, now.effective,
            "what runs use is what the page shows"
        );

        let again = changes(
            &s,
            shop(t),
            1,
            json!({"max_issues": 5, "components": {"api": "Acme/Shop"}, "model": null}),
        );
        assert_eq!(again.await, Changed::Unchanged);
        let kept = audit(t).await;
        assert_eq!(kept.len(), 2);
        assert_eq!(
            (kept[0].0.as_str(), kept[0].1.as_str()),
            ("olivia", "change_settings")
        );
        assert_eq!(
            kept[1].2,
            json!({"version": 1, "changes": [
                {"field": "max_issues", "from": null, "to": 5},
                {"field": "components", "from": null, "to": {"api": "Acme/Shop"}},
            ]})
        );
    })
    .await;
}

#[tokio::test]
async fn the_second_of_two_admins_is_told() {
    house(async |t| {
        let s = t.services();
        assert_eq!(
            changes(&s, acme(t), 0, json!({"max_issues": 20})).await,
            saved(1)
        );
        let late = changes(&s, acme(t), 0, json!({"max_issues": 30})).await;
        let Changed::Overtaken { version: 1, by, .. } = late else {
            panic!("{late:?}");
        };
        assert_eq!(by, "olivia");

        // Truly at once: one of them is saved, whoever it is, and every other is told.
        let all = (0..8).map(|n| {
            let (s, scope) = (s.clone(), acme(t));
            tokio::spawn(async move { changes(&s, scope, 1, json!({"max_issues": 40 + n})).await })
        });
        let done = futures_util::future::join_all(all).await;
        let done: Vec<Changed> = done.into_iter().map(Result::unwrap).collect();
        let is_told = |c: &&Changed| matches!(c, Changed::Overtaken { version: 2, .. });
        assert_eq!(
            done.iter().filter(|c| **c == saved(2)).count(),
            1,
            "{done:?}"
        );
        assert_eq!(done.iter().filter(is_told).count(), 7, "{done:?}");
        assert_eq!(
            audit(t).await.len(),
            2,
            "what was not saved is not in the log"
        );
    })
    .await;
}

#[tokio::test]
async fn everything_beyond_a_limit_is_said_and_nothing_is_cut() {
    let operator = Operator {
        max_issues: 60,
        ..Operator::default()
    };
    house_with(operator, async |t| {
        let s = t.services();
        let wanted = json!({
            "max_issues": 61, "minimum_role": "read", "content_filtering": false, "rate_limit_per_minute": 81,
            "allowed_labels": ["a"], "labels": ["a", "b"], "components": {"api": "evil/secrets"},
            "allowed_repositories": ["acme/shop", "acme/nowhere"], "allowed_providers": ["openai"],
            "provider": "gemini", "base_url": "https://169.254.169.254/", "colour": "red",
        });
        let Changed::Wrong(wrong) = changes(&s, acme(t), 0, wanted).await else {
            panic!("it was saved");
        };
        insta::assert_snapshot!(said(&wrong), @"
        allowed_repositories: `allowed_repositories` must name repositories that this installation reaches, got `acme/nowhere`
        base_url: `base_url`: it must be a host of the public internet
        colour: `colour` is not a setting
        components: `components` leads `api` to `evil/secrets`, which `allowed_repositories` does not allow
        components: `components` must name repositories that this installation reaches, got `evil/secrets`
        content_filtering: `content_filtering` cannot be switched off: the operator keeps it on
        labels: `labels` may only name labels of `allowed_labels`, got `b`
        max_issues: `max_issues` must be at most 60, the operator's limit; got 61
        minimum_role: `minimum_role` must be write or more, the operator's limit; got read
        provider: `provider` must be one of `allowed_providers`, set by the installation; got gemini
        rate_limit_per_minute: `rate_limit_per_minute` must be 1 to 80, got 81
        ");
        assert_eq!(sheet(&s, acme(t)).await.unwrap().version, 0);

        let narrow = json!({"max_issues": 10, "minimum_role": "maintain", "allowed_labels": ["a"], "allowed_providers": ["openai"]});
        assert_eq!(changes(&s, acme(t), 0, narrow).await, saved(1));
        let wide = json!({"max_issues": 11, "minimum_role": "write", "allowed_labels": ["A", "b"], "labels": ["c"],
                          "provider": "custom", "allowed_providers": ["openai", "zai"]});
        let Changed::Wrong(wrong) = changes(&s, shop(t), 0, wide).await else {
            panic!("it was saved");
        };
        insta::assert_snapshot!(said(&wrong), @"
        allowed_labels: `allowed_labels` may only name labels that the installation allows, got `b`
        allowed_providers: `allowed_providers` may only name providers that the installation allows, got `zai`
        base_url: `base_url` is needed for the provider `custom`: the address of the model's API
        labels: `labels` may only name labels of `allowed_labels`, got `c`
        max_issues: `max_issues` must be at most 10, the installation's limit; got 11
        minimum_role: `minimum_role` must be maintain or more, the installation's limit; got write
        model: `model` is needed for the provider `custom`: the name of the model
        provider: `provider` must be one of `allowed_providers`, set by the installation; got custom
        ");
        assert_eq!(audit(t).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_change_can_be_undone_and_that_too() {
    house(async |t| {
        let s = t.services();
        changes(&s, acme(t), 0, json!({"max_issues": 20})).await;
        changes(
            &s,
            acme(t),
            1,
            json!({"max_issues": 30, "confirmation": "always"}),
        )
        .await;
        assert_eq!(undo(&s, &olivia(), acme(t), 2, 1).await.unwrap(), saved(3));
        assert_eq!(undo(&s, &olivia(), acme(t), 3, 0).await.unwrap(), saved(4));
        assert_eq!(
            undo(&s, &olivia(), acme(t), 4, 9).await.unwrap(),
            Changed::NoSuchVersion
        );
        let now = sheet(&s, acme(t)).await.unwrap();
        assert_eq!(now.effective.max_issues.from, Layer::Operator);

        let all = history(&s, acme(t), None, 10).await.unwrap();
        let told: Vec<String> = all
            .versions
            .iter()
            .map(|v| {
                let fields: Vec<_> = v.changes.iter().map(|c| c.field.as_str()).collect();
                format!("{} {} {}", v.version, v.by, fields.join(","))
            })
            .collect();
        assert_eq!(
            told,
            [
                "4 olivia max_issues",
                "3 olivia confirmation,max_issues",
                "2 olivia confirmation,max_issues",
                "1 olivia max_issues"
            ]
        );
        let page = history(&s, acme(t), Some(4), 2).await.unwrap();
        assert_eq!(
            page.versions.iter().map(|v| v.version).collect::<Vec<_>>(),
            [3, 2]
        );
        assert_eq!(page.older, Some(2));
        assert_eq!(audit(t).await[2].2["back_to"], json!(1));
    })
    .await;
}

#[tokio::test]
async fn yaml_goes_out_and_comes_in_with_the_lines_of_what_is_wrong() {
    house(async |t| {
        let s = t.services();
        let text = "# ours\nmax_issues: 7\nlabels: [planned, \"needs: review\"]\ncomponents:\n  api: acme/shop\n";
        let done = import(&s, &olivia(), acme(t), 0, text).await.unwrap();
        assert_eq!(done, Imported::Done(saved(1)));
        let exported = change::export(&sheet(&s, acme(t)).await.unwrap(), "acme");
        insta::assert_snapshot!(exported, @r#"
        # OpenProducer settings of acme, version 1
        max_issues: 7
        labels:
        - planned
        - "needs: review"
        components:
          api: acme/shop
        "#);
        let same = import(&s, &olivia(), acme(t), 1, &exported).await.unwrap();
        assert_eq!(same, Imported::Done(Changed::Unchanged));

        let bad = "max_issues: 700\nminimum_role: read\n\ncomponents:\n  api: evil/secrets\n";
        let Imported::Complaints(said) = import(&s, &olivia(), acme(t), 1, bad).await.unwrap() else {
            panic!("it was saved");
        };
        let lines: Vec<String> = said.iter().map(Complaint::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        line 1: `max_issues` must be at most 100, the operator's limit; got 700
        line 2: `minimum_role` must be write or more, the operator's limit; got read
        line 4: `components` must name repositories that this installation reaches, got `evil/secrets`
        ");
        let json = r#"{"max_issues": 9}"#;
        assert_eq!(import(&s, &olivia(), acme(t), 1, json).await.unwrap(), Imported::Done(saved(2)));
    })
    .await;
}

#[tokio::test]
async fn usual_labels_that_a_repository_does_not_allow_stay_off_its_issues() {
    house(async |t| {
        let s = t.services();
        let usual = json!({"labels": ["bug", "evil"]});
        assert_eq!(changes(&s, acme(t), 0, usual).await, saved(1));
        let narrow = json!({"allowed_labels": ["Bug"]});
        assert_eq!(changes(&s, shop(t), 0, narrow).await, saved(1));

        let body = "@TheOpenProducerBot\ndry_run: true\n\n- Add a basket\n- Add a till\n";
        let trigger = t.opens("Accounts", body).await;
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("without the usual label `evil`"),
            "{preview}"
        );
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        let labels: Vec<Vec<String>> = t.created().into_iter().map(|i| i.labels).collect();
        assert_eq!(labels, [["bug"], ["bug"]]);
    })
    .await;
}

#[tokio::test]
async fn a_repository_s_budget_beyond_the_installation_s_is_said() {
    house(async |t| {
        let s = t.services();
        let own = json!({"provider": "openai", "monthly_budget": 10});
        assert_eq!(changes(&s, acme(t), 0, own).await, saved(1));
        let wide = json!({"monthly_budget": 500});
        let Changed::Wrong(wrong) = changes(&s, shop(t), 0, wide).await else {
            panic!("a budget beyond the installation's is taken");
        };
        assert_eq!(
            said(&wrong),
            "monthly_budget: `monthly_budget` must be at most 10, the installation's limit; got 500"
        );
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_was_named_and_is_gone_holds_no_change_up() {
    house(async |t| {
        t.sim.add_repository("acme/old");
        t.sim.set_role("acme/old", "olivia", Role::Admin);
        let known = t.sim.user("olivia").opens_issue("acme/old", "Accounts", "@TheOpenProducerBot help");
        t.quiet().await;
        assert_eq!(t.sim.repository("acme/old").comments(known.number).len(), 1);
        let s = t.services();
        let named = json!({"allowed_repositories": ["acme/shop", "acme/old"], "components": {"api": "acme/old"}});
        assert_eq!(changes(&s, acme(t), 0, named).await, saved(1));
        t.sim.rename_repository("acme/old", "acme/new");
        t.quiet().await;
        let more = json!({"allowed_repositories": ["acme/shop", "Acme/Old"], "components": {"api": "acme/old"}, "max_issues": 7});
        assert_eq!(changes(&s, acme(t), 1, more).await, saved(2));
        let wrong = json!({"allowed_repositories": ["acme/older"]});
        assert!(matches!(changes(&s, acme(t), 2, wrong).await, Changed::Wrong(_)));
    })
    .await;
}
