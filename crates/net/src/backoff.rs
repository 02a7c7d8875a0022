use crate::Limits;
use std::time::Duration;
use tally_crypto::keccak256_parts;
use tally_primitives::NodeAddress;

/// How long a connection must live for the failures before it to be forgotten.
pub(crate) const STABLE_AFTER: Duration = Duration::from_secs(5);
/// Doublings after which the pause is at its limit anyway.
const DOUBLINGS_MAX: u32 = 16;

/// The pauses between dials of one peer: doubling, bounded, and different for every pair of nodes
/// so that a returning peer is not dialled by everybody at once.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    seed: [u8; 8],
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(limits: &Limits, instance: u64) -> Self {
        let (min, max) = (limits.reconnect_min, limits.reconnect_max);
        Self { min, max: max.max(min), seed: instance.to_be_bytes(), failures: 0 }
    }

    /// Returns how many failures in a row there were.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Forgets the failures.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure and returns how long to wait: between half and all of the bound, which
    /// doubles each time. A lasting failure waits for the longest bound at once.
    pub(crate) fn next_pause(&mut self, peer: NodeAddress, is_lasting: bool) -> Duration {
        let doublings = if is_lasting { DOUBLINGS_MAX } else { self.failures.min(DOUBLINGS_MAX) };
        let bound = self.min.saturating_mul(1 << doublings).min(self.max);
        self.failures = self.failures.saturating_add(1);
        let hash = keccak256_parts(&[&self.seed, peer.as_bytes(), &self.failures.to_be_bytes()]);
        bound.mul_f64(0.5 + f64::from(hash[0]) / 512.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(instance: u64) -> Backoff {
        Backoff::new(&Limits::default(), instance)
    }

    #[test]
    fn pauses_double_up_to_the_limit_and_start_again() {
        let limits = Limits::default();
        let (peer, mut backoff) = (NodeAddress::new([1; 20]), backoff(1));
        let mut bound = limits.reconnect_min;
        for _ in 0..100 {
            let pause = backoff.next_pause(peer, false);
            assert!(pause <= bound && pause >= bound / 2, "{pause:?} of {bound:?}");
            bound = (bound * 2).min(limits.reconnect_max);
        }
        assert_eq!(backoff.failures(), 100);
        backoff.reset();
        assert!(backoff.next_pause(peer, false) <= limits.reconnect_min);
        assert!(backoff.next_pause(peer, true) >= limits.reconnect_max / 2);
    }

    #[test]
    fn nodes_do_not_wait_in_step() {
        let peer = NodeAddress::new([1; 20]);
        let pauses = (0..20).map(|instance| backoff(instance).next_pause(peer, false));
        let different: std::collections::BTreeSet<_> = pauses.collect();
        assert!(different.len() > 10);
    }
}
