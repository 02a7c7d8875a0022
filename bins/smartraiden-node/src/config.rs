//! The settings in effect: read, completed and checked before anything starts.

mod checks;
mod settings;
mod show;
mod values;

pub(crate) use settings::Settings;
pub(crate) use values::{CompatMode, LogFormat, PeerArgument};

use crate::failure::{Failure, Kind};
use anyhow::Context;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tally_http::{BearerToken, Exposure, TlsFiles};
use tally_primitives::{Address, BlockNumber, BlockSpan, NodeAddress, TokenAmount};
use tally_smartraiden_api::Compat;

/// Everything the daemon needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) key: Key,
    pub(crate) chain: Chain,
    pub(crate) data: Data,
    pub(crate) node: NodeSettings,
    pub(crate) api: Api,
    pub(crate) logging: Logging,
    /// What was read and completed, for [`Config::show`].
    effective: Settings,
}

/// Whose node it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A key that is drawn at the start and forgotten at the end.
    Generated,
    /// A key file.
    Keystore {
        folder: PathBuf,
        /// The only account in the folder, if absent.
        address: Option<NodeAddress>,
        password_file: Option<PathBuf>,
    },
}

/// Where the channels are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chain {
    /// A chain inside the daemon, forgotten at the end.
    Embedded {
        block_time: Duration,
        rpc_address: Option<SocketAddr>,
        /// Other accounts that get coin and test tokens.
        funded: Vec<NodeAddress>,
    },
    /// A JSON-RPC server.
    Remote {
        url: String,
        registry: Address,
        endpoint_registry: Option<Address>,
        first_block: BlockNumber,
        confirmations: BlockSpan,
    },
}

/// Where the node's state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// Nowhere: it is forgotten at the end.
    Memory,
    /// In a folder of the node below this one.
    Below(PathBuf),
}

/// How the node takes part in the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeSettings {
    pub(crate) listen: SocketAddr,
    pub(crate) publish_address: Option<String>,
    pub(crate) peers: Vec<PeerArgument>,
    pub(crate) reveal_timeout: BlockSpan,
    pub(crate) settle_timeout: BlockSpan,
    pub(crate) mediates: bool,
    pub(crate) mediation_fee: TokenAmount,
    pub(crate) crash_points: bool,
}

/// How the API is served.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) exposure: Exposure,
    pub(crate) token: Option<BearerToken>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) compat: Compat,
    pub(crate) patience: Duration,
}

/// What is logged, how and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logging {
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
    pub(crate) file: Option<PathBuf>,
    pub(crate) shows_place: bool,
}

impl Config {
    /// Completes the settings of the command line with those of the file and the defaults, and
    /// checks them all.
    pub(crate) fn read(settings: Settings) -> Result<Self, Failure> {
        let settings = match &settings.config {
            Some(path) => {
                let file = read_file(path).map_err(Failure::of(Kind::Settings))?;
                settings.or(file)
            }
            None => settings,
        };
        let token = std::env::var("SMARTRAIDEN_API_TOKEN").ok();
        checks::check(settings.completed(), token.as_deref())
    }

    /// Prints the settings in effect as TOML, without secrets.
    #[expect(clippy::print_stdout, reason = "the user asked for it")]
    pub(crate) fn show(&self) -> Result<(), Failure> {
        let text = show::render(&self.effective).map_err(Failure::of(Kind::Unexpected))?;
        print!("{text}");
        Ok(())
    }
}

fn read_file(path: &std::path::Path) -> anyhow::Result<Settings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    toml::from_str(&text)
        .with_context(|| format!("the configuration file {} is malformed", path.display()))
}

#[cfg(test)]
mod tests;
