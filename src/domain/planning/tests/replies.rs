//! Replies as models give them, good and bad.

use rstest::rstest;

use super::*;

const SPEC: &str = "- [ ] Add a login form\n- [ ] Send the link\n- [ ] Store sessions\n";

fn desk() -> Desk {
    Desk::of("Login", SPEC)
}

fn good() -> Value {
    reply(&[
        issue("k1", "Add a login form", &["b1"]),
        issue("k2", "Send the link", &["b2"]),
        issue("k3", "Store sessions", &["b3"]),
    ])
}

#[rstest]
#[case("{}")]
#[case("\u{feff}{}")]
#[case("Sure! Here is the plan:\n\n```json\n{}\n```\nLet me know {if} you need more.")]
#[case("I thought about {braces} first.\n{}")]
#[case("```\n{}")]
fn what_stands_around_the_object_does_not_matter(#[case] around: &str) {
    let text = around.replacen("{}", &good().to_string(), 1);
    let desk = desk();
    let drafts = read_issues(&text, &desk.brief(), &desk.part(), Some(3)).unwrap();
    assert_eq!(drafts.issues.len(), 3);
}

#[test]
fn a_reply_that_is_no_object_is_told_why() {
    let desk = desk();
    let say = |text: &str| {
        read_issues(text, &desk.brief(), &desk.part(), None)
            .unwrap_err()
            .join("\n")
    };
    let whole = good().to_string();
    insta::assert_snapshot!(say(""), @"The answer is empty. Answer with the JSON object.");
    insta::assert_snapshot!(say("I cannot help with that."), @"The answer holds no JSON object. Answer with the JSON object and nothing else.");
    insta::assert_snapshot!(say(&whole[..whole.len() - 40]), @r#"The JSON is cut off: it ends with `ent":"","after":[],"after_blocks":[],"co` and its braces are not closed. Give the whole object, with shorter texts if need be."#);
    insta::assert_snapshot!(say("{\"issues\": [1,]}"), @r"The JSON cannot be read: trailing comma at line 1 column 15, counted from the opening brace. Use strict JSON: double quotes, no trailing comma, no comment, line breaks inside texts as \n.");
    insta::assert_snapshot!(say("{'issues': []}"), @r"The JSON cannot be read: key must be a string at line 1 column 2, counted from the opening brace. Use strict JSON: double quotes, no trailing comma, no comment, line breaks inside texts as \n.");
    insta::assert_snapshot!(say("{\"answer\": 1}"), @"The object has no field `issues`.");
    insta::assert_snapshot!(say("{\"issues\": 3}"), @"the answer: `issues` must be a list, not the number 3.");
    insta::assert_snapshot!(say("{\"issues\": [3, null]}"), @"
    Issue 1 must be an object, not the number 3.
    Issue 2 must be an object, not null.
    ");
    assert!(say(&"{".repeat(2_000_000)).starts_with("The answer is longer"));
    assert!(say(&"{".repeat(900_000)).starts_with("The JSON is cut off"));
    assert!(say(&"{\"issues\":[".repeat(500)).starts_with("The JSON is cut off"));
}

#[test]
fn every_complaint_comes_at_once() {
    let issues = [
        issue("k1", "", &["b1"]),
        issue("k1", "Two\nlines", &["b9"]),
        issue("k 3", &"long ".repeat(20), &["b2"]),
        with(
            issue("k4", "Send the link", &["b2"]),
            "after",
            json!(["k4", "k9"]),
        ),
        with(
            issue("k5", "send the LINK.", &["[B2]"]),
            "parent",
            json!("nobody"),
        ),
        with(issue("k6", "***", &["b3"]), "criteria", json!("one")),
        with(issue("k7", "Store sessions", &["b3"]), "covers", json!([7])),
        json!({"key": "k8", "title": 5}),
    ];
    let mut reply = reply(&issues);
    reply["not_work"] =
        json!([{"block": "b77", "reason": "context"}, {"block": "b1", "reason": " "}]);
    insta::assert_snapshot!(desk().complaints(&reply), @"
    Issue 1 (`k1`): the title is empty.
    Issue 2 (`k1`): the title must be on one line.
    Issue 2 (`k1`): `covers` names `b9`, which do not exist; the blocks here are `b1` to `b3`, as they are shown.
    Issue 3: the key `k 3` must be 1 to 40 letters, digits, `-`, `_` or `.`.
    Issue 3: the title has 99 characters, at most 80 are allowed: `long long long long long long long long long long long long long long long long long long long long`. Say it shorter.
    Issue 6 (`k6`): the title `***` says nothing.
    Issue 6 (`k6`): `criteria` must be a list, not the text `one`.
    Issue 7 (`k7`): `covers` must hold texts only, not the number 7.
    Issue 8 (`k8`): `title` must be a text, not the number 5.
    Issue 8 (`k8`): the field `description` is missing.
    Issue 8 (`k8`): the field `covers` is missing.
    The key `k1` is used twice; every issue needs its own.
    Issues 4 and 5 have the same title `send the LINK.`; join them, or say in each what is particular to it.
    Issue `k4`: `after` names the issue itself.
    Issue `k4`: `after` names `k9`, and no issue of this answer has that key.
    Issue `k5`: `parent` names `nobody`, and no issue of this answer has that key.
    Entry 1 of `not_work`: `block` names `b77`, which do not exist; the blocks here are `b1` to `b3`, as they are shown.
    Entry 2 of `not_work`: the reason for `b1` is empty.
    ");
}

#[test]
fn circles_are_shown_as_a_path() {
    let after = |key: &str, title: &str, after: &str| {
        with(issue(key, title, &["b1"]), "after", json!([after]))
    };
    let parent =
        |key: &str, title: &str, of: &str| with(issue(key, title, &["b1"]), "parent", json!(of));
    let one = reply(&[
        after("a", "Add a", "b"),
        after("b", "Add b", "c"),
        after("c", "Add c", "a"),
    ]);
    insta::assert_snapshot!(desk().complaints(&one), @"`after` goes in a circle: a → b → c → a. Leave out the one that is needed least.");
    let other = reply(&[parent("a", "Add a", "b"), parent("b", "Add b", "a")]);
    insta::assert_snapshot!(desk().complaints(&other), @"`parent` goes in a circle: a → b → a. Leave out the one that is needed least.");
}

#[test]
fn a_wrong_count_says_what_would_be_right() {
    let desk = desk();
    let say = |count| {
        read_issues(
            &good().to_string(),
            &desk.brief(),
            &desk.part(),
            Some(count),
        )
        .unwrap_err()
        .join("\n")
    };
    insta::assert_snapshot!(say(2), @"There must be exactly 2 issues, and there are 3. Join those that belong together.");
    insta::assert_snapshot!(say(5), @"There must be exactly 5 issues, and there are 3. Split the largest; do not invent work.");
    let mut few = super::Desk::of("Login", SPEC);
    few.wishes.maximum = 2;
    insta::assert_snapshot!(few.complaints(&good()), @"There are 3 issues, and at most 2 are allowed. Join those that belong together.");
    insta::assert_snapshot!(desk.complaints(&json!({"issues": [], "not_work": []})), @"There is no issue at all. Plan the work, or list every block under `not_work` with its reason.");
}

#[test]
fn the_count_and_its_reason_are_read() {
    let desk = desk();
    let read = |text: &str| read_count(text, &desk.brief());
    let count = read("{\"count\": 3, \"reason\": \"Three\\nwishes.\"}").unwrap();
    assert_eq!((count.count, count.reason.as_str()), (3, "Three wishes."));
    for (text, says) in [
        (
            "{\"count\": 0, \"reason\": \"x\"}",
            "`count` must be a whole number from 1 to 100, not the number 0.",
        ),
        ("{\"count\": 101, \"reason\": \"x\"}", "not the number 101."),
        ("{\"count\": 2.5, \"reason\": \"x\"}", "not the number 2.5."),
        ("{\"count\": \"3\", \"reason\": \"x\"}", "not the text `3`."),
        (
            "{\"count\": 1e999, \"reason\": \"x\"}",
            "The JSON cannot be read",
        ),
        ("{\"count\": 3}", "the field `reason` is missing"),
    ] {
        let said = read(text).unwrap_err().join("\n");
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[test]
fn complaints_are_bounded() {
    let issues: Vec<Value> = (0..3_000).map(|n| json!({"key": n, "title": n})).collect();
    let complaints = desk().read(&reply(&issues)).unwrap_err();
    assert!(complaints.len() <= 60, "{}", complaints.len());
    assert!(complaints[0].contains("3000 issues"), "{}", complaints[0]);
}

#[test]
fn forgotten_blocks_go_to_an_issue_that_is_there_or_to_a_new_one() {
    let desk = desk();
    let first = desk
        .read(&reply(&[issue("k1", "Add a login form", &["b1"])]))
        .unwrap();
    let so_far = [(desk.part(), first)];
    let left = uncovered(&desk.brief(), &so_far, &desk.structural);
    assert_eq!(left, ["b2", "b3"]);
    let part = missing_part(&desk.brief(), &left, 2, 10_000);
    let bad = json!({"extends": [{"issue": "1.k9", "covers": ["b1"]}], "issues": [issue("n", "add a login form", &["b3"])], "not_work": []});
    let said = read_missing(&bad.to_string(), &desk.brief(), &part, &so_far)
        .unwrap_err()
        .join("\n");
    insta::assert_snapshot!(said, @"
    n: an issue with the title `Add a login form` is there already; use `extends`, or another title.
    Entry 1 of `extends`: there is no issue `1.k9` in the list; write it as there, for example `1.k2`.
    Entry 1 of `extends`: `covers` names `b1`, which are not among the blocks shown in full here; name such blocks in `after_blocks` only.
    ");
    let fine = json!({"extends": [{"issue": "1.k1", "covers": ["b2"]}], "issues": [issue("n", "Store sessions", &["b3"])], "not_work": []});
    let more = read_missing(&fine.to_string(), &desk.brief(), &part, &so_far).unwrap();
    let all = [so_far[0].clone(), (part, more)];
    assert_eq!(
        uncovered(&desk.brief(), &all, &desk.structural),
        Vec::<String>::new()
    );
    insta::assert_snapshot!(outline(&desk.assembled(&all).plan), @"
    i1: Add a login form [b1 b2]
    i2: Store sessions [b3]
    ");
}

#[test]
fn titles_that_collide_are_varied() {
    let desk = desk();
    let mut plan = desk.plan(&good()).plan;
    let ids = ["i1".to_owned(), "i2".to_owned()];
    let taken = ["Add a login form".to_owned()];
    let read = |value: Value| read_varied(&value.to_string(), &plan, &ids, &taken);
    let bad = json!({"varied": [{"id": "i1", "title": "Add a login form!", "note": ""}, {"id": "i7", "title": "x", "note": ""}]});
    insta::assert_snapshot!(read(bad).unwrap_err().join("\n"), @"
    `i1`: the title `Add a login form!` is taken.
    `i7` is not among the issues, or is there twice.
    There is no entry for i2.
    ");
    let fine = json!({"varied": [
        {"id": "i1", "title": "Add a login form for mail", "note": "For mail only, @alice <!-- x -->."},
        {"id": "i2", "title": "Send the link by mail", "note": ""}]});
    let varied = read(fine).unwrap();
    apply_varied(&mut plan, &varied);
    assert_eq!(plan.issues[0].title, "Add a login form for mail");
    assert!(
        plan.issues[0]
            .body
            .starts_with("For mail only, @\u{200b}alice .\n\nAdd a login form"),
        "{}",
        plan.issues[0].body
    );
    assert_eq!(coverage::check(&plan), Vec::<String>::new());
}
