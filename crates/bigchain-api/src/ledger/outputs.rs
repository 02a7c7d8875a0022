use super::{Ledger, Part, filter::Outputs};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::OutputRef;
use tally_ledger_node::ReadError;
use tally_ledger_store::{OutputPlace, PAGE_MAX};

impl Ledger<'_> {
    /// Lists the outputs of a key in the order of the chain, each written by `write`.
    pub(crate) fn outputs(
        &self,
        owner: &PublicKey,
        wanted: Outputs,
        limit: usize,
        after: Option<OutputPlace>,
        write: fn(&OutputRef) -> String,
    ) -> Result<Part, ReadError> {
        let (mut items, mut after) = (Vec::new(), after);
        loop {
            let step = PAGE_MAX.min(limit - items.len());
            let page = self.store().outputs_by_owner(owner, wanted.into(), after, step)?;
            items.extend(page.items.iter().map(|owned| write(&owned.output)));
            after = page.next;
            if after.is_none() || items.len() >= limit {
                return Ok(Part { items, next: after.map(|after| after.to_string()) });
            }
        }
    }
}
