//! Holds the house's rules: reads the sources and names every broken rule at once, with its file and line.

mod deploy;
mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::Source;

/// Every Rust file of these folders, by its path from the root.
fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            Source::new(name, &fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn the_house_stands_as_it_is_drawn() {
    let house = sources(&["src"]);
    assert!(house.len() > 20, "the sources were not found");
    let mut broken: Vec<String> = house.iter().flat_map(rules::of_one_file).collect();
    let others = sources(&["tests", "benches"]);
    broken.extend(others.iter().flat_map(rules::of_any_file));
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    broken.extend(rules::of_the_map(&house, &map));
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// What the rules say about a file with this text.
fn said(path: &str, text: &str) -> Vec<String> {
    rules::of_one_file(&Source::new(path, &format!("//! A file.\n{text}")))
}

#[test]
fn a_floor_may_not_use_a_higher_one_or_a_neighbour() {
    let fine = "use crate::{domain::plan::Plan, config::Config};\nuse super::jobs;\nuse crate::store::jobs;";
    assert_eq!(said("src/store/runs.rs", fine), Vec::<String>::new());
    for (path, text) in [
        ("src/store/runs.rs", "use crate::web::Server;"),
        ("src/store/runs.rs", "fn f() { crate::github::call(); }"),
        ("src/store/mod.rs", "use super::github;"),
        ("src/store/a/b.rs", "use super::super::super::cache::Cache;"),
        (
            "src/web/mod.rs",
            "use crate::{\n    domain::{plan::Plan, spec},\n    worker,\n};",
        ),
        ("src/domain/plan.rs", "use crate::clock::Clock;"),
        ("src/flows/plan.rs", "use crate::simulator::Simulator;"),
        ("src/simulator/mod.rs", "use crate::domain::ids;"),
        ("src/simulator/mod.rs", "use openproducer::domain::ids;"),
    ] {
        let said = said(path, text);
        assert_eq!(said.len(), 1, "{path}: {text}: {said:?}");
    }
    assert!(
        said(
            "src/web/mod.rs",
            "use crate::{\n    config,\n    worker,\n};"
        )[0]
        .starts_with("src/web/mod.rs:4: ")
    );
}

#[test]
fn the_ground_floor_only_thinks() {
    for text in [
        "pub async fn plan() {}",
        "use std::fs;",
        "use std::{fmt, fs};",
        "fn f() { let now = std::time::Instant::now(); }",
        "use sqlx::PgPool;",
        "use tokio::sync::Mutex;",
        "fn f() -> u8 { rand::random() }",
    ] {
        assert_eq!(said("src/domain/plan.rs", text).len(), 1, "{text}");
    }
    let words = "// tokio::spawn in a comment\n/* std::fs */ const A: &str = \"use std::fs; .await\";\n/// `async fn`\nfn f() {}";
    assert_eq!(said("src/domain/plan.rs", words), Vec::<String>::new());
}

#[test]
fn libraries_and_refusals_stay_in_their_rooms() {
    assert_eq!(
        said("src/flows/create.rs", "use octocrab::Octocrab;").len(),
        1
    );
    assert_eq!(
        said("src/github/mod.rs", "use octocrab::Octocrab;").len(),
        0
    );
    let refuses = "fn f() -> StatusCode { StatusCode::BAD_REQUEST }";
    assert_eq!(said("src/web/webhook.rs", refuses).len(), 1);
    assert_eq!(said("src/web/error.rs", refuses).len(), 0);
    let answers = "fn f() -> StatusCode { StatusCode::ACCEPTED }";
    assert_eq!(said("src/web/webhook.rs", answers).len(), 0);
}

#[test]
fn files_say_what_they_are_for_and_have_telling_names() {
    let of = |path: &str, text: &str| rules::of_one_file(&Source::new(path, text)).len();
    assert_eq!(of("src/store/runs.rs", "use std::fmt;\n"), 1);
    assert_eq!(of("src/store/runs.rs", "//!\n"), 1);
    assert_eq!(of("src/store/utils.rs", "//! Things.\n"), 1);
    assert_eq!(
        of("src/common/runs.rs", "//! Things.\n"),
        2,
        "and it is no room of the house"
    );
}

#[test]
fn the_map_names_every_room() {
    let house = [
        Source::new("src/store/mod.rs", ""),
        Source::new("src/clock.rs", ""),
    ];
    let map = "//! | 1 | [`clock`] |\npub mod clock;\n";
    assert_eq!(
        rules::of_the_map(&house, map),
        ["src/lib.rs:1: the room `store` is not in the map"]
    );
}
