use super::*;
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{Version, build::Draft};

fn key(name: u8) -> SigningKey {
    SigningKey::from_seed(&[name; 32])
}

fn create(number: u64) -> Arc<Transaction> {
    let draft = Draft::create(Version::Flat2_0, &[key(1).public_key()]);
    let draft = draft.asset_data(format!(r#"{{"number":{number}}}"#));
    Arc::new(draft.output(1, &[key(1).public_key()]).sign(&[&key(1)]).unwrap())
}

fn spend(spent: &Transaction, to: u8) -> Arc<Transaction> {
    let draft = Draft::transfer(Version::Flat2_0, spent.asset_id()).input(spent, 0);
    Arc::new(draft.output(1, &[key(to).public_key()]).sign(&[&key(1)]).unwrap())
}

fn pool() -> Pool {
    Pool::new(Limits { backlog: 3, pool: 2, ..Limits::default() })
}

fn code(losers: &[(TransactionId, Rejection)]) -> Vec<(TransactionId, &'static str)> {
    losers.iter().map(|(id, rejection)| (*id, rejection.code.as_str())).collect()
}

/// Goal: own ones come first, in order of arrival; what is not on disk is not proposed.
#[test]
fn what_is_durable_is_proposed_in_order() {
    let mut pool = pool();
    let [a, b, c, d] = [1, 2, 3, 4].map(create);
    assert!(pool.offer(Arc::clone(&c)));
    assert_eq!([&a, &b, &d].map(|own| pool.admit(own)), [(); 3].map(|()| Admission::New));
    let proposed = |pool: &Pool, except: TransactionId| -> Vec<TransactionId> {
        pool.proposable(10, |id, _| *id == except).iter().map(|found| found.id()).collect()
    };
    let nobody = create(99).id();
    assert_eq!(proposed(&pool, nobody), [c.id()]);
    assert_eq!([&a, &b].map(|own| pool.settle_admission(&own.id())), [None, None]);
    assert_eq!(proposed(&pool, nobody), [a.id(), b.id(), c.id()]);
    assert_eq!(proposed(&pool, a.id()), [b.id(), c.id()]);
    assert_eq!(pool.proposable(1, |_, _| false).len(), 1);
}

/// Goal: bounds hold for clients and peers apart; what was accepted earlier is never too much.
#[test]
fn pools_are_bounded() {
    let mut pool = pool();
    for number in 0..2 {
        assert!(pool.offer(create(number)));
    }
    assert!(!pool.offer(create(2)));
    for number in 10..13 {
        assert_eq!(pool.admit(&create(number)), Admission::New);
    }
    assert_eq!(pool.admit(&create(13)), Admission::Full);
    assert_eq!(pool.admit(&create(12)), Admission::Known);
    pool.restore(create(14));
    assert_eq!(pool.len(), (4, 2));
    let mut small = Pool::new(Limits { backlog_bytes: 10, pool_bytes: 10, ..Limits::default() });
    assert_eq!(small.admit(&create(1)), Admission::Full);
    assert!(!small.offer(create(1)));
}

/// Goal: a client cannot contradict this node's own backlog, but may contradict another node's.
#[test]
fn own_transactions_do_not_contradict_each_other() {
    let mut pool = pool();
    let asset = create(1);
    let (first, second) = (spend(&asset, 2), spend(&asset, 3));
    assert_eq!(pool.admit(&first), Admission::New);
    let Admission::Refused(rejection) = pool.admit(&second) else { panic!() };
    assert_eq!(rejection.code, RejectionCode::DoubleSpend);
    assert!(!pool.offer(second));

    let mut pool = Pool::new(Limits::default());
    assert!(pool.offer(Arc::clone(&first)));
    let second = spend(&asset, 3);
    assert_eq!(pool.admit(&second), Admission::New);
    assert_eq!(pool.admit(&first).clone(), pool.admit(&first));
    assert!(matches!(pool.admit(&first), Admission::Refused(_)));
}

/// Goal: a transaction that came from a peer becomes an own one when a client posts it.
#[test]
fn what_a_client_posts_becomes_an_own_one() {
    let mut pool = pool();
    let given = create(1);
    assert!(pool.offer(Arc::clone(&given)));
    assert!(!pool.is_own(&given.id()));
    assert_eq!(pool.admit(&given), Admission::New);
    assert_eq!((pool.is_own(&given.id()), pool.len()), (true, (1, 0)));
}

/// Goal: a block takes out what it holds and what it makes impossible, and names the own losers.
#[test]
fn a_block_settles_what_it_holds_and_contradicts() {
    let mut pool = Pool::new(Limits::default());
    let assets = [1, 2, 3].map(create);
    let own = spend(&assets[0], 2);
    let held = spend(&assets[1], 2);
    let other = spend(&assets[2], 2);
    for admitted in [&own, &held] {
        assert_eq!(pool.admit(admitted), Admission::New);
        assert_eq!(pool.settle_admission(&admitted.id()), None);
    }
    assert!(pool.offer(other));
    let block = [spend(&assets[0], 3), Arc::clone(&held), spend(&assets[2], 3)];
    let losers = [(own.id(), "double_spend")];
    assert_eq!(code(&pool.losers(&block)), losers);
    assert_eq!(code(&pool.settle(&block)), losers);
    assert_eq!(pool.len(), (0, 0));
    assert!(pool.claims.is_empty() && pool.own.bytes == 0 && pool.others.bytes == 0);
    assert_eq!(pool.settle(&block), []);
}

/// Goal: a transaction that loses while it is on its way to the disk is not lost sight of.
#[test]
fn what_loses_on_its_way_to_the_disk_is_doomed() {
    let mut pool = Pool::new(Limits::default());
    let asset = create(1);
    let own = spend(&asset, 2);
    assert_eq!(pool.admit(&own), Admission::New);
    assert_eq!(pool.settle(&[spend(&asset, 3)]), []);
    assert_eq!(pool.proposable(9, |_, _| false).len(), 0);
    let rejection = pool.settle_admission(&own.id()).unwrap();
    assert_eq!(rejection.code, RejectionCode::DoubleSpend);
    assert_eq!(pool.len(), (0, 0));
}
