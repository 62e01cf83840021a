//! The embedded default with the PostgreSQL of this machine, as whoever runs the tests (root or not).

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use openproducer::config::{Environment, runs_as_root};
use openproducer::store::embedded::Embedded;
use openproducer::store::{self, PoolSettings};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};

/// The user `nobody` on Linux.
const NOBODY: u32 = 65534;

/// A folder of one test, gone afterwards. Not under target/: as root, PostgreSQL's user may not reach a clone in
/// root's home.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("openproducer-embedded-{}", uuid::Uuid::now_v7().simple());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn connect(embedded: &Embedded) -> PgConnection {
    PgConnection::connect(embedded.url().expose_secret())
        .await
        .unwrap()
}

async fn write(embedded: &Embedded) {
    let mut connection = connect(embedded).await;
    sqlx::query("CREATE TABLE kept AS SELECT 42 AS answer")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn read(embedded: &Embedded) -> i32 {
    let mut connection = connect(embedded).await;
    sqlx::query_scalar("SELECT answer FROM kept")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

/// Waits for the end of the PostgreSQL at this address.
async fn gone(url: &str) {
    while PgConnection::connect(url).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn postmaster_file(folder: &Path) -> PathBuf {
    folder.join("postgres/data/postmaster.pid")
}

#[tokio::test]
async fn data_outlives_a_stop_and_nothing_runs_meanwhile() {
    let folder = Folder::new();
    let first = Embedded::start(&folder.0).await.unwrap();
    let url = first.url().expose_secret().to_owned();
    write(&first).await;
    first.stop().await.unwrap();
    assert!(
        !postmaster_file(&folder.0).exists(),
        "PostgreSQL ended in order"
    );
    PgConnection::connect(&url).await.unwrap_err();

    let second = Embedded::start(&folder.0).await.unwrap();
    assert_eq!(read(&second).await, 42);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_that_went_away_under_a_pool_is_told_with_the_reason() {
    let folder = Folder::new();
    let embedded = Embedded::start(&folder.0).await.unwrap();
    let settings = PoolSettings {
        acquire_timeout: Duration::from_secs(2),
        ..PoolSettings::named("watch")
    };
    let pool = store::connect(embedded.url().expose_secret(), &settings)
        .await
        .unwrap();
    let patience = Duration::from_secs(5);
    store::try_to_reach(&pool, patience).await.unwrap();
    embedded.stop().await.unwrap();

    // The first finds connections that are cut, the next that there are none.
    let _ = store::try_to_reach(&pool, patience).await;
    let why = store::try_to_reach(&pool, patience).await.unwrap_err();
    assert!(matches!(why, sqlx::Error::Io(_)), "{why:?}");
}

#[tokio::test]
async fn durability_is_not_traded_for_speed() {
    let folder = Folder::new();
    let embedded = Embedded::start(&folder.0).await.unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connect(&embedded).await)
            .await
            .unwrap();
        assert_eq!(value, "on", "{setting}");
    }
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn dropping_it_stops_postgresql_and_a_start_right_after_works() {
    let folder = Folder::new();
    let first = Embedded::start(&folder.0).await.unwrap();
    let url = first.url().expose_secret().to_owned();
    write(&first).await;
    drop(first);
    let second = Embedded::start(&folder.0).await.unwrap();
    gone(&url).await;
    assert_eq!(read(&second).await, 42);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_one_on_the_folder_shares_the_first() {
    let folder = Folder::new();
    let owner = Embedded::start(&folder.0).await.unwrap();
    write(&owner).await;
    let guest = Embedded::start(&folder.0).await.unwrap();
    assert!(guest.is_shared() && !owner.is_shared());
    assert_eq!(read(&guest).await, 42);
    guest.stop().await.unwrap();
    assert_eq!(read(&owner).await, 42, "the guest stops nothing");
    owner.stop().await.unwrap();
}

#[tokio::test]
async fn traces_of_a_killed_machine_do_not_stop_a_start() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.0.join("postgres/unfinished-data/base")).unwrap();
    let first = Embedded::start(&folder.0).await.unwrap();
    write(&first).await;
    let stale = std::fs::read(postmaster_file(&folder.0)).unwrap();
    first.stop().await.unwrap();

    std::fs::write(postmaster_file(&folder.0), stale).unwrap();
    std::fs::write(
        folder.0.join("postgres/address"),
        "postgres://openproducer:x@127.0.0.1:1/openproducer",
    )
    .unwrap();
    let second = Embedded::start(&folder.0).await.unwrap();
    assert_eq!(read(&second).await, 42);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_said_with_its_name() {
    let file = std::env::temp_dir().join(format!("openproducer-file-{}", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let error = Embedded::start(&file.join("inside"))
        .await
        .unwrap_err()
        .to_string();
    std::fs::remove_file(&file).unwrap();
    assert!(
        error.contains("cannot make the folder") && error.contains("inside"),
        "{error}"
    );
}

/// No test of its own: the process that others start, and kill.
#[tokio::test]
#[ignore = "started by the tests below"]
async fn a_process_that_runs_an_embedded_one() {
    let environment = Environment::of_process_alone();
    let folder = PathBuf::from(environment.get("HELD_FOLDER").unwrap());
    let embedded = Embedded::start(&folder).await.unwrap();
    std::fs::write(folder.join("url.new"), embedded.url().expose_secret()).unwrap();
    std::fs::rename(folder.join("url.new"), folder.join("url")).unwrap();
    std::future::pending::<()>().await;
}

/// This test program again, running only the one above, on this folder.
fn holder(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            "--ignored",
            "--exact",
            "embedded::a_process_that_runs_an_embedded_one",
        ])
        .env("HELD_FOLDER", folder)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

async fn killed_at_work(mut holder: Command, folder: &Path) -> String {
    let mut process = holder.spawn().unwrap();
    let url = loop {
        assert!(
            process.try_wait().unwrap().is_none(),
            "the other process ended early"
        );
        match std::fs::read_to_string(folder.join("url")) {
            Ok(url) => break url,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    PgConnection::connect(&url).await.unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    url
}

#[tokio::test]
async fn a_killed_process_leaves_no_postgresql_behind_and_the_next_start_works() {
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    let program = std::env::current_exe().unwrap();
    let url = killed_at_work(holder(&program, &folder.0), &folder.0).await;
    let next = Embedded::start(&folder.0).await.unwrap();
    assert!(!next.is_shared(), "the killed one's is not used on");
    gone(&url).await;
    next.stop().await.unwrap();
}

#[tokio::test]
async fn a_normal_user_runs_it_as_himself() {
    if !runs_as_root() {
        return; // every test here was that test already
    }
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    // The clone may be in root's home.
    let program = folder.0.join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    chown(&folder.0, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut holder = holder(&program, &folder.0);
    holder.uid(NOBODY).gid(NOBODY);
    let url = killed_at_work(holder, &folder.0).await;
    gone(&url).await;
}
