//! A delivery comes in: does it concern us, and if so, is it safely stored?

pub mod admission;

use std::sync::Arc;

use bytes::Bytes;
use metrics::counter;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::github::webhook::Glimpse;
use crate::store::deliveries::PackedBody;
use crate::store::ingest::{Ingest, IngestError, NewDelivery, Stored};
pub use admission::{Identity, Reason, Verdict};

/// Payloads from this size on are read and packed off the reactor.
const LARGE: usize = 256 * 1024;

/// A delivery whose signature is right.
#[derive(Debug, Clone)]
pub struct VerifiedDelivery {
    /// `X-GitHub-Delivery`: 1 to 64 printable characters.
    pub guid: String,
    /// `X-GitHub-Event`: 1 to 64 characters of a name.
    pub event: String,
    pub body: Bytes,
}

/// What was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Stored; its job is waiting.
    Stored,
    /// Was stored before: its job waits again if it was not done.
    Known,
    /// Does not concern us; counted only.
    Ignored(Reason),
}

impl Receipt {
    /// The word for metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Known => "known",
            Self::Ignored(_) => "ignored",
        }
    }
}

/// Why it was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    #[error("the payload cannot be read: {0}")]
    Malformed(String),
    #[error(transparent)]
    NotStored(#[from] IngestError),
}

/// Takes deliveries in. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    ingest: Ingest,
    identity: watch::Receiver<Arc<Identity>>,
}

/// What is left of a delivery after the first look.
enum Looked {
    Kept(Box<NewDelivery>),
    Ignored {
        reason: Reason,
        action: Option<String>,
    },
}

impl Receiver {
    /// `identity` may change while the server runs: the App's slug is known only after GitHub was asked.
    pub fn new(ingest: Ingest, identity: watch::Receiver<Arc<Identity>>) -> Self {
        Self { ingest, identity }
    }

    /// Answers when the delivery is stored for good or need not be; with an error at `deadline` at the latest.
    pub async fn receive(
        &self,
        delivery: VerifiedDelivery,
        deadline: Instant,
    ) -> Result<Receipt, ReceiveError> {
        let event = label(&delivery.event);
        let outcome = self.take(delivery, deadline).await;
        let (outcome_label, reason) = match &outcome {
            Ok(Receipt::Ignored(reason)) => ("ignored", reason.as_str()),
            Ok(receipt) => (receipt.as_str(), ""),
            Err(ReceiveError::Malformed(_)) => ("malformed", ""),
            Err(ReceiveError::NotStored(_)) => ("not_stored", ""),
        };
        counter!("openproducer_deliveries_total", "event" => event, "outcome" => outcome_label, "reason" => reason)
            .increment(1);
        outcome
    }

    async fn take(
        &self,
        delivery: VerifiedDelivery,
        deadline: Instant,
    ) -> Result<Receipt, ReceiveError> {
        let us = Arc::clone(&self.identity.borrow());
        let VerifiedDelivery { guid, event, body } = delivery;
        let looked = if body.len() < LARGE {
            look(&guid, &event, &body, &us)
        } else {
            let (guid, event) = (guid.clone(), event.clone());
            spawn_blocking(move || look(&guid, &event, &body, &us))
                .await
                .unwrap_or_else(|error| Err(format!("reading it failed: {error}")))
        };
        let new = match looked {
            Ok(Looked::Kept(new)) => *new,
            Ok(Looked::Ignored { reason, action }) => {
                tracing::debug!(
                    delivery = guid,
                    event,
                    action,
                    reason = reason.as_str(),
                    "ignored a delivery"
                );
                return Ok(Receipt::Ignored(reason));
            }
            Err(why) => {
                tracing::warn!(delivery = guid, event, why, "refused a malformed delivery");
                return Err(ReceiveError::Malformed(why));
            }
        };
        let (action, installation) = (new.action.clone(), new.installation_id);
        match self.ingest.store(new, deadline).await {
            Ok(stored) => {
                let receipt = match stored {
                    Stored::New => Receipt::Stored,
                    Stored::Again | Stored::Finished => Receipt::Known,
                };
                tracing::info!(
                    delivery = guid,
                    event,
                    action,
                    installation.id = installation,
                    ?stored,
                    "stored a delivery"
                );
                Ok(receipt)
            }
            Err(error) => {
                tracing::error!(delivery = guid, event, action, installation.id = installation, %error, "could not store a delivery");
                Err(error.into())
            }
        }
    }
}

/// Reads as much as decides, and packs what is to be kept.
fn look(guid: &str, event: &str, body: &[u8], us: &Identity) -> Result<Looked, String> {
    let glimpse = Glimpse::of(body).map_err(|error| error.to_string())?;
    let action = glimpse.action().map(str::to_owned);
    match admission::judge(event, &glimpse, us)? {
        Verdict::Ignored(reason) => Ok(Looked::Ignored { reason, action }),
        Verdict::Concerns => Ok(Looked::Kept(Box::new(NewDelivery {
            guid: guid.to_owned(),
            event: event.to_owned(),
            action,
            installation_id: glimpse.installation_id(),
            repository_id: glimpse.repository_id(),
            body: PackedBody::pack(body).ok_or("the payload is over 25 MB")?,
        }))),
    }
}

/// The event as a metrics label: a handful of values, whatever is sent.
fn label(event: &str) -> &'static str {
    match event {
        "ping" => "ping",
        "issues" => "issues",
        "issue_comment" => "issue_comment",
        "installation" => "installation",
        "installation_repositories" => "installation_repositories",
        "installation_target" => "installation_target",
        "repository" => "repository",
        "github_app_authorization" => "github_app_authorization",
        "marketplace_purchase" => "marketplace_purchase",
        _ => "other",
    }
}
