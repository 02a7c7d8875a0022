//! The ledger end to end: transactions from being posted to being valid, and every look-up, with
//! many transactions stored before. RocksDB with real syncs.
//!
//! `cases` says what is measured and what it cannot do without; `limits` turns that into the limit;
//! `history` and `fill` make the ledgers.

mod cases;
mod document;
mod federation;
mod fill;
mod history;
mod limits;
mod load;
mod lookups;
mod measure;
mod solo;
mod target;

use crate::{
    document::Part,
    figures::{Outcome, Summary},
    machine::Machine,
    memory,
    plan::Plan,
};
use anyhow::{Context, Result};
use cases::{Case, Size};
use federation::Federation;
use limits::Rates;
use lookups::Lookup;
use solo::{Solo, Start};
use std::path::Path;
use tokio::runtime::Runtime;

/// What a run measures of the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// Whether ten million transactions are stored, too.
    pub(crate) is_full: bool,
    /// Whether filled ledgers are left for the next run, and those of an earlier run used.
    pub(crate) keeps: bool,
}

/// What was measured with one number of stored transactions.
#[derive(Debug)]
struct Stage {
    cases: Vec<(Case, Summary)>,
    lookups: Vec<(Lookup, Summary)>,
    start: Start,
    /// What this process had in memory after the look-ups, before the load.
    resident_bytes: u64,
}

/// Measures the cases whose names are wanted; returns their figures and the parts of the document.
///
/// # Errors
///
/// A node that fails, a transaction that does not become valid, or a look-up that does not find.
pub(crate) fn run(
    folder: &Path,
    plan: &Plan,
    scope: Scope,
    arguments: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<Outcome>, Vec<Part>)> {
    let parts: &[&[Size]] = match (plan.is_quick, scope.is_full) {
        (true, _) => &[&[Size::Thousand]],
        (false, false) => &[&[Size::Thousand, Size::Million]],
        (false, true) => &[&[Size::Thousand, Size::Million], &[Size::TenMillion]],
    };
    let (mut outcomes, mut written) = (vec![], vec![]);
    for sizes in parts {
        let wanted = sizes.iter().map(|size| Wanted::new(*size, &is_wanted));
        let wanted: Vec<Wanted> = wanted.filter(|wanted| !wanted.is_empty()).collect();
        if wanted.is_empty() {
            continue;
        }
        let before = Rates::measure(folder, plan.probe)?;
        println!("{}", before.one_line());
        let stages = wanted
            .iter()
            .map(|wanted| wanted.measure(folder, plan, scope))
            .collect::<Result<Vec<Stage>>>()?;
        let after = Rates::measure(folder, plan.probe)?;
        println!("{}", after.one_line());
        let rates = Rates::faster(&before, &after);
        let machine = Machine::describe(folder);
        let part = document::Facts { plan, rates: &rates, stages: &stages };
        println!("{}", part.tables());
        outcomes.extend(part.outcomes());
        written.push(part.part(&machine, arguments));
    }
    Ok((outcomes, written))
}

/// What is to be measured with one number of stored transactions.
struct Wanted {
    size: Size,
    /// Of a node that is alone.
    cases: Vec<Case>,
    /// Of a federation.
    together: Vec<Case>,
    lookups: Vec<Lookup>,
}

impl Wanted {
    fn new(size: Size, is_wanted: &impl Fn(&str) -> bool) -> Self {
        let wanted = |case: &Case| is_wanted(&case.name());
        let cases = cases::alone(size).into_iter().filter(wanted).collect();
        let together = cases::together(size).into_iter().filter(wanted).collect();
        let lookups = Lookup::ALL.into_iter().filter(|lookup| is_wanted(&lookup.name(size)));
        Self { size, cases, together, lookups: lookups.collect() }
    }

    const fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.together.is_empty() && self.lookups.is_empty()
    }

    fn measure(&self, folder: &Path, plan: &Plan, scope: Scope) -> Result<Stage> {
        let runtime = Runtime::new()?;
        let solo = Solo::start(&runtime, folder, self.size, scope.keeps)?;
        let mut lookups = vec![];
        for lookup in &self.lookups {
            let name = lookup.name(self.size);
            let summary = lookups::measure(&runtime, &solo.handle, *lookup, self.size, plan)
                .with_context(|| format!("during {name}"))?;
            println!("{}", summary.one_line(&name));
            lookups.push((*lookup, summary));
        }
        let resident_bytes = memory::resident_bytes();
        let mut cases =
            throughput(&self.cases, |case| measure::alone(&runtime, &solo.handle, case, plan))?;
        let start = solo.start;
        solo.stop(&runtime);
        if !self.together.is_empty() {
            let federation = Federation::start(&runtime, folder)?;
            cases.extend(throughput(&self.together, |case| {
                measure::together(&runtime, &federation.handles, case, plan)
            })?);
            federation.stop(&runtime);
        }
        Ok(Stage { cases, lookups, start, resident_bytes })
    }
}

fn throughput(
    cases: &[Case],
    measure: impl Fn(&Case) -> Result<Summary>,
) -> Result<Vec<(Case, Summary)>> {
    let measured = cases.iter().map(|case| {
        let name = case.name();
        let summary = measure(case).with_context(|| format!("during {name}"))?;
        println!("{}", summary.one_line(&name));
        Ok((*case, summary))
    });
    measured.collect()
}
