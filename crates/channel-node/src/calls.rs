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

    /// Forgets what is over: mined calls whose block was processed, and long rests.
    pub(crate) fn block_reached(&mut self, confirmed: BlockNumber, now: Instant) {
        self.states.retain(|_, state| match state {
            State::Running { .. } => true,
            State::Mined { block } => *block > confirmed,
            State::Resting { until, failures } => *until + pause(*failures) > now,
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
