use super::genuine::EVENTS;
use crate::rpc::{Endpoint, RpcFailure, calls::Head};
use alloy_primitives::{B256, Bloom, BloomInput};
use alloy_rpc_types_eth::Log;
use std::collections::HashMap;
use tally_primitives::BlockSpan;

/// How far below the newest block a range of blocks must lie to be asked for at once. A query by
/// range names no branch and a lagging server answers it in part, so nearer blocks are asked for
/// one by one, by hash.
pub(crate) const RANGE_DEPTH: BlockSpan = BlockSpan(64);

/// Returns the logs of `heads`, which follow one another, in the same order: those of each block
/// that may interest us, by index, each once.
pub(crate) async fn fetch(
    endpoint: &Endpoint,
    heads: &[Head],
    newest: &Head,
) -> Result<Vec<Vec<Log>>, RpcFailure> {
    let Some(last) = heads.last() else { return Ok(Vec::new()) };
    let is_deep = last.at().number.after(RANGE_DEPTH) <= newest.at().number;
    let mut found = if is_deep { by_range(endpoint, heads).await? } else { HashMap::new() };
    let exact = |head: &&Head| {
        let has_logs = found.contains_key(&head.at().hash.0);
        !is_deep || (!has_logs && may_have_events(head.bloom()))
    };
    let doubtful: Vec<_> = heads.iter().filter(exact).map(|head| head.at().hash).collect();
    let answers = endpoint.logs_of_blocks(&doubtful, &EVENTS).await?;
    for (block, logs) in doubtful.into_iter().zip(answers) {
        found.insert(block.0, logs);
    }
    let of_block = |head: &Head| {
        let mut logs = found.remove(&head.at().hash.0).unwrap_or_default();
        logs.retain(|log| !log.removed && log.block_hash == Some(head.at().hash.0));
        logs.sort_by_key(|log| log.log_index);
        logs.dedup_by_key(|log| log.log_index);
        logs
    };
    Ok(heads.iter().map(of_block).collect())
}

/// Asks for a whole range; gives nothing if the server refuses or answers for another branch, and
/// then every block is asked for by itself.
async fn by_range(
    endpoint: &Endpoint,
    heads: &[Head],
) -> Result<HashMap<B256, Vec<Log>>, RpcFailure> {
    let (Some(first), Some(last)) = (heads.first(), heads.last()) else {
        return Ok(HashMap::new());
    };
    let logs = endpoint.logs_of_range(first.at().number, last.at().number, &[], &EVENTS).await;
    let logs = match logs {
        Ok(logs) => logs,
        Err(RpcFailure::Refused(_)) => return Ok(HashMap::new()),
        Err(failure) => return Err(failure),
    };
    let mut by_block: HashMap<B256, Vec<Log>> = HashMap::new();
    for log in logs {
        by_block.entry(log.block_hash.unwrap_or_default()).or_default().push(log);
    }
    let is_ours = |hash: &B256| heads.iter().any(|head| head.at().hash.0 == *hash);
    if by_block.keys().all(is_ours) { Ok(by_block) } else { Ok(HashMap::new()) }
}

/// Says whether a block may hold events that interest us; no is certain.
fn may_have_events(bloom: &Bloom) -> bool {
    EVENTS.iter().any(|event| bloom.contains_input(BloomInput::Raw(event.as_slice())))
}
