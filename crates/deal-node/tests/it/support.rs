//! A server with its surroundings.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tally_chain_utxo::{DevChain, Network as ChainNetwork};
use tally_deal::{Document, Network, Order, PrivateKey, Request, Time};
use tally_deal_node::{
    AccountAction, AccountCall, Clock, Config, DealCall, DealMessage, DealServer, Origin, Outcome,
    Payload, Runner, ServerKeys, Trust,
};
use tally_deal_store::{DealStore, EmbeddedDeals, TABLES};
use tally_pgp::SecretKey;
use tally_storage::MemoryStore;

/// The moment at which the service of the description answered.
pub(crate) const DESCRIBED: u64 = 1_649_675_708;

/// The addresses of the private keys 1 and 2.
pub(crate) const ONE: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
pub(crate) const TWO: &str = "mg8Jz5776UdyiYcBb9Z873NTozEiADRW5H";

#[derive(Debug)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) struct Site {
    pub(crate) server: DealServer,
    pub(crate) runner: Option<Runner>,
    pub(crate) chain: DevChain,
    pub(crate) clock: Arc<TestClock>,
}

pub(crate) fn key(number: u8) -> PrivateKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    PrivateKey::from_bytes(&bytes).unwrap()
}

pub(crate) fn keys() -> ServerKeys {
    let names = ["service".to_owned()];
    let pgp = SecretKey::generate(&names, &[9; 32], 1_600_000_000).unwrap();
    ServerKeys { pgp, key1: key(1), key2: key(2), arbiter: Some(key(3)) }
}

pub(crate) fn site(change: impl FnOnce(&mut Config)) -> Site {
    let mut config = Config::new(Network::Regtest);
    config.trust = Trust::Anyone;
    change(&mut config);
    let store: Arc<dyn DealStore> =
        Arc::new(EmbeddedDeals::open(Arc::new(MemoryStore::new(TABLES))).unwrap());
    let chain = DevChain::new(ChainNetwork::BITCOIN_REGTEST);
    let clock = Arc::new(TestClock(AtomicU64::new(DESCRIBED * 1000)));
    let (server, runner) = DealServer::open(
        store,
        keys(),
        Arc::new(chain.relay()),
        config,
        Arc::<TestClock>::clone(&clock),
    )
    .unwrap();
    Site { server, runner: Some(runner), chain, clock }
}

pub(crate) fn own() -> Origin {
    Origin { is_own: true, speaks_for_site: true, ..Origin::default() }
}

impl Site {
    pub(crate) async fn account(&self, action: AccountAction, text: &str) -> Outcome {
        let (action, text, origin) = (Some(action), text.to_owned(), own());
        self.server.account(AccountCall { action, address: None, text, origin }).await.unwrap()
    }

    /// Sends a message in JSON through the module within the process.
    pub(crate) async fn json(&self, order: Order, body: &str, origin: Origin) -> Outcome {
        let document = Document::from_json(body.as_bytes(), Some(order)).unwrap();
        let request = Request::read(document, Network::Regtest).unwrap();
        let request = self.server.check(request).await.unwrap().unwrap();
        let message = DealMessage::Checked(Box::new(request));
        self.server.deal(DealCall { message, origin, is_signed: true }).await.unwrap()
    }

    /// Sends a message as another module does.
    pub(crate) async fn text(&self, text: &str, origin: Origin) -> Outcome {
        let message = DealMessage::Text { text: text.to_owned(), order: None };
        self.server.deal(DealCall { message, origin, is_signed: true }).await.unwrap()
    }

    pub(crate) fn now(&self) -> Time {
        Time(self.clock.now())
    }
}

/// Returns the deal of an answer: its text and its JSON.
pub(crate) fn told(outcome: &Outcome) -> (String, serde_json::Value) {
    let Payload::Deal(reply) = &outcome.payload else { panic!("no deal: {outcome:?}") };
    (reply.text.clone(), serde_json::from_str(&reply.json).unwrap())
}

/// A message that makes a deal between the holders of keys 1 and 2 now.
pub(crate) fn sale(site: &Site, kind: &str) -> String {
    let now = site.now();
    format!(
        r#"{{"type": "{kind}", "at": "http://shop.example", "date": "{now}",
            "seller": {{"address": "{ONE}"}}, "customer": {{"address": "{TWO}"}},
            "payment": {{"sum": 0.01}}}}"#
    )
}
