use super::Amount;
use serde::Serialize;
use tally_channel_node::{ChannelState, ChannelView};

/// One of the node's channels, in the original's order of keys.
#[derive(Serialize)]
pub(crate) struct Channel {
    channel_address: String,
    partner_address: String,
    balance: Amount,
    partner_balance: Amount,
    locked_amount: Amount,
    partner_locked_amount: Amount,
    token_address: String,
    state: &'static str,
    settle_timeout: u64,
    reveal_timeout: u64,
    /// What the node was paid out; only once the channel is settled, when `balance` is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    payout: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_payout: Option<Amount>,
}

impl From<&ChannelView> for Channel {
    fn from(view: &ChannelView) -> Self {
        Self {
            channel_address: view.channel.to_string(),
            partner_address: view.partner.to_string(),
            balance: Amount(view.balance),
            partner_balance: Amount(view.partner_balance),
            locked_amount: Amount(view.locked),
            partner_locked_amount: Amount(view.partner_locked),
            token_address: view.token.to_string(),
            state: match view.state {
                ChannelState::Opened => "opened",
                ChannelState::Closed => "closed",
                ChannelState::Settled => "settled",
            },
            settle_timeout: view.settle_timeout.0,
            reveal_timeout: view.reveal_timeout.0,
            payout: view.payouts.map(|[own, _]| Amount(own)),
            partner_payout: view.payouts.map(|[_, partner]| Amount(partner)),
        }
    }
}
