//! Requests with keys, over crashes.

use crate::world::{Running, World, units};
use std::sync::Arc;
use tally_channel_node::{
    ChannelView, DepositRequest, IdempotencyKey, OpenRequest, RequestError, StopReason, TABLES,
};
use tally_primitives::{ChannelAddress, TokenAddress};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).unwrap()
}

fn deposit(channel: ChannelAddress, amount: u64) -> DepositRequest {
    DepositRequest { channel, amount: units(amount) }
}

fn opening(world: &World, partner: &Running, amount: u64) -> OpenRequest {
    OpenRequest {
        token: world.token,
        partner: partner.handle.address(),
        deposit: units(amount),
        settle_timeout: None,
    }
}

/// Asks until the outcome is known.
async fn known(
    ask: impl AsyncFn() -> Result<ChannelView, RequestError>,
) -> Result<ChannelView, RequestError> {
    loop {
        match ask().await {
            Err(RequestError::KeyPending | RequestError::EventPending(_)) => {
                tokio::task::yield_now().await;
            }
            outcome => return outcome,
        }
    }
}

/// Goal: with one key there is one channel and one deposit, however often it is asked for, at the
/// same time, afterwards and after a restart; another request with the key is refused, and a key
/// whose request was refused is free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_transaction() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let (b, a) = (nodes.pop().unwrap(), nodes.pop().unwrap());
    let request = opening(&world, &b, 100);
    let once = || a.handle.open_channel_once(request.clone(), key("open"));
    let (first, second) = tokio::join!(once(), once());
    let channel = first.unwrap().channel;
    assert_eq!(second.unwrap().channel, channel);
    assert_eq!(once().await.unwrap().channel, channel);

    let once = || a.handle.deposit_once(deposit(channel, 50), key("deposit"));
    let (first, second) = tokio::join!(once(), once());
    assert_eq!((first.unwrap().deposit, second.unwrap().deposit), (units(150), units(150)));
    // Another key is another deposit of the same.
    let other = a.handle.deposit_once(deposit(channel, 50), key("deposit-2")).await.unwrap();
    assert_eq!(other.deposit, units(200));
    let wrong = a.handle.deposit_once(deposit(channel, 51), key("deposit")).await.unwrap_err();
    assert!(matches!(wrong, RequestError::KeyInUse), "{wrong}");
    let wrong = a.handle.open_channel_once(opening(&world, &b, 1), key("deposit")).await;
    assert!(matches!(wrong, Err(RequestError::KeyInUse)));

    let elsewhere = OpenRequest { token: TokenAddress::new([9; 20]), ..request.clone() };
    let refused = a.handle.open_channel_once(elsewhere, key("late")).await.unwrap_err();
    assert!(matches!(refused, RequestError::UnknownToken(_)), "{refused}");
    let late = a.handle.deposit_once(deposit(channel, 1), key("late")).await.unwrap();
    assert_eq!(late.deposit, units(201));

    let disk = a.store.disk();
    assert!(matches!(a.stop().await, StopReason::Asked));
    let a = world.start_on(0, Arc::new(disk.open(TABLES)), world.anywhere(), &[&b]).await;
    let again = a.handle.deposit_once(deposit(channel, 50), key("deposit")).await.unwrap();
    assert_eq!(again.deposit, units(201));
    assert_eq!(a.handle.open_channel_once(request, key("open")).await.unwrap().channel, channel);
}

/// Goal: at whatever commit the node dies, the same request makes one deposit in the end. Method:
/// the n-th commit from the request on fails, blocks make the commits that it alone does not, and
/// the request is sent again after the restart until its outcome is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_makes_no_second_deposit() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let (b, mut a) = (nodes.pop().unwrap(), nodes.pop().unwrap());
    let channel = a.open(&world, &b, 100, 0).await;
    let mut expected = 100;
    for commits in 0..4 {
        let (request, name) = (deposit(channel, 50), key(&format!("deposit-{commits}")));
        a.store.fail_commit_after(commits);
        let (handle, disk) = (a.handle.clone(), a.store.disk());
        let (asked, asked_name) = (request.clone(), name.clone());
        let first = tokio::spawn(async move { handle.deposit_once(asked, asked_name).await });
        for _ in 0..8 {
            let head = world.chain.mine(1).number;
            b.processed(head).await;
        }
        let reason = a.stopped().await;
        assert!(matches!(reason, StopReason::Store(_)), "{reason}");
        drop(first.await.unwrap());

        a = world.start_on(0, Arc::new(disk.open(TABLES)), world.anywhere(), &[&b]).await;
        let ask = async || a.handle.deposit_once(request.clone(), name.clone()).await;
        expected += 50;
        assert_eq!(known(ask).await.unwrap().deposit, units(expected));
        assert_eq!(ask().await.unwrap().deposit, units(expected));
        let head = world.chain.mine(2).number;
        b.processed(head).await;
        b.sees(channel, |view| view.partner_deposit == units(expected)).await;
    }
}
