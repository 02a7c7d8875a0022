//! What bounds a case whatever the implementation does.

/// Bounds in units of work per second; the smallest is the limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// All cores do nothing but what the work cannot do without.
    pub(crate) cores: f64,
    /// Each unit's own steps follow each other.
    pub(crate) latency: f64,
    /// Every sync is shared by as many units as possible.
    pub(crate) disk: f64,
}

impl Bounds {
    pub(crate) const fn limit(&self) -> f64 {
        self.cores.min(self.latency).min(self.disk)
    }

    /// Names the smallest.
    pub(crate) fn which(&self) -> &'static str {
        let limit = self.limit();
        if self.cores <= limit {
            "cores"
        } else if self.latency <= limit {
            "latency"
        } else {
            "disk"
        }
    }
}
