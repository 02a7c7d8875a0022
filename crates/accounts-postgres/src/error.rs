use tally_accounts::AccountsError;

pub(crate) fn unavailable(error: sqlx::Error) -> AccountsError {
    AccountsError::Unavailable(Box::new(error))
}
