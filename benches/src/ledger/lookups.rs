//! Look-ups in a filled ledger: each of many things that nobody asked for before, one at a time.

use super::{
    cases::Size,
    fill::{assets, height_of_creation},
    history::{Asset, History, Numbers},
};
use crate::{
    figures::{Repetition, Summary},
    plan::Plan,
    web::{self, Web},
};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};
use tally_bigchain_api::BigchainApi;
use tally_crypto::{ed25519::PublicKey, sha3_256};
use tally_ledger::{AssetId, BlockId, MetadataId, OutputRef, TransactionId};
use tally_ledger_node::{NodeHandle, OutputFilter, Reader};
use tokio::runtime::Runtime;

/// Items of a page, as the API asks for by default.
const PAGE: usize = 25;
/// Look-ups of each kind.
const COUNT: usize = 10_000;
const COUNT_QUICK: usize = 500;

/// A kind of look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A transaction by its id, with its status.
    Get,
    /// The same over HTTP, on one connection.
    HttpGet,
    /// A transaction's status alone.
    Status,
    /// An id that is not there.
    Absent,
    /// The transactions of an asset.
    Asset,
    /// The transactions with some metadata.
    Metadata,
    /// The first page of an owner's unspent outputs, of many.
    OwnerUnspent,
    /// The same for an owner all of whose outputs are spent.
    OwnerSpent,
    /// The first page of an owner's transactions.
    Owner,
    /// The spender of an output.
    Spender,
    /// The block that holds a transaction.
    BlockOf,
    /// The votes on a block.
    Votes,
    /// A whole block.
    Block,
}

impl Lookup {
    pub(crate) const ALL: [Self; 13] = [
        Self::Get,
        Self::HttpGet,
        Self::Status,
        Self::Absent,
        Self::Asset,
        Self::Metadata,
        Self::OwnerUnspent,
        Self::OwnerSpent,
        Self::Owner,
        Self::Spender,
        Self::BlockOf,
        Self::Votes,
        Self::Block,
    ];

    pub(crate) fn name(self, size: Size) -> String {
        let kind = match self {
            Self::Get => "get",
            Self::HttpGet => "http.get",
            Self::Status => "lookup.status",
            Self::Absent => "lookup.absent",
            Self::Asset => "lookup.asset",
            Self::Metadata => "lookup.metadata",
            Self::OwnerUnspent => "lookup.owner_unspent",
            Self::OwnerSpent => "lookup.owner_spent",
            Self::Owner => "lookup.owner_transactions",
            Self::Spender => "lookup.spender",
            Self::BlockOf => "lookup.block_of",
            Self::Votes => "lookup.votes",
            Self::Block => "lookup.block",
        };
        format!("ledger.{kind}.{}", size.name())
    }

    /// How many are made. A block has a thousand transactions, so fewer of them are read.
    fn count(self, plan: &Plan) -> usize {
        let count = if plan.is_quick { COUNT_QUICK } else { COUNT };
        if self == Self::Block { count / 50 } else { count }
    }
}

/// What one look-up asks for: all that it might need of a random asset.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// One of its two transactions.
    id: TransactionId,
    asset: AssetId,
    metadata: Option<MetadataId>,
    creator: PublicKey,
    recipient: PublicKey,
    created: OutputRef,
    height: u64,
    block: Option<BlockId>,
}

/// Makes the look-ups of one kind and returns how long they took.
pub(crate) fn measure(
    runtime: &Runtime,
    node: &NodeHandle,
    lookup: Lookup,
    size: Size,
    plan: &Plan,
) -> Result<Summary> {
    let mut samples = samples(lookup, size, lookup.count(plan))?;
    let latencies = if lookup == Lookup::HttpGet {
        let api = node.clone();
        let web = runtime
            .block_on(Web::start(|shutdown| BigchainApi::new(api, shutdown).into_service()))?;
        let latencies = over_http(&web, &samples);
        runtime.block_on(web.stop())?;
        latencies?
    } else {
        let node = node.clone();
        let reading = node.read(move |reader| Ok(in_process(reader, lookup, &mut samples)));
        runtime.block_on(reading)??
    };
    let time = latencies.iter().sum();
    let repetition = Repetition::of(latencies, time).context("nothing was looked up")?;
    Ok(Summary::of(&[repetition], None))
}

/// Chooses assets and makes their transactions anew: reading them would warm what is measured.
fn samples(lookup: Lookup, size: Size, count: usize) -> Result<Vec<Sample>> {
    let history = History::new();
    let mut numbers = Numbers::new(lookup as u64);
    (0..count)
        .map(|index| {
            let mut number = numbers.below(assets(size));
            if lookup == Lookup::Metadata {
                number = History::some_nested(number);
            }
            let Asset { create, transfer, creator, recipient } = history.asset(number)?;
            let mut id = if index % 2 == 0 { create.id() } else { transfer.id() };
            if lookup == Lookup::Absent {
                id = TransactionId::from_bytes(sha3_256(id.as_bytes()));
            }
            Ok(Sample {
                id,
                asset: create.asset_id(),
                metadata: create.metadata_id(),
                creator,
                recipient,
                created: OutputRef { transaction: create.id(), index: 0 },
                height: height_of_creation(size, number),
                block: None,
            })
        })
        .collect()
}

fn in_process(
    reader: &Reader<'_>,
    lookup: Lookup,
    samples: &mut [Sample],
) -> Result<Vec<Duration>> {
    if lookup == Lookup::Votes {
        for sample in &mut *samples {
            sample.block = reader.store().head(sample.height)?.map(|head| head.id);
        }
    }
    samples
        .iter()
        .map(|sample| {
            let asked = Instant::now();
            let found = ask(reader, lookup, sample)?;
            let latency = asked.elapsed();
            ensure!(found, "{lookup:?} did not find {sample:?}");
            Ok(latency)
        })
        .collect()
}

/// Makes one look-up; returns whether the answer is the right one.
fn ask(reader: &Reader<'_>, lookup: Lookup, sample: &Sample) -> Result<bool> {
    let store = reader.store();
    let id = &sample.id;
    Ok(match lookup {
        Lookup::Get | Lookup::HttpGet => {
            reader.transaction(id)?.is_some_and(|found| found.transaction.id() == *id)
        }
        Lookup::Status => reader.status(id)?.is_some_and(|status| status.block().is_some()),
        Lookup::Absent => reader.status(id)?.is_none(),
        Lookup::Asset => {
            store.transactions_of_asset(&sample.asset, None, None, PAGE)?.items.len() == 2
        }
        Lookup::Metadata => {
            let metadata = sample.metadata.context("the asset has no metadata")?;
            store.transactions_by_metadata(&metadata, None, PAGE)?.items.len() == 1
        }
        Lookup::OwnerUnspent => {
            let filter = OutputFilter::Unspent;
            !store.outputs_by_owner(&sample.recipient, filter, None, PAGE)?.items.is_empty()
        }
        Lookup::OwnerSpent => {
            let filter = OutputFilter::Unspent;
            store.outputs_by_owner(&sample.creator, filter, None, PAGE)?.items.is_empty()
        }
        Lookup::Owner => {
            let filter = OutputFilter::Any;
            !store.transactions_by_owner(&sample.recipient, filter, None, PAGE)?.items.is_empty()
        }
        Lookup::Spender => store.spender_of(&sample.created)?.is_some(),
        Lookup::BlockOf => match store.place(id)? {
            Some(place) => store.head(place.height())?.is_some(),
            None => false,
        },
        Lookup::Votes => {
            let block = sample.block.context("the height has no block")?;
            store.votes(&block)?.len() == 1
        }
        Lookup::Block => {
            store.block(sample.height)?.is_some_and(|block| !block.transactions().is_empty())
        }
    })
}

fn over_http(web: &Web, samples: &[Sample]) -> Result<Vec<Duration>> {
    let agent = web::agent();
    let url = format!("{}/api/v1/transactions/", web.url());
    samples
        .iter()
        .map(|sample| {
            let url = format!("{url}{}", sample.id);
            let asked = Instant::now();
            let mut reply = agent.get(url).call()?;
            let text = reply.body_mut().read_to_string()?;
            let latency = asked.elapsed();
            ensure!(text.contains(&sample.id.to_string()), "another transaction was answered");
            Ok(latency)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: names are those that later runs are compared by, and no two are the same.
    #[test]
    fn names_are_stable() {
        let mut names = Lookup::ALL.map(|lookup| lookup.name(Size::TenMillion)).to_vec();
        assert_eq!(names[0], "ledger.get.10m");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Lookup::ALL.len());
    }
}
