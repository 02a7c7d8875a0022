use std::collections::BTreeSet;
use tally_primitives::{BlockNumber, BlockSpan, ChannelAddress, NodeAddress, TokenAmount};

/// An own channel over which the payment can leave: open, with its peer reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstHop {
    /// The own channel.
    pub channel: ChannelAddress,
    /// The neighbour at its other end.
    pub peer: NodeAddress,
    /// What we can send over it now, exactly: pending locks are taken off.
    pub capacity: TokenAmount,
    /// For how many blocks a lock in it can last: at most its settle timeout, and for a mediator
    /// at most what the lock it was given leaves.
    pub lock_span: BlockSpan,
}

/// A payment that looks for its next hop.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// This node, which no route leads back to.
    pub from: NodeAddress,
    /// Where the payment goes.
    pub target: NodeAddress,
    /// What must arrive at the next hop.
    pub amount: TokenAmount,
    /// Nodes that the payment came through, the payer among them, and those tried in vain.
    pub exclude: &'a BTreeSet<NodeAddress>,
    /// The own channels over which the payment can leave.
    pub first_hops: &'a [FirstHop],
    /// How many blocks each hop takes off the lock's life. A route is offered only if every lock on
    /// it lasts this long for itself and for each hop after it; 0 to offer any length.
    pub hop_span: BlockSpan,
    /// The newest block: it says which lessons still count.
    pub now: BlockNumber,
}

/// A next hop worth trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The own channel to send over.
    pub channel: ChannelAddress,
    /// The way the payment is assumed to take: from the next hop to the target, both included. The
    /// next hop chooses for itself.
    pub path: Vec<NodeAddress>,
}

impl Route {
    /// Returns the neighbour to send to.
    ///
    /// # Panics
    ///
    /// If the path was emptied; the crate never makes such a route.
    #[must_use]
    pub fn next_hop(&self) -> NodeAddress {
        *self.path.first().expect("a route has at least its target")
    }

    /// Returns how many channels the payment passes; 1 if the next hop is the target.
    ///
    /// # Panics
    ///
    /// If the path has 2^32 nodes, more than there are.
    #[must_use]
    pub fn hops(&self) -> u32 {
        u32::try_from(self.path.len()).expect("no network has 2^32 nodes")
    }
}
