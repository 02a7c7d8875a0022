//! What all sources are to their reader: updates made by a thread of their own.

use crate::queue::{Closed, Queue};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, Record, Source, Update},
};
use tally_primitives::BlockNumber;

/// How much is read ahead of the reader, in bytes of scripts and texts and what surrounds them.
/// Enough to keep a second core busy, little beside what the reader keeps itself.
const AHEAD_BYTES_MAX: usize = 16 << 20;

/// `AtomicU64` has no empty value; no chain reaches this height.
const NO_HEIGHT: u64 = u64::MAX;

type Item = Result<Update, ChainError>;

/// A running source: its reader's end.
///
/// A thread of its own reads and decodes, so a reader that is slow or cancels its wait costs
/// nothing, and a first reading uses two cores. The thread ends when this is dropped.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Queue<Item>,
    head: AtomicU64,
}

/// The end of a source that makes the updates.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    shared: Arc<Shared>,
}

impl Feed {
    /// Starts a thread that runs `work` until it returns: with an error, which is the last thing
    /// that the reader gets, or because nobody reads any more.
    pub(crate) fn start(
        name: &str,
        work: impl FnOnce(&Output) -> Result<Closed, ChainError> + Send + 'static,
    ) -> Self {
        let queue = Queue::new(AHEAD_BYTES_MAX);
        let shared = Arc::new(Shared { queue, head: AtomicU64::new(NO_HEIGHT) });
        let output = Output { shared: Arc::clone(&shared) };
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _closed = CloseAtEnd(&output.shared.queue);
            if let Err(error) = work(&output) {
                output.shared.queue.push(Err(error), 0).ok();
            }
        });
        if let Err(error) = spawned {
            let error = permanent("starting a thread", error);
            shared.queue.push(Err(error), 0).ok();
            shared.queue.close();
        }
        Self { shared }
    }
}

/// Tells the reader that nothing more comes, even if the thread panicked.
struct CloseAtEnd<'a>(&'a Queue<Item>);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl Source for Feed {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        Box::pin(async {
            let ended = |Closed| {
                permanent("reading on after the source ended", io::ErrorKind::BrokenPipe.into())
            };
            self.shared.queue.pop().await.unwrap_or_else(|closed| Err(ended(closed)))
        })
    }

    fn head(&self) -> Option<BlockNumber> {
        let height = self.shared.head.load(Ordering::Relaxed);
        (height != NO_HEIGHT).then_some(BlockNumber(height))
    }
}

fn permanent(operation: &'static str, source: io::Error) -> ChainError {
    ChainError::Permanent { operation, source: Box::new(source) }
}

impl Output {
    /// Hands an update to the reader, waiting for room.
    pub(crate) fn push(&self, update: Update) -> Result<(), Closed> {
        let weight = weight(&update);
        self.shared.queue.push(Ok(update), weight)
    }

    /// Says how far the chain is known to go.
    pub(crate) fn set_head(&self, head: BlockNumber) {
        self.shared.head.store(head.0, Ordering::Relaxed);
    }

    /// Waits, unless the reader goes away.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Closed> {
        self.shared.queue.pause(time)
    }

    /// Returns whether the reader went away.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.queue.is_closed()
    }
}

/// Estimates the bytes of memory that an update takes.
fn weight(update: &Update) -> usize {
    const TRANSACTION: usize = 80;
    const OUTPUT: usize = 40;
    const INPUT: usize = 36;
    const RECORD: usize = 250;
    let record = |record: &Record| RECORD + record.text.len() + record.payments.len() * OUTPUT;
    match update {
        Update::Block(block) => block
            .transactions
            .iter()
            .map(|transaction| {
                let scripts = transaction.outputs.iter().map(|output| output.script.len() + OUTPUT);
                TRANSACTION + transaction.inputs.len() * INPUT + scripts.sum::<usize>()
            })
            .sum(),
        Update::Records(records) => records.records.iter().map(record).sum(),
        Update::RolledBackTo(_) | Update::CaughtUp(_) => 1,
    }
}
