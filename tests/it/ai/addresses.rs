//! Where a tenant's address may lead: nowhere that the public internet does not.

use std::net::IpAddr;

use openproducer::ai::{AiError, Choice, Models, Provider};
use openproducer::simulator::models::Brand;
use rstest::rstest;
use url::Url;

use super::{Scene, question};

fn tenants(t: &Scene, address: &str) -> Choice {
    Choice {
        base_url: Some(Url::parse(address).unwrap()),
        is_tenants: true,
        ..t.choice(Provider::Custom)
    }
}

async fn refuses(models: &Models, choice: &Choice) {
    for answer in [
        models.ask(choice, &question()).await.map(|_| ()),
        models.check(choice).await,
    ] {
        let Err(AiError::Address(why)) = answer else {
            panic!("{choice:?}: {answer:?}");
        };
        assert!(why.starts_with("it must"), "{why}");
    }
}

#[rstest]
#[case("http", "127.0.0.1")]
#[case("https", "127.0.0.1")]
#[case("https", "localhost")]
#[case("https", "2130706433")]
#[case("https", "0x7f.1")]
#[case("https", "0177.1")]
#[case("https", "[::1]")]
#[case("https", "[::ffff:127.0.0.1]")]
#[case("https", "user:password@127.0.0.1")]
#[tokio::test]
async fn tenants_cannot_reach_this_machine(#[case] scheme: &str, #[case] host: &str) {
    let t = Scene::start().await;
    let port = t.house.origin().rsplit_once(':').unwrap().1.to_owned();
    refuses(
        &t.models,
        &tenants(&t, &format!("{scheme}://{host}:{port}/local/v1/")),
    )
    .await;
    refuses(
        &t.models,
        &tenants(&t, &format!("{scheme}://{host}/local/v1/")),
    )
    .await;
    assert!(t.house.asked().is_empty());
}

#[rstest]
#[case("127.0.0.1")]
#[case("10.1.2.3")]
#[case("169.254.169.254")]
#[case("100.64.0.1")]
#[case("::1")]
#[case("fd00::1")]
#[case("fe80::1")]
#[case("::ffff:10.0.0.1")]
#[case("64:ff9b::7f00:1")]
#[tokio::test]
async fn name_is_judged_by_the_address_that_is_connected_to(#[case] address: IpAddr) {
    let t = Scene::start().await;
    let hosts = [("models.example.com".to_owned(), vec![address])];
    let models = t.models.clone().with_hosts(hosts);
    refuses(&models, &tenants(&t, "https://models.example.com/v1/")).await;
}

#[tokio::test]
async fn operator_may_permit_private_addresses() {
    let t = Scene::start().await;
    let home = tenants(&t, &t.house.url(Brand::Local));
    refuses(&t.models, &home).await;
    let models = t.models.clone().allow_private(true);
    models.ask(&home, &question()).await.unwrap();
    assert_eq!(t.house.questions().len(), 1);
    for special in [
        "http://169.254.169.254/v1/",
        "http://0.0.0.0/v1/",
        "http://[fe80::1]/v1/",
    ] {
        refuses(&models, &tenants(&t, special)).await;
    }
    refuses(&models, &tenants(&t, "http://8.8.8.8/v1/")).await;
    let hosts = [(
        "meta.example.com".to_owned(),
        vec![[169, 254, 169, 254].into()],
    )];
    let models = models.with_hosts(hosts);
    refuses(&models, &tenants(&t, "http://meta.example.com/v1/")).await;
}

#[tokio::test]
async fn https_is_really_spoken() {
    let t = Scene::start().await;
    let address = t.house.url(Brand::Local).replace("http://", "https://");
    let models = t.models.clone().allow_private(true);
    let answer = models.ask(&tenants(&t, &address), &question()).await;
    let insecure = "no secure connection to it can be made";
    assert_eq!(answer, Err(AiError::Unavailable(insecure.to_owned())));
    assert!(t.house.asked().is_empty());
}

#[tokio::test]
async fn address_of_the_operator_may_be_anything() {
    let t = Scene::start().await;
    t.asks(Provider::Custom).await.unwrap();
    let choice = Choice {
        base_url: None,
        ..t.choice(Provider::Custom)
    };
    let answer = t.models.ask(&choice, &question()).await;
    assert_eq!(answer, Err(AiError::Address("none is set".to_owned())));
}
