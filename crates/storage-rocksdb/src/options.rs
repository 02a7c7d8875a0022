//! How RocksDB is set up: small, bounded and careful. Every number says why.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType,
    DBRecoveryMode, DataBlockIndexType, Options,
};
use tally_storage::Access;

const MIB: usize = 1024 * 1024;

/// How much memory a database may use for what it keeps of the disk. Beside it RocksDB needs a few
/// megabytes, and a little for each of its open files, whose number is bounded too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Blocks read from files, with their indexes and filters.
    pub block_cache_bytes: usize,
    /// Writes not yet in table files, over all tables. With the log, which may have twice this
    /// size, it also bounds how much a restart has to read: 64 MiB take about a second.
    pub write_buffers_bytes: usize,
}

impl Memory {
    /// 64 MiB of blocks and 32 MiB of writes: for a node whose live state is a few megabytes, and
    /// whose history is read page by page, so that more would cache what nobody asks for twice.
    pub const SMALL: Self = Self { block_cache_bytes: 64 * MIB, write_buffers_bytes: 32 * MIB };

    /// 256 MiB of blocks and 128 MiB of writes: for a state that is itself millions of rows, any of
    /// which may be asked for next. The blocks then hold all filters and indexes of ten million
    /// transactions; the writes make files large enough to be merged seldom.
    pub const LARGE: Self = Self { block_cache_bytes: 256 * MIB, write_buffers_bytes: 128 * MIB };

    /// One table's share before it is written out: small enough that a single busy table leaves
    /// room for the others.
    const fn write_buffer_bytes(self) -> usize {
        self.write_buffers_bytes / 4
    }

    /// Log kept before the tables that hold it open are written out. Without a bound a table that
    /// is hardly ever written keeps every log since its last change.
    const fn wal_bytes_max(self) -> u64 {
        2 * self.write_buffers_bytes as u64
    }
}

/// File handles, of the usual limit of 1024 a process; the others are for connections. A ledger of
/// ten million transactions has 380 files, and one that is not open costs 100 us to read from.
const OPEN_FILES_MAX: i32 = 640;

/// Threads for flushes and compactions. The daemons' own work comes first on small machines.
const BACKGROUND_JOBS: i32 = 2;

/// Bits a key in the filters of the table files: one false hit in a hundred look-ups.
const FILTER_BITS: f64 = 10.0;

/// Share of a table's writes in memory that is spent on a filter of their keys.
const MEMTABLE_FILTER_SHARE: f64 = 0.05;

/// Block size of a table that is a log: neighbours are asked for together, fewer blocks need less
/// index, and more text at once compresses better.
const LOG_BLOCK_BYTES: usize = 16 * 1024;

/// One table's writes in memory if it is a churn: a scan has to step over the rows that were removed
/// since, until they are written out and merged.
const CHURN_BUFFER_BYTES: usize = 8 * MIB;

/// Options of a churn that the binding knows by name only: a scan that steps over so many removed
/// rows in memory has them written out, and so merged away.
pub(crate) const CHURN_OPTIONS: &[(&str, &str)] = &[("memtable_op_scan_flush_trigger", "16384")];

/// A file of a churn is merged soon if so many rows of a stretch so long are marks of removal.
const CHURN_WINDOW_ROWS: usize = 4096;
const CHURN_WINDOW_REMOVED: usize = 2048;

/// RocksDB's own diary in the data folder: the newest files of this size are kept.
const DIARY_BYTES: usize = MIB;
const DIARY_FILES: usize = 4;

/// Options of the whole database.
pub(crate) fn database(memory: Memory) -> Options {
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

    options.set_db_write_buffer_size(memory.write_buffers_bytes);
    options.set_max_total_wal_size(memory.wal_bytes_max());
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_max_log_file_size(DIARY_BYTES);
    options.set_keep_log_file_num(DIARY_FILES);
    options
}

/// The tables called so, with one cache for all of them.
pub(crate) fn tables<'a>(
    memory: Memory,
    tables: impl IntoIterator<Item = (&'a str, Access)>,
) -> impl Iterator<Item = ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(memory.block_cache_bytes);
    tables
        .into_iter()
        .map(move |(name, access)| ColumnFamilyDescriptor::new(name, table(memory, access, &cache)))
}

fn table(memory: Memory, access: Access, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Indexes and filters count against the cache, else they grow with the history.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);

    let mut options = Options::default();
    options.set_write_buffer_size(memory.write_buffer_bytes());
    options.set_compression_type(DBCompressionType::Lz4);
    match access {
        Access::Mixed => blocks.set_bloom_filter(FILTER_BITS, false),
        Access::Points => {
            in_parts(&mut blocks);
            blocks.set_bloom_filter(FILTER_BITS, false);
            blocks.set_partition_filters(true);
            // Binary search of a block costs more than the rest of a look-up that is in the cache.
            blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
            // So that a key which is absent costs nothing in the tables in memory either.
            options.set_memtable_whole_key_filtering(true);
            options.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_SHARE);
            // Evenly spread bytes do not get smaller.
            options.set_compression_type(DBCompressionType::None);
        }
        Access::Log => {
            in_parts(&mut blocks);
            blocks.set_block_size(LOG_BLOCK_BYTES);
        }
        Access::Churn => {
            in_parts(&mut blocks);
            options.set_write_buffer_size(memory.write_buffer_bytes().min(CHURN_BUFFER_BYTES));
            options.add_compact_on_deletion_collector_factory(
                CHURN_WINDOW_ROWS,
                CHURN_WINDOW_REMOVED,
                0.0,
            );
        }
    }
    options.set_block_based_table_factory(&blocks);
    options
}

/// Divides indexes and filters, so that only the parts that are asked for need to be in the cache: a
/// table of many millions of rows would otherwise push out everything else with a single look-up.
fn in_parts(blocks: &mut BlockBasedOptions) {
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_cache_index_and_filter_blocks_with_high_priority(true);
    blocks.set_pin_top_level_index_and_filter(true);
}
