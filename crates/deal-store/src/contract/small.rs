//! Replies, secrets, the position in the chain and the lease.

use super::{NOW_MS, Outcome, assert_conflict, creation, deal, empty};
use crate::{
    ChainPosition, Commit, Conflict, DealStore, EventId, Expected, Put, ReplyKey, SecretChange,
    StoredReply,
};
use tally_primitives::{BlockId, BlockNumber};
use zeroize::Zeroizing;

pub(super) fn reply(caller: &str, key: &str, text: &str) -> StoredReply {
    StoredReply {
        key: ReplyKey { caller: caller.to_owned(), key: key.to_owned() },
        request_hash: [7; 32],
        reply: text.as_bytes().to_vec(),
        expires_ms: NOW_MS + 1000,
    }
}

/// Goal: a request with a key has its effect once until the key expires; keys of other callers have
/// nothing to do with it.
pub(super) async fn a_reply_is_kept_until_it_expires(store: &dyn DealStore) -> Outcome {
    let first = reply("shop", "key", "made");
    let commit = Commit { reply: Some(first.clone()), ..creation(deal(1)) };
    store.commit(commit).await?;
    assert_eq!(store.reply(&first.key, NOW_MS + 999).await?, Some(first.clone()));
    assert_eq!(store.reply(&first.key, NOW_MS + 1000).await?, None);
    for other in [reply("shop", "ke", "x"), reply("sho", "pkey", "x"), reply("", "key", "x")] {
        assert_eq!(store.reply(&other.key, NOW_MS).await?, None);
        store.commit(Commit { reply: Some(other), ..empty() }).await?;
    }
    let second = StoredReply { expires_ms: NOW_MS + 5000, ..reply("shop", "key", "again") };
    let again = |now_ms| Commit { now_ms, reply: Some(second.clone()), ..creation(deal(2)) };
    assert_conflict(store.commit(again(NOW_MS + 999)).await, &Conflict::Reply(first.key.clone()));
    assert!(store.deal(deal(2).code()).await?.is_none());
    assert_eq!(store.last_event().await?, EventId(1));
    store.commit(again(NOW_MS + 1000)).await?;
    assert_eq!(store.reply(&first.key, NOW_MS + 1000).await?, Some(second.clone()));
    // What was put in the place of something that expired does not go with it.
    for _ in 0..5 {
        store.commit(Commit { now_ms: NOW_MS + 2000, ..empty() }).await?;
    }
    assert_eq!(store.reply(&first.key, NOW_MS + 2000).await?, Some(second));
    Ok(())
}

fn secret(name: &str, expected: Expected, value: Option<&[u8]>, end: Option<u64>) -> SecretChange {
    let value = value.map(|value| (Zeroizing::new(value.to_vec()), end));
    SecretChange { name: name.to_owned(), expected, value }
}

/// Goal: secrets are kept under their names until they end, are removed or changed, and are never
/// shown.
pub(super) async fn secrets_expire(store: &dyn DealStore) -> Outcome {
    let change = |now_ms, secret| {
        store.commit(Commit { now_ms, secrets: vec![secret], ..Commit::default() })
    };
    let hidden = b"\0bytes of any kind\xff";
    let absent = Expected::Absent;
    let end = Some(NOW_MS + 1000);
    let first = change(NOW_MS, secret("session/1", absent, Some(hidden), end)).await?.version;
    change(NOW_MS, secret("session/2", absent, Some(b"two"), None)).await?;
    change(NOW_MS, secret("session/3", absent, Some(b"three"), end)).await?;
    change(NOW_MS, secret("key", absent, Some(b""), None)).await?;
    let found = store.secret("session/1", NOW_MS + 999).await?.expect("it is there");
    assert_eq!((found.value.as_slice(), found.version), (&hidden[..], first));
    assert_eq!(found.expires_ms, end);
    let shown = format!("{found:?} {:?}", secret("session/1", absent, Some(b"bytes"), None));
    assert!(!shown.contains("bytes") && !shown.contains("98, 121"), "{shown}");
    assert!(store.secret("session/1", NOW_MS + 1000).await?.is_none());
    assert!(store.secret("session", NOW_MS).await?.is_none());

    let taken = Conflict::Secret("session/1".into());
    let new = || secret("session/1", absent, Some(b"new"), Some(NOW_MS + 9000));
    assert_conflict(change(NOW_MS + 999, new()).await, &taken);
    change(NOW_MS + 1000, new()).await?;
    let late = secret("session/1", Expected::At(first), None, None);
    assert_conflict(change(NOW_MS + 1000, late).await, &taken);
    let names = async |now_ms| -> Result<Vec<String>, crate::DealStoreError> {
        let (mut names, mut after) = (vec![], None::<String>);
        loop {
            let page = store.secrets("session/", after.as_deref(), 1, now_ms).await?;
            names.extend(page.rows.into_iter().map(|secret| secret.name));
            after = page.next;
            if after.is_none() {
                return Ok(names);
            }
        }
    };
    assert_eq!(names(NOW_MS + 1000).await?, ["session/1", "session/2"]);
    change(NOW_MS + 1000, secret("session/2", Expected::Any, None, None)).await?;
    change(NOW_MS + 1000, secret("session/2", Expected::Any, None, None)).await?;
    assert_eq!(names(NOW_MS + 1000).await?, ["session/1"]);
    for _ in 0..5 {
        store.commit(Commit { now_ms: NOW_MS + 8999, ..empty() }).await?;
    }
    assert_eq!(names(NOW_MS + 8999).await?, ["session/1"], "it did not go with the former one");
    assert_eq!(store.secret("key", u64::MAX).await?.expect("it never ends").value.len(), 0);
    Ok(())
}

/// Goal: of two servers that believe to follow the chain, one goes on.
pub(super) async fn the_position_is_fenced(store: &dyn DealStore) -> Outcome {
    assert!(store.position().await?.is_none());
    let at = |height: u64| ChainPosition {
        height: BlockNumber(height),
        recent: vec![(BlockNumber(height), BlockId::from_shown([9; 32]))],
    };
    let put = |put| Commit { position: Some(put), ..empty() };
    let first = store.commit(put(Put::new(at(1)))).await?.version;
    let found = store.position().await?.expect("it is there");
    assert_eq!((found.version, found.value), (first, at(1)));
    store.commit(put(Put::over(first, at(2)))).await?;
    let late = Commit { position: Some(Put::over(first, at(3))), ..creation(deal(1)) };
    assert_conflict(store.commit(late).await, &Conflict::Position);
    assert!(store.deal(deal(1).code()).await?.is_none(), "what it saw is not counted");
    assert_eq!(store.position().await?.expect("it is there").value, at(2));
    Ok(())
}

/// Goal: one has the lease at a time, until it gives it back.
pub(super) async fn one_leads(store: &dyn DealStore) -> Outcome {
    let lease = store.lead().await?.expect("nobody has it");
    assert!(!lease.is_lost());
    assert!(store.lead().await?.is_none(), "there is one");
    drop(lease);
    // Another server may learn of it a moment later.
    for _ in 0..10_000 {
        if store.lead().await?.is_some() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    panic!("the lease was not given back");
}
