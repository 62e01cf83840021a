//! The socket and the way of a request: recorded, struck by faults, authenticated, limited, routed, answered.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::call::{Actor, Answer, Call, Refusal};
use super::faults::Effect;
use super::world::World;
use super::{pages, routes};

/// The largest body that is read.
const MOST: usize = 25 * 1024 * 1024;

/// One request to the API, as it came and was answered.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: Method,
    /// Without `/api`, as it was asked for.
    pub path: String,
    /// The same with `/repositories/{id}` written as `/repos/{owner}/{repo}`.
    pub route: String,
    pub query: String,
    /// 0 while it is under way, and when the connection was cut without an answer.
    pub status: u16,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// `null` when there was none or when it was not JSON.
    pub body: Value,
    /// `X-GitHub-Api-Version`.
    pub api_version: Option<String>,
    pub user_agent: Option<String>,
}

/// The world behind its lock, shared by all connections.
pub(crate) struct Shared {
    world: Mutex<World>,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Mutex::new(world),
        }
    }

    /// Never held across a wait. A test that panics inside leaves the others going.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api", axum::routing::any(api))
        .route("/api/{*path}", axum::routing::any(api))
        .merge(pages::router())
        .with_state(shared)
}

/// What the door knows of a request before it is routed.
struct Arrival {
    call: Call,
    place: usize,
    effect: Option<Effect>,
    identity: Result<(), Refusal>,
    entered: Result<(), Refusal>,
    id: String,
}

async fn api(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST).await else {
        wire.cut();
        return Response::default();
    };
    // A task of its own: a caller who hangs up does not undo what it asked for.
    let work = tokio::spawn(async move {
        let arrival = arrive(&shared, &parts, &body);
        let response = treat(&shared, &arrival).await;
        shared.world().meter.leave(&arrival.call.actor);
        response
    });
    if let Ok(Some(response)) = work.await {
        return response;
    }
    wire.cut();
    Response::default()
}

/// None: the connection is to be cut.
async fn treat(shared: &Shared, arrival: &Arrival) -> Option<Response> {
    match arrival.effect.clone() {
        None => Some(settle(shared, arrival, serve(shared, arrival))),
        Some(Effect::Delay(time)) => {
            tokio::time::sleep(time).await;
            Some(settle(shared, arrival, serve(shared, arrival)))
        }
        Some(Effect::DropBefore) => None,
        Some(Effect::DropAfter) => {
            serve(shared, arrival);
            None
        }
        Some(Effect::Truncate) => {
            let answer = serve(shared, arrival);
            Some(half(settle(shared, arrival, answer)).await)
        }
        Some(Effect::AfterEffect(then)) => {
            let answer = serve(shared, arrival);
            let answer = match *then {
                Effect::Delay(time) => {
                    tokio::time::sleep(time).await;
                    answer
                }
                other => reply(other),
            };
            Some(settle(shared, arrival, answer))
        }
        Some(status @ Effect::Status { .. }) => Some(settle(shared, arrival, reply(status))),
    }
}

/// Records the request, finds out who is asking and what is going to go wrong.
fn arrive(shared: &Shared, parts: &Parts, body: &Bytes) -> Arrival {
    let mut world = shared.world();
    let header = |name: &str| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let path = parts.uri.path().trim_start_matches("/api").to_owned();
    let path = if path.is_empty() {
        "/".to_owned()
    } else {
        path
    };
    let (actor, token, identity) = match world.authenticate(header("authorization").as_deref()) {
        Ok((actor, token)) => (actor, token, Ok(())),
        Err(refusal) => (Actor::Nobody, None, Err(refusal)),
    };
    let route = routes::canonical(&world, &path);
    let query = parts.uri.query().unwrap_or_default();
    let recorded = Recorded {
        method: parts.method.clone(),
        path: path.clone(),
        route: route.clone(),
        query: query.to_owned(),
        status: 0,
        at: world.now(),
        actor: actor.clone(),
        body: serde_json::from_slice(body).unwrap_or_default(),
        api_version: header("x-github-api-version"),
        user_agent: header("user-agent"),
    };
    if recorded.user_agent.is_none() {
        world
            .complaints
            .push(format!("{} {path}: no User-Agent", parts.method));
    }
    world.requests.push(recorded);
    let call = Call {
        method: parts.method.clone(),
        path,
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        body: body.to_vec(),
        actor,
        token,
    };
    let effect = world.faults.strike(&parts.method, &route);
    let serial = world.next_id(0x1000_0000);
    let now = world.now();
    let World {
        meter, complaints, ..
    } = &mut *world;
    let entered = meter.enter(&call.actor, &call.method, &call.path, now, complaints);
    Arrival {
        call,
        place: world.requests.len() - 1,
        effect,
        identity,
        entered,
        id: format!("{serial:04X}:SIM:{:X}", world.now().timestamp_micros()),
    }
}

/// Limits, then the route. The only place where a request takes effect.
fn serve(shared: &Shared, arrival: &Arrival) -> Answer {
    let mut world = shared.world();
    let refused = arrival.identity.clone().and(arrival.entered.clone());
    refused
        .and_then(|()| routes::route(&mut world, &arrival.call))
        .unwrap_or_else(Refusal::into_answer)
}

fn reply(effect: Effect) -> Answer {
    match effect {
        Effect::Status {
            code,
            headers,
            body,
        } => Answer {
            status: code,
            headers,
            body: Some(body),
        },
        // Only a status can be told as an answer.
        _ => Refusal::new(500, "Server Error").into_answer(),
    }
}

/// Writes down the status and dresses the answer with the headers that every answer carries.
fn settle(shared: &Shared, arrival: &Arrival, answer: Answer) -> Response {
    let mut world = shared.world();
    if let Some(recorded) = world.requests.get_mut(arrival.place) {
        recorded.status = answer.status;
    }
    let now = world.now();
    let standing = world.meter.standing(&arrival.call.actor, now);
    let of_token = world.token_headers(&arrival.call);
    drop(world);
    let usual = [
        ("date", now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining.to_string()),
        (
            "x-ratelimit-used",
            standing
                .limit
                .saturating_sub(standing.remaining)
                .to_string(),
        ),
        ("x-ratelimit-reset", standing.reset.timestamp().to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-request-id", arrival.id.clone()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("server", "simulator".to_owned()),
    ];
    let mut response = Response::default();
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let own = answer.headers.into_iter();
    let usual = usual.map(|(name, value)| (name.to_owned(), value));
    let of_token = of_token.into_iter();
    let of_token = of_token.map(|(name, value)| (name.to_owned(), value));
    for (name, value) in usual.into_iter().chain(of_token).chain(own) {
        let name = HeaderName::from_bytes(name.to_lowercase().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    match answer.body {
        Some(body) => *response.body_mut() = Body::from(body.to_string()),
        None => {
            response.headers_mut().remove("content-type");
        }
    }
    response
}

/// The whole length announced, half of the bytes sent, then the end.
async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    parts
        .headers
        .insert("content-length", HeaderValue::from(bytes.len()));
    let first = bytes.slice(..bytes.len() / 2);
    let stream = futures_util::stream::unfold(Some(first), |next| async move {
        if let Some(first) = next {
            return Some((Ok(first), None));
        }
        // Lets the first half leave before the error ends the connection.
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
    });
    Response::from_parts(parts, Body::from_stream(stream))
}

/// A connection that can be cut from inside a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<AtomicBool>);

impl Wire {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(crate) struct Door(pub(crate) TcpListener);

pub(crate) struct Connection {
    stream: TcpStream,
    wire: Wire,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without it small answers wait for the peer's acknowledgement; failing to set it only costs time.
        let _ = stream.set_nodelay(true);
        let wire = Wire::default();
        (Connection { stream, wire }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Door>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().wire.clone()
    }
}

impl Connection {
    fn alive(&self) -> io::Result<()> {
        if self.wire.0.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.alive()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
