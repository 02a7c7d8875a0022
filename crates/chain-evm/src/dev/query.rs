use super::{
    block::MinedBlock,
    chain::{Chain, TIP_SUGGESTED},
    failure::Failure,
};
use alloy_consensus::Transaction as _;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_rpc_types_eth::{FeeHistory, Filter, FilterBlockOption, Log};
use std::sync::Arc;

/// Blocks that one log query may span. Wide enough for a first synchronisation in big steps, small
/// enough that one call cannot hold the chain for long.
pub(crate) const LOG_RANGE_MAX: u64 = 10_000;

/// Logs that one query may return; what public servers allow.
const LOGS_MAX: usize = 10_000;

/// Blocks one fee history may span, as in go-ethereum.
const FEE_HISTORY_MAX: u64 = 1024;

impl Chain {
    /// Finds the block that `tag` names; the one to come counts as the newest.
    pub(crate) fn find(&self, tag: BlockNumberOrTag) -> Option<&Arc<MinedBlock>> {
        match tag {
            BlockNumberOrTag::Number(number) => self.block(number),
            BlockNumberOrTag::Earliest => self.blocks.first(),
            BlockNumberOrTag::Latest
            | BlockNumberOrTag::Pending
            | BlockNumberOrTag::Safe
            | BlockNumberOrTag::Finalized => Some(self.head()),
        }
    }

    /// Refuses all but the newest block: older states are not kept.
    pub(crate) fn require_newest(&self, id: Option<BlockId>) -> Result<(), Failure> {
        let block = match id {
            None => return Ok(()),
            Some(BlockId::Number(tag)) => self.find(tag),
            Some(BlockId::Hash(hash)) => self.block_by_hash(hash.block_hash),
        };
        match block {
            None => Err(Failure::server("header not found")),
            Some(block) if block.hash == self.head().hash => Ok(()),
            Some(_) => Err(Failure::server("required historical state unavailable")),
        }
    }

    /// Returns the logs a filter selects, in order.
    pub(crate) fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Failure> {
        let blocks = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let block = self.block_by_hash(hash);
                std::slice::from_ref(block.ok_or_else(|| Failure::server("unknown block"))?)
            }
            FilterBlockOption::Range { from_block, to_block } => {
                self.range(from_block, to_block)?
            }
        };
        let mut found = Vec::new();
        for block in blocks.iter().filter(|block| filter.matches_bloom(block.header.logs_bloom)) {
            found.extend(matching(block, filter).cloned());
            if found.len() > LOGS_MAX {
                return Err(Failure::server(format!(
                    "query returned more than {LOGS_MAX} results"
                )));
            }
        }
        Ok(found)
    }

    fn range(
        &self,
        from: Option<BlockNumberOrTag>,
        to: Option<BlockNumberOrTag>,
    ) -> Result<&[Arc<MinedBlock>], Failure> {
        let newest = self.head().header.number;
        let number = |tag: Option<BlockNumberOrTag>| match tag {
            Some(BlockNumberOrTag::Number(number)) => number,
            Some(BlockNumberOrTag::Earliest) => 0,
            None | Some(_) => newest,
        };
        let (from, to) = (number(from), number(to));
        if from > to {
            return Err(Failure::invalid_params("invalid block range params"));
        }
        if to - from >= LOG_RANGE_MAX {
            let message = format!("exceed maximum block range: {LOG_RANGE_MAX}");
            return Err(Failure::server(message));
        }
        let (from, end) = (from.min(newest + 1), to.min(newest) + 1);
        Ok(&self.blocks[usize_of(from.min(end))..usize_of(end)])
    }

    /// Returns what blocks charged and were tipped, as `eth_feeHistory` does.
    pub(crate) fn fee_history(
        &self,
        count: u64,
        newest: BlockNumberOrTag,
        percentiles: Option<&[f64]>,
    ) -> Result<FeeHistory, Failure> {
        let newest = self.find(newest).ok_or_else(|| Failure::server("header not found"))?;
        let newest = newest.header.number;
        let count = count.clamp(1, FEE_HISTORY_MAX).min(newest + 1);
        let oldest = newest + 1 - count;
        let blocks = &self.blocks[usize_of(oldest)..=usize_of(newest)];
        let fee = |fee: Option<u64>| u128::from(fee.unwrap_or_default());
        let mut fees: Vec<_> =
            blocks.iter().map(|block| fee(block.header.base_fee_per_gas)).collect();
        let after = self.block(newest + 1).map(|block| block.header.base_fee_per_gas);
        fees.push(fee(after.unwrap_or_else(|| self.next_header().base_fee_per_gas)));
        let used =
            |block: &Arc<MinedBlock>| block.header.gas_used as f64 / block.header.gas_limit as f64;
        let reward = percentiles.map(|percentiles| {
            blocks.iter().map(|block| vec![tip_of(block); percentiles.len()]).collect()
        });
        Ok(FeeHistory {
            base_fee_per_gas: fees,
            gas_used_ratio: blocks.iter().map(used).collect(),
            base_fee_per_blob_gas: vec![1; blocks.len() + 1],
            blob_gas_used_ratio: vec![0.0; blocks.len()],
            oldest_block: oldest,
            reward,
        })
    }
}

/// Returns the logs of one block that a filter selects, whatever blocks the filter names.
pub(crate) fn matching<'a>(
    block: &'a MinedBlock,
    filter: &'a Filter,
) -> impl Iterator<Item = &'a Log> {
    block
        .logs()
        .filter(|log| filter.matches_address(log.address()) && filter.matches_topics(log.topics()))
}

/// What an average transaction of the block tipped; the suggestion if it had none.
fn tip_of(block: &MinedBlock) -> u128 {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let tips = block
        .transactions
        .iter()
        .filter_map(|tx| tx.signed.envelope.effective_tip_per_gas(base_fee))
        .collect::<Vec<_>>();
    let count = tips.len() as u128;
    tips.into_iter().sum::<u128>().checked_div(count).unwrap_or(u128::from(TIP_SUGGESTED))
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).expect("a block in memory has an index")
}
