//! Requests that are carried out once however often they are sent, also over a crash.
//!
//! A request with a key is on disk before its transaction is sent. When it is sent again and it is
//! not known what became of the first, the chain is asked: only when nothing of the account waits
//! to be mined, and the node has taken in every block until then and did not find what was asked
//! for, is it done again.
//!
//! Invariant: between two transactions for one key the node has seen that the first is in no block,
//! and its place among the account's transactions is free. So at most one of them is mined.

mod record;

use crate::{
    BlockRange, ChannelEventKind, ChannelView, DepositRequest, OpenRequest, Reply, RequestError,
    channel_view::view,
    effect::Effect,
    history,
    input::Input,
    owner::Owner,
    store::{KEYS, read, write},
};
use record::{Asked, Keeping, Record};
use std::{collections::BTreeMap, sync::Arc};
use tally_chain::{ChainError, Unmined};
use tally_channel::{Channel, Side};
use tally_primitives::{BlockNumber, ChannelAddress, TokenAmount};
use tokio::sync::oneshot;

/// The longest key.
const KEY_BYTES_MAX: usize = 200;

/// What a client calls a request, so that it is carried out once: 1 to 200 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Makes a key; `None` if the text cannot be one.
    pub fn new(text: &str) -> Option<Self> {
        let is_good = (1..=KEY_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(text.to_owned()))
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A request that may have a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keyed {
    Open(OpenRequest),
    Deposit(DepositRequest),
}

/// What is known in this run of requests with keys.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Records written in this run, which reads of the store may not find yet; `None` once removed.
    /// Each that stays cost a transaction, so there are not many.
    written: BTreeMap<IdempotencyKey, Option<Record>>,
    /// Who waits for which request that is being carried out.
    live: BTreeMap<IdempotencyKey, Vec<Reply<ChannelView>>>,
}

/// Something came to be known of a request with a key.
#[derive(Debug)]
pub(crate) enum KeyNews {
    /// It was carried out, or was not.
    Done { key: IdempotencyKey, result: Box<Result<ChannelView, RequestError>> },
    /// The chain said what waits to be mined.
    Checked { key: IdempotencyKey, request: Keyed, unmined: Result<Unmined, ChainError> },
}

impl Owner {
    /// A user wants something once.
    pub(crate) fn once(&mut self, request: Keyed, key: IdempotencyKey, reply: Reply<ChannelView>) {
        let record = match self.key_record(&key) {
            Ok(record) => record,
            Err(error) => return self.answer(reply, Err(error)),
        };
        if record.as_ref().is_some_and(|record| record.asked != Asked::from(&request)) {
            return self.answer(reply, Err(RequestError::KeyInUse));
        }
        if let Some(waiting) = self.keys.live.get_mut(&key) {
            waiting.push(reply);
            return;
        }
        match record.map(|record| record.keeping) {
            None => {
                self.keys.live.insert(key.clone(), vec![reply]);
                self.begin_once(request, key);
            }
            Some(Keeping::Done { channel }) => {
                let found = self.protocol.channel(channel).map(|own| view(own, &self.config));
                self.answer(reply, found.ok_or(RequestError::UnknownChannel(channel)));
            }
            Some(Keeping::Started { block, before }) => {
                self.keys.live.insert(key.clone(), vec![reply]);
                match self.find_done(&request, block, before) {
                    Ok(Some(channel)) => self.found_done(request, key, channel),
                    Ok(None) => self.ask_for_unmined(request, key),
                    Err(error) => self.end_once(&key, error),
                }
            }
        }
    }

    pub(crate) fn key_news(&mut self, news: KeyNews) {
        match news {
            KeyNews::Done { key, result } => match *result {
                Ok(view) => self.finish_once(&key, &view),
                Err(error) => {
                    if is_without_effect(&error) {
                        self.keep_record(&key, None);
                    }
                    self.end_once(&key, error);
                }
            },
            KeyNews::Checked { key, request, unmined: Ok(unmined) } => {
                let is_settled = unmined.count == 0 && self.protocol.confirmed() >= unmined.newest;
                let record = self.key_record(&key);
                let Ok(Some(Record { keeping: Keeping::Started { block, before }, .. })) = record
                else {
                    return self.end_once(&key, RequestError::KeyPending);
                };
                match self.find_done(&request, block, before) {
                    Ok(Some(channel)) => self.found_done(request, key, channel),
                    Ok(None) if is_settled => self.begin_once(request, key),
                    Ok(None) => self.end_once(&key, RequestError::KeyPending),
                    Err(error) => self.end_once(&key, error),
                }
            }
            KeyNews::Checked { key, unmined: Err(error), .. } => {
                self.end_once(&key, RequestError::Chain(error));
            }
        }
    }

    /// Carries a request out, once its record is on disk: what follows in this turn waits for that.
    fn begin_once(&mut self, request: Keyed, key: IdempotencyKey) {
        let before = match &request {
            Keyed::Open(_) => TokenAmount::ZERO,
            Keyed::Deposit(deposit) => self.own_deposit(deposit.channel),
        };
        let keeping = Keeping::Started { block: self.protocol.confirmed(), before };
        self.keep_record(&key, Some(Record { asked: Asked::from(&request), keeping }));
        let (reply, outcome) = oneshot::channel();
        match request {
            Keyed::Open(request) => self.open_channel(&request, reply),
            Keyed::Deposit(request) => self.deposit(&request, reply),
        }
        let owner = self.mailbox.clone();
        self.group.effects.push(Effect::task(async move {
            let result = Box::new(outcome.await.unwrap_or(Err(RequestError::Stopping)));
            drop(owner.send(Input::Key(KeyNews::Done { key, result })).await);
        }));
    }

    fn ask_for_unmined(&mut self, request: Keyed, key: IdempotencyKey) {
        let (contracts, owner) = (Arc::clone(&self.contracts), self.mailbox.clone());
        self.group.effects.push(Effect::task(async move {
            let unmined = contracts.unmined().await;
            drop(owner.send(Input::Key(KeyNews::Checked { key, request, unmined })).await);
        }));
    }

    /// Returns the channel in which what was asked for happened after `block`, as far as the node
    /// has taken in the chain.
    fn find_done(
        &self,
        request: &Keyed,
        block: BlockNumber,
        before: TokenAmount,
    ) -> Result<Option<ChannelAddress>, RequestError> {
        match request {
            Keyed::Open(OpenRequest { token, partner, deposit, .. }) => {
                let is_it = |own: &&Channel| {
                    own.token() == *token
                        && own.partner() == *partner
                        && own.opened_at().is_some_and(|at| at > block)
                        && own.deposit(Side::Ours) >= *deposit
                };
                Ok(self.protocol.channels().find(is_it).map(Channel::address))
            }
            Keyed::Deposit(DepositRequest { channel, amount }) => {
                let range = BlockRange { from: Some(block), to: None };
                let events = history::channel_events(self.store.as_ref(), *channel, range);
                let events = events.map_err(|error| {
                    // Not knowing of a deposit is no reason to make it twice.
                    tracing::error!(%error, "the history of a channel cannot be read");
                    RequestError::Stopping
                })?;
                let us = self.key.address();
                let totals = events.iter().filter_map(|event| match &event.kind {
                    ChannelEventKind::NewBalance { participant, balance }
                        if *participant == us && *balance > before =>
                    {
                        Some(*balance)
                    }
                    ChannelEventKind::NewBalance { .. }
                    | ChannelEventKind::Closed { .. }
                    | ChannelEventKind::TransferUpdated { .. }
                    | ChannelEventKind::SecretRevealed { .. }
                    | ChannelEventKind::Settled
                    | ChannelEventKind::TransferSentSuccess { .. }
                    | ChannelEventKind::TransferSentFailed { .. }
                    | ChannelEventKind::TransferReceivedSuccess { .. } => None,
                });
                Ok(has_step(before, totals, *amount).then_some(*channel))
            }
        }
    }

    fn found_done(&mut self, request: Keyed, key: IdempotencyKey, channel: ChannelAddress) {
        match self.protocol.channel(channel).map(|own| view(own, &self.config)) {
            Some(view) => self.finish_once(&key, &view),
            None => self.ask_for_unmined(request, key),
        }
    }

    /// A request was carried out: that is kept, and told to all who asked.
    fn finish_once(&mut self, key: &IdempotencyKey, view: &ChannelView) {
        if let Ok(Some(record)) = self.key_record(key) {
            let keeping = Keeping::Done { channel: view.channel };
            self.keep_record(key, Some(Record { keeping, ..record }));
        }
        for reply in self.keys.live.remove(key).unwrap_or_default() {
            self.answer(reply, Ok(view.clone()));
        }
    }

    /// A request came to no end: the first who asked hears why.
    fn end_once(&mut self, key: &IdempotencyKey, error: RequestError) {
        let mut waiting = self.keys.live.remove(key).unwrap_or_default().into_iter();
        if let Some(first) = waiting.next() {
            self.answer(first, Err(error));
        }
        for reply in waiting {
            self.answer(reply, Err(RequestError::KeyPending));
        }
    }

    fn own_deposit(&self, channel: ChannelAddress) -> TokenAmount {
        let own = self.protocol.channel(channel);
        own.map_or(TokenAmount::ZERO, |own| own.deposit(Side::Ours))
    }

    fn key_record(&self, key: &IdempotencyKey) -> Result<Option<Record>, RequestError> {
        if let Some(written) = self.keys.written.get(key) {
            return Ok(written.clone());
        }
        read(self.store.as_ref(), KEYS, key.as_bytes()).map_err(|error| {
            // Not knowing a request is no reason to carry it out twice.
            tracing::error!(%error, "the keys of requests cannot be read");
            RequestError::Stopping
        })
    }

    fn keep_record(&mut self, key: &IdempotencyKey, record: Option<Record>) {
        self.group.needs_sync = true;
        match &record {
            Some(record) => write(&mut self.group.batch, KEYS, key.as_bytes(), record),
            None => self.group.batch.delete(KEYS, key.as_bytes()),
        }
        self.keys.written.insert(key.clone(), record);
    }
}

/// Says whether a total grew by `amount` at once.
fn has_step(
    before: TokenAmount,
    totals: impl Iterator<Item = TokenAmount>,
    amount: TokenAmount,
) -> bool {
    let mut last = before;
    for total in totals {
        if total.saturating_sub(last) == amount {
            return true;
        }
        last = total;
    }
    false
}

/// Says whether a request that failed so changed nothing, and never will.
fn is_without_effect(error: &RequestError) -> bool {
    !matches!(
        error,
        RequestError::TransactionPending(_)
            | RequestError::EventPending(_)
            | RequestError::OpenedWithoutDeposit { .. }
            | RequestError::Chain(_)
            | RequestError::Stopping
            | RequestError::KeyPending
    )
}

#[cfg(test)]
mod tests;
