//! Posts transactions that were signed before, and notes when each became valid.

use super::{
    cases::Work,
    history::{bicycle, key},
    target::Target,
};
use crate::cpu::{CpuTime, CpuUse};
use anyhow::Result;
use bytes::Bytes;
use std::{
    thread,
    time::{Duration, Instant},
};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{Transaction, Version, build::Draft};
use tokio::{runtime::Runtime, task::JoinSet};

/// One client: it posts the next transaction when the one before is valid.
#[derive(Debug)]
struct Client {
    key: SigningKey,
    created: u64,
    /// What its next transfer spends.
    last: Option<Transaction>,
}

/// Clients with a kind of work.
#[derive(Debug)]
pub(crate) struct Clients {
    work: Work,
    clients: Vec<Client>,
    posted: u64,
}

/// One repetition: how long everything took, and each single post.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) time: Duration,
    pub(crate) latencies: Vec<Duration>,
    pub(crate) cpu: Option<CpuUse>,
}

impl Clients {
    /// Makes clients whose keys, and so whose transactions, nobody has who had another `label`.
    /// Those that transfer have created their asset afterwards.
    pub(crate) fn start(
        runtime: &Runtime,
        target: &Target,
        work: Work,
        count: usize,
        label: &str,
    ) -> Result<Self> {
        let client = |number| Client { key: key(label, number), created: 0, last: None };
        let clients = (0..count as u64).map(client).collect();
        let mut all = Self { work, clients, posted: 0 };
        if work == Work::Transfer {
            let texts = all.sign(1)?;
            all.posted += runtime.block_on(post_all(target, texts))?.len() as u64;
        }
        Ok(all)
    }

    /// Posts `each` transactions of every client, one after the other, all clients at once.
    pub(crate) fn run(&mut self, runtime: &Runtime, target: &Target, each: usize) -> Result<Run> {
        let texts = self.sign(each)?;
        let before = CpuTime::now();
        let start = Instant::now();
        let latencies = runtime.block_on(post_all(target, texts))?;
        let time = start.elapsed();
        self.posted += latencies.len() as u64;
        let cpu = before.zip(CpuTime::now()).map(|(before, after)| after.since(&before));
        Ok(Run { time, latencies, cpu })
    }

    /// Returns how many transactions of these clients have become valid.
    pub(crate) const fn posted(&self) -> u64 {
        self.posted
    }

    /// Signs the next `each` transactions of every client, on all cores.
    fn sign(&mut self, each: usize) -> Result<Vec<Vec<Bytes>>> {
        let work = self.work;
        let share = self.clients.len().div_ceil(thread::available_parallelism()?.get()).max(1);
        thread::scope(|scope| {
            let sign = |clients: &mut [Client]| -> Result<Vec<Vec<Bytes>>> {
                clients
                    .iter_mut()
                    .map(|client| (0..each).map(|_| client.next(work)).collect())
                    .collect()
            };
            let threads: Vec<_> = self
                .clients
                .chunks_mut(share)
                .map(|clients| scope.spawn(move || sign(clients)))
                .collect();
            let mut all = vec![];
            for thread in threads {
                all.extend(thread.join().expect("signing does not panic")?);
            }
            Ok(all)
        })
    }
}

impl Client {
    fn next(&mut self, work: Work) -> Result<Bytes> {
        let owner = self.key.public_key();
        let draft = match (work, &self.last) {
            (Work::Create, _) | (Work::Transfer, None) => {
                self.created += 1;
                Draft::create(Version::Flat2_0, &[owner])
                    .asset_data(bicycle(self.created))
                    .metadata(r#"{"planet":"earth"}"#)
            }
            (Work::Transfer, Some(last)) => {
                Draft::transfer(Version::Flat2_0, last.asset_id()).input(last, 0)
            }
        };
        let transaction = draft.output(1, &[owner]).sign(&[&self.key])?;
        let text = Bytes::copy_from_slice(transaction.to_json().as_bytes());
        if work == Work::Transfer {
            self.last = Some(transaction);
        }
        Ok(text)
    }
}

/// Posts every list by a client of its own; every transaction must become valid.
async fn post_all(target: &Target, lists: Vec<Vec<Bytes>>) -> Result<Vec<Duration>> {
    let mut clients = JoinSet::new();
    for (index, texts) in lists.into_iter().enumerate() {
        target.spawn(&mut clients, index, texts);
    }
    let mut latencies = vec![];
    while let Some(client) = clients.join_next().await {
        let client: Result<Vec<Duration>> = client?;
        latencies.extend(client?);
    }
    Ok(latencies)
}
