use crate::lock::lock;
use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// How far the text index has come, and how far those who search want it.
///
/// Making what was indexed visible is expensive, so the index waits for more to come; but whoever
/// searches shall find what was valid when it asked.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    state: Mutex<State>,
    advanced: Condvar,
}

#[derive(Debug, Default)]
struct State {
    visible: Option<u64>,
    wanted: Option<u64>,
    is_over: bool,
}

impl Freshness {
    /// Asks that the blocks up to `height` can be searched soon.
    pub(crate) fn want(&self, height: u64) {
        let mut state = lock(&self.state);
        state.wanted = state.wanted.max(Some(height));
    }

    /// Waits until the blocks up to `height` can be searched, at most `time`.
    pub(crate) fn wait_for(&self, height: u64, time: Duration) {
        let mut state = lock(&self.state);
        state.wanted = state.wanted.max(Some(height));
        let is_missing = |state: &mut State| !state.is_over && state.visible < Some(height);
        let waited = self.advanced.wait_timeout_while(state, time, is_missing);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Says whether somebody waits for more than is visible, and for no more than `height`.
    pub(crate) fn is_wanted(&self, height: u64) -> bool {
        let state = lock(&self.state);
        state.wanted > state.visible && state.wanted <= Some(height)
    }

    /// Notes that the blocks up to `height` can be searched.
    pub(crate) fn is_visible(&self, height: Option<u64>) {
        lock(&self.state).visible = height;
        self.advanced.notify_all();
    }

    /// Notes that nothing will be indexed any more.
    pub(crate) fn end(&self) {
        lock(&self.state).is_over = true;
        self.advanced.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn who_searches_waits_for_what_is_valid_and_no_longer() {
        let freshness = Freshness::default();
        assert!(!freshness.is_wanted(9));
        std::thread::scope(|scope| {
            let searching = scope.spawn(|| freshness.wait_for(3, LONG));
            while !freshness.is_wanted(3) {
                std::thread::yield_now();
            }
            freshness.is_visible(Some(2));
            assert!(freshness.is_wanted(3) && !freshness.is_wanted(2));
            assert!(!searching.is_finished());
            freshness.is_visible(Some(3));
        });
        assert!(!freshness.is_wanted(9));
        freshness.want(5);
        freshness.want(4);
        assert!(freshness.is_wanted(5) && !freshness.is_wanted(4));
        freshness.is_visible(Some(5));
        freshness.wait_for(9, Duration::ZERO);
        freshness.end();
        freshness.wait_for(10, LONG);
    }
}
