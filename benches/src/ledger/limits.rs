//! How fast the machine does what a transaction cannot do without, and the limit that follows.

use super::cases::{Case, Needs};
use crate::{
    bounds::Bounds,
    probe::{Rate, rate, sync_rate},
};
use anyhow::Result;
use std::{hint::black_box, path::Path, thread, time::Duration};
use tally_crypto::{
    ed25519::{Check, SigningKey, verify_batch},
    sha3_256,
};
use tally_ledger::BLOCK_TRANSACTIONS_MAX;

/// Signatures that are verified at once; more are hardly faster.
pub(crate) const BATCH: usize = 256;
/// Bytes of a transaction as the load makes them, within a few.
pub(crate) const TRANSACTION_BYTES: usize = 800;
/// What an Ed25519 signature of a transaction is over: a hash.
const MESSAGE_BYTES: usize = 32;

/// How fast this machine does what transactions cannot do without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) cores: usize,
    /// Signatures by different keys, [`BATCH`] at once.
    pub(crate) verify: Rate,
    /// SHA3-256 of [`TRANSACTION_BYTES`].
    pub(crate) hash: Rate,
    pub(crate) sync: Rate,
}

impl Rates {
    /// Measures every operation for `each`, alone and together.
    pub(crate) fn measure(folder: &Path, each: Duration) -> Result<Self> {
        let cores = thread::available_parallelism()?.get();
        let checks: Vec<Check<'_>> = (0..BATCH).map(signed).collect();
        let verify = || {
            let checks = &checks;
            move || {
                let verdicts = verify_batch(black_box(checks), [9; 32]);
                assert!(verdicts.into_iter().all(|verdict| verdict), "the keys signed them");
            }
        };
        let text = [b'7'; TRANSACTION_BYTES];
        let hash = || {
            move || {
                black_box(sha3_256(black_box(text)));
            }
        };
        Ok(Self {
            cores,
            verify: rate(cores, each, verify).times(BATCH as f64),
            hash: rate(cores, each, hash),
            sync: sync_rate(cores, each, folder)?,
        })
    }

    /// Returns the faster of two measurements: other programs only ever slow a machine down.
    pub(crate) const fn faster(one: &Self, other: &Self) -> Self {
        Self {
            cores: one.cores,
            verify: Rate::faster(one.verify, other.verify),
            hash: Rate::faster(one.hash, other.hash),
            sync: Rate::faster(one.sync, other.sync),
        }
    }

    /// Returns what bounds a case on this machine.
    pub(crate) fn bounds(&self, case: &Case) -> Bounds {
        let Needs { verifications, hashes, syncs } = case.needs();
        let [verifications, hashes, syncs] = [verifications, hashes, syncs].map(f64::from);
        let work = verifications / self.verify.together + hashes / self.hash.together;
        // One node checks, then its disk is waited for; the others do so at the same time.
        let latency = 1.0 / self.verify.alone + 2.0 / self.hash.alone + 1.0 / self.sync.alone;
        let disk = if case.nodes == 1 { self.sync.alone } else { self.sync.together };
        let shared = case.in_flight().min(BLOCK_TRANSACTIONS_MAX) as f64;
        Bounds {
            cores: 1.0 / work,
            latency: case.in_flight() as f64 / latency,
            disk: shared * disk / syncs,
        }
    }

    pub(crate) fn one_line(&self) -> String {
        format!(
            "per second on one thread / {} threads: verify in batches {:.0} / {:.0}, hash {:.0} / {:.0}, \
             sync {:.0} / {:.0}",
            self.cores,
            self.verify.alone,
            self.verify.together,
            self.hash.alone,
            self.hash.together,
            self.sync.alone,
            self.sync.together,
        )
    }
}

/// Returns a signature by a key of its own.
fn signed(index: usize) -> Check<'static> {
    let message = sha3_256(index.to_be_bytes());
    debug_assert_eq!(message.len(), MESSAGE_BYTES, "transactions sign hashes");
    let key = SigningKey::from_seed(&message);
    Check { key: key.public_key(), signature: key.sign(&message), message: message.to_vec().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::cases::{Size, Way, Work};

    /// Goal: the formula, on round numbers.
    #[test]
    fn the_smallest_bound_is_the_limit() {
        let rate = |alone| Rate { alone, together: 2.0 * alone };
        let rates =
            Rates { cores: 2, verify: rate(50_000.0), hash: rate(400_000.0), sync: rate(1_000.0) };
        let case = Case { work: Work::Create, way: Way::Call, nodes: 1, size: Size::Thousand };
        let bounds = rates.bounds(&case);
        assert!((bounds.cores - 1.0 / (1e-5 + 2.5e-6)).abs() < 1e-6);
        assert!((bounds.disk - 1e6).abs() < 1e-3);
        assert_eq!(bounds.which(), "cores");
        let four = rates.bounds(&Case { nodes: 4, ..case });
        assert!((4.0 * four.cores - bounds.cores).abs() < 1e-6, "four nodes share the cores");
        assert!((four.disk - 5e5).abs() < 1e-3);
    }

    #[test]
    fn signatures_are_valid_and_by_different_keys() {
        let checks = [signed(1), signed(2)];
        assert_eq!(verify_batch(&checks, [3; 32]), [true, true]);
        assert_ne!(checks[0].key, checks[1].key);
    }
}
