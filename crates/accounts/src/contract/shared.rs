//! What must hold between servers that share accounts, under contention.

use super::{
    LATER, NOW, Outcome, Shared, charge, fid, name, nonce, on_other_branch, open_session, order,
    session,
};
use crate::{AccountsError, Balance, BoxFuture, Charged, NonceUse};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs `count` calls at the same time, on the servers in turn.
pub(super) async fn at_once<T: Send + 'static>(
    servers: &[Shared; 2],
    count: u32,
    call: impl Fn(Shared, u32) -> BoxFuture<'static, Result<T, AccountsError>>,
) -> Result<Vec<T>, AccountsError> {
    let mut calls = JoinSet::new();
    for number in 0..count {
        let server = Arc::clone(&servers[(number % 2) as usize]);
        calls.spawn(call(server, number));
    }
    calls.join_all().await.into_iter().collect()
}

/// Goal: 60 requests of 7 satoshi at once, with 100 satoshi: 14 are paid.
pub(super) async fn nobody_spends_twice(servers: &[Shared; 2]) -> Outcome {
    let user = fid("FSpender");
    servers[0].credit(order(&user, 5001, 10, 100)).await?;
    open_session(&*servers[0], session(&user, 51), NOW).await?;
    let charged = at_once(servers, 60, |server, number| {
        Box::pin(async move {
            let charge = charge(&fid("FSpender"), 51, i64::from(number) + 1, 7);
            server.charge(charge, NOW).await
        })
    });
    let charged = charged.await?;
    let mut left: Vec<i64> = charged
        .iter()
        .filter_map(|charged| match charged {
            Charged::Paid(Balance(left)) => Some(*left),
            Charged::Insufficient(left) => {
                assert_eq!(*left, Balance(2));
                None
            }
            Charged::Replayed(_) => panic!("every nonce is another"),
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, (0..14).map(|n| 2 + 7 * n).collect::<Vec<_>>(), "each saw its own charge");
    assert_eq!(servers[1].balance(&user).await?, Balance(2));
    assert_eq!(servers[1].look_up(name(51), None, NOW).await?, None);
    Ok(())
}

/// Goal: the same request 60 times at once is paid once; the same of nonces without a charge.
pub(super) async fn nobody_replays(servers: &[Shared; 2]) -> Outcome {
    let user = fid("FReplayer");
    servers[0].credit(order(&user, 6001, 10, 1000)).await?;
    let charged = at_once(servers, 60, |server, _| {
        Box::pin(async move { server.charge(charge(&fid("FReplayer"), 61, 1, 7), NOW).await })
    });
    let charged = charged.await?;
    let paid = charged.iter().filter(|charged| matches!(charged, Charged::Paid(_))).count();
    let replayed = charged.iter().filter(|charged| matches!(charged, Charged::Replayed(_)));
    assert_eq!((paid, replayed.count()), (1, 59));
    assert_eq!(servers[1].balance(&user).await?, Balance(993));
    for (now, life) in [(NOW, "first"), (LATER, "second")] {
        let accepted = at_once(servers, 40, |server, _| {
            let nonce = NonceUse { expires_ms: now + 10_000, ..nonce(&fid("FReplayer"), 2) };
            Box::pin(async move { server.accept_nonce(nonce, now).await })
        });
        let accepted = accepted.await?.into_iter().filter(|accepted| *accepted).count();
        assert_eq!(accepted, 1, "in its {life} life");
    }
    Ok(())
}

/// Goal: every server sees every payment, and tells of it; each counts once.
pub(super) async fn an_order_counts_once_for_all(servers: &[Shared; 2]) -> Outcome {
    let user = fid("FPayer");
    let counted = at_once(servers, 40, |server, number| {
        let order = order(&fid("FPayer"), 7001 + u64::from(number / 4), 10, 5);
        Box::pin(async move { server.credit(order).await })
    });
    let counted = counted.await?.into_iter().filter(|counted| *counted).count();
    assert_eq!(counted, 10);
    assert_eq!(servers[1].balance(&user).await?, Balance(50));
    let revoked = at_once(servers, 2, |server, _| {
        let places = (7001..7011).map(|number| order(&fid("FPayer"), number, 10, 5).place());
        let places = places.collect();
        Box::pin(async move { server.revoke(places).await })
    });
    assert_eq!(revoked.await?.iter().sum::<u64>(), 10, "each once for all");
    assert_eq!(servers[0].balance(&user).await?, Balance(0));
    for number in 7001..7011 {
        assert!(servers[1].credit(order(&user, number, 11, 5)).await?, "they may come again");
    }
    assert_eq!(servers[0].balance(&user).await?, Balance(50));
    Ok(())
}

/// Goal: a server that follows a reorganisation late takes nothing back that another one has found
/// on the new branch; a payment that both branches have is never missing.
pub(super) async fn a_late_server_takes_nothing_from_the_new_branch(
    [early, late]: &[Shared; 2],
) -> Outcome {
    let user = fid("FReorganised");
    let both = order(&user, 9001, 20, 100);
    let old_only = order(&user, 9002, 20, 30);
    for server in [early, late] {
        server.credit(both.clone()).await?;
        server.credit(old_only.clone()).await?;
    }
    let undone = vec![both.place(), old_only.place()];
    // At the same height, and at another one.
    for height in [20, 22] {
        let mined_again = on_other_branch(&both, height);
        let new_only = on_other_branch(&order(&user, 9003 + height, 20, 7), height);
        assert!(!early.credit(mined_again.clone()).await?);
        assert_eq!(late.balance(&user).await?, Balance(130), "the payment is there throughout");
        assert!(early.credit(new_only.clone()).await?);
        assert_eq!(early.revoke(undone.clone()).await?, 1);
        assert_eq!(late.balance(&user).await?, Balance(107));
        for _ in 0..2 {
            assert_eq!(late.revoke(undone.clone()).await?, 0, "it is late, and repeats itself");
            assert_eq!(early.balance(&user).await?, Balance(107));
        }
        assert_eq!(late.order(both.cash_id).await?, Some(mined_again.clone()));
        assert!(!late.credit(mined_again.clone()).await?);
        // As it was, for the next height.
        assert_eq!(late.revoke(vec![new_only.place(), mined_again.place()]).await?, 2);
        assert!(late.credit(both.clone()).await? && late.credit(old_only.clone()).await?);
    }
    // The two at once, again and again: whichever comes first, the payment stays.
    for round in 0..20 {
        let (old, new) = (both.clone(), on_other_branch(&both, 30 + round));
        early.credit(old.clone()).await?;
        let (found, undone) =
            tokio::join!(early.credit(new.clone()), late.revoke(vec![old.place()]));
        assert_eq!(u64::from(found?), undone?, "counted again exactly if it was taken back");
        assert_eq!(late.balance(&user).await?, Balance(130));
        assert_eq!(late.order(both.cash_id).await?, Some(new));
    }
    Ok(())
}
