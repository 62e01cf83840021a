//! The socket of the house of models: every request is recorded, answered in its provider's format, or goes wrong.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::formats::{Brand, End, Said, Wish};
use super::reply::Reply;
use super::{Asked, sample};

/// The largest body that is read.
const MOST: usize = 25 * 1024 * 1024;
/// A huge reply comes in pieces of this size.
const PIECE: usize = 64 * 1024;
const JSON: &str = "application/json";

type Script = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// What the house knows and has seen.
pub(super) struct House {
    pub(super) models: Vec<String>,
    pub(super) only_key: Option<String>,
    pub(super) queue: VecDeque<Reply>,
    pub(super) script: Option<Script>,
    pub(super) list: Option<Reply>,
    pub(super) asked: Vec<Asked>,
    pub(super) strayed: usize,
    pub(super) bytes_sent: usize,
}

impl House {
    pub(super) fn new() -> Self {
        Self {
            models: vec!["sim-large".to_owned(), "sim-small".to_owned()],
            only_key: None,
            queue: VecDeque::new(),
            script: None,
            list: None,
            asked: Vec::new(),
            strayed: 0,
            bytes_sent: 0,
        }
    }

    fn takes(&self, brand: Brand, key: Option<&str>) -> bool {
        match (&self.only_key, key) {
            (Some(only), key) => key == Some(only),
            (None, Some(_)) => true,
            (None, None) => brand == Brand::Local,
        }
    }
}

type Shared = Arc<Mutex<House>>;

fn locked(shared: &Shared) -> MutexGuard<'_, House> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .fallback(axum::routing::any(answer))
        .with_state(shared)
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MOST).await.unwrap_or_default();
    let Some((brand, rest)) = Brand::of(parts.uri.path()) else {
        locked(&shared).strayed += 1;
        return plain(404, "text/plain", "nothing here");
    };
    let Some(wish) = brand.wish(&parts.method, rest) else {
        return json(404, &brand.error(404, "", "Not found"));
    };
    let asked = read(brand, &wish, &parts, &body);
    let reply = {
        let mut house = locked(&shared);
        house.asked.push(asked.clone());
        if !house.takes(brand, asked.key.as_deref()) {
            let (status, body) = brand.no_key();
            return json(status, &body);
        }
        if wish == Wish::List {
            let Some(reply) = house.list.clone() else {
                return json(200, &brand.list(&house.models));
            };
            reply
        } else {
            if let Some(complaint) = brand.complaint(&parts.headers, &asked.body) {
                return json(400, &brand.error(400, "", &complaint));
            }
            if !house.models.contains(&asked.model) {
                let (status, body) = brand.no_model(&asked.model);
                return json(status, &body);
            }
            house.queue.pop_front().unwrap_or_else(|| {
                let script = house.script.clone();
                script.map_or_else(|| usual(&asked), |script| script(&asked))
            })
        }
    };
    send(&shared, &asked, reply).await
}

fn read(brand: Brand, wish: &Wish, parts: &Parts, body: &Bytes) -> Asked {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let question = match wish {
        Wish::List => super::formats::Question::default(),
        Wish::Question(model) => brand.question(model.clone(), &body),
    };
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    };
    Asked {
        brand,
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        key: brand.key(&parts.headers, parts.uri.query().unwrap_or_default()),
        headers: parts.headers.iter().map(header).collect(),
        body,
        model: question.model,
        system: question.system,
        prompt: question.prompt,
        schema: question.schema,
    }
}

/// A reply that fits the schema that was asked for; without one, a greeting.
fn usual(asked: &Asked) -> Reply {
    Reply::Says(match &asked.schema {
        Some(schema) => sample::fitting(schema).to_string(),
        None => "Hello from the simulator".to_owned(),
    })
}

async fn send(shared: &Shared, asked: &Asked, reply: Reply) -> Response {
    let said = |text: &str, end: End, counted: bool| {
        let tokens = |text: &str| text.len().div_ceil(4);
        let tokens_in = tokens(&asked.system) + tokens(&asked.prompt);
        asked.brand.answer(&Said {
            model: &asked.model,
            text,
            end,
            tokens: counted.then(|| (tokens_in, tokens(text))),
        })
    };
    match reply {
        Reply::Says(text) => json(200, &said(&text, End::Stop, true)),
        Reply::WithoutUsage(text) => json(200, &said(&text, End::Stop, false)),
        Reply::Length(text) => json(200, &said(&text, End::Length, true)),
        Reply::Refuses(text) => json(200, &said(&text, End::Refused, true)),
        Reply::Blocks => json(200, &said("", End::Blocked, true)),
        Reply::Fails {
            status,
            headers,
            code,
            message,
        } => {
            let mut response = json(status, &asked.brand.error(status, &code, &message));
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes());
                if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        Reply::Raw {
            status,
            content_type,
            body,
        } => plain(status, &content_type, body),
        Reply::Redirects(status) => {
            let mut response = plain(status, "text/plain", "");
            let elsewhere = HeaderValue::from_static("/elsewhere");
            response.headers_mut().insert("location", elsewhere);
            response
        }
        Reply::Hangs => std::future::pending().await,
        Reply::Drops => broken(Bytes::new(), 100),
        Reply::Half(text) => {
            let whole = Bytes::from(said(&text, End::Stop, true).to_string());
            broken(whole.slice(..whole.len() / 2), whole.len())
        }
        Reply::Drips(text, pause) => drip(
            shared,
            said(&text, End::Stop, true).to_string().into(),
            pause,
        ),
        Reply::Huge(bytes) => huge(shared, bytes),
    }
}

fn json(status: u16, body: &Value) -> Response {
    plain(status, JSON, body.to_string())
}

fn plain(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert("content-type", value);
    }
    response
}

/// These bytes of an announced length, then the end of the connection.
fn broken(first: Bytes, length: usize) -> Response {
    let pieces = stream::unfold(Some(first), |next| async move {
        if let Some(first) = next {
            return Some((Ok(first), None));
        }
        // Lets the first half leave before the error ends the connection.
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
    });
    let mut response = plain(200, JSON, Body::from_stream(pieces));
    let length = HeaderValue::from(length);
    response.headers_mut().insert("content-length", length);
    response
}

fn drip(shared: &Shared, whole: Bytes, pause: Duration) -> Response {
    let shared = shared.clone();
    locked(&shared).bytes_sent = 0;
    let pieces = stream::unfold((whole, shared), move |(mut rest, shared)| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(rest.len().min(10));
        locked(&shared).bytes_sent += piece.len();
        Some((Ok::<_, io::Error>(piece), (rest, shared)))
    });
    plain(200, JSON, Body::from_stream(pieces))
}

/// `"aaaa…` without a length, piece by piece as they are taken.
fn huge(shared: &Shared, bytes: usize) -> Response {
    let shared = shared.clone();
    locked(&shared).bytes_sent = 0;
    let pieces = stream::unfold((0, shared), move |(sent, shared)| async move {
        if sent >= bytes {
            return None;
        }
        let mut piece = vec![b'a'; PIECE.min(bytes - sent)];
        if sent == 0 {
            piece[0] = b'"';
        }
        let sent = sent + piece.len();
        locked(&shared).bytes_sent = sent;
        Some((Ok::<_, io::Error>(Bytes::from(piece)), (sent, shared)))
    });
    plain(200, JSON, Body::from_stream(pieces))
}
