//! `openproducer status`: the newest runs, or one run with its items.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::arguments::StatusArguments;
use super::database::Database;
use super::failure::{Failure, bad_config};
use super::terminal::Terminal;
use crate::config::Config;
use crate::domain::ids::{RepositoryName, RunId};
use crate::domain::run::{Phase, State};
use crate::store::planned_issues::{self, Item, Tally};
use crate::store::runs::{self, Run};
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
    database.close().await;
    Terminal::of_output().write(&format!("{}\n", text?.trim_end()))?;
    Ok(())
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
        let tally = planned_issues::tally(pool, &run.id).await?;
        let place = repositories::get_anywhere(pool, run.repository).await?;
        rows.push((place.name, run, tally));
    }
    if as_json {
        let rows: Vec<Value> = rows.iter().map(|(n, r, t)| summary(n, r, t)).collect();
        return Ok(serde_json::to_string_pretty(&rows)?);
    }
    if rows.is_empty() {
        return Ok("No runs yet.\n".to_owned());
    }
    let mut text = String::new();
    for (name, run, tally) in &rows {
        writeln!(
            text,
            "{}  {:<26} {:>4}/{:<4} {name}#{}  by {}",
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
    let Some(run) = runs::find(pool, id).await? else {
        bail!("there is no run {id}");
    };
    let tally = planned_issues::tally(pool, &run.id).await?;
    let place = repositories::get_anywhere(pool, run.repository).await?;
    let items = planned_issues::list(pool, id).await?;
    let created = created_issues::list(pool, id).await?;
    let url = |item: &Item| {
        created
            .iter()
            .find(|c| c.position == item.position)
            .map(|c| c.url.clone())
    };
    if as_json {
        let mut value = summary(&place.name, &run, &tally);
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
        "{}  {}\n{}#{}, asked for by {} at {}\n",
        run.id,
        in_words(run.state),
        place.name,
        run.issue,
        run.requested_by,
        run.created_at.format("%Y-%m-%d %H:%M:%S UTC")
    );
    if let Some(failure) = &run.failure {
        writeln!(text, "{failure}")?;
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

/// `running, creating`, or the status alone.
pub(super) fn in_words(state: State) -> String {
    let status = state.status().as_str().replace('_', " ");
    match state.phase().map(Phase::as_str) {
        Some(phase) => format!("{status}, {}", phase.replace('_', " ")),
        None => status,
    }
}

fn summary(name: &RepositoryName, run: &Run, tally: &Tally) -> Value {
    json!({
        "run": run.id, "status": run.state.status().as_str(), "phase": run.state.phase().map(Phase::as_str),
        "repository": name, "issue": run.issue, "requested_by": run.requested_by, "failure": run.failure,
        "created": tally.existing, "open": tally.open, "dropped": tally.dropped, "skipped": tally.skipped,
        "created_at": run.created_at, "finished_at": run.finished_at,
    })
}
