//! Requests of users, as they reach the owner.

use crate::{
    BlockRange, ChannelEvent, ChannelView, Command, NodeStatus, PartnerView, PeerEndpoint, Reply,
    RequestError, TokenEvent,
    channel_view::view,
    effect::Effect,
    history, journal,
    keys::Keyed,
    owner::{Ending, Owner},
};
use tally_channel::{Channel, Phase};
use tally_primitives::{ChannelAddress, TokenAddress};
use tally_storage::{Store, StoreError};

impl Owner {
    pub(crate) fn command(&mut self, command: Command) {
        match command {
            Command::Tokens(reply) => {
                let tokens = self.chain.tokens().collect();
                self.answer(reply, Ok(tokens));
            }
            Command::RegisterToken(token, reply) => self.register_token(token, reply),
            Command::Partners(token, reply) => {
                let partners = self.partners(token);
                self.answer(reply, partners);
            }
            Command::Channels(reply) => {
                let channels = self.seen_channels().map(|own| view(own, &self.config)).collect();
                self.answer(reply, Ok(channels));
            }
            Command::Channel(channel, reply) => {
                let channel = self.channel_view(channel);
                self.answer(reply, channel);
            }
            Command::OpenChannel(request, reply) => self.open_channel(&request, reply),
            Command::Deposit(request, reply) => self.deposit(&request, reply),
            Command::OpenChannelOnce(request, key, reply) => {
                self.once(Keyed::Open(request), key, reply);
            }
            Command::DepositOnce(request, key, reply) => {
                self.once(Keyed::Deposit(request), key, reply);
            }
            Command::Close(channel, reply) => self.close(channel, reply),
            Command::Settle(channel, reply) => self.settle(channel, reply),
            Command::Pay(request, reply) => self.pay(request, reply),
            Command::NetworkEvents(range, reply) => {
                self.query(reply, move |store| history::network_events(store, range));
            }
            Command::TokenEvents(token, range, reply) => self.token_events(token, range, reply),
            Command::ChannelEvents(channel, range, reply) => {
                self.channel_events(channel, range, reply);
            }
            Command::Payments(filter, reply) => {
                self.query(reply, move |store| journal::payments(store, &filter));
            }
            Command::Journal(after, limit, reply) => self.follow_journal(after, limit, reply),
            Command::Payment(payment, reply) => {
                let progress = self.payment_progress(payment);
                self.answer(reply, progress);
            }
            Command::PendingTransfers(reply) => {
                let pending = self.pending_transfers();
                self.answer(reply, Ok(pending));
            }
            Command::SwitchMesh(mesh, reply) => self.switch_mesh(mesh, reply),
            Command::Connections(reply) => self.connections(reply),
            Command::CoinBalance(holder, reply) => self.coin_balance(holder, reply),
            Command::TokenBalance(token, holder, reply) => {
                self.token_balance(token, holder, reply);
            }
            Command::TransferTokens(token, recipient, amount, reply) => {
                self.transfer_tokens(token, recipient, amount, reply);
            }
            Command::UpdateNodes(peers, reply) => self.update_nodes(&peers, reply),
            Command::Status(reply) => {
                let status = self.status();
                self.answer(reply, Ok(status));
            }
            Command::Stop(reply) => self.ending = Some(Ending::Asked(Some(reply))),
        }
    }

    /// Reads the history for a caller, once all that happened before is on disk.
    pub(crate) fn query<T: Send + 'static>(
        &mut self,
        reply: Reply<T>,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) {
        self.group.effects.push(Effect::query(reply, read));
    }

    fn token_events(
        &mut self,
        token: TokenAddress,
        range: BlockRange,
        reply: Reply<Vec<TokenEvent>>,
    ) {
        match self.check_token(token) {
            Ok(()) => self.query(reply, move |store| history::token_events(store, token, range)),
            Err(error) => self.answer(reply, Err(error)),
        }
    }

    fn channel_events(
        &mut self,
        channel: ChannelAddress,
        range: BlockRange,
        reply: Reply<Vec<ChannelEvent>>,
    ) {
        if self.protocol.channel(channel).is_none() {
            return self.answer(reply, Err(RequestError::UnknownChannel(channel)));
        }
        self.query(reply, move |store| history::channel_events(store, channel, range));
    }

    fn partners(&self, token: TokenAddress) -> Result<Vec<PartnerView>, RequestError> {
        self.check_token(token)?;
        let view = |own: &Channel| PartnerView { partner: own.partner(), channel: own.address() };
        let live = self.protocol.channels().filter(|own| match own.phase() {
            Phase::Open | Phase::Closing | Phase::Closed { .. } => own.token() == token,
            Phase::Vanished | Phase::Settled { .. } => false,
        });
        Ok(live.map(view).collect())
    }

    /// Returns the channels that the chain has, settled ones included.
    fn seen_channels(&self) -> impl Iterator<Item = &Channel> {
        self.protocol.channels().filter(|channel| channel.phase() != Phase::Vanished)
    }

    fn channel_view(&self, channel: ChannelAddress) -> Result<ChannelView, RequestError> {
        let own = self.protocol.channel(channel).filter(|own| own.phase() != Phase::Vanished);
        own.map(|own| view(own, &self.config)).ok_or(RequestError::UnknownChannel(channel))
    }

    fn update_nodes(&mut self, peers: &[PeerEndpoint], reply: Reply<()>) {
        let result = self.endpoints.replace_operators(peers, &mut self.group);
        self.answer(reply, result);
    }

    fn status(&self) -> NodeStatus {
        let live = self.protocol.channels().filter(|own| match own.phase() {
            Phase::Open | Phase::Closing | Phase::Closed { .. } => true,
            Phase::Vanished | Phase::Settled { .. } => false,
        });
        NodeStatus {
            block: self.block.is_some().then(|| self.protocol.head()),
            synced: self.synced,
            channels: live.count(),
            pending_transfers: self.protocol.pending_transfers(),
            connected_peers: self.connected.len(),
            outbox: self.outbox.len(),
            payments_sent: self.counters.payments_sent,
            payments_failed: self.counters.payments_failed,
            payments_received: self.counters.payments_received,
            payments_mediated: self.counters.payments_mediated,
        }
    }
}
