//! Who commanded or changed what, for an admin's eyes: page by page, or all of it as a file.

use super::{FlowResult, Services};
use crate::domain::ids::InstallationId;
use crate::store::audit_events::{self, AuditFilter, AuditRow};
use crate::store::tenant;

/// A page of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    /// Where it goes on, if it does: `before` of the next page.
    pub older: Option<i64>,
}

/// Every action that the log knows, with the words for people.
pub const ACTIONS: [(&str, &str); 17] = [
    ("request", "asked for issues"),
    ("confirm", "confirmed the plan"),
    ("drop", "took items out of the plan"),
    ("tick", "ticked boxes of the plan"),
    ("split", "split an issue of the plan"),
    ("merge", "merged issues of the plan"),
    ("title", "gave an issue of the plan another title"),
    ("replan", "had it planned again"),
    ("cancel", "cancelled the run"),
    ("rollback", "rolled the run back"),
    ("sync", "compared with the changed text"),
    ("change_settings", "changed settings"),
    ("set_ai_key", "set the key for a model"),
    ("remove_ai_key", "removed the key for a model"),
    (
        "void_ai_key",
        "voided the key, by changing provider or address",
    ),
    ("make_token", "made an API token"),
    ("revoke_token", "revoked an API token"),
];

/// An action in words; an unknown one as it is.
pub fn in_words(action: &str) -> &str {
    let known = ACTIONS.iter().find(|(name, _)| *name == action);
    known.map_or(action, |(_, words)| words)
}

/// At most `limit` lines before this one, newest first; `None`: from the newest.
pub async fn page(
    services: &Services,
    installation: InstallationId,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: usize,
) -> FlowResult<AuditPage> {
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let before = before.unwrap_or(i64::MAX);
    let mut rows = audit_events::list_before(&mut *tx, installation, filter, before, most).await?;
    tx.commit().await?;
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let older = rows.last().filter(|_| goes_on).map(|row| row.id);
    Ok(AuditPage { rows, older })
}
