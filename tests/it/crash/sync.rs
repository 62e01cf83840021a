//! A sync and its rollback, each time with one request of each step gone wrong, until every request had its turn.

use anyhow::{Context as _, ensure};
use openproducer::github::Timeouts;
use openproducer::simulator::Effect;
use rstest::rstest;

use super::faults::{Place, places};
use super::journey::{Journey, Lane};

pub(super) const SPEC: &str = "\
@TheOpenProducerBot

- Build the login form with a password field
- Add sessions that last for two weeks
- Write the guide for new users
";

/// One line changed, one new, one gone.
pub(super) const EDITED: &str = "\
@TheOpenProducerBot

- Build the login form with a password field
- Add sessions that last for thirty days
- Lock accounts after five wrong passwords
";

/// What is done after the first run, in its order.
const STEPS: [&str; 4] = ["edit", "sync", "confirm", "rollback last"];

async fn take(journey: &Journey<'_>, step: &str) -> anyhow::Result<()> {
    journey.rest(1).await;
    match step {
        "edit" => journey.edits(EDITED).await,
        command => journey.tells(command).await,
    }
}

/// Without trouble: what each step asks of GitHub, and what stands there after it.
async fn undisturbed() -> Vec<(Vec<Place>, Vec<String>)> {
    let lane = Lane::open(Timeouts::default()).await;
    let journey = lane.begin_with(SPEC, 3);
    journey.create().await.unwrap();
    let mut seen = Vec::new();
    for step in STEPS {
        let before = journey.requests().len();
        take(&journey, step).await.unwrap();
        let asked = places(&journey.requests()[before..]);
        seen.push((asked, journey.sight().await.unwrap()));
    }
    let synced = &seen[2].1;
    for line in ["thirty days", "five wrong passwords", "false not_planned"] {
        assert!(
            synced.iter().any(|l| l.contains(line)),
            "{line}: {synced:#?}"
        );
    }
    assert_eq!(lane.sim.complaints(), [""; 0]);
    seen
}

async fn disturbed(
    lane: &Lane,
    wanted: &[(Vec<Place>, Vec<String>)],
    turn: usize,
    effect: &Effect,
) -> anyhow::Result<()> {
    let journey = lane.begin_with(SPEC, 3);
    journey.create().await?;
    let faults = lane.sim.faults();
    for (step, (asked, stands)) in STEPS.into_iter().zip(wanted) {
        let place = &asked[turn % asked.len()];
        faults.schedule(place.fault(effect.clone()));
        let context = || format!("{step} with {place:?}");
        take(&journey, step).await.with_context(context)?;
        ensure!(
            faults.pending().is_empty(),
            "{step}: {place:?} was never asked"
        );
        let sight = journey.sight().await?;
        ensure!(
            sight == *stands,
            "{}:\n{sight:#?}\nand not\n{stands:#?}",
            context()
        );
    }
    Ok(())
}

#[rstest]
#[case::cut_before_the_effect(Effect::DropBefore)]
#[case::cut_after_the_effect(Effect::DropAfter)]
#[case::status_500_after_the_effect(Effect::status(500, "Server Error").after_effect())]
#[case::truncated(Effect::Truncate)]
#[tokio::test]
async fn whatever_request_of_a_sync_goes_wrong_each_deed_is_done_once(#[case] effect: Effect) {
    let wanted = undisturbed().await;
    let turns = wanted.iter().map(|(asked, _)| asked.len()).max().unwrap();
    let mut lane = Lane::open(Timeouts::default()).await;
    let mut wrong = Vec::new();
    for turn in 0..turns {
        if let Err(failure) = disturbed(&lane, &wanted, turn, &effect).await {
            wrong.push(format!("{failure:#}"));
            lane = Lane::open(Timeouts::default()).await;
        }
    }
    wrong.extend(lane.sim.complaints());
    assert!(wrong.is_empty(), "{effect:?}:\n{}", wrong.join("\n\n"));
}
