use alloy_consensus::{
    Header, ReceiptEnvelope, Transaction as _, TxEnvelope, transaction::Recovered,
};
use alloy_eips::{BlockNumHash, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{
    Block, BlockTransactions, Header as RpcHeader, Log, Transaction, TransactionReceipt,
};
use std::sync::Arc;

/// A signed transaction whose sender is known.
#[derive(Debug)]
pub(crate) struct SignedTransaction {
    pub(crate) hash: B256,
    pub(crate) sender: Address,
    pub(crate) envelope: TxEnvelope,
}

impl SignedTransaction {
    /// The most the transaction can take from its sender.
    pub(crate) fn cost_max(&self) -> U256 {
        let gas = U256::from(self.envelope.gas_limit());
        (gas * U256::from(self.envelope.max_fee_per_gas())).saturating_add(self.envelope.value())
    }

    fn rpc(&self, place: Option<(&MinedBlock, usize)>) -> Transaction {
        let base_fee = place.and_then(|(block, _)| block.header.base_fee_per_gas);
        Transaction {
            inner: Recovered::new_unchecked(self.envelope.clone(), self.sender),
            block_hash: place.map(|(block, _)| block.hash),
            block_number: place.map(|(block, _)| block.header.number),
            transaction_index: place.map(|(_, index)| index as u64),
            effective_gas_price: Some(self.envelope.effective_gas_price(base_fee)),
            block_timestamp: None,
        }
    }

    /// The transaction as JSON-RPC shows it before it is mined.
    pub(crate) fn pending_rpc(&self) -> Transaction {
        self.rpc(None)
    }
}

/// A transaction in its block.
#[derive(Debug)]
pub(crate) struct MinedTransaction {
    pub(crate) signed: Arc<SignedTransaction>,
    pub(crate) receipt: TransactionReceipt,
}

/// A block with its transactions and receipts.
#[derive(Debug)]
pub(crate) struct MinedBlock {
    pub(crate) header: Header,
    pub(crate) hash: B256,
    pub(crate) transactions: Vec<MinedTransaction>,
}

impl MinedBlock {
    pub(crate) fn num_hash(&self) -> BlockNumHash {
        BlockNumHash { number: self.header.number, hash: self.hash }
    }

    /// The header as JSON-RPC shows it.
    pub(crate) fn rpc_header(&self) -> RpcHeader {
        RpcHeader {
            hash: self.hash,
            inner: self.header.clone(),
            total_difficulty: None,
            size: Some(U256::from(self.encoded_length())),
        }
    }

    /// The block as JSON-RPC shows it, with whole transactions or with their hashes.
    pub(crate) fn rpc(&self, full: bool) -> Block {
        let transactions = if full {
            BlockTransactions::Full(
                (0..self.transactions.len()).map(|index| self.rpc_transaction(index)).collect(),
            )
        } else {
            BlockTransactions::Hashes(self.transactions.iter().map(|tx| tx.signed.hash).collect())
        };
        Block {
            header: self.rpc_header(),
            uncles: Vec::new(),
            transactions,
            withdrawals: Some(Default::default()),
        }
    }

    /// One of the block's transactions as JSON-RPC shows it.
    pub(crate) fn rpc_transaction(&self, index: usize) -> Transaction {
        self.transactions[index].signed.rpc(Some((self, index)))
    }

    /// The block's logs, in order.
    pub(crate) fn logs(&self) -> impl Iterator<Item = &Log> {
        self.transactions.iter().flat_map(|tx| tx.receipt.inner.logs())
    }

    fn encoded_length(&self) -> usize {
        let bodies = self.transactions.iter().map(|tx| tx.signed.envelope.encode_2718_len());
        self.header.size() + bodies.sum::<usize>()
    }
}

/// What running one transaction gave, before its block has a hash.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) signed: Arc<SignedTransaction>,
    pub(crate) success: bool,
    pub(crate) gas_used: u64,
    pub(crate) created: Option<Address>,
    pub(crate) logs: Vec<alloy_primitives::Log>,
}

/// Puts executed transactions into the block of `header`, whose gas and bloom they determined.
pub(crate) fn assemble(header: Header, executed: Vec<Executed>) -> MinedBlock {
    let hash = header.hash_slow();
    let mut gas_so_far = 0;
    let mut log_index = 0;
    let mut transactions = Vec::with_capacity(executed.len());
    for (index, executed) in executed.into_iter().enumerate() {
        gas_so_far += executed.gas_used;
        let logs = executed.logs.into_iter().map(|inner| {
            let log = Log {
                inner,
                block_hash: Some(hash),
                block_number: Some(header.number),
                block_timestamp: Some(header.timestamp),
                transaction_hash: Some(executed.signed.hash),
                transaction_index: Some(index as u64),
                log_index: Some(log_index),
                removed: false,
            };
            log_index += 1;
            log
        });
        let receipt = alloy_consensus::Receipt {
            status: executed.success.into(),
            cumulative_gas_used: gas_so_far,
            logs: logs.collect::<Vec<_>>(),
        };
        let envelope = &executed.signed.envelope;
        let bloom = alloy_primitives::logs_bloom(receipt.logs.iter().map(|log| &log.inner));
        let receipt = TransactionReceipt {
            inner: ReceiptEnvelope::from_typed(
                envelope.tx_type(),
                alloy_consensus::ReceiptWithBloom::new(receipt, bloom),
            ),
            transaction_hash: executed.signed.hash,
            transaction_index: Some(index as u64),
            block_hash: Some(hash),
            block_number: Some(header.number),
            gas_used: executed.gas_used,
            effective_gas_price: envelope.effective_gas_price(header.base_fee_per_gas),
            blob_gas_used: None,
            blob_gas_price: None,
            from: executed.signed.sender,
            to: envelope.to(),
            contract_address: executed.created,
        };
        transactions.push(MinedTransaction { signed: executed.signed, receipt });
    }
    MinedBlock { header, hash, transactions }
}
