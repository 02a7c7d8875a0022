//! Pays money out: plans become signed transactions, those are stored, and only then sent; sent again
//! until a block has them.
//!
//! A transaction that was signed is stored with its deal before anybody sees it, and the deal takes
//! only the one that its plan says, once. So whatever ends between two steps, what is sent afterwards
//! is the same transaction, or one with the same recipients that replaces it.

use super::RunError;
use crate::{
    core::{Core, Telling, read_failed},
    escrow,
    record::CREATED,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, atomic::Ordering},
};
use tally_chain::utxo::{BroadcastError, FeeRate, Rejection};
use tally_deal::{
    Action, Actor, Command, Deal, DealCode, Fact, Plan, Scheme, SettlementId, Time,
    settlement::{SettlementError, UnsignedSettlement},
};
use tally_deal_store::EventId;
use tally_primitives::Txid;

/// Events read at once.
const EVENTS_PAGE: usize = 256;

/// Deals settled in one round before other work has its turn.
const DEALS_OF_ROUND: usize = 64;

/// How often the actions of one deal are looked at in a row: a plan, its transaction, and what comes
/// of sending it.
const STEPS_MAX: usize = 8;

/// Pays money out.
#[derive(Debug)]
pub(crate) struct Settler {
    core: Arc<Core>,
    heard: EventId,
    queue: BTreeSet<(u64, DealCode)>,
    due: HashMap<DealCode, u64>,
    /// The newest block when a transaction was first sent, to see how long it has waited.
    sent_at: HashMap<Txid, u64>,
}

impl Settler {
    /// Starts; hears what happens after the event `heard`.
    pub(crate) fn new(core: Arc<Core>, heard: EventId) -> Self {
        Self { core, heard, queue: BTreeSet::new(), due: HashMap::new(), sent_at: HashMap::new() }
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

    /// Hears what happened to deals, on this server and on others.
    pub(crate) async fn hear(&mut self) -> Result<(), RunError> {
        loop {
            let page = self.core.store.events(self.heard, EVENTS_PAGE).await;
            let page = page.map_err(read_failed)?;
            let Some(last) = page.last() else { return Ok(()) };
            self.heard = last.id;
            self.core.heard_of(last.id);
            for event in page {
                let Some(code) = event.event.deal else { continue };
                if event.event.kind != CREATED {
                    self.wake(code);
                } else if !self.core.index().has(code) {
                    // Another server made it.
                    let found = self.core.store.deal(code).await.map_err(read_failed)?;
                    if let Some(found) = found {
                        self.core.watch(found.version, &found.value);
                    }
                }
            }
        }
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
            let again_ms = self.settle(code).await?;
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
            let mut steps = vec![];
            for action in deal.pending() {
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
        let payment = deal.payment_address();
        let recipients = deal.recipients();
        let rules = self.core.config.settling.fee_rules;
        let rate = self.fee_rate().await;
        if matches!(deal.scheme(), Scheme::Escrow { .. }) {
            return self.sign_for_arbiter(deal, plan, rate).await;
        }
        let mut built = UnsignedSettlement::build(plan, &payment, &recipients, rate, rules);
        if matches!(built, Err(SettlementError::BelowDust { .. })) {
            // Little money comes back slowly rather than not at all.
            let rate = self.core.config.settling.fee_rate_min;
            built = UnsignedSettlement::build(plan, &payment, &recipients, rate, rules);
        }
        let unsigned = match built {
            Ok(unsigned) => unsigned,
            // What is signed already stays as it is.
            Err(SettlementError::FeeAboveMax { .. }) if plan.replaces_fee.is_some() => {
                return Ok(Done::Again(self.later_ms()));
            }
            Err(error) => return self.reject(code, id, error.to_string()).await,
        };
        let keys = [self.core.keys.key1.clone(), self.core.keys.key2.clone()];
        let signed = match unsigned.sign(&keys) {
            Ok(signed) => signed,
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
        let since = *self.sent_at.entry(txid).or_insert(tip);
        let waits = tip.saturating_sub(since);
        let is_slow = waits >= self.core.config.settling.bump_after_blocks;
        match self.core.relay.broadcast(raw).await {
            Ok(_) => {
                let is_news = deal.settlement(id).is_some_and(|known| !known.is_accepted);
                let done = if is_news {
                    tracing::info!(%code, settlement = %id, %txid, "a settlement is sent");
                    self.tell(code, Fact::Accepted { id }).await?
                } else {
                    Done::Nothing
                };
                if is_slow && self.bump(deal, id).await? {
                    self.sent_at.remove(&txid);
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
                    Rejection::Invalid => self.reject(code, id, reason).await,
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

    /// Forgets when transactions of finished deals were sent.
    pub(crate) fn tidy(&mut self) {
        if self.queue.is_empty() {
            self.sent_at.clear();
        }
    }
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
