use crate::{
    ChainFact, Channel, GraphError, Lesson, Query, Route, channel::Outlook, search::Search,
};
use std::collections::{BTreeMap, BTreeSet};
use tally_primitives::{BlockNumber, BlockSpan, ChannelAddress, NodeAddress, TokenAmount};

/// The channels of one token and what transfers taught about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    channels: BTreeMap<ChannelAddress, Channel>,
    /// Every node with a channel: its channels and who is at their other ends.
    nodes: BTreeMap<NodeAddress, BTreeMap<ChannelAddress, NodeAddress>>,
    /// Who cannot be reached, and the last block for which that counts.
    offline: BTreeMap<NodeAddress, BlockNumber>,
    /// Who gave back a payment to whom.
    refunds: BTreeMap<(NodeAddress, NodeAddress), Refund>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refund {
    amount: TokenAmount,
    until: BlockNumber,
}

impl Graph {
    /// Makes a graph without channels.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what the chain says.
    ///
    /// # Errors
    ///
    /// [`GraphError`] if the fact does not follow from those before; the graph is as it was.
    pub fn apply(&mut self, fact: &ChainFact) -> Result<(), GraphError> {
        match *fact {
            ChainFact::ChannelOpened { channel, participants, settle_timeout } => {
                self.open(channel, participants, settle_timeout)
            }
            ChainFact::DepositChanged { channel, participant, total } => {
                let is_more = self
                    .channel_mut(channel)?
                    .set_deposit(participant, total)
                    .ok_or(GraphError::NotParticipant { channel, node: participant })?;
                if is_more {
                    self.forget_refunds_of(participant);
                }
                Ok(())
            }
            ChainFact::ChannelClosed { channel } => {
                self.channel_mut(channel)?.is_open = false;
                Ok(())
            }
            ChainFact::CloseReverted { channel } => {
                self.channel_mut(channel)?.is_open = true;
                Ok(())
            }
            ChainFact::ChannelRemoved { channel } => self.remove(channel),
        }
    }

    /// Takes in what a transfer or a connection taught.
    ///
    /// # Errors
    ///
    /// [`GraphError`] if the lesson names a channel that is not there; the graph is as it was.
    pub fn learn(&mut self, lesson: &Lesson) -> Result<(), GraphError> {
        match *lesson {
            Lesson::NextHopRefunded { node, target, amount, until } => {
                self.refunds.insert((node, target), Refund { amount, until });
            }
            Lesson::NextHopDelivered { node, target, amount } => {
                if self.refunds.get(&(node, target)).is_some_and(|refund| refund.amount <= amount) {
                    self.refunds.remove(&(node, target));
                }
            }
            Lesson::PeerOffline { node, until } => {
                self.offline.insert(node, until);
            }
            Lesson::PeerOnline { node } => {
                self.offline.remove(&node);
            }
            Lesson::KnownCapacity { channel, from, amount, until } => {
                self.channel_mut(channel)?
                    .set_known_capacity(from, amount, until)
                    .ok_or(GraphError::NotParticipant { channel, node: from })?;
            }
        }
        Ok(())
    }

    /// Drops the lessons that count no longer at block `now`. Answers stay the same; it only frees
    /// memory.
    pub fn forget(&mut self, now: BlockNumber) {
        self.offline.retain(|_, until| *until >= now);
        self.refunds.retain(|_, refund| refund.until >= now);
        for channel in self.channels.values_mut() {
            channel.forget(now);
        }
    }

    /// Returns the next hops worth trying, best first; none if there is no way.
    ///
    /// No route passes a node twice, this node, an excluded one, or one that is offline. First come
    /// the routes without a doubtful part; among equals the shortest, then those that pass no other
    /// of our neighbours (such a neighbour is a candidate itself, and where it fails they fail too),
    /// then in the order of the neighbours' addresses.
    #[must_use]
    pub fn candidates(&self, query: &Query<'_>) -> Vec<Route> {
        Search::run(self, query).routes
    }

    /// Returns a channel, or `None` if it is not in the graph.
    #[must_use]
    pub fn channel(&self, channel: ChannelAddress) -> Option<&Channel> {
        self.channels.get(&channel)
    }

    /// Returns all channels in the order of their addresses.
    pub fn channels(&self) -> impl Iterator<Item = (ChannelAddress, &Channel)> {
        self.channels.iter().map(|(address, channel)| (*address, channel))
    }

    /// Returns all nodes that have a channel, in the order of their addresses.
    pub fn nodes(&self) -> impl Iterator<Item = NodeAddress> {
        self.nodes.keys().copied()
    }

    /// Returns the channels of `node` and who is at their other ends.
    pub fn neighbours(
        &self,
        node: NodeAddress,
    ) -> impl Iterator<Item = (ChannelAddress, NodeAddress)> {
        let channels = self.nodes.get(&node).into_iter().flatten();
        channels.map(|(channel, peer)| (*channel, *peer))
    }

    /// Says whether `node` is known to be out of reach.
    #[must_use]
    pub fn is_offline(&self, node: NodeAddress, now: BlockNumber) -> bool {
        self.offline.get(&node).is_some_and(|until| *until >= now)
    }

    /// Says whether `node` lately gave back a payment like this one.
    pub(crate) fn has_refunded(&self, node: NodeAddress, query: &Query<'_>) -> bool {
        self.refunds
            .get(&(node, query.target))
            .is_some_and(|refund| refund.until >= query.now && refund.amount <= query.amount)
    }

    /// Judges whether the payment may pass `channel`, starting at its end `from`, with `hops`
    /// channels to go, this one included.
    pub(crate) fn outlook(
        &self,
        channel: ChannelAddress,
        from: NodeAddress,
        hops: u32,
        query: &Query<'_>,
    ) -> Outlook {
        let channel = &self.channels[&channel];
        if query.hop_span.0.saturating_mul(hops.into()) > channel.settle_timeout.0 {
            return Outlook::Never;
        }
        channel.outlook(from, query.amount, query.now)
    }

    fn open(
        &mut self,
        channel: ChannelAddress,
        participants: [NodeAddress; 2],
        settle_timeout: BlockSpan,
    ) -> Result<(), GraphError> {
        let [left, right] = participants;
        if left == right {
            return Err(GraphError::SameNode { channel, node: left });
        }
        if self.channels.contains_key(&channel) {
            return Err(GraphError::KnownChannel { channel });
        }
        self.channels.insert(channel, Channel::new(participants, settle_timeout));
        self.nodes.entry(left).or_default().insert(channel, right);
        self.nodes.entry(right).or_default().insert(channel, left);
        Ok(())
    }

    fn remove(&mut self, channel: ChannelAddress) -> Result<(), GraphError> {
        let removed =
            self.channels.remove(&channel).ok_or(GraphError::UnknownChannel { channel })?;
        for node in removed.participants() {
            let channels = self.nodes.get_mut(&node).expect("a participant has the channel");
            channels.remove(&channel);
            if channels.is_empty() {
                self.nodes.remove(&node);
            }
        }
        Ok(())
    }

    /// A node that has more to send may pass on what it gave back before.
    fn forget_refunds_of(&mut self, node: NodeAddress) {
        let first = NodeAddress::new([0; 20]);
        let last = NodeAddress::new([u8::MAX; 20]);
        let of_node = self.refunds.range((node, first)..=(node, last));
        let keys: BTreeSet<_> = of_node.map(|(key, _)| *key).collect();
        self.refunds.retain(|key, _| !keys.contains(key));
    }

    fn channel_mut(&mut self, channel: ChannelAddress) -> Result<&mut Channel, GraphError> {
        self.channels.get_mut(&channel).ok_or(GraphError::UnknownChannel { channel })
    }
}
