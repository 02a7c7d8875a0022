//! Deal daemon. All behaviour lives in the libraries; this program reads its settings, wires the
//! libraries together and runs until it is told to stop.

mod command_line;
mod config;
mod dev;
mod run;
mod wiring;

use command_line::{Invocation, PROGRAM};
use config::Config;
use std::process::ExitCode;
use tally_daemon::{Failure, Order};

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(PROGRAM.name),
    }
}

fn start() -> Result<(), Failure> {
    let Invocation { order, settings } = Invocation::read()?;
    let config = Config::read(settings)?;
    match order {
        Order::ShowConfig => config.show(),
        Order::Run => {
            config.logging.start()?;
            run::until_stopped(config)
        }
    }
}
