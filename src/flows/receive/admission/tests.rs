//! Every delivery that is kept, and every reason for which one is not.

use rstest::rstest;
use serde_json::{Value, json};

use super::*;

fn us() -> Identity {
    Identity {
        names: BotNames {
            names: vec!["TheOpenProducerBot".to_owned(), "open-producer".to_owned()],
        },
        app_id: Some(3),
        logins: vec!["open-producer[bot]".to_owned()],
    }
}

fn person() -> Value {
    json!({ "id": 5, "login": "ann", "type": "User" })
}

fn judged(event: &str, payload: &Value) -> Verdict {
    let text = payload.to_string();
    judge(event, &Glimpse::of(text.as_bytes()).unwrap(), &us()).unwrap()
}

fn opened(body: &str) -> Value {
    json!({ "action": "opened", "sender": person(), "issue": { "title": "Auth", "body": body, "user": person() } })
}

fn commented(action: &str, body: &str) -> Value {
    json!({ "action": action, "sender": person(), "issue": { "title": "Auth", "body": "-", "user": person() },
            "comment": { "body": body, "user": person(), "performed_via_github_app": null } })
}

#[rstest]
#[case::mention("@TheOpenProducerBot\nBuild it")]
#[case::any_case("please, @theopenproducerBOT")]
#[case::slug("@open-producer go")]
#[case::slash("Spec\r\n/spawn-issues\r\ncount: 3")]
fn an_issue_that_names_us_concerns_us(#[case] body: &str) {
    assert_eq!(judged("issues", &opened(body)), Verdict::Concerns);
    assert_eq!(
        judged("issue_comment", &commented("created", body)),
        Verdict::Concerns
    );
}

#[test]
fn names_in_json_escapes_are_found() {
    let text = opened("HERE go")
        .to_string()
        .replace("HERE", "\\u0040TheOpenProducer\\u0042ot");
    let glimpse = Glimpse::of(text.as_bytes()).unwrap();
    assert_eq!(judge("issues", &glimpse, &us()), Ok(Verdict::Concerns));
}

#[test]
fn an_issue_without_our_name_does_not_concern_us() {
    assert_eq!(
        judged("issues", &opened("It crashes.")),
        Verdict::Ignored(Reason::NoMention)
    );
    let mut nothing = opened("");
    nothing["issue"]["body"] = Value::Null;
    assert_eq!(
        judged("issues", &nothing),
        Verdict::Ignored(Reason::NoMention)
    );
    assert_eq!(
        judged("issue_comment", &commented("created", "+1")),
        Verdict::Ignored(Reason::NoMention)
    );
}

#[test]
fn bots_and_ourselves_are_not_listened_to() {
    let mut by_bot = opened("@TheOpenProducerBot");
    by_bot["sender"] = json!({ "id": 6, "login": "dependabot[bot]", "type": "Bot" });
    assert_eq!(judged("issues", &by_bot), Verdict::Ignored(Reason::Bot));

    let mut by_us = commented("created", "@TheOpenProducerBot confirm");
    by_us["comment"]["performed_via_github_app"] = json!({ "id": 3 });
    assert_eq!(
        judged("issue_comment", &by_us),
        Verdict::Ignored(Reason::Ourselves)
    );
    by_us["sender"] = json!({ "id": 41, "login": "Open-Producer[bot]", "type": "Bot" });
    assert_eq!(
        judged("issue_comment", &by_us),
        Verdict::Ignored(Reason::Ourselves)
    );
}

#[test]
fn pull_requests_do_not_concern_us() {
    let mut opened = opened("@TheOpenProducerBot");
    opened["issue"]["pull_request"] = json!({ "url": "…" });
    assert_eq!(
        judged("issues", &opened),
        Verdict::Ignored(Reason::PullRequest)
    );
    let mut commented = commented("created", "@TheOpenProducerBot status");
    commented["issue"]["pull_request"] = json!({ "url": "…" });
    assert_eq!(
        judged("issue_comment", &commented),
        Verdict::Ignored(Reason::PullRequest)
    );
}

#[test]
fn boxes_that_a_person_ticks_in_our_comment_concern_us() {
    let mut ticked = commented("edited", "- [x] one");
    assert_eq!(
        judged("issue_comment", &ticked),
        Verdict::Ignored(Reason::Action),
        "a comment of theirs"
    );
    ticked["comment"]["user"] = json!({ "id": 41, "login": "open-producer[bot]", "type": "Bot" });
    assert_eq!(judged("issue_comment", &ticked), Verdict::Concerns);
    ticked["sender"] = ticked["comment"]["user"].clone();
    assert_eq!(
        judged("issue_comment", &ticked),
        Verdict::Ignored(Reason::Ourselves)
    );
}

#[test]
fn an_edited_text_of_a_person_may_be_a_specification() {
    let mut edited = opened("It crashes.");
    edited["action"] = json!("edited");
    edited["changes"] = json!({ "title": { "from": "Old" } });
    assert_eq!(judged("issues", &edited), Verdict::Ignored(Reason::Action));
    edited["changes"] = json!({ "body": { "from": "Old" } });
    assert_eq!(judged("issues", &edited), Verdict::Concerns);
    edited["sender"] = json!({ "id": 41, "login": "open-producer[bot]", "type": "Bot" });
    assert_eq!(
        judged("issues", &edited),
        Verdict::Ignored(Reason::Ourselves)
    );
    let words = commented("edited", "@TheOpenProducerBot\n\nBuild it");
    assert_eq!(judged("issue_comment", &words), Verdict::Concerns);
}

#[rstest]
#[case("installation", "created", Verdict::Concerns)]
#[case("installation", "new_permissions_accepted", Verdict::Concerns)]
#[case("installation_repositories", "removed", Verdict::Concerns)]
#[case("installation_target", "renamed", Verdict::Concerns)]
#[case("repository", "transferred", Verdict::Concerns)]
#[case("github_app_authorization", "revoked", Verdict::Concerns)]
#[case("marketplace_purchase", "cancelled", Verdict::Concerns)]
#[case("repository", "edited", Verdict::Ignored(Reason::Action))]
#[case("issues", "labeled", Verdict::Ignored(Reason::Action))]
#[case("issues", "", Verdict::Ignored(Reason::Action))]
#[case("issue_comment", "deleted", Verdict::Ignored(Reason::Action))]
#[case("ping", "", Verdict::Ignored(Reason::Ping))]
#[case("star", "created", Verdict::Ignored(Reason::Event))]
fn events_are_kept_by_name_and_action(
    #[case] event: &str,
    #[case] action: &str,
    #[case] expected: Verdict,
) {
    assert_eq!(judged(event, &json!({ "action": action })), expected);
}

#[test]
fn a_payload_without_what_it_is_about_is_malformed() {
    let text = json!({ "action": "opened", "sender": person() }).to_string();
    let said = judge("issues", &Glimpse::of(text.as_bytes()).unwrap(), &us());
    assert_eq!(said, Err("there is no `issue` in the payload".to_owned()));
    let text =
        json!({ "action": "opened", "sender": person(), "issue": { "title": 7, "body": "@TheOpenProducerBot" } }).to_string();
    assert!(judge("issues", &Glimpse::of(text.as_bytes()).unwrap(), &us()).is_err());
}
