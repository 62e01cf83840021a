//! The tree of commands and their arguments, as `--help` shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::ids::{IssueNumber, RepositoryName, RunId};

/// Turns a specification in an issue into a graph of small issues.
#[derive(Debug, Parser)]
#[command(
    name = "openproducer",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(
    after_help = "Settings come from the environment and from .env: `openproducer config` shows them.\n\
                        Exit codes: 0 done, 1 failed, 2 bad arguments or config."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: webhooks, pages and, unless told otherwise, the worker
    Serve(ServeArguments),
    /// Run a worker alone, beside servers on the same database
    Worker(WorkerArguments),
    /// Print a new one-time link to the page that registers the GitHub App
    Setup(SetupArguments),
    /// Bring the database up to this version
    Migrate(MigrateArguments),
    /// Show everything at work, on a simulated GitHub on this machine
    Demo(DemoArguments),
    /// Plan the issues of a specification and print them; needs nothing but the file
    Plan(PlanArguments),
    /// Plan and create the issues of an issue on GitHub, as if the bot had been mentioned in it
    ///
    /// An edited specification is not brought in line here: that is `sync`, a command in the issue for the App.
    Process(ProcessArguments),
    /// List runs and how they stand
    Status(StatusArguments),
    /// Close what a run created
    Rollback(RollbackArguments),
    /// Look at everything the server depends on, and say what is well, what is not, and what to do
    ///
    /// One line a check: ✓ well, ! works but somebody should look, ✗ failed, – skipped, and why. It changes nothing:
    /// no migration, no write to the database, nothing but reading at GitHub. Exit code 0 when nothing failed, 1 when
    /// something did, 2 when the configuration is wrong; then every fault is named and nothing else is looked at.
    Doctor(DoctorArguments),
    /// Print what is configured and where it comes from, secrets hidden
    Config(ConfigArguments),
}

#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Only take deliveries in; workers elsewhere do the work
    #[arg(long)]
    pub no_worker: bool,
}

#[derive(Debug, Args)]
pub struct WorkerArguments {}

#[derive(Debug, Args)]
pub struct SetupArguments {
    /// Print the link; it is what the command does
    #[arg(long)]
    pub print: bool,
    /// Register an App in the place of the one that there is: its installations are heard no more
    #[arg(long)]
    pub replace: bool,
}

#[derive(Debug, Args)]
pub struct MigrateArguments {}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// A Markdown file with the specification [default: one that comes with the program]
    #[arg(value_name = "SPEC.md")]
    pub spec: Option<PathBuf>,
    /// Exit when it is done, with 0 only if every planned issue was created
    #[arg(long)]
    pub once: bool,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The Markdown file with the specification; - reads it from the input
    #[arg(value_name = "SPEC.md")]
    pub spec: PathBuf,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub format: PlanFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Say why: each decision of the planner by the name of its rule, after the plan or in its JSON
    #[arg(long)]
    pub explain: bool,
    /// Report on the plan's quality: each check by its name, after the plan or in its JSON
    #[arg(long)]
    pub report: bool,
    /// The title of the specification [default: its first heading, else the file's name]
    #[arg(long)]
    pub title: Option<String>,
    /// How many issues
    #[arg(long, value_name = "N")]
    pub count: Option<u32>,
    /// Parts to spread the work over, with commas between
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    pub components: Vec<String>,
    /// Labels for every issue, with commas between
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    pub labels: Vec<String>,
    /// Logins for every issue, with commas between
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    pub assignees: Vec<String>,
    /// Where issues may go, owner/name with commas between
    #[arg(long, value_delimiter = ',', value_name = "LIST", value_parser = repository)]
    pub repositories: Vec<RepositoryName>,
}

impl PlanArguments {
    /// What `--format` and `--json` say together.
    pub fn chosen_format(&self) -> PlanFormat {
        if self.json {
            PlanFormat::Json
        } else {
            self.format
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For reading in a terminal
    Text,
    /// For programs
    Json,
    /// As the bot shows it in an issue
    Markdown,
    /// The graph alone
    Mermaid,
}

#[derive(Debug, Args)]
pub struct ProcessArguments {
    /// The repository, owner/name
    #[arg(long, value_parser = repository)]
    pub repo: RepositoryName,
    /// The number of the issue that holds the specification
    #[arg(long, value_parser = issue)]
    pub issue: IssueNumber,
    /// Show the plan in the issue and wait; again, to plan anew after the issue was edited
    #[arg(long)]
    pub dry_run: bool,
    /// Create the plan that waits, as it is ticked in the issue
    #[arg(long, conflicts_with = "dry_run")]
    pub confirm: bool,
    /// End the issue's run: what waits is dropped, what creates stops
    #[arg(long, conflicts_with_all = ["dry_run", "confirm"])]
    pub cancel: bool,
}

#[derive(Debug, Args)]
pub struct StatusArguments {
    /// One run alone
    #[arg(long, value_parser = run_id, conflicts_with = "repo")]
    pub run: Option<RunId>,
    /// The runs of one repository, owner/name
    #[arg(long, value_parser = repository)]
    pub repo: Option<RepositoryName>,
    /// How many, the newest first
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The run whose issues are closed
    #[arg(long, value_parser = run_id)]
    pub run: RunId,
    /// Issues too that people have worked on since
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// How long each check may take
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=120))]
    pub timeout: u64,
    /// For a machine that runs workers alone: they need no webhook secret
    #[arg(long)]
    pub worker: bool,
}

#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn repository(text: &str) -> Result<RepositoryName, String> {
    RepositoryName::parse(text)
        .ok_or_else(|| "must be owner/name, such as octo-org/hello-world".to_owned())
}

fn issue(text: &str) -> Result<IssueNumber, String> {
    text.trim_start_matches('#')
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(IssueNumber)
        .ok_or_else(|| "must be the issue's number, 1 or more".to_owned())
}

fn run_id(text: &str) -> Result<RunId, String> {
    RunId::parse(text)
        .ok_or_else(|| "must be a run's id, such as run_20261122_084408_a1b2c3d4".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn json_is_a_format() {
        let parse = |arguments: &str| Arguments::try_parse_from(arguments.split(' '));
        let Command::Plan(plan) = parse("openproducer plan a.md --json").unwrap().command else {
            panic!("plan is a command");
        };
        assert_eq!(plan.chosen_format(), PlanFormat::Json);
        parse("openproducer plan a.md --json --format text").unwrap_err();
    }

    #[test]
    fn bad_names_and_numbers_are_refused_with_what_would_be_right() {
        let refused = |arguments: &str| {
            let error = Arguments::try_parse_from(arguments.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            error.to_string()
        };
        assert!(
            refused("openproducer process --repo octo --issue 1").contains("must be owner/name")
        );
        assert!(refused("openproducer process --repo o/r --issue 0").contains("1 or more"));
        assert!(refused("openproducer rollback --run last").contains("run_20261122"));
        assert!(refused("openproducer status --limit 0").contains("1..=1000"));
        assert!(refused("openproducer plan a.md --format yaml").contains("mermaid"));
    }
}
