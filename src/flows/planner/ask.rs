//! One question of a plan: from the cache, or asked once for all who want it, within the budget, and repaired at most twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::counter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::choice::Model;
use super::{Stop, availability};
use crate::ai::{AiError, Answer, Finish, Question};
use crate::cache::{Key, Lease};
use crate::domain::planning::{Brief, Degraded, PROMPT_VERSION, Prompt, repair_question};
use crate::flows::Services;
use crate::store::ai_calls::{self, Begun, NewCall, Spent};
use crate::store::runs::Run;

/// How often a reply that cannot be used is given back with complaints.
const REPAIRS: usize = 2;
/// Questions of one plan, repairs included.
const MOST_QUESTIONS: usize = 24;
/// How often somebody who waits for another's question looks whether it is answered.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Beyond the time of a question, until its place is free although nobody gave it back.
const GRACE: Duration = Duration::from_secs(5);
/// What a model is expected to answer where nothing bounds it, in tokens.
const USUAL_ANSWER: u64 = 4_000;

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Count,
    Issues,
    Missing,
    Vary,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Issues => "issues",
            Self::Missing => "missing",
            Self::Vary => "vary",
        }
    }
}

/// Asks for one plan.
pub(super) struct Asking<'a> {
    pub services: &'a Services,
    pub run: &'a Run,
    pub brief: &'a Brief<'a>,
    pub model: &'a Model,
    /// How often the run was planned again: its replies are its own then, and not those of before.
    pub replans: u32,
    /// When there has to be a plan.
    pub ends: Instant,
    pub sent: AtomicUsize,
}

/// A reply as the cache keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reply {
    text: String,
    /// It ended at the limit of tokens.
    is_cut: bool,
}

impl Asking<'_> {
    /// Asks until the reply can be read, and says how often it had to be mended. `read` is told when it is the last try.
    pub(super) async fn ask<T>(
        &self,
        purpose: Purpose,
        prompt: &Prompt,
        read: impl Fn(&str, bool) -> Result<T, Vec<String>>,
    ) -> Result<(T, u32), Stop> {
        let mut question = prompt.clone();
        let mut unusable = Vec::new();
        for attempt in 0..=REPAIRS {
            let purpose = if attempt == 0 {
                purpose.as_str()
            } else {
                "repair"
            };
            let key = self.key("reply", &question);
            let reply = self.reply(purpose, &key, &question).await?;
            let mut complaints = match read(&reply.text, attempt == REPAIRS) {
                Ok(value) => return Ok((value, u32::try_from(attempt).unwrap_or_default())),
                Err(complaints) => complaints,
            };
            if reply.is_cut {
                complaints.insert(
                    0,
                    "The answer was cut off at the limit of its length. Say the same in fewer words."
                        .to_owned(),
                );
            }
            unusable.push(key);
            question = repair_question(self.brief, prompt, &reply.text, &complaints);
        }
        // The next who asks shall not get what nobody could use.
        for key in unusable {
            self.services.cache.delete(&key).await;
        }
        Err(Stop::Why(Degraded::BeyondRepair {
            model: self.model.name(),
        }))
    }

    /// How many questions were sent.
    pub(super) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// The reply that somebody got within the hour, or one of our own; equal questions wait for each other.
    async fn reply(&self, purpose: &str, key: &Key, prompt: &Prompt) -> Result<Reply, Stop> {
        let cache = &self.services.cache;
        let flight = self.key("asking", prompt);
        let mut known: Option<Reply> = cache.get_json(key).await;
        let mut lease = None;
        while known.is_none() && lease.is_none() {
            lease = self.lease(&flight).await;
            // Whoever had the lease may have been answered since we looked.
            known = cache.get_json(key).await;
            if known.is_none() && lease.is_none() {
                self.in_time(tokio::time::sleep(LOOK_EVERY)).await?;
            }
        }
        counter!("ai_cache_total", "result" => if known.is_some() { "hit" } else { "miss" })
            .increment(1);
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = self.answer(purpose, prompt).await?;
        let is_cut = match answer.finish {
            Finish::Stop => false,
            Finish::Length => true,
            Finish::Refused(says) | Finish::Blocked(says) => {
                let model = self.model.name();
                return Err(Stop::Why(Degraded::Refused { model, says }));
            }
        };
        let reply = Reply {
            text: answer.text,
            is_cut,
        };
        let ttl = self.services.ai.cache_ttl;
        cache.set_json(key, &reply, ttl).await;
        drop(lease);
        Ok(reply)
    }

    async fn lease(&self, flight: &Key) -> Option<Lease> {
        let left = self.ends.saturating_duration_since(Instant::now());
        let ttl = left.min(self.services.ai.models.timeout()) + GRACE;
        self.services.cache.lease(flight, 1, ttl).await
    }

    /// Asks the model, and keeps what it took.
    async fn answer(&self, purpose: &str, prompt: &Prompt) -> Result<Answer, Stop> {
        let model = || self.model.name();
        if self.sent.fetch_add(1, Ordering::Relaxed) >= MOST_QUESTIONS {
            return Err(Stop::Why(Degraded::TooManyQuestions { model: model() }));
        }
        let call = self.begin(purpose, prompt).await?;
        let question = Question {
            system: prompt.system.clone(),
            prompt: prompt.prompt.clone(),
            schema_name: prompt.schema_name,
            schema: prompt.schema.clone(),
        };
        let choice = &self.model.choice;
        let asked = self
            .in_time(self.services.ai.models.ask(choice, &question))
            .await;
        let pool = &self.services.pool;
        let answer = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let may_cost = matches!(error, AiError::TimedOut | AiError::Unreadable(_));
                ai_calls::fail(pool, call, error.kind(), may_cost).await?;
                return Err(self.refused(error).await);
            }
            Err(stop) => {
                ai_calls::fail(pool, call, "timed_out", true).await?;
                return Err(stop);
            }
        };
        let spent = self.spent(
            answer.usage.tokens_in.into(),
            answer.usage.tokens_out.into(),
        );
        ai_calls::settle(pool, call, spent, answer.usage.is_estimate).await?;
        Ok(answer)
    }

    async fn begin(&self, purpose: &str, prompt: &Prompt) -> Result<i64, Stop> {
        let size = prompt.system.len() + prompt.prompt.len() + prompt.schema.to_string().len();
        let most = self.model.choice.max_tokens.map_or(USUAL_ANSWER, u64::from);
        let call = NewCall {
            installation: self.run.installation,
            run: &self.run.id,
            purpose,
            provider: self.model.choice.provider.name(),
            model: &self.model.choice.model,
            prompt_version: PROMPT_VERSION,
            is_tenants: self.model.choice.is_tenants,
            // A token is three bytes or more, in most languages.
            expected: self.spent(size as u64 / 3 + 1, most),
            priced_as_of: self.model.priced_as_of,
        };
        let now = self.services.clock.now();
        match ai_calls::begin(&self.services.pool, &call, self.model.budget, now).await? {
            Begun::Call(id) => Ok(id),
            Begun::OverBudget(spent) => Err(Stop::Why(Degraded::BudgetSpent {
                budget: self.model.budget.unwrap_or_default(),
                spent,
            })),
        }
    }

    fn spent(&self, tokens_in: u64, tokens_out: u64) -> Spent {
        Spent {
            tokens_in,
            tokens_out,
            cost: self.model.price.map(|p| p.of(tokens_in, tokens_out)),
        }
    }

    async fn refused(&self, error: AiError) -> Stop {
        let model = self.model.name();
        match error {
            AiError::TooLong => Stop::TooLong,
            error => {
                availability::note(
                    self.services,
                    self.run.installation,
                    &self.model.choice,
                    &error,
                )
                .await;
                let says = error.to_string();
                Stop::Why(Degraded::Unavailable { model, says })
            }
        }
    }

    /// The work, unless the plan's time ends before.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::time::timeout_at(self.ends, work).await.map_err(|_| {
            Stop::Why(Degraded::TooSlow {
                model: self.model.name(),
            })
        })
    }

    /// Everything that a reply depends on, and the tenant.
    fn key(&self, what: &str, prompt: &Prompt) -> Key {
        let choice = &self.model.choice;
        let mut hash = Sha256::new();
        let again = if self.replans == 0 {
            String::new()
        } else {
            format!("{} {}", self.run.id, self.replans)
        };
        for part in [
            self.run.installation.to_string().as_str(),
            choice.provider.name(),
            &choice.model,
            choice.base_url.as_ref().map_or("", url::Url::as_str),
            &format!("{:?} {:?}", choice.temperature, choice.max_tokens),
            if choice.is_tenants {
                "own"
            } else {
                "operator's"
            },
            PROMPT_VERSION,
            &again,
            &prompt.system,
            &prompt.prompt,
            prompt.schema_name,
            &prompt.schema.to_string(),
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let hash = hex::encode(hash.finalize());
        Key::of(self.run.installation, &["ai", what, &hash])
    }
}
