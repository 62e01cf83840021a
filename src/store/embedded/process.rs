//! The running PostgreSQL, and the shell that stops it when we are gone.

use std::fs::{self, File};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, ChildStdin, Command};

use super::account::Account;
use super::binaries::Binaries;
use super::{EmbeddedError, Places, folder_error};

/// How long PostgreSQL may take to write everything down and end.
const STOP: Duration = Duration::from_secs(30);

/// Runs its arguments until they end or its input closes, which is when the program that holds the other end is gone.
/// SIGINT is PostgreSQL's fast shutdown.
const KEEPER: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r line <&3; kill -INT "$server"; } &
watcher=$!
exec 3<&-
wait "$server"
kill "$watcher" 2>/dev/null
"#;

/// PostgreSQL as our child, behind its keeper.
#[derive(Debug)]
pub(super) struct Process {
    keeper: Child,
    /// Closing it stops PostgreSQL.
    hold: Option<ChildStdin>,
}

impl Process {
    /// Starts PostgreSQL on a free port of this machine alone, and waits until it takes connections.
    pub(super) async fn start(
        places: &Places,
        account: &Account,
        binaries: &Binaries,
        deadline: Instant,
    ) -> Result<(Self, u16), EmbeddedError> {
        loop {
            let port = free_port()
                .map_err(|source| folder_error("no free port for", &places.data, source))?;
            let mut process = Self::spawn(places, account, binaries, port)?;
            if process.answers(port, deadline).await {
                return Ok((process, port));
            }
            // Let it end before its log is read.
            let stopped = process.stop().await;
            let says = last_words(places);
            // The server of a process that was killed may still be writing its data down; a port may be snatched.
            let passes = says.contains("postmaster.pid") || says.contains("could not bind");
            if !passes || Instant::now() > deadline {
                stopped?;
                return Err(EmbeddedError::Start {
                    folder: places.root.clone(),
                    says: says + &account.hint(&places.root),
                });
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn spawn(
        places: &Places,
        account: &Account,
        binaries: &Binaries,
        port: u16,
    ) -> Result<Self, EmbeddedError> {
        let log = File::create(&places.log)
            .map_err(|source| folder_error("cannot write", &places.log, source))?;
        let log_too = log
            .try_clone()
            .map_err(|source| folder_error("cannot write", &places.log, source))?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "openproducer-postgres"])
            .arg(binaries.program("postgres"))
            .arg("-D")
            .arg(&places.data)
            .args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            // Two small servers on one machine, not a database host.
            "max_connections=100",
            "shared_buffers=128MB",
            "logging_collector=off",
            "log_checkpoints=off",
        ] {
            command.args(["-c", setting]);
        }
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/bin")
            .current_dir(&places.root)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(log_too)
            // Ctrl-C in a terminal is for us: we stop PostgreSQL when its last user is done.
            .process_group(0);
        let mut keeper =
            account
                .run(&mut command)
                .spawn()
                .map_err(|source| EmbeddedError::Program {
                    program: "/bin/sh".to_owned(),
                    source,
                })?;
        let hold = keeper.stdin.take();
        Ok(Self { keeper, hold })
    }

    /// Waits until connections are taken: true; or until it has ended or the time is up: false.
    async fn answers(&mut self, port: u16, deadline: Instant) -> bool {
        while Instant::now() < deadline {
            if !matches!(self.keeper.try_wait(), Ok(None)) {
                return false;
            }
            if takes_connections(port).await {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        false
    }

    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        drop(self.hold.take());
        match tokio::time::timeout(STOP, self.keeper.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(EmbeddedError::Stop(STOP)),
        }
    }
}

/// A refusal of a stranger is an answer; "the database system is starting up" is none.
async fn takes_connections(port: u16) -> bool {
    use sqlx::ConnectOptions as _;
    let nobody = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username("nobody")
        .password("none")
        .database("postgres")
        .ssl_mode(sqlx::postgres::PgSslMode::Disable);
    match nobody.connect().await {
        Ok(_) => true,
        // 28…: who are you? That is PostgreSQL, ready.
        Err(sqlx::Error::Database(error)) => {
            error.code().is_some_and(|code| code.starts_with("28"))
        }
        Err(_) => false,
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn last_words(places: &Places) -> String {
    let log = fs::read_to_string(&places.log).unwrap_or_default();
    let mut lines: Vec<&str> = log.lines().rev().take(5).collect();
    lines.reverse();
    lines.join("\n")
}
