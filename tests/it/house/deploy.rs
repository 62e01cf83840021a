//! What is in `deploy/` names only what there is: variables, commands, files, this Rust.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use openproducer::cli::Arguments;
use openproducer::config::NAMES;
use openproducer::domain::structure::{self, Wishes};
use serde_json::Value;

const COMPOSE: &str = include_str!("../../../deploy/compose.yaml");
const DOCKERFILE: &str = include_str!("../../../deploy/Dockerfile");
const EXAMPLE: &str = include_str!("../../../deploy/env.example");
const GUIDE: &str = include_str!("../../../docs/self-hosting.md");
const HEALTHY: &str = include_str!("../../../deploy/healthy");
const SENT: &str = include_str!("../../../deploy/Dockerfile.dockerignore");

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
    for path in sent() {
        assert!(top().join(path).exists(), "{path}");
    }
}

/// What the builder of the image is given, from the top of the repository.
fn sent() -> impl Iterator<Item = &'static str> {
    SENT.lines().filter_map(|line| line.strip_prefix('!'))
}

#[test]
fn what_the_program_takes_in_while_it_is_compiled_is_sent_to_the_builder() {
    let house = super::sources(&["src"]);
    let no_test = house.iter().filter(|file| !file.path.contains("tests"));
    let mut outside = 0;
    for file in no_test {
        for taken in file.text.split("include_str!(\"").skip(1) {
            let taken = taken.split('"').next().unwrap();
            let folder = Path::new(&file.path).parent().unwrap();
            let path = resolved(&folder.join(taken));
            outside += u32::from(!path.starts_with("src"));
            assert!(sent().any(|sent| path.starts_with(sent)), "{}", file.path);
        }
    }
    assert!(outside >= 2, "the manifest and the demo's document");
}

fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path {
        if part == ".." {
            resolved.pop();
        } else {
            resolved.push(part);
        }
    }
    resolved
}

#[test]
fn one_port_is_listened_on_and_asked_for_health_and_published() {
    let compose: Value = serde_saphyr::from_str(COMPOSE).unwrap();
    let listens = &compose["x-openproducer"]["environment"]["LISTEN_ADDR"];
    assert_eq!(listens, "0.0.0.0:8080", "whatever .env says");
    assert!(DOCKERFILE.contains("LISTEN_ADDR=0.0.0.0:8080 ") && DOCKERFILE.contains("EXPOSE 8080"));
    assert!(HEALTHY.contains("/127.0.0.1/8080") && HEALTHY.contains("GET /readyz "));
    let server = &compose["services"]["server"];
    assert!(server["ports"][0].as_str().unwrap().ends_with(":8080"));
    // The worker waits for it, and an image in OCI's format has no check of its own.
    assert_eq!(server["healthcheck"]["test"][1], "healthy");
}

#[test]
fn the_guides_first_request_becomes_the_issues_that_it_promises() {
    let (_, request) = GUIDE.split_once("    dry_run: true\n").unwrap();
    let spec = request
        .lines()
        .take_while(|l| l.is_empty() || l.starts_with("    "));
    let spec: Vec<&str> = spec.map(str::trim_start).collect();
    let wishes = Wishes {
        maximum: 100,
        ..Wishes::default()
    };
    let plan = structure::plan("Sign-in", &spec.join("\n"), &wishes);
    assert_eq!(plan.issues.len(), 4, "{spec:#?}");
    assert!(GUIDE.contains("a comment with the plan, four issues"));
}

#[test]
fn the_units_are_one_user_and_postgresql_ends_after_the_server() {
    let unit = |name: &str| std::fs::read_to_string(top().join("deploy").join(name)).unwrap();
    let (server, worker) = (
        unit("openproducer.service"),
        unit("openproducer-worker.service"),
    );
    for unit in [&server, &worker] {
        assert!(unit.contains("\nDynamicUser=yes\nUser=openproducer\n"));
    }
    assert!(
        server.contains("\nKillMode=mixed\n"),
        "else all of them get SIGTERM"
    );
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
                assert!(
                    known || known_variables().contains(name.0),
                    "{unit}: {}",
                    name.0
                );
            }
        }
    }
}
