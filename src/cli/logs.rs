//! The log of servers and workers, on the standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use super::terminal::Terminal;
use crate::config::{Config, LogFormat};

/// Starts logging as the config says. Says the config's warnings first.
pub(super) fn start(config: &Config) {
    // Tried out when the config was read.
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_default();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A second start in one process, as in tests, changes nothing.
    let _ = match config.log_format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log
            .with_ansi(Terminal::of_errors().is_coloured())
            .try_init(),
    };
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}
