//! The directory end to end: signed queries over HTTP, answered from a directory with many ratings
//! and billed, and how fast a directory is filled. Directory and accounts in RocksDB with real syncs.
//!
//! `kinds` says what is asked, `client` asks it, `limits` says what that cannot do without,
//! `indexing` makes up the chain, `provider` puts it all together.

mod client;
mod document;
mod indexing;
mod kinds;
mod limits;
mod provider;

use crate::{
    document::Part,
    figures::{Busy, Outcome, Repetition, Summary},
    machine::Machine,
    plan::Plan,
};
use anyhow::{Context, Result, ensure};
use client::{Run, Work};
use indexing::Indexed;
use kinds::{Kind, Size};
use limits::{Limit, Rates};
use provider::{Provider, Start};
use std::{path::Path, time::Duration};
use tokio::runtime::Runtime;

/// Users who ask at the same time, where queries per second are measured.
const CLIENTS: usize = 256;
/// Where latencies are.
const CLIENTS_MODERATE: usize = 8;
/// Blocks that are indexed: of the usual run, and of a short one.
const BLOCKS: u64 = 5000;
const BLOCKS_QUICK: u64 = 200;

/// One kind of query at one size.
#[derive(Debug)]
struct Asked {
    kind: Kind,
    summary: Summary,
    limit: Limit,
    /// Of a query, the server alone; nothing where the kernel does not say.
    server: Option<Duration>,
}

/// What was measured with one number of ratings.
#[derive(Debug)]
struct Stage {
    asked: Vec<Asked>,
    start: Start,
    /// Blocks instead of records; with one of the sizes only.
    blocks: Option<Indexed>,
}

/// Measures the cases whose names are wanted; returns their figures and the parts of the document.
///
/// # Errors
///
/// A query that is not answered, or answered without being paid.
pub(crate) fn run(
    folder: &Path,
    plan: &Plan,
    is_full: bool,
    arguments: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<Outcome>, Vec<Part>)> {
    let parts: &[&[Size]] = match (plan.is_quick, is_full) {
        (true, _) => &[&[Size::TenThousand]],
        (false, false) => &[&[Size::TenThousand, Size::Million]],
        (false, true) => &[&[Size::TenThousand, Size::Million], &[Size::TenMillion]],
    };
    let (mut outcomes, mut written) = (vec![], vec![]);
    for sizes in parts {
        let mut stages = vec![];
        for size in *sizes {
            let kinds = Kind::ALL.into_iter().filter(|kind| is_wanted(&kind.name(*size)));
            let kinds: Vec<Kind> = kinds.collect();
            if !kinds.is_empty() || is_wanted(&index_name(*size)) {
                stages.push(measure(folder, plan, *size, &kinds)?);
            }
        }
        if stages.is_empty() {
            continue;
        }
        println!("{}", document::tables(&stages));
        outcomes.extend(document::outcomes(&stages));
        written.push(document::part(&Machine::describe(folder), arguments, plan, &stages));
    }
    Ok((outcomes, written))
}

/// The name of the case of filling a directory with so many ratings.
fn index_name(size: Size) -> String {
    match size {
        Size::Million => "apip.index".to_owned(),
        Size::TenThousand | Size::TenMillion => format!("apip.index.{}", size.name()),
    }
}

fn measure(folder: &Path, plan: &Plan, size: Size, kinds: &[Kind]) -> Result<Stage> {
    let runtime = Runtime::new()?;
    let rates = Rates::measure(folder, plan.probe)?;
    let mut provider = Provider::start(&runtime, folder, size, CLIENTS)?;
    let mut asked = vec![];
    let mut expected = 0;
    for kind in kinds {
        let name = kind.name(size);
        let (measured, queries) = ask(&runtime, &mut provider, &rates, *kind, plan)
            .with_context(|| format!("during {name}"))?;
        expected += queries;
        println!("{}", document::line(&name, &measured));
        asked.push(measured);
    }
    let paid = provider.paid(&runtime)?;
    ensure!(paid == expected, "{paid} queries were paid, and {expected} answered");
    let Provider { web, start, .. } = provider;
    runtime.block_on(web.stop())?;
    let is_last = size == Size::Million || plan.is_quick;
    let blocks = is_last.then(|| index_blocks(&runtime, folder, plan)).transpose()?;
    Ok(Stage { asked, start, blocks })
}

fn index_blocks(runtime: &Runtime, folder: &Path, plan: &Plan) -> Result<Indexed> {
    let scratch = tempfile::tempdir_in(folder)?;
    let store = provider::open(scratch.path(), tally_apip_node::TABLES, provider::MEMORY)?;
    indexing::blocks(runtime, &store, if plan.is_quick { BLOCKS_QUICK } else { BLOCKS })
}

/// Measures one kind of query; returns how many were answered beside it.
fn ask(
    runtime: &Runtime,
    provider: &mut Provider,
    rates: &Rates,
    kind: Kind,
    plan: &Plan,
) -> Result<(Asked, u64)> {
    let (address, size) = (provider.web.address(), provider.start.size);
    let work = Work { address, kind, size };
    let users = &mut provider.users;
    let warm = client::run(work, users, plan.warm_up)?;
    let mut queries = warm.latencies.len() as u64;
    let (mut repetitions, mut busy, mut server) = (vec![], vec![], vec![]);
    for _ in 0..plan.repetitions {
        let full = client::run(work, users, plan.each)?;
        let moderate = client::run(work, &mut users[..CLIENTS_MODERATE], plan.each)?;
        let count = full.latencies.len();
        queries += (count + moderate.latencies.len()) as u64;
        server.extend(server_time(&full));
        let Run { time, latencies, cpu, .. } = full;
        busy.extend(cpu.map(|used| Busy::of(&used, time.as_secs_f64(), count as f64)));
        let one = Repetition::of(latencies, time).context("nothing was answered")?;
        let calm = Repetition::of(moderate.latencies, moderate.time);
        let Repetition { p50, p99, .. } = calm.context("nothing was answered")?;
        repetitions.push(Repetition { per_second: one.per_second, p50, p99 });
    }
    server.sort_unstable();
    let server = server.get(server.len() / 2).copied();
    let limit = rates.limit(runtime, work, users, warm.bytes(), plan.probe)?;
    let summary = Summary::of(&repetitions, busy.last().copied());
    Ok((Asked { kind, summary, limit, server }, queries))
}

/// Processor time of the server for each query: that of this process less that of the clients.
fn server_time(run: &Run) -> Option<Duration> {
    let own = Duration::from_secs_f64(run.cpu?.own);
    let count = u32::try_from(run.latencies.len().max(1)).ok()?;
    Some(own.saturating_sub(run.clients) / count)
}
