//! The gate, asked as the library asks it.

use super::*;

fn hosts(name: &str, addresses: &[&str]) -> Hosts {
    let addresses = addresses.iter().map(|text| text.parse().unwrap());
    Arc::new(HashMap::from([(name.to_owned(), addresses.collect())]))
}

/// A connection through the gate, with this secret.
async fn through(gate: &Gate, secret: &str, to: &str) -> Option<TcpStream> {
    let (host, port) = to.rsplit_once(':').unwrap();
    let mut inside = TcpStream::connect(gate.place).await.unwrap();
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let mut hello = vec![5, 1, 2, 1, length(USER)];
    hello.extend(USER.bytes());
    hello.push(length(secret));
    hello.extend(secret.bytes());
    hello.extend([5, 1, 0, 3, length(host)]);
    hello.extend(host.bytes());
    hello.extend(port.parse::<u16>().unwrap().to_be_bytes());
    inside.write_all(&hello).await.unwrap();
    // The method, the secret's welcome, and how the connection went.
    let answer = take::<14>(&mut inside).await.ok()?;
    (answer[..6] == [5, 2, 1, 0, 5, 0]).then_some(inside)
}

async fn open(rules: Rules, hosts: Hosts) -> Gate {
    Gate::open(rules, hosts, &Chance::system()).await.unwrap()
}

async fn verdict(rules: Rules, hosts: Hosts, to: &str) -> Option<Verdict> {
    let gate = open(rules, hosts).await;
    assert!(through(&gate, &gate.secret.clone(), to).await.is_none());
    gate.take_verdict()
}

#[tokio::test]
async fn name_that_means_a_private_address_is_refused_even_among_public_ones() {
    for addresses in [
        &["127.0.0.1"][..],
        &["8.8.8.8", "10.0.0.1"],
        &["::ffff:127.0.0.1"],
        &["169.254.169.254"],
        &["fd00::1"],
    ] {
        let hosts = hosts("api.example.com", addresses);
        let found = verdict(Rules::Public, hosts, "api.example.com:443").await;
        assert!(
            matches!(found, Some(Verdict::Forbidden(_))),
            "{addresses:?}: {found:?}"
        );
    }
}

#[tokio::test]
async fn localhost_is_refused_by_name_and_by_number() {
    for to in ["localhost:443", "127.0.0.1:443", "[::1]:443", "0.0.0.0:443"] {
        let found = verdict(Rules::Public, Hosts::default(), to).await;
        assert!(
            matches!(found, Some(Verdict::Forbidden(_))),
            "{to}: {found:?}"
        );
    }
}

#[tokio::test]
async fn what_is_permitted_is_connected_and_relayed_both_ways() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let hosts = hosts("models.example.com", &["127.0.0.1"]);
    let gate = open(Rules::PublicOrPrivate, hosts).await;
    let to = format!("models.example.com:{port}");
    let mut inside = through(&gate, &gate.secret.clone(), &to).await.unwrap();
    let (mut outside, _) = server.accept().await.unwrap();
    inside.write_all(b"ping").await.unwrap();
    assert_eq!(&take::<4>(&mut outside).await.unwrap(), b"ping");
    outside.write_all(b"pong").await.unwrap();
    assert_eq!(&take::<4>(&mut inside).await.unwrap(), b"pong");
    drop(gate);
    // With the gate its connections are gone.
    assert_eq!(outside.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn nobody_gets_through_without_the_secret() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = server.local_addr().unwrap().to_string();
    let gate = open(Rules::Any, Hosts::default()).await;
    for secret in ["", "guess", &"0".repeat(32)] {
        assert!(through(&gate, secret, &to).await.is_none(), "{secret}");
    }
    assert!(through(&gate, &gate.secret.clone(), &to).await.is_some());
}

#[tokio::test]
async fn unknown_name_and_silent_host_are_told_apart() {
    let nowhere = hosts("nowhere.example.com", &[]);
    let found = verdict(Rules::Any, nowhere, "nowhere.example.com:443").await;
    assert_eq!(found, Some(Verdict::Unresolved));
    // Bound, so that nobody else gets the port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let to = closed.local_addr().unwrap().to_string();
    let found = verdict(Rules::Any, Hosts::default(), &to).await;
    assert_eq!(found, Some(Verdict::Unreachable));
}
