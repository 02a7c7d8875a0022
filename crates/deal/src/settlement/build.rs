use super::{
    FeeRules, INPUTS_MAX, Moved, PartialSettlement, PsbtError, SettlementError, SignedSettlement,
    script::{Lock, output, transaction},
    shares::{Group, divide, join},
};
use crate::{Address, PaymentAddress, Plan, PrivateKey, Recipient};
use bitcoin::ScriptBuf;
use tally_chain::utxo::{FeeRate, OutPoint};
use tally_primitives::{Satoshi, Txid};

/// An output of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Who is paid, in the order of recipients; more than one if they have the same address.
    pub recipients: Vec<Recipient>,
    /// Where.
    pub address: Address,
    /// How much, after the miner's fee.
    pub amount: Satoshi,
}

/// A transaction that carries out a plan and lacks only signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedSettlement {
    partial: PartialSettlement,
    payments: Vec<Payment>,
    moved: Vec<Moved>,
    fee: Satoshi,
    vsize: u64,
}

impl UnsignedSettlement {
    /// Makes the transaction of a plan.
    ///
    /// `addresses` has the address of each recipient of the plan; `payment` is where the money is.
    /// If the plan replaces a transaction, this one pays so much more that nodes prefer it
    /// (BIP-125).
    ///
    /// # Errors
    ///
    /// [`SettlementError`].
    pub fn build(
        plan: &Plan,
        payment: &PaymentAddress,
        addresses: &[(Recipient, Address)],
        rate: FeeRate,
        rules: FeeRules,
    ) -> Result<Self, SettlementError> {
        let lock = Lock::of(payment)?;
        let inputs = inputs_of(plan)?;
        let groups = join(&plan.shares, addresses)?;
        let total = check_balance(&inputs, &plan.shares)?;
        let outpoints: Vec<OutPoint> = inputs.iter().map(|(outpoint, _)| *outpoint).collect();
        let unsigned = |groups: &[Group]| {
            let script = |group: &Group| ScriptBuf::from_bytes(group.address.script());
            let outputs = groups.iter().map(|group| output(group.net, script(group)));
            transaction(&outpoints, outputs.collect())
        };
        let division = divide(groups, |groups| {
            let vsize = lock.signed_vsize(&unsigned(groups));
            rules.fee(rate, vsize, total, plan.replaces_fee)
        })?;
        let unsigned = unsigned(&division.groups);
        let vsize = lock.signed_vsize(&unsigned);
        let values: Vec<Satoshi> = inputs.iter().map(|(_, value)| *value).collect();
        Ok(Self {
            partial: PartialSettlement::new(unsigned, lock, &values),
            payments: division.groups.into_iter().map(Payment::from).collect(),
            moved: division.moved,
            fee: division.fee,
            vsize,
        })
    }

    /// Returns what is paid, in the order of outputs.
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// Returns the shares that were too small to be paid, and who got them.
    pub fn moved(&self) -> &[Moved] {
        &self.moved
    }

    /// Returns what the miner gets.
    pub fn fee(&self) -> Satoshi {
        self.fee
    }

    /// Returns the size of the signed transaction in virtual bytes, at most.
    pub fn vsize(&self) -> u64 {
        self.vsize
    }

    /// Returns the id that the signed transaction will have.
    pub fn txid(&self) -> Txid {
        self.partial.txid()
    }

    /// Signs with two of the three keys, which may be given in any order. Of three keys the first
    /// two in the order of the script sign.
    ///
    /// # Errors
    ///
    /// [`PsbtError::ForeignKey`] and [`PsbtError::KeyCount`].
    pub fn sign(&self, keys: &[PrivateKey]) -> Result<SignedSettlement, PsbtError> {
        if !(2..=3).contains(&keys.len()) {
            return Err(PsbtError::KeyCount);
        }
        let mut partial = self.partial.clone();
        for key in keys {
            partial.sign(key)?;
        }
        partial.finalise()
    }

    /// Returns the transaction for whoever is to sign it.
    pub fn to_partial(&self) -> PartialSettlement {
        self.partial.clone()
    }
}

impl From<Group> for Payment {
    fn from(group: Group) -> Self {
        let recipients = group.shares.iter().map(|(recipient, _)| *recipient).collect();
        Self { recipients, address: group.address, amount: Satoshi(group.net) }
    }
}

/// Returns the plan's inputs in the order of the transaction.
fn inputs_of(plan: &Plan) -> Result<Vec<(OutPoint, Satoshi)>, SettlementError> {
    let mut inputs = plan.inputs.clone();
    inputs.sort();
    if inputs.is_empty() {
        return Err(SettlementError::NoInputs);
    }
    if inputs.len() > INPUTS_MAX {
        return Err(SettlementError::TooManyInputs { count: inputs.len() });
    }
    match inputs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(SettlementError::DuplicateInput(pair[0].0)),
        None => Ok(inputs),
    }
}

/// Checks that the shares are exactly what the inputs are worth, and returns it.
fn check_balance(
    inputs: &[(OutPoint, Satoshi)],
    shares: &[(Recipient, Satoshi)],
) -> Result<Satoshi, SettlementError> {
    let inputs = sum(inputs.iter().map(|(_, value)| *value))?;
    let shares = sum(shares.iter().map(|(_, share)| *share))?;
    if inputs == shares { Ok(inputs) } else { Err(SettlementError::Unbalanced { inputs, shares }) }
}

fn sum(mut amounts: impl Iterator<Item = Satoshi>) -> Result<Satoshi, SettlementError> {
    let sum = amounts.try_fold(Satoshi(0), Satoshi::checked_add);
    sum.ok_or(SettlementError::Overflow)
}
