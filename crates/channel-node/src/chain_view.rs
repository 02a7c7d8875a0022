use crate::{
    NetworkEvent, TokenEvent,
    store::{
        EDGES, Edge, TOKEN_EVENTS, TOKENS, TotalKind, decode, load, log_key, token_event_key, write,
    },
};
use std::collections::{BTreeMap, BTreeSet};
use tally_chain::ChainEvent;
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, ManagerAddress, NodeAddress, TokenAddress, TokenAmount,
};
use tally_routing::{ChainFact, Graph, Lesson};
use tally_storage::{Batch, KeyRange, Store, StoreError};

/// Blocks for which the node can undo what the chain said. A reorganisation deeper than this is
/// beyond what any chain source remembers.
pub(crate) const UNDO_BLOCKS: BlockSpan = BlockSpan(256);

/// What the chain says about everybody: tokens, channels and the graphs made of them.
#[derive(Debug, Default)]
pub(crate) struct ChainView {
    tokens: BTreeMap<TokenAddress, (ManagerAddress, BlockNumber)>,
    edges: BTreeMap<ChannelAddress, Edge>,
    /// Settled channels, oldest first, until they cannot come back.
    settled: BTreeSet<(BlockNumber, ChannelAddress)>,
    graphs: BTreeMap<TokenAddress, Graph>,
    changed: BTreeSet<ChannelAddress>,
}

impl ChainView {
    /// Reads what was stored.
    pub(crate) fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let mut view = Self::default();
        load(store, TOKENS, KeyRange::all(), |entry| {
            let event: NetworkEvent = decode(TOKENS, &entry.key, &entry.value)?;
            view.tokens.insert(event.token, (event.manager, event.block));
            Ok(())
        })?;
        load(store, EDGES, KeyRange::all(), |entry| {
            let error = || StoreError::Undecodable { table: EDGES, key: entry.key.clone() };
            let channel = entry.key.as_slice().try_into().map_err(|_| error())?;
            let edge = decode(EDGES, &entry.key, &entry.value)?;
            view.edges.insert(ChannelAddress::new(channel), edge);
            Ok(())
        })?;
        view.rebuild();
        Ok(view)
    }

    /// Takes in one event of block `at`.
    pub(crate) fn apply(
        &mut self,
        at: BlockNumber,
        log_index: u64,
        event: &ChainEvent,
        batch: &mut Batch,
    ) {
        match *event {
            ChainEvent::TokenAdded { token, manager } => {
                let row = NetworkEvent { token, manager, block: at };
                write(batch, TOKENS, log_key(at, log_index), &row);
                self.tokens.insert(token, (manager, at));
            }
            ChainEvent::ChannelNew { token, channel, participants, settle_timeout } => {
                let row = TokenEvent { token, channel, participants, settle_timeout, block: at };
                write(batch, TOKEN_EVENTS, token_event_key(token, at, log_index), &row);
                self.open(at, &row);
            }
            ChainEvent::ChannelNewBalance { channel, participant, total_deposit } => {
                self.set_total(at, channel, participant, TotalKind::Deposit, total_deposit);
            }
            ChainEvent::ChannelWithdraw { channel, participant, total_withdraw } => {
                self.set_total(at, channel, participant, TotalKind::Withdrawal, total_withdraw);
            }
            ChainEvent::ChannelClosed { channel, .. } => {
                if let Some(edge) = self.edges.get_mut(&channel) {
                    edge.closed = Some(at);
                    self.teach(channel, &ChainFact::ChannelClosed { channel });
                }
            }
            ChainEvent::ChannelSettled { channel, .. } => {
                if let Some(edge) = self.edges.get_mut(&channel) {
                    edge.settled = Some(at);
                    self.settled.insert((at, channel));
                    self.teach(channel, &ChainFact::ChannelRemoved { channel });
                }
            }
            ChainEvent::TransferUpdated { .. }
            | ChainEvent::ChannelUnlocked { .. }
            | ChainEvent::SecretRevealed { .. }
            | ChainEvent::EndpointRegistered { .. } => {}
        }
    }

    /// Forgets what happened above `block`.
    pub(crate) fn roll_back(&mut self, block: BlockNumber, batch: &mut Batch) {
        let above = BlockNumber(block.0.saturating_add(1));
        let last = BlockNumber(u64::MAX);
        batch.delete_range(TOKENS, log_key(above, 0), log_key(last, u64::MAX));
        for token in self.tokens.keys() {
            let (from, to) =
                (token_event_key(*token, above, 0), token_event_key(*token, last, u64::MAX));
            batch.delete_range(TOKEN_EVENTS, from, to);
        }
        self.tokens.retain(|_, (_, added)| *added <= block);
        let changed = &mut self.changed;
        self.edges.retain(|channel, edge| {
            changed.insert(*channel);
            edge.cut(block)
        });
        self.rebuild();
    }

    /// Drops channels that settled too long ago to come back, and lessons that are too old.
    pub(crate) fn prune(&mut self, now: BlockNumber) {
        while let Some((at, channel)) = self.settled.first().copied()
            && at.after(UNDO_BLOCKS) < now
        {
            self.settled.remove(&(at, channel));
            self.edges.remove(&channel);
            self.changed.insert(channel);
        }
        self.graphs.values_mut().for_each(|graph| graph.forget(now));
    }

    /// Adds the changed channels to `batch`.
    pub(crate) fn flush(&mut self, batch: &mut Batch) {
        for channel in std::mem::take(&mut self.changed) {
            match self.edges.get(&channel) {
                Some(edge) => write(batch, EDGES, *channel.as_bytes(), edge),
                None => batch.delete(EDGES, *channel.as_bytes()),
            }
        }
    }

    /// Notes what a transfer taught.
    pub(crate) fn learn(&mut self, token: TokenAddress, lesson: &Lesson) {
        if let Some(graph) = self.graphs.get_mut(&token)
            && let Err(error) = graph.learn(lesson)
        {
            tracing::debug!(%error, "a lesson came too late");
        }
    }

    /// Returns the registered tokens, ordered by address.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = TokenAddress> {
        self.tokens.keys().copied()
    }

    /// Returns the manager of a token's channels, if the token is registered.
    pub(crate) fn manager(&self, token: TokenAddress) -> Option<ManagerAddress> {
        self.tokens.get(&token).map(|(manager, _)| *manager)
    }

    /// Returns the graph of a token's channels, if there ever was one.
    pub(crate) fn graph(&self, token: TokenAddress) -> Option<&Graph> {
        self.graphs.get(&token)
    }

    fn open(&mut self, at: BlockNumber, opened: &TokenEvent) {
        let TokenEvent { token, channel, participants, settle_timeout, block: _ } = *opened;
        let edge = Edge {
            token,
            participants,
            settle_timeout,
            opened: at,
            totals: vec![],
            closed: None,
            settled: None,
        };
        self.edges.insert(channel, edge);
        self.teach(channel, &ChainFact::ChannelOpened { channel, participants, settle_timeout });
    }

    fn set_total(
        &mut self,
        at: BlockNumber,
        channel: ChannelAddress,
        participant: NodeAddress,
        kind: TotalKind,
        total: TokenAmount,
    ) {
        let Some(edge) = self.edges.get_mut(&channel) else { return };
        let Some(index) = edge.participants.iter().position(|node| *node == participant) else {
            return;
        };
        edge.totals.push((at, u8::from(index == 1), kind, total));
        let total = edge.holdings()[index];
        self.teach(channel, &ChainFact::DepositChanged { channel, participant, total });
    }

    /// Tells the graph of the channel's token.
    fn teach(&mut self, channel: ChannelAddress, fact: &ChainFact) {
        self.changed.insert(channel);
        let Some(edge) = self.edges.get(&channel) else { return };
        if let Err(error) = self.graphs.entry(edge.token).or_default().apply(fact) {
            tracing::warn!(%channel, %error, "a channel's event does not fit the graph");
        }
    }

    /// Makes the graphs of the edges. What transfers taught is lost; they teach it again.
    fn rebuild(&mut self) {
        self.graphs.clear();
        self.settled.clear();
        for (channel, edge) in &self.edges {
            if let Some(at) = edge.settled {
                self.settled.insert((at, *channel));
                continue;
            }
            let graph = self.graphs.entry(edge.token).or_default();
            for fact in facts_of(*channel, edge) {
                if let Err(error) = graph.apply(&fact) {
                    tracing::warn!(%channel, %error, "a stored channel does not fit the graph");
                }
            }
        }
    }
}

fn facts_of(channel: ChannelAddress, edge: &Edge) -> Vec<ChainFact> {
    let Edge { participants, settle_timeout, .. } = *edge;
    let mut facts = vec![ChainFact::ChannelOpened { channel, participants, settle_timeout }];
    for (participant, total) in participants.into_iter().zip(edge.holdings()) {
        facts.push(ChainFact::DepositChanged { channel, participant, total });
    }
    if edge.closed.is_some() {
        facts.push(ChainFact::ChannelClosed { channel });
    }
    facts
}

#[cfg(test)]
mod tests;
