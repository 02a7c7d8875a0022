//! Sessions, nonces, balances and orders: the port and its embedded implementation.
