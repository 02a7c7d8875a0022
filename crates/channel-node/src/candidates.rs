//! Which neighbours a transfer may leave through.

use crate::{PaymentRequest, owner::Owner};
use std::collections::BTreeSet;
use tally_channel::{Candidate, Channel, MediatedTransfer, Side};
use tally_primitives::{BlockSpan, ChannelAddress, NodeAddress, TokenAddress, TokenAmount};
use tally_routing::{FirstHop, Query};

/// Blocks that a message may take from hop to hop, on top of the reveal timeout.
///
/// Source: spec §4.7, "transit blocks".
const TRANSIT_BLOCKS: BlockSpan = BlockSpan(2);

/// A transfer that looks for its next hop.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) token: TokenAddress,
    pub(crate) target: NodeAddress,
    /// What the target shall get.
    pub(crate) amount: TokenAmount,
    /// What is sent on top, unless the next hop is the target.
    pub(crate) fee: TokenAmount,
    /// Nodes that it came through.
    pub(crate) exclude: BTreeSet<NodeAddress>,
    /// For how many blocks a lock can last, if something bounds that beside the channel.
    pub(crate) lock_span: Option<BlockSpan>,
}

impl Wish {
    /// What a payment of this node looks for.
    pub(crate) const fn payment(
        token: TokenAddress,
        target: NodeAddress,
        amount: TokenAmount,
        fee: TokenAmount,
    ) -> Self {
        Self { token, target, amount, fee, exclude: BTreeSet::new(), lock_span: None }
    }
}

impl Owner {
    /// Returns the next hops for a payment of this node, best first.
    pub(crate) fn payment_candidates(&self, wish: &Wish) -> Vec<Candidate> {
        self.candidates(wish, true)
    }

    /// Says whether a payment would have a next hop if all neighbours were connected.
    pub(crate) fn has_route(&self, request: &PaymentRequest) -> bool {
        let PaymentRequest { token, target, amount, fee, .. } = *request;
        !self.candidates(&Wish::payment(token, target, amount, fee), false).is_empty()
    }

    /// Returns the channel with `target` if transfers are possible and it is connected.
    pub(crate) fn direct_candidate(
        &self,
        token: TokenAddress,
        target: NodeAddress,
    ) -> Option<Candidate> {
        let channel = self.direct_channel(token, target)?;
        let is_connected = self.connected.contains_key(&target);
        is_connected.then_some(Candidate { channel, next_hop: target })
    }

    /// Returns the channel with `target` in which transfers are possible.
    pub(crate) fn direct_channel(
        &self,
        token: TokenAddress,
        target: NodeAddress,
    ) -> Option<ChannelAddress> {
        let usable =
            |own: &&Channel| own.token() == token && own.partner() == target && own.is_open();
        self.protocol.channels().find(usable).map(Channel::address)
    }

    /// Returns the next hops for a transfer to pass on, best first; `None` if there would be some
    /// if all neighbours were connected and they still have time to do so.
    pub(crate) fn mediation_candidates(
        &self,
        channel: ChannelAddress,
        transfer: &MediatedTransfer,
    ) -> Option<Vec<Candidate>> {
        let Some(payer) = self.protocol.channel(channel) else { return Some(vec![]) };
        let head = self.protocol.head();
        let wish = Wish {
            token: payer.token(),
            target: transfer.target,
            amount: transfer.lock.amount.saturating_sub(transfer.fee),
            fee: transfer.fee.saturating_sub(self.config.mediation_fee),
            exclude: BTreeSet::from([payer.partner(), transfer.initiator]),
            lock_span: Some(transfer.lock.expiration.before(self.hop_span()).since(head)),
        };
        let candidates = self.candidates(&wish, true);
        let may_wait = candidates.is_empty() && self.grace_until.is_some();
        if may_wait && !self.candidates(&wish, false).is_empty() {
            return None;
        }
        Some(candidates)
    }

    fn candidates(&self, wish: &Wish, only_connected: bool) -> Vec<Candidate> {
        let Some(graph) = self.chain.graph(wish.token) else { return vec![] };
        let us = self.key.address();
        let first_hops: Vec<FirstHop> = graph
            .neighbours(us)
            .filter(|(_, peer)| !only_connected || self.connected.contains_key(peer))
            .filter_map(|(channel, peer)| self.first_hop(wish, channel, peer))
            .collect();
        let query = Query {
            from: us,
            target: wish.target,
            amount: wish.amount,
            exclude: &wish.exclude,
            first_hops: &first_hops,
            hop_span: self.hop_span(),
            now: self.protocol.head(),
        };
        let routes = graph.candidates(&query);
        routes.iter().map(|r| Candidate { channel: r.channel, next_hop: r.next_hop() }).collect()
    }

    /// Returns how many blocks each hop takes off a lock's life.
    const fn hop_span(&self) -> BlockSpan {
        BlockSpan(self.config.reveal_timeout.0.saturating_add(TRANSIT_BLOCKS.0))
    }

    fn first_hop(
        &self,
        wish: &Wish,
        channel: ChannelAddress,
        peer: NodeAddress,
    ) -> Option<FirstHop> {
        let own = self.protocol.channel(channel)?;
        let fee = if peer == wish.target { TokenAmount::ZERO } else { wish.fee };
        let needed = wish.amount.try_add(fee).ok()?;
        let lock_span =
            wish.lock_span.map_or(own.settle_timeout(), |span| span.min(own.settle_timeout()));
        let capacity = own.distributable(Side::Ours);
        own.can_lock(needed).then_some(FirstHop { channel, peer, capacity, lock_span })
    }
}
