//! The repeated parts of pages as templates take them; `templates/parts.html` draws them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::run::{Phase, State, Status};

/// A moment: in words, and exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// For machines.
    pub(crate) iso: String,
    /// `22 November 2026, 14:03:10 UTC`
    pub(crate) exact: String,
    /// `3 minutes ago`
    pub(crate) words: String,
    /// When these words are right, for the script that keeps them so; `None`: they stay right.
    pub(crate) now: Option<String>,
}

impl When {
    /// How long ago it is, or how far ahead.
    pub(crate) fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: iso(at),
            exact: at.format("%-d %B %Y, %H:%M:%S UTC").to_string(),
            words: relative(at, now),
            now: Some(iso(now)),
        }
    }

    /// The whole date and time, for lists that are held against other lists.
    pub(crate) fn in_full(at: DateTime<Utc>) -> Self {
        Self {
            words: at.format("%Y-%m-%d %H:%M:%S").to_string(),
            now: None,
            ..Self::new(at, at)
        }
    }

    /// By the clock, for lists that are read as a log.
    pub(crate) fn by_the_clock(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let words = if at.date_naive() == now.date_naive() {
            at.format("%H:%M:%S").to_string()
        } else {
            at.format("%-d %b %H:%M").to_string()
        };
        Self {
            words,
            now: None,
            ..Self::new(at, now)
        }
    }
}

fn iso(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `site.js` says the same as time goes on.
fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ahead = at > now;
    let apart = (now - at).abs();
    let told = |count: i64, unit: &str| {
        let s = if count == 1 { "" } else { "s" };
        if ahead {
            format!("in {count} {unit}{s}")
        } else {
            format!("{count} {unit}{s} ago")
        }
    };
    match apart {
        t if t < TimeDelta::seconds(5) => "just now".to_owned(),
        t if t < TimeDelta::minutes(1) => told(t.num_seconds(), "second"),
        t if t < TimeDelta::hours(1) => told(t.num_minutes(), "minute"),
        t if t < TimeDelta::hours(36) => told(t.num_hours(), "hour"),
        t if t < TimeDelta::days(30) => told(t.num_days(), "day"),
        _ => at.format("%-d %b %Y").to_string(),
    }
}

/// What a badge says beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    /// Something goes on.
    Busy,
    /// Somebody is waited for.
    Wait,
    Bad,
    Off,
    Undone,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Wait => "wait",
            Self::Bad => "bad",
            Self::Off => "off",
            Self::Undone => "undone",
        }
    }
}

/// A state in a word or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) tone: Tone,
    pub(crate) words: &'static str,
}

impl Badge {
    pub(crate) const fn new(tone: Tone, words: &'static str) -> Self {
        Self { tone, words }
    }

    /// A run's state.
    pub(crate) fn of_run(state: State) -> Self {
        match (state.status(), state.phase()) {
            (_, Some(Phase::Planning)) => Self::new(Tone::Busy, "Planning"),
            (_, Some(Phase::AwaitingConfirmation)) => {
                Self::new(Tone::Wait, "Waits for confirmation")
            }
            (_, Some(Phase::Creating)) => Self::new(Tone::Busy, "Creating"),
            (_, Some(Phase::Linking)) => Self::new(Tone::Busy, "Linking"),
            (_, Some(Phase::Summarising)) => Self::new(Tone::Busy, "Finishing"),
            (_, Some(Phase::RollingBack)) => Self::new(Tone::Busy, "Rolling back"),
            (Status::Pending | Status::Running, None) => Self::new(Tone::Off, "Starting"),
            (Status::Completed, None) => Self::new(Tone::Good, "Completed"),
            (Status::Failed, None) => Self::new(Tone::Bad, "Failed"),
            (Status::Cancelled, None) => Self::new(Tone::Off, "Cancelled"),
            (Status::RolledBack, None) => Self::new(Tone::Undone, "Rolled back"),
        }
    }
}

/// A step on the way to a page.
#[derive(Debug, Clone)]
pub(crate) struct Crumb {
    pub(crate) href: String,
    pub(crate) words: String,
}

impl Crumb {
    pub(crate) fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            words: words.into(),
        }
    }

    /// The list of installations.
    pub(crate) fn installations() -> Self {
        Self::new("/installations", "Installations")
    }
}

/// One of the pages that belong together.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    pub(crate) href: String,
    pub(crate) words: &'static str,
    pub(crate) here: bool,
}

/// The pages of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstallationTab {
    Overview,
    Settings,
    Audit,
    Tokens,
}

impl InstallationTab {
    /// All of them, this one as where we are. Settings are for admins.
    pub(crate) fn row(self, installation: impl std::fmt::Display, is_admin: bool) -> Vec<Tab> {
        let all = [
            (Self::Overview, "", "Overview"),
            (Self::Settings, "/settings", "Settings"),
            (Self::Audit, "/audit", "Audit log"),
            (Self::Tokens, "/tokens", "API tokens"),
        ];
        all.into_iter()
            .filter(|(tab, ..)| is_admin || *tab == Self::Overview)
            .map(|(tab, end, words)| Tab {
                href: format!("/installations/{installation}{end}"),
                words,
                here: tab == self,
            })
            .collect()
    }
}

/// Where a list goes on; keyset pages know no last one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pager {
    pub(crate) newest: Option<String>,
    pub(crate) older: Option<String>,
}

impl Pager {
    pub(crate) fn is_needed(&self) -> bool {
        self.newest.is_some() || self.older.is_some()
    }
}

/// One of a field's choices.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) chosen: bool,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, words: impl Into<String>, chosen: bool) -> Self {
        Self {
            value: value.into(),
            words: words.into(),
            chosen,
        }
    }
}

/// `1 issue`, `2 issues`, `1,204 issues`.
pub(crate) fn many(count: usize, one: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {one}{s}", thousands(count))
}

/// `1,204`
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_its_distance() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z")
            .unwrap()
            .to_utc();
        let told: Vec<String> = [2, 59, 60, 3_599, 7_200, 40 * 3_600, 86_400 * 40, -90]
            .map(|ago| When::new(now - TimeDelta::seconds(ago), now).words)
            .into();
        assert_eq!(
            told,
            [
                "just now",
                "59 seconds ago",
                "1 minute ago",
                "59 minutes ago",
                "2 hours ago",
                "1 day ago",
                "13 Oct 2026",
                "in 1 minute"
            ]
        );
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(many(1, "issue"), "1 issue");
        assert_eq!(many(0, "issue"), "0 issues");
        assert_eq!(many(1_234_567, "issue"), "1,234,567 issues");
    }

    #[test]
    fn every_state_of_a_run_has_its_badge() {
        for state in State::all() {
            assert!(!Badge::of_run(state).words.is_empty());
        }
    }
}
