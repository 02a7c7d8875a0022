use std::collections::BTreeSet;

use tally_crypto::ed25519::PublicKey;

use super::{BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, BLOCK_WORK_MAX, Block, BlockFault};
use crate::{IdHash, LedgerView, Operation, Timestamp, ViewError};

/// How far a block's time may be after the checker's clock, in seconds: more than clocks that are
/// set by NTP differ, and little to gain for a maker who lies. The time of the block before is never
/// too far.
pub const BLOCK_AHEAD_SECONDS_MAX: u64 = 30;

/// How far a block's time may be before the checker's clock, in seconds.
///
/// Timeout conditions compare with the block's time. Without this bound the maker of the first
/// block after a quiet hour could date it back by an hour and spend what has timed out since.
pub const BLOCK_BEHIND_SECONDS_MAX: u64 = 300;

/// What has to be known about a chain to check a block on it, besides its state.
#[derive(Clone, Copy, Debug)]
pub struct BlockContext<'a> {
    /// The members of the federation, in any order.
    pub members: &'a [PublicKey],
    /// The time of the block before, or `None` when the block is to begin a chain.
    pub parent: Option<Timestamp>,
    /// The checker's clock, in seconds since the Unix epoch; `None` when the block is history,
    /// which a node checks that catches up or verifies its store.
    pub now: Option<u64>,
}

/// Whether a block may be appended, or the first rule that it breaks.
pub type BlockVerdict = Result<(), BlockFault>;

impl Block {
    /// Checks everything: [`check_body`](Self::check_body), then
    /// [`check_transactions`](Self::check_transactions), then the signatures of the transactions at
    /// the block's time.
    ///
    /// A caller with several cores calls the first two itself, and hands parts of
    /// [`transactions`](Self::transactions) to [`verify_signatures`](crate::verify_signatures) on
    /// each core, or leaves out those whose signatures it verified when they arrived. The block
    /// that begins a chain has no state before it: for that one the second part is left out.
    ///
    /// `entropy` is 32 random bytes that whoever made the block cannot foresee.
    ///
    /// # Errors
    ///
    /// The state could not be read, which says nothing about the block.
    pub fn check(
        &self,
        view: &(impl LedgerView + ?Sized),
        context: &BlockContext<'_>,
        entropy: [u8; 32],
    ) -> Result<BlockVerdict, ViewError> {
        if let Err(fault) = self.check_body(context) {
            return Ok(Err(fault));
        }
        if context.parent.is_some()
            && let Err(fault) = self.check_transactions(view)?
        {
            return Ok(Err(fault));
        }
        Ok(self.check_signatures(entropy))
    }

    /// Checks what concerns the block alone: its id, maker, voters, size, time and signature, and
    /// for the block that begins a chain what it holds. In this order.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn check_body(&self, context: &BlockContext<'_>) -> BlockVerdict {
        if self.id_hash() != IdHash::Sha3 {
            return Err(BlockFault::IdHash);
        }
        self.check_members(context.members)?;
        self.check_size()?;
        self.check_time(context)?;
        if context.parent.is_none() {
            self.check_genesis()?;
        }
        self.verify_signature().map_err(|_| BlockFault::Signature { maker: *self.node_pubkey() })
    }

    fn check_members(&self, members: &[PublicKey]) -> BlockVerdict {
        if !members.contains(self.node_pubkey()) {
            return Err(BlockFault::Maker { maker: *self.node_pubkey() });
        }
        let voters: BTreeSet<_> = self.voters().iter().collect();
        let is_complete = voters == members.iter().collect();
        if is_complete && voters.len() == self.voters().len() {
            Ok(())
        } else {
            Err(BlockFault::Voters)
        }
    }

    fn check_size(&self) -> BlockVerdict {
        match self.transactions().len() {
            0 => return Err(BlockFault::Empty),
            count if count > BLOCK_TRANSACTIONS_MAX => {
                return Err(BlockFault::TooManyTransactions { count });
            }
            _ => {}
        }
        let bytes = self.encoded_length();
        if bytes > BLOCK_BYTES_MAX {
            return Err(BlockFault::TooLarge { bytes });
        }
        self.check_work()
    }

    /// Keeps what others are made to verify within the time that they have. One transaction alone is
    /// bounded by its own rules, so that whatever was accepted fits into some block.
    fn check_work(&self) -> BlockVerdict {
        let work = self.transactions().iter().map(|transaction| transaction.verification_work());
        let work = work.fold(0, u64::saturating_add);
        if self.transactions().len() > 1 && work > BLOCK_WORK_MAX {
            return Err(BlockFault::TooMuchWork { work });
        }
        Ok(())
    }

    fn check_time(&self, context: &BlockContext<'_>) -> BlockVerdict {
        let time = self.timestamp();
        if let Some(parent) = context.parent
            && time < parent
        {
            return Err(BlockFault::BeforeParent { time, parent });
        }
        let is_timely = |now: u64| {
            let earliest = now.saturating_sub(BLOCK_BEHIND_SECONDS_MAX);
            let latest = now.saturating_add(BLOCK_AHEAD_SECONDS_MAX);
            // Nothing may be before its parent. On one that is ahead of all clocks, such as a
            // genesis block of a wrong one, no other time would be left.
            let latest = context.parent.map_or(latest, |parent| latest.max(parent.seconds()));
            (earliest..=latest).contains(&time.seconds())
        };
        match context.now {
            Some(now) if !is_timely(now) => Err(BlockFault::Untimely { time, now }),
            Some(_) | None => Ok(()),
        }
    }

    fn check_genesis(&self) -> BlockVerdict {
        let [transaction] = self.transactions() else { return Err(BlockFault::Genesis) };
        let is_by_maker =
            transaction.inputs().iter().all(|input| input.owners_before == [*self.node_pubkey()]);
        if transaction.operation() == Operation::Genesis && is_by_maker {
            Ok(())
        } else {
            Err(BlockFault::Genesis)
        }
    }
}
