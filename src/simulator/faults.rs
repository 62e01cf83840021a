//! Accidents on demand: refusals, delays, cut connections.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::door::Shared;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// This answer; the request has no effect.
    Status {
        code: u16,
        headers: Vec<(String, String)>,
        body: Value,
    },
    /// The request takes effect, and then this `Status` is answered; with a `Delay`, its own answer, late.
    AfterEffect(Box<Effect>),
    /// The answer comes late; the effect too.
    Delay(Duration),
    /// The connection is cut before the request has any effect.
    DropBefore,
    /// The request takes effect, and the connection is cut without an answer.
    DropAfter,
    /// The request takes effect; half of the answer's bytes come, then the connection is cut.
    Truncate,
}

impl Effect {
    /// An answer in GitHub's shape with this status code.
    pub fn status(code: u16, message: &str) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": code.to_string()}),
        }
    }

    /// GitHub's secondary rate limit, with `Retry-After`.
    pub fn secondary_limit(retry_after: Duration) -> Self {
        Self::status(403, super::limits::SECONDARY)
            .with_header("Retry-After", &retry_after.as_secs().to_string())
    }

    /// Adds a header to the answer; only for `Status`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same answer, but after the request has taken effect.
    #[must_use]
    pub fn after_effect(self) -> Self {
        Self::AfterEffect(Box::new(self))
    }
}

/// Which requests go wrong: by default the first that matches, once.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    method: Method,
    template: String,
    nth: u32,
    times: Option<u32>,
    effect: Effect,
}

impl Fault {
    /// On this method and path template, e.g. `/repos/{owner}/{repo}/issues`; `{*}` at the end takes any rest.
    pub fn on(method: Method, template: &str) -> Self {
        Self {
            method,
            template: template.to_owned(),
            nth: 1,
            times: Some(1),
            effect: Effect::status(500, "Server Error"),
        }
    }

    /// Beginning with the nth match from now on, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth.max(1);
        self
    }

    /// For this many matches in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// For all matches from the nth on.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    #[must_use]
    pub fn then(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
}

/// The faults of one simulator.
pub struct Faults(pub(crate) Arc<Shared>);

impl Faults {
    pub fn schedule(&self, fault: Fault) {
        self.0.world().faults.planned.push((fault, 0));
    }

    /// Forgets all that are scheduled.
    pub fn clear(&self) {
        self.0.world().faults.planned.clear();
    }

    /// How many requests have been hit so far.
    pub fn fired(&self) -> usize {
        self.0.world().faults.fired
    }

    /// The scheduled faults that have not happened (in full) yet; those without end are not counted.
    pub fn pending(&self) -> Vec<Fault> {
        let world = self.0.world();
        let waiting = world.faults.planned.iter().filter(|(fault, seen)| {
            fault
                .times
                .is_some_and(|times| *seen < fault.nth - 1 + times)
        });
        waiting.map(|(fault, _)| fault.clone()).collect()
    }
}

#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    /// Each with the number of matches seen so far.
    planned: Vec<(Fault, u32)>,
    fired: usize,
}

impl FaultPlan {
    /// Counts the request, and says what goes wrong with it.
    pub(crate) fn strike(&mut self, method: &Method, path: &str) -> Option<Effect> {
        let mut effect = None;
        for (fault, seen) in &mut self.planned {
            if fault.method != method || !matches(&fault.template, path) {
                continue;
            }
            *seen += 1;
            let due = *seen >= fault.nth
                && fault
                    .times
                    .is_none_or(|times| *seen < fault.nth.saturating_add(times));
            if due && effect.is_none() {
                effect = Some(fault.effect.clone());
            }
        }
        self.fired += usize::from(effect.is_some());
        effect
    }
}

/// Does the path fit the template, segment by segment?
pub(crate) fn matches(template: &str, path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    for wanted in template.trim_matches('/').split('/') {
        if wanted == "{*}" {
            return true;
        }
        let fits = parts
            .next()
            .is_some_and(|part| wanted.starts_with('{') || wanted.eq_ignore_ascii_case(part));
        if !fits {
            return false;
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_takes_any_name_but_not_another_depth() {
        let template = "/repos/{owner}/{repo}/issues";
        assert!(matches(template, "/repos/acme/shop/issues"));
        assert!(!matches(template, "/repos/acme/shop/issues/1"));
        assert!(!matches(template, "/repos/acme/shop"));
        assert!(matches("/repos/{*}", "/repos/acme/shop/issues/1"));
    }

    #[test]
    fn third_and_fourth_match_are_struck() {
        let mut plan = FaultPlan::default();
        let fault = Fault::on(Method::POST, "/x").nth(3).times(2);
        plan.planned.push((fault, 0));
        let struck: Vec<bool> = (0..5)
            .map(|_| plan.strike(&Method::POST, "/x").is_some())
            .collect();
        assert_eq!(struck, [false, false, true, true, false]);
        assert!(plan.strike(&Method::GET, "/x").is_none());
    }
}
