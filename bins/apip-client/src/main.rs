//! Asks directories on the command line. What it can do is in the library `tally-apip-client`; this
//! program reads arguments, keeps the session between two calls, and prints.

mod command;
mod command_line;
mod conditions;
mod failure;
mod indent;
mod key;
mod session_file;

use clap::Parser as _;
use command_line::CommandLine;
use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run(&CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
