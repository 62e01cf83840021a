//! The key that locks stored secrets: the operator's, or one that is made once beside the embedded database.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::clock::Chance;
use crate::config::{Config, EncryptionKey};

/// In the data folder.
const FILE: &str = "encryption.key";

/// Puts the key of the data folder in place where none is configured and the database is the embedded one, which lives
/// in the same folder. A database elsewhere outlives this machine: its key has to be the operator's.
pub(super) fn complete(config: &mut Config, chance: &Chance) -> anyhow::Result<()> {
    if config.encryption_key.is_none() && config.database_url.is_none() {
        config.encryption_key = Some(of_folder(&config.data_folder, chance)?);
    }
    Ok(())
}

/// The same for whoever only looks: a key that is not there is not made.
pub(super) fn find(config: &mut Config) -> anyhow::Result<()> {
    let file = config.data_folder.join(FILE);
    if config.encryption_key.is_none() && config.database_url.is_none() && file.exists() {
        config.encryption_key = Some(read(&file)?);
    }
    Ok(())
}

/// The folder's key, made if there is none. Of many processes that make one at once, one wins.
fn of_folder(folder: &Path, chance: &Chance) -> anyhow::Result<EncryptionKey> {
    let file = folder.join(FILE);
    let shown = file.display().to_string();
    if !file.exists() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let draft = folder.join(format!("{FILE}.{}", std::process::id()));
        write(&draft, chance).with_context(|| format!("cannot write {}", draft.display()))?;
        // A link is made whole or not at all, and takes nobody's place.
        let linked = fs::hard_link(&draft, &file);
        fs::remove_file(&draft).with_context(|| format!("cannot remove {}", draft.display()))?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("cannot make {shown}"));
            }
            _ => tracing::info!(
                file = shown,
                "made the key that locks stored secrets; back it up with the data"
            ),
        }
    }
    read(&file)
}

fn read(file: &Path) -> anyhow::Result<EncryptionKey> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let bytes = hex::decode(text.trim()).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(EncryptionKey::from_bytes).with_context(|| {
        format!("{shown} does not hold a key of 32 bytes in hex: put back the one that was there, or remove it and lose what it locks")
    })
}

fn write(file: &Path, chance: &Chance) -> std::io::Result<()> {
    let key: [u8; 32] = chance.random_bytes();
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_for_nobody_else() {
        let folder = std::env::temp_dir().join(format!("op-key-{}", uuid::Uuid::now_v7().simple()));
        let chance = Chance::system();
        let first = of_folder(&folder, &chance).unwrap();
        let again = of_folder(&folder, &chance).unwrap();
        assert_eq!(first.expose(), again.expose());
        let file = folder.join(FILE);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = fs::read_dir(&folder).unwrap().count();
        assert_eq!(files, 1, "no draft is left behind");

        fs::write(&file, "not a key\n").unwrap();
        let error = of_folder(&folder, &chance).unwrap_err().to_string();
        assert!(
            error.contains("encryption.key does not hold a key"),
            "{error}"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
