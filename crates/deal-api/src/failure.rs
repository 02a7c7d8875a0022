//! What the server and its store say when they fail.

use crate::error::ApiError;
use tally_deal_node::ServerError;
use tally_deal_store::DealStoreError;

impl From<DealStoreError> for ApiError {
    fn from(error: DealStoreError) -> Self {
        match error {
            DealStoreError::Busy { .. } => Self::busy(error.to_string()),
            DealStoreError::Unavailable(_) => {
                // What it was stands in the log; the client may come back.
                let _ = Self::internal(&error);
                Self::busy("Service Unavailable")
            }
            DealStoreError::Failed | DealStoreError::Damaged(_) => Self::internal(&error),
        }
    }
}

impl From<ServerError> for ApiError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Contended { .. } | ServerError::Busy { .. } | ServerError::Stopping => {
                Self::busy(error.to_string())
            }
            ServerError::Store(_) | ServerError::Sign(_) | ServerError::Corrupt { .. } => {
                Self::internal(&error)
            }
        }
    }
}
