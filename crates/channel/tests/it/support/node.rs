//! A node: the core, and around it what the real shell does for it.

pub(crate) use super::mailbox::Mailbox;
use super::{
    chain::{CHAIN, Call, FakeChain},
    disk::Disk,
    mailbox::Frame,
    routes::Routes,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tally_channel::{
    Action, ChainFact, Changes, Class, Config, Content, Event, Message, Outgoing, Protocol,
    ProtocolError, Rejected, Report,
};
use tally_crypto::SecretKey;
use tally_primitives::{BlockNumber, BlockSpan, NodeAddress, TokenAmount};

/// What a node wants done, once its state is on disk.
#[derive(Debug)]
pub(crate) enum Effect {
    Send { to: NodeAddress, frame: Frame },
    Call(Call),
}

/// Where a node dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// What it just did is lost.
    BeforeCommit,
    /// What it just did is on disk, but nobody was told.
    AfterCommit,
}

/// One node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) key: SecretKey,
    pub(crate) protocol: Protocol,
    pub(crate) confirmations: u64,
    pub(crate) is_up: bool,
    /// Kills the node at its next commit.
    pub(crate) crash: Option<Crash>,
    /// What was reported, in order; only what reached the disk.
    pub(crate) reports: Vec<Report>,
    /// Every message sent, in order; only what reached the disk.
    pub(crate) sent: Vec<(NodeAddress, Message)>,
    /// Why messages of peers were refused.
    pub(crate) refusals: Vec<(NodeAddress, ProtocolError)>,
    pub(crate) routes: Routes,
    pub(crate) connected: BTreeSet<NodeAddress>,
    mailbox: Mailbox,
    /// Letters that wait for the chain, and those behind them.
    waiting: BTreeMap<NodeAddress, VecDeque<Vec<u8>>>,
    disk: Disk,
    turn: Turn,
}

/// What was done since the last commit.
#[derive(Debug, Clone, Default)]
struct Turn {
    changes: Changes,
    actions: Vec<Action>,
    acks: BTreeSet<NodeAddress>,
}

impl Node {
    pub(crate) fn new(key: SecretKey, reveal_timeout: BlockSpan) -> Self {
        let config = Config {
            address: key.address(),
            chain: CHAIN,
            reveal_timeout,
            mediates: true,
            mediation_fee: TokenAmount::ZERO,
        };
        Self {
            key,
            protocol: Protocol::new(config),
            confirmations: 0,
            is_up: true,
            crash: None,
            reports: vec![],
            sent: vec![],
            refusals: vec![],
            routes: Routes::default(),
            connected: BTreeSet::new(),
            mailbox: Mailbox { followed: vec![0], ..Mailbox::default() },
            waiting: BTreeMap::new(),
            disk: Disk::default(),
            turn: Turn::default(),
        }
    }

    pub(crate) fn address(&self) -> NodeAddress {
        self.key.address()
    }

    /// Changes the node's policy. Only before it has a channel.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = *self.protocol.config();
        change(&mut config);
        self.protocol = Protocol::new(config);
    }

    /// Hands the core a user's request.
    pub(crate) fn request(&mut self, event: Event) -> Result<Vec<Effect>, ProtocolError> {
        self.apply(event)?;
        Ok(self.commit())
    }

    /// Takes a frame off the wire.
    pub(crate) fn receive(&mut self, from: NodeAddress, frame: Frame) -> Vec<Effect> {
        match frame {
            Frame::Ack { seq } => self.acknowledged(from, seq),
            Frame::Letter { seq, payload } => {
                let processed = self.mailbox.feeds.entry(from).or_default().processed;
                let waiting = self.waiting.entry(from).or_default();
                if seq == processed + waiting.len() as u64 + 1 {
                    waiting.push_back(payload);
                    if waiting.len() == 1 {
                        self.process_waiting(from);
                    }
                } else if seq <= processed {
                    self.turn.acks.insert(from);
                }
            }
        }
        self.commit()
    }

    /// Takes in the blocks that are new since the last time.
    pub(crate) fn follow(&mut self, chain: &FakeChain) -> Vec<Effect> {
        let head = chain.head();
        let is_known = |(number, id): (usize, &u64)| {
            chain.block(BlockNumber(number as u64)).is_some_and(|block| block.id == *id)
        };
        let common = self.mailbox.followed.iter().enumerate().take_while(|x| is_known(*x)).count();
        if common < self.mailbox.followed.len() {
            self.mailbox.followed.truncate(common);
            self.apply(Event::ReorgedTo(BlockNumber(common as u64 - 1))).unwrap();
            self.routes.reset();
        }
        let mut at = BlockNumber(self.mailbox.followed.len() as u64);
        while at.0 + self.confirmations <= head.0 {
            let block = chain.block(at).unwrap();
            for fact in &block.logs {
                if self.concerns_us(fact) {
                    self.apply(Event::ChainFact { at, fact: fact.clone() }).unwrap();
                }
            }
            self.mailbox.followed.push(block.id);
            self.apply(Event::BlockReached { head, confirmed: at }).unwrap();
            at = at.after(BlockSpan(1));
        }
        self.routes.follow(chain, &self.mailbox.followed);
        for peer in self.waiting.keys().copied().collect::<Vec<_>>() {
            self.process_waiting(peer);
        }
        self.commit()
    }

    /// Says hello to a peer that has our letters up to `mark`.
    pub(crate) fn connect(&mut self, peer: NodeAddress, mark: u64) -> Vec<Effect> {
        self.connected.insert(peer);
        self.waiting.remove(&peer);
        self.acknowledged(peer, mark);
        let mut effects = self.commit();
        if self.is_up {
            let lane = self.mailbox.lanes.entry(peer).or_default();
            let again = lane.unacknowledged().into_iter();
            effects.extend(again.map(|frame| Effect::Send { to: peer, frame }));
        }
        effects
    }

    /// Returns what `peer` may be told that we have of its letters.
    pub(crate) fn mark(&self, peer: NodeAddress) -> u64 {
        self.mailbox.feeds.get(&peer).map_or(0, super::mailbox::Feed::mark)
    }

    /// Says whether letters of peers wait for the chain.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.values().any(|letters| !letters.is_empty())
    }

    /// Forgets all but the disk.
    pub(crate) fn die(&mut self) {
        self.is_up = false;
        self.crash = None;
        self.protocol = self.disk.restore(*self.protocol.config());
        self.mailbox = self.disk.mailbox.clone();
        if self.mailbox.followed.is_empty() {
            self.mailbox.followed.push(0);
        }
        self.waiting.clear();
        self.connected.clear();
        self.routes.reset();
        self.turn = Turn::default();
    }

    /// Starts again with what is on disk.
    pub(crate) fn start(&mut self, chain: &FakeChain) -> Vec<Effect> {
        self.is_up = true;
        self.turn.actions = self.protocol.resume();
        let mut effects = self.commit();
        effects.extend(self.follow(chain));
        effects
    }

    /// Hands the core a message as if `from` had sent it, outside the transport.
    pub(crate) fn inject(
        &mut self,
        from: NodeAddress,
        message: Message,
    ) -> (Result<(), ProtocolError>, Vec<Effect>) {
        let result = self.apply_message(from, message);
        (result, self.commit())
    }

    /// Gives a message a number as if the core had sent it.
    pub(crate) fn post(&mut self, to: NodeAddress, message: &Message) -> Frame {
        self.mailbox.lanes.entry(to).or_default().push(message.encode())
    }

    fn concerns_us(&self, fact: &ChainFact) -> bool {
        match fact {
            ChainFact::ChannelOpened { participants, .. } => participants.contains(&self.address()),
            ChainFact::Channel(channel, _) => self.protocol.channel(*channel).is_some(),
            ChainFact::SecretRevealed { .. } => true,
        }
    }

    fn acknowledged(&mut self, peer: NodeAddress, seq: u64) {
        let lane = self.mailbox.lanes.entry(peer).or_default();
        for payload in lane.take_acknowledged(seq) {
            if let Message::Envelope(envelope, _) = Message::decode(&payload).unwrap()
                && let Content::DirectTransfer { .. } = envelope.content
            {
                let (channel, nonce) = (envelope.channel, envelope.nonce);
                let delivered = Event::DirectTransferDelivered { channel, nonce };
                if let Err(error) = self.apply(delivered) {
                    assert_eq!(error, ProtocolError::UnexpectedDelivery);
                }
            }
        }
        let has = self.mailbox.lanes[&peer].acknowledged();
        let feed = self.mailbox.feeds.entry(peer).or_default();
        while feed.refused.front().is_some_and(|(_, refusal)| *refusal <= has) {
            feed.refused.pop_front();
            self.turn.acks.insert(peer);
        }
    }

    fn process_waiting(&mut self, peer: NodeAddress) {
        while let Some(payload) = self.waiting.get(&peer).and_then(VecDeque::front).cloned() {
            let message = Message::decode(&payload).unwrap();
            let rejected = match &message {
                Message::Envelope(envelope, _) => {
                    Some(Rejected { channel: envelope.channel, nonce: envelope.nonce })
                }
                _ => None,
            };
            let mut refused = None;
            if let Err(error) = self.apply_message(peer, message) {
                match error.class() {
                    Class::Defer => return,
                    Class::Ignore => {}
                    Class::RejectPeer | Class::RefuseRequest => refused = rejected,
                }
                self.refusals.push((peer, error));
            }
            self.waiting.get_mut(&peer).unwrap().pop_front();
            let feed = self.mailbox.feeds.entry(peer).or_default();
            feed.processed += 1;
            self.turn.acks.insert(peer);
            if let Some(rejected) = refused {
                let message = Outgoing::Rejected(rejected);
                self.turn.actions.push(Action::Send { to: peer, message });
                // Actions get their numbers at the commit, in order.
                let already =
                    |action: &&Action| matches!(action, Action::Send { to, .. } if *to == peer);
                let count = self.turn.actions.iter().filter(already).count() as u64;
                let last = self.mailbox.lanes.entry(peer).or_default().last;
                feed.refused.push_back((feed.processed, last + count));
            }
        }
    }

    fn apply_message(&mut self, from: NodeAddress, message: Message) -> Result<(), ProtocolError> {
        let message = message.verify(CHAIN, from, self.address()).expect("signed by its sender");
        let candidates = match message.message() {
            Message::Envelope(envelope, _) => match &envelope.content {
                Content::MediatedTransfer(transfer) => self.routes.mediation(
                    &self.protocol,
                    &self.connected,
                    envelope.channel,
                    transfer,
                ),
                _ => vec![],
            },
            _ => vec![],
        };
        self.apply(Event::MessageReceived { message, candidates })
    }

    fn apply(&mut self, event: Event) -> Result<(), ProtocolError> {
        let before = self.protocol.clone();
        match self.protocol.apply(event) {
            Ok(outcome) => {
                self.turn.changes.merge(outcome.changes);
                self.turn.actions.extend(outcome.actions);
                Ok(())
            }
            Err(error) => {
                assert_eq!(self.protocol, before, "a refused event left a trace: {error}");
                Err(error)
            }
        }
    }

    /// Writes the turn to disk, and only then lets it have effects.
    fn commit(&mut self) -> Vec<Effect> {
        let turn = std::mem::take(&mut self.turn);
        if self.crash == Some(Crash::BeforeCommit) {
            self.die();
            return vec![];
        }
        let mut effects = vec![];
        for action in turn.actions {
            match action {
                Action::Send { to, message } => {
                    let message = message.sign(CHAIN, &self.key);
                    let frame = self.mailbox.lanes.entry(to).or_default().push(message.encode());
                    self.sent.push((to, message));
                    if self.connected.contains(&to) {
                        effects.push(Effect::Send { to, frame });
                    }
                }
                Action::Report(report) => {
                    self.routes.learn(&report, self.protocol.head());
                    self.reports.push(report);
                }
                other => effects.push(Effect::Call(call(other))),
            }
        }
        for peer in turn.acks {
            let frame = Frame::Ack { seq: self.mark(peer) };
            effects.push(Effect::Send { to: peer, frame });
        }
        self.disk.commit(&self.protocol, &turn.changes, &self.mailbox);
        if self.crash == Some(Crash::AfterCommit) {
            self.die();
            return vec![];
        }
        effects
    }
}

fn call(action: Action) -> Call {
    match action {
        Action::RegisterSecret(secret) => Call::RegisterSecret(secret),
        Action::Close { channel, partner_proof } => Call::Close { channel, partner_proof },
        Action::UpdateTransfer { channel, partner_proof } => {
            Call::Update { channel, partner_proof }
        }
        Action::SupersedeTransfer { channel, own_proof } => Call::Supersede { channel, own_proof },
        Action::Unlock { channel, payer, transferred, locksroot, claims } => {
            Call::Unlock { channel, payer, transferred, locksroot, claims }
        }
        Action::Send { .. } | Action::Report(_) => unreachable!("no contract call"),
    }
}
