//! The program from outside: arguments in, words and an exit code out.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A spec that every shape of plan can be made of.
const SPEC: &str = "# Sign in\n\n## Goals\n\nPeople get in.\n\n## Work\n\n- Build the login form\n- Add sessions\n- Write the documentation\n";

/// The program in a folder of its own, with nothing in its environment but what is named.
struct Program {
    folder: PathBuf,
    environment: Vec<(&'static str, &'static str)>,
}

impl Program {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!(
            "openproducer-cli-{}",
            uuid::Uuid::now_v7().simple()
        ));
        std::fs::create_dir(&folder).unwrap();
        Self {
            folder,
            environment: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.join(name), bytes).unwrap();
        self
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openproducer"));
        command
            .args(arguments.split_whitespace())
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().copied())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }

    fn run_with_input(&self, arguments: &str, input: &str) -> Said {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        process
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        Said::from(process.wait_with_output().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[derive(Debug)]
struct Said {
    code: i32,
    output: String,
    errors: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn plan_needs_nothing_but_the_file_and_prints_every_format() {
    let program = Program::new().file("spec.md", SPEC);
    for (format, holds) in [
        ("text", "Build the login form"),
        ("markdown", "Build the login form"),
        ("mermaid", "flowchart"),
        ("json", "\"coverage\""),
    ] {
        let said = program.run(&format!("plan spec.md --format {format}"));
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.output.contains(holds), "{format}: {}", said.output);
        assert!(
            said.output.ends_with('\n') && !said.output.contains('\u{1b}'),
            "{format}"
        );
    }
    let json = program.run("plan spec.md --json").output;
    let plan: openproducer::domain::plan::Plan = serde_json::from_str(&json).unwrap();
    assert_eq!(plan.spec.title, "Sign in");
    assert_eq!(plan.planner, "structural");
    assert_eq!(plan.issues.len(), 3);
}

#[test]
fn plan_explains_itself_by_the_names_of_rules() {
    let program = Program::new().file("spec.md", SPEC);
    let said = program.run("plan spec.md --explain");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.output.contains("list-item — "), "{}", said.output);
    let json = program.run("plan spec.md --explain --json").output;
    let explained: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(explained["explanation"][0]["rule"], "count");
    assert_eq!(explained["issues"].as_array().unwrap().len(), 3);
    let plain = program.run("plan spec.md --json").output;
    assert!(!plain.contains("explanation"), "{plain}");
    assert_eq!(
        program.run("plan spec.md --explain --format mermaid").code,
        2
    );
}

#[test]
fn plan_reports_on_its_quality_by_the_names_of_checks() {
    let program = Program::new().file("spec.md", "- Build a fast login form\n- Add sessions\n");
    let said = program.run("plan spec.md --report");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.output
            .contains("Item 1: no test can check “fast”; say how much."),
        "{}",
        said.output
    );
    let json = program.run("plan spec.md --report --json").output;
    let reported: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(reported["report"]["blocks"], 2);
    let found = reported["report"]["findings"].to_string();
    assert!(found.contains("unverifiable-words"), "{found}");
    assert_eq!(
        program.run("plan spec.md --report --format markdown").code,
        2
    );
}

#[test]
fn plan_reads_the_input_and_flags_win_over_options_in_the_text() {
    let program = Program::new();
    let request = format!("@TheOpenProducerBot\n\nlabels: from-text\nassignees: alice\n\n{SPEC}");
    let said = program.run_with_input("plan - --json --labels from-flag --title Entry", &request);
    assert_eq!(said.code, 0, "{said:?}");
    let plan: openproducer::domain::plan::Plan = serde_json::from_str(&said.output).unwrap();
    assert_eq!(plan.spec.title, "Entry");
    assert!(
        plan.issues
            .iter()
            .all(|issue| issue.labels.contains(&"from-flag".to_owned()))
    );
    assert!(
        plan.issues
            .iter()
            .all(|issue| !issue.labels.contains(&"from-text".to_owned()))
    );
    assert!(plan.issues.iter().all(|issue| issue.assignees == ["alice"]));
}

#[test]
fn plan_of_a_file_without_a_heading_is_named_after_it() {
    let program = Program::new().file("dark_mode.md", "Make the pages readable at night.\n");
    let plan: openproducer::domain::plan::Plan =
        serde_json::from_str(&program.run("plan dark_mode.md --json").output).unwrap();
    assert_eq!(plan.spec.title, "dark mode");
}

#[test]
fn a_file_that_cannot_be_planned_is_said_in_plain_words() {
    let program = Program::new()
        .file("empty.md", " \n\t\n")
        .file("latin1.md", b"# Caf\xc3\xa9\n\ncaf\xe9\n")
        .file("bad.md", "@TheOpenProducerBot\ncount: lots\n\nBuild it\n");
    std::fs::create_dir(program.folder.join("folder")).unwrap();
    for (arguments, says) in [
        ("plan missing.md", "there is no file missing.md"),
        ("plan folder", "folder is a folder"),
        ("plan empty.md", "empty.md is empty"),
        ("plan latin1.md", "latin1.md is not text in UTF-8 (line 3)"),
        ("plan bad.md", "line 2: count"),
        ("plan empty.md --count 0", "empty.md is empty"),
        (
            "plan bad.md --count 900",
            "--count must be 1 to 100, got 900",
        ),
    ] {
        let said = program.run(arguments);
        assert_eq!(said.code, 2, "{arguments}: {said:?}");
        assert!(said.errors.contains(says), "{arguments}: {}", said.errors);
        assert_eq!(said.output, "", "{arguments}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let long = "- Build the next thing\n".repeat(1_500);
    let program = Program::new().file("long.md", long);
    let mut process = program
        .command("plan long.md --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    let said = Said::from(process.wait_with_output().unwrap());
    assert_eq!((said.code, said.errors.as_str()), (0, ""));
}

#[test]
fn config_shows_what_holds_and_where_it_comes_from() {
    let program = Program::new()
        .with("BOT_MENTION", "@my-bot")
        .with("GITHUB_TOKEN", "hunter2")
        .with("DATABASE_URL", "postgres://me:hunter2@db/op")
        .file(".env", "BOT_MINIMUM_ROLE=admin\nBOT_MENTION=@other\n");
    let said = program.run("config");
    assert_eq!(said.code, 0, "{said:?}");
    let line = |name: &str| {
        let line = said
            .output
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap();
        line.split_whitespace()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("BOT_MENTION"), "@my-bot environment");
    assert_eq!(line("BOT_MINIMUM_ROLE"), "admin .env");
    assert_eq!(line("LISTEN_ADDR"), "127.0.0.1:8080 default");
    assert_eq!(line("GITHUB_TOKEN"), "set (hidden) environment");
    assert_eq!(
        line("DATABASE_URL"),
        "postgres://me:hidden@db/op environment"
    );
    let json: serde_json::Value =
        serde_json::from_str(&program.run("config --json").output).unwrap();
    assert!(!json.to_string().contains("hunter2"));
}

#[test]
fn wrong_config_stops_with_every_fault_and_code_2() {
    let program = Program::new()
        .with("LISTEN_ADDR", "8080")
        .with("BOT_MINIMUM_ROLE", "wirte");
    for command in ["config", "migrate"] {
        let said = program.run(command);
        assert_eq!(said.code, 2, "{said:?}");
        for says in [
            "2 configured values",
            "LISTEN_ADDR is \"8080\"",
            "did you mean write?",
        ] {
            assert!(said.errors.contains(says), "{command}: {}", said.errors);
        }
    }
    assert_eq!(program.run("plna").code, 2);
    assert_eq!(program.run("--version").code, 0);
}

#[tokio::test]
async fn migrate_brings_a_database_up_to_date_and_says_what_was_new() {
    let database = crate::harness::database::TestDatabase::create_empty().await;
    let program = Program::new();
    let mut migrate = program.command("migrate");
    migrate.env("DATABASE_URL", database.url());
    let first = Said::from(migrate.output().unwrap());
    assert_eq!(first.code, 0, "{first:?}");
    assert!(
        openproducer::store::is_current(database.pool())
            .await
            .unwrap()
    );
    let again = Said::from(migrate.output().unwrap());
    assert_eq!(again.output, "The database is up to date.\n");
}

#[test]
fn faults_of_the_config_are_told_as_json_where_that_was_asked() {
    let program = Program::new().with("LISTEN_ADDR", "nowhere");
    let said = program.run("config --json");
    assert_eq!(said.code, 2, "{said:?}");
    let told: serde_json::Value = serde_json::from_str(&said.output).unwrap();
    assert_eq!(told["faults"][0]["name"], "LISTEN_ADDR");
    assert_eq!(told["faults"][0]["found"], "nowhere");
}

#[test]
fn a_database_that_does_not_answer_is_a_failure_in_words() {
    let program = Program::new().with("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/op");
    let said = program.run("migrate");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.errors.ends_with(
            "cannot connect to the database at 127.0.0.1:1: error communicating with database: Connection refused (os error 111)\n"
        ),
        "{}",
        said.errors
    );
    assert!(!said.errors.contains("hunter2"));
}
