//! What creating an issue costs us: time, statements and requests for each, with a GitHub that answers at once; and how much
//! of a write a second the worker uses in real time.
//!
//! `OPENPRODUCER_BENCH_DATABASE_URL=postgres://… cargo bench --bench create`: a database that may be emptied.
#![expect(clippy::print_stdout, reason = "what a bench is for")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::TimeDelta;
use http::Method;
use openproducer::ai::Models;
use openproducer::cache::Cache;
use openproducer::cli::server::{self, Parts};
use openproducer::clock::{Chance, Clock};
use openproducer::domain::ids::{InstallationId, IssueNumber, RepositoryId, RepositoryName};
use openproducer::domain::settings::Operator;
use openproducer::domain::trigger::Mention;
use openproducer::flows::looks::Looks;
use openproducer::flows::operate::{self, Outcome, Wish};
use openproducer::flows::pace::Pace;
use openproducer::flows::planner::Ai;
use openproducer::flows::progress::Quiet;
use openproducer::github::{AppCredentials, GitHub, NewIssue, OAuth};
use openproducer::simulator::{Happening, RepositorySelection, Setup, Simulator, What};
use openproducer::store::{self, PoolSettings};
use openproducer::worker;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::sync::{broadcast, watch};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

const REPOSITORY: &str = "acme/shop";
const SMALL_TENANTS: usize = 50;

fn main() -> anyhow::Result<()> {
    let Some(url) = variable("OPENPRODUCER_BENCH_DATABASE_URL") else {
        println!(
            "set OPENPRODUCER_BENCH_DATABASE_URL to a PostgreSQL database that may be emptied"
        );
        return Ok(());
    };
    let statements = Statements::default();
    tracing_subscriber::registry()
        .with(statements.clone())
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(bench(&url, &statements))
}

async fn bench(url: &str, statements: &Statements) -> anyhow::Result<()> {
    let pool = store::connect(url, &PoolSettings::named("openproducer bench")).await?;
    store::migrate(&pool).await?;
    println!(
        "| pace | issues | ms an issue | a bare client's | statements an issue | requests an issue | of the pace used |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (pace, name, issues) in [
        (Pace::every(TimeDelta::zero()), "none, GitHub at 0 ms", 500),
        (Pace::GITHUB, "GitHub's, 60 a minute", 50),
    ] {
        let taken = Box::pin(create(&pool, pace, issues, statements)).await?;
        let used = (name != "none, GitHub at 0 ms").then(|| {
            let allowed = Duration::from_secs(u64::try_from(issues - 1).unwrap_or_default());
            format!("{:.3}", allowed.as_secs_f64() / taken.took.as_secs_f64())
        });
        let each = |count: usize| ratio(count, issues);
        println!(
            "| {name} | {issues} | {:.2} | {:.2} | {:.2} | {:.2} | {} |",
            1e3 * taken.took.as_secs_f64() / ratio(issues, 1),
            1e3 * taken.bare.as_secs_f64() / ratio(issues, 1),
            each(taken.statements),
            each(taken.requests),
            used.unwrap_or_else(|| "–".to_owned()),
        );
    }
    Box::pin(tenants(&pool)).await
}

/// How soon small tenants are answered while a large run is under way.
async fn tenants(pool: &PgPool) -> anyhow::Result<()> {
    let sim = Simulator::start(Setup::default()).await?;
    sim.add_user("alice");
    let services = server::services(&parts(&sim, pool.clone(), Pace::GITHUB)?);
    empty(pool).await?;
    let (stop, stopping) = watch::channel(false);
    let working = tokio::spawn(worker::run(services.clone(), stopping));
    let ask = async |tenant: usize, issues: usize| {
        let repository = format!("tenant-{tenant}/shop");
        sim.add_organization(&format!("tenant-{tenant}"));
        sim.add_repository(&repository);
        sim.install_app(&format!("tenant-{tenant}"), RepositorySelection::All);
        let trigger = sim
            .user("alice")
            .opens_issue(&repository, "Shop", &spec(issues));
        let name = RepositoryName::parse(&repository).context("a name")?;
        let number = IssueNumber(trigger.number.cast_signed());
        let began = Instant::now();
        operate::process(&services, &name, number, Wish::Go).await?;
        Ok::<_, anyhow::Error>((repository, began))
    };
    let mut happening = sim.watch();
    Box::pin(ask(0, 1000)).await?;
    for _ in 0..5 {
        next_issue(&mut happening).await?;
    }
    let mut waiting = HashMap::new();
    for tenant in 1..=SMALL_TENANTS {
        let (repository, began) = Box::pin(ask(tenant, 3)).await?;
        waiting.insert(repository, began);
    }
    let mut times = Vec::new();
    while !waiting.is_empty() {
        if let What::CommentCreated { issue, .. } = happening.recv().await?.what
            && let Some(began) = waiting.remove(&issue.repository)
        {
            times.push(began.elapsed());
        }
    }
    stop.send_replace(true);
    working.await?;
    times.sort_unstable();
    println!(
        "\n{SMALL_TENANTS} tenants that ask for 3 issues while another's 1,000 are created: the first comment after {:.0} ms, \
         the slowest after {:.0} ms",
        1e3 * times[times.len() / 2].as_secs_f64(),
        1e3 * times[times.len() - 1].as_secs_f64(),
    );
    Ok(())
}

async fn empty(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query("truncate installations, graphile_worker._private_jobs cascade")
        .execute(pool)
        .await?;
    Ok(())
}

struct Taken {
    /// From the first issue on GitHub to the last.
    took: Duration,
    statements: usize,
    requests: usize,
    /// As many issues by the client alone.
    bare: Duration,
}

async fn create(
    pool: &PgPool,
    pace: Pace,
    issues: usize,
    statements: &Statements,
) -> anyhow::Result<Taken> {
    let sim = Simulator::start(Setup {
        requests_per_hour: 1_000_000,
        ..Setup::default()
    })
    .await?;
    sim.add_organization("acme");
    sim.add_repository(REPOSITORY);
    sim.add_user("alice");
    let installation = sim.install_app("acme", RepositorySelection::All);
    let services = server::services(&parts(&sim, pool.clone(), pace)?);
    empty(pool).await?;
    let (stop, stopping) = watch::channel(false);
    let working = tokio::spawn(worker::run(services.clone(), stopping));

    let trigger = sim
        .user("alice")
        .opens_issue(REPOSITORY, "Shop", &spec(issues));
    let name = RepositoryName::parse(REPOSITORY).context("a name")?;
    let mut happening = sim.watch();
    let started = operate::process(
        &services,
        &name,
        IssueNumber(trigger.number.cast_signed()),
        Wish::Go,
    );
    let started = started.await.map_err(anyhow::Error::from)?;
    anyhow::ensure!(
        matches!(started, Outcome::Started(_)),
        "the request was not understood: {started:?}"
    );

    next_issue(&mut happening).await?;
    let (began, first, asked) = (Instant::now(), statements.count(), sim.requests().len());
    for _ in 1..issues {
        next_issue(&mut happening).await?;
    }
    let (took, last, answered) = (began.elapsed(), statements.count(), sim.requests().len());
    stop.send_replace(true);
    working.await?;

    let repo = services
        .github
        .installation(InstallationId(installation.cast_signed()))
        .repository(
            RepositoryId(sim.repository(REPOSITORY).id().cast_signed()),
            name,
        );
    let began = Instant::now();
    for number in 0..issues {
        let new = NewIssue {
            title: format!("Add thing {number}"),
            ..NewIssue::default()
        };
        repo.create_issue(&new).await?;
    }
    anyhow::ensure!(
        sim.requests_matching(&Method::POST, "/repos/{owner}/{repo}/issues")
            .len()
            >= 2 * issues
    );
    Ok(Taken {
        took,
        statements: last - first,
        requests: answered - asked,
        bare: began.elapsed(),
    })
}

fn spec(issues: usize) -> String {
    let mut text =
        "@TheOpenProducerBot\n\nrate_limit_per_minute: 80\nsub_issues: false\n\n## Scope\n\n"
            .to_owned();
    for number in 1..=issues {
        // A String takes everything.
        let _ = writeln!(text, "- Add the price list of supplier {number}");
    }
    text
}

fn parts(sim: &Simulator, pool: PgPool, pace: Pace) -> anyhow::Result<Parts> {
    let app = sim.app();
    let credentials = AppCredentials {
        issuer: app.client_id.clone(),
        private_key: SecretString::from(app.private_key_pem.clone()),
    };
    Ok(Parts {
        pool,
        cache: Cache::in_process(100),
        github: GitHub::new(&sim.api_url().parse()?, &credentials, Clock::system())?,
        clock: Clock::system(),
        chance: Chance::system(),
        pace,
        looks: Looks::GITHUB,
        quiet: Quiet::USUAL,
        ai: Ai::new(
            Models::new(Duration::from_mins(1), Clock::system(), Chance::system()),
            [0; 32],
        ),
        operator: Operator {
            max_issues: 1000,
            confirmation_threshold: 1000,
            ..Operator::default()
        },
        mention: Mention::usual(),
        webhook_secret: SecretString::from(app.webhook_secret.clone()),
        marketplace_secret: None,
        web_url: sim.web_url().parse()?,
        listen: ([127, 0, 0, 1], 0).into(),
        with_worker: true,
        seal: None,
        oauth: OAuth::new(&sim.web_url().parse()?, None, Clock::system())?,
        public_url: None,
        trusted_proxies: 0,
    })
}

async fn next_issue(happening: &mut broadcast::Receiver<Happening>) -> anyhow::Result<()> {
    loop {
        match happening.recv().await {
            Ok(happening) if matches!(happening.what, What::IssueOpened { .. }) => return Ok(()),
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => {
                anyhow::bail!("the bench was too slow to watch")
            }
            Err(closed) => return Err(closed.into()),
        }
    }
}

/// Counts the statements that this process sends to PostgreSQL, the queue's own included.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Statements {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "hundreds")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench's own variables are no config"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
