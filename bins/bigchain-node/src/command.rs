//! The commands, one module each.

mod configure;
mod export;
mod import;
mod init;
mod key;
mod lines;
mod question;
mod verify;

pub(crate) use configure::configure;
pub(crate) use export::export;
pub(crate) use import::import;
pub(crate) use init::{drop_ledger, init, own_key};
pub(crate) use key::export_public_key;
pub(crate) use verify::verify;

use tally_daemon::Failure;

/// Prints what the user asked for.
#[expect(clippy::unnecessary_wraps, reason = "so do all commands end")]
pub(crate) fn show(text: &str) -> Result<(), Failure> {
    tally_daemon::print(text);
    Ok(())
}
