//! What the user typed: commands and flags.

mod legacy;
mod load;

pub(crate) use load::{LoadArguments, LoadKind};

use crate::config::Settings;
use clap::{
    Arg, Args as _, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint,
    builder::Resettable,
    error::{ContextKind, ContextValue},
};
use std::{ffi::OsString, path::PathBuf};

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

/// The settings alone, for reading the environment.
#[derive(Debug, Parser)]
#[command(name = "bigchain-node")]
struct Variables {
    #[command(flatten)]
    settings: Settings,
}

/// Commands that have no use for the settings of a node.
const WITHOUT_SETTINGS: &[&str] = &["load"];

impl Invocation {
    /// Reads the command line and the environment. Prints help and usage errors itself, and then
    /// does not return.
    pub(crate) fn read() -> Self {
        Self::parse(std::env::args_os().collect()).unwrap_or_else(|error| error.exit())
    }

    fn parse(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let (arguments, remarks) = legacy::translate(arguments);
        let matches = command().try_get_matches_from(arguments)?;
        let mut flags = Settings::default();
        // A flag may stand before or after the command; the later one is meant.
        let mut level = Some(&matches);
        while let Some(matches) = level {
            if matches.try_contains_id("data_dir").is_ok() {
                flags = Settings::from_arg_matches(matches)?.or(flags);
            }
            level = matches.subcommand().map(|(_, matches)| matches);
        }
        let CommandLine { order } = CommandLine::from_arg_matches(&matches)?;
        let variables = Variables::try_parse_from(["bigchain-node"]).map_err(blame_variable)?;
        let variables = variables.settings;
        Ok(Self { order, flags, variables, remarks })
    }
}

/// Returns the command line's description. The variables are read apart, because a flag before the
/// command must win over the variable of the same flag after it.
fn command() -> Command {
    let with_settings = |command: Command| {
        // Adding the settings also replaces what the command says of itself.
        let (short, long) = (command.get_about().cloned(), command.get_long_about().cloned());
        let command = Settings::augment_args(command);
        let command = command.about(Resettable::from(short)).long_about(Resettable::from(long));
        command.mut_args(|argument| match variable(&argument) {
            Some(name) => described(argument, &name),
            None => argument,
        })
    };
    let command = CommandLine::command().mut_subcommands(|command| {
        if WITHOUT_SETTINGS.contains(&command.get_name()) {
            return command;
        }
        let writes_file = command.get_name() == "configure";
        let command = with_settings(command).mut_subcommands(with_settings);
        if !writes_file {
            return command;
        }
        command.mut_arg("config", |argument| {
            argument.help(
                "File to write; - is standard output. [default: ~/.bigchaindb] \
                 [env: BIGCHAINDB_CONFIG_PATH]",
            )
        })
    });
    with_settings(command)
}

/// Names the variable in an error about its value: the user gave no flag.
fn blame_variable(mut error: clap::Error) -> clap::Error {
    let flag = match error.get(ContextKind::InvalidArg) {
        // `--flag <VALUE>`, and more for a flag that may be repeated.
        Some(ContextValue::String(usage)) => usage.split([' ', '=', '[']).next().map(str::to_owned),
        _ => None,
    };
    let settings = Variables::command();
    let blamed = settings.get_arguments().find(|argument| {
        let name = argument.get_long().map(|name| format!("--{name}"));
        name.is_some() && name == flag
    });
    if let Some(name) = blamed.and_then(variable) {
        error.insert(ContextKind::InvalidArg, ContextValue::String(name));
    }
    error
}

fn variable(argument: &Arg) -> Option<String> {
    argument.get_env()?.to_str().map(str::to_owned)
}

fn described(argument: Arg, variable: &str) -> Arg {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    argument.env(None).help(format!("{help} [env: {variable}]"))
}

/// Returns the names of the variables that stand for flags.
pub(crate) fn variables() -> Vec<String> {
    Variables::command().get_arguments().filter_map(variable).collect()
}

#[cfg(test)]
mod tests;
