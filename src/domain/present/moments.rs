//! How long something is, or was ago, in few words.

use chrono::TimeDelta;

/// `2 minutes ago`; `just now` within the first.
pub fn ago(since: TimeDelta) -> String {
    match since.num_minutes() {
        ..1 => "just now".to_owned(),
        _ => format!("{} ago", lasting(since)),
    }
}

/// `40 seconds`, `2 minutes`, `3 hours`, `9 days`.
pub fn lasting(time: TimeDelta) -> String {
    let (number, unit) = match time.num_seconds().max(0) {
        seconds @ ..60 => (seconds, "second"),
        seconds @ 60..7_200 => (seconds / 60, "minute"),
        seconds @ 7_200..172_800 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}
