//! The tests that every implementation of [`Accounts`] must pass. Call [`check`] from the
//! implementation's own test module, [`check_shared`] with two servers that share accounts, and
//! [`check_reopen`] where accounts outlast the process.

mod orders;
mod shared;
mod sign_in;

use crate::{
    Accounts, AccountsError, Balance, CashId, Charge, Charged, NonceUse, Order, Session,
    SessionKey, SessionName, SignIn, SignedIn,
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};

/// Accounts as the tests hold them.
type Shared = Arc<dyn Accounts>;
type Outcome = Result<(), AccountsError>;

const NOW: u64 = 1_677_673_821_267;
/// When what the tests make ends, unless they say otherwise.
const LATER: u64 = NOW + 10_000;

/// Runs the contract against accounts that `open` makes, each time new and empty ones.
///
/// # Errors
///
/// Passes on the first error of the accounts.
///
/// # Panics
///
/// If a requirement of [`Accounts`] is broken, or outside of a tokio runtime.
pub async fn check(mut open: impl AsyncFnMut() -> Shared) -> Outcome {
    a_session_is_found_until_it_ends(&*open().await).await?;
    a_new_session_kills_the_former(&*open().await).await?;
    a_live_name_is_not_taken_twice(&*open().await).await?;
    a_nonce_is_taken_once_within_its_life(&*open().await).await?;
    charges_are_exact(&*open().await).await?;
    exhaustion_ends_the_session(&*open().await).await?;
    what_is_free_needs_no_money(&*open().await).await?;
    orders::an_order_counts_once(&*open().await).await?;
    orders::orders_are_taken_back_by_name(&*open().await).await?;
    a_balance_below_zero_pays_nothing(&*open().await).await?;
    orders::impossible_orders_change_nothing(&*open().await).await?;
    orders::orders_are_paged(&*open().await).await?;
    sign_in::it_is_whole(&*open().await).await?;
    sign_in::a_taken_name_costs_nothing(&*open().await).await?;
    sign_in::who_never_paid_leaves_little(&*open().await).await?;
    let accounts = open().await;
    check_shared([Arc::clone(&accounts), accounts]).await
}

/// Runs the contract of servers that share accounts, which are empty or hold what [`check`] left.
///
/// # Errors
///
/// Passes on the first error of the accounts.
///
/// # Panics
///
/// If a requirement of [`Accounts`] is broken, or outside of a tokio runtime.
pub async fn check_shared(servers: [Shared; 2]) -> Outcome {
    shared::nobody_spends_twice(&servers).await?;
    shared::nobody_replays(&servers).await?;
    shared::an_order_counts_once_for_all(&servers).await?;
    shared::a_late_server_takes_nothing_from_the_new_branch(&servers).await?;
    sign_in::all_at_once_share_a_session(&servers).await?;
    sign_in::the_last_refresh_wins(&servers).await?;
    sign_in::one_nonce_signs_in_once(&servers).await
}

/// Runs the contract of what outlasts accounts: every call of `open` opens the same ones, after the
/// ones of the call before were dropped.
///
/// # Errors
///
/// Passes on the first error of the accounts.
///
/// # Panics
///
/// If a requirement of [`Accounts`] is broken, or outside of a tokio runtime.
pub async fn check_reopen(mut open: impl AsyncFnMut() -> Shared) -> Outcome {
    let (user, other) = (fid("FReopenUser"), fid("FReopenOther"));
    let accounts = open().await;
    accounts.credit(order(&user, 1, 10, 1000)).await?;
    accounts.credit(order(&other, 2, 20, 50)).await?;
    assert!(open_session(&*accounts, session(&user, 1), NOW).await?);
    let charged = accounts.charge(charge(&user, 1, 7, 300), NOW).await?;
    assert_eq!(charged, Charged::Paid(Balance(700)));
    drop(accounts);

    let accounts = open().await;
    assert_eq!(accounts.balance(&user).await?, Balance(700));
    let visitor = accounts.look_up(name(1), Some(7), NOW).await?.expect("the session is there");
    assert_eq!(visitor.session, session(&user, 1));
    assert!(visitor.is_nonce_used, "a nonce outlasts a restart");
    let charged = accounts.charge(charge(&user, 1, 7, 300), NOW).await?;
    assert_eq!(charged, Charged::Replayed(Balance(700)));
    assert!(!accounts.credit(order(&user, 1, 10, 1000)).await?, "an order outlasts a restart");
    assert_eq!(accounts.revoke(vec![order(&other, 2, 20, 50).place()]).await?, 1);
    accounts.end_session(name(1)).await?;
    drop(accounts);

    let accounts = open().await;
    assert_eq!(accounts.balance(&user).await?, Balance(700));
    assert_eq!(accounts.balance(&other).await?, Balance(0));
    assert_eq!(accounts.look_up(name(1), None, NOW).await?, None);
    assert_eq!(accounts.orders(None, 9).await?, [order(&user, 1, 10, 1000)]);
    Ok(())
}

/// Makes a user's address; for the tests of implementations.
///
/// # Panics
///
/// If the text is no address.
#[must_use]
pub fn fid(text: &str) -> Fid {
    text.parse().expect("letters and digits")
}

/// Makes an order of `amount` satoshi at `height`, paid by output `number`; for the tests of
/// implementations.
#[must_use]
pub fn order(from: &Fid, number: u64, height: u64, amount: u64) -> Order {
    let mut id = [0xab; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Order {
        cash_id: CashId::from_shown(id),
        from: from.clone(),
        to: fid("FEk41Kqjar45fLDriztUDTUkdki7mmcjWK"),
        amount: Satoshi(amount),
        time: 1_682_131_880,
        txid: Txid::from_shown(id),
        index: 1,
        height: BlockNumber(height),
        block: Some(block(height)),
        via: number.is_multiple_of(2).then(|| "an app".into()),
    }
}

/// Makes the id of the block that [`order`] finds its orders in.
fn block(height: u64) -> BlockId {
    let mut id = [0xb1; 32];
    id[..8].copy_from_slice(&height.to_be_bytes());
    BlockId::from_shown(id)
}

/// Makes the same order as another branch of the chain has it, in another block of that height.
fn on_other_branch(order: &Order, height: u64) -> Order {
    let block = Some(BlockId::from_shown([0xb2; 32]));
    Order { height: BlockNumber(height), block, time: order.time + 1, ..order.clone() }
}

/// Makes session `number` of a user, which ends at no time of these tests but [`u64::MAX`]; for the
/// tests of implementations.
#[must_use]
pub fn session(user: &Fid, number: u8) -> Session {
    Session { key: SessionKey::new([number; 32]), fid: user.clone(), expires_ms: LATER }
}

fn name(number: u8) -> SessionName {
    SessionName([number; 6])
}

fn nonce(user: &Fid, nonce: i64) -> NonceUse {
    NonceUse { fid: user.clone(), nonce, expires_ms: LATER }
}

/// Makes the end of a request with session `number`; for the tests of implementations.
#[must_use]
pub fn charge(user: &Fid, number: u8, nonce: i64, amount: u64) -> Charge {
    let nonce = NonceUse { fid: user.clone(), nonce, expires_ms: LATER };
    Charge { session: Some(name(number)), nonce, amount: Satoshi(amount) }
}

/// Opens a session in place of the one that the user has, as a free sign-in does, whose nonce is over
/// at once; `false` if another user's live session has the name. For the tests of implementations.
///
/// # Errors
///
/// Passes on the error of the accounts.
///
/// # Panics
///
/// If the accounts take the nonce for another sign-in's, or lack the money for nothing.
pub async fn open_session(
    accounts: &dyn Accounts,
    session: Session,
    now_ms: u64,
) -> Result<bool, AccountsError> {
    static NONCES: AtomicI64 = AtomicI64::new(1 << 40);
    let number = NONCES.fetch_add(1, Ordering::Relaxed);
    let nonce = NonceUse { expires_ms: now_ms, ..nonce(&session.fid, number) };
    let sign_in = SignIn { nonce, amount: Satoshi(0), candidate: session, keeps_live: false };
    match accounts.sign_in(sign_in, now_ms).await? {
        SignedIn::Done { .. } => Ok(true),
        SignedIn::NameTaken => Ok(false),
        other @ (SignedIn::Insufficient(_) | SignedIn::Replayed(_)) => panic!("{other:?}"),
    }
}

async fn a_session_is_found_until_it_ends(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    assert_eq!(accounts.look_up(name(1), None, NOW).await?, None);
    assert_eq!(accounts.session_of(&user, NOW).await?, None);
    assert!(open_session(accounts, session(&user, 1), NOW).await?);
    let visitor = accounts.look_up(name(1), Some(1), LATER - 1).await?.expect("it is live");
    assert_eq!(visitor.session, session(&user, 1));
    assert_eq!(visitor.balance, Balance(0));
    assert!(!visitor.is_nonce_used);
    assert_eq!(accounts.session_of(&user, LATER - 1).await?, Some(session(&user, 1)));
    assert_eq!(accounts.look_up(name(1), None, LATER).await?, None, "it has expired");
    assert_eq!(accounts.session_of(&user, LATER).await?, None);
    accounts.end_session(name(2)).await?;
    accounts.end_session(name(1)).await?;
    assert_eq!(accounts.look_up(name(1), None, NOW).await?, None, "it was ended");
    Ok(())
}

async fn a_new_session_kills_the_former(accounts: &dyn Accounts) -> Outcome {
    let (user, other) = (fid("FUser"), fid("FOther"));
    open_session(accounts, session(&other, 9), NOW).await?;
    open_session(accounts, session(&user, 1), NOW).await?;
    open_session(accounts, session(&user, 2), NOW).await?;
    assert_eq!(accounts.look_up(name(1), None, NOW).await?, None);
    assert_eq!(accounts.session_of(&user, NOW).await?, Some(session(&user, 2)));
    assert!(accounts.look_up(name(9), None, NOW).await?.is_some(), "others keep theirs");
    Ok(())
}

async fn a_live_name_is_not_taken_twice(accounts: &dyn Accounts) -> Outcome {
    let (user, other) = (fid("FUser"), fid("FOther"));
    open_session(accounts, session(&user, 1), NOW).await?;
    open_session(accounts, session(&other, 2), NOW).await?;
    assert!(!open_session(accounts, session(&other, 1), NOW).await?);
    assert_eq!(accounts.session_of(&user, NOW).await?, Some(session(&user, 1)));
    assert_eq!(accounts.session_of(&other, NOW).await?, Some(session(&other, 2)), "it stays");
    let renewed = Session { expires_ms: LATER + 5, ..session(&user, 1) };
    assert!(open_session(accounts, renewed.clone(), NOW).await?, "one's own");
    assert_eq!(accounts.session_of(&user, LATER).await?, Some(renewed));
    let late = Session { expires_ms: LATER + 50, ..session(&other, 1) };
    assert!(open_session(accounts, late, LATER + 5).await?, "an ended one's");
    assert_eq!(accounts.session_of(&user, NOW).await?, None);
    Ok(())
}

async fn a_nonce_is_taken_once_within_its_life(accounts: &dyn Accounts) -> Outcome {
    let (user, other) = (fid("FUser"), fid("FOther"));
    for value in [1, -1, i64::MIN, i64::MAX] {
        assert!(accounts.accept_nonce(nonce(&user, value), NOW).await?, "{value}");
        assert!(!accounts.accept_nonce(nonce(&user, value), LATER - 1).await?, "{value}");
        assert!(accounts.accept_nonce(nonce(&other, value), NOW).await?, "{value}");
    }
    let replayed = accounts.charge(charge(&user, 1, -1, 0), NOW).await?;
    assert_eq!(replayed, Charged::Replayed(Balance(0)), "both ways use the same nonces");
    let again = NonceUse { expires_ms: LATER + 100, ..nonce(&user, 1) };
    assert!(accounts.accept_nonce(again, LATER).await?, "its life is over");
    assert!(!accounts.accept_nonce(nonce(&user, 1), LATER + 99).await?, "it lives again");
    Ok(())
}

async fn charges_are_exact(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    accounts.credit(order(&user, 1, 10, 7_200_000_000_000_000)).await?;
    open_session(accounts, session(&user, 1), NOW).await?;
    let mut left = 7_200_000_000_000_000;
    for (nonce, amount) in [(1, 1), (2, 99_999), (3, 7_000_000_000_000_001), (4, 0)] {
        left -= i64::try_from(amount).expect("it is small");
        let charged = accounts.charge(charge(&user, 1, nonce, amount), NOW).await?;
        assert_eq!(charged, Charged::Paid(Balance(left)));
        let charged = accounts.charge(charge(&user, 1, nonce, amount), NOW).await?;
        assert_eq!(charged, Charged::Replayed(Balance(left)), "no charge for a replay");
    }
    let visitor = accounts.look_up(name(1), Some(3), NOW).await?.expect("it is live");
    assert_eq!((visitor.balance, visitor.is_nonce_used), (Balance(left), true));
    Ok(())
}

async fn exhaustion_ends_the_session(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    accounts.credit(order(&user, 1, 10, 250)).await?;
    open_session(accounts, session(&user, 1), NOW).await?;
    accounts.charge(charge(&user, 1, 1, 100), NOW).await?;
    accounts.charge(charge(&user, 1, 2, 100), NOW).await?;
    let charged = accounts.charge(charge(&user, 1, 3, 51), NOW).await?;
    assert_eq!(charged, Charged::Insufficient(Balance(50)));
    assert_eq!(accounts.look_up(name(1), None, NOW).await?, None, "the session is gone");
    assert_eq!(accounts.session_of(&user, NOW).await?, None);
    let again = accounts.charge(charge(&user, 1, 3, 1), NOW).await?;
    assert_eq!(again, Charged::Replayed(Balance(50)), "the nonce is used");
    open_session(accounts, session(&user, 2), NOW).await?;
    let charged = accounts.charge(charge(&user, 1, 4, 100), NOW).await?;
    assert_eq!(charged, Charged::Insufficient(Balance(50)));
    assert!(accounts.look_up(name(2), None, NOW).await?.is_some(), "a newer session stays");
    accounts.credit(order(&user, 2, 11, 100)).await?;
    let charged = accounts.charge(charge(&user, 2, 5, 150), NOW).await?;
    assert_eq!(charged, Charged::Paid(Balance(0)), "the last satoshi is as good as any");
    Ok(())
}

async fn what_is_free_needs_no_money(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    open_session(accounts, session(&user, 1), NOW).await?;
    let charged = accounts.charge(charge(&user, 1, 1, 0), NOW).await?;
    assert_eq!(charged, Charged::Paid(Balance(0)));
    assert!(accounts.look_up(name(1), None, NOW).await?.is_some(), "the session stays");
    let charged = accounts.charge(charge(&user, 1, 2, 1), NOW).await?;
    assert_eq!(charged, Charged::Insufficient(Balance(0)));
    Ok(())
}

async fn a_balance_below_zero_pays_nothing(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    accounts.credit(order(&user, 1, 10, 100)).await?;
    open_session(accounts, session(&user, 1), NOW).await?;
    accounts.charge(charge(&user, 1, 1, 60), NOW).await?;
    accounts.revoke(vec![order(&user, 1, 10, 100).place()]).await?;
    assert_eq!(accounts.balance(&user).await?, Balance(-60), "what was answered was answered");
    let charged = accounts.charge(charge(&user, 1, 2, 0), NOW).await?;
    assert_eq!(charged, Charged::Paid(Balance(-60)));
    let charged = accounts.charge(charge(&user, 1, 3, 1), NOW).await?;
    assert_eq!(charged, Charged::Insufficient(Balance(-60)));
    accounts.credit(order(&user, 2, 11, 61)).await?;
    let charged = accounts.charge(charge(&user, 1, 4, 1), NOW).await?;
    assert_eq!(charged, Charged::Paid(Balance(0)), "what is owed is paid first");
    Ok(())
}
