//! The seven nodes of the API's document, with its deposits.

use crate::network::{Payment, Row, graph, units};
use tally_primitives::{BlockNumber, ChannelAddress, NodeAddress};
use tally_routing::{ChainFact, Graph, Lesson};

const ADDRESSES: [&str; 7] = [
    "0x1a9eC3b0b807464e6D3398a59d6b0a369Bf422fA",
    "0x33Df901ABc22DcB7F33c2a77aD43CC98FbFa0790",
    "0x8c1b2E9e838e2Bf510eC7Ff49CC607b718Ce8401",
    "0xc4c08f9227BE0F1750F5D5467EeD462Ec133B15E",
    "0x215c0D259AC31571a43295f2E411A697CD30748C",
    "0x543Fc024CDD1F0d346a306f5E99ec0D8FE392920",
    "0x920A90ACC9164272Ede4Ae1E9C33841F019f53A4",
];

/// Node, node, deposit, deposit.
const CHANNELS: [(usize, usize, u64, u64); 8] = [
    (1, 2, 300, 300),
    (2, 3, 50, 50),
    (2, 4, 90, 90),
    (2, 7, 70, 70),
    (3, 6, 300, 50),
    (3, 7, 60, 60),
    (4, 5, 90, 90),
    (5, 6, 80, 80),
];

fn node(number: usize) -> NodeAddress {
    ADDRESSES[number - 1].parse().unwrap()
}

fn channel(left: usize, right: usize) -> ChannelAddress {
    ChannelAddress::new([u8::try_from(10 * left + right).unwrap(); 20])
}

fn seven_nodes() -> Graph {
    let row = |(left, right, mine, theirs)| -> Row {
        (channel(left, right), [(node(left), mine), (node(right), theirs)])
    };
    graph(&CHANNELS.map(row))
}

fn path(numbers: &[usize]) -> Vec<NodeAddress> {
    numbers.iter().map(|number| node(*number)).collect()
}

fn payment(from: usize, target: usize, amount: u64) -> Payment {
    Payment::new(node(from), node(target), amount)
}

/// Scene one: node 2 pays each of its neighbours over the channel between them.
#[test]
fn a_neighbour_is_paid_directly_first() {
    let graph = seven_nodes();
    for target in [1, 3, 4, 7] {
        let routes = payment(2, target, 20).routes(&graph);
        assert_eq!(routes[0].path, path(&[target]));
        assert_eq!(routes[0].channel, channel(target.min(2), target.max(2)));
        assert_eq!((routes[0].hops(), routes[0].next_hop()), (1, node(target)));
    }
}

/// Scene two: one node between, then several ways, the shortest first.
#[test]
fn the_shortest_way_comes_first() {
    let graph = seven_nodes();
    assert_eq!(payment(1, 3, 20).paths(&graph), [path(&[2, 3])]);
    // Nodes 4 and 7 are equally far; the way of 7 passes 3, which was tried before it.
    let expected = [path(&[3, 6]), path(&[4, 5, 6]), path(&[7, 3, 6])];
    assert_eq!(payment(2, 6, 20).paths(&graph), expected);
}

/// Scene three: nodes 5 and 6 alone have a channel in another token.
#[test]
fn without_a_way_there_is_no_candidate() {
    let graph = graph(&[(channel(5, 6), [(node(5), 10), (node(6), 10)])]);
    assert_eq!(payment(6, 1, 1).routes(&graph), []);
    assert_eq!(payment(1, 6, 1).routes(&graph), []);
}

/// Scene five: no channel of node 1 carries the amount, and nobody else's do.
#[test]
fn too_much_has_no_candidate() {
    let graph = seven_nodes();
    assert_eq!(payment(1, 2, 301).routes(&graph), []);
    // Node 2 cannot have more than the 180 of its channel with 4, nor 100 towards 3.
    assert_eq!(payment(1, 6, 181).routes(&graph), []);
}

/// Scene six: node 3 is offline, so node 2 goes through 4 at once, and never by 7 and 3.
#[test]
fn an_offline_node_is_gone_round() {
    let mut graph = seven_nodes();
    graph.learn(&Lesson::PeerOffline { node: node(3), until: BlockNumber(2_000) }).unwrap();
    let mut from_two = payment(2, 6, 20);
    from_two.unreachable.insert(node(3));
    from_two.exclude.insert(node(1));
    assert_eq!(from_two.paths(&graph), [path(&[4, 5, 6])]);

    graph.learn(&Lesson::PeerOnline { node: node(3) }).unwrap();
    from_two.unreachable.clear();
    assert_eq!(from_two.paths(&graph)[0], path(&[3, 6]));
}

/// Scene seven: node 3 has spent its side towards 6 and gives 45 back; node 2 goes on with 4.
#[test]
fn a_refund_leads_to_the_next_way() {
    let mut graph = seven_nodes();
    let mut at_two = payment(2, 6, 45);
    at_two.exclude.insert(node(1));
    assert_eq!(at_two.paths(&graph)[0], path(&[3, 6]));

    let until = BlockNumber(1_100);
    let refund =
        Lesson::NextHopRefunded { node: node(3), target: node(6), amount: units(45), until };
    graph.learn(&refund).unwrap();
    at_two.exclude.insert(node(3));
    assert_eq!(at_two.paths(&graph), [path(&[4, 5, 6])], "no way through 3 again, nor by 7");

    // A later payment tries the others first, and node 3 still.
    let expected = [path(&[4, 5, 6]), path(&[3, 6]), path(&[7, 3, 6])];
    assert_eq!(payment(2, 6, 45).paths(&graph), expected);
}

/// Goal: a mediator that lies beyond the target of the payer's money knows its own side exactly.
/// Method: node 3 has only 30 left towards 6 and 7 each, and was paid through 2.
#[test]
fn a_mediator_without_capacity_has_no_candidate() {
    let mut graph = seven_nodes();
    for (other, total) in [(6, 30), (7, 30)] {
        let channel = channel(3, other);
        let fact = ChainFact::DepositChanged { channel, participant: node(3), total: units(total) };
        graph.apply(&fact).unwrap();
    }
    let mut at_three = payment(3, 6, 45);
    at_three.exclude.extend([node(1), node(2)]);
    assert_eq!(at_three.routes(&graph), []);
}

#[test]
fn nobody_is_routed_to_itself() {
    assert_eq!(payment(2, 2, 1).routes(&seven_nodes()), []);
}

/// Goal: closed and removed channels carry nothing, and a reorganisation brings them back.
#[test]
fn chain_facts_open_and_shut_ways() {
    let mut graph = seven_nodes();
    let to_six = payment(2, 6, 20);
    let before = to_six.paths(&graph);
    let channel = channel(3, 6);
    graph.apply(&ChainFact::ChannelClosed { channel }).unwrap();
    assert_eq!(to_six.paths(&graph), [path(&[4, 5, 6])]);
    graph.apply(&ChainFact::CloseReverted { channel }).unwrap();
    assert_eq!(to_six.paths(&graph), before);
    graph.apply(&ChainFact::ChannelRemoved { channel }).unwrap();
    assert_eq!(to_six.paths(&graph), [path(&[4, 5, 6])]);
}
