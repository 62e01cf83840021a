//! Who commanded or changed what in an installation: filtered, page by page, and as a file.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Bytes};
use chrono::{Days, NaiveDate};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::Shared;
use super::error::{PageError, PageResult};
use super::frame::Frame;
use super::pages::ok;
use super::parts::{Choice, Crumb, InstallationTab, Pager, Tab, When};
use super::session::SignedIn;
use super::settings::fields;
use super::settings::place::{self, Ids, Place};
use crate::domain::ids::{InstallationId, RepositoryId, RunId};
use crate::flows::Services;
use crate::flows::audit::{self, ACTIONS};
use crate::store::audit_events::{AuditFilter, AuditRow};

/// Lines on a page.
const MANY: usize = 50;
/// Lines that are read at once for a file.
const BATCH: usize = 500;
/// Lines of a file: more is asked for by dates.
const MOST: usize = 50_000;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/installations/{installation}/audit", get(show))
        .route("/installations/{installation}/audit/events.csv", get(csv))
        .route(
            "/installations/{installation}/audit/events.jsonl",
            get(json_lines),
        )
}

/// What the filter's form sends; empty is everything.
#[derive(Debug, Clone, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    who: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    repository: String,
    #[serde(default)]
    run: String,
    /// Days, UTC, both within.
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    before: String,
}

impl Wanted {
    /// What cannot be read is told, not left out: a filter that does less than it says shows too much.
    fn filter(&self) -> Result<AuditFilter, String> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |text: &str, days: u64| match given(text) {
            None => Ok::<_, String>(None),
            Some(text) => {
                let day: NaiveDate = text
                    .parse()
                    .map_err(|_| format!("{text} is no day; write it as 2026-11-22"))?;
                let day = day.checked_add_days(Days::new(days)).unwrap_or(day);
                Ok(Some(day.and_time(chrono::NaiveTime::MIN).and_utc()))
            }
        };
        let repository = match given(&self.repository) {
            None => None,
            Some(id) => Some(
                id.parse()
                    .map(RepositoryId)
                    .map_err(|_| "choose a repository from the list".to_owned())?,
            ),
        };
        let run = match given(&self.run) {
            None => None,
            Some(id) => Some(RunId::parse(&id).ok_or_else(|| {
                format!("{id} is no run; it looks like run_20261122_140310_ab12cd34")
            })?),
        };
        Ok(AuditFilter {
            actor: given(&self.who).map(|who| who.trim_start_matches('@').to_owned()),
            actions: given(&self.action).into_iter().collect(),
            repository,
            run,
            since: day(&self.since, 0)?,
            until: day(&self.until, 1)?,
        })
    }

    /// The same filter as the query of an address.
    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (name, text) in [
            ("who", &self.who),
            ("action", &self.action),
            ("repository", &self.repository),
            ("run", &self.run),
            ("since", &self.since),
            ("until", &self.until),
        ] {
            if !text.trim().is_empty() {
                query.append_pair(name, text.trim());
            }
        }
        query.finish()
    }
}

#[derive(Template)]
#[template(path = "web/templates/audit.html")]
struct AuditPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    tabs: Vec<Tab>,
    name: String,
    href: String,
    query: String,
    wanted: Wanted,
    fault: String,
    actions: Vec<Choice>,
    repositories: Vec<Choice>,
    lines: Vec<Line>,
    is_filtered: bool,
    pages: Pager,
    most: String,
}

struct Line {
    at: When,
    actor: String,
    deed: String,
    repository: String,
    run: String,
    /// The issue where it was asked: its number, and where it is on GitHub if that can be told.
    issue: Option<(String, Option<String>)>,
    detail: String,
}

/// `GET /installations/{id}/audit`.
async fn show(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let wanted = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    let services = &shared.services;
    let (filter, fault) = match wanted.filter() {
        Ok(filter) => (Some(filter), String::new()),
        Err(fault) => (None, format!("{fault}.")),
    };
    let (rows, older) = match &filter {
        None => (Vec::new(), None),
        Some(filter) => {
            let before = wanted.before.parse().ok();
            let page = audit::page(services, place.seen.id, filter, before, MANY).await?;
            (page.rows, page.older)
        }
    };
    let href = format!("/installations/{}/audit", place.seen.id);
    let query = wanted.query();
    let at = |before: Option<i64>| {
        let mut parts: Vec<String> = Some(query.clone())
            .filter(|q| !q.is_empty())
            .into_iter()
            .collect();
        parts.extend(before.map(|id| format!("before={id}")));
        format!("{href}?{}", parts.join("&"))
    };
    let web_url = services.web_url.trim_end_matches('/');
    let html = AuditPage {
        frame: place::frame(&signed),
        crumbs: place.crumbs(),
        tabs: place.tabs(InstallationTab::Audit),
        name: place.name(),
        is_filtered: !query.is_empty(),
        pages: Pager {
            newest: (!wanted.before.is_empty()).then(|| at(None)),
            older: older.map(|id| at(Some(id))),
        },
        actions: choices(
            "Anything",
            ACTIONS
                .iter()
                .map(|(name, words)| ((*name).to_owned(), (*words).to_owned())),
            &wanted.action,
        ),
        repositories: choices(
            "Any repository",
            place
                .seen
                .repositories
                .iter()
                .map(|r| (r.id.to_string(), r.name.to_string())),
            &wanted.repository,
        ),
        lines: rows
            .into_iter()
            .map(|row| line(row, &place, web_url))
            .collect(),
        most: super::parts::thousands(MOST),
        href,
        query,
        wanted,
        fault,
    };
    let response = ok(&html);
    Ok(if html.fault.is_empty() {
        response
    } else {
        super::error::refused_form(response)
    })
}

fn choices(any: &str, given: impl Iterator<Item = (String, String)>, wanted: &str) -> Vec<Choice> {
    let all = std::iter::once((String::new(), any.to_owned())).chain(given);
    all.map(|(value, words)| {
        let chosen = value == wanted.trim();
        Choice::new(value, words, chosen)
    })
    .collect()
}

fn line(row: AuditRow, place: &Place, web_url: &str) -> Line {
    let seen = row.repository.and_then(|id| place.seen.repository(id));
    let repository = match (row.repository, seen) {
        (None, _) => "the whole installation".to_owned(),
        (Some(id), None) => format!("repository {id}"),
        (Some(_), Some(seen)) => seen.name.to_string(),
    };
    let issue = row.detail["issue"].as_i64().map(|number| {
        let href = seen.map(|seen| format!("{web_url}/{}/issues/{number}", seen.name));
        (format!("#{number}"), href)
    });
    Line {
        at: When::in_full(row.at),
        actor: row.actor,
        deed: audit::in_words(&row.action).to_owned(),
        repository,
        run: row.run.unwrap_or_default(),
        issue,
        detail: in_short(&row.detail),
    }
}

/// `Most issues in a run: 20 → 30`, `token: ci`: what a line can hold beside its issue.
fn in_short(detail: &Value) -> String {
    let Value::Object(detail) = detail else {
        return String::new();
    };
    let mut said = Vec::new();
    for (name, value) in detail {
        match (name.as_str(), value) {
            ("changes", Value::Array(changes)) => said.extend(changes.iter().map(|change| {
                let told = |side: &str| fields::told(Some(&change[side]).filter(|v| !v.is_null()));
                let field = fields::label(&bare(&change["field"]));
                format!("{field}: {} → {}", told("from"), told("to"))
            })),
            ("issue", _) | (_, Value::Null | Value::Bool(false)) => {}
            (name, Value::Bool(true)) => said.push(name.replace('_', " ")),
            ("back_to", version) => said.push(format!("back to version {version}")),
            (name, value) => said.push(format!("{}: {}", name.replace('_', " "), bare(value))),
        }
    }
    said.sort_unstable();
    said.join("; ")
}

fn bare(value: &Value) -> String {
    match value {
        Value::Array(list) => list.iter().map(bare).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, to)| format!("{name}: {}", bare(to)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `GET …/audit/events.csv`.
async fn csv(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> PageResult<Response> {
    file(&shared, &signed, &ids, wanted, &CSV).await
}

/// The names of the repositories that the person sees.
type Names = HashMap<RepositoryId, String>;

/// How a file is written.
struct Format {
    kind: &'static str,
    extension: &'static str,
    head: &'static str,
    /// With the repositories by their names.
    line: fn(&AuditRow, &Names) -> String,
    /// The last line of a file that is not whole.
    cut_off: fn(&str) -> String,
}

static CSV: Format = Format {
    kind: "text/csv; charset=utf-8; header=present",
    extension: "csv",
    head: "at,actor,actor_id,action,repository_id,repository,run,detail\r\n",
    line: csv_line,
    cut_off: |why| format!("\"cut off: {why}\"\r\n"),
};

static JSON_LINES: Format = Format {
    kind: "application/jsonl; charset=utf-8",
    extension: "jsonl",
    head: "",
    line: json_line,
    cut_off: |why| format!("{}\n", json!({ "cut_off": why })),
};

/// `GET …/audit/events.jsonl`.
async fn json_lines(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> PageResult<Response> {
    file(&shared, &signed, &ids, wanted, &JSON_LINES).await
}

async fn file(
    shared: &Shared,
    signed: &SignedIn,
    ids: &Ids,
    wanted: Result<Query<Wanted>, QueryRejection>,
    format: &'static Format,
) -> PageResult<Response> {
    let place = Place::find(shared, signed, ids).await?;
    let wanted = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    let filter = wanted
        .filter()
        .map_err(|fault| PageError::Refused("The filter cannot be read", format!("{fault}.")))?;
    let names = place.seen.repositories.iter();
    let names: Names = names.map(|r| (r.id, r.name.to_string())).collect();
    let rows = batches(
        shared.services.clone(),
        place.seen.id,
        filter,
        names,
        format,
    );
    let name = format!(
        "attachment; filename=\"openproducer-audit.{}\"",
        format.extension
    );
    let headers = [
        (header::CONTENT_TYPE, format.kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}

/// Where a file goes on.
struct Reading {
    services: Services,
    installation: InstallationId,
    filter: AuditFilter,
    names: Names,
    before: Option<i64>,
    left: usize,
}

/// The file in pieces, so that neither the database nor we hold all of it. Trouble on the way is written into it: a file
/// that is cut off must not look whole.
fn batches(
    services: Services,
    installation: InstallationId,
    filter: AuditFilter,
    names: Names,
    format: &'static Format,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let reading = Reading {
        services,
        installation,
        filter,
        names,
        before: None,
        left: MOST,
    };
    let rest = stream::unfold(Some(reading), move |reading| async move {
        let mut r = reading?;
        let limit = r.left.min(BATCH);
        let page = audit::page(&r.services, r.installation, &r.filter, r.before, limit).await;
        let (text, next) = match page {
            Err(error) => {
                tracing::error!(%error, installation.id = %r.installation, "an audit file is cut off");
                (
                    (format.cut_off)("the database did not answer; ask again"),
                    None,
                )
            }
            Ok(page) => {
                let text: String = page
                    .rows
                    .iter()
                    .map(|row| (format.line)(row, &r.names))
                    .collect();
                r.left -= page.rows.len();
                r.before = page.older;
                let goes_on = page.older.is_some();
                if goes_on && r.left == 0 {
                    (
                        text + &(format.cut_off)("50,000 lines; ask for the rest by dates"),
                        None,
                    )
                } else {
                    (text, goes_on.then_some(r))
                }
            }
        };
        Some((Ok(Bytes::from(text)), next))
    });
    let head = stream::iter([Ok(Bytes::from_static(format.head.as_bytes()))]);
    futures_util::StreamExt::chain(head, rest)
}

fn name_of<'a>(row: &AuditRow, names: &'a Names) -> Option<&'a str> {
    names.get(&row.repository?).map(String::as_str)
}

fn csv_line(row: &AuditRow, names: &Names) -> String {
    let id = |id: Option<i64>| id.map_or_else(String::new, |id| id.to_string());
    let cells = [
        row.at.to_rfc3339(),
        row.actor.clone(),
        id(row.actor_id.map(|a| a.0)),
        row.action.clone(),
        id(row.repository.map(|r| r.0)),
        name_of(row, names).unwrap_or_default().to_owned(),
        row.run.clone().unwrap_or_default(),
        row.detail.to_string(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    cells.join(",") + "\r\n"
}

/// A spreadsheet takes what begins with one of these for a formula.
fn csv_cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn json_line(row: &AuditRow, names: &Names) -> String {
    let line = json!({
        "at": row.at, "actor": row.actor, "actor_id": row.actor_id, "action": row.action,
        "repository_id": row.repository, "repository": name_of(row, names), "run": row.run, "detail": row.detail,
    });
    format!("{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_stays_one_cell() {
        assert_eq!(csv_cell("=1+1"), "\"'=1+1\"");
        assert_eq!(csv_cell("say \"hi\", then"), "\"say \"\"hi\"\", then\"");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_told() {
        let wanted = |since: &str, run: &str| Wanted {
            since: since.to_owned(),
            run: run.to_owned(),
            ..Wanted::default()
        };
        assert!(wanted("yesterday", "").filter().is_err());
        assert!(wanted("", "run_1").filter().is_err());
        let until = Wanted {
            until: "2026-11-22".to_owned(),
            ..Wanted::default()
        };
        let until = until.filter().unwrap().until.unwrap();
        assert_eq!(
            until.to_rfc3339(),
            "2026-11-23T00:00:00+00:00",
            "the day itself is within"
        );
    }

    #[test]
    fn a_line_says_what_was_changed_from_what_to_what() {
        let detail =
            json!({"version": 2, "changes": [{"field": "max_issues", "from": null, "to": 20}]});
        assert_eq!(
            in_short(&detail),
            "Most issues in a run: inherited → 20; version: 2"
        );
        let told = json!({"issue": 7, "force": true, "token": "ci"});
        assert_eq!(in_short(&told), "force; token: ci");
    }
}
