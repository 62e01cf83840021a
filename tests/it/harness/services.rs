//! The real PostgreSQL and Redis under the tests: those of `make test`, or started here through `tests/services`.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt as _, parent_id};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where the tests find their services.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    /// An administrator's address: tests make databases of their own.
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
}

/// The services of this test run; the first that asks starts them, and they end with the run.
pub(crate) fn services() -> &'static Services {
    static SERVICES: OnceLock<Services> = OnceLock::new();
    SERVICES.get_or_init(|| given().unwrap_or_else(attached))
}

/// Those that `tests/services run` or a person names.
fn given() -> Option<Services> {
    Some(Services {
        database_url: variable("OPENPRODUCER_TEST_DATABASE_URL")?,
        redis_url: variable("OPENPRODUCER_TEST_REDIS_URL")?,
    })
}

/// Started for this run and watched: they stop when the runner is gone. Every process of one run finds the same ones
/// through a file named after the runner, under a lock.
fn attached() -> Services {
    let runner = runner();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("services");
    fs::create_dir_all(&folder).expect("a folder under target/");
    let lock = File::create(folder.join(format!("{runner}.lock"))).expect("a lock file");
    lock.lock().expect("the lock of this run's services");
    let addresses = folder.join(runner.to_string());
    if let Some(running) = read(&addresses) {
        return running;
    }
    let status = Command::new("tests/services")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("attach")
        .arg(runner.to_string())
        .arg(&addresses)
        // Out of reach of what ends one test of many.
        .process_group(0)
        .stdin(Stdio::null())
        .status()
        .expect("tests/services runs");
    assert!(status.success(), "tests/services says why");
    read(&addresses).expect("addresses of the started services")
}

/// Who lives as long as the run: nextest, which starts a process for each test, or this process, which cargo starts once.
fn runner() -> u32 {
    if variable("NEXTEST_RUN_ID").is_some() {
        parent_id()
    } else {
        std::process::id()
    }
}

/// A file of an earlier run whose process number came round again points to nothing.
fn read(addresses: &Path) -> Option<Services> {
    let text = fs::read_to_string(addresses).ok()?;
    let mut lines = text.lines();
    let found = Services {
        database_url: lines.next()?.to_owned(),
        redis_url: lines.next()?.to_owned(),
    };
    let alive = [&found.database_url, &found.redis_url].iter().all(|url| {
        let url = url::Url::parse(url).expect("an address written by tests/services");
        let place = (
            url.host_str().unwrap_or("127.0.0.1"),
            url.port().unwrap_or(0),
        );
        std::net::TcpStream::connect(place).is_ok()
    });
    alive.then_some(found)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own variables are no config"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
