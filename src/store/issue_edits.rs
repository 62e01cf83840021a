//! Table `issue_edits`: items of a sync that change or retire an issue of an earlier run.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgTransaction, Row};

use crate::domain::ids::{IssueNumber, RepositoryId, RunId, RunKey};
use crate::domain::run::{ItemState, Standing};

/// What is to be done with the issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It gets a new title or a new body.
    Change,
    /// It is closed as not planned.
    Retire,
}

impl Deed {
    /// The word in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Retire => "retire",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Change, Self::Retire]
            .into_iter()
            .find(|deed| deed.as_str() == text)
    }
}

/// Title and body of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub title: String,
    pub body: String,
}

/// One edit of an issue that was created by an earlier run.
#[derive(Debug, Clone)]
pub struct IssueEdit {
    /// The item's place in the sync.
    pub position: i32,
    pub deed: Deed,
    /// Which item of which run the issue was created for.
    pub of_run: RunId,
    pub of_position: i32,
    /// What stood on GitHub when the preview was made.
    pub seen: Text,
    /// What it would say, had nobody but us written there.
    pub our: Text,
    /// What it is to say.
    pub new: Text,
    /// What stood there right before the request.
    pub before: Option<Text>,
    /// What was sent.
    pub sent: Option<Text>,
}

macro_rules! select_edit {
    ($tail:literal) => {
        concat!(
            "select e.position, e.deed, e.of_run, e.of_position, e.seen_title, e.seen_body, e.our_title, e.our_body, e.new_title, ",
            "e.new_body, e.before_title, e.before_body, e.sent_title, e.sent_body from issue_edits e ",
            $tail
        )
    };
}

/// Stores the edits of a plan, after its items.
pub async fn insert_all(
    tx: &mut PgTransaction<'_>,
    run: RunKey<'_>,
    edits: &[IssueEdit],
) -> sqlx::Result<()> {
    for edit in edits {
        sqlx::query(
            "insert into issue_edits (run_id, position, installation_id, deed, of_run, of_position, seen_title, seen_body,
                                      our_title, our_body, new_title, new_body)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(run.id.as_str())
        .bind(edit.position)
        .bind(run.installation.0)
        .bind(edit.deed.as_str())
        .bind(edit.of_run.as_str())
        .bind(edit.of_position)
        .bind(&edit.seen.title)
        .bind(&edit.seen.body)
        .bind(&edit.our.title)
        .bind(&edit.our.body)
        .bind(&edit.new.title)
        .bind(&edit.new.body)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The edits of a run, in their order.
pub async fn list(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Vec<IssueEdit>> {
    sqlx::query(select_edit!(
        "where e.run_id = $1 and e.installation_id = $2 order by e.position"
    ))
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// The issues that the run has changed, each as an item of the run that created it.
pub async fn list_changed(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<BTreeSet<(RunId, i32)>> {
    let rows = sqlx::query(
        "select e.of_run, e.of_position from issue_edits e join planned_issues i using (run_id, position)
         where e.run_id = $1 and e.installation_id = $2 and e.deed = 'change' and i.state = 'changed'",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(|row: PgRow| {
        let id: String = row.try_get("of_run")?;
        let unreadable = || sqlx::Error::Decode("unreadable row in issue_edits".into());
        let of_run = RunId::parse(&id).ok_or_else(unreadable)?;
        Ok((of_run, row.try_get("of_position")?))
    })
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Which issue an item of a sync is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    pub position: i32,
    pub deed: Deed,
    pub repository: RepositoryId,
    pub number: IssueNumber,
    pub url: String,
}

/// Which issues the run changes and retires.
pub async fn list_edited(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Vec<Edited>> {
    sqlx::query(
        "select e.position, e.deed, c.repository_id, c.number, c.url from issue_edits e
         join created_issues c on c.run_id = e.of_run and c.position = e.of_position
         where e.installation_id = $1 and e.run_id = $2 order by e.position",
    )
    .bind(run.installation.0)
    .bind(run.id.as_str())
    .try_map(|row: PgRow| {
        let deed: String = row.try_get("deed")?;
        Ok(Edited {
            position: row.try_get("position")?,
            deed: Deed::parse(&deed)
                .ok_or_else(|| sqlx::Error::Decode("unreadable row in issue_edits".into()))?,
            repository: RepositoryId(row.try_get("repository_id")?),
            number: IssueNumber(row.try_get("number")?),
            url: row.try_get("url")?,
        })
    })
    .fetch_all(db)
    .await
}

/// The first edit of the run whose item is in this state.
pub async fn find_in_state(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    state: ItemState,
) -> sqlx::Result<Option<IssueEdit>> {
    sqlx::query(select_edit!(
        "join planned_issues i using (run_id, position)
         where e.run_id = $1 and e.installation_id = $3 and i.state = $2 order by e.position limit 1"
    ))
    .bind(run.id.as_str())
    .bind(state.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The last edit that was made to an issue and stands, by whichever sync.
pub async fn find_standing(
    db: impl PgExecutor<'_>,
    of_run: RunKey<'_>,
    of_position: i32,
) -> sqlx::Result<Option<IssueEdit>> {
    sqlx::query(select_edit!(
        "join planned_issues i using (run_id, position) join runs r on r.id = e.run_id
         where e.of_run = $1 and e.of_position = $2 and e.installation_id = $3 and i.state in ('changed', 'left') and e.sent_title is not null
         order by r.created_at desc, r.id desc limit 1"
    ))
    .bind(of_run.id.as_str())
    .bind(of_position)
    .bind(of_run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// Stores what is about to be sent and what stands there now; false if the run has left the creating phase.
pub async fn intend(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
    before: &Text,
    sent: &Text,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "with intended as (
             update planned_issues set state = 'intended', intended_at = $7, looks = 0
             where run_id = $1 and installation_id = $8 and position = $2 and state in ('planned', 'intended')
               and exists (select from runs where id = $1 and installation_id = $8 and phase = 'creating')
             returning 1
         )
         update issue_edits set before_title = $3, before_body = $4, sent_title = $5, sent_body = $6
         where run_id = $1 and installation_id = $8 and position = $2 and exists (select from intended)",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(&before.title)
    .bind(&before.body)
    .bind(&sent.title)
    .bind(&sent.body)
    .bind(now)
    .bind(run.installation.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The edit stands on GitHub: later runs look for the issue's new words.
pub async fn set_made(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    edit: &IssueEdit,
    fingerprints: &[Vec<u8>],
) -> sqlx::Result<()> {
    settle(
        db,
        run,
        edit,
        fingerprints,
        (ItemState::Changed, Standing::NotPlanned),
    )
    .await
}

/// A rollback has put the issue back as it was.
pub async fn set_undone(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    edit: &IssueEdit,
    fingerprints: &[Vec<u8>],
) -> sqlx::Result<()> {
    settle(
        db,
        run,
        edit,
        fingerprints,
        (ItemState::Undone, Standing::Open),
    )
    .await
}

/// Settles the item; what was retired, or taken up again, stands so from now on.
async fn settle(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    edit: &IssueEdit,
    fingerprints: &[Vec<u8>],
    (state, retired): (ItemState, Standing),
) -> sqlx::Result<()> {
    sqlx::query(
        "with settled as (
             update planned_issues set state = $8, note = null
             where run_id = $1 and installation_id = $6 and position = $2
         ), told as (
             update runs set revision = revision + 1 where id = $1 and installation_id = $6
         )
         update created_issues set fingerprints = $5, standing = coalesce($7, standing)
         where run_id = $3 and installation_id = $6 and position = $4",
    )
    .bind(run.id.as_str())
    .bind(edit.position)
    .bind(edit.of_run.as_str())
    .bind(edit.of_position)
    .bind(fingerprints)
    .bind(run.installation.0)
    .bind((edit.deed == Deed::Retire).then_some(retired.as_str()))
    .bind(state.as_str())
    .execute(db)
    .await
    .map(drop)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<IssueEdit> {
    let unreadable = || sqlx::Error::Decode("unreadable row in issue_edits".into());
    let (deed, of_run): (String, String) = (row.try_get("deed")?, row.try_get("of_run")?);
    let pair = |title: Option<String>, body: Option<String>| {
        title.zip(body).map(|(title, body)| Text { title, body })
    };
    Ok(IssueEdit {
        position: row.try_get("position")?,
        deed: Deed::parse(&deed).ok_or_else(unreadable)?,
        of_run: RunId::parse(&of_run).ok_or_else(unreadable)?,
        of_position: row.try_get("of_position")?,
        seen: Text {
            title: row.try_get("seen_title")?,
            body: row.try_get("seen_body")?,
        },
        our: Text {
            title: row.try_get("our_title")?,
            body: row.try_get("our_body")?,
        },
        new: Text {
            title: row.try_get("new_title")?,
            body: row.try_get("new_body")?,
        },
        before: pair(row.try_get("before_title")?, row.try_get("before_body")?),
        sent: pair(row.try_get("sent_title")?, row.try_get("sent_body")?),
    })
}
