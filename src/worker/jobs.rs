//! The three kinds of job and the flow behind each, with a bound on its time.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use tracing::{error, warn};

use crate::flows::{FlowError, FlowResult, Services, advance, delivery, plan};
use crate::store::jobs::{AdvanceRun, HandleDelivery, PlanRun};

/// Longer than any request's own time-out several times over: what takes longer hangs.
const TIME_LIMIT: Duration = Duration::from_mins(5);

/// `Services` as the queue's library wants to carry it.
#[derive(Clone)]
pub(super) struct Carried(pub(super) Services);

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Services")
    }
}

impl TaskHandler for HandleDelivery {
    const IDENTIFIER: &'static str = HandleDelivery::IDENTIFIER;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let services = services(&ctx);
        let done = bounded(Box::pin(delivery::handle(&services, &self.guid))).await;
        judged(&ctx, "delivery", &self.guid, done, async |why: &str| {
            delivery::give_up(&services, &self.guid, why).await
        })
        .await
    }
}

impl TaskHandler for PlanRun {
    const IDENTIFIER: &'static str = PlanRun::IDENTIFIER;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let services = services(&ctx);
        let done = bounded(plan::plan(&services, &self.run)).await;
        judged(&ctx, "run.id", &self.run, done, async |_: &str| {
            advance::give_up(&services, &self.run, TRIED_LONG_ENOUGH).await
        })
        .await
    }
}

impl TaskHandler for AdvanceRun {
    const IDENTIFIER: &'static str = AdvanceRun::IDENTIFIER;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let services = services(&ctx);
        let done = bounded(Box::pin(advance::take_turn(&services, &self.run))).await;
        judged(&ctx, "run.id", &self.run, done, async |_: &str| {
            advance::give_up(&services, &self.run, TRIED_LONG_ENOUGH).await
        })
        .await
    }
}

/// What people read when the last attempt has failed; the log has the cause.
const TRIED_LONG_ENOUGH: &str = "The server tried for a long time and could not go on. \
    Its operator finds the cause in the log under this run's id.";

fn services(ctx: &WorkerContext) -> Services {
    let Some(Carried(services)) = ctx.get_ext::<Carried>() else {
        unreachable!("the supervisor hands the services in before a worker starts")
    };
    services.clone()
}

async fn bounded(flow: impl Future<Output = FlowResult<()>>) -> FlowResult<()> {
    tokio::time::timeout(TIME_LIMIT, flow)
        .await
        .unwrap_or_else(|_| {
            let seconds = TIME_LIMIT.as_secs();
            Err(FlowError::Internal(anyhow::anyhow!(
                "took longer than {seconds} s"
            )))
        })
}

/// Logs a failure once; after the last attempt lets the story end in words.
async fn judged(
    ctx: &WorkerContext,
    what: &'static str,
    id: &impl Display,
    done: FlowResult<()>,
    give_up: impl AsyncFnOnce(&str) -> FlowResult<()>,
) -> Result<(), String> {
    let Err(failure) = done else {
        return Ok(());
    };
    let (attempt, most) = (*ctx.job().attempts(), *ctx.job().max_attempts());
    let job = ctx.job().task_identifier();
    if attempt < most {
        warn!(job, %id, attempt, most, error = %failure, "job failed and will be tried again ({what})");
        return Err(failure.to_string());
    }
    error!(job, %id, attempt, error = %failure, "job failed for good ({what})");
    match give_up(&failure.to_string()).await {
        Ok(()) => Ok(()),
        Err(also) => Err(format!("{failure}; and giving up failed: {also}")),
    }
}
