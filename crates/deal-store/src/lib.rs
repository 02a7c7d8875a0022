//! Accounts, deals, their events and outbox: the port and its embedded implementation.
