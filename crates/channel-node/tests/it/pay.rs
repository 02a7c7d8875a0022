//! Payments between nodes that all run.

use crate::world::{World, numbered, units};
use std::sync::Arc;
use tally_channel_node::{ChannelView, NodeConfig, PaymentRequest, RequestError, TABLES};
use tally_primitives::{NodeAddress, TokenAddress, TokenAmount};
use tally_storage::MemoryStore;

/// Goal: a direct payment moves money on both sides. Method: two nodes, one channel.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_payment_arrives() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let channel = a.open(&world, b, 100, 50).await;
    a.connected(1).await;
    b.connected(1).await;
    let receipt = a.pay(&world, b, 30, true).await.unwrap();
    assert_eq!(receipt.amount, units(30));
    a.sees(channel, |view| view.balance == units(70) && view.partner_balance == units(80)).await;
    b.sees(channel, |view| view.balance == units(80) && view.partner_balance == units(70)).await;
}

/// Goal: a payment through two others arrives, and everybody's books agree. Method: four nodes in
/// a line, locks and secrets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mediated_payment_arrives() {
    let world = World::new(4).await;
    let nodes = world.start_all(4).await;
    let mut channels = vec![];
    for pair in nodes.windows(2) {
        channels.push(pair[0].open(&world, &pair[1], 100, 100).await);
    }
    nodes[0].connected(1).await;
    nodes[1].connected(2).await;
    nodes[2].connected(2).await;
    world.knows_channels(&nodes, 3).await;
    let receipt = nodes[0].pay(&world, &nodes[3], 30, false).await.unwrap();
    assert_eq!(receipt.amount, units(30));
    for (index, channel) in channels.into_iter().enumerate() {
        let settled = |own: u64, theirs: u64| {
            move |view: &ChannelView| {
                let balances = [view.balance, view.partner_balance];
                balances == [units(own), units(theirs)] && view.locked.is_zero()
            }
        };
        nodes[index].sees(channel, settled(70, 130)).await;
        nodes[index + 1].sees(channel, settled(130, 70)).await;
    }
    let status = nodes[1].handle.status().await.unwrap();
    assert_eq!((status.payments_mediated, status.pending_transfers), (1, 0));
}

/// Goal: the same request is the same payment, other terms are refused, and an unknown outcome can
/// be asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_is_the_same_payment() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let channel = a.open(&world, b, 100, 0).await;
    a.connected(1).await;
    for is_direct in [true, false] {
        let request = numbered(a.order(&world, b, 10, is_direct), 7 + u64::from(is_direct));
        let both = tokio::join!(a.handle.pay(request.clone()), a.handle.pay(request.clone()));
        let (first, second) = (both.0.unwrap(), both.1.unwrap());
        assert_eq!(first, second);
        assert_eq!(a.handle.pay(request.clone()).await.unwrap(), first);
        let other = PaymentRequest { amount: units(11), ..request };
        let refused = a.handle.pay(other).await.unwrap_err();
        assert!(matches!(refused, RequestError::IdentifierInUse(_)), "{refused}");
    }
    b.sees(channel, |view| view.balance == units(20) && view.partner_locked.is_zero()).await;
}

/// Goal: requests that cannot be met are refused with their reason, and nothing changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn impossible_payments_are_refused() {
    let world = World::new(3).await;
    let nodes = world.start_all(3).await;
    let [a, b, c] = &nodes[..] else { unreachable!() };
    let channel = a.open(&world, b, 100, 0).await;
    a.connected(1).await;
    let before = a.handle.channel(channel).await.unwrap();

    let to = |target: NodeAddress| PaymentRequest { target, ..a.order(&world, b, 10, false) };
    let order = a.order(&world, b, 10, false);
    let elsewhere = TokenAddress::new([9; 20]);
    let cases = [
        (a.order(&world, c, 10, false), "no available route".to_owned()),
        (a.order(&world, b, 101, false), "no available route".to_owned()),
        (a.order(&world, b, 101, true), "no available route".to_owned()),
        (
            a.order(&world, c, 10, true),
            format!("no direct channel with {} in token {}", c.handle.address(), world.token),
        ),
        (a.order(&world, b, 0, false), "amount is out of range".to_owned()),
        (PaymentRequest { fee: TokenAmount::MAX, ..order.clone() }, "fee is out of range".into()),
        (to(a.handle.address()), "this node's own address cannot be the target".to_owned()),
        (to(NodeAddress::new([0; 20])), "the zero address cannot be the target".to_owned()),
        (
            PaymentRequest { token: elsewhere, ..order },
            format!("token {elsewhere} is not registered"),
        ),
    ];
    for (request, reason) in cases {
        let error = a.handle.pay(request).await.unwrap_err();
        assert_eq!(error.to_string(), reason);
    }
    assert_eq!(a.handle.channel(channel).await.unwrap(), before);
    assert_eq!(a.handle.status().await.unwrap().pending_transfers, 0);
}

/// Goal: where the first way refuses, the payment takes the other, and no lock is left behind.
/// Method: a diamond whose first middle node cannot pass the amount on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_route_is_replaced_by_another() {
    let world = World::new(4).await;
    let nodes = world.start_all(4).await;
    let [a, left, right, d] = &nodes[..] else { unreachable!() };
    let to_left = a.open(&world, left, 100, 0).await;
    let to_right = a.open(&world, right, 100, 0).await;
    let left_d = left.open(&world, d, 100, 0).await;
    let right_d = right.open(&world, d, 100, 0).await;
    a.connected(2).await;
    left.connected(2).await;
    right.connected(2).await;
    world.knows_channels(&nodes, 4).await;
    // Both middle nodes spend what the graph believes they have, the second gets it back.
    for (middle, channel) in [(left, left_d), (right, right_d)] {
        middle.pay(&world, d, 90, true).await.unwrap();
        d.sees(channel, |view| view.balance == units(90)).await;
    }
    d.pay(&world, right, 90, true).await.unwrap();
    right.sees(right_d, |view| view.balance == units(100)).await;

    a.pay(&world, d, 50, false).await.unwrap();
    right.sees(right_d, |view| view.balance == units(50) && view.locked.is_zero()).await;
    a.sees(to_right, |view| view.balance == units(50) && view.locked.is_zero()).await;
    a.sees(to_left, |view| view.balance == units(100) && view.locked.is_zero()).await;
    left.sees(to_left, |view| view.partner_locked.is_zero()).await;

    right.pay(&world, d, 50, true).await.unwrap();
    let error = a.pay(&world, d, 50, false).await.unwrap_err();
    assert!(matches!(error, RequestError::RoutesExhausted), "{error}");
    a.sees(to_left, |view| view.balance == units(100) && view.locked.is_zero()).await;
    a.sees(to_right, |view| view.balance == units(50) && view.locked.is_zero()).await;
}

/// Goal: a mediator that charges is paid its fee, and passes nothing on for less. Method: a line of
/// three nodes whose middle takes 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mediator_earns_its_fee() {
    let world = World::new(3).await;
    let a = world.start(0).await;
    let charging = |config| NodeConfig { mediation_fee: units(3), ..config };
    let b = world.try_start_on(1, Arc::new(MemoryStore::new(TABLES)), charging).await.unwrap();
    let c = world.start(2).await;
    let nodes = [a, b, c];
    world.introduce(&nodes).await;
    let [a, b, c] = &nodes;
    let ab = a.open(&world, b, 100, 0).await;
    let bc = b.open(&world, c, 100, 0).await;
    a.connected(1).await;
    b.connected(2).await;
    world.knows_channels(&nodes, 2).await;
    let order = |fee| PaymentRequest { fee: units(fee), ..a.order(&world, c, 10, false) };
    let error = a.handle.pay(order(2)).await.unwrap_err();
    assert!(matches!(error, RequestError::RoutesExhausted), "{error}");
    a.handle.pay(order(5)).await.unwrap();
    // The last hop keeps what is left of the fee.
    b.sees(ab, |view| view.balance == units(15) && view.partner_locked.is_zero()).await;
    c.sees(bc, |view| view.balance == units(10) && view.partner_locked.is_zero()).await;
    a.sees(ab, |view| view.balance == units(85) && view.locked.is_zero()).await;
}
