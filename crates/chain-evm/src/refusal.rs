use crate::{abi::Refusals::RefusalsErrors as Error, rpc::RpcFailure};
use alloy_primitives::{U256, hex};
use alloy_sol_types::{Panic, Revert, SolError, SolInterface};
use tally_chain::Refusal;
use tally_primitives::{BlockNumber, ChannelAddress, TokenAmount};

/// The contracts' number for a settled channel.
const STATE_SETTLED: u8 = 3;

/// Decodes what a contract reverted with; `words` are the server's, for when there is nothing else.
pub(crate) fn decode(data: &[u8], words: &str) -> Refusal {
    if let Ok(error) = Error::abi_decode(data) {
        return known(error);
    }
    if let Ok(revert) = Revert::abi_decode(data) {
        return Refusal::Other(revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return Refusal::Other(panic.to_string());
    }
    match data.get(..4) {
        Some(selector) => Refusal::Other(format!("error {}", hex::encode_prefixed(selector))),
        None => Refusal::Other(words.to_owned()),
    }
}

/// Decodes a failure that is a revert.
pub(crate) fn of(failure: &RpcFailure) -> Option<Refusal> {
    let data = failure.revert_data()?;
    Some(decode(&data, failure.message().unwrap_or("execution reverted")))
}

fn number(value: U256) -> u64 {
    value.saturating_to()
}

fn known(error: Error) -> Refusal {
    let other = |text: &str| Refusal::Other(text.to_owned());
    match error {
        Error::TokenAlreadyRegistered(_) => Refusal::TokenAlreadyRegistered,
        Error::NotAToken(_) => Refusal::NotAToken,
        Error::ChannelExists(error) => Refusal::ChannelExists(ChannelAddress(error.channel)),
        Error::SamePartner(_) => Refusal::SamePartner,
        Error::InvalidSettleTimeout(error) => {
            Refusal::InvalidSettleTimeout { min: number(error.minimum), max: number(error.maximum) }
        }
        Error::NothingToDeposit(_) => Refusal::NothingToDeposit,
        Error::AmountTooLarge(error) => {
            Refusal::AmountTooLarge { max: TokenAmount::new(error.maximum) }
        }
        Error::NotParticipant(_) => Refusal::NotParticipant,
        Error::ChannelNotOpen(_) => Refusal::ChannelNotOpen,
        Error::ChannelNotClosed(error) if error.state == STATE_SETTLED => Refusal::ChannelSettled,
        Error::ChannelNotClosed(_) => Refusal::ChannelNotClosed,
        Error::StaleNonce(_) => Refusal::StaleNonce,
        Error::WindowClosed(_) => Refusal::WindowClosed,
        Error::WindowOpen(error) => Refusal::WindowOpen { until: BlockNumber(number(error.until)) },
        Error::UnknownProof(_) => Refusal::UnknownProof,
        Error::LockExpired(_) => Refusal::LockExpired,
        Error::ERC20InsufficientAllowance(error) => Refusal::InsufficientTokens {
            available: TokenAmount::new(error.allowance),
            needed: TokenAmount::new(error.needed),
        },
        Error::ERC20InsufficientBalance(error) => Refusal::InsufficientTokens {
            available: TokenAmount::new(error.balance),
            needed: TokenAmount::new(error.needed),
        },
        Error::InvalidPartner(_) => other("the zero address is nobody's partner"),
        Error::NotAChannel(_) => other("not a channel"),
        Error::NotManager(_) => other("only the channel's manager may call this"),
        Error::CallerClosed(_) => other("the closing participant cannot update"),
        Error::InvalidSignature(_) => other("invalid signature"),
        Error::ZeroNonce(_) => other("a proof's nonce starts at 1"),
        Error::NothingToUnlock(_) => other("no claim was given"),
        Error::InvalidLockLength(_) => other("a lock has 72 bytes"),
        Error::InvalidSecret(_) => other("the secret does not open the lock"),
        Error::InvalidMerkleProof(_) => other("the lock is not in the tree"),
        Error::TransferredAmountOverflow(_) => other("the transferred amount would overflow"),
        Error::WrongTotal(_) => other("the balances do not add up to what the channel holds"),
        Error::NothingToWithdraw(_) => other("nothing more to withdraw"),
        Error::WithdrawTooLarge(_) => other("the channel holds less"),
        Error::NothingToCollect(_) => other("nothing to collect"),
        Error::EndpointTooLong(_) => other("the endpoint is too long"),
        Error::ReentrancyGuardReentrantCall(_) => other("the token called back"),
        Error::SafeERC20FailedOperation(_) => other("the token refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Refusals;
    use alloy_primitives::Address;
    use proptest::prelude::*;

    /// Goal: numbers in a refusal arrive, and old tokens' words too.
    #[test]
    fn refusals_keep_their_data() {
        let error = Refusals::ERC20InsufficientBalance {
            sender: Address::ZERO,
            balance: U256::from(3),
            needed: U256::MAX,
        };
        let wanted = Refusal::InsufficientTokens {
            available: TokenAmount::from_units(3),
            needed: TokenAmount::MAX,
        };
        assert_eq!(decode(&error.abi_encode(), ""), wanted);

        let words = "ERC20: transfer amount exceeds balance";
        let revert = Revert { reason: words.to_owned() };
        assert_eq!(decode(&revert.abi_encode(), ""), Refusal::Other(words.to_owned()));
        assert_eq!(decode(&[], "no words"), Refusal::Other("no words".to_owned()));
        assert_eq!(decode(&[1, 2, 3, 4, 5], ""), Refusal::Other("error 0x01020304".to_owned()));
    }

    proptest! {
        /// Law: a contract can revert with anything.
        #[test]
        fn any_bytes_are_some_refusal(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&data, "");
        }
    }
}
