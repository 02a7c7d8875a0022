//! Speaks to the API of a fresh node without a socket.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tally_bigchain_api::{ApiEra, BigchainApi};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_http::Shutdown;
use tally_ledger::{AssetUuid, MetadataId, Transaction, Version, build::Draft};
use tally_ledger_node::{
    FederationConfig, LedgerNode, Limits, NodeConfig, NodeHandle, Peer, PeerAddress, TABLES,
    Timing, make_genesis,
};
use tally_storage::MemoryStore;
use tower::ServiceExt;

/// The API of one node.
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) node: NodeHandle,
    pub(crate) shutdown: Shutdown,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// Parses the body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Returns a header's text; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the status and the body.
    pub(crate) fn said(&self) -> (u16, Value) {
        (self.status, self.json())
    }
}

impl Client {
    /// Starts a node and its API, which speaks the era that requests leave open.
    pub(crate) fn new(era: ApiEra) -> Self {
        Self::over(NodeConfig::default(), era)
    }

    fn over(config: NodeConfig, era: ApiEra) -> Self {
        let store = Arc::new(MemoryStore::new(TABLES));
        let node = LedgerNode::start(config, key(0), store).unwrap().handle();
        let shutdown = Shutdown::default();
        let api = BigchainApi::new(node.clone(), shutdown.clone()).with_era(era);
        Self { router: api.into_service().into_router(), node, shutdown }
    }

    /// Starts a member of a federation whose three others are away, so that nothing gets into a
    /// block. Four transactions may wait; a commit is waited for as good as not at all.
    pub(crate) fn forsaken(folder: &std::path::Path) -> Self {
        let keyring: Vec<PublicKey> = (100..103).map(|n| key(n).public_key()).collect();
        let peer = |key: &PublicKey| Peer {
            key: *key,
            address: PeerAddress::Socket("127.0.0.1:1".parse().unwrap()),
        };
        let members: Vec<_> = keyring.iter().copied().chain([node()]).collect();
        let federation = FederationConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            peers: keyring.iter().map(peer).collect(),
            data_dir: folder.to_owned(),
            timing: Timing::default(),
        };
        let config = NodeConfig {
            genesis: Some(make_genesis(&key(0), &members, 1_700_000_000).unwrap()),
            keyring,
            federation: Some(federation),
            limits: Limits { backlog: 4, ..Limits::default() },
            commit_patience: Duration::from_millis(10),
            ..NodeConfig::default()
        };
        Self::over(config, ApiEra::Seed)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let reply = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = reply.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: head.status.as_u16(), headers: head.headers, text }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request::builder().method(method).uri(path).header("host", "localhost:9984");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "").await
    }

    /// Posts a transaction and waits until it is valid.
    pub(crate) async fn commit(&self, transaction: &Transaction) -> Reply {
        let path = "/api/v1/transactions?mode=commit";
        let reply = self.call("POST", path, transaction.to_json()).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        reply
    }

    /// Posts a new asset of alice's and waits until it is valid.
    pub(crate) async fn commit_asset(&self, version: Version, n: u8) -> Transaction {
        let asset = asset(version, n);
        self.commit(&asset).await;
        asset
    }

    /// Returns the id of the block that holds a transaction.
    pub(crate) async fn block_of(&self, transaction: &Transaction) -> String {
        let path = format!("/api/v1/blocks?transaction_id={}&status=VALID", transaction.id());
        self.get(&path).await.json()[0].as_str().unwrap().to_owned()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.node.stop();
    }
}

/// The node's key is number 0, alice's 1, bob's 2, carol's 3.
pub(crate) fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n + 1; 32])
}

pub(crate) fn node() -> PublicKey {
    key(0).public_key()
}

pub(crate) fn alice() -> PublicKey {
    key(1).public_key()
}

pub(crate) fn bob() -> PublicKey {
    key(2).public_key()
}

pub(crate) fn uuid(n: u8) -> AssetUuid {
    AssetUuid::from_random([n; 16])
}

pub(crate) fn metadata_uuid(n: u8) -> MetadataId {
    MetadataId::from_random([n; 16])
}

/// Makes an asset of alice's; `n` tells it from others. In the nested format its UUID, and that of
/// its metadata, are made of `n`.
pub(crate) fn asset(version: Version, n: u8) -> Transaction {
    let draft = Draft::create(version, &[alice()])
        .asset_data(format!(r#"{{"name":"bicycle {n}","colour":"red"}}"#))
        .metadata(format!(r#"{{"note":"bought {n}"}}"#))
        .output(1, &[alice()]);
    let draft = match version {
        Version::Nested1 => draft.asset_uuid(uuid(n)).metadata_id(metadata_uuid(n)),
        Version::Flat0_9 | Version::Flat0_10 | Version::Flat1_0 | Version::Flat2_0 => draft,
    };
    draft.sign(&[&key(1)]).unwrap()
}

/// Makes the transfer of an asset of alice's to bob.
pub(crate) fn to_bob(asset: &Transaction) -> Transaction {
    let draft = Draft::transfer(asset.version(), asset.asset_id()).input(asset, 0);
    draft.output(1, &[bob()]).sign(&[&key(1)]).unwrap()
}
