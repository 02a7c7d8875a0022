/// What happened since the start; every number only grows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) payments_sent: u64,
    pub(crate) payments_failed: u64,
    pub(crate) payments_received: u64,
    pub(crate) payments_mediated: u64,
    /// Messages of peers that were late, repeated or no longer of interest.
    pub(crate) messages_ignored: u64,
    /// Messages of peers that broke the rules.
    pub(crate) messages_rejected: u64,
}
