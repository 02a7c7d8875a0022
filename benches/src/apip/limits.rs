//! What a signed query cannot do without, and the limit that follows.

use super::client::{self, SUCCESS, User, Work};
use crate::{
    bounds::Bounds,
    probe::{Rate, rate, sync_rate},
    web::Web,
};
use anyhow::Result;
use axum::{Router, body::Bytes, routing::post};
use std::{hint::black_box, path::Path, thread, time::Duration};
use tally_crypto::fch::{sym_sign, sym_verify};
use tokio::runtime::Runtime;

/// Parts of a measurement, of which the fastest counts: other programs only ever slow a machine
/// down.
const SLICES: u32 = 5;

/// How fast this machine syncs; measured once for all kinds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) cores: usize,
    pub(crate) sync: Rate,
}

/// What bounds one kind of query with bodies of these sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) asked_bytes: usize,
    pub(crate) answered_bytes: usize,
    /// A signature checked and another one made: four SHA-256.
    pub(crate) hashes: Rate,
    /// Requests and answers of these sizes, with nothing between.
    pub(crate) empty_per_second: f64,
    pub(crate) bounds: Bounds,
}

impl Rates {
    pub(crate) fn measure(folder: &Path, each: Duration) -> Result<Self> {
        let cores = thread::available_parallelism()?.get();
        Ok(Self { cores, sync: sync_rate(cores, each, folder)? })
    }

    /// Measures hashes and empty round trips of bodies of these sizes, by the same clients.
    pub(crate) fn limit(
        &self,
        runtime: &Runtime,
        work: Work,
        users: &mut [User],
        (asked_bytes, answered_bytes): (usize, usize),
        each: Duration,
    ) -> Result<Limit> {
        let (asked, answered) = (vec![b'7'; asked_bytes], vec![b'8'; answered_bytes]);
        let key = [9; 32];
        let sign = sym_sign(&asked, &key);
        let hashes = rate(self.cores, each, || {
            let (asked, answered, sign) = (&asked, &answered, &sign);
            move || {
                assert!(sym_verify(black_box(asked), &key, sign), "the key signed it");
                black_box(sym_sign(black_box(answered), &key));
            }
        });
        let empty_per_second = empty(runtime, work, users, answered_bytes, each)?;
        let in_flight = users.len() as f64;
        let bounds = Bounds {
            cores: 1.0 / (1.0 / empty_per_second + 1.0 / hashes.together),
            latency: in_flight / (1.0 / hashes.alone + 1.0 / self.sync.alone),
            disk: in_flight * self.sync.alone,
        };
        Ok(Limit { asked_bytes, answered_bytes, hashes, empty_per_second, bounds })
    }
}

/// Round trips per second if the answer is always the same and nothing is looked at.
fn empty(
    runtime: &Runtime,
    work: Work,
    users: &mut [User],
    answered_bytes: usize,
    each: Duration,
) -> Result<f64> {
    let mut answer = SUCCESS.to_vec();
    answer.resize(answered_bytes, b' ');
    let answer = Bytes::from(answer);
    let reply = move |body: Bytes| {
        let answer = answer.clone();
        async move {
            black_box(body);
            answer
        }
    };
    let router = Router::new().route("/{*path}", post(reply));
    let web = runtime.block_on(Web::bare(router))?;
    let work = Work { address: web.address(), ..work };
    let mut fastest = 0.0;
    for _ in 0..SLICES {
        let run = client::run(work, users, each / 2)?;
        fastest = f64::max(fastest, run.latencies.len() as f64 / run.time.as_secs_f64());
    }
    runtime.block_on(web.stop())?;
    Ok(fastest)
}
