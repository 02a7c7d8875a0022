use tally_channel_node::{NodeHandle, NodeStatus};
use tally_http::{BoxFuture, Probe, Readiness, Sample, SampleKind};

/// Looks into the node for `/readyz` and `/metrics`.
pub(crate) struct NodeProbe(pub(crate) NodeHandle);

impl Probe for NodeProbe {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async {
            match self.0.status().await {
                Ok(NodeStatus { synced: true, .. }) => Readiness::Ready,
                Ok(_) => Readiness::NotReady("the node is catching up with the chain"),
                Err(_) => Readiness::NotReady("the node does not answer"),
            }
        })
    }

    fn samples(&self) -> BoxFuture<'_, Vec<Sample>> {
        Box::pin(async { self.0.status().await.as_ref().map(samples_of).unwrap_or_default() })
    }
}

fn samples_of(status: &NodeStatus) -> Vec<Sample> {
    let sample = |kind, name, help, value| Sample { name, help, kind, value };
    let gauge = |name, help, value| sample(SampleKind::Gauge, name, help, value);
    let count = |name, help, value| sample(SampleKind::Counter, name, help, value);
    let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    let block = status.block.map_or(0, |block| block.0);
    vec![
        gauge("tally_chain_block_number", "Newest block the node has processed", block),
        gauge("tally_chain_synced", "1 once caught up with the chain", u64::from(status.synced)),
        gauge("tally_channels", "Channels that are not settled", size(status.channels)),
        gauge(
            "tally_transfers_pending",
            "Transfers not finished, in any role",
            size(status.pending_transfers),
        ),
        gauge(
            "tally_peers_connected",
            "Peers with a live connection",
            size(status.connected_peers),
        ),
        gauge(
            "tally_outbox_messages",
            "Messages not acknowledged by their receivers",
            size(status.outbox),
        ),
        count("tally_payments_sent_total", "Payments sent successfully", status.payments_sent),
        count("tally_payments_failed_total", "Payments that failed", status.payments_failed),
        count("tally_payments_received_total", "Payments received", status.payments_received),
        count("tally_payments_mediated_total", "Transfers mediated", status.payments_mediated),
    ]
}
