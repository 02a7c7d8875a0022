use crate::{
    call::{Call, Subject, pause},
    effect::Effect,
};
use std::{collections::BTreeMap, time::Instant};
use tally_chain::{Receipt, TransactionError};
use tally_primitives::BlockNumber;

/// How a call ended.
#[derive(Debug)]
pub(crate) struct CallResult {
    pub(crate) subject: Subject,
    pub(crate) result: Result<Receipt, TransactionError>,
}

/// The contract calls of the protocol that run or ran lately.
///
/// The core orders a call again with every block until the chain reports it done; this keeps the
/// repetitions away from the chain.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    states: BTreeMap<Subject, State>,
}

#[derive(Debug)]
enum State {
    Running {
        failures: u32,
    },
    /// It was mined; the event follows with this block.
    Mined {
        block: BlockNumber,
    },
    /// It failed; it may be made again from then on.
    Resting {
        until: Instant,
        failures: u32,
    },
}

impl Calls {
    /// Lets a call happen after the commit, unless one about the same is under way.
    pub(crate) fn order(&mut self, call: Call, now: Instant) -> Option<Effect> {
        let subject = call.subject();
        let failures = match self.states.get(&subject) {
            None => 0,
            Some(State::Resting { until, failures }) if *until <= now => *failures,
            Some(State::Running { .. } | State::Mined { .. } | State::Resting { .. }) => {
                return None;
            }
        };
        self.states.insert(subject, State::Running { failures });
        Some(Effect::Call(call))
    }

    /// Notes how a call ended.
    pub(crate) fn finish(&mut self, done: &CallResult, now: Instant) {
        let failures = match self.states.get(&done.subject) {
            Some(State::Running { failures }) => failures + 1,
            Some(State::Mined { .. } | State::Resting { .. }) | None => 1,
        };
        let state = match &done.result {
            Ok(receipt) => State::Mined { block: receipt.block },
            Err(_) => State::Resting { until: now + pause(failures), failures },
        };
        self.states.insert(done.subject, state);
    }

    /// Lets a call about `subject` happen at once when it is ordered again.
    pub(crate) fn forget(&mut self, subject: Subject) {
        self.states.remove(&subject);
    }

    /// Says whether a failed call may be made again by now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.states.values().any(|state| match state {
            State::Running { .. } | State::Mined { .. } => false,
            State::Resting { until, .. } => *until <= now,
        })
    }

    /// Forgets failed calls that nobody ordered again although they might have been made.
    pub(crate) fn forget_unwanted(&mut self, now: Instant) {
        self.states.retain(|_, state| match state {
            State::Running { .. } | State::Mined { .. } => true,
            State::Resting { until, .. } => *until > now,
        });
    }

    /// Forgets mined calls whose block was processed.
    pub(crate) fn block_reached(&mut self, confirmed: BlockNumber) {
        self.states.retain(|_, state| match state {
            State::Running { .. } | State::Resting { .. } => true,
            State::Mined { block } => *block > confirmed,
        });
    }

    /// Forgets what a reorganisation may have undone.
    pub(crate) fn reorged(&mut self) {
        self.states.retain(|_, state| match state {
            State::Running { .. } | State::Resting { .. } => true,
            State::Mined { .. } => false,
        });
    }
}

#[cfg(test)]
mod tests;
