//! Replies are asked for once: within the hour, over all replicas, and never out of a cache that is not well.

use std::time::Duration;

use openproducer::cache::Cache;
use openproducer::simulator::models::Reply;

use super::{SPEC, Scene, good_model, plan, purposes, second_tenant, with_model};
use crate::harness::house::SHOP;
use crate::harness::services::services;

/// On a database of the tests' Redis that no other test uses: in every simulated GitHub the installations have the same ids.
fn on_redis<const DATABASE: u8>() -> Scene {
    Scene {
        // Longer than the usual, so that a busy machine does not look like a Redis that is away.
        more: |parts| {
            let patience = Duration::from_secs(10);
            parts.cache = Cache::redis_within(&redis_url(DATABASE), patience).unwrap();
        },
        ..Scene::default()
    }
}

fn redis_url(database: u8) -> String {
    let mut url = url::Url::parse(&services().redis_url).unwrap();
    url.set_path(&database.to_string());
    url.into()
}

#[tokio::test]
async fn the_same_request_again_is_answered_from_the_cache_and_costs_nothing() {
    for scene in [Scene::default(), on_redis::<5>()] {
        scene
            .run(async |t, models| {
                let first = t.opens("Accounts", SPEC).await;
                assert_eq!(purposes(models), ["count", "issues"]);
                let second = t.opens("Accounts", SPEC).await;
                assert_eq!(models.questions().len(), 2, "nothing new was asked");
                assert_eq!(
                    plan(t, &first).await["issues"],
                    plan(t, &second).await["issues"]
                );
                let preview = t.bot_comment(&second);
                assert!(
                    preview.contains("answered from earlier replies, nothing was paid"),
                    "{preview}"
                );
            })
            .await;
    }
}

#[tokio::test]
async fn replan_never_reads_the_cache() {
    with_model(async |t, models| {
        let trigger = t.opens("Accounts", SPEC).await;
        assert_eq!(models.questions().len(), 2);
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        assert_eq!(models.questions().len(), 4);
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        assert_eq!(models.questions().len(), 6);
    })
    .await;
}

#[tokio::test]
async fn equal_requests_at_once_are_one_call_over_all_replicas() {
    on_redis::<6>()
        .run(async |t, models| {
            let second = t.second_server().await;
            models.replies_with(|asked| {
                // Long enough for everybody to come.
                Reply::Drips(
                    good_model::answer(asked).to_string(),
                    Duration::from_millis(10),
                )
            });
            let triggers: Vec<_> = (0..4)
                .map(|_| t.alice().opens_issue(SHOP, "Accounts", SPEC))
                .collect();
            t.quiet().await;
            assert_eq!(purposes(models), ["count", "issues"]);
            for trigger in &triggers {
                assert_eq!(plan(t, trigger).await["planner"], "openai/sim-large");
            }
            second.stop().await;
        })
        .await;
}

#[tokio::test]
async fn another_tenant_s_reply_is_never_used() {
    with_model(async |t, models| {
        t.opens("Accounts", SPEC).await;
        let theirs = second_tenant(t).await;
        t.alice().opens_issue(theirs, "Accounts", SPEC);
        t.quiet().await;
        assert_eq!(models.questions().len(), 4);
        let fences: Vec<String> = models
            .questions()
            .iter()
            .map(|q| {
                q.prompt
                    .lines()
                    .find(|l| l.starts_with("<<<SPEC "))
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_ne!(
            fences[0], fences[2],
            "nor does one tenant know another's marks"
        );
    })
    .await;
}

#[tokio::test]
async fn a_cache_that_is_down_is_a_miss() {
    Scene {
        more: |parts| parts.cache = Cache::redis("redis://127.0.0.1:1").unwrap(),
        ..Scene::default()
    }
    .run(async |t, models| {
        let trigger = t.opens("Accounts", SPEC).await;
        t.opens("Accounts", SPEC).await;
        assert_eq!(models.questions().len(), 4);
        assert_eq!(plan(t, &trigger).await["planner"], "openai/sim-large");
    })
    .await;
}

#[tokio::test]
async fn rubbish_in_the_cache_is_a_miss() {
    on_redis::<7>()
        .run(async |t, models| {
            t.opens("Accounts", SPEC).await;
            let client = redis::Client::open(redis_url(7)).unwrap();
            let mut redis = client.get_multiplexed_async_connection().await.unwrap();
            let pattern = format!("op:{{{}}}:ai:reply:*", t.installation);
            let keys: Vec<String> = redis::cmd("KEYS")
                .arg(pattern)
                .query_async(&mut redis)
                .await
                .unwrap();
            assert!(keys.len() >= 2, "{keys:?}");
            for (key, rubbish) in keys
                .iter()
                .zip(["\u{0}not json", "{\"text\":7}", "[]"].iter().cycle())
            {
                let () = redis::cmd("SET")
                    .arg(key)
                    .arg(*rubbish)
                    .query_async(&mut redis)
                    .await
                    .unwrap();
            }
            let trigger = t.opens("Accounts", SPEC).await;
            assert_eq!(models.questions().len(), 4);
            assert_eq!(plan(t, &trigger).await["planner"], "openai/sim-large");
        })
        .await;
}

#[tokio::test]
async fn a_reply_that_nobody_could_use_is_not_kept() {
    with_model(async |t, models| {
        models.queue(Reply::says(r#"{"count": 3, "reason": "Three."}"#));
        for _ in 0..3 {
            models.queue(Reply::says("I would rather not."));
        }
        let first = t.opens("Accounts", SPEC).await;
        assert_eq!(plan(t, &first).await["planner"], "structural");
        let second = t.opens("Accounts", SPEC).await;
        assert_eq!(plan(t, &second).await["planner"], "openai/sim-large");
        assert_eq!(
            purposes(models),
            ["count", "issues", "issues", "issues", "issues"]
        );
    })
    .await;
}

#[tokio::test]
async fn whether_a_model_is_there_is_asked_once_in_a_while() {
    with_model(async |t, models| {
        for title in ["One", "Two", "Three"] {
            t.opens(title, SPEC).await;
        }
        let looks = models.asked().len() - models.questions().len();
        assert_eq!(looks, 1);
    })
    .await;
}
