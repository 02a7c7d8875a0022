use super::Amount;
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Display};
use tally_channel_node::{ChannelEvent, ChannelEventKind, NetworkEvent, TokenEvent};
use tally_primitives::{B256, BlockNumber, ChannelAddress, Secret, TokenAmount};

/// An event: its fields by name, in alphabetical order as the original wrote them.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Event(BTreeMap<&'static str, Value>);

#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Number(u64),
    Amount(Amount),
}

impl Event {
    pub(super) fn new(event_type: &'static str, block: BlockNumber) -> Self {
        Self(BTreeMap::new()).text("event_type", event_type).number("block_number", block.0)
    }

    pub(super) fn text(mut self, name: &'static str, value: impl Display) -> Self {
        self.0.insert(name, Value::Text(value.to_string()));
        self
    }

    pub(super) fn number(mut self, name: &'static str, value: u64) -> Self {
        self.0.insert(name, Value::Number(value));
        self
    }

    fn amount(mut self, name: &'static str, value: TokenAmount) -> Self {
        self.0.insert(name, Value::Amount(Amount(value)));
        self
    }

    pub(crate) fn of_network(event: NetworkEvent) -> Self {
        Self::new("TokenAdded", event.block)
            .text("token_address", event.token)
            .text("channel_manager_address", event.manager)
    }

    pub(crate) fn of_token(event: TokenEvent) -> Self {
        let [first, second] = event.participants;
        Self::new("ChannelNew", event.block)
            .text("token_address", event.token)
            .text("netting_channel", event.channel)
            .text("participant1", first)
            .text("participant2", second)
            .number("settle_timeout", event.settle_timeout.0)
    }

    pub(crate) fn of_channel(channel: ChannelAddress, event: ChannelEvent) -> Self {
        let new = |event_type| Self::new(event_type, event.block);
        match event.kind {
            ChannelEventKind::NewBalance { participant, balance } => {
                new("ChannelNewBalance").text("participant", participant).amount("balance", balance)
            }
            ChannelEventKind::Closed { closing_address } => new("ChannelClosed")
                .text("netting_channel_address", channel)
                .text("closing_address", closing_address),
            ChannelEventKind::TransferUpdated { token, manager, participant } => {
                new("TransferUpdated")
                    .text("token_address", token)
                    .text("channel_manager_address", manager)
                    .text("participant", participant)
            }
            ChannelEventKind::SecretRevealed { secret } => new("ChannelSecretRevealed")
                .text("netting_channel_address", channel)
                .text("secret", published(&secret)),
            ChannelEventKind::Settled => {
                new("ChannelSettled").text("netting_channel_address", channel)
            }
            ChannelEventKind::TransferSentSuccess { identifier, amount, target } => {
                new("EventTransferSentSuccess")
                    .number("identifier", identifier.0)
                    .amount("amount", amount)
                    .text("target", target)
            }
            ChannelEventKind::TransferSentFailed { identifier, reason } => {
                new("EventTransferSentFailed")
                    .number("identifier", identifier.0)
                    .text("reason", reason)
            }
            ChannelEventKind::TransferReceivedSuccess { identifier, amount, initiator } => {
                new("EventTransferReceivedSuccess")
                    .number("identifier", identifier.0)
                    .amount("amount", amount)
                    .text("initiator", initiator)
            }
        }
    }
}

/// Writes a secret that the chain has shown to everybody.
fn published(secret: &Secret) -> String {
    format!("{:?}", B256::new(*secret.expose()))
}
