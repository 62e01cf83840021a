//! Planning with a model, through the door: a simulated GitHub, simulated models, and nothing in between but HTTP.

// Tells clippy that the helpers here are tests too.
#![cfg(test)]

mod cache;
mod cost;
mod degrade;
mod good_model;
mod injections;
mod plans;
mod tenants;

use std::time::Duration;

use chrono::NaiveDate;
use openproducer::ai::Models;
use openproducer::cli::server::Parts;
use openproducer::clock::{Chance, Clock};
use openproducer::domain::money::{Money, Price};
use openproducer::domain::prices::PriceTable;
use openproducer::domain::settings::{Operator, Provider};
use openproducer::flows::planner::Ai;
use openproducer::simulator::models::{Asked, Brand, ModelHouse};
use openproducer::simulator::{IssueRef, RepositorySelection, Role};
use secrecy::SecretString;
use sqlx::Row as _;

use crate::harness::house::{House, house_tuned};

/// A small spec that structure makes three issues of as well.
const SPEC: &str = "@TheOpenProducerBot\ndry_run: true\n\n- [ ] Build the login form\n- [ ] Store sessions in the database\n- [ ] Lock accounts after five wrong passwords\n";
const KEY: &str = "operator-key-that-nobody-may-see";

/// What a test's operator has set.
#[derive(Clone)]
struct Scene {
    provider: Provider,
    budget: Option<f64>,
    /// Dollars for a million tokens, in and out.
    price: Option<(f64, f64)>,
    has_key: bool,
    timeout: Duration,
    patience: Duration,
    /// Beyond what the rest says.
    more: fn(&mut Parts),
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            provider: Provider::OpenAi,
            budget: None,
            price: Some((1.0, 10.0)),
            has_key: true,
            timeout: Duration::from_secs(20),
            patience: Duration::from_mins(1),
            more: |_| {},
        }
    }
}

impl Scene {
    async fn run(self, test: impl AsyncFnOnce(&mut House, &ModelHouse)) {
        let models = ModelHouse::start().await.unwrap();
        models.add_model("sim-large");
        good_model::moves_in(&models);
        let operator = Operator {
            provider: self.provider,
            model: "sim-large".to_owned(),
            monthly_budget: self.budget.map(Money::dollars),
            ..Operator::default()
        };
        let base_url: url::Url = models.url(brand(self.provider)).parse().unwrap();
        let tune = move |parts: &mut Parts| {
            let asks = Models::new(self.timeout, Clock::system(), Chance::system());
            parts.ai = Ai {
                key: self.has_key.then(|| SecretString::from(KEY)),
                base_url: Some(url::Url::clone(&base_url)),
                prices: self.price.map(|(input, output)| PriceTable {
                    as_of: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
                    models: [("*".to_owned(), Price { input, output })].into(),
                }),
                patience: self.patience,
                ..Ai::new(asks.with_pause(Duration::from_millis(5)), [7; 32])
            };
            (self.more)(parts);
        };
        house_tuned(operator, tune, async |t| test(t, &models).await).await;
    }
}

fn brand(provider: Provider) -> Brand {
    match provider {
        Provider::OpenAi | Provider::None => Brand::OpenAi,
        Provider::Gemini => Brand::Gemini,
        Provider::Zai => Brand::Zai,
        Provider::Anthropic => Brand::Anthropic,
        Provider::Custom => Brand::Local,
    }
}

/// Runs a test with a good model of `OpenAI`'s.
async fn with_model(test: impl AsyncFnOnce(&mut House, &ModelHouse)) {
    Scene::default().run(test).await;
}

/// Another tenant, with a repository that alice may write to.
async fn second_tenant(t: &House) -> &'static str {
    const THEIRS: &str = "globex/shop";
    t.sim.add_organization("globex");
    t.sim.add_repository(THEIRS);
    t.sim.set_role(THEIRS, "alice", Role::Write);
    t.sim.install_app("globex", RepositorySelection::All);
    t.quiet().await;
    THEIRS
}

/// What a question asks for, by what its schema names.
fn purpose(asked: &Asked) -> &'static str {
    let properties = asked.schema.as_ref().map(|schema| &schema["properties"]);
    let has = |name| properties.is_some_and(|p| p.get(name).is_some());
    match () {
        () if has("count") => "count",
        () if has("varied") => "vary",
        () if has("extends") => "missing",
        () => "issues",
    }
}

/// What was asked for, in order.
fn purposes(models: &ModelHouse) -> Vec<&'static str> {
    models.questions().iter().map(purpose).collect()
}

/// The stored plan of the issue's newest run.
async fn plan(t: &House, issue: &IssueRef) -> serde_json::Value {
    column(t, issue, "plan").await
}

/// How it was made.
async fn how(t: &House, issue: &IssueRef) -> serde_json::Value {
    column(t, issue, "planning").await
}

async fn column(t: &House, issue: &IssueRef, column: &'static str) -> serde_json::Value {
    let row = sqlx::query(
        "select plan, planning from runs where issue_number = $1 order by created_at desc limit 1",
    )
    .bind(i64::try_from(issue.number).unwrap())
    .fetch_one(t.pool())
    .await
    .unwrap();
    row.get(column)
}

/// State, purpose and cost of each stored question.
async fn calls(t: &House) -> Vec<(String, String, Option<i64>)> {
    let rows = sqlx::query("select state, purpose, cost_nanos from ai_calls order by id")
        .fetch_all(t.pool())
        .await
        .unwrap();
    rows.iter()
        .map(|row| (row.get("state"), row.get("purpose"), row.get("cost_nanos")))
        .collect()
}
