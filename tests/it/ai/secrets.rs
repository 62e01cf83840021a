//! No key, header, question or reply reaches a log, an error or a metric.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use openproducer::ai::{AiError, Provider};
use openproducer::simulator::models::Reply;

use super::{KEY, PLAN, PROVIDERS, Scene};

/// What only the model may say.
const WORD: &str = "xylophone";

/// Everything that is logged while it is held.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn leaks(text: &str) -> bool {
    [KEY, WORD, "Plan a login form"]
        .iter()
        .any(|secret| text.contains(secret))
}

#[tokio::test]
async fn nothing_leaks_at_the_finest_level() {
    let t = Scene::start().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("trace,axum=off,tower=off,hyper=trace")
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log works");
    for (provider, _) in PROVIDERS {
        for reply in [
            Reply::says(format!("{PLAN} {WORD}")),
            Reply::Length(WORD.to_owned()),
            Reply::Half(format!("{WORD}{WORD}")),
            Reply::fails(500, "oops"),
            Reply::Raw {
                status: 200,
                content_type: "text/html".to_owned(),
                body: format!("{WORD} {KEY}"),
            },
            Reply::Raw {
                status: 200,
                content_type: "application/json".to_owned(),
                body: format!("{{\"{WORD}\": "),
            },
        ] {
            let (answer, _) = t.meets(provider, &[reply]).await;
            if let Err(error) = answer {
                assert!(!leaks(&format!("{error} {error:?}")), "{error:?}");
            }
        }
        t.models.check(&t.choice(provider)).await.unwrap();
    }
    let text = log.text();
    assert!(text.contains("the log works"));
    let line = text.lines().find(|line| leaks(line));
    assert_eq!(line, None);
}

#[tokio::test]
async fn of_a_complaint_one_short_line_without_keys_is_kept() {
    let t = Scene::start().await;
    let message = format!(
        "Bad thing with {KEY} and sk-proj-123\nsecond line {WORD} {}",
        "x ".repeat(500)
    );
    for (provider, _) in PROVIDERS {
        let (answer, _) = t.meets(provider, &[Reply::fails(400, &message)]).await;
        let kept = "it answered 400: Bad thing with [redacted] and [redacted]";
        assert_eq!(
            answer,
            Err(AiError::Rejected(kept.to_owned())),
            "{provider:?}"
        );
    }
    let long = "words ".repeat(500);
    let (answer, _) = t.meets(Provider::OpenAi, &[Reply::Refuses(long)]).await;
    assert!(format!("{:?}", answer.unwrap().finish).len() < 250);
}

#[test]
fn choice_shows_no_key_and_no_password() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut choice = runtime.block_on(Scene::start()).choice(Provider::Custom);
    choice.base_url = Some("https://user:pass-word@example.com/".parse().unwrap());
    let shown = format!("{choice:?}");
    assert!(!leaks(&shown) && !shown.contains("pass-word"), "{shown}");
    assert!(shown.contains("example.com"));
}

#[tokio::test]
async fn sends_and_tokens_are_counted_by_provider_alone() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let t = Scene::start().await;
    let replies = [Reply::fails(500, "oops"), Reply::says(PLAN)];
    t.meets(Provider::OpenAi, &replies).await.0.unwrap();
    let (answer, _) = t.meets(Provider::Gemini, &[Reply::fails(400, "no")]).await;
    answer.unwrap_err();
    let text = handle.render();
    for line in [
        r#"ai_requests_total{provider="openai",result="unavailable"} 1"#,
        r#"ai_requests_total{provider="openai",result="answered"} 1"#,
        r#"ai_requests_total{provider="gemini",result="rejected"} 1"#,
        r#"ai_tokens_total{provider="openai",direction="out"} 15"#,
        r#"ai_request_seconds_count{provider="openai"} 1"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!leaks(&text));
}
