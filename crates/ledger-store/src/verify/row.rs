//! One row: whether there is something that it follows from.

use super::Verify;
use crate::{
    Equivocation, OutputPlace, Place, ReadError,
    append::owners,
    records::{InvalidRow, Location, Rejected, decode, number_from},
    tables::{
        ASSETS, BACKLOG, BLOCKS, EQUIVOCATIONS, GROUP, GROUPS, HEIGHTS, INVALID, INVALID_BLOCKS,
        METADATA, REJECTED, REJECTIONS, SPENDERS, SPENT, TEXTS, TRANSACTIONS, TRANSFERS, UNSPENT,
        VOTES, asset_key, metadata_key, owned_key, tail, transfer_key, vote_key,
    },
};
use std::sync::Arc;
use tally_ledger::{
    AssetId, Block, BlockId, Operation, OutputRef, Transaction, TransactionId, Vote,
};
use tally_storage::{Entry, Table};

impl Verify<'_> {
    /// Says whether a row follows from something else that is stored.
    pub(super) fn justifies(&self, table: Table, row: &Entry) -> Result<bool, ReadError> {
        let found = match table {
            BLOCKS => self.is_height(&row.key),
            HEIGHTS => self.is_block_id(row)?,
            GROUPS => self.is_group(&row.key)?,
            TRANSACTIONS => self.is_location(row)?,
            TEXTS => self.is_text(row)?,
            ASSETS => self.is_asset(row)?,
            TRANSFERS => self.is_transfer(&row.key)?,
            METADATA => self.is_metadata(&row.key)?,
            UNSPENT => self.is_owned(&row.key, false)?,
            SPENT => self.is_owned(&row.key, true)?,
            SPENDERS => self.is_spender(row)?,
            BACKLOG => self.is_waiting(row)?,
            VOTES => self.is_vote(row)?,
            INVALID => self.is_invalid(row)?,
            INVALID_BLOCKS => self.is_invalid_block(row)?,
            REJECTED => self.is_rejected(row)?,
            REJECTIONS => self.is_rejection(row)?,
            EQUIVOCATIONS => Equivocation::from_entry(row).map(|_| Some(true))?,
            _ => None,
        };
        found.ok_or_else(|| ReadError::undecodable(table, &row.key))
    }

    fn is_height(&self, key: &[u8]) -> Option<bool> {
        let height = number_from(key)?;
        Some(self.tip.is_some_and(|tip| height <= tip.height))
    }

    fn is_block_id(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let Some(height) = number_from(&row.value) else { return Ok(None) };
        let head = self.ledger.head(height)?;
        Ok(Some(head.is_some_and(|head| row.key == *head.id.as_bytes())))
    }

    fn is_group(&self, key: &[u8]) -> Result<Option<bool>, ReadError> {
        let Some(place) = tail(key, 0).map(Place::from_bytes) else { return Ok(None) };
        let head = self.ledger.head(place.height())?;
        let is_group = place == place.round_down(GROUP)
            && head.is_some_and(|head| u32::from(place.position()) < head.transactions);
        Ok(Some(is_group))
    }

    fn is_location(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let Some(location) = Location::from_slice(&row.value) else { return Ok(None) };
        let member = self.ledger.find_member(location.place)?;
        Ok(Some(member.is_some_and(|member| {
            row.key == *member.id.as_bytes() && member.number == location.number
        })))
    }

    fn is_text(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let Some(number) = number_from(&row.key) else { return Ok(None) };
        let Ok(transaction) = Transaction::from_trusted(&row.value) else { return Ok(None) };
        let location = self.ledger.location(&transaction.id())?;
        let waiting = self.ledger.backlog.lock().number(&transaction.id());
        let is_in_chain = location.is_some_and(|location| location.number == number);
        Ok(Some(is_in_chain || waiting == Some(number)))
    }

    fn is_asset(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let Some(place) = tail(&row.value, 0).map(Place::from_bytes) else { return Ok(None) };
        Ok(Some(self.at(place)?.is_some_and(|creator| match creator.asset_id() {
            AssetId::Uuid(uuid) => {
                creator.operation() != Operation::Transfer && row.key == asset_key(&uuid)
            }
            AssetId::Transaction(_) => false,
        })))
    }

    fn is_transfer(&self, key: &[u8]) -> Result<Option<bool>, ReadError> {
        let Some(place) = tail(key, 8).map(Place::from_bytes) else { return Ok(None) };
        let Some(transfer) = self.at(place)? else { return Ok(Some(false)) };
        let creator = self.ledger.asset_place(&transfer.asset_id())?;
        Ok(Some(
            transfer.operation() == Operation::Transfer
                && creator.is_some_and(|creator| key == transfer_key(creator, place)),
        ))
    }

    fn is_metadata(&self, key: &[u8]) -> Result<Option<bool>, ReadError> {
        let Some(place) = tail(key, 16).map(Place::from_bytes) else { return Ok(None) };
        let metadata = self.at(place)?.and_then(|transaction| transaction.metadata_id());
        Ok(Some(metadata.is_some_and(|metadata| key == metadata_key(&metadata, place))))
    }

    fn is_owned(&self, key: &[u8], is_spent: bool) -> Result<Option<bool>, ReadError> {
        let output: Option<[u8; 12]> = tail(key, 32);
        let Some(output) = output.and_then(|bytes| OutputPlace::from_slice(&bytes)) else {
            return Ok(None);
        };
        let Some(transaction) = self.at(output.transaction)? else { return Ok(Some(false)) };
        let index = usize::try_from(output.index).ok();
        let found = index.and_then(|index| transaction.outputs().get(index));
        let is_owner = found
            .is_some_and(|found| owners(found).iter().any(|owner| key == owned_key(owner, output)));
        Ok(Some(is_owner && self.ledger.spender_place(output)?.is_some() == is_spent))
    }

    fn is_spender(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let output = OutputPlace::from_slice(&row.key);
        let Some((output, place)) = output.zip(tail(&row.value, 0).map(Place::from_bytes)) else {
            return Ok(None);
        };
        let source = self.ledger.find_member(output.transaction)?;
        let Some((source, spender)) = source.zip(self.at(place)?) else { return Ok(Some(false)) };
        let spent = OutputRef { transaction: source.id, index: output.index };
        Ok(Some(spender.inputs().iter().any(|input| input.spends == Some(spent))))
    }

    fn is_waiting(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let id: Option<[u8; 32]> = tail(&row.value, 0);
        let Some((id, number)) = id.map(TransactionId::from_bytes).zip(number_from(&row.key))
        else {
            return Ok(None);
        };
        let text = self.ledger.text(number)?;
        let is_text = Transaction::parse(&text).is_ok_and(|found| found.id() == id);
        Ok(Some(is_text && self.ledger.location(&id)?.is_none()))
    }

    fn is_vote(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let Ok(vote) = Vote::parse(&row.value) else { return Ok(None) };
        let block = vote.body.voting_for_block;
        let is_named = row.key == vote_key(&block, &vote.node_pubkey);
        Ok(Some(is_named && vote.verify().is_ok()))
    }

    fn is_invalid(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let invalid: InvalidRow = decode(INVALID, &row.key, &row.value)?;
        let id = BlockId::from_bytes(invalid.id);
        let is_kept = self.ledger.store.get(INVALID_BLOCKS, &row.key)?.is_some();
        Ok(Some(is_kept && self.ledger.block_height(&id)?.is_none()))
    }

    fn is_invalid_block(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let Ok(block) = Block::decode(&row.value) else { return Ok(None) };
        let Some(facts) = self.ledger.store.get(INVALID, &row.key)? else { return Ok(Some(false)) };
        let facts: InvalidRow = decode(INVALID, &row.key, &facts)?;
        let ids = block.transactions().iter().map(|transaction| *transaction.id().as_bytes());
        let ids: Vec<_> = ids.collect();
        Ok(Some(facts.id == *block.id().as_bytes() && facts.transactions == ids))
    }

    fn is_rejected(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let rejected: Rejected = decode(REJECTED, &row.key, &row.value)?;
        let id = self.ledger.store.get(REJECTIONS, &rejected.number.to_be_bytes())?;
        Ok(Some(id.as_deref() == Some(&row.key)))
    }

    fn is_rejection(&self, row: &Entry) -> Result<Option<bool>, ReadError> {
        let id: Option<[u8; 32]> = tail(&row.value, 0);
        let Some((id, number)) = id.zip(number_from(&row.key)) else { return Ok(None) };
        let rejected = self.ledger.rejected_row(&TransactionId::from_bytes(id))?;
        Ok(Some(rejected.is_some_and(|rejected| rejected.number == number)))
    }

    /// The transaction at a place, if there is one.
    fn at(&self, place: Place) -> Result<Option<Arc<Transaction>>, ReadError> {
        let Some(member) = self.ledger.find_member(place)? else { return Ok(None) };
        let location = Location { place, number: member.number };
        self.ledger.parsed(&member.id, location).map(Some)
    }
}
