use std::sync::Arc;
use tally_accounts::Accounts;
use tally_apip_node::{Directory, Status};
use tally_http::{BoxFuture, Probe, Readiness, Sample, SampleKind};

/// Looks into the directory and its accounts for `/readyz` and `/metrics`.
pub(crate) struct DirectoryProbe {
    pub(crate) directory: Arc<Directory>,
    pub(crate) accounts: Arc<dyn Accounts>,
}

impl Probe for DirectoryProbe {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        let status = self.directory.status();
        let readiness = if self.accounts.have_ended() {
            Readiness::NotReady("the accounts cannot be stored any more")
        } else if status.are_accounts_late {
            Readiness::NotReady("the accounts take no payments now")
        } else if status.is_caught_up {
            Readiness::Ready
        } else {
            Readiness::NotReady("the directory has not reached the end of the chain yet")
        };
        Box::pin(std::future::ready(readiness))
    }

    fn samples(&self) -> BoxFuture<'_, Vec<Sample>> {
        Box::pin(std::future::ready(samples_of(&self.directory.status())))
    }
}

fn samples_of(status: &Status) -> Vec<Sample> {
    let gauge = |name, help, value| Sample { name, help, kind: SampleKind::Gauge, value };
    let count = |name, help, value| Sample { name, help, kind: SampleKind::Counter, value };
    let height = status.best.map_or(0, |best| best.height.0);
    let head = status.head.map_or(height, |head| head.0);
    let documents = status.tables.iter().map(|table| table.documents).sum();
    let bytes = status.tables.iter().map(|table| table.bytes).sum();
    let late = u64::from(status.are_accounts_late);
    vec![
        gauge("tally_apip_height", "Height of the newest block that is indexed", height),
        gauge("tally_apip_behind_blocks", "Blocks not indexed yet", head.saturating_sub(height)),
        gauge("tally_apip_documents", "Documents that can be searched", documents),
        gauge("tally_apip_index_bytes", "Memory of the index, about", bytes),
        gauge("tally_apip_warm_outputs", "Unspent outputs in memory", status.warm_outputs),
        gauge("tally_apip_accounts_late", "1 if the accounts take no orders", late),
        count("tally_apip_records_total", "Records read since the chain's begin", status.records),
        count("tally_apip_accepted_total", "Records that changed the state", status.accepted),
        count("tally_apip_reorganisations_total", "Since the start", status.reorganisations),
        count("tally_apip_orders_total", "Orders handed over since the start", status.orders),
    ]
}
