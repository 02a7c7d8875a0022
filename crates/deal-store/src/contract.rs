//! The tests that every implementation of [`DealStore`] must pass. Call [`check`] from the
//! implementation's own test module, [`check_shared`] with two servers that share a store, and
//! [`check_reopen`] where deals outlast the process.

mod bounds;
mod lists;
mod log;
mod rows;
mod shared;
mod small;

use crate::{
    AccountChange, Commit, CommitError, Conflict, DealStore, EventId, Expected, NewEvent, Put,
    Version,
};
use std::sync::Arc;
use tally_chain::utxo::OutPoint;
use tally_deal::{
    Actor, Address, Command, Deal, Fact, Fee, Kind, Network, NewDeal, Payee, Policy, Scheme,
    ServiceKeys, Sum, Terms, Time, account::Account,
};
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// A store as the tests hold it.
type Shared = Arc<dyn DealStore>;
type Outcome = Result<(), CommitError>;

/// The time of commits in tests, Unix milliseconds.
pub const NOW_MS: u64 = 1_700_000_000_000;

/// The date of the first deal, Unix seconds.
const DATE: u64 = 1_700_000_000;

/// Addresses of parties and modules.
pub const ADDRESSES: [&str; 6] = [
    "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r",
    "mg8Jz5776UdyiYcBb9Z873NTozEiADRW5H",
    "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK",
    "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm",
    "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8",
    "mjTbMV3cbjtGxYMKV2uKZpZt5v7LRp8TBJ",
];

const KEYS: [&str; 2] = [
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
];

/// Runs the contract against stores that `open` makes, each time a new and empty one.
///
/// # Errors
///
/// Passes on the first error of the store.
///
/// # Panics
///
/// If a requirement of [`DealStore`] is broken, or outside of a tokio runtime.
pub async fn check(mut open: impl AsyncFnMut() -> Shared) -> Outcome {
    rows::what_is_committed_is_found(&*open().await).await?;
    rows::versions_decide(&*open().await).await?;
    rows::a_refused_commit_leaves_no_trace(&*open().await).await?;
    rows::a_payment_address_belongs_to_one_deal(&*open().await).await?;
    rows::removed_accounts_come_back_as_others(&*open().await).await?;
    lists::deals_are_filtered(&*open().await).await?;
    lists::deals_are_paged(&*open().await).await?;
    lists::unfinished_deals_are_listed(&*open().await).await?;
    lists::undone_blocks_name_their_deals(&*open().await).await?;
    lists::accounts_of_a_module_are_paged(&*open().await).await?;
    lists::feedback_is_listed(&*open().await).await?;
    log::events_are_dense(&*open().await).await?;
    log::deliveries_wait_until_they_are_done(&*open().await).await?;
    log::webhooks_come_and_go(&*open().await).await?;
    small::a_reply_is_kept_until_it_expires(&*open().await).await?;
    small::secrets_expire(&*open().await).await?;
    small::the_position_is_fenced(&*open().await).await?;
    small::one_leads(&*open().await).await?;
    bounds::what_is_too_large_is_refused(&*open().await).await?;
    let store = open().await;
    check_shared([Arc::clone(&store), store]).await
}

/// Runs the contract of servers that share a store, which is empty.
///
/// # Errors
///
/// Passes on the first error of the store.
///
/// # Panics
///
/// If a requirement of [`DealStore`] is broken, or outside of a tokio runtime.
pub async fn check_shared(servers: [Shared; 2]) -> Outcome {
    shared::one_of_many_changes_a_deal(&servers).await?;
    shared::a_counter_misses_nothing(&servers).await?;
    shared::a_request_is_answered_once(&servers).await?;
    shared::events_become_visible_in_order(&servers).await
}

/// Runs the contract of what outlasts a store: every call of `open` opens the same one, after the
/// one of the call before was dropped.
///
/// # Errors
///
/// Passes on the first error of the store.
///
/// # Panics
///
/// If a requirement of [`DealStore`] is broken, or outside of a tokio runtime.
pub async fn check_reopen(mut open: impl AsyncFnMut() -> Shared) -> Outcome {
    let first = deal(1);
    let code = first.code();
    let store = open().await;
    let made = store.commit(creation(first)).await?;
    assert_eq!(made.events, [EventId(1)]);
    drop(store);

    let store = open().await;
    let found = store.deal(code).await?.expect("a deal outlasts a restart");
    assert_eq!((found.version, &found.value), (made.version, &deal(1)));
    let changed = store.commit(change(found.version, canceled(found.value))).await?;
    assert!(changed.version > made.version, "versions grow over restarts");
    assert_eq!(changed.events, [EventId(2)], "so do the numbers of events");
    drop(store);

    let store = open().await;
    assert_eq!(store.last_event().await?, EventId(2));
    assert_eq!(store.events(EventId(0), 10).await?.len(), 2);
    let refused = store.commit(change(made.version, deal(1))).await;
    assert_conflict(refused, &Conflict::Deal(code));
    Ok(())
}

/// Makes a deal that waits for its payment: each number another one, a second later than the one
/// before; for the tests of implementations. The seller is the address at `number` among
/// [`ADDRESSES`], the customer the one after it, the site is one of three, and every second deal
/// has a module.
///
/// # Panics
///
/// If the number is beyond the years.
#[must_use]
pub fn deal(number: u64) -> Deal {
    let date = Time(DATE + number);
    let terms = Terms {
        network: Network::Test,
        kind: Kind::Postpaid,
        url: format!("https://shop{}.example/goods", number % 3),
        date,
        seller: address(number),
        customer: address(number + 1),
        until: date.plus(3600),
        sum: Sum::from_satoshi(Satoshi(100_000)).expect("a sum"),
        leave_before: date.plus(86_400),
    };
    let keys = ServiceKeys::from_texts(&KEYS).expect("two keys");
    let payment = terms.payment_address(&Scheme::Service(keys));
    let fee: Fee = "0.1%".parse().expect("a fee");
    let module = Payee { address: address(5), fee };
    let new = NewDeal {
        terms,
        payment,
        module: number.is_multiple_of(2).then_some(module),
        service: None,
        created: date,
        seller_rating: "0, 0%".parse().expect("a rating"),
        customer_rating: "0, 0%".parse().expect("a rating"),
    };
    Deal::new(new, &Policy::default()).expect("a deal")
}

/// Returns an address; for the tests of implementations.
///
/// # Panics
///
/// Never: all [`ADDRESSES`] are valid.
#[must_use]
pub fn address(number: u64) -> Address {
    let at = usize::try_from(number % ADDRESSES.len() as u64).expect("there are few");
    Address::parse(ADDRESSES[at], Network::Test).expect("it is valid")
}

/// Returns the commit that makes a deal, with its event; for the tests of implementations.
#[must_use]
pub fn creation(deal: Deal) -> Commit {
    let events = vec![event(&deal, "created")];
    Commit { now_ms: NOW_MS, deals: vec![Put::new(deal)], events, ..Commit::default() }
}

/// Returns the commit that writes a deal over a version, with an event; for the tests of
/// implementations.
#[must_use]
pub fn change(version: Version, deal: Deal) -> Commit {
    let events = vec![event(&deal, "changed")];
    Commit { now_ms: NOW_MS, deals: vec![Put::over(version, deal)], events, ..Commit::default() }
}

/// Returns an event of a deal; for the tests of implementations.
#[must_use]
pub fn event(deal: &Deal, kind: &str) -> NewEvent {
    let data = r#"{"text":"\"quoted\" and ünïcode"}"#.to_owned();
    NewEvent { deal: Some(deal.code()), kind: kind.to_owned(), at_ms: NOW_MS, data }
}

/// Cancels a deal in its seller's name; for the tests of implementations.
///
/// # Panics
///
/// If the deal has come too far.
#[must_use]
pub fn canceled(mut deal: Deal) -> Deal {
    let comments = "Sold out of Purple hats".to_owned();
    let command = Command::Cancel { comments };
    let now = deal.terms().date;
    let fact = Fact::Command { command, by: Actor::Seller, now };
    deal.apply(fact, &Policy::default()).expect("it can be canceled");
    deal
}

/// Pays a deal in a block; for the tests of implementations.
///
/// # Panics
///
/// Never: the chain is always right.
#[must_use]
pub fn paid(mut deal: Deal, height: u64) -> Deal {
    let outpoint = OutPoint { txid: Txid::from_shown([7; 32]), vout: 0 };
    let value = deal.terms().sum.satoshi();
    let time = deal.terms().date;
    let fact = Fact::Confirmed { outpoint, value, height: BlockNumber(height), time };
    deal.apply(fact, &Policy::default()).expect("facts are taken");
    deal
}

/// Returns the change that opens an account; for the tests of implementations.
#[must_use]
pub fn opening(number: u64, module: Option<Address>) -> AccountChange {
    let owner = address(number);
    let account = Some(Account::new(owner.clone(), module, Time(DATE)));
    AccountChange { address: owner.to_string(), expected: Expected::Absent, account }
}

fn empty() -> Commit {
    Commit { now_ms: NOW_MS, ..Commit::default() }
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(refused: Result<T, CommitError>, expected: &Conflict) {
    match refused {
        Err(CommitError::Conflict(found)) => assert_eq!(&found, expected),
        other => panic!("{other:?} instead of a conflict about {expected}"),
    }
}
