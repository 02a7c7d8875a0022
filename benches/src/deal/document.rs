//! The part of docs/benchmarks.md about deals.

use super::{CLIENTS, CLIENTS_MODERATE, Case, Measured, limits::Rates, orders::PARTIES};
use crate::{
    document::{self, DEALS, Part, Use},
    figures::Outcome,
    machine::Machine,
    plan::Plan,
};
use std::fmt::Write as _;

/// The goal of the design on two cores.
const GOAL: &str = "5,000/s";

/// The figures for results.json.
pub(super) fn outcomes(all: &[Measured]) -> Vec<Outcome> {
    let outcome =
        |one: &Measured| one.summary.outcome(one.case.name(), Some(one.limit.bounds.limit()));
    all.iter().map(outcome).collect()
}

/// Returns the table of results.
pub(super) fn tables(all: &[Measured]) -> String {
    let unsigned: Vec<String> =
        Case::ALL.iter().filter(|case| !case.is_signed).map(|case| case.name()).collect();
    let goals: Vec<(&str, &str)> = unsigned.iter().map(|name| (name.as_str(), GOAL)).collect();
    document::results(&outcomes(all), &goals)
}

/// One line for whoever watches.
pub(super) fn line(one: &Measured) -> String {
    let bounds = &one.limit.bounds;
    let name = one.case.name();
    let (limit, which) = (bounds.limit(), bounds.which());
    format!("{}; {} deals; limit {limit:.0}/s ({which})", one.summary.one_line(&name), one.deals)
}

/// Returns the part.
pub(super) fn part(
    machine: &Machine,
    arguments: &str,
    plan: &Plan,
    rates: &Rates,
    all: &[Measured],
) -> Part {
    let mut text = document::measured_by(machine, arguments);
    text.push_str(&tables(all));
    text.push_str(&method(plan));
    text.push_str(&limits(rates, all));
    text.push_str("\n### Where the time of deals goes\n\n");
    let uses: Vec<Use> = all.iter().map(|one| needs(machine, one)).collect();
    text.push_str(&document::processor("deal, clients included", &uses));
    Part { title: DEALS, text }
}

fn method(plan: &Plan) -> String {
    format!(
        "\n### What is measured\n\n\
         An order as a shop sends it, JSON of some 280 bytes, becomes a deal: it is read and checked, both parties' \
         accounts are looked up and have to trust the site, the payment address is computed, the answer is written and, if \
         `signed`, signed with the server's PGP key (Ed25519); the deal and its event are on the disk before the answer \
         leaves, synced for all who wait at once. Every order is another one, of {PARTIES} sellers and as many customers. \
         The server follows a chain meanwhile and watches the address of every deal that it has made.\n\n\
         `deal.create.unsigned` and `deal.create.signed` are what an embedding program gets within its process; `.http` is the \
         same over HTTP/1.1 on kept connections of the loopback interface, with the whole package as the answer. Server and \
         clients share one process and its cores; all clients of `.http` are one thread. *Per second* is with {CLIENTS} \
         orders at a time, *p50* and *p99* with {CLIENTS_MODERATE}. A warm-up, then {} repetitions of {:.1} s of each, of which the \
         table shows the medians. Afterwards as many deals must be stored as were answered.\n",
        plan.repetitions,
        plan.each.as_secs_f64(),
    )
}

fn limits(rates: &Rates, all: &[Measured]) -> String {
    let mut text = String::from("\n### The limit of deals\n\n");
    text.push_str(&document::rates_head(rates.cores));
    for (name, rate) in [
        ("derive a deal's key from its hash (BIP32, secp256k1)", rates.derive),
        ("three hashes: the terms twice, the script", rates.hashes),
        ("sign (Ed25519)", rates.sign),
        ("commit 512 bytes to RocksDB, synced", rates.sync),
    ] {
        text.push_str(&rate.row(name));
    }
    write!(
        text,
        "\nMeasured before the deals and after them. What a deal cannot do without: the derivation, three hashes, one \
         signature if it is signed, and one sync that all who wait share; over HTTP also a request and an answer of these \
         sizes with nothing between (*empty*, by the same clients).\n\n\
         * *cores* = 1 / (1 / derive + 1 / hashes + 1 / sign + 1 / empty): all cores do nothing else.\n\
         * *latency* and *disk*: {CLIENTS} orders in flight for each sync, with the rest before it and without.\n\n\
         | case | empty per second | cores | latency | disk | bound by |\n|---|---:|---:|---:|---:|---|\n"
    )
    .expect("strings take any text");
    for one in all {
        let bounds = &one.limit.bounds;
        let empty = one.limit.empty.map_or_else(String::new, |empty| format!("{empty:.0}"));
        writeln!(
            text,
            "| `{}` | {empty} | {:.0} | {:.0} | {:.0} | {} |",
            one.case.name(),
            bounds.cores,
            bounds.latency,
            bounds.disk,
            bounds.which(),
        )
        .expect("strings take any text");
    }
    text
}

fn needs(machine: &Machine, one: &Measured) -> Use {
    Use {
        name: one.case.name(),
        summary: one.summary,
        needed_us: machine.cores as f64 / one.limit.bounds.cores * 1e6,
    }
}
