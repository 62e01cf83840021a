//! Which layer wins.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;

fn document(json: &Value) -> Document {
    let (document, complaints) = Document::read(json);
    assert_eq!(complaints, [""; 0]);
    document
}

fn with(installation: &Value, repository: &Value, asked: &Asked) -> Settings {
    resolve(
        &Operator::default(),
        Some(&document(installation)),
        Some(&document(repository)),
        asked,
    )
}

fn set<T>(value: T, from: Layer) -> Effective<T> {
    Effective { value, from }
}

#[test]
fn with_no_documents_the_operator_holds() {
    let s = resolve(&Operator::default(), None, None, &Asked::default());
    assert_eq!(s.minimum_role, set(Role::Write, Layer::Operator));
    assert_eq!(s.max_issues, set(100, Layer::Operator));
    assert_eq!(s.confirmation_threshold, set(50, Layer::Operator));
    assert_eq!(s.rate_limit_per_minute, set(30, Layer::Operator));
    assert_eq!(s.unique_by, set(UniqueBy::Hash, Layer::Operator));
    assert_eq!(s.sub_issues, set(true, Layer::Operator));
    assert_eq!(s.dry_run, set(false, Layer::Operator));
}

#[test]
fn the_later_layer_wins() {
    let asked = Asked {
        rate_limit_per_minute: Some(60),
        dry_run: Some(true),
        ..Asked::default()
    };
    let s = with(
        &json!({"confirmation": "always", "rate_limit_per_minute": 10, "labels": ["a"]}),
        &json!({"confirmation": "auto", "rate_limit_per_minute": 20}),
        &asked,
    );
    assert_eq!(s.confirmation, set(Confirmation::Auto, Layer::Repository));
    assert_eq!(s.rate_limit_per_minute, set(60, Layer::Request));
    assert_eq!(s.labels, set(vec!["a".to_owned()], Layer::Installation));
    assert_eq!(s.dry_run, set(true, Layer::Request));
}

#[test]
fn limits_can_only_be_narrowed() {
    let s = with(
        &json!({"max_issues": 20, "minimum_role": "maintain", "content_filtering": false,
                "allowed_labels": ["Bug", "docs"], "prohibited_keywords": ["casino", "Malware"]}),
        &json!({"max_issues": 90, "minimum_role": "triage", "allowed_labels": ["bug", "x"]}),
        &Asked::default(),
    );
    assert_eq!(s.max_issues, set(20, Layer::Installation));
    assert_eq!(s.minimum_role, set(Role::Maintain, Layer::Installation));
    assert_eq!(s.content_filtering, set(true, Layer::Operator));
    assert_eq!(s.allowed_labels.from, Layer::Repository);
    assert!(s.allows_label("BUG"));
    assert!(!s.allows_label("docs") && !s.allows_label("x"));
    let words = &s.prohibited_keywords.value;
    assert_eq!(
        words.len(),
        Operator::default().prohibited_keywords.len() + 1
    );
    assert_eq!(words.last().map(String::as_str), Some("casino"));
}

#[test]
fn case_does_not_tell_repositories_apart() {
    let s = with(
        &json!({"allowed_repositories": ["acme/shop", "acme/web"]}),
        &json!({"allowed_repositories": ["Acme/Shop", "acme/other"]}),
        &Asked::default(),
    );
    let allowed = s.allowed_repositories.value.unwrap();
    let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["acme/shop"]);
}

#[test]
fn what_is_named_twice_is_kept_once_or_said() {
    let (document, wrong) = Document::check(&json!({"allowed_labels": ["Bug", "bug", " BUG "]}));
    assert_eq!(wrong, []);
    assert_eq!(document.allowed_labels.unwrap().len(), 1);
    let (_, wrong) = Document::check(&json!({"components": {"api": "o/a", " api": "o/b"}}));
    assert_eq!(wrong.len(), 1);
    assert_eq!(
        wrong[0].says,
        "`components` must name each component once, got `api` twice"
    );
}

#[test]
fn repositories_outside_the_list_are_not_allowed() {
    let s = with(
        &json!({"allowed_repositories": ["acme/app", "acme/web"]}),
        &json!({"allowed_repositories": ["acme/web", "acme/secret"]}),
        &Asked::default(),
    );
    let allowed = |name| s.allows_repository(&RepositoryName::parse(name).unwrap());
    assert!(allowed("Acme/Web"));
    assert!(!allowed("acme/app") && !allowed("acme/secret"));
}

#[test]
fn what_is_wrong_is_left_out_with_every_complaint() {
    let (read, complaints) = Document::read(&json!({
        "max_isues": 3, "colour": "red", "max_issues": 0, "rate_limit_per_minute": 81,
        "minimum_role": "none", "confirmation": "never", "labels": "bug",
        "allowed_repositories": ["nowhere"], "content_filtering": null,
        "components": {"api": "acme/api"}
    }));
    let kept = Document {
        components: Some([("api".to_owned(), RepositoryName::parse("acme/api").unwrap())].into()),
        ..Document::default()
    };
    assert_eq!(read, kept);
    assert_snapshot!(complaints.join("\n"), @r#"
    `allowed_repositories` must be a list of owner/name, got ["nowhere"]
    `colour` is not a setting
    `confirmation` must be auto or always, got "never"
    `labels` must be a list of labels, got "bug"
    `max_issues` must be 1 to 1000, got 0
    `max_isues` is not a setting; did you mean `max_issues`?
    `minimum_role` must be read, triage, write, maintain or admin, got "none"
    `rate_limit_per_minute` must be 1 to 80, got 81
    "#);
    assert_eq!(Document::read(&json!([])).1.len(), 1);
}

#[test]
fn a_document_survives_the_database() {
    let full = document(&json!({
        "confirmation": "always", "minimum_role": "admin", "max_issues": 5,
        "confirmation_threshold": 0, "rate_limit_per_minute": 80, "labels": ["a"],
        "allowed_labels": [], "allowed_repositories": ["o/r"], "allowed_providers": ["openai"],
        "content_filtering": true, "prohibited_keywords": [], "components": {"api": "o/r"}
    }));
    let stored = serde_json::to_value(&full).unwrap();
    assert_eq!(stored.as_object().map(serde_json::Map::len), Some(12));
    assert_eq!(document(&stored), full);
}
