//! The port's contract suite, over every way to reach a development chain.

use crate::common::{CHAIN_ID, Control, accounts, run_suite};
use tally_chain_evm::{DevChain, DevChainConfig, DevServer, Endpoint, Mining, Undone};
use tally_primitives::BlockRef;

/// A development chain, and how the adapter reaches it.
pub(crate) struct Dev {
    pub(crate) chain: DevChain,
    pub(crate) endpoint: Endpoint,
    _server: Option<DevServer>,
}

impl Dev {
    pub(crate) fn start() -> DevChain {
        let accounts = accounts();
        DevChain::start(&DevChainConfig { chain_id: CHAIN_ID, accounts, mining: Mining::Instant })
    }

    pub(crate) fn in_process() -> Self {
        let chain = Self::start();
        let endpoint = Endpoint::in_process(&chain);
        Self { chain, endpoint, _server: None }
    }

    async fn served(url: impl Fn(&DevServer) -> String) -> Self {
        let chain = Self::start();
        let server = chain.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let endpoint = Endpoint::from_url(&url(&server)).unwrap();
        Self { chain, endpoint, _server: Some(server) }
    }
}

impl Control for Dev {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn head(&self) -> BlockRef {
        self.chain.head()
    }

    async fn mine(&self, count: u64) {
        self.chain.mine(count);
    }

    async fn reorg(&self, depth: u64) {
        self.chain.reorg(depth, Undone::Dropped).unwrap();
    }
}

/// Goal: the adapter meets the port's contract without a socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_process() {
    run_suite(async || Dev::in_process()).await;
}

/// Goal: the same over HTTP, where new blocks are found by polling.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http() {
    run_suite(async || Dev::served(DevServer::http_url).await).await;
}

/// Goal: the same over a WebSocket with a subscription.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_web_socket() {
    run_suite(async || Dev::served(DevServer::ws_url).await).await;
}
