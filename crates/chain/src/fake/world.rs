use super::channel::FakeChannel;
use crate::{Block, ChainEvent, LoggedEvent, OpenChannel, Refusal};
use std::collections::BTreeMap;
use tally_crypto::hashlock;
use tally_primitives::{
    Address, B256, BlockHash, BlockNumber, BlockRef, BlockSpan, ChannelAddress, Hashlock,
    ManagerAddress, NodeAddress, Secret, TokenAddress, TokenAmount, TransactionHash, U256,
};

/// The windows the contracts allow.
pub(super) const SETTLE_TIMEOUT: [BlockSpan; 2] = [BlockSpan(6), BlockSpan(2_700_000)];

/// What a deposit can add up to, as in the contracts: 2^104-1.
const DEPOSIT_MAX: U256 = U256::from_limbs([u64::MAX, 0xff_ffff_ffff, 0, 0]);

/// All blocks and the state after each.
#[derive(Debug)]
pub(super) struct World {
    blocks: Vec<(Block, State)>,
    /// Counts what was ever made, for names that are used once.
    made: u64,
}

/// The contracts' state.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) balances: BTreeMap<TokenAddress, BTreeMap<NodeAddress, TokenAmount>>,
    pub(super) managers: BTreeMap<TokenAddress, ManagerAddress>,
    pub(super) channels: BTreeMap<ChannelAddress, FakeChannel>,
    pub(super) secrets: BTreeMap<Hashlock, BlockNumber>,
}

impl Default for World {
    fn default() -> Self {
        let block = Block {
            at: BlockRef::default(),
            parent: BlockHash::default(),
            timestamp_s: 0,
            events: Vec::new(),
        };
        Self { blocks: vec![(block, State::default())], made: 0 }
    }
}

impl World {
    pub(super) fn head(&self) -> &Block {
        &self.newest().0
    }

    pub(super) fn state(&self) -> &State {
        &self.newest().1
    }

    fn newest(&self) -> &(Block, State) {
        self.blocks.last().expect("the first block is never taken back")
    }

    pub(super) fn block(&self, number: BlockNumber) -> Option<&Block> {
        let index = usize::try_from(number.0).ok()?;
        self.blocks.get(index).map(|(block, _)| block)
    }

    /// The block a transaction of now would be in.
    pub(super) fn next_number(&self) -> BlockNumber {
        self.head().at.number.after(BlockSpan(1))
    }

    pub(super) fn name(&mut self) -> B256 {
        self.made += 1;
        B256::from(U256::from(self.made))
    }

    pub(super) fn address(&mut self) -> Address {
        // Not the small numbers that tests give to nodes.
        let mut bytes = self.name().0;
        bytes[12] = 0xfa;
        Address::from_slice(&bytes[12..])
    }

    pub(super) fn create_token(&mut self, balances: &[(NodeAddress, TokenAmount)]) -> TokenAddress {
        let token = TokenAddress(self.address());
        let mut state = self.state().clone();
        state.balances.insert(token, balances.iter().copied().collect());
        self.mine_with(Vec::new(), state);
        token
    }

    /// Makes a block with these events and the state unchanged.
    pub(super) fn mine(&mut self, events: Vec<ChainEvent>) -> TransactionHash {
        let state = self.state().clone();
        self.mine_with(events, state)
    }

    /// Makes a block whose one transaction logs these events and leaves this state.
    pub(super) fn mine_with(&mut self, events: Vec<ChainEvent>, state: State) -> TransactionHash {
        let (hash, transaction) = (BlockHash(self.name()), TransactionHash(self.name()));
        let parent = self.head();
        let at = BlockRef { number: self.next_number(), hash };
        let logged = |(index, event)| LoggedEvent { log_index: index as u64, transaction, event };
        let block = Block {
            at,
            parent: parent.at.hash,
            timestamp_s: parent.timestamp_s + 1,
            events: events.into_iter().enumerate().map(logged).collect(),
        };
        self.blocks.push((block, state));
        transaction
    }

    pub(super) fn take_back(&mut self, depth: u64) {
        assert!(depth < self.blocks.len() as u64, "the chain is not that deep");
        for _ in 0..depth {
            self.blocks.pop();
        }
    }
}

impl State {
    /// Moves tokens out of an account.
    pub(super) fn take(
        &mut self,
        token: TokenAddress,
        holder: NodeAddress,
        amount: TokenAmount,
    ) -> Result<(), Refusal> {
        let balances = self.balances.get_mut(&token).ok_or(Refusal::NotAToken)?;
        let balance = balances.entry(holder).or_default();
        let refusal = Refusal::InsufficientTokens { available: *balance, needed: amount };
        *balance = balance.try_sub(amount).map_err(|_| refusal)?;
        Ok(())
    }

    /// Moves tokens into an account.
    pub(super) fn give(&mut self, token: TokenAddress, holder: NodeAddress, amount: TokenAmount) {
        let balance = self.balances.entry(token).or_default().entry(holder).or_default();
        *balance = balance.try_add(amount).expect("there are fewer tokens than numbers");
    }

    pub(super) fn open(
        &mut self,
        opener: NodeAddress,
        order: &OpenChannel,
        channel: ChannelAddress,
    ) -> Result<Vec<ChainEvent>, Refusal> {
        let token = order.token;
        if !self.managers.contains_key(&token) {
            return Err(Refusal::UnknownToken);
        }
        if order.partner == opener {
            return Err(Refusal::SamePartner);
        }
        let [min, max] = SETTLE_TIMEOUT;
        if order.settle_timeout < min || order.settle_timeout > max {
            return Err(Refusal::InvalidSettleTimeout { min: min.0, max: max.0 });
        }
        let participants = [opener, order.partner];
        let mut channels = self.channels.iter();
        if let Some((existing, _)) =
            channels.find(|(_, channel)| channel.is_live_between(token, participants))
        {
            return Err(Refusal::ChannelExists(*existing));
        }
        let made = FakeChannel::new(token, participants, order.settle_timeout);
        self.channels.insert(channel, made);
        let mut events = vec![ChainEvent::ChannelNew {
            token,
            channel,
            participants,
            settle_timeout: order.settle_timeout,
        }];
        if !order.deposit.is_zero() {
            events.push(self.deposit(opener, channel, order.deposit)?);
        }
        Ok(events)
    }

    pub(super) fn deposit(
        &mut self,
        participant: NodeAddress,
        channel: ChannelAddress,
        amount: TokenAmount,
    ) -> Result<ChainEvent, Refusal> {
        if amount.is_zero() {
            return Err(Refusal::NothingToDeposit);
        }
        let target = self.channel(channel)?;
        target.require_open()?;
        let index = target.index_of(participant)?;
        let token = target.token;
        let max = TokenAmount::new(DEPOSIT_MAX.saturating_sub(target.deposits[index].units()));
        self.take(token, participant, amount)?;
        if amount > max {
            return Err(Refusal::AmountTooLarge { max });
        }
        let target = self.channel(channel)?;
        let total_deposit = TokenAmount::new(target.deposits[index].units() + amount.units());
        target.deposits[index] = total_deposit;
        Ok(ChainEvent::ChannelNewBalance { channel, participant, total_deposit })
    }

    pub(super) fn channel(&mut self, channel: ChannelAddress) -> Result<&mut FakeChannel, Refusal> {
        self.channels.get_mut(&channel).ok_or_else(|| Refusal::Other("not a channel".to_owned()))
    }

    pub(super) fn settle(
        &mut self,
        channel: ChannelAddress,
        stored: &[(TokenAmount, tally_primitives::LocksRoot); 2],
        now: BlockNumber,
    ) -> Result<ChainEvent, Refusal> {
        let target = self.channel(channel)?;
        let payouts = target.settle(stored, now)?;
        let (token, participants) = (target.token, target.participants);
        for (participant, payout) in participants.into_iter().zip(payouts) {
            self.give(token, participant, payout);
        }
        Ok(ChainEvent::ChannelSettled { channel, payouts, cooperative: false })
    }

    /// Registers a secret; `None` if it was registered before.
    pub(super) fn reveal(&mut self, secret: &Secret, now: BlockNumber) -> Option<ChainEvent> {
        let hashlock = hashlock(secret);
        if self.secrets.contains_key(&hashlock) {
            return None;
        }
        self.secrets.insert(hashlock, now);
        Some(ChainEvent::SecretRevealed { secret: secret.clone(), hashlock })
    }
}
