//! A chain, three ways to read it, and a reader.

use crate::node::TestNode;
use bitcoin::hashes::Hash;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    sync::Mutex,
    time::Duration,
};
use tally_chain::{
    ChainError,
    utxo::{Block, OutPoint, Source, Start, Update},
};
use tally_chain_utxo::{
    Credentials, DevBlock, DevChain, DevTransaction, FilesSettings, FilesSource, Network,
    NodeSettings, NodeSource, write_record,
};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi};
use tempfile::TempDir;

/// How long an update may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often sources look for news here.
pub(crate) const POLL: Duration = Duration::from_millis(5);
/// The time of the first block that tests make.
pub(crate) const TIME: u64 = 1_600_000_000;

/// The address that begins with `F` in specifications, as this network writes it.
pub(crate) fn fid(network: &Network, number: u8) -> Fid {
    let hash = [number; 20];
    let script = [&[0x76, 0xa9, 20][..], &hash, &[0x88, 0xac]].concat();
    network.address(&script).unwrap()
}

/// Adds `count` blocks, each with a record and a payment within the block.
pub(crate) fn grow(chain: &DevChain, count: u64) {
    let network = chain.network();
    for _ in 0..count {
        let height = chain.height().0 + 1;
        let owner = fid(&network, 1);
        let time = TIME + height * 60;
        let funded = vec![(owner.clone(), Satoshi(50 * Satoshi::COIN.0))];
        let transactions = chain
            .coins(&owner)
            .first()
            .map(|coin| {
                DevTransaction::new()
                    .spend(coin.point)
                    .pay(fid(&network, 2), Satoshi(1_000))
                    .record(format!("record at {height}"))
            })
            .into_iter()
            .collect();
        chain.mine(DevBlock { time, funded, transactions }).unwrap();
    }
}

/// A transaction as wallets send it, with witnesses that nobody verifies.
pub(crate) fn raw(inputs: &[OutPoint], outputs: &[(&[u8], u64)]) -> Vec<u8> {
    let input = |point: &OutPoint| bitcoin::TxIn {
        previous_output: bitcoin::OutPoint {
            txid: bitcoin::Txid::from_byte_array(point.txid.to_hash()),
            vout: point.vout,
        },
        script_sig: bitcoin::ScriptBuf::new(),
        sequence: bitcoin::Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: bitcoin::Witness::from_slice(&[&[0x30; 71][..], &[0x02; 33][..]]),
    };
    let output = |(script, value): &(&[u8], u64)| bitcoin::TxOut {
        value: bitcoin::Amount::from_sat(*value),
        script_pubkey: script.to_vec().into(),
    };
    bitcoin::consensus::serialize(&bitcoin::Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: inputs.iter().map(input).collect(),
        output: outputs.iter().map(output).collect(),
    })
}

/// One way to read a chain.
pub(crate) trait Harness {
    fn chain(&self) -> &DevChain;

    /// Makes the chain's present state visible.
    fn publish(&self);

    fn source(&self, network: Network, start: Start) -> Box<dyn Source>;
}

pub(crate) struct InProcess(pub(crate) DevChain);

impl Harness for InProcess {
    fn chain(&self) -> &DevChain {
        &self.0
    }

    fn publish(&self) {}

    fn source(&self, network: Network, start: Start) -> Box<dyn Source> {
        if network == self.0.network() {
            return Box::new(self.0.source(start));
        }
        unreachable!("the chain in memory has one network")
    }
}

pub(crate) struct OverRpc {
    chain: DevChain,
    pub(crate) node: TestNode,
}

impl OverRpc {
    pub(crate) fn new(chain: DevChain) -> Self {
        Self { node: TestNode::start(chain.clone()), chain }
    }

    pub(crate) fn settings(&self, network: Network) -> NodeSettings {
        let (user, password) = ("user".to_owned(), "password".to_owned());
        let credentials = Credentials::Password { user, password };
        NodeSettings { poll: POLL, ..NodeSettings::new(network, self.node.url(), credentials) }
    }
}

impl Harness for OverRpc {
    fn chain(&self) -> &DevChain {
        &self.chain
    }

    fn publish(&self) {}

    fn source(&self, network: Network, start: Start) -> Box<dyn Source> {
        Box::new(NodeSource::start(self.settings(network), start).unwrap())
    }
}

pub(crate) struct InFiles {
    chain: DevChain,
    pub(crate) folder: TempDir,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    blocks: Vec<Vec<u8>>,
    file: u32,
}

impl InFiles {
    /// Blocks a file: small, so that tests have several files.
    const BLOCKS_PER_FILE: usize = 13;

    pub(crate) fn new(chain: DevChain) -> Self {
        let this = Self { chain, folder: tempfile::tempdir().unwrap(), written: Mutex::default() };
        this.publish();
        this
    }

    pub(crate) fn path(&self, file: u32) -> std::path::PathBuf {
        self.folder.path().join(format!("blk{file:05}.dat"))
    }

    pub(crate) fn settings(&self, network: Network) -> FilesSettings {
        FilesSettings { poll: POLL, ..FilesSettings::new(network, self.folder.path()) }
    }
}

impl Harness for InFiles {
    fn chain(&self) -> &DevChain {
        &self.chain
    }

    /// Appends what is new, every few blocks in reverse order, with marks and zeros between.
    fn publish(&self) {
        let mut written = self.written.lock().unwrap();
        let mut fresh = self.chain.raw_blocks();
        fresh.retain(|raw| !written.blocks.contains(raw));
        for (number, group) in fresh.chunks(4).enumerate() {
            for raw in group.iter().rev() {
                let magic = self.chain.network().magic;
                let mut bytes = Vec::new();
                write_record(&mut bytes, magic, raw).unwrap();
                if number % 3 == 1 {
                    write_record(&mut bytes, magic, &raw[..80]).unwrap();
                    bytes.extend([0; 100]);
                }
                append(&self.path(written.file), &bytes);
                written.blocks.push(raw.clone());
                if written.blocks.len().is_multiple_of(Self::BLOCKS_PER_FILE) {
                    written.file += 1;
                }
            }
        }
    }

    fn source(&self, network: Network, start: Start) -> Box<dyn Source> {
        Box::new(FilesSource::start(self.settings(network), start).unwrap())
    }
}

pub(crate) fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

/// Waits for the next update.
pub(crate) async fn next(source: &mut dyn Source) -> Result<Update, ChainError> {
    tokio::time::timeout(PATIENCE, source.next()).await.expect("an update comes in time")
}

/// Reads up to the next `CaughtUp`, which is the last of the updates.
pub(crate) async fn catch_up(source: &mut dyn Source) -> Vec<Update> {
    let mut updates = Vec::new();
    loop {
        let update = next(source).await.unwrap();
        updates.push(update);
        if let Some(Update::CaughtUp(height)) = updates.last() {
            assert!(source.head() >= Some(*height));
            return updates;
        }
    }
}

/// Reads until the source has caught up with this height.
pub(crate) async fn catch_up_to(source: &mut dyn Source, height: BlockNumber) -> Vec<Update> {
    let mut updates = Vec::new();
    while updates.last() != Some(&Update::CaughtUp(height)) {
        updates.append(&mut catch_up(source).await);
    }
    updates
}

/// Reads until the source fails, and returns the failure with its causes.
pub(crate) async fn failure(source: &mut dyn Source) -> String {
    loop {
        if let Err(error) = next(source).await {
            assert!(matches!(error, ChainError::Permanent { .. }), "{error:?}");
            return chain_of(&error);
        }
    }
}

pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What a follower knows: the blocks that it was given.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Followed(pub(crate) Vec<Block>);

impl Followed {
    /// Takes updates in and checks that each block is the child of the one before.
    pub(crate) fn take(&mut self, updates: Vec<Update>) {
        for update in updates {
            match update {
                Update::Block(block) => {
                    assert_eq!(block.height.0, self.0.len() as u64);
                    let previous = self.0.last().map(|last| last.id).unwrap_or_default();
                    assert_eq!(block.previous, previous);
                    self.0.push(*block);
                }
                Update::RolledBackTo(height) => {
                    assert!((height.0 as usize) + 1 < self.0.len(), "nothing to undo");
                    self.0.truncate(height.0 as usize + 1);
                }
                Update::CaughtUp(height) => assert_eq!(height.0 + 1, self.0.len() as u64),
                Update::Records(records) => panic!("no records here: {records:?}"),
            }
        }
    }

    pub(crate) fn ids(&self) -> Vec<BlockId> {
        self.0.iter().map(|block| block.id).collect()
    }

    /// Where to continue, with the ids of the newest `count` blocks.
    pub(crate) fn start(&self, count: usize) -> Start {
        let recent = self.0.iter().rev().take(count).map(|block| (block.height, block.id));
        Start::After { height: self.0.last().unwrap().height, recent: recent.collect() }
    }
}

pub(crate) fn ids(chain: &DevChain) -> Vec<BlockId> {
    (0..=chain.height().0).map(|height| chain.id_at(BlockNumber(height)).unwrap()).collect()
}
