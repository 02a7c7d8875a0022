//! Processor time, from the kernel's books.

use std::fs;

/// The kernel counts in hundredths of a second on every platform it exports these files on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time used so far, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuTime {
    /// By this process.
    own: f64,
    /// By all processes and the kernel; what a hypervisor took away counts too.
    all: f64,
}

/// Processor time used between two readings, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CpuUse {
    pub(crate) own: f64,
    pub(crate) others: f64,
}

impl CpuTime {
    /// Reads the books; `None` where there are none.
    pub(crate) fn now() -> Option<Self> {
        let own = fs::read_to_string("/proc/self/stat").ok()?;
        let all = fs::read_to_string("/proc/stat").ok()?;
        Some(Self {
            own: own_ticks(&own)? / TICKS_PER_SECOND,
            all: all_ticks(&all)? / TICKS_PER_SECOND,
        })
    }

    pub(crate) fn since(&self, earlier: &Self) -> CpuUse {
        let own = self.own - earlier.own;
        CpuUse { own, others: (self.all - earlier.all - own).max(0.0) }
    }
}

/// Sums `utime` and `stime`: the 14th and 15th field, of which the second may hold spaces.
fn own_ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Returns this process's niceness: below zero it goes before other programs.
pub(crate) fn niceness() -> Option<i32> {
    nice_field(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// The 19th field.
fn nice_field(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(16)?.parse().ok()
}

/// Sums everything but idle and waiting for the disk.
fn all_ticks(stat: &str) -> Option<f64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is part of user time.
    Some(numbers.iter().take(8).sum::<f64>() - numbers.get(3)? - numbers.get(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_lines() {
        let stat = "12 (a b) c) S 1 2 3 4 5 6 7 8 9 10 700 30 0 0 20";
        assert_eq!(own_ticks(stat), Some(730.0));
        assert_eq!(nice_field(&format!("{stat} -15 9")), Some(-15));
        assert_eq!(all_ticks("cpu  10 1 5 1000 50 2 3 4 99 0\ncpu0 1"), Some(25.0));
    }
}
