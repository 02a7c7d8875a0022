//! Puts the libraries together.

use crate::{
    config::{Api, Chain, Config, Embedded, Module, Remote},
    dev::DevWorld,
};
use anyhow::Context;
use std::{path::Path, sync::Arc};
use tally_chain::utxo::{Relay, Source};
use tally_chain_utxo::{EsploraRelay, EsploraSource, NodeRelay, NodeSource};
use tally_daemon::{Failure, HiddenText, Kind, Place, Postgres};
use tally_deal_api::{DealApi, DealApiConfig, ModuleIdentity, Playground, ServiceKeySource};
use tally_deal_node::{
    Clock, DealServer, Runner, ServerKeys, Sources,
    module::{self, KeyService, KeyServiceConfig, RemoteConfig},
};
use tally_deal_store::{DealStore, EmbeddedDeals};
use tally_http::Shutdown;
use tally_storage::{Store, Table};

/// The way into a chain and out of it.
pub(crate) struct Ways {
    relay: Arc<dyn Relay>,
    /// What the runner reads.
    pub(crate) sources: Sources,
    /// Where the chain is simulated, whoever makes its blocks.
    pub(crate) dev: Option<DevWorld>,
}

/// Finds out how to reach the chain; nothing is connected yet.
pub(crate) fn ways(chain: &Chain, config: &Config) -> Result<Ways, Failure> {
    Ok(match chain.clone() {
        Chain::Dev => {
            let dev = DevWorld::new(config.network, Arc::clone(&config.clock));
            let (relay, sources) = (dev.relay(), dev.sources());
            Ways { relay, sources, dev: Some(dev) }
        }
        Chain::Node(settings) => {
            let relay = NodeRelay::new(&settings).context("--node-url");
            let relay = Arc::new(relay.map_err(Failure::of(Kind::Settings))?);
            let sources: Sources = Arc::new(move |start| {
                let source = NodeSource::start(settings.clone(), start);
                Box::new(source.expect("the relay was made of the same settings"))
                    as Box<dyn Source>
            });
            Ways { relay, sources, dev: None }
        }
        Chain::Esplora(settings) => {
            let relay = EsploraRelay::new(&settings).context("--esplora-url");
            let relay = Arc::new(relay.map_err(Failure::of(Kind::Settings))?);
            let sources: Sources = Arc::new(move |start| {
                let source = EsploraSource::start(settings.clone(), start);
                Box::new(source.expect("the relay was made of the same settings"))
                    as Box<dyn Source>
            });
            Ways { relay, sources, dev: None }
        }
    })
}

/// Opens the embedded server, which may take some time.
pub(crate) async fn embedded(
    server: &Embedded,
    ways: &Ways,
    clock: &Arc<dyn Clock>,
) -> Result<(DealServer, Runner), Failure> {
    let store = match &server.postgres {
        Some(Postgres { url: HiddenText(url), connections }) => shared(url, *connections).await?,
        None => tokio::task::block_in_place(|| own(&server.data))?,
    };
    let keys = keys(server, &store, &**clock).await.context("the keys of the server");
    let keys = keys.map_err(Failure::of(Kind::Key))?;
    let (relay, config) = (Arc::clone(&ways.relay), server.config.clone());
    let opened = DealServer::open(store, keys, relay, config, Arc::clone(clock));
    opened.map_err(Failure::of(Kind::Settings))
}

/// Reads the keys of the store, or makes some that end with the process.
async fn keys(
    server: &Embedded,
    store: &Arc<dyn DealStore>,
    clock: &dyn Clock,
) -> anyhow::Result<ServerKeys> {
    let given = server.keys.as_ref();
    if let Some(passphrase) = &server.passphrase {
        return Ok(ServerKeys::of_store(store, passphrase, given, clock.now_ms()).await?);
    }
    let mut keys = ServerKeys::generate(clock.now())?;
    if let Some([key1, key2]) = given {
        (keys.key1, keys.key2) = (key1.clone(), key2.clone());
    }
    Ok(keys)
}

/// Returns the API of the embedded server.
pub(crate) async fn embedded_api(
    server: DealServer,
    dev: Option<DevWorld>,
    config: &Config,
    shutdown: &Shutdown,
) -> Result<DealApi, Failure> {
    let playground = dev.map(|dev| Arc::new(dev) as Arc<dyn Playground>);
    let interface = DealApiConfig { playground, ..interface(config) };
    let api = DealApi::embedded(server, interface, shutdown.clone()).await;
    let api = api.context("the key of the access tokens");
    api.map_err(Failure::of(Kind::Data))
}

/// The module in front of another server.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) api: DealApi,
    /// What asks for the service's keys, unless they were configured.
    pub(crate) keys: Option<Arc<KeyService>>,
}

/// Makes the module in front of another server; nothing is connected yet.
pub(crate) fn front(
    remote: &Remote,
    config: &Config,
    shutdown: &Shutdown,
) -> Result<Front, Failure> {
    let link = module::Remote::new(RemoteConfig {
        servers: remote.servers.clone(),
        allowed: remote.allowed.clone(),
        timeout: remote.timeout,
        ..RemoteConfig::default()
    });
    let link = Arc::new(link.context("--server").map_err(Failure::of(Kind::Settings))?);
    let (source, keys) = match remote.keys {
        Some(keys) => {
            let verifying = remote.server_key.iter().cloned().collect();
            (ServiceKeySource::Configured(keys, verifying), None)
        }
        None => {
            let service = KeyService::new(KeyServiceConfig {
                remote: Arc::clone(&link),
                account: remote.account.clone(),
                server_name: remote.account_name.clone(),
                service_key: remote.server_key.as_ref().map(tally_pgp::PublicKey::fingerprint),
                network: config.network,
                clock: Arc::clone(&config.clock),
                randomness: Arc::new(random),
            });
            let service = service.context("--server-key-file");
            let service = Arc::new(service.map_err(Failure::of(Kind::Settings))?);
            (ServiceKeySource::Service(Arc::clone(&service)), Some(service))
        }
    };
    let clock = Arc::clone(&config.clock);
    let api = DealApi::remote(link, source, interface(config), clock, shutdown.clone());
    Ok(Front { api, keys })
}

fn random() -> u64 {
    // Only spreads out who asks when: without randomness all ask at the same time.
    getrandom::u64().unwrap_or_default()
}

fn interface(config: &Config) -> DealApiConfig {
    let Module { address, fee, pgp, compat } = &config.module;
    let Api { origins, access_rule, clients, .. } = &config.api;
    DealApiConfig {
        module: ModuleIdentity {
            address: address.as_ref().map(ToString::to_string),
            fee: fee.to_string(),
            pgp: pgp.clone(),
        },
        compat: *compat,
        origins: origins.clone(),
        access: *access_rule,
        clients: clients.clone(),
        ..DealApiConfig::new(config.network)
    }
}

fn own(place: &Place) -> Result<Arc<dyn DealStore>, Failure> {
    let tables = tally_deal_store::TABLES;
    let store = place.open(tables, |path| database(path, tables))?;
    let deals = EmbeddedDeals::open(store).context("cannot open the deals");
    Ok(Arc::new(deals.map_err(Failure::of(Kind::Data))?))
}

#[cfg(feature = "rocksdb")]
fn database(path: &Path, tables: &'static [Table]) -> anyhow::Result<Arc<dyn Store>> {
    use tally_storage_rocksdb::{DataFolder, RocksStore};
    Ok(Arc::new(RocksStore::open(DataFolder::lock(path)?, tables)?))
}

#[cfg(not(feature = "rocksdb"))]
fn database(_: &Path, _: &'static [Table]) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!("this build lacks the feature rocksdb")
}

#[cfg(feature = "postgres")]
async fn shared(url: &str, connections: u32) -> Result<Arc<dyn DealStore>, Failure> {
    let deals = tally_deal_postgres::PostgresDeals::connect(url, connections).await;
    let deals = deals.context("the shared deals");
    Ok(Arc::new(deals.map_err(Failure::of(Kind::Server))?))
}

#[cfg(not(feature = "postgres"))]
async fn shared(_: &str, _: u32) -> Result<Arc<dyn DealStore>, Failure> {
    Err(Failure::message(Kind::Server, "this build lacks the feature postgres"))
}
