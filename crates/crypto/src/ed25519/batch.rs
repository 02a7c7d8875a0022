use super::{PublicKey, Signature, verify::check_encodings};
use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use ed25519_zebra::{
    VerificationKeyBytes,
    batch::{Item, Verifier},
};
use std::borrow::Cow;

/// How many signatures share one equation.
///
/// A signature takes 40 µs alone, 26 µs among 8, 20 µs among 256 and 18 µs among 1024 (two cores
/// of a shared machine, keys all different): more gains little and loses more where one is invalid.
const BATCH_MAX: usize = 256;

/// How many share one where a batch failed. One invalid signature then costs eight single
/// verifications.
const GROUP: usize = 8;

/// Where more than one in this many groups fails, the rest of the batch is verified one by one.
const FAILURES_ONE_IN: usize = 4;

/// One signature to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check<'a> {
    /// Whose signature it should be.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
    /// What should have been signed.
    pub message: Cow<'a, [u8]>,
}

impl Check<'_> {
    /// Verifies this signature alone.
    ///
    /// # Errors
    ///
    /// As [`verify`](super::verify()).
    pub fn verify(&self) -> Result<(), super::SignatureError> {
        super::verify(&self.key, &self.message, &self.signature)
    }
}

/// Verifies many signatures together: true exactly where [`verify`](super::verify()) says `Ok`.
///
/// Twice as fast as one by one when all are valid, up to four times when they are by few keys. A
/// batch that fails is verified again in small groups, and a group that fails one by one; where
/// that does not pay because too many are invalid, all that is left is verified one by one. So
/// whatever is sent costs at most 1.8 times as much as single verification.
///
/// `entropy` are random bytes that whoever made the signatures could not know: they scale the
/// equations against each other. A batch with an invalid signature passes with probability 2^-128.
pub fn verify_batch(checks: &[Check<'_>], entropy: [u8; 32]) -> Vec<bool> {
    let mut verdicts = vec![false; checks.len()];
    let mut random = ChaCha20Rng::from_seed(entropy);
    for (checks, verdicts) in checks.chunks(BATCH_MAX).zip(verdicts.chunks_mut(BATCH_MAX)) {
        let candidates: Vec<Candidate> = checks
            .iter()
            .enumerate()
            .filter(|(_, check)| check_encodings(&check.key, &check.signature).is_ok())
            .map(|(index, check)| Candidate::new(index, check))
            .collect();
        judge(&candidates, &mut random, verdicts);
    }
    verdicts
}

/// A signature that only the equation can refuse, and its place among the verdicts.
struct Candidate {
    index: usize,
    item: Item,
}

impl Candidate {
    /// Hashes the message, once however often the signature is verified.
    fn new(index: usize, check: &Check<'_>) -> Self {
        let key = VerificationKeyBytes::from(*check.key.as_bytes());
        let item = Item::from((key, (*check.signature.as_bytes()).into(), &*check.message));
        Self { index, item }
    }

    fn is_valid(&self) -> bool {
        self.item.clone().verify_single().is_ok()
    }
}

fn judge(candidates: &[Candidate], random: &mut ChaCha20Rng, verdicts: &mut [bool]) {
    if are_all_valid(candidates, random) {
        for candidate in candidates {
            verdicts[candidate.index] = true;
        }
        return;
    }
    let mut failures_left = candidates.len() / (GROUP * FAILURES_ONE_IN);
    for group in candidates.chunks(GROUP) {
        let is_valid = failures_left > 0 && are_all_valid(group, random);
        if !is_valid {
            failures_left = failures_left.saturating_sub(1);
        }
        for candidate in group {
            verdicts[candidate.index] = is_valid || candidate.is_valid();
        }
    }
}

/// Whether one equation holds for all. With a valid and an invalid signature it does not.
fn are_all_valid(candidates: &[Candidate], random: &mut ChaCha20Rng) -> bool {
    if let [candidate] = candidates {
        return candidate.is_valid();
    }
    let mut batch = Verifier::new();
    for candidate in candidates {
        batch.queue(candidate.item.clone());
    }
    batch.verify(random).is_ok()
}
