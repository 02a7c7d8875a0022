//! How fast the machine does the operations, and the limit that follows for a case.

use crate::cases::Case;
use anyhow::Result;
use std::{
    hint::black_box,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tally_crypto::{SecretKey, keccak256, verify};
use tally_storage::{Batch, Durability, Store, Table};
use tally_storage_rocksdb::{DataFolder, RocksStore};

const PROBE: Table = Table::new("probe");
/// What one small commit writes.
const RECORD_BYTES: usize = 512;
/// A balance proof's digest is over less than two blocks of the hash; so is most of what is hashed.
const HASHED_BYTES: usize = 160;
/// Parts of a measurement, of which the fastest counts.
const SLICES: u32 = 5;

/// Operations per second, one thread alone and all cores together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) alone: f64,
    pub(crate) together: f64,
}

/// How fast this machine does what payments cannot do without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) cores: usize,
    pub(crate) sign: Rate,
    pub(crate) verify: Rate,
    pub(crate) hash: Rate,
    /// `together`: one store per core, each in a folder of its own, as nodes are.
    pub(crate) sync: Rate,
}

/// What bounds a case, in payments per second; the smallest is the limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// All cores do nothing but sign, verify and hash.
    pub(crate) cores: f64,
    /// Each payment's own steps follow each other.
    pub(crate) latency: f64,
    /// Every sync is shared by all payments in flight.
    pub(crate) disk: f64,
}

impl Rates {
    /// Measures every operation for `each`, alone and together.
    pub(crate) fn measure(folder: &Path, each: Duration) -> Result<Self> {
        let cores = thread::available_parallelism()?.get();
        let key = SecretKey::generate([7; 32]);
        let digests: Vec<_> = (0..64_u8).map(|n| keccak256([n])).collect();
        let signed: Vec<_> = digests.iter().map(|d| (*d, key.sign_digest(d))).collect();
        let bytes = [7_u8; HASHED_BYTES];
        let sign = || {
            let mut at = 0;
            let (key, digests) = (key.clone(), &digests);
            move || {
                at = (at + 1) % digests.len();
                black_box(key.sign_digest(&digests[at]));
            }
        };
        let check = || {
            let mut at = 0;
            let (signer, signed) = (key.address(), &signed);
            move || {
                at = (at + 1) % signed.len();
                let (digest, signature) = &signed[at];
                verify(digest, signature, signer).expect("the key signed it");
            }
        };
        let hash = || {
            move || {
                black_box(keccak256(black_box(bytes)));
            }
        };
        Ok(Self {
            cores,
            sign: rate(cores, each, sign),
            verify: rate(cores, each, check),
            hash: rate(cores, each, hash),
            sync: sync_rate(cores, each, folder)?,
        })
    }

    /// Returns the faster of two measurements: other programs only ever slow a machine down.
    pub(crate) const fn faster(one: &Self, other: &Self) -> Self {
        const fn faster(one: Rate, other: Rate) -> Rate {
            Rate { alone: one.alone.max(other.alone), together: one.together.max(other.together) }
        }
        Self {
            cores: one.cores,
            sign: faster(one.sign, other.sign),
            verify: faster(one.verify, other.verify),
            hash: faster(one.hash, other.hash),
            sync: faster(one.sync, other.sync),
        }
    }

    /// Returns what bounds a case on this machine.
    pub(crate) fn bounds(&self, case: Case) -> Bounds {
        let needs = case.needs();
        let [signatures, verifications, hashes, syncs] =
            [needs.signatures, needs.verifications, needs.hashes, needs.syncs].map(f64::from);
        let path = [needs.path.signatures, needs.path.verifications, needs.path.syncs];
        let [path_signatures, path_verifications, path_syncs] = path.map(f64::from);
        let in_flight = case.in_flight as f64;
        let work = signatures / self.sign.together
            + verifications / self.verify.together
            + hashes / self.hash.together;
        let latency = path_signatures / self.sign.alone
            + path_verifications / self.verify.alone
            + path_syncs / self.sync.alone;
        Bounds {
            cores: 1.0 / work,
            latency: in_flight / latency,
            disk: in_flight * self.sync.together / syncs,
        }
    }

    pub(crate) fn one_line(&self) -> String {
        format!(
            "per second on one thread / {} threads: sign {:.0} / {:.0}, verify {:.0} / {:.0}, \
             hash {:.0} / {:.0}, sync {:.0} / {:.0}",
            self.cores,
            self.sign.alone,
            self.sign.together,
            self.verify.alone,
            self.verify.together,
            self.hash.alone,
            self.hash.together,
            self.sync.alone,
            self.sync.together,
        )
    }
}

impl Bounds {
    pub(crate) const fn limit(&self) -> f64 {
        self.cores.min(self.latency).min(self.disk)
    }

    /// Names the smallest.
    pub(crate) fn which(&self) -> &'static str {
        let limit = self.limit();
        if self.cores <= limit {
            "cores"
        } else if self.latency <= limit {
            "latency"
        } else {
            "disk"
        }
    }
}

/// Measures an operation on one thread and on one thread per core.
fn rate<F: FnMut() + Send>(cores: usize, each: Duration, operation: impl Fn() -> F) -> Rate {
    Rate {
        alone: throughput(vec![operation()], each),
        together: throughput((0..cores).map(|_| operation()).collect(), each),
    }
}

/// Synced commits of one small record, as a node with nothing to share would make them.
fn sync_rate(cores: usize, each: Duration, folder: &Path) -> Result<Rate> {
    let scratch = tempfile::tempdir_in(folder)?;
    let open = |index: usize| -> Result<_> {
        let store =
            RocksStore::open(DataFolder::lock(scratch.path().join(index.to_string()))?, &[PROBE])?;
        let mut number = 0_u64;
        Ok(move || {
            number += 1;
            let mut batch = Batch::new();
            batch.put(PROBE, number.to_be_bytes(), [7; RECORD_BYTES]);
            store.commit(batch, Durability::Synced).expect("the probe's folder can be written");
        })
    };
    let alone = throughput(vec![open(0)?], each);
    let all = (1..=cores).map(open).collect::<Result<Vec<_>>>()?;
    Ok(Rate { alone, together: throughput(all, each) })
}

/// Runs every operation on a thread of its own for a while, in slices; returns how many ran per
/// second in the fastest slice.
fn throughput<F: FnMut() + Send>(mut operations: Vec<F>, each: Duration) -> f64 {
    let slice = each / SLICES;
    (0..SLICES).map(|_| throughput_once(&mut operations, slice)).fold(0.0, f64::max)
}

fn throughput_once<F: FnMut() + Send>(operations: &mut [F], each: Duration) -> f64 {
    thread::scope(|scope| {
        let threads: Vec<_> = operations
            .iter_mut()
            .map(|operation| {
                scope.spawn(move || {
                    operation();
                    let start = Instant::now();
                    let mut count = 0_u64;
                    while start.elapsed() < each {
                        operation();
                        count += 1;
                    }
                    count as f64 / start.elapsed().as_secs_f64()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("an operation does not panic")).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Way;

    /// Goal: the formula, on round numbers.
    #[test]
    fn the_smallest_bound_is_the_limit() {
        let rate = |alone| Rate { alone, together: 2.0 * alone };
        let hash = Rate { alone: 1e300, together: 1e300 };
        let rates = Rates {
            cores: 2,
            sign: rate(20_000.0),
            verify: rate(20_000.0),
            hash,
            sync: rate(500.0),
        };
        let bounds = |in_flight| rates.bounds(Case { way: Way::Direct, in_flight });
        assert!((bounds(1).cores - 20_000.0).abs() < 1.0);
        assert!((bounds(1).latency - 1.0 / (4e-3 + 1e-4)).abs() < 1e-6);
        assert!((bounds(1).disk - 500.0).abs() < 1e-6);
        assert_eq!(bounds(1).which(), "latency");
        assert_eq!(bounds(1000).which(), "cores");
    }
}
