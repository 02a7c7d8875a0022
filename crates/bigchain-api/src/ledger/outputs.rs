use super::{Ledger, Part, filter::Outputs};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::OutputRef;
use tally_ledger_node::ReadError;
use tally_ledger_store::{OutputPlace, OwnedOutput, PAGE_MAX};

/// How outputs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputForm {
    /// `../transactions/{id}/outputs/{index}`.
    Path,
    /// An object with the transaction and the index.
    Object,
    /// The same with amount, asset, and whether it is spent.
    Detailed,
}

impl Ledger<'_> {
    /// Lists the outputs of a key in the order of the chain.
    pub(crate) fn outputs(
        &self,
        owner: &PublicKey,
        wanted: Outputs,
        limit: usize,
        after: Option<OutputPlace>,
        form: OutputForm,
    ) -> Result<Part, ReadError> {
        let (mut items, mut after) = (Vec::new(), after);
        loop {
            let step = PAGE_MAX.min(limit - items.len());
            let page = self.store().outputs_by_owner(owner, wanted.into(), after, step)?;
            for owned in &page.items {
                items.push(self.write_output(owned, form)?);
            }
            after = page.next;
            if after.is_none() || items.len() >= limit {
                return Ok(Part { items, next: after.map(|after| after.to_string()) });
            }
        }
    }

    fn write_output(&self, owned: &OwnedOutput, form: OutputForm) -> Result<String, ReadError> {
        let OutputRef { transaction: id, index } = owned.output;
        let object = format!("{{\"transaction_id\":\"{id}\",\"output_index\":{index}");
        Ok(match form {
            OutputForm::Path => format!("\"../transactions/{id}/outputs/{index}\""),
            OutputForm::Object => format!("{object}}}"),
            OutputForm::Detailed => {
                let stored = self.store().stored_at(owned.place.transaction)?;
                let transaction = stored.expect("blocks of the chain never leave it").parse()?;
                let at = usize::try_from(index).expect("an index that was stored is one of a list");
                let amount = transaction.outputs()[at].amount;
                let (asset, spent) = (transaction.asset_id(), owned.is_spent);
                format!(
                    "{object},\"amount\":\"{amount}\",\"asset_id\":\"{asset}\",\"spent\":{spent}}}"
                )
            }
        })
    }
}
