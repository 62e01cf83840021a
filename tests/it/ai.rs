//! Asking models at the wire: real HTTP to the simulated house of models.

// Tells clippy that the helpers here are tests too.
#![cfg(test)]

mod addresses;
mod checks;
mod faults;
mod formats;
mod litellm;
mod secrets;

use std::time::Duration;

use openproducer::ai::{AiError, Answer, Choice, Models, Provider, Question};
use openproducer::clock::{Chance, Clock};
use openproducer::simulator::models::{Brand, ModelHouse, Reply};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

const KEY: &str = "key-that-nobody-may-see";
/// What a model says when it does as it is told.
const PLAN: &str = r#"{"count":2,"titles":["Build the form","Check the input"]}"#;

/// Every provider with the API that it speaks.
const PROVIDERS: [(Provider, Brand); 5] = [
    (Provider::OpenAi, Brand::OpenAi),
    (Provider::Gemini, Brand::Gemini),
    (Provider::Zai, Brand::Zai),
    (Provider::Anthropic, Brand::Anthropic),
    (Provider::Custom, Brand::Local),
];

struct Scene {
    house: ModelHouse,
    clock: Clock,
    models: Models,
}

impl Scene {
    async fn start() -> Self {
        Self::within(Duration::from_secs(20)).await
    }

    /// With this much time for a question.
    async fn within(time: Duration) -> Self {
        let house = ModelHouse::start().await.unwrap();
        let clock = Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap());
        let models = Models::new(time, clock.clone(), Chance::seeded(1));
        Self {
            house,
            clock,
            models: models.with_pause(Duration::from_millis(1)),
        }
    }

    /// The operator's choice of a provider, at the house.
    fn choice(&self, provider: Provider) -> Choice {
        let (_, brand) = PROVIDERS
            .into_iter()
            .find(|(known, _)| *known == provider)
            .unwrap();
        Choice {
            provider,
            model: "sim-large".to_owned(),
            base_url: Some(Url::parse(&self.house.url(brand)).unwrap()),
            key: Some(SecretString::from(KEY)),
            temperature: None,
            max_tokens: None,
            is_tenants: false,
        }
    }

    async fn asks(&self, provider: Provider) -> Result<Answer, AiError> {
        self.models.ask(&self.choice(provider), &question()).await
    }

    /// What a provider's replies, one after the other, lead to, and how many sends it took.
    async fn meets(
        &self,
        provider: Provider,
        replies: &[Reply],
    ) -> (Result<Answer, AiError>, usize) {
        for reply in replies {
            self.house.queue(reply.clone());
        }
        let before = self.house.questions().len();
        let answer = self.asks(provider).await;
        (answer, self.house.questions().len() - before)
    }
}

fn question() -> Question {
    Question {
        system: "You plan.".to_owned(),
        prompt: "Plan a login form.".to_owned(),
        schema_name: "plan",
        schema: json!({
            "type": "object",
            "properties": {
                "count": {"type": "integer"},
                "titles": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["count", "titles"],
            "additionalProperties": false,
        }),
    }
}
