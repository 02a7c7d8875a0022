use super::*;
use crate::ChainFact;
use tally_primitives::{BlockNumber, BlockSpan, ChannelAddress, TokenAmount};

const NODES: u32 = 10_000;
const CHANNELS: u32 = 40_000;

/// A node whose address follows from its number, not in the numbers' order.
fn node(number: u32) -> NodeAddress {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
    NodeAddress::new(bytes)
}

fn channel(number: u32) -> ChannelAddress {
    ChannelAddress::new(*node(number).as_bytes())
}

/// A ring, so that everybody is connected, and shortcuts picked by a fixed sequence.
fn large_network() -> Graph {
    let mut graph = Graph::new();
    let mut state: u64 = 1;
    for number in 0..CHANNELS {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let left = number % NODES;
        let step = if number < NODES { 1 } else { 1 + (state >> 33) as u32 % (NODES - 1) };
        let participants = [node(left), node((left + step) % NODES)];
        let opened = ChainFact::ChannelOpened {
            channel: channel(number),
            participants,
            settle_timeout: BlockSpan(500),
        };
        graph.apply(&opened).unwrap();
        for participant in participants {
            let total = TokenAmount::from_units(100);
            let deposit =
                ChainFact::DepositChanged { channel: channel(number), participant, total };
            graph.apply(&deposit).unwrap();
        }
    }
    graph
}

fn first_hops(graph: &Graph, from: NodeAddress) -> Vec<FirstHop> {
    graph
        .neighbours(from)
        .map(|(channel, peer)| FirstHop {
            channel,
            peer,
            capacity: TokenAmount::from_units(100),
            lock_span: BlockSpan(500),
        })
        .collect()
}

/// Goal: the work of a query is bounded by the network, and much less when the target is near.
/// Method: count the nodes a search settles in a network of 10,000 nodes and 40,000 channels.
#[test]
fn a_query_settles_each_node_at_most_once() {
    let graph = large_network();
    let nobody = BTreeSet::new();
    let mut visited = vec![];
    for number in (1..NODES).step_by(997) {
        let query = Query {
            from: node(0),
            target: node(number),
            amount: TokenAmount::from_units(10),
            exclude: &nobody,
            first_hops: &first_hops(&graph, node(0)),
            hop_span: BlockSpan(0),
            now: BlockNumber(1),
        };
        let found = Search::run(&graph, &query);
        assert_eq!(found.routes.len(), query.first_hops.len(), "everybody is connected");
        assert!(found.visited < NODES as usize, "this node itself is never visited");
        visited.push(found.visited);
    }
    let mean = visited.iter().sum::<usize>() / visited.len();
    assert!(mean < NODES as usize * 9 / 10, "{mean} nodes a query");

    let neighbour = first_hops(&graph, node(0))[0];
    let query = Query {
        from: node(0),
        target: neighbour.peer,
        amount: TokenAmount::from_units(10),
        exclude: &nobody,
        first_hops: &[neighbour],
        hop_span: BlockSpan(0),
        now: BlockNumber(1),
    };
    assert_eq!(Search::run(&graph, &query).visited, 1, "a neighbour is reached at once");
}

/// Goal: nothing is searched when the payment cannot leave.
#[test]
fn a_query_without_a_first_hop_visits_nobody() {
    let graph = large_network();
    let mut hops = first_hops(&graph, node(0));
    for hop in &mut hops {
        hop.capacity = TokenAmount::from_units(9);
    }
    let query = Query {
        from: node(0),
        target: node(5_000),
        amount: TokenAmount::from_units(10),
        exclude: &BTreeSet::new(),
        first_hops: &hops,
        hop_span: BlockSpan(0),
        now: BlockNumber(1),
    };
    let found = Search::run(&graph, &query);
    assert_eq!((found.routes.len(), found.visited), (0, 0));
}
