//! docs/benchmarks.md: parts, each written by the run that measured it.

use crate::{
    cpu,
    figures::{Outcome, Summary},
    machine::Machine,
};
use std::fmt::Write as _;

/// The parts in their order: the heading of each.
pub(crate) const PAYMENTS: &str = "Payments";
pub(crate) const LEDGER: &str = "Ledger";
pub(crate) const LEDGER_FULL: &str = "Ledger at 10 million transactions";
pub(crate) const APIP: &str = "Directory";
pub(crate) const APIP_FULL: &str = "Directory at 10 million ratings";
pub(crate) const DEALS: &str = "Deals";
const PARTS: [&str; 6] = [PAYMENTS, LEDGER, LEDGER_FULL, APIP, APIP_FULL, DEALS];

const HEAD: &str = "# Benchmarks\n\n\
    Written by `make bench`; do not edit. Each part says which run measured it, and on what: compare ratios, not \
    figures.\n";

const REPRODUCE: &str = "## To reproduce\n\n\
    `make bench` on an otherwise idle machine measures payments, the ledger with a thousand and a million stored \
    transactions, the directory with ten thousand and a million ratings, and deals. `make bench ARGS=--full` adds ten million transactions and ratings. A run replaces the parts that it measured and leaves the \
    others. `make bench ARGS=--quick` only shows that everything works and leaves this page alone; so does a run of \
    single cases, such as `make bench ARGS='--only mediated1 --seconds 10'`. `ARGS='--part ledger'` measures one \
    service. `--keep` leaves the filled ledgers in `target/bench` for the next run with `--keep`. The figures of the last run are also in \
    `target/bench/results.json`, one entry a case, for programs to compare.\n";

/// Cores in use by other programs above which the document says so.
const OTHERS_NOTICED: f64 = 0.1;

/// One part, as its run wrote it.
#[derive(Debug)]
pub(crate) struct Part {
    /// One of the headings.
    pub(crate) title: &'static str,
    pub(crate) text: String,
}

/// One case's processor use, and the part of it that the work cannot do without.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) name: String,
    pub(crate) summary: Summary,
    pub(crate) needed_us: f64,
}

/// Returns `document` with these parts in place of those with the same titles.
pub(crate) fn with_parts(document: &str, parts: &[Part]) -> String {
    let mut text = HEAD.to_owned();
    for title in PARTS {
        let new = parts.iter().find(|part| part.title == title).map(|part| part.text.as_str());
        if let Some(content) = new.or_else(|| section(document, title)) {
            write!(text, "\n## {title}\n\n{}\n", content.trim()).expect("strings take any text");
        }
    }
    text.push('\n');
    text.push_str(REPRODUCE);
    text
}

/// Returns what stands below a heading of the second level.
fn section<'d>(document: &'d str, title: &str) -> Option<&'d str> {
    let sections = document.split("\n## ").skip(1);
    sections
        .filter_map(|section| section.split_once('\n'))
        .find_map(|(heading, content)| (heading == title).then_some(content))
}

/// Says which run measured a part, and on what.
pub(crate) fn measured_by(machine: &Machine, arguments: &str) -> String {
    let Machine { cores, model, memory_gib, kernel, file_system, rustc, date } = machine;
    let command = if arguments.is_empty() {
        "make bench".to_owned()
    } else {
        format!("make bench ARGS='{arguments}'")
    };
    format!(
        "Measured on {date} by `{command}`: {cores} cores of {model}, {memory_gib} GiB of memory, {kernel}, databases on \
         {file_system}, {rustc}.\n\n"
    )
}

/// Returns the head of a table of rates; [`Rate::row`](crate::probe::Rate::row) makes its rows.
pub(crate) fn rates_head(cores: usize) -> String {
    format!(
        "| operation | per second, one thread | {cores} threads | µs each, one thread |\n|---|---:|---:|---:|\n"
    )
}

/// Returns the table of results. `goals` names cases and says their goals in words.
pub(crate) fn results(outcomes: &[Outcome], goals: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "| case | per second | p50 ms | p99 ms | limit per second | ratio | goal |\n\
         |---|---:|---:|---:|---:|---:|---|\n",
    );
    for outcome in outcomes {
        let Outcome { name, per_second, p50_ms, p99_ms, limit_per_second, ratio } = outcome;
        let goal = goals.iter().find(|(case, _)| case == name).map_or("", |(_, goal)| goal);
        let limit = limit_per_second.map_or_else(String::new, |limit| format!("{limit:.0}"));
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        writeln!(
            text,
            "| `{name}` | {per_second:.0} | {p50_ms:.2} | {p99_ms:.2} | {limit} | {ratio} | {goal} |"
        )
        .expect("strings take any text");
    }
    text
}

/// Returns the table of what has no limit: look-ups, made one at a time.
pub(crate) fn latencies(outcomes: &[Outcome], goals: &[(&str, &str)]) -> String {
    let mut text =
        String::from("| case | per second | p50 µs | p99 µs | goal |\n|---|---:|---:|---:|---|\n");
    for Outcome { name, per_second, p50_ms, p99_ms, .. } in outcomes {
        let goal = goals.iter().find(|(case, _)| case == name).map_or("", |(_, goal)| goal);
        let [p50, p99] = [p50_ms, p99_ms].map(|milliseconds| milliseconds * 1e3);
        writeln!(text, "| `{name}` | {per_second:.0} | {p50:.0} | {p99:.0} | {goal} |")
            .expect("strings take any text");
    }
    text
}

/// Returns the table of processor use, and says who else used it.
pub(crate) fn processor(unit: &str, uses: &[Use]) -> String {
    let mut text = format!(
        "| case | slowest to fastest repetition | cores busy | by other programs | µs of one core per {unit} | of that needed |\n\
         |---|---|---:|---:|---:|---:|\n",
    );
    let mut others = 0.0;
    for Use { name, summary, needed_us } in uses {
        let Some(busy) = summary.cpu else { continue };
        others = f64::max(others, busy.other_cores);
        writeln!(
            text,
            "| `{name}` | {:.0} to {:.0} | {:.2} | {:.2} | {} | {needed_us:.0} |",
            summary.spread.0,
            summary.spread.1,
            busy.own_cores,
            busy.other_cores,
            busy.each.as_micros(),
        )
        .expect("strings take any text");
    }
    if others > OTHERS_NOTICED {
        writeln!(
            text,
            "\nThe machine was not idle: other programs used up to {others:.2} of its cores during a case, and its disk \
             too. The figures are lower than the code allows; the limit is that of the fastest moments."
        )
        .expect("strings take any text");
    }
    if let Some(nice) = cpu::niceness().filter(|nice| *nice != 0) {
        writeln!(
            text,
            "\nThis process ran at nice {nice}; run as others are, it shares the cores evenly with them."
        )
        .expect("strings take any text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a run replaces what it measured and nothing else, in the order of the parts.
    #[test]
    fn parts_are_replaced_by_title() {
        let part = |title, text: &str| Part { title, text: text.to_owned() };
        let first = with_parts("", &[part(LEDGER, "old ledger\n\n### Limit\n\nfast\n")]);
        let second = with_parts(&first, &[part(PAYMENTS, "payments")]);
        assert_eq!(section(&second, LEDGER), section(&first, LEDGER));
        let third = with_parts(&second, &[part(LEDGER, "new ledger")]);
        assert_eq!(section(&third, LEDGER).map(str::trim), Some("new ledger"));
        assert!(third.find("## Payments") < third.find("## Ledger"), "{third}");
        assert!(third.starts_with(HEAD) && third.ends_with(REPRODUCE));
        assert_eq!(with_parts(&third, &[]), third);
    }
}
