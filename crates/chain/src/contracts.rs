use crate::{ChainError, TransactionError};
use std::{fmt::Debug, future::Future, pin::Pin};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, LocksRoot, ManagerAddress, MessageHash, NodeAddress,
    Nonce, Secret, Signature, TokenAddress, TokenAmount, TransactionHash, Wei,
};

/// A boxed future, so that the port stays object safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a transaction was mined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction as mined.
    pub transaction: TransactionHash,
    /// The block that holds it.
    pub block: BlockNumber,
    /// Gas it used.
    pub gas_used: u64,
}

/// A new channel to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenChannel {
    /// The token it carries; must be registered.
    pub token: TokenAddress,
    /// The other participant.
    pub partner: NodeAddress,
    /// Length of the window after a close.
    pub settle_timeout: BlockSpan,
    /// The opener's first deposit; zero for none.
    pub deposit: TokenAmount,
}

/// A channel that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedChannel {
    /// The channel's own contract.
    pub channel: ChannelAddress,
    /// The opening transaction.
    pub receipt: Receipt,
}

/// A balance proof as the contract takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Counts the payer's proofs.
    pub nonce: Nonce,
    /// All the payer has transferred so far.
    pub transferred: TokenAmount,
    /// The payer's pending locks.
    pub locksroot: LocksRoot,
    /// Hash of the message that carried the proof.
    pub message_hash: MessageHash,
    /// The signature the call asks for.
    pub signature: Signature,
}

/// One lock to claim from a closed channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The 72 bytes of the lock.
    pub lock: [u8; 72],
    /// The preimage of its hashlock.
    pub secret: Secret,
    /// The lock's Merkle proof, bottom up, in the tree as earlier claims left it.
    pub proof: Vec<[u8; 32]>,
}

/// What an account sent that is not mined yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmined {
    /// How many transactions wait to be mined, whoever sent them and when.
    pub count: u64,
    /// The newest block, read after the transactions were counted.
    pub newest: BlockNumber,
}

/// The contracts, as one account calls them.
///
/// # Requirements
///
/// * A call that returns a [`Receipt`] was mined successfully; its events reach the node through
///   the [`ChainSource`](crate::ChainSource), possibly later and possibly not at all after a
///   reorganisation.
/// * Calls may run at the same time; the adapter orders their nonces, replaces what is stuck and
///   never spends one nonce on two calls.
/// * A call is simulated first: a refusal known beforehand costs no gas.
/// * Not cancel safe: dropping a future leaves it unknown whether its transaction was sent.
pub trait ChannelContracts: Debug + Send + Sync {
    /// The account whose key signs the transactions.
    fn account(&self) -> NodeAddress;

    /// Registers `token` and returns its channel manager.
    fn register_token(
        &self,
        token: TokenAddress,
    ) -> BoxFuture<'_, Result<ManagerAddress, TransactionError>>;

    /// Opens a channel, with its first deposit in the same transaction if there is one (the
    /// allowance or permit it needs is arranged before).
    fn open_channel(
        &self,
        order: OpenChannel,
    ) -> BoxFuture<'_, Result<OpenedChannel, TransactionError>>;

    /// Deposits `amount` more tokens of the account into `channel`.
    fn deposit(
        &self,
        token: TokenAddress,
        channel: ChannelAddress,
        amount: TokenAmount,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Closes `channel` with the partner's newest proof; `None` if the partner never sent one.
    fn close(
        &self,
        channel: ChannelAddress,
        partner_proof: Option<Proof>,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Submits a newer proof of the closing partner; the signature is the partner's.
    fn update_transfer(
        &self,
        channel: ChannelAddress,
        partner_proof: Proof,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Replaces the account's own stale proof by a newer one; the signature is the partner's
    /// acknowledgement of it.
    fn supersede_transfer(
        &self,
        channel: ChannelAddress,
        own_proof: Proof,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Claims locks of `payer` from a closed channel whose stored proof has these values.
    fn unlock(
        &self,
        channel: ChannelAddress,
        payer: NodeAddress,
        transferred: TokenAmount,
        locksroot: LocksRoot,
        claims: Vec<Claim>,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Settles a closed channel after its window; the arguments are the stored values of the
    /// first and the second participant.
    fn settle(
        &self,
        channel: ChannelAddress,
        stored: [(TokenAmount, LocksRoot); 2],
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Registers a secret; registering it again changes nothing.
    fn register_secret(&self, secret: Secret) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Publishes where the account's node can be reached.
    fn register_endpoint(
        &self,
        endpoint: String,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Transfers tokens of the account on the chain.
    fn transfer_tokens(
        &self,
        token: TokenAddress,
        recipient: NodeAddress,
        amount: TokenAmount,
    ) -> BoxFuture<'_, Result<Receipt, TransactionError>>;

    /// Returns how many tokens `holder` has on the chain, outside channels.
    fn token_balance(
        &self,
        token: TokenAddress,
        holder: NodeAddress,
    ) -> BoxFuture<'_, Result<TokenAmount, ChainError>>;

    /// Counts what the account sent, also in earlier runs, and that waits to be mined.
    ///
    /// If that is nothing, then whatever was sent before is in a block up to the returned one, or
    /// its place is taken by what is sent next: it can never come on top of that.
    fn unmined(&self) -> BoxFuture<'_, Result<Unmined, ChainError>>;

    /// Returns how much of the native coin `holder` has.
    fn coin_balance(&self, holder: NodeAddress) -> BoxFuture<'_, Result<Wei, ChainError>>;
}
