//! Bars by day, drawn on the server, with the same as a table and in words.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::parts::{many, thousands};
use crate::domain::money::Money;
use crate::store::overview::CostOfDay;

/// How many days a chart shows, today included.
pub(super) const DAYS: u64 = 30;
/// A bar and the room after it, in the drawing's unit.
const STEP: usize = 10;
const HEIGHT: f64 = 100.0;
/// Below that a bar cannot be seen.
const LEAST: f64 = 3.0;

/// Bars, ready for their template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    /// What a row's number counts.
    pub(super) unit: &'static str,
    pub(super) total: String,
    pub(super) note: String,
    /// What is said where there is nothing to draw.
    pub(super) nothing: &'static str,
    pub(super) width: usize,
    pub(super) bars: Vec<Bar>,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) most: String,
    /// What a person hears in its place.
    pub(super) words: String,
    /// The days with something, newest first.
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) y: String,
    pub(super) height: String,
    pub(super) day: String,
    pub(super) value: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) day: String,
    pub(super) value: String,
}

impl Chart {
    pub(super) fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }
}

/// The first moment that a chart shows.
pub(super) fn since(now: DateTime<Utc>) -> DateTime<Utc> {
    first_day(now).and_time(chrono::NaiveTime::MIN).and_utc()
}

fn first_day(now: DateTime<Utc>) -> NaiveDate {
    let today = now.date_naive();
    today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today)
}

/// Issues created by day.
pub(super) fn of_issues(days: &[(NaiveDate, i64)], now: DateTime<Utc>) -> Chart {
    let values: BTreeMap<NaiveDate, i64> = days.iter().copied().collect();
    let total = usize::try_from(values.values().sum::<i64>()).unwrap_or_default();
    let told = |value: i64| thousands(usize::try_from(value).unwrap_or_default());
    Chart {
        title: "Issues created",
        unit: "Issues",
        total: many(total, "issue"),
        nothing: "No issue was created in these days.",
        ..drawn("Issues created", &values, told, now)
    }
}

/// What models cost by day.
pub(super) fn of_cost(days: &[CostOfDay], now: DateTime<Utc>) -> Chart {
    let values: BTreeMap<NaiveDate, i64> = days.iter().map(|d| (d.day, d.cost.nanos)).collect();
    let total: Money = days.iter().map(|d| d.cost).sum();
    let calls: i64 = days.iter().map(|d| d.calls).sum();
    let unpriced: i64 = days.iter().map(|d| d.unpriced).sum();
    let count = |n: i64| usize::try_from(n).unwrap_or_default();
    let mut note = format!(
        "{} to models in {DAYS} days",
        many(count(calls), "question")
    );
    if unpriced > 0 {
        note = format!(
            "{note}, {} without a known price",
            thousands(count(unpriced))
        );
    }
    Chart {
        title: "AI cost",
        unit: "Cost",
        total: total.to_string(),
        note,
        nothing: "No model was asked in these days: plans were made from the documents' own structure.",
        ..drawn("AI cost", &values, |nanos| Money { nanos }.to_string(), now)
    }
}

fn drawn(
    title: &str,
    values: &BTreeMap<NaiveDate, i64>,
    told: impl Fn(i64) -> String,
    now: DateTime<Utc>,
) -> Chart {
    let (first, last) = (first_day(now), now.date_naive());
    let days: Vec<NaiveDate> = first.iter_days().take_while(|day| *day <= last).collect();
    let most = days.iter().filter_map(|day| values.get(day)).max();
    let most = most.copied().unwrap_or_default();
    let short = |day: NaiveDate| day.format("%-d %b").to_string();
    let bars = days.iter().enumerate().filter_map(|(n, day)| {
        let value = *values.get(day)?;
        let height = (share(value, most) * HEIGHT).max(LEAST);
        (value > 0).then(|| Bar {
            x: n * STEP + 1,
            y: format!("{:.1}", HEIGHT - height),
            height: format!("{height:.1}"),
            day: short(*day),
            value: told(value),
        })
    });
    let best = days.iter().find(|day| values.get(day) == Some(&most));
    let words = best.map_or_else(String::new, |best| {
        format!(
            "{title} each day from {} to {}; most on {}: {}",
            short(first),
            short(last),
            short(*best),
            told(most)
        )
    });
    let rows = values.iter().rev().filter(|(_, value)| **value > 0);
    Chart {
        title: "",
        unit: "",
        total: String::new(),
        note: format!("in {DAYS} days"),
        nothing: "",
        width: days.len() * STEP,
        bars: bars.collect(),
        first: short(first),
        last: "today".to_owned(),
        most: told(most),
        words,
        rows: rows
            .map(|(day, value)| Row {
                day: day.format("%-d %B %Y").to_string(),
                value: told(*value),
            })
            .collect(),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a bar has a hundred steps, not 2^53"
)]
fn share(value: i64, most: i64) -> f64 {
    if most <= 0 {
        return 0.0;
    }
    value as f64 / most as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z")
            .unwrap()
            .to_utc()
    }

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, d).unwrap()
    }

    #[test]
    fn the_tallest_bar_is_the_day_with_most() {
        let chart = of_issues(&[(day(2), 5), (day(21), 1_000)], now());
        assert_eq!(chart.total, "1,005 issues");
        assert_eq!(chart.first, "24 Oct");
        let heights: Vec<&str> = chart.bars.iter().map(|b| b.height.as_str()).collect();
        assert_eq!(heights, ["3.0", "100.0"], "a small one can still be seen");
        assert_eq!(chart.bars[1].x, 28 * STEP + 1);
        assert!(
            chart.words.ends_with("most on 21 Nov: 1,000"),
            "{}",
            chart.words
        );
        assert_eq!(chart.rows[0].day, "21 November 2026");
    }

    #[test]
    fn what_has_no_known_price_is_said() {
        let cost = CostOfDay {
            day: day(20),
            cost: Money::dollars(0.5),
            calls: 3,
            unpriced: 1,
        };
        let chart = of_cost(&[cost], now());
        assert_eq!(chart.total, "$0.50");
        assert_eq!(
            chart.note,
            "3 questions to models in 30 days, 1 without a known price"
        );
        assert!(of_cost(&[], now()).is_empty());
    }
}
