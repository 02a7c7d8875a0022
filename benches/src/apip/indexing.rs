//! How fast a directory reads its chain: from made-up records, and from made-up blocks.
//!
//! Both are made while they are read, by the thread that asks for them, so that their making is a
//! part of the figure and memory does not grow with their number.

use anyhow::{Result, ensure};
use std::{
    fmt,
    future::pending,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tally_apip_node::{AddressVersions, Directory, DirectoryConfig};
use tally_chain::{
    ChainError,
    utxo::{Block, BoxFuture, OutPoint, Output, Record, Records, Source, Transaction, Update},
};
use tally_crypto::{fch, sha256x2};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};
use tally_storage::Store;
use tokio::runtime::Runtime;

/// Records of one height.
pub(super) const RECORDS_EACH: u64 = 10;
/// Services that are published first, and rated ever after. The first one is the operator's.
pub(super) const SERVICES: u64 = 2000;
/// Those who rate.
const USERS: u64 = 5000;
/// What a request costs, in coins.
const PRICE: &str = "0.00000001";
/// Transactions of one block. Each spends two outputs and makes two, one record among ten.
const TRANSACTIONS_EACH: u64 = 100;
/// Outputs that the first blocks make for the others to spend.
const POOL: u64 = 200_000;

/// What indexing took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Indexed {
    /// Records, or blocks.
    pub(crate) count: u64,
    pub(crate) time: Duration,
    /// Documents that can be searched now.
    pub(crate) documents: u64,
    /// Memory of the index, about.
    pub(crate) index_bytes: u64,
}

impl Indexed {
    pub(crate) fn per_second(&self) -> f64 {
        self.count as f64 / self.time.as_secs_f64()
    }
}

/// Indexes services and so many ratings of them into an empty store, with a sync for every step.
///
/// # Errors
///
/// The directory failed, or has not got all of them.
pub(crate) fn records(
    runtime: &Runtime,
    store: &Arc<dyn Store>,
    ratings: u64,
) -> Result<(Arc<Directory>, Indexed)> {
    let count = SERVICES + ratings.next_multiple_of(RECORDS_EACH);
    let (directory, made) = index(runtime, store, Box::new(Made::records(count)), count)?;
    ensure!(made.documents == SERVICES + count, "{} documents of {count}", made.documents);
    Ok((directory, made))
}

/// Indexes so many blocks into an empty store.
///
/// # Errors
///
/// The directory failed.
pub(crate) fn blocks(runtime: &Runtime, store: &Arc<dyn Store>, count: u64) -> Result<Indexed> {
    Ok(index(runtime, store, Box::new(Made::blocks(count)), count)?.1)
}

/// Opens a directory as all of this are opened: its operator has published the first service.
///
/// # Errors
///
/// The store failed.
pub(crate) fn open(store: &Arc<dyn Store>) -> Result<Arc<Directory>> {
    let versions = AddressVersions::FREECASH_MAIN;
    let service = Some(record_id(0));
    let config = DirectoryConfig { service, ..DirectoryConfig::new(versions) };
    Ok(Arc::new(Directory::open(Arc::clone(store), config)?))
}

fn index(
    runtime: &Runtime,
    store: &Arc<dyn Store>,
    source: Box<dyn Source>,
    count: u64,
) -> Result<(Arc<Directory>, Indexed)> {
    let directory = open(store)?;
    let started = Instant::now();
    follow(runtime, &directory, source)?;
    let time = started.elapsed();
    let status = directory.status();
    let documents = status.tables.iter().map(|table| table.documents).sum();
    let index_bytes = status.tables.iter().map(|table| table.bytes).sum();
    Ok((directory, Indexed { count, time, documents, index_bytes }))
}

/// Tells a directory that was opened again that its chain has not grown: before it knows, it does
/// not sell anything.
///
/// # Errors
///
/// The directory failed.
pub(crate) fn catch_up(runtime: &Runtime, directory: &Arc<Directory>) -> Result<()> {
    let last = directory.best().map_or(0, |best| best.height.0);
    let source = Made { height: last + 1, last, ..Made::records(0) };
    follow(runtime, directory, Box::new(source))
}

/// Follows a source to its end.
fn follow(runtime: &Runtime, directory: &Arc<Directory>, source: Box<dyn Source>) -> Result<()> {
    runtime.block_on(async {
        let mut follower = directory.follow(source, None)?;
        let mut progress = directory.watch();
        tokio::select! {
            ended = follower.ended() => ended?,
            reached = progress.wait_for(|progress| progress.is_at_end) => drop(reached?),
        }
        follower.stop();
        follower.ended().await?;
        anyhow::Ok(())
    })
}

static ALL_USERS: LazyLock<Vec<Fid>> = LazyLock::new(|| {
    let users = (0..USERS).map(|user| {
        let hash = sha256x2(user.to_le_bytes());
        let hash = hash.first_chunk().expect("a hash has more than 20 bytes");
        fch::fid_of_hash(fch::AddressVersion::MAIN_P2PKH, hash)
    });
    users.collect()
});

/// The user who makes the rating in the record of that number.
pub(super) const fn rater(number: u64) -> u64 {
    1 + (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % (USERS - 1)
}

/// The address of a user by number.
pub(super) fn user_of(number: u64) -> Fid {
    let users = &*ALL_USERS;
    users[usize::try_from(number).unwrap_or(0) % users.len()].clone()
}

/// A chain that is made while it is read; the same every time.
struct Made {
    height: u64,
    last: u64,
    is_told: bool,
    make: fn(&mut Self) -> Update,
    random: u64,
    previous: BlockId,
    /// Outputs that nobody has spent, in no order.
    unspent: Vec<OutPoint>,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").field("height", &self.height).finish_non_exhaustive()
    }
}

impl Made {
    fn records(count: u64) -> Self {
        Self::new(1, count / RECORDS_EACH, Self::next_records)
    }

    fn blocks(count: u64) -> Self {
        Self::new(0, count.saturating_sub(1), Self::next_block)
    }

    fn new(first: u64, last: u64, make: fn(&mut Self) -> Update) -> Self {
        Self {
            height: first,
            last,
            is_told: false,
            make,
            random: 0x9e37_79b9_7f4a_7c15,
            previous: BlockId::default(),
            unspent: vec![],
        }
    }

    /// Xorshift: the figures are to be comparable, not unpredictable.
    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn next_records(&mut self) -> Update {
        let (height, time) = (BlockNumber(self.height), 1_600_000_000 + self.height * 60);
        let records = (0..RECORDS_EACH).map(|index| {
            let number = (height.0 - 1) * RECORDS_EACH + index;
            // Nobody rates what is one's own.
            let user = if number < SERVICES { 0 } else { rater(number) };
            let text = self.text(number);
            Record {
                txid: record_id(number),
                height,
                index: u32::try_from(index + 1).unwrap_or(u32::MAX),
                time,
                signer: Some(user_of(user)),
                recipient: None,
                cdd: 1 + number % 1000,
                text: text.into_bytes(),
                payments: vec![],
            }
        });
        Update::Records(Records { height, time, records: records.collect() })
    }

    /// The first records publish, the others rate.
    fn text(&mut self, number: u64) -> String {
        let envelope = r#"{"type":"FEIP","sn":"5","ver":"2","name":"Service","data":"#;
        if number == 0 {
            return format!(
                r#"{envelope}{{"op":"publish","stdName":"Own","desc":"The operator's own.","types":["APIP"],"params":{{"pricePerRequest":"{PRICE}","currency":"FCH"}}}}}}"#
            );
        }
        if number < SERVICES {
            return format!(
                r#"{envelope}{{"op":"publish","stdName":"Service {number}","desc":"Number {number} of those that are made up.","types":["APIP"]}}}}"#
            );
        }
        let (service, rate) = (record_id(self.draw(SERVICES)), self.draw(6));
        format!(r#"{envelope}{{"op":"rate","sid":"{service}","rate":{rate}}}}}"#)
    }

    fn next_block(&mut self) -> Update {
        let height = self.height;
        let funds: u64 = if height < POOL / 1000 { 1000 } else { 0 };
        let mut transactions = vec![self.transaction(0, vec![], funds)];
        for index in 1..=TRANSACTIONS_EACH.min(self.unspent.len() as u64 / 2) {
            let inputs: Vec<OutPoint> = (0..2)
                .filter_map(|_| {
                    let drawn = self.draw(self.unspent.len() as u64);
                    usize::try_from(drawn).ok().map(|drawn| self.unspent.swap_remove(drawn))
                })
                .collect();
            transactions.push(self.transaction(index, inputs, 2));
        }
        for transaction in &transactions {
            let spendable = transaction.outputs.iter().filter(|output| output.value.0 > 0);
            let outputs = (0..).zip(spendable);
            let txid = transaction.txid;
            self.unspent.extend(outputs.map(|(vout, _)| OutPoint { txid, vout }));
        }
        let id = BlockId::from_hash(sha256x2(height.to_le_bytes()));
        let previous = std::mem::replace(&mut self.previous, id);
        let (height, time) = (BlockNumber(height), 1_600_000_000 + height * 60);
        Update::Block(Box::new(Block { id, previous, height, time, transactions }))
    }

    fn transaction(&mut self, index: u64, inputs: Vec<OutPoint>, outputs: u64) -> Transaction {
        let name = [self.height.to_le_bytes(), index.to_le_bytes()].concat();
        let mut made = vec![];
        for _ in 0..outputs {
            let mut script = [&[0x76, 0xa9, 0x14][..], &[0; 20], &[0x88, 0xac]].concat();
            let user = self.draw(USERS);
            script[3..11].copy_from_slice(&user.to_le_bytes());
            made.push(Output { value: Satoshi(10 * Satoshi::COIN.0), script });
        }
        if index % 10 == 1 {
            let text = br#"{"type":"FEIP","sn":"3","data":{"op":"register","name":"somebody"}}"#;
            let script = [&[0x6a, 0x4c, u8::try_from(text.len()).unwrap_or(0)][..], text].concat();
            made.push(Output { value: Satoshi(0), script });
        }
        Transaction { txid: Txid::from_hash(sha256x2(&name)), inputs, outputs: made }
    }
}

/// The id of the transaction with the record of that number.
pub(super) fn record_id(number: u64) -> Txid {
    Txid::from_hash(sha256x2(number.to_be_bytes()))
}

impl Source for Made {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        Box::pin(async {
            if self.height <= self.last {
                let update = (self.make)(self);
                self.height += 1;
                return Ok(update);
            }
            if self.is_told {
                return pending().await;
            }
            self.is_told = true;
            Ok(Update::CaughtUp(BlockNumber(self.last)))
        })
    }

    fn head(&self) -> Option<BlockNumber> {
        Some(BlockNumber(self.last))
    }
}
