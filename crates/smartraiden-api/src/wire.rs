//! What leaves in replies. Addresses are written with their EIP-55 checksum, amounts as bare digits.

mod channel;
mod detail;
mod event;
mod frame;
mod node;
mod payment;

pub(crate) use channel::Channel;
pub(crate) use detail::ChannelDetail;
pub(crate) use event::Event;
pub(crate) use frame::Frame;
pub(crate) use node::{EthStatus, Version};
pub(crate) use payment::{OldTransfer, Payment, PaymentStatus, Pending};

use serde::{Serialize, Serializer};
use tally_channel_node::{PartnerView, PaymentReceipt};
use tally_primitives::TokenAmount;

/// An amount as bare digits.
#[derive(Clone, Copy)]
pub(crate) struct Amount(pub(crate) TokenAmount);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tally_http::digits(&self.0, serializer)
    }
}

#[derive(Serialize)]
pub(crate) struct OwnAddress {
    pub(crate) our_address: String,
}

#[derive(Serialize)]
pub(crate) struct ManagerReply {
    pub(crate) channel_manager_address: String,
}

#[derive(Serialize)]
pub(crate) struct Partner {
    partner_address: String,
    channel: String,
}

impl From<PartnerView> for Partner {
    fn from(view: PartnerView) -> Self {
        Self {
            partner_address: view.partner.to_string(),
            channel: format!("/api/1/channels/{}", view.channel),
        }
    }
}

/// The reply to a transfer, in the original's order of keys.
#[derive(Serialize)]
pub(crate) struct Transfer {
    initiator_address: String,
    target_address: String,
    token_address: String,
    amount: Amount,
    identifier: u64,
    fee: Amount,
    is_direct: bool,
}

impl From<PaymentReceipt> for Transfer {
    fn from(receipt: PaymentReceipt) -> Self {
        Self {
            initiator_address: receipt.initiator.to_string(),
            target_address: receipt.target.to_string(),
            token_address: receipt.token.to_string(),
            amount: Amount(receipt.amount),
            identifier: receipt.identifier.0,
            fee: Amount(receipt.fee),
            is_direct: receipt.is_direct,
        }
    }
}
