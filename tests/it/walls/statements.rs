//! Every statement that touches tenants' rows names the installation, or stands on a list that says why it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sqlx::PgPool;

use super::tables_of_tenants;
use crate::harness::database::TestDatabase;

const SWEEP: &str = "the whole server's own upkeep, for all tenants at once";
const BY_GUID: &str = "a delivery is known by its GUID alone, before it is read for whom it is";
pub(super) const ONCE: &str = "what acts once in a repository does so though the App is removed and installed anew, under another id";
const OPERATOR: &str = "the operator's own commands, for all tenants";
const TENANT_UNKNOWN: &str =
    "says whose it is to somebody who has only its name; nothing else is read";
const MOVES: &str =
    "a repository moves from one installation to another; GitHub was asked whose it is";

/// `file::function`, and why its statement names no installation.
pub(super) const WITHOUT: &[(&str, &str)] = &[
    ("acknowledgements::exists", ONCE),
    ("ai_calls::delete_before", SWEEP),
    ("ai_calls::list_bills", OPERATOR),
    ("ai_keys::list_newest", OPERATOR),
    (
        "condition::seen_by",
        "the doctor tries what the wall lets through",
    ),
    ("condition::wall", OPERATOR),
    (
        "api_tokens::find_live_anywhere",
        "a token is found by its secret, and says for whom it speaks",
    ),
    (
        "api_tokens::rename_maker",
        "a person has another login, wherever they made tokens; GitHub has just said so",
    ),
    ("audit_events::exists_for_cause", ONCE),
    ("bot_comments::count_look", ONCE),
    ("bot_comments::find", ONCE),
    ("bot_comments::find_cause", ONCE),
    ("bot_comments::find_posted", ONCE),
    ("bot_comments::forget", ONCE),
    ("bot_comments::forget_shown", ONCE),
    ("bot_comments::intend_again", ONCE),
    ("bot_comments::list_posted", ONCE),
    ("bot_comments::set_posted", ONCE),
    ("bot_comments::set_shown", ONCE),
    ("bot_comments::shows", ONCE),
    ("created_issues::list_by_fingerprint", ONCE),
    ("created_issues::list_places", SWEEP),
    ("deliveries::count_unfinished", SWEEP),
    ("deliveries::delete_finished_before", SWEEP),
    ("deliveries::exists", BY_GUID),
    ("deliveries::get", BY_GUID),
    ("deliveries::intake", OPERATOR),
    ("deliveries::take_up_failed", SWEEP),
    ("installations::list_installed", SWEEP),
    ("installations::list_unsettled", SWEEP),
    (
        "mod::all_migrations",
        "only tries whether the wall lets it in",
    ),
    ("redeliveries::claim", SWEEP),
    ("redeliveries::delete_settled_before", SWEEP),
    ("redeliveries::give_up", SWEEP),
    ("redeliveries::give_up_one", SWEEP),
    ("redeliveries::is_shut", SWEEP),
    ("redeliveries::settle", SWEEP),
    ("redeliveries::unclaim", SWEEP),
    ("repositories::find_anywhere", OPERATOR),
    ("repositories::find_by_id", MOVES),
    ("runs::exists_for_cause", ONCE),
    ("runs::find_anywhere", OPERATOR),
    ("runs::find_home", TENANT_UNKNOWN),
    ("runs::list_recent", OPERATOR),
    ("sweeps::standing", SWEEP),
];

/// A statement: where it stands and its text.
pub(super) struct Statement {
    pub(super) place: String,
    pub(super) sql: String,
}

pub(super) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// What stands between the parenthesis at the start of `text` and the one that closes it, strings read over.
fn argument(text: &str) -> &str {
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' if !in_string => depth += 1,
            ')' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return &text[1..at];
                }
            }
            _ => {}
        }
    }
    panic!("no end: {}", &text[..text.len().min(80)])
}

/// Every `sqlx::query…(` of the program, under `file::function`. A macro that builds a statement stands for its table.
pub(super) fn statements() -> Vec<Statement> {
    let mut paths = Vec::new();
    files(Path::new("src"), &mut paths);
    let mut found = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap();
        for (at, _) in text.match_indices("sqlx::query") {
            let rest = &text[at..];
            let Some(open) = rest.find('(').filter(|open| *open < 60) else {
                continue;
            };
            let before = &text[..at];
            let function = before.rfind("fn ").map_or("", |f| {
                let name = &before[f + 3..];
                &name[..name.find(['(', '<']).unwrap_or(0)]
            });
            let sql = argument(&rest[open..])
                .replace("select_run!", " from runs ")
                .replace("select_item!", " from planned_issues ");
            found.push(Statement {
                place: format!("{file}::{function}"),
                sql: sql.split_whitespace().collect::<Vec<_>>().join(" "),
            });
        }
    }
    found
}

pub(super) async fn names_of_tables(pool: &PgPool) -> Vec<String> {
    let tables = tables_of_tenants(pool).await;
    tables.into_iter().map(|(table, _)| table).collect()
}

/// The tenants' tables that a statement reads or writes.
pub(super) fn touched<'a>(sql: &str, tables: &'a [String]) -> Vec<&'a str> {
    let words: Vec<&str> = sql
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let named: BTreeSet<&str> = words
        .windows(2)
        .filter(|pair| matches!(pair[0], "from" | "join" | "into" | "update" | "FROM"))
        .map(|pair| pair[1])
        .collect();
    let is_named = |table: &&String| named.contains(table.as_str());
    tables.iter().filter(is_named).map(String::as_str).collect()
}

/// Whether the statement says for which installation: in a condition, or in the row that it inserts.
fn is_scoped(sql: &str, tables: &[&str]) -> bool {
    let in_condition = sql.match_indices("installation_id").any(|(at, word)| {
        let after = sql[at + word.len()..].trim_start();
        ["= $", "= i.id", "= wanted.home"]
            .iter()
            .any(|scope| after.starts_with(scope))
    });
    let in_row = sql.contains("insert into")
        && sql
            .split_once("insert into")
            .and_then(|(_, rest)| rest.split_once(')'))
            .is_some_and(|(columns, _)| columns.contains("installation_id"));
    // An installation's own row: its id is the tenant.
    let own = tables == ["installations"]
        && (sql.contains("where id = $1") || sql.starts_with("\"insert into installations"));
    in_condition || in_row || own
}

#[tokio::test]
async fn every_statement_about_tenants_names_the_installation() {
    let database = TestDatabase::create().await;
    let tables = names_of_tables(database.pool()).await;
    let mut excused: BTreeMap<&str, bool> =
        WITHOUT.iter().map(|(place, _)| (*place, false)).collect();
    let (mut about_tenants, mut bare) = (0, Vec::new());
    for Statement { place, sql } in statements() {
        let touched = touched(&sql, &tables);
        if touched.is_empty() {
            continue;
        }
        about_tenants += 1;
        if is_scoped(&sql, &touched) {
            continue;
        }
        match excused.get_mut(place.as_str()) {
            Some(used) => *used = true,
            None => bare.push(format!("{place}: {sql}")),
        }
    }
    assert!(
        about_tenants > 100,
        "only {about_tenants} statements were found"
    );
    assert!(
        bare.is_empty(),
        "these see every tenant's rows: add `and installation_id = $n`, or say in WITHOUT why not\n{}",
        bare.join("\n")
    );
    let unused: Vec<&str> = excused
        .into_iter()
        .filter(|(_, used)| !used)
        .map(|(place, _)| place)
        .collect();
    assert!(
        unused.is_empty(),
        "no such statement needs an excuse any more: {unused:?}"
    );
}

#[test]
fn a_statement_that_forgot_its_installation_is_found() {
    let tables = ["planned_issues".to_owned(), "runs".to_owned()];
    for (sql, scoped) in [
        (
            "update planned_issues set state = $2 where run_id = $1",
            false,
        ),
        ("select id, installation_id from runs where id = $1", false),
        (
            "select id from runs where id = $1 and installation_id = $2",
            true,
        ),
        (
            "insert into runs (id, installation_id) values ($1, $2)",
            true,
        ),
        ("insert into runs (id) values ($1)", false),
    ] {
        let touched = touched(sql, &tables);
        assert_eq!(touched.len(), 1, "{sql}");
        assert_eq!(is_scoped(sql, &touched), scoped, "{sql}");
    }
    assert_eq!(touched("select 1 from deliveries", &tables), [""; 0]);
}
