//! The settings in effect: read, completed and checked before anything starts.

mod checks;
mod settings;
mod values;

pub(crate) use settings::Settings;

use crate::command_line::PROGRAM;
use std::{net::SocketAddr, path::PathBuf};
use tally_apip_api::ApipConfig;
use tally_apip_node::DirectoryConfig;
use tally_chain_utxo::{FilesSettings, NodeSettings, RecordSettings};
use tally_daemon::{Access, Failure, Logging, Place, Postgres};
use tally_http::{Exposure, Guard};

/// Everything the daemon needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) chain: Chain,
    pub(crate) data: Place,
    pub(crate) directory: DirectoryConfig,
    /// The database that several servers share.
    pub(crate) postgres: Option<Postgres>,
    pub(crate) interfaces: ApipConfig,
    pub(crate) api: Api,
    pub(crate) logging: Logging,
    /// What was read and completed, for [`Config::show`].
    effective: Settings,
}

/// Where the chain is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chain {
    /// From the records that the program brings, or those of a file, and a payment of its own.
    Dev {
        /// The file.
        records: Option<PathBuf>,
    },
    /// From a node.
    Node(NodeSettings),
    /// From a node's files.
    Files(FilesSettings),
    /// From a file of records.
    Records(RecordSettings),
}

/// How the API is served.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) exposure: Exposure,
    pub(crate) access: Access,
    pub(crate) guard: Guard,
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

    /// Learns where the server listens: the system chooses the port if the settings say 0.
    pub(crate) fn listens_at(&mut self, address: SocketAddr) {
        if self.effective.url_head.as_ref().is_none_or(Vec::is_empty) {
            let head = checks::url_head(address, self.api.access.scheme());
            self.interfaces.url_heads = vec![head];
        }
    }

    /// Says whether a service is sold whose payments cannot be seen.
    pub(crate) const fn asks_in_vain(&self) -> bool {
        self.directory.service.is_some() && !self.interfaces.finds_payments
    }

    /// Prints the settings in effect as TOML, without secrets.
    pub(crate) fn show(&self) -> Result<(), Failure> {
        tally_daemon::print(&tally_daemon::as_toml(&self.effective)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
