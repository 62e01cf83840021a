//! Somebody buys, changes or cancels a plan on the Marketplace: what they have now, and what is to come, is kept.
//!
//! The listing's deliveries are in no list that the App may read: what is lost of them is not swept.

use chrono::{DateTime, Utc};
use tracing::info;

use super::{FlowResult, Services};
use crate::domain::event::{AccountKind, MarketplaceAction, MarketplaceEvent};
use crate::store::marketplace::{self, Said};

/// Keeps what the event says, unless something later is known. `heard_at` is when its delivery came in.
pub(super) async fn purchased(
    services: &Services,
    event: &MarketplaceEvent,
    heard_at: DateTime<Utc>,
) -> FlowResult<()> {
    let (pool, now) = (&services.pool, services.clock.now());
    let said = Said {
        account: event.account.id,
        login: &event.account.login,
        kind: match event.account.kind {
            AccountKind::Organization => "Organization",
            AccountKind::User | AccountKind::Bot | AccountKind::Other => "User",
        },
        purchase: &event.bought,
        effective_at: event.effective_at.unwrap_or(heard_at),
        heard_at,
    };
    let is_news = match event.action {
        MarketplaceAction::Purchased | MarketplaceAction::Changed => {
            marketplace::set_plan(pool, said, true, now).await?
        }
        MarketplaceAction::Cancelled => marketplace::set_plan(pool, said, false, now).await?,
        MarketplaceAction::PendingChange => {
            if let Some(before) = &event.before {
                // Where the purchase itself was never heard of. Anything that says since when is later than this.
                let since = DateTime::UNIX_EPOCH;
                let known = Said {
                    purchase: before,
                    effective_at: since,
                    heard_at: since,
                    ..said
                };
                marketplace::set_plan(pool, known, true, now).await?;
            }
            marketplace::set_pending(pool, said).await?
        }
        MarketplaceAction::PendingChangeCancelled => {
            marketplace::clear_pending(pool, said.account, heard_at).await?
        }
    };
    info!(
        account = said.login, action = ?event.action, plan = said.purchase.plan.name, effective_at = %said.effective_at,
        is_news, "Marketplace purchase"
    );
    Ok(())
}
