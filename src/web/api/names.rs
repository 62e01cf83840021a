//! The names that states have in JSON, for the description; a test holds them to the states themselves.
#![expect(dead_code, reason = "only their names are used, by the description")]

use utoipa::ToSchema;

/// `waiting` for a person, `under_way`, or how it ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum RunStanding {
    Waiting,
    UnderWay,
    Completed,
    Failed,
    Cancelled,
    RolledBack,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum RunStatus {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
    RolledBack,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum RunPhase {
    Planning,
    AwaitingConfirmation,
    Creating,
    Linking,
    Summarising,
    RollingBack,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum IssueState {
    Planned,
    Dropped,
    Intended,
    Created,
    Skipped,
    Failed,
    Closed,
    Left,
    Changed,
    Undone,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum IssueDeed {
    Add,
    Change,
    Retire,
    Keep,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum IssueStanding {
    Open,
    Done,
    NotPlanned,
    Deleted,
    Moved,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::domain::run::{ItemState, Phase, Standing as Become, Status};
    use crate::store::overview::Standing;

    fn described(name: &str) -> Vec<String> {
        let all = serde_json::to_value(&*super::super::DESCRIPTION).expect("it is JSON");
        let names = all["components"]["schemas"][name]["enum"].as_array();
        let names = names.unwrap_or_else(|| panic!("{name} is not described"));
        names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_state_is_described_by_its_name() {
        assert_eq!(described("RunStatus"), Status::ALL.map(Status::as_str));
        assert_eq!(described("RunPhase"), Phase::ALL.map(Phase::as_str));
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        let standings = Standing::ALL.map(|s| s.as_str().to_owned()).to_vec();
        assert_eq!(sorted(described("RunStanding")), sorted(standings));
        let states = ItemState::ALL.map(|s| s.as_str().to_owned()).to_vec();
        assert_eq!(sorted(described("IssueState")), sorted(states));
        assert!(
            described("IssueStanding")
                .iter()
                .all(|name| Become::parse(name).is_some())
        );
    }
}
