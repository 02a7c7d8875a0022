use super::{DevChain, DevError};
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, BroadcastError, FeeRate, Rejection, Relay, Transaction, Watched},
};
use tally_primitives::{BlockId, BlockNumber, Txid};

/// How a call to the development chain's relay fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayFault {
    /// The call arrives nowhere.
    Unreached,
    /// The call does what it should, and its answer is lost.
    Unanswered,
}

/// The way into the development chain; fails when it is told to.
///
/// Clones are the same relay: they share the estimate and the failures to come.
#[derive(Debug, Clone)]
pub struct DevRelay {
    chain: DevChain,
    settings: Arc<Mutex<Settings>>,
}

#[derive(Debug)]
struct Settings {
    fee_rate: Option<FeeRate>,
    faults: VecDeque<RelayFault>,
}

impl DevRelay {
    /// A relay into `chain` that estimates twice the least fee for every span.
    pub fn new(chain: DevChain) -> Self {
        let fee_rate = Some(FeeRate::per_kvb(2 * FeeRate::RELAYED_MIN.sat_per_kvb()));
        let settings = Settings { fee_rate, faults: VecDeque::new() };
        Self { chain, settings: Arc::new(Mutex::new(settings)) }
    }

    /// Says what is estimated from now on.
    pub fn set_fee_rate(&self, fee_rate: Option<FeeRate>) {
        self.lock().fee_rate = fee_rate;
    }

    /// Lets the next calls, whichever they are, fail one after the other; after those that are to
    /// fail already.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = RelayFault>) {
        self.lock().faults.extend(faults);
    }

    fn call<T>(&self, work: impl FnOnce(&DevChain) -> T) -> Result<T, ChainError> {
        let fault = self.lock().faults.pop_front();
        let lost = |kind: io::ErrorKind| ChainError::Transient {
            operation: "asking the development chain",
            source: Box::new(io::Error::from(kind)),
        };
        if fault == Some(RelayFault::Unreached) {
            return Err(lost(io::ErrorKind::ConnectionRefused));
        }
        let done = work(&self.chain);
        match fault {
            Some(_) => Err(lost(io::ErrorKind::ConnectionReset)),
            None => Ok(done),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay for DevRelay {
    fn broadcast(&self, raw: Vec<u8>) -> BoxFuture<'_, Result<Txid, BroadcastError>> {
        let outcome = self.call(|chain| chain.broadcast(&raw));
        Box::pin(async {
            match outcome {
                Ok(taken) => taken.map_err(|error| refusal(&error)),
                Err(error) => Err(BroadcastError::Unavailable(error)),
            }
        })
    }

    fn fee_rate(&self, _blocks: u16) -> BoxFuture<'_, Result<Option<FeeRate>, ChainError>> {
        let fee_rate = self.lock().fee_rate;
        let outcome = self.call(|_| fee_rate);
        Box::pin(async { outcome })
    }

    fn unconfirmed<'a>(
        &'a self,
        watched: &'a Watched,
    ) -> BoxFuture<'a, Result<Vec<Transaction>, ChainError>> {
        Box::pin(async {
            self.call(|chain| {
                let mut waiting = chain.pending();
                waiting.retain(|transaction| watched.concerns(transaction));
                waiting
            })
        })
    }

    fn transaction(&self, txid: Txid) -> BoxFuture<'_, Result<Option<Transaction>, ChainError>> {
        let outcome = self.call(|chain| chain.transaction(txid));
        Box::pin(async { outcome })
    }

    fn recent(&self, count: u16) -> BoxFuture<'_, Result<Vec<(BlockNumber, BlockId)>, ChainError>> {
        let outcome = self.call(|chain| {
            let heights = (0..=chain.height().0).rev().take(usize::from(count)).map(BlockNumber);
            heights.filter_map(|height| chain.id_at(height).map(|id| (height, id))).collect()
        });
        Box::pin(async { outcome })
    }
}

fn refusal(error: &DevError) -> BroadcastError {
    let kind = match error {
        DevError::Unspendable { .. } => Rejection::InputsMissing,
        DevError::Conflict { .. } => Rejection::Conflict,
        DevError::FeeTooLow { .. } | DevError::Full(_) => Rejection::FeeTooLow,
        DevError::Overspent { .. }
        | DevError::NoInputs(_)
        | DevError::Dust { .. }
        | DevError::Malformed(_)
        | DevError::Address(_)
        | DevError::Time(_)
        | DevError::TooDeep { .. } => Rejection::Invalid,
    };
    BroadcastError::Rejected { kind, reason: error.to_string() }
}
