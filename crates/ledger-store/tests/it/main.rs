//! The ledger's tables against a model that scans, against failing disks and against damage.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod crash;
mod damage;
mod histories;
mod model;
mod race;
mod refusals;
mod rings;
mod world;
