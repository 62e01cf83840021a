//! A new version of a layer: checked with every complaint at once, stored with its audit event, or not at all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tracing::info;

use super::{By, Scope, Sheet, keys, read, stacked};
use crate::ai;
use crate::domain::ids::RepositoryName;
use crate::domain::rejection::Complaint;
use crate::domain::settings::{self, Document, Layer, Provider, Settings, Wrong, changes, yaml};
use crate::flows::{FlowResult, Services};
use crate::store::audit_events::{self, AuditEvent};
use crate::store::settings as versions;
use crate::store::{repositories, tenant};

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// It is in force, everywhere.
    Saved { version: i32, key_voided: bool },
    /// It was so already.
    Unchanged,
    /// Everything that is wrong with it; nothing was changed.
    Wrong(Vec<Wrong>),
    /// Somebody changed the layer after it was looked at; nothing was changed.
    Overtaken {
        version: i32,
        by: String,
        at: DateTime<Utc>,
    },
    /// There is no such version to go back to.
    NoSuchVersion,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq)]
pub enum Imported {
    /// Everything that is wrong with it, by line; nothing was changed.
    Complaints(Vec<Complaint>),
    Done(Changed),
}

/// Replaces the layer by this document, if it is still at the version `base`.
pub async fn change(
    services: &Services,
    by: &By,
    scope: Scope,
    base: i32,
    document: &Value,
) -> FlowResult<Changed> {
    save(services, by, scope, base, document, None).await
}

/// The same from YAML or JSON as text.
pub async fn import(
    services: &Services,
    by: &By,
    scope: Scope,
    base: i32,
    text: &str,
) -> FlowResult<Imported> {
    let written = match yaml::read(text) {
        Ok(written) => written,
        Err(complaint) => return Ok(Imported::Complaints(vec![complaint])),
    };
    let done = save(services, by, scope, base, &written.document, None).await?;
    Ok(match done {
        Changed::Wrong(wrong) => Imported::Complaints(written.place(wrong)),
        done => Imported::Done(done),
    })
}

/// A new version that says what an older one said; 0 is before the first.
pub async fn undo(
    services: &Services,
    by: &By,
    scope: Scope,
    base: i32,
    to: i32,
) -> FlowResult<Changed> {
    let document = if to == 0 {
        json!({})
    } else {
        let mut tx = tenant::enter(&services.pool, scope.installation).await?;
        let row = versions::find_version(&mut *tx, scope.installation, scope.repository, to);
        let Some(row) = row.await? else {
            return Ok(Changed::NoSuchVersion);
        };
        tx.commit().await?;
        row.document
    };
    save(services, by, scope, base, &document, Some(to)).await
}

async fn save(
    services: &Services,
    by: &By,
    scope: Scope,
    base: i32,
    document: &Value,
    back_to: Option<i32>,
) -> FlowResult<Changed> {
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let now = read(services, &mut tx, scope).await?;
    if now.version != base {
        return Ok(overtaken(now));
    }
    let (document, mut wrong) = Document::check(document);
    let with = with(services, &mut tx, &now, &document).await?;
    let layer = match scope.repository {
        Some(_) => Layer::Repository,
        None => Layer::Installation,
    };
    wrong.extend(document.beyond(layer, &now.above, &with));
    wrong.extend(model_faults(services, &document, &with));
    wrong.extend(strangers(&mut tx, scope, &now.own, &document).await?);
    if !wrong.is_empty() {
        wrong.sort();
        return Ok(Changed::Wrong(wrong));
    }
    let (old, new) = (stored(&now.own)?, stored(&document)?);
    if old == new && now.left_out.is_empty() {
        return Ok(Changed::Unchanged);
    }
    let (name, at) = (by.name(), services.clock.now());
    let made = (name.as_str(), at);
    let version = versions::insert_after(
        &mut *tx,
        scope.installation,
        scope.repository,
        base,
        &new,
        made,
    );
    let Some(version) = version.await? else {
        drop(tx);
        return Ok(overtaken(super::sheet(services, scope).await?));
    };
    let key_voided = keys::void(services, &mut tx, by, scope, &with).await?;
    let mut detail = json!({ "version": version, "changes": changes(&old, &new) });
    if let Some(version) = back_to {
        detail["back_to"] = json!(version);
    }
    record(services, &mut tx, by, scope, "change_settings", detail).await?;
    tx.commit().await?;
    info!(installation.id = %scope.installation, repository.id = ?scope.repository, version, by = name, "settings changed");
    Ok(Changed::Saved {
        version,
        key_voided,
    })
}

/// Whether the layer says just this already.
pub async fn is_so(services: &Services, scope: Scope, document: &Value) -> FlowResult<bool> {
    let now = super::sheet(services, scope).await?;
    let (document, wrong) = Document::check(document);
    Ok(wrong.is_empty() && now.left_out.is_empty() && stored(&now.own)? == stored(&document)?)
}

fn overtaken(now: Sheet) -> Changed {
    let (by, at) = now.changed.unwrap_or_default();
    Changed::Overtaken {
        version: now.version,
        by,
        at,
    }
}

fn stored(document: &Document) -> FlowResult<Value> {
    Ok(serde_json::to_value(document).map_err(anyhow::Error::from)?)
}

/// What would hold with this document in the layer's place.
async fn with(
    services: &Services,
    db: &mut PgConnection,
    now: &Sheet,
    document: &Document,
) -> FlowResult<Settings> {
    let outer = if now.scope.repository.is_some() {
        let outer = Scope {
            repository: None,
            ..now.scope
        };
        Some(read(services, db, outer).await?.own)
    } else {
        None
    };
    Ok(stacked(services, now.scope, outer.as_ref(), document).1)
}

/// Whether the model could be asked at all: its address, and a name where the provider has no usual one.
fn model_faults(services: &Services, document: &Document, with: &Settings) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if let Some(url) = &document.base_url
        && let Err(says) = services.ai.models.check_tenants_address(url)
    {
        wrong.push(Wrong::new("base_url", format!("`base_url`: {says}")));
    }
    let is_ours = with.provider.from != Layer::Operator && with.provider.value != Provider::Custom;
    let provider = ai::Provider::of_setting(with.provider.value).filter(|_| is_ours);
    if let Some(provider) = provider
        && with.model.value.is_empty()
        && provider.usual_model().is_none()
    {
        let says = format!("`model` is needed: {} has no usual one", provider.name());
        wrong.push(Wrong::new("model", says));
    }
    wrong
}

/// Repositories that the installation does not reach; one that was stored before and is gone by now holds nothing up.
async fn strangers(
    db: &mut PgConnection,
    scope: Scope,
    before: &Document,
    document: &Document,
) -> FlowResult<Vec<Wrong>> {
    let listed = document.allowed_repositories.iter().flatten();
    let listed = listed.map(|name| ("allowed_repositories", name));
    let led = document.components.iter().flatten();
    let named: Vec<_> = listed
        .chain(led.map(|(_, name)| ("components", name)))
        .collect();
    // Whoever rules one repository may not see the others, and must not learn here which there are; where an issue may not
    // go is said when it is planned.
    if named.is_empty() || scope.repository.is_some() {
        return Ok(Vec::new());
    }
    let known = repositories::list(db, scope.installation).await?;
    let known = known.iter().map(|row| &row.name);
    let known: Vec<&RepositoryName> = known
        .chain(before.allowed_repositories.iter().flatten())
        .chain(before.components.iter().flat_map(BTreeMap::values))
        .collect();
    let is_known = |name: &RepositoryName| known.iter().any(|one| one.is_same_as(name));
    let strange = named.into_iter().filter(|(_, name)| !is_known(name));
    Ok(strange
        .map(|(field, name)| {
            let says = format!(
                "`{field}` must name repositories that this installation reaches, got `{name}`"
            );
            Wrong::new(field, says)
        })
        .collect())
}

/// Keeps in the audit log what was changed by whom, in the transaction that changes it.
pub(in crate::flows) async fn record(
    services: &Services,
    db: &mut PgConnection,
    by: &By,
    scope: Scope,
    action: &str,
    mut detail: Value,
) -> FlowResult<()> {
    if let Some(token) = &by.token {
        detail["token"] = json!(token);
    }
    let event = AuditEvent {
        installation: scope.installation,
        repository: scope.repository,
        run: None,
        actor: &by.login,
        actor_id: by.id,
        action,
        detail,
        cause: None,
    };
    audit_events::insert(db, &event, services.clock.now()).await?;
    Ok(())
}

/// The layer as YAML, under a line that says whose it is.
pub fn export(sheet: &Sheet, name: &str) -> String {
    let title = format!("OpenProducer settings of {name}, version {}", sheet.version);
    settings::yaml::write(&sheet.own, &title)
}
