//! Verifying the signatures of many transactions at once.

use tally_crypto::ed25519::verify_batch;

use crate::{Rejection, RejectionCode, Transaction};

/// A batch is closed when its messages reach this many bytes. Larger ones are hardly faster, and
/// the messages of one transaction alone may have
/// [`SIGNED_BYTES_MAX`](crate::transaction::SIGNED_BYTES_MAX).
const BATCH_BYTES: usize = 1 << 20;

/// Verifies the signatures of all inputs of all transactions, in batches; answers for each
/// transaction, in their order.
///
/// A fulfilment counts when the verdicts on its Ed25519 signatures satisfy it at `now` (seconds
/// since the Unix epoch), thresholds, timeouts and all. *Every* input is verified: whether the
/// fulfilment is the right one for the output that the input spends is a question of state
/// ([`check_state`](crate::check_state)).
///
/// The answers do not depend on what else is verified with a transaction, in which order, or on
/// `entropy`: 32 random bytes that whoever made the signatures could not foresee. So a caller may
/// split a block over its cores as it likes.
///
/// # Errors
///
/// For each transaction, the first input that is not signed as it has to be.
///
/// *Source:* `docs/ledger-rules.md`, section *Signatures*.
pub fn verify_signatures(
    transactions: &[&Transaction],
    now: u64,
    entropy: [u8; 32],
) -> Vec<Result<(), Rejection>> {
    let mut verdicts = Vec::with_capacity(transactions.len());
    let mut batch = Batch::default();
    for transaction in transactions {
        batch.add(transaction);
        if batch.bytes >= BATCH_BYTES {
            verdicts.extend(std::mem::take(&mut batch).verify(now, entropy));
        }
    }
    verdicts.extend(batch.verify(now, entropy));
    verdicts
}

impl Transaction {
    /// Returns whether [`verify_signatures`](Self::verify_signatures) may be content at `now` or
    /// later, in seconds since the Unix epoch; `false` is for good.
    pub(crate) fn may_be_verified(&self, now: u64) -> bool {
        self.inputs().iter().enumerate().all(|(index, input)| {
            let message = self.message(index);
            let checks = input.fulfillment.checks(&message);
            let verdicts: Vec<bool> = checks.iter().map(|check| check.verify().is_ok()).collect();
            input.fulfillment.may_be_satisfied(&verdicts, &message, now)
        })
    }

    /// Verifies the signatures of all inputs at `now`, in seconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// The first input that is not signed as it has to be.
    pub fn verify_signatures(&self, now: u64) -> Result<(), Rejection> {
        for (index, input) in self.inputs().iter().enumerate() {
            let message = self.message(index);
            let checks = input.fulfillment.checks(&message);
            let verdicts: Vec<bool> = checks.iter().map(|check| check.verify().is_ok()).collect();
            judge(self, index, &message, &verdicts, now)?;
        }
        Ok(())
    }
}

/// Transactions to be verified together, and the messages that their inputs sign.
#[derive(Default)]
struct Batch<'t> {
    transactions: Vec<(&'t Transaction, Vec<Vec<u8>>)>,
    bytes: usize,
}

impl<'t> Batch<'t> {
    fn add(&mut self, transaction: &'t Transaction) {
        let indexes = 0..transaction.inputs().len();
        let messages: Vec<_> = indexes.map(|index| transaction.message(index)).collect();
        self.bytes += messages.iter().map(Vec::len).sum::<usize>();
        self.transactions.push((transaction, messages));
    }

    fn verify(self, now: u64, entropy: [u8; 32]) -> Vec<Result<(), Rejection>> {
        let mut checks = Vec::new();
        let mut counts = Vec::new();
        for (transaction, messages) in &self.transactions {
            for (input, message) in transaction.inputs().iter().zip(messages) {
                let own = input.fulfillment.checks(message);
                counts.push(own.len());
                checks.extend(own);
            }
        }
        let mut verdicts = verify_batch(&checks, entropy).into_iter();
        let by_input: Vec<Vec<bool>> =
            counts.into_iter().map(|count| verdicts.by_ref().take(count).collect()).collect();
        let mut rest = by_input.as_slice();
        let judge_next = |(transaction, messages): &(&Transaction, Vec<Vec<u8>>)| {
            let (own, others) = rest.split_at(messages.len());
            rest = others;
            let mut inputs = messages.iter().zip(own).enumerate();
            inputs.try_for_each(|(index, (message, verdicts))| {
                judge(transaction, index, message, verdicts, now)
            })
        };
        self.transactions.iter().map(judge_next).collect()
    }
}

/// Whether one input is signed as it has to be, given the verdicts on its Ed25519 signatures.
fn judge(
    transaction: &Transaction,
    index: usize,
    message: &[u8],
    verdicts: &[bool],
    now: u64,
) -> Result<(), Rejection> {
    let fulfillment = &transaction.inputs()[index].fulfillment;
    if fulfillment.is_satisfied(verdicts, message, now) {
        return Ok(());
    }
    let wrong = fulfillment.leaves().zip(verdicts).find(|(_, is_valid)| !**is_valid);
    let what = match wrong {
        Some((leaf, _)) => format!("the signature of {} is wrong", leaf.public_key),
        None => "the fulfilment does not satisfy its condition at this time".to_owned(),
    };
    Err(transaction.reject_input(RejectionCode::InvalidSignature, index, &what))
}
