//! A real worker process, killed by its own id with SIGKILL between any two statements of a run, started anew, killed again.
//!
//! A run dies at places that lie apart, one life after another, each time from another place on. That is every few
//! statements; with `OPENPRODUCER_KILL_EVERYWHERE=1` it is before and after each of them, which takes a quarter of an hour.

use std::iter::{once, repeat};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::Method;
use openproducer::config::Environment;
use openproducer::github::Timeouts;
use openproducer::simulator::{Effect, Fault};
use rstest::rstest;

use super::journey::{Journey, Lane, Outcome};
use super::proxy::Side;
use super::stage::{End, Stage};
use super::sync;
use crate::harness::sight::ISSUES;

/// Longer than any test.
const HOUR: Duration = Duration::from_hours(1);
/// Statements from one end of a life to the next: enough for some progress in each.
const APART: usize = 96;

/// A run without an accident and its rollback: outcomes, and how many statements each took.
struct Calm {
    created: Outcome,
    creating: usize,
    undone: Outcome,
    undoing: usize,
}

async fn calm() -> Calm {
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let journey = lane.begin();
    let calmly = async |event| {
        journey.store(event).await.unwrap();
        let End::Done(statements) = stage.live(None).await.unwrap() else {
            unreachable!("nobody kills it")
        };
        (journey.outcome().await.unwrap(), statements)
    };
    let (created, creating) = calmly("issues").await;
    journey.comments("rollback last");
    let (undone, undoing) = calmly("issue_comment").await;
    assert_eq!((created.state, undone.state), ("completed", "rolled_back"));
    Calm {
        created,
        creating,
        undone,
        undoing,
    }
}

fn everywhere() -> bool {
    Environment::of_process_alone()
        .get("OPENPRODUCER_KILL_EVERYWHERE")
        .is_some()
}

/// From the trigger to the summary and back again, dying at `first` and then every [`APART`] statements.
async fn there_and_back(
    wanted: &Calm,
    lane: &Lane,
    stage: &Stage<'_>,
    (first, side): (usize, Side),
) -> anyhow::Result<usize> {
    let journey = lane.begin();
    let lives_and_dies = async |calmly: usize| {
        // Each life begins with what the life before it had not ended, so they are more than the statements would say.
        let most = 4 * calmly.div_ceil(APART);
        let deaths = once(first).chain(repeat(APART)).map(|at| (at, side));
        let lives = stage.live_and_die(deaths.take(most)).await?;
        ensure!(lives < most, "{lives} lives, and it does not get on");
        Ok(lives)
    };
    journey.store("issues").await?;
    let lives = lives_and_dies(wanted.creating).await?;
    journey.outcome().await?.must_be(&wanted.created)?;
    journey.comments("rollback last");
    journey.store("issue_comment").await?;
    let more = lives_and_dies(wanted.undoing).await?;
    journey.outcome().await?.must_be(&wanted.undone)?;
    Ok(lives + more)
}

#[rstest]
#[case::before_a_statement(Side::Before, 1)]
#[case::after_a_statement(Side::After, 4)]
#[tokio::test]
async fn a_worker_killed_anywhere_loses_nothing_and_doubles_nothing(
    #[case] side: Side,
    #[case] begin: usize,
) {
    let wanted = calm().await;
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let (begin, step) = if everywhere() { (1, 1) } else { (begin, 24) };
    for first in (begin..=APART).step_by(step) {
        let lives = there_and_back(&wanted, &lane, &stage, (first, side)).await;
        let lives = lives
            .with_context(|| format!("{side:?} {first}, then every {APART}"))
            .unwrap();
        assert!(
            lives >= (wanted.creating + wanted.undoing) / APART,
            "{lives} lives"
        );
    }
    assert_eq!(lane.sim.complaints(), [""; 0]);
}

const WORK: &str = "\
@TheOpenProducerBot
dry_run: true

- Build the login form
- Add sessions after the login form
- Write the guide for new users
";

/// Dies at the first statement, then at the second, … and again from the ninth and the seventeenth on: a delivery is
/// tried ten times.
fn at_each_of_the_first(side: Side) -> impl Iterator<Item = Vec<(usize, Side)>> {
    [1, 9, 17]
        .into_iter()
        .map(move |from| (from..from + 8).map(|at| (at, side)).collect())
}

#[rstest]
#[case::before_a_statement(Side::Before)]
#[case::after_a_statement(Side::After)]
#[tokio::test]
async fn a_confirm_is_done_once_wherever_its_worker_is_killed(#[case] side: Side) {
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for deaths in once(Vec::new()).chain(at_each_of_the_first(side)) {
        let journey = lane.begin_with(WORK, 3);
        journey.store("issues").await.unwrap();
        stage.live(None).await.unwrap();
        journey.comments("confirm");
        journey.store("issue_comment").await.unwrap();
        assert_eq!(
            stage.live_and_die(deaths.clone()).await.unwrap(),
            deaths.len()
        );
        let outcome = journey
            .outcome()
            .await
            .context(format!("{deaths:?}"))
            .unwrap();
        assert_eq!(outcome.state, "completed");
        outcomes.push(outcome);
    }
    for outcome in &outcomes {
        outcome.must_be(&outcomes[0]).unwrap();
    }
    assert_eq!(lane.sim.complaints(), [""; 0]);
}

#[rstest]
#[case::before_a_statement(Side::Before)]
#[case::after_a_statement(Side::After)]
#[tokio::test]
async fn a_cancel_holds_wherever_its_worker_is_killed(#[case] side: Side) {
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    for deaths in at_each_of_the_first(side) {
        let journey = lane.begin();
        journey.store("issues").await.unwrap();
        // To the middle of creating, with a request on its way.
        let fifth = Fault::on(Method::POST, ISSUES).nth(5);
        lane.sim.faults().schedule(fifth.then(Effect::Delay(HOUR)));
        stage.live_until(|| journey.posts() == 5).await.unwrap();
        journey.comments("cancel");
        journey.store("issue_comment").await.unwrap();
        stage.live_and_die(deaths.clone()).await.unwrap();
        let outcome = journey.outcome_of_any().await.unwrap();
        let named = outcome
            .comment
            .lines()
            .filter(|l| l.trim_start().starts_with("- #"));
        let checked = || -> anyhow::Result<()> {
            ensure!(outcome.state == "cancelled", "{}", outcome.state);
            ensure!(
                (1..25).contains(&outcome.shown.len()),
                "{:?}",
                outcome.shown
            );
            ensure!(named.count() == outcome.shown.len(), "{}", outcome.comment);
            Ok(())
        };
        checked().with_context(|| format!("{deaths:?}")).unwrap();
    }
    assert_eq!(lane.sim.complaints(), [""; 0]);
}

/// How often the worker of a sync dies.
const DEATHS: usize = 8;

/// Three issues, and a sync of them that alice has just confirmed: one to add, one to change, one to retire.
async fn confirmed_sync<'a>(lane: &'a Lane, stage: &Stage<'_>) -> anyhow::Result<Journey<'a>> {
    let journey = lane.begin_with(sync::SPEC, 3);
    journey.store("issues").await?;
    stage.live(None).await?;
    journey.rewrites(sync::EDITED);
    journey.store("issues").await?;
    stage.live(None).await?;
    journey.comments("sync");
    journey.store("issue_comment").await?;
    stage.live(None).await?;
    journey.comments("confirm");
    journey.store("issue_comment").await?;
    Ok(journey)
}

#[tokio::test]
async fn a_sync_is_applied_once_wherever_its_worker_is_killed() {
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let calm = confirmed_sync(&lane, &stage).await.unwrap();
    let End::Done(statements) = stage.live(None).await.unwrap() else {
        unreachable!("nobody kills it")
    };
    let wanted = calm.sight().await.unwrap();
    for words in ["thirty days", "five wrong passwords", "false not_planned"] {
        assert!(
            wanted.iter().any(|l| l.contains(words)),
            "{words}: {wanted:#?}"
        );
    }
    let journey = confirmed_sync(&lane, &stage).await.unwrap();
    let before = journey.requests().len();
    let apart = statements / DEATHS;
    let sides = [Side::Before, Side::After].into_iter().cycle();
    let deaths = sides.map(|side| (apart, side)).take(DEATHS);
    let lives = stage.live_and_die(deaths).await.unwrap();
    assert!(
        lives > DEATHS / 2,
        "{lives} lives of {statements} statements"
    );
    assert_eq!(journey.sight().await.unwrap(), wanted);
    let edits = journey.requests().split_off(before).into_iter();
    let edits = edits.filter(|r| r.method == Method::PATCH && !r.path.contains("/comments/"));
    let edited: Vec<String> = edits.map(|r| r.path).collect();
    assert_eq!(edited.len(), 2, "{edited:?}");
    assert_eq!(lane.sim.complaints(), [""; 0]);
}
