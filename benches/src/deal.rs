//! Deals end to end: orders become deals with a payment address, durable and answered, unsigned or
//! signed with PGP; within the process and over HTTP. Accounts and deals in RocksDB with real syncs.
//!
//! `orders` makes orders up, `shop` is the server, `load` and `client` let it make deals, `limits` says
//! what that cannot do without.

mod client;
mod document;
mod limits;
mod load;
mod orders;
mod shop;

use crate::{
    cpu::CpuUse,
    document::Part,
    figures::{Busy, Outcome, Repetition, Summary},
    machine::Machine,
    plan::Plan,
};
use anyhow::{Context, Result, ensure};
use limits::{Limit, Rates};
use shop::Shop;
use std::{path::Path, time::Duration};
use tokio::runtime::Runtime;

/// Orders at the same time, where deals per second are measured.
const CLIENTS: usize = 256;
/// Where latencies are.
const CLIENTS_MODERATE: usize = 8;

/// One case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Case {
    /// Whether answers are signed with PGP.
    is_signed: bool,
    /// Whether orders come over HTTP.
    is_http: bool,
}

impl Case {
    const ALL: [Self; 4] = [
        Self { is_signed: false, is_http: false },
        Self { is_signed: true, is_http: false },
        Self { is_signed: false, is_http: true },
        Self { is_signed: true, is_http: true },
    ];

    fn name(self) -> String {
        let kind = if self.is_signed { "signed" } else { "unsigned" };
        let way = if self.is_http { ".http" } else { "" };
        format!("deal.create.{kind}{way}")
    }
}

/// Deals that were made for a while.
#[derive(Debug)]
struct Run {
    time: Duration,
    latencies: Vec<Duration>,
    /// By this process, and by others.
    cpu: Option<CpuUse>,
    /// Bytes of all answers' bodies; none within the process.
    answered_bytes: u64,
}

/// What was measured of a case.
#[derive(Debug)]
struct Measured {
    case: Case,
    summary: Summary,
    limit: Limit,
    /// How many deals there were in the end.
    deals: u64,
}

/// Measures the cases whose names are wanted; returns their figures and the part of the document.
///
/// # Errors
///
/// An order that is not answered by a deal, or a deal that is not stored.
pub(crate) fn run(
    folder: &Path,
    plan: &Plan,
    arguments: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<Outcome>, Vec<Part>)> {
    let cases: Vec<Case> = Case::ALL.into_iter().filter(|case| is_wanted(&case.name())).collect();
    if cases.is_empty() {
        return Ok((vec![], vec![]));
    }
    let rates = Rates::measure(folder, plan.probe)?;
    let mut all = vec![];
    for case in cases {
        let name = case.name();
        let measured =
            measure(folder, plan, &rates, case).with_context(|| format!("during {name}"))?;
        println!("{}", document::line(&measured));
        all.push(measured);
    }
    // The faster of before and after counts: other programs only ever slow a machine down.
    let rates = rates.faster(Rates::measure(folder, plan.probe)?);
    for measured in &mut all {
        measured.limit = rates.limit(measured.case, measured.limit.empty);
    }
    println!("{}", document::tables(&all));
    let part = document::part(&Machine::describe(folder), arguments, plan, &rates, &all);
    Ok((document::outcomes(&all), vec![part]))
}

fn measure(folder: &Path, plan: &Plan, rates: &Rates, case: Case) -> Result<Measured> {
    let runtime = Runtime::new()?;
    let shop = Shop::open(&runtime, folder)?;
    let make = |clients, time| match case.is_http {
        true => client::run(shop.address(), &shop.orders, case.is_signed, clients, time),
        false => load::run(&runtime, &shop, case.is_signed, clients, time),
    };
    let warm = make(CLIENTS, plan.warm_up)?;
    let mut deals = warm.latencies.len() as u64;
    let (mut repetitions, mut busy) = (vec![], vec![]);
    for _ in 0..plan.repetitions {
        let full = make(CLIENTS, plan.each)?;
        let moderate = make(CLIENTS_MODERATE, plan.each)?;
        let count = full.latencies.len();
        deals += (count + moderate.latencies.len()) as u64;
        busy.extend(full.cpu.map(|used| Busy::of(&used, full.time.as_secs_f64(), count as f64)));
        let one = Repetition::of(full.latencies, full.time).context("nothing was answered")?;
        let calm = Repetition::of(moderate.latencies, moderate.time);
        let Repetition { p50, p99, .. } = calm.context("nothing was answered")?;
        repetitions.push(Repetition { per_second: one.per_second, p50, p99 });
    }
    let stored = shop.deals(&runtime)?;
    ensure!(stored == deals, "{stored} deals are stored, and {deals} were answered");
    let empty = case.is_http.then(|| {
        let bytes = usize::try_from(warm.answered_bytes / warm.latencies.len().max(1) as u64);
        limits::empty(&runtime, &shop.orders, bytes.unwrap_or(0), plan.probe)
    });
    let limit = rates.limit(case, empty.transpose()?);
    shop.close(&runtime)?;
    let summary = Summary::of(&repetitions, busy.last().copied());
    Ok(Measured { case, summary, limit, deals })
}
