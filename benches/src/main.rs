//! Measures what the services do for their users, end to end, with real databases and real syncs.
//! Beside each figure stands the limit that the same machine sets in the same run.
//!
//! Start reading with `payments`, `ledger`, `apip` and `deal`, which say what is measured. What they share is
//! around them: `probe` measures single operations, `bounds` is what follows from them, `figures`
//! turns latencies into figures, and `document` keeps docs/benchmarks.md.
#![allow(clippy::print_stdout, reason = "a benchmark speaks to its viewer")]

mod apip;
mod bounds;
mod cpu;
mod deal;
mod document;
mod figures;
mod ledger;
mod machine;
mod memory;
mod payments;
mod plan;
mod probe;
mod web;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use document::Part;
use figures::Outcome;
use plan::Plan;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where results and the nodes' databases go, below the workspace.
const FOLDER: &str = "target/bench";
const RESULTS: &str = "results.json";
const DOCUMENT: &str = "docs/benchmarks.md";

/// Measures payments, the ledger, the directory and deals, and writes docs/benchmarks.md and target/bench/results.json.
#[derive(Debug, Parser)]
struct Args {
    /// A short run that only shows that everything works; docs/benchmarks.md stays as it is.
    #[arg(long)]
    quick: bool,
    /// Measure the ledger with ten million stored transactions and the directory with ten million
    /// ratings, too: three quarters of an hour, 12 GB of disk and 4 GB of memory more.
    #[arg(long)]
    full: bool,
    /// Measure only cases whose name contains this; docs/benchmarks.md stays as it is.
    #[arg(long)]
    only: Option<String>,
    /// Measure one service.
    #[arg(long)]
    part: Option<Service>,
    /// Leave the filled ledgers in target/bench, and use those that an earlier run left there.
    #[arg(long)]
    keep: bool,
    /// Seconds of each repetition, for payments.
    #[arg(long)]
    seconds: Option<f64>,
    /// Repetitions, of which the median counts.
    #[arg(long)]
    repetitions: Option<usize>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    Payments,
    Ledger,
    Apip,
    Deal,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let arguments = env::args().skip(1).collect::<Vec<_>>().join(" ");
    let root = workspace_root()?;
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).context("the folder of results cannot be made")?;
    let plan = Plan::new(args.quick, args.seconds, args.repetitions);
    let is_wanted = |name: &str| args.only.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let is_measured = |service| args.part.is_none_or(|only| only == service);

    let (mut outcomes, mut parts) = (vec![], vec![]);
    if is_measured(Service::Payments) {
        let (measured, part) = payments::run(&folder, &plan, &arguments, is_wanted)?;
        outcomes.extend(measured);
        parts.extend(part);
    }
    if is_measured(Service::Ledger) {
        let scope = ledger::Scope { is_full: args.full, keeps: args.keep };
        let (measured, written) = ledger::run(&folder, &plan, scope, &arguments, is_wanted)?;
        outcomes.extend(measured);
        parts.extend(written);
    }
    if is_measured(Service::Apip) {
        let (measured, written) = apip::run(&folder, &plan, args.full, &arguments, is_wanted)?;
        outcomes.extend(measured);
        parts.extend(written);
    }
    if is_measured(Service::Deal) {
        let (measured, written) = deal::run(&folder, &plan, &arguments, is_wanted)?;
        outcomes.extend(measured);
        parts.extend(written);
    }
    ensure!(!outcomes.is_empty(), "no case has such a name");

    write_json(&folder.join(RESULTS), &outcomes)?;
    println!("wrote {FOLDER}/{RESULTS}");
    if !args.quick && args.only.is_none() {
        write_document(&root.join(DOCUMENT), &parts)?;
        println!("wrote {DOCUMENT}");
    }
    Ok(())
}

fn write_document(path: &Path, parts: &[Part]) -> Result<()> {
    let old = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, document::with_parts(&old, parts))
        .context("docs/benchmarks.md cannot be written")
}

fn write_json(path: &Path, outcomes: &[Outcome]) -> Result<()> {
    let mut text = serde_json::to_string_pretty(outcomes)?;
    text.push('\n');
    fs::write(path, text).context("the results cannot be written")
}

/// The workspace: above this package's folder when cargo runs it, else the working directory.
fn workspace_root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    root.map_or_else(|| env::current_dir().context("there is no working directory"), Ok)
}
