//! A client against scripted servers: every byte it sends is checked, and what it makes of every
//! kind of answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod free;
mod pages;
mod query;
mod scripted;
mod sign_in;
mod tls;

use scripted::{Received, SESSION_KEY, Scripted};
use tally_apip_client::{Client, Directory, Session};
use tally_crypto::fch::PrivateKey;

/// The user of the samples in the documents.
fn key() -> PrivateKey {
    PrivateKey::from_wif("L2bHRej6Fxxipvb4TiR5bu1rkT3tRp8yWEsUy4R1Zb8VMm2x7sd8").unwrap()
}

fn directory(server: &Scripted) -> Directory {
    Directory::at(server.head().parse().unwrap())
}

fn client(server: &Scripted) -> Client {
    Client::new(directory(server), Session::from_hex(SESSION_KEY, None).unwrap())
}

fn only(server: &Scripted) -> Received {
    let [received] = server.received().try_into().unwrap();
    received
}
