//! The settings in effect: read, completed and checked before anything starts.

mod checks;
mod environment;
mod file;
mod foreign;
mod settings;
mod show;
mod values;

pub(crate) use settings::Settings;
pub(crate) use show::{indented, original_shape};
pub(crate) use values::PeerArgument;

use crate::command_line::PROGRAM;
use anyhow::{Context, anyhow};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tally_bigchain_api::ApiEra;
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_daemon::{Access, Failure, Kind, Logging, home};
use tally_http::{Exposure, Guard};

/// The file that is read, and written by `configure`, if no other is named: `~/.bigchaindb`.
const DEFAULT_FILE: &str = ".bigchaindb";

/// The file in the data folder with the key of a node that no key is configured for.
pub(crate) const KEY_FILE: &str = "key";

/// Everything the daemon needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) key: Key,
    /// Where a configured key was found, for messages; `None` if none is configured.
    pub(crate) key_source: Option<String>,
    pub(crate) data: Data,
    pub(crate) federation: Federation,
    pub(crate) api: Api,
    pub(crate) logging: Logging,
    /// Whether questions are answered with yes.
    pub(crate) assumes_yes: bool,
    /// What has no effect although it was said; each a sentence for the user.
    pub(crate) remarks: Vec<String>,
    /// What was read and completed, for `show-config`.
    effective: Settings,
}

/// Whose node it is.
#[derive(Debug)]
pub(crate) enum Key {
    /// A key that the configuration holds.
    Configured(SigningKey),
    /// A key that is drawn at the first start and kept in this file.
    Kept(PathBuf),
    /// A key that is drawn at the start and forgotten at the end.
    Drawn,
}

/// Where the ledger is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// Nowhere: it is forgotten at the end.
    Memory,
    /// In this folder.
    Folder {
        folder: PathBuf,
        /// What the user calls the ledger.
        name: String,
    },
}

/// Who orders blocks together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Federation {
    /// All members but perhaps this node itself; empty for a federation of one.
    pub(crate) keyring: Vec<PublicKey>,
    pub(crate) peers: Vec<PeerArgument>,
    pub(crate) listen: SocketAddr,
    pub(crate) genesis: Option<PathBuf>,
}

/// How the API is served.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) exposure: Exposure,
    /// Who can reach the port that serves nothing but the stream.
    pub(crate) stream: Exposure,
    /// Where clients are told to open streams: scheme, host and port.
    pub(crate) streams_base: Option<String>,
    pub(crate) access: Access,
    /// Who may use the API, and the stream on its own port.
    pub(crate) guard: Guard,
    pub(crate) stream_guard: Guard,
    pub(crate) era: ApiEra,
}

impl Config {
    /// Completes the settings of the command line with those of the environment, the file and the
    /// defaults, and checks them all. `remarks` are about the command line.
    pub(crate) fn read(
        flags: Settings,
        variables: Settings,
        remarks: &[String],
    ) -> Result<Self, Failure> {
        let settings = flags.or(variables).or(environment::settings());
        let path = match &settings.config {
            Some(path) => Some(path.clone()),
            None => default_file().filter(|path| path.is_file()),
        };
        let file = match &path {
            Some(path) => file::read(path)?,
            None => file::FromFile::default(),
        };
        let key_source = match (&settings.keypair_private, &file.settings.keypair_private, path) {
            (Some(_), _, _) => Some("BIGCHAINDB_KEYPAIR_PRIVATE".to_owned()),
            (None, Some(_), Some(path)) => Some(format!("keypair.private in {}", path.display())),
            (None, _, _) => None,
        };
        let config = Self::complete(settings.or(file.settings), remarks, &file.ignored)?;
        Ok(Self { key_source, ..config })
    }

    /// The same for `configure`, which writes the file `destination`: of one that is there only the
    /// key counts, which must not be lost.
    pub(crate) fn read_for_file(
        flags: Settings,
        variables: Settings,
        destination: &Destination,
    ) -> Result<Self, Failure> {
        let mut settings = flags.or(variables).or(environment::settings());
        if let Destination::File(path) = destination
            && path.exists()
        {
            let before = file::read(path)
                .map_err(Failure::into_error)
                .context("move it away to begin with a new one: it may hold the node's key")
                .map_err(Failure::of(Kind::Settings))?
                .settings;
            let before = Settings {
                keypair_public: before.keypair_public,
                keypair_private: before.keypair_private,
                ..Settings::default()
            };
            if settings.keypair_private.is_none() {
                settings = settings.or(before);
            } else if let (Some(given), Some(kept)) =
                (&settings.keypair_private, &before.keypair_private)
                && given.0.trim() != kept.0.trim()
            {
                return Err(Failure::new(
                    Kind::Key,
                    anyhow!(
                        "{} holds another private key than BIGCHAINDB_KEYPAIR_PRIVATE: move the \
                         file away first",
                        path.display()
                    ),
                ));
            }
        }
        Self::complete(settings, &[], &[])
    }

    fn complete(
        settings: Settings,
        remarks: &[String],
        ignored: &[(String, &'static str)],
    ) -> Result<Self, Failure> {
        let token = PROGRAM.api_token();
        let mut config = checks::check(settings.completed(), token.as_deref())?;
        let entries = ignored.iter().map(|(name, remark)| {
            format!("the entry {name} of the configuration file has no effect: {remark}")
        });
        let variables = environment::without_effect(&PROGRAM.variable_names::<Settings>());
        let variables = variables
            .into_iter()
            .map(|(name, remark)| format!("the variable {name} has no effect: {remark}"));
        config.remarks = remarks.iter().cloned().chain(entries).chain(variables).collect();
        Ok(config)
    }

    /// Returns the complete settings.
    pub(crate) fn effective(&self) -> &Settings {
        &self.effective
    }
}

/// Where `configure` writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Output,
    /// This file.
    File(PathBuf),
}

impl Destination {
    /// Finds out where `configure` writes to.
    pub(crate) fn of(flags: &Settings, variables: &Settings) -> Result<Self, Failure> {
        match flags.config.as_ref().or(variables.config.as_ref()) {
            Some(path) if path == Path::new("-") => Ok(Self::Output),
            Some(path) => Ok(Self::File(path.clone())),
            None => {
                let path = default_file();
                path.map(Self::File)
                    .ok_or_else(|| Failure::settings("no home folder: give --config"))
            }
        }
    }
}

fn default_file() -> Option<PathBuf> {
    home(DEFAULT_FILE)
}

#[cfg(test)]
mod tests;
