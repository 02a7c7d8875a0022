use tally_primitives::{BlockNumber, BlockSpan, ChannelAddress, NodeAddress, TokenAmount};

/// Something that the chain says about a channel of the graph's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainFact {
    /// A channel was opened, with nothing in it.
    ChannelOpened {
        /// The new channel.
        channel: ChannelAddress,
        /// Its two nodes, in any order.
        participants: [NodeAddress; 2],
        /// How long it can be settled after it was closed; no lock in it lasts longer.
        settle_timeout: BlockSpan,
    },
    /// What a participant has put into a channel, less what it took out, is now `total`. A
    /// withdrawal and a deposit undone by a reorganisation make it less.
    DepositChanged {
        /// The channel.
        channel: ChannelAddress,
        /// Whose deposit it is.
        participant: NodeAddress,
        /// The new total, not the difference.
        total: TokenAmount,
    },
    /// A channel was closed: it carries nothing new.
    ChannelClosed {
        /// The channel.
        channel: ChannelAddress,
    },
    /// A reorganisation undid the closing of a channel.
    CloseReverted {
        /// The channel.
        channel: ChannelAddress,
    },
    /// A channel was settled, or a reorganisation undid its opening: it is gone.
    ChannelRemoved {
        /// The channel.
        channel: ChannelAddress,
    },
}

/// Something that this node's transfers and connections taught it.
///
/// The chain outlasts lessons: what a transfer taught is true for a while, and the caller says for
/// how long with the last block `until` which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// A neighbour gave a lock back: it found no way to pass `amount` on towards `target`.
    ///
    /// Routes through it to that target, with as much or more, come after all others. They are
    /// still offered, because its channels fill again.
    NextHopRefunded {
        /// Who gave the lock back.
        node: NodeAddress,
        /// Where the payment should have gone.
        target: NodeAddress,
        /// How much it was.
        amount: TokenAmount,
        /// The last block for which this counts.
        until: BlockNumber,
    },
    /// A neighbour passed `amount` on and it arrived: a refund of as much or less is forgotten.
    NextHopDelivered {
        /// Who passed it on.
        node: NodeAddress,
        /// Where the payment went.
        target: NodeAddress,
        /// How much it was.
        amount: TokenAmount,
    },
    /// A node cannot be reached; no route leads through it or to it.
    PeerOffline {
        /// The node.
        node: NodeAddress,
        /// The last block for which this counts.
        until: BlockNumber,
    },
    /// A node can be reached.
    PeerOnline {
        /// The node.
        node: NodeAddress,
    },
    /// One end of a channel can send exactly this much, whatever its deposit says.
    KnownCapacity {
        /// The channel.
        channel: ChannelAddress,
        /// The end that sends.
        from: NodeAddress,
        /// What it can send.
        amount: TokenAmount,
        /// The last block for which this counts.
        until: BlockNumber,
    },
}

/// Why a fact or a lesson was refused; the graph is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The graph has no such channel.
    #[error("channel {channel} is not in the graph")]
    UnknownChannel {
        /// The channel named.
        channel: ChannelAddress,
    },
    /// The graph has this channel already.
    #[error("channel {channel} is in the graph already")]
    KnownChannel {
        /// The channel named.
        channel: ChannelAddress,
    },
    /// Both ends of the channel are one node.
    #[error("channel {channel} has node {node} at both ends")]
    SameNode {
        /// The channel named.
        channel: ChannelAddress,
        /// The node at both ends.
        node: NodeAddress,
    },
    /// The node is at neither end of the channel.
    #[error("node {node} has no part in channel {channel}")]
    NotParticipant {
        /// The channel named.
        channel: ChannelAddress,
        /// The node named.
        node: NodeAddress,
    },
}
