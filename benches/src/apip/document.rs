//! The parts of docs/benchmarks.md about the directory.

use super::{
    Asked, CLIENTS, CLIENTS_MODERATE, Stage, index_name,
    indexing::{Indexed, SERVICES},
    kinds::Size,
    provider::MEMORY,
};
use crate::{
    document::{self, APIP, APIP_FULL, Part, Use},
    figures::{Outcome, Repetition, Summary},
    machine::Machine,
    plan::Plan,
};
use std::{fmt::Write as _, time::Duration};

/// The goals of the design on two cores.
const GOAL: &str = "15,000/s, p99 below 5 ms";

/// The figures for results.json, in the order of the tables.
pub(super) fn outcomes(stages: &[Stage]) -> Vec<Outcome> {
    let mut outcomes = queries(stages);
    for Stage { start, blocks, .. } in stages {
        outcomes.push(indexed(index_name(start.size), &start.indexed));
        outcomes.extend(blocks.map(|blocks| indexed("apip.index.blocks".to_owned(), &blocks)));
    }
    outcomes
}

fn queries(stages: &[Stage]) -> Vec<Outcome> {
    let of = |stage: &Stage| -> Vec<Outcome> {
        let outcome = |asked: &Asked| {
            let name = asked.kind.name(stage.start.size);
            asked.summary.outcome(name, Some(asked.limit.bounds.limit()))
        };
        stage.asked.iter().map(outcome).collect()
    };
    stages.iter().flat_map(of).collect()
}

fn indexed(name: String, indexed: &Indexed) -> Outcome {
    let per_second = indexed.per_second();
    let one = Repetition { per_second, p50: Duration::ZERO, p99: Duration::ZERO };
    Summary::of(&[one], None).outcome(name, None)
}

/// Returns the tables of results.
pub(super) fn tables(stages: &[Stage]) -> String {
    let outcomes = queries(stages);
    let goals: Vec<(&str, &str)> =
        outcomes.iter().map(|outcome| (outcome.name.as_str(), GOAL)).collect();
    format!("{}\n{}", document::results(&outcomes, &goals), filling(stages))
}

fn filling(stages: &[Stage]) -> String {
    let mut text = String::from(
        "| case | per second | count | took s | opened again in s | index MB | bytes a document | resident MB | bytes a document |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for Stage { start, blocks, .. } in stages {
        let documents = start.indexed.documents as f64;
        let reopened = start.reopened.map_or_else(String::new, |reopened| format!("{reopened:.1}"));
        let Indexed { count, time, index_bytes, .. } = start.indexed;
        writeln!(
            text,
            "| `{}` | {:.0} | {count} | {:.1} | {reopened} | {:.0} | {:.0} | {:.0} | {:.0} |",
            index_name(start.size),
            start.indexed.per_second(),
            time.as_secs_f64(),
            index_bytes as f64 / 1e6,
            index_bytes as f64 / documents,
            start.grown_bytes as f64 / 1e6,
            start.grown_bytes as f64 / documents,
        )
        .expect("strings take any text");
        if let Some(blocks) = blocks {
            writeln!(
                text,
                "| `apip.index.blocks` | {:.0} | {} | {:.1} | | | | | |",
                blocks.per_second(),
                blocks.count,
                blocks.time.as_secs_f64(),
            )
            .expect("strings take any text");
        }
    }
    text
}

/// One line for whoever watches.
pub(super) fn line(name: &str, asked: &Asked) -> String {
    let server = asked.server.map_or(0, |server| server.as_micros());
    format!(
        "{}; {server} us by the server; limit {:.0}/s ({}), empty {:.0}/s, bodies {} and {} bytes",
        asked.summary.one_line(name),
        asked.limit.bounds.limit(),
        asked.limit.bounds.which(),
        asked.limit.empty_per_second,
        asked.limit.asked_bytes,
        asked.limit.answered_bytes,
    )
}

/// Returns the part. Only the first one explains what is measured.
pub(super) fn part(machine: &Machine, arguments: &str, plan: &Plan, stages: &[Stage]) -> Part {
    let is_first = stages.iter().any(|stage| stage.start.size != Size::TenMillion);
    let mut text = document::measured_by(machine, arguments);
    text.push_str(&tables(stages));
    if is_first {
        text.push_str(&method(plan));
    }
    text.push_str(&limits(stages, is_first));
    text.push_str("\n### Where the time of queries goes\n\n");
    let uses: Vec<Use> = stages.iter().flat_map(|stage| uses(machine, stage)).collect();
    text.push_str(&document::processor("query, clients included", &uses));
    text.push_str(&server(stages));
    Part { title: if is_first { APIP } else { APIP_FULL }, text }
}

fn method(plan: &Plan) -> String {
    let mib = |bytes: usize| bytes / (1024 * 1024);
    format!(
        "\n### What is measured\n\n\
         `apip.query.terms.1m` asks a directory with a million ratings of {SERVICES} services for the ratings of one \
         user, among 5,000. Requests are signed with session keys, have fresh nonces and times, and go over HTTP/1.1 on \
         kept connections of the loopback interface; answers are signed, and paid from the user's balance before they \
         leave: nonce and balance are synced to the disk, those of all who wait at once. The server, its accounts and \
         the clients share one process and its cores; all clients are one thread, which signs requests and looks at each \
         answer's code, not at its signature. *Per second* is with {CLIENTS} users who ask at the same time, each one \
         request at a time; *p50* and *p99* with {CLIENTS_MODERATE}. A warm-up, then {} repetitions of {:.1} s of each, of which the \
         table shows the medians. Afterwards all balances together must have fallen by what was answered.\n\n\
         The kinds: `by_ids` five ratings by their transactions; `terms` the newest 20 of a user; `part` of users with four \
         given characters in their address; `match` publications with a word in their description; `range` the newest 20 of \
         heights from one to another, half of all on average; `page` page 1,000 of all by cursor, or one of the hundred before, ten \
         on each. All values are drawn at random. Other queries cost more: docs/adr/0013-index-of-the-directory.md.\n\n\
         `apip.index` is records per second on the way from a source to being searchable: records are read, their rules \
         applied, entities, history and what undoes it stored and synced step by step, and indexed. That is how the \
         directories of all sizes here are filled, ten million ratings too. Making the records up is part of the \
         figure. `apip.index.blocks` is blocks of a hundred transactions, which spend two outputs each and one in ten of \
         which has a record. *Index* is the index's own count, *resident* what the process has in memory more than before, \
         with what filling has left and the database's own: {} MiB for blocks and {} MiB for writes at most.\n",
        plan.repetitions,
        plan.each.as_secs_f64(),
        mib(MEMORY.block_cache_bytes),
        mib(MEMORY.write_buffers_bytes),
    )
}

fn limits(stages: &[Stage], is_first: bool) -> String {
    let mut text = String::from("\n### The limit of queries\n");
    if is_first {
        write!(
            text,
            "\nWhat a query cannot do without: a request and an answer of these sizes over the same server with nothing \
             around it and nothing between (*empty*, by the same clients, who sign as ever), four SHA-256 to check one \
             signature and make the other (*hashes*, on all cores), and one sync that all who wait share.\n\n\
             * *cores* = 1 / (1 / empty + 1 / hashes): all cores do nothing else.\n\
             * *latency* and *disk*: {CLIENTS} requests in flight for each sync, without and with the hashes before it.\n"
        )
        .expect("strings take any text");
    }
    text.push_str(
        "\n| case | bytes asked | answered | empty per second | hashes | cores | latency | disk | bound by |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for stage in stages {
        for Asked { kind, limit, .. } in &stage.asked {
            writeln!(
                text,
                "| `{}` | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {} |",
                kind.name(stage.start.size),
                limit.asked_bytes,
                limit.answered_bytes,
                limit.empty_per_second,
                limit.hashes.together,
                limit.bounds.cores,
                limit.bounds.latency,
                limit.bounds.disk,
                limit.bounds.which(),
            )
            .expect("strings take any text");
        }
    }
    text
}

fn uses<'a>(machine: &'a Machine, stage: &'a Stage) -> impl Iterator<Item = Use> + 'a {
    stage.asked.iter().map(|asked| Use {
        name: asked.kind.name(stage.start.size),
        summary: asked.summary,
        needed_us: machine.cores as f64 / asked.limit.bounds.cores * 1e6,
    })
}

fn server(stages: &[Stage]) -> String {
    let mut text = String::from(
        "\nOf that the server, kernel time included:\n\n| case | µs of one core per query |\n|---|---:|\n",
    );
    for stage in stages {
        for Asked { kind, server, .. } in &stage.asked {
            let Some(server) = server else { continue };
            writeln!(text, "| `{}` | {} |", kind.name(stage.start.size), server.as_micros())
                .expect("strings take any text");
        }
    }
    text
}
