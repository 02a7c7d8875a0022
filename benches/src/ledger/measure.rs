//! One case's figures, from what the load noted.

use super::{
    cases::{Case, Way},
    load::{Clients, Run},
    target::Target,
};
use crate::{
    cpu::CpuUse,
    figures::{Busy, Repetition, Summary},
    plan::Plan,
    web::Web,
};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};
use tally_bigchain_api::BigchainApi;
use tally_ledger_node::NodeHandle;
use tokio::runtime::Runtime;

/// Transactions of each client in one repetition, some 30,000 of all.
pub(super) const EACH_CALL: usize = 16;
/// Of a federation some 8,000, as its nodes share the cores.
const EACH_TOGETHER: usize = 4;
/// Over HTTP some 8,000.
const EACH_HTTP: usize = 128;

/// How long a member may be behind.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Measures a case of a node that is alone.
pub(crate) fn alone(
    runtime: &Runtime,
    node: &NodeHandle,
    case: &Case,
    plan: &Plan,
) -> Result<Summary> {
    match case.way {
        Way::Call => drive(runtime, &Target::Nodes(vec![node.clone()]), &[node], case, plan),
        Way::Http => {
            let api = node.clone();
            let web = runtime
                .block_on(Web::start(|shutdown| BigchainApi::new(api, shutdown).into_service()))?;
            let target = Target::Url(format!("{}/api/v1/transactions?mode=commit", web.url()));
            let summary = drive(runtime, &target, &[node], case, plan);
            runtime.block_on(web.stop())?;
            summary
        }
    }
}

/// Measures a case of a federation; each client posts to one of its nodes.
pub(crate) fn together(
    runtime: &Runtime,
    nodes: &[NodeHandle],
    case: &Case,
    plan: &Plan,
) -> Result<Summary> {
    let all: Vec<&NodeHandle> = nodes.iter().collect();
    drive(runtime, &Target::Nodes(nodes.to_vec()), &all, case, plan)
}

/// Warms up and runs the repetitions; checks that every node counts what was posted.
fn drive(
    runtime: &Runtime,
    target: &Target,
    nodes: &[&NodeHandle],
    case: &Case,
    plan: &Plan,
) -> Result<Summary> {
    let before: Vec<u64> = runtime.block_on(level(nodes))?;
    // Another number on every ledger, also if it is used again.
    let label = format!("{} after {}", case.name(), before[0]);
    let mut clients = Clients::start(runtime, target, case.work, case.in_flight(), &label)?;
    let each = match case.way {
        _ if plan.is_quick => 2,
        Way::Call if case.nodes > 1 => EACH_TOGETHER,
        Way::Call => EACH_CALL,
        Way::Http => EACH_HTTP,
    };
    clients.run(runtime, target, each.div_ceil(2))?;
    let runs = (0..plan.repetitions)
        .map(|_| clients.run(runtime, target, each))
        .collect::<Result<Vec<Run>>>()?;
    for (node, before) in nodes.iter().zip(before) {
        let posted = clients.posted();
        let stored = runtime.block_on(stored(node, before, posted));
        ensure!(stored == posted, "{posted} transactions became valid, but {stored} are stored");
    }
    summary(runs)
}

/// Waits until all nodes have stored the same, and returns how many transactions that are.
async fn level(nodes: &[&NodeHandle]) -> Result<Vec<u64>> {
    let asked = Instant::now();
    loop {
        let stored: Vec<u64> = nodes.iter().map(|node| node.status().transactions).collect();
        if stored.windows(2).all(|pair| pair[0] == pair[1]) {
            return Ok(stored);
        }
        ensure!(asked.elapsed() < PATIENCE, "the nodes have stored {stored:?} transactions");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns how many transactions a node has stored since it had `before`. A member of a federation
/// may be a little behind: it is waited for until it has as many as were posted.
async fn stored(node: &NodeHandle, before: u64, posted: u64) -> u64 {
    let asked = Instant::now();
    loop {
        let stored = node.status().transactions - before;
        if stored >= posted || asked.elapsed() > PATIENCE {
            return stored;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn summary(runs: Vec<Run>) -> Result<Summary> {
    let (mut used, mut seconds, mut count) = (CpuUse::default(), 0.0, 0);
    let mut repetitions = vec![];
    for Run { time, latencies, cpu } in runs {
        if let Some(cpu) = cpu {
            used.own += cpu.own;
            used.others += cpu.others;
        }
        seconds += time.as_secs_f64();
        count += latencies.len();
        repetitions.push(Repetition::of(latencies, time).context("nothing was posted")?);
    }
    let busy = (used.own > 0.0).then(|| Busy::of(&used, seconds, count as f64));
    Ok(Summary::of(&repetitions, busy))
}
