use crate::{
    abi::{ChannelManager, EndpointRegistry, NettingChannel as Channel, Registry, SecretRegistry},
    deployment::Deployment,
};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolEvent;
use std::collections::HashMap;
use tally_chain::{ChainEvent, KnownContracts};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, LocksRoot, ManagerAddress, NodeAddress, Nonce, Secret,
    TokenAddress, TokenAmount,
};

/// The events that are looked for.
pub(crate) const EVENTS: [B256; 11] = [
    Registry::TokenAdded::SIGNATURE_HASH,
    ChannelManager::ChannelNew::SIGNATURE_HASH,
    Channel::ChannelNewBalance::SIGNATURE_HASH,
    Channel::ChannelWithdraw::SIGNATURE_HASH,
    Channel::ChannelClosed::SIGNATURE_HASH,
    Channel::TransferUpdated::SIGNATURE_HASH,
    Channel::ChannelUnlocked::SIGNATURE_HASH,
    Channel::ChannelSettled::SIGNATURE_HASH,
    Channel::ChannelCooperativelySettled::SIGNATURE_HASH,
    SecretRegistry::SecretRevealed::SIGNATURE_HASH,
    EndpointRegistry::AddressRegistered::SIGNATURE_HASH,
];

/// The contracts whose events count. Anyone can log anything, so an event is believed only from the
/// deployment's registries, the managers the registry made, and the channels these made.
#[derive(Debug)]
pub(crate) struct GenuineContracts {
    deployment: Deployment,
    managers: HashMap<Address, (TokenAddress, BlockNumber)>,
    channels: HashMap<Address, BlockNumber>,
}

impl GenuineContracts {
    /// Starts with contracts that were made at or before `until`.
    pub(crate) fn new(deployment: Deployment, known: KnownContracts, until: BlockNumber) -> Self {
        let managers = known.managers.into_iter();
        let channels = known.channels.into_iter();
        Self {
            deployment,
            managers: managers.map(|(token, manager)| (manager.0, (token, until))).collect(),
            channels: channels.map(|channel| (channel.0, until)).collect(),
        }
    }

    /// Returns the managers.
    pub(crate) fn managers(&self) -> Vec<Address> {
        self.managers.keys().copied().collect()
    }

    /// Forgets contracts made after `fork`, which were undone. Seeded ones stay: an address that
    /// was a channel once can become nothing else.
    pub(crate) fn roll_back(&mut self, fork: BlockNumber) {
        self.managers.retain(|_, (_, made)| *made <= fork);
        self.channels.retain(|_, made| *made <= fork);
    }

    /// Reads a log: `None` if it is not by a contract that counts. Remembers contracts it tells of.
    ///
    /// # Errors
    ///
    /// If a contract that counts logged what it cannot log.
    pub(crate) fn read(
        &mut self,
        log: &Log,
        block: BlockNumber,
    ) -> Result<Option<ChainEvent>, alloy_sol_types::Error> {
        let emitter = log.address();
        let Some(event) = log.topic0() else { return Ok(None) };
        if emitter == self.deployment.registry {
            return self.read_registry(log, block);
        }
        if emitter == self.deployment.secret_registry {
            return read_secret(log);
        }
        if emitter == self.deployment.endpoint_registry {
            return read_endpoint(log);
        }
        if let Some((token, _)) = self.managers.get(&emitter) {
            if *event != ChannelManager::ChannelNew::SIGNATURE_HASH {
                return Ok(None);
            }
            let data = ChannelManager::ChannelNew::decode_log(&log.inner)?.data;
            self.channels.insert(data.nettingChannel, block);
            return Ok(Some(ChainEvent::ChannelNew {
                token: *token,
                channel: ChannelAddress(data.nettingChannel),
                participants: [NodeAddress(data.participant1), NodeAddress(data.participant2)],
                settle_timeout: BlockSpan(data.settleTimeout.saturating_to()),
            }));
        }
        if self.channels.contains_key(&emitter) {
            return read_channel(log, ChannelAddress(emitter), *event);
        }
        Ok(None)
    }

    fn read_registry(
        &mut self,
        log: &Log,
        block: BlockNumber,
    ) -> Result<Option<ChainEvent>, alloy_sol_types::Error> {
        if log.topic0() != Some(&Registry::TokenAdded::SIGNATURE_HASH) {
            return Ok(None);
        }
        let data = Registry::TokenAdded::decode_log(&log.inner)?.data;
        let token = TokenAddress(data.token);
        self.managers.insert(data.channelManager, (token, block));
        Ok(Some(ChainEvent::TokenAdded { token, manager: ManagerAddress(data.channelManager) }))
    }
}

fn read_secret(log: &Log) -> Result<Option<ChainEvent>, alloy_sol_types::Error> {
    if log.topic0() != Some(&SecretRegistry::SecretRevealed::SIGNATURE_HASH) {
        return Ok(None);
    }
    let data = SecretRegistry::SecretRevealed::decode_log(&log.inner)?.data;
    let secret = Secret::new(data.secret.0);
    let hashlock = tally_crypto::hashlock(&secret);
    Ok(Some(ChainEvent::SecretRevealed { secret, hashlock }))
}

fn read_endpoint(log: &Log) -> Result<Option<ChainEvent>, alloy_sol_types::Error> {
    if log.topic0() != Some(&EndpointRegistry::AddressRegistered::SIGNATURE_HASH) {
        return Ok(None);
    }
    let data = EndpointRegistry::AddressRegistered::decode_log(&log.inner)?.data;
    let (node, endpoint) = (NodeAddress(data.node), data.endpoint);
    Ok(Some(ChainEvent::EndpointRegistered { node, endpoint }))
}

fn read_channel(
    log: &Log,
    channel: ChannelAddress,
    event: B256,
) -> Result<Option<ChainEvent>, alloy_sol_types::Error> {
    let amount = |units: U256| TokenAmount::new(units);
    let log = &log.inner;
    Ok(Some(match event {
        Channel::ChannelNewBalance::SIGNATURE_HASH => {
            let data = Channel::ChannelNewBalance::decode_log(log)?.data;
            let participant = NodeAddress(data.participant);
            let total_deposit = amount(data.balance);
            ChainEvent::ChannelNewBalance { channel, participant, total_deposit }
        }
        Channel::ChannelWithdraw::SIGNATURE_HASH => {
            let data = Channel::ChannelWithdraw::decode_log(log)?.data;
            let participant = NodeAddress(data.participant);
            let total_withdraw = amount(data.totalWithdraw);
            ChainEvent::ChannelWithdraw { channel, participant, total_withdraw }
        }
        Channel::ChannelClosed::SIGNATURE_HASH => {
            let data = Channel::ChannelClosed::decode_log(log)?.data;
            ChainEvent::ChannelClosed {
                channel,
                closer: NodeAddress(data.closingAddress),
                nonce: Nonce(data.nonce),
                transferred: amount(data.transferredAmount),
                locksroot: LocksRoot(data.locksroot),
            }
        }
        Channel::TransferUpdated::SIGNATURE_HASH => {
            let data = Channel::TransferUpdated::decode_log(log)?.data;
            ChainEvent::TransferUpdated {
                channel,
                payer: NodeAddress(data.participant),
                nonce: Nonce(data.nonce),
                transferred: amount(data.transferredAmount),
                locksroot: LocksRoot(data.locksroot),
            }
        }
        Channel::ChannelUnlocked::SIGNATURE_HASH => {
            let data = Channel::ChannelUnlocked::decode_log(log)?.data;
            ChainEvent::ChannelUnlocked {
                channel,
                payer: NodeAddress(data.payer),
                secret: Secret::new(data.secret.0),
                amount: amount(data.amount),
                transferred: amount(data.transferredAmount),
                locksroot: LocksRoot(data.locksroot),
            }
        }
        Channel::ChannelSettled::SIGNATURE_HASH => {
            let data = Channel::ChannelSettled::decode_log(log)?.data;
            let payouts = [amount(data.payout1), amount(data.payout2)];
            ChainEvent::ChannelSettled { channel, payouts, cooperative: false }
        }
        Channel::ChannelCooperativelySettled::SIGNATURE_HASH => {
            let data = Channel::ChannelCooperativelySettled::decode_log(log)?.data;
            let payouts = [amount(data.payout1), amount(data.payout2)];
            ChainEvent::ChannelSettled { channel, payouts, cooperative: true }
        }
        _ => return Ok(None),
    }))
}
