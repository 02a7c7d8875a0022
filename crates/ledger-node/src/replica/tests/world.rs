//! The vocabulary of the scenarios: nodes with disks, clients, and what must hold at the end.

use super::random::Random;
use crate::{
    Clock, FederationConfig, NodeConfig, PostError, Posted, Reader, TABLES, TransactionStatus,
    checker,
    intake::Post,
    lifeline::Lifeline,
    make_genesis, open,
    posted::{Answer, InFlight},
    replica::Replica,
};
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tally_consensus::{Application, Timing, simulation::Federation};
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{Block, Transaction, TransactionId, Version, build::Draft};
use tally_search::SearchIndex;
use tally_storage::MemoryDisk;

/// When the world begins, in seconds since the epoch.
const BEGIN: u64 = 1_700_000_000;

/// The clock of all nodes, moved by the scenario.
#[derive(Debug, Default)]
pub(super) struct VirtualClock(AtomicU64);

impl Clock for VirtualClock {
    fn now_ms(&self) -> u64 {
        BEGIN * 1000 + self.0.load(Ordering::Relaxed)
    }
}

/// A node: its disk, and its replica while it runs.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) disk: MemoryDisk,
    pub(super) replica: Option<Arc<Replica>>,
    /// What it accepted.
    pub(super) accepted: Vec<TransactionId>,
}

/// A federation's nodes and their clients.
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    /// The nodes that keep to the rules.
    pub(super) honest: Vec<usize>,
    pub(super) random: Random,
    pub(super) clock: Arc<VirtualClock>,
    keys: Vec<SigningKey>,
    genesis: Block,
    /// Created by clients, and not known to be spent.
    assets: Vec<Transaction>,
    created: u64,
    ticked: Duration,
}

/// Who creates and owns everything.
pub(super) fn client(name: u8) -> SigningKey {
    SigningKey::from_seed(&[name; 32])
}

pub(super) fn create(number: u64) -> Transaction {
    let draft = Draft::create(Version::Flat2_0, &[client(1).public_key()]);
    let draft = draft.asset_data(format!(r#"{{"number":{number}}}"#));
    draft.output(1, &[client(1).public_key()]).sign(&[&client(1)]).unwrap()
}

pub(super) fn transfer(spent: &Transaction, to: u8) -> Transaction {
    let draft = Draft::transfer(Version::Flat2_0, spent.asset_id()).input(spent, 0);
    draft.output(1, &[client(to).public_key()]).sign(&[&client(1)]).unwrap()
}

/// Posts like a client: checks, admits, and returns the answer.
pub(super) fn post(replica: &Replica, transaction: &Transaction) -> Result<Posted, PostError> {
    let load = Arc::new(InFlight::default()).take(0, 1, 1).unwrap();
    let (answer, mut receiver) = Answer::new(load);
    let text = Bytes::copy_from_slice(transaction.to_json().as_bytes());
    let passed = checker::check(&replica.ledger, vec![Post { text, answer }]);
    if !passed.is_empty() {
        replica.admit(passed).unwrap();
    }
    receiver.try_recv().unwrap()
}

impl World {
    /// Makes the nodes of a federation, none of them started; all are honest.
    pub(super) fn new(federation: &Federation, seed: u64) -> Self {
        let count = federation.keys().len();
        let keys: Vec<SigningKey> = (0..count).map(|node| federation.signing_key(node)).collect();
        let genesis = make_genesis(&keys[0], &federation.keys(), BEGIN).unwrap();
        let node = || Node { disk: MemoryDisk::default(), replica: None, accepted: vec![] };
        Self {
            nodes: (0..count).map(|_| node()).collect(),
            honest: (0..count).collect(),
            random: Random::new(seed),
            clock: Arc::default(),
            keys,
            genesis,
            assets: vec![],
            created: 0,
            ticked: Duration::ZERO,
        }
    }

    /// Opens a replica of a node on a disk.
    pub(super) fn replica(&self, node: usize, disk: &MemoryDisk) -> Arc<Replica> {
        let federation = FederationConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            peers: vec![],
            data_dir: "unused".into(),
            timing: Timing::default(),
        };
        let config = NodeConfig {
            keyring: self.keys.iter().map(SigningKey::public_key).collect(),
            genesis: Some(self.genesis.clone()),
            federation: Some(federation),
            block_transactions_max: 5,
            ..NodeConfig::default()
        };
        let (key, clock) = (self.keys[node].clone(), Arc::clone(&self.clock));
        let ledger = open::open(&config, key, clock, Arc::new(disk.open(TABLES))).unwrap();
        Arc::new(Replica::new(Arc::new(ledger), None, Lifeline::default(), 1).unwrap())
    }

    /// Starts a node on what its disk holds.
    pub(super) async fn start(&mut self, federation: &mut Federation, node: usize) {
        let replica = self.replica(node, &self.nodes[node].disk);
        self.nodes[node].replica = Some(Arc::clone(&replica));
        federation.start(node, replica as Arc<dyn Application>).await;
    }

    pub(super) async fn start_all(&mut self, federation: &mut Federation) {
        for node in self.honest.clone() {
            self.start(federation, node).await;
        }
    }

    /// Ends a node at once, and takes the power from its disk.
    pub(super) async fn crash(&mut self, federation: &mut Federation, node: usize) {
        federation.crash(node).await;
        self.nodes[node].replica = None;
        self.nodes[node].disk.lose_power();
    }

    pub(super) fn running(&self) -> Vec<usize> {
        let runs = |node: &usize| self.nodes[*node].replica.is_some();
        self.honest.iter().copied().filter(runs).collect()
    }

    /// Lets time pass, and does what a running node does every second.
    pub(super) async fn pass(&mut self, federation: &Federation, time: Duration) {
        let end = federation.now() + time;
        while federation.now() < end {
            federation.sleep(Duration::from_millis(100)).await;
            let now = federation.now();
            self.clock.0.store(u64::try_from(now.as_millis()).unwrap(), Ordering::Relaxed);
            if now - self.ticked >= Duration::from_secs(1) {
                self.ticked = now;
                self.nodes.iter().filter_map(|node| node.replica.as_ref()).for_each(|it| it.tick());
            }
        }
    }

    /// Some clients post something to some nodes: new assets, transfers, the same again, and
    /// transfers of one asset to two people at two nodes.
    pub(super) fn load(&mut self, posts: usize) {
        for _ in 0..posts {
            let running = self.running();
            if running.is_empty() {
                return;
            }
            let node = running[self.random.below(running.len())];
            let other = running[self.random.below(running.len())];
            if self.assets.is_empty() || self.random.once_in(2) {
                self.created += 1;
                let asset = create(self.created);
                self.post(node, &asset);
                if self.random.once_in(3) {
                    self.post(other, &asset);
                }
                self.assets.push(asset);
                continue;
            }
            let spent = self.assets.swap_remove(self.random.below(self.assets.len()));
            let is_accepted = self.post(node, &transfer(&spent, 2));
            if self.random.once_in(2) {
                self.post(other, &transfer(&spent, 3));
            } else if !is_accepted {
                // Not valid at that node yet.
                self.assets.push(spent);
            }
        }
    }

    fn post(&mut self, node: usize, transaction: &Transaction) -> bool {
        let Some(replica) = &self.nodes[node].replica else { return false };
        match post(replica, transaction) {
            Ok(posted) => {
                self.nodes[node].accepted.push(posted.transaction.id());
                true
            }
            Err(PostError::Rejected(_)) => false,
            Err(error) => panic!("node {node}: {error}"),
        }
    }

    /// Says whether all nodes that run have the same chain, all votes that decide, and nothing left
    /// to do.
    pub(super) fn is_quiet(&self) -> bool {
        let replicas: Vec<_> =
            self.running().iter().filter_map(|node| self.nodes[*node].replica.clone()).collect();
        let state = |replica: &Arc<Replica>| {
            let store = &replica.ledger.store;
            let height = store.height().unwrap();
            let is_done = store.counts().backlog == 0 && replica.ledger.decided.height() == height;
            is_done.then_some(store.tip().unwrap().block)
        };
        let first = state(&replicas[0]);
        first.is_some() && replicas.iter().all(|replica| state(replica) == first)
    }

    /// Waits until [`is_quiet`](Self::is_quiet); panics when that takes too long.
    pub(super) async fn settle(&mut self, federation: &Federation) {
        for _ in 0..1200 {
            self.pass(federation, Duration::from_millis(500)).await;
            if self.is_quiet() {
                return;
            }
        }
        let states: Vec<_> = self
            .running()
            .iter()
            .filter_map(|node| self.nodes[*node].replica.as_ref())
            .map(|it| {
                (it.ledger.store.height(), it.ledger.decided.height(), it.ledger.store.counts())
            })
            .collect();
        panic!("the federation does not come to rest: {states:#?}");
    }

    /// What must hold when all is quiet: I1, I2, I4, and that all honest nodes are equal.
    pub(super) fn check(&self) {
        let members: Vec<PublicKey> = self.keys.iter().map(SigningKey::public_key).collect();
        let mut ends = BTreeMap::new();
        let mut chains = vec![];
        for node in &self.honest {
            let replica = self.nodes[*node].replica.as_ref().unwrap();
            let store = &replica.ledger.store;
            for step in store.verify(Some(members.clone()), [7; 32]) {
                assert!(step.findings.is_empty(), "node {node}: {:?}", step.findings);
            }
            let heights = 0..=store.height().unwrap();
            let chain: Vec<_> =
                heights.map(|height| store.head(height).unwrap().unwrap()).collect();
            self.check_votes(*node, &chain.iter().map(|head| head.id).collect::<Vec<_>>());
            chains.push(chain);
            for id in &self.nodes[*node].accepted {
                let status = status(replica, id);
                assert!(
                    matches!(
                        status,
                        Some(TransactionStatus::Valid(_) | TransactionStatus::Invalid(_))
                    ),
                    "node {node} accepted {id}, which is {status:?}"
                );
                ends.insert(*id, ());
            }
        }
        assert!(chains.windows(2).all(|pair| pair[0] == pair[1]), "the chains differ");
        for id in ends.keys() {
            let is_valid = |node: &usize| {
                let replica = self.nodes[*node].replica.as_ref().unwrap();
                matches!(status(replica, id), Some(TransactionStatus::Valid(_)))
            };
            let valid: Vec<bool> = self.honest.iter().map(is_valid).collect();
            assert!(valid.windows(2).all(|pair| pair[0] == pair[1]), "{id}: {valid:?}");
        }
    }

    /// I4: no honest node's votes contradict each other, as a node has them.
    fn check_votes(&self, node: usize, chain: &[tally_ledger::BlockId]) {
        let store = &self.nodes[node].replica.as_ref().unwrap().ledger.store;
        for (height, id) in chain.iter().enumerate().skip(1) {
            for vote in store.votes(id).unwrap() {
                let voter = self.keys.iter().position(|key| key.public_key() == vote.node_pubkey);
                if self.honest.contains(&voter.unwrap()) {
                    assert!(vote.body.decision.is_valid() && vote.verify().is_ok());
                    assert_eq!(vote.body.previous_block, chain[height - 1]);
                }
            }
        }
        let accused = store.equivocations(None, 1000).unwrap().items;
        for equivocation in accused {
            let key = equivocation.accused;
            let liar = self.keys.iter().position(|other| other.public_key() == key).unwrap();
            assert!(!self.honest.contains(&liar), "node {liar} is accused");
        }
    }

    /// How many accepted transactions have lost, at the honest nodes that accepted them.
    pub(super) fn lost_count(&self) -> u64 {
        let replicas = self.honest.iter().filter_map(|node| self.nodes[*node].replica.as_ref());
        replicas.map(|replica| replica.ledger.store.counts().rejected).sum()
    }

    /// How many transactions of clients are in the chain.
    pub(super) fn valid_count(&self) -> u64 {
        let replica = self.nodes[self.honest[0]].replica.as_ref().unwrap();
        replica.ledger.store.counts().transactions - 1
    }
}

/// What a node says of a transaction.
pub(super) fn status(replica: &Replica, id: &TransactionId) -> Option<TransactionStatus> {
    thread_local! {
        static SEARCH: SearchIndex = SearchIndex::in_memory().unwrap();
    }
    SEARCH.with(|search| Reader { ledger: &replica.ledger, search }.status(id).unwrap())
}
