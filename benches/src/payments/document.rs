//! The part of docs/benchmarks.md about payments.

use super::{
    cases::{Case, Needs},
    limits::Rates,
    measure::Measurement,
};
use crate::{
    document::{self, PAYMENTS, Part, Use},
    figures::Outcome,
    machine::Machine,
    plan::Plan,
};

/// The goals of the design on two cores: the prefix of a name, and the goal in words.
const GOALS: &[(&str, &str)] = &[
    ("channel.direct.1", "p50 below 5 ms"),
    ("channel.direct.64", "2,000/s and half the limit"),
    ("channel.mediated1.1", "p50 below 10 ms"),
    ("channel.mediated1.64", "600/s and half the limit"),
];

/// Returns the part.
pub(crate) fn part(
    machine: &Machine,
    arguments: &str,
    plan: &Plan,
    rates: &Rates,
    measurements: &[Measurement],
    outcomes: &[Outcome],
) -> Part {
    let mut text = document::measured_by(machine, arguments);
    text.push_str(&table(outcomes));
    text.push_str(&method(plan));
    text.push_str(&rates_section(rates));
    text.push_str(&limit_section(rates, measurements));
    text.push_str(&design_definition(rates, outcomes));
    text.push_str("\n### Where the time of payments goes\n\n");
    let uses: Vec<Use> =
        measurements.iter().map(|measured| measured.processor_use(rates)).collect();
    text.push_str(&document::processor("payment", &uses));
    text.push_str(EXPLANATION);
    Part { title: PAYMENTS, text }
}

/// Returns the table of results.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    document::results(outcomes, GOALS)
}

fn rates_section(rates: &Rates) -> String {
    let mut text = String::from("\n### The machine's rates\n\n");
    text.push_str(&document::rates_head(rates.cores));
    text.push_str(&rates.sign.row("sign a digest (secp256k1, recoverable)"));
    text.push_str(&rates.verify.row("verify (recover the signer)"));
    text.push_str(&rates.hash.row("hash 160 bytes (Keccak-256)"));
    text.push_str(&rates.sync.row("commit 512 bytes to RocksDB, synced"));
    text.push_str(
        "\nMeasured in the same run, before the payments and after them; the fastest fifth of a second counts, because \
         other programs only ever slow a machine down. With several threads each syncs a database of its own, as nodes \
         do.\n",
    );
    text
}

fn method(plan: &Plan) -> String {
    format!(
        "\n`channel.direct.N` pays over the direct channel without a lock, `channel.direct.http.N` the same over the HTTP \
         API, `channel.mediatedM.N` with a lock through M mediators; N payments are in flight at any time, so N = 1 is \
         sequential. All nodes of a case run in one process and share its cores: two, three or five of them, with \
         an embedded chain, real QUIC over loopback, and RocksDB with real syncs. All payments go the same way.\n\n\
         A payment counts when `NodeHandle::pay` (or the HTTP reply) says that it succeeded: a direct one when the payee has \
         stored it, a mediated one when the secret has come back to the payer. Latencies are those of that answer. \
         {:.0} s of warm-up, then {} repetitions of {:.0} s, of which the table shows the medians. After every case \
         the run waits until nothing is under way and checks that in every channel exactly what was paid has moved, as \
         both ends see it, and that no lock is left.\n",
        plan.warm_up.as_secs_f64(),
        plan.repetitions,
        plan.each.as_secs_f64(),
    )
}

fn limit_section(rates: &Rates, measurements: &[Measurement]) -> String {
    let mut text = String::from(
        "\n### The limit of payments\n\n\
         What one payment cannot do without, whatever the implementation: signatures, verifications, hashes, and \
         commits that must be on the disk. A direct transfer is one message: the payer signs and stores it, the payee \
         checks and stores it. A mediated one has two signed messages a hop (the lock, and what pays it), and every \
         message is stored by its sender before it leaves. The limit is the smallest of three bounds:\n\n\
         * *cores* = 1 / (signatures / S + verifications / V + hashes / H): all cores do nothing else. S, V and H are \
         the rates of all cores together.\n\
         * *latency* = N / (signatures / s + verifications / v + syncs / d), counting only what must follow each other \
         before the payer is answered, at the rates of one thread. With N in flight, N payments go through this at \
         the same time.\n\
         * *disk* = N · D / syncs: a sync is shared by all payments in flight at best, so each needs at least an Nth \
         of its syncs. D is the rate of all threads together.\n\n\
         | case | sign | verify | hash | sync | one after the other: sign, verify, sync | cores | latency | disk | bound by |\n\
         |---|---:|---:|---:|---:|---|---:|---:|---:|---|\n",
    );
    for measured in measurements {
        text.push_str(&limit_row(rates, measured.case));
    }
    text
}

fn limit_row(rates: &Rates, case: Case) -> String {
    let Needs { signatures, verifications, hashes, syncs, path } = case.needs();
    let bounds = rates.bounds(case);
    format!(
        "| `{}` | {signatures} | {verifications} | {hashes} | {syncs} | {}, {}, {} | {:.0} | {:.0} | {:.0} | {} |\n",
        case.name(),
        path.signatures,
        path.verifications,
        path.syncs,
        bounds.cores,
        bounds.latency,
        bounds.disk,
        bounds.which(),
    )
}

/// The design counts two signatures and two verifications for a direct transfer.
fn design_definition(rates: &Rates, outcomes: &[Outcome]) -> String {
    let limit = 1.0 / (2.0 / rates.sign.together + 2.0 / rates.verify.together);
    let busiest = outcomes.iter().find(|outcome| outcome.name == "channel.direct.64");
    let ratio = busiest.map_or(0.0, |outcome| outcome.per_second / limit);
    format!(
        "\nThe design's goal counts two signatures and two verifications for a direct transfer, with syncs shared by all. \
         This protocol needs half of that, so the limit above is the harder one. By the design's count the limit on this \
         machine is {limit:.0} per second, and `channel.direct.64` reaches {ratio:.2} of it.\n"
    )
}

/// What a profile of the two busiest cases showed; to be taken anew when the code around it changes.
const EXPLANATION: &str = "\n\
    *Cores busy* counts this process, kernel time included; *needed* is the share of signatures, verifications and \
    hashes. What bounds the node now:\n\n\
    * **One payment at a time: waiting for the disk.** The syncs and signatures of a payment follow each other; what \
    comes on top, between threads and through QUIC, was not measured by itself.\n\
    * **Many in flight: processor time, and how evenly it is used.** Samples of `channel.direct.64` by kind: signing and \
    verifying 43 %, the kernel's part of commits 13 %, RocksDB 11 %, waking and switching threads 14 %, memory 7 %, \
    hashing 3 %, QUIC and the kernel's network code 3 %, the protocol itself 3 %. Of `channel.mediated1.64`: signing and verifying \
    37 %, commits in the kernel 11 %, RocksDB 10 %, hashing 9 %, waking and switching 10 %, memory 7 %, protocol 3 %. \
    Half the limit would take all cores with nothing but what is needed and as much again.\n\
    * **Syncs are shared less than they could be.** Under 64 direct transfers there was one sync for about four payments, \
    because the owner hands over a group as soon as its mailbox is empty. Pauses of 100 and 300 microseconds before that \
    were tried on a busy machine; no gain showed above the noise, and they were left out.\n\
    * **Signing costs twice the multiplication.** The library blinds its context anew after each signature, against \
    side channels, as its source shows; the rate above includes it, so the ratio does not show it.\n\
    * **A lock root is hashed by both ends for every signed message.** The tree is kept and only what lies behind a \
    changed leaf is hashed again, which is half of it on average; the leaves are sorted, so the rest moves.\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: every goal belongs to a case that exists.
    #[test]
    fn goals_name_cases() {
        let names: Vec<String> = crate::payments::cases::all().iter().map(Case::name).collect();
        for (name, _) in GOALS {
            assert!(names.iter().any(|case| case == name), "{name} is no case");
        }
    }
}
