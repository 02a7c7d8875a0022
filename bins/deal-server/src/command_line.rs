//! What the user typed.

use crate::config::Settings;
use clap::Parser;
use std::ffi::OsString;
use tally_daemon::{Failure, Order, Program, Verb};

/// The daemon, as its user calls it.
pub(crate) const PROGRAM: Program =
    Program { name: "deal-server", prefix: "DEAL_", main: None, without_settings: &[] };

/// What to do and with which settings.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) order: Order,
    /// Flags, and environment variables where there is no flag.
    pub(crate) settings: Settings,
}

/// Deals between sellers and customers whose money waits in escrow, in messages that are signed by
/// PGP.
///
/// Every setting is a flag, an environment variable or an entry of the TOML file given by --config;
/// a flag wins over a variable, and a variable over the file. An entry of the file is named like its
/// flag: `module-fee = "0.1%"`. With --dev alone a complete server starts, with a chain of its own
/// and a faucet.
#[derive(Debug, Parser)]
#[command(name = "deal-server", version, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Verb>,
}

impl Invocation {
    /// Reads the command line and the environment. Prints help and usage errors itself, and then
    /// does not return.
    pub(crate) fn read() -> Result<Self, Failure> {
        let read = Self::parse(std::env::args_os().collect()).unwrap_or_else(|error| error.exit());
        Ok(Self { settings: read.settings.or(PROGRAM.variables()?), ..read })
    }

    pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let command = PROGRAM.command::<CommandLine, Settings>();
        let (CommandLine { command }, settings) = PROGRAM.parse(command, arguments)?;
        Ok(Self { order: command.into(), settings })
    }
}
