//! The tables, and the functions that must not be interrupted half-way.

use tally_postgres::Schema;

pub(crate) const SCHEMA: Schema = Schema {
    name: "accounts",
    lock: 0x7461_6c6c_7973_7469,
    migrations: &[include_str!("../migrations/1.sql")],
};
