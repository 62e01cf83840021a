//! Tests of requests: what is an option, what is spec, and what is said about the rest.

use proptest::prelude::*;

use super::*;

fn names() -> BotNames {
    BotNames::new(["TheOpenProducerBot", "open-producer"])
}

fn limits() -> Limits {
    Limits { maximum: 100 }
}

fn parse_body(body: &str) -> Result<Request, Vec<Complaint>> {
    parse(None, body, &names(), &limits())
}

fn good(body: &str) -> Request {
    match parse_body(body) {
        Ok(request) => request,
        Err(complaints) => panic!("{body:?} was refused: {complaints:?}"),
    }
}

fn complaints(body: &str) -> Vec<String> {
    match parse_body(body) {
        Ok(request) => panic!("{body:?} was read as {request:?}"),
        Err(complaints) => complaints.iter().map(ToString::to_string).collect(),
    }
}

fn warnings(body: &str) -> Vec<String> {
    good(body)
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn options_stand_before_the_spec() {
    let body = "@TheOpenProducerBot\ncount: 3\nlabels: bug, \"good first issue\"\nDry-Run: on\n\n# Login\n\nBuild it.";
    let request = good(body);
    assert_eq!(request.options.count, Some(3));
    assert_eq!(request.options.labels, ["bug", "good first issue"]);
    assert_eq!(request.options.dry_run, Some(true));
    assert_eq!(request.spec.text, "\n\n\n\n\n# Login\n\nBuild it.");
    assert_eq!(request.warnings, []);
}

#[test]
fn options_stand_after_the_spec_and_in_several_paragraphs() {
    let request = good(
        "Build a login.\n\ntype: Task\n\nAnd a logout.\n\ncount: 2\n@TheOpenProducerBot please\nmilestone: \"v1.0\"",
    );
    assert_eq!(request.options.count, Some(2));
    assert_eq!(request.options.issue_type.as_deref(), Some("Task"));
    assert_eq!(request.options.milestone.as_deref(), Some("v1.0"));
    assert_eq!(
        request.spec.text,
        "Build a login.\n\n\n\nAnd a logout.\n\n\n\n"
    );
}

#[test]
fn every_option_is_read() {
    let request = good(
        "/spawn-issues\ncount: 100\nlabels: [\"a b\", \"c\"]\nassignees: @octocat hubot\ncomponents: API Web\ndry_run: 0\n\
         unique_by: Title\nrate_limit_per_minute: 80\nmilestone: 3\ntype: Bug\nrepositories: o/r, o/r.js\nsub-issues: no\n\
         dependencies: off\n\nBuild it.",
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&request.options).unwrap(), @r#"
    {
      "count": 100,
      "labels": [
        "a b",
        "c"
      ],
      "assignees": [
        "octocat",
        "hubot"
      ],
      "components": [
        "API",
        "Web"
      ],
      "dry_run": false,
      "unique_by": "title",
      "rate_limit_per_minute": 80,
      "milestone": "3",
      "issue_type": "Bug",
      "repositories": [
        "o/r",
        "o/r.js"
      ],
      "sub_issues": false,
      "dependencies": false
    }
    "#);
}

#[test]
fn prose_beside_the_trigger_stays_and_small_talk_goes() {
    assert_eq!(
        good("@TheOpenProducerBot build a login").spec.text,
        "build a login"
    );
    assert_eq!(
        good("Hi @TheOpenProducerBot: build a login").spec.text,
        "Hi build a login"
    );
    assert_eq!(
        good("/spawn-issues Build a login\ncount: 1").spec.text,
        "Build a login\n"
    );
    assert_eq!(
        good("@TheOpenProducerBot /spawn-issues Build a login")
            .spec
            .text,
        "Build a login"
    );
    assert_eq!(
        good("@TheOpenProducerBot please split this up:\nBuild a login")
            .spec
            .text,
        "\nBuild a login"
    );
    let request = good("@TheOpenProducerBot could you plan this?\ncount: 2\n\nBuild a login");
    assert_eq!(
        (request.options.count, request.spec.text.as_str()),
        (Some(2), "\n\n\nBuild a login")
    );
}

#[test]
fn an_option_may_stand_beside_the_trigger() {
    let request = good("@TheOpenProducerBot count: 2\nlabels: bug\n\nBuild it");
    assert_eq!(
        (request.options.count, request.options.labels),
        (Some(2), vec!["bug".to_owned()])
    );
    assert_eq!(request.spec.text, "\n\n\nBuild it");
}

#[test]
fn other_words_before_a_colon_are_spec() {
    let body = "@TheOpenProducerBot\n\nNote: something\nGoal: x\n\nOwner: alice\n\n- count: five of them\n- b";
    let request = good(body);
    assert_eq!(request.options, Options::default());
    assert_eq!(request.spec.text, body.replace("@TheOpenProducerBot", ""));
    assert_eq!(request.warnings, []);
}

#[test]
fn a_known_key_in_prose_stays_with_a_warning() {
    let body = "@TheOpenProducerBot\n\nWe want a login\ncount: 5\nand a logout.";
    assert_eq!(
        good(body).spec.text,
        body.replace("@TheOpenProducerBot", "")
    );
    assert_eq!(
        warnings(body),
        [
            "line 4: `count: 5` stands in the middle of prose and was read as part of the spec; put it in a paragraph of its own to make it an option"
        ]
    );
    let body = "@TheOpenProducerBot\nNote: something\nlabels: bug\n";
    let request = good(body);
    assert_eq!(request.spec.text, "\nNote: something\nlabels: bug");
    assert_eq!(request.warnings.len(), 1);
    assert_eq!(
        good("@TheOpenProducerBot x\n\n- a\n- b\ncount: 3").warnings[0].line,
        5
    );
}

#[test]
fn a_slip_among_options_makes_the_paragraph_spec_and_names_the_nearest_key() {
    let body = "@TheOpenProducerBot\nlables: bug\ncount: 3\n\nBuild it.";
    let request = good(body);
    assert_eq!(request.options, Options::default());
    assert_eq!(request.spec.text, "\nlables: bug\ncount: 3\n\nBuild it.");
    assert_eq!(
        warnings(body),
        [
            "line 2: `lables` is not an option, so this paragraph was read as part of the spec; did you mean `labels`?",
            "line 3: `count: 3` stands in the middle of prose and was read as part of the spec; put it in a paragraph of its own to make it an option",
        ]
    );
}

#[test]
fn a_bulleted_option_is_spec_with_a_warning_only_where_all_bullets_look_so() {
    assert_eq!(
        warnings("@TheOpenProducerBot x\n\n- count: 5\n- labels: bug"),
        [
            "line 3: `- count: 5` is a list item and was read as part of the spec; take the bullet away to make it an option",
            "line 4: `- labels: bug` is a list item and was read as part of the spec; take the bullet away to make it an option",
        ]
    );
    assert_eq!(
        good("@TheOpenProducerBot x\n\n- type: string\n- nullable").warnings,
        []
    );
}

#[test]
fn options_in_code_quotes_and_comments_are_none() {
    let body = "@TheOpenProducerBot x\n\n```\ncount: 5\n```\n\n> count: 5\n\n<!-- \ncount: 5\n-->\n\n    count: 5";
    let request = good(body);
    assert_eq!(
        (request.options, request.warnings),
        (Options::default(), vec![])
    );
    assert_eq!(request.spec.text, body.replace("@TheOpenProducerBot ", ""));
}

#[test]
fn options_above_a_rule_are_options() {
    let request = good("@TheOpenProducerBot\ncount: 3\ntype: Task\n---\n# Spec\nx");
    assert_eq!(request.options.count, Some(3));
    assert_eq!(request.spec.text, "\n\n\n---\n# Spec\nx");
    assert_eq!(
        good("---\ncount: 3\n---\n@TheOpenProducerBot x")
            .options
            .count,
        Some(3)
    );
    assert_eq!(
        good("@TheOpenProducerBot\n\nTitle\n===\nx").spec.text,
        "\n\nTitle\n===\nx"
    );
}

#[test]
fn windows_and_old_mac_line_ends_change_nothing() {
    let body = "@TheOpenProducerBot\ncount: 3\n\n# עברית\n\n\tBuild 🦀\n\nlabels: באג";
    let expected = good(body);
    assert_eq!(expected.options.labels, ["באג"]);
    assert_eq!(good(&body.replace('\n', "\r\n")), expected);
    assert_eq!(good(&body.replace('\n', "\r")), expected);
}

#[test]
fn a_template_runs_over_blank_lines_to_the_next_key_and_is_the_spec_alone() {
    let body = "Some context.\n\n@TheOpenProducerBot\ncount: 2\ntemplate: # Login\n\nNote: a form\n\n```\nlabels: x\n```\n\nAnd OAuth.\n\
                labels: bug\ntype: Task\nMore words.\n\nEven more.";
    let request = good(body);
    assert_eq!(request.options.count, Some(2));
    assert_eq!(request.options.labels, ["bug"]);
    assert_eq!(request.options.issue_type.as_deref(), Some("Task"));
    assert_eq!(
        request.spec.text,
        "\n\n\n\n# Login\n\nNote: a form\n\n```\nlabels: x\n```\n\nAnd OAuth.\n\n\n\n\n"
    );
    assert_eq!(
        warnings(body),
        ["line 1: lines 1, 16-18 stand outside `template` and are left out of the spec"]
    );
}

#[test]
fn a_template_may_be_written_as_a_yaml_block_scalar() {
    let request = good(
        "@TheOpenProducerBot\n\ntemplate: |\n    # Login\n\n    - a\n      type: form\ncount: 2",
    );
    assert_eq!(request.spec.text, "\n\n\n# Login\n\n- a\n  type: form\n");
    assert_eq!(request.options.count, Some(2));
}

#[test]
fn options_beside_a_trigger_that_stands_in_a_list_are_warned_of() {
    assert_eq!(
        good("- @TheOpenProducerBot\n  count: 3\n\nBuild it").warnings[0].line,
        2
    );
    assert_eq!(
        good("<img src=x>\n@TheOpenProducerBot\ncount: 3\n\nBuild it").warnings[0].line,
        3
    );
}

#[test]
fn a_template_without_text_is_one_complaint() {
    assert_eq!(
        complaints("@TheOpenProducerBot\ntemplate:\n\ncount: 2"),
        ["line 2: template has no text; write the requirement behind it or in the lines below it"]
    );
}

#[test]
fn a_yaml_block_after_the_trigger_holds_options() {
    let body = "@TheOpenProducerBot please plan this\n\n```yaml\n# how\ncount: 4\nlabels:\n  - bug\n  - \"good first issue\"\nowner: me\n```\n\nBuild it.";
    let request = good(body);
    assert_eq!(request.options.count, Some(4));
    assert_eq!(request.options.labels, ["bug", "good first issue"]);
    assert_eq!(
        request.spec.text,
        "\n\n\n\n\n\n\n\nowner: me\n\n\nBuild it."
    );
    assert_eq!(
        warnings(body),
        ["line 9: `owner` is not an option and was read as part of the spec"]
    );
}

#[test]
fn a_yaml_template_keeps_its_lines() {
    let request =
        good("@TheOpenProducerBot\n```yml\ntemplate: |\n  # Login\n\n  Build it.\ncount: 2\n```");
    assert_eq!(request.spec.text, "\n\n\n# Login\n\nBuild it.\n\n");
    let request = good("@TheOpenProducerBot\n```yml\ncount: 2\ntemplate: \"Build it.\"\n```");
    assert_eq!(request.spec.text, "\n\n\nBuild it.\n");
}

#[test]
fn yaml_elsewhere_or_without_options_is_spec() {
    for body in [
        "@TheOpenProducerBot\n\nBuild it:\n\n```yaml\ncount: 4\n```",
        "@TheOpenProducerBot\n\n```yaml\nopenapi: 3.1.0\n```",
        "@TheOpenProducerBot\n\n```\ncount: 4\n```",
    ] {
        let request = good(body);
        assert_eq!(request.options, Options::default(), "{body}");
        assert_eq!(request.spec.text, body.replace("@TheOpenProducerBot", ""));
    }
}

#[test]
fn a_second_yaml_block_is_spec() {
    let request = good("@TheOpenProducerBot\n```yaml\ncount: 4\n```\n```yaml\ntype: x\n```");
    assert_eq!(request.options.count, Some(4));
    assert_eq!(request.spec.text, "\n\n\n\n```yaml\ntype: x\n```");
}

#[test]
fn broken_yaml_is_a_complaint_with_the_line_of_the_body() {
    let complaints =
        parse_body("@TheOpenProducerBot\n\n```yaml\ncount: 4\nlabels: [a\n```\n\nBuild it")
            .expect_err("broken");
    assert_eq!(complaints.len(), 1);
    assert!((5..=6).contains(&complaints[0].line), "{complaints:?}");
    assert!(!complaints[0].says.contains("line"), "{complaints:?}");
    assert_eq!(
        self::complaints(
            "@TheOpenProducerBot\n\n```yaml\ncount: lots\nlabels: {a: b}\n```\n\nBuild it"
        ),
        [
            "line 4: count must be a number from 1 to 100, got `lots`",
            "line 5: labels must be a list; write for example `labels: bug, \"good first issue\"`",
        ]
    );
}

#[test]
fn every_complaint_comes_at_once_with_its_line() {
    insta::assert_snapshot!(
        complaints(
            "@TheOpenProducerBot\ncount: lots\nlabels: \"a, b\", c\nassignees: -x, octocat\ndry_run: ture\nunique_by: titel\n\
             rate_limit_per_minute: 900\nmilestone:\nrepositories: https://github.com/o/r.git, x\ncount: 3\nsub_issues: maybe\n\
             dependencies: Redis and PostgreSQL\n\nBuild it."
        )
        .join("\n"),
        @"
    line 2: count must be a number from 1 to 100, got `lots`
    line 3: a label cannot contain a comma, got `a, b`; if these are several labels, write `labels: a, b`
    line 4: an assignee must be a GitHub login such as `octocat`, got `-x`
    line 5: dry_run must be true or false, got `ture`; did you mean `true`?
    line 6: unique_by must be title, body or hash (both), got `titel`; did you mean `title`?
    line 7: rate_limit_per_minute must be 1 to 80, got 900
    line 8: milestone has no value; write for example `milestone: v1.0`
    line 9: a repository must be written as `owner/name`, got `https://github.com/o/r.git`; did you mean `o/r`?
    line 9: a repository must be written as `owner/name`, got `x`
    line 10: count is given twice, first in line 2; keep one of the two
    line 11: sub_issues must be true or false, got `maybe`
    line 12: dependencies must be true or false, got `Redis and PostgreSQL`; if the line belongs to the specification, make it a list item: `- dependencies: …`
    "
    );
}

#[test]
fn options_without_a_spec_are_refused_even_with_a_title() {
    let body =
        "@TheOpenProducerBot please plan this\ncount: 3\n\n<!-- describe what you want -->\n";
    let complaints =
        parse(Some("Add dark mode"), body, &names(), &limits()).expect_err("nothing to plan");
    insta::assert_snapshot!(complaints[0], @"line 2: there is nothing to plan: these are options without a specification; write what should be built in a paragraph below them, or behind `template:`");
    assert_eq!(complaints.len(), 1);
}

#[test]
fn a_bare_mention_is_planned_from_the_title() {
    for body in [
        "@TheOpenProducerBot",
        "@TheOpenProducerBot please plan this!",
        "Hello @TheOpenProducerBot 👋",
    ] {
        let request = parse(
            Some("Add dark\nmode @TheOpenProducerBot"),
            body,
            &names(),
            &limits(),
        )
        .expect("a request");
        assert_eq!(request.spec.text, "Add dark mode");
        assert!(request.spec.from_title);
    }
    for title in [
        None,
        Some(""),
        Some(" 🦀 "),
        Some("@TheOpenProducerBot please"),
    ] {
        let complaints = parse(title, "\n@TheOpenProducerBot", &names(), &limits())
            .expect_err("nothing to plan");
        assert_eq!(
            complaints[0].to_string(),
            "line 2: there is nothing to plan; write what should be built below the mention"
        );
    }
}

#[test]
fn a_text_without_a_trigger_is_all_spec() {
    let request = good("count: 3\n\n# Spec\r\nx");
    assert_eq!(request.options, Options::default());
    assert_eq!(request.spec.text, "count: 3\n\n# Spec\nx");
}

#[test]
fn sixty_thousand_characters_are_read() {
    for piece in [
        "count: 1\n",
        "template: x\n",
        "a\n\n",
        "type: x\n\n",
        "- count: 1\n",
        "x: ",
        "`",
        "\"a b\", ",
        "<!-- ",
        "'a b ",
        "🦀",
    ] {
        let text = format!(
            "@TheOpenProducerBot\nlabels: {}\n\nx",
            piece.repeat(60_000 / piece.chars().count())
        );
        let _ = parse_body(&text);
        let _ = parse_body(&format!(
            "@TheOpenProducerBot\n```yaml\ncount: 1\nlabels: {piece}\n```\n{text}"
        ));
    }
    let many = parse_body(&format!(
        "@TheOpenProducerBot\n{}",
        "count: x\n".repeat(6_000)
    ))
    .expect_err("doubles");
    assert_eq!(many.len(), MOST_COMPLAINTS);
    let prose = good(&format!(
        "@TheOpenProducerBot\nBuild it\n{}",
        "count: 1\n".repeat(6_000)
    ));
    assert_eq!(prose.warnings.len(), MOST_WARNINGS);
}

/// Pieces of which bodies are made that come near to real ones.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("@TheOpenProducerBot".to_owned()),
        Just("/spawn-issues".to_owned()),
        "(count|labels|lables|template|type|Note|dry-run): ?[a-z0-9|\"',\\[ ]{0,8}",
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n\n".to_owned()),
        Just("```yaml\n".to_owned()),
        Just("\n```\n".to_owned()),
        Just("- ".to_owned()),
        Just("> ".to_owned()),
        Just("# ".to_owned()),
        Just("---\n".to_owned()),
        Just("    ".to_owned()),
        Just("<!-- ".to_owned()),
        Just(" -->".to_owned()),
        Just("`".to_owned()),
        "[a-z\u{5d0}\u{1f980}]{1,6} ?",
    ]
}

fn body() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_body_is_read(body in any::<String>(), title in proptest::option::of(any::<String>())) {
        let _ = parse(title.as_deref(), &body, &names(), &limits());
        let _ = parse(title.as_deref(), &format!("@TheOpenProducerBot\n{body}"), &names(), &limits());
    }

    #[test]
    fn a_body_like_real_ones_is_read_and_complaints_stay_within_it(body in body()) {
        let count = Outline::of(&body).lines.len();
        match parse_body(&body) {
            Ok(request) => for warning in request.warnings {
                prop_assert!((1..=count).contains(&warning.line), "{}", warning);
            },
            Err(complaints) => {
                prop_assert!(!complaints.is_empty());
                for complaint in complaints {
                    prop_assert!((1..=count).contains(&complaint.line), "{}", complaint);
                }
            }
        }
    }

    #[test]
    fn no_line_is_lost_that_is_not_an_option(body in body()) {
        let Ok(request) = parse_body(&body) else { return Ok(()) };
        let outline = Outline::of(&body);
        let trigger = trigger::find_in(&outline, &names()).map(|t| t.line - 1);
        let text: Vec<&str> = request.spec.text.split('\n').collect();
        let has_template = outline.lines.iter().any(|l| keys::option_line(l).is_some_and(|(k, _)| k == keys::Key::Template));
        if has_template {
            return Ok(());
        }
        prop_assert_eq!(text.len(), outline.lines.len());
        let in_yaml = |index: usize| outline.blocks.iter().any(|b| {
            matches!(&b.shape, crate::domain::markdown::Shape::Fence(info) if info == "yaml")
                && outline.lines.touched(&b.range).contains(&index)
        });
        for (index, line) in outline.lines.iter().enumerate() {
            let excused = Some(index) == trigger || keys::option_line(line).is_some() || in_yaml(index);
            if !excused && line.chars().any(char::is_alphanumeric) {
                prop_assert_eq!(text[index], line);
            }
        }
    }

    #[test]
    fn a_template_keeps_its_lines_or_names_those_outside(before in "[a-z ]{0,9}", inside in "([a-z]{1,5}\n{1,2}){1,4}", after in "[a-z]{0,9}") {
        let body = format!("{before}\n\n@TheOpenProducerBot\ntemplate:\n{inside}count: 1\n\n{after}");
        let request = good(&body);
        for (text, line) in request.spec.text.split('\n').zip(body.split('\n')).skip(4).take(inside.matches('\n').count()) {
            prop_assert_eq!(text, line);
        }
        let outside = [&before, &after].iter().any(|t| t.chars().any(char::is_alphanumeric));
        prop_assert_eq!(request.warnings.len(), usize::from(outside));
    }
}
