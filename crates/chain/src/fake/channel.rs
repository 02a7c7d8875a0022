use super::world::State;
use crate::{ChainEvent, Claim, Proof, Refusal};
use tally_crypto::{hashlock, keccak256_parts};
use tally_primitives::{
    B256, BlockNumber, BlockSpan, ChannelAddress, LocksRoot, NodeAddress, Nonce, TokenAddress,
    TokenAmount, U256,
};

/// One channel's contract.
#[derive(Debug, Clone)]
pub(super) struct FakeChannel {
    pub(super) token: TokenAddress,
    pub(super) participants: [NodeAddress; 2],
    pub(super) deposits: [TokenAmount; 2],
    settle_timeout: BlockSpan,
    phase: Phase,
    /// What is stored of each participant as payer.
    proofs: [Option<Stored>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Closed { at: BlockNumber, closer: usize },
    Settled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stored {
    nonce: Nonce,
    transferred: TokenAmount,
    locksroot: LocksRoot,
}

fn other(text: &str) -> Refusal {
    Refusal::Other(text.to_owned())
}

impl FakeChannel {
    pub(super) fn new(
        token: TokenAddress,
        participants: [NodeAddress; 2],
        settle_timeout: BlockSpan,
    ) -> Self {
        Self {
            token,
            participants,
            deposits: [TokenAmount::ZERO; 2],
            settle_timeout,
            phase: Phase::Open,
            proofs: [None; 2],
        }
    }

    pub(super) fn is_live_between(&self, token: TokenAddress, nodes: [NodeAddress; 2]) -> bool {
        let is_same_pair = nodes.iter().all(|node| self.participants.contains(node));
        self.phase != Phase::Settled && self.token == token && is_same_pair
    }

    pub(super) fn index_of(&self, node: NodeAddress) -> Result<usize, Refusal> {
        let mut participants = self.participants.iter();
        participants.position(|participant| *participant == node).ok_or(Refusal::NotParticipant)
    }

    pub(super) fn require_open(&self) -> Result<(), Refusal> {
        if self.phase == Phase::Open { Ok(()) } else { Err(Refusal::ChannelNotOpen) }
    }

    /// Returns the last block of the window and who closed.
    fn window(&self) -> Result<(BlockNumber, usize), Refusal> {
        match self.phase {
            Phase::Open => Err(Refusal::ChannelNotClosed),
            Phase::Closed { at, closer } => Ok((at.after(self.settle_timeout), closer)),
            Phase::Settled => Err(Refusal::ChannelSettled),
        }
    }

    pub(super) fn close(
        &mut self,
        channel: ChannelAddress,
        closer: NodeAddress,
        proof: Option<&Proof>,
        now: BlockNumber,
    ) -> Result<ChainEvent, Refusal> {
        self.require_open()?;
        let index = self.index_of(closer)?;
        if let Some(proof) = proof {
            self.store(1 - index, proof)?;
        }
        self.phase = Phase::Closed { at: now, closer: index };
        let stored = self.proofs[1 - index];
        Ok(ChainEvent::ChannelClosed {
            channel,
            closer,
            nonce: stored.map(|stored| stored.nonce).unwrap_or_default(),
            transferred: stored.map(|stored| stored.transferred).unwrap_or_default(),
            locksroot: stored.map(|stored| stored.locksroot).unwrap_or_default(),
        })
    }

    fn store(&mut self, payer: usize, proof: &Proof) -> Result<(), Refusal> {
        if proof.nonce.0 == 0 {
            return Err(other("a proof's nonce starts at 1"));
        }
        if self.proofs[payer].is_some_and(|stored| stored.nonce >= proof.nonce) {
            return Err(Refusal::StaleNonce);
        }
        let (transferred, locksroot) = (proof.transferred, proof.locksroot);
        self.proofs[payer] = Some(Stored { nonce: proof.nonce, transferred, locksroot });
        Ok(())
    }

    /// Stores a newer proof, of the closer given by the other or of the caller itself.
    pub(super) fn update(
        &mut self,
        channel: ChannelAddress,
        caller: NodeAddress,
        proof: &Proof,
        is_own: bool,
        now: BlockNumber,
    ) -> Result<ChainEvent, Refusal> {
        let (until, closer) = self.window()?;
        if now > until {
            return Err(Refusal::WindowClosed);
        }
        let index = self.index_of(caller)?;
        if !is_own && index == closer {
            return Err(other("the closing participant cannot update"));
        }
        let payer = if is_own { index } else { closer };
        self.store(payer, proof)?;
        Ok(ChainEvent::TransferUpdated {
            channel,
            payer: self.participants[payer],
            nonce: proof.nonce,
            transferred: proof.transferred,
            locksroot: proof.locksroot,
        })
    }

    fn require_stored(
        &self,
        payer: usize,
        transferred: TokenAmount,
        locksroot: LocksRoot,
    ) -> Result<(), Refusal> {
        let stored = self.proofs[payer]
            .map_or_else(Default::default, |stored| (stored.transferred, stored.locksroot));
        if stored == (transferred, locksroot) { Ok(()) } else { Err(Refusal::UnknownProof) }
    }

    /// Pays locks to the payer's partner. Works on a copy of the state, which the caller drops if
    /// one lock is refused.
    pub(super) fn unlock(
        state: &mut State,
        channel: ChannelAddress,
        payer: NodeAddress,
        values: (TokenAmount, LocksRoot),
        claims: &[Claim],
        now: BlockNumber,
    ) -> Result<Vec<ChainEvent>, Refusal> {
        let secrets = state.secrets.clone();
        let target = state.channel(channel)?;
        let index = target.index_of(payer)?;
        let Some(mut stored) = target.proofs[index] else { return Err(Refusal::UnknownProof) };
        target.require_stored(index, values.0, values.1)?;
        let mut events = Vec::new();
        for claim in claims {
            let lock = hashlock(&claim.secret);
            let expiration = BlockNumber(number(&claim.lock[..8]));
            if claim.lock[40..] != *lock.as_bytes() {
                return Err(other("the secret does not open the lock"));
            }
            require_in_time(secrets.get(&lock), expiration, now)?;
            let (before, after) = roots(claim);
            if before != stored.locksroot.0 {
                return Err(other("the lock is not in the tree"));
            }
            let amount = TokenAmount::new(U256::from_be_slice(&claim.lock[8..40]));
            stored.transferred = stored
                .transferred
                .try_add(amount)
                .map_err(|_| other("the transferred amount would overflow"))?;
            stored.locksroot = LocksRoot(after);
            events.push(ChainEvent::ChannelUnlocked {
                channel,
                payer,
                secret: claim.secret.clone(),
                amount,
                transferred: stored.transferred,
                locksroot: stored.locksroot,
            });
        }
        target.proofs[index] = Some(stored);
        if events.is_empty() { Err(other("no claim was given")) } else { Ok(events) }
    }

    pub(super) fn settle(
        &mut self,
        stored: &[(TokenAmount, LocksRoot); 2],
        now: BlockNumber,
    ) -> Result<[TokenAmount; 2], Refusal> {
        let (until, _) = self.window()?;
        if now <= until {
            return Err(Refusal::WindowOpen { until });
        }
        for (payer, (transferred, locksroot)) in stored.iter().enumerate() {
            self.require_stored(payer, *transferred, *locksroot)?;
        }
        self.phase = Phase::Settled;
        let total = self.deposits[0].try_add(self.deposits[1]);
        let total = total.expect("deposits are bounded when they are made");
        // What the first one has, gets and owes; at least nothing, at most everything.
        let [(owes, _), (gets, _)] = *stored;
        let first = match gets.try_sub(owes) {
            Ok(more) => self.deposits[0].try_add(more).unwrap_or(total).min(total),
            Err(_) => self.deposits[0].saturating_sub(owes.saturating_sub(gets)),
        };
        Ok([first, total.saturating_sub(first)])
    }
}

fn require_in_time(
    revealed: Option<&BlockNumber>,
    expiration: BlockNumber,
    now: BlockNumber,
) -> Result<(), Refusal> {
    let is_in_time = now <= expiration || revealed.is_some_and(|at| *at <= expiration);
    if is_in_time { Ok(()) } else { Err(Refusal::LockExpired) }
}

/// The roots of the tree with the claim's leaf, and with its spent marker instead.
fn roots(claim: &Claim) -> (B256, B256) {
    let leaf = keccak256_parts(&[&claim.lock]);
    let marker = keccak256_parts(&[b"spent", leaf.as_slice()]);
    let climb = |node: B256, sibling: &[u8; 32]| {
        let sibling = B256::from(*sibling);
        let (low, high) = if node < sibling { (node, sibling) } else { (sibling, node) };
        keccak256_parts(&[low.as_slice(), high.as_slice()])
    };
    (claim.proof.iter().fold(leaf, climb), claim.proof.iter().fold(marker, climb))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
