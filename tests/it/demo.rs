//! The demo as a visitor starts it: the program itself, on specifications of three shapes.

use rstest::rstest;
use tokio::process::Command;

#[rstest]
#[case::requirements("team-inbox-prd.md")]
#[case::phases("billing-migration.md")]
#[case::one_paragraph("dark-mode-wish.md")]
#[tokio::test]
async fn the_demo_creates_every_planned_issue_and_clears_away(#[case] spec: &str) {
    let home = tempfile();
    let path = format!("{}/docs/examples/{spec}", env!("CARGO_MANIFEST_DIR"));
    let mut demo = Command::new(env!("CARGO_BIN_EXE_openproducer"));
    demo.args(["demo", &path, "--once"])
        .env("XDG_DATA_HOME", &home)
        .kill_on_drop(true);
    let child = demo
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let pid = child.id().expect("a process");
    let done = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    let (outline, figures) = said
        .split_once("3. What stands on GitHub now")
        .expect("its end");
    assert!(outline.contains("waiting for your confirmation"), "{said}");
    let line = figures
        .lines()
        .find(|l| l.contains("planned issues created"))
        .expect("the figures");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[1], words[3], "{line}");
    assert_eq!(
        figures.matches("[sub-issue of #").count().to_string(),
        words[1],
        "{said}"
    );
    for folder in [
        format!("{home}/openproducer"),
        "/var/lib/openproducer".to_owned(),
    ] {
        let left = format!("{folder}/demo-{pid}");
        assert!(
            !std::path::Path::new(&left).exists(),
            "{left} is left behind"
        );
    }
}

/// A folder for one test; the demo empties it itself.
fn tempfile() -> String {
    let name = format!("openproducer-demo-{}", uuid::Uuid::now_v7().simple());
    std::env::temp_dir().join(name).display().to_string()
}
