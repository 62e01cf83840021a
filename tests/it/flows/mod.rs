//! Stories from a person's words on GitHub to what stands there afterwards.

mod asking;
mod bad_input;
mod commands;
mod confirmation;
mod data;
mod duplicates;
mod edits;
mod graph;
mod installations;
mod lagging;
mod life;
mod long_preview;
mod marketplace;
mod options;
mod progress;
mod recovery;
mod rollback;
mod sync;
mod sync_elsewhere;
mod sync_later;
mod sync_lost;
mod terminal;
mod who_may;

/// Three issues, the second waits for the first.
const WORK: &str = "\
## Work

- Build the login form
- Add sessions after the login form
- Write the guide for new users
";

/// Two groups (1 and 4) with two and three issues; the second group waits for the first.
const PHASES: &str = "\
## Phase 1: Storage

- Create the accounts table
- Write the migration from the old users

## Phase 2: Sign in

- Build the login form
- Add sessions
- Lock accounts after five wrong passwords

## Out of scope

- Single sign-on
";

/// What [`WORK`] becomes.
const WORK_TITLES: [&str; 3] = [
    "Build the login form",
    "Add sessions after the login form",
    "Write the guide for new users",
];

/// The spec, asked for as it is.
fn asked(spec: &str) -> String {
    format!("@TheOpenProducerBot\n\n{spec}")
}

/// The spec, to be previewed first.
fn dry(spec: &str) -> String {
    format!("@TheOpenProducerBot\ndry_run: true\n\n{spec}")
}

/// `work` items of a list that differ from each other.
fn long_list(items: usize) -> String {
    const THINGS: [&str; 10] = [
        "login form",
        "sessions",
        "documentation",
        "search page",
        "shopping basket",
        "invoice",
        "price list",
        "newsletter",
        "stock report",
        "returns desk",
    ];
    const VERBS: [&str; 10] = [
        "Build",
        "Test",
        "Document",
        "Translate",
        "Measure",
        "Review",
        "Deploy",
        "Monitor",
        "Simplify",
        "Redesign",
    ];
    let lines: Vec<String> = (0..items)
        .map(|n| format!("- {} the {}", VERBS[n / 10 % 10], THINGS[n % 10]))
        .collect();
    format!("## Work\n\n{}\n", lines.join("\n"))
}
