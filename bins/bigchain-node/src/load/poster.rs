use super::{
    client::{Answer, Client, TransactionStatus},
    stop::Stop,
    tally::Tally,
};
use crate::command_line::LoadKind;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{
    Transaction, Version,
    build::{BuildError, Draft},
};

/// How long a transfer waits for an asset before it gives its turn up.
const READY_PATIENCE: Duration = Duration::from_secs(30);

/// How long a user who wants the end waits for the last answers.
const ASKING_AFTER_STOP: Duration = Duration::from_secs(5);

/// What was accepted and is not valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rest {
    /// Still on its way into a block, or in one that is not decided.
    pub(super) waiting: u64,
    /// Invalid, or the node does not know or tell.
    pub(super) missing: u64,
}

/// Makes transactions and posts them.
#[derive(Debug)]
pub(super) struct Poster {
    client: Client,
    tally: Arc<Tally>,
    /// Owns everything; a new one for each run, which makes every asset of this run another.
    key: SigningKey,
    made: AtomicU64,
    stop: Arc<Stop>,
}

impl Poster {
    pub(super) fn new(client: Client, tally: Arc<Tally>, key: SigningKey, stop: Arc<Stop>) -> Self {
        Self { client, tally, key, made: AtomicU64::new(0), stop }
    }

    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Posts one transaction, again and again while the node is busy and the run goes on.
    pub(super) fn post_one(&self, kind: LoadKind) {
        self.tally.wait_for_room(&self.stop);
        let (made, is_wanted) = match kind {
            LoadKind::Create => (self.create(), true),
            LoadKind::Mixed => match self.tally.take_ready() {
                Some(asset) => (self.transfer(&asset), false),
                None => (self.create(), true),
            },
            LoadKind::Transfer => match self.tally.wait_for_ready(READY_PATIENCE, &self.stop) {
                Some(asset) => (self.transfer(&asset), true),
                None if self.stop.is_set() => return,
                None => return self.tally.refused("no transfer became valid in time".to_owned()),
            },
        };
        match made {
            Ok(transaction) => self.post(transaction, is_wanted),
            Err(error) => self.tally.refused(format!("cannot be made: {error}")),
        }
    }

    fn post(&self, transaction: Transaction, is_wanted: bool) {
        let posted = Instant::now();
        loop {
            match self.client.post(transaction.to_json()) {
                Ok(Answer::Accepted) => {
                    return self.tally.accepted(transaction, posted, is_wanted);
                }
                Ok(Answer::Refused(reason)) => return self.tally.refused(reason),
                Ok(Answer::Busy(wait)) => {
                    self.tally.busy();
                    self.stop.sleep(wait);
                    if self.stop.is_set() {
                        return;
                    }
                }
                Err(error) => return self.tally.refused(format!("{error:#}")),
            }
        }
    }

    fn create(&self) -> Result<Transaction, BuildError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let owner = self.key.public_key();
        Draft::create(Version::Flat2_0, &[owner])
            .asset_data(format!(r#"{{"load":"{owner}","number":{number}}}"#))
            .output(1, &[owner])
            .sign(&[&self.key])
    }

    fn transfer(&self, last: &Transaction) -> Result<Transaction, BuildError> {
        Draft::transfer(Version::Flat2_0, last.asset_id())
            .input(last, 0)
            .output(1, &[self.key.public_key()])
            .sign(&[&self.key])
    }

    /// Asks for what the stream did not tell. An impatient user is not kept waiting by it: what was
    /// not asked for by then counts as waiting.
    pub(super) fn account_for_the_rest(&self) -> Rest {
        let mut rest = Rest::default();
        for id in self.tally.pending() {
            if self.stop.age().is_some_and(|age| age > ASKING_AFTER_STOP) {
                rest.waiting += 1;
                continue;
            }
            match self.client.status(&id.to_string()) {
                Ok(TransactionStatus::Valid) => self.tally.became_valid(id),
                Ok(TransactionStatus::Waiting) => rest.waiting += 1,
                Ok(TransactionStatus::Lost) | Err(_) => rest.missing += 1,
            }
        }
        rest
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn any_transaction(seed: u8) -> Transaction {
        let key = SigningKey::from_seed(&[seed; 32]);
        let owner = key.public_key();
        let draft = Draft::create(Version::Flat2_0, &[owner]).output(1, &[owner]);
        draft.sign(&[&key]).unwrap()
    }
}
