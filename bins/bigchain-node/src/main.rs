//! Asset ledger daemon. All behaviour lives in the libraries; this program reads its settings, wires
//! the libraries together and runs until it is told to stop. Its other commands look after what the
//! daemon keeps.

mod command;
mod command_line;
mod config;
mod key;
mod ledger;
mod load;
mod run;
mod wiring;

use command_line::{ConfigOrder, Invocation, Order, PROGRAM};
use config::{Config, Destination};
use std::process::ExitCode;
use tally_daemon::Failure;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(PROGRAM.name),
    }
}

fn start() -> Result<(), Failure> {
    let Invocation { order, flags, variables, remarks } = Invocation::read()?;
    let read = |flags, variables| Config::read(flags, variables, &remarks);
    match order {
        Order::Configure => {
            let destination = Destination::of(&flags, &variables)?;
            let config = Config::read_for_file(flags, variables, &destination)?;
            command::configure(&config, &destination)
        }
        Order::Load(arguments) => load::run(&arguments),
        Order::ShowConfig => command::show(&read(flags, variables)?.as_json()?),
        Order::Config(ConfigOrder::Show) => {
            command::show(&tally_daemon::as_toml(read(flags, variables)?.effective())?)
        }
        Order::ExportMyPubkey => command::export_public_key(&read(flags, variables)?.key),
        Order::Init => command::init(&read(flags, variables)?),
        Order::Drop => command::drop_ledger(&read(flags, variables)?),
        Order::Verify => command::verify(&read(flags, variables)?),
        Order::Export { file } => command::export(&read(flags, variables)?, &file),
        Order::Import { file } => command::import(&read(flags, variables)?, &file),
        Order::Start => {
            let config = read(flags, variables)?;
            config.logging.start()?;
            run::until_stopped(config)
        }
    }
}
