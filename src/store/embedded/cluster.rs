//! PostgreSQL's data folder: which version made it, and how it is made at the first time.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::process::Command;

use super::account::Account;
use super::binaries::Binaries;
use super::{EmbeddedError, NAME, Places, folder_error, private_file};

/// The major version that made the folder; `None` if it was not made yet.
pub(super) fn version(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Makes the folder unless it is there. It gets its name when it is whole, so that a broken attempt is made again.
pub(super) async fn make(
    places: &Places,
    account: &Account,
    binaries: &Binaries,
    password: &SecretString,
) -> Result<(), EmbeddedError> {
    if version(&places.data).is_some() {
        return Ok(());
    }
    let unfinished = places.root.join("unfinished-data");
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir(&unfinished)
        .map_err(|source| folder_error("cannot make", &unfinished, source))?;
    account.own(&unfinished)?;
    let password_file = places.root.join("password-for-initdb");
    private_file(&password_file, password.expose_secret().as_bytes())?;
    account.own(&password_file)?;
    let made = initdb(places, account, binaries, &unfinished, &password_file).await;
    let _ = fs::remove_file(&password_file);
    made?;
    fs::rename(&unfinished, &places.data)
        .map_err(|source| folder_error("cannot name", &places.data, source))
}

async fn initdb(
    places: &Places,
    account: &Account,
    binaries: &Binaries,
    data: &Path,
    password_file: &Path,
) -> Result<(), EmbeddedError> {
    let program = binaries.program("initdb");
    let mut command = Command::new(&program);
    command
        .arg("--pgdata")
        .arg(data)
        .arg("--pwfile")
        .arg(password_file)
        .args([
            "--username",
            NAME,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
        ])
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir(&places.root)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output =
        account
            .run(&mut command)
            .output()
            .await
            .map_err(|source| EmbeddedError::Program {
                program: program.display().to_string(),
                source,
            })?;
    if output.status.success() {
        return Ok(());
    }
    let says = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(EmbeddedError::Initdb {
        folder: places.root.clone(),
        says: says + &account.hint(&places.root),
    })
}
