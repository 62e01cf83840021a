//! The demo's story: a maintainer asks, looks at the preview, confirms, and finds the issues.

use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};

use super::scene::{MAINTAINER, MENTION, REPOSITORY, Scene, seconds};
use super::tell;
use crate::cli::terminal::Terminal;
use crate::domain::run::{ItemState, Phase, Status};
use crate::simulator::IssueRef;
use crate::store::planned_issues;
use crate::store::runs::{self, Run};

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Longer than any specification takes here.
const TOO_LONG: Duration = Duration::from_mins(5);

/// Plays the story; true if every planned issue was created.
pub(super) async fn play(
    scene: &Scene,
    terminal: Terminal,
    name: &str,
    text: &str,
) -> anyhow::Result<bool> {
    let telling = tell::begin(&scene.sim, terminal);
    let begun = Instant::now();
    let alice = scene.sim.user(MAINTAINER);
    terminal.line(format_args!(
        "\n{}",
        terminal.bold(format!("1. A maintainer opens an issue with {name}"))
    ));
    let body = format!("{MENTION}\ndry_run: true\n\n{text}");
    let trigger = alice.opens_issue(REPOSITORY, &title(text, name), &body);
    let waiting = until(scene, &trigger, |run| {
        run.state.phase() == Some(Phase::AwaitingConfirmation) || run.state.status().is_final()
    })
    .await?;
    telling.quiet().await;
    if waiting.state.status() != Status::Running {
        bail!(
            waiting
                .failure
                .unwrap_or_else(|| "the run ended before its preview".to_owned())
        );
    }
    show_plan(scene, terminal, &waiting).await?;
    terminal.line(format_args!("\n{}", terminal.bold("2. She confirms")));
    alice.comments(&trigger, &format!("{MENTION} confirm"));
    let run = until(scene, &trigger, |run| run.state.status().is_final()).await?;
    telling.quiet().await;
    telling.end();
    conclude(scene, terminal, &run, begun.elapsed()).await
}

/// The heading of the document, or the name of its file.
fn title(text: &str, name: &str) -> String {
    let heading = text.lines().find_map(|l| l.strip_prefix("# "));
    heading.unwrap_or(name).trim().to_owned()
}

async fn show_plan(scene: &Scene, terminal: Terminal, run: &Run) -> anyhow::Result<()> {
    let plan = runs::find_plan(&scene.server.services().pool, run.key())
        .await?
        .ok_or_else(|| anyhow!("the run waits without a plan"))?;
    terminal.line(format_args!(
        "\n{}\n",
        terminal.bold("The plan in the preview comment")
    ));
    for line in crate::domain::present::text(&plan).lines() {
        terminal.line(format_args!("{}", format!("   {line}").trim_end()));
    }
    Ok(())
}

/// Waits for a run of the trigger issue, shown to the end, that satisfies `is_there`.
async fn until(
    scene: &Scene,
    trigger: &IssueRef,
    is_there: impl Fn(&Run) -> bool,
) -> anyhow::Result<Run> {
    let begun = Instant::now();
    let pool = &scene.server.services().pool;
    loop {
        let row = newest_run(scene, trigger).await?;
        if let Some(run) = row.filter(|r| is_there(r) && r.shown_revision >= r.revision) {
            return Ok(run);
        }
        if begun.elapsed() > TOO_LONG {
            let open = crate::store::jobs::count_open(pool).await?;
            bail!("nothing happened for too long; {open} jobs are open");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn newest_run(scene: &Scene, trigger: &IssueRef) -> anyhow::Result<Option<Run>> {
    let pool = &scene.server.services().pool;
    let mut runs = runs::list_recent(pool, None, 20).await?;
    runs.retain(|r| u64::try_from(r.issue.0) == Ok(trigger.number));
    Ok(runs.into_iter().next())
}

async fn conclude(
    scene: &Scene,
    terminal: Terminal,
    run: &Run,
    took: Duration,
) -> anyhow::Result<bool> {
    let items = planned_issues::list(&scene.server.services().pool, run.key()).await?;
    let created = items
        .iter()
        .filter(|i| i.state == ItemState::Created)
        .count();
    let complete = run.state.status() == Status::Completed && created == items.len();
    terminal.line(format_args!(
        "\n{}\n",
        terminal.bold("3. What stands on GitHub now")
    ));
    for line in scene.sim.repository(REPOSITORY).outline().lines() {
        terminal.line(format_args!("   {line}"));
    }
    terminal.line(format_args!(""));
    let words = format!(
        "{created} of {} planned issues created {}",
        items.len(),
        seconds(took)
    );
    if complete {
        terminal.done(format_args!("{words}"));
    } else {
        terminal.warning(format_args!("{words}; the run is {}", run.state.in_words()));
        if let Some(why) = &run.failure {
            terminal.warning(format_args!("{why}"));
        }
    }
    terminal.done(format_args!(
        "Look at them: {}",
        terminal.bold(format!("{}/{REPOSITORY}", scene.sim.web_url()))
    ));
    Ok(complete)
}

/// Stays until the visitor has seen enough.
pub(super) async fn invite(scene: &Scene, terminal: Terminal) {
    terminal.line(format_args!(
        "\nOpen that page in a browser. You can answer the bot there, for example `{MENTION} rollback last`,\n\
         or open another issue that mentions it. What happens is shown here; Ctrl-C ends the demo."
    ));
    let telling = tell::begin(&scene.sim, terminal);
    crate::cli::ended().await;
    telling.end();
    terminal.line(format_args!("\nClearing away."));
}
