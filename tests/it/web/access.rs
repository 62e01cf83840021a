//! What a person may see and do is what GitHub says to their own token, and nothing that an address claims.

use http::Method;
use openproducer::domain::ids::{InstallationId, RepositoryId};
use openproducer::domain::policy::Role as Seen;
use openproducer::flows::access::{self, Level, Person};
use openproducer::flows::sessions;
use openproducer::simulator::{Effect, Fault, RepositorySelection, Role};

use crate::harness::browser::Browser;
use crate::harness::house::{House, SHOP, house};

const SITE: &str = "acme/site";

/// Who the browser is signed in as, to the flows.
async fn person(t: &House, browser: &Browser) -> Person {
    let cookie = browser.cookie("openproducer_session").unwrap();
    let found = sessions::find(&t.services(), &cookie.into()).await.unwrap();
    found.expect("somebody is signed in")
}

async fn signed_in(t: &House, login: &str) -> Person {
    person(t, &t.browser_of(login).await).await
}

/// `account level: repository role, …` for each that is seen.
async fn sees(t: &House, person: &Person) -> String {
    let seen = access::installations(&t.services(), person).await.unwrap();
    let lines = seen.iter().map(|seen| {
        let repositories = seen.repositories.iter();
        let repositories = repositories.map(|r| format!("{} {}", r.name, r.role.as_str()));
        let repositories: Vec<String> = repositories.collect();
        format!(
            "{} {:?}: {}",
            seen.account.login,
            seen.level,
            repositories.join(", ")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap()
}

#[tokio::test]
async fn each_person_sees_what_github_shows_them() {
    house(async |t| {
        t.sim.add_repository(SITE);
        t.sim.set_private(SITE, true);
        t.sim.set_role(SITE, "olivia", Role::Admin);
        t.sim.set_role(SITE, "rita", Role::Triage);
        let own = t.sim.add_user("paula");
        t.sim.add_repository("paula/notes");
        t.sim.install_app("paula", RepositorySelection::All);
        t.quiet().await;

        let alice = signed_in(t, "alice").await;
        assert_eq!(sees(t, &alice).await, "acme Member: acme/shop write");
        let olivia = signed_in(t, "olivia").await;
        assert_eq!(
            sees(t, &olivia).await,
            "acme Admin: acme/shop admin, acme/site admin"
        );
        let rita = signed_in(t, "rita").await;
        assert_eq!(
            sees(t, &rita).await,
            "acme Member: acme/shop read, acme/site triage"
        );
        let paula = signed_in(t, &own.login()).await;
        assert_eq!(sees(t, &paula).await, "paula Admin: paula/notes admin");
        // That the shop is public gives a stranger nothing here.
        let stranger = signed_in(t, "stranger").await;
        assert_eq!(sees(t, &stranger).await, "");
    })
    .await;
}

#[tokio::test]
async fn who_administers_some_repositories_only_is_no_admin_of_the_installation() {
    house(async |t| {
        // olivia administers all that she sees, but does not see all.
        t.sim.add_repository(SITE);
        t.sim.set_private(SITE, true);
        let olivia = signed_in(t, "olivia").await;
        assert_eq!(sees(t, &olivia).await, "acme Member: acme/shop admin");
        let services = t.services();
        let seen =
            access::installation(&services, &olivia, InstallationId(id(t.installation))).await;
        let seen = seen.unwrap().unwrap();
        let shop = RepositoryId(id(t.shop().id()));
        assert_eq!(
            seen.repository(shop).unwrap().role,
            Seen::Admin,
            "of the repository she is"
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_not_known_is_no_leave() {
    house(async |t| {
        let olivia = signed_in(t, "olivia").await;
        let reach = "/installation/repositories";
        t.sim.faults().schedule(
            Fault::on(Method::GET, reach)
                .forever()
                .then(Effect::status(500, "Oops")),
        );
        access::forget(&t.services(), &olivia).await;
        assert_eq!(sees(t, &olivia).await, "acme Member: acme/shop admin");
        t.sim.faults().clear();
    })
    .await;
}

#[tokio::test]
async fn another_tenants_things_are_as_good_as_not_there() {
    house(async |t| {
        t.sim.add_organization("globex");
        t.sim.add_repository("globex/plans");
        t.sim.set_private("globex/plans", true);
        t.sim.set_role("globex/plans", "stranger", Role::Admin);
        let globex = t.sim.install_app("globex", RepositorySelection::All);
        t.quiet().await;
        let trigger = t
            .opens(
                "Shop",
                "@TheOpenProducerBot\ndry_run: true\n\n- Build the shop\n- Paint it",
            )
            .await;
        let run = t.run(&trigger).await.id;

        let services = t.services();
        let (alice, stranger) = (signed_in(t, "alice").await, signed_in(t, "stranger").await);
        let (acme, globex) = (
            InstallationId(id(t.installation)),
            InstallationId(id(globex)),
        );
        let shop = RepositoryId(id(t.shop().id()));
        let plans = RepositoryId(id(t.sim.repository("globex/plans").id()));

        assert!(
            access::installation(&services, &alice, acme)
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            access::repository(&services, &alice, acme, shop)
                .await
                .unwrap()
                .is_some()
        );
        let seen = access::run(&services, &alice, &run).await.unwrap().unwrap();
        assert_eq!(seen.repository.name.to_string(), SHOP);

        assert!(
            access::installation(&services, &alice, globex)
                .await
                .unwrap()
                .is_none()
        );
        for installation in [acme, globex, InstallationId(-1), InstallationId(99)] {
            let found = access::repository(&services, &alice, installation, plans).await;
            assert!(found.unwrap().is_none(), "{installation}");
        }
        assert!(
            access::installation(&services, &stranger, acme)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            access::repository(&services, &stranger, globex, shop)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            access::run(&services, &stranger, &run)
                .await
                .unwrap()
                .is_none()
        );
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_the_person_lost_takes_its_runs_along() {
    house(async |t| {
        let trigger = t
            .opens(
                "Shop",
                "@TheOpenProducerBot\ndry_run: true\n\n- Build the shop",
            )
            .await;
        let run = t.run(&trigger).await.id;
        t.sim.add_repository(SITE);
        t.sim.set_role(SITE, "rita", Role::Read);
        let (services, rita) = (t.services(), signed_in(t, "rita").await);
        assert!(access::run(&services, &rita, &run).await.unwrap().is_some());
        t.sim.set_role(SHOP, "rita", Role::None);
        assert!(
            access::run(&services, &rita, &run).await.unwrap().is_some(),
            "for up to a minute"
        );
        access::forget(&services, &rita).await;
        assert!(access::run(&services, &rita, &run).await.unwrap().is_none());
        let installation = InstallationId(id(t.installation));
        let seen = access::installation(&services, &rita, installation)
            .await
            .unwrap();
        assert_eq!(seen.unwrap().repository_ids().len(), 1);
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn github_is_asked_once_a_minute_and_never_for_two_people_at_once() {
    house(async |t| {
        let asked = || {
            t.sim
                .requests_matching(&Method::GET, "/user/installations")
                .len()
        };
        // Once for each, by the page that a sign-in leads to.
        let (alice, rita) = (signed_in(t, "alice").await, signed_in(t, "rita").await);
        for _ in 0..3 {
            assert_eq!(sees(t, &alice).await, "acme Member: acme/shop write");
            assert_eq!(sees(t, &rita).await, "acme Member: acme/shop read");
        }
        assert_eq!(asked(), 2);
        // A new sign-in of the same person begins anew.
        let again = signed_in(t, "alice").await;
        sees(t, &again).await;
        assert_eq!(asked(), 3);
    })
    .await;
}

#[tokio::test]
async fn lists_of_many_pages_are_read_to_their_end() {
    house(async |t| {
        for number in 0..130 {
            let name = format!("acme/part-{number:03}");
            t.sim.add_repository(&name);
            t.sim.set_role(&name, "olivia", Role::Admin);
        }
        let olivia = signed_in(t, "olivia").await;
        let seen = access::installations(&t.services(), &olivia).await.unwrap();
        assert_eq!(seen[0].repositories.len(), 131);
        assert_eq!(seen[0].level, Level::Admin);
    })
    .await;
}
