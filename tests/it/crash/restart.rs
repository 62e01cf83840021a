//! A server that is told to end and started again, and a run that is cancelled while a request is on its way.

use std::process::Stdio;
use std::time::{Duration, Instant};

use http::Method;
use openproducer::github::Timeouts;
use openproducer::simulator::{Effect, Fault};
use rstest::rstest;
use tokio::process::{Child, Command};

use super::journey::Lane;
use super::stage::Stage;
use super::{ISSUES, SPEC};
use crate::harness::house::{Outside, SHOP, house};
use crate::harness::sight;

const WORK: &str = "\
@TheOpenProducerBot
rate_limit_per_minute: 80

- Build the login form
- Add sessions after the login form
- Write the guide for new users
";

/// The program's own `serve`, as an operator starts it; killed when a test fails in the middle.
fn serve(lane: &Lane) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openproducer"));
    command
        .arg("serve")
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env_clear()
        .envs(Outside::of(&lane.sim).environment())
        .env("DATABASE_URL", lane.database.url())
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command.spawn().unwrap()
}

/// SIGTERM by its own id, as an orchestrator sends it; it must end in order, with a GitHub that goes on answering.
async fn end(mut server: Child) {
    let told = Command::new("kill")
        .args(["-TERM", &server.id().unwrap().to_string()])
        .status()
        .await
        .unwrap();
    assert!(told.success());
    let ended = server.wait().await.unwrap();
    assert!(ended.success(), "{ended}");
}

async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < Duration::from_mins(2), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_told_to_end_and_started_again_changes_nothing() {
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let calm = lane.begin_with(WORK, 3);
    calm.store("issues").await.unwrap();
    stage.live(None).await.unwrap();
    let wanted = calm.outcome().await.unwrap();
    assert_eq!(wanted.state, "completed");

    let journey = lane.begin_with(WORK, 3);
    journey.store("issues").await.unwrap();
    for posts in [1, 2, 3] {
        let server = serve(&lane);
        until("the next issue", async || journey.posts() >= posts).await;
        end(server).await;
        let shown = journey.outcome_of_any().await.unwrap();
        assert_eq!(shown.state, "running", "ended in the middle");
    }
    let server = serve(&lane);
    until("quiet", async || stage.is_quiet().await.unwrap()).await;
    end(server).await;
    assert_eq!(journey.posts(), 3, "each sent once");
    journey.outcome().await.unwrap().must_be(&wanted).unwrap();
    assert_eq!(lane.sim.complaints(), [""; 0]);
}

#[rstest]
#[case::whose_effect_is_to_come(Effect::Delay(Duration::from_secs(4)))]
#[case::whose_answer_is_to_come(Effect::Delay(Duration::from_secs(4)).after_effect())]
#[tokio::test]
async fn a_cancel_lets_one_request_on_its_way_through_and_no_other(#[case] slow: Effect) {
    house(async |t| {
        let fault = Fault::on(Method::POST, sight::ISSUES).nth(5);
        t.sim.faults().schedule(fault.then(slow.clone()));
        let trigger = t.alice().opens_issue(SHOP, "Reading club", SPEC);
        t.until("the fifth is on its way", |t| {
            t.sent(&Method::POST, sight::ISSUES) == 5
        })
        .await;
        t.alice().comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "cancelled");
        assert_eq!(t.sent(&Method::POST, sight::ISSUES), 5);
        assert_eq!(t.created().len(), 5);
        let said = t.bot_comment(&trigger);
        assert!(said.contains(&format!("5 of {ISSUES}")), "{said}");
    })
    .await;
}
