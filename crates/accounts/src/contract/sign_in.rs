//! Signing in is one step.

use super::{
    LATER, NOW, Outcome, Shared, fid, name, nonce, open_session, order, session, shared::at_once,
};
use crate::{Accounts, Balance, Session, SignIn, SignedIn, UNPAID_SESSION_MS};
use tally_primitives::{Fid, Satoshi};

/// A sign-in that keeps the live session, with session `number` as candidate.
fn sign_in(user: &Fid, number: u8, nonce: i64, amount: u64) -> SignIn {
    let nonce = super::nonce(user, nonce);
    SignIn { nonce, amount: Satoshi(amount), candidate: session(user, number), keeps_live: true }
}

fn refresh(user: &Fid, number: u8, nonce: i64, amount: u64) -> SignIn {
    SignIn { keeps_live: false, ..sign_in(user, number, nonce, amount) }
}

const fn done(session: Session, left: i64) -> SignedIn {
    SignedIn::Done { session, balance: Balance(left) }
}

pub(super) async fn it_is_whole(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    accounts.credit(order(&user, 1, 10, 250)).await?;
    let signed_in = accounts.sign_in(sign_in(&user, 1, 1, 100), NOW).await?;
    assert_eq!(signed_in, done(session(&user, 1), 150));
    let replayed = accounts.sign_in(refresh(&user, 2, 1, 100), NOW).await?;
    assert_eq!(replayed, SignedIn::Replayed(Balance(150)));
    let kept = accounts.sign_in(sign_in(&user, 2, 2, 100), NOW).await?;
    assert_eq!(kept, done(session(&user, 1), 50), "the live one");
    assert_eq!(accounts.look_up(name(2), None, NOW).await?, None);
    let short = accounts.sign_in(refresh(&user, 2, 3, 51), NOW).await?;
    assert_eq!(short, SignedIn::Insufficient(Balance(50)));
    assert_eq!(accounts.session_of(&user, NOW).await?, Some(session(&user, 1)), "it stays");
    let replayed = accounts.sign_in(sign_in(&user, 2, 2, 51), NOW).await?;
    assert_eq!(replayed, SignedIn::Replayed(Balance(50)), "told before the lack of money");
    let renewed = accounts.sign_in(refresh(&user, 2, 3, 50), NOW).await?;
    assert_eq!(renewed, done(session(&user, 2), 0), "the nonce was not used");
    assert_eq!(accounts.look_up(name(1), None, NOW).await?, None);
    let visitor = accounts.look_up(name(2), Some(3), NOW).await?.expect("it is live");
    assert_eq!((visitor.balance, visitor.is_nonce_used), (Balance(0), true));
    let late = Session { expires_ms: LATER + 100, ..session(&user, 3) };
    let next = SignIn { candidate: late.clone(), ..sign_in(&user, 3, 4, 0) };
    assert_eq!(accounts.sign_in(next, LATER).await?, done(late, 0), "the live one has expired");
    Ok(())
}

pub(super) async fn a_taken_name_costs_nothing(accounts: &dyn Accounts) -> Outcome {
    let (user, other) = (fid("FUser"), fid("FOther"));
    accounts.credit(order(&user, 1, 10, 250)).await?;
    assert!(open_session(accounts, session(&other, 1), NOW).await?);
    let taken = accounts.sign_in(sign_in(&user, 1, 1, 100), NOW).await?;
    assert_eq!(taken, SignedIn::NameTaken);
    assert_eq!(accounts.balance(&user).await?, Balance(250));
    let drawn_again = accounts.sign_in(sign_in(&user, 2, 1, 100), NOW).await?;
    assert_eq!(drawn_again, done(session(&user, 2), 150), "the nonce was not used");
    let kept = accounts.sign_in(sign_in(&user, 1, 2, 100), NOW).await?;
    assert_eq!(kept, done(session(&user, 2), 50), "no other name is needed");
    let taken = accounts.sign_in(refresh(&user, 1, 3, 50), NOW).await?;
    assert_eq!(taken, SignedIn::NameTaken);
    assert_eq!(accounts.session_of(&user, NOW).await?, Some(session(&user, 2)));
    assert_eq!(accounts.session_of(&other, NOW).await?, Some(session(&other, 1)));
    let late = Session { expires_ms: LATER + 100, ..session(&user, 1) };
    let next = SignIn { candidate: late.clone(), ..refresh(&user, 1, 3, 50) };
    assert_eq!(accounts.sign_in(next, LATER).await?, done(late, 0), "an ended one's name");
    Ok(())
}

/// Goal: strangers who bring no money use no nonce, and get short sessions where they are free.
pub(super) async fn who_never_paid_leaves_little(accounts: &dyn Accounts) -> Outcome {
    let (user, payer) = (fid("FUser"), fid("FPayer"));
    let short = accounts.sign_in(sign_in(&user, 1, 1, 1), NOW).await?;
    assert_eq!(short, SignedIn::Insufficient(Balance(0)));
    assert!(accounts.accept_nonce(nonce(&user, 1), NOW).await?, "it was not used");
    accounts.credit(order(&payer, 1, 10, 1)).await?;
    let far = NOW + 10 * UNPAID_SESSION_MS;
    let long = |user: &Fid, number| Session { expires_ms: far, ..session(user, number) };
    for (user, number, expires_ms) in [(&user, 1, NOW + UNPAID_SESSION_MS), (&payer, 2, far)] {
        let free = SignIn { candidate: long(user, number), ..sign_in(user, number, 2, 0) };
        let left = accounts.balance(user).await?.0;
        let expected = Session { expires_ms, ..session(user, number) };
        assert_eq!(accounts.sign_in(free, NOW).await?, done(expected.clone(), left));
        assert_eq!(accounts.session_of(user, expires_ms - 1).await?, Some(expected.clone()));
        assert_eq!(accounts.look_up(name(number), None, expires_ms).await?, None);
        open_session(accounts, long(user, number + 2), NOW).await?;
        let opened = accounts.session_of(user, NOW).await?.map(|session| session.expires_ms);
        assert_eq!(opened, Some(expires_ms));
    }
    Ok(())
}

/// Goal: of many sign-ins at once without refresh, all are told the one live session.
pub(super) async fn all_at_once_share_a_session(servers: &[Shared; 2]) -> Outcome {
    let user = fid("FKeeper");
    servers[0].credit(order(&user, 8001, 10, 1000)).await?;
    let all = at_once(servers, 20, |server, number| {
        let candidate = u8::try_from(number).expect("it is small") + 130;
        let sign_in = sign_in(&fid("FKeeper"), candidate, i64::from(number) + 1, 7);
        Box::pin(async move { server.sign_in(sign_in, NOW).await })
    });
    let all = all.await?;
    let live = servers[1].session_of(&user, NOW).await?.expect("one is live");
    for signed_in in all {
        let SignedIn::Done { session, .. } = signed_in else { panic!("{signed_in:?}") };
        assert_eq!(session, live);
    }
    assert_eq!(servers[1].balance(&user).await?, Balance(1000 - 20 * 7));
    Ok(())
}

/// Goal: of many sign-ins at once with refresh, each is told its own session, and one is left.
pub(super) async fn the_last_refresh_wins(servers: &[Shared; 2]) -> Outcome {
    let user = fid("FRefresher");
    servers[0].credit(order(&user, 8002, 10, 1000)).await?;
    let all = at_once(servers, 20, |server, number| {
        let candidate = u8::try_from(number).expect("it is small") + 160;
        let sign_in = refresh(&fid("FRefresher"), candidate, i64::from(number) + 1, 7);
        Box::pin(async move {
            let signed_in = server.sign_in(sign_in, NOW).await?;
            Ok((candidate, signed_in))
        })
    });
    for (candidate, signed_in) in all.await? {
        let SignedIn::Done { session, .. } = signed_in else { panic!("{signed_in:?}") };
        assert_eq!(session.name(), name(candidate));
    }
    let left = servers[0].session_of(&user, NOW).await?.expect("one is left");
    for number in 160..180 {
        let found = servers[1].look_up(name(number), None, NOW).await?;
        assert_eq!(found.is_some(), name(number) == left.name(), "{number}");
    }
    assert_eq!(servers[1].balance(&user).await?, Balance(1000 - 20 * 7));
    Ok(())
}

/// Goal: the same sign-in many times at once is paid once.
pub(super) async fn one_nonce_signs_in_once(servers: &[Shared; 2]) -> Outcome {
    let user = fid("FRepeater");
    servers[0].credit(order(&user, 8003, 10, 1000)).await?;
    let all = at_once(servers, 20, |server, number| {
        let candidate = u8::try_from(number).expect("it is small") + 190;
        let sign_in = refresh(&fid("FRepeater"), candidate, 1, 7);
        Box::pin(async move { server.sign_in(sign_in, NOW).await })
    });
    let all = all.await?;
    let is_done = |signed_in: &&SignedIn| matches!(signed_in, SignedIn::Done { .. });
    assert_eq!(all.iter().filter(is_done).count(), 1);
    let replayed = SignedIn::Replayed(Balance(993));
    assert_eq!(all.iter().filter(|signed_in| **signed_in == replayed).count(), 19);
    assert_eq!(servers[1].balance(&user).await?, Balance(993));
    Ok(())
}
