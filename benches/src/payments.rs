//! Payments end to end: real nodes on an embedded chain, real QUIC over loopback, RocksDB with real
//! syncs.
//!
//! `cases` says what is measured and what it cannot do without; `limits` turns that into the limit.

mod cases;
mod document;
mod limits;
mod line;
mod load;
mod measure;
mod web;

use crate::{document::Part, figures::Outcome, machine::Machine, plan::Plan};
use anyhow::{Context, Result};
use cases::Case;
use limits::Rates;
use measure::Measurement;
use std::path::Path;
use tokio::runtime::Runtime;

/// Measures the cases whose names are wanted; returns their figures and the part of the document.
///
/// # Errors
///
/// A node that fails, or money that was lost or made.
pub(crate) fn run(
    folder: &Path,
    plan: &Plan,
    arguments: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<Outcome>, Option<Part>)> {
    let wanted: Vec<Case> =
        cases::all().into_iter().filter(|case| is_wanted(&case.name())).collect();
    if wanted.is_empty() {
        return Ok((vec![], None));
    }
    let runtime = Runtime::new()?;
    let before = Rates::measure(folder, plan.probe)?;
    println!("{}", before.one_line());
    let measurements = measure_all(&runtime, &wanted, plan, folder)?;
    let after = Rates::measure(folder, plan.probe)?;
    println!("{}", after.one_line());
    let rates = Rates::faster(&before, &after);
    let outcomes: Vec<_> = measurements.iter().map(|measured| measured.result(&rates)).collect();
    println!("{}", document::table(&outcomes));
    let machine = Machine::describe(folder);
    let part = document::part(&machine, arguments, plan, &rates, &measurements, &outcomes);
    Ok((outcomes, Some(part)))
}

/// Measures the cases. Those on the same number of nodes share a network.
fn measure_all(
    runtime: &Runtime,
    wanted: &[Case],
    plan: &Plan,
    folder: &Path,
) -> Result<Vec<Measurement>> {
    let mut measurements = vec![];
    for cases in wanted.chunk_by(|one, next| one.nodes() == next.nodes()) {
        let nodes = cases[0].nodes();
        let line = runtime.block_on(line::Line::start(nodes, folder))?;
        let mut paid = 0;
        for case in cases {
            let measured = measure::run(runtime, &line, *case, plan)
                .with_context(|| format!("during {}", case.name()))?;
            paid += measured.payments;
            runtime
                .block_on(line.verify(paid))
                .with_context(|| format!("after {}", case.name()))?;
            println!("{}", measured.summary.one_line(&case.name()));
            measurements.push(measured);
        }
        runtime.block_on(line.stop())?;
    }
    Ok(measurements)
}
