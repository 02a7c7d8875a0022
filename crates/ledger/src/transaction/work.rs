//! How much work the signatures of a transaction are to whoever verifies them.

use super::Transaction;

/// The work of one Ed25519 signature beside its message, in bytes hashed: 40 µs, what one takes
/// that is verified alone.
const ED25519_WORK: u64 = 16 << 10;

/// The work of one RSA signature beside its message, in bytes hashed for each square byte of its
/// modulus: a millisecond for the longest.
const RSA_WORK: u64 = 2;

impl Transaction {
    /// Returns an upper bound on the work to verify all signatures, in bytes hashed: some 400 of
    /// them take a core one microsecond.
    ///
    /// *Source:* `docs/ledger-rules.md`, section *Blocks*.
    pub fn verification_work(&self) -> u64 {
        let inputs = self.inputs.iter().enumerate();
        inputs.fold(0_u64, |work, (index, input)| {
            let keys = input.fulfillment.leaves().count() as u64;
            let moduli = input.fulfillment.rsa_lengths().map(|bytes| (bytes * bytes) as u64);
            work.saturating_add(self.message_work(index) as u64)
                .saturating_add(keys * ED25519_WORK)
                .saturating_add(moduli.sum::<u64>() * RSA_WORK)
        })
    }

    /// Returns an upper bound on how many bytes are hashed for the signatures of an input.
    pub(super) fn message_work(&self, index: usize) -> usize {
        let fulfillment = &self.inputs[index].fulfillment;
        let signatures = fulfillment.leaves().count() + fulfillment.rsa_lengths().count();
        self.format().message_work(self.signed_text(), index, signatures)
    }
}
