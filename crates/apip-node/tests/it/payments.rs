//! From payments on the chain to balances.

use crate::support::*;
use serde_json::json;
use std::sync::Arc;
use tally_accounts::{Accounts, EmbeddedAccounts};
use tally_apip_node::{DirectoryConfig, OwnService, Price};
use tally_primitives::{Satoshi, Txid};
use tally_storage::MemoryStore;

const COIN: u64 = Satoshi::COIN.0;

fn accounts() -> Arc<EmbeddedAccounts> {
    let store = Arc::new(MemoryStore::new(tally_accounts::TABLES));
    Arc::new(EmbeddedAccounts::open(store).unwrap())
}

fn shared(accounts: &Arc<EmbeddedAccounts>) -> Arc<dyn Accounts> {
    Arc::<EmbeddedAccounts>::clone(accounts)
}

async fn balance(accounts: &EmbeddedAccounts, number: u8) -> i64 {
    accounts.balance(&user(number)).await.unwrap().0
}

/// Waits until the accounts have as many orders.
async fn has_orders(accounts: &EmbeddedAccounts, count: usize) {
    loop {
        if accounts.orders(None, 100).await.unwrap().len() == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn with_service(sid: Txid) -> DirectoryConfig {
    let mut config = config();
    config.service = Some(sid);
    config
}

fn service(chain: &mut Chain) -> Txid {
    chain.fund(&[user(1), user(2), user(3), user(9)], 40);
    chain.wait(3);
    let params = json!({"account": user(9).as_str(), "minPayment": "1.5",
        "pricePerRequest": "0.001", "sessionDays": "10"});
    chain.write(&user(1), &feip(5, json!({"op": "publish", "stdName": "S", "params": params})))
}

fn pay(to: u8, value: u64) -> Option<(tally_primitives::Fid, Satoshi)> {
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
    assert_eq!(directory.status().orders, 1, "the others were there");
    stop(follower).await.unwrap();

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
