//! Rate limits: the hourly budget, always kept; the secondary limits, when a test or the demo asks for them.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;

use super::call::{Actor, Refusal};

pub(crate) const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try \
    again. If you reach out to GitHub Support for help, please include the request ID.";

const SECONDARY_PAGE: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits";
const PRIMARY_PAGE: &str =
    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

/// The secondary limits, per actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Content-creating requests a minute (issues and comments).
    pub per_minute: usize,
    /// Content-creating requests an hour.
    pub per_hour: usize,
    /// Points a minute: a read is 1, a write is 5.
    pub points_per_minute: usize,
    /// Requests at the same time.
    pub concurrent: usize,
    /// Do sub-issue links and dependencies count as content too? GitHub's pages hint at it.
    pub count_links: bool,
    /// 403 or 429: GitHub uses both.
    pub status: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_minute: 80,
            per_hour: 500,
            points_per_minute: 900,
            concurrent: 100,
            count_links: false,
            status: 403,
        }
    }
}

#[derive(Debug, Default)]
struct Gauge {
    used: u64,
    reset: Option<DateTime<Utc>>,
    content: VecDeque<DateTime<Utc>>,
    points: VecDeque<(DateTime<Utc>, usize)>,
    in_flight: usize,
    /// Until when the last refusal asked for silence.
    quiet_until: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) limits: Option<Limits>,
    pub(crate) hourly: u64,
    /// Set by hand: what remains, and until when.
    pub(crate) override_with: Option<(u64, DateTime<Utc>)>,
    gauges: HashMap<Actor, Gauge>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            limits: None,
            hourly: 5000,
            override_with: None,
            gauges: HashMap::new(),
        }
    }
}

/// Where an actor stands in its hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) reset: DateTime<Utc>,
}

impl Meter {
    pub(crate) fn standing(&mut self, actor: &Actor, now: DateTime<Utc>) -> Standing {
        if self.override_with.is_some_and(|(_, reset)| reset <= now) {
            self.override_with = None;
        }
        let limit = if *actor == Actor::Nobody {
            60.max(self.hourly.saturating_sub(5000))
        } else {
            self.hourly
        };
        let gauge = self.gauges.entry(actor.clone()).or_default();
        if gauge.reset.is_none_or(|reset| reset <= now) {
            gauge.reset = Some(now + TimeDelta::hours(1));
            gauge.used = 0;
        }
        let (remaining, reset) = self
            .override_with
            .unwrap_or((limit.saturating_sub(gauge.used), gauge.reset.unwrap_or(now)));
        Standing {
            limit,
            remaining,
            reset,
        }
    }

    /// Counts one request in; `Err` is how GitHub refuses it. Call [`Meter::leave`] after either.
    pub(crate) fn enter(
        &mut self,
        actor: &Actor,
        method: &Method,
        path: &str,
        now: DateTime<Utc>,
        complaints: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let standing = self.standing(actor, now);
        let gauge = self.gauges.entry(actor.clone()).or_default();
        gauge.in_flight += 1;
        if path == "/rate_limit" {
            return Ok(());
        }
        if standing.remaining == 0 {
            let who = match actor {
                Actor::Installation(id) => format!("installation ID {id}"),
                other => format!("{other:?}"),
            };
            return Err(Refusal {
                documentation: PRIMARY_PAGE,
                ..Refusal::new(403, format!("API rate limit exceeded for {who}."))
            });
        }
        gauge.used += 1;
        if let Some((remaining, _)) = &mut self.override_with {
            *remaining -= 1;
        }
        let Some(limits) = &self.limits else {
            return Ok(());
        };
        let content = creates_content(method, path, limits.count_links);
        if content && gauge.quiet_until.is_some_and(|until| until > now) {
            complaints.push(format!("{method} {path}: sent before Retry-After was over"));
        }
        let cost = if *method == Method::GET { 1 } else { 5 };
        let Some(wait) = gauge.wait(limits, content, cost, now) else {
            gauge.points.push_back((now, cost));
            if content {
                gauge.content.push_back(now);
            }
            return Ok(());
        };
        let seconds = (wait.num_milliseconds().max(0) + 999) / 1000;
        gauge.quiet_until = Some(now + wait);
        let refusal = Refusal {
            documentation: SECONDARY_PAGE,
            ..Refusal::new(limits.status, SECONDARY)
        };
        Err(refusal.with("Retry-After", seconds.max(1).to_string()))
    }

    pub(crate) fn leave(&mut self, actor: &Actor) {
        if let Some(gauge) = self.gauges.get_mut(actor) {
            gauge.in_flight = gauge.in_flight.saturating_sub(1);
        }
    }
}

impl Gauge {
    /// How long until this request would be allowed; None: it is.
    fn wait(
        &mut self,
        limits: &Limits,
        content: bool,
        cost: usize,
        now: DateTime<Utc>,
    ) -> Option<TimeDelta> {
        let (minute, hour) = (TimeDelta::minutes(1), TimeDelta::hours(1));
        self.content.retain(|at| *at + hour > now);
        self.points.retain(|(at, _)| *at + minute > now);
        if self.in_flight > limits.concurrent {
            return Some(minute);
        }
        let spent: usize = self.points.iter().map(|(_, cost)| cost).sum();
        if spent + cost > limits.points_per_minute {
            return self.points.front().map(|(at, _)| *at + minute - now);
        }
        if !content {
            return None;
        }
        let free = |window: TimeDelta, most: usize| {
            let inside: Vec<_> = self
                .content
                .iter()
                .filter(|at| **at + window > now)
                .collect();
            let over = inside.len().checked_sub(most)?;
            inside.get(over).map(|at| **at + window - now)
        };
        free(hour, limits.per_hour).max(free(minute, limits.per_minute))
    }
}

/// Issues and comments are content, and links if wished; labels and reactions are not counted.
fn creates_content(method: &Method, path: &str, links: bool) -> bool {
    let under = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    *method == Method::POST
        && (under(&["/issues", "/comments"]) || links && under(&["/sub_issues", "/blocked_by"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn third_issue_in_a_minute_waits_until_the_first_is_a_minute_old() {
        let mut meter = Meter {
            limits: Some(Limits {
                per_minute: 2,
                ..Limits::default()
            }),
            ..Meter::default()
        };
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut enter = |seconds| {
            let now = start + TimeDelta::seconds(seconds);
            let actor = Actor::Installation(1);
            meter.enter(
                &actor,
                &Method::POST,
                "/repos/a/b/issues",
                now,
                &mut Vec::new(),
            )
        };
        assert!(enter(0).is_ok());
        assert!(enter(10).is_ok());
        let refusal = enter(20).unwrap_err();
        assert_eq!(
            refusal.headers,
            [("Retry-After".to_owned(), "40".to_owned())]
        );
        assert!(enter(60).is_ok());
    }
}
