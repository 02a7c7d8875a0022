//! A node's part in a federation: what it proposes, what it agrees to, what it makes of the
//! outcome.
//!
//! Nothing here has a thread or a timer: everything happens where the caller is, so that the engine
//! calls it in a process and the simulation in virtual time. The pool and the caches are behind
//! locks that are held for operations in memory only; the store is never called under one.

mod admit;
mod answer;
mod contradictions;
mod finalize;
mod ground;
mod judge;
mod listen;
mod propose;
mod repeat;
#[cfg(test)]
mod tests;

use crate::{
    early::Early, intake::Intake, ledger::Ledger, lifeline::Lifeline, lock::lock, message::Message,
    pool::Pool, recent::Recent,
};
use answer::Questions;
use bytes::Bytes;
use contradictions::Contradictions;
use repeat::Repeats;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tally_consensus::{Ancestry, Application, Handle};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{Block, Vote};
use tally_ledger_store::{CommitError, ReadError};

/// The state machine that the federation replicates, at this node.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) pool: Mutex<Pool>,
    recent: Mutex<Recent>,
    early: Mutex<Early>,
    questions: Mutex<Questions>,
    contradictions: Mutex<Contradictions>,
    repeats: Mutex<Repeats>,
    /// What was complained about: once for each peer and kind of fault.
    complaints: Mutex<BTreeSet<(PublicKey, &'static str)>>,
    engine: Mutex<Option<Handle>>,
    /// Where transactions of peers are checked; here and at once if absent.
    intake: Option<Arc<Intake>>,
    lifeline: Lifeline,
    /// Threads that share the checks of a block.
    threads: usize,
}

impl Replica {
    /// Makes the replica that goes on from what the ledger holds.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the backlog cannot be read.
    pub(crate) fn new(
        ledger: Arc<Ledger>,
        intake: Option<Arc<Intake>>,
        lifeline: Lifeline,
        threads: usize,
    ) -> Result<Self, ReadError> {
        let mut pool = Pool::new(ledger.limits);
        let mut after = None;
        loop {
            let page = ledger.store.backlog(after, usize::MAX)?;
            page.items.into_iter().for_each(|transaction| pool.restore(transaction));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let repeats = Mutex::new(Repeats::new(pool.next_number()));
        Ok(Self {
            ledger,
            pool: Mutex::new(pool),
            recent: Mutex::default(),
            early: Mutex::default(),
            questions: Mutex::default(),
            contradictions: Mutex::default(),
            repeats,
            complaints: Mutex::default(),
            engine: Mutex::default(),
            intake,
            lifeline,
            threads,
        })
    }

    /// Keeps a block that this node proposed, or agreed to, where readers find it. After a restart
    /// the engine may ask again about one that the chain has.
    fn show(&self, height: u64, block: &Arc<Block>) {
        if self.ledger.store.height().is_none_or(|tip| tip < height) {
            self.ledger.store.add_undecided(height, Arc::clone(block));
        }
    }

    /// Says that there may be something to propose.
    fn wake(&self) {
        if let Some(engine) = &*lock(&self.engine) {
            engine.wake();
        }
    }

    /// Sends to all who are connected. What is lost is asked for again, or not needed.
    fn broadcast(&self, messages: Vec<Bytes>) {
        if let Some(engine) = &*lock(&self.engine) {
            for message in messages {
                if let Err(error) = engine.broadcast(message) {
                    tracing::debug!(%error, "a message was not sent");
                }
            }
        }
    }

    fn broadcast_vote(&self, vote: &Vote) {
        self.broadcast(Message::pack_votes([vote].into_iter()));
    }

    /// Counts and drops what a peer should not have sent; logs each kind of fault once a peer.
    fn complain(&self, peer: PublicKey, fault: &'static str) {
        self.ledger.tallies.bad_messages.add(1);
        if lock(&self.complaints).insert((peer, fault)) {
            tracing::warn!(%peer, fault, "a peer breaks the protocol; further faults are only counted");
        }
    }

    /// Ends the node: its store failed, so nothing that it says can be relied on. The panic ends the
    /// engine before it acknowledges anything.
    fn fail(&self, error: impl Into<CommitError>) -> ! {
        let error = error.into();
        let text = error.to_string();
        tracing::error!(error = %text, "the ledger cannot be read or written");
        self.lifeline.end(error.into());
        panic!("the ledger cannot be read or written: {text}")
    }
}

impl Application for Replica {
    fn started(&self, handle: Handle) {
        *lock(&self.engine) = Some(handle);
    }

    fn propose(&self, ancestry: &Ancestry) -> Option<Bytes> {
        self.make_proposal(ancestry).unwrap_or_else(|error| self.fail(error))
    }

    fn verify(&self, ancestry: &Ancestry, payload: &Bytes) -> bool {
        self.judge_proposal(ancestry, payload).unwrap_or_else(|error| self.fail(error))
    }

    fn finalized(&self, height: u64, payload: Bytes) {
        if let Err(error) = self.append_final(height, &payload) {
            self.fail(error);
        }
    }

    fn received(&self, from: PublicKey, message: Bytes) {
        if let Err(error) = self.listen(from, &message) {
            self.fail(error);
        }
    }

    fn finalized_height(&self) -> u64 {
        self.ledger.store.height().unwrap_or(0)
    }
}
