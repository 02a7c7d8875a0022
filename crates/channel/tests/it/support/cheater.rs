//! What a node that breaks the rules does on the chain.

use super::{
    chain::Call,
    world::{World, units},
};
use tally_channel::{Channel, Lock, LockClaim, LockTree, Side, SignedProof, spent_marker};
use tally_primitives::{ChannelAddress, NodeAddress, Secret};

/// A proof of the partner and the locks in it, kept although newer ones came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OldState {
    channel: ChannelAddress,
    payer: NodeAddress,
    pub(crate) signed: SignedProof,
    pub(crate) locks: Vec<Lock>,
}

impl OldState {
    /// Keeps what the partner signed last, if it ever signed anything.
    pub(crate) fn of(channel: &Channel) -> Option<Self> {
        let theirs = channel.end(Side::Theirs);
        Some(Self {
            channel: channel.address(),
            payer: channel.partner(),
            signed: theirs.signed_proof(channel.address())?,
            locks: theirs.locks().values().map(|pending| pending.lock).collect(),
        })
    }

    pub(crate) fn close(&self) -> Call {
        Call::Close { channel: self.channel, partner_proof: Some(self.signed) }
    }

    pub(crate) fn update(&self) -> Call {
        Call::Update { channel: self.channel, partner_proof: self.signed }
    }

    /// Claims every lock that one of `secrets` opens.
    pub(crate) fn unlock(&self, secrets: &[Secret]) -> Option<Call> {
        let mut tree = LockTree::new(self.locks.iter().map(Lock::leaf).collect());
        let mut claims = vec![];
        for lock in &self.locks {
            let opens = |secret: &&Secret| tally_crypto::hashlock(secret) == lock.hashlock;
            if let Some(secret) = secrets.iter().find(opens) {
                let proof = tree.proof(lock.leaf()).unwrap();
                claims.push(LockClaim { lock: lock.encode(), secret: secret.clone(), proof });
                tree.replace(lock.leaf(), spent_marker(lock.leaf()));
            }
        }
        let proof = self.signed.proof;
        (!claims.is_empty()).then_some(Call::Unlock {
            channel: self.channel,
            payer: self.payer,
            transferred: proof.transferred,
            locksroot: proof.locksroot,
            claims,
        })
    }
}

impl World {
    /// Keeps what `number` holds of `partner` now.
    pub(crate) fn old_state(&self, number: usize, partner: usize) -> OldState {
        OldState::of(self.channel(number, partner)).expect("the partner signed something")
    }

    /// Mines until the closed channel's window is over, and settles it.
    pub(crate) fn settle(&mut self, left: usize, right: usize) {
        let channel = self.between(left, right);
        let until = self.chain.contract(channel).settles_after().expect("it is closed");
        if self.chain.head() < until {
            self.mine_to(until.0);
        }
        self.submit(left, Call::Settle { channel });
        self.mine(1);
        assert!(self.chain.contract(channel).is_settled());
    }

    /// Returns what a settled channel paid to the two, in units.
    pub(crate) fn payouts(&self, left: usize, right: usize) -> [u64; 2] {
        let contract = self.chain.contract(self.between(left, right));
        let payouts = contract.payouts.expect("it is settled");
        [left, right].map(|number| {
            let who = self.address(number);
            let index = contract.participants.iter().position(|known| *known == who).unwrap();
            super::world::small(payouts[index])
        })
    }

    /// Fails unless a settled channel paid exactly this.
    pub(crate) fn assert_paid_out(&self, left: usize, right: usize, expected: [u64; 2]) {
        assert_eq!(self.payouts(left, right), expected);
        let both = self.channel(left, right).payouts();
        assert_eq!(both, Some(expected.map(units)), "the core saw what the contract did");
    }
}
