//! Checks of what clients post, on a few threads: each transaction is parsed once and its
//! signatures are verified once, in batches with those that wait beside it.

use crate::{
    PostError,
    intake::Post,
    ledger::{Ledger, entropy, refine},
    posted::{Answer, Checked},
};
use std::sync::Arc;
use tally_ledger::{
    Operation, Rejection, RejectionCode, Transaction, ViewError, check_state, verify_signatures,
};

/// Checks posts. Answers those that are refused, and returns the others in their order.
pub(crate) fn check(ledger: &Ledger, posts: Vec<Post>) -> Vec<Checked> {
    let mut candidates = Vec::with_capacity(posts.len());
    for Post { text, answer } in posts {
        match parse_and_place(ledger, &text) {
            Ok(transaction) => candidates.push((transaction, answer)),
            Err(error) => refuse(ledger, answer, error),
        }
    }
    let transactions: Vec<&Transaction> = candidates.iter().map(|(found, _)| &**found).collect();
    let verdicts = verify_signatures(&transactions, ledger.clock.now(), entropy());
    let mut checked = Vec::with_capacity(candidates.len());
    for ((transaction, answer), verdict) in candidates.into_iter().zip(verdicts) {
        match verdict {
            Ok(()) => checked.push(Checked { transaction, answer: Some(answer) }),
            Err(rejection) => refuse(ledger, answer, PostError::Rejected(rejection)),
        }
    }
    checked
}

/// Everything but the signatures. The state is looked at again when the transaction is put into a
/// block; here it keeps what cannot succeed from costing more.
fn parse_and_place(ledger: &Ledger, text: &[u8]) -> Result<Arc<Transaction>, PostError> {
    let transaction = Transaction::parse(text).map_err(PostError::Rejected)?;
    if transaction.operation() == Operation::Genesis {
        let message = "operation: only the node that begins a chain makes a GENESIS transaction";
        let rejection = Rejection::new(RejectionCode::GenesisRefused, message);
        return Err(PostError::Rejected(rejection));
    }
    match place(ledger, &transaction) {
        Ok(Ok(())) => Ok(Arc::new(transaction)),
        Ok(Err(rejection)) => Err(PostError::Rejected(refine(ledger, &transaction, rejection))),
        Err(error) => {
            tracing::error!(%error, cause = %error.source, "a post cannot be checked");
            Err(PostError::Storage)
        }
    }
}

/// Says whether the state allows the transaction, or knows it.
pub(crate) fn place(
    ledger: &Ledger,
    transaction: &Transaction,
) -> Result<Result<(), Rejection>, ViewError> {
    match check_state(transaction, &ledger.store.view())? {
        Err(rejection)
            if rejection.code != RejectionCode::DuplicateTransaction
                && !ledger.store.is_waiting(&transaction.id()) =>
        {
            Ok(Err(rejection))
        }
        Ok(()) | Err(_) => Ok(Ok(())),
    }
}

fn refuse(ledger: &Ledger, answer: Answer, error: PostError) {
    ledger.tallies.refused.add(1);
    answer.send(Err(error));
}
