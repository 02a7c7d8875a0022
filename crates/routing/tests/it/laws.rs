//! Laws over random networks.

use crate::network::{NOW, Payment, Row, facts, graph, units};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::{BTreeMap, BTreeSet};
use tally_primitives::{BlockSpan, ChannelAddress, NodeAddress, TokenAmount};
use tally_routing::{ChainFact, Graph, Lesson};

const NODES: u8 = 9;

fn node(number: u8) -> NodeAddress {
    NodeAddress::new([number; 20])
}

fn any_node() -> impl Strategy<Value = NodeAddress> {
    (0..NODES).prop_map(node)
}

/// Up to 16 channels, parallel ones among them; each has its number as address.
fn any_network() -> impl Strategy<Value = Vec<Row>> {
    let ends = (0..NODES, 1..NODES, 0..30u64, 0..30u64);
    vec(ends, 0..16).prop_map(|channels| {
        (0..)
            .zip(channels)
            .map(|(number, (left, step, mine, theirs))| {
                let right = node((left + step) % NODES);
                (ChannelAddress::new([number; 20]), [(node(left), mine), (right, theirs)])
            })
            .collect()
    })
}

fn any_payment() -> impl Strategy<Value = Payment> {
    let excluded = vec(any_node(), 0..3);
    (any_node(), any_node(), 1..40u64, excluded, vec(any_node(), 0..2)).prop_map(
        |(from, target, amount, exclude, unreachable)| Payment {
            exclude: exclude.into_iter().collect(),
            unreachable: unreachable.into_iter().collect(),
            ..Payment::new(from, target, amount)
        },
    )
}

fn any_lesson() -> impl Strategy<Value = Lesson> {
    let until = NOW.after(BlockSpan(1));
    prop_oneof![
        (any_node(), any_node(), 1..40u64).prop_map(move |(node, target, amount)| {
            Lesson::NextHopRefunded { node, target, amount: units(amount), until }
        }),
        any_node().prop_map(move |node| Lesson::PeerOffline { node, until }),
        any_node().prop_map(|node| Lesson::PeerOnline { node }),
    ]
}

/// Who can pay `amount` on to whom, as far as deposits tell.
fn edges(graph: &Graph, amount: TokenAmount) -> BTreeSet<(NodeAddress, NodeAddress)> {
    let open = graph.channels().filter(|(_, channel)| {
        let [left, right] = channel.participants().map(|node| channel.deposit(node).unwrap());
        channel.is_open() && left.try_add(right).unwrap() >= amount
    });
    open.flat_map(|(_, channel)| {
        let [left, right] = channel.participants();
        [(left, right), (right, left)]
    })
    .collect()
}

/// The number of channels from every node to the target over `edges`, found the slow way.
fn distances(
    edges: &BTreeSet<(NodeAddress, NodeAddress)>,
    payment: &Payment,
) -> BTreeMap<NodeAddress, u32> {
    let is_barred = |node: NodeAddress| node == payment.from || payment.exclude.contains(&node);
    let mut distances = BTreeMap::new();
    if is_barred(payment.target) {
        return distances;
    }
    distances.insert(payment.target, 0);
    for distance in 0..u32::from(NODES) {
        for (from, to) in edges {
            if distances.get(to) == Some(&distance) && !is_barred(*from) {
                distances.entry(*from).or_insert(distance + 1);
            }
        }
    }
    distances
}

proptest! {
    /// Law: no route passes a node twice, this node, or an excluded one; every step of it is an
    /// open channel that can carry the amount; the first is the named channel.
    #[test]
    fn routes_are_walkable(
        rows in any_network(),
        payment in any_payment(),
        lessons in vec(any_lesson(), 0..4),
    ) {
        let mut graph = graph(&rows);
        for lesson in &lessons {
            graph.learn(lesson).unwrap();
        }
        let edges = edges(&graph, units(payment.amount));
        for route in payment.routes(&graph) {
            let hop = graph.channel(route.channel).unwrap();
            prop_assert!(hop.deposit(payment.from).unwrap() >= units(payment.amount));
            prop_assert!(hop.deposit(route.next_hop()).is_some());
            prop_assert_eq!(*route.path.last().unwrap(), payment.target);
            let distinct: BTreeSet<_> = route.path.iter().copied().chain([payment.from]).collect();
            prop_assert_eq!(distinct.len(), route.path.len() + 1);
            prop_assert!(route.path.iter().all(|node| !payment.exclude.contains(node)));
            for step in route.path.windows(2) {
                prop_assert!(edges.contains(&(step[0], step[1])));
            }
        }
    }

    /// Law: exactly those own channels are offered from whose other end the target can be reached.
    #[test]
    fn every_way_out_is_found(rows in any_network(), payment in any_payment()) {
        let graph = graph(&rows);
        let distances = distances(&edges(&graph, units(payment.amount)), &payment);
        let expected: BTreeSet<_> = payment
            .first_hops(&graph)
            .iter()
            .filter(|hop| hop.capacity >= units(payment.amount))
            .filter(|hop| distances.contains_key(&hop.peer))
            .map(|hop| hop.channel)
            .collect();
        let found: BTreeSet<_> =
            payment.routes(&graph).iter().map(|route| route.channel).collect();
        prop_assert_eq!(found, expected);
    }

    /// Law: where no deposit is in doubt, every route is a shortest one and shorter ones come first.
    #[test]
    fn without_doubts_routes_are_shortest(rows in any_network(), payment in any_payment()) {
        let plenty = rows
            .into_iter()
            .map(|(channel, ends)| (channel, ends.map(|(node, _)| (node, 40))))
            .collect::<Vec<_>>();
        let graph = graph(&plenty);
        let distances = distances(&edges(&graph, units(payment.amount)), &payment);
        let routes = payment.routes(&graph);
        for route in &routes {
            prop_assert_eq!(route.hops(), distances[&route.next_hop()] + 1);
        }
        prop_assert!(routes.is_sorted_by_key(|route| route.hops()));
    }

    /// Law: the answer does not depend on the order in which channels became known.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        (rows, shuffled) in any_network().prop_flat_map(|rows| {
            (Just(rows.clone()), Just(rows).prop_shuffle())
        }),
        payment in any_payment(),
    ) {
        prop_assert_eq!(payment.routes(&graph(&rows)), payment.routes(&graph(&shuffled)));
    }

    /// Law: a channel that was removed is as if it had never been, and one that was closed is not
    /// used.
    #[test]
    fn a_removed_channel_leaves_nothing(
        rows in any_network().prop_filter("needs a channel", |rows| !rows.is_empty()),
        pick in any::<prop::sample::Index>(),
        payment in any_payment(),
    ) {
        let removed = rows[pick.index(rows.len())];
        let others: Vec<_> = rows.iter().copied().filter(|row| *row != removed).collect();
        let mut graph = self::graph(&rows);
        graph.apply(&ChainFact::ChannelClosed { channel: removed.0 }).unwrap();
        let expected = payment.routes(&self::graph(&others));
        prop_assert_eq!(&payment.routes(&graph), &expected);
        graph.apply(&ChainFact::ChannelRemoved { channel: removed.0 }).unwrap();
        prop_assert_eq!(graph, self::graph(&others));
    }

    /// Law: a refused fact leaves no trace.
    #[test]
    fn a_refused_fact_leaves_no_trace(
        rows in any_network(),
        more in vec((any_network(), 0..3usize), 0..4),
        reverted in select(vec![true, false]),
    ) {
        let mut graph = graph(&rows);
        for (rows, skip) in more {
            for fact in facts(&rows).into_iter().skip(skip) {
                let before = graph.clone();
                if graph.apply(&fact).is_err() {
                    prop_assert_eq!(&graph, &before);
                }
            }
        }
        let channel = ChannelAddress::new([200; 20]);
        let before = graph.clone();
        let fact = if reverted {
            ChainFact::CloseReverted { channel }
        } else {
            ChainFact::ChannelRemoved { channel }
        };
        prop_assert!(graph.apply(&fact).is_err());
        prop_assert_eq!(graph, before);
    }
}
