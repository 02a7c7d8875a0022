//! Tokens, sessions, signatures.

use crate::{
    client::{FORM, JSON, Reply, TEXT, form},
    world::{CREATE, NOW, ONE, PAYMENT, World, private_key, secret},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tally_deal::{
    access,
    message_signature::{Header, sign},
};
use tally_deal_api::{AccessRule, OAuthClient};
use tally_deal_node::module::{Claims, JwtKey, ServiceAccount};

const STATUS: &str = "/api/v1/account/status?address=null";

async fn guarded() -> World {
    World::with(|_, api| {
        api.access = AccessRule::Required;
        api.clients = vec![OAuthClient {
            id: "shop".to_owned(),
            secret: secret("shop-secret"),
            issuers: vec!["accounts.example".to_owned()],
            is_operator: false,
        }];
        api.module.address = Some(ONE.to_owned());
    })
    .await
}

async fn token(world: &World, fields: &[(&str, &str)]) -> Reply {
    world.post("/oauth2/token", FORM, &form(fields)).await
}

async fn shop(world: &World) -> Value {
    let reply = token(
        world,
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "shop"),
            ("client_secret", "shop-secret"),
        ],
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply.json()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name}: {value}"))
}

async fn with(world: &World, headers: &[(&str, &str)]) -> Reply {
    world.send("GET", STATUS, headers, "").await
}

async fn bearer(world: &World, token: &str) -> Reply {
    with(world, &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn strangers_get_nothing_that_is_anybody_s() {
    let world = guarded().await;
    for path in [
        STATUS,
        "/api/v1/deal/list",
        "/api/v1/events",
        "/api/v1/webhooks",
        "/api/v1/deal/status?address=x",
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.error(), (401, "Unauthorized.".to_owned()), "{path}");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer realm=\"Access denied\", error="), "{challenge}");
    }
    for path in ["/api/v1/ping", "/api/v1/time", "/api/v1/help"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    assert_eq!(world.get("/api/v1/key/public?account=DEFAULT").await.status, 200);
}

#[tokio::test]
async fn tokens_open_until_they_end() {
    let world = guarded().await;
    let given = shop(&world).await;
    assert_eq!(given["token_type"], "Bearer");
    assert_eq!(given["expires_in"], 3600);
    assert_eq!((text(&given, "session").len(), text(&given, "secret").len()), (40, 64));
    let access = text(&given, "access_token");
    assert_eq!(bearer(&world, access).await.status, 200);
    world.clock.set(NOW + 3600);
    let reply = bearer(&world, access).await;
    assert_eq!(reply.error(), (403, "Token not FOUND or has expired.".to_owned()));
    assert_eq!(reply.json()["error"]["code"], 40_301);
    for bad in ["", "x", "a.b.c", &format!("{access}x")] {
        let reply = bearer(&world, bad).await;
        assert_eq!(reply.error(), (400, "Token invalid.".to_owned()), "{bad}");
        assert_eq!(reply.json()["error"]["code"], 40_005);
    }
    let refresh = text(&given, "refresh_token");
    assert_eq!(bearer(&world, refresh).await.status, 400, "a refresh token opens nothing");
}

/// Goal: a refresh token is good once, and for its client.
#[tokio::test]
async fn refresh_tokens_are_good_once() {
    let world = guarded().await;
    let given = shop(&world).await;
    let renew = async |refresh: &str, client: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", client),
            ("client_secret", "shop-secret"),
        ];
        token(&world, &fields).await
    };
    let refresh = text(&given, "refresh_token").to_owned();
    let anonymous = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(token(&world, &anonymous).await.status, 403);
    let next = renew(&refresh, "shop").await;
    assert_eq!(next.status, 200, "{}", next.text);
    assert_eq!(next.json()["session"], given["session"]);
    assert_eq!(renew(&refresh, "shop").await.status, 403, "used");
    assert_eq!(bearer(&world, text(&next.json(), "access_token")).await.status, 200);
    let access = text(&given, "access_token");
    assert_eq!(renew(access, "shop").await.status, 400, "an access token renews nothing");
}

#[tokio::test]
async fn grants_that_are_not_good_are_refused() {
    let world = guarded().await;
    for (fields, status, word) in [
        (vec![], 400, "invalid_request"),
        (vec![("grant_type", "magic")], 400, "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials")], 401, "invalid_client"),
        (
            vec![
                ("grant_type", "client_credentials"),
                ("client_id", "shop"),
                ("client_secret", "x"),
            ],
            401,
            "invalid_client",
        ),
        (
            vec![("grant_type", "password"), ("username", ONE), ("password", "wrong")],
            401,
            "login_failed",
        ),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x")], 400, "token_invalid"),
    ] {
        let reply = token(&world, &fields).await;
        assert_eq!(reply.status, status, "{fields:?}: {}", reply.text);
        assert_eq!(reply.json()["error"]["error"], word, "{fields:?}");
    }
    let basic = format!("Basic {}", STANDARD.encode("shop:shop-secret"));
    let headers = [("authorization", basic.as_str()), ("content-type", JSON)];
    let body = r#"{"grant_type":"client_credentials"}"#;
    let reply = world.send("POST", "/oauth2/token", &headers, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let twice = r#"{"grant_type":"password","grant_type":"client_credentials"}"#;
    assert_eq!(world.send("POST", "/oauth2/token", &headers, twice).await.status, 400);
}

/// Goal: a module gets its token as its operator's file says.
#[tokio::test]
async fn assertions_of_service_accounts_are_good() {
    let world = guarded().await;
    let account = |secret: &str, issuer: &str| {
        let text = json!({
            "type": "service_account",
            "issuers": [issuer],
            "client_id": "shop",
            "client_secret": secret,
            "algorithm": "HS256",
        });
        ServiceAccount::parse(&text.to_string()).unwrap()
    };
    let assertion = |iat: u64, exp: u64| {
        let (iss, aud) = ("accounts.example".to_owned(), "shop".to_owned());
        let claims = Claims { iss, aud, iat, exp, ..Claims::default() };
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let assertion = JwtKey::new(b"shop-secret").sign(&claims);
        form(&[("grant_type", grant), ("assertion", &assertion)])
    };
    // A clock that is a little ahead is no reason.
    let reply = world.post("/oauth2/token", FORM, &assertion(NOW + 60, NOW + 3660)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let good = account("shop-secret", "accounts.example").token_request(NOW);
    let reply = world.post("/oauth2/token", FORM, &good).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(bearer(&world, text(&reply.json(), "access_token")).await.status, 200);
    for bad in [
        account("other", "accounts.example").token_request(NOW),
        account("shop-secret", "elsewhere.example").token_request(NOW),
        account("shop-secret", "accounts.example").token_request(NOW - 3600),
        // Good from later on, and good for too long.
        account("shop-secret", "accounts.example").token_request(NOW + 61),
        assertion(NOW, NOW + 3661),
        assertion(NOW, NOW + 1_000_000_000_000),
        assertion(NOW + 61, NOW + 3600),
        assertion(NOW, u64::MAX),
    ] {
        let reply = world.post("/oauth2/token", FORM, &bad).await;
        assert_eq!(reply.json()["error"]["error"], "invalid_grant", "{}", reply.text);
    }
    // The key that signs tokens is nobody's secret but the server's.
    let claims = Claims { sub: "shop".to_owned(), exp: NOW + 60, ..Claims::default() };
    let forged = JwtKey::new(b"shop-secret").sign(&claims);
    assert_eq!(bearer(&world, &forged).await.status, 400);
}

/// Goal: one client does not spend what another one sells. Method: a deal of each of two clients,
/// completed by the other.
#[tokio::test]
async fn clients_complete_their_own_deals() {
    let names = ["one", "two", "boss"];
    let world = World::with(|_, api| {
        api.access = AccessRule::Required;
        api.clients = names
            .map(|id| OAuthClient {
                id: id.to_owned(),
                secret: secret(id),
                issuers: vec![],
                is_operator: id == "boss",
            })
            .to_vec();
    })
    .await;
    let mut tokens = vec![];
    for name in names {
        let fields =
            [("grant_type", "client_credentials"), ("client_id", name), ("client_secret", name)];
        let given = token(&world, &fields).await.json();
        tokens.push(format!("Bearer {}", text(&given, "access_token")));
    }
    let [one, two, boss] = &tokens[..] else { panic!("{tokens:?}") };
    let ask = async |token: &str, path: &str, body: &str| {
        let headers = [("authorization", token), ("content-type", JSON)];
        world.send("POST", path, &headers, body).await.result()
    };
    assert!(ask(one, "/api/v1/deal", CREATE).await.0);
    assert_eq!(
        ask(two, "/api/v1/deal", CREATE).await,
        (false, "The deal was made before, by somebody else.".to_owned())
    );
    let mut order: Value = serde_json::from_str(CREATE).unwrap();
    order["payment"]["address"] = PAYMENT.into();
    let order = order.to_string();
    let complete = async |token: &str| ask(token, "/api/v1/deal/complete", &order).await.1;
    let others = "The deal was made by somebody else, and is not signed by the customer.";
    assert_eq!(complete(two).await, others);
    let too_early = "The deal is Created: complete is not possible.";
    assert_eq!(complete(one).await, too_early);
    assert_eq!(complete(boss).await, too_early);
}

#[tokio::test]
async fn passwords_of_accounts_open_sessions() {
    let world = guarded().await;
    let given = shop(&world).await;
    let headers = [
        ("authorization", format!("Bearer {}", text(&given, "access_token"))),
        ("content-type", TEXT.to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    // Only who has the key of the address may say with which password it is opened.
    let message = format!("2022-04-11\n{ONE}\npassword: correct horse");
    let signature = sign(&private_key(1), message.as_bytes(), Header::Compressed);
    let body = format!("{message}\n{signature}");
    let reply = world.send("POST", "/api/v1/account/new", &headers, &body).await;
    assert!(reply.result().0, "{}", reply.text);
    let login = async |password: &str| {
        let fields = [("grant_type", "password"), ("username", ONE), ("password", password)];
        token(&world, &fields).await
    };
    assert_eq!(login("wrong horse").await.error(), (401, "Login failed.".to_owned()));
    let own = login("correct horse").await.json();
    let header = format!("Bearer {}", text(&own, "access_token"));
    let headers = [("authorization", header.as_str())];
    let list = world.send("GET", "/api/v1/deal/list", &headers, "").await;
    assert_eq!((list.status, list.json()), (200, json!([])));
    let path = "/api/v1/deal/list?party=n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK";
    assert_eq!(world.send("GET", path, &headers, "").await.status, 403, "deals of others");
    for path in ["/api/v1/webhooks", "/api/v1/events", "/api/v1/account/list"] {
        assert_eq!(world.send("GET", path, &headers, "").await.status, 403, "{path}");
    }
    let out = world.send("POST", "/api/v1/sign/out", &headers, "").await;
    assert_eq!(out.json(), json!({ "result": true }));
    assert_eq!(world.send("GET", STATUS, &headers, "").await.status, 403, "the session has ended");
}

/// Goal: the key of an account gives a token, once for each code.
#[tokio::test]
async fn the_key_of_an_account_gives_a_token() {
    let world = guarded().await;
    let given = shop(&world).await;
    let header = format!("Bearer {}", text(&given, "access_token"));
    let headers = [("authorization", header.as_str()), ("content-type", FORM)];
    let body = form(&[("address", ONE)]);
    assert!(world.send("POST", "/api/v1/account/new", &headers, &body).await.result().0);
    let signature = sign(&private_key(1), b"nonce-42", Header::Compressed);
    let body = form(&[("code", "nonce-42"), ("sign", &signature)]);
    let path = format!("/api/v1/account/token?address={ONE}");
    let reply = world.post(&path, FORM, &body).await;
    assert!(reply.result().0, "{}", reply.text);
    assert_eq!(reply.json()["action"], "Token");
    let access = reply.json()["token"]["access_token"].as_str().unwrap().to_owned();
    assert_eq!(bearer(&world, &access).await.status, 200);
    assert!(!world.post(&path, FORM, &body).await.result().0, "the code was used");
    let forged = sign(&private_key(2), b"nonce-43", Header::Compressed);
    let body = form(&[("code", "nonce-43"), ("sign", &forged)]);
    let reply = world.post(&path, FORM, &body).await;
    assert!(!reply.result().0 && reply.json().get("token").is_none(), "{}", reply.text);
}

/// Goal: requests signed by the secret of a session are good once, for a short time.
#[tokio::test]
async fn signed_requests_are_good_once_and_for_a_while() {
    let world = guarded().await;
    let given = shop(&world).await;
    let (session, key) = (text(&given, "session"), text(&given, "secret"));
    let ask = async |nonce: u64, body: &str, signature: &str, query: &str| {
        let nonce = nonce.to_string();
        let headers = [
            ("session", session),
            ("nonce", nonce.as_str()),
            ("signature", signature),
            ("content-type", JSON),
        ];
        let path = format!("/API/v1/User/profile?{query}");
        world.send("POST", &path, &headers, body).await
    };
    let body = r#"{"code":"n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"}"#;
    let now = NOW * 1_000_000;
    let signed = |nonce: u64, body: &str| {
        access::sign("/user/profile", &nonce.to_string(), body.as_bytes(), key)
    };
    let good = signed(now, body);
    assert_eq!(ask(now, body, &good, "").await.status, 404, "let in: there is no such account");
    let replayed = ask(now, body, &good, "").await;
    let refused = (401, "Signature is incorrect or missing.".to_owned());
    assert_eq!(replayed.error(), refused);
    assert_eq!(replayed.json()["error"]["code"], 40_107);
    let later = now + 1;
    let other = body.replace("n2f3", "n2f4");
    assert_eq!(ask(later, &other, &signed(later, body), "").await.error(), refused);
    assert_eq!(ask(later, body, "", "").await.error(), refused);
    let old = now - 5_000_001;
    let timed_out = (400, "Request timed out.".to_owned());
    assert_eq!(ask(old, body, &signed(old, body), "").await.error(), timed_out);
    assert_eq!(ask(old, body, &signed(old, body), "receive_window=6000").await.status, 404);
    let ahead = now + 5_000_000;
    assert_eq!(ask(ahead, body, &signed(ahead, body), "").await.error(), timed_out);
    // What is refused does not use its nonce up.
    assert_eq!(ask(later, body, &signed(later, body), "").await.status, 404);
}

#[tokio::test]
async fn sessions_open_with_their_secret() {
    let world = guarded().await;
    let given = shop(&world).await;
    let (session, key) = (text(&given, "session"), text(&given, "secret"));
    assert_eq!(with(&world, &[("session", session), ("secret", key)]).await.status, 200);
    let wrong = with(&world, &[("session", session), ("secret", "x")]).await;
    assert_eq!(wrong.error(), (401, "Login failed.".to_owned()));
    assert_eq!(with(&world, &[("session", session)]).await.status, 401);
    let unknown = "0".repeat(40);
    let reply = with(&world, &[("session", &unknown), ("secret", key)]).await;
    assert_eq!(reply.error(), (403, "Token not FOUND or has expired.".to_owned()));
    for odd in ["x", "../token-key", &"A".repeat(40)] {
        assert_eq!(with(&world, &[("session", odd), ("secret", key)]).await.status, 403, "{odd}");
    }
    assert_eq!(with(&world, &[("signature", "x")]).await.status, 401);
}

/// Goal: the module's address is known to everybody and opens nothing, as it did in 2020; a client's
/// secret is for the token endpoint.
#[tokio::test]
async fn basic_credentials_open_nothing() {
    let world = guarded().await;
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let address = basic(&format!("module:{ONE}"));
    for bad in [address.as_str(), &basic("shop:shop-secret"), "Basic x", "Odd"] {
        let status = with(&world, &[("authorization", bad)]).await.status;
        assert!([400, 401].contains(&status), "{bad}: {status}");
    }
}
