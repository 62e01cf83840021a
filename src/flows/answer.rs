//! Answers in a comment of their own: what may be said, and that it is said once.

use super::asking::Asking;
use super::{FlowResult, Services, reply};
use crate::domain::comment::{self, About, Link};
use crate::domain::ids::RunId;
use crate::domain::rejection::Complaint;
use crate::domain::run::IllegalMove;

/// An answer in a comment of its own.
#[derive(Debug)]
pub enum Answer {
    Help,
    Status(String),
    Unknown {
        word: String,
        nearest: Option<&'static str>,
    },
    Complaints(Vec<Complaint>),
    /// The trigger issue is closed.
    Closed,
    /// No run of the issue is completed.
    NothingToSync,
    /// The text says what the issues follow already; these are not in it any more and were left open.
    InSync(Vec<Link>),
    /// A run of the issue is not over yet.
    SyncLater {
        run: RunId,
        is_preview: bool,
        is_sync: bool,
    },
    NothingToDo(&'static str),
    /// The run's state does not allow it.
    Already(IllegalMove, RunId),
    UnknownItems {
        numbers: Vec<u32>,
        /// The numbers that there are.
        known: Vec<u32>,
    },
    /// Numbers of a sync with which nothing is to be done, and those with which something is.
    NothingNeeded {
        numbers: Vec<u32>,
        to_do: Vec<u32>,
    },
    /// Why the plan is left as it is, in words.
    NotEdited(String),
    /// `drop` of all that is left.
    NothingLeft,
    /// The plan has changed and its preview is not there yet.
    NotShown,
}

/// Answers somebody who may ask here; to others a reaction is all.
pub async fn reply_if_allowed(
    services: &Services,
    asking: &Asking<'_>,
    with: Answer,
) -> FlowResult<()> {
    if asking.is_allowed(services).await? {
        answer(services, asking, with).await?;
    }
    Ok(())
}

/// Answers once, however often the delivery comes. Whether the asker may is known by now.
pub async fn answer(services: &Services, asking: &Asking<'_>, answer: Answer) -> FlowResult<()> {
    let bot = &services.bot().await?;
    let text = match answer {
        Answer::Help => comment::help(bot, None),
        Answer::Status(table) => table,
        Answer::Unknown { word, nearest } => comment::unknown_command(&word, nearest, bot),
        Answer::Complaints(complaints) => {
            comment::complaints(&faults(&complaints, asking.written()))
        }
        Answer::Closed => comment::closed(bot),
        Answer::NothingToSync => comment::nothing_to_sync(bot),
        Answer::InSync(left_open) => comment::in_sync(&left_open),
        Answer::SyncLater {
            run,
            is_preview,
            is_sync,
        } => comment::sync_later(&run, is_preview, is_sync, bot),
        Answer::NothingToDo("rollback") => comment::nothing_to_roll_back(bot),
        Answer::NothingToDo(_) => comment::nothing_to_confirm(bot),
        Answer::Already(illegal, run) => {
            let terminal = None;
            comment::already(
                illegal,
                About {
                    run: &run,
                    bot,
                    terminal,
                },
            )
        }
        Answer::UnknownItems { numbers, known } => comment::unknown_items(&numbers, &known),
        Answer::NothingNeeded { numbers, to_do } => comment::nothing_needed(&numbers, &to_do),
        Answer::NotEdited(why) => comment::not_edited(&why),
        Answer::NothingLeft => comment::nothing_left(bot),
        Answer::NotShown => comment::not_shown(bot),
    };
    let cause = asking.cause();
    reply::once(
        services,
        asking.repository,
        asking.issue.number,
        &cause,
        &text,
    )
    .await
}

fn faults(complaints: &[Complaint], written: &str) -> Vec<comment::Fault> {
    let lines: Vec<&str> = written.lines().collect();
    complaints
        .iter()
        .map(|c| comment::Fault {
            line: c.line,
            says: c.says.clone(),
            quoted: lines.get(c.line.wrapping_sub(1)).unwrap_or(&"").to_string(),
        })
        .collect()
}
