//! What a node tells of its past, and of what happens now.

use crate::world::{World, numbered, units};
use std::sync::Arc;
use tally_channel_node::{
    ChannelEventKind, Happening, JournalEntry, PaymentFilter, PaymentRecord, PaymentRole,
    RequestError, TABLES,
};

fn payment(entry: &JournalEntry) -> &PaymentRecord {
    let Happening::Payment(payment) = &entry.what else { panic!("no payment: {entry:?}") };
    payment
}

/// Goal: the three roles of a payment each have it in their list, with its ends, channels and
/// amounts, over a restart too. Method: a line of three; a mediated, a direct and a refused payment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_are_listed_in_every_role() {
    let world = World::new(3).await;
    let mut nodes = world.start_all(3).await;
    let ab = nodes[0].open(&world, &nodes[1], 100, 0).await;
    let bc = nodes[1].open(&world, &nodes[2], 50, 0).await;
    nodes[0].connected(1).await;
    nodes[1].connected(2).await;
    world.knows_channels(&nodes, 2).await;
    let c = nodes.pop().unwrap();
    let [a, b] = &nodes[..] else { unreachable!() };
    a.handle.pay(numbered(a.order(&world, &c, 10, false), 1)).await.unwrap();
    a.handle.pay(numbered(a.order(&world, b, 5, true), 2)).await.unwrap();
    // The graph believes that the second channel can carry this; it cannot any more.
    let refused = a.handle.pay(numbered(a.order(&world, &c, 45, false), 3)).await.unwrap_err();
    assert!(matches!(refused, RequestError::RoutesExhausted), "{refused}");
    c.sees(bc, |view| view.balance == units(10) && view.partner_locked.is_zero()).await;

    let all = || PaymentFilter::all(100);
    let sent = a.handle.payments(all()).await.unwrap();
    let short = |entry: &JournalEntry| {
        let payment = payment(entry);
        (payment.identifier.0, payment.role, payment.failure.is_none(), payment.amount)
    };
    let initiator = PaymentRole::Initiator;
    assert_eq!(
        sent.iter().map(short).collect::<Vec<_>>(),
        [
            (1, initiator, true, units(10)),
            (2, initiator, true, units(5)),
            (3, initiator, false, units(45))
        ]
    );
    assert!(sent.iter().all(|entry| payment(entry).outgoing == Some(ab) && entry.time > 0));
    b.until("the mediated payment is over", async |handle| {
        handle.payments(PaymentFilter::all(100)).await.is_ok_and(|all| all.len() == 2)
    })
    .await;
    let passed = b.handle.payments(all()).await.unwrap();
    let mediated = payment(passed.iter().find(|e| payment(e).identifier.0 == 1).unwrap());
    assert_eq!(
        (mediated.role, mediated.incoming, mediated.outgoing),
        (PaymentRole::Mediator, Some(ab), Some(bc))
    );
    assert_eq!((mediated.initiator, mediated.target), (a.handle.address(), c.handle.address()));
    assert_eq!(mediated.amount, units(10));
    let received = c.handle.payments(all()).await.unwrap();
    assert_eq!(short(&received[0]), (1, PaymentRole::Target, true, units(10)));
    assert_eq!(payment(&received[0]).incoming, Some(bc));

    let disk = c.store.disk();
    c.stop().await;
    let c = world.start_on(2, Arc::new(disk.open(TABLES)), world.anywhere(), &[]).await;
    assert_eq!(c.handle.payments(all()).await.unwrap(), received);
}

/// Goal: who follows the journal hears of every change of payments and channels once, in order,
/// whether it was there or comes later. Method: one follower from the start on, one afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_followed_without_gaps() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let start = b.handle.journal(None, 10).await.unwrap();
    assert!(start.entries.is_empty());
    let handle = b.handle.clone();
    let follower = tokio::spawn(async move {
        let (mut seen, mut after) = (vec![], start.after);
        while seen.len() < 5 {
            let page = handle.journal(Some(after), 2).await.unwrap();
            assert!(!page.entries.is_empty() && page.entries.len() <= 2);
            after = page.after;
            seen.extend(page.entries);
        }
        seen
    });
    let channel = a.open(&world, b, 100, 0).await;
    a.connected(1).await;
    a.pay(&world, b, 10, true).await.unwrap();
    a.pay(&world, b, 20, false).await.unwrap();
    b.sees(channel, |view| view.balance == units(30)).await;
    a.handle.close(channel).await.unwrap();

    let seen = follower.await.unwrap();
    assert!(matches!(seen[0].what, Happening::ChannelOpened { channel: at, .. } if at == channel));
    let of_channel = |entry: &JournalEntry| {
        let Happening::Channel { channel: at, kind } = &entry.what else { panic!("{entry:?}") };
        assert_eq!(*at, channel);
        kind.clone()
    };
    assert!(matches!(of_channel(&seen[1]), ChannelEventKind::NewBalance { .. }));
    assert_eq!([payment(&seen[2]).amount, payment(&seen[3]).amount], [units(10), units(20)]);
    assert!(matches!(of_channel(&seen[4]), ChannelEventKind::Closed { .. }));
    let again = b.handle.journal(Some(start.after), 5).await.unwrap();
    assert_eq!(again.entries, seen);

    // A follower ends when the node stops, instead of waiting for ever.
    let handle = b.handle.clone();
    let waiting = tokio::spawn(async move { handle.journal(Some(u64::MAX), 1).await });
    b.handle.stop().await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Err(RequestError::Stopping)));
}
