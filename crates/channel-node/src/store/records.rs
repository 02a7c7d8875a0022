use serde::{Deserialize, Serialize};
use tally_channel::{PaymentFailure, PaymentKey};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, NodeAddress, PaymentId, TokenAddress, TokenAmount,
};

/// What the chain said of one channel of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Edge {
    pub(crate) token: TokenAddress,
    pub(crate) participants: [NodeAddress; 2],
    pub(crate) settle_timeout: BlockSpan,
    pub(crate) opened: BlockNumber,
    /// Each participant's totals as they grew, so that a reorganisation can undo the last ones.
    pub(crate) totals: Vec<(BlockNumber, u8, TotalKind, TokenAmount)>,
    pub(crate) closed: Option<BlockNumber>,
    pub(crate) settled: Option<BlockNumber>,
}

/// What a total counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TotalKind {
    Deposit,
    Withdrawal,
}

/// What a payment of this node was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) amount: TokenAmount,
    pub(crate) fee: TokenAmount,
    pub(crate) is_direct: bool,
}

/// A payment this node was asked for, kept so that the same request is the same payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) terms: Terms,
    pub(crate) state: OrderState,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OrderState {
    Pending,
    Sent,
    Failed(PaymentFailure),
}

/// A finished payment as version 1 stored it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PaymentRow {
    Sent {
        payment: PaymentKey,
        amount: TokenAmount,
        channel: ChannelAddress,
        block: BlockNumber,
    },
    Failed {
        payment: PaymentKey,
        reason: PaymentFailure,
        block: BlockNumber,
    },
    Received {
        initiator: NodeAddress,
        token: TokenAddress,
        identifier: PaymentId,
        amount: TokenAmount,
        channel: ChannelAddress,
        block: BlockNumber,
    },
}

impl Edge {
    /// Forgets what happened above `block`. Returns whether the channel is left.
    pub(crate) fn cut(&mut self, block: BlockNumber) -> bool {
        self.totals.retain(|(at, ..)| *at <= block);
        self.closed = self.closed.filter(|at| *at <= block);
        self.settled = self.settled.filter(|at| *at <= block);
        self.opened <= block
    }

    /// Returns what each participant has put in less what it took out.
    pub(crate) fn holdings(&self) -> [TokenAmount; 2] {
        [0, 1].map(|index| {
            let last = |kind| {
                let of_kind = |total: &&(BlockNumber, u8, TotalKind, TokenAmount)| {
                    total.1 == index && total.2 == kind
                };
                self.totals.iter().rev().find(of_kind).map_or(TokenAmount::ZERO, |total| total.3)
            };
            last(TotalKind::Deposit).saturating_sub(last(TotalKind::Withdrawal))
        })
    }
}
