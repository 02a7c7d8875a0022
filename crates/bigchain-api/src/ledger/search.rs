use super::{Ledger, PAGE_BYTES_MAX, Part};
use tally_ledger_node::{Found, ReadError};
use tally_search::Kind;

impl Ledger<'_> {
    /// Finds transactions by words, and writes each as `{"id", "data"}` or `{"id", "metadata"}`.
    pub(crate) fn search(
        &self,
        kind: Kind,
        query: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Part, ReadError> {
        // One more than fits says whether there is more.
        let found = self.0.search(kind, query, limit + 1, offset)?;
        let (mut items, mut bytes) = (Vec::new(), 0);
        for (at, Found { transaction, .. }) in found.iter().enumerate() {
            if at == limit || bytes >= PAGE_BYTES_MAX {
                return Ok(Part { items, next: Some((offset + at).to_string()) });
            }
            let (name, text) = match kind {
                Kind::Asset => ("data", transaction.asset_data()),
                Kind::Metadata => ("metadata", transaction.metadata()),
            };
            let (id, text) = (transaction.id(), text.unwrap_or("null"));
            bytes += text.len();
            items.push(format!("{{\"id\":\"{id}\",\"{name}\":{text}}}"));
        }
        Ok(Part { items, next: None })
    }
}
