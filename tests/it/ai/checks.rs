//! The cheap look whether a model is there.

use openproducer::ai::{AiError, Choice, Provider};
use openproducer::domain::ids::InstallationId;
use openproducer::simulator::models::Reply;

use super::{PROVIDERS, Scene, question};

#[tokio::test]
async fn listed_model_is_not_even_asked() {
    let t = Scene::start().await;
    for (provider, _) in PROVIDERS {
        let before = t.house.asked().len();
        t.models.check(&t.choice(provider)).await.unwrap();
        let asked = t.house.asked();
        assert_eq!(asked.len(), before + 1, "{provider:?}");
        assert_eq!(asked[before].method, "GET");
        assert!(asked[before].path.ends_with("/models"), "{provider:?}");
        assert!(asked[before].key.is_some(), "{provider:?}");
    }
}

#[tokio::test]
async fn where_the_list_does_not_tell_one_tiny_question_does() {
    let t = Scene::start().await;
    t.house.add_model("sim-alias");
    for list in [
        Reply::fails(404, "no such page"),
        Reply::Raw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: r#"{"data": [{"id": "other"}], "models": [{"name": "models/other"}]}"#.to_owned(),
        },
        Reply::Raw {
            status: 200,
            content_type: "text/html".to_owned(),
            body: "hello".to_owned(),
        },
    ] {
        t.house.lists_with(Some(list));
        for (provider, _) in PROVIDERS {
            let before = t.house.questions().len();
            t.models.check(&t.choice(provider)).await.unwrap();
            let asked = t.house.questions();
            assert_eq!(asked.len(), before + 1, "{provider:?}");
            assert!(asked[before].body.to_string().contains("16"), "it is tiny");
            let choice = Choice {
                model: "sim-none".to_owned(),
                ..t.choice(provider)
            };
            let unknown = t.models.check(&choice).await;
            assert_eq!(unknown, Err(AiError::ModelUnknown), "{provider:?}");
        }
    }
}

#[tokio::test]
async fn trouble_is_told_at_once_and_nothing_is_sent_again() {
    let t = Scene::start().await;
    for (list, error) in [
        (Reply::fails(401, "no"), AiError::Unauthorized),
        (
            Reply::fails(503, "busy"),
            AiError::Unavailable("it answered 503: busy".to_owned()),
        ),
        (
            Reply::too_many(Some("7")),
            AiError::RateLimited {
                retry_after: Some(std::time::Duration::from_secs(7)),
            },
        ),
    ] {
        t.house.lists_with(Some(list));
        let before = t.house.asked().len();
        let checked = t.models.check(&t.choice(Provider::OpenAi)).await;
        assert_eq!(checked, Err(error));
        assert_eq!(t.house.asked().len(), before + 1);
    }
}

#[tokio::test]
async fn tenants_whose_models_hang_leave_places_for_others() {
    let t = Scene::within(std::time::Duration::from_mins(2)).await;
    t.house.replies_with(|_| Reply::Hangs);
    let choice = t.choice(Provider::OpenAi);
    let mut waiting = Vec::new();
    for tenant in [1, 2].map(InstallationId) {
        for _ in 0..20 {
            let (models, choice) = (t.models.of(tenant), choice.clone());
            waiting.push(tokio::spawn(async move {
                models.ask(&choice, &question()).await
            }));
        }
    }
    while t.house.questions().len() < 16 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let other = t.models.of(InstallationId(3));
    other.check(&choice).await.unwrap();
    assert_eq!(t.house.questions().len(), 16, "eight of each tenant");
    assert_eq!(t.house.asked().len(), 17, "and the look of the other");
    for task in waiting {
        task.abort();
    }
}
