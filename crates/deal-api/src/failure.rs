//! What the server and its store say when they fail.

use crate::error::ApiError;
use tally_deal_node::ServerError;
use tally_deal_store::DealStoreError;

pub(crate) fn of_store(error: &DealStoreError) -> ApiError {
    match error {
        DealStoreError::Busy { .. } => ApiError::busy(error.to_string()),
        DealStoreError::Unavailable(_) => {
            let _ = ApiError::internal(error);
            ApiError::busy("Service Unavailable")
        }
        DealStoreError::Failed | DealStoreError::Damaged(_) => ApiError::internal(error),
    }
}

pub(crate) fn of_server(error: &ServerError) -> ApiError {
    match error {
        ServerError::Contended { .. } | ServerError::Busy { .. } | ServerError::Stopping => {
            ApiError::busy(error.to_string())
        }
        ServerError::Store(_) | ServerError::Sign(_) | ServerError::Corrupt { .. } => {
            ApiError::internal(error)
        }
    }
}
