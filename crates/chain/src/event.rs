use tally_primitives::{
    BlockHash, BlockRef, BlockSpan, ChannelAddress, Hashlock, LocksRoot, ManagerAddress,
    NodeAddress, Nonce, Secret, TokenAddress, TokenAmount, TransactionHash,
};

/// One block and what the project's contracts logged in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Which block.
    pub at: BlockRef,
    /// The block before it.
    pub parent: BlockHash,
    /// Seconds since 1970, as the block's producer claims.
    pub timestamp_s: u64,
    /// The events of the project's contracts, in log order.
    pub events: Vec<LoggedEvent>,
}

/// An event and the place in its block where it was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Index of the log in its block.
    pub log_index: u64,
    /// The transaction that logged it.
    pub transaction: TransactionHash,
    /// What happened.
    pub event: ChainEvent,
}

/// What the contracts can report. Only events of genuine contracts are delivered: a manager that
/// the registry names, a channel that such a manager made.
///
/// Source: docs/contracts.md, the events of each contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainEvent {
    /// A token was registered and got its channel manager.
    TokenAdded {
        /// The ERC-20 token.
        token: TokenAddress,
        /// The manager of its channels.
        manager: ManagerAddress,
    },
    /// A channel was opened.
    ChannelNew {
        /// The token it carries.
        token: TokenAddress,
        /// The channel's own contract.
        channel: ChannelAddress,
        /// The opener and the partner.
        participants: [NodeAddress; 2],
        /// Length of the window after a close.
        settle_timeout: BlockSpan,
    },
    /// A participant's total deposit grew.
    ChannelNewBalance {
        /// Which channel.
        channel: ChannelAddress,
        /// Whose deposit.
        participant: NodeAddress,
        /// All deposits of the participant so far.
        total_deposit: TokenAmount,
    },
    /// A participant's total withdrawal grew.
    ChannelWithdraw {
        /// Which channel.
        channel: ChannelAddress,
        /// Who withdrew.
        participant: NodeAddress,
        /// All withdrawals of the participant so far.
        total_withdraw: TokenAmount,
    },
    /// A participant closed the channel; the settlement window runs from this block.
    ChannelClosed {
        /// Which channel.
        channel: ChannelAddress,
        /// Who closed it.
        closer: NodeAddress,
        /// The counterparty's proof that the closer submitted; nonce 0 when there was none.
        nonce: Nonce,
        /// What that proof says the counterparty transferred.
        transferred: TokenAmount,
        /// The locks that proof leaves pending.
        locksroot: LocksRoot,
    },
    /// A newer proof of `payer` is now stored in the closed channel.
    TransferUpdated {
        /// Which channel.
        channel: ChannelAddress,
        /// Whose proof it is.
        payer: NodeAddress,
        /// The proof's nonce.
        nonce: Nonce,
        /// What the proof says `payer` transferred.
        transferred: TokenAmount,
        /// The locks the proof leaves pending.
        locksroot: LocksRoot,
    },
    /// A lock of `payer` was paid out in the closed channel.
    ChannelUnlocked {
        /// Which channel.
        channel: ChannelAddress,
        /// Whose lock it was.
        payer: NodeAddress,
        /// What opened it; its hash names the lock.
        secret: Secret,
        /// What it held.
        amount: TokenAmount,
        /// What `payer` has transferred, this lock included.
        transferred: TokenAmount,
        /// The root after the lock's leaf was marked as spent.
        locksroot: LocksRoot,
    },
    /// The channel paid out and is finished.
    ChannelSettled {
        /// Which channel.
        channel: ChannelAddress,
        /// What the first and the second participant received.
        payouts: [TokenAmount; 2],
        /// Whether both agreed to it without a window.
        cooperative: bool,
    },
    /// A secret was registered; locks with its hash that had not expired by this block stay
    /// claimable until settlement.
    SecretRevealed {
        /// The preimage.
        secret: Secret,
        /// Its hash.
        hashlock: Hashlock,
    },
    /// A node published where it can be reached.
    EndpointRegistered {
        /// Which node.
        node: NodeAddress,
        /// `host:port`, as the node wrote it.
        endpoint: String,
    },
}
