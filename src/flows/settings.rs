//! Somebody looks at the settings of an installation or a repository, and changes them.
//!
//! | file | |
//! |---|---|
//! | [`change`] | a new version of a layer: from a form, from YAML or JSON, or back to an older one |
//! | [`history`] | the versions of a layer, and what each changed |
//! | [`keys`] | a tenant's own key for a model: set, tried, forgotten; never shown |
//!
//! Nothing of it is kept in a process: every replica reads the version in force each time.

pub mod change;
pub mod history;
pub mod keys;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{FlowResult, Services};
use crate::domain::ids::{InstallationId, RepositoryId, UserId};
use crate::domain::settings::{Asked, Document, Settings, Wrong, resolve};
use crate::store::settings::{self as versions, VersionRow};
use crate::store::tenant;

/// One layer of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub installation: InstallationId,
    /// `None`: the installation's own layer.
    pub repository: Option<RepositoryId>,
}

/// Who changes something, as the history and the audit log name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub login: String,
    pub id: Option<UserId>,
    /// The API token's name, if one acts in the person's stead.
    pub token: Option<String>,
}

impl By {
    /// As people read it.
    pub fn name(&self) -> String {
        match &self.token {
            None => self.login.clone(),
            Some(token) => format!("{} (token {token})", self.login),
        }
    }
}

/// A layer with everything that it stands on.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub scope: Scope,
    /// The version in force; 0: nothing was ever set.
    pub version: i32,
    /// Who made it, and when.
    pub changed: Option<(String, DateTime<Utc>)>,
    /// What this layer says.
    pub own: Document,
    /// What holds without this layer: what is inherited, and what limits it.
    pub above: Settings,
    /// What holds.
    pub effective: Settings,
    /// What is stored but does not count, because it cannot be read any more.
    pub left_out: Vec<Wrong>,
}

/// The layer as it stands.
pub async fn sheet(services: &Services, scope: Scope) -> FlowResult<Sheet> {
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let sheet = read(services, &mut tx, scope).await?;
    tx.commit().await?;
    Ok(sheet)
}

async fn read(services: &Services, db: &mut PgConnection, scope: Scope) -> FlowResult<Sheet> {
    let rows = versions::list_in_force(db, scope.installation, scope.repository).await?;
    let of = |repository| rows.iter().find(|row| row.repository == repository);
    let document = |row: Option<&VersionRow>| row.map(|row| Document::check(&row.document));
    let row = of(scope.repository);
    let (own, left_out) = document(row).unwrap_or_default();
    let outer = match scope.repository {
        None => None,
        Some(_) => document(of(None)).map(|(document, _)| document),
    };
    let (above, effective) = stacked(services, scope, outer.as_ref(), &own);
    Ok(Sheet {
        scope,
        version: row.map_or(0, |row| row.version),
        changed: row.map(|row| (row.changed_by.clone(), row.changed_at)),
        own,
        above,
        effective,
        left_out,
    })
}

/// What holds without the layer, and with it. `outer`: the installation's layer, over a repository's.
fn stacked(
    services: &Services,
    scope: Scope,
    outer: Option<&Document>,
    own: &Document,
) -> (Settings, Settings) {
    let asked = Asked::default();
    let above = resolve(&services.operator, outer, None, &asked);
    let with = match scope.repository {
        None => resolve(&services.operator, Some(own), None, &asked),
        Some(_) => resolve(&services.operator, outer, Some(own), &asked),
    };
    (above, with)
}
