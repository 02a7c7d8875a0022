//! Pays money out: plans become signed transactions, those are stored, and only then sent; sent again
//! until a block has them.
//!
//! A transaction that was signed is stored with its deal before anybody sees it, and the deal takes
//! only the one that its plan says, once. So whatever ends between two steps, what is sent afterwards
//! is the same transaction, or one with the same recipients that replaces it.

use super::RunError;
use crate::{
    ServerError,
    building::{build, is_replacement, may_wait},
    core::{Core, Telling, concerns_one, read_failed},
    error::causes,
    escrow,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    error::Error,
    sync::{Arc, atomic::Ordering},
};
use tally_chain::utxo::{BroadcastError, FeeRate, Rejection};
use tally_deal::{Action, Actor, Command, Deal, DealCode, Fact, Plan, Scheme, SettlementId, Time};
use tally_primitives::Txid;

/// Deals settled in one round before other work has its turn.
const DEALS_OF_ROUND: usize = 64;

/// How often the actions of one deal are looked at in a row: a plan, its transaction, and what comes
/// of sending it.
const STEPS_MAX: usize = 8;

/// How often in a row the network must call a transaction invalid until it is given up: an hour, as
/// it is sent again. It was checked when it was signed, so the network may think better of it.
const REFUSALS_MAX: u32 = 7;

/// What became of sending a transaction.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// The newest block when it was first sent, to see how long it has waited.
    since: u64,
    /// How often in a row it was called invalid.
    refusals: u32,
}

/// Pays money out.
#[derive(Debug)]
pub(crate) struct Settler {
    core: Arc<Core>,
    queue: BTreeSet<(u64, DealCode)>,
    due: HashMap<DealCode, u64>,
    /// What became of sending the transactions of deals that are not settled yet.
    sent: HashMap<DealCode, BTreeMap<Txid, Sent>>,
}

impl Settler {
    /// Starts with nothing to do.
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, queue: BTreeSet::new(), due: HashMap::new(), sent: HashMap::new() }
    }

    /// Looks at a deal soon.
    pub(crate) fn wake(&mut self, code: DealCode) {
        self.schedule(code, self.core.clock.now_ms());
    }

    fn schedule(&mut self, code: DealCode, at_ms: u64) {
        if let Some(known) = self.due.get(&code).copied() {
            if known <= at_ms {
                return;
            }
            self.queue.remove(&(known, code));
        }
        self.due.insert(code, at_ms);
        self.queue.insert((at_ms, code));
    }

    /// Does what is due. Returns whether more is.
    pub(crate) async fn round(&mut self) -> Result<bool, RunError> {
        for code in self.core.take_work() {
            self.wake(code);
        }
        let now_ms = self.core.clock.now_ms();
        for _ in 0..DEALS_OF_ROUND {
            let Some((at_ms, code)) = self.queue.first().copied() else { return Ok(false) };
            if at_ms > now_ms {
                return Ok(false);
            }
            let again_ms = match self.settle(code).await {
                Ok(again_ms) => again_ms,
                Err(RunError::Server(error)) if is_passing(&error) => {
                    tracing::warn!(%code, %error, "a deal is settled later");
                    Some(self.retry_ms())
                }
                Err(RunError::Server(error)) if concerns_one(&error) => {
                    let cause = causes(&error);
                    tracing::error!(%code, %error, cause, "a deal cannot be settled; trying again");
                    Some(self.later_ms())
                }
                Err(error) => return Err(error),
            };
            self.queue.remove(&(at_ms, code));
            self.due.remove(&code);
            if let Some(again_ms) = again_ms {
                self.schedule(code, again_ms);
            }
        }
        Ok(true)
    }

    /// Does what one deal needs now. Returns when to look again.
    async fn settle(&mut self, code: DealCode) -> Result<Option<u64>, RunError> {
        let mut again_ms = None;
        let mut sent = BTreeSet::new();
        for _ in 0..STEPS_MAX {
            let found = self.core.store.deal(code).await.map_err(read_failed)?;
            let Some(deal) = found.map(|found| found.value) else { return Ok(None) };
            let pending = deal.pending();
            if pending.is_empty() {
                self.sent.remove(&code);
                return Ok(None);
            }
            let mut steps = vec![];
            for action in pending {
                match action {
                    Action::Settle(plan) => steps.push(Step::Sign(plan)),
                    Action::Broadcast { id, txid, raw } if !sent.contains(&txid) => {
                        steps.push(Step::Send(id, txid, raw));
                    }
                    Action::Broadcast { .. } | Action::Notify(_) => {}
                }
            }
            if steps.is_empty() {
                // What was sent is sent again until a block has it.
                return Ok(again_ms.or_else(|| (!sent.is_empty()).then(|| self.later_ms())));
            }
            let mut has_changed = false;
            for step in steps {
                let done = match step {
                    Step::Sign(plan) => self.sign(&deal, &plan).await?,
                    Step::Send(id, txid, raw) => {
                        sent.insert(txid);
                        self.send(&deal, id, txid, raw).await?
                    }
                };
                has_changed |= matches!(done, Done::Changed);
                if let Done::Again(at_ms) = done {
                    again_ms = Some(again_ms.map_or(at_ms, |known: u64| known.min(at_ms)));
                }
            }
            if !has_changed {
                return Ok(again_ms);
            }
        }
        Ok(Some(self.retry_ms()))
    }

    /// Builds and signs a plan and stores the transaction.
    async fn sign(&self, deal: &Deal, plan: &Plan) -> Result<Done, RunError> {
        let code = deal.code();
        let id = plan.id;
        let rate = self.fee_rate().await;
        if matches!(deal.scheme(), Scheme::Escrow { .. }) {
            return self.sign_for_arbiter(deal, plan, rate).await;
        }
        let keys = [self.core.keys.key1.clone(), self.core.keys.key2.clone()];
        let unsigned = match build(&self.core, deal, plan, rate) {
            Ok(unsigned) => unsigned,
            Err(error) if may_wait(&self.core, deal, plan, &error) => {
                return Ok(self.wait(code, id, &error));
            }
            Err(error) => return self.reject(code, id, error.to_string()).await,
        };
        let signed = match unsigned.sign(&keys) {
            Ok(signed) => signed,
            Err(error) if is_replacement(deal, plan) => return Ok(self.wait(code, id, &error)),
            Err(error) => return self.reject(code, id, error.to_string()).await,
        };
        tracing::info!(%code, settlement = %id, txid = %signed.txid, fee = signed.fee.0, "a settlement is signed");
        let (txid, fee, raw) = (signed.txid, signed.fee, signed.raw);
        let fact = Fact::Settled { id, txid, fee, raw };
        self.tell(code, fact).await
    }

    /// With keys of the parties: makes the transaction, signs it for the arbiter, and finishes it
    /// once a party has signed.
    async fn sign_for_arbiter(
        &self,
        deal: &Deal,
        plan: &Plan,
        rate: FeeRate,
    ) -> Result<Done, RunError> {
        let code = deal.code();
        match escrow::prepare(&self.core, deal, plan, rate).await? {
            escrow::Draft::Refused(reason) => self.reject(code, plan.id, reason).await,
            escrow::Draft::Later(error) => Ok(self.wait(code, plan.id, &error)),
            escrow::Draft::Waiting => Ok(Done::Nothing),
            escrow::Draft::Signed(signed) => {
                let (txid, fee, raw) = (signed.txid, signed.fee, signed.raw);
                self.tell(code, Fact::Settled { id: plan.id, txid, fee, raw }).await
            }
        }
    }

    /// Sends a transaction, and offers more to the miner if it has waited too long.
    async fn send(
        &mut self,
        deal: &Deal,
        id: SettlementId,
        txid: Txid,
        raw: Vec<u8>,
    ) -> Result<Done, RunError> {
        let code = deal.code();
        let tip = self.core.tip.load(Ordering::Relaxed);
        let sent = self.sent.entry(code).or_default();
        let sent = sent.entry(txid).or_insert(Sent { since: tip, refusals: 0 });
        let waits = tip.saturating_sub(sent.since);
        let is_slow = waits >= self.core.config.settling.bump_after_blocks;
        match self.core.relay.broadcast(raw).await {
            Ok(_) => {
                sent.refusals = 0;
                let is_news = deal.settlement(id).is_some_and(|known| !known.is_accepted);
                let done = if is_news {
                    tracing::info!(%code, settlement = %id, %txid, "a settlement is sent");
                    self.tell(code, Fact::Accepted { id }).await?
                } else {
                    Done::Nothing
                };
                if is_slow && self.bump(deal, id).await? {
                    self.sent.remove(&code);
                    return Ok(Done::Changed);
                }
                Ok(match done {
                    Done::Changed => Done::Changed,
                    Done::Nothing | Done::Again(_) => Done::Again(self.later_ms()),
                })
            }
            Err(BroadcastError::Rejected { kind, reason }) => {
                tracing::warn!(%code, settlement = %id, %txid, ?kind, reason, "a settlement is refused");
                match kind {
                    Rejection::Invalid if sent.refusals >= REFUSALS_MAX - 1 => {
                        self.sent.remove(&code);
                        self.reject(code, id, reason).await
                    }
                    Rejection::Invalid => {
                        sent.refusals += 1;
                        Ok(Done::Again(self.later_ms()))
                    }
                    Rejection::FeeTooLow if self.bump(deal, id).await? => Ok(Done::Changed),
                    // The chain will say what became of what it spends.
                    Rejection::FeeTooLow | Rejection::InputsMissing | Rejection::Conflict => {
                        Ok(Done::Again(self.later_ms()))
                    }
                }
            }
            Err(BroadcastError::Unavailable(error)) => {
                tracing::warn!(%code, %error, "a settlement could not be sent");
                Ok(Done::Again(self.retry_ms()))
            }
        }
    }

    /// Replaces a settlement by one with a higher fee. Returns whether there is one now.
    async fn bump(&self, deal: &Deal, id: SettlementId) -> Result<bool, RunError> {
        if matches!(deal.scheme(), Scheme::Escrow { .. }) {
            // Everybody would have to sign again.
            return Ok(false);
        }
        let mut copy = deal.clone();
        let command = Command::Bump;
        let now = Time(self.core.clock.now());
        let fact = Fact::Command { command, by: Actor::Operator, now };
        let Ok(actions) = copy.apply(fact, &self.core.config.policy) else { return Ok(false) };
        for action in actions {
            if let Action::Settle(plan) = action
                && plan.id == id
            {
                return Ok(matches!(self.sign(deal, &plan).await?, Done::Changed));
            }
        }
        Ok(false)
    }

    /// Leaves a settlement for another day.
    fn wait(&self, code: DealCode, id: SettlementId, error: &dyn Error) -> Done {
        tracing::info!(%code, settlement = %id, %error, "a settlement waits for another day");
        Done::Again(self.later_ms())
    }

    async fn reject(
        &self,
        code: DealCode,
        id: SettlementId,
        reason: String,
    ) -> Result<Done, RunError> {
        tracing::error!(%code, settlement = %id, reason, "a settlement cannot be made");
        self.tell(code, Fact::Rejected { id, reason }).await
    }

    async fn tell(&self, code: DealCode, fact: Fact) -> Result<Done, RunError> {
        match self.core.tell(code, std::slice::from_ref(&fact)).await? {
            Telling::Told(_) => Ok(Done::Changed),
            Telling::Unknown => Ok(Done::Nothing),
            // Somebody else was faster: what is stored now is looked at.
            Telling::Refused(_, refused) => {
                tracing::info!(%code, %refused, "a settlement is not taken");
                Ok(Done::Again(self.retry_ms()))
            }
        }
    }

    /// What is paid to the miner for 1,000 bytes.
    async fn fee_rate(&self) -> FeeRate {
        let settling = &self.core.config.settling;
        let estimate = match self.core.relay.fee_rate(settling.target_blocks).await {
            Ok(estimate) => estimate,
            Err(error) => {
                tracing::warn!(%error, "fees cannot be estimated");
                None
            }
        };
        let rate = estimate.unwrap_or(settling.fee_rate_fallback);
        rate.clamp(settling.fee_rate_min, settling.fee_rate_max)
    }

    fn retry_ms(&self) -> u64 {
        after(self.core.clock.now_ms(), self.core.config.settling.retry_every)
    }

    fn later_ms(&self) -> u64 {
        after(self.core.clock.now_ms(), self.core.config.settling.rebroadcast_every)
    }
}

/// Whether what failed is better a little later.
fn is_passing(error: &ServerError) -> bool {
    matches!(error, ServerError::Busy { .. } | ServerError::Contended { .. })
}

/// What is to be done for a deal.
enum Step {
    Sign(Plan),
    Send(SettlementId, Txid, Vec<u8>),
}

/// What came of it.
#[derive(Debug)]
enum Done {
    /// The deal has changed: it is looked at again.
    Changed,
    /// There is nothing to do until something happens.
    Nothing,
    /// It is to be tried again then, Unix milliseconds.
    Again(u64),
}

fn after(now_ms: u64, pause: std::time::Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}
