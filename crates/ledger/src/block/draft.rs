use std::sync::Arc;

use tally_crypto::ed25519::{PublicKey, SigningKey};

use super::{
    BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, BLOCK_WORK_MAX, Block,
    codec::{head_bytes, transaction_bytes},
    transactions::check_next,
};
use crate::{
    Layer, LedgerView, Overlay, Rejection, RejectionCode, Timestamp, Transaction, ViewError,
    check_state,
};

/// A block that is being filled: takes candidates one by one and keeps those that fit.
///
/// Candidates are transactions whose signatures were verified when they arrived. Each is checked
/// against the settled state, the proposed ancestors and those already taken, so that the block
/// passes [`Block::check`].
///
/// ```
/// use std::sync::Arc;
/// use tally_crypto::ed25519::SigningKey;
/// use tally_ledger::{
///     BlockContext, BlockDraft, BlockId, Decision, Layer, Offer, Status, Timestamp, Version, Vote,
///     VoteBody, build::Draft, elect,
/// };
///
/// let node = SigningKey::from_seed(&[1; 32]);
/// let members = [node.public_key()];
/// let (parent, now) = (BlockId::from_bytes([0; 32]), Timestamp::from_seconds(1_700_000_000)?);
/// let create = Draft::create(Version::Flat2_0, &members).output(1, &members).sign(&[&node])?;
/// create.verify_signatures(now.seconds())?;
///
/// let mut chain = Layer::default();
/// let mut draft = BlockDraft::new(&chain, vec![], now, members.to_vec());
/// assert_eq!(draft.offer(&Arc::new(create))?, Offer::Accepted);
/// let block = draft.finish(&node).expect("it has a transaction");
///
/// let context = BlockContext { members: &members, parent: Some(now), now: Some(now.seconds()) };
/// block.check(&chain, &context, [7; 32])??;
/// let vote = Vote::make(
///     &node,
///     VoteBody {
///         voting_for_block: block.id(),
///         previous_block: parent,
///         decision: Decision::Valid,
///         timestamp: now,
///     },
/// );
/// assert_eq!(elect(&block.id(), block.voters(), &members, &[vote])?, Status::Valid);
/// block.transactions().iter().for_each(|transaction| chain.add(transaction));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BlockDraft<'a, V: ?Sized> {
    view: Overlay<'a, V>,
    timestamp: Timestamp,
    voters: Vec<PublicKey>,
    taken: Layer,
    transactions: Vec<Arc<Transaction>>,
    /// The length of the encoding so far.
    bytes: usize,
    /// The work of the signatures so far.
    work: u64,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is in the block.
    Accepted,
    /// The settled state refuses it and always will. [`RejectionCode::DuplicateTransaction`] means
    /// that it is settled itself.
    Rejected(Rejection),
    /// It cannot be in this block, and may be in a later one: an input does not exist yet, it
    /// repeats, conflicts with or builds on something that is not settled, or it says "not before"
    /// a time that the block's is not past ([`RejectionCode::InvalidSignature`]).
    NotYet(Rejection),
    /// There is no room left for it. A smaller one may still fit, unless the draft
    /// [is full](BlockDraft::is_full).
    NoRoom,
}

impl<'a, V: LedgerView + ?Sized> BlockDraft<'a, V> {
    /// An empty block on the settled state `base` and the proposed ancestors, oldest first, which
    /// will carry this time and these voters.
    pub fn new(
        base: &'a V,
        ancestors: Vec<Arc<Layer>>,
        timestamp: Timestamp,
        voters: Vec<PublicKey>,
    ) -> Self {
        Self {
            bytes: head_bytes(voters.len()),
            work: 0,
            view: Overlay::new(base, ancestors),
            timestamp,
            voters,
            taken: Layer::default(),
            transactions: Vec::new(),
        }
    }

    /// How many transactions are in the block.
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether the block has no transaction. It cannot be made then.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// Whether there is no room for any transaction.
    pub fn is_full(&self) -> bool {
        self.len() >= BLOCK_TRANSACTIONS_MAX
    }

    /// Takes the transaction into the block, if it fits. Its signatures are not looked at, except
    /// for those beside a timeout, which have to count at the block's time.
    ///
    /// # Errors
    ///
    /// The state could not be read; the draft is unchanged.
    pub fn offer(&mut self, transaction: &Arc<Transaction>) -> Result<Offer, ViewError> {
        let bytes = self.bytes + transaction_bytes(transaction.to_json());
        let work = self.work.saturating_add(transaction.verification_work());
        let is_too_much = work > BLOCK_WORK_MAX && !self.is_empty();
        if self.is_full() || bytes > BLOCK_BYTES_MAX || is_too_much {
            return Ok(Offer::NoRoom);
        }
        if let Err(rejection) = check_next(transaction, &self.taken, &self.view)? {
            return self.settled_or_not(transaction, rejection);
        }
        if let Err(rejection) = self.check_timeouts(transaction) {
            let may_be_later = transaction.may_be_verified(self.timestamp.seconds());
            return Ok(if may_be_later {
                Offer::NotYet(rejection)
            } else {
                Offer::Rejected(rejection)
            });
        }
        self.taken.add(transaction);
        self.transactions.push(Arc::clone(transaction));
        self.bytes = bytes;
        self.work = work;
        Ok(Offer::Accepted)
    }

    /// Signs the block; `None` when it is empty.
    pub fn finish(self, key: &SigningKey) -> Option<Block> {
        if self.is_empty() {
            return None;
        }
        Some(Block::make(key, self.timestamp, self.transactions, self.voters))
    }

    /// Verifies a transaction again whose signatures may have stopped to count, or may not count
    /// yet: the clock of the node that accepted it may be ahead of the block's time.
    fn check_timeouts(&self, transaction: &Transaction) -> Result<(), Rejection> {
        if transaction.inputs().iter().any(|input| input.fulfillment.has_timeout()) {
            transaction.verify_signatures(self.timestamp.seconds())
        } else {
            Ok(())
        }
    }

    /// Finds out whether a refusal is for good: whether the settled state alone refuses too.
    fn settled_or_not(
        &self,
        transaction: &Transaction,
        rejection: Rejection,
    ) -> Result<Offer, ViewError> {
        match check_state(transaction, self.view.base())? {
            Ok(()) => Ok(Offer::NotYet(rejection)),
            Err(settled) if settled.code == RejectionCode::InputNotFound => {
                Ok(Offer::NotYet(rejection))
            }
            Err(settled) => Ok(Offer::Rejected(settled)),
        }
    }
}
