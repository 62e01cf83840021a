//! The versions of a layer, newest first, and what each of them changed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Scope;
use crate::domain::settings::{Change, changes};
use crate::flows::{FlowResult, Services};
use crate::store::settings as versions;
use crate::store::tenant;

/// One version of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub version: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    /// Against the version before it.
    pub changes: Vec<Change>,
}

/// A page of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub versions: Vec<Version>,
    /// Where it goes on, if it does: `before` of the next page.
    pub older: Option<i32>,
}

/// At most `limit` versions before this one; `None`: from the newest.
pub async fn history(
    services: &Services,
    scope: Scope,
    before: Option<i32>,
    limit: usize,
) -> FlowResult<History> {
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = versions::list_before(
        &mut *tx,
        scope.installation,
        scope.repository,
        before.unwrap_or(i32::MAX),
        most,
    )
    .await?;
    tx.commit().await?;
    let nothing: Value = json!({});
    let versions: Vec<Version> = rows
        .iter()
        .take(limit)
        .enumerate()
        .map(|(n, row)| Version {
            version: row.version,
            by: row.changed_by.clone(),
            at: row.changed_at,
            changes: changes(
                rows.get(n + 1).map_or(&nothing, |r| &r.document),
                &row.document,
            ),
        })
        .collect();
    let older = (rows.len() > limit)
        .then(|| versions.last().map(|last| last.version))
        .flatten();
    Ok(History { versions, older })
}
