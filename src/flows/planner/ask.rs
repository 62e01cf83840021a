//! One question of a plan: from the cache, or asked once for all who want it, within the budget, and repaired at most twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::counter;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::warn;

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
const MOST_QUESTIONS: usize = 48;
/// How often somebody who waits for another's question looks whether it is answered.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Beyond the time of a question, until its place is free although nobody gave it back.
const GRACE: Duration = Duration::from_secs(5);
/// What a model is expected to answer where nothing bounds it, and may answer where a budget does, in tokens.
const USUAL_ANSWER: u32 = 16_000;
/// The longest reply that the cache keeps, in bytes.
const LONGEST_KEPT: usize = 256 * 1024;

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
            let is_first = attempt == 0;
            let purpose = if is_first { purpose.as_str() } else { "repair" };
            let key = self.key("reply", &question);
            let reply = match Box::pin(self.reply(purpose, &key, &question)).await {
                // With the reply in it, the question has grown: smaller parts would not help.
                Err(Stop::TooLong) if !is_first => break,
                reply => reply?,
            };
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
        let (call, answer) = Box::pin(self.answer(purpose, prompt)).await?;
        let (usage, lost) = (answer.usage, u64::from(answer.lost));
        let reply = self.kept(key, answer).await;
        // The answer is kept first: should the database fail now, it is not paid twice.
        let (tokens_in, tokens_out) = (u64::from(usage.tokens_in), u64::from(usage.tokens_out));
        // What was cut off before was asked in full, and answered nobody knows how far.
        let spent = self.spent(tokens_in * (1 + lost), tokens_out * (1 + lost));
        ai_calls::settle(
            self.services.wall(self.run.installation),
            self.run.installation,
            call,
            spent,
            usage.is_estimate,
        )
        .await?;
        drop(lease);
        reply
    }

    /// The answer as a reply, in the cache unless it is too long to be one.
    async fn kept(&self, key: &Key, answer: Answer) -> Result<Reply, Stop> {
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
        if reply.text.len() <= LONGEST_KEPT {
            let ttl = self.services.ai.cache_ttl;
            self.services.cache.set_json(key, &reply, ttl).await;
        }
        Ok(reply)
    }

    async fn lease(&self, flight: &Key) -> Option<Lease> {
        let left = self.ends.saturating_duration_since(Instant::now());
        let ttl = left.min(self.services.ai.models.timeout()) + GRACE;
        self.services.cache.lease(flight, 1, ttl).await
    }

    /// Asks the model; the question is settled by whoever keeps the answer.
    async fn answer(&self, purpose: &str, prompt: &Prompt) -> Result<(i64, Answer), Stop> {
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
        let mut choice = self.model.choice.clone();
        if self.model.budget.is_some() {
            // No answer may cost more than was kept for it.
            choice.max_tokens = Some(self.longest_answer());
        }
        let models = self.services.ai.models.of(self.run.installation);
        let asked = self.in_time(Box::pin(models.ask(&choice, &question))).await;
        let wall = self.services.wall(self.run.installation);
        match asked {
            Ok(Ok(answer)) => Ok((call, answer)),
            Ok(Err(error)) => {
                let may_cost = error.may_have_been_answered();
                ai_calls::fail(wall, self.run.installation, call, error.kind(), may_cost).await?;
                Err(self.refused(error).await)
            }
            Err(stop) => {
                ai_calls::fail(wall, self.run.installation, call, "timed_out", true).await?;
                Err(stop)
            }
        }
    }

    async fn begin(&self, purpose: &str, prompt: &Prompt) -> Result<i64, Stop> {
        let size = prompt.system.len() + prompt.prompt.len() + prompt.schema.to_string().len();
        let call = NewCall {
            installation: self.run.installation,
            run: &self.run.id,
            purpose,
            provider: self.model.choice.provider.name(),
            model: &self.model.choice.model,
            prompt_version: PROMPT_VERSION,
            is_tenants: self.model.choice.is_tenants,
            // A token is three bytes or more, in most languages.
            expected: self.spent(size as u64 / 3 + 1, self.longest_answer().into()),
            priced_as_of: self.model.priced_as_of,
        };
        let now = self.services.clock.now();
        match ai_calls::begin(&self.services.pool, &call, self.model.budget, now).await? {
            Begun::Call(id) => Ok(id),
            Begun::RunIsOver => Err(Stop::Over),
            Begun::OverBudget(spent) => Err(Stop::Why(Degraded::BudgetSpent {
                budget: self.model.budget.unwrap_or_default(),
                spent,
            })),
        }
    }

    fn longest_answer(&self) -> u32 {
        self.model.choice.max_tokens.unwrap_or(USUAL_ANSWER)
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
                // What is wrong with this question says nothing of the next one.
                let concerns_all = matches!(
                    error,
                    AiError::Unauthorized
                        | AiError::NoCredit
                        | AiError::ModelUnknown
                        | AiError::Address(_)
                        | AiError::RateLimited { .. }
                        | AiError::Unavailable(_)
                );
                warn!(run.id = %self.run.id, model, %error, "a model did not answer");
                if concerns_all {
                    availability::note(
                        self.services,
                        self.run.installation,
                        &self.model.choice,
                        &error,
                    )
                    .await;
                }
                let says = availability::words(&self.model.choice, &error);
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
        let again = if self.replans == 0 {
            String::new()
        } else {
            format!("{} {}", self.run.id, self.replans)
        };
        let hash = super::digest(&[
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
        ]);
        Key::of(self.run.installation, &["ai", what, &hash])
    }
}
