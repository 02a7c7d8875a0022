use super::Replica;
use crate::{
    PostError, Posted,
    checker::place,
    intake::busy,
    ledger::{entropy, reason, refine},
    lock::lock,
    message::Message,
    pool::Admission,
    posted::Checked,
};
use bytes::Bytes;
use std::sync::{Arc, mpsc::Receiver};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{
    LedgerView as _, Operation, Rejection, RejectionCode, Transaction, check_state,
    verify_signatures,
};
use tally_ledger_store::{Commit, CommitError, ReadError};
use tally_storage::Durability;

/// Posts that become durable together. The next group fills while this one is written.
const GROUP_MAX: usize = 1024;

/// What becomes of a checked post, once the group is on disk.
enum Fate {
    New,
    Known,
    Refused(Rejection),
    Full,
}

impl Replica {
    /// Admits what was checked until nobody is left to send.
    ///
    /// # Errors
    ///
    /// [`CommitError`] of the first commit that failed: nothing of that group was answered.
    pub(crate) fn run(&self, checked: &Receiver<Vec<Checked>>) -> Result<(), CommitError> {
        while let Ok(mut group) = checked.recv() {
            while group.len() < GROUP_MAX {
                let Ok(more) = checked.try_recv() else { break };
                group.extend(more);
            }
            self.admit(group)?;
        }
        Ok(())
    }

    /// Gives checked posts their places, makes the new ones durable in one synced commit, answers,
    /// and passes them on.
    pub(crate) fn admit(&self, group: Vec<Checked>) -> Result<(), CommitError> {
        let mut fates = Vec::with_capacity(group.len());
        for checked in &group {
            fates.push(self.fate(&checked.transaction)?);
        }
        let new = group.iter().zip(&fates).filter(|(_, fate)| matches!(fate, Fate::New));
        let new: Vec<Arc<Transaction>> =
            new.map(|(checked, _)| Arc::clone(&checked.transaction)).collect();
        if !new.is_empty() {
            self.ledger.store.accept(&new)?;
        }
        let mut accepted = Vec::with_capacity(new.len());
        let mut doomed = Commit::new();
        let mut is_doomed = false;
        for (checked, fate) in
            group.iter().zip(&mut fates).filter(|(_, fate)| matches!(fate, Fate::New))
        {
            let transaction = &checked.transaction;
            match lock(&self.pool).settle_admission(&transaction.id()) {
                None => accepted.push(Arc::clone(transaction)),
                Some(rejection) => {
                    doomed.reject(transaction.id(), reason(&rejection));
                    is_doomed = true;
                    *fate = Fate::Refused(rejection);
                }
            }
        }
        if is_doomed {
            self.ledger.store.commit(doomed, Durability::Synced)?;
        }
        self.ledger.tallies.accepted.add(accepted.len());
        self.answer(group, fates);
        let texts = accepted.iter().map(|transaction| transaction.to_json());
        self.broadcast(Message::pack_transactions(texts));
        if !accepted.is_empty() {
            self.wake();
        }
        Ok(())
    }

    /// Finds a place for one. It takes its place first and looks at the state again afterwards, so
    /// that a block which is appended meanwhile finds it in one way or the other.
    fn fate(&self, transaction: &Arc<Transaction>) -> Result<Fate, CommitError> {
        let admission = lock(&self.pool).admit(transaction);
        match admission {
            Admission::Known => return Ok(Fate::Known),
            Admission::Refused(rejection) => return Ok(Fate::Refused(rejection)),
            Admission::Full => return Ok(Fate::Full),
            Admission::New => {}
        }
        let view = self.ledger.store.view();
        let verdict = check_state(transaction, &view);
        let rejection = match verdict.map_err(|error| CommitError::Read(ReadError::View(error)))? {
            Ok(()) => return Ok(Fate::New),
            Err(rejection) => rejection,
        };
        lock(&self.pool).remove(&transaction.id());
        if rejection.code == RejectionCode::DuplicateTransaction {
            Ok(Fate::Known)
        } else {
            Ok(Fate::Refused(refine(&self.ledger, transaction, rejection)))
        }
    }

    fn answer(&self, group: Vec<Checked>, fates: Vec<Fate>) {
        let tallies = &self.ledger.tallies;
        for (checked, fate) in group.into_iter().zip(fates) {
            let transaction = Arc::clone(&checked.transaction);
            let accepted = |is_new| Ok(Posted { transaction, is_new, is_valid: false });
            let outcome = match fate {
                Fate::New => accepted(true),
                Fate::Known => accepted(false),
                Fate::Refused(rejection) => {
                    tallies.refused.add(1);
                    Err(PostError::Rejected(rejection))
                }
                Fate::Full => {
                    tallies.busy.add(1);
                    Err(busy())
                }
            };
            checked.answer(outcome);
        }
    }

    /// Checks transactions that peers accepted, and keeps those that may be proposed. What is
    /// refused now may only be early or late: a peer is blamed for garbage and false signatures
    /// alone.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the state cannot be read.
    pub(crate) fn take_gossip(&self, messages: &[(PublicKey, Bytes)]) -> Result<(), ReadError> {
        let mut candidates = vec![];
        for (from, message) in messages {
            let Ok(Message::Transactions(texts)) = Message::decode(message) else {
                self.complain(*from, "a message of transactions is garbled");
                continue;
            };
            for text in texts {
                let candidate = self.gossiped(*from, &text)?;
                candidates.extend(candidate.map(|candidate| (*from, candidate)));
            }
        }
        let transactions: Vec<&Transaction> =
            candidates.iter().map(|(_, found)| &**found).collect();
        let verdicts = verify_signatures(&transactions, self.ledger.clock.now(), entropy());
        let mut is_new = false;
        for ((from, transaction), verdict) in candidates.into_iter().zip(verdicts) {
            match verdict {
                Ok(()) => is_new |= lock(&self.pool).offer(transaction),
                Err(_) => self.complain(from, "a transaction is not signed"),
            }
        }
        if is_new {
            self.wake();
        }
        Ok(())
    }

    /// Reads a transaction that a peer accepted; nothing if it is known or cannot be proposed now.
    fn gossiped(
        &self,
        from: PublicKey,
        text: &[u8],
    ) -> Result<Option<Arc<Transaction>>, ReadError> {
        let Ok(transaction) = Transaction::parse(text) else {
            self.complain(from, "a transaction breaks the rules of its format");
            return Ok(None);
        };
        let id = transaction.id();
        let is_known = lock(&self.pool).get(&id).is_some()
            || self.ledger.store.view().contains(&id).map_err(ReadError::View)?;
        if is_known || transaction.operation() == Operation::Genesis {
            return Ok(None);
        }
        let placed = place(&self.ledger, &transaction).map_err(ReadError::View)?;
        Ok(placed.is_ok().then(|| Arc::new(transaction)))
    }
}
