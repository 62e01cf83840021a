//! A real server that speaks `OpenAI`'s and Anthropic's formats, where one is installed: `pip install 'litellm[proxy]'`.
//!
//! It answers by itself (its mock mode): no weights, no network.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use openproducer::ai::{AiError, Choice, Finish, Provider};
use tokio::process::{Child, Command};

use super::{PLAN, Scene, question};

const MASTER_KEY: &str = "sk-only-for-this-test";

fn config() -> String {
    let model = |name: &str, reply: &str| {
        format!(
            "  - model_name: {name}\n    litellm_params:\n      model: openai/{name}\n      api_key: none\n      mock_response: '{reply}'\n"
        )
    };
    [
        "model_list:\n".to_owned(),
        model("says", PLAN),
        model("limits", "litellm.RateLimitError"),
        model("overflows", "litellm.ContextWindowExceededError"),
        model("breaks", "litellm.InternalServerError"),
        format!("general_settings:\n  master_key: {MASTER_KEY}\n"),
    ]
    .concat()
}

/// The server on a free port, or None with the reason said where it is not installed. It ends when it is dropped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn start(folder: &Path, port: u16) -> Option<Child> {
    let file = folder.join("config.yaml");
    std::fs::write(&file, config()).unwrap();
    let server = Command::new("litellm")
        .arg("--config")
        .arg(&file)
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .args(["--telemetry", "False"])
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    match server {
        Ok(server) => Some(server),
        Err(error) => {
            eprintln!("skipped: litellm is not installed ({error}); pip install 'litellm[proxy]'");
            None
        }
    }
}

/// Below those that the system gives to whoever asks for any, so that it is still free when the server takes it.
fn free_port() -> u16 {
    loop {
        let chance = uuid::Uuid::now_v7().as_u128() % 5_000;
        let port = 10_000 + u16::try_from(chance).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The server and its port, once it listens; None where it is not installed.
async fn listening(folder: &Path) -> Option<(Child, u16)> {
    let mut last = None;
    for _ in 0..3 {
        let port = free_port();
        let mut server = start(folder, port)?;
        last = until_it_listens(&mut server, port).await;
        if last.is_none() {
            return Some((server, port));
        }
    }
    panic!("litellm ended three times, at last with {last:?}");
}

/// How it ended instead, if it did.
async fn until_it_listens(server: &mut Child, port: u16) -> Option<ExitStatus> {
    for _ in 0..1200 {
        if let Some(status) = server.try_wait().unwrap() {
            return Some(status);
        }
        let place = ("127.0.0.1", port);
        if tokio::net::TcpStream::connect(place).await.is_ok() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("litellm does not listen after four minutes");
}

/// The first questions of all may take it long.
async fn until_it_answers(t: &Scene, choice: &Choice) {
    let begun = Instant::now();
    while let Err(error) = t.models.check(choice).await {
        assert!(begun.elapsed() < Duration::from_mins(4), "{error:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn real_server_is_asked_and_understood() {
    let folder = std::env::temp_dir().join(format!("openproducer-litellm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let Some((mut server, port)) = listening(&folder).await else {
        return;
    };
    let t = Scene::within(Duration::from_mins(1)).await;
    let choice = |provider, model: &str| Choice {
        model: model.to_owned(),
        key: Some(MASTER_KEY.to_owned().into()),
        base_url: Some(format!("http://127.0.0.1:{port}/v1").parse().unwrap()),
        ..t.choice(provider)
    };
    for provider in [
        Provider::Custom,
        Provider::OpenAi,
        Provider::Zai,
        Provider::Anthropic,
    ] {
        let choice = choice(provider, "says");
        until_it_answers(&t, &choice).await;
        let answer = t.models.ask(&choice, &question()).await.unwrap();
        assert_eq!(
            (answer.text.as_str(), answer.finish),
            (PLAN, Finish::Stop),
            "{provider:?}"
        );
        assert!(answer.usage.tokens_in > 0 && !answer.usage.is_estimate);
    }
    let gemini = Choice {
        base_url: Some(format!("http://127.0.0.1:{port}/v1beta").parse().unwrap()),
        ..choice(Provider::Gemini, "says")
    };
    let answer = t.models.ask(&gemini, &question()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), (PLAN, Finish::Stop));

    for (model, error) in [
        ("overflows", AiError::TooLong),
        ("limits", AiError::RateLimited { retry_after: None }),
        ("nobody", AiError::ModelUnknown),
    ] {
        let answer = t
            .models
            .ask(&choice(Provider::Custom, model), &question())
            .await;
        assert_eq!(answer, Err(error), "{model}");
    }
    let answer = t
        .models
        .ask(&choice(Provider::Custom, "breaks"), &question())
        .await;
    assert!(matches!(answer, Err(AiError::Unavailable(_))), "{answer:?}");
    server.kill().await.unwrap();
    // It is in the temporary folder anyway.
    let _ = std::fs::remove_dir_all(&folder);
}
