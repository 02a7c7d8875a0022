//! Following a chain: one thread reads blocks and works out what they change, one stores that and
//! makes it visible, one hands orders to the accounts.

use crate::{
    BlockError, Directory, FollowError, Progress,
    committer::{Commit, Committer},
    handover::Handover,
    lock::lock,
    pace::Pace,
    writer::{UNDO_BLOCKS, Writer},
};
use std::{
    error::Error,
    future::ready,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};
use tally_accounts::Accounts;
use tally_chain::{
    ChainError,
    utxo::{Source, Update},
};
use tally_primitives::BlockNumber;
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, oneshot, watch},
};

/// Blocks so far below the chain's end are never undone: what would be needed for that is not kept.
/// Twice what can be undone at the end, so that the end may move while the directory catches up.
const SETTLED_BLOCKS: u64 = 2 * UNDO_BLOCKS;

/// A directory that follows its chain. Dropping it stops the following, without waiting.
#[derive(Debug)]
pub struct Follower {
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<Result<(), FollowError>>,
}

impl Follower {
    /// Asks for the end: what came so far is stored first. Returns at once.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until following has ended and its threads are gone. Cancel safe. Once it has answered
    /// it must not be asked again.
    ///
    /// # Errors
    ///
    /// Why the directory cannot follow; it still answers from what it has.
    pub async fn ended(&mut self) -> Result<(), FollowError> {
        (&mut self.ended).await.unwrap_or(Err(FollowError::Panicked))
    }
}

/// Says when to stop.
#[derive(Debug, Clone)]
pub(crate) struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits for it. A follower that is dropped stops as well.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.0.clone();
        drop(receiver.wait_for(|is_stopped| *is_stopped).await);
    }
}

pub(crate) fn start(
    directory: &Arc<Directory>,
    source: Box<dyn Source>,
    accounts: Option<Arc<dyn Accounts>>,
) -> Result<Follower, FollowError> {
    if directory.is_followed.swap(true, Ordering::AcqRel) {
        return Err(FollowError::Busy);
    }
    let release = Release(Arc::clone(directory));
    let writer = directory.writer()?;
    let (stop, receiver) = watch::channel(false);
    let (sender, ended) = oneshot::channel();
    let crew = Crew {
        runtime: Handle::current(),
        directory: Arc::clone(directory),
        stop: StopSignal(receiver),
        bell: Arc::default(),
    };
    crew.directory.gauges.is_caught_up.store(false, Ordering::Relaxed);
    *lock(&crew.directory.is_stored_to_end) = false;
    thread::Builder::new()
        .name("apip-follower".to_owned())
        .spawn(move || {
            let result = crew.run(writer, source, accounts);
            drop(release);
            if let Err(error) = &result {
                let cause = causes(error);
                tracing::error!(%error, cause, "the directory cannot follow its chain any more");
            }
            // Nobody is told if nobody waits.
            drop(sender.send(result));
        })
        .map_err(FollowError::Thread)?;
    Ok(Follower { stop, ended })
}

/// Returns what is behind an error.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut texts = vec![];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}

/// Lets somebody else follow when this one has ended, however it ended.
struct Release(Arc<Directory>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.is_followed.store(false, Ordering::Release);
    }
}

/// What the threads of a follower share.
struct Crew {
    runtime: Handle,
    directory: Arc<Directory>,
    stop: StopSignal,
    bell: Arc<Notify>,
}

impl Crew {
    /// Runs until the end; all threads are gone when it returns.
    fn run(
        &self,
        writer: Writer,
        source: Box<dyn Source>,
        accounts: Option<Arc<dyn Accounts>>,
    ) -> Result<(), FollowError> {
        let orders = self.start_handover(accounts)?;
        let (steps, inbox) = sync_channel(1);
        let (outbox, done) = mpsc::channel(1);
        let committer =
            Committer { directory: Arc::clone(&self.directory), bell: Arc::clone(&self.bell) };
        let committing = spawn("apip-committer", move || committer.run(&inbox, &outbox))?;
        let mut indexer = Indexer {
            runtime: &self.runtime,
            directory: &self.directory,
            stop: &self.stop,
            writer,
            source,
            steps,
            done,
            is_committing: false,
            is_changed: false,
            is_at_end: false,
            pace: Pace::new(),
        };
        let result = indexer.run();
        // Ends the committer, as nothing more comes.
        drop(indexer);
        let committed = committing.join().map_err(|_| FollowError::Panicked);
        if let Some(orders) = orders {
            orders.stop();
        }
        result.and(committed)
    }

    fn start_handover(
        &self,
        accounts: Option<Arc<dyn Accounts>>,
    ) -> Result<Option<Orders>, FollowError> {
        let (Some(accounts), Some(service)) = (accounts, self.directory.config.service) else {
            return Ok(None);
        };
        let (stop, receiver) = watch::channel(false);
        let handover = Handover {
            directory: Arc::clone(&self.directory),
            accounts,
            service,
            bell: Arc::clone(&self.bell),
            stop: StopSignal(receiver),
        };
        let runtime = self.runtime.clone();
        let thread = spawn("apip-orders", move || handover.run(&runtime))?;
        Ok(Some(Orders { stop, thread }))
    }
}

/// The thread that hands orders over.
struct Orders {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Orders {
    fn stop(self) {
        self.stop.send_replace(true);
        if self.thread.join().is_err() {
            tracing::error!("the thread that hands orders over panicked");
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, FollowError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(FollowError::Thread)
}

/// Reads updates, works out what they change, and hands that over in steps.
///
/// While one step is being stored, the next one fills: at the end of the chain as many blocks as
/// came in the meantime, and while catching up as much as a step may hold.
struct Indexer<'a> {
    runtime: &'a Handle,
    directory: &'a Arc<Directory>,
    stop: &'a StopSignal,
    writer: Writer,
    source: Box<dyn Source>,
    steps: SyncSender<Commit>,
    done: mpsc::Receiver<Result<(), FollowError>>,
    is_committing: bool,
    /// Whether something came since the last step.
    is_changed: bool,
    /// Whether all there is came.
    is_at_end: bool,
    pace: Pace,
}

/// What the indexer does next.
enum Turn {
    Stop,
    Committed(Option<Result<(), FollowError>>),
    Update(Result<Update, ChainError>),
    Flush,
}

impl Indexer<'_> {
    fn run(&mut self) -> Result<(), FollowError> {
        loop {
            match self.turn() {
                Turn::Stop => return self.finish(),
                Turn::Committed(result) => self.committed(result)?,
                Turn::Update(update) => self.apply(update?)?,
                Turn::Flush => self.flush()?,
            }
            self.report();
        }
    }

    /// Waits for the next thing to do.
    fn turn(&mut self) -> Turn {
        let Self { source, done, stop, is_committing, is_changed, .. } = self;
        let has_room = self.writer.changed_bytes() < self.directory.config.step_bytes;
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = stop.wait() => Turn::Stop,
                result = done.recv(), if *is_committing => Turn::Committed(result),
                update = source.next(), if has_room => Turn::Update(update),
                // Nothing waits to be read, or nothing more fits.
                () = ready(()), if *is_changed && !*is_committing => Turn::Flush,
            }
        })
    }

    fn apply(&mut self, update: Update) -> Result<(), FollowError> {
        let head = self.source.head();
        if let Some(head) = head {
            self.directory.gauges.head.store(head.0.saturating_add(1), Ordering::Relaxed);
        }
        match update {
            Update::Block(block) => {
                let end = block.height.0.saturating_add(SETTLED_BLOCKS);
                let is_undoable = head.is_none_or(|head| end >= head.0);
                self.writer.block(&block, is_undoable)?;
                self.is_at_end = false;
                self.pace.blocks += 1;
            }
            Update::Records(records) => {
                // A file of records tells the reorganisations of its past, at any height.
                self.writer.records(&records, true)?;
                self.is_at_end = false;
                self.pace.blocks += 1;
            }
            Update::RolledBackTo(height) => self.roll_back_to(height)?,
            Update::CaughtUp(height) => {
                self.writer.caught_up(height);
                self.is_at_end = true;
                if self.writer.tip().is_none() {
                    self.directory.gauges.is_caught_up.store(true, Ordering::Release);
                    let progress = Progress { best: None, is_at_end: true };
                    self.directory.progress.send_replace(progress);
                    return Ok(());
                }
                self.pace.caught_up(self.writer.tip().map(|tip| tip.height));
            }
        }
        self.is_changed = true;
        Ok(())
    }

    fn roll_back_to(&mut self, height: BlockNumber) -> Result<(), BlockError> {
        let from = self.writer.tip().map(|tip| tip.height);
        tracing::info!(?from, to = height.0, "the chain was reorganised");
        self.directory.gauges.reorganisations.fetch_add(1, Ordering::Relaxed);
        self.is_at_end = false;
        self.writer.roll_back_to(height)
    }

    fn flush(&mut self) -> Result<(), FollowError> {
        let Some(step) = self.writer.step() else { return Ok(()) };
        let commit = Commit { step, is_at_end: self.is_at_end };
        self.steps.send(commit).map_err(|_| FollowError::Panicked)?;
        self.is_committing = true;
        self.is_changed = false;
        let warm = self.writer.layers().warm_outputs() as u64;
        self.directory.gauges.warm_outputs.store(warm, Ordering::Relaxed);
        Ok(())
    }

    fn committed(&mut self, result: Option<Result<(), FollowError>>) -> Result<(), FollowError> {
        result.unwrap_or(Err(FollowError::Panicked))?;
        self.writer.committed();
        self.is_committing = false;
        Ok(())
    }

    /// Stores what came so far.
    fn finish(&mut self) -> Result<(), FollowError> {
        while self.is_committing || self.is_changed {
            if self.is_committing {
                let result = self.done.blocking_recv();
                self.committed(result)?;
            } else {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn report(&mut self) {
        let Some(tip) = self.writer.tip().filter(|_| self.pace.is_due()) else { return };
        let head = self.source.head().map(|head| head.0);
        self.pace.report(tip.height, tip.records, head);
    }
}
