use crate::{
    BlockRange, ChannelEvent, ChannelEventKind, NetworkEvent, TokenEvent,
    journal::Stored,
    store::{
        CHANNEL_FACTS, CHANNEL_TRANSFERS, JOURNAL, TOKEN_EVENTS, TOKENS, channel_event_key, decode,
        load, log_key, number_at, token_event_key, write,
    },
};
use tally_primitives::{BlockNumber, ChannelAddress, TokenAddress};
use tally_storage::{Batch, KeyRange, Store, StoreError, Table};

/// Writes what is over: it lives on disk only, and is read for whoever asks.
#[derive(Debug)]
pub(crate) struct History {
    /// The number of the next entry, in [`JOURNAL`] and [`CHANNEL_TRANSFERS`] alike.
    next: u64,
}

impl History {
    /// Finds where to go on.
    pub(crate) fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let Some(last) = store.last(JOURNAL, &KeyRange::all())? else {
            return Ok(Self { next: 1 });
        };
        let undecodable = || StoreError::Undecodable { table: JOURNAL, key: last.key.clone() };
        let number = number_at(&last.key, 0).ok_or_else(undecodable)?;
        Ok(Self { next: number + 1 })
    }

    /// Adds an entry to the journal.
    pub(crate) fn add(&mut self, entry: &Stored, batch: &mut Batch) {
        write(batch, JOURNAL, self.next.to_be_bytes(), entry);
        self.next += 1;
    }

    /// Returns the number of the newest entry; 0 if there is none.
    pub(crate) const fn newest(&self) -> u64 {
        self.next - 1
    }

    /// Adds what a payment was for one channel. It happened off the chain: no reorganisation
    /// undoes it.
    pub(crate) fn add_transfer(
        &self,
        channel: ChannelAddress,
        block: BlockNumber,
        kind: &ChannelEventKind,
        batch: &mut Batch,
    ) {
        // The entry before this one is the payment's own.
        write(batch, CHANNEL_TRANSFERS, channel_event_key(channel, block, self.next - 1), kind);
    }
}

/// Adds what an own channel's contract logged.
pub(crate) fn add_channel_fact(
    channel: ChannelAddress,
    block: BlockNumber,
    log_index: u64,
    kind: &ChannelEventKind,
    batch: &mut Batch,
) {
    write(batch, CHANNEL_FACTS, channel_event_key(channel, block, log_index), kind);
}

/// Forgets what the contracts of these own channels logged above `block`.
pub(crate) fn roll_back(
    channels: impl Iterator<Item = ChannelAddress>,
    block: BlockNumber,
    batch: &mut Batch,
) {
    let above = BlockNumber(block.0.saturating_add(1));
    for channel in channels {
        let from = channel_event_key(channel, above, 0);
        let to = channel_event_key(channel, BlockNumber(u64::MAX), u64::MAX);
        batch.delete_range(CHANNEL_FACTS, from, to);
    }
}

/// Lists registrations of tokens, in chain order.
pub(crate) fn network_events(
    store: &dyn Store,
    range: BlockRange,
) -> Result<Vec<NetworkEvent>, StoreError> {
    let (from, end) = bounds(range);
    let keys = KeyRange::between(log_key(from, 0), log_key(end, 0));
    let mut events = vec![];
    load(store, TOKENS, keys, |entry| {
        events.push(decode(TOKENS, &entry.key, &entry.value)?);
        Ok(())
    })?;
    Ok(events)
}

/// Lists openings of channels in a token, in chain order.
pub(crate) fn token_events(
    store: &dyn Store,
    token: TokenAddress,
    range: BlockRange,
) -> Result<Vec<TokenEvent>, StoreError> {
    let (from, end) = bounds(range);
    let keys = KeyRange::between(token_event_key(token, from, 0), token_event_key(token, end, 0));
    let mut events = vec![];
    load(store, TOKEN_EVENTS, keys, |entry| {
        events.push(decode(TOKEN_EVENTS, &entry.key, &entry.value)?);
        Ok(())
    })?;
    Ok(events)
}

/// Lists what happened in an own channel, by block; in a block what the chain said comes first.
pub(crate) fn channel_events(
    store: &dyn Store,
    channel: ChannelAddress,
    range: BlockRange,
) -> Result<Vec<ChannelEvent>, StoreError> {
    let mut events = channel_events_in(store, CHANNEL_FACTS, channel, range)?;
    events.extend(channel_events_in(store, CHANNEL_TRANSFERS, channel, range)?);
    events.sort_by_key(|event| event.block);
    Ok(events)
}

fn channel_events_in(
    store: &dyn Store,
    table: Table,
    channel: ChannelAddress,
    range: BlockRange,
) -> Result<Vec<ChannelEvent>, StoreError> {
    let (from, end) = bounds(range);
    let keys =
        KeyRange::between(channel_event_key(channel, from, 0), channel_event_key(channel, end, 0));
    let mut events = vec![];
    load(store, table, keys, |entry| {
        let undecodable = || StoreError::Undecodable { table, key: entry.key.clone() };
        let block = BlockNumber(number_at(&entry.key, 20).ok_or_else(undecodable)?);
        let kind = decode(table, &entry.key, &entry.value)?;
        events.push(ChannelEvent { block, kind });
        Ok(())
    })?;
    Ok(events)
}

/// Returns the first block of a range and the one after its last.
fn bounds(range: BlockRange) -> (BlockNumber, BlockNumber) {
    let end = range.to.map_or(u64::MAX, |to| to.0.saturating_add(1));
    (range.from.unwrap_or_default(), BlockNumber(end))
}
