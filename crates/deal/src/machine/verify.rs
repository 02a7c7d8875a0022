//! A signed transaction is compared with its plan before it is taken.

use super::{Deal, Plan, Recipient, Version, WrongSettlement, plan};
use bitcoin::{consensus::deserialize, hashes::Hash as _};
use std::collections::BTreeSet;
use tally_chain::utxo::OutPoint;
use tally_primitives::{Satoshi, Txid};

impl Deal {
    /// Checks that a transaction spends what the plan says and pays whom it says.
    ///
    /// The last line of defence: whoever built the transaction, nothing is stored or broadcast
    /// that pays strangers, or a recipient more than its share and the shares of those who are not
    /// paid because theirs are too small.
    pub(super) fn verify(
        &self,
        plan: &Plan,
        version: Version,
        raw: &[u8],
    ) -> Result<(), WrongSettlement> {
        let transaction: bitcoin::Transaction =
            deserialize(raw).map_err(|_| WrongSettlement::NoTransaction)?;
        if Txid::from_hash(transaction.compute_txid().to_byte_array()) != version.txid {
            return Err(WrongSettlement::OtherId);
        }
        let spent = transaction.input.iter().map(|input| OutPoint {
            txid: Txid::from_hash(input.previous_output.txid.to_byte_array()),
            vout: input.previous_output.vout,
        });
        let planned: BTreeSet<_> = plan.inputs.iter().map(|(outpoint, _)| *outpoint).collect();
        let is_once = transaction.input.len() == planned.len();
        if !is_once || spent.collect::<BTreeSet<_>>() != planned {
            return Err(WrongSettlement::Inputs);
        }
        let paid = transaction.output.iter().map(|output| Satoshi(output.value.to_sat()));
        let paid = paid.chain([version.fee]).try_fold(Satoshi(0), Satoshi::checked_add);
        if paid != Some(plan.total()) {
            return Err(WrongSettlement::Sum);
        }
        self.verify_outputs(plan, version.fee, &transaction.output)
    }

    fn verify_outputs(
        &self,
        plan: &Plan,
        fee: Satoshi,
        outputs: &[bitcoin::TxOut],
    ) -> Result<(), WrongSettlement> {
        let script_of = |recipient| self.address_of(recipient).map(|it| it.script().to_vec());
        // Recipients with the same address are paid by one output.
        let shares_of = |script: &[u8]| {
            let shares =
                plan.shares.iter().filter(|(to, _)| script_of(*to).as_deref() == Some(script));
            plan::sum(shares.map(|(_, share)| *share))
        };
        let is_paid = |to: Recipient| {
            let script = script_of(to);
            outputs.iter().any(|output| Some(output.script_pubkey.as_bytes()) == script.as_deref())
        };
        let unpaid = plan.shares.iter().filter(|(to, _)| !is_paid(*to));
        let unpaid = plan::sum(unpaid.map(|(_, share)| *share));
        let mut seen = BTreeSet::new();
        for (at, output) in outputs.iter().enumerate() {
            let script = output.script_pubkey.as_bytes();
            let (share, value) = (shares_of(script), Satoshi(output.value.to_sat()));
            if share.0 == 0 || !seen.insert(script) {
                return Err(WrongSettlement::Stranger(at));
            }
            let most = plan::sum([share, unpaid].into_iter());
            let least = share.checked_sub(fee).unwrap_or_default();
            if value > most || value < least {
                return Err(WrongSettlement::Share(value));
            }
        }
        Ok(())
    }
}
