use crate::{
    BlockRange, ChannelEvent, ChannelView, Connections, IdempotencyKey, JournalEntry, JournalPage,
    NetworkEvent, NodeStatus, PartnerView, PaymentFilter, PaymentProgress, PaymentReceipt,
    PendingTransfer, RequestError, TokenEvent,
};
use std::time::Duration;
use tally_channel::PaymentKey;
use tally_primitives::{
    BlockSpan, ChannelAddress, ManagerAddress, NodeAddress, PaymentId, TokenAddress, TokenAmount,
    Wei,
};
use tokio::sync::{mpsc, oneshot};

/// The way to speak to a running node. Cheap to clone.
///
/// Methods wait until the outcome is on disk. They are not cancel safe: dropping the future leaves
/// it unknown whether the request was carried out, but never half carried out.
#[derive(Debug, Clone)]
pub struct NodeHandle {
    address: NodeAddress,
    commands: mpsc::Sender<Command>,
}

/// Where the answer to a command goes.
pub type Reply<T> = oneshot::Sender<Result<T, RequestError>>;

/// A request on its way to the node's owner.
#[derive(Debug)]
pub enum Command {
    /// Lists the registered tokens, ordered by address.
    Tokens(Reply<Vec<TokenAddress>>),
    /// Registers a token.
    RegisterToken(TokenAddress, Reply<ManagerAddress>),
    /// Lists the partners in a token.
    Partners(TokenAddress, Reply<Vec<PartnerView>>),
    /// Lists the node's channels, settled ones included, ordered by address.
    Channels(Reply<Vec<ChannelView>>),
    /// Shows one channel.
    Channel(ChannelAddress, Reply<ChannelView>),
    /// Opens a channel.
    OpenChannel(OpenRequest, Reply<ChannelView>),
    /// Adds to the node's deposit.
    Deposit(DepositRequest, Reply<ChannelView>),
    /// Opens a channel, once for all requests with this key.
    OpenChannelOnce(OpenRequest, IdempotencyKey, Reply<ChannelView>),
    /// Adds to the node's deposit, once for all requests with this key.
    DepositOnce(DepositRequest, IdempotencyKey, Reply<ChannelView>),
    /// Closes a channel with the partner's newest proof.
    Close(ChannelAddress, Reply<ChannelView>),
    /// Settles a closed channel.
    Settle(ChannelAddress, Reply<ChannelView>),
    /// Pays.
    Pay(PaymentRequest, Reply<PaymentReceipt>),
    /// Lists registrations of tokens.
    NetworkEvents(BlockRange, Reply<Vec<NetworkEvent>>),
    /// Lists openings of channels in a token.
    TokenEvents(TokenAddress, BlockRange, Reply<Vec<TokenEvent>>),
    /// Lists what happened in a channel.
    ChannelEvents(ChannelAddress, BlockRange, Reply<Vec<ChannelEvent>>),
    /// Lists finished payments, oldest first.
    Payments(PaymentFilter, Reply<Vec<JournalEntry>>),
    /// Reads the journal after an entry, at most so many, and waits if nothing follows yet; without
    /// an entry says where the journal ends.
    Journal(Option<u64>, usize, Reply<JournalPage>),
    /// Says how far a payment of this node is.
    Payment(PaymentKey, Reply<PaymentProgress>),
    /// Lists the transfers that are not finished.
    PendingTransfers(Reply<Vec<PendingTransfer>>),
    /// Switches mediated transfers off, or on again.
    SwitchMesh(bool, Reply<()>),
    /// Says how the node is connected.
    Connections(Reply<Connections>),
    /// Asks the chain for a balance of the native coin.
    CoinBalance(NodeAddress, Reply<Wei>),
    /// Asks the chain for a token balance.
    TokenBalance(TokenAddress, NodeAddress, Reply<TokenAmount>),
    /// Transfers the node's tokens on the chain.
    TransferTokens(TokenAddress, NodeAddress, TokenAmount, Reply<()>),
    /// Replaces the table of peer addresses that the operator gave; it outweighs the configuration
    /// and the chain until the node stops.
    UpdateNodes(Vec<PeerEndpoint>, Reply<()>),
    /// Reports how the node is doing.
    Status(Reply<NodeStatus>),
    /// Stops the node in good order.
    Stop(Reply<()>),
}

/// A channel to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    /// The token it carries.
    pub token: TokenAddress,
    /// The other participant.
    pub partner: NodeAddress,
    /// The first deposit; zero for none.
    pub deposit: TokenAmount,
    /// Length of the window after a close; the node's default if absent.
    pub settle_timeout: Option<BlockSpan>,
}

/// A deposit to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositRequest {
    /// Into which channel.
    pub channel: ChannelAddress,
    /// How many tokens more.
    pub amount: TokenAmount,
}

/// A payment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    /// In which token.
    pub token: TokenAddress,
    /// To whom.
    pub target: NodeAddress,
    /// What the target shall receive; at least 1.
    pub amount: TokenAmount,
    /// The payment's number; drawn at random if absent. The same request with the same number is
    /// the same payment.
    pub identifier: Option<PaymentId>,
    /// The most to add for mediators.
    pub fee: TokenAmount,
    /// Whether to use the direct channel only, without a lock.
    pub is_direct: bool,
    /// How long the caller waits before it is told that the payment is pending.
    pub patience: Duration,
}

/// Where a peer can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerEndpoint {
    /// The peer.
    pub node: NodeAddress,
    /// `host:port`.
    pub endpoint: String,
}

impl NodeHandle {
    /// Makes a handle for the owner that reads `commands`.
    pub const fn new(address: NodeAddress, commands: mpsc::Sender<Command>) -> Self {
        Self { address, commands }
    }

    /// Returns the node's own address.
    pub const fn address(&self) -> NodeAddress {
        self.address
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, RequestError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RequestError::Busy,
            mpsc::error::TrySendError::Closed(_) => RequestError::Stopping,
        })?;
        answer.await.unwrap_or(Err(RequestError::Stopping))
    }
}

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $out:ty = $variant:ident;)*) => {
        impl NodeHandle {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                ///
                /// [`RequestError`], with nothing changed unless its variant says otherwise.
                pub async fn $name(&self, $($arg: $type),*) -> Result<$out, RequestError> {
                    self.ask(|reply| Command::$variant($($arg,)* reply)).await
                }
            )*
        }
    };
}

requests! {
    /// Lists the registered tokens, ordered by address.
    tokens() -> Vec<TokenAddress> = Tokens;
    /// Registers a token and returns its channel manager.
    register_token(token: TokenAddress) -> ManagerAddress = RegisterToken;
    /// Lists the partners with a channel in `token` that is not settled.
    partners(token: TokenAddress) -> Vec<PartnerView> = Partners;
    /// Lists the node's channels, settled ones included, ordered by address.
    channels() -> Vec<ChannelView> = Channels;
    /// Shows one of the node's channels.
    channel(channel: ChannelAddress) -> ChannelView = Channel;
    /// Opens a channel, with a first deposit if one is given.
    open_channel(request: OpenRequest) -> ChannelView = OpenChannel;
    /// Adds to the node's deposit in an open channel.
    deposit(request: DepositRequest) -> ChannelView = Deposit;
    /// Opens a channel like [`open_channel`](Self::open_channel), once for all requests with this
    /// key, whatever happens to the node meanwhile.
    open_channel_once(request: OpenRequest, key: IdempotencyKey) -> ChannelView
        = OpenChannelOnce;
    /// Adds to the deposit like [`deposit`](Self::deposit), once for all requests with this key,
    /// whatever happens to the node meanwhile.
    deposit_once(request: DepositRequest, key: IdempotencyKey) -> ChannelView = DepositOnce;
    /// Closes an open channel with the partner's newest proof.
    close(channel: ChannelAddress) -> ChannelView = Close;
    /// Settles a closed channel whose window has passed.
    settle(channel: ChannelAddress) -> ChannelView = Settle;
    /// Pays, directly or through others, and waits for the outcome.
    pay(request: PaymentRequest) -> PaymentReceipt = Pay;
    /// Lists registrations of tokens in chain order.
    network_events(range: BlockRange) -> Vec<NetworkEvent> = NetworkEvents;
    /// Lists openings of channels in `token` in chain order.
    token_events(token: TokenAddress, range: BlockRange) -> Vec<TokenEvent> = TokenEvents;
    /// Lists what happened in one of the node's channels, by block.
    channel_events(channel: ChannelAddress, range: BlockRange) -> Vec<ChannelEvent>
        = ChannelEvents;
    /// Lists finished payments, oldest first.
    payments(filter: PaymentFilter) -> Vec<JournalEntry> = Payments;
    /// Reads at most `limit` entries of the journal after an entry, and waits if nothing follows
    /// yet. Without an entry it says at once where the journal ends.
    journal(after: Option<u64>, limit: usize) -> JournalPage = Journal;
    /// Says how far a payment of this node is.
    payment(payment: PaymentKey) -> PaymentProgress = Payment;
    /// Lists the transfers that are not finished: payments of this node, then those that it passes
    /// on, then those to it.
    pending_transfers() -> Vec<PendingTransfer> = PendingTransfers;
    /// Switches to direct transfers only, or back; it stays so after a restart. What is under way
    /// goes on.
    switch_mesh(mesh: bool) -> () = SwitchMesh;
    /// Says how the node is connected, after asking the chain.
    connections() -> Connections = Connections;
    /// Returns how much of the native coin `holder` has on the chain.
    coin_balance(holder: NodeAddress) -> Wei = CoinBalance;
    /// Returns how many tokens `holder` has on the chain, outside channels.
    token_balance(token: TokenAddress, holder: NodeAddress) -> TokenAmount = TokenBalance;
    /// Transfers tokens of the node's account on the chain.
    transfer_tokens(token: TokenAddress, recipient: NodeAddress, amount: TokenAmount) -> ()
        = TransferTokens;
    /// Replaces the table of peer addresses that the operator gave; it outweighs the configuration
    /// and the chain until the node stops.
    update_nodes(peers: Vec<PeerEndpoint>) -> () = UpdateNodes;
    /// Reports how the node is doing.
    status() -> NodeStatus = Status;
    /// Stops the node in good order: what was accepted is on disk.
    stop() -> () = Stop;
}
