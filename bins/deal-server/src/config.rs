//! The settings in effect: read, completed and checked before anything starts.

mod checks;
mod clients;
mod settings;
mod values;

pub(crate) use settings::Settings;

use crate::command_line::PROGRAM;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tally_chain_utxo::{EsploraSettings, NodeSettings};
use tally_daemon::{Access, Failure, Logging, Place, Postgres};
use tally_deal::{Address, Fee, Network, PrivateKey, ServiceKeys};
use tally_deal_api::{AccessRule, OAuthClient};
use tally_deal_node::{
    Clock,
    module::{AllowList, ServerAddress, ServiceAccount},
};
use tally_http::{Exposure, Guard};
use tally_pgp::{PublicKey, SecretKey};
use zeroize::Zeroizing;

/// Everything the daemon needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) network: Network,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) module: Module,
    pub(crate) server: Server,
    pub(crate) api: Api,
    pub(crate) logging: Logging,
    /// What was read and completed, for [`Config::show`].
    effective: Settings,
}

/// The module: what clients speak to.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) address: Option<Address>,
    pub(crate) fee: Fee,
    pub(crate) pgp: Option<SecretKey>,
    /// Whether mistakes are answered as the original did.
    pub(crate) compat: bool,
}

/// Who decides about accounts and deals.
#[derive(Debug)]
pub(crate) enum Server {
    /// Somebody else.
    Remote(Box<Remote>),
    /// This program.
    Embedded(Box<Embedded>),
}

/// A server elsewhere.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) servers: Vec<ServerAddress>,
    pub(crate) allowed: AllowList,
    pub(crate) timeout: Duration,
    pub(crate) account: Option<ServiceAccount>,
    pub(crate) account_name: Option<String>,
    /// The service keys, if they are not asked for.
    pub(crate) keys: Option<ServiceKeys>,
    /// The key that the service signs with, if it is not believed at first sight.
    pub(crate) server_key: Option<PublicKey>,
}

/// The server in this program.
#[derive(Debug)]
pub(crate) struct Embedded {
    pub(crate) config: tally_deal_node::Config,
    pub(crate) data: Place,
    /// The database that several servers share.
    pub(crate) postgres: Option<Postgres>,
    pub(crate) chain: Chain,
    /// The service keys, if they are not made at the first start.
    pub(crate) keys: Option<[PrivateKey; 2]>,
    /// What seals the keys in the data.
    pub(crate) passphrase: Option<Zeroizing<String>>,
    /// Where other modules reach it.
    pub(crate) exposure: Option<Exposure>,
}

/// Where money is seen and sent.
#[derive(Debug, Clone)]
pub(crate) enum Chain {
    /// A simulated one.
    Dev,
    /// A bitcoind.
    Node(NodeSettings),
    /// An Esplora server.
    Esplora(EsploraSettings),
}

/// How the API is served.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) exposure: Exposure,
    pub(crate) access: Access,
    pub(crate) guard: Guard,
    /// The web origins whose pages may read replies.
    pub(crate) origins: Vec<String>,
    /// Whether the embedded server must know who asks.
    pub(crate) access_rule: AccessRule,
    /// The programs that the embedded server gives access tokens to.
    pub(crate) clients: Vec<OAuthClient>,
}

impl Config {
    /// Completes the settings of the command line with those of the file and the defaults, and
    /// checks them all.
    pub(crate) fn read(settings: Settings) -> Result<Self, Failure> {
        let settings = match &settings.config {
            Some(path) => {
                let file = PROGRAM.file(path)?;
                settings.or(file)
            }
            None => settings,
        };
        let secrets = checks::Secrets::of_environment();
        checks::check(settings.completed(), secrets)
    }

    /// Prints the settings in effect as TOML, without secrets.
    pub(crate) fn show(&self) -> Result<(), Failure> {
        tally_daemon::print(&tally_daemon::as_toml(&self.effective)?);
        Ok(())
    }
}

/// Where a network's blocks are.
pub(crate) fn chain_network(network: Network) -> tally_chain_utxo::Network {
    match network {
        Network::Main => tally_chain_utxo::Network::BITCOIN,
        Network::Test => tally_chain_utxo::Network::BITCOIN_TEST,
        Network::Signet => tally_chain_utxo::Network::BITCOIN_SIGNET,
        Network::Regtest => tally_chain_utxo::Network::BITCOIN_REGTEST,
    }
}

/// The default address of the API.
const API_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4999);

#[cfg(test)]
mod tests;
