//! Blocks, as they reach the owner.

use crate::{
    ChannelEventKind, Happening,
    chain_view::UNDO_BLOCKS,
    history,
    journal::unix_millis,
    owner::{Ending, Owner},
    store::{BLOCKS, write},
};
use tally_chain::{Block, ChainError, ChainEvent, ChainUpdate, LoggedEvent};
use tally_channel::{ChainFact, Channel, ChannelFact, Event, Side, StoredProof};
use tally_primitives::{BlockNumber, BlockRef, ChannelAddress, Hashlock, Secret};

/// Blocks between two lines of the log while the node catches up: seconds of work.
const PROGRESS_BLOCKS: u64 = 10_000;

impl Owner {
    pub(crate) fn chain_update(&mut self, update: ChainUpdate) {
        match update {
            ChainUpdate::Connected { block, head } => self.block(&block, head),
            ChainUpdate::RolledBackTo(block) => self.roll_back(block),
        }
        self.retry_waiting();
        self.answer_seen();
    }

    /// Takes in a block: its events and that it is there reach the disk together, so that a
    /// restart neither misses nor repeats one.
    fn block(&mut self, block: &Block, head: BlockNumber) {
        let at = block.at.number;
        if let Some(last) = self.block.filter(|last| at <= last.number) {
            let source = format!("block {at} came after block {}", last.number).into();
            let operation = "following the chain";
            self.ending = Some(Ending::Chain(ChainError::Permanent { operation, source }));
            return;
        }
        for logged in &block.events {
            self.chain.apply(at, logged.log_index, &logged.event, &mut self.group.batch);
            self.own_event(at, logged);
        }
        if let Err(error) = self.apply(Event::BlockReached { head, confirmed: at }) {
            tracing::error!(%error, block = %at, "the core refused a block");
        }
        write(&mut self.group.batch, BLOCKS, at.0.to_be_bytes(), &block.at);
        if let Some(old) = at.0.checked_sub(UNDO_BLOCKS.0 + 1) {
            self.group.batch.delete(BLOCKS, old.to_be_bytes());
        }
        self.block = Some(block.at);
        self.block_time = Some(unix_millis());
        self.note_progress(at, head);
        self.chain.prune(at);
        self.calls.block_reached(at);
    }

    /// Says how far the first synchronisation is, now and then.
    fn note_progress(&mut self, at: BlockNumber, head: BlockNumber) {
        if self.synced {
            return;
        }
        self.synced = head.since(at) <= self.config.confirmations;
        if self.synced || at.0.is_multiple_of(PROGRESS_BLOCKS) {
            tracing::info!(block = %at, %head, synced = self.synced, "following the chain");
        }
    }

    fn roll_back(&mut self, to: BlockRef) {
        tracing::warn!(block = %to.number, "the chain was reorganised");
        let BlockRef { number, .. } = to;
        if let Err(error) = self.apply(Event::ReorgedTo(number)) {
            tracing::error!(%error, block = %number, "the core refused a reorganisation");
        }
        let group = &mut self.group;
        self.chain.roll_back(number, &mut group.batch);
        let own = self.protocol.channels().map(Channel::address);
        history::roll_back(own, number, &mut group.batch);
        let above = number.0.saturating_add(1);
        group.batch.delete_range(BLOCKS, above.to_be_bytes(), u64::MAX.to_be_bytes());
        group.needs_sync = true;
        self.block = Some(to);
        if self.protocol.channels().next().is_some() {
            self.record(number, Happening::RolledBack { to: number });
        }
        self.calls.reorged();
    }

    /// Tells the core, and the history, what concerns this node's channels.
    fn own_event(&mut self, at: BlockNumber, logged: &LoggedEvent) {
        let us = self.key.address();
        match &logged.event {
            ChainEvent::ChannelNew { token, channel, participants, settle_timeout } => {
                if participants.contains(&us) {
                    let fact = ChainFact::ChannelOpened {
                        channel: *channel,
                        token: *token,
                        participants: *participants,
                        settle_timeout: *settle_timeout,
                    };
                    self.fact(at, fact);
                    let partners = participants.iter().filter(|node| **node != us);
                    for partner in partners {
                        self.inbox.add_partner(*partner);
                        self.connect(*partner);
                        let (channel, token) = (*channel, *token);
                        let (partner, settle_timeout) = (*partner, *settle_timeout);
                        let opened =
                            Happening::ChannelOpened { channel, token, partner, settle_timeout };
                        self.record(at, opened);
                    }
                }
            }
            ChainEvent::SecretRevealed { secret, hashlock } => {
                self.secret_seen(at, logged.log_index, secret, *hashlock);
                self.fact(at, ChainFact::SecretRevealed { secret: secret.clone() });
            }
            ChainEvent::EndpointRegistered { node, endpoint } => {
                self.endpoints.published(*node, endpoint, &mut self.group);
            }
            ChainEvent::TokenAdded { .. } => {}
            ChainEvent::ChannelNewBalance { channel, .. }
            | ChainEvent::ChannelWithdraw { channel, .. }
            | ChainEvent::ChannelClosed { channel, .. }
            | ChainEvent::TransferUpdated { channel, .. }
            | ChainEvent::ChannelUnlocked { channel, .. }
            | ChainEvent::ChannelSettled { channel, .. } => {
                if self.protocol.channel(*channel).is_some() {
                    self.own_channel_event(at, *channel, logged);
                }
            }
        }
    }

    fn own_channel_event(
        &mut self,
        at: BlockNumber,
        channel: ChannelAddress,
        logged: &LoggedEvent,
    ) {
        if let Some(kind) = self.event_kind(channel, &logged.event) {
            let batch = &mut self.group.batch;
            history::add_channel_fact(channel, at, logged.log_index, &kind, batch);
            self.record(at, Happening::Channel { channel, kind });
        }
        if let Some(fact) = channel_fact(&logged.event) {
            self.fact(at, ChainFact::Channel(channel, fact));
        }
    }

    /// Notes a secret in the history of the channels that have a lock with its hash.
    fn secret_seen(
        &mut self,
        at: BlockNumber,
        log_index: u64,
        secret: &Secret,
        hashlock: Hashlock,
    ) {
        let has_lock = |channel: &&Channel| {
            [Side::Ours, Side::Theirs]
                .iter()
                .any(|side| channel.end(*side).locks().contains_key(&hashlock))
        };
        let kind = ChannelEventKind::SecretRevealed { secret: secret.clone() };
        let channels: Vec<_> =
            self.protocol.channels().filter(has_lock).map(Channel::address).collect();
        for channel in channels {
            history::add_channel_fact(channel, at, log_index, &kind, &mut self.group.batch);
            self.record(at, Happening::Channel { channel, kind: kind.clone() });
        }
    }

    fn fact(&mut self, at: BlockNumber, fact: ChainFact) {
        self.group.needs_sync = true;
        if let Err(error) = self.apply(Event::ChainFact { at, fact }) {
            tracing::warn!(%error, block = %at, "an event of the chain was of no use");
        }
    }

    fn event_kind(&self, channel: ChannelAddress, event: &ChainEvent) -> Option<ChannelEventKind> {
        match *event {
            ChainEvent::ChannelNewBalance { participant, total_deposit, .. } => {
                Some(ChannelEventKind::NewBalance { participant, balance: total_deposit })
            }
            ChainEvent::ChannelClosed { closer, .. } => {
                Some(ChannelEventKind::Closed { closing_address: closer })
            }
            ChainEvent::TransferUpdated { payer, .. } => {
                let token = self.protocol.channel(channel)?.token();
                let manager = self.chain.manager(token)?;
                Some(ChannelEventKind::TransferUpdated { token, manager, participant: payer })
            }
            ChainEvent::ChannelUnlocked { ref secret, .. } => {
                Some(ChannelEventKind::SecretRevealed { secret: secret.clone() })
            }
            ChainEvent::ChannelSettled { .. } => Some(ChannelEventKind::Settled),
            ChainEvent::ChannelWithdraw { .. }
            | ChainEvent::TokenAdded { .. }
            | ChainEvent::ChannelNew { .. }
            | ChainEvent::SecretRevealed { .. }
            | ChainEvent::EndpointRegistered { .. } => None,
        }
    }
}

/// Translates what one channel's contract logged.
fn channel_fact(event: &ChainEvent) -> Option<ChannelFact> {
    match *event {
        ChainEvent::ChannelNewBalance { participant, total_deposit, .. } => {
            Some(ChannelFact::Deposited(participant, total_deposit))
        }
        ChainEvent::ChannelWithdraw { participant, total_withdraw, .. } => {
            Some(ChannelFact::Withdrawn(participant, total_withdraw))
        }
        ChainEvent::ChannelClosed { closer, nonce, transferred, locksroot, .. } => {
            let stored = StoredProof { nonce, transferred, locksroot };
            Some(ChannelFact::Closed { closer, stored })
        }
        ChainEvent::TransferUpdated { payer, nonce, transferred, locksroot, .. } => {
            let stored = StoredProof { nonce, transferred, locksroot };
            Some(ChannelFact::Updated { payer, stored })
        }
        ChainEvent::ChannelUnlocked { payer, ref secret, transferred, locksroot, .. } => {
            let secret = secret.clone();
            Some(ChannelFact::Unlocked { payer, secret, transferred, locksroot })
        }
        ChainEvent::ChannelSettled { payouts, .. } => Some(ChannelFact::Settled(payouts)),
        ChainEvent::TokenAdded { .. }
        | ChainEvent::ChannelNew { .. }
        | ChainEvent::SecretRevealed { .. }
        | ChainEvent::EndpointRegistered { .. } => None,
    }
}
