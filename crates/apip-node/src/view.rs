use crate::{
    ReadError,
    layers::Layers,
    records::decode,
    tables::{ENTITIES, NAMES, entity_key},
};
use std::sync::Arc;
use tally_feip::{Entity, EntityKey, View, ViewError};
use tally_primitives::Fid;

/// The newest state, as the rules of records look at it.
#[derive(Debug)]
pub(crate) struct LayersView<'a>(pub(crate) &'a Layers);

impl View for LayersView<'_> {
    fn entity(&self, key: &EntityKey) -> Result<Option<Entity>, ViewError> {
        let read = || {
            let key = entity_key(key);
            let row = self.0.row(ENTITIES, &key)?;
            row.map(|row| decode(ENTITIES, &key, &row)).transpose()
        };
        read().map_err(|error| unreadable("an entity", error))
    }

    fn cid_holder(&self, cid: &str) -> Result<Option<Fid>, ViewError> {
        let read = || {
            let key = cid.as_bytes();
            let Some(row) = self.0.row(NAMES, key)? else { return Ok(None) };
            let text = std::str::from_utf8(&row).ok();
            let fid = text.and_then(|text| text.parse().ok());
            fid.map(Some).ok_or_else(|| ReadError::undecodable(NAMES, key))
        };
        read().map_err(|error| unreadable("the holder of a name", error))
    }
}

fn unreadable(what: &'static str, error: ReadError) -> ViewError {
    ViewError { what, source: Arc::new(error) }
}
