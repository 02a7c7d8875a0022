use super::*;
use crate::contract;
use tally_storage::{MemoryDisk, MemoryStore};

fn on(disk: &MemoryDisk) -> EmbeddedAccounts {
    EmbeddedAccounts::open(Arc::new(disk.open(TABLES))).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let open = async || Arc::new(on(&MemoryDisk::default())) as Arc<dyn Accounts>;
    contract::check(open).await.unwrap();
}

#[tokio::test]
async fn accounts_outlast_a_restart() {
    let disk = MemoryDisk::default();
    contract::check_reopen(async || Arc::new(on(&disk)) as Arc<dyn Accounts>).await.unwrap();
}

/// Goal: 64 users at a time share syncs: far fewer commits than charges.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_charges_share_a_sync() {
    const ROUNDS: i64 = 50;
    let store = Arc::new(MemoryStore::new(TABLES));
    let accounts = Arc::new(EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store)).unwrap());
    let mut users = tokio::task::JoinSet::new();
    for number in 0..64 {
        let accounts = Arc::clone(&accounts);
        users.spawn(async move {
            let user = contract::fid(&format!("F{number}"));
            accounts.credit(contract::order(&user, number, 1, 1000)).await.unwrap();
            for nonce in 1..=ROUNDS {
                let paid = accounts.charge(contract::charge(&user, 1, nonce, 10), 0).await;
                assert_eq!(paid.unwrap(), Charged::Paid(Balance(1000 - 10 * nonce)));
            }
        });
    }
    users.join_all().await;
    let commits = store.synced_commits();
    assert!(commits < 64 * 50, "{commits} commits for 3200 charges and 64 orders");
    assert_eq!(store.buffered_commits(), 0, "nothing is promised that is not synced");
}

/// Goal: orders that are known, and nothing to take back, cost no sync; all are offered at every start.
#[tokio::test]
async fn what_is_known_costs_no_sync() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let accounts = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    let user = contract::fid("FUser");
    let known = contract::order(&user, 1, 1, 100);
    accounts.credit(known.clone()).await.unwrap();
    let commits = store.synced_commits();
    for _ in 0..10 {
        assert!(!accounts.credit(known.clone()).await.unwrap());
        let absent = contract::order(&user, 2, 1, 100).place();
        assert_eq!(accounts.revoke(vec![absent]).await.unwrap(), 0);
    }
    assert_eq!(store.synced_commits(), commits);
    accounts.credit(contract::order(&user, 1, 2, 100)).await.unwrap();
    assert_eq!(store.synced_commits(), commits + 1, "it was found in another block");
}

/// Goal: a failed commit ends all promises; nobody waits for ever, and nothing is acknowledged.
#[tokio::test]
async fn a_failed_commit_is_the_end() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let accounts = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    let user = contract::fid("FUser");
    accounts.credit(contract::order(&user, 1, 1, 100)).await.unwrap();
    assert!(!accounts.have_ended());
    tokio::select! {
        biased;
        () = accounts.ended() => panic!("it goes on"),
        () = std::future::ready(()) => {}
    }
    store.fail_commits(true);
    let lost = accounts.charge(contract::charge(&user, 1, 1, 10), 0).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "{lost:?}");
    store.fail_commits(false);
    let lost = accounts.charge(contract::charge(&user, 1, 2, 10), 0).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "{lost:?}");
    let lost = accounts.look_up(SessionName([1; 6]), None, 0).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "memory is ahead of the disk: {lost:?}");
    let lost = accounts.session_of(&user, 0).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "{lost:?}");
    let lost = accounts.balance(&user).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "{lost:?}");
    accounts.ended().await;
    assert!(accounts.have_ended());
    let lost = accounts.credit(contract::order(&user, 2, 1, 100)).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "{lost:?}");
    drop(accounts);
    let accounts = EmbeddedAccounts::open(store).unwrap();
    assert_eq!(accounts.balance(&user).await.unwrap(), Balance(100));
}

/// Goal: accounts that do not add up are not served.
#[tokio::test]
async fn damaged_accounts_are_refused() {
    let disk = MemoryDisk::default();
    let accounts = on(&disk);
    let user = contract::fid("FUser");
    accounts.credit(contract::order(&user, 1, 1, 100)).await.unwrap();
    drop(accounts);
    let store = disk.open(TABLES);
    let mut batch = tally_storage::Batch::new();
    rows::put_money(&mut batch, &user, rows::Money { credited: 101, charged: 0 });
    store.commit(batch, tally_storage::Durability::Synced).unwrap();
    let refused = EmbeddedAccounts::open(Arc::new(store));
    let Err(AccountsError::Damaged(damage)) = refused else { panic!("{refused:?}") };
    assert_eq!(damage, Damage::Sum { fid: user, credited: 101, ordered: 100 });
    let store = disk.open(TABLES);
    let mut batch = tally_storage::Batch::new();
    batch.put(TABLES[1], *b"FUser", *b"");
    store.commit(batch, tally_storage::Durability::Synced).unwrap();
    let refused = EmbeddedAccounts::open(Arc::new(store));
    assert!(matches!(refused, Err(AccountsError::Damaged(Damage::Row { .. }))), "{refused:?}");
}

/// Goal: rows of a newer program are not misread.
#[test]
fn a_newer_store_is_refused() {
    let disk = MemoryDisk::default();
    drop(on(&disk));
    for (version, is_newer) in [(2u32, true), (0, false)] {
        let store = disk.open(TABLES);
        let mut batch = tally_storage::Batch::new();
        batch.put(TABLES[0], *b"version", version.to_be_bytes());
        store.commit(batch, tally_storage::Durability::Synced).unwrap();
        let refused = EmbeddedAccounts::open(Arc::new(store));
        match refused {
            Err(AccountsError::Damaged(Damage::Newer { found: 2, supported: 1 })) => {
                assert!(is_newer);
            }
            Err(AccountsError::Damaged(_)) => assert!(!is_newer),
            other => panic!("{other:?}"),
        }
    }
}

/// Goal: stored nonces do not pile up over the days.
#[tokio::test]
async fn old_nonces_leave_the_store() {
    let disk = MemoryDisk::default();
    let accounts = on(&disk);
    for now_ms in (0..1_000_000).step_by(1000) {
        let fid = contract::fid("FUser");
        let nonce = NonceUse { fid, nonce: 1, expires_ms: now_ms + 900 };
        assert!(accounts.accept_nonce(nonce, now_ms).await.unwrap());
    }
    drop(accounts);
    let mut rows = 0;
    rows::each_nonce(&disk.open(TABLES), |_| rows += 1).unwrap();
    assert!(rows <= 31, "{rows} rows are left");
}
