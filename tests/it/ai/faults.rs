//! Everything that goes wrong at a provider: what the caller is told, after how many sends.

use std::time::Duration;

use openproducer::ai::{AiError, Choice, Finish, Provider, Question};
use openproducer::simulator::models::Reply;
use rstest::rstest;
use serde_json::json;

use super::{PLAN, PROVIDERS, Scene, question};
use crate::harness::port::closed_port;

fn unavailable(status: u16, message: &str) -> AiError {
    AiError::Unavailable(format!("it answered {status}: {message}"))
}

#[tokio::test]
async fn wrong_key_and_unknown_model_are_said_after_one_send() {
    let t = Scene::start().await;
    t.house.only_key("another");
    for (provider, _) in PROVIDERS {
        let (answer, sends) = t.meets(provider, &[]).await;
        assert_eq!(
            (answer, sends),
            (Err(AiError::Unauthorized), 1),
            "{provider:?}"
        );
    }
    t.house.only_key(super::KEY);
    for (provider, _) in PROVIDERS {
        let choice = Choice {
            model: "sim-none".to_owned(),
            ..t.choice(provider)
        };
        let before = t.house.questions().len();
        let answer = t.models.ask(&choice, &question()).await;
        assert_eq!(answer, Err(AiError::ModelUnknown), "{provider:?}");
        assert_eq!(t.house.questions().len(), before + 1);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_sent() {
    let t = Scene::start().await;
    let with = |provider, model: &str, key: Option<&str>| Choice {
        model: model.to_owned(),
        key: key.map(|key| key.to_owned().into()),
        ..t.choice(provider)
    };
    for (choice, error) in [
        (
            with(Provider::OpenAi, "sim-large", None),
            AiError::Unauthorized,
        ),
        (
            with(Provider::Gemini, "sim-large", Some("")),
            AiError::Unauthorized,
        ),
        (
            with(Provider::OpenAi, "sim-large", Some("a\nb")),
            AiError::Unauthorized,
        ),
        (with(Provider::OpenAi, "", Some("k")), AiError::ModelUnknown),
        (
            with(Provider::OpenAi, &"m".repeat(201), Some("k")),
            AiError::ModelUnknown,
        ),
        (
            with(Provider::Gemini, "../../v1/x", Some("k")),
            AiError::ModelUnknown,
        ),
        (
            with(Provider::Gemini, "a?key=b", Some("k")),
            AiError::ModelUnknown,
        ),
    ] {
        assert_eq!(t.models.ask(&choice, &question()).await, Err(error));
    }
    assert!(t.house.asked().is_empty());
}

#[tokio::test]
async fn passing_trouble_is_asked_again_and_forgotten() {
    let t = Scene::start().await;
    for (provider, _) in PROVIDERS {
        for trouble in [
            Reply::too_many(None),
            Reply::too_many(Some("0")),
            Reply::fails(500, "oops"),
            Reply::fails(503, "overloaded"),
            Reply::fails(529, "overloaded"),
            Reply::Half(PLAN.to_owned()),
            Reply::Drops,
        ] {
            let replies = [trouble.clone(), trouble.clone(), Reply::says(PLAN)];
            let (answer, sends) = t.meets(provider, &replies).await;
            assert_eq!(answer.unwrap().text, PLAN, "{provider:?}: {trouble:?}");
            assert_eq!(sends, 3, "{provider:?}: {trouble:?}");
        }
    }
}

#[tokio::test]
async fn trouble_that_stays_is_told_after_three_sends() {
    let t = Scene::start().await;
    let broken = AiError::CutOff;
    for (provider, _) in PROVIDERS {
        for (trouble, error) in [
            (
                Reply::too_many(None),
                AiError::RateLimited { retry_after: None },
            ),
            (Reply::fails(500, "oops"), unavailable(500, "oops")),
            (Reply::fails(503, "busy"), unavailable(503, "busy")),
            (Reply::Half(PLAN.to_owned()), broken.clone()),
        ] {
            let replies = vec![trouble.clone(); 3];
            let (answer, sends) = t.meets(provider, &replies).await;
            assert_eq!(
                (answer, sends),
                (Err(error), 3),
                "{provider:?}: {trouble:?}"
            );
        }
    }
}

#[tokio::test]
async fn longer_retry_after_than_there_is_time_goes_back_to_the_caller() {
    let t = Scene::start().await;
    let limited = |seconds| {
        let retry_after = Some(Duration::from_secs(seconds));
        Err(AiError::RateLimited { retry_after })
    };
    assert_eq!(t.clock.now().to_rfc3339(), "2026-11-22T12:00:00+00:00");
    for (header, wait) in [("120", 120), ("Sun, 22 Nov 2026 12:01:30 GMT", 90)] {
        let (answer, sends) = t
            .meets(Provider::OpenAi, &[Reply::too_many(Some(header))])
            .await;
        assert_eq!((answer, sends), (limited(wait), 1), "{header}");
    }
    let date = "Sun, 22 Nov 2026 11:00:00 GMT";
    let replies = [Reply::too_many(Some(date)), Reply::says(PLAN)];
    let (answer, sends) = t.meets(Provider::OpenAi, &replies).await;
    assert!(answer.is_ok(), "a time gone by is now");
    assert_eq!(sends, 2);
    let body = json!({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "41s"},
    ]}});
    let google = Reply::Raw {
        status: 429,
        content_type: "application/json".to_owned(),
        body: body.to_string(),
    };
    let (answer, sends) = t.meets(Provider::Gemini, &[google]).await;
    assert_eq!((answer, sends), (limited(41), 1));
}

#[tokio::test]
async fn silence_and_slow_drips_end_with_the_time() {
    let t = Scene::within(Duration::from_secs(3)).await;
    for trouble in [
        Reply::Hangs,
        Reply::Drips(PLAN.to_owned(), Duration::from_secs(1)),
    ] {
        let (answer, sends) = t
            .meets(Provider::OpenAi, std::slice::from_ref(&trouble))
            .await;
        assert_eq!((answer, sends), (Err(AiError::TimedOut), 1), "{trouble:?}");
    }
}

#[tokio::test]
async fn slow_reply_within_the_time_is_a_reply() {
    let t = Scene::start().await;
    let slow = Reply::Drips(PLAN.to_owned(), Duration::from_millis(5));
    let (answer, sends) = t.meets(Provider::Anthropic, &[slow]).await;
    assert_eq!((answer.unwrap().text.as_str(), sends), (PLAN, 1));
}

#[tokio::test]
async fn cut_refused_and_blocked_replies_say_so() {
    let t = Scene::start().await;
    let refused = || Finish::Refused("I cannot help with that.".to_owned());
    let blocked = |why: &str| Finish::Blocked(why.to_owned());
    let no = Reply::Refuses("I cannot help with that.".to_owned());
    for (provider, reply, finish) in [
        (Provider::OpenAi, no.clone(), refused()),
        (Provider::Custom, no.clone(), refused()),
        (Provider::Anthropic, no.clone(), refused()),
        (Provider::Gemini, no.clone(), blocked("SAFETY")),
        (Provider::OpenAi, Reply::Blocks, blocked("content_filter")),
        (Provider::Gemini, Reply::Blocks, blocked("SAFETY")),
        (
            Provider::Anthropic,
            Reply::Blocks,
            Finish::Refused(String::new()),
        ),
    ] {
        let (answer, sends) = t.meets(provider, std::slice::from_ref(&reply)).await;
        assert_eq!(
            (answer.unwrap().finish, sends),
            (finish, 1),
            "{provider:?}: {reply:?}"
        );
    }
    for (provider, _) in PROVIDERS {
        let cut = Reply::Length(r#"{"count": 2, "ti"#.to_owned());
        let (answer, sends) = t.meets(provider, &[cut]).await;
        let answer = answer.unwrap();
        assert_eq!((answer.finish, sends), (Finish::Length, 1), "{provider:?}");
        assert_eq!(answer.text, r#"{"count": 2, "ti"#);
        assert!(answer.usage.tokens_out > 0);
    }
}

#[tokio::test]
async fn reply_that_does_not_say_what_it_cost_is_estimated() {
    let t = Scene::start().await;
    for (provider, _) in PROVIDERS {
        let reply = Reply::WithoutUsage(PLAN.to_owned());
        let (answer, _) = t.meets(provider, &[reply]).await;
        let usage = answer.unwrap().usage;
        assert!(usage.is_estimate, "{provider:?}");
        assert!(usage.tokens_in > 0 && usage.tokens_out > 0, "{provider:?}");
    }
}

#[rstest]
#[case("text/html", "<h1>It works!</h1>", "it is not JSON")]
#[case("application/json", "{\"choices\": [", "its JSON is broken")]
#[case("application/json", "\u{feff}\u{0}", "its JSON is broken")]
#[case("application/json", "[]", "")]
#[case("application/json", "{}", "")]
#[case("application/json", "null", "")]
#[case(
    "application/json",
    "{\"choices\": [], \"content\": [], \"candidates\": []}",
    "it holds no answer"
)]
#[case(
    "application/json",
    "{\"choices\": {\"0\": 1}, \"content\": 5, \"candidates\": \"x\"}",
    ""
)]
#[tokio::test]
async fn rubbish_is_unreadable_and_not_asked_for_again(
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] why: &str,
) {
    let t = Scene::start().await;
    for (provider, _) in PROVIDERS {
        let rubbish = Reply::Raw {
            status: 200,
            content_type: content_type.to_owned(),
            body: body.to_owned(),
        };
        let (answer, sends) = t.meets(provider, &[rubbish]).await;
        let Err(AiError::Unreadable(said)) = answer else {
            panic!("{provider:?}: {answer:?}");
        };
        assert!(said.contains(why), "{provider:?}: {said}");
        assert_eq!(sends, 1, "{provider:?}");
    }
}

#[tokio::test]
async fn error_in_place_of_an_answer_is_an_error() {
    let t = Scene::start().await;
    let with = |error: serde_json::Value| Reply::Raw {
        status: 200,
        content_type: "application/json".to_owned(),
        body: json!({ "error": error }).to_string(),
    };
    for (provider, _) in PROVIDERS {
        let (answer, sends) = t
            .meets(
                provider,
                &[with(json!({"message": "no such thing", "code": "odd"}))],
            )
            .await;
        let rejected = AiError::Rejected("it answered 400: no such thing".to_owned());
        assert_eq!((answer, sends), (Err(rejected), 1), "{provider:?}");
        let busy = with(json!({"message": "busy", "code": 502}));
        let (answer, sends) = t.meets(provider, &[busy, Reply::says(PLAN)]).await;
        assert!(answer.is_ok(), "{provider:?}: {answer:?}");
        assert_eq!(sends, 2, "{provider:?}");
    }
}

#[rstest]
#[case(Provider::OpenAi, Reply::fails(400, "This model's maximum context length is 8192 tokens.").with_code("context_length_exceeded"), AiError::TooLong)]
#[case(
    Provider::Anthropic,
    Reply::fails(400, "prompt is too long: 210000 tokens > 200000 maximum"),
    AiError::TooLong
)]
#[case(
    Provider::Anthropic,
    Reply::fails(413, "Request exceeds the maximum size"),
    AiError::TooLong
)]
#[case(
    Provider::Gemini,
    Reply::fails(
        400,
        "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)."
    ),
    AiError::TooLong
)]
#[case(Provider::Zai, Reply::fails(400, "Prompt exceeds max length").with_code("1261"), AiError::TooLong)]
#[case(Provider::OpenAi, Reply::fails(429, "You exceeded your current quota").with_code("insufficient_quota"), AiError::NoCredit)]
#[case(
    Provider::Anthropic,
    Reply::fails(400, "Your credit balance is too low to access the Anthropic API."),
    AiError::NoCredit
)]
#[case(Provider::Zai, Reply::fails(429, "Insufficient balance").with_code("1113"), AiError::NoCredit)]
#[case(
    Provider::Custom,
    Reply::fails(402, "Payment required"),
    AiError::NoCredit
)]
#[case(
    Provider::OpenAi,
    Reply::fails(403, "Country not supported"),
    AiError::Unauthorized
)]
#[case(
    Provider::Custom,
    Reply::fails(400, "Invalid model name passed in model=sim-large"),
    AiError::ModelUnknown
)]
#[case(Provider::Zai, Reply::fails(400, "Unknown Model").with_code("1211"), AiError::ModelUnknown)]
#[case(Provider::OpenAi, Reply::fails(400, "Unsupported value: 'temperature' does not support 0.2"), AiError::Rejected("it answered 400: Unsupported value: 'temperature' does not support 0.2".to_owned()))]
#[tokio::test]
async fn providers_own_words_are_understood(
    #[case] provider: Provider,
    #[case] reply: Reply,
    #[case] error: AiError,
) {
    let t = Scene::start().await;
    let (answer, sends) = t.meets(provider, &[reply]).await;
    assert_eq!((answer, sends), (Err(error), 1));
}

#[tokio::test]
async fn server_that_takes_no_schema_is_told_it_in_words() {
    let t = Scene::start().await;
    let no = Reply::fails(400, "This response_format type is unavailable now");
    let replies = [no.clone(), Reply::says(PLAN)];
    let (answer, sends) = t.meets(Provider::Custom, &replies).await;
    assert_eq!((answer.unwrap().text.as_str(), sends), (PLAN, 2));
    let asked = t.house.questions().pop().unwrap();
    assert_eq!(asked.schema, None);
    assert!(asked.system.contains(&question().schema.to_string()));
    let (answer, sends) = t.meets(Provider::Custom, &[no.clone(), no]).await;
    assert!(matches!(answer, Err(AiError::Rejected(_))), "{answer:?}");
    assert_eq!(sends, 2, "once is enough");
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let t = Scene::start().await;
    for status in [301, 302, 303, 307, 308] {
        for (provider, _) in PROVIDERS {
            let (answer, sends) = t.meets(provider, &[Reply::Redirects(status)]).await;
            assert!(matches!(answer, Err(AiError::Address(_))), "{answer:?}");
            assert_eq!(sends, 1);
        }
    }
    assert_eq!(t.house.strayed(), 0);
}

#[tokio::test]
async fn huge_reply_is_cut_off() {
    let t = Scene::start().await;
    let (answer, sends) = t
        .meets(Provider::OpenAi, &[Reply::Huge(200 * 1024 * 1024)])
        .await;
    let longer = AiError::Unreadable("it is longer than 4 megabytes".to_owned());
    assert_eq!((answer, sends), (Err(longer), 1));
    let sent = t.house.bytes_sent();
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes were taken");
}

#[tokio::test]
async fn long_question_and_long_answer_go_through() {
    let t = Scene::start().await;
    let long = "é and more. ".repeat(80_000);
    t.house.queue(Reply::says(long.trim()));
    let question = Question {
        prompt: long.clone(),
        ..question()
    };
    let answer = t.models.ask(&t.choice(Provider::OpenAi), &question).await;
    assert_eq!(answer.unwrap().text, long.trim());
    assert_eq!(t.house.questions()[0].prompt, long);
}

#[tokio::test]
async fn provider_that_is_not_there_is_unavailable() {
    let t = Scene::start().await;
    let (_closed, place) = closed_port();
    for (address, why) in [
        (format!("http://{place}/v1/"), "its host does not answer"),
        (
            "http://nowhere.example.com/v1/".to_owned(),
            "no address is known for its host name",
        ),
    ] {
        let choice = Choice {
            base_url: Some(address.parse().unwrap()),
            ..t.choice(Provider::Custom)
        };
        let known = [("nowhere.example.com".to_owned(), Vec::new())];
        let models = t.models.clone().with_hosts(known);
        let answer = models.ask(&choice, &question()).await;
        assert_eq!(answer, Err(AiError::Unavailable(why.to_owned())));
    }
}

#[tokio::test]
async fn no_more_than_32_questions_are_under_way_at_once() {
    let t = Scene::within(Duration::from_mins(2)).await;
    t.house.replies_with(|_| Reply::Hangs);
    let choice = t.choice(Provider::OpenAi);
    let asked: Vec<_> = (0..48)
        .map(|_| {
            let (models, choice) = (t.models.clone(), choice.clone());
            tokio::spawn(async move { models.ask(&choice, &question()).await })
        })
        .collect();
    while t.house.questions().len() < 32 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // One more would be on its way by now.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(t.house.questions().len(), 32);
    // Those who give up make room for the others.
    for first in &asked[..16] {
        first.abort();
    }
    while t.house.questions().len() < 48 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
