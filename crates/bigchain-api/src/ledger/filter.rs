use super::{Ledger, PAGE_BYTES_MAX, Part};
use std::sync::Arc;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{AssetId, MetadataId, Operation, OutputRef, Transaction};
use tally_ledger_node::ReadError;
use tally_ledger_store::{OutputFilter, Page, Place, StoredTransaction};

/// Transactions that are read at a time, so that large ones do not fill the memory.
const STEP: usize = 100;

/// Transactions that one request looks at. Filters that few of them pass make pages short, not slow.
const LOOKED_AT_MAX: usize = 20_000;

/// Which transactions a list is to have: those that fit everything that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Transactions with such an output of this key.
    pub(crate) owner: Option<(PublicKey, Outputs)>,
    pub(crate) asset: Option<AssetId>,
    pub(crate) operation: Option<Operation>,
    pub(crate) metadata: Option<MetadataId>,
    /// Only the newest of the asset.
    pub(crate) last: bool,
    /// Also those in blocks that are not in the chain yet.
    pub(crate) undecided: bool,
}

/// Which outputs count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outputs {
    Unspent,
    Spent,
    Any,
}

impl From<Outputs> for OutputFilter {
    fn from(outputs: Outputs) -> Self {
        match outputs {
            Outputs::Unspent => Self::Unspent,
            Outputs::Spent => Self::Spent,
            Outputs::Any => Self::Any,
        }
    }
}

/// A page under construction.
#[derive(Default)]
struct Found {
    items: Vec<String>,
    bytes: usize,
    last: Option<Place>,
}

impl Found {
    fn push(&mut self, text: String) {
        self.bytes += text.len();
        self.items.push(text);
    }

    fn is_full(&self, limit: usize) -> bool {
        self.items.len() >= limit || self.bytes >= PAGE_BYTES_MAX
    }
}

impl Ledger<'_> {
    /// Lists transactions in the order of the chain, then those of undecided blocks.
    pub(crate) fn transactions(
        &self,
        filter: &Filter,
        limit: usize,
        after: Option<Place>,
    ) -> Result<Part, ReadError> {
        if let (true, Some(asset)) = (filter.last, filter.asset) {
            let last = self.store().last_of_asset(&asset)?;
            return Ok(Part {
                items: last.into_iter().map(|last| last.text).collect(),
                next: None,
            });
        }
        let mut found = Found { last: after, ..Found::default() };
        let mut looked_at = 0;
        loop {
            let step = STEP.min(limit - found.items.len());
            let page = self.step(filter, found.last, step)?;
            let is_last = page.next.is_none();
            for stored in page.items {
                looked_at += 1;
                found.last = Some(stored.place);
                if self.fits(filter, &stored)? {
                    found.push(stored.text);
                }
                if found.is_full(limit) {
                    break;
                }
            }
            if found.is_full(limit) || (looked_at >= LOOKED_AT_MAX && !is_last) {
                break;
            }
            if is_last {
                self.undecided(filter).into_iter().take(limit - found.items.len()).for_each(
                    |text| {
                        found.push(text);
                    },
                );
                return Ok(Part { items: found.items, next: None });
            }
        }
        let more = !self.step(filter, found.last, 1)?.items.is_empty()
            || !self.undecided(filter).is_empty();
        let next = found.last.filter(|_| more).map(|place| place.to_string());
        Ok(Part { items: found.items, next })
    }

    /// Reads the next transactions of the list that is likely to be the shortest.
    fn step(
        &self,
        filter: &Filter,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Page<StoredTransaction, Place>, ReadError> {
        let Filter { owner, asset, operation, metadata, .. } = filter;
        if let Some(metadata) = metadata {
            return Ok(self.store().transactions_by_metadata(metadata, after, limit)?);
        }
        if let Some((owner, outputs)) = owner {
            return Ok(self.store().transactions_by_owner(
                owner,
                (*outputs).into(),
                after,
                limit,
            )?);
        }
        match asset {
            Some(asset) => {
                Ok(self.store().transactions_of_asset(asset, *operation, after, limit)?)
            }
            None => Ok(Page { items: vec![], next: None }),
        }
    }

    /// Says whether a transaction passes what its list did not see to.
    fn fits(&self, filter: &Filter, stored: &StoredTransaction) -> Result<bool, ReadError> {
        let Filter { owner, asset, operation, metadata, .. } = filter;
        let listed_by_metadata = metadata.is_some();
        let listed_by_owner = !listed_by_metadata && owner.is_some();
        if !listed_by_metadata && !listed_by_owner {
            return Ok(true);
        }
        if listed_by_owner && asset.is_none() && operation.is_none() {
            return Ok(true);
        }
        let transaction = stored.parse()?;
        if !filter.fits_itself(&transaction) {
            return Ok(false);
        }
        match owner {
            Some((owner, outputs)) if !listed_by_owner => self.owns(owner, *outputs, &transaction),
            Some(_) | None => Ok(true),
        }
    }

    /// Says whether a key has such an output in a transaction of the chain.
    fn owns(
        &self,
        owner: &PublicKey,
        outputs: Outputs,
        transaction: &Transaction,
    ) -> Result<bool, ReadError> {
        for (index, output) in (0..).zip(transaction.outputs()) {
            if !output.public_keys.contains(owner) {
                continue;
            }
            let output = OutputRef { transaction: transaction.id(), index };
            let is_wanted = match outputs {
                Outputs::Any => true,
                Outputs::Unspent => self.store().spender_of(&output)?.is_none(),
                Outputs::Spent => self.store().spender_of(&output)?.is_some(),
            };
            if is_wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the fitting transactions of blocks that may still be appended, each once.
    fn undecided(&self, filter: &Filter) -> Vec<String> {
        if !filter.undecided {
            return vec![];
        }
        let mut seen = std::collections::BTreeSet::new();
        let blocks = self.store().all_undecided();
        let transactions = blocks.iter().flat_map(|candidate| candidate.block.transactions());
        transactions
            .filter(|transaction: &&Arc<Transaction>| {
                let owns = filter.owner.is_none_or(|(owner, outputs)| {
                    let mut all = transaction.outputs().iter();
                    // Nobody spends what is not in the chain.
                    outputs != Outputs::Spent && all.any(|o| o.public_keys.contains(&owner))
                });
                owns && filter.fits_itself(transaction) && seen.insert(transaction.id())
            })
            .map(|transaction| transaction.to_json().to_owned())
            .collect()
    }
}

impl Filter {
    /// Says whether a transaction itself, whatever became of its outputs, is what is asked for.
    fn fits_itself(&self, transaction: &Transaction) -> bool {
        self.asset.is_none_or(|asset| transaction.asset_id() == asset)
            && self.operation.is_none_or(|operation| transaction.operation() == operation)
            && self.metadata.is_none_or(|metadata| transaction.metadata_id() == Some(metadata))
    }
}
