use crate::Node;
use std::sync::Arc;
use tally_http::{BoxFuture, Probe, Readiness, Sample, SampleKind};
use tally_ledger_store::Counts;

/// Looks into the node for `/readyz` and `/metrics`.
pub(crate) struct NodeProbe(pub(crate) Arc<dyn Node>);

impl Probe for NodeProbe {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        self.0.readiness()
    }

    fn samples(&self) -> BoxFuture<'_, Vec<Sample>> {
        Box::pin(async {
            let mut samples = stored(&self.0.store().counts());
            samples.extend(self.0.samples().await);
            samples
        })
    }
}

/// Reports what the store holds.
fn stored(counts: &Counts) -> Vec<Sample> {
    let gauge = |name, help, value| Sample { name, help, kind: SampleKind::Gauge, value };
    let count = |name, help, value| Sample { name, help, kind: SampleKind::Counter, value };
    vec![
        count("tally_ledger_blocks_total", "Blocks of the chain", counts.blocks),
        count("tally_ledger_transactions_total", "Transactions of the chain", counts.transactions),
        count("tally_ledger_outputs_total", "Outputs of these transactions", counts.outputs),
        count(
            "tally_ledger_outputs_spent_total",
            "How many of the outputs are spent",
            counts.spent_outputs,
        ),
        gauge(
            "tally_ledger_transactions_backlog",
            "Transactions that wait for a block",
            counts.backlog,
        ),
        gauge(
            "tally_ledger_transactions_rejected",
            "Accepted transactions that turned out invalid and whose reasons are kept",
            counts.rejected,
        ),
        gauge(
            "tally_ledger_blocks_undecided",
            "Proposed blocks that may still be appended",
            counts.undecided_blocks,
        ),
        gauge("tally_ledger_blocks_invalid", "Invalid blocks that are kept", counts.invalid_blocks),
        gauge(
            "tally_ledger_equivocations",
            "Proofs that a member signed two things, that are kept",
            counts.equivocations,
        ),
    ]
}
