//! Tables over all moves and all states.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::*;

const MOVES: [Move; 13] = [
    Move::StartPlanning,
    Move::PlanStored { ask: true },
    Move::PlanStored { ask: false },
    Move::Replan,
    Move::Confirm,
    Move::Drop,
    Move::CreatingDone,
    Move::LinkingDone,
    Move::Summarised,
    Move::Cancel,
    Move::Fail,
    Move::StartRollback,
    Move::RolledBack,
];

fn short(state: State) -> &'static str {
    state.phase().map_or(state.status().as_str(), Phase::as_str)
}

#[test]
fn every_legal_move_is_in_this_table_and_no_other() {
    let mut table = String::new();
    for from in State::all() {
        for wanted in MOVES {
            if let Ok(next) = from.make(wanted) {
                writeln!(table, "{} -> {} by {wanted:?}", short(from), short(next)).unwrap();
            }
        }
    }
    assert_snapshot!(table, @"
    pending -> planning by StartPlanning
    pending -> cancelled by Cancel
    pending -> failed by Fail
    completed -> rolling_back by StartRollback
    failed -> rolling_back by StartRollback
    cancelled -> rolling_back by StartRollback
    rolled_back -> rolling_back by StartRollback
    planning -> planning by StartPlanning
    planning -> awaiting_confirmation by PlanStored { ask: true }
    planning -> creating by PlanStored { ask: false }
    planning -> cancelled by Cancel
    planning -> failed by Fail
    awaiting_confirmation -> planning by Replan
    awaiting_confirmation -> creating by Confirm
    awaiting_confirmation -> awaiting_confirmation by Drop
    awaiting_confirmation -> cancelled by Cancel
    awaiting_confirmation -> failed by Fail
    creating -> linking by CreatingDone
    creating -> cancelled by Cancel
    creating -> failed by Fail
    linking -> summarising by LinkingDone
    linking -> cancelled by Cancel
    linking -> failed by Fail
    summarising -> completed by Summarised
    summarising -> failed by Fail
    rolling_back -> failed by Fail
    rolling_back -> rolling_back by StartRollback
    rolling_back -> rolled_back by RolledBack
    ");
}

#[test]
fn every_legal_item_move_is_in_this_table_and_no_other() {
    let mut table = String::new();
    for from in ItemState::ALL {
        for wanted in ItemMove::ALL {
            if let Ok(next) = from.make(wanted) {
                let (from, next) = (from.as_str(), next.as_str());
                writeln!(table, "{from} -> {next} by {wanted:?}").unwrap();
            }
        }
    }
    assert_snapshot!(table, @"
    planned -> dropped by Drop
    planned -> skipped by Skip
    planned -> intended by Intend
    planned -> failed by Fail
    dropped -> planned by Restore
    intended -> intended by Intend
    intended -> created by Create
    intended -> failed by Fail
    intended -> changed by Change
    created -> created by Create
    created -> closed by Close
    created -> left by Leave
    failed -> intended by Intend
    closed -> closed by Close
    left -> closed by Close
    left -> left by Leave
    left -> undone by Undo
    changed -> left by Leave
    changed -> changed by Change
    changed -> undone by Undo
    undone -> undone by Undo
    ");
}

#[test]
fn illegal_moves_say_why_not() {
    let run = RunId::parse("run_20260102_030405_abcdefgh").unwrap();
    let mut words = String::new();
    for wanted in [
        Move::Cancel,
        Move::Confirm,
        Move::Drop,
        Move::Replan,
        Move::StartRollback,
    ] {
        for from in State::all() {
            if let Err(illegal) = from.make(wanted) {
                words += &illegal.about(&run).replace(run.as_str(), "R");
                words += "\n";
            }
        }
    }
    assert_snapshot!(words, @"
    R is already completed; there is nothing to cancel
    R is already over, because it failed; there is nothing to cancel
    R is already cancelled; there is nothing to cancel
    R is already rolled back; there is nothing to cancel
    R is just finishing; every issue exists by now, `rollback last` closes them again
    R is being rolled back; a rollback cannot be cancelled
    R is about to start; it can be confirmed once its preview is there
    R is already completed; there is nothing to confirm
    R is already over, because it failed; there is nothing to confirm
    R is already cancelled; there is nothing to confirm
    R is already rolled back; there is nothing to confirm
    R is still being planned; it can be confirmed once its preview is there
    R is already creating its issues; there is nothing to confirm
    R is already linking its issues; there is nothing to confirm
    R is just finishing; there is nothing to confirm
    R is being rolled back; there is nothing to confirm
    R is about to start; items can be dropped once its preview is there
    R is already completed; a plan can be changed only while its preview waits
    R is already over, because it failed; a plan can be changed only while its preview waits
    R is already cancelled; a plan can be changed only while its preview waits
    R is already rolled back; a plan can be changed only while its preview waits
    R is still being planned; items can be dropped once its preview is there
    R is already creating its issues; a plan can be changed only while its preview waits
    R is already linking its issues; a plan can be changed only while its preview waits
    R is just finishing; a plan can be changed only while its preview waits
    R is being rolled back; a plan can be changed only while its preview waits
    R is about to start; it can be planned again only while a preview waits
    R is already completed; ask again in a new comment to start another run
    R is already over, because it failed; ask again in a new comment to start another run
    R is already cancelled; ask again in a new comment to start another run
    R is already rolled back; ask again in a new comment to start another run
    R is still being planned; it can be planned again only while a preview waits
    R is already creating its issues; it can be planned again only while a preview waits
    R is already linking its issues; it can be planned again only while a preview waits
    R is just finishing; it can be planned again only while a preview waits
    R is being rolled back; it can be planned again only while a preview waits
    R is about to start; `cancel` it first, then roll it back
    R is still being planned; `cancel` it first, then roll it back
    R is waiting for confirmation; `cancel` it first, then roll it back
    R is already creating its issues; `cancel` it first, then roll it back
    R is already linking its issues; `cancel` it first, then roll it back
    R is just finishing; `cancel` it first, then roll it back
    ");
}

#[test]
fn every_state_survives_the_database() {
    for state in State::all() {
        let read = State::parse(state.status().as_str(), state.phase().map(Phase::as_str));
        assert_eq!(read, Some(state));
    }
    for item in ItemState::ALL {
        assert_eq!(ItemState::parse(item.as_str()), Some(item));
    }
}

#[test]
fn a_phase_belongs_to_running_alone() {
    assert_eq!(State::parse("completed", Some("creating")), None);
    assert_eq!(State::parse("running", None), None);
    assert_eq!(State::parse("running", Some("dancing")), None);
}

#[test]
fn a_whole_journey_is_legal() {
    let journey = || {
        State::PENDING
            .start_planning()?
            .plan_stored(true)?
            .replan()?
            .plan_stored(true)?
            .drop_items()?
            .confirm()?
            .creating_done()?
            .linking_done()?
            .summarised()?
            .start_rollback()?
            .rolled_back()
    };
    assert_eq!(journey().map(State::status), Ok(Status::RolledBack));
}
