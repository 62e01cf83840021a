//! A run of 25 issues and its rollback, each time with one request gone wrong, until every request had its turn.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;
use http::Method;
use openproducer::config::Environment;
use openproducer::github::Timeouts;
use openproducer::simulator::{Effect, Fault, Recorded};
use rstest::rstest;

use super::ISSUES;
use super::journey::{Journey, Lane, Outcome};
use crate::harness::sight;

/// One request of the undisturbed journey, by which a fault finds it in another one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    method: Method,
    template: String,
    nth: u32,
}

impl Place {
    pub(super) fn fault(&self, effect: Effect) -> Fault {
        Fault::on(self.method.clone(), &self.template)
            .nth(self.nth)
            .then(effect)
    }
}

/// A journey without trouble: what it asks of GitHub, in order, and what stands there afterwards.
struct Undisturbed {
    creating: Vec<Place>,
    created: Outcome,
    undoing: Vec<Place>,
    undone: Outcome,
}

async fn undisturbed() -> Undisturbed {
    let lane = Lane::open(Timeouts::default()).await;
    let journey = lane.begin();
    journey.create().await.unwrap();
    let creating = places(&journey.requests());
    let created = journey.outcome().await.unwrap();
    journey.says("rollback last").await.unwrap();
    let undoing = places(&journey.requests()[creating.len()..]);
    let undone = journey.outcome().await.unwrap();
    assert_eq!((created.state, undone.state), ("completed", "rolled_back"));
    for (created, undone) in created.shown.iter().zip(&undone.shown) {
        assert_eq!(created.labels, ["reading-club"]);
        assert!(created.parent.is_some(), "{created:?}");
        assert_eq!(undone.state, "closed not_planned");
        assert_eq!(undone.parent, None);
    }
    assert_eq!(lane.sim.complaints(), [""; 0]);
    assert!(of(&creating, &Method::POST, sight::ISSUES) == ISSUES);
    Undisturbed {
        creating,
        created,
        undoing,
        undone,
    }
}

fn of(places: &[Place], method: &Method, template: &str) -> usize {
    let template = template.replace("{number}", "{n}");
    let mine = |p: &&Place| p.method == method && p.template == template;
    places.iter().filter(mine).count()
}

pub(super) fn places(requests: &[Recorded]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for request in requests {
        let template = template(&request.route);
        let same = |p: &&Place| p.method == request.method && p.template == template;
        let before = places.iter().filter(same).count();
        places.push(Place {
            method: request.method.clone(),
            nth: u32::try_from(before).expect("few") + 1,
            template,
        });
    }
    places
}

/// The route without the names of one repository and one issue.
fn template(route: &str) -> String {
    let mut parts: Vec<&str> = route.trim_start_matches('/').split('/').collect();
    if let ["repos", owner, repository, ..] = parts.as_mut_slice() {
        (*owner, *repository) = ("{owner}", "{repo}");
    }
    for part in &mut parts {
        if part.bytes().all(|b| b.is_ascii_digit()) {
            *part = "{n}";
        }
    }
    format!("/{}", parts.join("/"))
}

/// Which requests go wrong in which journey: each in one of them. A journey has trouble with several, but never twice with
/// the same kind of request, and far apart; alone with `OPENPRODUCER_EACH_FAULT_ALONE` set, which takes four times as long.
fn batches(places: &[Place]) -> Vec<Vec<Place>> {
    if each_alone() {
        return places.iter().map(|p| vec![p.clone()]).collect();
    }
    let mut kinds: Vec<Vec<&Place>> = Vec::new();
    for place in places {
        let same = |k: &&mut Vec<&Place>| {
            (&k[0].method, &k[0].template) == (&place.method, &place.template)
        };
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.push(place),
            None => kinds.push(vec![place]),
        }
    }
    let most = kinds.iter().map(Vec::len).max().unwrap_or_default();
    let mut batches = vec![Vec::new(); most];
    for (number, kind) in kinds.into_iter().enumerate() {
        for (nth, place) in kind.into_iter().enumerate() {
            batches[(nth + 8 * number) % most].push(place.clone());
        }
    }
    batches
}

fn each_alone() -> bool {
    Environment::of_process_alone()
        .get("OPENPRODUCER_EACH_FAULT_ALONE")
        .is_some()
}

/// One journey there and back, with these requests of each way gone wrong.
async fn disturbed(
    lane: &Lane,
    wanted: &Undisturbed,
    (there, back): (&[Place], &[Place]),
    effect: &Effect,
) -> anyhow::Result<()> {
    let faults = lane.sim.faults();
    let schedule = |places: &[Place]| {
        for place in places {
            faults.schedule(place.fault(effect.clone()));
        }
    };
    let journey = lane.begin();
    schedule(there);
    let created = async {
        journey.create().await?;
        ensure!(faults.pending().is_empty(), "{:?}", faults.pending());
        journey.outcome().await?.must_be(&wanted.created)
    };
    created.await.with_context(|| format!("with {there:?}"))?;
    schedule(back);
    let undone = async {
        journey.says("rollback last").await?;
        ensure!(faults.pending().is_empty(), "{:?}", faults.pending());
        journey.outcome().await?.must_be(&wanted.undone)
    };
    undone
        .await
        .with_context(|| format!("on the way back with {back:?}"))
}

/// Journeys by turns in as many lanes, so that every request has gone wrong; answers what was wrong afterwards.
async fn every_request(wanted: &Undisturbed, effect: &Effect, lanes: usize) -> Vec<String> {
    let timeouts = if lanes > 1 {
        SHORT
    } else {
        Timeouts::default()
    };
    let (there, back) = (&batches(&wanted.creating), &batches(&wanted.undoing));
    let all = (0..lanes).map(|number| async move {
        let mut lane = Lane::open(timeouts).await;
        let mut wrong = Vec::new();
        for index in (number..there.len().max(back.len())).step_by(lanes) {
            let there = &there[index % there.len()];
            let back = &back[index % back.len()];
            // An installation is asked for when it is first heard of.
            if there.iter().any(|p| p.template == "/app/installations/{n}") {
                lane = Lane::open(timeouts).await;
            }
            if let Err(failure) = disturbed(&lane, wanted, (there, back), effect).await {
                wrong.push(format!("{failure:#}"));
                lane = Lane::open(timeouts).await;
            }
        }
        wrong.extend(lane.sim.complaints());
        wrong
    });
    join_all(all).await.concat()
}

/// For answers that never come.
const SHORT: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    read: Duration::from_millis(900),
    total: Duration::from_secs(2),
    token_spread: Duration::from_secs(1),
};
const NEVER: Effect = Effect::Delay(Duration::from_hours(1));

#[rstest]
#[case::cut_before_the_effect(Effect::DropBefore, 1)]
#[case::cut_after_the_effect(Effect::DropAfter, 1)]
#[case::status_500_after_the_effect(Effect::status(500, "Server Error").after_effect(), 1)]
#[case::status_502_after_the_effect(Effect::status(502, "Bad Gateway").after_effect(), 1)]
#[case::truncated(Effect::Truncate, 1)]
#[case::silence_before_the_effect(NEVER, 8)]
#[case::silence_after_the_effect(NEVER.after_effect(), 8)]
#[tokio::test]
async fn whatever_request_goes_wrong_each_issue_is_there_once(
    #[case] effect: Effect,
    #[case] lanes: usize,
) {
    let wanted = undisturbed().await;
    let wrong = every_request(&wanted, &effect, lanes).await;
    assert!(wrong.is_empty(), "{effect:?}:\n{}", wrong.join("\n\n"));
}

/// A journey with this trouble ends as one without it.
async fn ends_well(timeouts: Timeouts, trouble: impl Fn(&Lane, &Journey<'_>)) {
    let wanted = undisturbed().await;
    let lane = Lane::open(timeouts).await;
    let journey = lane.begin();
    trouble(&lane, &journey);
    journey.create().await.unwrap();
    assert_eq!(lane.sim.faults().pending(), [], "all of it happened");
    let outcome = journey.outcome().await.unwrap();
    outcome.must_be(&wanted.created).unwrap();
    assert_eq!(lane.sim.complaints(), [""; 0]);
}

#[rstest]
#[case::sent_in_vain_and_then_lost(Effect::DropBefore, Effect::DropAfter)]
#[case::in_vain_twice(Effect::DropBefore, Effect::status(502, "Bad Gateway"))]
#[case::in_vain_and_then_truncated(Effect::status(500, "Server Error"), Effect::Truncate)]
#[tokio::test]
async fn two_faults_in_a_row_at_one_item_leave_it_there_once(
    #[case] first: Effect,
    #[case] second: Effect,
) {
    ends_well(Timeouts::default(), |lane, _| {
        for (route, at) in [(sight::ISSUES, 7), (sight::COMMENTS, 1)] {
            for (nth, effect) in [(at, &first), (at + 1, &second)] {
                let fault = Fault::on(Method::POST, route).nth(nth);
                lane.sim.faults().schedule(fault.then(effect.clone()));
            }
        }
    })
    .await;
}

#[rstest]
#[case::cut(Effect::DropBefore)]
#[case::half_a_list(Effect::Truncate)]
#[case::gateway(Effect::status(502, "Bad Gateway"))]
#[tokio::test]
async fn a_look_that_fails_finds_nothing_and_nothing_is_sent_for_it(#[case] effect: Effect) {
    ends_well(Timeouts::default(), |lane, _| {
        for (route, nth) in [(sight::ISSUES, 12), (sight::COMMENTS, 1)] {
            let lost = Fault::on(Method::POST, route).nth(nth);
            lane.sim.faults().schedule(lost.then(Effect::DropAfter));
            let looks = Fault::on(Method::GET, route).times(3);
            lane.sim.faults().schedule(looks.then(effect.clone()));
        }
    })
    .await;
}

#[tokio::test]
async fn lists_that_lag_when_filtered_are_not_asked() {
    ends_well(Timeouts::default(), |lane, _| {
        lane.sim.lag_filtered_lists(Duration::from_hours(10));
        for nth in [1, 2, 25] {
            let lost = Fault::on(Method::POST, sight::ISSUES).nth(nth);
            lane.sim.faults().schedule(lost.then(Effect::DropAfter));
        }
    })
    .await;
}

/// What GitHub does after we have stopped waiting is seen by the second look.
#[tokio::test]
async fn an_effect_that_comes_after_the_first_look_is_seen_by_the_second() {
    let late = Effect::Delay(SHORT.read + Duration::from_millis(1500));
    ends_well(SHORT, |lane, journey| {
        journey.let_time_pass(Duration::from_secs(1));
        for (route, nth) in [(sight::ISSUES, 3), (sight::COMMENTS, 1)] {
            let slow = Fault::on(Method::POST, route).nth(nth);
            lane.sim.faults().schedule(slow.then(late.clone()));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_found_is_looked_for_again_before_it_is_sent_again() {
    let lane = Lane::open(Timeouts::default()).await;
    let journey = lane.begin();
    let cut = Fault::on(Method::POST, sight::ISSUES).nth(7);
    lane.sim.faults().schedule(cut.then(Effect::DropBefore));
    journey.create().await.unwrap();
    assert_eq!(journey.posts(), ISSUES + 1);

    let mut looks: Vec<Recorded> = Vec::new();
    let mut posts = 0;
    for request in journey.requests() {
        let template = template(&request.route);
        if template != sight::ISSUES {
            continue;
        }
        posts += usize::from(request.method == Method::POST);
        // Before the first is created, the plan is compared with what is there.
        if request.method == Method::GET && posts > 0 {
            assert_eq!(posts, 7, "a look between the first try and the second");
            looks.push(request);
        }
    }
    let [first, second] = looks.as_slice() else {
        panic!("{looks:#?}");
    };
    assert!(second.at - first.at >= chrono::TimeDelta::seconds(1));
    for look in [first, second] {
        let names = look.query.split('&').map(|p| p.split('=').next());
        let names: Vec<&str> = names.flatten().collect();
        assert!(look.query.contains("state=all"), "{}", look.query);
        assert!(names.contains(&"since"), "{names:?}");
        for filter in ["labels", "creator", "assignee", "milestone", "type"] {
            assert!(
                !names.contains(&filter),
                "{filter} has GitHub ask an index that lags"
            );
        }
    }
}

#[tokio::test]
async fn a_lost_item_is_found_on_whatever_page_it_is() {
    let lane = Lane::open(Timeouts::default()).await;
    let journey = lane.begin();
    let faults = lane.sim.faults();
    let lost = Fault::on(Method::POST, sight::ISSUES).nth(7);
    faults.schedule(lost.then(Effect::DropAfter));
    // The first two are the planner's: what is open, and what was closed lately.
    let blind = Fault::on(Method::GET, sight::ISSUES).nth(3).forever();
    faults.schedule(blind.then(Effect::status(502, "Bad Gateway")));
    let meanwhile = async {
        while lane
            .sim
            .requests_matching(&Method::GET, sight::ISSUES)
            .len()
            < 7
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(journey.posts(), 7, "nothing is sent in the dark");
        journey.fill_up(230);
        faults.clear();
    };
    let (created, ()) = tokio::join!(journey.create(), meanwhile);
    created.unwrap();
    assert_eq!(journey.outcome().await.unwrap().state, "completed");
    assert_eq!(journey.posts(), ISSUES);
}

#[rstest]
#[case::cut(Effect::DropBefore, Effect::DropAfter)]
#[case::gateway(Effect::status(502, "Bad Gateway").after_effect(), Effect::Truncate)]
#[tokio::test]
async fn two_faults_in_a_row_at_one_issue_of_a_rollback_are_survived(
    #[case] first: Effect,
    #[case] second: Effect,
) {
    let wanted = undisturbed().await;
    let lane = Lane::open(Timeouts::default()).await;
    let journey = lane.begin();
    journey.create().await.unwrap();
    let issue = format!("{}/{{number}}", sight::ISSUES);
    for (method, route, nth) in [
        (Method::GET, issue.clone(), 3),
        (Method::DELETE, format!("{issue}/sub_issue"), 7),
        (Method::PATCH, issue, 12),
    ] {
        for (nth, effect) in [(nth, &first), (nth + 1, &second)] {
            let fault = Fault::on(method.clone(), &route).nth(nth);
            lane.sim.faults().schedule(fault.then(effect.clone()));
        }
    }
    journey.says("rollback last").await.unwrap();
    assert_eq!(lane.sim.faults().pending(), [], "all of it happened");
    let outcome = journey.outcome().await.unwrap();
    outcome.must_be(&wanted.undone).unwrap();
}
