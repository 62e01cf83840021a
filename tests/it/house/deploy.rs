//! What is in `deploy/` names only what there is: variables, commands, files, this Rust.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory as _;
use openproducer::cli::Arguments;
use openproducer::config::NAMES;
use serde_json::Value;

const COMPOSE: &str = include_str!("../../../deploy/compose.yaml");
const DOCKERFILE: &str = include_str!("../../../deploy/Dockerfile");
const EXAMPLE: &str = include_str!("../../../deploy/env.example");

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn known_variables() -> BTreeSet<&'static str> {
    let ours = NAMES.iter().map(|name| name.name);
    // What compose itself reads.
    ours.chain(["POSTGRES_PASSWORD", "LISTEN"]).collect()
}

fn commands() -> BTreeSet<String> {
    let all = Arguments::command();
    all.get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect()
}

#[test]
fn compose_starts_commands_that_there_are_with_variables_that_there_are() {
    let compose: Value = serde_saphyr::from_str(COMPOSE).unwrap();
    for service in ["server", "worker", "postgres", "redis"] {
        let service = &compose["services"][service];
        assert!(service.is_object(), "{service}");
    }
    for service in ["server", "worker"] {
        let command = compose["services"][service]["command"][0].as_str().unwrap();
        assert!(commands().contains(command), "{command}");
    }
    let environment = compose["x-openproducer"]["environment"].as_object();
    for name in environment.unwrap().keys() {
        assert!(known_variables().contains(name.as_str()), "{name}");
    }
    for used in COMPOSE.split("${").skip(1) {
        let name = used.split([':', '}']).next().unwrap();
        assert!(known_variables().contains(name), "{name}");
    }
    for service in ["postgres", "redis"] {
        assert!(
            compose["services"][service]["healthcheck"].is_object(),
            "the server waits for {service}"
        );
    }
}

#[test]
fn the_example_names_variables_that_there_are() {
    let lines = EXAMPLE.lines().map(|line| line.trim_start_matches("# "));
    let named: Vec<&str> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    assert!(named.len() >= 5, "{named:?}");
    for name in named {
        assert!(known_variables().contains(name), "{name}");
    }
}

#[test]
fn the_image_is_built_by_this_rust_of_files_that_there_are_and_not_run_by_root() {
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(DOCKERFILE.contains(&format!("FROM rust:{rust}-")), "{rust}");
    assert!(DOCKERFILE.contains("\nUSER openproducer\n"));
    let sent = include_str!("../../../deploy/Dockerfile.dockerignore");
    for path in sent.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(top().join(path).exists(), "{path}");
    }
}

#[test]
fn the_units_start_commands_that_there_are() {
    for unit in ["openproducer.service", "openproducer-worker.service"] {
        let text = std::fs::read_to_string(top().join("deploy").join(unit)).unwrap();
        let start = text.lines().find_map(|l| l.strip_prefix("ExecStart="));
        let command = start.unwrap().split(' ').nth(1).unwrap();
        assert!(commands().contains(command), "{unit}: {command}");
        for line in text.lines().filter_map(|l| l.strip_prefix("Environment=")) {
            for name in line.split(' ').filter_map(|set| set.split_once('=')) {
                let known = ["HOME", "XDG_DATA_HOME"].contains(&name.0);
                assert!(known || known_variables().contains(name.0), "{unit}: {}", name.0);
            }
        }
    }
}
