//! Every statement about tenants' rows goes through the wall, or stands on a list that says why it goes past it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::statements::{ONCE, WITHOUT, files, names_of_tables, statements, touched};
use crate::harness::database::TestDatabase;

const HOT: &str =
    "one of the two statements of a created issue, which a transaction of its own would make six";
const LIFE: &str = "GitHub says which installations there are and what they reach; it is written for the whole server";
const SHARED: &str = "one look for the runs that anybody watches, each named with its installation";
const ENTERS: &str = "enters the wall itself";

/// `file::function` of a statement that names its tenant and is given the pool all the same, and why.
const BESIDE: &[(&str, &str)] = &[
    ("ai_calls::begin", ENTERS),
    ("ai_keys::delete_all", LIFE),
    ("bot_comments::intend", ONCE),
    ("created_issues::insert", HOT),
    ("installations::find", LIFE),
    ("installations::list_busy", LIFE),
    ("installations::set_suspended", LIFE),
    ("installations::upsert", LIFE),
    ("planned_issues::intend_next", HOT),
    ("repositories::insert_unless_taken", LIFE),
    ("repositories::mark_all_removed", LIFE),
    ("repositories::mark_removed", LIFE),
    ("repositories::set_owner", LIFE),
    ("repositories::upsert", LIFE),
    ("runs::list_pulses", SHARED),
];

/// `module::function` of every call whose first argument is a pool.
fn calls_with_the_pool() -> BTreeSet<String> {
    let mut paths = Vec::new();
    for floor in ["flows", "web", "worker"] {
        files(&Path::new("src").join(floor), &mut paths);
    }
    let mut found = BTreeSet::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices('(') {
            let given = text[at + 1..].trim_start().trim_start_matches('&');
            let Some(end) = given.find(|c: char| !(c.is_alphanumeric() || "_.".contains(c))) else {
                continue;
            };
            if given[..end].split('.').next_back() != Some("pool") {
                continue;
            }
            let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let called = text[..at]
                .rfind(|c| !is_path(c))
                .map_or("", |from| &text[from + 1..at]);
            let mut names = called.rsplit("::");
            if let (Some(function), Some(module)) = (names.next(), names.next()) {
                found.insert(format!("{module}::{function}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn only_what_stands_on_the_list_goes_past_the_wall() {
    let database = TestDatabase::create().await;
    let tables = names_of_tables(database.pool()).await;
    let about_tenants: BTreeSet<String> = statements()
        .into_iter()
        .filter(|statement| !touched(&statement.sql, &tables).is_empty())
        .map(|statement| statement.place)
        .collect();
    let past: BTreeSet<String> = calls_with_the_pool()
        .intersection(&about_tenants)
        .cloned()
        .collect();
    let listed: BTreeMap<&str, &str> = BESIDE.iter().copied().collect();
    let unscoped: BTreeMap<&str, &str> = WITHOUT.iter().copied().collect();
    let unlisted: Vec<&String> = past
        .iter()
        .filter(|p| !listed.contains_key(p.as_str()) && !unscoped.contains_key(p.as_str()))
        .collect();
    assert!(
        unlisted.is_empty(),
        "these run as the tables' owner: give them `services.wall(installation)`, or say in BESIDE why not\n{unlisted:#?}"
    );
    let gone: Vec<&&str> = listed
        .keys()
        .filter(|place| !past.contains(**place))
        .collect();
    assert!(
        gone.is_empty(),
        "nothing gives these the pool any more: {gone:?}"
    );
}
