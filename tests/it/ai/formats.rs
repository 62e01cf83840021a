//! Each provider's format, there and back.

use openproducer::ai::{Choice, Finish, Provider, Usage};
use openproducer::simulator::models::{Brand, Reply};
use rstest::rstest;
use serde_json::{Value, json};

use super::{KEY, PLAN, PROVIDERS, Scene, question};

#[tokio::test]
async fn every_provider_is_asked_and_understood() {
    let t = Scene::start().await;
    t.house.replies_with(|_| Reply::says(PLAN));
    for (provider, brand) in PROVIDERS {
        let answer = t.asks(provider).await.unwrap();
        assert_eq!(answer.text, PLAN, "{provider:?}");
        assert_eq!(answer.finish, Finish::Stop, "{provider:?}");
        let asked = t.house.questions().pop().unwrap();
        assert_eq!(asked.brand, brand);
        assert_eq!(asked.model, "sim-large", "{provider:?}");
        assert_eq!(asked.prompt, "Plan a login form.", "{provider:?}");
        assert!(asked.system.starts_with("You plan."), "{provider:?}");
        assert_eq!(asked.key.as_deref(), Some(KEY), "{provider:?}");
        assert!(!asked.path.contains(KEY), "the key is in no address");
        let tokens_in = (asked.system.len().div_ceil(4) + asked.prompt.len().div_ceil(4)) as u64;
        let usage = Usage {
            tokens_in: u32::try_from(tokens_in).unwrap(),
            tokens_out: u32::try_from(PLAN.len().div_ceil(4)).unwrap(),
            is_estimate: false,
        };
        assert_eq!(answer.usage, usage, "{provider:?}");
    }
    assert_eq!(t.house.questions().len(), PROVIDERS.len());
}

#[tokio::test]
async fn schema_goes_where_the_provider_looks_for_it() {
    let t = Scene::start().await;
    for (provider, field) in [
        (Provider::OpenAi, "/response_format/json_schema/schema"),
        (Provider::Custom, "/response_format/json_schema/schema"),
        (Provider::Gemini, "/generationConfig/responseJsonSchema"),
        (Provider::Anthropic, "/output_config/format/schema"),
    ] {
        t.asks(provider).await.unwrap();
        let asked = t.house.questions().pop().unwrap();
        let schema = asked.body.pointer(field);
        assert_eq!(schema, Some(&question().schema), "{provider:?}");
        assert_eq!(asked.system, "You plan.");
    }
    t.asks(Provider::Zai).await.unwrap();
    let asked = t.house.questions().pop().unwrap();
    assert_eq!(
        asked.body["response_format"],
        json!({"type": "json_object"})
    );
    assert!(asked.system.contains(&question().schema.to_string()));
}

#[tokio::test]
async fn question_looks_as_the_provider_documents_it() {
    let t = Scene::start().await;
    let with = |provider| Choice {
        temperature: Some(0.5),
        max_tokens: Some(4096),
        ..t.choice(provider)
    };
    let mut bodies = Vec::new();
    for provider in [Provider::OpenAi, Provider::Gemini, Provider::Anthropic] {
        t.models.ask(&with(provider), &question()).await.unwrap();
        let asked = t.house.questions().pop().unwrap();
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("user-agent"), Some("OpenProducer"));
        if provider == Provider::Anthropic {
            assert_eq!(asked.header("anthropic-version"), Some("2023-06-01"));
        }
        bodies.push((asked.path, asked.body));
    }
    let schema = question().schema;
    let told = [
        (
            "/openai/v1/chat/completions",
            json!({
                "model": "sim-large",
                "stream": false,
                "messages": [
                    {"role": "system", "content": "You plan."},
                    {"role": "user", "content": "Plan a login form."},
                ],
                "response_format": {"type": "json_schema", "json_schema": {"name": "plan", "strict": true, "schema": schema}},
                "temperature": 0.5,
                "max_tokens": 4096,
            }),
        ),
        (
            "/gemini/v1beta/models/sim-large:generateContent",
            json!({
                "systemInstruction": {"parts": [{"text": "You plan."}]},
                "contents": [{"role": "user", "parts": [{"text": "Plan a login form."}]}],
                "generationConfig": {
                    "responseMimeType": "application/json",
                    "responseJsonSchema": schema,
                    "temperature": 0.5,
                    "maxOutputTokens": 4096,
                },
            }),
        ),
        (
            "/anthropic/v1/messages",
            json!({
                "model": "sim-large",
                "stream": false,
                "system": "You plan.",
                "messages": [{"role": "user", "content": "Plan a login form."}],
                "output_config": {"format": {"type": "json_schema", "schema": schema}},
                "temperature": 0.5,
                "max_tokens": 4096,
            }),
        ),
    ];
    for ((path, body), (wanted_path, wanted)) in bodies.into_iter().zip(told) {
        assert_eq!(path, wanted_path);
        assert_eq!(body, wanted);
    }
}

/// Names that the library would take apart.
#[rstest]
#[case(Provider::OpenAi, "qwen-max")]
#[case(Provider::OpenAi, "o3-mini-high")]
#[case(Provider::Custom, "team::planner-low")]
#[case(Provider::Custom, "llama3.2:3b")]
#[case(Provider::Zai, "glm-none")]
#[case(Provider::Gemini, "gemini-flash-high")]
#[tokio::test]
async fn model_is_asked_by_the_very_name_that_was_chosen(
    #[case] provider: Provider,
    #[case] name: &str,
) {
    let t = Scene::start().await;
    t.house.add_model(name);
    let choice = Choice {
        model: name.to_owned(),
        ..t.choice(provider)
    };
    t.models.ask(&choice, &question()).await.unwrap();
    let asked = t.house.questions().pop().unwrap();
    assert_eq!(asked.model, name);
    for wish in ["reasoning_effort", "thinking"] {
        assert_eq!(asked.body.get(wish), None, "{wish}");
    }
    assert_eq!(asked.body.pointer("/generationConfig/thinkingConfig"), None);
}

#[tokio::test]
async fn base_address_works_with_and_without_its_last_slash() {
    let t = Scene::start().await;
    for (provider, brand) in PROVIDERS {
        let bare = t.house.url(brand);
        let choice = Choice {
            base_url: Some(bare.trim_end_matches('/').parse().unwrap()),
            ..t.choice(provider)
        };
        t.models.ask(&choice, &question()).await.unwrap();
    }
    assert_eq!(t.house.strayed(), 0);
}

#[tokio::test]
async fn local_server_needs_no_key_and_gets_none() {
    let t = Scene::start().await;
    let choice = Choice {
        key: None,
        ..t.choice(Provider::Custom)
    };
    t.models.ask(&choice, &question()).await.unwrap();
    let asked = t.house.questions().pop().unwrap();
    assert_eq!(asked.brand, Brand::Local);
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn thoughts_in_front_of_a_local_models_reply_are_left_out() {
    let t = Scene::start().await;
    let aloud = format!("<think>\nHm, {{\"count\": 9}}?\n</think>\n{PLAN}");
    let (answer, _) = t.meets(Provider::Custom, &[Reply::says(aloud)]).await;
    assert_eq!(answer.unwrap().text, PLAN);
}

#[tokio::test]
async fn house_that_nobody_told_replies_by_the_schema() {
    let t = Scene::start().await;
    let answer = t.asks(Provider::OpenAi).await.unwrap();
    let value: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(value, json!({"count": 1, "titles": ["Simulated"]}));
}

/// Runs the first test again in a process whose environment names a proxy that is not there.
#[test]
fn proxies_of_the_environment_are_not_used() {
    let test = "ai::formats::every_provider_is_asked_and_understood";
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", test, "--test-threads", "1"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"] {
        again.env(name, "http://127.0.0.1:9");
    }
    let said = again.output().unwrap();
    let printed = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
}
