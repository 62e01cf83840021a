//! Table `app_registrations`: the App that this server is, where it was registered on the setup page.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

/// The one row. What is secret in it is sealed.
#[derive(Debug, Clone)]
pub struct RegistrationRow {
    pub app_id: i64,
    pub slug: String,
    pub name: String,
    pub html_url: String,
    pub owner_login: String,
    pub client_id: String,
    pub sealed_key: Vec<u8>,
    pub sealed_webhook: Vec<u8>,
    pub sealed_client: Vec<u8>,
    pub registered_at: DateTime<Utc>,
    /// When the first delivery came in whose signature was right.
    pub first_webhook_at: Option<DateTime<Utc>>,
}

/// Stores it; false: there is one already, which stays.
pub async fn insert(db: impl PgExecutor<'_>, row: &RegistrationRow) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into app_registrations
             (app_id, slug, name, html_url, owner_login, client_id, sealed_key, sealed_webhook, sealed_client, registered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (the_one) do nothing",
    )
    .bind(row.app_id)
    .bind(&row.slug)
    .bind(&row.name)
    .bind(&row.html_url)
    .bind(&row.owner_login)
    .bind(&row.client_id)
    .bind(&row.sealed_key)
    .bind(&row.sealed_webhook)
    .bind(&row.sealed_client)
    .bind(row.registered_at)
    .execute(db)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Takes the App away that there is; its successor is stored in the same transaction. Answers its id and slug.
pub async fn delete(db: impl PgExecutor<'_>) -> sqlx::Result<Option<(i64, String)>> {
    sqlx::query_as("delete from app_registrations returning app_id, slug")
        .fetch_optional(db)
        .await
}

/// Writes down which App was registered, and in whose place.
pub async fn note(
    db: impl PgExecutor<'_>,
    action: &str,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("insert into operator_events (at, action, detail) values ($1, $2, $3)")
        .bind(now)
        .bind(action)
        .bind(detail)
        .execute(db)
        .await
        .map(drop)
}

/// Which App it is, and since when: by this a process sees that another took its place.
pub async fn find_version(db: impl PgExecutor<'_>) -> sqlx::Result<Option<(i64, DateTime<Utc>)>> {
    sqlx::query_as("select app_id, registered_at from app_registrations")
        .fetch_optional(db)
        .await
}

/// The App, if one was registered.
pub async fn find(db: impl PgExecutor<'_>) -> sqlx::Result<Option<RegistrationRow>> {
    sqlx::query(
        "select app_id, slug, name, html_url, owner_login, client_id, sealed_key, sealed_webhook, sealed_client,
                registered_at, first_webhook_at
         from app_registrations",
    )
    .try_map(|row: PgRow| {
        Ok(RegistrationRow {
            app_id: row.try_get("app_id")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            html_url: row.try_get("html_url")?,
            owner_login: row.try_get("owner_login")?,
            client_id: row.try_get("client_id")?,
            sealed_key: row.try_get("sealed_key")?,
            sealed_webhook: row.try_get("sealed_webhook")?,
            sealed_client: row.try_get("sealed_client")?,
            registered_at: row.try_get("registered_at")?,
            first_webhook_at: row.try_get("first_webhook_at")?,
        })
    })
    .fetch_optional(db)
    .await
}

/// Notes the first delivery; later ones change nothing.
pub async fn note_webhook(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("update app_registrations set first_webhook_at = $1 where first_webhook_at is null")
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}
