//! Tells in the terminal what happens on the simulated GitHub, as it happens.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use super::scene::{MAINTAINER, REPOSITORY};
use crate::cli::terminal::Terminal;
use crate::simulator::{Happening, Simulator, What};

/// Something that tells until it is ended.
pub(super) struct Telling {
    sim: Simulator,
    task: JoinHandle<()>,
}

impl Telling {
    /// Returns when everything that has happened so far is told.
    pub(super) async fn quiet(&self) {
        self.sim.settled().await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }

    pub(super) fn end(self) {
        self.task.abort();
    }
}

/// Begins to tell what happens from now on.
pub(super) fn begin(sim: &Simulator, terminal: Terminal) -> Telling {
    let mut happenings = sim.watch();
    let task = tokio::spawn(async move {
        loop {
            match happenings.recv().await {
                Ok(happening) => tell(terminal, &happening),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    Telling {
        sim: sim.clone(),
        task,
    }
}

fn tell(terminal: Terminal, happening: &Happening) {
    let time = terminal.dim(happening.at.format("%H:%M:%S"));
    let line = happening
        .to_string()
        .replace(&format!("{REPOSITORY}#"), "#");
    let line = if happening.by == MAINTAINER {
        terminal.cyan(line)
    } else {
        line
    };
    terminal.line(format_args!(
        "   {time}  {line}{}",
        terminal.dim(said(&happening.what))
    ));
}

/// The line of a comment that says most.
fn said(what: &What) -> String {
    let (What::CommentCreated { text, .. } | What::CommentEdited { text, .. }) = what else {
        return String::new();
    };
    let mut lines = text
        .lines()
        .filter(|l| !l.starts_with("<!--") && !l.trim().is_empty());
    match lines.next() {
        Some(line) => format!(": {}", line.trim_start_matches(['#', ' '])),
        None => String::new(),
    }
}
