//! Tenants' own keys: kept for one provider at one address, tried with a button, and never shown.

use futures_util::future::join_all;
use openproducer::cli::server::Parts;
use openproducer::domain::settings::Operator;
use openproducer::flows::settings::change::Changed;
use openproducer::flows::settings::keys;
use openproducer::simulator::Role;
use openproducer::simulator::models::{Brand, ModelHouse, Reply};
use openproducer::store::sealed::Seal;
use serde_json::{Value, json};

use super::{acme, audit, changes, olivia, saved, shop};
use crate::harness::house::{House, house, house_tuned};

const KEY: &str = "sk-a-tenants-own-key-that-nobody-may-see-7f3a";

fn private_network(parts: &mut Parts) {
    parts.ai.models = parts.ai.models.clone().allow_private(true);
}

async fn with_model(test: impl AsyncFnOnce(&mut House, &ModelHouse)) {
    let models = ModelHouse::start().await.unwrap();
    models.add_model("sim-small");
    Box::pin(house_tuned(
        Operator::default(),
        private_network,
        async |t| {
            test(t, &models).await;
        },
    ))
    .await;
}

fn own_model(models: &ModelHouse) -> Value {
    json!({"provider": "custom", "model": "sim-small", "base_url": models.url(Brand::Local)})
}

fn page(t: &House) -> String {
    format!("/installations/{}/settings", t.installation)
}

/// Everything that the database holds of the key's table and of the log.
async fn stored(t: &House) -> String {
    let rows: Vec<String> = sqlx::query_scalar(
        "select k::text from ai_keys k union all select a::text from audit_events a union all select s::text from settings s",
    )
    .fetch_all(t.pool())
    .await
    .unwrap();
    rows.join("\n")
}

#[tokio::test]
async fn the_page_says_what_a_key_needs_and_that_a_voided_one_does_not_come_back() {
    with_model(async |t, models| {
        let browser = t.browser_of("olivia").await;
        let start = browser.get(&page(t)).await;
        assert!(
            start.text.contains("Choose and save a provider first")
                && !start.text.contains("/key/test"),
            "{}",
            start.text
        );
        changes(&t.services(), acme(t), 0, own_model(models)).await;
        let ready = browser.get(&page(t)).await;
        assert!(ready.text.contains("Test without a key"), "{}", ready.text);
        browser
            .submits(&ready, &format!("{}/key", page(t)), &[("key", KEY)])
            .await;
        let other = "provider: anthropic\nmodel: other\n";
        let import = [("version", "1"), ("text", other)];
        let voided = browser
            .submits(&ready, &format!("{}/import", page(t)), &import)
            .await;
        let voided = browser.follow(voided).await;
        assert!(
            voided
                .text
                .contains("notice wait\" role=\"status\"><strong>Saved, and the key is void"),
            "{}",
            voided.text
        );
        let undo = [("version", "2"), ("to", "1")];
        let undone = browser
            .submits(&voided, &format!("{}/undo", page(t)), &undo)
            .await;
        let undone = browser.follow(undone).await;
        assert!(
            undone.text.contains("Undone, and there is no key"),
            "{}",
            undone.text
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_is_kept_tried_and_shown_to_nobody() {
    with_model(async |t, models| {
        assert_eq!(
            changes(&t.services(), acme(t), 0, own_model(models)).await,
            saved(1)
        );
        let browser = t.browser_of("olivia").await;
        let start = browser.get(&page(t)).await;
        assert!(
            start.text.contains("There is no key yet."),
            "{}",
            start.text
        );
        let refused = browser
            .submits(
                &start,
                &format!("{}/key", page(t)),
                &[("key", "two words of a key")],
            )
            .await;
        assert_eq!(refused.status, 422);
        assert!(
            !refused.text.contains("two words"),
            "what was typed is not printed: {}",
            refused.text
        );

        let kept = browser
            .submits(&start, &format!("{}/key", page(t)), &[("key", KEY)])
            .await;
        let shown = browser.follow(kept).await;
        assert!(
            shown.text.contains("ends in <code>7f3a</code>"),
            "{}",
            shown.text
        );
        let tested = browser
            .submits(&shown, &format!("{}/key/test", page(t)), &[])
            .await;
        assert!(
            tested.text.contains("custom/sim-small can be asked."),
            "{}",
            tested.text
        );
        assert_eq!(models.asked().last().unwrap().key.as_deref(), Some(KEY));
        // On a busy machine a test may take longer than the next has to wait.
        let mut again = String::new();
        for _ in 0..5 {
            let test = format!("{}/key/test", page(t));
            again = browser.submits(&shown, &test, &[]).await.text;
            if again.contains("Just tested") {
                break;
            }
        }
        assert!(again.contains("Just tested"), "{again}");
        for text in [&shown.text, &tested.text, &stored(t).await] {
            assert!(!text.contains(&KEY[..KEY.len() - 4]), "{text}");
        }

        browser
            .submits(&shown, &format!("{}/key/remove", page(t)), &[])
            .await;
        let actions: Vec<String> = audit(t)
            .await
            .into_iter()
            .map(|(_, action, _)| action)
            .collect();
        assert_eq!(actions, ["change_settings", "set_ai_key", "remove_ai_key"]);
        assert_eq!(keys::find(&t.services(), acme(t)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn another_address_or_provider_voids_the_key() {
    with_model(async |t, models| {
        let s = t.services();
        let voided = |version| Changed::Saved {
            version,
            key_voided: true,
        };
        let set = async |scope| keys::set(&s, &olivia(), scope, &KEY.into()).await.unwrap();
        changes(&s, acme(t), 0, own_model(models)).await;
        set(acme(t)).await;
        // The same place under another path, model or budget keeps it.
        let mut other = own_model(models);
        other["model"] = json!("sim-large");
        other["monthly_budget"] = json!(5);
        assert_eq!(changes(&s, acme(t), 1, other.clone()).await, saved(2));

        // Somebody who may change settings, but cannot read the key, has it sent nowhere else.
        let thief = ModelHouse::start().await.unwrap();
        other["base_url"] = json!(thief.url(Brand::Local));
        assert_eq!(changes(&s, acme(t), 2, other).await, voided(3));
        let tried = keys::test(&s, acme(t)).await.unwrap();
        assert!(
            thief.asked().iter().all(|asked| asked.key.is_none()),
            "{tried:?}"
        );
        assert_eq!(changes(&s, acme(t), 3, own_model(models)).await, saved(4));
        assert_eq!(
            keys::find(&s, acme(t)).await.unwrap(),
            None,
            "it does not come back"
        );

        // Nor by way of a repository, whose settings lie over the installation's.
        set(acme(t)).await;
        let led = json!({"base_url": thief.url(Brand::Local)});
        assert_eq!(changes(&s, shop(t), 0, led).await, saved(1));
        keys::test(&s, shop(t)).await.unwrap();
        assert!(thief.asked().iter().all(|asked| asked.key.is_none()));
        let own = keys::find(&s, acme(t)).await.unwrap().unwrap();
        assert!(own.is_used, "the installation's is as it was");
    })
    .await;
}

#[tokio::test]
async fn what_the_provider_says_is_told_with_what_to_do() {
    for (reply, said) in [
        (Reply::fails(401, "no"), "does not take the key"),
        (Reply::fails(503, "no"), "Try again in a minute"),
    ] {
        with_model(async |t, models| {
            let s = t.services();
            changes(&s, acme(t), 0, own_model(models)).await;
            models.lists_with(Some(reply.clone()));
            let keys::Tried::Fails(words) = keys::test(&s, acme(t)).await.unwrap() else {
                panic!("it works");
            };
            assert!(words.contains(said), "{words}");
        })
        .await;
    }
}

#[tokio::test]
async fn without_a_key_of_its_own_the_server_keeps_none() {
    let tune = |parts: &mut Parts| {
        private_network(parts);
        parts.seal = None::<Seal>;
    };
    house_tuned(Operator::default(), tune, async |t| {
        let s = t.services();
        changes(&s, acme(t), 0, json!({"provider": "anthropic"})).await;
        let set = keys::set(&s, &olivia(), acme(t), &KEY.into())
            .await
            .unwrap();
        assert!(matches!(set, keys::KeySet::Refused(words) if words.contains("ENCRYPTION_KEY")));
    })
    .await;
    house(async |t| {
        let set = keys::set(&t.services(), &olivia(), acme(t), &KEY.into()).await.unwrap();
        assert!(matches!(set, keys::KeySet::Refused(words) if words.contains("Choose and save a provider")));
    })
    .await;
}

#[tokio::test]
async fn an_account_tests_two_models_at_a_time_whatever_settings_they_are_of() {
    with_model(async |t, models| {
        changes(&t.services(), acme(t), 0, own_model(models)).await;
        let mut layers = vec![page(t)];
        for name in ["acme/one", "acme/two", "acme/three", "acme/four"] {
            let repository = t.sim.add_repository(name).id();
            t.sim.set_role(name, "olivia", Role::Admin);
            layers.push(format!(
                "/installations/{}/repositories/{repository}/settings",
                t.installation
            ));
        }
        t.quiet().await;
        models.lists_with(Some(Reply::Hangs));
        let browser = t.browser_of("olivia").await;
        let start = browser.get(&page(t)).await;
        let tests: Vec<String> = layers
            .iter()
            .map(|layer| format!("{layer}/key/test"))
            .collect();
        let answers = join_all(tests.iter().map(|to| browser.submits(&start, to, &[]))).await;
        let busy = answers
            .iter()
            .filter(|answer| answer.text.contains("Other tests are under way"));
        assert_eq!(busy.count(), 3, "{answers:#?}");
        assert_eq!(models.asked().len(), 2);
        // Their places are free again.
        models.lists_with(None);
        let last = browser.submits(&start, tests.last().unwrap(), &[]).await;
        assert!(
            last.text.contains("custom/sim-small can be asked."),
            "{}",
            last.text
        );
    })
    .await;
}
