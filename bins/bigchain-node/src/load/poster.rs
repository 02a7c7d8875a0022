use super::{
    client::{Answer, Client},
    tally::Tally,
};
use crate::command_line::LoadKind;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{
    Transaction, Version,
    build::{BuildError, Draft},
};

/// How long a transfer waits for an asset before it gives its turn up.
const READY_PATIENCE: Duration = Duration::from_secs(30);

/// Makes transactions and posts them.
#[derive(Debug)]
pub(super) struct Poster {
    client: Client,
    tally: Arc<Tally>,
    /// Owns everything; a new one for each run, which makes every asset of this run another.
    key: SigningKey,
    made: AtomicU64,
}

impl Poster {
    pub(super) fn new(client: Client, tally: Arc<Tally>, key: SigningKey) -> Self {
        Self { client, tally, key, made: AtomicU64::new(0) }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Posts one transaction, again and again while the node is busy.
    pub(super) fn post_one(&self, kind: LoadKind) {
        self.tally.wait_for_room();
        let (made, is_wanted) = match kind {
            LoadKind::Create => (self.create(), true),
            LoadKind::Mixed => match self.tally.take_ready() {
                Some(asset) => (self.transfer(&asset), false),
                None => (self.create(), true),
            },
            LoadKind::Transfer => match self.tally.wait_for_ready(READY_PATIENCE) {
                Some(asset) => (self.transfer(&asset), true),
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
                    thread::sleep(wait);
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

    /// Asks for what the stream did not tell; returns how many are not valid.
    pub(super) fn account_for_the_rest(&self) -> u64 {
        let mut missing = 0;
        for id in self.tally.pending() {
            match self.client.is_valid(&id.to_string()) {
                Ok(true) => self.tally.became_valid(id),
                Ok(false) | Err(_) => missing += 1,
            }
        }
        missing
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
