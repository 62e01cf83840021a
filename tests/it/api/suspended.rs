//! An account that has suspended the App: the API and the pages say so, and blame nobody else.

use http::Method;
use openproducer::simulator::RepositorySelection;
use serde_json::json;

use super::Script;
use crate::harness::house::house;

#[tokio::test]
async fn a_suspended_account_is_told_that_it_is() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        assert_eq!(script.gets("/runs").await.status, 200);
        t.sim.suspend_installation(t.installation);
        t.quiet().await;
        let set = json!({"version": 0, "settings": {}});
        let replies = [
            script.gets("/runs").await,
            script.gets("/token").await,
            script.asks(Method::PUT, "/settings", Some(set)).await,
        ];
        for reply in replies {
            assert_eq!(
                (reply.status, &reply.json["code"]),
                (403, &json!("suspended")),
                "{reply:?}"
            );
        }
        let olivia = t.browser_of("olivia").await;
        for place in ["settings", "tokens", "audit"] {
            let page = olivia
                .get(&format!("/installations/{}/{place}", t.installation))
                .await;
            assert_eq!(page.status, 403, "{place}: {}", page.text);
            assert!(
                page.text.contains("The App is suspended on this account"),
                "{}",
                page.text
            );
        }
        // Nobody else learns of it.
        t.sim.add_user("rex");
        let rex = t.browser_of("rex").await;
        assert_eq!(
            rex.get(&format!("/installations/{}/tokens", t.installation))
                .await
                .status,
            404
        );
        t.sim.unsuspend_installation(t.installation);
        t.quiet().await;
        assert_eq!(script.gets("/runs").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn the_account_itself_reads_its_log_and_revokes_tokens_meanwhile() {
    house(async |t| {
        t.sim.add_user("paula");
        t.sim.add_repository("paula/notes");
        let id = t.sim.install_app("paula", RepositorySelection::All);
        t.quiet().await;
        let script = super::makers::of(t, "paula", id).await;
        t.sim.suspend_installation(id);
        t.quiet().await;
        assert_eq!(script.gets("/runs").await.json["code"], "suspended");
        let paula = t.browser_of("paula").await;
        let log = paula.get(&format!("/installations/{id}/audit")).await;
        assert!(
            log.status == 200 && log.text.contains("paula"),
            "{}",
            log.text
        );
        let path = format!("/installations/{id}/tokens");
        let page = paula.get(&path).await;
        let (_, rest) = page
            .text
            .split_once(&format!("{path}/"))
            .expect("a token to revoke");
        let to = format!("{path}/{}", rest.split('"').next().unwrap());
        assert_eq!(paula.submits(&page, &to, &[]).await.status, 303);
        t.sim.unsuspend_installation(id);
        t.quiet().await;
        assert_eq!(script.gets("/runs").await.status, 401);
    })
    .await;
}
