//! One block: its rules, and the rows that follow from it.

use super::{Finding, Verify};
use crate::{
    BlockHead, OutputPlace, Place, ReadError, Reason, RowKey, Tip,
    append::{head_of, owners},
    records::{Location, Member},
    store::invalid_text,
    tables::{
        ASSETS, BLOCKS, GROUP, GROUPS, HEIGHTS, METADATA, SPENDERS, SPENT, TEXTS, TRANSACTIONS,
        TRANSFERS, UNSPENT, asset_key, metadata_key, owned_key, transfer_key,
    },
};
use std::sync::Arc;
use tally_ledger::{AssetId, Block, BlockBody, BlockContext, Operation, Transaction};
use tally_storage::Table;

impl Verify<'_> {
    /// Checks the block of a height and counts it.
    pub(super) fn check_block(
        &mut self,
        height: u64,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ReadError> {
        let Some(head) = self.ledger.head(height)? else {
            findings.push(Finding::MissingRow {
                table: BLOCKS,
                key: RowKey(height.to_be_bytes().to_vec()),
            });
            return Ok(());
        };
        self.found(BLOCKS);
        let members = self.ledger.members(&head)?;
        *self.expected.entry(GROUPS).or_default() +=
            members.len().div_ceil(usize::from(GROUP)) as u64;
        let mut transactions = Vec::with_capacity(members.len());
        for (_, member) in &members {
            let text = self.ledger.text(member.number)?;
            self.found(TEXTS);
            let parsed = Transaction::parse(&text).map_err(|_| invalid_text(member.number))?;
            transactions.push(Arc::new(parsed));
        }
        let BlockHead { id_hash, node_pubkey, signature, timestamp, ref voters, .. } = head;
        let body = BlockBody { timestamp, transactions, node_pubkey, voters: voters.clone() };
        let block = Block::from_parts(body, id_hash, signature);
        if head_of(height, &block) != head {
            self.wrong(BLOCKS, height.to_be_bytes(), findings);
        }
        self.check_rules(height, &block, findings)?;
        self.check_row(HEIGHTS, block.id().as_bytes(), &height.to_be_bytes(), findings)?;
        let mut outputs = 0;
        let mut spent = 0;
        for ((place, member), transaction) in members.iter().zip(block.transactions()) {
            self.check_transaction(*place, *member, transaction, findings)?;
            outputs += transaction.outputs().len() as u64;
            spent += transaction.inputs().iter().filter(|input| input.spends.is_some()).count();
        }
        let before = self.counted;
        let count = |of: fn(Tip) -> u64| before.map_or(0, of);
        self.counted = Some(Tip {
            height,
            block: block.id(),
            timestamp: block.timestamp(),
            transactions: count(|tip| tip.transactions) + block.transactions().len() as u64,
            outputs: count(|tip| tip.outputs) + outputs,
            spent: count(|tip| tip.spent) + spent as u64,
        });
        Ok(())
    }

    fn check_rules(
        &self,
        height: u64,
        block: &Block,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ReadError> {
        let context = BlockContext {
            members: self.members.as_deref().unwrap_or(block.voters()),
            parent: self.counted.map(|tip| tip.timestamp),
            now: None,
        };
        let view = self.ledger.view_before(height);
        let verdict =
            block.check(&view, &context, self.entropy(height)).map_err(ReadError::View)?;
        if let Err(fault) = verdict {
            let reason = Reason { code: fault.code().to_owned(), message: fault.to_string() };
            findings.push(Finding::InvalidBlock { height, reason });
        }
        Ok(())
    }

    fn check_transaction(
        &mut self,
        place: Place,
        member: Member,
        transaction: &Transaction,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ReadError> {
        if transaction.id() != member.id {
            self.wrong(GROUPS, place.round_down(GROUP).to_bytes(), findings);
        }
        let location = Location { place, number: member.number }.to_bytes();
        self.check_row(TRANSACTIONS, member.id.as_bytes(), &location, findings)?;
        for spent in transaction.inputs().iter().filter_map(|input| input.spends) {
            // That the output exists is a rule of blocks.
            let Some(source) = self.ledger.place(&spent.transaction)? else { continue };
            let spent = OutputPlace { transaction: source, index: spent.index };
            self.check_row(SPENDERS, &spent.to_bytes(), &place.to_bytes(), findings)?;
        }
        for (index, output) in (0..).zip(transaction.outputs()) {
            let output_place = OutputPlace { transaction: place, index };
            let is_spent = self.ledger.spender_place(output_place)?.is_some();
            let table = if is_spent { SPENT } else { UNSPENT };
            for owner in owners(output) {
                self.check_row(table, &owned_key(&owner, output_place), &[], findings)?;
            }
        }
        if let Some(metadata) = transaction.metadata_id() {
            self.check_row(METADATA, &metadata_key(&metadata, place), &[], findings)?;
        }
        match (transaction.operation(), transaction.asset_id()) {
            (Operation::Create | Operation::Genesis, AssetId::Uuid(uuid)) => {
                self.check_row(ASSETS, &asset_key(&uuid), &place.to_bytes(), findings)
            }
            (Operation::Create | Operation::Genesis, AssetId::Transaction(_)) => Ok(()),
            (Operation::Transfer, asset) => match self.ledger.asset_place(&asset)? {
                Some(creator) => {
                    self.check_row(TRANSFERS, &transfer_key(creator, place), &[], findings)
                }
                // That the asset exists is a rule of blocks.
                None => Ok(()),
            },
        }
    }

    /// Checks that a row is there and has this value.
    fn check_row(
        &mut self,
        table: Table,
        key: &[u8],
        value: &[u8],
        findings: &mut Vec<Finding>,
    ) -> Result<(), ReadError> {
        match self.ledger.store.get(table, key)? {
            Some(found) => {
                self.found(table);
                if found != value {
                    self.wrong(table, key, findings);
                }
            }
            None => findings.push(Finding::MissingRow { table, key: RowKey(key.to_vec()) }),
        }
        Ok(())
    }

    fn wrong(&self, table: Table, key: impl AsRef<[u8]>, findings: &mut Vec<Finding>) {
        findings.push(Finding::WrongRow { table, key: RowKey(key.as_ref().to_vec()) });
    }

    fn found(&mut self, table: Table) {
        *self.expected.entry(table).or_default() += 1;
    }
}
