//! Runs and installations on their pages: who sees them, who may press the buttons, and what is not done twice.

use openproducer::simulator::{IssueRef, Role};

use crate::harness::browser::Page;
use crate::harness::house::{House, SHOP, house};

const ASKS: &str = "@TheOpenProducerBot\ndry_run: true\n\n- Add a form with e-mail and password\n- End sessions after a day\n- Sign in with GitHub, after the form";

async fn waiting(t: &House) -> (IssueRef, String) {
    let issue = t.opens("Sign-in", ASKS).await;
    let page = format!("/runs/{}", t.run(&issue).await.id);
    (issue, page)
}

/// The fields of a run's form as its page shows it, with these boxes ticked.
fn fields<'a>(page: &'a str, ticked: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let plan = page.split_once("name=\"plan\" value=\"").unwrap().1;
    let plan = plan.split_once('"').unwrap().0;
    let offered = ["1", "2", "3"].map(|n| ("offered", n));
    let mut all = vec![("plan", plan)];
    all.extend(offered);
    all.extend(ticked.iter().map(|n| ("item", *n)));
    all
}

/// What the page tells of the button that led to it.
fn told_on(page: &Page) -> Option<&str> {
    let (_, rest) = page.text.split_once("id=\"told\"")?;
    let (_, rest) = rest.split_once("<p>")?;
    rest.split_once("</p>").map(|(told, _)| told)
}

fn told(page: &Page) -> &str {
    let (_, rest) = page.text.split_once("class=\"notice").unwrap_or_default();
    rest.split_once("<p>").map_or("", |(_, rest)| {
        rest.split_once("</p>").unwrap_or_default().0
    })
}

#[tokio::test]
async fn only_what_is_ticked_is_created_and_only_once() {
    house(async |t| {
        let (issue, path) = waiting(t).await;
        let alice = t.browser_of("alice").await;
        let page = alice.get(&path).await;
        let form = fields(&page.text, &["1", "3"]);
        let done = alice
            .submits(&page, &format!("{path}/confirm"), &form)
            .await;
        assert_eq!(done.header("location"), path);
        t.quiet().await;
        assert_eq!(
            t.titles(),
            [
                "Add a form with e-mail and password",
                "Sign in with GitHub, after the form"
            ]
        );
        // Once more, from the page as it was.
        let again = alice
            .submits(&page, &format!("{path}/confirm"), &form)
            .await;
        assert_eq!(again.status, 200);
        assert_eq!(
            told(&again),
            "The run is already completed; there is nothing to confirm."
        );
        t.quiet().await;
        assert_eq!(t.created().len(), 2);
        assert_eq!(t.state(&issue).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn what_a_button_did_is_told_once_and_where_it_was_pressed() {
    house(async |t| {
        let (_, path) = waiting(t).await;
        let alice = t.browser_of("alice").await;
        let page = alice.get(&path).await;
        let form = fields(&page.text, &["1"]);
        let done = alice.submits(&page, &format!("{path}/drop"), &form).await;
        assert_eq!((done.status, done.header("location")), (303, path.as_str()));
        // Another page on the way does not tell it, nor does it use it up.
        let home = alice
            .get(&format!("/installations/{}", t.installation))
            .await;
        assert!(!home.text.contains("Left out."), "{}", home.text);
        // Nobody else's session opens it.
        let olivia = t.browser_of("olivia").await;
        let told = alice.cookie("openproducer_told").unwrap();
        olivia.steal_cookie("openproducer_told", &told);
        assert_eq!(told_on(&olivia.get(&path).await), None);
        let first = alice.follow(done).await;
        assert!(told_on(&first).unwrap().starts_with("Left out."));
        assert_eq!(told_on(&alice.get(&path).await), None, "loaded anew");
        let forged = alice.get(&format!("{path}?did=rollback")).await;
        assert_eq!(told_on(&forged), None, "{}", forged.text);
    })
    .await;
}

#[tokio::test]
async fn what_is_over_is_not_told_as_going_on() {
    house(async |t| {
        let (issue, path) = waiting(t).await;
        let alice = t.browser_of("alice").await;
        let page = alice.get(&path).await;
        let form = fields(&page.text, &["1", "2", "3"]);
        let done = alice
            .submits(&page, &format!("{path}/confirm"), &form)
            .await;
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "completed");
        assert_eq!(told_on(&alice.follow(done).await), None);
    })
    .await;
}

#[tokio::test]
async fn a_possible_duplicate_is_named_with_its_issue_to_those_who_may_see_it() {
    house(async |t| {
        t.sim.add_repository("acme/site");
        t.sim.set_private("acme/site", true);
        for login in ["alice", "olivia"] {
            t.sim.set_role("acme/site", login, Role::Admin);
        }
        t.quiet().await;
        t.alice().opens_issue("acme/shop", "Checkout form of the shop", "");
        t.alice().opens_issue("acme/site", "Secret landing page of the site", "");
        let asks = "@TheOpenProducerBot\nrepositories: acme/shop, acme/site\ncomponents: shop, site\n\n- Build the checkout form of the shop\n- Build the secret landing page of the site\n";
        let issue = t.opens("Both", asks).await;
        assert_eq!(t.state(&issue).await, "running awaiting_confirmation");
        let path = format!("/runs/{}", t.run(&issue).await.id);
        let alice = t.browser_of("alice").await.get(&path).await;
        for like in [
            "/acme/shop/issues/1\">#1 Checkout form of the shop</a>",
            "/acme/site/issues/1\">acme/site#1 Secret landing page of the site</a>",
        ] {
            assert!(alice.text.contains(like), "{like}: {}", alice.text);
        }
        let rita = t.browser_of("rita").await.get(&path).await;
        assert!(rita.text.contains("#1 Checkout form of the shop</a>"));
        assert!(
            rita.text.contains("Like an issue that exists already, in a repository that GitHub does not show you")
                && !rita.text.contains("Secret landing page of the site</a>"),
            "{}",
            rita.text
        );
    })
    .await;
}

#[tokio::test]
async fn a_run_of_which_everything_exists_is_closed_and_not_confirmed() {
    house(async |t| {
        for title in ["Add a search field", "Index the articles"] {
            t.alice().opens_issue("acme/shop", title, "");
        }
        let asks = "@TheOpenProducerBot\ndry_run: true\nunique_by: title\n\n- Add a search field\n- Index the articles\n";
        let issue = t.opens("Search", asks).await;
        let path = format!("/runs/{}", t.run(&issue).await.id);
        let alice = t.browser_of("alice").await;
        let page = alice.get(&path).await;
        for said in [
            "All 2 planned issues exist already; there is nothing to create.",
            "2 issues exist already.",
            "Close the run",
            "Plan again…",
        ] {
            assert!(page.text.contains(said), "{said}: {}", page.text);
        }
        for wrong in ["somebody has to confirm", "data-ticked", "Leave out"] {
            assert!(!page.text.contains(wrong), "{wrong}: {}", page.text);
        }
        let form = [("plan", page.hidden("plan"))];
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        alice.submits(&page, &format!("{path}/cancel"), &form).await;
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "cancelled");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_keeps_its_own_pace_does_not_blame_github() {
    house(async |t| {
        let issue = t
            .opens("Sign-in", &ASKS.replace("dry_run", "rate_limit_per_minute: 2\ndry_run"))
            .await;
        let run = t.run(&issue).await.id;
        let alice = t.browser_of("alice").await;
        let waits = async |seconds: f64| {
            sqlx::query("update runs set phase = 'creating', confirmed_at = now(), waits_until = now() + make_interval(secs => $2) where id = $1")
                .bind(run.as_str())
                .bind(seconds)
                .execute(t.pool())
                .await
                .unwrap();
            alice.get(&format!("/runs/{run}")).await.text
        };
        let page = waits(50.0).await;
        assert!(page.contains("Waits for GitHub&#39;s limits; goes on at"), "{page}");
        sqlx::query("insert into content_requests (installation_id, at) select installation_id, now() from runs, generate_series(1, 2)")
            .execute(t.pool())
            .await
            .unwrap();
        let page = waits(50.0).await;
        assert!(page.contains("Waits for its pace of 2 requests a minute; goes on at"), "{page}");
        let page = waits(900.0).await;
        assert!(page.contains("Waits for GitHub&#39;s limits; goes on at"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_nobody_saw_is_not_confirmed() {
    house(async |t| {
        let (issue, path) = waiting(t).await;
        let alice = t.browser_of("alice").await;
        let page = alice.get(&path).await;
        t.says(&issue, "@TheOpenProducerBot replan").await;
        let form = fields(&page.text, &["1", "2", "3"]);
        let answer = alice
            .submits(&page, &format!("{path}/confirm"), &form)
            .await;
        assert!(told(&answer).starts_with("The plan has changed since this page was loaded."));
        t.quiet().await;
        assert_eq!(t.created().len(), 0);
        assert_eq!(t.state(&issue).await, "running awaiting_confirmation");
    })
    .await;
}

#[tokio::test]
async fn a_reader_looks_and_presses_nothing() {
    house(async |t| {
        let (issue, path) = waiting(t).await;
        let rita = t.browser_of("rita").await;
        let page = rita.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Your role in this repository is read"));
        assert!(!page.text.contains("<button class=\"main\""));
        for deed in ["confirm", "drop", "cancel", "rollback"] {
            let form = fields(&page.text, &["1"]);
            let answer = rita.submits(&page, &format!("{path}/{deed}"), &form).await;
            assert_eq!(answer.status, 403, "{deed}: {}", answer.text);
        }
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "running awaiting_confirmation");
        assert_eq!(t.created().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_somebody_cannot_see_is_not_there() {
    house(async |t| {
        t.sim.set_private("acme/shop", true);
        let (issue, path) = waiting(t).await;
        let home = format!("/installations/{}", t.installation);
        let stranger = t.browser_of("stranger").await;
        let nowhere = stranger.get("/runs/run_20200101_000000_abcdefgh").await;
        assert_eq!(nowhere.status, 404);
        for hidden in [path.clone(), format!("{path}/live"), home.clone()] {
            let answer = stranger.get(&hidden).await;
            assert_eq!(
                (answer.status, &answer.text),
                (404, &nowhere.text),
                "{hidden}"
            );
        }
        let own = stranger.get("/logout").await;
        for deed in ["confirm", "drop", "cancel", "rollback"] {
            let answer = stranger
                .submits(
                    &own,
                    &format!("{path}/{deed}"),
                    &[("plan", "2"), ("offered", "1"), ("item", "1")],
                )
                .await;
            assert_eq!(
                (answer.status, &answer.text),
                (404, &nowhere.text),
                "{deed}"
            );
        }
        let nobody = t.browser();
        for page in [&path, &home] {
            let answer = nobody.get(page).await;
            assert!(
                answer.header("location").starts_with("/login?next="),
                "{page}"
            );
        }
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "running awaiting_confirmation");
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_its_run() {
    house(async |t| {
        let issue = t
            .opens(
                "Search",
                "@TheOpenProducerBot\n\n- Add a search field\n- Index the articles",
            )
            .await;
        let run = t.run(&issue).await.id;
        let alice = t.browser_of("alice").await;
        let stream = alice.get(&format!("/runs/{run}/live")).await;
        assert_eq!(stream.header("content-type"), "text/event-stream");
        assert_eq!(stream.text.matches("event: ").count(), 1, "{}", stream.text);
        assert!(stream.text.contains("event: last"));
        assert!(stream.text.contains("Add a search field"));
        let mut nobody = t.browser();
        nobody
            .headers
            .push(("accept", "text/event-stream".to_owned()));
        let refused = nobody.get(&format!("/runs/{run}/live")).await;
        assert_eq!(refused.status, 401);
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_the_session_and_with_the_server() {
    house(async |t| {
        let (issue, path) = waiting(t).await;
        let live = format!("{path}/live");
        let (alice, olivia) = (t.browser_of("alice").await, t.browser_of("olivia").await);
        let (mut hers, mut stays) = (alice.streams(&live).await, olivia.streams(&live).await);
        for stream in [&mut hers, &mut stays] {
            let first = stream.next().await.unwrap();
            assert!(first.starts_with("event: page"), "{first}");
        }
        let page = alice.get("/logout").await;
        alice.submits(&page, "/logout", &[]).await;
        t.says(&issue, "@TheOpenProducerBot drop 1").await;
        // A page may come in between: words about time go on.
        let mut last = hers.next().await.unwrap();
        while last.starts_with("event: page") {
            last = hers.next().await.unwrap();
        }
        assert!(last.starts_with("event: gone"), "{last}");
        assert_eq!(hers.next().await, None);
        let mut next = stays.next().await.unwrap();
        while !next.contains("1 left out") {
            assert!(next.starts_with("event: page"), "{next}");
            next = stays.next().await.unwrap();
        }

        t.stop_server().await;
        while let Some(event) = stays.next().await {
            assert!(event.starts_with("event: page"), "{event}");
        }
    })
    .await;
}

#[tokio::test]
async fn one_person_does_not_take_all_streams() {
    house(async |t| {
        let (_, path) = waiting(t).await;
        let live = format!("{path}/live");
        let alice = t.browser_of("alice").await;
        let mut open = Vec::new();
        for _ in 0..8 {
            open.push(alice.streams(&live).await);
        }
        assert_eq!(alice.get(&live).await.status, 503);
        let mut others = t.browser_of("olivia").await.streams(&live).await;
        assert!(others.next().await.is_some());
    })
    .await;
}

#[tokio::test]
async fn runs_are_filtered_and_paged() {
    house(async |t| {
        for n in 0..27 {
            let body = format!("@TheOpenProducerBot\ndry_run: true\n\n- Add the part number {n}\n- Test the part number {n}");
            t.alice().opens_issue("acme/shop", &format!("Part {n}"), &body);
        }
        t.quiet().await;
        let olivia = t.browser_of("olivia").await;
        let home = format!("/installations/{}", t.installation);
        let count = |page: &Page| page.text.matches("<th scope=\"row\"><a href=\"/runs/").count();
        let first = olivia.get(&home).await;
        assert_eq!(count(&first), 25);
        let older = first.text.split_once("rel=\"next\"").unwrap().0;
        let href = older.rsplit_once("href=\"").unwrap().1.split_once('"').unwrap().0;
        let path = href.split_once('#').unwrap().0.replace("&#38;", "&").replace("&amp;", "&");
        let second = olivia.get(&path).await;
        assert_eq!(count(&second), 2, "{path}");
        assert!(second.text.contains(">Newest</a>"));
        for (query, found) in [
            ("state=waiting", 25),
            ("state=completed", 0),
            ("by=alice", 25),
            ("by=%40ALICE", 25),
            ("by=nobody", 0),
            ("repository=1", 0),
            ("before=run_20200101_000000_abcdefgh", 0),
            ("state=nonsense&repository=x&before=y", 25),
        ] {
            let page = olivia.get(&format!("{home}?{query}")).await;
            assert_eq!(count(&page), found, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_button_names_no_repository_that_the_page_hides() {
    house(async |t| {
        t.sim.add_repository("acme/vault");
        t.sim.set_private("acme/vault", true);
        t.sim.set_role("acme/vault", "olivia", Role::Write);
        t.sim.add_user("mona");
        t.sim.set_role(SHOP, "mona", Role::Write);
        t.quiet().await;
        let asks = "@TheOpenProducerBot\ndry_run: true\nrepositories: acme/shop, acme/vault\ncomponents: shop, vault\n\n- Build the shop\n- Build the vault\n";
        let issue = t.sim.user("olivia").opens_issue(SHOP, "Both", asks);
        t.quiet().await;
        let path = format!("/runs/{}", t.run(&issue).await.id);
        let mona = t.browser_of("mona").await;
        let page = mona.get(&path).await;
        assert!(page.text.contains("a repository that GitHub does not show you"), "{}", page.text);
        let mut form = vec![("item", "1"), ("item", "2"), ("offered", "1"), ("offered", "2")];
        let plan = page.hidden("plan");
        form.push(("plan", &plan));
        let refused = mona.submits(&page, &format!("{path}/confirm"), &form).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        assert!(refused.text.contains("another repository, in which you have no role"), "{}", refused.text);
        assert!(!refused.text.contains("vault"), "{}", refused.text);
        // Who has a role there, if too small a one, knows what it is called.
        t.sim.set_role("acme/vault", "mona", Role::Read);
        let refused = mona.submits(&page, &format!("{path}/confirm"), &form).await;
        assert!(refused.text.contains("acme/vault, where you need the role write"), "{}", refused.text);
    })
    .await;
}
