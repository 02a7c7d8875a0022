use crate::{
    BalanceProof, Content, Lock, MediatedTransfer, ProtocolError, SignedProof, merkle::RootMemo,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tally_primitives::{
    B256, BlockNumber, ChannelAddress, Hashlock, LocksRoot, MessageHash, Nonce, PaymentId, Secret,
    Signature, TokenAmount,
};

/// The most locks one participant may have pending in one channel. Claiming them all after a close
/// must fit a few transactions, whatever the partner does.
pub const PENDING_LOCKS_MAX: usize = 160;

/// One participant's side of a channel: what it has said in its newest balance proof.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct End {
    pub(crate) nonce: Nonce,
    pub(crate) transferred: TokenAmount,
    pub(crate) locksroot: LocksRoot,
    pub(crate) message_hash: MessageHash,
    /// The participant's signature under its newest proof; kept for the partner's end only.
    pub(crate) signature: Option<Signature>,
    pub(crate) locks: BTreeMap<Hashlock, PendingLock>,
    /// Locks this end removed because the payee gave them up, until they could not be claimed
    /// with an older proof any more.
    pub(crate) cancelled: BTreeMap<Hashlock, Cancelled>,
    /// The newest proof of this end that the payee acknowledged, while `cancelled` needs it.
    pub(crate) acknowledged: Option<SignedProof>,
    /// Makes the next root cheaper.
    #[serde(skip)]
    memo: RootMemo,
}

/// A lock that is neither paid nor removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLock {
    /// The lock.
    pub lock: Lock,
    /// The number of the payment that it belongs to.
    pub identifier: PaymentId,
    /// Opens it, once known here.
    pub secret: Option<Secret>,
    /// When the secret was registered on the chain, if that was in time.
    pub registered: Option<BlockNumber>,
    /// Whether the payee gave it up and the payer has not removed it yet.
    pub given_up: bool,
    pub(crate) leaf: B256,
}

/// A lock that was removed because its payee gave it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cancelled {
    /// The proof that removed it.
    pub(crate) proof: BalanceProof,
    /// The last block in which an older proof could claim it.
    pub(crate) expiration: BlockNumber,
    /// When the secret was registered, if that was in time: an older proof stays dangerous.
    pub(crate) registered: Option<BlockNumber>,
}

impl PendingLock {
    pub(crate) fn new(lock: Lock, identifier: PaymentId) -> Self {
        let leaf = lock.leaf();
        Self { lock, identifier, secret: None, registered: None, given_up: false, leaf }
    }

    /// Says whether the payee can still turn the secret into money.
    pub(crate) fn is_claimable(&self, head: BlockNumber) -> bool {
        self.registered.is_some() || !self.lock.is_expired(head)
    }
}

impl End {
    /// Returns the nonce of the newest proof; 0 before the first.
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// Returns all this participant has transferred so far.
    pub const fn transferred(&self) -> TokenAmount {
        self.transferred
    }

    /// Returns the pending locks by their hash.
    pub const fn locks(&self) -> &BTreeMap<Hashlock, PendingLock> {
        &self.locks
    }

    /// Returns the participant's signature under its newest proof, where it is kept.
    pub const fn signature(&self) -> Option<Signature> {
        self.signature
    }

    /// Returns the sum of the pending locks.
    pub fn locked(&self) -> TokenAmount {
        self.locks.values().fold(TokenAmount::ZERO, |sum, pending| {
            sum.try_add(pending.lock.amount).unwrap_or(TokenAmount::MAX)
        })
    }

    /// Returns the newest proof, or `None` before the first.
    pub fn proof(&self, channel: ChannelAddress) -> Option<BalanceProof> {
        (self.nonce > Nonce(0)).then_some(BalanceProof {
            channel,
            nonce: self.nonce,
            transferred: self.transferred,
            locksroot: self.locksroot,
            message_hash: self.message_hash,
        })
    }

    /// Returns the newest proof with its signature, if the participant ever sent one.
    pub fn signed_proof(&self, channel: ChannelAddress) -> Option<SignedProof> {
        Some(SignedProof { proof: self.proof(channel)?, signature: self.signature? })
    }

    /// Changes the end as `content` says, all but the proof's own fields, and returns the new
    /// transferred amount and root. Fails before the first change.
    ///
    /// What only the payee or only the payer must check is checked by the caller.
    pub(crate) fn take(
        &mut self,
        channel: ChannelAddress,
        content: &Content,
        direct_amount: TokenAmount,
    ) -> Result<(), ProtocolError> {
        match content {
            Content::DirectTransfer { .. } => {
                self.transferred = self.transferred.try_add(direct_amount)?;
                return Ok(());
            }
            Content::MediatedTransfer(transfer) => self.add(channel, transfer)?,
            Content::Unlock { secret, .. } => {
                let hashlock = tally_crypto::hashlock(secret);
                let amount = self.pending(hashlock)?.lock.amount;
                self.transferred = self.transferred.try_add(amount)?;
                self.locks.remove(&hashlock);
            }
            Content::LockExpired { hashlock } | Content::LockCancellation { hashlock } => {
                self.pending(*hashlock)?;
                self.locks.remove(hashlock);
            }
        }
        self.locksroot = self.memo.root(self.locks.values().map(|pending| pending.leaf).collect());
        Ok(())
    }

    pub(crate) fn pending(&self, hashlock: Hashlock) -> Result<&PendingLock, ProtocolError> {
        self.locks.get(&hashlock).ok_or(ProtocolError::UnknownLock(hashlock))
    }

    fn add(
        &mut self,
        channel: ChannelAddress,
        transfer: &MediatedTransfer,
    ) -> Result<(), ProtocolError> {
        let lock = transfer.lock;
        if lock.amount.is_zero() {
            return Err(ProtocolError::EmptyLock(lock.hashlock));
        }
        if self.locks.len() >= PENDING_LOCKS_MAX {
            return Err(ProtocolError::TooManyLocks { channel, bound: PENDING_LOCKS_MAX });
        }
        if self.locks.contains_key(&lock.hashlock) || self.cancelled.contains_key(&lock.hashlock) {
            return Err(ProtocolError::DuplicateLock(lock.hashlock));
        }
        self.locks.insert(lock.hashlock, PendingLock::new(lock, transfer.identifier));
        Ok(())
    }
}
