//! One channel's contract, as `NettingChannel` in docs/contracts.md rules it.

use super::chain::CHAIN;
use std::collections::BTreeMap;
use tally_channel::{
    ChannelFact, Lock, LockClaim, LockTree, SignedProof, StoredProof, spent_marker,
};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, Hashlock, LocksRoot, NodeAddress, Nonce, TokenAddress,
    TokenAmount, U256,
};

/// Why a contract refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Revert(pub(crate) &'static str);

/// The state of one channel's contract.
#[derive(Debug, Clone)]
pub(crate) struct Contract {
    address: ChannelAddress,
    pub(crate) opened: BlockNumber,
    pub(crate) token: TokenAddress,
    pub(crate) participants: [NodeAddress; 2],
    pub(crate) settle_timeout: BlockSpan,
    pub(crate) deposits: [TokenAmount; 2],
    pub(crate) closed: Option<(BlockNumber, NodeAddress)>,
    pub(crate) stored: [StoredProof; 2],
    pub(crate) payouts: Option<[TokenAmount; 2]>,
}

impl Contract {
    pub(crate) fn new(
        address: ChannelAddress,
        opened: BlockNumber,
        token: TokenAddress,
        participants: [NodeAddress; 2],
        settle_timeout: BlockSpan,
    ) -> Self {
        Self {
            address,
            opened,
            token,
            participants,
            settle_timeout,
            deposits: [TokenAmount::ZERO; 2],
            closed: None,
            stored: [StoredProof::default(); 2],
            payouts: None,
        }
    }

    pub(crate) const fn is_settled(&self) -> bool {
        self.payouts.is_some()
    }

    pub(crate) fn total(&self) -> TokenAmount {
        self.deposits[0].try_add(self.deposits[1]).unwrap()
    }

    pub(crate) fn deposit(
        &mut self,
        from: NodeAddress,
        amount: TokenAmount,
    ) -> Result<TokenAmount, Revert> {
        self.require_open()?;
        let index = self.index(from)?;
        self.deposits[index] = self.deposits[index].try_add(amount).unwrap();
        Ok(self.deposits[index])
    }

    pub(crate) fn close(
        &mut self,
        now: BlockNumber,
        from: NodeAddress,
        proof: Option<&SignedProof>,
    ) -> Result<StoredProof, Revert> {
        self.require_open()?;
        let partner = 1 - self.index(from)?;
        if let Some(signed) = proof {
            self.require_signed(signed, self.participants[partner])?;
            self.store(partner, signed)?;
        }
        self.closed = Some((now, from));
        Ok(self.stored[partner])
    }

    pub(crate) fn update(
        &mut self,
        now: BlockNumber,
        from: NodeAddress,
        signed: &SignedProof,
    ) -> Result<(NodeAddress, StoredProof), Revert> {
        let closer = self.require_window(now)?;
        if self.index(from)? == self.index(closer)? {
            return Err(Revert("CallerClosed"));
        }
        self.require_signed(signed, closer)?;
        let payer = self.index(closer)?;
        self.store(payer, signed)?;
        Ok((closer, self.stored[payer]))
    }

    pub(crate) fn supersede(
        &mut self,
        now: BlockNumber,
        from: NodeAddress,
        signed: &SignedProof,
    ) -> Result<StoredProof, Revert> {
        self.require_window(now)?;
        let payer = self.index(from)?;
        let payee = self.participants[1 - payer];
        if signed.proof.channel != self.address
            || signed.verify_acknowledgement(CHAIN, from, payee).is_err()
        {
            return Err(Revert("InvalidSignature"));
        }
        self.store(payer, signed)?;
        Ok(self.stored[payer])
    }

    pub(crate) fn unlock(
        &mut self,
        now: BlockNumber,
        payer: NodeAddress,
        transferred: TokenAmount,
        locksroot: LocksRoot,
        claims: &[LockClaim],
        secrets: &BTreeMap<Hashlock, BlockNumber>,
    ) -> Result<Vec<ChannelFact>, Revert> {
        let index = self.index(payer)?;
        let stored = &mut self.stored[index];
        let is_stored = stored.nonce > Nonce(0) && self.payouts.is_none();
        if !is_stored || stored.transferred != transferred || stored.locksroot != locksroot {
            return Err(Revert("UnknownProof"));
        }
        if claims.is_empty() {
            return Err(Revert("NothingToUnlock"));
        }
        let mut facts = vec![];
        for claim in claims {
            let lock = read(&claim.lock);
            if tally_crypto::hashlock(&claim.secret) != lock.hashlock {
                return Err(Revert("InvalidSecret"));
            }
            let revealed = secrets.get(&lock.hashlock);
            if now > lock.expiration && revealed.is_none_or(|at| *at > lock.expiration) {
                return Err(Revert("LockExpired"));
            }
            if !LockTree::verify_proof(lock.leaf(), &claim.proof, stored.locksroot) {
                return Err(Revert("InvalidMerkleProof"));
            }
            stored.locksroot = root_above(spent_marker(lock.leaf()), &claim.proof);
            stored.transferred = stored.transferred.try_add(lock.amount).unwrap();
            facts.push(ChannelFact::Unlocked {
                payer,
                secret: claim.secret.clone(),
                transferred: stored.transferred,
                locksroot: stored.locksroot,
            });
        }
        Ok(facts)
    }

    pub(crate) fn settle(&mut self, now: BlockNumber) -> Result<[TokenAmount; 2], Revert> {
        let (closed, _) = self.closed.ok_or(Revert("NotClosed"))?;
        if self.is_settled() || now <= closed.after(self.settle_timeout) {
            return Err(Revert("WindowOpen"));
        }
        let total = self.total();
        let [sent, received] = self.stored.map(|stored| stored.transferred.units());
        // deposit1 - transferred1 + transferred2, clamped to [0, total].
        let credit = self.deposits[0].units() + received;
        let first = credit.saturating_sub(sent).min(total.units());
        let payouts = [first, total.units() - first].map(TokenAmount::new);
        self.payouts = Some(payouts);
        Ok(payouts)
    }

    /// Says in which block the channel can be settled first.
    pub(crate) fn settles_after(&self) -> Option<BlockNumber> {
        self.closed.map(|(at, _)| at.after(self.settle_timeout))
    }

    fn store(&mut self, payer: usize, signed: &SignedProof) -> Result<(), Revert> {
        let proof = &signed.proof;
        if proof.nonce <= self.stored[payer].nonce {
            return Err(Revert("StaleProof"));
        }
        self.stored[payer] = StoredProof {
            nonce: proof.nonce,
            transferred: proof.transferred,
            locksroot: proof.locksroot,
        };
        Ok(())
    }

    fn require_signed(&self, signed: &SignedProof, payer: NodeAddress) -> Result<(), Revert> {
        let is_good = signed.proof.channel == self.address && signed.verify(CHAIN, payer).is_ok();
        if is_good { Ok(()) } else { Err(Revert("InvalidSignature")) }
    }

    fn require_open(&self) -> Result<(), Revert> {
        if self.closed.is_none() { Ok(()) } else { Err(Revert("NotOpen")) }
    }

    fn require_window(&self, now: BlockNumber) -> Result<NodeAddress, Revert> {
        let (closed, closer) = self.closed.ok_or(Revert("NotClosed"))?;
        let is_open = !self.is_settled() && now <= closed.after(self.settle_timeout);
        if is_open { Ok(closer) } else { Err(Revert("WindowClosed")) }
    }

    fn index(&self, who: NodeAddress) -> Result<usize, Revert> {
        self.participants.iter().position(|known| *known == who).ok_or(Revert("NotParticipant"))
    }
}

fn read(bytes: &[u8; 72]) -> Lock {
    Lock {
        expiration: BlockNumber(u64::from_be_bytes(bytes[..8].try_into().unwrap())),
        amount: TokenAmount::new(U256::from_be_slice(&bytes[8..40])),
        hashlock: Hashlock::new(bytes[40..].try_into().unwrap()),
    }
}

/// Returns the root over `node` and the siblings on its way up.
fn root_above(node: tally_primitives::B256, proof: &[tally_primitives::B256]) -> LocksRoot {
    LocksRoot(proof.iter().fold(node, |node, sibling| {
        let (low, high) = if node <= *sibling { (&node, sibling) } else { (sibling, &node) };
        tally_crypto::keccak256_parts(&[low.as_slice(), high.as_slice()])
    }))
}
