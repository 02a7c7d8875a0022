//! The owner of all protocol state: one thread, one mailbox, one turn after the other.

use crate::{
    NodeConfig, Reply,
    answers::Requests,
    call::{Call, Ordered},
    calls::Calls,
    chain_view::ChainView,
    commit::{Group, Progress},
    counters::Counters,
    effect::Effect,
    endpoints::Endpoints,
    held::Held,
    history::History,
    inbox::Inbox,
    input::Input,
    journal::Followers,
    keys::Keys,
    outbox::Outbox,
    payments::Payments,
    receive::Incoming,
    store::{CHANNELS, MEDIATIONS, PAYMENTS, RECEIPTS, REGISTERED, payment_key, write},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering, mpsc::SyncSender},
    time::Instant,
};
use tally_chain::{ChainError, ChannelContracts};
use tally_channel::{Changes, Event, Outgoing, Protocol, ProtocolError};
use tally_crypto::SecretKey;
use tally_net::ConnectionId;
use tally_primitives::{BlockRef, NodeAddress};
use tally_storage::{Batch, Store};
use tokio::sync::mpsc;

/// Inputs that one turn takes in. More would share a sync, but the first of them would wait for
/// the last; at 20 microseconds each this is about the time of one sync.
const TURN_INPUTS: usize = 128;

/// Inputs after which a turn ends if the committer has nothing to do. Fewer would cost more syncs
/// than they save waiting; more would let the peers and the disk wait until a whole turn is signed.
/// Measured with 64 payments in flight: see docs/benchmarks.md.
const EARLY_INPUTS: usize = 32;

/// The node's state and everything that changes it.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) config: NodeConfig,
    pub(crate) key: SecretKey,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) contracts: Arc<dyn ChannelContracts>,
    /// The owner's own mailbox, for tasks that report back.
    pub(crate) mailbox: mpsc::Sender<Input>,
    pub(crate) protocol: Protocol,
    pub(crate) chain: ChainView,
    pub(crate) endpoints: Endpoints,
    pub(crate) outbox: Outbox,
    pub(crate) inbox: Inbox<Incoming>,
    pub(crate) calls: Calls,
    pub(crate) held: Vec<Held>,
    pub(crate) payments: Payments,
    pub(crate) requests: Requests,
    pub(crate) history: History,
    pub(crate) followers: Followers,
    pub(crate) keys: Keys,
    pub(crate) counters: Counters,
    /// Who is connected right now.
    pub(crate) connected: BTreeMap<NodeAddress, ConnectionId>,
    /// Nodes that are no partners and that this node asked for, and when it last had to.
    pub(crate) guests: BTreeMap<NodeAddress, Instant>,
    /// Until when neighbours may take to connect after the start.
    pub(crate) start_grace: Instant,
    /// Peers whose next message waits for neighbours, and until when at most.
    pub(crate) route_waits: BTreeMap<NodeAddress, Instant>,
    /// Until when neighbours that are not connected are expected to be soon, after the start or a
    /// lost connection; transfers that need them wait.
    pub(crate) grace_until: Option<Instant>,
    /// The newest block whose events were taken in.
    pub(crate) block: Option<BlockRef>,
    /// When it was, in Unix milliseconds.
    pub(crate) block_time: Option<u64>,
    /// Whether the node has caught up with the chain since it started.
    pub(crate) synced: bool,
    /// What this turn changed of the core.
    pub(crate) changes: Changes,
    /// What this turn will commit and then do.
    pub(crate) group: Group,
    /// How many groups were handed to the committer.
    pub(crate) groups: u64,
    pub(crate) progress: Arc<Progress>,
    /// Whether this turn's group goes to the committer even if there is nothing in it.
    pub(crate) probe: bool,
    pub(crate) ending: Option<Ending>,
}

/// Why the owner ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Somebody asked for it, and may wait for it.
    Asked(Option<Reply<()>>),
    /// The chain can never be followed again.
    Chain(ChainError),
    /// A commit failed; the committer knows how.
    Storage,
}

impl Owner {
    /// Works until somebody asks it to stop, or it cannot go on.
    pub(crate) fn run(
        &mut self,
        mailbox: &mut mpsc::Receiver<Input>,
        groups: &SyncSender<Group>,
    ) -> Ending {
        self.begin();
        loop {
            if self.flush(groups).is_err() {
                return Ending::Storage;
            }
            if let Some(ending) = self.ending.take() {
                return ending;
            }
            let Some(first) = mailbox.blocking_recv() else { return Ending::Asked(None) };
            self.take(first);
            for taken in 1..TURN_INPUTS {
                if taken >= EARLY_INPUTS && self.is_committer_idle() {
                    break;
                }
                let Ok(next) = mailbox.try_recv() else { break };
                self.take(next);
            }
        }
    }

    /// Says whether everything handed to the committer is on disk.
    fn is_committer_idle(&self) -> bool {
        self.progress.newest_group.load(Ordering::Relaxed) == self.groups
    }

    /// Orders what a restart must repeat.
    fn begin(&mut self) {
        self.endpoints.locate_all(&mut self.group);
        let partners: Vec<NodeAddress> = self.live_partners().into_iter().collect();
        self.group.effects.extend(partners.into_iter().map(Effect::Connect));
        self.group.effects.extend(self.outbox.peers().map(Effect::Connect));
        self.order_wanted();
    }

    /// Orders all contract calls that are still wanted.
    fn order_wanted(&mut self) {
        for action in self.protocol.resume() {
            self.carry_out(action);
        }
        self.publish_endpoint();
    }

    /// Publishes where this node listens, if it should and did not.
    fn publish_endpoint(&mut self) {
        if let Some(endpoint) = self.config.publish_endpoint.clone()
            && !self.endpoints.is_published(self.key.address(), &endpoint)
        {
            self.order_call(Call::RegisterEndpoint(endpoint));
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Command(command) => self.command(command),
            Input::Peer(event) => self.peer_event(event),
            Input::Chain(update) => self.chain_update(update),
            Input::ChainLost(error) => self.ending = Some(Ending::Chain(error)),
            Input::CallDone(done) => self.call_done(done),
            Input::Mined(waiting) => self.request_mined(waiting),
            Input::Key(news) => self.key_news(news),
            Input::Tick => self.tick(),
        }
    }

    fn tick(&mut self) {
        self.probe = true;
        let now = Instant::now();
        self.grace_until = self.grace_until.filter(|until| *until > now);
        let is_over = |until: &Instant| self.grace_until.is_none() || *until <= now;
        if self.route_waits.values().any(is_over) {
            self.retry_waiting();
        }
        self.retry_held(now);
        if self.calls.is_due(now) {
            self.order_wanted();
            self.calls.forget_unwanted(now);
        }
        self.dismiss_guests(now);
        self.payments.expire(now, &mut self.group);
        self.expire_requests(now);
    }

    /// Gives one event to the core, and does what follows.
    pub(crate) fn apply(&mut self, event: Event) -> Result<(), ProtocolError> {
        let outcome = self.protocol.apply(event)?;
        self.changes.merge(outcome.changes);
        for action in outcome.actions {
            self.carry_out(action);
        }
        Ok(())
    }

    fn carry_out(&mut self, action: tally_channel::Action) {
        match Ordered::from(action) {
            Ordered::Send(to, message) => {
                self.send(to, message);
            }
            Ordered::Call(call) => self.order_call(call),
            Ordered::Report(report) => self.report(report),
        }
    }

    /// Signs a message and puts it into the outbox. Returns its number there.
    pub(crate) fn send(&mut self, to: NodeAddress, message: Outgoing) -> u64 {
        self.invite(to);
        let message = message.sign(self.config.chain, &self.key);
        self.outbox.push(to, &message, &mut self.group)
    }

    /// Lets a contract call happen, unless one about the same is under way.
    pub(crate) fn order_call(&mut self, call: Call) {
        if let Some(effect) = self.calls.order(call, Instant::now()) {
            self.group.needs_sync = true;
            self.group.effects.push(effect);
        }
    }

    /// Hands the turn's work to the committer.
    ///
    /// # Errors
    ///
    /// If the committer stopped: nothing of this turn happens.
    fn flush(&mut self, groups: &SyncSender<Group>) -> Result<(), ()> {
        self.serve_followers();
        self.write_changes();
        self.chain.flush(&mut self.group.batch);
        for (peer, received) in self.inbox.flush(&mut self.group.batch) {
            self.group.effects.push(Effect::Acknowledge { peer, received });
        }
        // An empty group now and then tells whether the committer still works.
        if self.group.is_empty() && !std::mem::take(&mut self.probe) {
            return Ok(());
        }
        let mut group = std::mem::take(&mut self.group);
        group.seal();
        self.groups += 1;
        group.number = self.groups;
        groups.send(group).map_err(drop)
    }

    fn write_changes(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        let (batch, protocol) = (&mut self.group.batch, &self.protocol);
        for channel in changes.channels {
            put_or_delete(batch, CHANNELS, channel.as_bytes(), protocol.channel(channel));
        }
        for payment in changes.payments {
            put_or_delete(batch, PAYMENTS, &payment_key(&payment), protocol.payment(&payment));
        }
        for hashlock in changes.mediations {
            let value = protocol.mediation(&hashlock);
            put_or_delete(batch, MEDIATIONS, hashlock.as_bytes(), value);
        }
        for hashlock in changes.receipts {
            put_or_delete(batch, RECEIPTS, hashlock.as_bytes(), protocol.receipt(&hashlock));
        }
        for hashlock in changes.registered {
            // The key again: the value alone says what was registered when.
            let value = protocol.registered_at(&hashlock).map(|at| (hashlock, at));
            put_or_delete(batch, REGISTERED, hashlock.as_bytes(), value.as_ref());
        }
    }
}

fn put_or_delete<T: serde::Serialize>(
    batch: &mut Batch,
    table: tally_storage::Table,
    key: &[u8],
    value: Option<&T>,
) {
    match value {
        Some(value) => write(batch, table, key, value),
        None => batch.delete(table, key),
    }
}
