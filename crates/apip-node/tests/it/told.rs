//! What the accounts are told of blocks that are undone, and when it counts as told.

use crate::{payments, support::*};
use std::{collections::VecDeque, sync::Arc};
use tally_accounts::{
    Accounts, AccountsError, Balance, BoxFuture, CashId, Charge, Charged, EmbeddedAccounts,
    NonceUse, Order, OrderPlace, OrderPosition, Session, SessionName, SignIn, SignedIn, Visitor,
};
use tally_apip_node::TABLES;
use tally_chain::utxo::{Block, Update};
use tally_chain_utxo::decode_block;
use tally_primitives::{BlockNumber, Fid};
use tally_storage::{MemoryStore, Store};
use tokio::sync::Semaphore;

/// Accounts that take an order back only when they are let.
#[derive(Debug)]
struct Reluctant {
    accounts: Arc<EmbeddedAccounts>,
    /// How often they were asked to.
    asked: Semaphore,
    /// How often they may.
    may: Semaphore,
}

impl Accounts for Reluctant {
    fn revoke(&self, orders: Vec<OrderPlace>) -> BoxFuture<'_, Result<u64, AccountsError>> {
        Box::pin(async {
            self.asked.add_permits(1);
            self.may.acquire().await.unwrap().forget();
            self.accounts.revoke(orders).await
        })
    }

    fn look_up(
        &self,
        name: SessionName,
        nonce: Option<i64>,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<Option<Visitor>, AccountsError>> {
        self.accounts.look_up(name, nonce, now_ms)
    }

    fn session_of<'a>(
        &'a self,
        fid: &'a Fid,
        now_ms: u64,
    ) -> BoxFuture<'a, Result<Option<Session>, AccountsError>> {
        self.accounts.session_of(fid, now_ms)
    }

    fn sign_in(
        &self,
        sign_in: SignIn,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<SignedIn, AccountsError>> {
        self.accounts.sign_in(sign_in, now_ms)
    }

    fn end_session(&self, name: SessionName) -> BoxFuture<'_, Result<(), AccountsError>> {
        self.accounts.end_session(name)
    }

    fn accept_nonce(
        &self,
        nonce: NonceUse,
        now_ms: u64,
    ) -> BoxFuture<'_, Result<bool, AccountsError>> {
        self.accounts.accept_nonce(nonce, now_ms)
    }

    fn charge(&self, charge: Charge, now_ms: u64) -> BoxFuture<'_, Result<Charged, AccountsError>> {
        self.accounts.charge(charge, now_ms)
    }

    fn balance<'a>(&'a self, fid: &'a Fid) -> BoxFuture<'a, Result<Balance, AccountsError>> {
        self.accounts.balance(fid)
    }

    fn credit(&self, order: Order) -> BoxFuture<'_, Result<bool, AccountsError>> {
        self.accounts.credit(order)
    }

    fn order(&self, cash_id: CashId) -> BoxFuture<'_, Result<Option<Order>, AccountsError>> {
        self.accounts.order(cash_id)
    }

    fn orders(
        &self,
        after: Option<OrderPosition>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Order>, AccountsError>> {
        self.accounts.orders(after, limit)
    }
}

/// Waits until the directory's own row is there, or is not.
async fn until_row(store: &MemoryStore, key: &[u8], is_there: bool) {
    let waiting = async {
        while store.get(TABLES[0], key).unwrap().is_some() != is_there {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(payments::DEADLINE, waiting).await.expect("the row comes or goes");
}

/// Goal: what is undone while the accounts are being told of an earlier reorganisation is told as
/// well. Method: accounts that take back the first order only after the second was undone.
#[tokio::test]
async fn what_is_undone_meanwhile_is_told_too() {
    let mut chain = Chain::new();
    let sid = payments::service(&mut chain);
    let (accounts, store) = (payments::accounts(), store());
    let reluctant = Arc::new(Reluctant {
        accounts: Arc::clone(&accounts),
        asked: Semaphore::new(0),
        may: Semaphore::new(0),
    });
    let directory = open(&store, payments::with_service(sid));
    let told = Arc::<Reluctant>::clone(&reluctant);
    let follower = chain.follow(&directory, Some(told));
    let (below, _) = chain.tip();
    chain.pay_and_write(&user(2), &buy(&sid), payments::pay(9, 2 * payments::COIN));
    chain.pay_and_write(&user(3), &buy(&sid), payments::pay(9, 3 * payments::COIN));
    payments::has_orders(&accounts, 2).await;
    // So that what is not told is not found by comparing.
    until_row(&store, b"compared", true).await;
    chain.reorganise(1);
    reluctant.asked.acquire().await.unwrap().forget();
    chain.reorganise(chain.tip().0.0 - below.0);
    chain.reached_by(&directory).await;
    reluctant.may.add_permits(100);
    payments::has_orders(&accounts, 0).await;
    until_row(&store, b"revocation", false).await;
    assert_eq!(payments::balance(&accounts, 2).await, 0);
    stop(follower).await.unwrap();
}

/// Goal: a payment is not taken back if its block was undone and came again before the accounts
/// were told. Method: accounts that are away while the chain goes to another branch and back.
#[tokio::test]
async fn a_branch_that_comes_back_keeps_its_payments() {
    let mut chain = Chain::new();
    let sid = payments::service(&mut chain);
    let (accounts, store) = (payments::accounts(), store());
    let (below, _) = chain.tip();
    chain.pay_and_write(&user(2), &buy(&sid), payments::pay(9, 2 * payments::COIN));
    let first = blocks(&chain);
    chain.reorganise(1);
    let second = blocks(&chain);
    let fork = usize::try_from(below.0 + 1).unwrap();
    let back = || vec![Update::RolledBackTo(below)];
    for (updates, is_told) in [
        (as_updates(vec![], &first), true),
        (as_updates(back(), &second[fork..]), false),
        (as_updates(back(), &first[fork..]), true),
    ] {
        let directory = open(&store, payments::with_service(sid));
        let end = match updates.back() {
            Some(Update::CaughtUp(end)) => *end,
            other => panic!("{other:?}"),
        };
        let told = is_told.then(|| payments::shared(&accounts));
        let follower = directory.follow(Box::new(ListSource(updates)), told).unwrap();
        let mut progress = directory.watch();
        let is_there = |best: tally_apip_node::Best| best.height == end;
        progress
            .wait_for(|progress| progress.is_at_end && progress.best.is_some_and(is_there))
            .await
            .unwrap();
        if is_told {
            payments::has_orders(&accounts, 1).await;
            until_row(&store, b"revocation", false).await;
        } else {
            until_row(&store, b"revocation", true).await;
        }
        assert_eq!(payments::balance(&accounts, 2).await, 200_000_000);
        stop(follower).await.unwrap();
    }
    assert_eq!(accounts.orders(None, 9).await.unwrap().len(), 1);
}

fn blocks(chain: &Chain) -> Vec<Block> {
    let raw = chain.chain.raw_blocks();
    let raw = (0..).zip(&raw);
    raw.map(|(height, raw)| decode_block(raw, BlockNumber(height)).unwrap()).collect()
}

/// Updates that end with the last of the blocks.
fn as_updates(mut updates: Vec<Update>, blocks: &[Block]) -> VecDeque<Update> {
    updates.extend(blocks.iter().map(|block| Update::Block(Box::new(block.clone()))));
    updates.push(Update::CaughtUp(blocks.last().unwrap().height));
    updates.into()
}
