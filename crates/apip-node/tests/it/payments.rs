//! From payments on the chain to balances.

use crate::support::*;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tally_accounts::{Accounts, EmbeddedAccounts, Order, contract};
use tally_apip_node::{Directory, DirectoryConfig, OwnService, Price, TABLES};
use tally_primitives::{BlockNumber, Satoshi, Txid};
use tally_storage::{MemoryDisk, MemoryStore, Store};

/// How long anything may take before its test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const COIN: u64 = Satoshi::COIN.0;

pub(crate) fn accounts() -> Arc<EmbeddedAccounts> {
    let store = Arc::new(MemoryStore::new(tally_accounts::TABLES));
    Arc::new(EmbeddedAccounts::open(store).unwrap())
}

pub(crate) fn shared(accounts: &Arc<EmbeddedAccounts>) -> Arc<dyn Accounts> {
    Arc::<EmbeddedAccounts>::clone(accounts)
}

pub(crate) async fn balance(accounts: &EmbeddedAccounts, number: u8) -> i64 {
    accounts.balance(&user(number)).await.unwrap().0
}

/// Waits until the accounts have as many orders.
pub(crate) async fn has_orders(accounts: &EmbeddedAccounts, count: usize) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let orders = accounts.orders(None, 100).await.unwrap();
        if orders.len() == count {
            return;
        }
        assert!(Instant::now() < deadline, "waited for {count} orders, there are {orders:#?}");
        tokio::task::yield_now().await;
    }
}

pub(crate) fn with_service(sid: Txid) -> DirectoryConfig {
    let mut config = config();
    config.service = Some(sid);
    config
}

pub(crate) fn service(chain: &mut Chain) -> Txid {
    chain.fund(&[user(1), user(2), user(3), user(9)], 40);
    chain.wait(3);
    let params = json!({"account": user(9).as_str(), "minPayment": "1.5",
        "pricePerRequest": "0.001", "sessionDays": "10"});
    chain.write(&user(1), &feip(5, json!({"op": "publish", "stdName": "S", "params": params})))
}

pub(crate) fn pay(to: u8, value: u64) -> Option<(tally_primitives::Fid, Satoshi)> {
    Some((user(to), Satoshi(value)))
}

/// Goal: what counts as an order: enough, to the account, from somebody else, for this service.
#[tokio::test]
async fn payments_with_a_buy_mark_are_credited_once() {
    let mut chain = Chain::new();
    let sid = service(&mut chain);
    let accounts = accounts();
    let store = store();
    let directory = open(&store, with_service(sid));
    assert_eq!(*directory.own_service(), OwnService::Unknown { sid });
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    let paid = chain.pay_and_write(&user(2), &buy(&sid), pay(9, 2 * COIN));
    chain.pay_and_write(&user(2), &buy(&sid), pay(9, COIN + COIN / 2 - 1));
    chain.pay_and_write(&user(2), &buy(&sid), pay(8, 5 * COIN));
    chain.pay_and_write(&user(2), "no mark", pay(9, 5 * COIN));
    chain.pay_and_write(&user(2), &buy(&Txid::default()), pay(9, 5 * COIN));
    chain.pay_and_write(&user(9), &buy(&sid), pay(9, 5 * COIN));
    chain.pay_and_write(&user(3), &buy(&sid).replace("\"buy\"", "\"ignore\""), pay(9, 5 * COIN));
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, COIN + COIN / 2));
    chain.reached_by(&directory).await;
    has_orders(&accounts, 2).await;
    assert_eq!(balance(&accounts, 2).await, 200_000_000);
    assert_eq!(balance(&accounts, 3).await, 150_000_000, "exactly the least that counts");
    let orders = accounts.orders(None, 10).await.unwrap();
    assert_eq!(orders, directory.orders().unwrap());
    assert_eq!((orders[0].txid, orders[0].via.as_deref()), (paid, Some("shop")));
    assert_eq!((orders[0].from.clone(), orders[0].to.clone()), (user(2), user(9)));

    let own = directory.own_service();
    let OwnService::Known { terms: Ok(terms), .. } = &*own else { panic!("{own:?}") };
    assert_eq!((terms.price, terms.session_days), (Price::PerRequest(Satoshi(100_000)), 10));
    stop(follower).await.unwrap();

    // Everything is offered again at the next start, and changes nothing.
    let directory = open(&store, with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, 2 * COIN));
    has_orders(&accounts, 3).await;
    assert_eq!(balance(&accounts, 2).await, 200_000_000);
    assert_eq!(balance(&accounts, 3).await, 350_000_000);
    // The accounts have an order before whoever handed it over has counted it.
    stop(follower).await.unwrap();
    assert_eq!(directory.status().orders, 1, "the others were there");

    // Accounts that were lost get everything again.
    let lost = self::accounts();
    let follower = chain.follow(&directory, Some(shared(&lost)));
    has_orders(&lost, 3).await;
    assert_eq!(balance(&lost, 3).await, 350_000_000);
    stop(follower).await.unwrap();
}

/// Goal: a payment in a block that is undone is taken back, and counts again where it is included
/// again; also if the directory stops between the two.
#[tokio::test]
async fn undone_payments_are_taken_back() {
    let mut chain = Chain::new();
    let sid = service(&mut chain);
    let accounts = accounts();
    let store = store();
    let directory = open(&store, with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    chain.pay_and_write(&user(2), &buy(&sid), pay(9, 2 * COIN));
    chain.mine_empty(2);
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, 3 * COIN));
    chain.reached_by(&directory).await;
    has_orders(&accounts, 2).await;
    chain.reorganise(1);
    has_orders(&accounts, 1).await;
    assert_eq!((balance(&accounts, 2).await, balance(&accounts, 3).await), (200_000_000, 0));
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, 4 * COIN));
    has_orders(&accounts, 2).await;
    assert_eq!(balance(&accounts, 3).await, 400_000_000);
    chain.reached_by(&directory).await;
    stop(follower).await.unwrap();

    // The accounts are not told while they are away; the store remembers it for them.
    chain.reorganise(20.min(chain.tip().0.0 - 2));
    let directory = open(&store, with_service(sid));
    let follower = chain.follow(&directory, None);
    chain.reached_by(&directory).await;
    stop(follower).await.unwrap();
    assert_eq!(balance(&accounts, 2).await, 200_000_000, "not told yet");
    let directory = open(&store, with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    has_orders(&accounts, 0).await;
    assert_eq!((balance(&accounts, 2).await, balance(&accounts, 3).await), (0, 0));
    stop(follower).await.unwrap();
}

/// Goal: a payment that both branches have is there throughout a reorganisation, and known by its
/// new block afterwards.
#[tokio::test]
async fn a_payment_of_both_branches_is_never_missing() {
    let mut chain = Chain::new();
    let sid = service(&mut chain);
    let accounts = accounts();
    let directory = open(&store(), with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    let paid = chain.transaction(&user(2), &buy(&sid), pay(9, 2 * COIN));
    chain.mine_again(paid.clone());
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, 3 * COIN));
    has_orders(&accounts, 2).await;
    let before = accounts.orders(None, 1).await.unwrap().remove(0);
    chain.reorganise_with(2, paid);
    let deadline = Instant::now() + DEADLINE;
    let after = loop {
        assert_eq!(balance(&accounts, 2).await, 200_000_000);
        let orders = accounts.orders(None, 9).await.unwrap();
        match &orders[..] {
            [only] => break only.clone(),
            _ => assert!(Instant::now() < deadline, "{orders:#?}"),
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((after.cash_id, after.height.0), (before.cash_id, before.height.0 + 1));
    assert_eq!(after.block, chain.chain.id_at(after.height));
    assert_ne!(after.block, before.block);
    assert_eq!(directory.orders().unwrap(), [after]);
    assert_eq!((balance(&accounts, 2).await, balance(&accounts, 3).await), (200_000_000, 0));
    stop(follower).await.unwrap();
}

/// Goal: a directory that was deleted and made anew takes back the payments that were undone while
/// nobody looked, once, and no others.
#[tokio::test]
async fn a_new_directory_compares_the_accounts_with_the_chain() {
    let mut chain = Chain::new();
    let sid = service(&mut chain);
    let accounts = accounts();
    let directory = open(&store(), with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    chain.pay_and_write(&user(2), &buy(&sid), pay(9, 2 * COIN));
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, 3 * COIN));
    has_orders(&accounts, 2).await;
    stop(follower).await.unwrap();
    chain.reorganise(1);
    let (tip, _) = chain.tip();
    let order =
        |number, height, to| Order { to: user(to), ..contract::order(&user(4), number, height, 7) };
    // Another server may be further; the accounts may serve another service.
    let (further, others) = (order(1, tip.0 + 1, 9), order(2, 1, 8));
    accounts.credit(further.clone()).await.unwrap();
    accounts.credit(others.clone()).await.unwrap();

    let store = store();
    let directory = open(&store, with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    has_orders(&accounts, 3).await;
    let kept = directory.orders().unwrap();
    assert_eq!(
        accounts.orders(None, 9).await.unwrap(),
        [&[others][..], &kept, &[further]].concat()
    );
    assert_eq!((balance(&accounts, 2).await, balance(&accounts, 3).await), (200_000_000, 0));
    let is_compared = || store.get(TABLES[0], b"compared").unwrap().is_some();
    assert!(!is_compared(), "there is one of a block to come");
    chain.mine_empty(1);
    has_orders(&accounts, 2).await;
    assert_eq!(balance(&accounts, 4).await, 7, "the block has come without it");
    let deadline = Instant::now() + DEADLINE;
    while !is_compared() {
        assert!(Instant::now() < deadline, "the comparison is noted");
        tokio::task::yield_now().await;
    }
    stop(follower).await.unwrap();

    // Once: what happens later is told by name.
    accounts.credit(order(3, 1, 9)).await.unwrap();
    let directory = open(&store, with_service(sid));
    let follower = chain.follow(&directory, Some(shared(&accounts)));
    chain.pay_and_write(&user(3), &buy(&sid), pay(9, 3 * COIN));
    has_orders(&accounts, 4).await;
    stop(follower).await.unwrap();
}

/// What a test of crashes waits for.
struct Expected {
    tip: (BlockNumber, Option<tally_primitives::BlockId>),
    /// Of users 2 and 3.
    balances: [i64; 2],
}

/// Waits until everything is as expected, and nothing is left to be told; `false` if power has to be
/// lost because something failed. User 2 has never less than `least`.
async fn is_settled(
    directory: &Directory,
    accounts: &EmbeddedAccounts,
    store: &MemoryStore,
    expected: &Expected,
    least: i64,
) -> bool {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let (two, three) = (user(2), user(3));
        let balances = (accounts.balance(&two).await, accounts.balance(&three).await);
        let (Ok(two), Ok(three)) = balances else { return false };
        let balances = [two.0, three.0];
        assert!(balances[0] >= least, "a payment of both branches is missing: {balances:?}");
        let row = |key: &[u8]| store.get(TABLES[0], key).unwrap();
        let is_told = row(b"revocation").is_none() && row(b"compared").is_some();
        let best = directory.best().map(|best| (best.height, best.id));
        if best == Some(expected.tip) && balances == expected.balances && is_told {
            return true;
        }
        if directory.status().are_accounts_late {
            return false;
        }
        assert!(Instant::now() < deadline, "{best:?}, {balances:?}");
        tokio::task::yield_now().await;
    }
}

/// Goal: wherever the power is lost, payments are credited and taken back exactly, and one that both
/// branches have is never missing. Method: directory and accounts on one disk, a commit for each
/// block; the store fails at the n-th commit and loses what was not synced, for all n.
#[tokio::test]
async fn balances_are_exact_wherever_power_is_lost() {
    let tables: Vec<_> = TABLES.iter().chain(tally_accounts::TABLES).copied().collect();
    for crash_at in 0.. {
        let mut chain = Chain::new();
        let sid = service(&mut chain);
        let mut config = with_service(sid);
        config.step_bytes = 1;
        let disk = MemoryDisk::default();
        let first = disk.open(&tables);
        first.fail_commit_after(crash_at);
        let mut store = Arc::new(first);
        let mut crashes = 0;
        let mut settle = async |chain: &Chain, balances: [i64; 2], least: i64| {
            let expected = Expected { tip: chain.tip(), balances };
            loop {
                let opened = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store)).ok();
                let directory = Directory::open(Arc::<MemoryStore>::clone(&store), config).ok();
                if let (Some(accounts), Some(directory)) = (opened, directory) {
                    let (accounts, directory) = (Arc::new(accounts), Arc::new(directory));
                    let mut follower = chain.follow(&directory, Some(shared(&accounts)));
                    let is_settled = tokio::select! {
                        _ = follower.ended() => false,
                        is_settled = is_settled(&directory, &accounts, &store, &expected, least) => {
                            stop(follower).await.is_ok() && is_settled
                        }
                    };
                    if is_settled {
                        // The same without the directory, from the disk.
                        drop(accounts);
                        let read = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store));
                        let Ok(accounts) = read else { panic!("{read:?}") };
                        assert_eq!(balance(&accounts, 2).await, balances[0]);
                        return;
                    }
                }
                crashes += 1;
                disk.lose_power();
                store = Arc::new(disk.open(&tables));
            }
        };
        chain.pay_and_write(&user(2), &buy(&sid), pay(9, 2 * COIN));
        let both = chain.transaction(&user(2), &buy(&sid), pay(9, 3 * COIN));
        chain.mine_again(both.clone());
        chain.pay_and_write(&user(3), &buy(&sid), pay(9, 4 * COIN));
        settle(&chain, [500_000_000, 400_000_000], 0).await;
        chain.reorganise_with(2, both);
        settle(&chain, [500_000_000, 0], 500_000_000).await;
        chain.pay_and_write(&user(3), &buy(&sid), pay(9, 6 * COIN));
        settle(&chain, [500_000_000, 600_000_000], 500_000_000).await;
        let _ = settle;
        if crashes == 0 {
            assert!(crash_at > 12, "the test reached commits: {crash_at}");
            return;
        }
        assert_eq!(crashes, 1, "lost at commit {crash_at}");
    }
}

/// Goal: the operator's record is read again whenever it changes, and one that cannot be understood
/// says what is wrong where.
#[tokio::test]
async fn terms_follow_the_record() {
    let mut chain = Chain::new();
    let sid = service(&mut chain);
    let directory = open(&store(), with_service(sid));
    let follower = chain.follow(&directory, None);
    let terms = |directory: &tally_apip_node::Directory| match &*directory.own_service() {
        OwnService::Known { terms, .. } => terms.clone(),
        other @ (OwnService::NotConfigured | OwnService::Unknown { .. }) => panic!("{other:?}"),
    };
    let update = |params: serde_json::Value| {
        let sid = sid.to_string();
        feip(5, json!({"op": "update", "sid": sid, "stdName": "S", "params": params}))
    };
    chain.write(&user(1), &update(json!({"pricePerKBytes": "0.5"})));
    chain.reached_by(&directory).await;
    assert_eq!(terms(&directory).unwrap().price, Price::PerKilobyte(Satoshi(50_000_000)));
    assert_eq!(terms(&directory).unwrap().account, user(1), "the owner, as nobody else is named");
    chain.write(&user(1), &update(json!({"pricePerRequest": "a lot"})));
    chain.reached_by(&directory).await;
    let error = terms(&directory).unwrap_err().to_string();
    assert!(error.starts_with("params.pricePerRequest is a lot"), "{error}");
    // Nobody is credited by terms that cannot be understood.
    chain.pay_and_write(&user(2), &buy(&sid), pay(1, 5 * COIN));
    chain.write(&user(1), &feip(5, json!({"op": "stop", "sid": sid.to_string()})));
    chain.reached_by(&directory).await;
    assert_eq!(directory.orders().unwrap(), []);
    chain.reorganise(3);
    chain.reached_by(&directory).await;
    let restored = terms(&directory).unwrap();
    assert!(restored.is_active && matches!(restored.price, Price::PerKilobyte(_)), "{restored:?}");
    stop(follower).await.unwrap();
}
