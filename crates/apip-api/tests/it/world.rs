use crate::records;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    fmt::Write,
    future,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tally_accounts::{Accounts, Balance, EmbeddedAccounts, contract};
use tally_apip_api::{ApipApi, ApipConfig, Clock};
use tally_apip_node::{AddressVersions, Directory, DirectoryConfig, Follower, Progress};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, Source, Update},
};
use tally_crypto::{
    ecies,
    fch::{PrivateKey, sym_sign, sym_verify},
};
use tally_http::{Exposure, Guard};
use tally_primitives::{BlockNumber, Fid};
use tally_storage::MemoryStore;
use tokio::sync::mpsc;
use tower::ServiceExt;

/// What the tests' clock says at first.
pub(crate) const NOW: u64 = 1_677_673_821_267;
pub(crate) const HEAD: &str = "http://localhost:8080/APIP/";
/// What a request costs by the samples' service.
pub(crate) const PRICE: i64 = 100_000;

/// The seeds' requester.
pub(crate) fn user() -> PrivateKey {
    PrivateKey::from_wif("L2bHRej6Fxxipvb4TiR5bu1rkT3tRp8yWEsUy4R1Zb8VMm2x7sd8").unwrap()
}

/// Somebody else.
pub(crate) fn other() -> PrivateKey {
    PrivateKey::from_wif("L5DDxf3PkFwi1jArqYokpTsntthLvhDYg44FXyTSgdTx3XEFR1iB").unwrap()
}

pub(crate) fn fid(key: &PrivateKey) -> Fid {
    key.public_key().fid(AddressVersions::FREECASH_MAIN.p2pkh)
}

/// Delivers what it was given and what the test sends later, and waits then.
#[derive(Debug)]
struct Feed(VecDeque<Update>, mpsc::UnboundedReceiver<Update>);

impl Source for Feed {
    fn head(&self) -> Option<BlockNumber> {
        None
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        match self.0.pop_front() {
            Some(update) => Box::pin(future::ready(Ok(update))),
            None => Box::pin(async {
                match self.1.recv().await {
                    Some(update) => Ok(update),
                    None => future::pending().await,
                }
            }),
        }
    }
}

/// A provider.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) accounts: Arc<EmbeddedAccounts>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) chain: mpsc::UnboundedSender<Update>,
    nonce: AtomicI64,
    _follower: Follower,
}

/// A user who has signed in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: [u8; 32],
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// The code, after a check of what every answer has.
    pub(crate) fn code(&self) -> u64 {
        let body = self.json();
        let code = body["code"].as_u64().unwrap();
        assert_eq!(self.status, StatusCode::OK, "{body}");
        assert_eq!(self.headers["code"], code.to_string(), "{body}");
        assert_eq!(self.headers["content-type"], "application/json;charset=utf-8");
        let members: Vec<&str> =
            body.as_object().unwrap().keys().map(String::as_str).take(2).collect();
        for member in ["message", "nonce", "balance", "got", "total", "bestHeight"] {
            assert!(body.get(member).is_some(), "{member} is missing: {body} {members:?}");
        }
        code
    }

    pub(crate) fn is_signed_by(&self, session: &Session) -> bool {
        let sign = self.headers.get("sign").map(|sign| sign.to_str().unwrap());
        sign.is_some_and(|sign| sym_verify(&self.bytes, &session.key, sign))
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.headers.contains_key("sign")
    }
}

impl World {
    /// The samples' provider, whose service costs.
    pub(crate) async fn new() -> Self {
        Self::with(records::samples(), ApipConfig::default()).await
    }

    pub(crate) async fn with(records: Vec<tally_chain::utxo::Record>, config: ApipConfig) -> Self {
        let service = Some(records::SERVICE.parse().unwrap());
        Self::fed(records::updates(records), service, config).await
    }

    /// A provider whose source delivers these first. If they do not reach the chain's end, neither
    /// has the provider.
    pub(crate) async fn fed(
        updates: Vec<Update>,
        service: Option<tally_primitives::Txid>,
        config: ApipConfig,
    ) -> Self {
        let accounts = Arc::new(MemoryStore::new(tally_accounts::TABLES));
        Self::fed_with(accounts, updates, service, config).await
    }

    /// A provider that goes on with the accounts of another one, or of none.
    pub(crate) async fn fed_with(
        accounts: Arc<MemoryStore>,
        updates: Vec<Update>,
        service: Option<tally_primitives::Txid>,
        config: ApipConfig,
    ) -> Self {
        let versions = AddressVersions::FREECASH_MAIN;
        let directory = DirectoryConfig { service, ..DirectoryConfig::new(versions) };
        let store = Arc::new(MemoryStore::new(tally_apip_node::TABLES));
        let directory = Arc::new(Directory::open(store, directory).unwrap());
        let mut progress = directory.watch();
        let has_end = matches!(updates.last(), Some(Update::CaughtUp(_)));
        let (chain, rest) = mpsc::unbounded_channel();
        let follower = directory.follow(Box::new(Feed(updates.into(), rest)), None).unwrap();
        let is_read =
            |progress: &Progress| progress.is_at_end || !has_end && progress.best.is_some();
        progress.wait_for(is_read).await.unwrap();
        let store = accounts;
        let opened = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store));
        let accounts = Arc::new(opened.unwrap());
        let clock = Arc::new(AtomicU64::new(NOW));
        let own = Arc::clone(&clock);
        let config =
            ApipConfig { clock: Clock::new(move || own.load(Ordering::Relaxed)), ..config };
        let shared = Arc::<EmbeddedAccounts>::clone(&accounts);
        let api = ApipApi::new(Arc::clone(&directory), shared, config).unwrap();
        let exposure = Exposure {
            address: "127.0.0.1:8080".parse().unwrap(),
            needs_token: false,
            needs_certificate: false,
            allow_unauthenticated: false,
        };
        let guard = Guard::with_wildcard(&exposure, None, &["*".to_owned()]).unwrap();
        let router = api.service(guard).into_router();
        let nonce = AtomicI64::new(1);
        Self { router, accounts, store, clock, directory, chain, nonce, _follower: follower }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn pass(&self, milliseconds: u64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }

    pub(crate) async fn give(&self, key: &PrivateKey, satoshi: u64) {
        let number = u64::try_from(self.nonce.fetch_add(1, Ordering::Relaxed)).unwrap();
        let order = contract::order(&fid(key), number, 10, satoshi);
        assert!(self.accounts.credit(order).await.unwrap());
    }

    pub(crate) async fn balance(&self, key: &PrivateKey) -> i64 {
        let Balance(balance) = self.accounts.balance(&fid(key)).await.unwrap();
        balance
    }

    /// A body for that interface, with a new nonce.
    pub(crate) fn body(&self, tail: &str) -> Value {
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        json!({ "url": format!("{HEAD}{tail}"), "time": self.now(), "nonce": nonce })
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("host", "localhost:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.into())).unwrap();
        let reply = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = reply.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn post(&self, tail: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.send(Method::POST, &format!("/APIP/{tail}"), headers, body).await
    }

    pub(crate) async fn get(&self, tail: &str) -> Reply {
        self.send(Method::GET, &format!("/APIP/{tail}"), &[], "").await
    }

    /// Signs a body with a session's key and sends it.
    pub(crate) async fn ask(&self, session: &Session, tail: &str, body: &Value) -> Reply {
        self.ask_text(session, tail, &body.to_string()).await
    }

    pub(crate) async fn ask_text(&self, session: &Session, tail: &str, body: &str) -> Reply {
        let (name, sign) = (session.name(), sym_sign(body.as_bytes(), &session.key));
        self.post(tail, &[("SessionName", &name), ("Sign", &sign)], body).await
    }

    /// A signed query.
    pub(crate) async fn query(&self, session: &Session, tail: &str, fcdsl: Value) -> Reply {
        let mut body = self.body(tail);
        body["fcdsl"] = fcdsl;
        self.ask(session, tail, &body).await
    }

    /// A sign-in of the seeds' documents.
    pub(crate) async fn try_sign_in(&self, key: &PrivateKey) -> Reply {
        let mut body = self.body("apip1/v1/signIn");
        body["pubKey"] = json!(key.public_key().to_string());
        let body = body.to_string();
        let sign = key.sign_message(body.as_bytes());
        self.post("apip1/v1/signIn", &[("Sign", &sign)], &body).await
    }

    pub(crate) async fn sign_in(&self, key: &PrivateKey) -> Session {
        let reply = self.try_sign_in(key).await;
        assert_eq!(reply.code(), 0, "{}", reply.text());
        let encrypted = reply.json()["data"]["sessionKeyEncrypted"].as_str().unwrap().to_owned();
        let digits = ecies::decrypt(ecies::Format::Fipa9, key, &encrypted).unwrap();
        Session::of(std::str::from_utf8(&digits).unwrap())
    }
}

impl Session {
    /// The session of a key in hexadecimal digits.
    pub(crate) fn of(digits: &str) -> Self {
        assert_eq!(digits.len(), 64, "{digits}");
        let mut key = [0; 32];
        for (index, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap();
        }
        Self { key }
    }

    pub(crate) fn name(&self) -> String {
        self.key[..6].iter().fold(String::new(), |mut name, byte| {
            write!(name, "{byte:02x}").unwrap();
            name
        })
    }
}
