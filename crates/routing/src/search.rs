//! The search: from the target backwards, so that one search serves all first hops.

use crate::{FirstHop, Graph, Query, Route, channel::Outlook};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};
use tally_primitives::NodeAddress;

/// How much is against a way to the target. Ways compare field by field, and every field only
/// grows along a way; a node's fee will be one more field, after `hops`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Cost {
    /// Parts of the way that work only if a deposit has moved or a refusal is outdated.
    doubts: u32,
    /// Channels on the way.
    hops: u32,
    /// Nodes between the ends that are neighbours of ours.
    neighbours: u32,
}

/// The best known way from a node to the target.
#[derive(Debug, Clone, Copy)]
struct Way {
    cost: Cost,
    /// The node after this one; `None` at the target.
    next: Option<NodeAddress>,
}

/// One search and what it cost.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    graph: &'a Graph,
    query: &'a Query<'a>,
    /// The neighbours through which the payment can leave.
    exits: BTreeSet<NodeAddress>,
    ways: BTreeMap<NodeAddress, Way>,
    queue: BinaryHeap<Reverse<(Cost, NodeAddress)>>,
    /// Nodes whose best way is final.
    settled: BTreeSet<NodeAddress>,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The candidates, best first.
    pub(crate) routes: Vec<Route>,
    /// How many nodes the search looked at: its cost, for the tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests bound the work by it"))]
    pub(crate) visited: usize,
}

impl<'a> Search<'a> {
    /// Runs Dijkstra's algorithm from the target until every usable first hop is reached.
    pub(crate) fn run(graph: &'a Graph, query: &'a Query<'a>) -> Found {
        let exits = query.first_hops.iter().filter(|hop| is_usable(hop, query));
        let mut search = Self {
            graph,
            query,
            exits: exits.map(|hop| hop.peer).collect(),
            ways: BTreeMap::new(),
            queue: BinaryHeap::new(),
            settled: BTreeSet::new(),
        };
        if !search.exits.is_empty() && search.is_passable(query.target) {
            search.reach(query.target, Way { cost: Cost::default(), next: None });
        }
        let mut missing = search.exits.clone();
        while let Some(Reverse((cost, node))) = search.queue.pop() {
            if !search.settled.insert(node) {
                continue;
            }
            missing.remove(&node);
            if missing.is_empty() {
                break;
            }
            search.extend(node, cost);
        }
        Found { routes: search.routes(), visited: search.settled.len() }
    }

    /// Offers the way through `node` to every node that has a channel with it.
    fn extend(&mut self, node: NodeAddress, cost: Cost) {
        let graph = self.graph;
        let hops = cost.hops + 1;
        let passes_neighbour = node != self.query.target && self.exits.contains(&node);
        for (channel, before) in graph.neighbours(node) {
            if self.settled.contains(&before) || !self.is_passable(before) {
                continue;
            }
            let doubt = match graph.outlook(channel, before, hops, self.query) {
                Outlook::Good => 0,
                Outlook::Doubtful => 1,
                Outlook::Never => continue,
            };
            let refused = u32::from(graph.has_refunded(before, self.query));
            let cost = Cost {
                doubts: cost.doubts + doubt + refused,
                hops,
                neighbours: cost.neighbours + u32::from(passes_neighbour),
            };
            self.reach(before, Way { cost, next: Some(node) });
        }
    }

    /// Keeps `way` if it is better than what is known. Of equal ones the first stays: nodes are
    /// settled by cost and address, so that is the same one every time.
    fn reach(&mut self, node: NodeAddress, way: Way) {
        if self.ways.get(&node).is_none_or(|known| way.cost < known.cost) {
            self.ways.insert(node, way);
            self.queue.push(Reverse((way.cost, node)));
        }
    }

    /// Says whether the payment may pass `node`. Of its own neighbours the caller knows best who
    /// can be reached.
    fn is_passable(&self, node: NodeAddress) -> bool {
        node != self.query.from
            && !self.query.exclude.contains(&node)
            && (self.exits.contains(&node) || !self.graph.is_offline(node, self.query.now))
    }

    /// Returns the first hops that were reached, best first.
    fn routes(&self) -> Vec<Route> {
        let mut routes: Vec<_> = self
            .query
            .first_hops
            .iter()
            .filter(|hop| is_usable(hop, self.query) && self.settled.contains(&hop.peer))
            .map(|hop| (self.ways[&hop.peer].cost, hop))
            .filter(|(cost, hop)| {
                let blocks = self.query.hop_span.0.saturating_mul(u64::from(cost.hops) + 1);
                blocks <= hop.lock_span.0
            })
            .collect();
        routes.sort_by_key(|(cost, hop)| (*cost, hop.peer, hop.channel));
        routes
            .into_iter()
            .map(|(_, hop)| Route { channel: hop.channel, path: self.path(hop.peer) })
            .collect()
    }

    fn path(&self, first: NodeAddress) -> Vec<NodeAddress> {
        std::iter::successors(Some(first), |node| self.ways[node].next).collect()
    }
}

/// Says whether the payment can leave over `hop`.
fn is_usable(hop: &FirstHop, query: &Query<'_>) -> bool {
    hop.capacity >= query.amount && hop.peer != query.from && !query.exclude.contains(&hop.peer)
}

#[cfg(test)]
mod tests;
