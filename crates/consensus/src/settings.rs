use crate::{block::Entry, engine::Parts, judge::Judge};
use commonware_broadcast::buffered;
use commonware_consensus::{
    CertifiableAutomaton, Relay, Reporter,
    marshal::{self, resolver::p2p as resolver},
    simplex::{
        self, Floor, Plan,
        config::{ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
        scheme::ed25519::Scheme,
        types::{Activity, Context},
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{
    Digested,
    certificate::ConstantProvider,
    ed25519,
    sha256::{self, Sha256},
};
use commonware_p2p::{Blocker, Provider};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_storage::archive::immutable;
use commonware_utils::{NZU16, NZU64, NZUsize, NonZeroDuration};
use std::{
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    time::Duration,
};

/// Final blocks that the application may have in front of it. More would not make it faster.
const UNACKNOWLEDGED_MAX: NonZeroUsize = NZUsize!(16);
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
const CACHE_SECTION_VIEWS: NonZeroU64 = NZU64!(32);
/// Entries of the hash table that the archives start with: 256 KiB. It grows with the chain.
const TABLE_ENTRIES: u32 = 4096;
/// The bytes of one file of values, about.
const VALUES_FILE_BYTES: u64 = 1 << 30;
/// One epoch for ever: the members of a federation do not change.
pub(crate) const fn epochs() -> FixedEpocher {
    FixedEpocher::new(NonZeroU64::MAX)
}

/// Makes the cache in front of the files of an engine.
pub(crate) fn pages() -> CacheRef {
    CacheRef::new(PAGE_BYTES, PAGES)
}

/// Describes an archive whose files' names start with `name`.
pub(crate) fn archive<C>(name: &str, pages: &CacheRef, codec_config: C) -> immutable::Config<C> {
    let partition = |part: &str| format!("{name}-{part}");
    immutable::Config {
        metadata_partition: partition("metadata"),
        freezer_table_partition: partition("table"),
        freezer_table_initial_size: TABLE_ENTRIES,
        freezer_table_resize_frequency: 4,
        freezer_table_resize_chunk_size: TABLE_ENTRIES,
        freezer_key_partition: partition("keys"),
        freezer_key_page_cache: pages.clone(),
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

impl Parts {
    /// Describes how old blocks are fetched.
    pub(crate) fn fetch_settings<P, B>(
        &self,
        peers: P,
        blocker: B,
    ) -> resolver::Config<ed25519::PublicKey, P, B>
    where
        P: Provider<PublicKey = ed25519::PublicKey>,
        B: Blocker<PublicKey = ed25519::PublicKey>,
    {
        resolver::Config {
            public_key: self.members.me.clone(),
            peer_provider: peers,
            blocker,
            mailbox_size: MAILBOX,
            fetch_timeout: self.fetch_timeout(),
            fetch_retry_delay: self.fetch_pause(),
            priority_requests: false,
            priority_responses: false,
        }
    }

    /// Describes how new blocks are spread.
    pub(crate) fn spread_settings<P>(
        &self,
        peers: P,
    ) -> buffered::Config<ed25519::PublicKey, usize, P, Sequential>
    where
        P: Provider<PublicKey = ed25519::PublicKey>,
    {
        buffered::Config {
            public_key: self.members.me.clone(),
            mailbox_size: MAILBOX,
            deque_size: BLOCKS_KEPT,
            // Like votes, and before the side channel and old blocks.
            priority: true,
            codec_config: self.payload_bytes_max,
            peer_provider: peers,
            strategy: Sequential,
        }
    }

    /// Describes how blocks are stored and put in order.
    pub(crate) fn marshal_settings(
        &self,
        genesis: Digested<Entry>,
        pages: &CacheRef,
    ) -> marshal::Config<
        ConstantProvider<Scheme, Epoch>,
        FixedEpocher,
        Sequential,
        Entry,
        Digested<Entry>,
    > {
        marshal::Config {
            provider: ConstantProvider::new(self.members.scheme.clone()),
            epocher: epochs(),
            start: marshal::Start::Genesis(genesis),
            partition_prefix: format!("{}-marshal", self.files),
            mailbox_size: MAILBOX,
            view_retention: VIEWS_KEPT,
            prunable_items_per_section: CACHE_SECTION_VIEWS,
            page_cache: pages.clone(),
            replay_buffer: REPLAY_BUFFER,
            key_write_buffer: WRITE_BUFFER,
            value_write_buffer: WRITE_BUFFER,
            block_codec_config: self.payload_bytes_max,
            max_repair: FETCHES_MAX,
            max_pending_acks: UNACKNOWLEDGED_MAX,
            strategy: Sequential,
        }
    }

    /// Makes what puts proposals to the application.
    pub(crate) fn judge(&self) -> Judge {
        Judge {
            desk: self.desk.clone(),
            handle: self.handle.clone(),
            patience: Duration::from_millis(self.timing.leader_ms / 4 * 3),
            payload_bytes_max: self.payload_bytes_max,
        }
    }

    /// Describes how is voted.
    pub(crate) fn simplex_settings<A, F, B>(
        &self,
        genesis: sha256::Digest,
        pages: CacheRef,
        ballot: A,
        observer: F,
        blocker: B,
    ) -> simplex::Config<Scheme, RoundRobin<Sha256>, B, sha256::Digest, A, A, F, Sequential>
    where
        A: CertifiableAutomaton<
                Context = Context<sha256::Digest, ed25519::PublicKey>,
                Digest = sha256::Digest,
            > + Relay<
                Digest = sha256::Digest,
                PublicKey = ed25519::PublicKey,
                Plan = Plan<ed25519::PublicKey>,
            >,
        F: Reporter<Activity = Activity<Scheme, sha256::Digest>>,
        B: Blocker<PublicKey = ed25519::PublicKey>,
    {
        let timing = self.timing;
        simplex::Config {
            scheme: self.members.scheme.clone(),
            elector: RoundRobin::default(),
            blocker,
            automaton: ballot.clone(),
            relay: ballot,
            reporter: observer,
            track_historical_votes: false,
            strategy: Sequential,
            partition: format!("{}-votes", self.files),
            mailbox_size: MAILBOX,
            epoch: Epoch::zero(),
            floor: Floor::Genesis(genesis),
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
            fetch_timeout: self.fetch_timeout(),
            fetch_retry_delay: self.fetch_pause(),
            // Others who miss a block fetch it; the next leader must have it now.
            forward: ForwardPolicy::SilentLeader,
        }
    }

    fn fetch_timeout(&self) -> NonZeroDuration {
        NonZeroDuration::new_panic(Duration::from_millis(self.timing.fetch_ms))
    }

    const fn fetch_pause(&self) -> Duration {
        Duration::from_millis(self.timing.fetch_ms / 4)
    }
}
