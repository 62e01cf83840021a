//! The three kinds of job and the flow behind each, with a bound on its time.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use tracing::{debug, error, info, warn};

use crate::domain::ids::{InstallationId, RunId};
use crate::flows::{FlowError, FlowResult, Services, advance, delivery, plan};
use crate::store::jobs::{self, AdvanceRun, HandleDelivery, Job, PlanRun};
use crate::store::runs;

/// Longer than any request's own time-out several times over: what takes longer hangs.
pub(super) const TIME_LIMIT: Duration = Duration::from_mins(5);

/// A job that waits longer than this may start at the queue's next look.
const SOON: Duration = Duration::from_secs(10);

/// What the queue's library carries to every job.
#[derive(Clone)]
pub(super) struct Carried {
    pub(super) services: Services,
    /// Jobs finished so far, well or badly: by this the supervisor sees that work goes on.
    pub(super) finished: Arc<AtomicU64>,
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carried")
    }
}

impl TaskHandler for HandleDelivery {
    const IDENTIFIER: &'static str = HandleDelivery::IDENTIFIER;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let services = services(&ctx);
        let handled = bounded(Box::pin(delivery::handle(&services, &self.guid))).await;
        let again = Job::HandleDelivery {
            guid: self.guid.clone(),
        };
        let done = or_later(&services, again, handled).await;
        judged(&ctx, &self.guid, done, async |why: &str| {
            delivery::give_up(&services, &self.guid, why).await
        })
        .await
    }
}

impl TaskHandler for PlanRun {
    const IDENTIFIER: &'static str = PlanRun::IDENTIFIER;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let services = services(&ctx);
        let installation = match home(&services, self.installation, &self.run).await {
            Ok(installation) => installation,
            Err(failure) => return judged(&ctx, &self.run, Err(failure), nobody_to_tell).await,
        };
        let run = self.run.of(installation);
        let planned = bounded(Box::pin(plan::plan(&services, run))).await;
        let again = Job::PlanRun {
            run: self.run.clone(),
            installation,
        };
        let done = or_later(&services, again, planned).await;
        judged(&ctx, &self.run, done, async |_: &str| {
            advance::give_up(&services, run, advance::TRIED_LONG_ENOUGH).await
        })
        .await
    }
}

impl TaskHandler for AdvanceRun {
    const IDENTIFIER: &'static str = AdvanceRun::IDENTIFIER;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let services = services(&ctx);
        let installation = match home(&services, self.installation, &self.run).await {
            Ok(installation) => installation,
            Err(failure) => return judged(&ctx, &self.run, Err(failure), nobody_to_tell).await,
        };
        let run = self.run.of(installation);
        let turn = bounded(Box::pin(advance::take_turn(&services, run))).await;
        let done = turn.map(|next| wake_at(&services, next));
        judged(&ctx, &self.run, done, async |_: &str| {
            advance::give_up(&services, run, advance::TRIED_LONG_ENOUGH).await
        })
        .await
    }
}

fn carried(ctx: &WorkerContext) -> &Carried {
    let Some(carried) = ctx.get_ext::<Carried>() else {
        unreachable!("the supervisor hands it in before a worker starts")
    };
    carried
}

fn services(ctx: &WorkerContext) -> Services {
    carried(ctx).services.clone()
}

/// Whose run it is: as the job says, or as the run does where the job is older than that.
async fn home(
    services: &Services,
    said: Option<InstallationId>,
    run: &RunId,
) -> FlowResult<InstallationId> {
    if let Some(installation) = said {
        return Ok(installation);
    }
    let found = runs::find_home(&services.pool, run).await?;
    let (installation, _) = found.ok_or(sqlx::Error::RowNotFound)?;
    Ok(installation)
}

/// The run was not found: there is nothing that could be given up.
async fn nobody_to_tell(_: &str) -> FlowResult<()> {
    Ok(())
}

async fn bounded<T>(flow: impl Future<Output = FlowResult<T>>) -> FlowResult<T> {
    tokio::time::timeout(TIME_LIMIT, flow)
        .await
        .unwrap_or_else(|_| {
            let seconds = TIME_LIMIT.as_secs();
            Err(FlowError::Internal(anyhow::anyhow!(
                "took longer than {seconds} s"
            )))
        })
}

/// Where GitHub says when to come back, the job waits until then, and no attempt is used up.
async fn or_later(services: &Services, again: Job, done: FlowResult<()>) -> FlowResult<()> {
    let (when, failure) = match done {
        Err(failure) => match failure.retry_at() {
            Some(when) => (when, failure),
            None => return Err(failure),
        },
        Ok(()) => return Ok(()),
    };
    info!(job = ?again, until = %when, reason = %failure, "put off");
    let mut connection = services.pool.acquire().await?;
    jobs::enqueue_at(&mut connection, &again, when).await?;
    wake_at(services, Some(when));
    Ok(())
}

/// Has the queue looked at when a job's moment has come: at a write a second, waiting for the next look would cost a tenth
/// of the pace. Nothing depends on it, and no slot waits.
fn wake_at(services: &Services, when: Option<DateTime<Utc>>) {
    let wait = when.map(|when| (when - services.clock.now()).to_std().unwrap_or_default());
    let Some(wait) = wait.filter(|wait| *wait < SOON) else {
        return;
    };
    let pool = services.pool.clone();
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        if let Err(failure) = jobs::wake(&pool).await {
            debug!(error = %failure, "the workers could not be woken; they will look by themselves");
        }
    });
}

/// Logs a failure once; after the last attempt lets the story end in words.
async fn judged(
    ctx: &WorkerContext,
    id: &impl fmt::Display,
    done: FlowResult<()>,
    give_up: impl AsyncFnOnce(&str) -> FlowResult<()>,
) -> Result<(), String> {
    carried(ctx).finished.fetch_add(1, Ordering::Relaxed);
    let Err(failure) = done else {
        return Ok(());
    };
    let (attempt, most) = (*ctx.job().attempts(), *ctx.job().max_attempts());
    let job = ctx.job().task_identifier();
    if attempt < most {
        warn!(job, %id, attempt, most, error = %failure, "job failed and will be tried again");
        return Err(failure.to_string());
    }
    error!(job, %id, attempt, error = %failure, "job failed for good");
    match give_up(&failure.to_string()).await {
        Ok(()) => Ok(()),
        Err(also) => Err(format!("{failure}; and giving up failed: {also}")),
    }
}
