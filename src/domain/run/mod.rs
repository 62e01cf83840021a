//! A run's states and its legal moves; each move takes a state and gives the next, or says in words why not.

mod item;
mod standing;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use item::{IllegalItemMove, ItemMove, ItemState};
pub use standing::{Done, Standing};

use super::ids::RunId;

/// Where a run is on its way from request to result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
    RolledBack,
}

impl Status {
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::RolledBack,
    ];

    /// The name in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// True when nothing more happens by itself.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// What a running run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Planning,
    AwaitingConfirmation,
    Creating,
    Linking,
    Summarising,
    RollingBack,
}

impl Phase {
    pub const ALL: [Self; 6] = [
        Self::Planning,
        Self::AwaitingConfirmation,
        Self::Creating,
        Self::Linking,
        Self::Summarising,
        Self::RollingBack,
    ];

    /// The name in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::AwaitingConfirmation => "awaiting_confirmation",
            Self::Creating => "creating",
            Self::Linking => "linking",
            Self::Summarising => "summarising",
            Self::RollingBack => "rolling_back",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// A status and, while running, its phase; no other combination can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    status: Status,
    phase: Option<Phase>,
}

/// What somebody or something wants to do with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    StartPlanning,
    PlanStored { ask: bool },
    Replan,
    Confirm,
    Drop,
    CreatingDone,
    LinkingDone,
    Summarised,
    Cancel,
    Fail,
    StartRollback,
    RolledBack,
}

impl State {
    /// A run that has just been asked for.
    pub const PENDING: Self = Self {
        status: Status::Pending,
        phase: None,
    };

    /// Puts a stored status and phase together; `None` unless a phase is there exactly while running.
    pub fn new(status: Status, phase: Option<Phase>) -> Option<Self> {
        ((status == Status::Running) == phase.is_some()).then_some(Self { status, phase })
    }

    /// Reads the two columns of the `runs` table.
    pub fn parse(status: &str, phase: Option<&str>) -> Option<Self> {
        let phase = match phase {
            Some(text) => Some(Phase::parse(text)?),
            None => None,
        };
        Self::new(Status::parse(status)?, phase)
    }

    pub fn status(self) -> Status {
        self.status
    }

    pub fn phase(self) -> Option<Phase> {
        self.phase
    }

    /// Every state there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let idle = Status::ALL
            .into_iter()
            .filter_map(|status| Self::new(status, None));
        idle.chain(Phase::ALL.into_iter().map(Self::running))
    }

    const fn running(phase: Phase) -> Self {
        Self {
            status: Status::Running,
            phase: Some(phase),
        }
    }

    const fn ended(status: Status) -> Self {
        Self {
            status,
            phase: None,
        }
    }

    /// Makes one move. The three moves that start a piece of work may be made again from the work itself,
    /// because a job that lost its worker runs again.
    pub fn make(self, wanted: Move) -> Result<Self, IllegalMove> {
        use Phase as P;
        use Status as S;
        let next = match (wanted, self.status, self.phase) {
            (Move::StartPlanning, S::Pending, _)
            | (Move::StartPlanning, _, Some(P::Planning))
            | (Move::Replan, _, Some(P::AwaitingConfirmation)) => Self::running(P::Planning),
            (Move::PlanStored { ask: true }, _, Some(P::Planning))
            | (Move::Drop, _, Some(P::AwaitingConfirmation)) => {
                Self::running(P::AwaitingConfirmation)
            }
            (Move::PlanStored { ask: false }, _, Some(P::Planning))
            | (Move::Confirm, _, Some(P::AwaitingConfirmation)) => Self::running(P::Creating),
            (Move::CreatingDone, _, Some(P::Creating)) => Self::running(P::Linking),
            (Move::LinkingDone, _, Some(P::Linking)) => Self::running(P::Summarising),
            (Move::Summarised, _, Some(P::Summarising)) => Self::ended(S::Completed),
            (Move::Cancel, S::Pending, _)
            | (
                Move::Cancel,
                _,
                Some(P::Planning | P::AwaitingConfirmation | P::Creating | P::Linking),
            ) => Self::ended(S::Cancelled),
            (Move::Fail, S::Pending | S::Running, _) => Self::ended(S::Failed),
            (Move::StartRollback, S::Completed | S::Failed | S::Cancelled | S::RolledBack, _)
            | (Move::StartRollback, _, Some(P::RollingBack)) => Self::running(P::RollingBack),
            (Move::RolledBack, _, Some(P::RollingBack)) => Self::ended(S::RolledBack),
            _ => return Err(IllegalMove { from: self, wanted }),
        };
        Ok(next)
    }

    /// The planner begins, or begins again after its worker was lost.
    pub fn start_planning(self) -> Result<Self, IllegalMove> {
        self.make(Move::StartPlanning)
    }

    /// The plan is stored: wait for a person if `ask`, else create.
    pub fn plan_stored(self, ask: bool) -> Result<Self, IllegalMove> {
        self.make(Move::PlanStored { ask })
    }

    /// A person wants another plan.
    pub fn replan(self) -> Result<Self, IllegalMove> {
        self.make(Move::Replan)
    }

    /// A person takes items out of the preview; the state stays.
    pub fn drop_items(self) -> Result<Self, IllegalMove> {
        self.make(Move::Drop)
    }

    /// A person says go ahead.
    pub fn confirm(self) -> Result<Self, IllegalMove> {
        self.make(Move::Confirm)
    }

    /// Every item that is to be created is there.
    pub fn creating_done(self) -> Result<Self, IllegalMove> {
        self.make(Move::CreatingDone)
    }

    /// Every sub-issue and dependency is set.
    pub fn linking_done(self) -> Result<Self, IllegalMove> {
        self.make(Move::LinkingDone)
    }

    /// The summary is posted.
    pub fn summarised(self) -> Result<Self, IllegalMove> {
        self.make(Move::Summarised)
    }

    /// A person stops it.
    pub fn cancel(self) -> Result<Self, IllegalMove> {
        self.make(Move::Cancel)
    }

    /// It cannot go on.
    pub fn fail(self) -> Result<Self, IllegalMove> {
        self.make(Move::Fail)
    }

    /// A person wants what it created closed again, or the rollback goes on after its worker was lost.
    pub fn start_rollback(self) -> Result<Self, IllegalMove> {
        self.make(Move::StartRollback)
    }

    /// Everything that could be closed is closed.
    pub fn rolled_back(self) -> Result<Self, IllegalMove> {
        self.make(Move::RolledBack)
    }

    /// The state in words, to follow "is": `waiting for confirmation`, `already completed`.
    pub fn in_words(self) -> &'static str {
        match (self.status, self.phase) {
            (_, Some(Phase::Planning)) => "still being planned",
            (_, Some(Phase::AwaitingConfirmation)) => "waiting for confirmation",
            (_, Some(Phase::Creating)) => "already creating its issues",
            (_, Some(Phase::Linking)) => "already linking its issues",
            (_, Some(Phase::Summarising)) => "just finishing",
            (_, Some(Phase::RollingBack)) => "being rolled back",
            (Status::Pending | Status::Running, None) => "about to start",
            (Status::Completed, None) => "already completed",
            (Status::Failed, None) => "already over, because it failed",
            (Status::Cancelled, None) => "already cancelled",
            (Status::RolledBack, None) => "already rolled back",
        }
    }
}

/// A move that the run's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IllegalMove {
    pub from: State,
    pub wanted: Move,
}

impl std::error::Error for IllegalMove {}

impl fmt::Display for IllegalMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain("the run"))
    }
}

impl IllegalMove {
    /// The same words about a run by name: `run_… is already completed; there is nothing to cancel`.
    pub fn about(&self, run: &RunId) -> String {
        self.explain(run.as_str())
    }

    fn explain(self, subject: &str) -> String {
        format!("{subject} is {}; {}", self.from.in_words(), self.hint())
    }

    fn hint(self) -> &'static str {
        let over = self.from.status.is_final();
        let phase = self.from.phase;
        match self.wanted {
            Move::Cancel if phase == Some(Phase::Summarising) => {
                "every issue exists by now, `rollback last` closes them again"
            }
            Move::Cancel if phase == Some(Phase::RollingBack) => "a rollback cannot be cancelled",
            Move::Cancel => "there is nothing to cancel",
            Move::StartRollback if self.from.status == Status::RolledBack => {
                "there is nothing left to roll back"
            }
            Move::StartRollback => "`cancel` it first, then roll it back",
            Move::Confirm if self.before_preview() => {
                "it can be confirmed once its preview is there"
            }
            Move::Confirm => "there is nothing to confirm",
            Move::Drop if self.before_preview() => "items can be dropped once its preview is there",
            Move::Drop => "a plan can be changed only while its preview waits",
            Move::Replan if over => "ask again in a new comment to start another run",
            Move::Replan => "it can be planned again only while a preview waits",
            Move::StartPlanning => "it cannot start planning",
            Move::PlanStored { .. } => "it cannot take a plan",
            Move::CreatingDone => "it cannot finish creating",
            Move::LinkingDone => "it cannot finish linking",
            Move::Summarised => "it cannot be completed",
            Move::Fail => "it cannot fail",
            Move::RolledBack => "it cannot finish a rollback",
        }
    }

    fn before_preview(self) -> bool {
        self.from.status == Status::Pending || self.from.phase == Some(Phase::Planning)
    }
}

#[cfg(test)]
mod tests;
