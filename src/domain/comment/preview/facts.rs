//! What confirming does: how many issues and links, in how long, and who is told of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::text::{code, count, duration};
use super::Preview;
use super::list::{home, repositories};
use crate::domain::plan::PlannedIssue;

/// More people are counted.
const PEOPLE_MOST: usize = 5;

/// The one thing to do, and what comes of it.
pub(super) fn confirming(p: &Preview<'_>) -> String {
    let kept: Vec<&PlannedIssue> = p
        .plan
        .issues
        .iter()
        .filter(|i| !p.is_dropped(&i.id))
        .collect();
    if kept.is_empty() {
        return "Nothing is ticked, so nothing would be created.".to_owned();
    }
    let how = match p.about.process("--confirm") {
        Some(confirm) => format!("**To create what is ticked, run {confirm}.**"),
        None => format!(
            "**To create what is ticked, comment `@{} confirm`.**",
            p.about.bot
        ),
    };
    let links = links(p, &kept);
    let time = duration(creating_takes(kept.len() + links, p.rate_per_minute));
    let links = match links {
        0 => String::new(),
        n => format!(" and {}", count(n, "link")),
    };
    let issues = count(kept.len(), "issue");
    let rate = count(p.rate_per_minute as usize, "request");
    let change = match p.about.terminal {
        Some(_) => "Untick first what you do not want.".to_owned(),
        None => {
            "Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`."
                .to_owned()
        }
    };
    format!(
        "{how} That makes {issues}{links} in about {time}. {change}\n\n\
         <sub>{} At {rate} a minute.</sub>",
        told(p, &kept)
    )
}

/// Links between issues that will be made: each is a request like an issue.
fn links(p: &Preview<'_>, kept: &[&PlannedIssue]) -> usize {
    let under = if p.sub_issues { kept.len() } else { 0 };
    let is_kept = |id: &&String| kept.iter().any(|i| i.id == **id);
    let waits = |issue: &&PlannedIssue| issue.blocked_by.iter().filter(is_kept).count();
    let waits: usize = if p.dependencies {
        kept.iter().map(waits).sum()
    } else {
        0
    };
    under + waits
}

/// How long GitHub's limits make so many content-creating requests: one a second, so many a minute, 500 an hour.
pub(super) fn creating_takes(requests: usize, rate_per_minute: u32) -> Duration {
    let requests = u64::try_from(requests).unwrap_or(u64::MAX);
    let (hours, rest) = (
        requests.saturating_sub(1) / 500,
        requests - requests.saturating_sub(1) / 500 * 500,
    );
    let rate = u64::from(rate_per_minute.max(1));
    let (minutes, rest) = (
        rest.saturating_sub(1) / rate,
        rest - rest.saturating_sub(1) / rate * rate,
    );
    Duration::from_secs(hours * 3600 + minutes * 60 + rest.min(60))
}

/// Whom GitHub tells of it, as far as that can be known.
fn told(p: &Preview<'_>, kept: &[&PlannedIssue]) -> String {
    let repositories: Vec<String> = repositories(p)
        .into_iter()
        .filter_map(|name| {
            let issues = kept.iter().filter(|i| home(p, i) == name).count();
            (issues > 0).then(|| format!("`{name}`"))
        })
        .collect();
    let places = match repositories.as_slice() {
        [] => return String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    };
    let of = if kept.len() == 1 { "it" } else { "each" };
    let mut assigned: BTreeMap<&str, usize> = BTreeMap::new();
    for who in kept.iter().flat_map(|i| &i.assignees) {
        *assigned.entry(who).or_default() += 1;
    }
    let more = assigned.len().saturating_sub(PEOPLE_MOST);
    let mut people: Vec<String> = assigned
        .iter()
        .take(PEOPLE_MOST)
        .map(|(who, n)| {
            let of = format!(" ({n})");
            let of = if *n == kept.len() { "" } else { &of };
            format!("{}{of}", code(who))
        })
        .collect();
    if more > 0 {
        people.push(format!("{more} more"));
    }
    let people = match people.as_slice() {
        [] => String::new(),
        people => format!(", and so are its assignees: {}", people.join(", ")),
    };
    format!("Everybody who watches {places} is notified of {of}{people}. Nobody is mentioned.")
}
