//! The tables and their versions.

use tally_postgres::Schema;

pub(crate) const SCHEMA: Schema = Schema {
    name: "deals",
    lock: 0x7461_6c6c_7964_6561,
    migrations: &[include_str!("../migrations/1.sql")],
};
