//! How fast the machine does a single operation, alone and on all cores.

use anyhow::Result;
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tally_storage::{Batch, Durability, Store, Table};
use tally_storage_rocksdb::{DataFolder, RocksStore};

const PROBE: Table = Table::new("probe");
/// What one small commit writes.
const RECORD_BYTES: usize = 512;
/// Parts of a measurement, of which the fastest counts.
const SLICES: u32 = 5;

/// Operations per second, one thread alone and all cores together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) alone: f64,
    pub(crate) together: f64,
}

impl Rate {
    /// Returns the faster of two measurements: other programs only ever slow a machine down.
    pub(crate) const fn faster(one: Self, other: Self) -> Self {
        Self { alone: one.alone.max(other.alone), together: one.together.max(other.together) }
    }

    /// Returns the rate of something that each operation does `count` times at once.
    pub(crate) fn times(self, count: f64) -> Self {
        Self { alone: self.alone * count, together: self.together * count }
    }

    /// Returns a row of a table of rates.
    pub(crate) fn row(self, name: &str) -> String {
        format!("| {name} | {:.0} | {:.0} | {:.1} |\n", self.alone, self.together, 1e6 / self.alone)
    }
}

/// Measures an operation on one thread and on one thread per core.
pub(crate) fn rate<F: FnMut() + Send>(
    cores: usize,
    each: Duration,
    operation: impl Fn() -> F,
) -> Rate {
    Rate {
        alone: throughput(vec![operation()], each),
        together: throughput((0..cores).map(|_| operation()).collect(), each),
    }
}

/// Measures synced commits of one small record, as a node with nothing to share would make them.
/// Together: one store per core, each in a folder of its own, as nodes are.
pub(crate) fn sync_rate(cores: usize, each: Duration, folder: &Path) -> Result<Rate> {
    let scratch = tempfile::tempdir_in(folder)?;
    let open = |index: usize| -> Result<_> {
        let store =
            RocksStore::open(DataFolder::lock(scratch.path().join(index.to_string()))?, &[PROBE])?;
        let mut number = 0_u64;
        Ok(move || {
            number += 1;
            let mut batch = Batch::new();
            batch.put(PROBE, number.to_be_bytes(), [7; RECORD_BYTES]);
            store.commit(batch, Durability::Synced).expect("the probe's folder can be written");
        })
    };
    let alone = throughput(vec![open(0)?], each);
    let all = (1..=cores).map(open).collect::<Result<Vec<_>>>()?;
    Ok(Rate { alone, together: throughput(all, each) })
}

/// Runs every operation on a thread of its own for a while, in slices; returns how many ran per
/// second in the fastest slice.
fn throughput<F: FnMut() + Send>(mut operations: Vec<F>, each: Duration) -> f64 {
    let slice = each / SLICES;
    (0..SLICES).map(|_| throughput_once(&mut operations, slice)).fold(0.0, f64::max)
}

fn throughput_once<F: FnMut() + Send>(operations: &mut [F], each: Duration) -> f64 {
    thread::scope(|scope| {
        let threads: Vec<_> = operations
            .iter_mut()
            .map(|operation| {
                scope.spawn(move || {
                    operation();
                    let start = Instant::now();
                    let mut count = 0_u64;
                    while start.elapsed() < each {
                        operation();
                        count += 1;
                    }
                    count as f64 / start.elapsed().as_secs_f64()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("an operation does not panic")).sum()
    })
}
