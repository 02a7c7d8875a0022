use super::{AMOUNT_MAX, SIGNED_BYTES_MAX, Transaction};
use crate::{
    Operation, Rejection, RejectionCode,
    codec::{parts::is_same_set, read::Flags},
};
use std::collections::BTreeSet;
use tally_crypto::ed25519::PublicKey;

impl Transaction {
    /// Checks the rules of the operation that need no other transaction.
    ///
    /// *Source:* `docs/formats.md`, *Ledger: transactions*, *Rules*.
    pub(super) fn check_rules(&self, flags: Option<Flags>) -> Result<(), Rejection> {
        if self.outputs.is_empty() {
            let what = format!("{}: must have at least one element", self.outputs_path());
            return Err(Rejection::new(RejectionCode::NoOutputs, what));
        }
        let total = self.sum_of_outputs()?;
        match self.operation {
            Operation::Create | Operation::Genesis => {
                self.check_creation_input()?;
                self.check_flags(flags.unwrap_or_default())?;
                self.check_created_total(total)?;
            }
            Operation::Transfer => self.check_transfer_inputs()?,
        }
        self.check_signed_outputs()?;
        self.check_owners_before()?;
        self.check_work()
    }

    /// Each input of a 0.7 transaction signs the output of the same position. One that nobody signs
    /// could be changed by anybody on its way.
    fn check_signed_outputs(&self) -> Result<(), Rejection> {
        if self.timestamp.is_none() || self.inputs.len() == self.outputs.len() {
            return Ok(());
        }
        let what = format!(
            "{}: a transaction with a timestamp has as many of them as outputs",
            self.inputs_path()
        );
        Err(Rejection::new(RejectionCode::InvalidInputs, what))
    }

    fn sum_of_outputs(&self) -> Result<u64, Rejection> {
        let sum = self.outputs.iter().try_fold(0_u64, |sum, output| sum.checked_add(output.amount));
        sum.filter(|sum| *sum <= AMOUNT_MAX).ok_or_else(|| {
            let what =
                format!("{}: the amounts add up to more than {AMOUNT_MAX}", self.outputs_path());
            Rejection::new(RejectionCode::InvalidAmount, what)
        })
    }

    fn check_creation_input(&self) -> Result<(), Rejection> {
        let what = match self.inputs.as_slice() {
            [input] if input.spends.is_none() => return Ok(()),
            [_] => "a CREATE operation has no inputs",
            [] => "the transaction contains no inputs",
            [_, _, ..] => "a CREATE operation has exactly one element here",
        };
        let what = format!("{}: {what}", self.inputs_path());
        Err(Rejection::new(RejectionCode::InvalidInputs, what))
    }

    fn check_transfer_inputs(&self) -> Result<(), Rejection> {
        if self.inputs.is_empty() {
            let what = format!("{}: the transaction contains no inputs", self.inputs_path());
            return Err(Rejection::new(RejectionCode::InvalidInputs, what));
        }
        let mut spent = BTreeSet::new();
        for (index, input) in self.inputs.iter().enumerate() {
            let Some(output) = input.spends else {
                let what = "only CREATE transactions can have null inputs";
                return Err(self.reject_input(RejectionCode::InvalidInputs, index, what));
            };
            if !spent.insert(output) {
                let what = format!("tx \"{}\" spends inputs twice", self.id);
                return Err(self.reject_input(RejectionCode::DoubleSpend, index, &what));
            }
        }
        Ok(())
    }

    fn check_flags(&self, flags: Flags) -> Result<(), Rejection> {
        let unsupported = [("refillable", flags.refillable), ("updatable", flags.updatable)];
        match unsupported.into_iter().find(|(_, is_set)| *is_set) {
            None => Ok(()),
            Some((name, _)) => {
                let what = format!("transaction.asset.{name}: is not supported");
                Err(Rejection::new(RejectionCode::UnsupportedAsset, what))
            }
        }
    }

    fn check_created_total(&self, total: u64) -> Result<(), Rejection> {
        let what = match self.is_divisible {
            Some(false) if total != 1 => "non divisible assets always have amount equal to one",
            Some(true) if total == 1 => "divisible assets must have an amount greater than one",
            Some(_) | None => return Ok(()),
        };
        let what = format!("{}: {what}", self.outputs_path());
        Err(Rejection::new(RejectionCode::AmountMismatch, what))
    }

    /// Checks that nobody is named who does not sign a creation, and that nobody signs who is not
    /// named.
    fn check_owners_before(&self) -> Result<(), Rejection> {
        for (index, input) in self.inputs.iter().enumerate() {
            let signers: Vec<PublicKey> =
                input.fulfillment.leaves().map(|leaf| *leaf.public_key).collect();
            let owners = &input.owners_before;
            let (is_right, what) = match self.operation {
                Operation::Create | Operation::Genesis => (
                    !owners.is_empty() && is_same_set(signers, owners.clone()),
                    "owners_before must be exactly the keys that signed",
                ),
                Operation::Transfer => (
                    signers.iter().all(|key| owners.contains(key)),
                    "owners_before must contain the keys that signed",
                ),
            };
            if !is_right {
                return Err(self.reject_input(RejectionCode::OwnersMismatch, index, what));
            }
        }
        Ok(())
    }

    fn check_work(&self) -> Result<(), Rejection> {
        let inputs = 0..self.inputs.len();
        let work =
            inputs.fold(0_usize, |work, index| work.saturating_add(self.message_work(index)));
        if work <= SIGNED_BYTES_MAX {
            return Ok(());
        }
        let what = format!(
            "{}: more than {SIGNED_BYTES_MAX} bytes to hash for all signatures",
            self.inputs_path()
        );
        Err(Rejection::new(RejectionCode::TooLarge, what))
    }

    pub(crate) fn reject_input(&self, code: RejectionCode, index: usize, what: &str) -> Rejection {
        Rejection::new(code, format!("{}[{index}]: {what}", self.inputs_path()))
    }

    fn inputs_path(&self) -> String {
        self.path(self.format().names.inputs)
    }

    fn outputs_path(&self) -> String {
        self.path(self.format().names.outputs)
    }

    fn path(&self, list: &str) -> String {
        match self.format().names.body {
            None => list.to_owned(),
            Some(body) => format!("{body}.{list}"),
        }
    }
}
