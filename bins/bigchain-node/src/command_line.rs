//! What the user typed: commands and flags.

mod legacy;
mod load;

pub(crate) use load::{LoadArguments, LoadKind};

use crate::config::Settings;
use clap::{Command, Parser, Subcommand, ValueHint};
use std::{ffi::OsString, path::PathBuf};
use tally_daemon::{Failure, Program};

/// The daemon, as its user calls it.
pub(crate) const PROGRAM: Program = Program {
    name: "bigchain-node",
    prefix: "BIGCHAINDB_",
    main: Some("start"),
    without_settings: &["load"],
};

/// What to do and with which settings.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) order: Order,
    /// What the flags say.
    pub(crate) flags: Settings,
    /// What the environment says.
    pub(crate) variables: Settings,
    /// Arguments of the original that were given and have no effect; each a sentence for the user.
    pub(crate) remarks: Vec<String>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Order {
    /// Make a key pair and write a configuration file.
    ///
    /// Asks for the main settings, unless -y is given. Without a file the node works too: this is
    /// for keeping the key, and for the members of a federation.
    Configure,
    /// Print the settings in effect as JSON, without secrets.
    ShowConfig,
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigOrder),
    /// Print this node's public key.
    ExportMyPubkey,
    /// Make the ledger and its genesis block; `start` does so too.
    ///
    /// One member of a federation runs it and hands the file genesis.json to the others, which run it
    /// with --genesis.
    Init,
    /// Delete the ledger with all its transactions.
    Drop,
    /// Run the node.
    Start,
    /// Post generated transactions to a node, and report how it fares.
    Load(LoadArguments),
    /// Check the whole ledger again: ids, signatures, votes and indexes.
    Verify,
    /// Write all blocks and votes as JSON lines.
    Export {
        /// File to write; - is standard output.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Read what `export` wrote into an empty ledger, checking every line.
    Import {
        /// File to read; - is standard input.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum ConfigOrder {
    /// Prints the settings in effect as TOML, without secrets.
    Show,
}

/// An asset ledger with blocks, votes and a federation.
///
/// `bigchain-node start` serves a ledger on http://localhost:9984 and keeps it in ~/.bigchain-node.
/// Every setting is a flag, an environment variable or an entry of the file given by --config; a flag
/// wins over a variable, and a variable over the file.
#[derive(Debug, Parser)]
#[command(name = "bigchain-node", version)]
#[command(arg_required_else_help = true, subcommand_required = true)]
struct CommandLine {
    #[command(subcommand)]
    order: Order,
}

impl Invocation {
    /// Reads the command line and the environment. Prints help and usage errors itself, and then
    /// does not return.
    pub(crate) fn read() -> Result<Self, Failure> {
        let arguments = std::env::args_os().collect();
        let read = Self::parse(arguments).unwrap_or_else(|error| error.exit());
        Ok(Self { variables: PROGRAM.variables()?, ..read })
    }

    fn parse(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let (arguments, remarks) = legacy::translate(arguments);
        let (CommandLine { order }, flags) = PROGRAM.parse(command(), arguments)?;
        Ok(Self { order, flags, variables: Settings::default(), remarks })
    }
}

/// Returns the command line's description.
fn command() -> Command {
    let command = PROGRAM.command::<CommandLine, Settings>();
    command.mut_subcommand("configure", |command| {
        command.mut_arg("config", |argument| {
            argument.help(
                "File to write; - is standard output. [default: ~/.bigchaindb] \
                 [env: BIGCHAINDB_CONFIG_PATH]",
            )
        })
    })
}

#[cfg(test)]
mod tests;
