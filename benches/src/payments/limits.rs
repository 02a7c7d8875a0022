//! How fast the machine does the operations, and the limit that follows for a case.

use super::cases::Case;
use crate::{
    bounds::Bounds,
    probe::{Rate, rate, sync_rate},
};
use anyhow::Result;
use std::{hint::black_box, path::Path, thread, time::Duration};
use tally_crypto::{SecretKey, keccak256, verify};

/// A balance proof's digest is over less than two blocks of the hash; so is most of what is hashed.
const HASHED_BYTES: usize = 160;

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
        Self {
            cores: one.cores,
            sign: Rate::faster(one.sign, other.sign),
            verify: Rate::faster(one.verify, other.verify),
            hash: Rate::faster(one.hash, other.hash),
            sync: Rate::faster(one.sync, other.sync),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::cases::Way;

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
