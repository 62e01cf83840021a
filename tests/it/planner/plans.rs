//! A model's plan on its way from the spec to issues: shown, traced, repaired, grounded, of any size.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use openproducer::simulator::models::Reply;
use serde_json::{Value, json};

use crate::harness::house::SHOP;

use super::{SPEC, good_model, how, plan, purpose, purposes, with_model};

#[tokio::test]
async fn a_model_s_plan_is_previewed_with_its_cost_and_created_as_shown() {
    with_model(async |t, models| {
        let trigger = t.opens("Accounts", SPEC).await;
        assert_eq!(purposes(models), ["count", "issues"]);
        assert_snapshot!(t.bot_comment(&trigger), @r#"
        ### 📋 3 issues planned, waiting for your confirmation

        Nothing has been created yet. You asked for a dry run, so have a look first.

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 3 issues and 3 links in about 6 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

        <sub>Everybody who watches `acme/shop` is notified of each. Nobody is mentioned. At 30 requests a minute.</sub>

        - [x] **1.** Build the login form<br><sub>covers line 4</sub>
        - [x] **2.** Store sessions in the database<br><sub>covers line 5</sub>
        - [x] **3.** Lock accounts after five wrong passwords<br><sub>covers line 6</sub>

        <details>
        <summary>What waits for what, as a graph</summary>

        ```mermaid
        flowchart LR
          ni1["1 Build the login form"]
          ni2["2 Store sessions in the database"]
          ni3["3 Lock accounts after five wrong passwords"]
        ```

        </details>

        **Coverage.** 3 of 3 blocks of [the text](https://github.test/acme/shop/issues/1) became issues. Nothing is left out.

        <details>
        <summary>All commands: confirm, drop, split, merge, title, replan, cancel</summary>

        | to | comment |
        |---|---|
        | create what is ticked, exactly as shown | `@TheOpenProducerBot confirm` |
        | create only some | `@TheOpenProducerBot confirm 1,3-5` |
        | take some out | `@TheOpenProducerBot drop 2,4`, or untick their boxes |
        | make several issues of one | `@TheOpenProducerBot split 3` |
        | make one issue of several; the first keeps its number and title | `@TheOpenProducerBot merge 2,4` |
        | say a title better | `@TheOpenProducerBot title 3: new words` |
        | plan again; edits are gone then | `@TheOpenProducerBot replan` and what should be different |
        | stop | `@TheOpenProducerBot cancel` |

        </details>

        Planned by `openai/sim-large`: 2,598 tokens in, 232 out, \$0.0049 by the prices of 2026-11-01. One for each item of the list.

        <sub>Run `RUN`</sub>
        "#);
        assert_eq!(how(t, &trigger).await["prompt_version"], "2");

        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Build the login form   [sub-issue of #1]
        #3 open   Store sessions in the database   [sub-issue of #1]
        #4 open   Lock accounts after five wrong passwords   [sub-issue of #1]
        ");
        assert_snapshot!(t.bot_comment(&trigger), @r"
        ### ✅ 3 issues created

        - #2 · Build the login form
        - #3 · Store sessions in the database
        - #4 · Lock accounts after five wrong passwords

        Planned in TIME, created in TIME. `openai/sim-large`: 2,598 tokens in, 232 out, \$0.0049 by the prices of 2026-11-01.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        assert_eq!(models.questions().len(), 2, "confirm asks nobody");
    })
    .await;
}

#[tokio::test]
async fn a_bad_reply_is_given_back_with_what_is_wrong_with_it() {
    with_model(async |t, models| {
        models.queue(Reply::says(r#"{"count": 3, "reason": "Three items."}"#));
        models.queue(Reply::says(
            "Sure! Here is the plan:\n```json\n{\"issues\": [{\"key\": \"k1\"",
        ));
        models.queue(Reply::says(r#"{"issues": [], "not_work": []}"#));
        let trigger = t.opens("Accounts", SPEC).await;
        assert_eq!(purposes(models), ["count", "issues", "issues", "issues"]);
        let questions = models.questions();
        assert!(questions[2].prompt.contains("k1"), "the reply comes along");
        assert!(
            questions[3]
                .prompt
                .contains("There must be exactly 3 issues"),
            "{}",
            questions[3].prompt
        );
        let plan = plan(t, &trigger).await;
        assert_eq!(plan["planner"], "openai/sim-large");
        assert_eq!(plan["issues"].as_array().unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn the_person_s_number_holds_and_is_not_asked_for() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            let issues = answer["issues"].as_array_mut().unwrap();
            issues.truncate(2);
            issues[1]["covers"] = json!(["b2", "b3"]);
            Reply::says(answer.to_string())
        });
        let trigger = t
            .opens(
                "Accounts",
                &SPEC.replace("dry_run: true", "dry_run: true\ncount: 2"),
            )
            .await;
        assert_eq!(purposes(models), ["issues"]);
        assert!(models.questions()[0].prompt.contains("exactly 2 issues"));
        assert_eq!(
            plan(t, &trigger).await["issues"].as_array().unwrap().len(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn what_the_model_forgets_is_asked_for_again_and_then_planned_by_structure() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            match purpose(asked) {
                "count" => answer = json!({"count": 1, "reason": "One."}),
                // Forgets all but the first, and then again all but one of the forgotten.
                _ => answer["issues"].as_array_mut().unwrap().truncate(1),
            }
            Reply::says(answer.to_string())
        });
        let trigger = t.opens("Accounts", SPEC).await;
        assert_eq!(purposes(models), ["count", "issues", "missing"]);
        let missing = &models.questions()[2].prompt;
        assert!(
            missing.contains("[b2 ") && missing.contains("[b3 "),
            "{missing}"
        );
        let plan = plan(t, &trigger).await;
        let titles: Vec<&str> = plan["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["title"].as_str().unwrap())
            .collect();
        assert_eq!(
            titles,
            [
                "Build the login form",
                "Store sessions in the database",
                "Lock accounts after five wrong passwords"
            ]
        );
        let warnings = plan["warnings"].to_string();
        assert!(warnings.contains("The model left out line 6"), "{warnings}");
    })
    .await;
}

#[tokio::test]
async fn what_the_spec_does_not_ask_for_is_off_until_somebody_wants_it() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            if purpose(asked) == "count" {
                answer["count"] = json!(4);
            } else {
                let extra = good_model::invention(
                    &answer["issues"][0],
                    "Rewrite the shop in another language",
                    "A rewrite pays off.",
                );
                answer["issues"].as_array_mut().unwrap().push(extra);
            }
            Reply::says(answer.to_string())
        });
        let trigger = t.opens("Accounts", SPEC).await;
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains(
                "- [ ] **4.** Rewrite the shop in another language<br><sub>**not in the spec**</sub>"
            ),
            "{preview}"
        );
        assert!(
            preview.contains("4 issues planned, 3 selected"),
            "{preview}"
        );
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.created().len(), 3);
        assert!(
            t.bot_comment(&trigger)
                .contains("Rewrite the shop in another language (not in the spec)")
        );
    })
    .await;
}

#[tokio::test]
async fn an_invention_that_is_ticked_is_created() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            if purpose(asked) == "count" {
                answer["count"] = json!(4);
            } else {
                let extra = good_model::invention(
                    &answer["issues"][0],
                    "Rewrite the shop",
                    "A rewrite pays off.",
                );
                answer["issues"].as_array_mut().unwrap().push(extra);
            }
            Reply::says(answer.to_string())
        });
        let trigger = t.opens("Accounts", SPEC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1,4").await;
        let titles: BTreeSet<String> = t.titles().into_iter().collect();
        assert_eq!(
            titles,
            [
                "Build the login form".to_owned(),
                "Rewrite the shop".to_owned()
            ]
            .into()
        );
    })
    .await;
}

#[tokio::test]
async fn a_spec_of_sixty_thousand_characters_is_planned_in_parts_and_none_is_lost() {
    with_model(async |t, models| {
        use std::fmt::Write as _;
        let mut spec = String::from("@TheOpenProducerBot\ndry_run: true\n");
        for section in 1..=12 {
            write!(spec, "\n## Area {section}\n\n").unwrap();
            for item in 1..=6 {
                let words = "and keep every record of it for the auditors ".repeat(17);
                writeln!(spec, "- [ ] Build feature {section}-{item} {words}").unwrap();
            }
        }
        assert!(spec.chars().count() > 55_000 && spec.chars().count() < 65_536);
        let trigger = t.opens("Everything", &spec).await;
        let asked = purposes(models);
        assert!(
            (3..=8).contains(&asked.iter().filter(|p| **p == "issues").count()),
            "{asked:?}"
        );
        let plan = plan(t, &trigger).await;
        assert_eq!(plan["planner"], "openai/sim-large");
        let titles: Vec<&str> = plan["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["title"].as_str().unwrap())
            .collect();
        for section in 1..=12 {
            for item in 1..=6 {
                let name = format!("Build feature {section}-{item} ");
                assert_eq!(
                    titles.iter().filter(|t| t.starts_with(&name)).count(),
                    1,
                    "{name}"
                );
            }
        }
        let uncovered =
            |c: &&Value| c["issues"].as_array().unwrap().is_empty() && c["reason"].is_null();
        let uncovered: Vec<_> = plan["coverage"]
            .as_array()
            .unwrap()
            .iter()
            .filter(uncovered)
            .collect();
        assert!(uncovered.is_empty(), "{uncovered:?}");
    })
    .await;
}

#[tokio::test]
async fn titles_that_collide_over_parts_are_varied_by_the_model() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            if purpose(asked) == "issues" {
                // Each part does not know of the other's.
                answer["issues"][0]["title"] = json!("Add tests");
            }
            Reply::says(answer.to_string())
        });
        let words = "and keep a record of it for the auditors who come ".repeat(12);
        let spec: String = (1..=30).fold(String::new(), |spec, n| {
            format!("{spec}- [ ] Build feature {n} {words}\n")
        });
        let trigger = t
            .opens(
                "Features",
                &format!("@TheOpenProducerBot\ndry_run: true\n\n{spec}"),
            )
            .await;
        assert_eq!(
            purposes(models).last(),
            Some(&"vary"),
            "{:?}",
            purposes(models)
        );
        let plan = plan(t, &trigger).await;
        assert_eq!(plan["planner"], "openai/sim-large");
        let titles: Vec<&str> = plan["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["title"].as_str().unwrap())
            .collect();
        assert_eq!(titles.len(), 30);
        assert_eq!(
            titles.iter().collect::<BTreeSet<_>>().len(),
            30,
            "{titles:?}"
        );
        assert!(titles.iter().any(|t| t.contains("for crew")), "{titles:?}");
    })
    .await;
}

#[tokio::test]
async fn work_that_the_model_calls_none_is_asked_about() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            if purpose(asked) == "count" {
                answer["count"] = json!(2);
            } else {
                answer["issues"].as_array_mut().unwrap().pop();
                answer["not_work"] = json!([{"block": "b3", "reason": "nice to have"}]);
            }
            Reply::says(answer.to_string())
        });
        let trigger = t
            .opens("Accounts", &SPEC.replace("dry_run: true\n", ""))
            .await;
        assert!(t.created().is_empty(), "nothing goes on by itself");
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("takes 1 piece of the text for no work"),
            "{preview}"
        );
        assert!(preview.contains("nice to have"), "{preview}");
    })
    .await;
}

#[tokio::test]
async fn nothing_but_inventions_is_no_plan() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            if purpose(asked) == "count" {
                answer["count"] = json!(1);
            } else {
                let extra = good_model::invention(
                    &answer["issues"][0],
                    "Migrate to Kubernetes",
                    "Clusters scale.",
                );
                answer["issues"] = json!([extra]);
                answer["not_work"] =
                    json!(["b1", "b2", "b3"].map(|b| json!({"block": b, "reason": "context"})));
            }
            Reply::says(answer.to_string())
        });
        let trigger = t.opens("Accounts", SPEC).await;
        let plan = plan(t, &trigger).await;
        assert_eq!(plan["planner"], "structural");
        assert_eq!(plan["issues"].as_array().unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_invention_is_not_let_in_as_somebody_s_parent() {
    with_model(async |t, models| {
        models.replies_with(|asked| {
            let mut answer = good_model::answer(asked);
            if purpose(asked) == "count" {
                answer["count"] = json!(4);
            } else {
                let issues = answer["issues"].as_array_mut().unwrap();
                let extra =
                    good_model::invention(&issues[0], "Migrate to Kubernetes", "Clusters scale.");
                issues[0]["parent"] = extra["key"].clone();
                issues.push(extra);
            }
            Reply::says(answer.to_string())
        });
        let trigger = t
            .opens("Accounts", &SPEC.replace("dry_run: true\n", ""))
            .await;
        let titles = t.titles();
        assert_eq!(
            titles,
            [
                "Build the login form",
                "Store sessions in the database",
                "Lock accounts after five wrong passwords"
            ]
        );
        assert_eq!(t.state(&trigger).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn the_model_knows_the_repository_s_words_and_the_instructions() {
    with_model(async |t, models| {
        let bug = t
            .alice()
            .opens_issue(SHOP, "Sessions are lost on deploy", "");
        t.alice().labels(&bug, &["area: billing"]);
        let trigger = t.opens("Accounts", SPEC).await;
        let asked = models.questions();
        let issues = asked.iter().find(|q| purpose(q) == "issues").unwrap();
        assert!(issues.prompt.contains("area: billing"), "{}", issues.prompt);
        assert!(issues.prompt.contains("Sessions are lost on deploy"));
        t.says(
            &trigger,
            "@TheOpenProducerBot replan keep security together",
        )
        .await;
        let last = models.questions().pop().unwrap();
        assert!(
            last.prompt.contains("keep security together"),
            "{}",
            last.prompt
        );
        assert!(!last.prompt.contains(super::KEY) && !last.system.contains(super::KEY));
    })
    .await;
}
