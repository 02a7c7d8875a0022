//! Rows and their versions.

use super::{
    ADDRESSES, NOW_MS, Outcome, address, assert_conflict, canceled, change, creation, deal, empty,
    event, opening, paid,
};
use crate::{AccountChange, Commit, Conflict, DealStore, EventId, Expected, Put, Version};
use tally_deal::State;

/// Goal: everything of a commit is found afterwards, by all its names, with the commit's version.
pub(super) async fn what_is_committed_is_found(store: &dyn DealStore) -> Outcome {
    let (made, absent) = (deal(1), deal(2));
    assert_eq!(store.last_event().await?, EventId(0));
    let commit = Commit {
        accounts: vec![opening(1, None), opening(2, Some(address(5)))],
        ..creation(made.clone())
    };
    let committed = store.commit(commit).await?;
    assert_eq!(committed.events, [EventId(1)]);

    let found = store.deal(made.code()).await?.expect("it is there");
    assert_eq!((found.version, &found.value), (committed.version, &made));
    let found = store.deal_at(&made.address().to_string()).await?.expect("it is there");
    assert_eq!((found.version, &found.value), (committed.version, &made));
    assert!(store.deal(absent.code()).await?.is_none());
    assert!(store.deal_at(&absent.address().to_string()).await?.is_none());
    assert!(store.deal_at("").await?.is_none());

    let account = store.account(ADDRESSES[2]).await?.expect("it is there");
    assert_eq!(account.version, committed.version);
    assert_eq!(Some(account.value), opening(2, Some(address(5))).account);
    assert!(store.account(ADDRESSES[3]).await?.is_none());
    Ok(())
}

/// Goal: a change over any but the last version is refused, as is a second creation.
pub(super) async fn versions_decide(store: &dyn DealStore) -> Outcome {
    let made = deal(1);
    let conflict = Conflict::Deal(made.code());
    assert_conflict(store.commit(change(Version(1), made.clone())).await, &conflict);
    let first = store.commit(creation(made.clone())).await?.version;
    assert_conflict(store.commit(creation(made.clone())).await, &conflict);
    let second = store.commit(change(first, paid(made.clone(), 100))).await?.version;
    assert!(second > first);
    assert_conflict(store.commit(change(first, canceled(made.clone()))).await, &conflict);
    let found = store.deal(made.code()).await?.expect("it is there");
    assert_eq!((found.version, found.value.state()), (second, State::Paid));

    let mut any = change(first, found.value);
    any.deals[0].expected = Expected::Any;
    let third = store.commit(any).await?.version;
    assert!(third > second, "a version is new, whatever was expected");
    let events = store.events_of(made.code(), EventId(0), 10).await?;
    assert_eq!(events.len(), 3, "refused commits have no events");
    Ok(())
}

/// Goal: of a commit of which one part is refused, nothing is there.
pub(super) async fn a_refused_commit_leaves_no_trace(store: &dyn DealStore) -> Outcome {
    let (known, new) = (deal(1), deal(2));
    store.commit(creation(known.clone())).await?;
    let mut commit = creation(new.clone());
    commit.accounts.push(opening(1, None));
    commit.events.push(event(&known, "changed"));
    commit.deals.push(Put::new(known.clone()));
    assert_conflict(store.commit(commit.clone()).await, &Conflict::Deal(known.code()));
    assert!(store.deal(new.code()).await?.is_none());
    assert!(store.deal_at(&new.address().to_string()).await?.is_none());
    assert!(store.account(ADDRESSES[1]).await?.is_none());
    assert_eq!(store.last_event().await?, EventId(1));
    assert_eq!(store.unfinished(None, 10).await?.rows.len(), 1);
    commit.deals.pop();
    assert_eq!(store.commit(commit).await?.events, [EventId(2), EventId(3)], "no number is lost");
    Ok(())
}

/// Goal: a deal is found by its payment address alone. Method: a deal is written under another
/// code; a deal's own address is no obstacle to its changes.
pub(super) async fn a_payment_address_belongs_to_one_deal(store: &dyn DealStore) -> Outcome {
    let made = deal(1);
    let version = store.commit(creation(made.clone())).await?.version;
    // What the code is made of is not looked at when a deal is read.
    let mut stored = serde_json::to_value(&made).expect("deals are stored");
    stored["code"] = serde_json::to_value(deal(2).code()).expect("codes are stored");
    let other = serde_json::from_value(stored).expect("it has the form of a deal");
    let address = made.address().to_string();
    assert_conflict(store.commit(creation(other)).await, &Conflict::PaymentAddress(address));
    store.commit(change(version, canceled(made))).await?;
    Ok(())
}

/// Goal: who knew an account that was removed cannot change the one that was opened since.
pub(super) async fn removed_accounts_come_back_as_others(store: &dyn DealStore) -> Outcome {
    let with = |change| Commit { now_ms: NOW_MS, accounts: vec![change], ..Commit::default() };
    let opened = opening(1, Some(address(5)));
    let first = store.commit(with(opened.clone())).await?.version;
    let expected = Expected::At(first);
    let removal = AccountChange { expected, account: None, ..opened.clone() };
    store.commit(with(removal.clone())).await?;
    assert!(store.account(ADDRESSES[1]).await?.is_none());
    assert!(store.accounts(ADDRESSES[5], None, 10).await?.rows.is_empty());
    let conflict = Conflict::Account(opened.address.clone());
    assert_conflict(store.commit(with(removal.clone())).await, &conflict);
    let second = store.commit(with(opened.clone())).await?.version;
    assert!(second > first);
    assert_conflict(store.commit(with(removal)).await, &conflict);
    let moved = AccountChange { expected: Expected::At(second), ..opening(1, Some(address(4))) };
    store.commit(with(moved)).await?;
    assert!(store.accounts(ADDRESSES[5], None, 10).await?.rows.is_empty(), "it has another module");
    assert_eq!(store.accounts(ADDRESSES[4], None, 10).await?.rows.len(), 1);
    store.commit(empty()).await?;
    Ok(())
}
