//! The directory.

mod config;
mod error;
mod layers;
mod lock;
mod output_row;
mod records;
mod resolve;
mod script;
mod tables;
mod undo;
mod warm;

pub use config::AddressVersions;
pub use error::{BlockError, FollowError, OpenError, ReadError};
pub use tables::TABLES;
