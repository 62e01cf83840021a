//! Where the program keeps what is its own on this machine.

use std::path::PathBuf;

use super::environment::Environment;

/// `/var/lib/openproducer` for root, else `openproducer` where this person's programs keep their data.
pub(super) fn of_data(environment: &Environment) -> PathBuf {
    if runs_as_root() {
        return PathBuf::from("/var/lib/openproducer");
    }
    // The rule of the XDG base directories: a relative path counts as not set.
    let absolute = |name| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/share")))
        .or_else(|| Some(std::env::home_dir()?.join(".local/share")))
        .unwrap_or_else(|| PathBuf::from("."))
        .join("openproducer")
}

/// Where one demo keeps its data: a folder of its own, so that two can run at once.
pub fn of_demo() -> PathBuf {
    of_data(&Environment::of_process_alone()).join(format!("demo-{}", std::process::id()))
}

/// Is this process the superuser's?
#[cfg(unix)]
pub fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // Linux says so at once; elsewhere a small program knows.
    std::fs::metadata("/proc/self").map_or_else(
        |_| {
            std::process::Command::new("id")
                .arg("-u")
                .output()
                .is_ok_and(|said| said.stdout.trim_ascii() == b"0")
        },
        |process| process.uid() == 0,
    )
}

/// Is this process the superuser's?
#[cfg(not(unix))]
pub fn runs_as_root() -> bool {
    false
}
