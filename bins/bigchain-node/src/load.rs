//! The load generator: posts transactions to any node and reports how it fares.

mod client;
mod histogram;
mod pace;
mod poster;
mod report;
mod stop;
mod stream;
mod tally;

use crate::{
    command_line::{LoadArguments, LoadKind},
    key,
};
use anyhow::Context;
use client::Client;
use poster::Poster;
use report::Report;
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use stop::Stop;
use stream::Stream;
use tally::Tally;
use tally_daemon::{Failure, Kind, bar, say};

/// Assets that are made before transfers are measured. Each waits for its last transfer to become
/// valid before the next, so there must be more of them than fit into a few blocks.
const ASSETS: u64 = 4096;

/// Between two looks at how far the node is.
const LOOK: Duration = Duration::from_millis(20);

/// How long the last transactions may take to become valid when the user wants the end.
const GRACE: Duration = Duration::from_secs(2);

/// Posts and reports, also when the user ends it early. Fails if the node refused or lost a
/// transaction.
pub(crate) fn run(arguments: &LoadArguments) -> Result<(), Failure> {
    let client = Client::new(arguments).map_err(Failure::of(Kind::Settings))?;
    let failed = Failure::of(Kind::Server);
    let stop = Stop::on_signal()?;
    let node = client.introduction().map_err(Failure::of(Kind::Server))?;
    let tally = Arc::new(Tally::default());
    let stream = Stream::follow(&client, Arc::clone(&tally))
        .context("cannot follow the node's stream of valid transactions")
        .map_err(failed)?;
    let poster = Arc::new(Poster::new(client, Arc::clone(&tally), key::draw()?, stop));
    say(&format!("{node}: {}", arguments.url));
    if arguments.kind == LoadKind::Transfer {
        prepare(arguments, &poster)?;
        tally.begin_again();
    }
    let started = Instant::now();
    post(arguments, &poster, arguments.kind, arguments.count, "posting");
    let posted_in = started.elapsed();
    wait_for_the_rest(arguments, &poster);
    stream.end();
    let rest = poster.account_for_the_rest();
    Report::new(&tally, posted_in, rest, poster.stop().is_set()).print()
}

/// Makes the assets that will be transferred.
fn prepare(arguments: &LoadArguments, poster: &Arc<Poster>) -> Result<(), Failure> {
    let count = if arguments.count == 0 { ASSETS } else { ASSETS.min(arguments.count) };
    post(arguments, poster, LoadKind::Create, count, "making assets");
    wait_for_the_rest(arguments, poster);
    if poster.tally().ready_count() == 0 && !poster.stop().is_set() {
        let why = poster.tally().first_refusal().unwrap_or_else(|| "none became valid".to_owned());
        let message = format!("no asset to transfer could be made: {why}");
        return Err(Failure::new(Kind::Server, anyhow::Error::msg(message)));
    }
    Ok(())
}

/// Posts `count` transactions (0: until interrupted) from as many threads as requests may be under
/// way.
fn post(
    arguments: &LoadArguments,
    poster: &Arc<Poster>,
    kind: LoadKind,
    count: u64,
    what: &'static str,
) {
    let progress = bar(what, count);
    let pace = pace::Pace::new(count, arguments.rate, poster.stop());
    thread::scope(|scope| {
        for _ in 0..arguments.in_flight.get() {
            scope.spawn(|| {
                while pace.next() {
                    poster.post_one(kind);
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
}

/// Waits until everything that was accepted is valid, or patience ends: the run's or the user's.
fn wait_for_the_rest(arguments: &LoadArguments, poster: &Poster) {
    let (tally, stop) = (poster.tally(), poster.stop());
    let patience = Duration::from_secs(arguments.patience);
    let total = tally.pending_count();
    let progress = bar("waiting for the last to become valid", total);
    let mut left = total;
    let mut changed = Instant::now();
    let is_hurried = || stop.age().is_some_and(|age| age > GRACE);
    while left > 0 && changed.elapsed() < patience && !is_hurried() {
        thread::sleep(LOOK);
        let now = tally.pending_count();
        if now != left {
            left = now;
            changed = Instant::now();
            progress.set_position(total.saturating_sub(left));
        }
    }
    progress.finish_and_clear();
}
