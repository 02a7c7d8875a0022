//! The server, its chain, its clock and its disk, and the steps that tests take with them.

use super::picky::{Picky, Refused};
use crate::{
    Clock, Config, DealCall, DealMessage, DealServer, Origin, Outcome, Payload, ServerKeys, Trust,
    runner::{Leading, RunError, tell_clock},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use tally_chain::{
    ChainError,
    utxo::{
        BoxFuture, BroadcastError, FeeRate, Rejection, Relay, Source, Transaction, Update, Watched,
    },
};
use tally_chain_utxo::{DevChain, DevRelay, Feed, RelayFault};
use tally_deal::{
    Address, Deal, DealCode, Document, Network, Order, PrivateKey, Request, Time,
    message_signature::{Header, sign},
};
use tally_deal_store::{DealStore, EmbeddedDeals, TABLES};
use tally_primitives::{BlockId, BlockNumber, Txid};
use tally_storage::{MemoryDisk, MemoryStore};

/// When the tests begin, Unix seconds.
const BEGIN: u64 = 1_700_000_000;

/// A clock that tests move.
#[derive(Debug)]
pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The way into the chain, which fails at a given call.
#[derive(Debug)]
pub(super) struct Flaky {
    inner: DevRelay,
    calls: AtomicU64,
    faults: Mutex<Vec<(u64, RelayFault)>>,
    /// How many transactions are called invalid from now on.
    refusals: AtomicU64,
}

impl Flaky {
    /// Lets the calls with these numbers fail, the first is 0.
    pub(super) fn fail_at(&self, faults: Vec<(u64, RelayFault)>) {
        *self.faults.lock().unwrap() = faults;
    }

    /// Lets the network call the next transactions invalid.
    pub(super) fn refuse_next(&self, count: u64) {
        self.refusals.store(count, Ordering::Relaxed);
    }

    /// How many of the refusals are left.
    pub(super) fn refusals_left(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    fn count(&self) {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let faults = self.faults.lock().unwrap();
        self.inner.fail_next(faults.iter().filter(|(at, _)| *at == call).map(|(_, fault)| *fault));
    }
}

impl Relay for Flaky {
    fn broadcast(&self, raw: Vec<u8>) -> BoxFuture<'_, Result<Txid, BroadcastError>> {
        self.count();
        let left = self.refusals.load(Ordering::Relaxed);
        if left > 0 {
            self.refusals.store(left - 1, Ordering::Relaxed);
            let (kind, reason) = (Rejection::Invalid, "words of tomorrow".to_owned());
            return Box::pin(async move { Err(BroadcastError::Rejected { kind, reason }) });
        }
        self.inner.broadcast(raw)
    }

    fn fee_rate(&self, blocks: u16) -> BoxFuture<'_, Result<Option<FeeRate>, ChainError>> {
        self.count();
        self.inner.fee_rate(blocks)
    }

    fn unconfirmed<'a>(
        &'a self,
        watched: &'a Watched,
    ) -> BoxFuture<'a, Result<Vec<Transaction>, ChainError>> {
        self.count();
        self.inner.unconfirmed(watched)
    }

    fn transaction(&self, txid: Txid) -> BoxFuture<'_, Result<Option<Transaction>, ChainError>> {
        self.count();
        self.inner.transaction(txid)
    }

    fn recent(&self, count: u16) -> BoxFuture<'_, Result<Vec<(BlockNumber, BlockId)>, ChainError>> {
        self.count();
        self.inner.recent(count)
    }
}

/// What ended a step.
#[derive(Debug)]
pub(super) enum Broken {
    /// The store has failed: the server has to start again.
    Store,
    /// The network did not answer; later it will.
    Network,
}

/// A server and its surroundings. What is not on the disk is lost by [`World::restart`].
pub(super) struct World {
    pub(super) clock: Arc<TestClock>,
    pub(super) chain: DevChain,
    pub(super) estimates: DevRelay,
    pub(super) relay: Arc<Flaky>,
    pub(super) config: Config,
    keys: ServerKeys,
    disk: MemoryDisk,
    pub(super) memory: Arc<MemoryStore>,
    /// What its store refuses.
    pub(super) refused: Arc<Refused>,
    store: Arc<dyn DealStore>,
    pub(super) server: DealServer,
    leading: Option<(Leading, Feed)>,
}

/// The parties' keys, and the owner of the module.
pub(super) fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

pub(super) const SELLER: u8 = 11;
pub(super) const CUSTOMER: u8 = 12;
pub(super) const MODULE: u8 = 13;
pub(super) const SERVICE: u8 = 14;

/// The P2PKH address of a key.
pub(super) fn address(number: u8) -> Address {
    let hash = tally_crypto::hash160(key(number).public_key().as_bytes());
    let mut script = vec![0x76, 0xa9, 0x14];
    script.extend_from_slice(&hash);
    script.extend_from_slice(&[0x88, 0xac]);
    Address::from_script(&script, Network::Regtest).unwrap()
}

/// What a deal of a test is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) is_prepaid: bool,
    pub(super) satoshi: u64,
    /// Seconds from now.
    pub(super) until: u64,
    pub(super) leave_before: u64,
    pub(super) is_escrow: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            is_prepaid: true,
            satoshi: 1_000_000,
            until: 3_600,
            leave_before: 86_400,
            is_escrow: false,
        }
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(BEGIN * 1000)));
        let chain = DevChain::new(tally_chain_utxo::Network::BITCOIN_REGTEST);
        let estimates = chain.relay();
        let relay = Arc::new(Flaky {
            inner: estimates.clone(),
            calls: AtomicU64::new(0),
            faults: Mutex::default(),
            refusals: AtomicU64::new(0),
        });
        let mut config = Config::new(Network::Regtest);
        config.trust = Trust::Anyone;
        config.service_fee = "0.5%".parse().unwrap();
        config.service_address = Some(address(SERVICE));
        config.settling.bump_after_blocks = 3;
        config.settling.fee_rate_max = FeeRate::per_kvb(50_000);
        change(&mut config);
        let keys = keys();
        let disk = MemoryDisk::default();
        let memory = Arc::new(disk.open(TABLES));
        let refused = Arc::new(Refused::default());
        let store = open_store(&memory, &refused);
        let server = open(&store, &keys, &relay, &config, &clock);
        let mut world = Self {
            clock,
            chain,
            estimates,
            relay,
            config,
            keys,
            disk,
            memory,
            refused,
            store,
            server,
            leading: None,
        };
        // So that there is a past to begin at.
        for _ in 0..3 {
            world.mine();
        }
        world.restart();
        world
    }

    /// Ends the server as a kill would, and starts another one on what is on the disk.
    pub(super) fn restart(&mut self) {
        self.leading = None;
        self.memory = Arc::new(self.disk.open(TABLES));
        self.store = open_store(&self.memory, &self.refused);
        self.server = self.another_server();
    }

    /// Starts one more server on the same store.
    pub(super) fn another_server(&self) -> DealServer {
        open(&self.store, &self.keys, &self.relay, &self.config, &self.clock)
    }

    /// The time, Unix seconds.
    pub(super) fn clock_now(&self) -> u64 {
        self.clock.now()
    }

    /// Mines what waits.
    pub(super) fn mine(&mut self) {
        self.chain.mine_pending(self.clock.now()).unwrap();
    }

    /// Begins to lead, if it does not yet.
    async fn lead(&mut self) -> Result<&mut (Leading, Feed), Broken> {
        if self.leading.is_none() {
            let mut leading = Leading::load(self.server.core()).await.map_err(broken)?;
            let start = leading.follower.start().await.map_err(broken)?;
            let source = self.chain.source(start);
            self.leading = Some((leading, source));
        }
        Ok(self.leading.as_mut().unwrap())
    }

    /// Reads the chain to its end.
    pub(super) async fn follow(&mut self) -> Result<(), Broken> {
        let is_new = self.leading.is_none();
        let end = self.chain.height();
        let newest = self.chain.id_at(end).unwrap();
        let (leading, source) = self.lead().await?;
        if !is_new && leading.follower.newest() == Some((end, newest)) {
            return Ok(());
        }
        loop {
            let update = source.next().await.unwrap();
            let is_end = update == Update::CaughtUp(end);
            leading.follower.apply(update).await.map_err(broken)?;
            let at = leading.follower.newest();
            if is_end && at.is_none_or(|at| at == (end, newest)) {
                return Ok(());
            }
        }
    }

    /// Tells the clock.
    pub(super) async fn tick(&mut self) -> Result<(), Broken> {
        tell_clock(self.server.core()).await.map(|_| ()).map_err(broken)
    }

    /// Looks at what waits for a block.
    pub(super) async fn look(&mut self) -> Result<(), Broken> {
        let (leading, _) = self.lead().await?;
        leading.looker.round().await.map_err(broken)
    }

    /// Settles what is due.
    pub(super) async fn settle(&mut self) -> Result<(), Broken> {
        let (leading, _) = self.lead().await?;
        leading.listener.hear().await.map_err(broken)?;
        while leading.settler.round().await.map_err(broken)? {}
        Ok(())
    }

    /// All that a server does by itself, until nothing more happens.
    pub(super) async fn work(&mut self) -> Result<(), Broken> {
        self.follow().await?;
        self.look().await?;
        self.tick().await?;
        self.settle().await
    }

    /// Works until it is done, starting again whenever something breaks.
    pub(super) async fn persist(&mut self) {
        for _ in 0..20 {
            match self.work().await {
                Ok(()) => return,
                Err(Broken::Store) => self.restart(),
                Err(Broken::Network) => {}
            }
        }
        panic!("the server does not get on");
    }

    /// Makes a deal; `None` if the store failed.
    pub(super) async fn create(&mut self, terms: Terms) -> Option<DealCode> {
        let outcome = self.try_create(terms).await?;
        assert!(outcome.success, "{}", outcome.message);
        let Payload::Deal(reply) = outcome.payload else { panic!("no deal in the answer") };
        let json: serde_json::Value = serde_json::from_str(&reply.json).unwrap();
        Some(json["code"].as_str().unwrap().parse().unwrap())
    }

    /// Asks for a deal; `None` if the store failed.
    pub(super) async fn try_create(&mut self, terms: Terms) -> Option<Outcome> {
        let now = self.clock.now();
        let coins = tally_deal::coins(tally_primitives::Satoshi(terms.satoshi));
        let mut fields = vec![
            ("type", if terms.is_prepaid { "prepaid" } else { "postpaid" }.to_owned()),
            ("at", "http://shop.example".to_owned()),
            ("date", Time(now).to_string()),
            ("seller_address", address(SELLER).to_string()),
            ("customer_address", address(CUSTOMER).to_string()),
            ("payment_until", Time(now + terms.until).to_string()),
            ("payment_sum", coins),
            ("feedback_leave_before", Time(now + terms.leave_before).to_string()),
        ];
        if terms.is_escrow {
            fields.push(("payment_scheme", "escrow".to_owned()));
        }
        self.call(Order::Create, fields).await
    }

    /// Gives an order about a deal; `None` if the store failed.
    pub(super) async fn order(
        &mut self,
        order: Order,
        deal: &Deal,
        words: &[(&'static str, &str)],
    ) -> Option<Outcome> {
        let terms = deal.terms();
        let comments = words.iter().find(|(name, _)| *name == "feedback_comments");
        let signed = match comments {
            Some((_, comments)) => format!("{}\n{comments}", deal.address()),
            None => deal.address().to_string(),
        };
        let mut fields = vec![
            ("type", terms.kind.to_string()),
            ("at", terms.url.clone()),
            ("date", terms.date.to_string()),
            ("seller_address", terms.seller.to_string()),
            ("customer_address", terms.customer.to_string()),
            ("payment_address", deal.address().to_string()),
            ("payment_until", terms.until.to_string()),
            ("payment_sum", terms.sum.text(terms.network)),
            ("feedback_leave_before", terms.leave_before.to_string()),
        ];
        if deal.scheme().name() == tally_deal::SchemeName::Escrow {
            fields.push(("payment_scheme", "escrow".to_owned()));
        }
        fields.extend(words.iter().map(|(name, text)| (*name, (*text).to_owned())));
        let signature = |number| sign(&key(number), signed.as_bytes(), Header::Compressed);
        if order == Order::Cancel {
            fields.push(("seller_signature", signature(SELLER)));
        } else if order == Order::Feedback {
            fields.push(("customer_signature", signature(CUSTOMER)));
        }
        self.call(order, fields).await
    }

    async fn call(&mut self, order: Order, fields: Vec<(&str, String)>) -> Option<Outcome> {
        let fields: Vec<(String, String)> =
            fields.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        let document = Document::from_fields(&fields, Some(order)).unwrap();
        let request = Request::read(document, Network::Regtest).unwrap();
        let request = match self.server.check(request).await.ok()? {
            Ok(request) => request,
            Err(refusal) => {
                return Some(Outcome {
                    action: "Refused",
                    success: false,
                    message: refusal.to_string(),
                    payload: Payload::None,
                    grant: None,
                });
            }
        };
        let origin = Origin {
            module: Some(address(MODULE).to_string()),
            fee: Some("1%".to_owned()),
            is_own: true,
            speaks_for_site: true,
            ..Origin::default()
        };
        let message = DealMessage::Checked(Box::new(request));
        self.server.deal(DealCall { message, origin, is_signed: false }).await.ok()
    }

    /// Returns a deal as it is stored.
    pub(super) async fn deal(&self, code: DealCode) -> Deal {
        self.server.find_deal(code).await.unwrap().unwrap()
    }

    /// Pays to a deal out of nothing; the payment waits for a block.
    pub(super) fn pay(&self, deal: &Deal, satoshi: u64) -> Txid {
        self.chain.faucet(deal.address().script(), tally_primitives::Satoshi(satoshi)).unwrap()
    }
}

fn keys() -> ServerKeys {
    let names = ["service".to_owned()];
    ServerKeys {
        pgp: tally_pgp::SecretKey::generate(&names, &[7; 32], BEGIN - 100).unwrap(),
        key1: key(1),
        key2: key(2),
        arbiter: Some(key(3)),
    }
}

fn open_store(memory: &Arc<MemoryStore>, refused: &Arc<Refused>) -> Arc<dyn DealStore> {
    let memory: Arc<MemoryStore> = Arc::clone(memory);
    let inner: Arc<dyn DealStore> = Arc::new(EmbeddedDeals::open(memory).unwrap());
    Arc::new(Picky { inner, refused: Arc::clone(refused) })
}

fn open(
    store: &Arc<dyn DealStore>,
    keys: &ServerKeys,
    relay: &Arc<Flaky>,
    config: &Config,
    clock: &Arc<TestClock>,
) -> DealServer {
    let store = Arc::clone(store);
    let relay: Arc<dyn Relay> = Arc::<Flaky>::clone(relay);
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    DealServer::open(store, keys.clone(), relay, config.clone(), clock).unwrap().0
}

fn broken(error: RunError) -> Broken {
    match error {
        RunError::Server(_) | RunError::Deposed => Broken::Store,
        RunError::Chain(_) => Broken::Network,
        RunError::Corrupt(_) | RunError::NotBlocks => panic!("{error}"),
    }
}
