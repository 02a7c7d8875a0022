//! Creates an asset, transfers it, and looks both up, on a ledger inside of this process: no daemon,
//! no database, no network.
//!
//! `cargo run -p asset_ledger`
#![allow(clippy::print_stdout, reason = "a demonstration speaks to its viewer")]

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use std::sync::Arc;
use tally_crypto::ed25519::{PublicKey, SigningKey};
use tally_ledger::{Transaction, Version, build::Draft};
use tally_ledger_node::{
    LedgerNode, Mode, NodeConfig, NodeHandle, OutputFilter, PostError, TABLES,
};
use tally_storage::MemoryStore;

/// Items of a listing that are asked for at once.
const PAGE: usize = 10;

#[tokio::main]
async fn main() -> Result<()> {
    let store = Arc::new(MemoryStore::new(TABLES));
    let node = LedgerNode::start(NodeConfig::default(), new_key(1), store)?;
    let ledger = node.handle();
    println!("A ledger begins with block {}", ledger.info().genesis);

    let (alice, bob) = (new_key(2), new_key(3));
    let creation = Draft::create(Version::Flat2_0, &[alice.public_key()])
        .asset_data(r#"{"bicycle": {"serial_number": "abcd1234", "manufacturer": "bkfab"}}"#)
        .metadata(r#"{"planet": "earth"}"#)
        .output(1, &[alice.public_key()])
        .sign(&[&alice])?;
    post(&ledger, &creation).await?;
    println!("Alice created the asset {}", creation.asset_id());

    let transfer = Draft::transfer(Version::Flat2_0, creation.asset_id())
        .input(&creation, 0)
        .output(1, &[bob.public_key()])
        .sign(&[&alice])?;
    post(&ledger, &transfer).await?;
    println!("Alice transferred it to Bob by {}", transfer.id());

    // The same output again, to herself.
    let again = Draft::transfer(Version::Flat2_0, creation.asset_id())
        .input(&creation, 0)
        .output(1, &[alice.public_key()])
        .sign(&[&alice])?;
    match ledger.post(Bytes::from(again.to_json().to_owned()), Mode::Async).await {
        Err(PostError::Rejected(rejection)) => {
            println!("Alice cannot transfer it again: {}", rejection.message);
        }
        other => anyhow::bail!("a double spend was not refused: {other:?}"),
    }

    println!("Alice has {} unspent outputs", unspent(&ledger, alice.public_key()).await?);
    println!("Bob has {} unspent outputs", unspent(&ledger, bob.public_key()).await?);
    let id = transfer.id();
    let status = ledger.read(move |reader| reader.status(&id)).await?;
    let block = status.and_then(|status| status.block()).context("the transfer has no block")?;
    println!("The transfer is in block {} at height {}", block.id, block.height);
    ensure!(unspent(&ledger, bob.public_key()).await? == 1, "Bob owns the asset");

    ledger.stop();
    node.stopped().await;
    Ok(())
}

/// Posts a transaction and waits until it is valid.
async fn post(ledger: &NodeHandle, transaction: &Transaction) -> Result<()> {
    let text = Bytes::from(transaction.to_json().to_owned());
    ledger.post(text, Mode::Commit).await?;
    Ok(())
}

/// Counts what somebody owns.
async fn unspent(ledger: &NodeHandle, owner: PublicKey) -> Result<usize> {
    let page = ledger.read(move |reader| {
        let store = reader.store();
        Ok(store.outputs_by_owner(&owner, OutputFilter::Unspent, None, PAGE)?)
    });
    Ok(page.await?.items.len())
}

/// Makes a key of a number, so that the example prints the same every time. Never do so with a key
/// that owns something.
fn new_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}
