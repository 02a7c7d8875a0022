use crate::{
    Application, Handle,
    block::Entry,
    desk::{Desk, Position},
};
use commonware_actor::Feedback;
use commonware_consensus::{
    Heightable as _, Reporter,
    marshal::{Update, core::Mailbox, standard::Standard},
    simplex::scheme::ed25519::Scheme,
    types::Height,
};
use commonware_cryptography::Digested;
use commonware_runtime::Spawner;
use commonware_utils::{Acknowledgement as _, acknowledgement::Exact};
use tokio::sync::mpsc;
use tracing::{info, warn};

/// The part of the engine that stores blocks and knows which are final.
pub(crate) type Archive = Mailbox<Scheme, Standard<Entry>>;

/// Final blocks on their way to the application. The engine stops at
/// `UNACKNOWLEDGED_MAX` of them, so the queue needs no bound.
pub(crate) type Arrivals = mpsc::UnboundedReceiver<(Digested<Entry>, Exact)>;

/// Takes what the engine says about final blocks.
#[derive(Debug, Clone)]
pub(crate) struct Reports {
    blocks: mpsc::UnboundedSender<(Digested<Entry>, Exact)>,
    handle: Handle,
}

impl Reports {
    pub(crate) fn new(handle: Handle) -> (Self, Arrivals) {
        let (blocks, arrivals) = mpsc::unbounded_channel();
        (Self { blocks, handle }, arrivals)
    }
}

impl Reporter for Reports {
    type Activity = Update<Entry>;

    fn report(&mut self, update: Update<Entry>) -> Feedback {
        match update {
            Update::Tip(_, height, _) => {
                self.handle.tip_is(height.get());
                Feedback::Ok
            }
            Update::Block(block, acknowledgement) => self
                .blocks
                .send((block, acknowledgement))
                .map_or(Feedback::Closed, |()| Feedback::Ok),
        }
    }
}

/// Gives the application its blocks: first what it misses of those that the engine has delivered
/// already, then all others as they become final.
pub(crate) struct Delivery<E> {
    pub(crate) context: E,
    pub(crate) desk: Desk,
    pub(crate) handle: Handle,
    pub(crate) archive: Archive,
    pub(crate) genesis: Digested<Entry>,
    /// The height up to which the engine has had acknowledgements.
    pub(crate) acknowledged: u64,
}

impl<E: Spawner> Delivery<E> {
    /// Runs until the engine stops.
    pub(crate) async fn run(self, mut arrivals: Arrivals) {
        let handle = self.handle.clone();
        let has = self
            .desk
            .run(self.context.child("start"), move |application, _| {
                application.started(handle);
                application.finalized_height()
            })
            .await;
        let Some(has) = has else { return };
        self.handle.update(|status| status.finalized_height = has);
        if self.catch_up(has).await.is_none() {
            return;
        }
        while let Some((block, acknowledgement)) = arrivals.recv().await {
            if self.deliver(block, has).await.is_none() {
                return;
            }
            acknowledgement.acknowledge();
        }
    }

    /// Repeats what the application has lost; `has` is its height.
    async fn catch_up(&self, has: u64) -> Option<()> {
        let last = self.stored(self.acknowledged).await?;
        let delivered = last.inner().number;
        if has > delivered {
            warn!(has, delivered, "the application is ahead of the engine, which fetches the rest");
            self.handle.update(|status| status.is_ahead = true);
            return Some(());
        }
        if has == delivered {
            self.stand_at(&last);
            return Some(());
        }
        info!(has, delivered, "the application is behind the engine and gets blocks again");
        let mut height = self.height_of(has).await?;
        self.stand_at(&self.stored(height).await?);
        while height < self.acknowledged {
            height += 1;
            self.deliver(self.stored(height).await?, has).await?;
        }
        Some(())
    }

    /// Finds the first block with a number, which is at most that of the last acknowledged one.
    async fn height_of(&self, number: u64) -> Option<u64> {
        let (mut low, mut high) = (0, self.acknowledged);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.stored(middle).await?.inner().number < number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    /// Gives one block to the application, unless it has it. It had the height `had` at the start.
    async fn deliver(&self, block: Digested<Entry>, had: u64) -> Option<()> {
        let position = self.desk.known_position();
        let Entry { height, number, .. } = *block.inner();
        match position {
            Some(position) if height <= position.height => return Some(()),
            None if number < had => return Some(()),
            None => {
                // The block that the application was ahead with. From here on it is in step.
                self.stand_at(&block);
                return Some(());
            }
            Some(_) => {}
        }
        let entry = block.clone();
        let work = move |application: &dyn Application, position: &mut Option<Position>| {
            if !entry.inner().is_filler() {
                application.finalized(number, entry.inner().payload.clone());
            }
            *position = Some(Position::at(&entry));
        };
        self.desk.run(self.context.child("finalized"), work).await?;
        self.handle.stands_at(height, number);
        Some(())
    }

    /// Notes where the application was found to stand.
    fn stand_at(&self, block: &Digested<Entry>) {
        let position = Position::at(block);
        self.desk.set_position(position);
        self.handle.stands_at(position.height, position.number);
    }

    async fn stored(&self, height: u64) -> Option<Digested<Entry>> {
        if height == 0 {
            return Some(self.genesis.clone());
        }
        let block = self.archive.get_block(Height::new(height)).await;
        if block.is_none() {
            warn!(height, "a block that was delivered is not stored");
        }
        debug_assert!(block.as_ref().is_none_or(|block| block.height().get() == height));
        block
    }
}
