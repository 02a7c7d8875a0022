//! The settings in effect: read, completed and checked before anything starts.

mod checks;
mod settings;
mod show;
mod values;

pub(crate) use settings::Settings;
pub(crate) use values::{CompatMode, PeerArgument};

use crate::command_line::PROGRAM;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tally_daemon::{Access, Failure, Logging, Place};
use tally_http::{Exposure, Guard};
use tally_primitives::{Address, BlockNumber, BlockSpan, NodeAddress, TokenAmount};
use tally_smartraiden_api::Compat;

/// Everything the daemon needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) key: Key,
    pub(crate) chain: Chain,
    /// Where the nodes' folders are.
    pub(crate) data: Place,
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
    pub(crate) access: Access,
    pub(crate) guard: Guard,
    pub(crate) compat: Compat,
    pub(crate) patience: Duration,
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
        checks::check(settings.completed(), PROGRAM.api_token().as_deref())
    }

    /// Prints the settings in effect as TOML, without secrets.
    pub(crate) fn show(&self) -> Result<(), Failure> {
        tally_daemon::print(&show::render(&self.effective)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
