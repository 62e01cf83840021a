//! Stands between a process and PostgreSQL, counts the statements of its work, and kills it at the one that is named.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// On which side of a statement the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The statement never reaches PostgreSQL.
    Before,
    /// PostgreSQL has done it, and the process does not hear of it.
    After,
}

/// The proxy; it ends with the runtime.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    trap: Mutex<Trap>,
}

#[derive(Default)]
struct Trap {
    victim: Option<Child>,
    /// Connections of an earlier life carry nothing any more.
    life: u32,
    statements: usize,
    at: Option<(usize, Side)>,
    /// Told when this life's process was killed.
    sprung: Arc<Notify>,
}

impl Proxy {
    pub(super) async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            upstream,
            trap: Mutex::default(),
        });
        let inside = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // An end that breaks off is what this is for.
                tokio::spawn(carry(Arc::clone(&inside), client));
            }
        });
        Self { address, shared }
    }

    /// A new life begins: this process is to die at that statement of its own, counted from 1.
    pub(super) fn arm(&self, victim: Child, at: Option<(usize, Side)>) {
        let mut trap = self.shared.trap();
        if trap.victim.is_some() {
            trap.kill();
        }
        trap.victim = Some(victim);
        trap.statements = 0;
        trap.at = at;
        trap.sprung = Arc::default();
    }

    /// Returns when the process has been killed.
    pub(super) async fn sprung(&self) {
        let sprung = Arc::clone(&self.shared.trap().sprung);
        sprung.notified().await;
    }

    /// Kills the process where it is; answers how many statements its work had. `None`: it came to the one at which it was
    /// to die, and has done nothing since.
    pub(super) fn end(&self) -> Option<usize> {
        let mut trap = self.shared.trap();
        trap.kill();
        let died = trap.at.is_some_and(|(at, _)| trap.statements >= at);
        (!died).then_some(trap.statements)
    }

    /// Whether the process has ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        let mut trap = self.shared.trap();
        let victim = trap.victim.as_mut();
        victim.is_some_and(|v| !matches!(v.try_wait(), Ok(None)))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.trap().kill();
    }
}

impl Trap {
    /// By its own id, with SIGKILL; returns when it is gone.
    fn kill(&mut self) {
        self.life += 1;
        if let Some(mut victim) = self.victim.take() {
            victim.kill().expect("it is ours to kill");
            victim.wait().expect("it ends");
        }
    }
}

impl Shared {
    fn trap(&self) -> MutexGuard<'_, Trap> {
        self.trap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a statement of the work; the side on which it is the last.
    fn count(&self) -> Option<Side> {
        let mut trap = self.trap();
        trap.statements += 1;
        let (at, side) = trap.at?;
        (at == trap.statements).then_some(side)
    }

    /// Unless that life is over already.
    fn spring(&self, life: u32) {
        let mut trap = self.trap();
        if trap.life == life {
            trap.kill();
            trap.sprung.notify_one();
        }
    }
}

/// Carries one connection both ways until an end of it is gone or its process is dead.
async fn carry(shared: Arc<Shared>, client: TcpStream) -> io::Result<()> {
    let life = shared.trap().life;
    let server = TcpStream::connect(shared.upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let last_answer = AtomicBool::new(false);
    tokio::select! {
        ended = ask(&shared, life, from_client, to_server, &last_answer) => ended,
        ended = answer(&shared, life, from_server, to_client, &last_answer) => ended,
    }
}

/// What the process sends: the startup message, then typed ones, which a Sync or a simple Query completes.
async fn ask(
    shared: &Shared,
    life: u32,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    last_answer: &AtomicBool,
) -> io::Result<()> {
    let mut together = Vec::new();
    read_sized(&mut from, &mut together).await?;
    let mut statements = Statements::default();
    loop {
        to.write_all(&together).await?;
        together.clear();
        let mut kind = 0;
        while !matches!(kind, b'S' | b'Q' | b'H' | b'X') {
            kind = from.read_u8().await?;
            together.push(kind);
            let body = read_sized(&mut from, &mut together).await?;
            statements.note(kind, &together[body..]);
        }
        if shared.trap().life != life {
            return Ok(());
        }
        if matches!(kind, b'S' | b'Q') && statements.take_ours() {
            match shared.count() {
                Some(Side::Before) => {
                    shared.spring(life);
                    return Ok(());
                }
                Some(Side::After) => last_answer.store(true, Ordering::SeqCst),
                None => {}
            }
        }
    }
}

/// What PostgreSQL answers; the last answer is waited for and kept.
async fn answer(
    shared: &Shared,
    life: u32,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    last_answer: &AtomicBool,
) -> io::Result<()> {
    let mut together = Vec::new();
    loop {
        let kind = from.read_u8().await?;
        together.push(kind);
        read_sized(&mut from, &mut together).await?;
        // Complete with ReadyForQuery; what asks for a password or notifies stands alone.
        if !matches!(kind, b'Z' | b'R' | b'A' | b'N') {
            continue;
        }
        if last_answer.load(Ordering::SeqCst) {
            if kind == b'Z' {
                shared.spring(life);
                return Ok(());
            }
            continue;
        }
        to.write_all(&together).await?;
        together.clear();
    }
}

/// Appends a length and as many bytes; answers where the bytes begin.
async fn read_sized(from: &mut OwnedReadHalf, into: &mut Vec<u8>) -> io::Result<usize> {
    let length = from.read_u32().await?;
    into.extend_from_slice(&length.to_be_bytes());
    let body = into.len();
    let size = usize::try_from(length).map_err(io::Error::other)?;
    into.resize(body + size.saturating_sub(4), 0);
    from.read_exact(&mut into[body..]).await?;
    Ok(body)
}

/// The statements of one connection, by the names that the process gave them.
#[derive(Default)]
struct Statements {
    prepared: HashMap<Vec<u8>, bool>,
    bound: bool,
    ours: bool,
    /// The open transaction holds work of ours, so that its end is one of our statements.
    in_transaction: bool,
}

impl Statements {
    fn note(&mut self, kind: u8, body: &[u8]) {
        let mut words = body.split(|byte| *byte == 0);
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        match kind {
            b'P' => {
                self.prepared.insert(first.to_vec(), is_ours(second));
            }
            b'B' => self.bound = self.prepared.get(second).copied().unwrap_or(true),
            b'E' => self.ours |= self.bound,
            b'Q' => match String::from_utf8_lossy(first)
                .trim()
                .to_uppercase()
                .as_str()
            {
                "COMMIT" => self.ours = std::mem::take(&mut self.in_transaction),
                begin if begin.starts_with("BEGIN") => self.in_transaction = false,
                _ => self.ours = is_ours(first),
            },
            _ => {}
        }
    }

    fn take_ours(&mut self) -> bool {
        let ours = std::mem::take(&mut self.ours);
        self.in_transaction |= ours;
        ours
    }
}

/// Whether it belongs to a run or to the end of its job: what the queue does by the clock does not count.
fn is_ours(sql: &[u8]) -> bool {
    let sql = String::from_utf8_lossy(sql).to_lowercase();
    let by_the_clock = ["listen", "rollback", "set ", "delete from deliveries"];
    let of_the_sweep = ["delivery_sweeps", "redeliveries", "ai_calls", "advisory"];
    if by_the_clock
        .iter()
        .any(|word| sql.trim_start().starts_with(word))
        || of_the_sweep.iter().any(|word| sql.contains(word))
    {
        return false;
    }
    let ends_a_job = sql.contains("delete from") && sql.contains("_private_jobs");
    !sql.contains("graphile_worker") || sql.contains("add_job") || ends_a_job
}
