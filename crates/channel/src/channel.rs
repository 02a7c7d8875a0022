use crate::{
    BalanceProof, ChannelFact, Content, End, Envelope, LockTree, PendingLock, ProtocolError,
    StoredProof,
    end::{Cancelled, PENDING_LOCKS_MAX},
    on_chain::OnChain,
    spent_marker,
};
use serde::{Deserialize, Serialize};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, Hashlock, NodeAddress, Nonce, PaymentId, Signature,
    TokenAddress, TokenAmount,
};

/// One channel of this node: what the chain knows of it and what both ends have signed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    address: ChannelAddress,
    token: TokenAddress,
    participants: [NodeAddress; 2],
    /// This node's place among the participants.
    own_index: u8,
    settle_timeout: BlockSpan,
    /// `None` while a reorganisation has undone the opening.
    opened: Option<BlockNumber>,
    facts: Vec<(BlockNumber, ChannelFact)>,
    on_chain: OnChain,
    ours: End,
    theirs: End,
    /// Whether this node wants to close it.
    closing: bool,
    /// Whether the partner refused an envelope, so that only closing is left.
    out_of_step: bool,
    /// The two sides (ours, theirs) as they were when the channel settled, if they held locks: a
    /// reorganisation can undo that.
    before_settlement: Option<Box<[End; 2]>>,
}

/// One of the two participants, seen from this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This node.
    Ours,
    /// The partner.
    Theirs,
}

/// How far a channel is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A reorganisation undid its opening.
    Vanished,
    /// Transfers are possible.
    Open,
    /// This node is closing it.
    Closing,
    /// One participant closed it.
    Closed {
        /// When.
        at: BlockNumber,
        /// Who.
        by: NodeAddress,
    },
    /// It paid out.
    Settled {
        /// When.
        at: BlockNumber,
    },
}

impl Side {
    /// Returns the other side.
    pub const fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }
}

impl Channel {
    /// Makes the channel that its manager reported. `us` must be a participant.
    pub(crate) fn opened(
        us: NodeAddress,
        at: BlockNumber,
        address: ChannelAddress,
        token: TokenAddress,
        participants: [NodeAddress; 2],
        settle_timeout: BlockSpan,
    ) -> Result<Self, ProtocolError> {
        let own_index = participants
            .iter()
            .position(|participant| *participant == us)
            .ok_or(ProtocolError::ImpossibleFact("a channel of others"))?;
        Ok(Self {
            address,
            token,
            participants,
            own_index: u8::from(own_index == 1),
            settle_timeout,
            opened: Some(at),
            facts: vec![],
            on_chain: OnChain::default(),
            ours: End::default(),
            theirs: End::default(),
            closing: false,
            out_of_step: false,
            before_settlement: None,
        })
    }

    /// Returns the channel's contract.
    pub const fn address(&self) -> ChannelAddress {
        self.address
    }

    /// Returns the token it carries.
    pub const fn token(&self) -> TokenAddress {
        self.token
    }

    /// Returns the participants in the contract's order.
    pub const fn participants(&self) -> &[NodeAddress; 2] {
        &self.participants
    }

    /// Returns the other participant.
    pub const fn partner(&self) -> NodeAddress {
        self.participants[self.index(Side::Theirs)]
    }

    /// Returns the length of the window after a close.
    pub const fn settle_timeout(&self) -> BlockSpan {
        self.settle_timeout
    }

    /// Returns when it was opened; `None` while a reorganisation has undone that.
    pub const fn opened_at(&self) -> Option<BlockNumber> {
        self.opened
    }

    /// Returns one participant's side.
    pub const fn end(&self, side: Side) -> &End {
        match side {
            Side::Ours => &self.ours,
            Side::Theirs => &self.theirs,
        }
    }

    /// Returns all one participant has deposited.
    pub const fn deposit(&self, side: Side) -> TokenAmount {
        self.on_chain.deposits[self.index(side)]
    }

    /// Returns all one participant has withdrawn.
    pub const fn withdrawn(&self, side: Side) -> TokenAmount {
        self.on_chain.withdrawals[self.index(side)]
    }

    /// Returns how far the channel is in its life.
    pub fn phase(&self) -> Phase {
        match (self.on_chain.settled, self.on_chain.closed) {
            (Some((at, _)), _) => Phase::Settled { at },
            (None, Some((at, by))) => Phase::Closed { at, by },
            (None, None) if self.opened.is_none() => Phase::Vanished,
            (None, None) if self.closing => Phase::Closing,
            (None, None) => Phase::Open,
        }
    }

    /// Says whether transfers are possible.
    pub fn is_open(&self) -> bool {
        self.phase() == Phase::Open && !self.out_of_step
    }

    /// Returns when the channel was closed, if it was.
    pub fn closed_at(&self) -> Option<BlockNumber> {
        self.on_chain.closed.map(|(at, _)| at)
    }

    /// Returns what this node and the partner were paid out, once settled.
    pub fn payouts(&self) -> Option<[TokenAmount; 2]> {
        let (_, payouts) = self.on_chain.settled?;
        Some([payouts[self.index(Side::Ours)], payouts[self.index(Side::Theirs)]])
    }

    /// Returns what the contract stores of the participants' proofs, in the contract's order.
    pub const fn stored(&self) -> &[StoredProof; 2] {
        &self.on_chain.stored
    }

    /// Returns what one participant owns: deposit - withdrawn - transferred + received, its pending
    /// locks included.
    ///
    /// Source: spec of the settlement arithmetic in docs/contracts.md. Contracts refuse deposits
    /// that could make a sum leave 256 bits, so saturation never shows.
    pub fn balance(&self, side: Side) -> TokenAmount {
        let add = |a: TokenAmount, b: TokenAmount| a.try_add(b).unwrap_or(TokenAmount::MAX);
        let credit = add(self.deposit(side), self.end(side.other()).transferred);
        let debit = add(self.withdrawn(side), self.end(side).transferred);
        credit.saturating_sub(debit)
    }

    /// Returns what one participant can spend: its balance without its pending locks.
    pub fn distributable(&self, side: Side) -> TokenAmount {
        self.balance(side).saturating_sub(self.end(side).locked())
    }

    /// Says whether this node can add a lock of `amount` now.
    pub fn can_lock(&self, amount: TokenAmount) -> bool {
        self.is_open()
            && self.ours.locks.len() < PENDING_LOCKS_MAX
            && self.distributable(Side::Ours) >= amount
    }

    /// Says whether a new block can make anything due in it.
    pub(crate) fn has_unfinished_business(&self) -> bool {
        let has_locks = !self.ours.locks.is_empty()
            || !self.theirs.locks.is_empty()
            || !self.ours.cancelled.is_empty();
        match self.phase() {
            Phase::Open => has_locks,
            Phase::Closing | Phase::Closed { .. } => true,
            Phase::Vanished | Phase::Settled { .. } => false,
        }
    }

    /// Says whether a lock with this hash matters here.
    pub(crate) fn knows(&self, hashlock: &Hashlock) -> bool {
        self.ours.locks.contains_key(hashlock)
            || self.theirs.locks.contains_key(hashlock)
            || self.ours.cancelled.contains_key(hashlock)
    }

    /// Notes that a secret was registered at `block`, for the locks that had not expired by then.
    pub(crate) fn register(&mut self, hashlock: &Hashlock, block: BlockNumber) {
        for end in [&mut self.ours, &mut self.theirs] {
            if let Some(pending) = end.locks.get_mut(hashlock)
                && block <= pending.lock.expiration
            {
                pending.registered = Some(block);
            }
        }
        if let Some(cancelled) = self.ours.cancelled.get_mut(hashlock)
            && block <= cancelled.expiration
        {
            cancelled.registered = Some(block);
        }
    }

    /// Says whether nothing was ever signed in it.
    pub(crate) const fn is_pristine(&self) -> bool {
        self.ours.nonce.0 == 0 && self.theirs.nonce.0 == 0
    }

    pub(crate) const fn ours_mut(&mut self) -> &mut End {
        &mut self.ours
    }

    pub(crate) const fn theirs_mut(&mut self) -> &mut End {
        &mut self.theirs
    }

    pub(crate) const fn stored_of(&self, side: Side) -> &StoredProof {
        &self.on_chain.stored[self.index(side)]
    }

    pub(crate) const fn set_closing(&mut self, closing: bool) {
        self.closing = closing;
    }

    pub(crate) const fn set_out_of_step(&mut self) {
        self.out_of_step = true;
    }

    const fn index(&self, side: Side) -> usize {
        match side {
            Side::Ours => self.own_index as usize,
            Side::Theirs => 1 - self.own_index as usize,
        }
    }
}

/// What the chain reports.
impl Channel {
    /// Notes that the opening is in the chain (again).
    pub(crate) const fn reopen(&mut self, at: BlockNumber) {
        self.opened = Some(at);
    }

    /// Adds a fact of the channel's contract.
    pub(crate) fn add_fact(
        &mut self,
        at: BlockNumber,
        fact: ChannelFact,
    ) -> Result<(), ProtocolError> {
        self.facts.push((at, fact));
        self.on_chain = OnChain::of(&self.participants, &self.facts)?;
        if self.on_chain.settled.is_some() {
            self.drop_locks();
        }
        Ok(())
    }

    /// A settled channel holds nothing; what it held is kept for the case that it was not settled.
    fn drop_locks(&mut self) {
        let has_locks = |end: &End| !end.locks.is_empty() || !end.cancelled.is_empty();
        if has_locks(&self.ours) || has_locks(&self.theirs) {
            self.before_settlement = Some(Box::new([self.ours.clone(), self.theirs.clone()]));
        }
        for end in [&mut self.ours, &mut self.theirs] {
            end.locks.clear();
            end.cancelled.clear();
            end.acknowledged = None;
        }
    }

    /// Forgets what was reported above `block`. Returns whether anything was.
    pub(crate) fn forget_above(&mut self, block: BlockNumber) -> Result<bool, ProtocolError> {
        let before = (self.facts.len(), self.opened);
        self.facts.retain(|(at, _)| *at <= block);
        self.opened = self.opened.filter(|at| *at <= block);
        let mut changed = before != (self.facts.len(), self.opened);
        if changed {
            self.on_chain = OnChain::of(&self.participants, &self.facts)?;
        }
        if self.on_chain.settled.is_none()
            && let Some(before) = self.before_settlement.take()
        {
            [self.ours, self.theirs] = *before;
        }
        let locks = self.ours.locks.values_mut().chain(self.theirs.locks.values_mut());
        let pending = locks.map(|pending| &mut pending.registered);
        let cancelled = self.ours.cancelled.values_mut().map(|lock| &mut lock.registered);
        for registered in pending.chain(cancelled) {
            if registered.is_some_and(|at| at > block) {
                *registered = None;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Returns the partner's lock tree as the contract stores it now: spent leaves marked.
    pub(crate) fn stored_tree(&self) -> LockTree {
        let locks = &self.theirs.locks;
        let mut tree = LockTree::new(locks.values().map(|pending| pending.leaf).collect());
        for hashlock in &self.on_chain.unlocked[self.index(Side::Theirs)] {
            if let Some(pending) = locks.get(hashlock) {
                tree.replace(pending.leaf, spent_marker(pending.leaf));
            }
        }
        tree
    }

    pub(crate) fn is_unlocked(&self, hashlock: &Hashlock) -> bool {
        self.on_chain.unlocked[self.index(Side::Theirs)].contains(hashlock)
    }
}

/// What this node says. Each method fails before it changes anything.
impl Channel {
    /// Pays `amount` without a lock.
    pub(crate) fn send_direct(
        &mut self,
        identifier: PaymentId,
        amount: TokenAmount,
    ) -> Result<Envelope, ProtocolError> {
        self.check_capacity(Side::Ours, amount)?;
        self.say(Content::DirectTransfer { identifier }, amount)
    }

    /// Adds, pays or removes a lock, as `content` says. A new lock must be covered.
    pub(crate) fn send(&mut self, content: Content) -> Result<Envelope, ProtocolError> {
        if let Content::MediatedTransfer(transfer) = &content {
            self.check_capacity(Side::Ours, transfer.lock.amount)?;
        }
        self.say(content, TokenAmount::ZERO)
    }

    /// Removes a lock that the partner gave up, and remembers the proof that does so.
    pub(crate) fn send_cancellation(
        &mut self,
        hashlock: Hashlock,
    ) -> Result<Envelope, ProtocolError> {
        let PendingLock { lock, registered, .. } = self.ours.pending(hashlock)?.clone();
        let envelope = self.send(Content::LockCancellation { hashlock })?;
        let cancelled =
            Cancelled { proof: envelope.proof(), expiration: lock.expiration, registered };
        self.ours.cancelled.insert(hashlock, cancelled);
        Ok(envelope)
    }

    fn say(&mut self, content: Content, direct: TokenAmount) -> Result<Envelope, ProtocolError> {
        if !self.is_open() {
            return Err(ProtocolError::ChannelNotOpen(self.address));
        }
        self.ours.take(self.address, &content, direct)?;
        self.ours.nonce = self.ours.nonce.next();
        let envelope = Envelope {
            channel: self.address,
            nonce: self.ours.nonce,
            transferred: self.ours.transferred,
            locksroot: self.ours.locksroot,
            content,
        };
        self.ours.message_hash = envelope.message_hash();
        Ok(envelope)
    }

    fn check_capacity(&self, side: Side, needed: TokenAmount) -> Result<(), ProtocolError> {
        let available = self.distributable(side);
        if needed > available {
            let channel = self.address;
            return Err(ProtocolError::InsufficientCapacity { channel, needed, available });
        }
        Ok(())
    }
}

/// What the partner says.
impl Channel {
    /// Accepts an envelope of the partner. Returns what a direct transfer moved, otherwise zero.
    ///
    /// On `Err` this value may be half changed: the caller works on a copy.
    pub(crate) fn receive(
        &mut self,
        envelope: &Envelope,
        signature: Signature,
        confirmed: BlockNumber,
    ) -> Result<TokenAmount, ProtocolError> {
        self.check_receivable(envelope.nonce)?;
        let mut direct = TokenAmount::ZERO;
        match &envelope.content {
            Content::DirectTransfer { .. } => {
                direct = envelope
                    .transferred
                    .try_sub(self.theirs.transferred)
                    .ok()
                    .filter(|amount| !amount.is_zero())
                    .ok_or(ProtocolError::NothingTransferred)?;
                self.check_capacity(Side::Theirs, direct)?;
            }
            Content::MediatedTransfer(transfer) => {
                self.check_capacity(Side::Theirs, transfer.lock.amount)?;
            }
            Content::Unlock { .. } => {}
            Content::LockExpired { hashlock } => self.check_expired(*hashlock, confirmed)?,
            Content::LockCancellation { hashlock } => {
                if !self.theirs.pending(*hashlock)?.given_up {
                    return Err(ProtocolError::NotGivenUp(*hashlock));
                }
            }
        }
        self.theirs.take(self.address, &envelope.content, direct)?;
        if envelope.transferred != self.theirs.transferred {
            let expected = self.theirs.transferred;
            return Err(ProtocolError::WrongTransferred { expected, got: envelope.transferred });
        }
        if envelope.locksroot != self.theirs.locksroot {
            return Err(ProtocolError::WrongLocksroot(self.address));
        }
        self.theirs.nonce = envelope.nonce;
        self.theirs.message_hash = envelope.message_hash();
        self.theirs.signature = Some(signature);
        Ok(direct)
    }

    /// Returns the partner's newest proof, for the acknowledgement of a cancellation.
    pub(crate) fn partner_proof(&self) -> Option<BalanceProof> {
        self.theirs.proof(self.address)
    }

    fn check_receivable(&self, got: Nonce) -> Result<(), ProtocolError> {
        match self.phase() {
            Phase::Open => {}
            Phase::Closing => return Err(ProtocolError::ChannelClosing(self.address)),
            Phase::Vanished => {
                let peer = self.partner();
                return Err(ProtocolError::UnknownChannel { channel: self.address, peer });
            }
            Phase::Closed { .. } | Phase::Settled { .. } => {
                return Err(ProtocolError::ChannelNotOpen(self.address));
            }
        }
        let last = self.theirs.nonce;
        if got != last.next() {
            return Err(ProtocolError::WrongNonce { channel: self.address, last, got });
        }
        Ok(())
    }

    fn check_expired(&self, hashlock: Hashlock, now: BlockNumber) -> Result<(), ProtocolError> {
        let pending = self.theirs.pending(hashlock)?;
        if pending.registered.is_some() {
            return Err(ProtocolError::SecretRegistered(hashlock));
        }
        if !pending.lock.is_expired(now) {
            let expiration = pending.lock.expiration;
            return Err(ProtocolError::LockNotExpired { hashlock, expiration });
        }
        Ok(())
    }
}
