//! What an operator sees of the client: a line and a count for each request, and never a secret.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use http::Method;
use metrics_exporter_prometheus::PrometheusBuilder;
use openproducer::simulator::{Effect, Fault};
use tracing_subscriber::fmt::MakeWriter;

use super::{ISSUES, Scene, titled};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn every_request_is_logged_once_and_without_secrets() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .with_ansi(false)
        .finish();
    let listening = tracing::subscriber::set_default(subscriber);
    let t = Scene::start().await;
    let leak = "Bad ghs_16C7e42F292c6912E7710c838347Ae178B4a";
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).then(Effect::status(400, leak)));
    let error = t
        .repo
        .create_issue(&titled("Secret plans"))
        .await
        .unwrap_err();
    t.repo.create_issue(&titled("Secret plans")).await.unwrap();
    drop(listening);

    let text = format!(
        "{}\n{error}\n{error:?}\n{:?}\n{:?}",
        lines.text(),
        t.github,
        t.repo
    );
    let ours = text.lines().filter(|line| line.contains("asked GitHub"));
    let told = ours.filter(|line| line.contains(r#"route="/repos/{owner}/{repo}/issues""#));
    let told: Vec<&str> = told.collect();
    assert_eq!(told.len(), 2, "{text}");
    let id = format!("installation.id={}", t.installation.id());
    assert!(
        told[1].contains("status=201") && told[1].contains(&id),
        "{}",
        told[1]
    );
    for secret in ["ghs_", "eyJ", "Bearer", "PRIVATE KEY", "Secret plans"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let page = recorder.handle();
    let counting = metrics::set_default_local_recorder(&recorder);
    let t = Scene::start().await;
    let forbidden = format!("{}/repos/acme/shop/contents/x", t.sim.api_url());
    let astray = Effect::status(307, "Temporary Redirect").with_header("Location", &forbidden);
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).then(astray));
    t.repo.create_issue(&titled("One")).await.unwrap_err();
    t.repo.create_issue(&titled("One")).await.unwrap();
    t.repo.create_issue(&titled("Two")).await.unwrap();
    drop(counting);

    let page = page.render();
    for line in [
        r#"github_requests_total{method="POST",route="/repos/{owner}/{repo}/issues",status="2xx"} 2"#,
        r#"github_requests_total{method="POST",route="/repos/{owner}/{repo}/issues",status="3xx"} 1"#,
        r#"github_requests_total{method="POST",route="none",status="none"} 1"#,
        "github_requests_refused_total 1",
        "github_tokens_minted_total 1",
    ] {
        assert!(page.contains(line), "{line} not in\n{page}");
    }
}
