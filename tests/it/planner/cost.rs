//! What planning costs is counted, shown and bounded.

use chrono::{DateTime, Utc};
use openproducer::domain::ids::{InstallationId, RunId};
use openproducer::domain::money::Money;
use openproducer::simulator::models::Reply;
use openproducer::store::ai_calls::{self, Begun, NewCall, Spent};

use super::{SPEC, Scene, calls, how, plan, with_model};
use crate::harness::house::House;

const TEN: f64 = 10.0;

fn with_budget(dollars: f64) -> Scene {
    Scene {
        budget: Some(dollars),
        ..Scene::default()
    }
}

fn now(t: &House) -> DateTime<Utc> {
    t.services().clock.now()
}

/// As if a question of the installation had cost so much.
async fn spend(t: &House, dollars: f64, at: DateTime<Utc>) {
    sqlx::query(
        "insert into ai_calls (installation_id, purpose, provider, model, prompt_version, is_tenants, state, tokens_in,
                               tokens_out, is_estimate, cost_nanos, at)
         values ($1, 'issues', 'openai', 'sim-large', '1', false, 'answered', 1, 1, false, $2, $3)",
    )
    .bind(i64::try_from(t.installation).unwrap())
    .bind(Money::dollars(dollars).nanos)
    .bind(at)
    .execute(t.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn every_question_is_kept_with_its_tokens_and_its_price() {
    with_model(async |t, models| {
        t.opens("Accounts", SPEC).await;
        let calls = calls(t).await;
        let purposes: Vec<&str> = calls.iter().map(|c| c.1.as_str()).collect();
        assert_eq!(purposes, ["count", "issues"]);
        assert!(calls.iter().all(|c| c.0 == "answered"), "{calls:?}");
        // $1 for a million tokens in, $10 out; the simulator counts four characters as a token.
        let sent: u64 = models
            .questions()
            .iter()
            .map(|q| (q.system.len() + q.prompt.len()) as u64)
            .sum();
        let cost: i64 = calls.iter().filter_map(|c| c.2).sum();
        let least = i64::try_from(sent / 8).unwrap() * 1_000;
        assert!(cost > least && cost < least * 10, "{cost} of {least}");
    })
    .await;
}

#[tokio::test]
async fn a_spent_budget_plans_by_structure_asks_nothing_and_says_so() {
    with_budget(TEN)
        .run(async |t, models| {
            t.opens("First", SPEC).await;
            assert_eq!(models.questions().len(), 2);
            spend(t, 9.99, now(t)).await;
            let trigger = t.opens("Accounts", SPEC).await;
            assert_eq!(models.questions().len(), 2, "nothing was sent");
            assert_eq!(plan(t, &trigger).await["planner"], "structural");
            assert_eq!(how(t, &trigger).await["degraded"]["why"], "budget_spent");
            let preview = t.bot_comment(&trigger);
            assert!(
                preview.contains(
                    "the rest of this month's budget of \\$10.00 does not reach (\\$9.99 is spent)"
                ),
                "{preview}"
            );
        })
        .await;
}

#[tokio::test]
async fn what_was_spent_last_month_does_not_count() {
    with_budget(TEN)
        .run(async |t, models| {
            let first = t.opens("First", SPEC).await;
            let preview = t.bot_comment(&first);
            assert!(preview.contains("of \\$10.00 this month"), "{preview}");
            let month = ai_calls::month_of(now(t));
            spend(t, 50.0, month - chrono::TimeDelta::seconds(1)).await;
            let trigger = t.opens("Accounts", SPEC).await;
            assert_eq!(plan(t, &trigger).await["planner"], "openai/sim-large");
            assert_eq!(models.questions().len(), 4);
        })
        .await;
}

#[tokio::test]
async fn questions_at_once_do_not_both_take_the_rest_of_a_budget() {
    with_model(async |t, _| {
        t.opens("First", SPEC).await;
        let run = sqlx::query_scalar::<_, String>("select id from runs limit 1")
            .fetch_one(t.pool())
            .await
            .unwrap();
        let run = RunId::parse(&run).unwrap();
        let call = NewCall {
            installation: InstallationId(i64::try_from(t.installation).unwrap()),
            run: &run,
            purpose: "issues",
            provider: "openai",
            model: "sim-large",
            prompt_version: "1",
            is_tenants: true,
            expected: Spent {
                tokens_in: 1,
                tokens_out: 1,
                cost: Some(Money::dollars(0.6)),
            },
            priced_as_of: None,
        };
        let phase = async |phase: &'static str| {
            let change = "update runs set phase = $1";
            sqlx::query(change)
                .bind(phase)
                .execute(t.pool())
                .await
                .unwrap();
        };
        phase("planning").await;
        let budget = Some(Money::dollars(1.0));
        let all = (0..8).map(|_| ai_calls::begin(t.pool(), &call, budget, now(t)));
        let begun = futures_util::future::join_all(all).await;
        let given = begun
            .iter()
            .filter(|b| matches!(b, Ok(Begun::Call(_))))
            .count();
        assert_eq!(given, 1, "{begun:?}");
        phase("awaiting_confirmation").await;
        let late = ai_calls::begin(t.pool(), &call, None, now(t)).await;
        assert_eq!(late.unwrap(), Begun::RunIsOver);
    })
    .await;
}

#[tokio::test]
async fn without_a_price_tokens_are_shown_and_a_budget_keeps_the_model_out() {
    Scene {
        price: None,
        ..Scene::default()
    }
    .run(async |t, _| {
        let trigger = t.opens("Accounts", SPEC).await;
        let preview = t.bot_comment(&trigger);
        assert!(preview.contains("tokens in, "), "{preview}");
        assert!(!preview.contains('$'), "{preview}");
        assert!(calls(t).await.iter().all(|c| c.2.is_none()));
    })
    .await;
    Scene {
        price: None,
        ..with_budget(TEN)
    }
    .run(async |t, models| {
        let trigger = t.opens("Accounts", SPEC).await;
        assert!(models.questions().is_empty());
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("the operator's table has no price for `openai/sim-large`"),
            "{preview}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_a_provider_refuses_is_not_counted_and_what_hangs_is() {
    with_model(async |t, models| {
        models.replies_with(|_| Reply::fails(500, "down"));
        t.opens("Accounts", SPEC).await;
        let refused = calls(t).await;
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!((refused[0].0.as_str(), refused[0].2), ("failed", Some(0)));
    })
    .await;
    Scene {
        // For the look whether the model is there as well, which must come to its end.
        timeout: std::time::Duration::from_secs(3),
        ..Scene::default()
    }
    .run(async |t, models| {
        models.replies_with(|_| Reply::Hangs);
        t.opens("Accounts", SPEC).await;
        let hung = calls(t).await;
        assert_eq!(hung[0].0, "failed");
        assert!(
            hung[0].2.unwrap() > 0,
            "it may have been worked on: {hung:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn where_there_is_a_budget_no_answer_may_be_longer_than_was_kept_for_it() {
    with_budget(TEN)
        .run(async |t, models| {
            t.opens("Accounts", SPEC).await;
            for asked in models.questions() {
                let most = &asked.body["max_completion_tokens"];
                let most = most.as_u64().or(asked.body["max_tokens"].as_u64());
                assert_eq!(most, Some(16_000), "{}", asked.body);
            }
        })
        .await;
    with_model(async |t, models| {
        t.opens("Accounts", SPEC).await;
        let asked = &models.questions()[0].body;
        assert!(asked["max_completion_tokens"].is_null() && asked["max_tokens"].is_null());
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_was_cut_on_its_way_counts() {
    with_model(async |t, models| {
        models.queue(Reply::Half("{\"count\": 3".to_owned()));
        t.opens("First", SPEC).await;
        let twice = calls(t).await[0].2.unwrap();
        t.opens("Second", SPEC).await;
        let once = calls(t).await[2].2.unwrap();
        assert!(
            twice > once * 2 - once / 4,
            "{twice} for two, {once} for one"
        );
    })
    .await;
}
