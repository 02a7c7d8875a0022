//! A shop's check-out on a deal server: makes a deal, checks what the server says of it, shows where
//! to pay, is told by a webhook when the money is there, sends the goods, and lets the money go.
//!
//! `make demo-deal` in one terminal, in another one `cargo run -p deal_shop -- --pay`; without `--pay`
//! it waits until somebody pays.
#![allow(clippy::print_stdout, reason = "a demonstration speaks to its viewer")]

mod order;
mod server;
mod webhook;

use anyhow::{Context, Result, bail};
use clap::Parser;
use order::Order;
use serde_json::json;
use server::Server;
use std::{env, fs, process, time::Duration};
use webhook::Webhook;

/// How long the shop waits for whatever comes next.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Sells something through a deal server.
#[derive(Debug, Parser)]
struct Args {
    /// The deal server.
    #[arg(long, default_value = "http://127.0.0.1:4999")]
    url: String,
    /// Have the faucet of a server for trying out pay.
    #[arg(long)]
    pay: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let server = Server::new(&args.url);
    let webhook = Webhook::register(&server)?;
    let sold = sell(&server, &webhook, args.pay);
    // Else the server would go on telling nobody.
    webhook.remove(&server)?;
    sold
}

fn sell(server: &Server, webhook: &Webhook, pays: bool) -> Result<()> {
    let order = Order::now("0.005");
    // The key makes it safe to ask again if no answer comes: there will be one deal.
    let key = format!("order-{}-{}", order.date.0, process::id());
    let signed = server.post_text("deal/create?payload=text", &order.create(), &key)?;
    println!("{signed}");
    let address = order::check(server, &signed)?;
    println!("The server's signature is good, and the address is that of these terms.\n");

    let deal = server.get(&format!("deal/{address}"))?;
    let uri = deal["uri"].as_str().context("the deal has no link")?;
    let picture = env::temp_dir().join(format!("{address}.svg"));
    fs::write(&picture, server.get_text(&format!("deal/{address}/qr.svg"))?)?;
    println!("To be paid by {}:\n  {uri}\n  {}\n", deal["payment"]["until"], picture.display());
    if pays {
        let body = json!({"address": address, "sum": order.sum});
        let gift = server.post("dev/faucet", &body)?;
        println!("The faucet pays: {}", gift["txid"]);
    }

    follow(server, webhook, &order, &address)?;
    fs::remove_file(picture)?;
    Ok(())
}

/// Does what has to be done whenever something happens to the deal, until the seller is paid.
///
/// Deliveries overtake each other and come twice: they say that it is time to look, the deal itself
/// says what there is to do.
fn follow(server: &Server, webhook: &Webhook, order: &Order, address: &str) -> Result<()> {
    let mut is_completed = false;
    loop {
        let event = webhook.next(PATIENCE)?;
        if event["data"]["paymentAddress"] != address {
            continue;
        }
        println!("Told by webhook: {}", event["type"]);
        let deal = server.get(&format!("deal/{address}"))?;
        match deal["state"].as_str().unwrap_or_default() {
            "Paid" if !is_completed => {
                println!(
                    "\nThe money is there. The shop sends the goods, and the customer likes them.\n"
                );
                server.post("deal/complete", &order.complete(address))?;
                is_completed = true;
            }
            "Executed" => {
                for payout in deal["settlements"].as_array().into_iter().flatten() {
                    let (txid, fee) = (&payout["txid"], &payout["feeSat"]);
                    println!("\nPaid out by {txid}; the miner gets {fee} satoshi.");
                }
                return Ok(());
            }
            state @ ("Canceled" | "Failed") => bail!("the deal is {state}: {}", deal["failure"]),
            _ => {}
        }
    }
}
