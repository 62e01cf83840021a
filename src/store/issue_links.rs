//! Table `issue_links`: sub-issues and dependencies, to be made on GitHub or to be written down where it knows none.

use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::RunKey;

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

/// How a link is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By a request of its own.
    Native,
    /// It is to be written into the body of the item that waits, or of the parent.
    Text,
    /// It stands in a text already.
    Written,
}

impl How {
    const fn as_state(self) -> &'static str {
        match self {
            Self::Native => "planned",
            Self::Text => "text",
            Self::Written => "written",
        }
    }
}

/// Stores the links to be made; those known already stay as they are.
pub async fn insert_all(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    links: &[(IssueLink, How)],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into issue_links (run_id, installation_id, position, kind, target, state)
         select $1, $2, * from unnest($3::int[], $4::text[], $5::int[], $6::text[])
         on conflict do nothing",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .bind(links.iter().map(|(l, _)| l.position).collect::<Vec<_>>())
    .bind(
        links
            .iter()
            .map(|(l, _)| l.kind.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(links.iter().map(|(l, _)| l.target).collect::<Vec<_>>())
    .bind(
        links
            .iter()
            .map(|(_, how)| how.as_state())
            .collect::<Vec<_>>(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// The next link to be made: sub-issues first, then dependencies, each in the order of the plan.
pub async fn find_next(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<Option<IssueLink>> {
    sqlx::query(
        "select position, kind, target from issue_links
         where run_id = $1 and installation_id = $2 and state = 'planned'
         order by kind = 'blocked_by', position, target limit 1",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The link stands, or GitHub refused it with these words.
pub async fn settle(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    link: &IssueLink,
    refused: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update issue_links set state = case when $5::text is null then 'done' else 'refused' end, note = $5
        
         where run_id = $1 and installation_id = $6 and position = $2 and kind = $3 and target = $4",
    )
    .bind(run.id.as_str())
    .bind(link.position)
    .bind(link.kind.as_str())
    .bind(link.target)
    .bind(refused)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// Every sub-issue of this target that is still to be made was refused with these words: the target is full.
pub async fn refuse_rest(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    target: i32,
    why: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update issue_links set state = 'refused', note = $3
        
         where run_id = $1 and installation_id = $4 and target = $2 and kind = 'sub_issue' and state = 'planned'",
    )
    .bind(run.id.as_str())
    .bind(target)
    .bind(why)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// The next item whose body is to name its links: the parent of a sub-issue, or the one that waits.
pub async fn find_text(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Option<i32>> {
    let row = sqlx::query(
        "select min(case kind when 'sub_issue' then target else position end) as writer
         from issue_links where run_id = $1 and installation_id = $2 and state = 'text'",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .fetch_one(db)
    .await?;
    row.try_get("writer")
}

/// The item's body names its links, or cannot, for this reason.
pub async fn settle_text(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    writer: i32,
    refused: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update issue_links set state = case when $3::text is null then 'written' else 'refused' end, note = $3
         where run_id = $1 and installation_id = $4 and state = 'text'
           and case kind when 'sub_issue' then target else position end = $2",
    )
    .bind(run.id.as_str())
    .bind(writer)
    .bind(refused)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// What we linked an item to, or may have linked: the answer to a link can be lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ours {
    /// The parent, 0 for the trigger issue.
    pub parent: Option<i32>,
    /// What it waits for.
    pub blocked_by: Vec<i32>,
    /// How many wait for it.
    pub blocking: usize,
}

/// The links of one item that we made.
pub async fn ours(db: impl PgExecutor<'_>, run: RunKey<'_>, position: i32) -> sqlx::Result<Ours> {
    let rows = sqlx::query(
        "select position, kind, target from issue_links
        
         where run_id = $1 and installation_id = $3 and (position = $2 or target = $2) and state in ('done', 'planned')",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await?;
    let mut ours = Ours::default();
    for link in rows {
        match link.kind {
            LinkKind::SubIssue if link.position == position => ours.parent = Some(link.target),
            LinkKind::BlockedBy if link.position == position => ours.blocked_by.push(link.target),
            LinkKind::BlockedBy => ours.blocking += 1,
            LinkKind::SubIssue => {}
        }
    }
    Ok(ours)
}

/// The item's place under a parent, if it has one or may have one: the answer to a link can be lost.
pub async fn find_made(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
) -> sqlx::Result<Option<IssueLink>> {
    sqlx::query(
        "select position, kind, target from issue_links
        
         where run_id = $1 and installation_id = $3 and position = $2
           and state in ('done', 'planned') and kind = 'sub_issue' limit 1",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The link was taken off by a rollback.
pub async fn set_removed(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    link: &IssueLink,
) -> sqlx::Result<()> {
    sqlx::query(
        "update issue_links set state = 'removed'
        
         where run_id = $1 and installation_id = $5 and position = $2 and kind = $3 and target = $4",
    )
    .bind(run.id.as_str())
    .bind(link.position)
    .bind(link.kind.as_str())
    .bind(link.target)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// Links that GitHub refused, with its words, for the summary.
pub async fn list_refused(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<Vec<(i32, String)>> {
    sqlx::query(
        "select position, coalesce(note, '') as note from issue_links
         where run_id = $1 and installation_id = $2 and state = 'refused' order by position",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(|row: PgRow| Ok((row.try_get("position")?, row.try_get("note")?)))
    .fetch_all(db)
    .await
}

/// How many of the run's links are settled, and how many there are.
pub async fn count(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<(usize, usize)> {
    let row = sqlx::query(
        "select count(*) filter (where state not in ('planned', 'text')) as settled, count(*) as every
         from issue_links where installation_id = $1 and run_id = $2",
    )
    .bind(run.installation.0)
    .bind(run.id.as_str())
    .fetch_one(db)
    .await?;
    let count = |name: &str| -> sqlx::Result<usize> {
        Ok(usize::try_from(row.try_get::<i64, _>(name)?).unwrap_or_default())
    };
    Ok((count("settled")?, count("every")?))
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
