//! Tests of the wire against sockets that misbehave: what is said about a request that got no whole answer.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

/// For those who wait in vain; a connection is made in peace.
const SHORT: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    read: Duration::from_millis(500),
    total: Duration::from_millis(1500),
    token_spread: Duration::ZERO,
};

/// Takes one connection, reads the request's head and does `then` with it.
async fn server<F>(then: impl FnOnce(TcpStream, String) -> F + Send + 'static) -> Wire
where
    F: Future<Output = ()> + Send,
{
    server_within(Timeouts::default(), then).await
}

async fn server_within<F>(
    timeouts: Timeouts,
    then: impl FnOnce(TcpStream, String) -> F + Send + 'static,
) -> Wire
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 8192];
        let read = stream.read(&mut buffer).await.unwrap();
        then(
            stream,
            String::from_utf8_lossy(&buffer[..read]).into_owned(),
        )
        .await;
    });
    wire(&format!("http://{address}/api"), timeouts)
}

fn wire(address: &str, timeouts: Timeouts) -> Wire {
    Wire::new(&Url::parse(address).unwrap(), timeouts).unwrap()
}

async fn post(wire: &Wire, path: &str) -> Result<Answer, WireError> {
    let uri = format!("{}{path}", wire.base());
    let body = Bytes::from_static(b"{\"title\":\"T\"}");
    wire.send(Request::post(uri).body(body).unwrap()).await
}

#[test]
fn base_address_may_have_a_path_but_nothing_else() {
    let read = |text: &str| base(&Url::parse(text).unwrap()).map(|b| b.to_string()).ok();
    let kept = [
        ("https://api.github.com", "https://api.github.com"),
        (
            "https://ghe.example:8443/api/v3/",
            "https://ghe.example:8443/api/v3",
        ),
        ("http://127.0.0.1:4000/api", "http://127.0.0.1:4000/api"),
    ];
    for (given, expected) in kept {
        assert_eq!(read(given).as_deref(), Some(expected));
    }
    for wrong in [
        "ftp://h/",
        "https://u:p@h/",
        "https://h/?a=b",
        "https://h/#x",
        "mailto:a@b",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn request_says_who_asks_and_in_which_version() {
    let wire = server(async |mut stream, head| {
        let answer = format!(
            "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{head}",
            head.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let answer = post(&wire, "/repos/o/r/issues").await.unwrap();
    assert_eq!(answer.status, 201);
    let mut said: Vec<String> = String::from_utf8_lossy(&answer.body)
        .lines()
        .map(str::to_owned)
        .collect();
    said.retain(|line| !line.starts_with("host:"));
    said.sort();
    insta::assert_snapshot!(said.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    POST /api/repos/o/r/issues HTTP/1.1
    accept: application/vnd.github+json
    content-length: 13
    content-type: application/json
    user-agent: openproducer/VERSION
    x-github-api-version: 2022-11-28
    {"title":"T"}
    "#);
}

#[tokio::test]
async fn refused_connection_means_not_sent() {
    // Bound, so that nobody else gets the port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    let wire = wire(&address, Timeouts::default());
    let result = post(&wire, "/repos/o/r/issues").await;
    assert!(
        matches!(result, Err(WireError::NotSent(_))),
        "{:?}",
        result.err()
    );
}

#[tokio::test]
async fn unreachable_name_means_not_sent() {
    let wire = wire("http://no-such-host.invalid", Timeouts::default());
    let result = post(&wire, "/repos/o/r/issues").await;
    assert!(
        matches!(result, Err(WireError::NotSent(_))),
        "{:?}",
        result.err()
    );
}

#[tokio::test]
async fn closed_connection_means_lost() {
    let wire = server(async |stream, _| drop(stream)).await;
    let result = post(&wire, "/repos/o/r/issues").await;
    assert!(
        matches!(result, Err(WireError::Lost(_))),
        "{:?}",
        result.err()
    );
}

#[tokio::test]
async fn silence_means_lost() {
    let wire = server_within(SHORT, async |stream, _| {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let result = post(&wire, "/repos/o/r/issues").await;
    assert!(
        matches!(result, Err(WireError::Lost(_))),
        "{:?}",
        result.err()
    );
}

#[tokio::test]
async fn endless_trickle_means_lost() {
    let wire = server_within(SHORT, async |mut stream, _| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
        stream.write_all(head).await.unwrap();
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let result = post(&wire, "/repos/o/r/issues").await;
    assert!(
        matches!(result, Err(WireError::Lost(_))),
        "{:?}",
        result.err()
    );
}

#[tokio::test]
async fn guard_stands_in_front_of_the_wire() {
    let wire = server(async |_, head| panic!("this left: {head}")).await;
    for path in [
        "/repos/o/r/contents/a",
        "/repos/o/r/git/refs",
        "/repos/o/r/../x",
        "/graphql",
    ] {
        let result = post(&wire, path).await;
        assert!(
            matches!(result, Err(WireError::Refused { .. })),
            "{path}: {:?}",
            result.err()
        );
    }
    let elsewhere = Request::get("http://127.0.0.1:1/api/app")
        .body(Bytes::new())
        .unwrap();
    let result = wire.send(elsewhere).await;
    assert!(
        matches!(result, Err(WireError::Refused { .. })),
        "{:?}",
        result.err()
    );
}

#[test]
fn outside_the_runtime_it_says_so() {
    let result = Wire::new(&Url::parse("http://127.0.0.1:1").unwrap(), SHORT);
    assert!(matches!(result, Err(SetupError::Runtime)));
}
