//! Group commit: deliveries that wait at the same moment are stored, with their jobs, in one transaction.
//!
//! A writer takes whoever waits (no timer: a lone delivery is written at once), writes them by one statement, and
//! answers each after the commit. While one writer's commit is under way the next batch gathers.

mod batch;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::beside;
use super::deliveries::PackedBody;
use batch::Batch;

/// Writers at work: one commits while the other gathers; more only cut the batches up.
const WRITERS: u32 = 2;
/// Deliveries that may wait; with a database that stands still they fill up in seconds, and GitHub is told.
const WAITING: usize = 2048;
/// What a writer takes at once.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// How long one batch may take, getting a connection included; a waiter's own deadline is later.
const WRITE_TIMEOUT: Duration = Duration::from_secs(6);

/// A delivery that is to be stored.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub installation_id: Option<i64>,
    pub repository_id: Option<i64>,
    pub body: PackedBody,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Stored, and its job is waiting.
    New,
    /// Was there, unfinished: its job waits again.
    Again,
    /// Was there and is done: counted, nothing more.
    Finished,
}

/// Why it could not be stored. Whoever sent it has to send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    #[error("too many deliveries are waiting to be stored")]
    Full,
    #[error("the database did not answer in time")]
    TimedOut,
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// The database refused this one; the others of its batch are stored.
    #[error("the database refused the delivery: {0}")]
    Refused(String),
}

/// The way in. Cheap to clone; the writers end when the last clone is gone.
#[derive(Debug, Clone)]
pub struct Ingest {
    inbox: mpsc::Sender<Waiting>,
}

/// One who waits for the commit.
#[derive(Debug)]
struct Waiting {
    delivery: NewDelivery,
    answer: oneshot::Sender<Result<Stored, IngestError>>,
}

impl Ingest {
    /// Starts the writers on the runtime of the caller, with connections of their own: pages that hold all others do not
    /// keep deliveries out.
    pub fn start(pool: &PgPool) -> Self {
        let pool = beside(pool, WRITERS);
        let (inbox, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..WRITERS {
            tokio::spawn(write(pool.clone(), Arc::clone(&waiting)));
        }
        Self { inbox }
    }

    /// Answers after the commit, or with an error at `deadline` at the latest.
    pub async fn store(
        &self,
        delivery: NewDelivery,
        deadline: Instant,
    ) -> Result<Stored, IngestError> {
        let (answer, answered) = oneshot::channel();
        self.inbox
            .try_send(Waiting { delivery, answer })
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => IngestError::Full,
                mpsc::error::TrySendError::Closed(_) => {
                    IngestError::Unavailable("the writers have ended".to_owned())
                }
            })?;
        match timeout_at(deadline, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(IngestError::Unavailable(
                "the writer was interrupted".to_owned(),
            )),
            Err(_) => Err(IngestError::TimedOut),
        }
    }
}

async fn write(pool: PgPool, waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    while let Some(batch) = gather(&waiting).await {
        batch.settle(&pool, WRITE_TIMEOUT).await;
    }
}

/// All who wait at this moment, at least one; `None` when nobody will come any more.
async fn gather(waiting: &Mutex<mpsc::Receiver<Waiting>>) -> Option<Batch> {
    let mut waiting = waiting.lock().await;
    let mut next = waiting.recv().await?;
    let mut batch = Batch::default();
    loop {
        batch.add(next);
        if batch.rows() >= BATCH_ROWS || batch.bytes() >= BATCH_BYTES {
            return Some(batch);
        }
        next = match waiting.try_recv() {
            Ok(next) => next,
            Err(_) => return Some(batch),
        };
    }
}
