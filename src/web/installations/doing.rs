//! How an installation is doing, in words: webhooks, limits, budget.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::money::Money;
use crate::flows::pace;
use crate::store::overview::{Health, Spending};
use crate::web::parts::{Badge, Tone, When, many, thousands};

/// A figure with what it means.
#[derive(Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) figure: String,
    /// The figure as a moment, where it is one.
    pub(super) at: Option<When>,
    pub(super) notes: Vec<String>,
    /// What is not as it should be.
    pub(super) trouble: Option<Badge>,
    /// How much of something is used: so much of so much.
    pub(super) used: Option<(u64, u64)>,
}

/// What models have cost this month, for those who may know of the whole installation.
pub(super) struct Budget {
    pub(super) spent: Spending,
    /// With the key that is not in force now.
    pub(super) otherwise: Spending,
    pub(super) limit: Option<Money>,
    /// With the tenant's own key.
    pub(super) is_tenants: bool,
}

/// The tiles at the top of an installation's page.
pub(super) fn tiles(
    health: &Health,
    swept_at: Option<DateTime<Utc>>,
    budget: Option<&Budget>,
    now: DateTime<Utc>,
) -> Vec<Tile> {
    let mut tiles = vec![webhooks(health, swept_at, now), limits(health)];
    tiles.extend(budget.map(models));
    tiles
}

fn webhooks(health: &Health, swept_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Tile {
    let count = |n: i64, words: &str| {
        let n = usize::try_from(n).unwrap_or_default();
        (n > 0).then(|| {
            format!(
                "{} {words}",
                many(n, "delivery").replace("deliverys", "deliveries")
            )
        })
    };
    let mut notes: Vec<String> = [
        count(health.recovered, "recovered"),
        count(health.waiting, "lost and asked for again"),
        count(
            health.given_up,
            "given up: what they asked for was not done. Ask again in a comment; whoever owns the App can also send them again, in its settings on GitHub",
        ),
        count(health.failed, "failed here"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if notes.is_empty() {
        notes.push(match swept_at {
            Some(at) => format!("nothing lost, looked {}", When::new(at, now).words),
            None => "GitHub’s list of deliveries was not read yet".to_owned(),
        });
    }
    let at = health.last_delivery.map(|at| When::new(at, now));
    Tile {
        name: "Last webhook",
        figure: at
            .as_ref()
            .map_or_else(|| "none yet".to_owned(), |at| at.words.clone()),
        trouble: trouble(health, now),
        at,
        notes,
        used: None,
    }
}

/// An installation from which nothing came for so long may have lost its way to us.
const LONG_SILENCE: TimeDelta = TimeDelta::days(7);

/// Whether GitHub's deliveries come in as they should.
pub(super) fn trouble(health: &Health, now: DateTime<Utc>) -> Option<Badge> {
    let is_silent = health
        .last_delivery
        .is_some_and(|at| at + LONG_SILENCE < now);
    if health.given_up > 0 {
        Some(Badge::new(Tone::Bad, "Deliveries were lost"))
    } else if health.failed > 0 {
        Some(Badge::new(Tone::Bad, "Deliveries failed"))
    } else if is_silent {
        Some(Badge::new(Tone::Wait, "None for over a week"))
    } else {
        None
    }
}

fn limits(health: &Health) -> Tile {
    let sent = u64::try_from(health.content_this_hour).unwrap_or_default();
    let most = u64::from(pace::PER_HOUR.unsigned_abs());
    let count = |n: u64| thousands(usize::try_from(n).unwrap_or(usize::MAX));
    Tile {
        name: "Sent to GitHub in the last hour",
        figure: format!("{} of {}", count(sent), count(most)),
        at: None,
        notes: vec!["issues, comments, labels and links".to_owned()],
        trouble: None,
        used: Some((sent.min(most), most)),
    }
}

fn models(budget: &Budget) -> Tile {
    let spent = budget.spent.cost;
    let calls = usize::try_from(budget.spent.calls).unwrap_or_default();
    let mut notes = vec![match calls {
        0 => "no model was asked".to_owned(),
        n => format!("{} to models", many(n, "question")),
    }];
    if budget.spent.unpriced > 0 {
        notes.push("some have no known price".to_owned());
    }
    let (own, operators) = if budget.is_tenants {
        (budget.spent, budget.otherwise)
    } else {
        (budget.otherwise, budget.spent)
    };
    if own.calls > 0 || budget.is_tenants {
        notes.push(format!(
            "with your own key: {}; with the operator’s: {}",
            own.cost, operators.cost
        ));
    }
    let positive = |money: Money| u64::try_from(money.nanos).unwrap_or_default();
    Tile {
        name: "Models this month",
        figure: match budget.limit {
            Some(limit) => format!("{spent} of {limit}"),
            None => spent.to_string(),
        },
        at: None,
        notes,
        trouble: None,
        used: budget
            .limit
            .filter(|limit| limit.nanos > 0)
            .map(|limit| (positive(spent).min(positive(limit)), positive(limit))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z")
            .unwrap()
            .to_utc()
    }

    #[test]
    fn webhooks_are_told_in_words() {
        let health = Health {
            last_delivery: Some(now() - TimeDelta::minutes(3)),
            recovered: 2,
            given_up: 1,
            ..Health::default()
        };
        let tile = webhooks(&health, None, now());
        assert_eq!(tile.figure, "3 minutes ago");
        assert_eq!(tile.notes[0], "2 deliveries recovered");
        assert!(tile.notes[1].starts_with("1 delivery given up"));
        assert_eq!(tile.trouble.unwrap().words, "Deliveries were lost");
        let silent = Health {
            last_delivery: Some(now() - TimeDelta::days(9)),
            ..Health::default()
        };
        let tile = webhooks(&silent, None, now());
        assert_eq!(tile.trouble.unwrap().tone, Tone::Wait);
        let quiet = webhooks(&Health::default(), None, now());
        assert_eq!(quiet.figure, "none yet");
        assert_eq!((quiet.notes.len(), quiet.trouble), (1, None));
    }

    #[test]
    fn what_is_used_is_never_more_than_all() {
        let health = Health {
            content_this_hour: 600,
            ..Health::default()
        };
        let tile = limits(&health);
        assert_eq!(tile.figure, "600 of 500");
        assert_eq!(tile.used, Some((500, 500)));
        let budget = Budget {
            spent: Spending::default(),
            otherwise: Spending::default(),
            limit: Some(Money::dollars(5.0)),
            is_tenants: false,
        };
        assert_eq!(models(&budget).figure, "$0.00 of $5.00");
        let with_both = Budget {
            otherwise: Spending {
                calls: 3,
                cost: Money::dollars(1.89),
                unpriced: 0,
            },
            is_tenants: true,
            ..budget
        };
        assert_eq!(
            models(&with_both).notes[1],
            "with your own key: $0.00; with the operator’s: $1.89"
        );
    }
}
