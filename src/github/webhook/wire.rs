//! The payloads as GitHub writes them, read leniently: only what is needed, whatever else there is.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::domain::ids::{
    CommentId, InstallationId, IssueId, IssueNumber, RepositoryId, RepositoryName, UserId,
};

/// Every payload that we read in full; which fields must be there depends on the event.
#[derive(Deserialize)]
pub(super) struct Payload {
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub installation: Option<Installation>,
    #[serde(default)]
    pub repository: Option<Repository>,
    #[serde(default)]
    pub sender: Option<Account>,
    #[serde(default)]
    pub issue: Option<Issue>,
    #[serde(default)]
    pub comment: Option<Comment>,
    #[serde(default)]
    pub changes: Option<Changes>,
    #[serde(default)]
    pub repositories: Option<Vec<Repository>>,
    #[serde(default)]
    pub repositories_added: Option<Vec<Repository>>,
    #[serde(default)]
    pub repositories_removed: Option<Vec<Repository>>,
    /// `installation_target`.
    #[serde(default)]
    pub account: Option<Account>,
    #[serde(default)]
    pub marketplace_purchase: Option<MarketplacePurchase>,
    #[serde(default)]
    pub previous_marketplace_purchase: Option<MarketplacePurchase>,
    #[serde(default, deserialize_with = "moment")]
    pub effective_date: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Account {
    pub id: UserId,
    /// An enterprise has a `slug` instead.
    #[serde(default, alias = "slug")]
    pub login: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub id: RepositoryId,
    pub full_name: RepositoryName,
    #[serde(default)]
    pub private: bool,
}

/// In most payloads only the id is there; the account and the rest in those about the installation itself.
#[derive(Deserialize)]
pub(super) struct Installation {
    pub id: InstallationId,
    #[serde(default)]
    pub account: Option<Account>,
    #[serde(default)]
    pub repository_selection: Option<String>,
    #[serde(default)]
    pub suspended_at: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub id: IssueId,
    pub number: IssueNumber,
    pub title: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub state_reason: Option<String>,
    #[serde(default)]
    pub pull_request: Option<IgnoredAny>,
    #[serde(default)]
    pub user: Option<Account>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub id: CommentId,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub user: Option<Account>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub performed_via_github_app: Option<App>,
}

#[derive(Deserialize)]
pub(super) struct App {
    pub id: i64,
}

/// What an edit replaced; other events put other things here, which are ignored.
#[derive(Deserialize)]
pub(super) struct Changes {
    #[serde(default)]
    pub title: Option<Change>,
    #[serde(default)]
    pub body: Option<Change>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    pub from: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MarketplacePurchase {
    #[serde(default)]
    pub account: Option<Account>,
    pub plan: Plan,
    #[serde(default)]
    pub billing_cycle: Option<String>,
    #[serde(default)]
    pub unit_count: Option<i64>,
    #[serde(default)]
    pub on_free_trial: Option<bool>,
    #[serde(default, deserialize_with = "moment")]
    pub free_trial_ends_on: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub next_billing_date: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Plan {
    pub id: i64,
    pub name: String,
}

/// A moment, or a day alone; whatever else it says is none.
fn moment<'de, D: Deserializer<'de>>(given: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let given = Option::<String>::deserialize(given)?;
    Ok(given.and_then(|text| {
        let day = || text.parse::<chrono::NaiveDate>().ok();
        let moment = DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc());
        moment
            .ok()
            .or_else(|| Some(day()?.and_time(chrono::NaiveTime::MIN).and_utc()))
    }))
}
