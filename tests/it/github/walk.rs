//! One walk over everything that the client can do, in the order in which a run would do it.

use std::path::Path;

use http::Method;
use openproducer::simulator::Simulator;
use openproducer::{
    clock::Clock,
    domain::ids::{CommentId, IssueNumber, RepositoryName},
    github::{
        AppCredentials, GitHub, Installation, IssueChange, IssueState, NewIssue, OAuth,
        OAuthClient, OAuthError, Reaction, Repo, StateReason, Verifier, Who, allowed_routes,
        allowed_web_routes,
    },
};
use url::Url;

use super::{Scene, address, repository};
use crate::harness::browser::Browser;

#[tokio::test]
async fn everything_works_and_nothing_else_is_allowed() {
    let t = Scene::start().await;
    t.sim.add_milestone("acme/shop", "First release");
    let trigger = t.opens("Trigger");

    the_app(&t).await;
    deliveries(&t).await;
    the_repository(&t).await;
    let (parent, child) = issues(&t).await;
    comments_and_reactions(&t, trigger).await;
    links(&t, parent, child).await;
    a_person(&t).await;
    somebody_who_signed_in(&t).await;
    a_new_app(&t).await;

    for (method, route) in allowed_web_routes() {
        let method: Method = method.parse().unwrap();
        assert!(t.count(&method, route) > 0, "nothing uses {method} {route}");
    }
    for (method, route) in allowed_routes() {
        let method: Method = method.parse().unwrap();
        let used = t.count(&method, route);
        assert!(used > 0, "{method} {route} is allowed, but nothing uses it");
    }
    assert_eq!(t.sim.complaints(), Vec::<String>::new());
    for request in t.sim.requests() {
        let (method, path) = (request.method, request.path);
        assert_eq!(
            request.api_version.as_deref(),
            Some("2022-11-28"),
            "{method} {path}"
        );
        let agent = request.user_agent.unwrap_or_default();
        assert!(
            agent.starts_with("openproducer/"),
            "{method} {path}: {agent}"
        );
    }
}

async fn the_app(t: &Scene) {
    assert_eq!(t.github.app().await.unwrap().permissions["issues"], "write");
    let all = t.github.list_installations().await.unwrap();
    assert_eq!(all.items.len(), 1);
    let found = t
        .github
        .find_repository_installation(t.repo.name())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, t.installation.id());
    let record = t.github.get_installation(found.id).await.unwrap();
    assert_eq!(record.account.login, "acme");
    let repositories = t.installation.list_repositories().await.unwrap();
    let names: Vec<String> = repositories
        .into_iter()
        .map(|r| r.full_name.to_string())
        .collect();
    assert_eq!(names, ["acme/shop", "acme/site"]);
    assert_eq!(t.installation.count_repositories().await.unwrap(), 2);
}

/// What a person's token shows who signed in, and how the token is come by.
async fn somebody_who_signed_in(t: &Scene) {
    let app = t.sim.app();
    let client = OAuthClient {
        id: app.client_id.clone(),
        secret: app.client_secret.clone().into(),
    };
    let web: Url = t.sim.web_url().parse().unwrap();
    let oauth = OAuth::new(&web, None, t.clock.clone()).unwrap();
    let redirect: Url = "http://127.0.0.1:1/login/callback".parse().unwrap();
    let verifier = Verifier("v".repeat(43).into());
    let early = oauth.sign_in_address(&redirect, "s", &verifier);
    assert_eq!(early, Err(OAuthError::NotSetUp));
    oauth.set_client(client.clone());
    let code = || code(&t.sim, &oauth, &redirect, &verifier);

    let tokens = oauth
        .fetch_tokens(&code().await, &redirect, &verifier)
        .await
        .unwrap();
    assert!(tokens.ends_at.unwrap() > t.clock.now());
    let alice = t.github.as_user(tokens.access.clone());
    assert_eq!(alice.account().await.unwrap().login, "alice");
    let installations = alice.list_visible_installations().await.unwrap();
    assert_eq!(installations.items[0].id, t.installation.id());
    let seen = alice
        .list_visible_repositories(t.installation.id())
        .await
        .unwrap();
    let names: Vec<_> = seen.items.iter().map(|r| r.full_name.to_string()).collect();
    assert_eq!(names, ["acme/shop"]);
    assert!(seen.items[0].permissions.unwrap().maintain);

    let refresh = tokens.refresh.unwrap();
    let renewed = oauth.refresh_tokens(&refresh).await.unwrap();
    assert!(alice.account().await.is_err(), "the old token ended");
    assert!(t.github.as_user(renewed.access).account().await.is_ok());
    let again = oauth.refresh_tokens(&refresh).await.unwrap_err();
    assert!(matches!(again, OAuthError::Refused(_)), "{again}");
    let other = Verifier("w".repeat(43).into());
    let refused = oauth.fetch_tokens(&code().await, &redirect, &other).await;
    assert!(matches!(refused, Err(OAuthError::Refused(_))));
    oauth.set_client(OAuthClient {
        secret: "wrong".to_owned().into(),
        ..client
    });
    let refused = oauth
        .fetch_tokens(&code().await, &redirect, &verifier)
        .await;
    assert!(matches!(refused, Err(OAuthError::Misconfigured(_))));
}

/// As alice's browser gets one.
async fn code(sim: &Simulator, oauth: &OAuth, redirect: &Url, verifier: &Verifier) -> String {
    let browser = Browser::new(redirect.as_str(), &sim.web_url());
    browser.is_on_github_as("alice");
    let address = oauth.sign_in_address(redirect, "state", verifier).unwrap();
    let back = browser
        .send(Method::GET, address, None)
        .await
        .leads_to()
        .unwrap();
    let mut pairs = back.query_pairs();
    pairs
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned()
}

/// Whoever has the code gets the credentials, once.
async fn a_new_app(t: &Scene) {
    let github = GitHub::unregistered(&address(&t.sim), t.clock.clone()).unwrap();
    assert!(!github.is_registered() && github.app().await.is_err());
    let code = t
        .sim
        .register_app("acme", &serde_json::json!({"name": "New"}));
    let app = github.convert_manifest(&code).await.unwrap();
    assert_eq!(
        (app.slug.as_str(), app.owner.login.as_str()),
        ("new", "acme")
    );
    assert!(
        github
            .convert_manifest(&code)
            .await
            .unwrap_err()
            .is_absent()
    );
    let credentials = AppCredentials {
        issuer: app.client_id,
        private_key: app.pem,
    };
    github.clone().register(&credentials).unwrap();
    assert_eq!(
        github.app().await.unwrap().id,
        app.id,
        "all clones learn of it"
    );
}

/// Every method of the client that asks GitHub for something is walked above; a new one is not forgotten.
#[test]
fn the_walk_leaves_no_method_of_the_client_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/github");
    let mut methods = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What is in folders asks nothing: webhooks come to us, and tests.
        if path.extension().is_some_and(|extension| extension == "rs") {
            methods.extend(methods_in(&std::fs::read_to_string(path).unwrap()));
        }
    }
    assert!(
        methods.len() > 25,
        "the methods were not found: {methods:?}"
    );
    let walk = include_str!("walk.rs");
    let walk = walk.split("\nfn is_send").next().unwrap();
    methods.retain(|method| !walk.contains(&format!(".{method}(")));
    assert!(methods.is_empty(), "nobody walks {methods:?}");
}

/// What others may call: asynchronous, or with a future as its answer.
fn methods_in(source: &str) -> Vec<String> {
    let open = source.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    for part in open.split("    pub ").skip(1) {
        let signature = part.split(" {\n").next().unwrap_or(part);
        let (head, rest) = signature.split_once("fn ").unwrap_or_default();
        let asks = head == "async " || rest.contains("Future");
        if asks && (head.is_empty() || head == "async ") {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            found.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    found
}

#[test]
fn a_method_without_a_walk_would_be_noticed() {
    let source = "impl A {\n    /// One.\n    pub async fn one(&self) -> B {\n    }\n    async fn two(&self) {\n    }\n    \
                  pub(super) async fn three(&self) {\n    }\n    pub fn four(&self) -> impl Future<Output = B> {\n    }\n    \
                  pub fn five(&self) -> B {\n    }\n}\n#[cfg(test)]\nmod tests {\n    pub async fn six() {\n    }\n}\n";
    assert_eq!(methods_in(source), ["one", "four"]);
}

/// With a person's token in the App's place.
async fn a_person(t: &Scene) {
    let token = t.sim.add_token("alice", &["public_repo", "read:org"]);
    let clock = Clock::fixed(t.sim.now());
    let github = GitHub::with_token(&address(&t.sim), token.into(), clock).unwrap();
    let alice = github.person().await.unwrap();
    assert_eq!(alice.login, "alice");
    let scopes = alice.scopes.clone().unwrap();
    assert_eq!(scopes, ["public_repo", "read:org"]);
    assert_eq!(github.own_login().await.unwrap(), "alice");
    assert_eq!(
        t.github.own_login().await.unwrap(),
        "theopenproducerbot[bot]"
    );
    let look = github.look().await.unwrap();
    assert!(matches!(look.who, Who::Person(person) if person == *alice));
    let look = t.github.look().await.unwrap();
    assert!(matches!(look.who, Who::App(app) if app.slug == "theopenproducerbot"));
    assert!(look.rate.unwrap().remaining > 0);
    let seen = github.find_visible_repository(t.repo.name()).await.unwrap();
    let seen = seen.unwrap();
    assert_eq!(seen.id, t.repo.id());
    assert!(seen.permissions.unwrap().push);
    let nowhere = RepositoryName::parse("acme/nowhere").unwrap();
    assert!(
        github
            .find_visible_repository(&nowhere)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        t.count(&Method::GET, "/user"),
        2,
        "asked once, and looked at"
    );
    // An App has no person behind it, nor a person an App.
    assert!(t.github.person().await.is_err());
    assert!(github.list_installations().await.is_err());
}

async fn deliveries(t: &Scene) {
    t.sim.set_webhook_url("http://127.0.0.1:9/nobody");
    for n in 0..101 {
        let title = format!("Number {n}");
        t.sim.user("alice").opens_issue("acme/site", &title, "");
    }
    t.sim.settled().await;
    let long_ago = t.sim.now() - chrono::TimeDelta::days(4);
    let all = t.github.list_hook_deliveries(long_ago, 10).await.unwrap();
    assert_eq!((all.pages, all.items.len(), all.complete), (2, 101, true));
    assert!(all.items.is_sorted_by(|a, b| a.id > b.id), "newest first");
    assert!(all.items.iter().all(|d| !d.got_through() && !d.redelivery));
    let recent = t.github.list_hook_deliveries(t.sim.now(), 10);
    assert_eq!(recent.await.unwrap().pages, 1, "the floor is on this page");
    let bounded = t.github.list_hook_deliveries(long_ago, 1).await.unwrap();
    assert!(!bounded.complete);

    t.github.redeliver(all.items[100].id).await.unwrap();
    t.sim.settled().await;
    let again = t.github.list_hook_deliveries(long_ago, 1).await.unwrap();
    assert_eq!(again.items[0].guid, all.items[100].guid);
    assert!(again.items[0].redelivery);
    let unknown = t.github.redeliver(1).await.unwrap_err();
    assert!(unknown.is_absent(), "{unknown}");
}

async fn the_repository(t: &Scene) {
    assert_eq!(t.repo.get().await.unwrap().id, t.repo.id());
    let alice = t.repo.role_of("alice").await.unwrap().unwrap();
    assert_eq!(
        (alice.role_name.as_str(), alice.permission.as_str()),
        ("maintain", "write")
    );
    assert_eq!(t.repo.role_of("nobody-at-all").await.unwrap(), None);
    assert!(t.repo.role_of("theopenproducerbot[bot]").await.is_ok());
    assert!(t.repo.ensure_label("area: billing/café").await.unwrap());
    assert!(!t.repo.ensure_label("area: billing/café").await.unwrap());
    let milestones = t.repo.list_open_milestones().await.unwrap();
    assert_eq!(milestones.len(), 1);
    assert_eq!(
        t.repo
            .list_issues_by_state(IssueState::Open, None, 1)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    let labels = t.repo.list_labels(10).await.unwrap();
    assert!(
        labels
            .iter()
            .any(|label| label.name == "area: billing/café")
    );
    let by_title = t
        .repo
        .find_milestone("first release")
        .await
        .unwrap()
        .unwrap();
    let by_number = t.repo.find_milestone("1").await.unwrap().unwrap();
    assert_eq!(by_title, by_number);
    assert_eq!(t.repo.find_milestone("Nonesuch").await.unwrap(), None);
    assert_eq!(t.repo.find_milestone("77").await.unwrap(), None);
}

async fn issues(t: &Scene) -> (IssueNumber, IssueNumber) {
    let wanted = NewIssue {
        title: "Add the login form".to_owned(),
        body: "With <b>care</b> & “quotes” 🦀".to_owned(),
        labels: vec!["area: billing/café".to_owned()],
        assignees: vec!["alice".to_owned()],
        milestone: Some(1),
        issue_type: None,
    };
    let made = t.repo.create_issue(&wanted).await.unwrap();
    assert_eq!((&made.title, &made.body), (&wanted.title, &wanted.body));
    assert_eq!(
        (&made.labels, &made.assignees),
        (&wanted.labels, &wanted.assignees)
    );
    assert_eq!(made.milestone.as_ref().map(|m| m.number), Some(1));
    assert_eq!(
        made.user.as_ref().map(|user| user.kind.as_str()),
        Some("Bot")
    );
    let app = t.github.app().await.unwrap().id;
    assert_eq!(
        made.performed_via_github_app.as_ref().map(|by| by.id),
        Some(app)
    );
    let child = t.repo.create_issue(&super::titled("Child")).await.unwrap();

    let change = IssueChange {
        title: Some("Add the login page".to_owned()),
        ..IssueChange::close(StateReason::NotPlanned)
    };
    let changed = t.repo.update_issue(made.number, &change).await.unwrap();
    assert_eq!(changed.state, IssueState::Closed);
    assert_eq!(changed.state_reason.as_deref(), Some("not_planned"));
    assert_eq!(changed.body, wanted.body, "what is not named stays");
    let seen = t.repo.find_issue(made.number).await.unwrap().unwrap();
    assert_eq!(seen.title, "Add the login page");
    assert_eq!(t.repo.list_issues(None, 1).await.unwrap().items.len(), 3);
    (made.number, child.number)
}

async fn comments_and_reactions(t: &Scene, issue: IssueNumber) {
    let comment = t.repo.create_comment(issue, "Planning …").await.unwrap();
    t.repo.update_comment(comment.id, "Planned.").await.unwrap();
    let seen = t.repo.find_comment(comment.id).await.unwrap().unwrap();
    assert_eq!(seen.body, "Planned.");
    assert!(t.repo.find_comment(CommentId(1)).await.unwrap().is_none());
    assert_eq!(
        t.repo.list_comments(issue, None).await.unwrap().items.len(),
        1
    );
    for reaction in [
        Reaction::Eyes,
        Reaction::Eyes,
        Reaction::Confused,
        Reaction::ThumbsUp,
    ] {
        t.repo.react_to_issue(issue, reaction).await.unwrap();
        t.repo.react_to_comment(comment.id, reaction).await.unwrap();
    }
    let number = u64::try_from(issue.0).unwrap();
    let seen: Vec<String> = t
        .sim
        .repository("acme/shop")
        .reactions(number)
        .into_iter()
        .map(|r| r.content)
        .collect();
    assert_eq!(seen, ["eyes", "confused", "+1"]);
}

async fn links(t: &Scene, parent: IssueNumber, child: IssueNumber) {
    let id = t.repo.get_issue(child).await.unwrap().id;
    t.repo.add_sub_issue(parent, id).await.unwrap();
    let twice = t.repo.add_sub_issue(parent, id).await;
    assert!(twice.is_err(), "GitHub refuses a second time");
    let under: Vec<_> = t.repo.list_sub_issues(parent).await.unwrap();
    assert_eq!(under.len(), 1);
    assert_eq!(under[0].id, id);
    assert!(t.repo.knows_sub_issues(parent).await.unwrap());
    assert!(t.repo.knows_dependencies(parent).await.unwrap());
    let above = t.repo.find_parent(child).await.unwrap().unwrap();
    assert_eq!(above.number, parent);
    assert_eq!(above.sub_issues_summary.unwrap().total, 1);
    assert_eq!(above.repository().as_ref(), Some(t.repo.name()));
    let below = t.repo.get_issue(child).await.unwrap();
    assert_eq!(below.parent(), Some((t.repo.name().clone(), parent)));
    assert!(t.repo.find_parent(parent).await.unwrap().is_none());
    t.repo.remove_sub_issue(parent, id).await.unwrap();
    assert!(t.repo.list_sub_issues(parent).await.unwrap().is_empty());

    t.repo.add_blocked_by(parent, id).await.unwrap();
    assert_eq!(t.repo.list_blocked_by(parent).await.unwrap()[0].id, id);
    assert_eq!(t.repo.list_blocking(child).await.unwrap()[0].number, parent);

    let site = repository(&t.sim, &t.installation, "acme/site");
    let far = site.create_issue(&super::titled("Far")).await.unwrap();
    assert!(
        t.repo.add_sub_issue(parent, far.id).await.is_err(),
        "the token ends at the repository"
    );
    let both = t.repo.clone().with_access_to([site.id()]);
    both.add_sub_issue(parent, far.id).await.unwrap();
    assert_eq!(both.list_sub_issues(parent).await.unwrap()[0].id, far.id);
}

fn is_send<T: Send>(_: T) {}

#[expect(
    dead_code,
    clippy::unused_async,
    reason = "compiling it is the test: handlers and jobs change threads"
)]
async fn every_answer_may_be_awaited_on_any_thread(
    github: GitHub,
    place: Installation,
    repo: Repo,
) {
    is_send(github.app());
    is_send(github.list_installations());
    is_send(github.list_hook_deliveries(chrono::DateTime::UNIX_EPOCH, 1));
    is_send(github.redeliver(1));
    is_send(place.list_repositories());
    is_send(repo.list_issues(None, 1));
    is_send(repo.create_comment(IssueNumber(1), ""));
    is_send(repo.find_milestone(""));
}
