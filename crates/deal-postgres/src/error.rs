use tally_deal_store::{Damage, DealStoreError};

pub(crate) fn unavailable(error: sqlx::Error) -> DealStoreError {
    DealStoreError::Unavailable(Box::new(error))
}

pub(crate) fn damaged(table: &'static str) -> DealStoreError {
    DealStoreError::Damaged(Damage::Row { table })
}
