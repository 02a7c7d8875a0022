use std::collections::BTreeSet;
use tally_primitives::{BlockNumber, BlockSpan, ChannelAddress, NodeAddress, TokenAmount};
use tally_routing::{ChainFact, FirstHop, Graph, Query, Route};

/// The settle timeout of every channel that a test does not say otherwise about.
pub(crate) const SETTLE_TIMEOUT: BlockSpan = BlockSpan(100);

/// The block at which tests ask.
pub(crate) const NOW: BlockNumber = BlockNumber(1_000);

pub(crate) fn units(amount: u64) -> TokenAmount {
    TokenAmount::from_units(amount)
}

/// A channel and its two ends: node and deposit of each.
pub(crate) type Row = (ChannelAddress, [(NodeAddress, u64); 2]);

pub(crate) fn facts(rows: &[Row]) -> Vec<ChainFact> {
    let mut facts = vec![];
    for &(channel, ends) in rows {
        facts.push(ChainFact::ChannelOpened {
            channel,
            participants: ends.map(|(node, _)| node),
            settle_timeout: SETTLE_TIMEOUT,
        });
        for (participant, deposit) in ends {
            facts.push(ChainFact::DepositChanged { channel, participant, total: units(deposit) });
        }
    }
    facts
}

pub(crate) fn graph(rows: &[Row]) -> Graph {
    let mut graph = Graph::new();
    for fact in facts(rows) {
        graph.apply(&fact).unwrap();
    }
    graph
}

/// A payment to be routed; all own neighbours are online and can be sent our deposits.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) from: NodeAddress,
    pub(crate) target: NodeAddress,
    pub(crate) amount: u64,
    pub(crate) exclude: BTreeSet<NodeAddress>,
    pub(crate) unreachable: BTreeSet<NodeAddress>,
    pub(crate) hop_span: BlockSpan,
    pub(crate) now: BlockNumber,
}

impl Payment {
    pub(crate) fn new(from: NodeAddress, target: NodeAddress, amount: u64) -> Self {
        Self {
            from,
            target,
            amount,
            exclude: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            hop_span: BlockSpan(0),
            now: NOW,
        }
    }

    pub(crate) fn first_hops(&self, graph: &Graph) -> Vec<FirstHop> {
        graph
            .neighbours(self.from)
            .filter(|(_, peer)| !self.unreachable.contains(peer))
            .filter_map(|(address, peer)| {
                let channel = graph.channel(address).unwrap();
                channel.is_open().then(|| FirstHop {
                    channel: address,
                    peer,
                    capacity: channel.deposit(self.from).unwrap(),
                    lock_span: channel.settle_timeout(),
                })
            })
            .collect()
    }

    pub(crate) fn routes(&self, graph: &Graph) -> Vec<Route> {
        graph.candidates(&Query {
            from: self.from,
            target: self.target,
            amount: units(self.amount),
            exclude: &self.exclude,
            first_hops: &self.first_hops(graph),
            hop_span: self.hop_span,
            now: self.now,
        })
    }

    pub(crate) fn paths(&self, graph: &Graph) -> Vec<Vec<NodeAddress>> {
        self.routes(graph).into_iter().map(|route| route.path).collect()
    }
}
