//! The embedded default: a real PostgreSQL of our own in a data folder, from this machine's programs or downloaded.
//!
//! It belongs to the process that started it. A small shell stands between: it holds the end of a pipe whose other
//! end is ours, and stops PostgreSQL when the pipe closes. So nothing is left behind however this process ends, by
//! SIGKILL too; only a SIGKILL to that shell as well leaves PostgreSQL running, and the next start then says so.

mod account;
mod binaries;
mod cluster;
mod process;

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::clock::Chance;
use account::Account;
use binaries::Binaries;
use process::Process;

/// The superuser and the database inside the embedded PostgreSQL.
const NAME: &str = "openproducer";

/// How long a start may take, recovery after a crash included.
const START: Duration = Duration::from_mins(1);

/// Why there is no embedded database. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("{what} {}: {source}", path.display())]
    Folder {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(
        "no PostgreSQL is installed here{wanted}, and the download failed ({reason}). Install one (Debian, Ubuntu: \
         `apt-get install postgresql`; macOS: `brew install postgresql`) or set DATABASE_URL"
    )]
    NoBinaries { wanted: String, reason: String },
    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as; start as another user or set DATABASE_URL"
    )]
    NoAccount,
    #[error("cannot run {program}: {source}")]
    Program { program: String, source: io::Error },
    #[error("cannot prepare the database in {}: {says}", folder.display())]
    Initdb { folder: PathBuf, says: String },
    #[error("PostgreSQL did not start in {}: {says}", folder.display())]
    Start { folder: PathBuf, says: String },
    #[error("{} is in use by another openproducer that is starting or stopping; try again in a moment", .0.display())]
    Busy(PathBuf),
    #[error("the embedded PostgreSQL does not answer: {0}")]
    Query(#[from] sqlx::Error),
    #[error("the embedded PostgreSQL did not stop within {} s", .0.as_secs())]
    Stop(Duration),
}

/// A running PostgreSQL of our own. Dropping it stops PostgreSQL as well, only without waiting.
#[derive(Debug)]
pub struct Embedded {
    url: SecretString,
    /// `None`: another process of ours runs it, and we are its guest.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    process: Process,
    address: PathBuf,
    /// Held while PostgreSQL is ours; let go last.
    _lock: File,
}

impl Embedded {
    /// Starts the PostgreSQL of this folder, and makes it at the first time. Where another process already runs it,
    /// that one is shared.
    pub async fn start(folder: &Path) -> Result<Self, EmbeddedError> {
        let places = Places::in_folder(folder);
        let account = Account::find()?;
        places.make(&account)?;
        let deadline = Instant::now() + START;
        loop {
            if let Some(lock) = places.lock()? {
                return Self::start_locked(&places, &account, lock, deadline).await;
            }
            if let Some(url) = places.shared().await {
                return Ok(Self { url, own: None });
            }
            if Instant::now() > deadline {
                return Err(EmbeddedError::Busy(places.root));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The PostgreSQL of this folder where another process runs it; nothing is started or made.
    pub async fn find_running(folder: &Path) -> Option<Self> {
        let url = Places::in_folder(folder).shared().await?;
        Some(Self { url, own: None })
    }

    async fn start_locked(
        places: &Places,
        account: &Account,
        lock: File,
        deadline: Instant,
    ) -> Result<Self, EmbeddedError> {
        let binaries =
            Binaries::find_or_download(&places.root, cluster::version(&places.data)).await?;
        let password = places.password()?;
        cluster::make(places, account, &binaries, &password).await?;
        let (process, port) = Process::start(places, account, &binaries, deadline).await?;
        let url = format!(
            "postgres://{NAME}:{}@127.0.0.1:{port}/{NAME}",
            password.expose_secret()
        );
        make_database(port, &password).await?;
        private_file(&places.address, url.as_bytes())?;
        Ok(Self {
            url: url.into(),
            own: Some(Own {
                process,
                address: places.address.clone(),
                _lock: lock,
            }),
        })
    }

    /// Where to connect; holds the password.
    pub fn url(&self) -> &SecretString {
        &self.url
    }

    /// Does another process run it, so that it ends when that one does?
    pub fn is_shared(&self) -> bool {
        self.own.is_none()
    }

    /// Stops PostgreSQL and waits until it has. Close the pools first: it ends their connections. A shared one goes on.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        let Some(mut own) = self.own else {
            return Ok(());
        };
        // Gone already where the folder was removed: nothing to say about it.
        let _ = fs::remove_file(&own.address);
        own.process.stop().await
    }
}

/// What lies where in the data folder.
#[derive(Debug)]
struct Places {
    root: PathBuf,
    /// PostgreSQL's own folder, its account's alone.
    data: PathBuf,
    log: PathBuf,
    password: PathBuf,
    lock: PathBuf,
    /// The address of the running PostgreSQL, for guests.
    address: PathBuf,
}

impl Places {
    fn in_folder(folder: &Path) -> Self {
        let root = folder.join("postgres");
        Self {
            data: root.join("data"),
            log: root.join("postgres.log"),
            password: root.join("password"),
            lock: root.join("lock"),
            address: root.join("address"),
            root,
        }
    }

    fn make(&self, account: &Account) -> Result<(), EmbeddedError> {
        fs::create_dir_all(&self.root)
            .map_err(|source| folder_error("cannot make the folder", &self.root, source))?;
        account.own(&self.root)
    }

    fn lock(&self) -> Result<Option<File>, EmbeddedError> {
        let failed = |source| folder_error("cannot lock", &self.lock, source);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The address that the owner wrote, if it answers.
    async fn shared(&self) -> Option<SecretString> {
        let url = fs::read_to_string(&self.address).ok()?;
        let connection = PgConnection::connect(&url).await.ok()?;
        connection.close().await.ok()?;
        Some(url.into())
    }

    /// The password of this folder; made at the first time.
    fn password(&self) -> Result<SecretString, EmbeddedError> {
        match fs::read_to_string(&self.password) {
            Ok(password) if !password.trim().is_empty() => return Ok(password.trim().into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(folder_error("cannot read", &self.password, error)),
        }
        let password = hex::encode(Chance::system().random_bytes::<24>());
        private_file(&self.password, password.as_bytes())?;
        Ok(password.into())
    }
}

/// Writes a file that nobody else may read, whole or not at all.
fn private_file(path: &Path, bytes: &[u8]) -> Result<(), EmbeddedError> {
    let unfinished = path.with_extension("new");
    let written = (|| {
        let _ = fs::remove_file(&unfinished);
        let file = File::create_new(&unfinished)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        io::Write::write_all(&mut &file, bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    written.map_err(|source| folder_error("cannot write", path, source))
}

async fn make_database(port: u16, password: &SecretString) -> Result<(), EmbeddedError> {
    let mut admin = options(port, password)
        .database("postgres")
        .connect()
        .await?;
    let there: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'openproducer')",
    )
    .fetch_one(&mut admin)
    .await?;
    if !there {
        sqlx::query("CREATE DATABASE openproducer")
            .execute(&mut admin)
            .await?;
    }
    admin.close().await?;
    Ok(())
}

fn options(port: u16, password: &SecretString) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(NAME)
        .password(password.expose_secret())
}

fn folder_error(what: &'static str, path: &Path, source: io::Error) -> EmbeddedError {
    EmbeddedError::Folder {
        what,
        path: path.to_owned(),
        source,
    }
}
