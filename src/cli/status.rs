//! `openproducer status`: the newest runs, or one run with its items.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::arguments::StatusArguments;
use super::database::Database;
use super::failure::{Failure, bad_config};
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::ids::{RepositoryName, RunId};
use crate::domain::present::ago;
use crate::domain::run::{Phase, State};
use crate::flows::{status, sweep};
use crate::store::planned_issues::{self, Item, Tally};
use crate::store::runs::{self, Run};
use crate::store::sweeps::{self, Standing};
use crate::store::{created_issues, repositories};

/// Prints the newest runs, or one.
pub(super) async fn run(args: StatusArguments) -> Result<(), Failure> {
    let config = Config::load().map_err(bad_config)?;
    let database = Database::open(&config, "openproducer status").await?;
    let text = match &args.run {
        Some(id) => one(&database.pool, id, args.json).await,
        None => {
            list(
                &database.pool,
                args.repo.as_ref(),
                i64::from(args.limit),
                args.json,
            )
            .await
        }
    };
    // Of one run or one repository, how deliveries go says nothing.
    let deliveries = match (&args.run, &args.repo) {
        (None, None) => deliveries(&database.pool, args.json).await.map(Some),
        _ => Ok(None),
    };
    database.close().await;
    let (text, deliveries) = (text?, deliveries?.unwrap_or_default());
    if args.json {
        // The output stays the list of runs that scripts read.
        Terminal::of_output().write(&format!("{}\n", text.trim_end()))?;
        if !deliveries.is_empty() {
            Terminal::of_errors().write(&format!("{deliveries}\n"))?;
        }
        return Ok(());
    }
    let text = format!("{}\n{deliveries}", text.trim_end());
    Terminal::of_output().write(&format!("{}\n", text.trim_end()))?;
    Ok(())
}

/// How the sweeps for lost deliveries go: a line, or an object of its own.
async fn deliveries(pool: &PgPool, as_json: bool) -> anyhow::Result<String> {
    let now = Clock::system().now();
    let day_ago = now - TimeDelta::days(1);
    let standing = sweeps::standing(pool, day_ago, now - sweep::KEPT).await?;
    if as_json {
        let value = json!({ "deliveries": {
            "swept_at": standing.swept_at, "error": standing.error, "recovered_in_a_day": standing.recovered,
            "waiting": standing.waiting, "given_up": standing.given_up,
        }});
        return Ok(value.to_string());
    }
    Ok(sweeping_in_words(&standing, now))
}

fn sweeping_in_words(standing: &Standing, now: DateTime<Utc>) -> String {
    let swept = match standing.swept_at {
        Some(at) => format!("last swept {}", ago(now - at)),
        None => "never swept yet".to_owned(),
    };
    let mut words = vec![
        swept,
        format!("{} recovered in the last day", standing.recovered),
    ];
    if standing.waiting > 0 {
        words.push(format!("{} asked for again", standing.waiting));
    }
    words.push(format!("{} given up", standing.given_up));
    if let Some(error) = &standing.error {
        words.push(format!("the last sweep was cut off: {error}"));
    }
    format!("Deliveries: {}", words.join("; "))
}

/// The newest runs, of one repository or of all, as text or as JSON.
async fn list(
    pool: &PgPool,
    repository: Option<&RepositoryName>,
    limit: i64,
    as_json: bool,
) -> anyhow::Result<String> {
    let id = match repository {
        None => None,
        Some(name) => Some(
            repositories::find_anywhere(pool, name)
                .await?
                .with_context(|| format!("no run was ever asked for in {name}"))?
                .id,
        ),
    };
    let mut rows = Vec::new();
    for run in runs::list_recent(pool, id, limit).await? {
        let tally = planned_issues::tally(pool, run.key()).await?;
        let place = repositories::get_anywhere(pool, run.repository).await?;
        let parked = status::parked(pool, &run).await?;
        rows.push((place.name, run, tally, parked));
    }
    if as_json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(n, r, t, p)| summary(n, r, t, *p))
            .collect();
        return Ok(serde_json::to_string_pretty(&rows)?);
    }
    if rows.is_empty() {
        return Ok("No runs yet.\n".to_owned());
    }
    let mut text = String::new();
    for (name, run, tally, parked) in &rows {
        let parked = parked.map(|why| format!("  ({why})")).unwrap_or_default();
        let closed = closed(tally);
        writeln!(
            text,
            "{}  {:<26} {:>4}/{:<4} {name}#{}  by {}{closed}{parked}",
            run.id,
            in_words(run.state),
            tally.existing,
            tally.existing + tally.open,
            run.issue,
            run.requested_by
        )?;
    }
    Ok(text)
}

/// One run with each of its items, as text or as JSON.
pub(super) async fn one(pool: &PgPool, id: &RunId, as_json: bool) -> anyhow::Result<String> {
    let Some(run) = runs::find_anywhere(pool, id).await? else {
        bail!("there is no run {id}");
    };
    let tally = planned_issues::tally(pool, run.key()).await?;
    let place = repositories::get_anywhere(pool, run.repository).await?;
    let parked = status::parked(pool, &run).await?;
    let items = planned_issues::list(pool, run.key()).await?;
    let created = created_issues::list(pool, run.key()).await?;
    let url = |item: &Item| {
        created
            .iter()
            .find(|c| c.position == item.position)
            .map(|c| c.url.clone())
    };
    if as_json {
        let mut value = summary(&place.name, &run, &tally, parked);
        value["items"] = items
            .iter()
            .map(|i| {
                json!({ "item": i.position, "title": i.planned.title, "state": i.state.as_str(),
                        "note": i.note, "url": url(i) })
            })
            .collect();
        return Ok(serde_json::to_string_pretty(&value)?);
    }
    let mut text = format!(
        "{}  {}{}\n{}#{}, asked for by {} at {}\n",
        run.id,
        in_words(run.state),
        closed(&tally),
        place.name,
        run.issue,
        run.requested_by,
        run.created_at.format("%Y-%m-%d %H:%M:%S UTC")
    );
    if let Some(said) = run
        .failure
        .clone()
        .or(parked.map(str::to_owned))
        .or_else(|| run.waits_for(Clock::system().now()))
    {
        writeln!(text, "{said}")?;
    }
    for item in &items {
        let note = url(item).or_else(|| item.note.clone()).unwrap_or_default();
        writeln!(
            text,
            "{:>4}. {:<8} {}  {note}",
            item.position,
            item.state.as_str(),
            item.planned.title
        )?;
    }
    Ok(text)
}

/// What has become of the created issues, once something has.
fn closed(tally: &Tally) -> String {
    match tally.done {
        done if done.is_untouched() => String::new(),
        done => format!(", {done}"),
    }
}

/// `running, creating`, or the status alone.
pub(super) fn in_words(state: State) -> String {
    let status = state.status().as_str().replace('_', " ");
    match state.phase().map(Phase::as_str) {
        Some(phase) => format!("{status}, {}", phase.replace('_', " ")),
        None => status,
    }
}

fn summary(name: &RepositoryName, run: &Run, tally: &Tally, parked: Option<&str>) -> Value {
    json!({
        "run": run.id, "status": run.state.status().as_str(), "phase": run.state.phase().map(Phase::as_str),
        "repository": name, "issue": run.issue, "requested_by": run.requested_by, "failure": run.failure,
        "created": tally.existing, "open": tally.open, "closed": tally.done.closed() + tally.rolled_back, "dropped": tally.dropped, "skipped": tally.skipped,
        "created_at": run.created_at, "finished_at": run.finished_at, "waits_until": run.waits_until, "parked": parked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeping_is_told_in_one_line() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(400);
        let told = |ago: Option<TimeDelta>, waiting, error: Option<&str>| {
            let standing = Standing {
                swept_at: ago.map(|ago| now - ago),
                error: error.map(str::to_owned),
                recovered: 2,
                waiting,
                given_up: 1,
            };
            sweeping_in_words(&standing, now)
        };
        insta::assert_snapshot!(
            [
                told(Some(TimeDelta::minutes(2)), 0, None),
                told(Some(TimeDelta::seconds(59)), 3, None),
                told(Some(TimeDelta::hours(3)), 0, Some("GitHub has a problem of its own (HTTP 502)")),
                told(Some(TimeDelta::days(9)), 0, None),
                told(None, 0, None),
            ]
            .join("\n"),
            @r"
        Deliveries: last swept 2 minutes ago; 2 recovered in the last day; 1 given up
        Deliveries: last swept just now; 2 recovered in the last day; 3 asked for again; 1 given up
        Deliveries: last swept 3 hours ago; 2 recovered in the last day; 1 given up; the last sweep was cut off: GitHub has a problem of its own (HTTP 502)
        Deliveries: last swept 9 days ago; 2 recovered in the last day; 1 given up
        Deliveries: never swept yet; 2 recovered in the last day; 1 given up
        "
        );
    }
}
