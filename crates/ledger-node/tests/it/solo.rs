//! A federation of one: what is accepted is valid.

use crate::support::{ALICE, BOB, NODE, Solo, code, create, key, post, status, transfer, verified};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tally_ledger::{Status, Version, build::Draft};
use tally_ledger_node::{
    LedgerNode, Limits, Mode, NodeConfig, PostError, StartError, StopReason, TABLES,
    TransactionStatus, make_genesis,
};
use tally_search::Kind;
use tally_storage::{MemoryDisk, MemoryStore};

/// Goal: a lone post is in a valid block, with this node's vote, when it is answered; what it made
/// can be spent at once.
#[tokio::test]
async fn what_is_accepted_is_valid() {
    let disk = MemoryDisk::default();
    let solo = Solo::start(&disk);
    let created = create(1);
    let posted = solo.post(&created).await.unwrap();
    assert!(posted.is_new && posted.is_valid);
    let given = transfer(&created, BOB);
    assert!(solo.post(&given).await.unwrap().is_new);

    let found = status(&solo.handle, given.id()).await;
    let Some(TransactionStatus::Valid(block)) = found else { panic!("{found:?}") };
    assert_eq!(block.height, 2);
    let id = given.id();
    solo.handle
        .read(move |reader| {
            let view = reader.transaction(&id)?.unwrap();
            assert_eq!(view.transaction.id(), id);
            assert_eq!(reader.block(&block.id)?.unwrap().status, Status::Valid);
            assert_eq!(reader.blocks_with(&id)?, [(block, Status::Valid)]);
            let votes = reader.store().votes(&block.id)?;
            let before = reader.store().head(1)?.unwrap().id;
            let [vote] = votes.as_slice() else { panic!("{votes:?}") };
            assert!(vote.verify().is_ok() && vote.body.decision.is_valid());
            assert_eq!(vote.body.previous_block, before);
            Ok(())
        })
        .await
        .unwrap();
    let genesis = solo.handle.info().genesis;
    let known = solo.handle.read(move |reader| reader.block_status(&genesis)).await.unwrap();
    assert_eq!(known, Some(Status::Valid), "the first block needs no votes");
    assert!(matches!(solo.stop().await, StopReason::Asked));
    assert_eq!(verified(&disk).counts().transactions, 3);
}

/// Goal: posting again has no effect and is no error, at once and after a restart.
#[tokio::test]
async fn a_known_transaction_is_accepted_without_effect() {
    let disk = MemoryDisk::default();
    let solo = Solo::start(&disk);
    let created = create(1);
    let (a, b, c) = tokio::join!(solo.post(&created), solo.post(&created), solo.post(&created));
    let new = [a, b, c].map(|posted| posted.unwrap().is_new);
    assert_eq!(new.iter().filter(|is_new| **is_new).count(), 1, "{new:?}");
    solo.stop().await;
    let solo = Solo::start(&disk);
    let again = solo.post(&created).await.unwrap();
    assert!(!again.is_new && again.is_valid);
    assert_eq!(solo.handle.status().transactions, 2);
    solo.stop().await;
}

/// Goal: each kind of refusal has its code, and leaves nothing behind.
#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let solo = Solo::start(&MemoryDisk::default());
    let created = create(1);
    solo.post(&created).await.unwrap();
    solo.post(&transfer(&created, BOB)).await.unwrap();
    assert_eq!(code(solo.post(&transfer(&created, 3)).await), "double_spend");
    assert_eq!(code(solo.post(&transfer(&create(9), BOB)).await), "input_not_found");
    let node = key(ALICE);
    let genesis = Draft::genesis(Version::Flat1_0, node.public_key()).sign(&[&node]).unwrap();
    assert_eq!(code(solo.post(&genesis).await), "genesis_refused");
    let garbage = solo.handle.post(Bytes::from_static(b"[]"), Mode::Async).await;
    assert_eq!(code(garbage), "schema_violation");
    // In 1.0 the id does not cover the fulfilment, so only the signature is wrong.
    let signed = |by| {
        Draft::create(Version::Flat1_0, &[key(by).public_key()])
            .output(1, &[key(ALICE).public_key()])
            .sign(&[&key(by)])
            .unwrap()
    };
    let (right, other) = (signed(ALICE), signed(BOB));
    let proof = |of: &tally_ledger::Transaction| of.inputs()[0].fulfillment.to_uri();
    let message = right.message(0);
    let forged = right.to_json().replace(&proof(&right), &proof(&other).clone());
    assert!(!message.is_empty());
    let forged = solo.handle.post(forged.into(), Mode::Async).await;
    assert!(matches!(forged, Err(PostError::Rejected(_))), "{forged:?}");
    let counters = solo.handle.status().counters;
    assert_eq!((counters.accepted, counters.refused), (2, 5));
    assert_eq!(solo.handle.status().transactions, 3);
    solo.stop().await;
}

/// Goal: of transfers of one output that are posted together exactly one is accepted.
#[tokio::test]
async fn of_a_double_spend_one_is_accepted() {
    let disk = MemoryDisk::default();
    let solo = Solo::start(&disk);
    let created = create(1);
    solo.post(&created).await.unwrap();
    let spends: Vec<_> = (10..40).map(|to| transfer(&created, to)).collect();
    let posts = spends.into_iter().map(|spend| {
        let handle = solo.handle.clone();
        tokio::spawn(async move { post(&handle, &spend).await })
    });
    let mut accepted = 0;
    for outcome in posts.collect::<Vec<_>>() {
        match outcome.await.unwrap() {
            Ok(_) => accepted += 1,
            refused => assert_eq!(code(refused), "double_spend"),
        }
    }
    assert_eq!(accepted, 1);
    solo.stop().await;
    assert_eq!(verified(&disk).counts().spent_outputs, 1);
}

/// Goal: a crowd shares blocks and syncs; nothing is lost, nothing is twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_shares_blocks() {
    let disk = MemoryDisk::default();
    let solo = Solo::start(&disk);
    let before = solo.store.synced_commits();
    let posts: Vec<_> = (0..400)
        .map(|number| {
            let handle = solo.handle.clone();
            tokio::spawn(async move { post(&handle, &create(number)).await.unwrap() })
        })
        .collect();
    for posted in posts {
        assert!(posted.await.unwrap().is_new);
    }
    let syncs = solo.store.synced_commits() - before;
    let status = solo.handle.status();
    assert_eq!(syncs, status.height, "one sync a block");
    assert!(syncs < 400, "{syncs} blocks");
    assert_eq!((status.transactions, status.posts, status.backlog), (401, 0, 0));
    solo.stop().await;
    assert_eq!(verified(&disk).counts().transactions, 401);
}

/// Goal: what is above the bound is refused and told when to come back; what is below is accepted.
#[tokio::test]
async fn a_full_node_says_when_to_come_back() {
    let limits = Limits { posts_bytes: 100, ..Limits::default() };
    let config = NodeConfig { limits, ..NodeConfig::default() };
    let solo = Solo::start_with(&MemoryDisk::default(), config);
    let refused = solo.post(&create(1)).await;
    assert!(
        matches!(refused, Err(PostError::Busy { retry_after }) if retry_after > Duration::ZERO)
    );
    assert_eq!(solo.handle.status().counters.busy, 1);
    assert_eq!(solo.handle.status().posts, 0);
    solo.stop().await;
}

/// Goal: subscribers hear of each block, in order; who does not read is told so.
#[tokio::test]
async fn subscribers_hear_of_valid_blocks_in_order() {
    let solo = Solo::start(&MemoryDisk::default());
    let mut events = solo.handle.subscribe();
    let mut idle = solo.handle.subscribe();
    for number in 1..=3 {
        let created = create(number);
        solo.post(&created).await.unwrap();
        let event = events.recv().await.unwrap();
        assert_eq!(event.height, number);
        assert_eq!(event.transactions, [(created.id(), created.asset_id())]);
    }
    for number in 0..=tally_ledger_node::EVENTS_MAX as u64 {
        solo.post(&create(100 + number)).await.unwrap();
    }
    let lagged = idle.recv().await;
    assert!(matches!(lagged, Err(tokio::sync::broadcast::error::RecvError::Lagged(_))));
    solo.stop().await;
}

#[tokio::test]
async fn a_commit_is_answered_when_it_is_valid() {
    let solo = Solo::start(&MemoryDisk::default());
    let text = Bytes::copy_from_slice(create(1).to_json().as_bytes());
    for mode in [Mode::Commit, Mode::Sync] {
        assert!(solo.handle.post(text.clone(), mode).await.unwrap().is_valid);
    }
    solo.stop().await;
    let text = Bytes::copy_from_slice(create(2).to_json().as_bytes());
    let solo = Solo::start(&MemoryDisk::default());
    let handle = solo.handle.clone();
    solo.stop().await;
    assert!(matches!(handle.post(text, Mode::Async).await, Err(PostError::Stopping)));
}

/// Goal: what is valid is found, by kind; the index is made anew by a new start.
#[tokio::test]
async fn texts_are_found() {
    let disk = MemoryDisk::default();
    for round in 0..2 {
        let solo = Solo::start(&disk);
        for number in 0..3 {
            solo.post(&create(number)).await.unwrap();
        }
        let handle = solo.handle.clone();
        let search = move |kind, query: &'static str| {
            let handle = handle.clone();
            async move {
                let found = handle.read(move |reader| reader.search(kind, query, 0, 0)).await;
                found.unwrap().len()
            }
        };
        assert_eq!(search(Kind::Asset, "numbers").await, 3, "round {round}");
        assert_eq!(search(Kind::Metadata, "red1").await, 1);
        assert_eq!(search(Kind::Asset, "red1").await, 0);
        solo.stop().await;
    }
}

/// Goal: an index on disk goes on where it was; one that another ledger left is made anew.
#[tokio::test]
async fn an_index_belongs_to_its_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        NodeConfig { search_dir: Some(folder.path().join("texts")), ..NodeConfig::default() };
    let indexed = async |solo: &Solo| {
        let search =
            |reader: &tally_ledger_node::Reader<'_>| reader.search(Kind::Asset, "number", 0, 0);
        solo.handle.read(search).await.unwrap().len()
    };
    let disk = MemoryDisk::default();
    for count in 1..=2 {
        let solo = Solo::start_with(&disk, config.clone());
        solo.post(&create(count)).await.unwrap();
        assert_eq!(indexed(&solo).await, count as usize);
        assert!(matches!(solo.stop().await, StopReason::Asked));
    }
    let solo = Solo::start_with(&MemoryDisk::default(), config);
    assert_eq!(indexed(&solo).await, 0);
    solo.stop().await;
}

/// Goal: a store is never continued by somebody else, and stays as it is.
#[tokio::test]
async fn the_store_of_somebody_else_is_refused() {
    let disk = MemoryDisk::default();
    Solo::start(&disk).stop().await;
    let start = |config, name| {
        let store = Arc::new(disk.open(TABLES));
        LedgerNode::start(config, key(name), store).map(drop)
    };
    let refused = start(NodeConfig::default(), ALICE);
    assert!(matches!(refused, Err(StartError::OtherKey { owner: Some(_) })), "{refused:?}");
    let node = key(NODE);
    let genesis = make_genesis(&node, &[node.public_key()], 1_700_000_000).unwrap();
    let other = NodeConfig { genesis: Some(genesis.clone()), ..NodeConfig::default() };
    assert!(matches!(start(other.clone(), NODE), Err(StartError::OtherGenesis { .. })));
    let fresh = |config| LedgerNode::start(config, key(ALICE), Arc::new(MemoryStore::new(TABLES)));
    assert!(matches!(fresh(other).map(drop), Err(StartError::InvalidGenesis(_))));
    let lonely = NodeConfig { keyring: vec![key(BOB).public_key()], ..NodeConfig::default() };
    assert!(matches!(start(lonely, NODE), Err(StartError::Config { .. })));
    let solo = Solo::start(&disk);
    assert_eq!(solo.handle.status().height, 0);
    solo.stop().await;
}
