use crate::{
    commit::Group,
    effect::Effect,
    store::{OUTBOX, OUTBOX_LAST, decode, load, number_at, outbox_key},
};
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use tally_channel::{Content, Message};
use tally_net::ConnectionId;
use tally_primitives::{ChannelAddress, NodeAddress, Nonce};
use tally_storage::{KeyRange, Store, StoreError};

/// Messages to one peer that may be under way at the same time.
///
/// It bounds what a peer has to hold while it waits for the chain (see [`crate::inbox`]) and stays
/// below the transport's own queue, so that a connected peer's queue is never full.
pub(crate) const WINDOW: u64 = 1024;

/// Messages that peers have not acknowledged, in the order they must get them.
///
/// The same is on disk, so a restart sends what a crash left: receivers drop what they have.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    lanes: HashMap<NodeAddress, Lane>,
    length: usize,
}

/// The way to one peer.
#[derive(Debug, Default)]
struct Lane {
    /// The newest number given; the next message gets the one above.
    last: u64,
    /// What is not acknowledged; the numbers have no gaps and end with `last`.
    letters: VecDeque<Letter>,
    /// The newest number handed to this connection.
    sent: u64,
    connection: Option<ConnectionId>,
}

#[derive(Debug)]
struct Letter {
    payload: Bytes,
    delivery: Option<Delivery>,
}

/// A direct transfer, which is done when its message is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) channel: ChannelAddress,
    pub(crate) nonce: Nonce,
}

impl Delivery {
    /// Returns what the acknowledgement of `message` means, if anything.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        match message {
            Message::Envelope(envelope, _) => match envelope.content {
                Content::DirectTransfer { .. } => {
                    Some(Self { channel: envelope.channel, nonce: envelope.nonce })
                }
                Content::MediatedTransfer(_)
                | Content::Unlock { .. }
                | Content::LockExpired { .. }
                | Content::LockCancellation { .. } => None,
            },
            Message::SecretRequest(_)
            | Message::RevealSecret(_)
            | Message::Refund(_)
            | Message::CancellationAcknowledged(_)
            | Message::Rejected(_) => None,
        }
    }
}

impl Outbox {
    /// Reads what a previous run left.
    pub(crate) fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let mut outbox = Self::default();
        load(store, OUTBOX_LAST, KeyRange::all(), |entry| {
            let peer = peer_of(&entry.key).ok_or_else(|| undecodable(OUTBOX_LAST, &entry.key))?;
            let last = decode(OUTBOX_LAST, &entry.key, &entry.value)?;
            outbox.lanes.insert(peer, Lane { last, ..Lane::default() });
            Ok(())
        })?;
        load(store, OUTBOX, KeyRange::all(), |entry| {
            let error = || undecodable(OUTBOX, &entry.key);
            let peer = peer_of(&entry.key).ok_or_else(error)?;
            let seq = number_at(&entry.key, 20).ok_or_else(error)?;
            let message = Message::decode(&entry.value).map_err(|_| error())?;
            let lane = outbox.lanes.get_mut(&peer).ok_or_else(error)?;
            let delivery = Delivery::of(&message);
            lane.letters.push_back(Letter { payload: entry.value.into(), delivery });
            lane.sent = lane.sent.max(seq);
            outbox.length += 1;
            Ok(())
        })?;
        for (peer, lane) in &outbox.lanes {
            // Numbers without gaps are what lets a position stand for a number.
            if lane.sent != 0 && lane.sent != lane.last {
                return Err(undecodable(OUTBOX, peer.as_bytes()));
            }
        }
        Ok(outbox)
    }

    /// Adds a message for `peer`, which leaves with the group's effects, or when the peer connects.
    /// Returns its number.
    pub(crate) fn push(&mut self, peer: NodeAddress, message: &Message, group: &mut Group) -> u64 {
        let lane = self.lanes.entry(peer).or_default();
        let payload = Bytes::from(message.encode());
        lane.last += 1;
        group.batch.put(OUTBOX, outbox_key(peer, lane.last), payload.as_ref());
        group.note_outbox(peer, lane.last);
        lane.letters.push_back(Letter { payload, delivery: Delivery::of(message) });
        self.length += 1;
        if lane.connection.is_some() {
            lane.pump(peer, group);
        } else {
            group.effects.push(Effect::Connect(peer));
        }
        lane.last
    }

    /// Returns the peers that messages wait for.
    pub(crate) fn peers(&self) -> impl Iterator<Item = NodeAddress> {
        self.lanes.iter().filter(|(_, lane)| !lane.letters.is_empty()).map(|(peer, _)| *peer)
    }

    /// Sends what `peer` does not have over its new connection. Returns the direct transfers it
    /// turns out to have.
    pub(crate) fn connected(
        &mut self,
        peer: NodeAddress,
        connection: ConnectionId,
        received: u64,
        group: &mut Group,
    ) -> Vec<Delivery> {
        self.lanes.entry(peer).or_default().connection = None;
        let delivered = self.acknowledged(peer, received, group);
        let lane = self.lanes.entry(peer).or_default();
        lane.connection = Some(connection);
        lane.sent = lane.acknowledged();
        lane.pump(peer, group);
        delivered
    }

    /// Notes that what was sent to `peer` may be lost.
    pub(crate) fn disconnected(&mut self, peer: NodeAddress, connection: ConnectionId) {
        if let Some(lane) = self.lanes.get_mut(&peer)
            && lane.connection == Some(connection)
        {
            lane.connection = None;
            if lane.last == 0 {
                // Nothing was ever sent to it: it leaves nothing behind.
                self.lanes.remove(&peer);
            }
        }
    }

    /// Sends again from the oldest message; the transport skips what it has already.
    pub(crate) fn writable(&mut self, peer: NodeAddress, group: &mut Group) {
        if let Some(lane) = self.lanes.get_mut(&peer) {
            lane.sent = lane.acknowledged();
            lane.pump(peer, group);
        }
    }

    /// Drops what `peer` has up to `seq`, and returns the direct transfers among it.
    pub(crate) fn acknowledged(
        &mut self,
        peer: NodeAddress,
        seq: u64,
        group: &mut Group,
    ) -> Vec<Delivery> {
        let Some(lane) = self.lanes.get_mut(&peer) else { return vec![] };
        if seq > lane.last {
            tracing::warn!(%peer, seq, last = lane.last, "a peer acknowledges what was never sent");
        }
        let mut delivered = vec![];
        while lane.acknowledged() < seq.min(lane.last) {
            let number = lane.acknowledged() + 1;
            let letter = lane.letters.pop_front().expect("numbers above the acknowledged wait");
            group.batch.delete(OUTBOX, outbox_key(peer, number));
            delivered.extend(letter.delivery);
            self.length -= 1;
        }
        lane.sent = lane.sent.max(lane.acknowledged());
        lane.pump(peer, group);
        delivered
    }

    /// Says whether messages wait for `peer`.
    pub(crate) fn waits_for(&self, peer: NodeAddress) -> bool {
        self.lanes.get(&peer).is_some_and(|lane| !lane.letters.is_empty())
    }

    /// Returns how many messages wait for an acknowledgement.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }
}

impl Lane {
    fn acknowledged(&self) -> u64 {
        self.last - self.letters.len() as u64
    }

    /// Hands over what the window allows.
    fn pump(&mut self, peer: NodeAddress, group: &mut Group) {
        let Some(connection) = self.connection else { return };
        let acknowledged = self.acknowledged();
        let until = self.last.min(acknowledged + WINDOW);
        while self.sent < until {
            let index = usize::try_from(self.sent - acknowledged).expect("the window fits memory");
            self.sent += 1;
            let payload = self.letters[index].payload.clone();
            group.effects.push(Effect::Send { peer, connection, seq: self.sent, payload });
        }
    }
}

fn peer_of(key: &[u8]) -> Option<NodeAddress> {
    Some(NodeAddress::new(key.get(..20)?.try_into().ok()?))
}

fn undecodable(table: tally_storage::Table, key: &[u8]) -> StoreError {
    StoreError::Undecodable { table, key: key.to_vec() }
}

#[cfg(test)]
mod tests;
