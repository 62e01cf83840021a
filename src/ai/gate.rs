//! The only way out to a provider: a SOCKS relay on the loopback, for one question, that looks at every address it
//! connects to and bounds what comes back.
//!
//! The library reads a reply whole, however long, and takes no transport of ours; what it does take is a client that goes
//! through a proxy. So the address that was looked at is the one that is connected to, whatever a name means a moment later;
//! TLS goes on to the provider's end; and whoever connects here without this question's secret gets nothing.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::task::AbortHandle;

use super::address::{self, Rules};
use crate::clock::Chance;

/// The most that one connection may bring back: a plan of a hundred issues is a tenth of it.
pub(super) const MOST: u64 = 4 * 1024 * 1024;
/// How long one address of a host may take to answer.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the library may take to say where it wants to go.
const GREETING: Duration = Duration::from_secs(5);
const USER: &str = "question";

/// Why a connection was refused or cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The address is against the rules.
    Forbidden(String),
    /// The name means no address.
    Unresolved,
    Unreachable,
    /// More came back than [`MOST`].
    TooMuch,
}

/// Addresses of names that are known without asking, as in `/etc/hosts`.
pub(super) type Hosts = Arc<HashMap<String, Vec<IpAddr>>>;

/// Open until it is dropped.
pub(super) struct Gate {
    place: SocketAddr,
    secret: String,
    verdict: Shared,
    task: AbortHandle,
}

type Shared = Arc<Mutex<Option<Verdict>>>;

#[derive(Clone)]
struct Keeper {
    secret: String,
    rules: Rules,
    hosts: Hosts,
    verdict: Shared,
}

impl Gate {
    pub(super) async fn open(rules: Rules, hosts: Hosts, chance: &Chance) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let place = listener.local_addr()?;
        let secret = hex::encode(chance.random_bytes::<16>());
        let verdict = Shared::default();
        let keeper = Keeper {
            secret: secret.clone(),
            rules,
            hosts,
            verdict: verdict.clone(),
        };
        let task = tokio::spawn(keep(listener, keeper)).abort_handle();
        Ok(Self {
            place,
            secret,
            verdict,
            task,
        })
    }

    /// The proxy's address, which resolves names itself.
    pub(super) fn proxy(&self) -> String {
        format!("socks5h://{USER}:{}@{}", self.secret, self.place)
    }

    /// What was found wrong since the last look.
    pub(super) fn take_verdict(&self) -> Option<Verdict> {
        self.verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(listener: TcpListener, keeper: Keeper) {
    // Dropped with this task, and the connections with it.
    let mut open = tokio::task::JoinSet::new();
    while let Ok((inside, _)) = listener.accept().await {
        let keeper = keeper.clone();
        open.spawn(async move { keeper.serve(inside).await });
        while open.try_join_next().is_some() {}
    }
}

impl Keeper {
    fn finds(&self, verdict: Verdict) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }

    async fn serve(&self, mut inside: TcpStream) -> io::Result<()> {
        let greeted = tokio::time::timeout(GREETING, self.greet(&mut inside)).await;
        let (host, port) = greeted.map_err(io::Error::from)??;
        match self.reach(&host, port).await {
            Ok(outside) => {
                inside.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
                self.relay(inside, outside).await
            }
            Err(verdict) => {
                let code = match verdict {
                    Verdict::Forbidden(_) => 2,
                    _ => 4,
                };
                self.finds(verdict);
                inside.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
            }
        }
    }

    /// RFC 1928 and 1929, as far as one client speaks them: the secret, then where to go.
    async fn greet(&self, inside: &mut TcpStream) -> io::Result<(String, u16)> {
        let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
        let [5, methods] = take::<2>(inside).await? else {
            return Err(refused());
        };
        take_some(inside, methods).await?;
        inside.write_all(&[5, 2]).await?;
        let [1, length] = take::<2>(inside).await? else {
            return Err(refused());
        };
        let user = take_some(inside, length).await?;
        let [length] = take::<1>(inside).await?;
        let secret = take_some(inside, length).await?;
        // 128 random bits that are good for one question: how long the comparison takes tells nobody enough.
        if user != USER.as_bytes() || secret != self.secret.as_bytes() {
            return Err(refused());
        }
        inside.write_all(&[1, 0]).await?;
        let [5, 1, 0, kind] = take::<4>(inside).await? else {
            return Err(refused());
        };
        let host = match kind {
            1 => IpAddr::from(take::<4>(inside).await?).to_string(),
            4 => IpAddr::from(take::<16>(inside).await?).to_string(),
            3 => {
                let [length] = take::<1>(inside).await?;
                let name = take_some(inside, length).await?;
                String::from_utf8(name).map_err(|_| refused())?
            }
            _ => return Err(refused()),
        };
        Ok((host, u16::from_be_bytes(take::<2>(inside).await?)))
    }

    /// A connection to the first of the host's addresses that answers. One forbidden address forbids the host.
    async fn reach(&self, host: &str, port: u16) -> Result<TcpStream, Verdict> {
        let places = self.resolve(host, port).await;
        if places.is_empty() {
            return Err(Verdict::Unresolved);
        }
        for place in &places {
            address::permit_place(*place, self.rules).map_err(Verdict::Forbidden)?;
        }
        for place in places {
            let connected = tokio::time::timeout(CONNECT, TcpStream::connect(place)).await;
            if let Ok(Ok(outside)) = connected {
                // Only costs time where it fails.
                let _ = outside.set_nodelay(true);
                return Ok(outside);
            }
        }
        Err(Verdict::Unreachable)
    }

    async fn resolve(&self, host: &str, port: u16) -> Vec<SocketAddr> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let place = |address: IpAddr| SocketAddr::new(address, port);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return vec![place(address)];
        }
        if let Some(known) = self.hosts.get(bare) {
            return known.iter().copied().map(place).collect();
        }
        let found = lookup_host((bare, port)).await;
        found.map_or_else(|_| Vec::new(), Iterator::collect)
    }

    async fn relay(&self, mut inside: TcpStream, mut outside: TcpStream) -> io::Result<()> {
        let (mut from_inside, mut to_inside) = inside.split();
        let (from_outside, mut to_outside) = outside.split();
        let mut bounded = from_outside.take(MOST);
        let out = async {
            tokio::io::copy(&mut from_inside, &mut to_outside).await?;
            to_outside.shutdown().await
        };
        let back = async {
            tokio::io::copy(&mut bounded, &mut to_inside).await?;
            if bounded.limit() == 0 {
                self.finds(Verdict::TooMuch);
            }
            to_inside.shutdown().await
        };
        // When nothing more comes back the question is over.
        let mut out = std::pin::pin!(out);
        let mut back = std::pin::pin!(back);
        tokio::select! {
            done = &mut back => done,
            sent = &mut out => {
                sent?;
                back.await
            }
        }
    }
}

async fn take<const N: usize>(from: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn take_some(from: &mut TcpStream, length: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(length)];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
