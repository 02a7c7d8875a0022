//! A chain for trying out: a block every two seconds, and money for whoever asks.

use crate::config::chain_network;
use std::{sync::Arc, time::Duration};
use tally_chain::utxo::{Relay, Source};
use tally_chain_utxo::{DevChain, DevError, DevRelay};
use tally_daemon::{Failure, Kind};
use tally_deal::{Address, Network, Sum};
use tally_deal_api::Playground;
use tally_deal_node::{Clock, Sources};

/// The time from block to block.
const BLOCK_TIME: Duration = Duration::from_secs(2);

/// A simulated chain.
#[derive(Debug, Clone)]
pub(crate) struct DevWorld {
    chain: DevChain,
    relay: Arc<DevRelay>,
    /// What dates the blocks.
    clock: Arc<dyn Clock>,
}

impl DevWorld {
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
    pub(crate) async fn run(&self) -> Failure {
        let mut ticks = tokio::time::interval(BLOCK_TIME);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.make_block() {
                return Failure::new(Kind::Chain, error);
            }
        }
    }

    fn make_block(&self) -> Result<u64, DevError> {
        self.chain.mine_pending(self.clock.now()).map(|block| block.height.0)
    }
}

impl Playground for DevWorld {
    fn pay(&self, to: &Address, sum: Sum) -> Result<String, String> {
        let paid = self.chain.faucet(to.script(), sum.satoshi());
        paid.map(|txid| txid.to_string()).map_err(|error| error.to_string())
    }

    fn mine(&self, blocks: u64) -> Result<u64, String> {
        let mut height = self.chain.height().0;
        for _ in 0..blocks {
            height = self.make_block().map_err(|error| error.to_string())?;
        }
        Ok(height)
    }
}
