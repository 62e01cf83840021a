//! Table `issue_links`: sub-issues and dependencies still to be made native on GitHub.

use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, RunId};

/// How two issues hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// The item is a sub-issue of the target.
    SubIssue,
    /// The item waits for the target.
    BlockedBy,
}

impl LinkKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SubIssue => "sub_issue",
            Self::BlockedBy => "blocked_by",
        }
    }
}

/// One link of an item; target 0 is the trigger issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueLink {
    pub position: i32,
    pub kind: LinkKind,
    pub target: i32,
}

/// Stores the links to be made; those known already stay as they are.
pub async fn insert_all(
    db: impl PgExecutor<'_>,
    run: &RunId,
    installation: InstallationId,
    links: &[IssueLink],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into issue_links (run_id, installation_id, position, kind, target, state)
         select $1, $2, *, 'planned' from unnest($3::int[], $4::text[], $5::int[])
         on conflict do nothing",
    )
    .bind(run.as_str())
    .bind(installation.0)
    .bind(links.iter().map(|l| l.position).collect::<Vec<_>>())
    .bind(links.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>())
    .bind(links.iter().map(|l| l.target).collect::<Vec<_>>())
    .execute(db)
    .await
    .map(drop)
}

/// The next link to be made: sub-issues first, then dependencies, each in the order of the plan.
pub async fn find_next(db: impl PgExecutor<'_>, run: &RunId) -> sqlx::Result<Option<IssueLink>> {
    sqlx::query(
        "select position, kind, target from issue_links where run_id = $1 and state = 'planned'
         order by kind = 'blocked_by', position, target limit 1",
    )
    .bind(run.as_str())
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The link stands, or GitHub refused it with these words.
pub async fn settle(
    db: impl PgExecutor<'_>,
    run: &RunId,
    link: &IssueLink,
    refused: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update issue_links set state = case when $5::text is null then 'done' else 'refused' end, note = $5
         where run_id = $1 and position = $2 and kind = $3 and target = $4",
    )
    .bind(run.as_str())
    .bind(link.position)
    .bind(link.kind.as_str())
    .bind(link.target)
    .bind(refused)
    .execute(db)
    .await
    .map(drop)
}

/// The item's place under a parent, if it has one or may have one: the answer to a link can be lost.
pub async fn find_made(
    db: impl PgExecutor<'_>,
    run: &RunId,
    position: i32,
) -> sqlx::Result<Option<IssueLink>> {
    sqlx::query(
        "select position, kind, target from issue_links
         where run_id = $1 and position = $2 and state in ('done', 'planned') and kind = 'sub_issue' limit 1",
    )
    .bind(run.as_str())
    .bind(position)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The link was taken off by a rollback.
pub async fn set_removed(
    db: impl PgExecutor<'_>,
    run: &RunId,
    link: &IssueLink,
) -> sqlx::Result<()> {
    sqlx::query(
        "update issue_links set state = 'removed'
         where run_id = $1 and position = $2 and kind = $3 and target = $4",
    )
    .bind(run.as_str())
    .bind(link.position)
    .bind(link.kind.as_str())
    .bind(link.target)
    .execute(db)
    .await
    .map(drop)
}

/// Links that GitHub refused, with its words, for the summary.
pub async fn list_refused(
    db: impl PgExecutor<'_>,
    run: &RunId,
) -> sqlx::Result<Vec<(i32, String)>> {
    sqlx::query(
        "select position, coalesce(note, '') as note from issue_links
         where run_id = $1 and state = 'refused' order by position",
    )
    .bind(run.as_str())
    .try_map(|row: PgRow| Ok((row.try_get("position")?, row.try_get("note")?)))
    .fetch_all(db)
    .await
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<IssueLink> {
    let kind: String = row.try_get("kind")?;
    Ok(IssueLink {
        position: row.try_get("position")?,
        kind: if kind == "sub_issue" {
            LinkKind::SubIssue
        } else {
            LinkKind::BlockedBy
        },
        target: row.try_get("target")?,
    })
}
