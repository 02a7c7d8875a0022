//! A deal server as the daemon wires it, whose parties have accounts and trust the site.

use super::orders::{Orders, SITE};
use crate::web::Web;
use anyhow::{Result, ensure};
use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tally_chain::utxo::Source;
use tally_chain_utxo::{DevChain, Network as Chain};
use tally_deal::Network;
use tally_deal_api::{DealApi, DealApiConfig, ModuleIdentity};
use tally_deal_node::{
    AccountAction, AccountCall, Config, DealServer, Origin, RunError, ServerKeys, Sources,
    SystemClock,
};
use tally_deal_store::{DealStore, EmbeddedDeals};
use tally_http::{Guard, Shutdown};
use tally_storage_rocksdb::{DataFolder, RocksStore};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::Notify, task::JoinHandle};

/// The module's owner, and what it takes.
const MODULE: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";
const FEE: &str = "0.1%";
/// How often is looked whether the server has the chain.
const PAUSE: Duration = Duration::from_millis(10);

/// A server with parties.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) server: DealServer,
    pub(crate) orders: Arc<Orders>,
    web: Web,
    /// Events when no deal was there; each deal adds one.
    first_event: u64,
    end: Arc<Notify>,
    runner: JoinHandle<Result<(), RunError>>,
    _folder: TempDir,
}

impl Shop {
    /// Opens a server in a new folder below `folder` and registers the parties.
    pub(crate) fn open(runtime: &Runtime, folder: &Path) -> Result<Self> {
        let scratch = tempfile::tempdir_in(folder)?;
        let data = DataFolder::lock(scratch.path().join("deals"))?;
        let store = Arc::new(RocksStore::open(data, tally_deal_store::TABLES)?);
        let store: Arc<dyn DealStore> = Arc::new(EmbeddedDeals::open(store)?);
        runtime.block_on(Self::start(store, scratch))
    }

    async fn start(store: Arc<dyn DealStore>, folder: TempDir) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let chain = DevChain::new(Chain::BITCOIN_TEST);
        chain.mine_pending(now)?;
        let relay = Arc::new(chain.relay());
        let (keys, config) = (ServerKeys::generate(now)?, Config::new(Network::Test));
        let (server, runner) = DealServer::open(store, keys, relay, config, Arc::new(SystemClock))?;
        let sources: Sources =
            Arc::new(move |start| Box::new(chain.source(start)) as Box<dyn Source>);
        let end = Arc::new(Notify::new());
        let until = Arc::clone(&end);
        let runner = tokio::spawn(async move { runner.run(sources, until.notified()).await });
        let orders = Arc::new(Orders::new());
        register(&server, &orders).await?;
        let mut ticks = tokio::time::interval(PAUSE);
        while !server.is_caught_up() {
            ensure!(!runner.is_finished(), "the server does not follow the chain");
            ticks.tick().await;
        }
        let module = ModuleIdentity {
            address: Some(MODULE.to_owned()),
            fee: FEE.to_owned(),
            ..ModuleIdentity::default()
        };
        let config = DealApiConfig { module, ..DealApiConfig::new(Network::Test) };
        let api = DealApi::embedded(server.clone(), config, Shutdown::default()).await?;
        let web = Web::start(|_| api.service(Guard::default())).await?;
        let first_event = server.store().last_event().await?.0;
        Ok(Self { server, orders, web, first_event, end, runner, _folder: folder })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.web.address()
    }

    /// Where calls come from that the module within the process makes.
    pub(crate) fn origin() -> Origin {
        Origin {
            module: Some(MODULE.to_owned()),
            fee: Some(FEE.to_owned()),
            is_own: true,
            speaks_for_site: true,
            ..Origin::default()
        }
    }

    /// Returns how many deals are stored.
    pub(crate) fn deals(&self, runtime: &Runtime) -> Result<u64> {
        let last = runtime.block_on(self.server.store().last_event())?;
        Ok(last.0 - self.first_event)
    }

    /// Ends everything in good order.
    pub(crate) fn close(self, runtime: &Runtime) -> Result<()> {
        runtime.block_on(self.web.stop())?;
        self.end.notify_one();
        runtime.block_on(self.runner)??;
        Ok(())
    }
}

async fn register(server: &DealServer, orders: &Orders) -> Result<()> {
    for address in orders.parties() {
        let call = AccountCall {
            action: Some(AccountAction::New),
            address: None,
            text: format!("{address}\n{SITE}\n"),
            origin: Shop::origin(),
        };
        let answer = server.account(call).await?;
        ensure!(answer.success, "{address} is not registered: {}", answer.message);
    }
    Ok(())
}
