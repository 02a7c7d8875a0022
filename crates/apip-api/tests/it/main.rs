//! The API as clients see it: a directory filled from records, accounts in memory, requests and
//! answers byte by byte.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod billing;
mod codes;
mod hostile;
mod late;
mod records;
mod seeds;
mod sign_in;
mod surface;
mod world;
