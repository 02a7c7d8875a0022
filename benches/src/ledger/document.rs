//! The parts of docs/benchmarks.md about the ledger.

use super::{
    Stage,
    cases::{Case, Needs, Size},
    limits::{BATCH, Rates, TRANSACTION_BYTES},
    solo::MEMORY,
};
use crate::{
    document::{self, LEDGER, LEDGER_FULL, Part, Use},
    figures::{Outcome, Summary},
    machine::Machine,
    plan::Plan,
};
use std::fmt::Write as _;

/// The goals of the design on two cores.
const GOALS: &[(&str, &str)] = &[
    ("ledger.create.1node.1k", THROUGHPUT),
    ("ledger.create.1node.1m", THROUGHPUT),
    ("ledger.create.1node.10m", THROUGHPUT),
    ("ledger.get.10m", "p99 below 1 ms"),
];
const THROUGHPUT: &str = "10,000/s and half the limit";

/// What a part is written from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rates: &'a Rates,
    pub(super) stages: &'a [Stage],
}

impl Facts<'_> {
    fn cases(&self) -> impl Iterator<Item = &(Case, Summary)> {
        self.stages.iter().flat_map(|stage| &stage.cases)
    }

    fn throughput(&self) -> Vec<Outcome> {
        let limit = |case| Some(self.rates.bounds(case).limit());
        self.cases().map(|(case, summary)| summary.outcome(case.name(), limit(case))).collect()
    }

    fn lookups(&self) -> Vec<Outcome> {
        let of = |stage: &Stage| -> Vec<Outcome> {
            let size = stage.start.size;
            let outcome = |(lookup, summary): &(super::Lookup, Summary)| {
                summary.outcome(lookup.name(size), None)
            };
            stage.lookups.iter().map(outcome).collect()
        };
        self.stages.iter().flat_map(of).collect()
    }

    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes = self.throughput();
        outcomes.extend(self.lookups());
        outcomes
    }

    /// Returns both tables of results.
    pub(super) fn tables(&self) -> String {
        let throughput = document::results(&self.throughput(), GOALS);
        format!("{throughput}\n{}", document::latencies(&self.lookups(), GOALS))
    }

    /// Returns the part. Only the first one explains what is measured.
    pub(super) fn part(&self, machine: &Machine, arguments: &str) -> Part {
        let is_first = self.stages.iter().any(|stage| stage.start.size != Size::TenMillion);
        let mut text = document::measured_by(machine, arguments);
        text.push_str(&self.tables());
        text.push_str(&self.sizes());
        if is_first {
            text.push_str(&self.method());
        }
        text.push_str(&self.rates_and_limits(is_first));
        text.push_str("\n### Where the time of transactions goes\n\n");
        let uses: Vec<Use> =
            self.cases().map(|(case, summary)| self.processor(case, summary)).collect();
        text.push_str(&document::processor("transaction", &uses));
        if is_first {
            text.push_str(EXPLANATION);
        }
        Part { title: if is_first { LEDGER } else { LEDGER_FULL }, text }
    }

    fn sizes(&self) -> String {
        let mut text = String::from(
            "\n### Disk and memory\n\n\
             | stored transactions | filled in s | database GB | opened in s | texts indexed in s | index GB | resident MB |\n\
             |---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for Stage { start, resident_bytes, .. } in self.stages {
            writeln!(
                text,
                "| {} | {:.1} | {:.2} | {:.2} | {:.1} | {:.2} | {:.0} |",
                start.size.transactions(),
                start.fill.as_secs_f64(),
                start.disk_bytes as f64 / 1e9,
                start.open.as_secs_f64(),
                start.index.as_secs_f64(),
                start.index_bytes as f64 / 1e9,
                *resident_bytes as f64 / 1e6,
            )
            .expect("strings take any text");
        }
        let mib = |bytes: usize| bytes / (1024 * 1024);
        write!(
            text,
            "\nZero seconds: the ledger was kept from an earlier run. Look-ups are measured with its files in the system's \
             memory; right after the machine's start, with ten million transactions and none of the files there, GET by \
             id took 0.53 ms (p50) and 1.14 ms (p99). *Resident* is this process after the look-ups and before the load: \
             the node, and what filling its ledger has left. The database may use {} MiB for blocks, with their indexes \
             and filters, and {} MiB for writes; what the node keeps in memory beside it is bounded by constants, whatever \
             the ledger holds (docs/ledger.md).\n",
            mib(MEMORY.block_cache_bytes),
            mib(MEMORY.write_buffers_bytes),
        )
        .expect("strings take any text");
        text
    }

    fn method(&self) -> String {
        format!(
            "\n### What is measured\n\n\
             `ledger.create.1node.1m` posts transactions that create an asset to a node that is alone and has stored a \
             million before; `transfer` spends the newest output of an asset, again and again; `http` posts over the HTTP \
             API. The nodes of `4nodes` run in one process and share its cores; they speak TCP over loopback, and each has a \
             database of its own. A post counts when the answer says that the transaction is valid: in a block on the disk, synced, \
             with its index rows and the node's vote. 2048 posts are in flight at any time (64 connections over \
             HTTP), each by a client with a key of its own, who posts the next when the one before is valid. \
             Transactions have some {TRANSACTION_BYTES} bytes and are signed before the clock runs. Clients, the text \
             index and the database's merges share the process and its cores. A warm-up, then {} repetitions of {} \
             posts a client (fewer in a federation, more over HTTP), of which the table shows the medians. After every \
             case each node must have stored exactly what was posted.\n\n\
             Stored before: blocks of a thousand transactions, written through the ledger store without a node. Half \
             of them create an asset, half transfer one of the block before; one asset in ten is of the nested \
             format, with uuids and metadata. Creators own twenty assets each and have spent all; ten thousand owners \
             share what is unspent. The order of the look-ups is random and none is repeated. They are made one at a \
             time by the functions that the API calls; `http.get` by a client with one connection.\n",
            self.plan.repetitions,
            super::measure::EACH_CALL,
        )
    }

    fn rates_and_limits(&self, is_first: bool) -> String {
        let rates = self.rates;
        let mut text = String::from("\n### The limit of transactions\n\n");
        text.push_str(&document::rates_head(rates.cores));
        let verify = format!("verify an Ed25519 signature, {BATCH} by different keys in a batch");
        text.push_str(&rates.verify.row(&verify));
        text.push_str(&rates.hash.row(&format!("hash {TRANSACTION_BYTES} bytes (SHA3-256)")));
        text.push_str(&rates.sync.row("commit 512 bytes to RocksDB, synced"));
        if is_first {
            text.push_str(LIMIT);
        }
        text.push_str(
            "\n| case | verify | hash | sync a block | cores | latency | disk | bound by |\n\
             |---|---:|---:|---:|---:|---:|---:|---|\n",
        );
        for (case, _) in self.cases() {
            let Needs { verifications, hashes, syncs } = case.needs();
            let bounds = rates.bounds(case);
            writeln!(
                text,
                "| `{}` | {verifications} | {hashes} | {syncs} | {:.0} | {:.0} | {:.0} | {} |",
                case.name(),
                bounds.cores,
                bounds.latency,
                bounds.disk,
                bounds.which(),
            )
            .expect("strings take any text");
        }
        text
    }

    fn processor(&self, case: &Case, summary: &Summary) -> Use {
        let needed_us = self.rates.cores as f64 / self.rates.bounds(case).cores * 1e6;
        Use { name: case.name(), summary: *summary, needed_us }
    }
}

const LIMIT: &str = "\n\
    What one transaction cannot do without, whatever the implementation: each node verifies a signature, in a batch \
    with others, and hashes the transaction's text twice, for its id and for the message that is signed; a block of \
    up to a thousand is synced once by each node. With V, H and D operations per second:\n\n\
    * *cores* = 1 / (verifications / V + hashes / H): all cores do nothing else.\n\
    * *latency* = N / (1 / v + 2 / h + 1 / d) at the rates of one thread, with N posts in flight.\n\
    * *disk* = transactions of a block · D / syncs.\n\n\
    What the format asks for beside that is not counted: the block's own hash and signature are over all of its \
    transactions' text, which is a third SHA3-256 and two SHA-512.\n";

/// What a profile showed; to be taken anew when the code around it changes.
const EXPLANATION: &str = "\n\
    *Cores busy* counts this process, kernel time included; *needed* is the share of verifications and hashes. What \
    bounds the node now, by samples of its threads under `create` and `transfer` with a thousand stored transactions:\n\n\
    * **Processor time, not the disk.** The curve's arithmetic takes 26 % under `create` (21 % under `transfer`), \
    SHA3-256 8 % (7 %), the SHA-512 of signatures 4 % (3 %), RocksDB 12 % (29 %), memory allocation 8 % (8 %), copying \
    5 % (7 %), JSON and Base58 6 % (6 %), the ledger's own code 5 % (8 %), waking and switching threads 3 % (2 %).\n\
    * **The text index takes 18 % of `create`** (2 % of `transfer`, which says nothing that could be searched): it shares \
    the cores, though nobody waits for it. A node could index later while it is busy.\n\
    * **A transfer asks the database for the same rows three times:** when it is posted, when it is put into a block and \
    when that is appended. Most of it is searching the writes in memory, where keys are hashes.\n\
    * **One thread makes blocks,** and it has a third of the work of the threads that check, or the same under \
    `transfer`. Hashing and signing the block's text is 23 % of it under `create`, 13 % under `transfer`. With more cores than two it would be what bounds \
    the node.\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{cases::alone, lookups::Lookup};

    /// Goal: every goal belongs to a case that exists.
    #[test]
    fn goals_name_cases() {
        let sizes = [Size::Thousand, Size::Million, Size::TenMillion];
        let cases = sizes.into_iter().flat_map(alone).map(|case| case.name());
        let lookups = Lookup::ALL.iter().flat_map(|lookup| sizes.map(|size| lookup.name(size)));
        let names: Vec<String> = cases.chain(lookups).collect();
        for (name, _) in GOALS {
            assert!(names.iter().any(|case| case == name), "{name} is no case");
        }
    }
}
