use crate::server::Server;
use std::sync::Arc;
use tally_http::{BoxFuture, Probe, Readiness, Sample, SampleKind};

/// Looks into the server for `/readyz` and `/metrics`.
pub(crate) struct ServerProbe(pub(crate) Arc<Server>);

impl Probe for ServerProbe {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async {
            match &*self.0 {
                Server::Embedded(embedded) => {
                    let status = embedded.server.status();
                    if embedded.server.store().has_ended() {
                        Readiness::NotReady("the store has ended")
                    } else if status.is_caught_up || status.leads_elsewhere {
                        Readiness::Ready
                    } else {
                        // Between two tries it does not lead, and is as far behind.
                        Readiness::NotReady("the server is behind the chain, or cannot reach it")
                    }
                }
                Server::Remote(front) => match front.service_keys() {
                    Ok(_) => Readiness::Ready,
                    Err(_) => Readiness::NotReady("the service's keys are not known yet"),
                },
            }
        })
    }

    fn samples(&self) -> BoxFuture<'_, Vec<Sample>> {
        Box::pin(async {
            let Server::Embedded(embedded) = &*self.0 else { return vec![] };
            let status = embedded.server.status();
            let gauge = |name, help, value| Sample { name, help, kind: SampleKind::Gauge, value };
            vec![
                gauge(
                    "tally_deal_height",
                    "Height of the last block that was counted",
                    status.height,
                ),
                gauge(
                    "tally_deal_leading",
                    "1 if this server follows the chain, 0 if another one does",
                    u64::from(status.is_leading),
                ),
                gauge(
                    "tally_deal_caught_up",
                    "1 if this server has the chain to its end",
                    u64::from(status.is_caught_up),
                ),
                gauge(
                    "tally_deal_watched_deals",
                    "Deals whose addresses are watched",
                    u64::try_from(status.watched_deals).unwrap_or(u64::MAX),
                ),
            ]
        })
    }
}
