//! A chain that only knows the contracts' rules.

use super::contract::{Contract, Revert};
use std::collections::BTreeMap;
use tally_channel::{ChainFact, ChannelFact, LockClaim, SignedProof};
use tally_primitives::{
    BlockNumber, BlockSpan, ChainId, ChannelAddress, Hashlock, LocksRoot, NodeAddress, Secret,
    TokenAddress, TokenAmount,
};

/// The chain of all tests.
pub(crate) const CHAIN: ChainId = ChainId(1337);

/// A transaction: who sends it and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tx {
    pub(crate) from: NodeAddress,
    pub(crate) call: Call,
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Open {
        token: TokenAddress,
        partner: NodeAddress,
        settle_timeout: BlockSpan,
    },
    Deposit {
        channel: ChannelAddress,
        amount: TokenAmount,
    },
    Close {
        channel: ChannelAddress,
        partner_proof: Option<SignedProof>,
    },
    Update {
        channel: ChannelAddress,
        partner_proof: SignedProof,
    },
    Supersede {
        channel: ChannelAddress,
        own_proof: SignedProof,
    },
    Unlock {
        channel: ChannelAddress,
        payer: NodeAddress,
        transferred: TokenAmount,
        locksroot: LocksRoot,
        claims: Vec<LockClaim>,
    },
    RegisterSecret(Secret),
    Settle {
        channel: ChannelAddress,
    },
}

/// One block: an identity that no other block has, its logs, and the state after it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) id: u64,
    pub(crate) logs: Vec<ChainFact>,
    after: State,
}

#[derive(Debug, Clone, Default)]
struct State {
    channels: BTreeMap<ChannelAddress, Contract>,
    secrets: BTreeMap<Hashlock, BlockNumber>,
    /// What each node owns outside channels.
    wallets: BTreeMap<NodeAddress, TokenAmount>,
    /// How often each pair opened a channel in each token.
    openings: BTreeMap<(TokenAddress, NodeAddress, NodeAddress), u64>,
}

/// The canonical chain. Block 0 exists from the beginning.
#[derive(Debug, Clone)]
pub(crate) struct FakeChain {
    blocks: Vec<Block>,
    next_id: u64,
    pending: Vec<Tx>,
    /// What was mined in each block, so that a reorganisation can bring it back.
    mined: BTreeMap<u64, Vec<Tx>>,
    /// Transactions that the contracts refused.
    pub(crate) reverted: Vec<(Tx, Revert)>,
}

impl FakeChain {
    pub(crate) fn new() -> Self {
        let genesis = Block { id: 0, logs: vec![], after: State::default() };
        Self {
            blocks: vec![genesis],
            next_id: 1,
            pending: vec![],
            mined: BTreeMap::new(),
            reverted: vec![],
        }
    }

    pub(crate) fn head(&self) -> BlockNumber {
        BlockNumber(self.blocks.len() as u64 - 1)
    }

    pub(crate) fn block(&self, number: BlockNumber) -> Option<&Block> {
        self.blocks.get(usize::try_from(number.0).unwrap())
    }

    pub(crate) fn submit(&mut self, from: NodeAddress, call: Call) {
        let tx = Tx { from, call };
        if !self.pending.contains(&tx) {
            self.pending.push(tx);
        }
    }

    /// Puts everything submitted into the next block.
    pub(crate) fn mine(&mut self) {
        let number = BlockNumber(self.blocks.len() as u64);
        let mut state = self.state().clone();
        let mut logs = vec![];
        let txs = std::mem::take(&mut self.pending);
        for tx in &txs {
            let mut attempt = state.clone();
            match attempt.execute(number, tx) {
                Ok(mut new) => {
                    state = attempt;
                    logs.append(&mut new);
                }
                Err(revert) => self.reverted.push((tx.clone(), revert)),
            }
        }
        let id = self.next_id;
        self.next_id += 1;
        self.mined.insert(id, txs);
        self.blocks.push(Block { id, logs, after: state });
    }

    /// Drops everything submitted and not mined, as a node drops transactions that cannot pay.
    pub(crate) fn drop_pending(&mut self) {
        self.pending.clear();
    }

    /// Keeps of what was submitted only what `stays`: the rest pays too little to be mined.
    pub(crate) fn retain_pending(&mut self, stays: impl FnMut(&Tx) -> bool) {
        self.pending.retain(stays);
    }

    /// Undoes the newest `depth` blocks. Of their transactions, those for which `survives` says so
    /// wait to be mined again.
    pub(crate) fn undo(&mut self, depth: usize, mut survives: impl FnMut(&Tx) -> bool) {
        let keep = self.blocks.len() - depth;
        assert!(keep > 0, "genesis stays");
        let undone = self.blocks.split_off(keep);
        let mut again = vec![];
        for block in undone {
            let txs = self.mined.remove(&block.id).unwrap_or_default();
            again.extend(txs.into_iter().filter(|tx| survives(tx)));
        }
        again.append(&mut self.pending);
        self.pending = again;
    }

    pub(crate) fn contract(&self, channel: ChannelAddress) -> &Contract {
        &self.state().channels[&channel]
    }

    pub(crate) fn contracts(&self) -> impl Iterator<Item = (ChannelAddress, &Contract)> {
        self.state().channels.iter().map(|(address, contract)| (*address, contract))
    }

    pub(crate) fn registered(&self, hashlock: &Hashlock) -> Option<BlockNumber> {
        self.state().secrets.get(hashlock).copied()
    }

    /// Returns what `node` has outside channels, less what it had at the beginning.
    pub(crate) fn paid_out(&self, node: NodeAddress) -> TokenAmount {
        self.state().wallets.get(&node).copied().unwrap_or_default()
    }

    fn state(&self) -> &State {
        &self.blocks.last().unwrap().after
    }
}

impl State {
    fn execute(&mut self, now: BlockNumber, tx: &Tx) -> Result<Vec<ChainFact>, Revert> {
        let from = tx.from;
        match &tx.call {
            Call::Open { token, partner, settle_timeout } => {
                self.open(now, *token, [from, *partner], *settle_timeout)
            }
            Call::Deposit { channel, amount } => {
                let total = self.contract(*channel)?.deposit(from, *amount)?;
                Ok(vec![ChainFact::Channel(*channel, ChannelFact::Deposited(from, total))])
            }
            Call::Close { channel, partner_proof } => {
                let stored = self.contract(*channel)?.close(now, from, partner_proof.as_ref())?;
                let fact = ChannelFact::Closed { closer: from, stored };
                Ok(vec![ChainFact::Channel(*channel, fact)])
            }
            Call::Update { channel, partner_proof } => {
                let contract = self.contract(*channel)?;
                let (payer, stored) = contract.update(now, from, partner_proof)?;
                let fact = ChannelFact::Updated { payer, stored };
                Ok(vec![ChainFact::Channel(*channel, fact)])
            }
            Call::Supersede { channel, own_proof } => {
                let stored = self.contract(*channel)?.supersede(now, from, own_proof)?;
                let fact = ChannelFact::Updated { payer: from, stored };
                Ok(vec![ChainFact::Channel(*channel, fact)])
            }
            Call::Unlock { channel, payer, transferred, locksroot, claims } => {
                let secrets = self.secrets.clone();
                let contract = self.contract(*channel)?;
                let facts =
                    contract.unlock(now, *payer, *transferred, *locksroot, claims, &secrets)?;
                Ok(facts.into_iter().map(|fact| ChainFact::Channel(*channel, fact)).collect())
            }
            Call::RegisterSecret(secret) => Ok(self.register(now, secret)),
            Call::Settle { channel } => {
                let contract = self.contract(*channel)?;
                let payouts = contract.settle(now)?;
                let participants = contract.participants;
                for (who, payout) in participants.into_iter().zip(payouts) {
                    let wallet = self.wallets.entry(who).or_default();
                    *wallet = wallet.try_add(payout).unwrap();
                }
                Ok(vec![ChainFact::Channel(*channel, ChannelFact::Settled(payouts))])
            }
        }
    }

    fn open(
        &mut self,
        now: BlockNumber,
        token: TokenAddress,
        participants: [NodeAddress; 2],
        settle_timeout: BlockSpan,
    ) -> Result<Vec<ChainFact>, Revert> {
        let [a, b] = participants;
        let pair = (token, a.min(b), a.max(b));
        let count = self.openings.entry(pair).or_default();
        let parts = [&token.as_bytes()[..], a.as_bytes(), b.as_bytes(), &count.to_be_bytes()];
        let hash = tally_crypto::keccak256_parts(&parts);
        let channel = ChannelAddress::new(hash[12..].try_into().unwrap());
        *count += 1;
        let other = self.channels.values().any(|known| {
            known.token == token
                && known.participants.contains(&a)
                && known.participants.contains(&b)
                && !known.is_settled()
        });
        if other || a == b {
            return Err(Revert("ChannelExists"));
        }
        self.channels
            .insert(channel, Contract::new(channel, now, token, participants, settle_timeout));
        Ok(vec![ChainFact::ChannelOpened { channel, token, participants, settle_timeout }])
    }

    fn register(&mut self, now: BlockNumber, secret: &Secret) -> Vec<ChainFact> {
        let hashlock = tally_crypto::hashlock(secret);
        if self.secrets.contains_key(&hashlock) {
            return vec![];
        }
        self.secrets.insert(hashlock, now);
        vec![ChainFact::SecretRevealed { secret: secret.clone() }]
    }

    fn contract(&mut self, channel: ChannelAddress) -> Result<&mut Contract, Revert> {
        self.channels.get_mut(&channel).ok_or(Revert("NoSuchChannel"))
    }
}
