//! The words, as people read them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use insta::assert_snapshot;

use super::*;
use crate::domain::fingerprint::find_comment_marker;
use crate::domain::money::Money;
use crate::domain::plan::{BlockCoverage, Plan, PlannedIssue};
use crate::domain::policy::{Hit, Place, Reason, check_maximum};
use crate::domain::run::{Done, Move, Phase, Standing, State, Status};
use crate::domain::spec::{Block, BlockKind, Spec};

fn run() -> RunId {
    RunId::parse("run_20260102_030405_abcdefgh").unwrap()
}

fn about(run: &RunId) -> About<'_> {
    About {
        run,
        bot: "TheOpenProducerBot",
        terminal: None,
    }
}

fn block(n: usize, lines: [usize; 2], text: &str) -> Block {
    Block {
        id: format!("b{n}"),
        kind: BlockKind::Paragraph,
        lines,
        section: vec![],
        text: text.to_owned(),
    }
}

fn issue(
    n: usize,
    title: &str,
    parent: Option<&str>,
    waits: &[&str],
    covers: &[&str],
) -> PlannedIssue {
    let own = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    PlannedIssue {
        id: format!("i{n}"),
        title: title.to_owned(),
        body: String::new(),
        labels: vec![],
        assignees: vec![],
        component: None,
        repository: None,
        parent: parent.map(str::to_owned),
        blocked_by: own(waits),
        covers: own(covers),
    }
}

fn covered(block: &str, issues: &[&str], reason: Option<&str>) -> BlockCoverage {
    BlockCoverage {
        block: block.to_owned(),
        issues: issues.iter().map(|i| (*i).to_owned()).collect(),
        reason: reason.map(str::to_owned),
    }
}

fn plan() -> Plan {
    let mut labelled = issue(
        3,
        "Render `<Login>` for @alice, see #7",
        Some("i1"),
        &["i2"],
        &["b3", "b4"],
    );
    labelled.labels = vec!["frontend".to_owned()];
    labelled.assignees = vec!["octocat".to_owned()];
    labelled.repository = RepositoryName::parse("acme/web");
    Plan {
        planner: "structural".to_owned(),
        count_reason: "One issue for each list item under “Scope”".to_owned(),
        warnings: vec![
            "`count` stands in the middle of a paragraph (line 3) and was not taken as an option"
                .to_owned(),
        ],
        spec: Spec {
            title: "Login".to_owned(),
            blocks: vec![
                block(
                    1,
                    [1, 2],
                    "# Why\nPeople cannot log in, and they tell @bob about it every day, which costs us a lot of time.",
                ),
                block(2, [4, 4], "Sessions in the database"),
                block(3, [5, 5], "A form"),
                block(4, [6, 8], "with e-mail and password"),
                block(5, [10, 10], "Make it nice."),
            ],
        },
        issues: vec![
            issue(1, "Build the login", None, &[], &[]),
            issue(2, "Store sessions", Some("i1"), &[], &["b2"]),
            labelled,
            issue(4, "Write the documentation", None, &["i2", "i3"], &[]),
        ],
        coverage: vec![
            covered("b1", &[], Some("context")),
            covered("b2", &["i2"], None),
            covered("b3", &["i3"], None),
            covered("b4", &["i3"], None),
            covered("b5", &[], None),
        ],
    }
}

fn home() -> RepositoryName {
    RepositoryName::parse("acme/shop").unwrap()
}

fn shown_of<'a>(run: &'a RunId, plan: &'a Plan, dropped: &'a BTreeSet<String>) -> Preview<'a> {
    static HOME: LazyLock<RepositoryName> = LazyLock::new(home);
    static NO_PARTS: BTreeMap<u32, String> = BTreeMap::new();
    Preview {
        about: about(run),
        plan,
        reasons: &[Reason::DryRun],
        dropped,
        similar: &[],
        home: &HOME,
        spec_url: "https://github.com/acme/shop/issues/1",
        part_urls: &NO_PARTS,
        sub_issues: true,
        dependencies: true,
        rate_per_minute: 30,
        ai: None,
        is_degraded: false,
    }
}

/// A preview that one comment holds.
fn one(p: &Preview<'_>) -> String {
    let mut parts = preview(p);
    assert_eq!(parts.len(), 1);
    parts.remove(0)
}

fn created() -> Vec<Created> {
    let made = |item, number, title: &str, parent| Created {
        item,
        title: title.to_owned(),
        link: Link {
            number: IssueNumber(number),
            repository: (item == 3).then(|| RepositoryName::parse("acme/web").unwrap()),
        },
        parent,
    };
    vec![
        made(1, 12, "Build the login", None),
        made(2, 13, "Store sessions", Some(1)),
        made(3, 4, "Render `<Login>` for @alice, see #7", Some(1)),
    ]
}

fn shown(text: &str) -> String {
    assert!(text.chars().count() <= COMMENT_MAX);
    text.replace('\u{200b}', "¦")
}

fn state(status: Status, phase: Option<Phase>) -> State {
    State::new(status, phase).unwrap()
}

#[test]
fn working_comment() {
    assert_snapshot!(shown(&working(about(&run()))), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 🔍 Planning…

    Reading the specification. This comment changes as the work goes on.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
}

#[test]
fn preview_comment() {
    let reasons = [
        Reason::DryRun,
        Reason::PossibleDuplicates(1),
        Reason::ProhibitedKeyword(Hit {
            word: "malware".to_owned(),
            places: vec![Place::Issue("i3".to_owned())],
        }),
    ];
    let text = one(&Preview {
        about: about(&run()),
        plan: &plan(),
        reasons: &reasons,
        dropped: &BTreeSet::from(["i4".to_owned()]),
        similar: &[SimilarIssue {
            item: 2,
            issue: Some((
                Link {
                    number: IssueNumber(5),
                    repository: None,
                },
                "Store the sessions".to_owned(),
            )),
            is_closed: false,
        }],
        home: &home(),
        spec_url: "https://github.com/acme/shop/issues/1",
        part_urls: &BTreeMap::new(),
        sub_issues: true,
        dependencies: true,
        rate_per_minute: 30,
        ai: None,
        is_degraded: false,
    });
    assert_eq!(find_comment_marker(&text), Some(run()));
    assert_snapshot!(shown(&text), @r#"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 📋 4 issues planned, 3 selected, waiting for your confirmation

    Nothing has been created yet. Please have a look first:
    - You asked for a dry run.
    - 1 planned issue looks like one that exists already.
    - The content filter found “malware” (planned issue 3).

    **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 3 issues and 4 links in about 7 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

    <sub>Everybody who watches `acme/shop` or `acme/web` is notified of each, and so are its assignees: `octocat` (1). Nobody is mentioned. At 30 requests a minute.</sub>

    > [!NOTE]
    > - `count` stands in the middle of a paragraph (line 3) and was not taken as an option

    #### `acme/shop` · 3 issues

    - [x] **1.** Build the login<br><sub>groups 2 issues</sub>
      - [x] **2.** Store sessions<br><sub>covers line 4</sub>
    - [ ] **4.** Write the documentation<br><sub>waits for 2, 3</sub>

    #### `acme/web` · 1 issue

    - [x] **3.** Render `<Login>` for @¦alice, see #¦7<br><sub>covers lines 5–8 · waits for 2 · part of 1 · `frontend` · for `octocat`</sub>

    **Possible duplicates.** Drop the ones for which the existing issue will do.
    - **2.** is like #5 · Store the sessions

    <details>
    <summary>What waits for what, as a graph</summary>

    ```mermaid
    flowchart LR
      subgraph ni1["1 Build the login"]
        ni2["2 Store sessions"]
        ni3["3 Render #96;#60;Login#62;#96; for #64;alice, see #35;7"]
      end
      ni2 --> ni3
    ```

    </details>

    **Coverage.** 3 of 5 blocks of [the text](https://github.com/acme/shop/issues/1) became issues, 1 is not work, **1 is not covered**.

    <details>
    <summary>Not covered (1)</summary>

    - [line 10](https://github.com/acme/shop/issues/1): Make it nice.

    </details>

    <details>
    <summary>Not work (1)</summary>

    - context · [lines 1–2](https://github.com/acme/shop/issues/1): Why People cannot log in, and they tell @¦bob about it every day, which…

    </details>

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

    One issue for each list item under “Scope”.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    "#);
}

#[test]
fn a_plain_preview_has_no_empty_parts() {
    let mut plan = plan();
    plan.warnings.clear();
    plan.count_reason.clear();
    plan.planner = "openai/gpt-5".to_owned();
    plan.issues.truncate(2);
    plan.spec.blocks.truncate(2);
    let text = one(&Preview {
        about: about(&run()),
        plan: &plan,
        reasons: &[Reason::DryRun],
        dropped: &BTreeSet::new(),
        similar: &[],
        home: &home(),
        spec_url: "https://github.com/acme/shop/issues/1",
        part_urls: &BTreeMap::new(),
        sub_issues: true,
        dependencies: true,
        rate_per_minute: 1,
        ai: None,
        is_degraded: false,
    });
    assert_snapshot!(shown(&text), @r#"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 📋 2 issues planned, waiting for your confirmation

    Nothing has been created yet. You asked for a dry run, so have a look first.

    **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 2 issues and 2 links in about 3 minutes. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

    <sub>Everybody who watches `acme/shop` is notified of each. Nobody is mentioned. At 1 request a minute.</sub>

    - [x] **1.** Build the login<br><sub>groups 1 issue</sub>
      - [x] **2.** Store sessions<br><sub>covers line 4</sub>

    <details>
    <summary>Worth a look, by the rules of the quality report (5)</summary>

    - the coverage names b3, which does not exist (`broken-plan`)
    - b3 is covered by i3, which does not exist (`broken-plan`)
    - the coverage names b4, which does not exist (`broken-plan`)
    - b4 is covered by i3, which does not exist (`broken-plan`)
    - the coverage names b5, which does not exist (`broken-plan`)

    </details>

    <details>
    <summary>What waits for what, as a graph</summary>

    ```mermaid
    flowchart LR
      subgraph ni1["1 Build the login"]
        ni2["2 Store sessions"]
      end
    ```

    </details>

    **Coverage.** 1 of 2 blocks of [the text](https://github.com/acme/shop/issues/1) became issues, 1 is not work. Nothing is left out.

    <details>
    <summary>Not work (1)</summary>

    - context · [lines 1–2](https://github.com/acme/shop/issues/1): Why People cannot log in, and they tell @¦bob about it every day, which…

    </details>

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

    Planned by `openai/gpt-5`.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    "#);
}

#[test]
fn boxes_are_read_back_from_the_preview_and_from_edits() {
    let text = one(&Preview {
        about: about(&run()),
        plan: &plan(),
        reasons: &[],
        dropped: &BTreeSet::from(["i4".to_owned()]),
        similar: &[],
        home: &home(),
        spec_url: "https://github.com/acme/shop/issues/1",
        part_urls: &BTreeMap::new(),
        sub_issues: true,
        dependencies: true,
        rate_per_minute: 30,
        ai: None,
        is_degraded: false,
    });
    let boxes: Vec<_> = ticked(&text).into_iter().collect();
    assert_eq!(boxes, [(1, true), (2, true), (3, true), (4, false)]);
    let edited = text.replace("- [x] **2.**", "- [ ] **2.**");
    assert_eq!(ticked(&edited).get(&2), Some(&false));
    assert!(ticked("- [x] a task of somebody\n- [y] **1.** no").is_empty());
}

#[test]
fn what_is_not_ticked_is_not_counted_drawn_or_looked_at() {
    let (run, mut plan) = (run(), plan());
    for issue in &mut plan.issues {
        issue.body = "### Acceptance criteria\n\n- [ ] It is user-friendly\n".to_owned();
    }
    plan.coverage[4] = covered("b5", &["i4"], None);
    plan.issues[3].covers.push("b5".to_owned());
    let dropped = BTreeSet::from(["i1".to_owned(), "i3".to_owned(), "i4".to_owned()]);
    let text = one(&shown_of(&run, &plan, &dropped));
    let line = |start: &str| {
        let found = text.lines().find(|l| l.starts_with(start));
        found.unwrap_or_default().to_owned()
    };
    assert_snapshot!(line("**Coverage.**"), @"**Coverage.** 1 of 5 blocks of [the text](https://github.com/acme/shop/issues/1) became issues, 1 is not work, **3 are only in issues that are not ticked**.");
    let (_, graph) = text.split_once("```mermaid\n").unwrap();
    assert_snapshot!(graph.split_once("```").unwrap().0, @r#"
    flowchart LR
      ni2["2 Store sessions"]
    "#);
    let looked_at = |item: &str| text.contains(&format!("- **{item}.** "));
    assert!(looked_at("2") && !looked_at("3"), "{text}");
    let all = one(&shown_of(&run, &plan, &BTreeSet::new()));
    let lines = all.lines().find(|l| l.starts_with("**Coverage.**"));
    assert_snapshot!(lines.unwrap_or_default(), @"**Coverage.** 4 of 5 blocks of [the text](https://github.com/acme/shop/issues/1) became issues, 1 is not work. Nothing is left out.");
}

/// A plan of so many issues with long titles and labels of their own, each third one under the one before.
fn huge(issues: usize) -> Plan {
    let mut plan = plan();
    plan.issues = (1..=issues)
        .map(|n| {
            let parent = (n % 3 == 0).then(|| format!("i{}", n - 1));
            let waits = if n > 10 { vec!["i1", "i2"] } else { vec![] };
            let title = format!("{} {n}", "A_long *title* with words".repeat(3));
            let mut issue = issue(
                n,
                &title[..title.len().min(80)],
                parent.as_deref(),
                &waits,
                &["b2"],
            );
            issue.labels = (0..5)
                .map(|l| format!("{}{}", "label ".repeat(8), l + n))
                .collect();
            issue
        })
        .collect();
    plan.coverage.clear();
    plan
}

#[test]
fn every_issue_of_a_huge_plan_stands_in_exactly_one_part() {
    for issues in [1, 60, 61, 62, 63, 64, 65, 300, 1000] {
        let mut plan = huge(issues);
        plan.spec.blocks = (1..=2000)
            .map(|n| block(n, [n, n], &"word ".repeat(40)))
            .collect();
        let run = run();
        let dropped = BTreeSet::from(["i1".to_owned()]);
        for urls in [0, 64] {
            let urls: BTreeMap<u32, String> = (1..=urls)
                .map(|n| {
                    (
                        n,
                        format!("https://github.com/acme/shop/issues/1#issuecomment-{n}00000000"),
                    )
                })
                .collect();
            let parts = preview(&Preview {
                part_urls: &urls,
                ..shown_of(&run, &plan, &dropped)
            });
            let mut seen = BTreeMap::new();
            for part in &parts {
                assert!(
                    part.chars().count() <= COMMENT_MAX,
                    "{}",
                    part.chars().count()
                );
                assert!(part.ends_with("</sub>\n"), "the end was cut off");
                assert!(part.contains("- ["), "a part without an issue");
                assert_eq!(find_comment_marker(part), Some(run.clone()));
                for (item, is_ticked) in ticked(part) {
                    assert_eq!(seen.insert(item, is_ticked), None, "{item} stands twice");
                }
                let first = part
                    .lines()
                    .find(|l| l.trim_start().starts_with("- ["))
                    .unwrap();
                assert!(first.starts_with("- ["), "a list that begins as code");
            }
            assert!(seen.keys().copied().eq(1..=u32::try_from(issues).unwrap()));
            assert_eq!(seen.values().filter(|ticked| !**ticked).count(), 1);
            assert_eq!(parts.len() > 1, parts[0].contains("**The list goes on**"));
            assert!(parts.len() <= 30, "{} parts", parts.len());
            if issues == 1000 {
                assert!(parts.len() > 5 && parts[0].contains("1,000 issues planned"));
            }
        }
    }
}

#[test]
fn a_part_names_the_start_and_the_start_names_it() {
    let (plan, run, none) = (huge(150), run(), BTreeSet::new());
    let mut p = shown_of(&run, &plan, &none);
    let urls = BTreeMap::from([(1, "https://one".to_owned()), (2, "https://two".to_owned())]);
    p.part_urls = &urls;
    let parts = preview(&p);
    let index = parts[0]
        .lines()
        .find(|l| l.starts_with("**The list goes on**"));
    assert_snapshot!(index.unwrap(), @"**The list goes on** in [part 2](https://two) (20 issues from 131 on).");
    let head: Vec<&str> = parts[1].lines().take(5).collect();
    assert_snapshot!(head.join("\n"), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment part=2 -->
    ### 📋 The plan, continued (2 of 2)

    These boxes count as those of [the start](https://one), where the commands are, too.
    ");
    assert_snapshot!(part_is_over(&run, 2, "https://one"), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment part=2 -->
    This part of the preview is not needed any more. [The run's comment](https://one) has everything.
    ");
}

#[test]
fn a_plan_for_two_repositories_is_shown_by_repository() {
    let mut plan = plan();
    for issue in &mut plan.issues {
        issue.labels.push("planned".to_owned());
        issue.assignees = vec!["octocat".to_owned()];
    }
    plan.issues[3].repository = RepositoryName::parse("acme/web");
    let (run, none) = (run(), BTreeSet::new());
    assert_snapshot!(shown(&one(&shown_of(&run, &plan, &none))), @r#"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 📋 4 issues planned, waiting for your confirmation

    Nothing has been created yet. You asked for a dry run, so have a look first.

    **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 4 issues and 7 links in about 11 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

    <sub>Everybody who watches `acme/shop` or `acme/web` is notified of each, and so are its assignees: `octocat`. Nobody is mentioned. At 30 requests a minute.</sub>

    > [!NOTE]
    > - `count` stands in the middle of a paragraph (line 3) and was not taken as an option

    Every issue gets `planned` and is for `octocat`.

    #### `acme/shop` · 2 issues

    - [x] **1.** Build the login<br><sub>groups 2 issues</sub>
      - [x] **2.** Store sessions<br><sub>covers line 4</sub>

    #### `acme/web` · 2 issues

    - [x] **3.** Render `<Login>` for @¦alice, see #¦7<br><sub>covers lines 5–8 · waits for 2 · part of 1 · `frontend`</sub>
    - [x] **4.** Write the documentation<br><sub>waits for 2, 3</sub>

    <details>
    <summary>What waits for what, as a graph</summary>

    ```mermaid
    flowchart LR
      subgraph ni1["1 Build the login"]
        ni2["2 Store sessions"]
        ni3["3 Render #96;#60;Login#62;#96; for #64;alice, see #35;7"]
      end
      ni4["4 Write the documentation"]
      ni2 --> ni3
      ni2 --> ni4
      ni3 --> ni4
    ```

    </details>

    **Coverage.** 3 of 5 blocks of [the text](https://github.com/acme/shop/issues/1) became issues, 1 is not work, **1 is not covered**.

    <details>
    <summary>Not covered (1)</summary>

    - [line 10](https://github.com/acme/shop/issues/1): Make it nice.

    </details>

    <details>
    <summary>Not work (1)</summary>

    - context · [lines 1–2](https://github.com/acme/shop/issues/1): Why People cannot log in, and they tell @¦bob about it every day, which…

    </details>

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

    One issue for each list item under “Scope”.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    "#);
}

#[test]
fn a_large_plan_is_drawn_by_its_groups() {
    let (mut plan, run, none) = (huge(120), run(), BTreeSet::new());
    for issue in &mut plan.issues {
        issue.labels.clear();
    }
    let text = preview(&shown_of(&run, &plan, &none)).concat();
    assert!(
        text.contains("as a graph: 120 issues folded into 41 groups"),
        "{text}"
    );
    assert!(text.contains("-->") && text.contains("(2 issues)"));
}

#[test]
fn progress_comments() {
    let created = created();
    let run = run();
    let creating = Progress {
        about: about(&run),
        step: Step::Creating,
        done: 3,
        total: 8,
        created: &created,
        waits_until: Some(Utc.with_ymd_and_hms(2026, 1, 2, 3, 9, 30).unwrap()),
    };
    assert_snapshot!(shown(&progress(&creating)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 🔨 Creating issues: 3 of 8

    `███████░░░░░░░░░░░░░` 37%

    GitHub's limits ask for a pause. It goes on by itself at 03:09:30 UTC.

    <details>
    <summary>3 issues so far</summary>

    - #12 · Build the login
      - #13 · Store sessions
      - acme/web#4 · Render `<Login>` for @¦alice, see #¦7

    </details>

    To stop, comment `@TheOpenProducerBot cancel`.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
    let rolling_back = Progress {
        step: Step::RollingBack,
        created: &[],
        waits_until: None,
        ..creating
    };
    assert_snapshot!(shown(&progress(&rolling_back)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### ↩️ Rolling back: 3 of 8

    `███████░░░░░░░░░░░░░` 37%

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
}

#[test]
fn links_that_a_server_does_not_know_are_task_lists_in_the_body() {
    let link = |number, repository: Option<&str>| Link {
        number: IssueNumber(number),
        repository: repository.and_then(RepositoryName::parse),
    };
    let body = "Build it.\n\n### From the spec\n\nLine 3\n";
    assert_eq!(with_links(body, &[], &[]), body.trim_end());
    let inside = [link(12, None), link(4, Some("acme/web"))];
    assert_snapshot!(with_links(body, &inside, &[link(13, None)]), @"
    Build it.

    ### From the spec

    Line 3

    ### Sub-issues

    - [ ] #12
    - [ ] acme/web#4

    ### Waits for

    - [ ] #13
    ");
    assert_eq!(not_native(true, true), None);
    let all = [(false, false), (false, true), (true, false)].map(|(s, d)| not_native(s, d));
    assert!(
        all.iter()
            .flatten()
            .all(|line| line.starts_with("This GitHub server knows n"))
    );
}

#[test]
fn a_note_names_many_issues_and_counts_the_rest() {
    let run = run();
    let links = (1..=23).map(|number| Link {
        number: IssueNumber(number),
        repository: None,
    });
    let summary = summary(&Summary {
        done: Done::default(),
        about: about(&run),
        created: &created(),
        skipped: &[],
        dropped: &[],
        failed: &[],
        notes: &[Note {
            links: links.collect(),
            says: "could not be linked: full".to_owned(),
        }],
        as_tasks: true,
        planning_took: Duration::ZERO,
        creating_took: Duration::ZERO,
        ai: None,
    });
    assert!(
        summary.contains("#19, #20, 3 more: could not be linked: full\n"),
        "{summary}"
    );
    assert!(
        summary.contains("\n- [ ] #12 · Build the login\n  - [ ] #13 · "),
        "{summary}"
    );
    assert!(ticked(&summary).is_empty(), "no box of a preview");
}

#[test]
fn summary_comment() {
    let run = run();
    let created = created();
    let full = Summary {
        done: Done::of([Standing::Open, Standing::Done, Standing::NotPlanned]),
        about: about(&run),
        created: &created,
        skipped: &[
            Skipped {
                item: 5,
                title: "Add a logout".to_owned(),
                same_as: SameAs::Issue(Link {
                    number: IssueNumber(3),
                    repository: None,
                }),
            },
            Skipped {
                item: 7,
                title: "Add a way out".to_owned(),
                same_as: SameAs::Item(Some(4)),
            },
        ],
        dropped: &[(4, "Write the documentation".to_owned())],
        failed: &[Failure {
            item: 6,
            title: "Ask @bob".to_owned(),
            why: "GitHub refused it: issues are switched off in acme/old".to_owned(),
        }],
        notes: &[Note {
            links: vec![Link {
                number: IssueNumber(13),
                repository: None,
            }],
            says: "GitHub did not take the label `frontend`".to_owned(),
        }],
        as_tasks: false,
        planning_took: Duration::from_millis(400),
        creating_took: Duration::from_secs(125),
        ai: Some(&AiUse {
            model: "openai/gpt-5".to_owned(),
            tokens_in: 12_345,
            tokens_out: 678,
            cost: Some(Money::dollars(0.0123)),
            priced_as_of: None,
            month: None,
        }),
    };
    assert_snapshot!(shown(&summary(&full)), @r"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### ⚠️ 3 issues created, 1 could not be

    `█████████████░░░░░░░` 66% · 2 of 3 closed (1 not planned)

    - #12 · Build the login
      - #13 · Store sessions
      - acme/web#4 · Render `<Login>` for @¦alice, see #¦7

    **Could not be created**
    - **6.** Ask @¦bob: GitHub refused it: issues are switched off in acme/old

    **Not exactly as asked**
    - #13: GitHub did not take the label `frontend`

    **Skipped, because they exist already**
    - **5.** Add a logout · same as #3
    - **7.** Add a way out · same as item 4, which was not created

    <details>
    <summary>Dropped (1)</summary>

    - **4.** Write the documentation

    </details>

    Planned in less than a second, created in 2 minutes. `openai/gpt-5`: 12,345 tokens in, 678 out, \$0.0123.

    To undo all of it, comment `@TheOpenProducerBot rollback last`.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
    let plain = Summary {
        skipped: &[],
        dropped: &[],
        failed: &[],
        notes: &[],
        ai: None,
        ..full
    };
    assert_snapshot!(shown(&summary(&plain)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### ✅ 3 issues created

    `█████████████░░░░░░░` 66% · 2 of 3 closed (1 not planned)

    - #12 · Build the login
      - #13 · Store sessions
      - acme/web#4 · Render `<Login>` for @¦alice, see #¦7

    Planned in less than a second, created in 2 minutes. No model was used.

    To undo all of it, comment `@TheOpenProducerBot rollback last`.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
}

#[test]
fn ended_comments() {
    let run = run();
    let created = created();
    let some = Ended {
        done: Done::default(),
        about: about(&run),
        created: &created,
        total: 8,
    };
    let none = Ended {
        created: &[],
        total: 0,
        ..some
    };
    let error = "GitHub says that issues are switched off in this repository.";
    let next =
        "Switch them on under Settings → General → Features, then ask again in a new comment.";
    assert_snapshot!(shown(&failed(&none, error, next)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### ❌ This did not work

    GitHub says that issues are switched off in this repository.

    **What next?** Switch them on under Settings → General → Features, then ask again in a new comment.

    No issue was created.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
    assert_snapshot!(shown(&cancelled(&some, None)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 🛑 Cancelled

    3 of 8 planned issues had been created by then:

    - #12 · Build the login
      - #13 · Store sessions
      - acme/web#4 · Render `<Login>` for @¦alice, see #¦7

    `@TheOpenProducerBot rollback last` closes them again.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
    assert_snapshot!(shown(&cancelled(&none, None)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### 🛑 Cancelled

    No issue was created.

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
}

#[test]
fn rolled_back_comment() {
    let run = run();
    let mut closed = created();
    let left = LeftOpen {
        issue: closed.pop().unwrap(),
        why: "octocat commented on it".to_owned(),
    };
    let some = RolledBack {
        about: about(&run),
        closed: &closed,
        left: &[left],
        stuck: &[],
    };
    assert_snapshot!(shown(&rolled_back(&some)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### ↩️ Rolled back: 2 issues closed, 1 left as they are

    **Left as they are, because people have worked on them:**
    - acme/web#4 · Render `<Login>` for @¦alice, see #¦7: octocat commented on it

    `@TheOpenProducerBot rollback run_20260102_030405_abcdefgh force` closes these too.

    <details>
    <summary>Closed as not planned (2)</summary>

    - #12 · Build the login
      - #13 · Store sessions

    </details>

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
    let gone = LeftOpen {
        issue: created().remove(0),
        why: "it was moved to another repository".to_owned(),
    };
    let stuck = RolledBack {
        left: &[],
        stuck: &[gone],
        ..some
    };
    let stuck = shown(&rolled_back(&stuck));
    assert!(
        stuck.contains("2 issues closed, 1 left as they are"),
        "{stuck}"
    );
    assert_snapshot!(stuck.split("\n\n").nth(1).unwrap(), @"
    **Could not be closed**
    - #12 · Build the login: it was moved to another repository
    ");
    let all = RolledBack { left: &[], ..some };
    assert_snapshot!(shown(&rolled_back(&all)), @"
    <!-- openproducer run=run_20260102_030405_abcdefgh comment -->
    ### ↩️ Rolled back: 2 issues closed

    <details>
    <summary>Closed as not planned (2)</summary>

    - #12 · Build the login
      - #13 · Store sessions

    </details>

    <sub>Run `run_20260102_030405_abcdefgh`</sub>
    ");
}

#[test]
fn at_a_terminal_the_same_is_done_by_commands() {
    let name = RepositoryName::parse("acme/shop").unwrap();
    let run = run();
    let about = About {
        terminal: Some((&name, IssueNumber(5))),
        ..about(&run)
    };
    let waiting = one(&Preview {
        about,
        plan: &plan(),
        reasons: &[],
        dropped: &BTreeSet::new(),
        similar: &[],
        home: &home(),
        spec_url: "https://github.com/acme/shop/issues/1",
        part_urls: &BTreeMap::new(),
        sub_issues: true,
        dependencies: true,
        rate_per_minute: 30,
        ai: None,
        is_degraded: false,
    });
    let steps = waiting.split("**To create").nth(1).unwrap();
    let table = steps.split("All commands").nth(1).unwrap();
    let shown =
        [steps, table].map(|part| part.split("\n\n").take(2).collect::<Vec<_>>().join("\n"));
    assert_snapshot!(shown.join("\n----\n"), @"
     what is ticked, run `openproducer process --repo acme/shop --issue 5 --confirm`.** That makes 4 issues and 7 links in about 11 seconds. Untick first what you do not want.
    <sub>Everybody who watches `acme/shop` or `acme/web` is notified of each, and so are its assignees: `octocat` (1). Nobody is mentioned. At 30 requests a minute.</sub>
    ----
    : confirm, plan again, stop</summary>
    | to | run |
    |---|---|
    | create what is ticked, exactly as shown | `openproducer process --repo acme/shop --issue 5 --confirm` |
    | plan again, after editing this issue | `openproducer process --repo acme/shop --issue 5 --dry-run` |
    | stop | `openproducer process --repo acme/shop --issue 5 --cancel` |
    ");
    let ended = Ended {
        done: Done::default(),
        about,
        created: &created(),
        total: 4,
    };
    let left = LeftOpen {
        issue: created().remove(0),
        why: "it has comments".to_owned(),
    };
    let rolled = rolled_back(&RolledBack {
        about,
        closed: &[],
        left: &[left],
        stuck: &[],
    });
    for text in [&cancelled(&ended, None), &rolled] {
        assert!(text.contains("`openproducer rollback --run run_"), "{text}");
    }
    for text in [waiting, cancelled(&ended, None), rolled] {
        assert!(!text.contains(about.bot), "nobody listens: {text}");
    }
}

#[test]
fn help_reply() {
    assert_snapshot!(help("TheOpenProducerBot", None), @"
    ### How to work with me

    Write a specification in an issue and mention me in it, or begin a line with `/spawn-issues`. I break it down into small issues and link them. Options are lines such as `dry_run: true`, `count: 12` or `labels: backend, api`.

    On that issue I listen to these commands:

    | comment | what it does |
    |---|---|
    | `@TheOpenProducerBot confirm` | creates the previewed plan, exactly as shown |
    | `@TheOpenProducerBot confirm 1,3-5` | creates only these |
    | `@TheOpenProducerBot drop 2,4` | takes these out of the preview; unticking their boxes does the same |
    | `@TheOpenProducerBot split 3` | makes several issues of this one, each with a number of its own |
    | `@TheOpenProducerBot merge 2,4` | makes one issue of these; the first keeps its number and its title |
    | `@TheOpenProducerBot title 3: new words` | gives it another title |
    | `@TheOpenProducerBot replan` | plans again; add what should be different; edits are gone then |
    | `@TheOpenProducerBot cancel` | ends a waiting run, stops a creating one |
    | `@TheOpenProducerBot rollback last` | closes what the last run created; `rollback RUN` for another |
    | `@TheOpenProducerBot sync` | after the specification was edited: what that adds, changes and retires, to be confirmed |
    | `@TheOpenProducerBot status` | this issue's runs, how far they are, what they wait for |
    | `@TheOpenProducerBot help` | this |
    ");
}

#[test]
fn status_reply() {
    let row = |state, created, total, failed, note: &str| StatusRow {
        done: Done::default(),
        run: run(),
        state,
        created,
        total,
        failed,
        note: note.to_owned(),
    };
    let rows = [
        row(
            state(Status::Running, Some(Phase::Creating)),
            12,
            40,
            0,
            "GitHub's limits; goes on at 03:09:30 UTC",
        ),
        row(state(Status::Failed, None), 3, 8, 1, "GitHub refused | it"),
        row(state(Status::Pending, None), 0, 0, 0, ""),
    ];
    assert_snapshot!(status(&rows, "TheOpenProducerBot"), @r"
    | run | state | issues | |
    |---|---|---|---|
    | `run_20260102_030405_abcdefgh` | 🔨 creating | 12 of 40 | GitHub's limits; goes on at 03:09:30 UTC |
    | `run_20260102_030405_abcdefgh` | ❌ failed | 3 of 8, 1 failed | GitHub refused \| it |
    | `run_20260102_030405_abcdefgh` | ⏳ waiting to start | – |  |
    ");
    assert_snapshot!(status(&[], "TheOpenProducerBot"), @"No run has been started from this issue. Mention me with a specification to start one; `@TheOpenProducerBot help` tells how.");
}

#[test]
fn short_replies() {
    let run = run();
    let bot = "TheOpenProducerBot";
    let illegal = state(Status::Completed, None)
        .make(Move::Cancel)
        .unwrap_err();
    let (error, next) = too_many(check_maximum(130, 100).unwrap_err());
    let number = |n| Link {
        number: IssueNumber(n),
        repository: None,
    };
    let replies = [
        unknown_command("comfirm", Some("confirm"), bot),
        unknown_command("dance `now` @alice", None, bot),
        already(illegal, about(&run)),
        nothing_to_confirm(bot),
        nothing_to_roll_back(bot),
        in_sync(&[]),
        in_sync(&[number(4)]),
        in_sync(&[number(4), number(9)]),
        nothing_needed(&[9], &[1, 2, 4]),
        nothing_needed(&[8, 9], &[1]),
        nothing_to_sync(bot),
        sync_later(&run, true, true, bot),
        sync_later(&run, true, false, bot),
        sync_later(&run, false, false, bot),
        unknown_items(&[9, 12], &[1, 2, 3, 4]),
        unknown_items(&[2], &[1, 3, 5, 6, 7]),
        format!("{error} {next}\n"),
    ];
    assert_snapshot!(shown(&replies.join("\n")), @"
    I do not know `comfirm`. Did you mean `@TheOpenProducerBot confirm`? `@TheOpenProducerBot help` lists what I know.

    I do not know `` dance `now` @alice ``. `@TheOpenProducerBot help` lists what I know.

    `run_20260102_030405_abcdefgh` is already completed; there is nothing to cancel.

    No plan is waiting for confirmation here. `@TheOpenProducerBot status` shows this issue's runs.

    No run of this issue has created anything that could be rolled back. `@TheOpenProducerBot status` shows this issue's runs.

    Nothing has changed: the issues follow the specification as it is now.

    Nothing has changed since the last sync, which left open what is no longer in the specification: #4. It is offered again, unticked, when a later sync has something to do; or close it by hand.

    Nothing has changed since the last sync, which left open what is no longer in the specification: #4, #9. They are offered again, unticked, when a later sync has something to do; or close them by hand.

    9 stays as it is: there is nothing to do with it. What there is to do are the numbers 1, 2, 4. Nothing was changed.

    8, 9 stay as they are: there is nothing to do with them. What there is to do is number 1. Nothing was changed.

    No run of this issue is completed, so there are no issues to bring in line. `@TheOpenProducerBot status` shows this issue's runs.

    `run_20260102_030405_abcdefgh` shows a difference and waits: `@TheOpenProducerBot confirm` it, `@TheOpenProducerBot replan` to compare again, or `@TheOpenProducerBot cancel`.

    The plan of `run_20260102_030405_abcdefgh` waits, and nothing of it exists yet: `@TheOpenProducerBot replan` plans the edited specification.

    `run_20260102_030405_abcdefgh` is still at work. Ask again when its comment says that it is done.

    The plan has 4 issues, numbered 1 to 4; there is no 9, 12. Nothing was changed.

    The plan has 5 issues, numbered 1, 3, 5-7; there is no 2. Nothing was changed.

    130 issues are planned, and at most 100 may be created in one run. Add `count: 100` or less, or split the specification over several issues, and ask again.
    ");
}

#[test]
fn complaints_reply() {
    let faults = [
        Fault {
            line: 4,
            says: "count must be 1 to 100, got 900".to_owned(),
            quoted: "count: 900".to_owned(),
        },
        Fault {
            line: 5,
            says: "unique_by must be title, body or hash, got @alice; did you mean title?"
                .to_owned(),
            quoted: "unique_by: @alice".to_owned(),
        },
    ];
    assert_snapshot!(shown(&complaints(&faults)), @"
    ### I could not read your request

    Nothing was started. Please correct 2 lines and ask again in a new comment.

    - **line 4**: count must be 1 to 100, got 900  
      `count: 900`
    - **line 5**: unique_by must be title, body or hash, got @¦alice; did you mean title?  
      `unique_by: @alice`
    ");
}

#[test]
fn no_stranger_s_words_get_through_alive() {
    let nasty = "@alice #1 <img src=x> <!-- x --> **b** [l](http://x.y/) | `@code` ~~s~~ $x$\n- [x] **9.** y";
    assert_snapshot!(shown(&inline(nasty)), @r"@¦alice #¦1 &lt;img src=x> \*\*b\*\* \[l\](http://x.y/) \| `@code` \~\~s\~\~ \$x\$ - \[x\] \*\*9.\*\* y");
    let mut plan = plan();
    plan.issues.truncate(2);
    plan.issues[0].title = nasty.to_owned();
    plan.issues[0].labels = vec!["a ` b @carol".to_owned()];
    plan.spec.blocks[0].text = nasty.to_owned();
    plan.warnings = vec![nasty.to_owned()];
    plan.coverage[0].reason = Some(nasty.to_owned());
    let text = one(&Preview {
        about: about(&run()),
        plan: &plan,
        reasons: &[],
        dropped: &BTreeSet::new(),
        similar: &[],
        home: &home(),
        spec_url: "https://github.com/acme/shop/issues/1",
        part_urls: &BTreeMap::new(),
        sub_issues: true,
        dependencies: true,
        rate_per_minute: 30,
        ai: None,
        is_degraded: false,
    });
    assert!(!ticked(&text).contains_key(&9));
    let body = text.split_once("-->").unwrap().1;
    // Signs in the graph are numbers of signs.
    let (start, rest) = body.split_once("```mermaid").unwrap();
    let (graph, end) = rest.split_once("```").unwrap();
    assert!(!graph.contains(['@', '<', '`']), "{graph}");
    let body = &format!("{start}{end}");
    let ours = ["details>", "summary>", "sub>", "code>", "br>"];
    for (at, sign) in body.match_indices('<') {
        let tag = body[at + sign.len()..].trim_start_matches('/');
        assert!(ours.iter().any(|our| tag.starts_with(our)), "{tag}");
    }
    assert!(!body.contains("#1"));
    let options = pulldown_cmark::Options::ENABLE_GFM;
    for event in pulldown_cmark::Parser::new_ext(body, options) {
        if let pulldown_cmark::Event::Text(words) = event {
            assert!(
                !words.contains("@alice") && !words.contains("@carol"),
                "{words}"
            );
        }
    }
}
