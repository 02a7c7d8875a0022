//! What the user typed: flags, environment, and flags of older versions.

mod retired;

use crate::config::Settings;
use clap::Parser;
pub(crate) use retired::Retired;
use std::ffi::OsString;
use tally_daemon::{Failure, Order, Program, Verb};

/// The daemon, as its user calls it.
pub(crate) const PROGRAM: Program =
    Program { name: "smartraiden-node", prefix: "SMARTRAIDEN_", main: None, without_settings: &[] };

/// What to do and with which settings.
pub(crate) struct Invocation {
    pub(crate) order: Order,
    /// Flags, and environment variables where there is no flag.
    pub(crate) settings: Settings,
    /// Flags of older versions that were given.
    pub(crate) retired: Vec<Retired>,
}

/// Instant ERC-20 payments over a network of payment channels.
///
/// Every setting is a flag, an environment variable or an entry of the TOML file given by --config;
/// a flag wins over a variable, and a variable over the file. An entry of the file is named like its
/// flag: `settle-timeout = 100`. With --dev alone a complete node starts, with a chain of its own.
#[derive(Debug, Parser)]
#[command(name = "smartraiden-node", version, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Verb>,
}

impl Invocation {
    /// Reads the command line and the environment. Prints help and usage errors itself, and then
    /// does not return.
    pub(crate) fn read() -> Result<Self, Failure> {
        let arguments = std::env::args_os().collect();
        let read = Self::parse(arguments).unwrap_or_else(|error| error.exit());
        Ok(Self { settings: read.settings.or(PROGRAM.variables()?), ..read })
    }

    fn parse(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let (arguments, retired) = retired::take_out(arguments);
        let command = PROGRAM.command::<CommandLine, Settings>();
        let (CommandLine { command }, settings) = PROGRAM.parse(command, arguments)?;
        Ok(Self { order: command.into(), settings, retired })
    }
}

#[cfg(test)]
mod tests;
