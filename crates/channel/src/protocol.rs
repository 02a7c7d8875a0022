use crate::{
    Action, Channel, Event, Mediation, Payment, PaymentKey, ProtocolError, Receipt, overlay::merge,
    step::Step,
};
use std::collections::{BTreeMap, BTreeSet};
use tally_primitives::{
    BlockNumber, BlockSpan, ChainId, ChannelAddress, Hashlock, NodeAddress, TokenAmount,
};

/// A node's channels and the transfers in flight through them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    pub(crate) config: Config,
    pub(crate) head: BlockNumber,
    pub(crate) confirmed: BlockNumber,
    pub(crate) channels: BTreeMap<ChannelAddress, Channel>,
    pub(crate) payments: BTreeMap<PaymentKey, Payment>,
    pub(crate) mediations: BTreeMap<Hashlock, Mediation>,
    pub(crate) receipts: BTreeMap<Hashlock, Receipt>,
    /// Every secret in the registry and when it came there: a lock with such a hash never expires.
    pub(crate) registered: BTreeMap<Hashlock, BlockNumber>,
    /// Whether locks are neither made for others nor taken: only direct transfers are.
    pub(crate) direct_only: bool,
    /// Which payment waits for which hash; follows from `payments`.
    pub(crate) attempts: BTreeMap<Hashlock, PaymentKey>,
}

/// What a node decides about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The node's own address.
    pub address: NodeAddress,
    /// The chain that holds the channels.
    pub chain: ChainId,
    /// Blocks kept in reserve to bring a secret to the chain.
    pub reveal_timeout: BlockSpan,
    /// Whether the node passes transfers of others on.
    pub mediates: bool,
    /// What it keeps of each transfer it passes on.
    pub mediation_fee: TokenAmount,
}

/// All that must be stored to go on after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The channels.
    pub channels: Vec<Channel>,
    /// The unfinished payments.
    pub payments: Vec<Payment>,
    /// The transfers being passed on.
    pub mediations: Vec<Mediation>,
    /// The transfers being received.
    pub receipts: Vec<Receipt>,
    /// The hashes of all registered secrets and the blocks that hold their registrations.
    pub registered: Vec<(Hashlock, BlockNumber)>,
    /// The newest block seen.
    pub head: BlockNumber,
    /// The newest block whose facts were applied.
    pub confirmed: BlockNumber,
}

/// What an event led to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "store the changes, then carry out the actions"]
pub struct Outcome {
    /// What must be done, in this order, once the changes are stored.
    pub actions: Vec<Action>,
    /// What must be stored.
    pub changes: Changes,
}

/// The keys of what an event changed, added or removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Changed channels.
    pub channels: BTreeSet<ChannelAddress>,
    /// Changed payments.
    pub payments: BTreeSet<PaymentKey>,
    /// Changed mediations.
    pub mediations: BTreeSet<Hashlock>,
    /// Changed receipts.
    pub receipts: BTreeSet<Hashlock>,
    /// Hashes whose registration came or was undone; see [`Protocol::registered_at`].
    pub registered: BTreeSet<Hashlock>,
}

impl Changes {
    /// Adds the keys of `later`.
    pub fn merge(&mut self, later: Self) {
        self.channels.extend(later.channels);
        self.payments.extend(later.payments);
        self.mediations.extend(later.mediations);
        self.receipts.extend(later.receipts);
        self.registered.extend(later.registered);
    }

    /// Says whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
            && self.payments.is_empty()
            && self.mediations.is_empty()
            && self.receipts.is_empty()
            && self.registered.is_empty()
    }
}

impl Protocol {
    /// Makes a node without channels.
    pub fn new(config: Config) -> Self {
        Self::restore(config, Snapshot::default())
    }

    /// Makes the node whose state was stored.
    pub fn restore(config: Config, stored: Snapshot) -> Self {
        let attempts = stored
            .payments
            .iter()
            .filter_map(|payment| Some((payment.hashlock()?, payment.key)))
            .collect();
        Self {
            config,
            head: stored.head,
            confirmed: stored.confirmed,
            channels: stored.channels.into_iter().map(|c| (c.address(), c)).collect(),
            payments: stored.payments.into_iter().map(|p| (p.key, p)).collect(),
            mediations: stored.mediations.into_iter().map(|m| (m.hashlock, m)).collect(),
            receipts: stored.receipts.into_iter().map(|r| (r.payer.lock.hashlock, r)).collect(),
            registered: stored.registered.into_iter().collect(),
            direct_only: false,
            attempts,
        }
    }

    /// Applies one event and returns what must be done about it, in order.
    ///
    /// The caller stores the changes before it carries out any action.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`], with the state as it was; ask [`ProtocolError::class`] how to react.
    pub fn apply(&mut self, event: Event) -> Result<Outcome, ProtocolError> {
        let mut step = Step::on(self);
        step.run(event)?;
        let done = step.finish();
        let changes = Changes {
            channels: done.channels.keys().copied().collect(),
            payments: done.payments.keys().copied().collect(),
            mediations: done.mediations.keys().copied().collect(),
            receipts: done.receipts.keys().copied().collect(),
            registered: done.registered.keys().copied().collect(),
        };
        self.head = done.head;
        self.confirmed = done.confirmed;
        merge(&mut self.channels, done.channels);
        merge(&mut self.payments, done.payments);
        merge(&mut self.mediations, done.mediations);
        merge(&mut self.receipts, done.receipts);
        merge(&mut self.registered, done.registered);
        merge(&mut self.attempts, done.attempts);
        self.assert_invariants(&changes);
        Ok(Outcome { actions: done.actions, changes })
    }

    /// Returns the chain calls that are still wanted. Call it after a restart.
    pub fn resume(&self) -> Vec<Action> {
        let mut step = Step::on(self);
        step.order_chain_calls();
        step.finish().actions
    }

    /// Switches to direct transfers only, or back. Every mediated transfer that arrives is given up
    /// then, also one to this node; what is under way goes on. Not part of the stored state.
    pub const fn set_direct_only(&mut self, direct_only: bool) {
        self.direct_only = direct_only;
    }

    /// Says whether mediated transfers are given up.
    pub const fn is_direct_only(&self) -> bool {
        self.direct_only
    }

    /// Returns what the node decides about itself.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the newest block seen.
    pub const fn head(&self) -> BlockNumber {
        self.head
    }

    /// Returns the newest block whose facts were applied.
    pub const fn confirmed(&self) -> BlockNumber {
        self.confirmed
    }

    /// Returns one of the node's channels.
    pub fn channel(&self, address: ChannelAddress) -> Option<&Channel> {
        self.channels.get(&address)
    }

    /// Returns the node's channels, ordered by address, settled ones included.
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    /// Returns the unfinished payments.
    pub fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.payments.values()
    }

    /// Returns the transfers being passed on.
    pub fn mediations(&self) -> impl Iterator<Item = &Mediation> {
        self.mediations.values()
    }

    /// Returns the transfers being received.
    pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
        self.receipts.values()
    }

    /// Returns an unfinished payment.
    pub fn payment(&self, key: &PaymentKey) -> Option<&Payment> {
        self.payments.get(key)
    }

    /// Returns a transfer being passed on.
    pub fn mediation(&self, hashlock: &Hashlock) -> Option<&Mediation> {
        self.mediations.get(hashlock)
    }

    /// Returns a transfer being received.
    pub fn receipt(&self, hashlock: &Hashlock) -> Option<&Receipt> {
        self.receipts.get(hashlock)
    }

    /// Returns when the secret of this hash was registered on the chain, if it was.
    ///
    /// All registrations must be kept, whoever made them: a lock made with a hash whose secret is
    /// public stays claimable until its channel settles, and is therefore never passed on.
    pub fn registered_at(&self, hashlock: &Hashlock) -> Option<BlockNumber> {
        self.registered.get(hashlock).copied()
    }

    /// Returns how many transfers are not finished, in any role.
    pub fn pending_transfers(&self) -> usize {
        self.payments.len() + self.mediations.len() + self.receipts.len()
    }
}
