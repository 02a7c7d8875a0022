//! A chain for trying out: a block every two seconds, and money for whoever asks.

use crate::config::chain_network;
use std::{sync::Arc, time::Duration};
use tally_chain::utxo::{Relay, Source};
use tally_chain_utxo::{DevChain, DevRelay};
use tally_daemon::{Failure, Kind};
use tally_deal::Network;
use tally_deal_node::{Clock, Sources};

/// The time from block to block.
const BLOCK_TIME: Duration = Duration::from_secs(2);

/// A simulated chain.
#[derive(Debug, Clone)]
pub(crate) struct Playground {
    chain: DevChain,
    relay: Arc<DevRelay>,
    /// What dates the blocks.
    clock: Arc<dyn Clock>,
}

impl Playground {
    pub(crate) fn new(network: Network, clock: Arc<dyn Clock>) -> Self {
        let chain = DevChain::new(chain_network(network));
        Self { relay: Arc::new(chain.relay()), chain, clock }
    }

    pub(crate) fn relay(&self) -> Arc<dyn Relay> {
        Arc::clone(&self.relay) as Arc<dyn Relay>
    }

    pub(crate) fn sources(&self) -> Sources {
        let chain = self.chain.clone();
        Arc::new(move |start| Box::new(chain.source(start)) as Box<dyn Source>)
    }

    /// Makes blocks as long as it is polled.
    pub(crate) async fn mine(&self) -> Failure {
        let mut ticks = tokio::time::interval(BLOCK_TIME);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.chain.mine_pending(self.clock.now()) {
                return Failure::new(Kind::Chain, error);
            }
        }
    }
}
