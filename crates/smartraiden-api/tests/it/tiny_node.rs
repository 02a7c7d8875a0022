//! A node that fits on a page: it behaves like the real one as far as a single client can see,
//! without a chain, peers or signatures.

use std::collections::{BTreeMap, BTreeSet};
use tally_channel::{PaymentFailure, PaymentKey};
use tally_channel_node::{
    BlockRange, ChannelEvent, ChannelEventKind, ChannelState, ChannelView, Command, Connections,
    DepositRequest, Happening, IdempotencyKey, JournalEntry, JournalPage, LegView, LockView,
    NetworkEvent, NodeStatus, OpenRequest, PartnerView, PaymentProgress, PaymentReceipt,
    PaymentRecord, PaymentRequest, PaymentRole, PendingStage, PendingTransfer, ProofView,
    RequestError, TokenEvent,
};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, Hashlock, LocksRoot, ManagerAddress, MessageHash,
    NodeAddress, Nonce, PaymentId, Secret, Signature, TokenAddress, TokenAmount, U256, Wei,
};
use tokio::sync::mpsc;

/// The settlement windows it opens.
pub(crate) const SETTLE_MIN: BlockSpan = BlockSpan(6);
pub(crate) const SETTLE_MAX: BlockSpan = BlockSpan(2_700_000);
const SETTLE_DEFAULT: BlockSpan = BlockSpan(100);
const REVEAL: BlockSpan = BlockSpan(30);

pub(crate) fn own() -> NodeAddress {
    "0x1a9eC3b0b807464e6D3398a59d6b0a369Bf422fA".parse().unwrap()
}

pub(crate) fn partner() -> NodeAddress {
    "0x33Df901ABc22DcB7F33c2a77aD43CC98FbFa0790".parse().unwrap()
}

/// Registered from the start; the account holds 1000 of it.
pub(crate) fn token() -> TokenAddress {
    "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8".parse().unwrap()
}

/// An ERC-20 token that is not registered.
pub(crate) fn new_token() -> TokenAddress {
    "0x61bB630D3B2e8eda0FC1d50F9f958eC02e3969F6".parse().unwrap()
}

/// A channel address that no channel has.
pub(crate) fn no_channel() -> ChannelAddress {
    "0x2a65Aca4D5fC5B5C859090a6c34d164135398226".parse().unwrap()
}

type Result<T> = std::result::Result<T, RequestError>;

#[derive(Debug)]
pub(crate) struct TinyNode {
    head: BlockNumber,
    tokens: BTreeSet<TokenAddress>,
    account: BTreeMap<TokenAddress, TokenAmount>,
    channels: BTreeMap<ChannelAddress, ChannelView>,
    events: BTreeMap<ChannelAddress, Vec<ChannelEvent>>,
    payments: BTreeMap<PaymentId, PaymentReceipt>,
    journal: Vec<JournalEntry>,
    keys: BTreeMap<IdempotencyKey, (String, ChannelAddress)>,
    mesh: bool,
}

impl Default for TinyNode {
    fn default() -> Self {
        let thousand = TokenAmount::from_units(1000);
        Self {
            head: BlockNumber(100),
            tokens: [token()].into(),
            account: [(token(), thousand), (new_token(), thousand)].into(),
            channels: BTreeMap::new(),
            events: BTreeMap::new(),
            payments: BTreeMap::new(),
            journal: vec![],
            keys: BTreeMap::new(),
            mesh: false,
        }
    }
}

impl TinyNode {
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.recv().await {
            // Time passes with requests, so that a window ends without a clock.
            self.head = self.head.after(BlockSpan(1));
            if self.answer(command) {
                break;
            }
        }
    }

    /// Carries out one command and says whether it was the last.
    fn answer(&mut self, command: Command) -> bool {
        let is_stop = matches!(command, Command::Stop(_));
        match command {
            Command::Tokens(reply) => drop(reply.send(Ok(self.tokens.iter().copied().collect()))),
            Command::RegisterToken(token, reply) => drop(reply.send(self.register(token))),
            Command::Partners(token, reply) => drop(reply.send(self.partners(token))),
            Command::Channels(reply) => {
                drop(reply.send(Ok(self.channels.values().cloned().collect())));
            }
            Command::Channel(channel, reply) => {
                drop(reply.send(self.find(channel).map(|view| view.clone())));
            }
            Command::OpenChannel(request, reply) => drop(reply.send(self.open(request))),
            Command::Deposit(request, reply) => drop(reply.send(self.deposit(request))),
            Command::OpenChannelOnce(request, key, reply) => {
                let name = format!("{request:?}");
                drop(reply.send(self.once(key, name, |node| node.open(request))));
            }
            Command::DepositOnce(request, key, reply) => {
                let name = format!("{request:?}");
                drop(reply.send(self.once(key, name, |node| node.deposit(request))));
            }
            Command::Close(channel, reply) => drop(reply.send(self.close(channel))),
            Command::Settle(channel, reply) => drop(reply.send(self.settle(channel))),
            Command::Pay(request, reply) => drop(reply.send(self.pay(request))),
            Command::NetworkEvents(range, reply) => {
                let events = self.tokens.iter().map(|token| network_event(*token));
                drop(reply.send(Ok(events.filter(|e| range.contains(e.block)).collect())));
            }
            Command::TokenEvents(token, range, reply) => {
                drop(reply.send(self.token_events(token, range)));
            }
            Command::ChannelEvents(channel, range, reply) => {
                let events = self.events.get(&channel).cloned().unwrap_or_default();
                let chosen = events.into_iter().filter(|e| range.contains(e.block)).collect();
                drop(reply.send(self.find(channel).map(|_| chosen)));
            }
            Command::TokenBalance(token, holder, reply) => {
                drop(reply.send(self.balance(token, holder)));
            }
            Command::TransferTokens(token, _, amount, reply) => {
                drop(reply.send(self.spend(token, amount)));
            }
            Command::UpdateNodes(_, reply) => drop(reply.send(Ok(()))),
            Command::Payments(filter, reply) => {
                let after = self.journal.iter().filter(|entry| entry.number > filter.after);
                let chosen = after.filter(|entry| filter.chooses(entry)).take(filter.limit);
                drop(reply.send(Ok(chosen.cloned().collect())));
            }
            Command::Journal(after, limit, reply) => drop(reply.send(self.read(after, limit))),
            Command::Payment(payment, reply) => drop(reply.send(self.progress(payment))),
            Command::PendingTransfers(reply) => drop(reply.send(Ok(vec![pending()]))),
            Command::SwitchMesh(mesh, reply) => {
                self.mesh = mesh;
                drop(reply.send(Ok(())));
            }
            Command::Connections(reply) => drop(reply.send(Ok(self.connections()))),
            Command::CoinBalance(_, reply) => {
                drop(reply.send(Ok(Wei::new(U256::from(10).pow(U256::from(19))))));
            }
            Command::Status(reply) => drop(reply.send(Ok(self.status()))),
            Command::Stop(reply) => drop(reply.send(Ok(()))),
        }
        is_stop
    }

    fn register(&mut self, token: TokenAddress) -> Result<ManagerAddress> {
        if !self.account.contains_key(&token) {
            return Err(RequestError::NotAToken(token));
        }
        if !self.tokens.insert(token) {
            return Err(RequestError::TokenAlreadyRegistered(token));
        }
        Ok(manager())
    }

    fn known(&self, token: TokenAddress) -> Result<()> {
        if self.tokens.contains(&token) { Ok(()) } else { Err(RequestError::UnknownToken(token)) }
    }

    fn find(&mut self, channel: ChannelAddress) -> Result<&mut ChannelView> {
        self.channels.get_mut(&channel).ok_or(RequestError::UnknownChannel(channel))
    }

    fn partners(&self, token: TokenAddress) -> Result<Vec<PartnerView>> {
        self.known(token)?;
        let live = self.channels.values().filter(|view| view.state != ChannelState::Settled);
        let views = live.map(|view| PartnerView { partner: view.partner, channel: view.channel });
        Ok(views.collect())
    }

    fn open(&mut self, request: OpenRequest) -> Result<ChannelView> {
        self.known(request.token)?;
        if request.partner == own() {
            return Err(RequestError::OwnAddress { role: "partner" });
        }
        if request.partner.is_zero() {
            return Err(RequestError::ZeroAddress { role: "partner" });
        }
        let settle_timeout = request.settle_timeout.unwrap_or(SETTLE_DEFAULT);
        if !(SETTLE_MIN..=SETTLE_MAX).contains(&settle_timeout) {
            let (given, min, max) = (settle_timeout, SETTLE_MIN, SETTLE_MAX);
            return Err(RequestError::InvalidSettleTimeout { given, min, max });
        }
        let live = |view: &&ChannelView| {
            view.partner == request.partner && view.state != ChannelState::Settled
        };
        if let Some(view) = self.channels.values().find(live) {
            let (channel, partner) = (view.channel, view.partner);
            return Err(RequestError::ChannelExists { channel, partner });
        }
        self.spend(request.token, request.deposit)?;
        let view = self.fresh_channel(&request, settle_timeout);
        self.channels.insert(view.channel, view.clone());
        let (channel, token, partner) = (view.channel, view.token, view.partner);
        self.record(Happening::ChannelOpened { channel, token, partner, settle_timeout });
        self.note(view.channel, new_balance(request.deposit));
        Ok(view)
    }

    fn fresh_channel(&self, request: &OpenRequest, settle_timeout: BlockSpan) -> ChannelView {
        let number = u8::try_from(self.channels.len()).unwrap();
        let [zero, deposit] = [TokenAmount::ZERO, request.deposit];
        ChannelView {
            channel: ChannelAddress::new([0xc0 + number; 20]),
            token: request.token,
            partner: request.partner,
            balance: deposit,
            partner_balance: zero,
            locked: zero,
            partner_locked: zero,
            deposit,
            partner_deposit: zero,
            state: ChannelState::Opened,
            settle_timeout,
            reveal_timeout: REVEAL,
            opened_block: self.head,
            closed_block: None,
            settled_block: None,
            payouts: None,
            locks: vec![lock(1, false), lock(2, true)],
            partner_locks: vec![],
            proof: Some(proof(None)),
            partner_proof: Some(proof(Some(Signature([7; 65])))),
        }
    }

    fn deposit(&mut self, request: DepositRequest) -> Result<ChannelView> {
        let view = self.find(request.channel)?.clone();
        match view.state {
            ChannelState::Opened => {}
            ChannelState::Closed => return Err(RequestError::AlreadyClosed(view.channel)),
            ChannelState::Settled => return Err(RequestError::AlreadySettled(view.channel)),
        }
        self.spend(view.token, request.amount)?;
        let view = self.find(request.channel)?;
        view.balance = view.balance.try_add(request.amount).unwrap();
        view.deposit = view.deposit.try_add(request.amount).unwrap();
        let (view, total) = (view.clone(), view.deposit);
        self.note(view.channel, new_balance(total));
        Ok(view)
    }

    fn once(
        &mut self,
        key: IdempotencyKey,
        request: String,
        carry_out: impl FnOnce(&mut Self) -> Result<ChannelView>,
    ) -> Result<ChannelView> {
        if let Some((earlier, channel)) = self.keys.get(&key) {
            let same = *earlier == request;
            return if same {
                Ok(self.channels[channel].clone())
            } else {
                Err(RequestError::KeyInUse)
            };
        }
        let view = carry_out(self)?;
        self.keys.insert(key, (request, view.channel));
        Ok(view)
    }

    fn close(&mut self, channel: ChannelAddress) -> Result<ChannelView> {
        let head = self.head;
        let view = self.find(channel)?;
        match view.state {
            ChannelState::Opened => {}
            ChannelState::Closed => return Err(RequestError::AlreadyClosed(channel)),
            ChannelState::Settled => return Err(RequestError::AlreadySettled(channel)),
        }
        (view.state, view.closed_block) = (ChannelState::Closed, Some(head));
        let view = view.clone();
        self.note(channel, ChannelEventKind::Closed { closing_address: own() });
        let (token, manager, participant) = (view.token, manager(), partner());
        let update = ChannelEventKind::TransferUpdated { token, manager, participant };
        self.note(channel, update);
        self.note(channel, ChannelEventKind::SecretRevealed { secret: Secret::new([5; 32]) });
        Ok(view)
    }

    fn settle(&mut self, channel: ChannelAddress) -> Result<ChannelView> {
        let head = self.head;
        let view = self.find(channel)?;
        let closed = match view.state {
            ChannelState::Opened => return Err(RequestError::StillOpen(channel)),
            ChannelState::Settled => return Err(RequestError::AlreadySettled(channel)),
            ChannelState::Closed => view.closed_block.unwrap(),
        };
        let until = closed.after(view.settle_timeout);
        if head <= until {
            return Err(RequestError::SettlementWindowOpen { channel, until });
        }
        view.payouts = Some([view.balance, view.partner_balance]);
        (view.balance, view.partner_balance) = (TokenAmount::ZERO, TokenAmount::ZERO);
        (view.state, view.settled_block) = (ChannelState::Settled, Some(head));
        let view = view.clone();
        self.note(channel, ChannelEventKind::Settled);
        Ok(view)
    }

    fn pay(&mut self, request: PaymentRequest) -> Result<PaymentReceipt> {
        self.known(request.token)?;
        if request.target == own() {
            return Err(RequestError::OwnAddress { role: "target" });
        }
        let PaymentRequest { token, target, amount, fee, is_direct, .. } = request;
        if amount.try_add(fee).is_err() {
            return Err(RequestError::AmountOutOfRange { field: "fee" });
        }
        let identifier = request.identifier.unwrap_or(PaymentId(u64::MAX - 1));
        let receipt =
            PaymentReceipt { initiator: own(), target, token, amount, identifier, fee, is_direct };
        if let Some(earlier) = self.payments.get(&identifier) {
            let same = *earlier == receipt;
            return if same { Ok(receipt) } else { Err(RequestError::IdentifierInUse(identifier)) };
        }
        let open =
            |view: &&mut ChannelView| view.state == ChannelState::Opened && view.partner == target;
        let Some(view) = self.channels.values_mut().find(open) else {
            let none = RequestError::NoDirectChannel { token, target };
            return Err(if is_direct { none } else { RequestError::NoRoute });
        };
        view.balance = view.balance.try_sub(amount).map_err(|_| RequestError::NoRoute)?;
        view.partner_balance = view.partner_balance.try_add(amount).unwrap();
        let channel = view.channel;
        self.payments.insert(identifier, receipt);
        self.record_payment(receipt, channel, is_direct);
        let is_async = request.patience.is_zero();
        self.note(channel, ChannelEventKind::TransferSentSuccess { identifier, amount, target });
        let (reason, initiator) = ("no available route".to_owned(), target);
        self.note(channel, ChannelEventKind::TransferSentFailed { identifier, reason });
        let paid = ChannelEventKind::TransferReceivedSuccess { identifier, amount, initiator };
        self.note(channel, paid);
        if is_async { Err(RequestError::PaymentPending { identifier }) } else { Ok(receipt) }
    }

    fn token_events(&self, token: TokenAddress, range: BlockRange) -> Result<Vec<TokenEvent>> {
        self.known(token)?;
        let events = self.channels.values().map(|view| TokenEvent {
            token,
            channel: view.channel,
            participants: [own(), view.partner],
            settle_timeout: view.settle_timeout,
            block: view.opened_block,
        });
        Ok(events.filter(|event| range.contains(event.block)).collect())
    }

    fn balance(&self, token: TokenAddress, holder: NodeAddress) -> Result<TokenAmount> {
        let account = self.account.get(&token).ok_or(RequestError::NotAToken(token))?;
        Ok(if holder == own() { *account } else { TokenAmount::MAX })
    }

    fn spend(&mut self, token: TokenAddress, amount: TokenAmount) -> Result<()> {
        let account = self.account.get_mut(&token).ok_or(RequestError::NotAToken(token))?;
        let (available, needed) = (*account, amount);
        let rest = account.try_sub(amount);
        *account = rest.map_err(|_| RequestError::InsufficientTokens { available, needed })?;
        Ok(())
    }

    fn note(&mut self, channel: ChannelAddress, kind: ChannelEventKind) {
        if !is_transfer(&kind) {
            self.record(Happening::Channel { channel, kind: kind.clone() });
        }
        let event = ChannelEvent { block: self.head, kind };
        self.events.entry(channel).or_default().push(event);
    }

    fn record(&mut self, what: Happening) {
        let number = u64::try_from(self.journal.len()).unwrap() + 1;
        self.journal.push(JournalEntry { number, time: 1000 + number, block: self.head, what });
    }

    /// Pretends to have been paid the same as well, and that a third payment failed.
    fn record_payment(&mut self, receipt: PaymentReceipt, channel: ChannelAddress, fails: bool) {
        let sent = PaymentRecord {
            role: PaymentRole::Initiator,
            failure: None,
            token: receipt.token,
            initiator: own(),
            target: receipt.target,
            identifier: receipt.identifier,
            amount: receipt.amount,
            fee: receipt.fee,
            incoming: None,
            outgoing: Some(channel),
            nonce: Some(Nonce(3)),
        };
        self.record(Happening::Payment(sent.clone()));
        let received = PaymentRecord {
            role: PaymentRole::Target,
            initiator: receipt.target,
            target: own(),
            incoming: Some(channel),
            outgoing: None,
            ..sent.clone()
        };
        self.record(Happening::Payment(received));
        if fails {
            let failure = Some(PaymentFailure::RoutesExhausted);
            self.record(Happening::Payment(PaymentRecord { failure, ..sent }));
            self.record(Happening::RolledBack { to: BlockNumber(90) });
        }
    }

    /// Ends a stream where the journal ends, so that a client need not wait.
    fn read(&self, after: Option<u64>, limit: usize) -> Result<JournalPage> {
        let newest = u64::try_from(self.journal.len()).unwrap();
        let Some(after) = after else { return Ok(JournalPage { entries: vec![], after: newest }) };
        let rest = self.journal.iter().filter(|entry| entry.number > after).take(limit);
        let entries: Vec<_> = rest.cloned().collect();
        let after = entries.last().ok_or(RequestError::Stopping)?.number;
        Ok(JournalPage { entries, after })
    }

    fn progress(&self, payment: PaymentKey) -> Result<PaymentProgress> {
        let unknown = || RequestError::UnknownPayment(payment.identifier);
        let receipt = *self.payments.get(&payment.identifier).ok_or_else(unknown)?;
        Ok(PaymentProgress { receipt, is_pending: true, failure: None })
    }

    fn connections(&self) -> Connections {
        Connections {
            chain_answers: true,
            block: Some(self.head),
            block_time: Some(951_782_400_000),
            synced: true,
            peers: 2,
            mesh: self.mesh,
        }
    }

    fn status(&self) -> NodeStatus {
        NodeStatus {
            block: Some(self.head),
            synced: true,
            channels: self.channels.len(),
            pending_transfers: 0,
            connected_peers: 1,
            outbox: 0,
            payments_sent: 3,
            payments_failed: 2,
            payments_received: 1,
            payments_mediated: 0,
        }
    }
}

fn is_transfer(kind: &ChannelEventKind) -> bool {
    matches!(
        kind,
        ChannelEventKind::TransferSentSuccess { .. }
            | ChannelEventKind::TransferSentFailed { .. }
            | ChannelEventKind::TransferReceivedSuccess { .. }
    )
}

/// A transfer that the node passes on.
fn pending() -> PendingTransfer {
    let leg = |channel, is_outgoing, expiration| LegView {
        channel: ChannelAddress::new([channel; 20]),
        is_outgoing,
        amount: TokenAmount::from_units(7),
        expiration: BlockNumber(expiration),
        hashlock: Hashlock::new([5; 32]),
    };
    PendingTransfer {
        role: PaymentRole::Mediator,
        token: token(),
        initiator: partner(),
        target: NodeAddress::new([0x77; 20]),
        identifier: PaymentId(9),
        amount: TokenAmount::from_units(7),
        fee: TokenAmount::ZERO,
        stage: PendingStage::Locked,
        locks: vec![leg(0xc0, false, 150), leg(0xc1, true, 140)],
    }
}

fn manager() -> ManagerAddress {
    "0xC4F8393fb7971E8B299bC1b302F85BfFB3a1275a".parse().unwrap()
}

fn network_event(token: TokenAddress) -> NetworkEvent {
    NetworkEvent { token, manager: manager(), block: BlockNumber(12) }
}

fn new_balance(balance: TokenAmount) -> ChannelEventKind {
    ChannelEventKind::NewBalance { participant: own(), balance }
}

fn lock(number: u8, secret_known: bool) -> LockView {
    LockView {
        amount: TokenAmount::from_units(u64::from(number)),
        expiration: BlockNumber(200),
        hashlock: Hashlock::new([number; 32]),
        secret_known,
    }
}

fn proof(signature: Option<Signature>) -> ProofView {
    ProofView {
        nonce: Nonce(3),
        transferred: TokenAmount::MAX,
        locksroot: LocksRoot::default(),
        message_hash: MessageHash::new([9; 32]),
        signature,
    }
}

/// Answers every command with an error.
pub(crate) async fn refuse_all(
    mut commands: mpsc::Receiver<Command>,
    refuse: impl Fn() -> RequestError,
) {
    macro_rules! refuse_each {
        ($command:expr, $($variant:ident ( $($skip:tt),* ))*) => {
            match $command {
                $(Command::$variant($($skip,)* reply) => drop(reply.send(Err(refuse()))),)*
            }
        };
    }
    while let Some(command) = commands.recv().await {
        refuse_each!(command,
            Tokens() RegisterToken(_) Partners(_) Channels() Channel(_) OpenChannel(_) Deposit(_)
            Close(_) Settle(_) Pay(_) NetworkEvents(_) TokenEvents(_, _) ChannelEvents(_, _)
            TokenBalance(_, _) TransferTokens(_, _, _) UpdateNodes(_) Status() Stop() Payments(_)
            Journal(_, _) Payment(_) PendingTransfers() SwitchMesh(_) Connections() CoinBalance(_)
            OpenChannelOnce(_, _) DepositOnce(_, _));
    }
}
