//! `openproducer demo`: the real server on a simulated GitHub, shown step by step in the terminal.

mod scene;
mod script;
mod tell;

use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::arguments::DemoArguments;
use super::failure::Failure;
use super::terminal::Terminal;
use scene::Scene;

/// The specification that comes with the program.
const OWN_SPEC: (&str, &str) = (
    "team-inbox-prd.md",
    include_str!("../../docs/examples/team-inbox-prd.md"),
);

/// Plays the demo, then stays for a visitor unless it is to be done once.
pub(super) async fn run(args: DemoArguments) -> Result<(), Failure> {
    let (name, text) = read(args.spec.as_deref())?;
    let terminal = Terminal::of_output();
    terminal.line(format_args!(
        "{}\n{}\n",
        terminal.bold("OpenProducer demo"),
        terminal.dim(
            "The real server and a real PostgreSQL, against a simulated GitHub on this machine."
        )
    ));
    play(terminal, &name, &text, args.once).await
}

fn read(path: Option<&Path>) -> Result<(String, String), Failure> {
    let Some(path) = path else {
        return Ok((OWN_SPEC.0.to_owned(), OWN_SPEC.1.to_owned()));
    };
    let text = super::plan::read(path)?;
    let name = path
        .file_name()
        .map_or_else(|| "spec.md".into(), |n| n.to_string_lossy());
    Ok((name.into_owned(), text))
}

async fn play(terminal: Terminal, name: &str, text: &str, once: bool) -> Result<(), Failure> {
    let scene = Scene::set(terminal).await?;
    let played = tokio::select! {
        played = script::play(&scene, terminal, name, text) => played,
        () = super::ended() => Err(anyhow!("ended before it was done")),
    };
    let ended = match played {
        Ok(complete) if once => complete
            .then_some(())
            .ok_or_else(|| anyhow!("not every planned issue was created")),
        Ok(_) => {
            script::invite(&scene, terminal).await;
            Ok(())
        }
        Err(failure) => Err(failure.context("the demo stopped")),
    };
    scene
        .strike()
        .await
        .context("the demo could not be cleared away")?;
    Ok(ended?)
}
