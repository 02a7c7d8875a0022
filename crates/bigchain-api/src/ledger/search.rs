use super::{Ledger, PAGE_BYTES_MAX, Part};
use tally_ledger::TransactionId;
use tally_ledger_store::ReadError;
use tally_search::{Hit, Kind};

impl Ledger {
    /// Writes what a search found, the first `limit` of it; `offset` is where it began.
    pub(crate) fn write_hits(
        &self,
        kind: Kind,
        hits: &[Hit],
        limit: usize,
        offset: usize,
    ) -> Result<Part, ReadError> {
        let (mut items, mut bytes) = (Vec::new(), 0);
        for (at, hit) in hits.iter().enumerate() {
            if at == limit || bytes >= PAGE_BYTES_MAX {
                return Ok(Part { items, next: Some((offset + at).to_string()) });
            }
            let id = TransactionId::from_bytes(hit.id);
            let Some(stored) = self.store.stored(&id)? else { continue };
            let transaction = stored.parse()?;
            let (name, text) = match kind {
                Kind::Asset => ("data", transaction.asset_data()),
                Kind::Metadata => ("metadata", transaction.metadata()),
            };
            let text = text.unwrap_or("null");
            bytes += text.len();
            items.push(format!("{{\"id\":\"{id}\",\"{name}\":{text}}}"));
        }
        Ok(Part { items, next: None })
    }
}
