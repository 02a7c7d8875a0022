//! Payment channel daemon. All behaviour lives in the libraries; this program reads its settings,
//! wires the libraries together and runs until it is told to stop.

mod command_line;
mod config;
mod failure;
mod logging;
mod run;
mod wiring;

use command_line::{Invocation, Order};
use config::Config;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn start() -> Result<(), Failure> {
    let Invocation { order, settings, retired } = Invocation::read();
    let config = Config::read(settings)?;
    match order {
        Order::ShowConfig => config.show(),
        Order::Run => {
            logging::start(&config.logging)?;
            for flag in &retired {
                tracing::warn!(flag = flag.name, "{}", flag.advice);
            }
            run::until_stopped(config)
        }
    }
}
