use super::*;
use crate::{CommitError, contract};
use tally_storage::{MemoryDisk, MemoryStore};

fn on(disk: &MemoryDisk) -> EmbeddedDeals {
    EmbeddedDeals::open(Arc::new(disk.open(TABLES))).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let open = async || Arc::new(on(&MemoryDisk::default())) as Arc<dyn DealStore>;
    contract::check(open).await.unwrap();
}

#[tokio::test]
async fn deals_outlast_a_restart() {
    let disk = MemoryDisk::default();
    contract::check_reopen(async || Arc::new(on(&disk)) as Arc<dyn DealStore>).await.unwrap();
}

/// Goal: who commits at the same time shares syncs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_commits_share_a_sync() {
    const CALLERS: u64 = 64;
    const ROUNDS: u64 = 20;
    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = Arc::new(EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap());
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..CALLERS {
        let deals = Arc::clone(&deals);
        callers.spawn(async move {
            let events = vec![contract::event(&contract::deal(number), "told")];
            for _ in 0..ROUNDS {
                let commit = Commit { events: events.clone(), ..Commit::default() };
                deals.commit(commit).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    let commits = store.synced_commits();
    assert!(commits < CALLERS * ROUNDS, "{commits} syncs for {} commits", CALLERS * ROUNDS);
    assert_eq!(store.buffered_commits(), 0, "nothing is promised that is not synced");
    assert_eq!(deals.last_event().await.unwrap(), EventId(CALLERS * ROUNDS));
}

/// Goal: refusals cost no sync.
#[tokio::test]
async fn a_refused_commit_costs_no_sync() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    deals.commit(contract::creation(contract::deal(1))).await.unwrap();
    let before = store.synced_commits();
    for _ in 0..3 {
        let refused = deals.commit(contract::creation(contract::deal(1))).await;
        assert!(matches!(refused, Err(CommitError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(store.synced_commits(), before);
}

/// Goal: a failed commit ends all promises; nobody waits for ever, nothing is acknowledged, and the
/// lease is lost.
#[tokio::test]
async fn a_failed_commit_is_the_end() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    let made = deals.commit(contract::creation(contract::deal(1))).await.unwrap();
    let lease = deals.lead().await.unwrap().unwrap();
    assert!(!deals.has_ended() && !lease.is_lost());
    store.fail_commits(true);
    let lost = deals.commit(contract::creation(contract::deal(2))).await;
    assert!(matches!(lost, Err(CommitError::Store(DealStoreError::Failed))), "{lost:?}");
    store.fail_commits(false);
    deals.ended().await;
    lease.lost().await;
    assert!(deals.has_ended() && lease.is_lost());
    let lost = deals.commit(contract::creation(contract::deal(3))).await;
    assert!(matches!(lost, Err(CommitError::Store(DealStoreError::Failed))), "{lost:?}");
    assert!(matches!(deals.last_event().await, Err(DealStoreError::Failed)));
    drop(deals);
    let deals = on(&store.disk());
    let found = deals.deal(contract::deal(1).code()).await.unwrap().unwrap();
    assert_eq!(found.version, made.version);
    assert!(deals.deal(contract::deal(2).code()).await.unwrap().is_none());
}

/// Goal: a store that cannot be read says so, and serves again when it can be.
#[tokio::test]
async fn a_failed_read_is_told() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    store.fail_reads(true);
    let unread = deals.deal(contract::deal(1).code()).await;
    assert!(matches!(unread, Err(DealStoreError::Unavailable(_))), "{unread:?}");
    store.fail_reads(false);
    assert!(deals.deal(contract::deal(1).code()).await.unwrap().is_none());
}

/// Goal: rows of a newer program, and rows that do not decode, are refused and not written over.
#[tokio::test]
async fn damage_is_refused() {
    let disk = MemoryDisk::default();
    let store = disk.open(TABLES);
    let mut batch = tally_storage::Batch::new();
    batch.put(tables::ABOUT, tables::SCHEMA_KEY, 2_u32.to_be_bytes());
    store.commit(batch, tally_storage::Durability::Synced).unwrap();
    let newer = EmbeddedDeals::open(Arc::new(disk.open(TABLES)));
    let expected = crate::Damage::Newer { found: 2, supported: 1 };
    assert!(
        matches!(&newer, Err(DealStoreError::Damaged(found)) if *found == expected),
        "{newer:?}"
    );

    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    let code = contract::deal(1).code();
    let mut batch = tally_storage::Batch::new();
    batch.put(tables::DEALS, *code.as_bytes(), *b"nonsense that is long enough");
    store.commit(batch, tally_storage::Durability::Synced).unwrap();
    let damaged = deals.deal(code).await;
    assert!(matches!(damaged, Err(DealStoreError::Damaged(_))), "{damaged:?}");
    let refused = deals.commit(contract::creation(contract::deal(1))).await;
    assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
}

/// Goal: what has expired does not pile up. Method: thousands of requests with keys, whose replies
/// end soon.
#[tokio::test]
async fn expired_rows_are_cleared_away() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    for number in 0..500_u64 {
        let key = ReplyKey { caller: "shop".into(), key: number.to_string() };
        let expires_ms = number + 10;
        let reply = StoredReply { key, request_hash: [0; 32], reply: vec![], expires_ms };
        deals
            .commit(Commit { now_ms: number, reply: Some(reply), ..Commit::default() })
            .await
            .unwrap();
    }
    let all = tally_storage::KeyRange::all();
    let rows = |table| store.scan(table, &all, tally_storage::Direction::Forward, 1000).unwrap();
    assert!((10..=12).contains(&rows(tables::REPLIES).len()), "{}", rows(tables::REPLIES).len());
    assert_eq!(rows(tables::EXPIRING).len(), rows(tables::REPLIES).len());
}

/// Goal: the number of rows of a deal in all tables that find it does not depend on its changes.
#[tokio::test]
async fn entries_are_replaced() {
    let store = Arc::new(MemoryStore::new(TABLES));
    let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
    let all = tally_storage::KeyRange::all();
    let entries = || -> usize {
        let tables = [tables::LISTS, tables::UNFINISHED, tables::HEIGHTS, tables::ADDRESSES];
        let rows = |table| store.scan(table, &all, tally_storage::Direction::Forward, 1000);
        tables.into_iter().map(|table| rows(table).unwrap().len()).sum()
    };
    let deal = contract::deal(1);
    let mut version = deals.commit(contract::creation(deal.clone())).await.unwrap().version;
    let before = entries();
    for height in 1..10 {
        let paid = contract::paid(deal.clone(), height);
        version = deals.commit(contract::change(version, paid)).await.unwrap().version;
        assert_eq!(entries(), before + 1, "the height is added, the state replaced");
    }
    deals.commit(contract::change(version, deal)).await.unwrap();
    assert_eq!(entries(), before);
}
