//! The ledger on the storage port: its tables, its indexes and every look-up.
