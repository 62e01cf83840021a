//! Webhook deliveries: signed over the raw bytes, sent one after the other, kept with what came back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::door::Shared;
use super::world::World;

/// GitHub forgets deliveries after three days.
const KEPT: TimeDelta = TimeDelta::days(3);

/// Which webhook a delivery is of: each has its own secret, and only the App's are in the App's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    App,
    /// The Marketplace listing's.
    Listing,
}

/// One attempt to deliver an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: u64,
    pub hook: Hook,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub installation: Option<u64>,
    pub repository: Option<u64>,
    pub redelivery: bool,
    pub delivered_at: DateTime<Utc>,
    pub duration: Duration,
    /// `OK`, or what went wrong; `pending` until it has been sent.
    pub status: String,
    /// 0 when nothing was answered.
    pub status_code: u16,
    pub url: String,
    /// The raw bytes that were signed and sent.
    pub payload: Bytes,
    pub request_headers: Vec<(String, String)>,
    pub response: String,
}

impl Delivery {
    pub(crate) fn sent(&self) -> bool {
        self.status != "pending"
    }
}

/// Queued and sent deliveries.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) url: Option<String>,
    pub(crate) deliveries: Vec<Delivery>,
    /// The next deliveries that get lost on the way.
    pub(crate) lose: u32,
    /// The next deliveries that arrive, but whose answer gets lost.
    pub(crate) lose_answers: u32,
    pub(crate) queued: u64,
    queue: mpsc::UnboundedSender<u64>,
}

impl World {
    /// Queues an event for the installation, if it listens and a webhook address is set.
    pub(crate) fn deliver(
        &mut self,
        event: &str,
        installation: Option<u64>,
        repository: Option<u64>,
        payload: &Value,
    ) {
        self.deliver_by(Hook::App, event, (installation, repository), payload);
    }

    /// The same for either hook.
    pub(crate) fn deliver_by(
        &mut self,
        hook: Hook,
        event: &str,
        (installation, repository): (Option<u64>, Option<u64>),
        payload: &Value,
    ) {
        if self.outbox.url.is_none() {
            return;
        }
        let id = self.next_id(30_000_000_000);
        let delivery = Delivery {
            id,
            hook,
            guid: Uuid::now_v7().to_string(),
            event: event.to_owned(),
            action: payload["action"].as_str().map(str::to_owned),
            installation,
            repository,
            redelivery: false,
            delivered_at: self.now(),
            duration: Duration::ZERO,
            status: "pending".to_owned(),
            status_code: 0,
            url: String::new(),
            payload: payload.to_string().into(),
            request_headers: Vec::new(),
            response: String::new(),
        };
        self.queue(delivery);
    }

    /// Sends an earlier delivery again, under the same GUID.
    pub(crate) fn deliver_again(&mut self, id: u64) -> bool {
        let Some(earlier) = self.outbox.deliveries.iter().find(|d| d.id == id) else {
            return false;
        };
        let again = Delivery {
            redelivery: true,
            status: "pending".to_owned(),
            status_code: 0,
            response: String::new(),
            duration: Duration::ZERO,
            ..earlier.clone()
        };
        let id = self.next_id(30_000_000_000);
        self.queue(Delivery { id, ..again });
        true
    }

    fn queue(&mut self, delivery: Delivery) {
        let id = delivery.id;
        self.outbox.deliveries.push(delivery);
        self.outbox.queued += 1;
        // The sender ends only with the simulator.
        let _ = self.outbox.queue.send(id);
    }

    /// What the App's own hook has sent within the last three days, newest first.
    pub(crate) fn recent_deliveries(&self) -> Vec<&Delivery> {
        let since = self.now() - KEPT;
        let kept = self.outbox.deliveries.iter().rev();
        kept.filter(|d| d.hook == Hook::App && d.sent() && d.delivered_at > since)
            .collect()
    }
}

/// The queue's other end; it runs until the simulator stops.
pub(crate) struct Sender {
    queue: mpsc::UnboundedReceiver<u64>,
    done: watch::Sender<u64>,
    timeout: Duration,
}

pub(crate) fn outbox(timeout: Duration) -> (Outbox, Sender, watch::Receiver<u64>) {
    let (push, queue) = mpsc::unbounded_channel();
    let (done, seen) = watch::channel(0);
    let outbox = Outbox {
        url: None,
        deliveries: Vec::new(),
        lose: 0,
        lose_answers: 0,
        queued: 0,
        queue: push,
    };
    let sender = Sender {
        queue,
        done,
        timeout,
    };
    (outbox, sender, seen)
}

impl Sender {
    pub(crate) async fn run(mut self, shared: Arc<Shared>) {
        let client = Client::builder(TokioExecutor::new()).build_http();
        while let Some(id) = self.queue.recv().await {
            let Some((mut delivery, luck)) = prepare(&shared, id) else {
                continue;
            };
            let begun = Instant::now();
            let outcome = if luck == Luck::Lost {
                Err("failed to connect to host".to_owned())
            } else {
                let sent = tokio::time::timeout(self.timeout, send(&client, &delivery)).await;
                sent.unwrap_or_else(|_| Err("timed out".to_owned()))
            };
            let outcome = match luck {
                Luck::AnswerLost => Err("timed out".to_owned()),
                Luck::Lost | Luck::Good => outcome,
            };
            delivery.duration = begun.elapsed();
            match outcome {
                Ok((code, response)) => {
                    delivery.status_code = code;
                    delivery.response = response;
                    delivery.status = if (200..300).contains(&code) {
                        "OK".to_owned()
                    } else {
                        format!("Invalid HTTP Response: {code}")
                    };
                }
                Err(reason) => delivery.status = reason,
            }
            let mut world = shared.world();
            let known = world.outbox.deliveries.iter_mut().rev();
            if let Some(place) = known.into_iter().find(|d| d.id == id) {
                *place = delivery;
            }
            drop(world);
            self.done.send_modify(|done| *done += 1);
        }
    }
}

/// What becomes of a delivery on its way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    Lost,
    /// It arrives, but nothing is heard of it.
    AnswerLost,
}

/// Signs the delivery with its hook's secret of this moment.
fn prepare(shared: &Shared, id: u64) -> Option<(Delivery, Luck)> {
    let mut world = shared.world();
    let now = world.now();
    let luck = if world.outbox.lose > 0 {
        world.outbox.lose -= 1;
        Luck::Lost
    } else if world.outbox.lose_answers > 0 {
        world.outbox.lose_answers -= 1;
        Luck::AnswerLost
    } else {
        Luck::Good
    };
    let url = world.outbox.url.clone().unwrap_or_default();
    let app = world.app.id;
    let secrets = (
        world.app.webhook_secret.clone(),
        world.app.marketplace_secret.clone(),
    );
    let known = world.outbox.deliveries.iter_mut().rev();
    let delivery = known.into_iter().find(|d| d.id == id)?;
    let (secret, target) = match delivery.hook {
        Hook::App => (secrets.0, "integration"),
        Hook::Listing => (secrets.1, "marketplace::listing"),
    };
    let sign = |algorithm| {
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        hex::encode(hmac::sign(&key, &delivery.payload))
    };
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "GitHub-Hookshot/5197a0b".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("X-GitHub-Delivery", delivery.guid.clone()),
        ("X-GitHub-Event", delivery.event.clone()),
        ("X-GitHub-Hook-ID", (app * 100 + 7).to_string()),
        ("X-GitHub-Hook-Installation-Target-ID", app.to_string()),
        ("X-GitHub-Hook-Installation-Target-Type", target.to_owned()),
        (
            "X-Hub-Signature",
            format!("sha1={}", sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY)),
        ),
        (
            "X-Hub-Signature-256",
            format!("sha256={}", sign(hmac::HMAC_SHA256)),
        ),
    ];
    delivery.request_headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    delivery.url = url;
    delivery.delivered_at = now;
    Some((delivery.clone(), luck))
}

type HttpClient = Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>;

async fn send(client: &HttpClient, delivery: &Delivery) -> Result<(u16, String), String> {
    let mut request = Request::post(&delivery.url);
    for (name, value) in &delivery.request_headers {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::new(delivery.payload.clone()))
        .map_err(|_| "invalid webhook address".to_owned())?;
    let response = client
        .request(request)
        .await
        .map_err(|_| "failed to connect to host".to_owned())?;
    let code = response.status().as_u16();
    let body = Limited::new(response.into_body(), 64 * 1024)
        .collect()
        .await;
    let text = body.map_or_else(
        |_| String::new(),
        |body| String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    );
    Ok((code, text))
}
