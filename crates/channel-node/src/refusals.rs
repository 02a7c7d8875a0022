use crate::RequestError;
use tally_chain::{Refusal, TransactionError};
use tally_primitives::{BlockSpan, ChannelAddress, NodeAddress, TokenAddress};

/// What a request was about, to name it when the contract refuses.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Subject {
    pub(crate) token: Option<TokenAddress>,
    pub(crate) channel: Option<ChannelAddress>,
    pub(crate) partner: Option<NodeAddress>,
    pub(crate) settle_timeout: BlockSpan,
}

impl Subject {
    /// A request about a token.
    pub(crate) fn token(token: TokenAddress) -> Self {
        Self { token: Some(token), ..Self::default() }
    }

    /// A request about a channel.
    pub(crate) fn channel(channel: ChannelAddress) -> Self {
        Self { channel: Some(channel), ..Self::default() }
    }

    /// Says why a transaction changed nothing, in the words of the request.
    pub(crate) fn explain(self, error: TransactionError) -> RequestError {
        match error {
            TransactionError::Refused(refusal) => self.refused(refusal),
            TransactionError::InsufficientGas { balance } => {
                RequestError::InsufficientGas { balance }
            }
            TransactionError::TimedOut { transaction } => {
                RequestError::TransactionPending(transaction)
            }
            TransactionError::Chain(error) => RequestError::Chain(error),
        }
    }

    fn refused(self, refusal: Refusal) -> RequestError {
        let text = refusal.to_string();
        let known = match refusal {
            Refusal::TokenAlreadyRegistered => self.token.map(RequestError::TokenAlreadyRegistered),
            Refusal::NotAToken => self.token.map(RequestError::NotAToken),
            Refusal::UnknownToken => self.token.map(RequestError::UnknownToken),
            Refusal::ChannelExists(channel) => {
                self.partner.map(|partner| RequestError::ChannelExists { channel, partner })
            }
            Refusal::SamePartner => Some(RequestError::OwnAddress { role: "partner" }),
            Refusal::InvalidSettleTimeout { min, max } => {
                let (min, max) = (BlockSpan(min), BlockSpan(max));
                Some(RequestError::InvalidSettleTimeout { given: self.settle_timeout, min, max })
            }
            Refusal::InsufficientTokens { available, needed } => {
                Some(RequestError::InsufficientTokens { available, needed })
            }
            Refusal::ChannelNotOpen => self.channel.map(RequestError::AlreadyClosed),
            Refusal::ChannelNotClosed => self.channel.map(RequestError::StillOpen),
            Refusal::ChannelSettled => self.channel.map(RequestError::AlreadySettled),
            Refusal::WindowOpen { until } => {
                self.channel.map(|channel| RequestError::SettlementWindowOpen { channel, until })
            }
            Refusal::NotParticipant => self.channel.map(RequestError::UnknownChannel),
            Refusal::AmountTooLarge { .. } => {
                Some(RequestError::AmountOutOfRange { field: "balance" })
            }
            Refusal::NothingToDeposit
            | Refusal::WindowClosed
            | Refusal::StaleNonce
            | Refusal::UnknownProof
            | Refusal::LockExpired
            | Refusal::Other(_) => None,
        };
        known.unwrap_or(RequestError::ContractRefused(text))
    }
}
