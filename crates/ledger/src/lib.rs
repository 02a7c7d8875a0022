//! The asset ledger: transactions, blocks and votes, and the rules that they obey.
