//! The version of what a store holds, and the migrations that raise it.
//!
//! The version lives in the store itself, so that an older program refuses a newer folder instead
//! of misreading it. A [`Schema`] is declared next to the tables it describes and given to
//! [`prepare`] right after the store was opened.

use crate::{Batch, Durability, Store, StoreError, Table};

/// Facts about the store itself. Every store has this table, declared or not.
pub const META: Table = Table::new("meta");

/// Under this key of [`META`]: the version, 4 bytes big-endian.
const VERSION_KEY: &[u8] = b"schema_version";
/// Under this key of [`META`]: the name of the schema, UTF-8.
const NAME_KEY: &[u8] = b"schema_name";

/// One step from a version to the next: reads the store as the older version left it and returns
/// the changes that make it the next version.
///
/// The changes are committed in one batch together with the new version, so a crash leaves the
/// store at one version or the other.
pub type Migration = fn(&dyn Store) -> Result<Batch, StoreError>;

/// What a program's tables mean.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Whose data it is, such as the daemon's name; a store with another name is refused.
    pub name: &'static str,
    /// The steps from version 1 upwards, oldest first; the program writes version
    /// `1 + migrations.len()`.
    pub migrations: &'static [Migration],
}

impl Schema {
    /// Returns the version that this program reads and writes.
    ///
    /// # Panics
    ///
    /// If there are 2^32 migrations.
    #[must_use]
    pub fn version(&self) -> u32 {
        1 + u32::try_from(self.migrations.len()).expect("migrations are written by hand")
    }
}

/// What [`prepare`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// The store was empty and has the program's version now.
    Created,
    /// The store had the program's version already.
    Current,
    /// The store was older and has the program's version now.
    Migrated {
        /// The version found.
        from: u32,
    },
}

/// Why a store cannot be used by this program.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A newer program wrote the store; use that one.
    #[error(
        "the data has format version {found}, but this program knows versions up to {supported}; \
         use the newer program that wrote it"
    )]
    Newer {
        /// The version found.
        found: u32,
        /// The newest version this program knows.
        supported: u32,
    },
    /// The store belongs to another program.
    #[error("the data belongs to {found}, not to {expected}")]
    Foreign {
        /// The name found.
        found: String,
        /// The name of this program's schema.
        expected: &'static str,
    },
    /// The store failed, or its version does not decode.
    #[error("the format version could not be checked")]
    Store(#[from] StoreError),
}

/// Makes sure that `store` has the version of `schema`: marks an empty store, migrates an older one
/// step by step, refuses any other.
///
/// # Errors
///
/// [`SchemaError`]; the store then has the version of the last step that succeeded.
pub fn prepare(store: &dyn Store, schema: &Schema) -> Result<Prepared, SchemaError> {
    let supported = schema.version();
    let Some(found) = stored_version(store)? else {
        store.commit(marked(Batch::new(), schema, supported), Durability::Synced)?;
        return Ok(Prepared::Created);
    };
    let name = store.get(META, NAME_KEY)?.unwrap_or_default();
    if name != schema.name.as_bytes() {
        let found = String::from_utf8_lossy(&name).into_owned();
        return Err(SchemaError::Foreign { found, expected: schema.name });
    }
    if found > supported {
        return Err(SchemaError::Newer { found, supported });
    }
    for (version, migration) in (2..).zip(schema.migrations).filter(|(to, _)| *to > found) {
        let batch = migration(store)?;
        store.commit(marked(batch, schema, version), Durability::Synced)?;
    }
    Ok(if found == supported { Prepared::Current } else { Prepared::Migrated { from: found } })
}

/// Adds to `batch` what makes the store one of `version`.
fn marked(mut batch: Batch, schema: &Schema, version: u32) -> Batch {
    batch.put(META, VERSION_KEY, version.to_be_bytes());
    batch.put(META, NAME_KEY, schema.name);
    batch
}

fn stored_version(store: &dyn Store) -> Result<Option<u32>, StoreError> {
    let Some(bytes) = store.get(META, VERSION_KEY)? else { return Ok(None) };
    match bytes.try_into().map(u32::from_be_bytes) {
        Ok(version) if version > 0 => Ok(Some(version)),
        Ok(_) | Err(_) => Err(StoreError::Undecodable { table: META, key: VERSION_KEY.to_vec() }),
    }
}

#[cfg(test)]
mod tests;
