//! A tenant's own model: with its own key, at its own address, within the operator's walls.

use openproducer::cli::server::Parts;
use openproducer::config::EncryptionKey;
use openproducer::domain::ids::{InstallationId, RepositoryId};
use openproducer::domain::settings::Provider;
use openproducer::simulator::models::{Brand, ModelHouse};
use openproducer::store::ai_keys::{self, Slot};
use openproducer::store::sealed::Seal;
use openproducer::store::settings;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{KEY, SPEC, Scene, how, plan};
use crate::harness::house::House;

const OWN: &str = "tenant-key-that-nobody-may-see";

fn sealed(parts: &mut Parts) {
    parts.seal = Some(Seal::new(&EncryptionKey::from_bytes([3; 32])));
}

fn in_a_private_network(parts: &mut Parts) {
    sealed(parts);
    parts.ai.models = parts.ai.models.clone().allow_private(true);
}

fn scene(more: fn(&mut Parts)) -> Scene {
    Scene {
        more,
        ..Scene::default()
    }
}

fn tenant(t: &House) -> InstallationId {
    InstallationId(i64::try_from(t.installation).unwrap())
}

async fn set(t: &House, repository: Option<RepositoryId>, document: Value) {
    settings::insert(
        t.pool(),
        tenant(t),
        repository,
        &document,
        "olivia",
        t.services().clock.now(),
    )
    .await
    .unwrap();
}

async fn give_key(
    t: &House,
    repository: Option<RepositoryId>,
    provider: Provider,
    address: Option<&str>,
) {
    let address = address.map(|a| a.parse().unwrap());
    let slot = Slot {
        installation: tenant(t),
        repository,
        provider,
        origin: ai_keys::origin(address.as_ref()),
    };
    let services = t.services();
    let seal = services.seal.as_ref().unwrap();
    let key = SecretString::from(OWN);
    ai_keys::set(
        t.pool(),
        &slot,
        &key,
        (seal, &services.chance),
        "olivia",
        t.services().clock.now(),
    )
    .await
    .unwrap();
}

fn own_model(models: &ModelHouse) -> Value {
    json!({"provider": "custom", "model": "sim-small", "base_url": models.url(Brand::Local)})
}

#[tokio::test]
async fn a_tenant_s_model_is_asked_with_the_tenant_s_key_alone() {
    scene(in_a_private_network)
        .run(async |t, models| {
            set(t, None, own_model(models)).await;
            give_key(t, None, Provider::Custom, Some(&models.url(Brand::Local))).await;
            let trigger = t.opens("Accounts", SPEC).await;
            assert_eq!(plan(t, &trigger).await["planner"], "custom/sim-small");
            assert!(!models.asked().is_empty());
            for asked in models.asked() {
                assert_eq!(asked.key.as_deref(), Some(OWN));
            }
            let own: bool = sqlx::query_scalar("select bool_and(is_tenants) from ai_calls")
                .fetch_one(t.pool())
                .await
                .unwrap();
            assert!(own);
        })
        .await;
}

#[tokio::test]
async fn a_tenant_s_address_in_the_operator_s_network_is_never_asked() {
    scene(sealed)
        .run(async |t, models| {
            for address in [
                models.url(Brand::Local),
                "https://127.0.0.1/v1/".to_owned(),
                "https://169.254.169.254/latest/".to_owned(),
                "https://[::1]/v1/".to_owned(),
                "http://example.org/v1/".to_owned(),
            ] {
                set(
                    t,
                    None,
                    json!({"provider": "custom", "model": "sim-small", "base_url": address}),
                )
                .await;
                give_key(t, None, Provider::Custom, Some(&address)).await;
                let trigger = t.opens("Accounts", SPEC).await;
                assert_eq!(
                    plan(t, &trigger).await["planner"],
                    "structural",
                    "{address}"
                );
                let preview = t.bot_comment(&trigger);
                assert!(
                    preview.contains("address cannot be used"),
                    "{address}: {preview}"
                );
                assert!(!preview.contains(OWN));
            }
            assert!(models.asked().is_empty());
        })
        .await;
}

#[tokio::test]
async fn a_key_is_sent_to_no_other_address_than_it_was_given_for() {
    scene(in_a_private_network)
        .run(async |t, models| {
            // An admin who cannot read the key leads the settings to an address of their own.
            give_key(t, None, Provider::Custom, Some("https://llm.example.org/v1/")).await;
            set(t, None, own_model(models)).await;
            let trigger = t.opens("Accounts", SPEC).await;
            // A server of that kind may need no key: it is asked without one.
            assert!(models.asked().iter().all(|asked| asked.key.is_none()), "{:?}", models.asked());
            assert_eq!(plan(t, &trigger).await["planner"], "custom/sim-small");

            set(t, None, json!({"provider": "openai", "model": "sim-small", "base_url": models.url(Brand::OpenAi)})).await;
            let trigger = t.opens("More", SPEC).await;
            assert_eq!(how(t, &trigger).await["degraded"]["why"], "no_key");
            assert!(models.asked().iter().all(|asked| asked.key.as_deref() != Some(KEY)));
        })
        .await;
}

#[tokio::test]
async fn the_repository_s_own_choice_comes_before_the_installation_s() {
    scene(in_a_private_network)
        .run(async |t, models| {
            let shop = RepositoryId(i64::try_from(t.shop().id()).unwrap());
            set(t, None, json!({"provider": "none"})).await;
            let first = t.opens("Accounts", SPEC).await;
            assert_eq!(plan(t, &first).await["planner"], "structural");
            assert!(
                how(t, &first).await["degraded"].is_null(),
                "nobody wanted a model"
            );
            assert!(models.asked().is_empty());

            set(t, Some(shop), own_model(models)).await;
            give_key(
                t,
                Some(shop),
                Provider::Custom,
                Some(&models.url(Brand::Local)),
            )
            .await;
            let second = t.opens("Accounts", SPEC).await;
            assert_eq!(plan(t, &second).await["planner"], "custom/sim-small");
        })
        .await;
}

#[tokio::test]
async fn policy_can_leave_a_provider_out() {
    scene(sealed)
        .run(async |t, models| {
            set(t, None, json!({"allowed_providers": ["gemini"]})).await;
            let trigger = t.opens("Accounts", SPEC).await;
            assert!(models.asked().is_empty());
            assert!(
                t.bot_comment(&trigger)
                    .contains("the policy does not allow `openai`")
            );
        })
        .await;
}

#[tokio::test]
async fn a_key_under_another_encryption_key_has_to_be_entered_again() {
    scene(in_a_private_network)
        .run(async |t, models| {
            set(t, None, own_model(models)).await;
            give_key(t, None, Provider::Custom, Some(&models.url(Brand::Local))).await;
            sqlx::query("update ai_keys set sealed = set_byte(sealed, 3, get_byte(sealed, 3) # 1)")
                .execute(t.pool())
                .await
                .unwrap();
            let trigger = t.opens("Accounts", SPEC).await;
            assert!(t.bot_comment(&trigger).contains("has to be entered again"));
            assert!(models.asked().is_empty());
        })
        .await;
}
