//! The App's Marketplace listing: its webhook is another than the App's, with a secret of its own.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::Simulator;
use crate::simulator::webhooks::Hook;

/// A plan as an account has it.
#[derive(Clone, Debug)]
pub struct Purchase {
    pub plan_id: u64,
    pub plan: String,
    pub units: u64,
}

impl Purchase {
    /// One seat, paid monthly.
    pub fn of(plan_id: u64, plan: &str) -> Self {
        Self {
            plan_id,
            plan: plan.to_owned(),
            units: 1,
        }
    }

    fn json(&self, account: &Value) -> Value {
        json!({
            "account": {
                "type": account["type"], "id": account["id"], "node_id": account["node_id"], "login": account["login"],
                "organization_billing_email": "billing@example.org",
            },
            "billing_cycle": "monthly",
            "unit_count": self.units,
            "on_free_trial": false,
            "free_trial_ends_on": null,
            "next_billing_date": null,
            "plan": {
                "id": self.plan_id, "name": self.plan, "description": "", "monthly_price_in_cents": 1000,
                "yearly_price_in_cents": 10_000, "price_model": "PER_UNIT", "has_free_trial": false,
                "unit_name": "seat", "bullets": [],
            },
        })
    }
}

impl Simulator {
    /// The listing's hook tells of a purchase: `purchased`, `changed`, `cancelled`, `pending_change`, ….
    #[track_caller]
    pub fn marketplace(
        &self,
        action: &str,
        login: &str,
        (bought, before): (&Purchase, Option<&Purchase>),
        effective: DateTime<Utc>,
    ) {
        let mut world = self.world();
        let account = world.account_named(login);
        let account = world.user_json(account);
        let mut payload = json!({
            "action": action,
            "effective_date": effective.to_rfc3339_opts(SecondsFormat::Secs, false),
            "sender": account,
            "marketplace_purchase": bought.json(&account),
        });
        if let Some(before) = before {
            payload["previous_marketplace_purchase"] = before.json(&account);
        }
        world.deliver_by(
            Hook::Listing,
            "marketplace_purchase",
            (None, None),
            &payload,
        );
    }

    /// GitHub tries the listing's hook out.
    pub fn ping_from_listing(&self) {
        let payload =
            json!({"zen": "Design for failure.", "hook": {"type": "Marketplace::Listing"}});
        self.world()
            .deliver_by(Hook::Listing, "ping", (None, None), &payload);
    }
}
