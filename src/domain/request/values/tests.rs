//! Tests of option values.

use super::*;

fn read_value(key: Key, value: &str) -> Result<Options, String> {
    let given = [Given {
        key,
        line: 1,
        written: Written::Text(value.to_owned()),
    }];
    let (options, complaints) = read(&given, &Limits { maximum: 100 });
    match complaints.as_slice() {
        [] => Ok(options),
        [one] => Err(one.says.clone()),
        several => panic!("{several:?}"),
    }
}

fn labels_of(value: &str) -> Vec<String> {
    read_value(Key::Labels, value).expect("labels").labels
}

#[test]
fn lists_are_json_or_parted_by_commas_or_spaces() {
    for (value, expected) in [
        (r#"["a b", "c"]"#, &["a b", "c"][..]),
        ("a, b c ,d", &["a", "b c", "d"]),
        ("a b\tc", &["a", "b", "c"]),
        (r#""good first issue", bug"#, &["good first issue", "bug"]),
        (r#""good first issue" bug"#, &["good first issue", "bug"]),
        ("“good first issue”, ‘a b’", &["good first issue", "a b"]),
        ("`bug`, `ui`", &["bug", "ui"]),
        ("[bug, ui kit]", &["bug", "ui kit"]),
        ("won't fix, can't fix", &["won't fix", "can't fix"]),
        ("'tis, a", &["'tis", "a"]),
        ("bug, Bug,, bug,", &["bug"]),
        ("area/ui 🐛 באג", &["area/ui", "🐛", "באג"]),
        ("[1, 2]", &["1", "2"]),
    ] {
        assert_eq!(labels_of(value), expected, "{value}");
    }
}

#[test]
fn lists_that_cannot_be_read_are_complained_of() {
    for (value, says) in [
        (r#"["a", "b""#, "labels: this JSON list is not complete"),
        (r#"["a", {"b": 1}]"#, "labels: the list may hold words only"),
        (r#""a, b"#, "labels: a quote is opened and not closed"),
        ("[]", "labels has no value"),
        (" , ,", "labels has no value"),
        (
            "bug count: 3",
            "`count:` stands behind another option; put it on a line of its own",
        ),
        (
            &"é".repeat(51),
            "a label may have at most 50 characters, got 51",
        ),
    ] {
        let complaint = read_value(Key::Labels, value).expect_err(value);
        assert!(complaint.starts_with(says), "{value}: {complaint}");
    }
    assert_eq!(labels_of(&"é".repeat(50)).len(), 1);
}

#[test]
fn count_is_a_number_within_its_limits() {
    assert_eq!(read_value(Key::Count, "1").map(|o| o.count), Ok(Some(1)));
    assert_eq!(
        read_value(Key::Count, "\"100\"").map(|o| o.count),
        Ok(Some(100))
    );
    for (value, says) in [
        ("0", "count must be 1 to 100, got 0"),
        ("101", "count must be 1 to 100, got 101"),
        ("900", "count must be 1 to 100, got 900"),
        ("-3", "count must be 1 to 100, got -3"),
        (
            "99999999999999999999",
            "count must be 1 to 100, got 99999999999999999999",
        ),
        ("lots", "count must be a number from 1 to 100, got `lots`"),
        (
            "five",
            "count must be a number from 1 to 100, got `five`; did you mean `count: 5`?",
        ),
        (
            "5 issues",
            "count must be a number from 1 to 100, got `5 issues`; did you mean `count: 5`?",
        ),
        (
            "3.5",
            "count must be a number from 1 to 100, got `3.5`; did you mean `count: 3`?",
        ),
        (
            "900 issues",
            "count must be a number from 1 to 100, got `900 issues`",
        ),
        ("", "count has no value; write for example `count: 5`"),
    ] {
        assert_eq!(
            read_value(Key::Count, value),
            Err(says.to_owned()),
            "{value}"
        );
    }
}

#[test]
fn booleans_are_read_in_every_usual_way() {
    for value in ["true", "Yes", "ON", "1", "`true`"] {
        assert_eq!(
            read_value(Key::DryRun, value).map(|o| o.dry_run),
            Ok(Some(true)),
            "{value}"
        );
    }
    for value in ["false", "No", "OFF", "0"] {
        assert_eq!(
            read_value(Key::SubIssues, value).map(|o| o.sub_issues),
            Ok(Some(false)),
            "{value}"
        );
    }
    let says = "dependencies must be true or false, got `flase`; did you mean `false`?";
    assert_eq!(read_value(Key::Dependencies, "flase"), Err(says.to_owned()));
}

#[test]
fn assignees_are_logins_at_most_ten() {
    let read = |value: &str| read_value(Key::Assignees, value).map(|o| o.assignees);
    assert_eq!(
        read("@octocat, Octocat, hu-bot, jane_acme"),
        Ok(vec!["octocat".into(), "hu-bot".into(), "jane_acme".into()])
    );
    for value in ["a--b", "a-", "é", "a/b", "x@y.z", &"a".repeat(40)] {
        assert!(read(value).is_err(), "{value}");
    }
    let eleven: Vec<String> = (0..11).map(|n| format!("u{n}")).collect();
    assert_eq!(
        read(&eleven.join(" ")),
        Err("an issue may have at most 10 assignees, got 11".into())
    );
}

#[test]
fn a_stranger_text_in_a_complaint_cannot_act() {
    let complaint = read_value(Key::Count, "`@octocat` closes #1").expect_err("no number");
    assert_eq!(
        complaint,
        "count must be a number from 1 to 100, got `'@octocat' closes #1`"
    );
}
