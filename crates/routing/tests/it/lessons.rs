//! What transfers teach, how long it counts, and what is refused.

use crate::network::{NOW, Payment, SETTLE_TIMEOUT, graph, units};
use tally_primitives::{BlockNumber, BlockSpan, ChannelAddress, NodeAddress};
use tally_routing::{ChainFact, Graph, GraphError, Lesson};

fn node(number: u8) -> NodeAddress {
    NodeAddress::new([number; 20])
}

fn channel(number: u8) -> ChannelAddress {
    ChannelAddress::new([number; 20])
}

/// From 1 to 4 there are two ways, by 2 and by 3; all ends have 10.
fn diamond() -> Graph {
    graph(&[
        (channel(12), [(node(1), 10), (node(2), 10)]),
        (channel(13), [(node(1), 10), (node(3), 10)]),
        (channel(24), [(node(2), 10), (node(4), 10)]),
        (channel(34), [(node(3), 10), (node(4), 10)]),
    ])
}

fn next_hops(payment: &Payment, graph: &Graph) -> Vec<NodeAddress> {
    payment.routes(graph).iter().map(|route| route.next_hop()).collect()
}

fn refund(amount: u64) -> Lesson {
    let until = NOW.after(BlockSpan(5));
    Lesson::NextHopRefunded { node: node(2), target: node(4), amount: units(amount), until }
}

#[test]
fn ties_are_in_the_order_of_addresses() {
    let payment = Payment::new(node(1), node(4), 5);
    assert_eq!(next_hops(&payment, &diamond()), [node(2), node(3)]);
}

/// Goal: a refusal puts a neighbour last for as much or more, to that target, for a while.
#[test]
fn a_refund_counts_for_what_it_says() {
    let mut graph = diamond();
    graph.learn(&refund(5)).unwrap();
    let mut payment = Payment::new(node(1), node(4), 5);
    assert_eq!(next_hops(&payment, &graph), [node(3), node(2)]);

    payment.amount = 4;
    assert_eq!(next_hops(&payment, &graph), [node(2), node(3)], "less may still pass");
    payment.amount = 5;
    payment.now = NOW.after(BlockSpan(6));
    assert_eq!(next_hops(&payment, &graph), [node(2), node(3)], "the lesson is old");
    graph.forget(payment.now);
    assert_eq!(graph, diamond(), "an old lesson leaves nothing behind");
}

#[test]
fn a_delivery_or_a_deposit_ends_a_refusal() {
    let payment = Payment::new(node(1), node(4), 5);
    let delivered =
        |amount| Lesson::NextHopDelivered { node: node(2), target: node(4), amount: units(amount) };
    let mut graph = diamond();
    graph.learn(&refund(5)).unwrap();
    graph.learn(&delivered(4)).unwrap();
    assert_eq!(next_hops(&payment, &graph), [node(3), node(2)], "4 says nothing about 5");
    graph.learn(&delivered(5)).unwrap();
    assert_eq!(next_hops(&payment, &graph), [node(2), node(3)]);

    graph.learn(&refund(5)).unwrap();
    let deposit =
        ChainFact::DepositChanged { channel: channel(24), participant: node(2), total: units(11) };
    graph.apply(&deposit).unwrap();
    assert_eq!(next_hops(&payment, &graph), [node(2), node(3)]);
}

/// Goal: a deposit that does not suffice puts a way last, because payments may have moved more
/// there; one that cannot suffice removes it.
#[test]
fn deposits_rank_and_bound_foreign_channels() {
    let mut graph = diamond();
    let mut set = |number, participant, total| {
        let fact = ChainFact::DepositChanged {
            channel: channel(number),
            participant,
            total: units(total),
        };
        graph.apply(&fact).unwrap();
        graph.clone()
    };
    let payment = Payment::new(node(1), node(4), 5);
    assert_eq!(next_hops(&payment, &set(24, node(2), 1)), [node(3), node(2)]);
    assert_eq!(next_hops(&payment, &set(24, node(4), 3)), [node(3)]);
}

#[test]
fn a_known_capacity_decides_until_it_is_old() {
    let mut graph = diamond();
    let known =
        Lesson::KnownCapacity { channel: channel(24), from: node(2), amount: units(4), until: NOW };
    graph.learn(&known).unwrap();
    let mut payment = Payment::new(node(1), node(4), 5);
    assert_eq!(next_hops(&payment, &graph), [node(3)]);
    payment.now = NOW.after(BlockSpan(1));
    assert_eq!(next_hops(&payment, &graph), [node(2), node(3)]);
}

#[test]
fn offline_nodes_come_back_by_themselves() {
    let mut graph = diamond();
    graph.learn(&Lesson::PeerOffline { node: node(4), until: NOW }).unwrap();
    let mut payment = Payment::new(node(1), node(4), 5);
    assert!(graph.is_offline(node(4), NOW));
    assert_eq!(next_hops(&payment, &graph), [], "a target out of reach is no target");
    payment.now = NOW.after(BlockSpan(1));
    assert_eq!(next_hops(&payment, &graph), [node(2), node(3)]);
}

/// Goal: a route is offered only if its locks last long enough for each hop.
/// Method: two hops, with channels that last 100 blocks.
#[test]
fn locks_must_outlast_their_hops() {
    let graph = diamond();
    let mut payment = Payment::new(node(1), node(4), 5);
    payment.hop_span = BlockSpan(SETTLE_TIMEOUT.0 / 2);
    assert_eq!(next_hops(&payment, &graph).len(), 2);
    payment.hop_span = BlockSpan(SETTLE_TIMEOUT.0 / 2 + 1);
    assert_eq!(next_hops(&payment, &graph), []);
}

#[test]
fn what_does_not_follow_is_refused_and_leaves_no_trace() {
    let mut graph = diamond();
    let before = graph.clone();
    let opened = |number, left, right| ChainFact::ChannelOpened {
        channel: channel(number),
        participants: [node(left), node(right)],
        settle_timeout: SETTLE_TIMEOUT,
    };
    let stranger =
        ChainFact::DepositChanged { channel: channel(12), participant: node(9), total: units(1) };
    let unknown = GraphError::UnknownChannel { channel: channel(99) };
    let cases = [
        (opened(12, 1, 2), GraphError::KnownChannel { channel: channel(12) }),
        (opened(99, 1, 1), GraphError::SameNode { channel: channel(99), node: node(1) }),
        (stranger, GraphError::NotParticipant { channel: channel(12), node: node(9) }),
        (ChainFact::ChannelClosed { channel: channel(99) }, unknown.clone()),
        (ChainFact::CloseReverted { channel: channel(99) }, unknown.clone()),
        (ChainFact::ChannelRemoved { channel: channel(99) }, unknown.clone()),
    ];
    for (fact, error) in cases {
        assert_eq!(graph.apply(&fact), Err(error), "{fact:?}");
    }
    for (number, from, error) in [
        (99, 1, unknown),
        (12, 9, GraphError::NotParticipant { channel: channel(12), node: node(9) }),
    ] {
        let lesson = Lesson::KnownCapacity {
            channel: channel(number),
            from: node(from),
            amount: units(1),
            until: BlockNumber(1),
        };
        assert_eq!(graph.learn(&lesson), Err(error));
    }
    assert_eq!(graph, before);
}
