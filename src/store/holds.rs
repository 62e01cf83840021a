//! One process at a time: a lock of the session, which ends with the process whatever ends it.

use sqlx::{Connection as _, PgConnection, PgPool};

use crate::domain::ids::InstallationId;

/// What keeps the locks apart from other uses of the database.
const SPACE: i32 = 0x6f70_686f;

/// Nobody else holds the same while this is there.
#[derive(Debug)]
pub struct Hold(PgConnection);

impl Hold {
    /// Gives it back.
    pub async fn release(self) {
        // A connection that is closed in disorder is closed all the same.
        let _ = self.0.close().await;
    }
}

/// Takes the installation for this process alone; None while another has it.
pub async fn take(pool: &PgPool, installation: InstallationId) -> sqlx::Result<Option<Hold>> {
    let mut connection = pool.acquire().await?.detach();
    let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, hashint8($2))")
        .bind(SPACE)
        .bind(installation.0)
        .fetch_one(&mut connection)
        .await?;
    if taken {
        return Ok(Some(Hold(connection)));
    }
    connection.close().await?;
    Ok(None)
}
