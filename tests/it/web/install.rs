//! Installing the App: on to GitHub with what is preselected, back with nothing believed.

use openproducer::simulator::{RepositorySelection, Role};

use crate::harness::house::house;

#[tokio::test]
async fn install_leads_to_github_with_what_is_preselected() {
    house(async |t| {
        let browser = t.browser();
        let to = browser.get("/install").await;
        let page = format!(
            "{}/apps/theopenproducerbot/installations/new",
            t.sim.web_url()
        );
        assert_eq!((to.status, to.header("location")), (302, page.as_str()));

        let (acme, shop) = (t.sim.account_id("acme"), t.shop().id());
        let to = browser
            .visit(&format!(
                "/install?suggested_target_id={acme}&repository_ids[]={shop}&state=x"
            ))
            .await;
        assert!(
            to.url.as_str().starts_with(&format!("{page}/permissions?")),
            "{}",
            to.url
        );
        assert!(
            to.text.contains(&format!("value=\"{acme}\" selected")),
            "{to:#?}"
        );
        assert!(
            to.text.contains(&format!("value=\"{shop}\" checked")),
            "{to:#?}"
        );
        assert!(!to.url.as_str().contains("state"));
    })
    .await;
}

#[tokio::test]
async fn the_way_back_shows_what_the_persons_own_token_shows() {
    house(async |t| {
        t.sim.add_organization("globex");
        t.sim.add_repository("globex/plans");
        t.sim.set_private("globex/plans", true);
        let foreign = t.sim.install_app("globex", RepositorySelection::All);
        t.quiet().await;
        let browser = t.browser_of("alice").await;
        let back = async |query: String| {
            let page = browser.get(&format!("/install/callback?{query}")).await;
            page.header("location").to_owned()
        };
        let own = format!("/installations/{}", t.installation);
        assert_eq!(
            back(format!(
                "installation_id={}&setup_action=install",
                t.installation
            ))
            .await,
            own
        );
        for forged in [
            format!("installation_id={foreign}&setup_action=install"),
            "installation_id=1&setup_action=update".to_owned(),
            "installation_id=../../evil&setup_action=install".to_owned(),
            "setup_action=install".to_owned(),
        ] {
            assert_eq!(back(forged.clone()).await, "/installations", "{forged}");
        }
        // What was seen a moment ago is asked again: something has just changed.
        t.sim.set_role("globex/plans", "alice", Role::Read);
        let there = format!("/installations/{foreign}");
        assert_eq!(
            back(format!("installation_id={foreign}&setup_action=install")).await,
            there
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_that_waits_for_an_owner_is_told_as_such() {
    house(async |t| {
        t.sim
            .set_setup_url(&format!("http://{}/install/callback", t.address()));
        let browser = t.browser();
        browser.is_on_github_as("alice");
        let github = browser.visit("/install").await;
        let acme = t.sim.account_id("acme").to_string();
        let to = github
            .url
            .join("/apps/theopenproducerbot/installations/new")
            .unwrap();
        let fields = [
            ("account", acme.as_str()),
            ("which", "all"),
            ("then", "request"),
        ];
        let sent = browser.send(http::Method::POST, to, Some(&fields)).await;
        let page = browser.follow(sent).await;
        assert_eq!(page.status, 200);
        assert!(
            page.text.contains("Your request waits for an owner"),
            "{page:#?}"
        );
        assert!(
            page.text.contains("Nothing is installed until"),
            "{page:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_badge_may_be_shown_anywhere() {
    house(async |t| {
        let badge = t.browser().get("/install/badge.svg").await;
        assert_eq!(badge.header("content-type"), "image/svg+xml; charset=utf-8");
        assert_eq!(badge.header("cache-control"), "public, max-age=86400");
        assert_eq!(badge.header("cross-origin-resource-policy"), "cross-origin");
        assert!(badge.text.starts_with("<svg ") && !badge.text.contains("script"));
    })
    .await;
}
