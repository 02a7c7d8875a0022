use std::{collections::BTreeSet, sync::Arc};

use super::Stop;
use crate::{
    Input, LedgerView, Output, OutputRef, Rejection, RejectionCode, Transaction, TransactionId,
    codec::Format,
};

/// An input and the output that it spends.
pub(super) struct Spent<'t> {
    spender: &'t Transaction,
    /// The input's position in its transaction.
    index: usize,
    output_ref: OutputRef,
    /// The transaction whose output is spent. It has that output.
    source: Arc<Transaction>,
}

impl<'t> Spent<'t> {
    /// Finds what an input of a TRANSFER spends.
    pub(super) fn find(
        spender: &'t Transaction,
        index: usize,
        view: &(impl LedgerView + ?Sized),
    ) -> Result<Self, Stop> {
        let refuse =
            |code, message: String| Stop::from(spender.reject_input(code, index, &message));
        let Some(output_ref) = spender.inputs()[index].spends else {
            let message = "a TRANSFER spends an output with every input".to_owned();
            return Err(refuse(RejectionCode::InvalidInputs, message));
        };
        let Some(source) = view.transaction(&output_ref.transaction)? else {
            let message = format!("transaction {} does not exist", output_ref.transaction);
            return Err(refuse(RejectionCode::InputNotFound, message));
        };
        let count = source.outputs().len();
        if usize::try_from(output_ref.index).map_or(true, |index| index >= count) {
            let message = format!("there is no output {output_ref}: its transaction has {count}");
            return Err(refuse(RejectionCode::OutputNotFound, message));
        }
        Ok(Self { spender, index, output_ref, source })
    }

    /// Checks that this input may spend the output.
    pub(super) fn check(&self, view: &(impl LedgerView + ?Sized)) -> Result<(), Stop> {
        self.check_unspent(view.spender(&self.output_ref)?)?;
        self.check_asset()?;
        self.check_condition()?;
        self.check_owners()?;
        Ok(())
    }

    pub(super) fn amount(&self) -> u64 {
        self.output().amount
    }

    /// Whether the spent transaction says that its asset is indivisible; only nested ones say.
    pub(super) fn is_of_indivisible_asset(&self) -> bool {
        self.source.is_divisible() == Some(false)
    }

    fn input(&self) -> &Input {
        &self.spender.inputs()[self.index]
    }

    fn output(&self) -> &Output {
        &self.source.outputs()[self.output_ref.index as usize]
    }

    fn check_unspent(&self, by: Option<TransactionId>) -> Result<(), Rejection> {
        match by {
            None => Ok(()),
            Some(other) => {
                let message = format!("output {} was spent by {other}", self.output_ref);
                Err(self.refuse(RejectionCode::DoubleSpend, message))
            }
        }
    }

    fn check_asset(&self) -> Result<(), Rejection> {
        let (own, other) = (self.spender.asset_id(), self.source.asset_id());
        if own == other {
            return Ok(());
        }
        let message =
            format!("output {} is of asset {other}, the transaction of {own}", self.output_ref);
        Err(self.refuse(RejectionCode::AssetMismatch, message))
    }

    fn check_condition(&self) -> Result<(), Rejection> {
        if self.fulfils_condition() {
            return Ok(());
        }
        let message = format!("does not fulfil the condition of output {}", self.output_ref);
        Err(self.refuse(RejectionCode::InvalidSignature, message))
    }

    /// Whether the fulfilment is one of the condition that the details of the output describe, in
    /// the spender's encoding: so an output can be spent in a newer format than it was made in.
    fn fulfils_condition(&self) -> bool {
        let fulfilled = self.input().fulfillment.condition();
        let encoding = |transaction: &Transaction| Format::of(transaction.version()).conditions;
        let own = encoding(self.spender);
        if own == encoding(&self.source) {
            // That this text is the one of the details was checked when the source was read.
            return fulfilled.uri() == self.output().condition_uri;
        }
        self.output().policy.condition(own).is_ok_and(|condition| condition == *fulfilled)
    }

    fn check_owners(&self) -> Result<(), Rejection> {
        let before: BTreeSet<_> = self.input().owners_before.iter().collect();
        let owners: BTreeSet<_> = self.output().public_keys.iter().collect();
        if before == owners {
            return Ok(());
        }
        let message = format!("owners_before are not the owners of output {}", self.output_ref);
        Err(self.refuse(RejectionCode::OwnersMismatch, message))
    }

    fn refuse(&self, code: RejectionCode, message: String) -> Rejection {
        self.spender.reject_input(code, self.index, &message)
    }
}
