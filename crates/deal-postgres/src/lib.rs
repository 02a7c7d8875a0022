//! Deals in PostgreSQL, for several servers behind one address.
