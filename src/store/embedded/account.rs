//! As whom PostgreSQL runs: as ourselves, but never as root, which it refuses.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use tokio::process::Command;

use super::{EmbeddedError, folder_error};
use crate::config::runs_as_root;

/// The account of PostgreSQL's processes and files.
#[derive(Debug, Clone)]
pub(super) enum Account {
    Ourselves,
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// For root `postgres`, which comes with the distribution's package, else `nobody`.
    pub(super) fn find() -> Result<Self, EmbeddedError> {
        if !runs_as_root() {
            return Ok(Self::Ourselves);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::in_passwd(&accounts, name))
            .ok_or(EmbeddedError::NoAccount)
    }

    fn in_passwd(accounts: &str, wanted: &str) -> Option<Self> {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| *name == wanted)?;
            let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
            let gid = fields.next()?.parse().ok()?;
            Some(Self::Other {
                name: name.to_owned(),
                uid,
                gid,
            })
        })
    }

    /// Makes the command run as this account, and drops root's groups with it.
    pub(super) fn run<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::Ourselves => command,
            Self::Other { uid, gid, .. } => command.uid(*uid).gid(*gid),
        }
    }

    /// Hands a file or folder to this account; a folder stays closed to everybody else.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        let failed = |source| folder_error("cannot hand to PostgreSQL's user", path, source);
        if let Self::Other { uid, gid, .. } = self {
            chown(path, Some(*uid), Some(*gid)).map_err(failed)?;
        }
        if path.is_dir() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
        Ok(())
    }

    /// What to add to PostgreSQL's own words when it cannot reach a folder.
    pub(super) fn hint(&self, folder: &Path) -> String {
        match self {
            Self::Ourselves => String::new(),
            Self::Other { name, .. } => format!(
                " (it runs as the user {name}, who must be able to enter every folder above {})",
                folder.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_the_machines_list() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";
        let found = Account::in_passwd(accounts, "postgres");
        assert!(
            matches!(
                found,
                Some(Account::Other {
                    uid: 101,
                    gid: 104,
                    ..
                })
            ),
            "{found:?}"
        );
        assert!(Account::in_passwd(accounts, "root").is_none(), "never root");
        assert!(Account::in_passwd(accounts, "nobody").is_none());
    }
}
