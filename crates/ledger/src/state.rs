//! The rules that need a state: what exists, what is spent, what is taken.

use crate::{
    LedgerView, Operation, Rejection, RejectionCode, Transaction, ViewError, overlay::created_uuid,
};

mod spent;

use spent::Spent;

/// Checks a transaction against a state: whether it may be appended to it.
///
/// Expects a transaction whose structure holds ([`Transaction::parse`]); its signatures are checked
/// apart ([`verify_signatures`](crate::verify_signatures)). The rules and their order are those of
/// `docs/ledger-rules.md`; the first that is broken is named. A GENESIS transaction is always
/// refused: only the genesis block holds one, and [`Block::check`](crate::Block::check) sees to
/// that.
///
/// # Errors
///
/// The outer error: the state could not be read. The inner one: the transaction breaks a rule.
///
/// *Source:* `docs/ledger-rules.md`, section *A transaction on a state*.
pub fn check_state(
    transaction: &Transaction,
    view: &(impl LedgerView + ?Sized),
) -> Result<Result<(), Rejection>, ViewError> {
    match check(transaction, view) {
        Ok(()) => Ok(Ok(())),
        Err(Stop::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Stop::View(error)) => Err(error),
    }
}

/// Why a check ends early.
enum Stop {
    Rejected(Rejection),
    View(ViewError),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<ViewError> for Stop {
    fn from(error: ViewError) -> Self {
        Self::View(error)
    }
}

fn check(transaction: &Transaction, view: &(impl LedgerView + ?Sized)) -> Result<(), Stop> {
    if view.contains(&transaction.id())? {
        let message = format!("id: transaction {} is in the chain already", transaction.id());
        return Err(Rejection::new(RejectionCode::DuplicateTransaction, message).into());
    }
    match transaction.operation() {
        Operation::Genesis => Err(genesis_refused().into()),
        Operation::Create => check_create(transaction, view),
        Operation::Transfer => check_transfer(transaction, view),
    }
}

/// A GENESIS transaction anywhere but in the genesis block.
pub(crate) fn genesis_refused() -> Rejection {
    let message = "operation: only the node that begins a chain makes a GENESIS transaction";
    Rejection::new(RejectionCode::GenesisRefused, message)
}

/// A nested CREATE takes its asset's uuid; in the flat formats its own id names the asset.
fn check_create(transaction: &Transaction, view: &(impl LedgerView + ?Sized)) -> Result<(), Stop> {
    let Some(uuid) = created_uuid(transaction) else { return Ok(()) };
    match view.asset_creator(&uuid)? {
        None => Ok(()),
        Some(creator) => {
            let message = format!("asset.id: transaction {creator} created asset {uuid} already");
            Err(Rejection::new(RejectionCode::DuplicateAsset, message).into())
        }
    }
}

fn check_transfer(
    transaction: &Transaction,
    view: &(impl LedgerView + ?Sized),
) -> Result<(), Stop> {
    let mut amount_in = 0;
    let mut is_whole = false;
    for index in 0..transaction.inputs().len() {
        let spent = Spent::find(transaction, index, view)?;
        spent.check(view)?;
        amount_in += u128::from(spent.amount());
        is_whole |= spent.is_of_indivisible_asset();
    }
    check_amounts(transaction, amount_in, is_whole)?;
    Ok(())
}

/// What goes in comes out, and an indivisible asset moves as one.
///
/// Whether an asset is divisible says its CREATE transaction. It is asked only of the transactions
/// that are spent directly: one unit was created, sums are kept, so behind a TRANSFER there can
/// never be more than that unit.
fn check_amounts(
    transaction: &Transaction,
    amount_in: u128,
    is_whole: bool,
) -> Result<(), Rejection> {
    // At most 2^32 amounts below 2^64 each: the sums fit.
    let amount_out: u128 = transaction.outputs().iter().map(|out| u128::from(out.amount)).sum();
    if amount_in != amount_out {
        let message =
            format!("amount: the inputs bring {amount_in}, the outputs take {amount_out}");
        return Err(Rejection::new(RejectionCode::AmountMismatch, message));
    }
    if is_whole && amount_in != 1 {
        let message = format!("amount: an indivisible asset moves as 1, not as {amount_in}");
        return Err(Rejection::new(RejectionCode::AmountMismatch, message));
    }
    Ok(())
}
