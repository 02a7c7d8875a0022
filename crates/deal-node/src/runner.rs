//! What a server does by itself: follow the chain, pay out, tell webhooks.
//!
//! Of several servers that share a store one leads and does this; the others wait until it is gone.
//! Leading twice by mistake does no harm: every change names the version that it was made from.

mod clock;
mod follower;
mod listener;
mod mempool;
mod settler;

use crate::{
    OpenError, ServerError,
    core::{Core, PUT_OFF_SECONDS, read_failed},
    error::causes,
    webhook::Courier,
};
pub(crate) use clock::tell_clock;
use follower::Follower;
use listener::Listener;
use mempool::Looker;
use settler::Settler;
use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tally_chain::{
    ChainError,
    utxo::{Source, Start},
};
use tally_deal_store::{DealFilter, EventId};
use tokio::{sync::watch, time::sleep};

/// Deals read at once.
const PAGE: usize = 256;

/// How often the clock is told, when nothing else happens.
const TICK: Duration = Duration::from_secs(1);

/// How often a server that does not lead looks whether it could, and what there is new.
const FOLLOW_PAUSE: Duration = Duration::from_secs(1);

/// The least pause between two looks at the mempool, however often somebody asks.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The pause after leading has failed.
const FAILURE_PAUSE: Duration = Duration::from_secs(3);

/// How much older than its last moment a deal may be and still be looked for at the start.
const DEAL_SECONDS_MAX: u64 = 400 * 86_400;

/// Makes a source that begins where it is told to.
pub type Sources = Arc<dyn Fn(Start) -> Box<dyn Source> + Send + Sync>;

/// Why a runner has ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The chain cannot be followed, or asked.
    #[error("the chain cannot be followed")]
    Chain(#[source] ChainError),
    /// The store failed, or refuses what it should take.
    #[error("deals cannot be stored")]
    Server(#[from] ServerError),
    /// What is stored does not decode.
    #[error("{0} does not decode")]
    Corrupt(&'static str),
    /// The source has records instead of blocks.
    #[error("the source of the chain has no blocks")]
    NotBlocks,
    /// Another server leads.
    #[error("another server leads")]
    Deposed,
}

impl RunError {
    /// Whether it is no use to try again.
    fn is_final(&self) -> bool {
        match self {
            Self::Chain(error) => matches!(error, ChainError::Permanent { .. }),
            Self::Corrupt(_) | Self::NotBlocks => true,
            Self::Server(_) | Self::Deposed => false,
        }
    }
}

/// The part of a server that acts by itself.
#[derive(Debug)]
pub struct Runner {
    core: Arc<Core>,
}

impl Runner {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Works until `shutdown` resolves: waits until it leads, and leads then. Whatever it does can be
    /// broken off at any moment, by dropping the future too.
    ///
    /// # Errors
    ///
    /// [`RunError`], if it is no use to try again: another network's chain, a reorganisation deeper
    /// than what is remembered, a store that has ended.
    pub async fn run(
        self,
        sources: Sources,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        tokio::select! {
            biased;
            () = shutdown => Ok(()),
            error = self.work(&sources) => Err(error),
        }
    }

    /// Works until it is no use any more.
    async fn work(&self, sources: &Sources) -> RunError {
        loop {
            let ended = Box::pin(self.turn(sources)).await;
            self.core.is_leading.store(false, Ordering::Release);
            self.core.is_caught_up.store(false, Ordering::Release);
            self.core.index().clear();
            match ended {
                Ok(()) => {}
                Err(error) if error.is_final() || self.core.store.has_ended() => return error,
                Err(error) => {
                    let cause = causes(&error);
                    tracing::error!(%error, cause, "the chain is not followed; trying again");
                    sleep(FAILURE_PAUSE).await;
                }
            }
        }
    }

    /// Leads once; `Ok` if another server does.
    async fn turn(&self, sources: &Sources) -> Result<(), RunError> {
        let lease = self.core.store.lead().await.map_err(read_failed);
        let leads_elsewhere = matches!(lease, Ok(None));
        self.core.leads_elsewhere.store(leads_elsewhere, Ordering::Release);
        let Some(lease) = lease? else {
            let last = self.core.store.last_event().await.map_err(read_failed)?;
            self.core.heard_of(last);
            sleep(FOLLOW_PAUSE).await;
            return Ok(());
        };
        tracing::info!("this server follows the chain");
        tokio::select! {
            () = lease.lost() => {
                tracing::warn!("another server may follow the chain now");
                Ok(())
            }
            result = self.lead(sources) => result,
        }
    }

    async fn lead(&self, sources: &Sources) -> Result<(), RunError> {
        let Leading { mut follower, listener, settler, looker } = Leading::load(&self.core).await?;
        let rules = self.core.config.webhooks.clone();
        let courier =
            Courier::new(Arc::clone(&self.core.store), Arc::clone(&self.core.clock), rules)
                .map_err(|error| ServerError::Store(Box::new(error)))?;
        let news = self.core.news.subscribe();
        let mut source = sources(follower.start().await?);
        let follow = async {
            loop {
                let update = source.next().await.map_err(RunError::Chain)?;
                follower.apply(update).await?;
            }
        };
        tokio::select! {
            result = follow => result,
            result = tick(&self.core) => result,
            result = hear(&listener, news.clone()) => result,
            result = settle(&self.core, settler) => result,
            result = look(&self.core, looker) => result,
            () = courier.run(news) => Ok(()),
        }
    }
}

/// The parts of a server that leads.
#[derive(Debug)]
pub(crate) struct Leading {
    pub(crate) follower: Follower,
    pub(crate) listener: Arc<Listener>,
    pub(crate) settler: Settler,
    pub(crate) looker: Looker,
}

impl Leading {
    /// Reads what is to be watched and what is to be done.
    pub(crate) async fn load(core: &Arc<Core>) -> Result<Self, RunError> {
        // From here on calls watch the deals that they make. Events before this one are of deals
        // that are read now.
        core.is_leading.store(true, Ordering::Release);
        let heard = core.store.last_event().await.map_err(read_failed)?;
        core.heard_of(heard);
        let mut settler = Settler::new(Arc::clone(core));
        let listener = Arc::new(Listener::new(Arc::clone(core), heard));
        let mut after = None;
        loop {
            let page = core.store.unfinished(after, PAGE).await.map_err(read_failed)?;
            for deal in page.rows {
                core.watch(deal.version, &deal.value);
                if !deal.value.pending().is_empty() {
                    settler.wake(deal.value.code());
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        watch_finished(core).await?;
        let follower = Follower::load(Arc::clone(core), Arc::clone(&listener)).await?;
        tracing::info!(
            deals = core.index().len(),
            height = ?follower.tip(),
            "deals are watched"
        );
        let looker = Looker::new(Arc::clone(core), Arc::clone(&listener));
        Ok(Self { follower, listener, settler, looker })
    }
}

/// Watches the finished deals to whose addresses late money may come.
async fn watch_finished(core: &Arc<Core>) -> Result<(), RunError> {
    let now = core.clock.now();
    let span = core.config.late_money_seconds.saturating_add(DEAL_SECONDS_MAX);
    let filter = DealFilter { since: Some(now.saturating_sub(span)), ..DealFilter::default() };
    let mut after = None;
    loop {
        let page = core.store.deals(&filter, after, PAGE).await.map_err(read_failed)?;
        for deal in page.rows.iter().filter(|deal| deal.value.is_finished()) {
            core.watch(deal.version, &deal.value);
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Tells the clock, again and again.
async fn tick(core: &Arc<Core>) -> Result<(), RunError> {
    let mut told_again = core.clock.now();
    loop {
        tokio::select! {
            () = sleep(TICK) => {}
            () = core.caught_up.notified() => {}
        }
        passing(tell_clock(core).await.map(|_| ()))?;
        let now = core.clock.now();
        if now >= told_again {
            passing(core.tell_put_off().await.map_err(RunError::Server))?;
            told_again = now.saturating_add(PUT_OFF_SECONDS);
        }
    }
}

/// Hears of deals that other servers make and change, whatever else is being waited for.
async fn hear(listener: &Listener, mut news: watch::Receiver<EventId>) -> Result<(), RunError> {
    loop {
        passing(listener.hear().await)?;
        tokio::select! {
            _ = news.changed() => {}
            () = sleep(FOLLOW_PAUSE) => {}
        }
    }
}

async fn settle(core: &Arc<Core>, mut settler: Settler) -> Result<(), RunError> {
    loop {
        if !settler.round().await? {
            tokio::select! {
                () = core.bell.notified() => {}
                () = sleep(TICK) => {}
            }
        }
    }
}

async fn look(core: &Arc<Core>, mut looker: Looker) -> Result<(), RunError> {
    loop {
        passing(looker.round().await)?;
        // Whoever asks whether he has paid must not keep the node busy.
        sleep(LOOK_PAUSE).await;
        tokio::select! {
            () = core.look.notified() => {}
            () = sleep(core.config.mempool.every) => {}
        }
    }
}

/// Lets pass what will be better later: a node that does not answer, a store that has too much
/// to do.
fn passing(result: Result<(), RunError>) -> Result<(), RunError> {
    match result {
        Err(RunError::Chain(error @ ChainError::Transient { .. })) => {
            let cause = causes(&error);
            tracing::warn!(%error, cause, "the network does not answer");
            Ok(())
        }
        Err(RunError::Server(
            error @ (ServerError::Busy { .. } | ServerError::Contended { .. }),
        )) => {
            tracing::warn!(%error, "what is to be done is done later");
            Ok(())
        }
        result => result,
    }
}

impl From<RunError> for OpenError {
    fn from(error: RunError) -> Self {
        Self::Store(Box::new(error))
    }
}
