//! Table `planned_issues`: each item of a run's plan and how far it is.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgExecutor, PgTransaction, Row};

use crate::domain::ids::{IssueNumber, RepositoryId, RunKey};
use crate::domain::plan::PlannedIssue;
use crate::domain::run::{Done, ItemState, Standing};
use crate::store::pace;

/// One item as it stands.
#[derive(Debug, Clone)]
pub struct Item {
    /// The number people use in commands, from 1.
    pub position: i32,
    pub repository: RepositoryId,
    pub planned: PlannedIssue,
    pub fingerprint: Vec<u8>,
    pub state: ItemState,
    /// Why it was skipped or left.
    pub note: Option<String>,
    pub intended_at: Option<DateTime<Utc>>,
    /// How often it was looked for and not found.
    pub looks: i32,
}

impl Item {
    /// The other item of the plan that this one is the same as. Where that was taken out, this one stands in for it.
    pub fn twin(&self) -> Option<i32> {
        self.note.as_deref()?.strip_prefix("item ")?.parse().ok()
    }
}

/// An item to be stored.
#[derive(Debug)]
pub struct NewItem {
    pub position: i32,
    pub repository: RepositoryId,
    pub planned: PlannedIssue,
    pub fingerprint: Vec<u8>,
    pub state: ItemState,
    pub note: Option<String>,
}

/// Replaces all items of a run by those of a new plan.
pub async fn replace_all(
    tx: &mut PgTransaction<'_>,
    run: RunKey<'_>,
    items: &[NewItem],
) -> sqlx::Result<()> {
    sqlx::query("delete from planned_issues where run_id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .execute(&mut **tx)
        .await?;
    insert_all(tx, run, items).await
}

async fn insert_all(
    tx: &mut PgTransaction<'_>,
    run: RunKey<'_>,
    items: &[NewItem],
) -> sqlx::Result<()> {
    let documents: Vec<Json<&PlannedIssue>> = items.iter().map(|i| Json(&i.planned)).collect();
    sqlx::query(
        "insert into planned_issues
             (run_id, installation_id, position, repository_id, document, fingerprint, state, note)
         select $1, $2, * from unnest($3::int[], $4::bigint[], $5::jsonb[], $6::bytea[], $7::text[], $8::text[])",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .bind(items.iter().map(|i| i.position).collect::<Vec<_>>())
    .bind(items.iter().map(|i| i.repository.0).collect::<Vec<_>>())
    .bind(documents)
    .bind(items.iter().map(|i| i.fingerprint.as_slice()).collect::<Vec<_>>())
    .bind(items.iter().map(|i| i.state.as_str()).collect::<Vec<_>>())
    .bind(items.iter().map(|i| i.note.as_deref()).collect::<Vec<_>>())
    .execute(&mut **tx)
    .await
    .map(drop)
}

macro_rules! select_item {
    ($tail:literal) => {
        concat!(
            "select position, repository_id, document, fingerprint, state, note, intended_at, looks ",
            "from planned_issues ",
            $tail
        )
    };
}

/// Takes out the items whose numbers are gone.
pub async fn remove(
    tx: &mut PgTransaction<'_>,
    run: RunKey<'_>,
    positions: &[i32],
) -> sqlx::Result<()> {
    sqlx::query("delete from planned_issues where run_id = $1 and installation_id = $3 and position = any($2)")
        .bind(run.id.as_str())
        .bind(positions)
        .bind(run.installation.0)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Stores items as they are now, new ones and changed ones.
pub async fn upsert_all(
    tx: &mut PgTransaction<'_>,
    run: RunKey<'_>,
    items: &[NewItem],
) -> sqlx::Result<()> {
    let positions: Vec<i32> = items.iter().map(|i| i.position).collect();
    remove(tx, run, &positions).await?;
    insert_all(tx, run, items).await
}

/// All items in their order.
pub async fn list(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Vec<Item>> {
    sqlx::query(select_item!(
        "where run_id = $1 and installation_id = $2 order by position"
    ))
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// An item whose request may have been on its way when its worker was lost.
pub async fn find_intended(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Option<Item>> {
    sqlx::query(select_item!(
        "item where run_id = $1 and installation_id = $2 and state = 'intended'
           and not exists (select from issue_edits e
                           where e.installation_id = $2 and e.run_id = item.run_id and e.position = item.position)
         order by position limit 1"
    ))
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// What [`intend_next`] did.
#[derive(Debug)]
pub enum Intent {
    /// The item's request may leave now: its intent and its place in the pace are stored.
    Stored(Box<Item>),
    /// An earlier run has created the same issue meanwhile.
    Skipped,
    /// The pace allows nothing before this moment.
    Later(DateTime<Utc>),
    /// The run has left the creating phase, or its installation is not live any more.
    NotNow,
    /// No item is planned any more.
    NothingLeft,
}

/// Takes the next place in the pace and stores the intent to create the next planned item with it, unless the run has left
/// the creating phase. Where an earlier run has created the same issue, the item is skipped instead: two runs may have
/// been planned side by side.
pub async fn intend_next(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    pace: &pace::Asked,
    now: DateTime<Utc>,
    set_by_hand: Option<DateTime<Utc>>,
) -> sqlx::Result<Intent> {
    let (per_minute, per_hour) = pace.content.unwrap_or_default();
    let row = sqlx::query(
        "with next as materialized (
             select item.position, item.repository_id, item.fingerprint
             from planned_issues item
             join runs on runs.id = item.run_id and runs.phase = 'creating'
             join installations home on home.id = $3 and home.suspended_at is null and home.removed_at is null
             where item.run_id = $1 and item.installation_id = $3 and item.state = 'planned'
               and not exists (select from issue_edits e
                               where e.installation_id = $3 and e.run_id = item.run_id and e.position = item.position)
             order by item.position limit 1
         ), twin as materialized (
             select created.number from created_issues created join next using (repository_id)
             where created.fingerprints @> array[next.fingerprint] and created.closed_at is null
               and created.run_id <> $1 limit 1
         ), rival as materialized (
             select from planned_issues other join next using (repository_id, fingerprint)
             where other.state = 'intended' and other.run_id <> $1
               and other.intended_at > $2::timestamptz - interval '10 minutes' limit 1
         ), place as materialized (
             select case when exists (select from rival) then $2::timestamptz + interval '5 seconds'
                         else take_write($3, $8, $4, $5, $6, $7, false) end as later
             from next where not exists (select from twin)
         ), changed as (
             update planned_issues set intended_at = $2, looks = 0,
                    state = case when exists (select from twin) then 'skipped' else 'intended' end,
                    note = (select '#' || number from twin)
             where run_id = $1 and installation_id = $3 and position = (select position from next)
               and state = 'planned'
               and not exists (select from place where later is not null)
             returning position, repository_id, document, fingerprint, state, note, intended_at, looks
         ), told as (
             update runs set revision = revision + 1
             where id = $1 and installation_id = $3 and exists (select from changed
         where state = 'skipped')
         )
         select changed.*, (select later from place) as later,
                exists (select from planned_issues
         where run_id = $1 and installation_id = $3 and state = 'planned') as is_left
         from (select) one left join changed on true",
    )
    .bind(run.id.as_str())
    .bind(now)
    .bind(run.installation.0)
    .bind(pace.spacing)
    .bind(pace.content.is_some())
    .bind(per_minute)
    .bind(per_hour)
    .bind(set_by_hand)
    .fetch_one(db)
    .await?;
    if let Some(later) = row.try_get("later")? {
        return Ok(Intent::Later(later));
    }
    if row.try_get::<Option<i32>, _>("position")?.is_none() {
        let is_left: bool = row.try_get("is_left")?;
        return Ok(if is_left {
            Intent::NotNow
        } else {
            Intent::NothingLeft
        });
    }
    let item = from_row(row)?;
    Ok(match item.state {
        ItemState::Skipped => Intent::Skipped,
        _ => Intent::Stored(Box::new(item)),
    })
}

/// Stores the intent anew before an item is sent once more; `None` if the run has left the creating phase, or somebody else
/// has the item in hand. Where another run has created the same issue meanwhile, the item is skipped instead.
pub async fn intend_again(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    item: &Item,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<ItemState>> {
    let state: Option<String> = sqlx::query_scalar(
        "with twin as materialized (
             select created.number from created_issues created
             where created.repository_id = $5 and created.fingerprints @> array[$6::bytea]
               and created.closed_at is null and created.run_id <> $1 limit 1
         )
         update planned_issues set intended_at = $3, looks = 0, note = (select '#' || number from twin),
                state = case when exists (select from twin) then 'skipped' else 'intended' end
         where run_id = $1 and installation_id = $7 and position = $2 and state = 'intended'
           and intended_at is not distinct from $4
           and exists (select from runs
         where id = $1 and installation_id = $7 and phase = 'creating')
         returning state",
    )
    .bind(run.id.as_str())
    .bind(item.position)
    .bind(now)
    .bind(item.intended_at)
    .bind(item.repository.0)
    .bind(&item.fingerprint)
    .bind(run.installation.0)
    .fetch_optional(db)
    .await?;
    Ok(state.as_deref().and_then(ItemState::parse))
}

/// The last item whose issue still stands as we made it: what a rollback takes next.
pub async fn find_last_created(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<Option<Item>> {
    sqlx::query(select_item!(
        "where run_id = $1 and installation_id = $2 and state = 'created' order by position desc limit 1"
    ))
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The issue that a skipped item is the same as, in its repository.
pub async fn find_twin(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
) -> sqlx::Result<Option<(RepositoryId, IssueNumber)>> {
    sqlx::query(
        "select repository_id, substr(note, 2)::bigint as number from planned_issues
        
         where run_id = $1 and installation_id = $3 and position = $2 and state = 'skipped' and note ~ '^#[0-9]{1,18}$'",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .try_map(|row: PgRow| {
        Ok((
            RepositoryId(row.try_get("repository_id")?),
            IssueNumber(row.try_get("number")?),
        ))
    })
    .fetch_optional(db)
    .await
}

/// Counts one look on GitHub that did not find the item.
pub async fn count_look(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
) -> sqlx::Result<i32> {
    sqlx::query(
        "update planned_issues set looks = looks + 1
         where run_id = $1 and installation_id = $3 and position = $2 returning looks",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .fetch_one(db)
    .await?
    .try_get("looks")
}

/// Sets what became of one item.
pub async fn set_state(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
    state: ItemState,
    note: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update planned_issues set state = $3, note = $4
         where run_id = $1 and installation_id = $5 and position = $2",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(state.as_str())
    .bind(note)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// Takes items out of the preview, or puts them back. Of several that are the same, one is planned: the first takes the place
/// of one that was taken out, and leaves it again.
pub async fn set_included(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    positions: &[i32],
    included: bool,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "with wished as (
             select position, substring(note from '^item ([0-9]{1,9})$')::int as twin,
                    position = any($2) and not $3 as refused,
                    case when state in ('planned', 'dropped') and position = any($2)
                         then case when $3 then 'planned' else 'dropped' end else state end as wish
             from planned_issues where run_id = $1 and installation_id = $4
         ), family as (
             select position, twin, refused, wish,
                    bool_or(wish = 'planned') over same as is_planned,
                    bool_or(twin is null and wish = 'dropped') over same as is_dropped,
                    count(*) filter (where wish = 'planned') over earlier as planned_before,
                    count(*) filter (where wish = 'skipped' and twin is not null and not refused) over earlier as skipped_before
             from wished
             window same as (partition by coalesce(twin, position)),
                    earlier as (partition by coalesce(twin, position) order by twin is not null, position
                                rows between unbounded preceding and 1 preceding)
         ), decided as (
             select position,
                    case when twin is not null and wish = 'planned' and planned_before > 0 then 'skipped'
                         when twin is not null and wish = 'skipped' and is_dropped and not is_planned
                         then case when refused then 'dropped' when skipped_before = 0 then 'planned' else wish end
                         else wish end as becomes
             from family
         )
         update planned_issues item set state = decided.becomes from decided
         where item.run_id = $1 and item.installation_id = $4 and item.position = decided.position
           and item.state <> decided.becomes",
    )
    .bind(run.id.as_str())
    .bind(positions)
    .bind(included)
    .bind(run.installation.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Items that an earlier rollback left are looked at again; with `force` they will be taken.
pub async fn take_left_again(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update planned_issues item set note = null,
                state = case when exists (select from issue_edits e where e.installation_id = $2
                                             and e.run_id = item.run_id and e.position = item.position)
                             then 'changed' else 'created' end
         where run_id = $1 and installation_id = $2 and state = 'left'",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// How many items of a run are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Planned or on their way.
    pub open: usize,
    /// On GitHub, whatever became of them there; of a sync also what it has changed.
    pub existing: usize,
    pub dropped: usize,
    pub skipped: usize,
    pub failed: usize,
    /// Left by a rollback.
    pub left: usize,
    /// Closed by a rollback.
    pub rolled_back: usize,
    /// What has become of the created ones that no rollback closed.
    pub done: Done,
}

/// Counts a run's items.
pub async fn tally(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Tally> {
    let row = sqlx::query(
        "select count(*) filter (where state in ('planned', 'intended')) as open,
                count(*) filter (where state in ('created', 'closed', 'left', 'changed', 'undone')) as existing,
                count(*) filter (where state = 'dropped') as dropped,
                count(*) filter (where state = 'skipped') as skipped,
                count(*) filter (where state = 'failed') as failed,
                count(*) filter (where state = 'left') as left_open,
                count(*) filter (where state = 'closed') as rolled_back,
                array(select standing from created_issues where run_id = $1 and installation_id = $2 and closed_at is null) as standings
         from planned_issues where run_id = $1 and installation_id = $2",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .fetch_one(db)
    .await?;
    let count = |name: &str| -> sqlx::Result<usize> {
        Ok(usize::try_from(row.try_get::<i64, _>(name)?).unwrap_or_default())
    };
    let standings: Vec<String> = row.try_get("standings")?;
    Ok(Tally {
        done: Done::of(standings.iter().filter_map(|s| Standing::parse(s))),
        open: count("open")?,
        existing: count("existing")?,
        dropped: count("dropped")?,
        skipped: count("skipped")?,
        failed: count("failed")?,
        left: count("left_open")?,
        rolled_back: count("rolled_back")?,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<Item> {
    let state: String = row.try_get("state")?;
    let planned: Json<PlannedIssue> = row.try_get("document")?;
    Ok(Item {
        position: row.try_get("position")?,
        repository: RepositoryId(row.try_get("repository_id")?),
        planned: planned.0,
        fingerprint: row.try_get("fingerprint")?,
        state: ItemState::parse(&state)
            .ok_or_else(|| sqlx::Error::Decode("unreadable state in planned_issues".into()))?,
        note: row.try_get("note")?,
        intended_at: row.try_get("intended_at")?,
        looks: row.try_get("looks")?,
    })
}
