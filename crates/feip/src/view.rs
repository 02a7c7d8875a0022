use crate::{Entity, EntityKey};
use std::{error::Error, sync::Arc};
use tally_primitives::Fid;

/// The state before a record.
///
/// # Requirements
///
/// * It holds what all earlier records of the chain changed and nothing else, those of the same
///   block included.
/// * No answer is a guess: a state that cannot be read is a [`ViewError`], never `None`.
pub trait View {
    /// Returns the entity of that name.
    ///
    /// # Errors
    ///
    /// The state could not be read.
    fn entity(&self, key: &EntityKey) -> Result<Option<Entity>, ViewError>;

    /// Returns the address that a CID belongs to: the one that has it in
    /// [`CidState::used`](crate::CidState::used). At most one has.
    ///
    /// # Errors
    ///
    /// The state could not be read.
    fn cid_holder(&self, cid: &str) -> Result<Option<Fid>, ViewError>;
}

impl<V: View + ?Sized> View for &V {
    fn entity(&self, key: &EntityKey) -> Result<Option<Entity>, ViewError> {
        (**self).entity(key)
    }

    fn cid_holder(&self, cid: &str) -> Result<Option<Fid>, ViewError> {
        (**self).cid_holder(cid)
    }
}

/// The state could not be read: a fault of the reader's storage, which says nothing about the
/// record.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot read {what} of the directory's state")]
pub struct ViewError {
    /// What was being read, for example `an entity`.
    pub what: &'static str,
    /// Why it could not.
    #[source]
    pub source: Arc<dyn Error + Send + Sync>,
}
