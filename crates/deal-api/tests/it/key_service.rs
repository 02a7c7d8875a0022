//! A module that fetches the service's keys from a server.

use crate::{
    double::{Double, Script, nobody},
    world::{NOW, clock, private_key},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tally_deal::Network;
use tally_deal_node::module::{
    JwtKey, KeyRound, KeyService, KeyServiceConfig, Remote, RemoteConfig, ServerAddress,
    ServiceAccount, ServiceKeyUnknown, Verdict,
};
use tally_http::Shutdown;
use tally_pgp::{BitcoinKey, SecretKey, Server, ServiceRecord};

const TOKEN: &str = "/oauth2/token";
const SERVICE: &str = "/api/v1/key/public?account=DEFAULT";
const NAME: &str = "BM-2cXtL92m3CavBKx8qsV2LbZtAU3eQxW2rB";
const OWN: &str = "/api/v1/key/public?account=BM-2cXtL92m3CavBKx8qsV2LbZtAU3eQxW2rB";

fn account() -> ServiceAccount {
    let text = json!({
        "issuers": ["accounts.example"],
        "client_id": "service-shop",
        "client_secret": "shop-secret",
    });
    ServiceAccount::parse(&text.to_string()).unwrap()
}

fn service(
    servers: Vec<ServerAddress>,
    account: Option<ServiceAccount>,
) -> (KeyService, Arc<Remote>) {
    let remote = RemoteConfig { servers, ..RemoteConfig::default() };
    let remote = Arc::new(Remote::new(remote).unwrap());
    let config = KeyServiceConfig {
        remote: Arc::clone(&remote),
        account,
        server_name: None,
        service_key: None,
        network: Network::Test,
        clock: clock(),
        randomness: Arc::new(|| 0),
    };
    (KeyService::new(config).unwrap(), remote)
}

/// The key of a service whose record names one server and two Bitcoin keys.
fn record_key(seed: u8, server: &str, numbers: [u8; 2]) -> SecretKey {
    let key = |number| BitcoinKey(*private_key(number).public_key().as_bytes());
    let record = ServiceRecord {
        fee: Some("0.1%".to_owned()),
        period_minutes: 30,
        key_count: Some(2),
        servers: vec![Server { name: NAME.to_owned(), url: server.to_owned() }],
        bitcoin_keys: numbers.map(key).to_vec(),
    };
    SecretKey::generate(&record.user_ids().unwrap(), &[seed; 32], NOW - 1000).unwrap()
}

fn says(value: &serde_json::Value) -> Script {
    Script::Says(200, "application/json", value.to_string())
}

fn shows(key: &SecretKey) -> Script {
    says(&json!({ "data": key.public().to_armored() }))
}

/// A server with a token, the service's key and its own.
async fn server() -> Double {
    let double = Double::start().await;
    double.plays_at(TOKEN, says(&json!({ "access_token": "token-1" })));
    let url = format!("http://{}", double.address);
    double.plays_at(SERVICE, shows(&record_key(1, &url, [1, 2])));
    let own = SecretKey::generate(&["server".to_owned()], &[2; 32], NOW - 1000).unwrap();
    double.plays_at(OWN, shows(&own));
    double
}

/// Goal: with its account the module gets a token, and with the token the keys.
#[tokio::test]
async fn keys_are_fetched_with_a_token() {
    let double = server().await;
    let (service, remote) = service(vec![double.name()], Some(account()));
    assert!(service.view().service_keys().is_err());
    assert_eq!(service.refresh().await, KeyRound::Fetched { period_minutes: 30 });

    let asked = &double.asked_at(TOKEN)[0];
    let form = String::from_utf8(asked.body.to_vec()).unwrap();
    let assertion = form.rsplit_once("assertion=").unwrap().1;
    let claims = JwtKey::new(b"shop-secret").verify(assertion, NOW + 3599).unwrap();
    assert_eq!((claims.iss.as_str(), claims.aud.as_str()), ("accounts.example", "service-shop"));
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    for path in [SERVICE, OWN] {
        let asked = &double.asked_at(path)[0];
        assert_eq!(
            (asked.method.as_str(), asked.header("authorization")),
            ("GET", Some("Bearer token-1"))
        );
    }
    let view = service.view();
    let keys = view.service_keys().unwrap();
    assert_eq!(keys.key1, private_key(1).public_key());
    assert_eq!(keys.key2, private_key(2).public_key());
    for seed in [1, 2] {
        let key = if seed == 1 {
            record_key(1, &format!("http://{}", double.address), [1, 2])
        } else {
            SecretKey::generate(&["server".to_owned()], &[2; 32], NOW - 1000).unwrap()
        };
        let signed = key.sign_clear("deal:", NOW).unwrap();
        assert_eq!(Verdict::of(signed.as_bytes(), &view.verifying, NOW), Verdict::Valid, "{seed}");
    }
    assert_eq!(view.servers, [double.name()]);
    assert!(remote.choose(Some(&double.address.to_string())).is_ok());
}

/// Goal: what money is paid to is not changed by whoever stands between module and server.
#[tokio::test]
async fn another_key_of_the_service_is_refused() {
    let double = server().await;
    let (service, remote) = service(vec![double.name()], None);
    assert_eq!(service.refresh().await, KeyRound::Fetched { period_minutes: 30 });
    assert!(double.asked_at(TOKEN).is_empty(), "without an account no token is asked for");
    double.plays_at(SERVICE, shows(&record_key(9, "http://thief.example", [3, 4])));
    assert_eq!(service.refresh().await, KeyRound::BadReply);
    let keys = service.view().service_keys().unwrap();
    assert_eq!(keys.key1, private_key(1).public_key(), "what was known stays known");
    assert!(remote.choose(Some("http://thief.example")).is_err());

    // The service itself may change its record: the same key with other user ids.
    let url = format!("http://{}", double.address);
    let changed = record_key(9, &url, [5, 6]);
    let own = record_key(1, &url, [1, 2]);
    let changed = own.with_user_ids(changed.public().user_ids(), NOW).unwrap();
    double.plays_at(SERVICE, shows(&changed));
    assert_eq!(service.refresh().await, KeyRound::Fetched { period_minutes: 30 });
    assert_eq!(service.view().service_keys().unwrap().key1, private_key(5).public_key());
}

#[tokio::test]
async fn failures_are_told_apart() {
    let (alone, _) = service(vec![nobody()], None);
    assert_eq!(alone.refresh().await, KeyRound::NoConnection);
    let (alone, _) = service(vec![nobody()], Some(account()));
    assert_eq!(alone.refresh().await, KeyRound::NoToken);

    let double = server().await;
    double.plays_at(TOKEN, Script::Says(401, "application/json", "{}".to_owned()));
    let (refused, _) = service(vec![double.name()], Some(account()));
    assert_eq!(refused.refresh().await, KeyRound::NoToken);
    assert!(double.asked_at(SERVICE).is_empty(), "no key before the first token");
    double.plays_at(TOKEN, says(&json!({ "access_token": "t" })));
    for odd in [
        Script::Says(404, "application/json", r#"{"error":{"code":404,"message":"x"}}"#.to_owned()),
        says(&json!({ "data": "no key" })),
        Script::Says(200, "text/html", "<p>".to_owned()),
    ] {
        double.plays_at(SERVICE, odd);
        assert_eq!(refused.refresh().await, KeyRound::BadReply);
    }
    assert!(refused.view().record.is_none());
}

/// Goal: a token is renewed after 55 minutes, and an old one is used until then. Method: time that is
/// moved by hand.
#[tokio::test]
async fn tokens_are_renewed_in_time() {
    let double = server().await;
    let (service, _) = service(vec![double.name()], Some(account()));
    let pass = async |minutes: u64| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(60 * minutes)).await;
        tokio::time::resume();
    };
    service.refresh().await;
    pass(54).await;
    service.refresh().await;
    assert_eq!(double.asked_at(TOKEN).len(), 1);
    pass(1).await;
    service.refresh().await;
    assert_eq!(double.asked_at(TOKEN).len(), 2);
    pass(55).await;
    double.plays_at(TOKEN, Script::Says(500, "text/plain", String::new()));
    assert_eq!(service.refresh().await, KeyRound::Fetched { period_minutes: 30 }, "the old one");
}

/// Goal: rounds come by themselves, in their rhythm, until they are stopped.
#[tokio::test]
async fn rounds_come_in_their_rhythm() {
    let double = server().await;
    let (service, _) = service(vec![double.name()], None);
    let shutdown = Shutdown::default();
    let stop = shutdown.clone();
    let service = Arc::new(service);
    let running = Arc::clone(&service);
    let running = tokio::spawn(async move { running.run(stop.triggered()).await });
    for round in 1..=3 {
        while double.asked_at(OWN).len() < round || service.view().record.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(double.asked_at(OWN).len(), round);
        // Lets the round end, and its pause begin.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(600)).await;
        tokio::time::resume();
    }
    shutdown.trigger();
    running.await.unwrap();
}

/// Goal: where money is real, nobody who stands between a module and its server names the keys that
/// money is paid to.
#[tokio::test]
async fn on_the_main_network_the_first_key_is_not_just_believed() {
    let pin = record_key(1, "http://server.example", [1, 2]).public().fingerprint();
    for (network, servers, service_key, is_taken) in [
        (Network::Main, vec!["server.example"], None, false),
        (Network::Main, vec!["https://server.example", "other.example"], None, false),
        (Network::Main, vec!["https://server.example", "https://other.example"], None, true),
        (Network::Main, vec!["server.example"], Some(pin), true),
        (Network::Test, vec!["server.example"], None, true),
    ] {
        let servers: Vec<ServerAddress> = servers.iter().map(|it| it.parse().unwrap()).collect();
        let remote = RemoteConfig { servers: servers.clone(), ..RemoteConfig::default() };
        let made = KeyService::new(KeyServiceConfig {
            remote: Arc::new(Remote::new(remote).unwrap()),
            account: None,
            server_name: None,
            service_key,
            network,
            clock: clock(),
            randomness: Arc::new(|| 0),
        });
        let expected = if is_taken { Ok(()) } else { Err(ServiceKeyUnknown) };
        assert_eq!(made.map(|_| ()), expected, "{network} {servers:?}");
    }
}
