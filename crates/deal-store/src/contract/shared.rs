//! What must hold between servers that share a store, under contention.

use super::{
    ADDRESSES, NOW_MS, Outcome, Shared, canceled, change, creation, deal, empty, event, opening,
    paid, small,
};
use crate::{BoxFuture, Commit, CommitError, Committed, Conflict, EventId, Expected, SecretChange};
use std::sync::Arc;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

type Answer = Result<Committed, CommitError>;

/// Runs `count` calls at the same time, on the servers in turn.
async fn at_once<T: Send + 'static>(
    servers: &[Shared; 2],
    count: u64,
    call: impl Fn(Shared, u64) -> BoxFuture<'static, T>,
) -> Vec<T> {
    let mut calls = JoinSet::new();
    for number in 0..count {
        let server = Arc::clone(&servers[usize::from(number % 2 == 1)]);
        calls.spawn(call(server, number));
    }
    calls.join_all().await
}

/// Goal: of many who decide about the same version of a deal exactly one is right, and all others
/// learn that they are not.
pub(super) async fn one_of_many_changes_a_deal(servers: &[Shared; 2]) -> Outcome {
    let made = deal(5001);
    let code = made.code();
    let version = servers[0].commit(creation(made.clone())).await?.version;
    let answers: Vec<Answer> = at_once(servers, 40, |server, number| {
        let made = deal(5001);
        let next = if number % 3 == 0 { canceled(made) } else { paid(made, number) };
        Box::pin(async move { server.commit(change(version, next)).await })
    })
    .await;
    let mut won = vec![];
    for answer in answers {
        match answer {
            Ok(committed) => won.push(committed),
            Err(CommitError::Conflict(conflict)) => assert_eq!(conflict, Conflict::Deal(code)),
            Err(other) => return Err(other),
        }
    }
    assert_eq!(won.len(), 1);
    for server in servers {
        let found = server.deal(code).await?.expect("it is there");
        assert_eq!(found.version, won[0].version);
        assert_eq!(server.events_of(code, EventId(0), 100).await?.len(), 2);
    }
    Ok(())
}

/// Goal: nothing is lost of what many add to one value, each of whom tries again when refused.
pub(super) async fn a_counter_misses_nothing(servers: &[Shared; 2]) -> Outcome {
    let answers: Vec<Result<u32, CommitError>> = at_once(servers, 20, |server, _| {
        Box::pin(async move {
            let mut refused = 0;
            loop {
                let found = server.secret("counter", NOW_MS).await?;
                let count = found.as_ref().map_or(0, |found| found.value[0]);
                let expected = found.map_or(Expected::Absent, |found| Expected::At(found.version));
                let value = Some((Zeroizing::new(vec![count + 1]), None));
                let change = SecretChange { name: "counter".into(), expected, value };
                match server.commit(Commit { secrets: vec![change], ..empty() }).await {
                    Ok(_) => return Ok(refused),
                    Err(CommitError::Conflict(_)) => refused += 1,
                    Err(other) => return Err(other),
                }
            }
        })
    })
    .await;
    for answer in answers {
        answer?;
    }
    let found = servers[1].secret("counter", NOW_MS).await?.expect("it is there");
    assert_eq!(found.value.as_slice(), [20]);
    Ok(())
}

/// Goal: the same request many times at once has its effect once; all others find its reply.
pub(super) async fn a_request_is_answered_once(servers: &[Shared; 2]) -> Outcome {
    let answers: Vec<Result<Vec<u8>, CommitError>> = at_once(servers, 30, |server, number| {
        Box::pin(async move {
            let reply = small::reply("shop", "order 7", &format!("made by {number}"));
            let mut commit = Commit { reply: Some(reply.clone()), ..empty() };
            commit.accounts = vec![opening(3, None)];
            match server.commit(commit).await {
                Ok(_) => Ok(reply.reply),
                Err(CommitError::Conflict(_)) => {
                    let stored = server.reply(&reply.key, NOW_MS).await?;
                    Ok(stored.expect("who is refused finds what he is refused for").reply)
                }
                Err(other) => Err(other),
            }
        })
    })
    .await;
    let replies = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert!(replies.iter().all(|reply| *reply == replies[0]), "one answer for all");
    assert!(servers[0].account(ADDRESSES[3]).await?.is_some());
    Ok(())
}

/// Goal: who reads events while they are made never sees a gap, and misses none.
pub(super) async fn events_become_visible_in_order(servers: &[Shared; 2]) -> Outcome {
    const WRITERS: u64 = 24;
    const ROUNDS: u64 = 10;
    let before = servers[0].last_event().await?;
    let last = EventId(before.0 + WRITERS * ROUNDS);
    let reader = Arc::clone(&servers[1]);
    let reading = tokio::spawn(async move {
        let mut seen = before;
        while seen < last {
            for event in reader.events(seen, 7).await? {
                assert_eq!(event.id.0, seen.0 + 1, "an event was not there when later ones were");
                seen = event.id;
            }
            tokio::task::yield_now().await;
        }
        Ok::<_, CommitError>(())
    });
    let answers: Vec<Outcome> = at_once(servers, WRITERS, |server, number| {
        Box::pin(async move {
            for _ in 0..ROUNDS {
                let events = vec![event(&deal(number), "told")];
                server.commit(Commit { events, ..empty() }).await?;
            }
            Ok(())
        })
    })
    .await;
    answers.into_iter().collect::<Outcome>()?;
    reading.await.expect("the reader panics only if there is a gap")?;
    assert_eq!(servers[0].last_event().await?, last);
    Ok(())
}
