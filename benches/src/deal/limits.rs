//! What making a deal cannot do without, and the limit that follows.

use super::{CLIENTS, Case, client, orders::Orders};
use crate::{
    bounds::Bounds,
    probe::{Rate, rate, sync_rate},
    web::Web,
};
use anyhow::Result;
use axum::{Router, body::Bytes, routing::post};
use std::{hint::black_box, path::Path, sync::Arc, thread, time::Duration};
use tally_crypto::{ed25519::SigningKey, hash160, sha256};
use tally_deal::PrivateKey;
use tokio::runtime::Runtime;

/// Bytes of a data string, which is hashed for the key and for the deal's name.
const DATA_BYTES: usize = 244;
/// Bytes of the script of three keys, which is hashed for the address.
const SCRIPT_BYTES: usize = 105;
/// Bytes of what an Ed25519 signature of OpenPGP signs: a SHA-512 hash.
const DIGEST_BYTES: usize = 64;
/// Parts of a measurement, of which the fastest counts.
const SLICES: u32 = 5;

/// How fast this machine does what a deal needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) cores: usize,
    /// A hash becomes the deal's own key, and its public half.
    pub(crate) derive: Rate,
    /// The data string by SHA-256 and by RIPEMD-160 of SHA-256, the script by SHA-256.
    pub(crate) hashes: Rate,
    pub(crate) sign: Rate,
    pub(crate) sync: Rate,
}

/// What bounds one case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Requests and answers of these sizes with nothing between, for cases over HTTP.
    pub(crate) empty: Option<f64>,
    pub(crate) bounds: Bounds,
}

impl Rates {
    pub(crate) fn measure(folder: &Path, each: Duration) -> Result<Self> {
        let cores = thread::available_parallelism()?.get();
        let derive = rate(cores, each, || {
            let mut hash = [7; 32];
            move || {
                let key = PrivateKey::of_deal(&hash).expect("hardly a hash gives no key");
                hash.copy_from_slice(&key.public_key().as_bytes()[1..]);
            }
        });
        let hashes = rate(cores, each, || {
            let (data, script) = ([b'7'; DATA_BYTES], [b'8'; SCRIPT_BYTES]);
            move || {
                black_box(sha256(black_box(data)));
                black_box(hash160(black_box(data)));
                black_box(sha256(black_box(script)));
            }
        });
        let sign = rate(cores, each, || {
            let key = SigningKey::from_seed(&[9; 32]);
            move || {
                black_box(key.sign(black_box(&[7; DIGEST_BYTES])));
            }
        });
        Ok(Self { cores, derive, hashes, sign, sync: sync_rate(cores, each, folder)? })
    }

    /// Takes the faster of two measurements.
    pub(crate) const fn faster(self, other: Self) -> Self {
        Self {
            cores: self.cores,
            derive: Rate::faster(self.derive, other.derive),
            hashes: Rate::faster(self.hashes, other.hashes),
            sign: Rate::faster(self.sign, other.sign),
            sync: Rate::faster(self.sync, other.sync),
        }
    }

    /// Returns what bounds a case.
    pub(crate) fn limit(&self, case: Case, empty: Option<f64>) -> Limit {
        let needs = |of: fn(&Rate) -> f64| {
            let sign = if case.is_signed { 1.0 / of(&self.sign) } else { 0.0 };
            1.0 / of(&self.derive) + 1.0 / of(&self.hashes) + sign
        };
        let way = empty.map_or(0.0, |empty| 1.0 / empty);
        let in_flight = CLIENTS as f64;
        let bounds = Bounds {
            cores: 1.0 / (needs(|rate| rate.together) + way),
            latency: in_flight / (needs(|rate| rate.alone) + 1.0 / self.sync.alone),
            disk: in_flight * self.sync.alone,
        };
        Limit { empty, bounds }
    }
}

/// Round trips per second if the answer is always the same and nothing is looked at.
pub(crate) fn empty(
    runtime: &Runtime,
    orders: &Arc<Orders>,
    answered_bytes: usize,
    each: Duration,
) -> Result<f64> {
    let mut answer = client::SUCCESS.to_vec();
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
    let mut fastest = 0.0;
    for _ in 0..SLICES {
        let run = client::run(web.address(), orders, false, CLIENTS, each / 2)?;
        fastest = f64::max(fastest, run.latencies.len() as f64 / run.time.as_secs_f64());
    }
    runtime.block_on(web.stop())?;
    Ok(fastest)
}
