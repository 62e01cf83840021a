//! Table `runs`: one journey from request to result. A state moves only from what it was read as.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgTransaction, Row};

use crate::domain::ids::{
    InstallationId, IssueId, IssueNumber, RepositoryId, RunId, RunKey, UserId,
};
use crate::domain::plan::Plan;
use crate::domain::run::{Phase, State};

/// A run as it stands, without its plan.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: RunId,
    pub installation: InstallationId,
    pub repository: RepositoryId,
    pub issue: IssueNumber,
    pub issue_id: IssueId,
    /// What asked for it: `issue:ID`, `comment:ID` or `process:RUN`.
    pub cause: String,
    /// The run whose issues this one brings in line with an edited specification; `None`: it plans anew.
    pub syncs: Option<RunId>,
    pub requested_by: String,
    pub requested_by_id: UserId,
    pub state: State,
    /// What was asked, as `flows` stored it.
    pub request: serde_json::Value,
    /// Why confirmation was asked, as `flows` stored it.
    pub reasons: serde_json::Value,
    pub failure: Option<String>,
    /// A rollback takes what people have worked on as well.
    pub rollback_force: bool,
    /// The labels of its issues are known to exist.
    pub labels_ready: bool,
    /// What the GitHub server knows; `None` before it was asked.
    pub native: Option<Native>,
    /// Grows with every change that people should see.
    pub revision: i64,
    /// The revision in which the plan came in; 0 before there is one.
    pub plan_revision: i64,
    pub shown_revision: i64,
    pub shown_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub planned_at: Option<DateTime<Utc>>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Until when it waits for GitHub's limits, where that is long; past: it does not.
    pub waits_until: Option<DateTime<Utc>>,
    /// Labels that GitHub would not make.
    pub labels_refused: Vec<String>,
    /// Since when every request has failed in a way that may pass.
    pub troubled_since: Option<DateTime<Utc>>,
}

impl Run {
    /// Itself, for statements about it.
    pub fn key(&self) -> RunKey<'_> {
        self.id.of(self.installation)
    }

    /// What the run waits for, in words; `None`: for nothing but its turn.
    pub fn waits_for(&self, now: DateTime<Utc>) -> Option<String> {
        if self.state.phase()? == Phase::AwaitingConfirmation {
            return Some("waits for `confirm`".to_owned());
        }
        let until = self.waits_until.filter(|until| *until > now)?;
        let until = until.format("%H:%M:%S UTC");
        Some(match self.troubled_since {
            Some(_) => format!("GitHub does not answer as it should; tried again at {until}"),
            None => format!("GitHub's limits; goes on at {until}"),
        })
    }

    /// Whether the comment on GitHub shows the plan that is stored, not an older one or none.
    pub fn shows_its_plan(&self) -> bool {
        self.plan_revision > 0 && self.shown_revision >= self.plan_revision
    }
}

/// Which links between issues a GitHub server knows; older GitHub Enterprise Servers lack some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Native {
    pub sub_issues: bool,
    pub dependencies: bool,
}

impl Native {
    /// What github.com knows.
    pub const ALL: Self = Self {
        sub_issues: true,
        dependencies: true,
    };
}

/// A run to be stored.
#[derive(Debug)]
pub struct NewRun<'a> {
    pub id: &'a RunId,
    pub installation: InstallationId,
    pub repository: RepositoryId,
    pub issue: IssueNumber,
    pub issue_id: IssueId,
    /// What asked for it: `issue:ID`, `comment:ID` or `process:RUN`.
    pub cause: &'a str,
    pub requested_by: &'a str,
    pub requested_by_id: UserId,
    pub request: &'a serde_json::Value,
    /// The run whose issues it is to bring in line.
    pub syncs: Option<&'a RunId>,
}

macro_rules! select_run {
    ($tail:literal) => {
        concat!(
            "select id, installation_id, repository_id, issue_number, issue_id, cause, syncs, requested_by, requested_by_id, ",
            "status, phase, request, reasons, failure, rollback_force, labels_ready_at is not null as labels_ready, native_sub_issues, native_dependencies, revision, plan_revision, shown_revision, shown_at, created_at, planned_at, ",
            "confirmed_at, finished_at, waits_until, troubled_since, labels_refused from runs ",
            $tail
        )
    };
}

/// Stores a pending run; false if its cause has already started one.
pub async fn insert(
    db: impl PgExecutor<'_>,
    run: &NewRun<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into runs (id, installation_id, repository_id, issue_number, issue_id, cause, requested_by,
                           requested_by_id, status, phase, request, created_at, updated_at, syncs)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', null, $9, $10, $10, $11)
         on conflict (repository_id, cause) do nothing",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .bind(run.repository.0)
    .bind(run.issue.0)
    .bind(run.issue_id.0)
    .bind(run.cause)
    .bind(run.requested_by)
    .bind(run.requested_by_id.0)
    .bind(run.request)
    .bind(now)
    .bind(run.syncs.map(RunId::as_str))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The run, which must exist.
pub async fn get(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Run> {
    sqlx::query(select_run!("where id = $1 and installation_id = $2"))
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .try_map(from_row)
        .fetch_one(db)
        .await
}

/// The run, locked until the transaction ends. Lock it before its items: everybody does.
pub async fn lock(tx: &mut PgTransaction<'_>, run: RunKey<'_>) -> sqlx::Result<Run> {
    sqlx::query(select_run!(
        "where id = $1 and installation_id = $2 for update"
    ))
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_one(&mut **tx)
    .await
}

/// The run, if its installation has one of that name.
pub async fn find(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Option<Run>> {
    sqlx::query(select_run!("where id = $1 and installation_id = $2"))
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .try_map(from_row)
        .fetch_optional(db)
        .await
}

/// The run of that name, whoever has it: for the operator's own commands only.
pub async fn find_anywhere(db: impl PgExecutor<'_>, id: &RunId) -> sqlx::Result<Option<Run>> {
    sqlx::query(select_run!("where id = $1"))
        .bind(id.as_str())
        .try_map(from_row)
        .fetch_optional(db)
        .await
}

/// Whose run it is, and of which repository: for whoever has only its name, and has to find out what they may see.
pub async fn find_home(
    db: impl PgExecutor<'_>,
    id: &RunId,
) -> sqlx::Result<Option<(InstallationId, RepositoryId)>> {
    sqlx::query("select installation_id, repository_id from runs where id = $1")
        .bind(id.as_str())
        .try_map(|row: PgRow| {
            Ok((
                InstallationId(row.try_get("installation_id")?),
                RepositoryId(row.try_get("repository_id")?),
            ))
        })
        .fetch_optional(db)
        .await
}

/// What tells whether a run's page shows it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    pub id: RunId,
    pub state: State,
    revision: i64,
    shown_revision: i64,
    waits_until: Option<DateTime<Utc>>,
    troubled: bool,
    /// Items on their way, and links made: they change without a revision.
    intended: i64,
    linked: i64,
}

/// The pulses of these runs, each of the installation that is said beside it.
pub async fn list_pulses(
    db: impl PgExecutor<'_>,
    ids: &[String],
    homes: &[i64],
) -> sqlx::Result<Vec<Pulse>> {
    sqlx::query(
        "select r.id, r.status, r.phase, r.revision, r.shown_revision, r.waits_until,
                r.troubled_since is not null as troubled,
                (select coalesce(sum(position), 0) from planned_issues i
                 where i.run_id = r.id and i.installation_id = r.installation_id and i.state = 'intended') as intended,
                (select count(*) from issue_links l
                 where l.run_id = r.id and l.installation_id = r.installation_id and l.state not in ('planned', 'text')) as linked
         from unnest($1::text[], $2::bigint[]) as wanted (id, home)
         join runs r on r.id = wanted.id and r.installation_id = wanted.home",
    )
    .bind(ids)
    .bind(homes)
    .try_map(|row: PgRow| {
        let unreadable = || sqlx::Error::Decode("unreadable state in runs".into());
        let (id, status): (String, String) = (row.try_get("id")?, row.try_get("status")?);
        let phase: Option<String> = row.try_get("phase")?;
        Ok(Pulse {
            id: RunId::parse(&id).ok_or_else(unreadable)?,
            state: State::parse(&status, phase.as_deref()).ok_or_else(unreadable)?,
            revision: row.try_get("revision")?,
            shown_revision: row.try_get("shown_revision")?,
            waits_until: row.try_get("waits_until")?,
            troubled: row.try_get("troubled")?,
            intended: row.try_get("intended")?,
            linked: row.try_get("linked")?,
        })
    })
    .fetch_all(db)
    .await
}

/// Has this cause already started a run?
pub async fn exists_for_cause(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    cause: &str,
) -> sqlx::Result<bool> {
    sqlx::query("select 1 from runs where repository_id = $1 and cause = $2")
        .bind(repository.0)
        .bind(cause)
        .fetch_optional(db)
        .await
        .map(|row| row.is_some())
}

/// The runs of one trigger issue, newest first.
pub async fn list_for_issue(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: RepositoryId,
    issue: IssueNumber,
) -> sqlx::Result<Vec<Run>> {
    sqlx::query(select_run!(
        "where installation_id = $1 and repository_id = $2 and issue_number = $3 order by created_at desc, id desc limit 50"
    ))
    .bind(installation.0)
    .bind(repository.0)
    .bind(issue.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// The newest runs for an operator's eyes, of one repository or of all.
pub async fn list_recent(
    db: impl PgExecutor<'_>,
    repository: Option<RepositoryId>,
    limit: i64,
) -> sqlx::Result<Vec<Run>> {
    sqlx::query(select_run!(
        "where ($1::bigint is null or repository_id = $1) order by created_at desc, id desc limit $2"
    ))
    .bind(repository.map(|r| r.0))
    .bind(limit)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// The runs of an installation that are not over, or whose comment does not say so yet.
pub async fn list_open(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
) -> sqlx::Result<Vec<Run>> {
    sqlx::query(select_run!(
        "where installation_id = $1 and (status in ('pending', 'running') or shown_revision < revision) order by created_at"
    ))
    .bind(installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// Runs under way that could go on and that no job carries, of all installations, the longest untouched first. So a job
/// leaves one whose last try failed and could not write even that.
pub async fn list_stranded(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<Run>> {
    sqlx::query(select_run!(
        "where installation_id > 0 and phase <> 'awaiting_confirmation'
         and exists (select from installations i join repositories o on o.installation_id = i.id
             where i.id = runs.installation_id and i.removed_at is null and i.suspended_at is null
             and o.id = runs.repository_id and o.removed_at is null)
         and not exists (select from graphile_worker._private_jobs j
             where j.key in ('plan:' || runs.id, 'advance:' || runs.id)
             and (j.attempts < j.max_attempts or j.locked_at is not null))
         order by updated_at limit $1"
    ))
    .bind(limit)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// GitHub would not make the label: it is not tried again.
pub async fn refuse_label(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    label: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update runs set labels_refused = array_append(labels_refused, $2)
         where id = $1 and installation_id = $3",
    )
    .bind(run.id.as_str())
    .bind(label)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// A request of the run has failed in a way that may pass. Answers since when they do.
pub async fn set_troubled(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar(
        "update runs set troubled_since = coalesce(troubled_since, $2)
         where id = $1 and installation_id = $3 returning troubled_since",
    )
    .bind(run.id.as_str())
    .bind(now)
    .bind(run.installation.0)
    .fetch_one(db)
    .await
}

/// The run's requests get through again.
pub async fn clear_trouble(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<()> {
    sqlx::query("update runs set troubled_since = null where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// Keeps until when the run waits for GitHub's limits.
pub async fn set_waits_until(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update runs set waits_until = $2 where id = $1 and installation_id = $3")
        .bind(run.id.as_str())
        .bind(until)
        .bind(run.installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// Whether another run of the installation creates issues at this moment.
pub async fn others_create(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    except: &RunId,
) -> sqlx::Result<bool> {
    sqlx::query(
        "select 1 from runs
         where installation_id = $1 and status = 'running' and phase = 'creating' and id <> $2 limit 1",
    )
    .bind(installation.0)
    .bind(except.as_str())
    .fetch_optional(db)
    .await
    .map(|row| row.is_some())
}

/// Moves the run from the state it was read in; false if it has moved on meanwhile.
pub async fn set_state(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    from: State,
    to: State,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update runs set status = $4, phase = $5, failure = coalesce($6, failure),
                revision = revision + 1, updated_at = $7,
                started_at = case when $4 = 'running' then coalesce(started_at, $7) else started_at end,
                confirmed_at = case when $5 = 'creating' then coalesce(confirmed_at, $7) else confirmed_at end,
                finished_at = case when $4 in ('completed', 'failed', 'cancelled', 'rolled_back') then $7 end
         where id = $1 and installation_id = $8 and status = $2 and phase is not distinct from $3",
    )
    .bind(run.id.as_str())
    .bind(from.status().as_str())
    .bind(from.phase().map(Phase::as_str))
    .bind(to.status().as_str())
    .bind(to.phase().map(Phase::as_str))
    .bind(failure)
    .bind(now)
    .bind(run.installation.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A plan with what was thought about it.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    pub plan: &'a Plan,
    /// Why a person has to confirm.
    pub reasons: &'a serde_json::Value,
    /// How the plan was made.
    pub planning: &'a serde_json::Value,
}

/// Stores the plan that confirm will create, and why confirmation is asked.
pub async fn set_plan(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    made: &Made<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update runs set plan = $2, reasons = $3, planning = $5, planned_at = $4, revision = revision + 1,
                plan_revision = revision + 1, updated_at = $4
         where id = $1 and installation_id = $6",
    )
    .bind(run.id.as_str())
    .bind(sqlx::types::Json(made.plan))
    .bind(made.reasons)
    .bind(now)
    .bind(made.planning)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// Keeps the request with what `replan` was told.
pub async fn set_request(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    request: &serde_json::Value,
) -> sqlx::Result<()> {
    sqlx::query("update runs set request = $2 where id = $1 and installation_id = $3")
        .bind(run.id.as_str())
        .bind(request)
        .bind(run.installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// The stored plan; `None` while the run is still planning.
pub async fn find_plan(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Option<Plan>> {
    let row = sqlx::query("select plan from runs where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .fetch_one(db)
        .await?;
    let plan: Option<sqlx::types::Json<Plan>> = row.try_get("plan")?;
    Ok(plan.map(|p| p.0))
}

/// How the run's plan was made.
pub async fn find_planning(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query("select planning from runs where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .fetch_one(db)
        .await?
        .try_get("planning")
}

/// Who made the run's plan: `structural`, or `provider/model`.
pub async fn find_planner(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<Option<String>> {
    sqlx::query(
        "select plan ->> 'planner' as planner from runs where id = $1 and installation_id = $2",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .fetch_one(db)
    .await?
    .try_get("planner")
}

/// The syncs of a run that are completed, oldest first: each begins where the one before has ended.
pub async fn list_completed_syncs(
    db: impl PgExecutor<'_>,
    of: RunKey<'_>,
) -> sqlx::Result<Vec<Run>> {
    sqlx::query(select_run!(
        "where syncs = $1 and installation_id = $2 and status = 'completed' order by created_at, id"
    ))
    .bind(of.id.as_str())
    .bind(of.installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// Keeps what a sync found: which issues stood, and what is left to people.
pub async fn set_sync(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    sync: &serde_json::Value,
) -> sqlx::Result<()> {
    sqlx::query("update runs set sync = $3 where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .bind(sync)
        .execute(db)
        .await
        .map(drop)
}

/// What a sync found.
pub async fn find_sync(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query("select sync from runs where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .fetch_one(db)
        .await?
        .try_get("sync")
}

/// Says whether the run's comment offers `sync`; true if that is news.
pub async fn set_sync_offered(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    offered: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update runs set sync_offered = $3, revision = revision + 1
         where id = $1 and installation_id = $2 and sync_offered <> $3",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .bind(offered)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the run's comment offers `sync`.
pub async fn offers_sync(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar("select sync_offered from runs where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .fetch_one(db)
        .await
}

/// Says whether a rollback takes what people have worked on as well.
pub async fn set_rollback_force(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    force: bool,
) -> sqlx::Result<()> {
    sqlx::query("update runs set rollback_force = $2 where id = $1 and installation_id = $3")
        .bind(run.id.as_str())
        .bind(force)
        .bind(run.installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// Every label that the run's issues carry exists.
pub async fn set_labels_ready(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update runs set labels_ready_at = $2 where id = $1 and installation_id = $3")
        .bind(run.id.as_str())
        .bind(now)
        .bind(run.installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// Keeps what the GitHub server was found to know.
pub async fn set_native(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    native: Native,
) -> sqlx::Result<()> {
    sqlx::query(
        "update runs set native_sub_issues = $2, native_dependencies = $3
         where id = $1 and installation_id = $4",
    )
    .bind(run.id.as_str())
    .bind(native.sub_issues)
    .bind(native.dependencies)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

fn native_of(row: &PgRow) -> sqlx::Result<Option<Native>> {
    let (sub_issues, dependencies): (Option<bool>, Option<bool>) = (
        row.try_get("native_sub_issues")?,
        row.try_get("native_dependencies")?,
    );
    Ok(sub_issues
        .zip(dependencies)
        .map(|(sub_issues, dependencies)| Native {
            sub_issues,
            dependencies,
        }))
}

/// Something that people should see has changed.
pub async fn bump_revision(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<()> {
    sqlx::query("update runs set revision = revision + 1 where id = $1 and installation_id = $2")
        .bind(run.id.as_str())
        .bind(run.installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// Something has become of an issue of the run: people should see it, if the run is over and was not taken back. Answers
/// when its comment was last written; `None`: it says nothing of progress.
pub async fn tell_of_progress(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: &RunId,
) -> sqlx::Result<Option<Option<DateTime<Utc>>>> {
    sqlx::query_scalar(
        "update runs set revision = revision + 1
         where id = $1 and installation_id = $2 and status in ('completed', 'failed', 'cancelled')
         returning shown_at",
    )
    .bind(id.as_str())
    .bind(installation.0)
    .fetch_optional(db)
    .await
}

/// The run's comment shows this revision now.
pub async fn set_shown(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    revision: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update runs set shown_revision = $2, shown_at = $3 where id = $1 and installation_id = $4",
    )
    .bind(run.id.as_str())
    .bind(revision)
    .bind(now)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<Run> {
    let id: String = row.try_get("id")?;
    let status: String = row.try_get("status")?;
    let phase: Option<String> = row.try_get("phase")?;
    let syncs: Option<String> = row.try_get("syncs")?;
    let unreadable = |what: &str| sqlx::Error::Decode(format!("unreadable {what} in runs").into());
    Ok(Run {
        id: RunId::parse(&id).ok_or_else(|| unreadable("id"))?,
        installation: InstallationId(row.try_get("installation_id")?),
        repository: RepositoryId(row.try_get("repository_id")?),
        issue: IssueNumber(row.try_get("issue_number")?),
        issue_id: IssueId(row.try_get("issue_id")?),
        cause: row.try_get("cause")?,
        syncs: syncs.as_deref().and_then(RunId::parse),
        requested_by: row.try_get("requested_by")?,
        requested_by_id: UserId(row.try_get("requested_by_id")?),
        state: State::parse(&status, phase.as_deref()).ok_or_else(|| unreadable("state"))?,
        request: row.try_get("request")?,
        reasons: row.try_get("reasons")?,
        failure: row.try_get("failure")?,
        rollback_force: row.try_get("rollback_force")?,
        labels_ready: row.try_get("labels_ready")?,
        native: native_of(&row)?,
        revision: row.try_get("revision")?,
        plan_revision: row.try_get("plan_revision")?,
        shown_revision: row.try_get("shown_revision")?,
        shown_at: row.try_get("shown_at")?,
        created_at: row.try_get("created_at")?,
        planned_at: row.try_get("planned_at")?,
        confirmed_at: row.try_get("confirmed_at")?,
        finished_at: row.try_get("finished_at")?,
        waits_until: row.try_get("waits_until")?,
        troubled_since: row.try_get("troubled_since")?,
        labels_refused: row.try_get("labels_refused")?,
    })
}
