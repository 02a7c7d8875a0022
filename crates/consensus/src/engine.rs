use crate::{
    Handle, Timing,
    block::Entry,
    delivery::{Delivery, Reports},
    desk::Desk,
    handle::Outgoing,
    judge::Judge,
    members::{Members, outward},
    network::Channels,
    side,
};
use commonware_actor::Feedback;
use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporter, Viewable as _,
    marshal::{self, core::Processed, resolver::p2p as resolver, standard::Inline},
    simplex::{
        self, Floor,
        config::{ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
        scheme::ed25519::Scheme,
        types::Activity,
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{
    Digestible as _,
    certificate::{ConstantProvider, Verifier as _},
    ed25519,
    sha256::{self, Sha256},
};
use commonware_p2p::{Blocker, CheckedSender as _, Provider, Receiver, Recipients, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::{
    Clock, Handle as Task, Metrics, Spawner, Storage, buffer::paged::CacheRef,
};
use commonware_storage::archive::immutable;
use commonware_utils::{NZU16, NZU64, NZUsize, NonZeroDuration};
use rand_core::CryptoRng;
use std::{
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// Final blocks that the application may have in front of it. More would not make it faster.
pub(crate) const UNACKNOWLEDGED_MAX: NonZeroUsize = NZUsize!(16);
/// Missing blocks that are fetched at a time: with blocks of 8 MiB, 128 MiB are on their way.
const FETCHES_MAX: NonZeroUsize = NZUsize!(16);
/// Messages between the parts of the engine that may wait.
const MAILBOX: NonZeroUsize = NZUsize!(1024);
/// Views behind the last final block whose votes are kept, for peers that are a little late.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(64);
/// Blocks of one sender that are kept until they are needed.
const BLOCKS_KEPT: usize = 16;
/// With its checksum of 12 bytes a page fills a page of the disk. Part of the format on disk.
const PAGE_BYTES: NonZeroU16 = NZU16!(4084);
/// Two megabytes of pages.
const PAGES: NonZeroUsize = NZUsize!(512);
/// Buffers in front of files. Not larger: a batch of votes is small, a block is written at once.
const WRITE_BUFFER: NonZeroUsize = NZUsize!(64 * 1024);
/// Bytes read at a time when a file is read from its start.
const REPLAY_BUFFER: NonZeroUsize = NZUsize!(1024 * 1024);
/// Entries in one file of the archives. Part of the format on disk.
const SECTION_ITEMS: NonZeroU64 = NZU64!(16_384);
/// Views in one file of the caches. Part of the format on disk.
const CACHE_SECTION_VIEWS: NonZeroU64 = NZU64!(256);
/// Entries of the hash table that the archives start with: 256 KiB. It grows with the chain.
const TABLE_ENTRIES: u32 = 4096;
/// The bytes of one file of values, about.
const VALUES_FILE_BYTES: u64 = 1 << 30;
/// How often it is looked who is connected.
const PRESENCE: Duration = Duration::from_millis(500);

/// What the engine needs of the runtime that it runs on.
pub(crate) trait Runtime: Spawner + Metrics + Clock + Storage + CryptoRng {}

impl<E: Spawner + Metrics + Clock + Storage + CryptoRng> Runtime for E {}

/// What one node's engine is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) members: Members,
    pub(crate) timing: Timing,
    pub(crate) payload_bytes_max: usize,
    /// What the names of the node's files start with.
    pub(crate) files: String,
    pub(crate) desk: Desk,
    pub(crate) handle: Handle,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
}

/// Starts all parts of a node's engine. None of the tasks ends while the engine is well.
pub(crate) async fn start<E, S, R, P, B>(
    context: &E,
    parts: Parts,
    channels: Channels<S, R>,
    peers: P,
    blocker: B,
) -> Vec<Task<()>>
where
    E: Runtime,
    S: Sender<PublicKey = ed25519::PublicKey>,
    R: Receiver<PublicKey = ed25519::PublicKey>,
    P: Provider<PublicKey = ed25519::PublicKey>,
    B: Blocker<PublicKey = ed25519::PublicKey>,
{
    let Parts { members, timing, payload_bytes_max, files, desk, handle, outgoing } = parts;
    let pages = CacheRef::new(PAGE_BYTES, PAGES);
    let genesis = Entry::genesis(members.genesis);

    let fetch = resolver::init(
        context.child("backfill"),
        resolver::Config {
            public_key: members.me.clone(),
            peer_provider: peers.clone(),
            blocker: blocker.clone(),
            mailbox_size: MAILBOX,
            fetch_timeout: duration(timing.fetch_ms),
            fetch_retry_delay: Duration::from_millis(timing.fetch_ms / 4),
            priority_requests: false,
            priority_responses: false,
        },
        channels.backfill,
    );
    let (spread, buffer) = buffered::Engine::new(
        context.child("blocks"),
        buffered::Config {
            public_key: members.me.clone(),
            mailbox_size: MAILBOX,
            deque_size: BLOCKS_KEPT,
            // Like votes, and before the side channel and old blocks.
            priority: true,
            codec_config: payload_bytes_max,
            peer_provider: peers,
            strategy: Sequential,
        },
    );
    let spread = spread.start(channels.blocks);

    let store = Store { context, files: &files, pages: &pages };
    let certificates = store.certificates(&members.scheme).await;
    let blocks = store.blocks(payload_bytes_max).await;
    let (marshal, archive, floor) = marshal::core::Actor::init(
        context.child("marshal"),
        certificates,
        blocks,
        marshal::Config {
            provider: ConstantProvider::new(members.scheme.clone()),
            epocher: epochs(),
            start: marshal::Start::Genesis(genesis.clone()),
            partition_prefix: format!("{files}-marshal"),
            mailbox_size: MAILBOX,
            view_retention: VIEWS_KEPT,
            prunable_items_per_section: CACHE_SECTION_VIEWS,
            page_cache: pages.clone(),
            replay_buffer: REPLAY_BUFFER,
            key_write_buffer: WRITE_BUFFER,
            value_write_buffer: WRITE_BUFFER,
            block_codec_config: payload_bytes_max,
            max_repair: FETCHES_MAX,
            max_pending_acks: UNACKNOWLEDGED_MAX,
            strategy: Sequential,
        },
    )
    .await;
    let acknowledged = floor.processed().map_or(0, |processed| Processed::height(processed).get());
    let (reports, arrivals) = Reports::new(handle.clone());
    let marshal = marshal.start(reports, buffer, fetch);

    let delivery = Delivery {
        context: context.child("delivery"),
        desk: desk.clone(),
        handle: handle.clone(),
        archive: archive.clone(),
        genesis: genesis.clone(),
        acknowledged,
    };
    let delivery = context.child("deliver").spawn(move |_| delivery.run(arrivals));

    let judge = Judge {
        desk: desk.clone(),
        handle: handle.clone(),
        patience: Duration::from_millis(timing.leader_ms / 4 * 3),
        payload_bytes_max,
    };
    let ballot = Inline::new(context.child("ballot"), judge, archive, epochs());
    let observer = Observer { inner: ballot.clone(), handle: handle.clone() };
    let simplex = simplex::Engine::new(
        context.child("simplex"),
        simplex::Config {
            scheme: members.scheme.clone(),
            elector: RoundRobin::<Sha256>::default(),
            blocker,
            automaton: ballot.clone(),
            relay: ballot,
            reporter: observer,
            track_historical_votes: false,
            strategy: Sequential,
            partition: format!("{files}-votes"),
            mailbox_size: MAILBOX,
            epoch: Epoch::zero(),
            floor: Floor::Genesis(genesis.digest()),
            replay_buffer: REPLAY_BUFFER,
            write_buffer: WRITE_BUFFER,
            page_cache: pages,
            leader_timeout: Duration::from_millis(timing.leader_ms),
            certification_timeout: Duration::from_millis(timing.agreement_ms),
            timeout_retry: Duration::from_millis(timing.retry_ms),
            view_retention: VIEWS_KEPT,
            skip: SkipPolicy::Enabled {
                timeout: Duration::from_millis(timing.agreement_ms + timing.retry_ms),
                budget: SkipBudget::Participants,
            },
            fetch_timeout: duration(timing.fetch_ms),
            fetch_retry_delay: Duration::from_millis(timing.fetch_ms / 4),
            // Others who miss a block fetch it; the next leader must have it now.
            forward: ForwardPolicy::SilentLeader,
        },
    );
    let simplex = simplex.start(channels.votes, channels.certificates, channels.resolver);

    let (to_peers, from_peers) = channels.side;
    let sending = context.child("send").spawn(move |own| side::send(own, outgoing, to_peers));
    let receiving = context.child("receive").spawn(move |own| side::receive(own, desk, from_peers));
    let (presence, silence) = channels.presence;
    let watching =
        context.child("presence").spawn(move |own| watch_presence(own, handle, presence, silence));
    vec![spread, marshal, delivery, simplex, sending, receiving, watching]
}

/// One epoch for ever: the members of a federation do not change.
const fn epochs() -> FixedEpocher {
    FixedEpocher::new(NonZeroU64::MAX)
}

fn duration(ms: u64) -> NonZeroDuration {
    NonZeroDuration::new_panic(Duration::from_millis(ms))
}

/// Keeps the list of connected peers up to date. Nothing is ever sent on this channel.
async fn watch_presence<E, S, R>(context: E, handle: Handle, mut network: S, silence: R)
where
    E: Clock,
    S: Sender<PublicKey = ed25519::PublicKey>,
    R: Receiver,
{
    loop {
        if let Ok(reached) = network.check(Recipients::All) {
            let mut connected: Vec<_> = reached.recipients().iter().map(outward).collect();
            connected.sort();
            handle.update(|status| status.connected = connected);
        }
        context.sleep(PRESENCE).await;
        debug_assert!(silence.capacity().get() > 0, "the channel stays open");
    }
}

/// Notes the view on the way of what the engine reports.
#[derive(Clone)]
struct Observer<A> {
    inner: A,
    handle: Handle,
}

impl<A> Reporter for Observer<A>
where
    A: Reporter<Activity = Activity<Scheme, sha256::Digest>>,
{
    type Activity = A::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        let view = activity.view().get();
        self.handle.update(|status| status.view = status.view.max(view));
        self.inner.report(activity)
    }
}

/// The archives of final blocks.
struct Store<'a, E> {
    context: &'a E,
    files: &'a str,
    pages: &'a CacheRef,
}

impl<E: Runtime> Store<'_, E> {
    async fn certificates(
        &self,
        scheme: &Scheme,
    ) -> immutable::Archive<E, sha256::Digest, simplex::types::Finalization<Scheme, sha256::Digest>>
    {
        let config = self.config("certificates", scheme.certificate_codec_config());
        immutable::Archive::init(self.context.child("certificates"), config)
            .await
            .expect("the archive of certificates can be opened")
    }

    async fn blocks(
        &self,
        payload_bytes_max: usize,
    ) -> immutable::Archive<E, sha256::Digest, Arc<Entry>> {
        let config = self.config("blocks", payload_bytes_max);
        immutable::Archive::init(self.context.child("archive"), config)
            .await
            .expect("the archive of blocks can be opened")
    }

    fn config<C>(&self, name: &str, codec_config: C) -> immutable::Config<C> {
        let partition = |part: &str| format!("{}-{name}-{part}", self.files);
        immutable::Config {
            metadata_partition: partition("metadata"),
            freezer_table_partition: partition("table"),
            freezer_table_initial_size: TABLE_ENTRIES,
            freezer_table_resize_frequency: 4,
            freezer_table_resize_chunk_size: TABLE_ENTRIES,
            freezer_key_partition: partition("keys"),
            freezer_key_page_cache: self.pages.clone(),
            freezer_value_partition: partition("values"),
            freezer_value_target_size: VALUES_FILE_BYTES,
            freezer_value_compression: None,
            ordinal_partition: partition("heights"),
            items_per_section: SECTION_ITEMS,
            freezer_key_write_buffer: WRITE_BUFFER,
            freezer_value_write_buffer: WRITE_BUFFER,
            ordinal_write_buffer: WRITE_BUFFER,
            replay_buffer: REPLAY_BUFFER,
            codec_config,
        }
    }
}
