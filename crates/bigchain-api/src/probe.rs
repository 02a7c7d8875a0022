use tally_http::{BoxFuture, Probe, Readiness, Sample, SampleKind};
use tally_ledger_node::{NodeHandle, NodeStatus};

/// Looks into the node for `/readyz` and `/metrics`.
pub(crate) struct NodeProbe(pub(crate) NodeHandle);

impl Probe for NodeProbe {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async {
            if self.0.status().is_ready {
                Readiness::Ready
            } else {
                Readiness::NotReady("the node stops, or is behind the federation")
            }
        })
    }

    fn samples(&self) -> BoxFuture<'_, Vec<Sample>> {
        Box::pin(async { samples_of(&self.0.status()) })
    }
}

fn samples_of(status: &NodeStatus) -> Vec<Sample> {
    let gauge = |name, help, value| Sample { name, help, kind: SampleKind::Gauge, value };
    let count = |name, help, value| Sample { name, help, kind: SampleKind::Counter, value };
    let counters = &status.counters;
    let indexed = status.searchable_height.map_or(0, |indexed| indexed + 1);
    let search_lag = (status.height + 1).saturating_sub(indexed);
    let peers = u64::try_from(status.connected.len()).unwrap_or(u64::MAX);
    vec![
        gauge("tally_ledger_height", "Height of the last block of the chain", status.height),
        gauge("tally_ledger_behind_blocks", "Final blocks that are not here yet", status.behind),
        gauge("tally_ledger_decided_height", "Votes decided up to here", status.decided_height),
        gauge("tally_ledger_transactions", "Transactions in the chain", status.transactions),
        gauge("tally_ledger_backlog", "Own transactions that wait for a block", status.backlog),
        gauge("tally_ledger_pool", "Others' transactions kept to be proposed", status.pool),
        gauge("tally_ledger_posts", "Posts on their way to an answer", status.posts),
        gauge(
            "tally_ledger_blocks_undecided",
            "Proposed blocks that may still be appended",
            status.undecided_blocks,
        ),
        gauge("tally_ledger_blocks_invalid", "Invalid blocks that are kept", status.invalid_blocks),
        gauge("tally_ledger_equivocations", "Equivocations that are kept", status.equivocations),
        gauge("tally_ledger_peers_connected", "Members that are connected", peers),
        gauge("tally_ledger_search_lag_blocks", "Blocks that cannot be searched yet", search_lag),
        count("tally_ledger_accepted_total", "Transactions accepted", counters.accepted),
        count("tally_ledger_refused_total", "Posts that break a rule", counters.refused),
        count("tally_ledger_busy_total", "Posts refused for want of room", counters.busy),
        count("tally_ledger_rejected_total", "Accepted transactions that lost", counters.rejected),
        count("tally_ledger_blocks_total", "Blocks appended since the start", counters.blocks),
        count(
            "tally_ledger_own_blocks_total",
            "Blocks of this node among them",
            counters.own_blocks,
        ),
        count(
            "tally_ledger_invalid_proposals_total",
            "Others' proposals that were invalid",
            counters.invalid_proposals,
        ),
        count(
            "tally_ledger_bad_messages_total",
            "Messages of peers that were dropped",
            counters.bad_messages,
        ),
    ]
}
