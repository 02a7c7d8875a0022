//! Measures payments end to end: real nodes on an embedded chain, real QUIC over loopback, RocksDB
//! with real syncs. Beside each figure stands the limit that the same machine sets in the same run.
//!
//! Start reading with `cases`, which says what is measured and what it cannot do without, then
//! `limits`, which turns that into the limit.
#![allow(clippy::print_stdout, reason = "a benchmark speaks to its viewer")]

mod cases;
mod cpu;
mod document;
mod limits;
mod line;
mod load;
mod machine;
mod measure;
mod web;

use anyhow::{Context, Result, ensure};
use cases::Case;
use clap::Parser;
use limits::Rates;
use load::Plan;
use machine::Machine;
use measure::Measurement;
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use tokio::runtime::Runtime;

/// Where results and the nodes' databases go, below the workspace.
const FOLDER: &str = "target/bench";
const RESULTS: &str = "results.json";
const DOCUMENT: &str = "docs/benchmarks.md";

/// Measures payments and writes docs/benchmarks.md and target/bench/results.json.
#[derive(Debug, Parser)]
struct Args {
    /// A short run that only shows that everything works; docs/benchmarks.md stays as it is.
    #[arg(long)]
    quick: bool,
    /// Measure only cases whose name contains this; docs/benchmarks.md stays as it is.
    #[arg(long)]
    only: Option<String>,
    /// Seconds of each repetition.
    #[arg(long)]
    seconds: Option<f64>,
    /// Repetitions, of which the median counts.
    #[arg(long)]
    repetitions: Option<usize>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let root = workspace_root()?;
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).context("the folder of results cannot be made")?;
    let plan = Plan::new(args.quick, args.seconds, args.repetitions);
    let wanted: Vec<Case> = cases::all()
        .into_iter()
        .filter(|case| args.only.as_ref().is_none_or(|part| case.name().contains(part.as_str())))
        .collect();
    ensure!(!wanted.is_empty(), "no case has such a name");

    let runtime = Runtime::new()?;
    let before = Rates::measure(&folder, plan.probe)?;
    println!("{}", before.one_line());
    let measurements = measure_all(&runtime, &wanted, &plan, &folder)?;
    let after = Rates::measure(&folder, plan.probe)?;
    println!("{}", after.one_line());
    let rates = Rates::faster(&before, &after);

    let results: Vec<_> = measurements.iter().map(|measured| measured.result(&rates)).collect();
    println!("{}", document::table(&measurements, &results));
    write_json(&folder.join(RESULTS), &results)?;
    if !args.quick && args.only.is_none() {
        let machine = Machine::describe(&folder);
        let text = document::whole(&machine, &plan, &rates, &measurements, &results);
        fs::write(root.join(DOCUMENT), text).context("docs/benchmarks.md cannot be written")?;
        println!("wrote {DOCUMENT} and {FOLDER}/{RESULTS}");
    } else {
        println!("wrote {FOLDER}/{RESULTS}");
    }
    Ok(())
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
            println!("{}", measured.one_line());
            measurements.push(measured);
        }
        runtime.block_on(line.stop())?;
    }
    Ok(measurements)
}

fn write_json(path: &Path, results: &[measure::Outcome]) -> Result<()> {
    let mut text = serde_json::to_string_pretty(results)?;
    text.push('\n');
    fs::write(path, text).context("the results cannot be written")
}

/// The workspace: above this package's folder when cargo runs it, else the working directory.
fn workspace_root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    root.map_or_else(|| env::current_dir().context("there is no working directory"), Ok)
}
