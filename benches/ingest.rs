//! How fast deliveries come in: our server beside a bare handler and beside one INSERT for each request, in one run.
//!
//! `OPENPRODUCER_BENCH_DATABASE_URL=postgres://… cargo bench --bench ingest`: a database that may be emptied. Only the
//! ratios mean something; server, client and database share the machine.
#![expect(clippy::print_stdout, reason = "what a bench is for")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use openproducer::cli::server::{self, Parts};
use openproducer::clock::Clock;
use openproducer::domain::trigger::BotNames;
use openproducer::domain::trigger::Mention;
use openproducer::flows::receive::{Identity, Receiver};
use openproducer::github::webhook::Verifier;
use openproducer::github::{GitHub, OAuth};
use openproducer::store::ingest::Ingest;
use openproducer::store::{self, PoolSettings, jobs};
use openproducer::web::health::{Part, PartState, probe};
use openproducer::web::{self, Links, Site};
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

const SECRET: &str = "It's a Secret to Everybody";
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const WORKERS: usize = 2;

/// What is measured, the yardstick first.
const CONTENDERS: [&str; 4] = [
    "bare handler, nothing stored",
    "ours, not concerned",
    "ours, stored with job",
    "one INSERT a request",
];

fn main() -> anyhow::Result<()> {
    let Some(url) = variable("OPENPRODUCER_BENCH_DATABASE_URL") else {
        println!(
            "set OPENPRODUCER_BENCH_DATABASE_URL to a PostgreSQL database that may be emptied"
        );
        return Ok(());
    };
    let number = |name: &str, otherwise: u64| {
        variable(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let rounds = number("OPENPRODUCER_BENCH_ROUNDS", 5);
    let seconds = number("OPENPRODUCER_BENCH_SECONDS", 2);
    // For a profiler: one contender, by a part of its name; the ratios are then left out.
    let only = variable("OPENPRODUCER_BENCH_ONLY").unwrap_or_default();
    // Log lines are made as in production, and thrown away.
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::sink)
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()?
        .block_on(bench(&url, rounds, Duration::from_secs(seconds), &only))
}

async fn bench(url: &str, rounds: u64, each: Duration, only: &str) -> anyhow::Result<()> {
    let pool = store::connect(url, &PoolSettings::named("openproducer bench")).await?;
    store::migrate(&pool).await?;
    jobs::migrate(&pool).await?;
    let (_identity, known) = watch::channel(Arc::new(Identity {
        names: BotNames {
            names: vec!["TheOpenProducerBot".to_owned(), "open-producer".to_owned()],
        },
        app_id: Some(3),
        logins: vec!["open-producer[bot]".to_owned()],
    }));
    let bare = listen(
        Router::new()
            .route("/api/webhook/github", post(bare))
            .with_state(verifier()),
    )
    .await?;
    let ours = listen(web::router(site(&pool, known))).await?;
    let single = listen(
        Router::new()
            .route("/api/webhook/github", post(one_insert))
            .with_state((verifier(), pool.clone())),
    )
    .await?;

    let payload = include_str!("issues_opened.json").trim_end();
    let concerns = Request::new(&payload.replace("TRIGGER", "@TheOpenProducerBot"));
    let other = Request::new(&payload.replace("TRIGGER", "For the checkout team"));
    let contenders = [
        (bare, &concerns),
        (ours, &other),
        (ours, &concerns),
        (single, &concerns),
    ];

    let mut samples: BTreeMap<(usize, usize), Vec<Sample>> = BTreeMap::new();
    for round in 0..=rounds {
        for connections in CONNECTIONS {
            for (which, (address, request)) in contenders.into_iter().enumerate() {
                if !only.is_empty() && !CONTENDERS[which].contains(only) {
                    continue;
                }
                let sample = drive(address, request, connections, each).await?;
                sqlx::query("TRUNCATE deliveries, graphile_worker._private_jobs CASCADE")
                    .execute(&pool)
                    .await?;
                // The first round warms up.
                if round > 0 {
                    samples
                        .entry((connections, which))
                        .or_default()
                        .push(sample);
                }
            }
        }
    }
    print(&samples, payload.len(), rounds, each);
    Ok(())
}

fn verifier() -> Verifier {
    Verifier::new(&[SECRET.into()]).expect("a secret")
}

/// With a GitHub that nobody asks.
fn parts(pool: &PgPool) -> Parts {
    let address = Url::parse("http://127.0.0.1:1").expect("an address");
    let github = GitHub::unregistered(&address, Clock::system()).expect("a client");
    let oauth = OAuth::new(&address, None, Clock::system()).expect("a client");
    Parts::over(pool.clone(), github, oauth)
}

fn site(pool: &PgPool, identity: watch::Receiver<Arc<Identity>>) -> Site {
    Site {
        verifier: watch::channel(Some(Arc::new(verifier()))).1,
        from_environment: true,
        receiver: Receiver::new(Ingest::start(pool), identity),
        services: server::services(&parts(pool)),
        cache: probe(async || Part::new(PartState::Up)),
        ai: probe(async || Part::new(PartState::Off)),
        metrics: web::metrics::install(),
        links: Links {
            web_url: "https://github.test".to_owned(),
            slug: watch::channel(None).1,
            mention: Mention::usual(),
        },
        public: web::Public::new(None, ([127, 0, 0, 1], 80).into(), 0),
        started: Instant::now(),
        stopping: watch::channel(false).1,
    }
}

async fn listen(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(web::serve(listener, router, std::future::pending()));
    Ok(address)
}

/// The limit: the body read, the signature checked, 202.
async fn bare(State(verifier): State<Verifier>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signed = headers
        .get("x-hub-signature-256")
        .is_some_and(|value| verifier.verify("issues", value.as_bytes(), &body));
    if signed {
        StatusCode::ACCEPTED
    } else {
        StatusCode::UNAUTHORIZED
    }
}

/// What most servers do that store: a transaction for each request, without a job.
async fn one_insert(
    State((verifier, pool)): State<(Verifier, PgPool)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    if !verifier.verify("issues", text("x-hub-signature-256").as_bytes(), &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let stored = sqlx::query(
        "INSERT INTO deliveries (guid, event, body, body_bytes) VALUES ($1, $2, $3, $4)",
    )
    .bind(text("x-github-delivery"))
    .bind(text("x-github-event"))
    .bind(&body[..])
    .bind(i32::try_from(body.len()).unwrap_or(i32::MAX))
    .execute(&pool)
    .await;
    if stored.is_ok() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// A signed request with a hole for its delivery id.
struct Request {
    bytes: Vec<u8>,
    hole: usize,
}

const HOLE: &str = "00000000-0000-0000-0000-000000000000";

impl Request {
    fn new(payload: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = hex::encode(hmac::sign(&key, payload.as_bytes()));
        let request = format!(
            "POST /api/webhook/github HTTP/1.1\r\nhost: bench\r\nuser-agent: GitHub-Hookshot/bench\r\naccept: */*\r\n\
             content-type: application/json\r\nx-github-event: issues\r\nx-github-delivery: {HOLE}\r\n\
             x-hub-signature-256: sha256={signature}\r\ncontent-length: {}\r\n\r\n{payload}",
            payload.len(),
        );
        let hole = request.find(HOLE).expect("just written");
        Self {
            bytes: request.into_bytes(),
            hole,
        }
    }

    /// The same with a fresh id.
    fn fill(&self, bytes: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let id = format!(
            "{:08x}-0000-4000-8000-{:012x}",
            next.wrapping_mul(0x9e37_79b9) & 0xffff_ffff,
            next
        );
        bytes[self.hole..self.hole + HOLE.len()].copy_from_slice(id.as_bytes());
    }
}

struct Sample {
    per_second: f64,
    /// Of this process for each request, the client's part included, the database's not.
    cpu: Duration,
    p50: Duration,
    p99: Duration,
}

/// As many requests as are answered over so many connections.
async fn drive(
    address: SocketAddr,
    request: &Request,
    connections: usize,
    each: Duration,
) -> anyhow::Result<Sample> {
    let (began, cpu) = (Instant::now(), cpu_time());
    let clients = (0..connections).map(|_| client(address, request, began + each));
    let mut times: Vec<Duration> = futures_util::future::try_join_all(clients)
        .await?
        .into_iter()
        .flatten()
        .collect();
    let (took, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let per_second = times.len() as f64 / took.as_secs_f64();
    let cpu = cpu / u32::try_from(times.len())?;
    Ok(Sample {
        per_second,
        cpu,
        p50: at(50),
        p99: at(99),
    })
}

async fn client(
    address: SocketAddr,
    request: &Request,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut bytes = request.bytes.clone();
    let mut answer = [0; 2048];
    let mut times = Vec::new();
    while Instant::now() < until {
        request.fill(&mut bytes);
        let sent = Instant::now();
        stream.write_all(&bytes).await?;
        let mut got = 0;
        while !is_whole(&answer[..got]) {
            let read = stream.read(&mut answer[got..]).await?;
            anyhow::ensure!(read > 0, "the server hung up");
            got += read;
        }
        anyhow::ensure!(
            answer.starts_with(b"HTTP/1.1 202"),
            "{}",
            String::from_utf8_lossy(&answer[..got])
        );
        times.push(sent.elapsed());
    }
    Ok(times)
}

/// Whether an answer with a content-length is there as a whole.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    answer.len() >= end + 4 + length.unwrap_or(0)
}

/// What this process has used so far, as Linux counts it (ticks of 10 ms); zero elsewhere.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn print(
    samples: &BTreeMap<(usize, usize), Vec<Sample>>,
    bytes: usize,
    rounds: u64,
    each: Duration,
) {
    println!(
        "{bytes} bytes a delivery; medians of {rounds} interleaved rounds of {} s\n",
        each.as_secs()
    );
    println!(
        "| connections | server | requests/s | p50 ms | p99 ms | CPU µs | against bare | against one INSERT |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let rate = |connections, which| {
        let taken = samples.get(&(connections, which));
        taken.map_or(f64::NAN, |taken| {
            median(taken.iter().map(|sample| sample.per_second))
        })
    };
    for ((connections, which), taken) in samples {
        let own = rate(*connections, *which);
        println!(
            "| {connections} | {} | {own:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} |",
            CONTENDERS[*which],
            median(taken.iter().map(|sample| sample.p50.as_secs_f64() * 1e3)),
            median(taken.iter().map(|sample| sample.p99.as_secs_f64() * 1e3)),
            median(taken.iter().map(|sample| sample.cpu.as_secs_f64() * 1e6)),
            own / rate(*connections, 0),
            own / rate(*connections, 3),
        );
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench's own variables are no config"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
