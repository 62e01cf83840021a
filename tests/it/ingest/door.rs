//! A server of its own for one test, and a client plain enough to send what no library would.
#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails, fails the test"
)]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use futures_util::future::join_all;
use openproducer::cli::server::{self, Parts};
use openproducer::clock::Clock;
use openproducer::domain::trigger::{BotNames, Mention};
use openproducer::flows::receive::{Identity, Receipt, Receiver, VerifiedDelivery};
use openproducer::github::webhook::Verifier;
use openproducer::github::{GitHub, OAuth};
use openproducer::store::ingest::Ingest;
use openproducer::store::jobs;
use openproducer::web::health::{Part, PartState, probe};
use openproducer::web::{self, Links, Site};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::database::TestDatabase;
use crate::harness::services::services;

const SECRET: &str = "It's a Secret to Everybody";

/// With a GitHub that nobody asks.
fn parts(pool: &PgPool) -> Parts {
    let address = url::Url::parse("http://127.0.0.1:1").unwrap();
    let github = GitHub::unregistered(&address, Clock::system()).unwrap();
    let oauth = OAuth::new(&address, None, Clock::system()).unwrap();
    Parts::over(pool.clone(), github, oauth)
}

/// One server with a database of its own; it ends with the test.
pub(super) struct Door {
    database: TestDatabase,
    address: SocketAddr,
    pub(super) slug: watch::Sender<Option<String>>,
    /// How the server finds its cache.
    pub(super) cache: watch::Sender<PartState>,
    receiver: Receiver,
    _identity: watch::Sender<Arc<Identity>>,
    _closing: DropGuard,
}

impl Door {
    pub(super) async fn open() -> Self {
        let database = TestDatabase::create().await;
        jobs::migrate(database.pool()).await.unwrap();
        Self::over(database).await
    }

    pub(super) async fn over(database: TestDatabase) -> Self {
        let (slug, known_slug) = watch::channel(None);
        let (cache, cache_state) = watch::channel(PartState::Up);
        let names = BotNames {
            names: vec!["TheOpenProducerBot".to_owned()],
        };
        let (identity, known_identity) = watch::channel(Arc::new(Identity {
            names,
            app_id: Some(3),
            logins: vec!["bot[bot]".to_owned()],
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let verifier = Verifier::new(&[SECRET.into()]).unwrap();
        let receiver = Receiver::new(Ingest::start(database.pool()), known_identity);
        let router = web::router(Site {
            verifier: watch::channel(Some(Arc::new(verifier))).1,
            from_environment: true,
            receiver: receiver.clone(),
            services: server::services(&parts(database.pool())),
            cache: probe(move || {
                let state = *cache_state.borrow();
                async move { Part::new(state) }
            }),
            ai: probe(async || Part::new(PartState::Off)),
            metrics: web::metrics::install(),
            links: Links {
                web_url: "https://github.test".to_owned(),
                slug: known_slug,
                mention: Mention::usual(),
            },
            public: web::Public::new(None, address, 0),
            started: Instant::now(),
            stopping: watch::channel(false).1,
        });
        let closing = CancellationToken::new();
        tokio::spawn(web::serve(
            listener,
            router,
            closing.clone().cancelled_owned(),
        ));
        Self {
            database,
            address,
            slug,
            cache,
            receiver,
            _identity: identity,
            _closing: closing.drop_guard(),
        }
    }

    pub(super) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// Deliveries and open jobs.
    pub(super) async fn count(&self) -> (i64, i64) {
        let rows = sqlx::query_scalar("SELECT count(*) FROM deliveries")
            .fetch_one(self.pool())
            .await
            .unwrap();
        (rows, jobs::count_open(self.pool()).await.unwrap())
    }

    /// As if a worker had run them all.
    pub(super) async fn finish_jobs(&self) {
        sqlx::query("DELETE FROM graphile_worker._private_jobs")
            .execute(self.pool())
            .await
            .unwrap();
    }

    /// A right delivery of `body`.
    pub(super) async fn deliver(&self, guid: &str, event: &str, body: &[u8]) -> Reply {
        let signature = signed(body);
        let headers = [
            ("content-type", "application/json"),
            ("x-hub-signature-256", signature.as_str()),
            ("x-github-event", event),
            ("x-github-delivery", guid),
        ];
        self.post(&headers, body).await
    }

    /// Right deliveries of opened issues, all at the same time, each over a connection of its own.
    pub(super) async fn deliver_all(
        &self,
        deliveries: impl Iterator<Item = (String, Vec<u8>)>,
    ) -> Vec<Reply> {
        join_all(deliveries.map(async |(guid, body)| self.deliver(&guid, "issues", &body).await))
            .await
    }

    /// Opened issues with right signatures, past the door: the first look at them all hands each to the writers.
    pub(super) async fn receive_all(
        &self,
        deliveries: impl Iterator<Item = (String, Vec<u8>)>,
    ) -> Vec<Receipt> {
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        let received = deliveries.map(async |(guid, body)| {
            let delivery = VerifiedDelivery {
                guid,
                event: "issues".to_owned(),
                body: body.into(),
            };
            self.receiver.receive(delivery, deadline).await.unwrap()
        });
        join_all(received).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.exchange(&head("GET", path, &[]), b"").await
    }

    /// To the webhook, with just these headers and the body's length.
    pub(super) async fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let length = body.len().to_string();
        let headers = [headers, &[("content-length", &length)]].concat();
        self.exchange(&head("POST", "/api/webhook/github", &headers), body)
            .await
    }

    /// To the webhook, without saying how long the body will be.
    pub(super) async fn post_in_chunks(&self, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let headers = [headers, &[("transfer-encoding", "chunked")]].concat();
        let mut chunked = Vec::with_capacity(body.len() + 4096);
        for piece in body.chunks(100_000) {
            chunked.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            chunked.extend_from_slice(piece);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        self.exchange(&head("POST", "/api/webhook/github", &headers), &chunked)
            .await
    }

    /// Sends a part of what was announced and closes the connection.
    pub(super) async fn hang_up_after(&self, signature: &str, part: &[u8], announced: usize) {
        let length = announced.to_string();
        let headers = [
            ("content-type", "application/json"),
            ("x-hub-signature-256", signature),
            ("x-github-event", "issues"),
            ("x-github-delivery", "d-1"),
            ("content-length", &length),
        ];
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream
            .write_all(head("POST", "/api/webhook/github", &headers).as_bytes())
            .await
            .unwrap();
        stream.write_all(part).await.unwrap();
    }

    async fn exchange(&self, head: &str, body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut from, mut to) = stream.split();
        // The server may answer and close before it has read everything.
        let send = async {
            let _ = to.write_all(body).await;
        };
        let mut whole = Vec::new();
        let receive = async {
            let _ = from.read_to_end(&mut whole).await;
        };
        tokio::join!(send, receive);
        Reply::parse(&whole)
    }

    /// Waits until somebody in the database waits for a lock.
    pub(super) async fn until_busy(&self) {
        let mut admin = PgConnection::connect(&services().database_url)
            .await
            .unwrap();
        loop {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'",
            )
            .bind(self.database_name())
            .fetch_one(&mut admin)
            .await
            .unwrap();
            if waiting > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends every connection to the database and lets none in, or lets them in again.
    pub(super) async fn cut_off_database(&self, off: bool) {
        let name = self.database_name();
        let mut admin = PgConnection::connect(&services().database_url)
            .await
            .unwrap();
        sqlx::query(AssertSqlSafe(format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS {}",
            !off
        )))
        .execute(&mut admin)
        .await
        .unwrap();
        if off {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            )
            .bind(name)
            .execute(&mut admin)
            .await
            .unwrap();
        }
    }

    fn database_name(&self) -> &str {
        self.database.url().rsplit('/').next().unwrap()
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: openproducer.test\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head + "\r\n"
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn parse(whole: &[u8]) -> Self {
        let end = whole
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("an answer with a head");
        let head = std::str::from_utf8(&whole[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            status,
            headers,
            body: whole[end + 4..].to_vec(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// The header's value for a body.
pub(super) fn signed(body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// `issues.opened` by a person.
pub(super) fn opened(text: &str) -> Vec<u8> {
    let person = json!({ "id": 5, "login": "ann", "type": "User" });
    json!({
        "action": "opened", "sender": person, "installation": { "id": 9 },
        "repository": { "id": 77, "full_name": "acme/shop", "private": false },
        "issue": { "id": 501, "number": 12, "title": "Auth", "body": text, "state": "open", "user": person,
                   "updated_at": "2026-11-22T08:00:00Z" },
    })
    .to_string()
    .into_bytes()
}
