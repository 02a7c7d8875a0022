use crate::{ChannelState, ChannelView, LockView, NodeConfig, ProofView};
use tally_channel::{Channel, End, PendingLock, Phase, Side};
use tally_primitives::{BlockNumber, TokenAmount};

/// Shows one of the node's channels.
pub(crate) fn view(channel: &Channel, config: &NodeConfig) -> ChannelView {
    let (state, settled_block) = match channel.phase() {
        Phase::Vanished | Phase::Open | Phase::Closing => (ChannelState::Opened, None),
        Phase::Closed { .. } => (ChannelState::Closed, None),
        Phase::Settled { at } => (ChannelState::Settled, Some(at)),
    };
    let is_settled = settled_block.is_some();
    let balance = |side| if is_settled { TokenAmount::ZERO } else { channel.balance(side) };
    let end = |side| channel.end(side);
    ChannelView {
        channel: channel.address(),
        token: channel.token(),
        partner: channel.partner(),
        balance: balance(Side::Ours),
        partner_balance: balance(Side::Theirs),
        locked: end(Side::Ours).locked(),
        partner_locked: end(Side::Theirs).locked(),
        deposit: channel.deposit(Side::Ours),
        partner_deposit: channel.deposit(Side::Theirs),
        state,
        settle_timeout: channel.settle_timeout(),
        reveal_timeout: config.reveal_timeout,
        opened_block: channel.opened_at().unwrap_or(BlockNumber(0)),
        closed_block: channel.closed_at(),
        settled_block,
        payouts: channel.payouts(),
        locks: locks(end(Side::Ours)),
        partner_locks: locks(end(Side::Theirs)),
        proof: proof(channel, Side::Ours),
        partner_proof: proof(channel, Side::Theirs),
    }
}

fn locks(end: &End) -> Vec<LockView> {
    let view = |pending: &PendingLock| LockView {
        amount: pending.lock.amount,
        expiration: pending.lock.expiration,
        hashlock: pending.lock.hashlock,
        secret_known: pending.secret.is_some(),
    };
    end.locks().values().map(view).collect()
}

fn proof(channel: &Channel, side: Side) -> Option<ProofView> {
    let end = channel.end(side);
    let proof = end.proof(channel.address())?;
    Some(ProofView {
        nonce: proof.nonce,
        transferred: proof.transferred,
        locksroot: proof.locksroot,
        message_hash: proof.message_hash,
        signature: end.signature(),
    })
}
