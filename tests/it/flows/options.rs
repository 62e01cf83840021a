//! The options of a request, on what is created.

use insta::assert_snapshot;
use openproducer::domain::ids::{InstallationId, RepositoryId, RepositoryName};
use openproducer::simulator::Role;
use openproducer::store::repositories::{self, RepositoryRow};
use openproducer::store::settings;

use super::{PHASES, WORK, WORK_TITLES, asked, dry};
use crate::harness::house::{SHOP, house};

#[tokio::test]
async fn labels_assignees_milestone_and_type_are_set_on_every_issue() {
    house(async |t| {
        let milestone = t.sim.add_milestone(SHOP, "Version 2");
        let options = "labels: backend, \"help wanted\"\nassignees: alice, olivia\nmilestone: Version 2\ntype: Task";
        let trigger = t
            .opens("Accounts", &format!("@TheOpenProducerBot\n{options}\n\n{WORK}"))
            .await;
        assert_eq!(t.titles(), WORK_TITLES);
        for issue in t.created() {
            for label in ["backend", "help wanted"] {
                assert!(issue.labels.iter().any(|l| l == label), "{issue:?}");
            }
            assert_eq!(issue.assignees, ["alice", "olivia"]);
            assert_eq!(issue.milestone, Some(milestone));
        }
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ✅ 3 issues created

        - #2 · Build the login form
        - #3 · Add sessions after the login form
        - #4 · Write the guide for new users

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn count_is_kept() {
    house(async |t| {
        for count in [1, 2, 5] {
            let trigger = t
                .opens(
                    "Accounts",
                    &format!("@TheOpenProducerBot\ncount: {count}\ndry_run: yes\n\n{PHASES}"),
                )
                .await;
            assert_eq!(t.plan(&trigger).await.issues.len(), count);
        }
    })
    .await;
}

#[tokio::test]
async fn work_is_spread_over_the_components() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                "@TheOpenProducerBot\ncomponents_list: [\"api\", \"web\"]\ndry_run: on\n\nAdd sessions and a login form.",
            )
            .await;
        let components: Vec<_> = t.plan(&trigger).await.issues.into_iter().filter_map(|i| i.component).collect();
        assert!(components.contains(&"api".to_owned()), "{components:?}");
        assert!(components.contains(&"web".to_owned()), "{components:?}");
    })
    .await;
}

#[tokio::test]
async fn template_alone_is_the_specification() {
    house(async |t| {
        let body = "@TheOpenProducerBot\ntemplate:\n- Build the login form\n\n- Write the guide for new users\nlabels: web\n\nJust chatter.";
        let trigger = t.opens("Accounts", body).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), ["Build the login form", "Write the guide for new users"]);
        assert!(t.created().iter().all(|i| i.labels.contains(&"web".to_owned())));
    })
    .await;
}

#[tokio::test]
async fn options_may_stand_in_a_yaml_block_and_after_the_specification() {
    house(async |t| {
        let yaml = format!(
            "@TheOpenProducerBot\n```yaml\nlabels: [one, two]\ndry_run: true\n```\n\n{WORK}"
        );
        let trigger = t.opens("Accounts", &yaml).await;
        let plan = t.plan(&trigger).await;
        assert_eq!(plan.issues.len(), 3);
        assert!(
            plan.issues
                .iter()
                .all(|i| i.labels.starts_with(&["one".to_owned(), "two".to_owned()]))
        );

        let after = format!("@TheOpenProducerBot\n\n{WORK}\n\nlabels: three\ndry_run: true");
        let trigger = t.opens("Accounts", &after).await;
        let plan = t.plan(&trigger).await;
        assert_eq!(plan.issues.len(), 3);
        assert!(
            plan.issues
                .iter()
                .all(|i| i.labels.contains(&"three".to_owned()))
        );
    })
    .await;
}

#[tokio::test]
async fn without_sub_issues_and_dependencies_nothing_is_linked() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                &format!("@TheOpenProducerBot\nsub_issues: no\ndependencies: off\n\n{PHASES}"),
            )
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        for issue in t.created() {
            assert!(
                issue.parent.is_none() && issue.blocked_by.is_empty(),
                "{issue:?}"
            );
        }
        assert_eq!(t.created().len(), 7);
    })
    .await;
}

#[tokio::test]
async fn issues_go_to_another_repository_of_the_installation() {
    house(async |t| {
        t.sim.add_repository("acme/docs");
        t.sim
            .set_role("acme/docs", "alice", openproducer::simulator::Role::Write);
        let trigger = t
            .opens(
                "Accounts",
                &format!("@TheOpenProducerBot\nrepositories: acme/docs\n\n{WORK}"),
            )
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.created().len() + t.created_in("acme/docs").len(), 3);
        assert_snapshot!(t.sim.repository("acme/docs").outline(), @"
        #1 open   Build the login form   [sub-issue of acme/shop#1]
        #2 open   Add sessions after the login form   [sub-issue of acme/shop#1] [blocked by #1]
        #3 open   Write the guide for new users   [sub-issue of acme/shop#1]
        ");
    })
    .await;
}

#[tokio::test]
async fn what_github_does_not_take_is_named() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                &format!("@TheOpenProducerBot\ntype: Nonsense\n\n{WORK}"),
            )
            .await;
        assert!(t.created().is_empty());
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ❌ This did not work

        GitHub refuses it: Validation Failed (type: invalid).

        **What next?** Put it right and ask again in a new comment.

        No issue was created.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn a_known_key_in_prose_is_mentioned_as_a_remark() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                &dry("Build a form that shows\ncount: the number of items\nin words."),
            )
            .await;
        let preview = t.bot_comment(&trigger);
        assert!(preview.contains("[!NOTE]"), "{preview}");
        assert!(preview.contains("count"), "{preview}");
    })
    .await;
}

#[tokio::test]
async fn what_an_earlier_run_created_is_skipped_and_named() {
    house(async |t| {
        let first = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&first).await, "completed");
        t.says(&first, &asked(&format!("{WORK}- Add a basket\n")))
            .await;
        assert_eq!(t.created().len(), 4);
        assert_snapshot!(t.bot_comments(&first)[1], @"
        ### ✅ 1 issue created

        - #5 · Add a basket

        **Skipped, because they exist already**
        - **1.** Build the login form · same as #2
        - **2.** Add sessions after the login form · same as #3
        - **3.** Write the guide for new users · same as #4

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn another_unique_by_still_knows_what_an_earlier_run_created() {
    house(async |t| {
        let first = t.opens("Accounts", &asked(WORK)).await;
        t.says(
            &first,
            &format!("@TheOpenProducerBot\nunique_by: title\n\n{WORK}"),
        )
        .await;
        assert_eq!(t.created().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn the_same_thing_twice_in_a_specification_is_created_once() {
    house(async |t| {
        let twice = "- Add a basket\n- Print the invoice\n- Add a basket\n";
        let trigger = t
            .opens(
                "Shop",
                &format!("@TheOpenProducerBot\nunique_by: title\n\n{twice}"),
            )
            .await;
        assert_eq!(t.titles(), ["Add a basket", "Print the invoice"]);
        let said = t.bot_comment(&trigger);
        assert!(said.contains("“Add a basket” is written twice"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn what_the_settings_do_not_allow_is_said_with_its_line() {
    house(async |t| {
        t.set_settings(serde_json::json!({ "allowed_labels": ["api"] }))
            .await;
        let body = format!("@TheOpenProducerBot\nlabels: api, urgent\n\n{WORK}");
        let trigger = t.opens("Accounts", &body).await;
        let said = t.bot_comment(&trigger);
        assert!(said.contains("**line 2**"), "{said}");
        assert!(said.contains("do not allow the label `urgent`"), "{said}");
        assert!(t.created().is_empty());
    })
    .await;
}

#[tokio::test]
async fn issues_of_a_component_go_to_the_repository_that_the_settings_name() {
    house(async |t| {
        for (name, role) in [("acme/api", Role::Write), ("acme/vault", Role::None)] {
            t.sim.add_repository(name);
            t.sim.set_role(name, "alice", role);
        }
        t.quiet().await;
        let installation = InstallationId(i64::try_from(t.installation).unwrap());
        let document = serde_json::json!({ "components": { "api": "acme/api", "web": "acme/vault" } });
        let now = t.services().clock.now();
        settings::insert(t.pool(), installation, None, &document, "olivia", now)
            .await
            .unwrap();
        let trigger = t
            .opens(
                "Accounts",
                "@TheOpenProducerBot\ncomponents_list: api, web\n\n- [ ] Build the api endpoint for sign-in\n- [ ] Build the web form for sign-in\n",
            )
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        let titles = |name: &str| -> Vec<String> {
            let all = t.sim.repository(name).issues();
            all.into_iter().map(|i| i.title).filter(|t| t != "Accounts").collect()
        };
        assert_eq!(titles("acme/api"), ["Build the api endpoint for sign-in"]);
        assert!(titles("acme/vault").is_empty(), "she has no role there");
        assert_eq!(titles(SHOP), ["Build the web form for sign-in"]);
        let summary = t.bot_comment(&trigger);
        assert!(summary.contains("stay in this repository"), "{summary}");
        assert!(!summary.contains("vault"), "nor does she learn that it is there: {summary}");
    })
    .await;
}

#[tokio::test]
async fn each_repository_has_its_own_labels_and_takes_what_speaks_of_its_component() {
    house(async |t| {
        t.sim.add_repository("acme/api");
        t.sim.set_role("acme/api", "alice", Role::Write);
        t.quiet().await;
        let installation = InstallationId(i64::try_from(t.installation).unwrap());
        let now = t.services().clock.now();
        let id = |name: &str| RepositoryId(i64::try_from(t.sim.repository(name).id()).unwrap());
        for name in [SHOP, "acme/api"] {
            let name_of = RepositoryName::parse(name).unwrap();
            let row = RepositoryRow { id: id(name), installation, name: name_of };
            repositories::upsert(t.pool(), &row, now).await.unwrap();
        }
        for (place, document) in [
            (None, serde_json::json!({ "components": { "api": "acme/api" } })),
            (Some(id(SHOP)), serde_json::json!({ "labels": ["shop"] })),
            (
                Some(id("acme/api")),
                serde_json::json!({ "labels": ["service"], "allowed_labels": ["service", "big"] }),
            ),
        ] {
            settings::insert(t.pool(), installation, place, &document, "olivia", now)
                .await
                .unwrap();
        }
        let trigger = t
            .opens(
                "Accounts",
                "@TheOpenProducerBot\nlabels: big, urgent\n\n- [ ] Add sessions to the API\n- [ ] Build the form for sign-in\n- [ ] Write the guide for new users\n",
            )
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        let issues = |name: &str| -> Vec<(String, Vec<String>)> {
            let all = t.sim.repository(name).issues().into_iter();
            all.filter(|i| i.title != "Accounts").map(|i| (i.title, i.labels)).collect()
        };
        insta::assert_debug_snapshot!((issues("acme/api"), issues(SHOP)), @r#"
        (
            [
                (
                    "Add sessions to the API",
                    [
                        "big",
                        "service",
                    ],
                ),
            ],
            [
                (
                    "Build the form for sign-in",
                    [
                        "big",
                        "urgent",
                        "shop",
                    ],
                ),
                (
                    "Write the guide for new users",
                    [
                        "big",
                        "urgent",
                        "shop",
                    ],
                ),
            ],
        )
        "#);
        let summary = t.bot_comment(&trigger);
        assert!(summary.contains("go without the label `urgent`"), "{summary}");
        assert!(!summary.contains("speaks of"), "nobody asked for components: {summary}");
    })
    .await;
}
