//! A node's picture of the network, and the next hops that follow from it.

use super::chain::FakeChain;
use std::collections::{BTreeMap, BTreeSet};
use tally_channel::{Candidate, ChainFact, ChannelFact, MediatedTransfer, Protocol, Report, Side};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, NodeAddress, TokenAddress, TokenAmount,
};
use tally_routing::{ChainFact as RouteFact, FirstHop, Graph, Lesson, Query};

/// Blocks for which a refund is remembered.
const REFUND_COUNTS: BlockSpan = BlockSpan(5);

/// The graphs of all tokens, as far as the node followed the chain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes {
    graphs: BTreeMap<TokenAddress, Graph>,
    tokens: BTreeMap<ChannelAddress, TokenAddress>,
    next: u64,
    /// Neighbours to try first, in this order, for tests that want a certain way.
    pub(crate) prefer: Vec<NodeAddress>,
}

/// A transfer that looks for its next hop.
struct Wish {
    token: TokenAddress,
    target: NodeAddress,
    amount: TokenAmount,
    fee: TokenAmount,
    exclude: BTreeSet<NodeAddress>,
    lock_span: BlockSpan,
}

impl Routes {
    /// Forgets the chain and all lessons.
    pub(crate) fn reset(&mut self) {
        *self = Self { prefer: std::mem::take(&mut self.prefer), ..Self::default() };
    }

    pub(crate) fn follow(&mut self, chain: &FakeChain, followed: &[u64]) {
        while self.next < followed.len() as u64 {
            let block = chain.block(BlockNumber(self.next)).unwrap();
            block.logs.iter().for_each(|fact| self.add(fact));
            self.next += 1;
        }
    }

    fn add(&mut self, fact: &ChainFact) {
        match fact {
            ChainFact::ChannelOpened { channel, token, participants, settle_timeout } => {
                self.tokens.insert(*channel, *token);
                let fact = RouteFact::ChannelOpened {
                    channel: *channel,
                    participants: *participants,
                    settle_timeout: *settle_timeout,
                };
                self.graphs.entry(*token).or_default().apply(&fact).unwrap();
            }
            ChainFact::Channel(channel, fact) => {
                let channel = *channel;
                let fact = match fact {
                    ChannelFact::Deposited(participant, total) => RouteFact::DepositChanged {
                        channel,
                        participant: *participant,
                        total: *total,
                    },
                    ChannelFact::Closed { .. } => RouteFact::ChannelClosed { channel },
                    ChannelFact::Settled(_) => RouteFact::ChannelRemoved { channel },
                    ChannelFact::Withdrawn(..)
                    | ChannelFact::Updated { .. }
                    | ChannelFact::Unlocked { .. } => return,
                };
                self.graphs.get_mut(&self.tokens[&channel]).unwrap().apply(&fact).unwrap();
            }
            ChainFact::SecretRevealed { .. } => {}
        }
    }

    pub(crate) fn learn(&mut self, report: &Report, now: BlockNumber) {
        if let Report::HopRefused { channel, hop, target, amount } = report
            && let Some(graph) = self.tokens.get(channel).and_then(|t| self.graphs.get_mut(t))
        {
            let (node, target, amount) = (*hop, *target, *amount);
            let until = now.after(REFUND_COUNTS);
            graph.learn(&Lesson::NextHopRefunded { node, target, amount, until }).unwrap();
        }
    }

    /// Returns the next hops of a payment of this node.
    pub(crate) fn payment(
        &self,
        protocol: &Protocol,
        connected: &BTreeSet<NodeAddress>,
        (token, target): (TokenAddress, NodeAddress),
        amount: TokenAmount,
        fee: TokenAmount,
    ) -> Vec<Candidate> {
        let (exclude, lock_span) = (BTreeSet::new(), BlockSpan(u64::MAX));
        let wish = Wish { token, target, amount, fee, exclude, lock_span };
        self.candidates(protocol, connected, &wish)
    }

    /// Returns the next hops of a transfer that the node is to pass on.
    pub(crate) fn mediation(
        &self,
        protocol: &Protocol,
        connected: &BTreeSet<NodeAddress>,
        channel: ChannelAddress,
        transfer: &MediatedTransfer,
    ) -> Vec<Candidate> {
        let Some(payer) = protocol.channel(channel) else { return vec![] };
        let wish = Wish {
            token: payer.token(),
            target: transfer.target,
            amount: transfer.lock.amount.saturating_sub(transfer.fee),
            fee: transfer.fee.saturating_sub(protocol.config().mediation_fee),
            exclude: BTreeSet::from([payer.partner(), transfer.initiator]),
            lock_span: transfer.lock.expiration.before(hop_span(protocol)).since(protocol.head()),
        };
        self.candidates(protocol, connected, &wish)
    }

    fn candidates(
        &self,
        protocol: &Protocol,
        connected: &BTreeSet<NodeAddress>,
        wish: &Wish,
    ) -> Vec<Candidate> {
        let Some(graph) = self.graphs.get(&wish.token) else { return vec![] };
        let first_hops: Vec<FirstHop> = protocol
            .channels()
            .filter(|channel| {
                channel.token() == wish.token && connected.contains(&channel.partner())
            })
            .filter(|channel| graph.channel(channel.address()).is_some())
            .filter_map(|channel| {
                let peer = channel.partner();
                let fee = if peer == wish.target { TokenAmount::ZERO } else { wish.fee };
                channel.can_lock(wish.amount.try_add(fee).ok()?).then(|| FirstHop {
                    channel: channel.address(),
                    peer,
                    capacity: channel.distributable(Side::Ours),
                    lock_span: wish.lock_span.min(channel.settle_timeout()),
                })
            })
            .collect();
        let query = Query {
            from: protocol.config().address,
            target: wish.target,
            amount: wish.amount,
            exclude: &wish.exclude,
            first_hops: &first_hops,
            hop_span: hop_span(protocol),
            now: protocol.head(),
        };
        let routes = graph.candidates(&query);
        let candidate =
            |r: &tally_routing::Route| Candidate { channel: r.channel, next_hop: r.next_hop() };
        let mut candidates: Vec<Candidate> = routes.iter().map(candidate).collect();
        candidates.sort_by_key(|candidate| {
            let place = self.prefer.iter().position(|peer| *peer == candidate.next_hop);
            place.unwrap_or(usize::MAX)
        });
        candidates
    }
}

fn hop_span(protocol: &Protocol) -> BlockSpan {
    BlockSpan(protocol.config().reveal_timeout.0 + 2)
}
