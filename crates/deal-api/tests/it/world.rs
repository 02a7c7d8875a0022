//! An embedded server in memory, with the clock of the seed's example.

use crate::client::{self, Reply};
use axum::Router;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tally_chain_utxo::DevChain;
use tally_deal::{Network, PrivateKey};
use tally_deal_api::{DealApi, DealApiConfig};
use tally_deal_node::{Clock, Config, DealServer, Runner, ServerKeys, Trust};
use tally_deal_store::{EmbeddedDeals, TABLES};
use tally_http::{Guard, Shutdown};
use tally_pgp::SecretKey;
use tally_storage::MemoryStore;
use zeroize::Zeroizing;

/// 2022-04-11 11:15:08 UTC, when the seed's example was answered.
pub(crate) const NOW: u64 = 1_649_675_708;

pub(crate) const SELLER: &str = "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK";
pub(crate) const CUSTOMER: &str = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

/// Where the seed's deal is paid, if the service's keys are those of the private keys 1 and 2.
pub(crate) const PAYMENT: &str = "2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65";

/// Its code.
pub(crate) const CODE: &str = "20ab96cf6cb32eba7e98c92c958c8c176ebd25c0";

/// The address of the private key 1, and of 2.
pub(crate) const ONE: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
pub(crate) const TWO: &str = "mg8Jz5776UdyiYcBb9Z873NTozEiADRW5H";

/// The seed's example, byte for byte.
pub(crate) const CREATE: &str = r#"{
  "order": "create",
  "type": "Prepaid",
  "at": "http://placard.zr-code.com",
  "date": "2022-04-11 11:14:46 UTC",
  "seller": {
    "address": "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"
  },
  "customer": {
    "address": "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"
  },
  "payment": {
    "until": "2022-04-12 11:14:46 UTC",
    "sum": 0.00001
  }
}"#;

/// A clock that tests set.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed) * 1000
    }
}

/// A clock at the time of the seed's example.
pub(crate) fn clock() -> Arc<TestClock> {
    Arc::new(TestClock(AtomicU64::new(NOW)))
}

pub(crate) fn private_key(number: u8) -> PrivateKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    PrivateKey::from_bytes(&bytes).unwrap()
}

pub(crate) fn pgp_key(seed: u8) -> SecretKey {
    SecretKey::generate(&["key".to_owned()], &[seed; 32], NOW - 1000).unwrap()
}

pub(crate) struct World {
    /// The module's front.
    pub(crate) router: Router,
    /// The server's front, for packages of other modules.
    pub(crate) behind: Router,
    pub(crate) server: DealServer,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) chain: DevChain,
    pub(crate) runner: Option<Runner>,
    pub(crate) shutdown: Shutdown,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// Makes a world with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Config, &mut DealApiConfig)) -> Self {
        let clock = clock();
        let mut config = Config::new(Network::Test);
        config.trust = Trust::Anyone;
        config.policy.output_min = tally_primitives::Satoshi(0);
        let mut api = DealApiConfig::new(Network::Test);
        change(&mut config, &mut api);
        let chain = DevChain::new(tally_chain_utxo::Network::BITCOIN_TEST);
        let store = Arc::new(MemoryStore::new(TABLES));
        let store = Arc::new(EmbeddedDeals::open(store).unwrap());
        let (key1, key2) = (private_key(1), private_key(2));
        let keys = ServerKeys { pgp: pgp_key(1), key1, key2, arbiter: None };
        let relay = Arc::new(chain.relay());
        let clocks = Arc::<TestClock>::clone(&clock);
        let (server, runner) = DealServer::open(store, keys, relay, config, clocks).unwrap();
        let shutdown = Shutdown::default();
        let api = DealApi::embedded(server.clone(), api, shutdown.clone()).await.unwrap();
        let router = api.service(Guard::default()).into_router();
        let behind = api.server_service(Guard::default()).into_router();
        let runner = Some(runner);
        Self { router, behind, server, clock, chain, runner, shutdown }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        client::get(&self.router, path).await
    }

    pub(crate) async fn post(&self, path: &str, kind: &str, body: &str) -> Reply {
        client::post(&self.router, path, kind, body).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        client::send(&self.router, method, path, headers, body.to_owned()).await
    }

    /// Makes the seed's deal.
    pub(crate) async fn create(&self) -> Reply {
        let reply = self.post("/api/v1/deal", client::JSON, CREATE).await;
        assert_eq!(reply.result(), (true, "New deal submitted".to_owned()));
        reply
    }
}

pub(crate) fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}
