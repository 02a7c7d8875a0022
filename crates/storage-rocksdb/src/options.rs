//! How RocksDB is set up: small, bounded and careful. Every number says why.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode, Options,
};

const MIB: usize = 1024 * 1024;

/// Blocks read from files, with their indexes and filters. A node's live state is a few megabytes;
/// the rest is history that is read page by page, so more would cache what nobody asks for twice.
const BLOCK_CACHE_BYTES: usize = 64 * MIB;

/// Memory for writes not yet in table files, over all tables. It bounds the heap, and with
/// [`WAL_BYTES_MAX`] how much log a restart has to read.
const WRITE_BUFFERS_BYTES: usize = 32 * MIB;

/// One table's share before it is written out: small enough that a single busy table leaves room
/// for the others.
const WRITE_BUFFER_BYTES: usize = 8 * MIB;

/// Log kept before the tables that hold it open are written out. Without a bound a table that is
/// hardly ever written keeps every log since its last change. Replaying 64 MiB takes about a
/// second.
const WAL_BYTES_MAX: u64 = 64 * MIB as u64;

/// File handles, well below the usual limit of 1024 a process, most of which are for connections.
const OPEN_FILES_MAX: i32 = 256;

/// Threads for flushes and compactions. The daemons' own work comes first on small machines.
const BACKGROUND_JOBS: i32 = 2;

/// Bits a key in the filters of the table files: one false hit in a hundred look-ups.
const FILTER_BITS: f64 = 10.0;

/// RocksDB's own diary in the data folder: the newest files of this size are kept.
const DIARY_BYTES: usize = MIB;
const DIARY_FILES: usize = 4;

/// Options of the whole database.
pub(crate) fn database() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);

    // Replay stops at the first record that is not whole, which is where a power loss tore the log:
    // what remains is a prefix of the commits, as the port requires. The stricter modes either
    // refuse the torn tail that every power loss can leave, or accept holes between two logs. The
    // sizes of closed logs are kept in the manifest so that a log that lost its end is noticed.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_paranoid_checks(true);

    options.set_db_write_buffer_size(WRITE_BUFFERS_BYTES);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_max_log_file_size(DIARY_BYTES);
    options.set_keep_log_file_num(DIARY_FILES);
    options
}

/// The tables called `names`, with one cache for all of them.
pub(crate) fn tables<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> impl Iterator<Item = ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(BLOCK_CACHE_BYTES);
    names.into_iter().map(move |name| ColumnFamilyDescriptor::new(name, table(&cache)))
}

fn table(cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Indexes and filters count against the cache, else they grow with the history.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_bloom_filter(FILTER_BITS, false);

    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_compression_type(DBCompressionType::Lz4);
    options
}
