//! Deals that are made within the process: what the module does with a body, and what the server
//! does with the message.

use super::{Run, shop::Shop};
use crate::cpu::CpuTime;
use anyhow::{Result, ensure};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};
use tally_deal::{Document, Order, Request};
use tally_deal_node::{DealCall, DealMessage};
use tokio::{runtime::Runtime, task::JoinSet};

/// Lets so many tasks order at once, each one deal at a time, for `time`.
pub(crate) fn run(
    runtime: &Runtime,
    shop: &Shop,
    is_signed: bool,
    clients: usize,
    time: Duration,
) -> Result<Run> {
    let before = CpuTime::now();
    let started = Instant::now();
    let latencies = runtime.block_on(all(shop, is_signed, clients, started + time))?;
    let cpu = before.zip(CpuTime::now()).map(|(before, after)| after.since(&before));
    Ok(Run { time: started.elapsed(), latencies, cpu, answered_bytes: 0 })
}

async fn all(
    shop: &Shop,
    is_signed: bool,
    clients: usize,
    until: Instant,
) -> Result<Vec<Duration>> {
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (server, orders) = (shop.server.clone(), Arc::clone(&shop.orders));
        tasks.spawn(async move {
            let (mut text, mut latencies) = (String::new(), vec![]);
            while Instant::now() < until {
                orders.write(&mut text)?;
                let asked = Instant::now();
                let document = Document::from_json(text.as_bytes(), Some(Order::Create))?;
                let request = Request::read(document, server.config().network)?;
                let checked = server.check(request).await??;
                let message = DealMessage::Checked(Box::new(checked));
                let call = DealCall { message, origin: Shop::origin(), is_signed };
                let answer = server.deal(call).await?;
                ensure!(answer.success, "refused: {}", answer.message);
                black_box(answer);
                latencies.push(asked.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = vec![];
    while let Some(ended) = tasks.join_next().await {
        latencies.extend(ended??);
    }
    Ok(latencies)
}
