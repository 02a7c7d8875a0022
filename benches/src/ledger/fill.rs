//! A ledger with many transactions, written through the ledger store and not through a node.

use super::{cases::Size, history::History};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{Block, Decision, Timestamp, Transaction, Vote, VoteBody};
use tally_ledger_store::{Commit, LedgerStore, Tip};
use tally_storage::{Durability, Store};

/// Blocks are full, unless there are fewer transactions than two such blocks.
const BLOCK_TRANSACTIONS: u64 = 1_000;
/// Pairs of blocks that each thread may be ahead.
const AHEAD: usize = 2;
/// How often progress is printed.
const REPORT_INTERVAL: Duration = Duration::from_secs(20);

/// Assets of a filled ledger; each has two transactions.
pub(crate) const fn assets(size: Size) -> u64 {
    size.transactions() / 2
}

/// The height of the block that creates asset `number`.
pub(crate) fn height_of_creation(size: Size, number: u64) -> u64 {
    1 + 2 * (number / per_block(size))
}

fn per_block(size: Size) -> u64 {
    BLOCK_TRANSACTIONS.min(assets(size))
}

/// The two blocks of some assets: their creations, and their transfers.
type Pair = [Arc<Block>; 2];

/// Appends the history of a size to a ledger of one node that has its genesis block only, or the rest
/// if an earlier run was interrupted; leaves a ledger alone that has all of it.
pub(crate) fn fill(store: Arc<dyn Store>, node: &SigningKey, size: Size) -> Result<Duration> {
    let ledger = LedgerStore::open(store)?;
    let begin = ledger.tip().context("the ledger has no genesis block")?;
    if begin.transactions > size.transactions() {
        return Ok(Duration::ZERO);
    }
    let per_block = per_block(size);
    ensure!(begin.transactions == 1 + begin.height * per_block, "this is another ledger");
    let start = Instant::now();
    let (first, pairs) = (begin.height / 2, assets(size) / per_block);
    let threads = thread::available_parallelism()?.get() as u64;
    let maker = Maker { history: History::new(), node, timestamp: begin.timestamp, per_block };
    thread::scope(|scope| {
        let inboxes: Vec<Receiver<Result<Pair>>> = (0..threads)
            .map(|thread| {
                let (sender, inbox) = sync_channel(AHEAD);
                let maker = &maker;
                let numbers =
                    (first + thread..pairs).step_by(usize::try_from(threads).unwrap_or(1));
                scope.spawn(move || maker.send_all(numbers, &sender));
                inbox
            })
            .collect();
        let inboxes = inboxes.iter().cycle().take(usize::try_from(pairs - first)?);
        append_all(&ledger, node, begin, inboxes)
    })?;
    ensure!(
        ledger.counts().transactions == size.transactions() + 1,
        "the ledger holds another number of transactions than were appended"
    );
    Ok(start.elapsed())
}

/// Makes the blocks.
struct Maker<'a> {
    history: History,
    node: &'a SigningKey,
    timestamp: Timestamp,
    per_block: u64,
}

impl Maker<'_> {
    fn send_all(&self, numbers: impl Iterator<Item = u64>, to: &SyncSender<Result<Pair>>) {
        for number in numbers {
            // Whoever receives has failed, and says why.
            if to.send(self.pair(number)).is_err() {
                return;
            }
        }
    }

    fn pair(&self, number: u64) -> Result<Pair> {
        let first = number * self.per_block;
        let (mut creations, mut transfers) = (vec![], vec![]);
        for number in first..first + self.per_block {
            let asset = self.history.asset(number)?;
            creations.push(Arc::new(asset.create));
            transfers.push(Arc::new(asset.transfer));
        }
        Ok([creations, transfers].map(|transactions| Arc::new(self.block(transactions))))
    }

    fn block(&self, transactions: Vec<Arc<Transaction>>) -> Block {
        Block::make(self.node, self.timestamp, transactions, vec![self.node.public_key()])
    }
}

fn append_all<'a>(
    ledger: &LedgerStore,
    node: &SigningKey,
    begin: Tip,
    inboxes: impl Iterator<Item = &'a Receiver<Result<Pair>>>,
) -> Result<()> {
    let (mut height, mut previous) = (begin.height, begin.block);
    let mut reported = Instant::now();
    // Half a pair may be there already.
    let mut skipped = usize::try_from(begin.height % 2)?;
    for inbox in inboxes {
        let pair = inbox.recv().context("a thread that makes blocks has ended")??;
        for block in pair.into_iter().skip(std::mem::take(&mut skipped)) {
            height += 1;
            let id = block.id();
            let body = VoteBody {
                voting_for_block: id,
                previous_block: previous,
                decision: Decision::Valid,
                timestamp: block.timestamp(),
            };
            let mut commit = Commit::new();
            commit.append(height, block).vote(Vote::make(node, body));
            ledger.commit(commit, Durability::Buffered)?;
            previous = id;
        }
        if reported.elapsed() >= REPORT_INTERVAL {
            println!("  {} transactions stored", ledger.counts().transactions);
            reported = Instant::now();
        }
    }
    ledger.commit(Commit::new(), Durability::Synced)?;
    Ok(())
}

/// Returns the bytes of all files below a folder.
pub(crate) fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A file that a merge has just removed counts nothing.
        let Ok(found) = entry.metadata() else { continue };
        bytes += if found.is_dir() { bytes_below(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}
