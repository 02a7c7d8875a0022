//! What the network reports, and the messages of peers.

use crate::{
    effect::Effect, held::RETURN_TIME, inbox::Arrival, input::PeerInput, outbox::Delivery,
    owner::Owner, receive::Incoming,
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tally_channel::{Class, Content, Event, Message, Outgoing, Phase, Rejected, Verified};
use tally_primitives::NodeAddress;

/// How long a connection with a node that is no partner is kept after it was last needed: longer
/// than a transfer takes while everybody is online, short enough that a busy node's connections
/// are those of the day.
const GUEST_STAYS: Duration = Duration::from_secs(600);

/// What became of a peer's message.
enum Fate {
    /// Done with.
    Processed,
    /// Refused by the message with this outbox number.
    Refused(u64),
    /// To be offered again, before anything later of this peer.
    Waits(Incoming),
}

impl Owner {
    pub(crate) fn peer_event(&mut self, event: PeerInput) {
        match event {
            PeerInput::Connected { peer, connection, epoch, received } => {
                self.connected.insert(peer, connection);
                self.inbox.connected(peer, epoch);
                let delivered = self.outbox.connected(peer, connection, received, &mut self.group);
                self.inbox.delivered(peer, received);
                self.delivered(delivered);
                if self.grace_until.is_some() {
                    self.retry_waiting();
                    self.retry_held(Instant::now());
                }
            }
            PeerInput::Message { peer, seq, incoming } => {
                match self.inbox.arrive(peer, seq, incoming) {
                    Arrival::Due(incoming) => {
                        self.take_message(peer, incoming);
                    }
                    Arrival::Held => {}
                    Arrival::Overflow => {
                        tracing::warn!(%peer, "too many messages of a peer wait for the chain");
                        self.group.effects.push(Effect::Disconnect(peer));
                    }
                }
            }
            PeerInput::Acknowledged { peer, seq } => {
                let delivered = self.outbox.acknowledged(peer, seq, &mut self.group);
                self.inbox.delivered(peer, seq);
                self.delivered(delivered);
            }
            PeerInput::Writable { peer } => self.outbox.writable(peer, &mut self.group),
            PeerInput::Disconnected { peer, connection } => {
                self.outbox.disconnected(peer, connection);
                if self.connected.get(&peer) == Some(&connection) {
                    self.connected.remove(&peer);
                    self.inbox.disconnected(peer);
                    if self.inbox.is_partner(peer) {
                        self.grace_until = self.grace_until.max(Some(Instant::now() + RETURN_TIME));
                    }
                }
            }
        }
    }

    /// Offers the messages that wait for the chain once more.
    pub(crate) fn retry_waiting(&mut self) {
        for peer in self.inbox.waiting_peers() {
            while let Some(incoming) = self.inbox.take_waiting(peer) {
                if !self.take_message(peer, incoming) {
                    break;
                }
            }
        }
    }

    /// Returns the partners of channels that are not settled.
    pub(crate) fn live_partners(&self) -> BTreeSet<NodeAddress> {
        let live = self.protocol.channels().filter(|channel| match channel.phase() {
            Phase::Open | Phase::Closing | Phase::Closed { .. } => true,
            Phase::Vanished | Phase::Settled { .. } => false,
        });
        live.map(tally_channel::Channel::partner).collect()
    }

    /// Processes the next message of `peer`, and says whether the one after it may follow.
    fn take_message(&mut self, peer: NodeAddress, incoming: Incoming) -> bool {
        match self.process(peer, incoming) {
            Fate::Processed => self.inbox.processed(peer),
            Fate::Refused(outbox_seq) => self.inbox.refused(peer, outbox_seq),
            Fate::Waits(incoming) => {
                self.inbox.hold(peer, incoming);
                return false;
            }
        }
        self.route_waits.remove(&peer);
        // Its acknowledgement says that it is on disk.
        self.group.needs_sync = true;
        true
    }

    fn process(&mut self, peer: NodeAddress, incoming: Incoming) -> Fate {
        match incoming {
            Incoming::Garbage => self.reject(peer, &"its message cannot be read"),
            Incoming::Forged(rejected) => {
                self.reject(peer, &"it did not sign its message");
                self.refuse(peer, rejected)
            }
            Incoming::Verified(message) => self.process_verified(peer, message),
        }
    }

    fn process_verified(&mut self, peer: NodeAddress, message: Box<Verified>) -> Fate {
        let candidates = match self.candidates_for(&message) {
            Some(candidates) => candidates,
            None if self.may_wait(peer) => return Fate::Waits(Incoming::Verified(message)),
            None => vec![],
        };
        let event = Event::MessageReceived { message: Verified::clone(&message), candidates };
        let Err(error) = self.apply(event) else { return Fate::Processed };
        match error.class() {
            Class::Ignore => {
                tracing::debug!(%peer, %error, "a message came too late");
                self.counters.messages_ignored += 1;
                Fate::Processed
            }
            Class::Defer => {
                tracing::debug!(%peer, %error, "a message waits for the chain");
                Fate::Waits(Incoming::Verified(message))
            }
            Class::RejectPeer | Class::RefuseRequest => {
                self.reject(peer, &error);
                match message.message() {
                    Message::Envelope(envelope, _) => {
                        let (channel, nonce) = (envelope.channel, envelope.nonce);
                        self.refuse(peer, Rejected { channel, nonce })
                    }
                    Message::SecretRequest(_)
                    | Message::RevealSecret(_)
                    | Message::Refund(_)
                    | Message::CancellationAcknowledged(_)
                    | Message::Rejected(_) => Fate::Processed,
                }
            }
        }
    }

    /// Counts a message that breaks the rules. Partners are worth a warning; strangers could fill
    /// the log.
    fn reject(&mut self, peer: NodeAddress, reason: &dyn std::fmt::Display) -> Fate {
        self.counters.messages_rejected += 1;
        if self.inbox.is_partner(peer) {
            tracing::warn!(%peer, %reason, "a partner broke the rules");
        } else {
            tracing::debug!(%peer, %reason, "a stranger broke the rules");
        }
        Fate::Processed
    }

    /// Says whether the next message of `peer` may wait for neighbours once more. It does so for a
    /// fixed time, however often one of them comes and goes.
    fn may_wait(&mut self, peer: NodeAddress) -> bool {
        let now = Instant::now();
        let deadline = self.start_grace.max(now + RETURN_TIME);
        now < *self.route_waits.entry(peer).or_insert(deadline)
    }

    /// Tells a partner that its envelope was refused, so that it knows its channel is out of step.
    /// Strangers have no channels, and are not worth a place in the outbox.
    fn refuse(&mut self, peer: NodeAddress, rejected: Rejected) -> Fate {
        if !self.inbox.is_partner(peer) {
            return Fate::Processed;
        }
        Fate::Refused(self.send(peer, Outgoing::Rejected(rejected)))
    }

    /// Returns the next hops for a transfer that others shall get, none for any other message, and
    /// `None` if it should wait until the neighbours had time to connect.
    fn candidates_for(&self, message: &Verified) -> Option<Vec<tally_channel::Candidate>> {
        let Message::Envelope(envelope, _) = message.message() else { return Some(vec![]) };
        match &envelope.content {
            Content::MediatedTransfer(transfer) if transfer.target != self.key.address() => {
                self.mediation_candidates(envelope.channel, transfer)
            }
            Content::MediatedTransfer(_)
            | Content::DirectTransfer { .. }
            | Content::Unlock { .. }
            | Content::LockExpired { .. }
            | Content::LockCancellation { .. } => Some(vec![]),
        }
    }

    /// Direct transfers are done once the partner has them.
    fn delivered(&mut self, deliveries: Vec<Delivery>) {
        for Delivery { channel, nonce } in deliveries {
            if let Err(error) = self.apply(Event::DirectTransferDelivered { channel, nonce }) {
                tracing::debug!(%channel, %error, "nothing waits for a delivery");
            }
        }
    }

    /// Notes that a node is needed. Targets and initiators of payments speak to each other although
    /// they may share no channel.
    pub(crate) fn invite(&mut self, peer: NodeAddress) {
        if !self.inbox.is_partner(peer) {
            self.guests.insert(peer, Instant::now());
        }
    }

    /// Ends the connections with nodes that were not needed for long.
    pub(crate) fn dismiss_guests(&mut self, now: Instant) {
        let (outbox, inbox) = (&self.outbox, &self.inbox);
        let effects = &mut self.group.effects;
        self.guests.retain(|peer, last| {
            let stays = now.duration_since(*last) < GUEST_STAYS || outbox.waits_for(*peer);
            if !stays && !inbox.is_partner(*peer) {
                effects.push(Effect::Disconnect(*peer));
            }
            stays
        });
    }

    /// Connects to a node, now and whenever the connection is lost.
    pub(crate) fn connect(&mut self, peer: NodeAddress) {
        self.group.effects.push(Effect::Connect(peer));
    }
}
