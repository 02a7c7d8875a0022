//! Seven payment nodes on an embedded chain, with the channels and deposits of the users'
//! document, perform its scenes one to seven over their HTTP APIs.
//!
//! Everything is in this process and in memory: no database, no chain client, nothing to clean up.
#![allow(clippy::print_stdout, reason = "a demonstration speaks to its viewer")]

mod client;
mod network;
mod scenes;
mod stage;
mod table;

use anyhow::Result;
use clap::Parser;
use network::Network;
use stage::Stage;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Seven payment nodes pay each other.
#[derive(Debug, Parser)]
struct Args {
    /// End when the scenes are over instead of leaving the nodes running.
    #[arg(long)]
    exit: bool,
    /// The port of node 1's API; the others follow. 0 takes any free ports.
    #[arg(long, default_value_t = 5001)]
    first_port: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let network = Arc::new(Network::start(args.first_port).await?);
    let stage_network = Arc::clone(&network);
    let stage = tokio::task::spawn_blocking(move || perform(&stage_network)).await??;
    if !args.exit {
        network.let_time_pass();
        print_invitation(&stage);
        tokio::signal::ctrl_c().await?;
    }
    network.shut_down().await
}

fn perform(network: &Network) -> Result<Stage> {
    let mut stage = Stage::new(network)?;
    println!("Seven nodes");
    for (number, client, address) in stage.nodes() {
        println!("    {number}  {address}  {}/docs", client.base());
    }
    stage.open_channels()?;
    println!("\nEight channels in token {}", stage.token);
    table::print_all(&table::balances(&stage)?);
    network.wait_all_connected()?;
    scenes::play(&stage, network)?;
    println!("\nAll scenes done; no token was created or lost, no lock is left.");
    Ok(stage)
}

fn print_invitation(stage: &Stage) {
    let (base, token) = (stage.node(1).base(), &stage.token);
    println!("\nThe nodes keep running until Ctrl-C. Try, for example:");
    println!("    curl {base}/api/1/channels");
    println!(
        "    curl -X POST -H 'Content-Type: application/json' -d '{{\"amount\": 5}}' \\\n        \
         {base}/api/1/transfers/{token}/{}",
        stage.address(6)
    );
    println!("    curl {base}/api/1/events/network");
}
