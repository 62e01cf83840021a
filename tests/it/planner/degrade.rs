//! Whatever goes wrong with a model, there is a plan, one line that says why, and another try.

use std::time::Duration;

use openproducer::domain::settings::Provider;
use openproducer::simulator::models::Reply;

use super::{SPEC, Scene, good_model, how, plan, second_tenant, with_model};
use crate::harness::house::{House, SHOP};

/// The run has structure's plan, and the preview says why in one line.
async fn degrades(t: &House, why: &str, says: &str) {
    let trigger = t.opens("Accounts", SPEC).await;
    let plan = plan(t, &trigger).await;
    assert_eq!(plan["planner"], "structural", "{why}");
    assert_eq!(plan["issues"].as_array().unwrap().len(), 3, "{why}");
    assert_eq!(how(t, &trigger).await["degraded"]["why"], why);
    let preview = t.bot_comment(&trigger);
    let line = preview
        .lines()
        .find(|line| line.contains("Planned from the document's structure, not by a model"));
    let line = line.unwrap_or_else(|| panic!("{why}: {preview}"));
    assert!(line.contains(says), "{why}: {line}");
    assert!(
        line.contains("`@TheOpenProducerBot replan` tries the model again."),
        "{line}"
    );
    assert!(!preview.contains(super::KEY), "{preview}");
}

#[tokio::test]
async fn no_key() {
    Scene {
        has_key: false,
        ..Scene::default()
    }
    .run(async |t, models| {
        degrades(t, "no_key", "there is no key for `openai`").await;
        assert!(models.asked().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_key_that_the_provider_does_not_take() {
    with_model(async |t, models| {
        models.only_key("another");
        degrades(t, "unavailable", "the provider does not take the key").await;
        assert!(models.questions().is_empty());
    })
    .await;
}

#[tokio::test]
async fn every_provider_that_is_down_busy_silent_or_unwilling() {
    type Fault = fn() -> Reply;
    let faults: [(Fault, &str, &str); 6] = [
        (
            || Reply::fails(500, "oh no"),
            "unavailable",
            "is not available",
        ),
        (
            || Reply::too_many(Some("3600")),
            "unavailable",
            "asks for fewer questions",
        ),
        (|| Reply::Hangs, "unavailable", "did not answer in time"),
        (
            || Reply::Refuses("I cannot help with that".to_owned()),
            "refused",
            "declined",
        ),
        (|| Reply::Blocks, "refused", "declined"),
        (
            || Reply::says("no JSON here"),
            "beyond_repair",
            "could not be used",
        ),
    ];
    for (provider, (fault, why, says)) in [
        Provider::Custom,
        Provider::Zai,
        Provider::Gemini,
        Provider::OpenAi,
        Provider::Gemini,
        Provider::Anthropic,
    ]
    .into_iter()
    .zip(faults)
    {
        Scene {
            provider,
            // For the look whether the model is there as well, which must come to its end.
            timeout: Duration::from_secs(if matches!(fault(), Reply::Hangs) {
                3
            } else {
                20
            }),
            ..Scene::default()
        }
        .run(async |t, models| {
            models.replies_with(move |_| fault());
            degrades(t, why, says).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_plan_that_takes_too_long() {
    Scene {
        patience: Duration::from_millis(700),
        ..Scene::default()
    }
    .run(async |t, models| {
        models.replies_with(|_| Reply::Hangs);
        degrades(t, "too_slow", "took too long").await;
    })
    .await;
}

#[tokio::test]
async fn replan_tries_again_and_does_not_believe_what_was_known_of_the_model() {
    with_model(async |t, models| {
        models.replies_with(|_| Reply::fails(500, "down"));
        let trigger = t.opens("Accounts", SPEC).await;
        assert_eq!(plan(t, &trigger).await["planner"], "structural");
        let asked = models.asked().len();
        // Known to be down: the next run is not held up by it.
        let other = t.opens("Other", SPEC).await;
        assert_eq!(plan(t, &other).await["planner"], "structural");
        assert_eq!(models.asked().len(), asked);

        good_model::moves_in(models);
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        assert_eq!(plan(t, &trigger).await["planner"], "openai/sim-large");
        assert!(!t.bot_comment(&trigger).contains("not by a model"));
    })
    .await;
}

#[tokio::test]
async fn a_run_without_a_preview_says_it_in_its_summary() {
    with_model(async |t, models| {
        models.replies_with(|_| Reply::fails(500, "down"));
        let trigger = t
            .opens("Accounts", &SPEC.replace("dry_run: true\n", ""))
            .await;
        assert_eq!(t.created().len(), 3);
        let summary = t.bot_comment(&trigger);
        assert!(
            summary.contains("Planned from the document's structure, not by a model"),
            "{summary}"
        );
    })
    .await;
}

#[tokio::test]
async fn one_part_that_fails_is_planned_by_structure_and_named() {
    with_model(async |t, models| {
        let words = "and keep a record of it for the auditors who come ".repeat(12);
        let item = |n: usize| format!("- [ ] Build feature {n} {words}\n");
        let spec: String = (1..=60).map(item).collect();
        models.replies_with(|asked| {
            if super::purpose(asked) == "issues" && asked.prompt.contains("Build feature 60 ") {
                return Reply::fails(400, "this part is not to my taste");
            }
            Reply::says(good_model::answer(asked).to_string())
        });
        let trigger = t
            .opens(
                "Features",
                &format!("@TheOpenProducerBot\ndry_run: true\n\n{spec}"),
            )
            .await;
        let plan = plan(t, &trigger).await;
        assert_eq!(plan["planner"], "openai/sim-large");
        let warnings = plan["warnings"].to_string();
        assert!(
            warnings.contains("were planned from the document's structure, not by the model"),
            "{warnings}"
        );
        let titles = plan["issues"].to_string();
        for n in 1..=60 {
            assert!(titles.contains(&format!("Build feature {n} ")), "{n}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_that_reads_little_is_asked_in_smaller_parts() {
    with_model(async |t, models| {
        let words = "and keep a record of it for the auditors ".repeat(12);
        let item = |n: usize| format!("- [ ] Build feature {n} {words}\n");
        let spec: String = (1..=20).map(item).collect();
        models.replies_with(|asked| {
            if asked.prompt.len() > 9_000 {
                return Reply::fails(400, "maximum context length")
                    .with_code("context_length_exceeded");
            }
            Reply::says(good_model::answer(asked).to_string())
        });
        let trigger = t
            .opens(
                "Features",
                &format!("@TheOpenProducerBot\ndry_run: true\n\n{spec}"),
            )
            .await;
        let plan = plan(t, &trigger).await;
        assert_eq!(plan["planner"], "openai/sim-large");
        assert_eq!(plan["issues"].as_array().unwrap().len(), 20);
    })
    .await;
}

#[tokio::test]
async fn health_knows_the_model() {
    async fn ai(t: &House) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let address = format!("http://{}/api/health", t.address());
        let ask = async || {
            let answer = client.get(&address).send().await.unwrap();
            let status = answer.status();
            let health: serde_json::Value =
                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            (status, health)
        };
        let (mut status, mut health) = ask().await;
        while health["ai"]["error"] == "no answer in time" {
            // On a busy machine the look takes its time; it goes on meanwhile.
            tokio::time::sleep(Duration::from_secs(2)).await;
            (status, health) = ask().await;
        }
        format!(
            "{} {} {}",
            status.as_u16(),
            health["ai"]["state"],
            health["ai"]["model"]
        )
    }
    with_model(async |t, models| {
        assert_eq!(ai(t).await, "200 \"up\" \"openai/sim-large\"");
        for _ in 0..5 {
            ai(t).await;
        }
        assert_eq!(
            models.asked().len(),
            1,
            "health asks the provider no more often than that"
        );
    })
    .await;
    with_model(async |t, models| {
        models.lists_with(Some(Reply::fails(500, "down")));
        assert_eq!(ai(t).await, "200 \"down\" \"openai/sim-large\"");
    })
    .await;
}

#[tokio::test]
async fn what_a_provider_has_against_one_spec_holds_for_no_other_and_reaches_nobody_else() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            if asked.prompt.contains("forbidden fruit") {
                return Reply::fails(400, "prompt flagged: forbidden fruit of org-12345");
            }
            Reply::says(good_model::answer(asked).to_string())
        });
        let bad = t
            .opens("Fruit", &SPEC.replace("login form", "forbidden fruit"))
            .await;
        assert_eq!(plan(t, &bad).await["planner"], "structural");
        assert!(
            !t.bot_comment(&bad).contains("org-12345"),
            "{}",
            t.bot_comment(&bad)
        );
        let good = t.opens("Accounts", SPEC).await;
        assert_eq!(plan(t, &good).await["planner"], "openai/sim-large");
    })
    .await;
}

#[tokio::test]
async fn one_tenant_s_slow_plans_hold_up_neither_other_tenants_nor_runs() {
    Scene {
        patience: Duration::from_secs(12),
        ..Scene::default()
    }
    .run(async |t, models| {
        models.replies_with(|asked| {
            if asked.prompt.contains("slow as ever") {
                return Reply::Hangs;
            }
            Reply::says(good_model::answer(asked).to_string())
        });
        let theirs = second_tenant(t).await;
        // More than a process plans at a time.
        let slow: Vec<_> = (0..16)
            .map(|n| {
                let spec = SPEC.replace("login form", &format!("form {n}, slow as ever"));
                t.alice().opens_issue(SHOP, "Slow", &spec)
            })
            .collect();
        t.alice()
            .opens_issue(theirs, "Accounts", &SPEC.replace("dry_run: true\n", ""));
        while t.sim.repository(theirs).issues().len() < 4 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let waiting: i64 = sqlx::query_scalar("select count(*) from runs where phase = 'planning'")
            .fetch_one(t.pool())
            .await
            .unwrap();
        assert!(waiting > 0, "the slow ones are still at it");
        for trigger in &slow {
            t.alice().comments(trigger, "@TheOpenProducerBot cancel");
        }
        t.quiet().await;
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_cancelled_asks_no_further() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            Reply::Drips(
                good_model::answer(asked).to_string(),
                Duration::from_millis(200),
            )
        });
        let trigger = t.alice().opens_issue(SHOP, "Accounts", SPEC);
        while models.questions().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
        assert_eq!(t.state(&trigger).await, "cancelled");
        assert_eq!(super::purposes(models), ["count"]);
    })
    .await;
}
