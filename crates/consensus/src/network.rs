use crate::{MESSAGE_BYTES_MAX, block::Entry};
use commonware_consensus::{
    marshal::{self, standard::Standard},
    simplex::{self, scheme::ed25519::Scheme},
};
use commonware_cryptography::sha256;
use commonware_p2p::Channel;
use commonware_runtime::Quota;
use std::num::NonZeroU32;

/// What is said over a connection between two nodes, each on its own numbered channel. The numbers
/// are on the wire: never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Votes for and against proposals.
    Votes = 0,
    /// Proofs that enough have voted.
    Certificates = 1,
    /// Requests for missing certificates, and answers.
    Resolver = 2,
    /// New blocks from their proposer.
    Blocks = 3,
    /// Requests for older blocks, and answers.
    Backfill = 4,
    /// The application's messages.
    Side = 5,
    /// Nothing: whom it could be said to are the connected peers.
    Presence = 6,
}

impl Topic {
    /// All topics, by their numbers.
    pub(crate) const ALL: [Self; 7] = [
        Self::Votes,
        Self::Certificates,
        Self::Resolver,
        Self::Blocks,
        Self::Backfill,
        Self::Side,
        Self::Presence,
    ];

    /// Returns the number on the wire.
    pub(crate) const fn channel(self) -> Channel {
        self as Channel
    }

    /// Returns how many messages a node sends to another in a second, and accepts from it.
    ///
    /// A view takes each node up to three votes and two certificates; at a hundred views a second,
    /// which is faster than signatures allow, the first two bounds are not met. A second's worth
    /// may wait for each peer, so the bounds on blocks are what keeps the memory bounded.
    pub(crate) const fn quota(self) -> Quota {
        let per_second = match self {
            Self::Votes | Self::Certificates | Self::Side => 512,
            Self::Resolver => 256,
            Self::Blocks => 128,
            Self::Backfill => 256,
            Self::Presence => 16,
        };
        Quota::per_second(NonZeroU32::new(per_second).expect("no quota is zero"))
    }
}

/// The two ends of one topic.
pub(crate) type Pair<S, R> = (S, R);

/// A node's end of all topics.
#[derive(Debug)]
pub(crate) struct Channels<S, R> {
    pub(crate) votes: Pair<S, R>,
    pub(crate) certificates: Pair<S, R>,
    pub(crate) resolver: Pair<S, R>,
    pub(crate) blocks: Pair<S, R>,
    pub(crate) backfill: Pair<S, R>,
    pub(crate) side: Pair<S, R>,
    pub(crate) presence: Pair<S, R>,
}

impl<S, R> Channels<S, R> {
    /// Takes the ends in the order of [`Topic::ALL`].
    pub(crate) fn new(pairs: [Pair<S, R>; 7]) -> Self {
        let [votes, certificates, resolver, blocks, backfill, side, presence] = pairs;
        Self { votes, certificates, resolver, blocks, backfill, side, presence }
    }

    /// Returns the ends in the order of [`Topic::ALL`].
    #[cfg(feature = "simulation")]
    pub(crate) fn into_pairs(self) -> [Pair<S, R>; 7] {
        let Self { votes, certificates, resolver, blocks, backfill, side, presence } = self;
        [votes, certificates, resolver, blocks, backfill, side, presence]
    }
}

/// Returns the most bytes of a message on any topic.
pub(crate) fn message_bytes_max(participants: u32, payload_bytes_max: usize) -> u32 {
    commonware_p2p::max_message_size(&[
        MESSAGE_BYTES_MAX,
        simplex::max_payload_size::<Scheme, sha256::Digest>(participants),
        marshal::max_payload_size::<Standard<Entry>, Scheme>(participants, &payload_bytes_max),
    ])
}
