//! Sessions, nonces, balances and orders in PostgreSQL.
