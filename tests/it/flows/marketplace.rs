//! The Marketplace's deliveries and people's leave: kept, and late words overwrite no newer ones.

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use openproducer::domain::ids::UserId;
use openproducer::simulator::Purchase;
use openproducer::store::marketplace::{self, MarketplaceAccount};
use openproducer::store::revocations;

use crate::harness::house::{House, house};

impl House {
    fn user_id(&self, login: &str) -> UserId {
        UserId(i64::try_from(self.sim.account_id(login)).expect("an id"))
    }

    async fn has_bought(&self) -> MarketplaceAccount {
        let account = self.user_id("acme");
        let found = marketplace::find(self.pool(), account).await;
        found.expect("the table").expect("a purchase")
    }

    /// Plan and whether it is active: `Team`, `Team, cancelled`.
    async fn plan_bought(&self) -> String {
        let has = self.has_bought().await;
        let state = if has.is_active { "" } else { ", cancelled" };
        format!("{}{state}", has.plan_name)
    }

    async fn tells(&self, action: &str, plan: &Purchase, effective: DateTime<Utc>) {
        let before = Purchase::of(1, "Solo");
        let before = (action != "purchased").then_some(&before);
        self.sim
            .marketplace(action, "acme", (plan, before), effective);
        self.quiet().await;
    }
}

#[tokio::test]
async fn a_purchase_is_kept_from_its_beginning_to_its_end() {
    house(async |t| {
        let now = t.sim.now();
        let day = TimeDelta::days(1);
        let (solo, team) = (Purchase::of(1, "Solo"), Purchase::of(2, "Team"));
        t.tells("purchased", &solo, now - day * 9).await;
        assert_eq!(t.plan_bought().await, "Solo");
        t.tells("changed", &team, now - day * 8).await;
        assert_eq!(t.plan_bought().await, "Team");
        t.tells("pending_change", &solo, now + day * 20).await;
        let has = t.has_bought().await;
        assert_eq!(has.plan_name, "Team", "until then");
        assert_eq!(has.pending.expect("a change").0, "Solo");
        t.tells("pending_change_cancelled", &solo, now + day * 20)
            .await;
        assert_eq!(t.has_bought().await.pending, None);
        t.tells("pending_change", &solo, now + day * 20).await;
        t.tells("changed", &solo, now + day * 20).await;
        let has = t.has_bought().await;
        assert_eq!((has.plan_name.as_str(), has.pending), ("Solo", None));
        t.tells("cancelled", &solo, now + day * 25).await;
        assert_eq!(t.plan_bought().await, "Solo, cancelled");
        t.tells("purchased", &team, now + day * 26).await;
        assert_eq!(t.plan_bought().await, "Team");
        let has = t.has_bought().await;
        assert_eq!((has.plan_id, has.unit_count), (2, Some(1)));
        assert_eq!(has.billing_cycle.as_deref(), Some("monthly"));
    })
    .await;
}

#[tokio::test]
async fn late_and_doubled_words_overwrite_no_newer_ones() {
    house(async |t| {
        let now = t.sim.now();
        let day = TimeDelta::days(1);
        let (solo, team) = (Purchase::of(1, "Solo"), Purchase::of(2, "Team"));
        t.tells("cancelled", &team, now).await;
        t.tells("changed", &team, now - day).await;
        t.tells("purchased", &solo, now - day * 2).await;
        assert_eq!(t.plan_bought().await, "Team, cancelled");
        let first = t.sim.deliveries();
        let first = first.iter().find(|d| d.event == "marketplace_purchase");
        t.sim.redeliver(&first.expect("a delivery").guid);
        t.quiet().await;
        assert_eq!(t.plan_bought().await, "Team, cancelled");
        // What was to come is over by the time that it is heard of.
        t.tells("pending_change", &solo, now - day).await;
        assert_eq!(t.has_bought().await.pending, None);
        // Bought and changed on the same day: the later word holds.
        t.tells("purchased", &solo, now + day).await;
        t.tells("changed", &team, now + day).await;
        assert_eq!(t.plan_bought().await, "Team");
        // An upgrade of before does not take back what was asked for later.
        t.tells("pending_change", &solo, now + day * 30).await;
        t.tells("changed", &team, now + day * 2).await;
        assert!(t.has_bought().await.pending.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_change_to_come_is_kept_though_the_purchase_was_never_heard_of() {
    house(async |t| {
        let now = t.sim.now();
        let team = Purchase::of(2, "Team");
        t.tells("pending_change", &team, now + TimeDelta::days(9))
            .await;
        let has = t.has_bought().await;
        assert_eq!(has.plan_name, "Solo", "what it was before");
        assert_eq!(has.pending.expect("a change").0, "Team");
        t.tells("purchased", &team, now).await;
        assert_eq!(t.plan_bought().await, "Team");
    })
    .await;
}

#[tokio::test]
async fn neither_hooks_secret_is_good_for_the_others_events() {
    house(async |t| {
        t.tells("purchased", &Purchase::of(1, "Solo"), t.sim.now())
            .await;
        let all = t.sim.deliveries();
        let bought = all.last().expect("a delivery");
        assert_eq!(
            (bought.event.as_str(), bought.status_code),
            ("marketplace_purchase", 202)
        );
        // With the App's secret.
        let copy = t.deliver("marketplace_purchase", "copy-1", &bought.payload);
        assert_eq!(copy.await, 401);
        // What the listing signed is nothing else, whatever the header says.
        let signature = bought
            .request_headers
            .iter()
            .find(|h| h.0 == "X-Hub-Signature-256");
        let signature = &signature.expect("a signature").1;
        for (event, status) in [("installation", 401), ("marketplace_purchase", 202)] {
            let given = t.deliver_signed(event, "copy-2", &bought.payload, signature);
            assert_eq!(given.await, status, "{event}");
        }
        t.sim.ping_from_listing();
        t.quiet().await;
        let all = t.sim.deliveries();
        assert_eq!(all.last().expect("a ping").status_code, 202);
        // The App cannot read the listing's deliveries.
        assert_eq!(t.sent(&Method::GET, "/marketplace_listing/{*}"), 0);
    })
    .await;
}

#[tokio::test]
async fn leave_that_is_taken_back_is_kept_with_its_moment() {
    house(async |t| {
        let alice = t.user_id("alice");
        let find = async || revocations::find(t.pool(), alice).await.expect("the table");
        assert_eq!(find().await, None);
        t.sim.revoke_authorization("alice");
        t.quiet().await;
        let first = find().await.expect("a moment");
        t.sim.revoke_authorization("alice");
        t.quiet().await;
        let second = find().await.expect("a moment");
        assert!(second > first, "{first} {second}");
        // One that comes late takes nothing back.
        revocations::insert(t.pool(), alice, first)
            .await
            .expect("the table");
        assert_eq!(find().await, Some(second));
        let rita = revocations::find(t.pool(), t.user_id("rita")).await;
        assert_eq!(rita.expect("the table"), None);
    })
    .await;
}
