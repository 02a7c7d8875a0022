//! The contracts' interfaces and code.
//!
//! Written out rather than generated from the artefacts, because that is a page instead of a
//! megabyte of generated code; a test compares the two.

use alloy_primitives::{Bytes, hex};
use alloy_sol_types::sol;
use serde::Deserialize;

sol! {
    #[derive(Debug)]
    interface Registry {
        constructor(address secretRegistry);

        event TokenAdded(address indexed token, address indexed channelManager);

        function addToken(address token) external returns (address manager);
        function channelManagerByToken(address token) external view returns (address);
        function secretRegistry() external view returns (address);
    }

    #[derive(Debug)]
    interface ChannelManager {
        event ChannelNew(address indexed nettingChannel, address indexed participant1, address indexed participant2, uint256 settleTimeout);

        function newChannel(address partner, uint256 settleTimeout) external returns (address channel);
        function newChannelWithDeposit(address partner, uint256 settleTimeout, uint256 deposit) external returns (address channel);
        function newChannelWithPermit(address partner, uint256 settleTimeout, uint256 deposit, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external returns (address channel);
    }

    #[derive(Debug)]
    struct Claim {
        bytes lock;
        bytes32 secret;
        bytes32[] proof;
    }

    #[derive(Debug)]
    interface NettingChannel {
        event ChannelNewBalance(address indexed participant, uint256 balance);
        event ChannelClosed(address indexed closingAddress, uint64 nonce, uint256 transferredAmount, bytes32 locksroot);
        event TransferUpdated(address indexed participant, uint64 nonce, uint256 transferredAmount, bytes32 locksroot);
        event ChannelUnlocked(address indexed payer, bytes32 secret, uint256 amount, uint256 transferredAmount, bytes32 locksroot);
        event ChannelWithdraw(address indexed participant, uint256 totalWithdraw);
        event ChannelSettled(uint256 payout1, uint256 payout2);
        event ChannelCooperativelySettled(uint256 payout1, uint256 payout2);

        function deposit(uint256 amount) external;
        function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
        function close(uint64 nonce, uint256 transferredAmount, bytes32 locksroot, bytes32 messageHash, bytes signature) external;
        function updateTransfer(uint64 nonce, uint256 transferredAmount, bytes32 locksroot, bytes32 messageHash, bytes signature) external;
        function supersedeTransfer(uint64 nonce, uint256 transferredAmount, bytes32 locksroot, bytes32 messageHash, bytes acknowledgement) external;
        function unlock(address payer, uint256 transferredAmount, bytes32 locksroot, Claim[] claims) external;
        function settle(uint256 transferredAmount1, bytes32 locksroot1, uint256 transferredAmount2, bytes32 locksroot2) external;
    }

    #[derive(Debug)]
    interface SecretRegistry {
        event SecretRevealed(bytes32 secret);

        function registerSecret(bytes32 secret) external;
    }

    #[derive(Debug)]
    interface EndpointRegistry {
        event AddressRegistered(address indexed node, string endpoint);

        function registerEndpoint(string endpoint) external;
    }

    #[derive(Debug)]
    interface Token {
        constructor(string name, string symbol, uint8 decimals);

        function approve(address spender, uint256 value) external returns (bool);
        function allowance(address owner, address spender) external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function mint(address to, uint256 amount) external;
        function nonces(address owner) external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
    }

    /// All errors the contracts, and the tokens they call, can refuse with.
    #[derive(Debug)]
    interface Refusals {
        error TokenAlreadyRegistered(address token, address channelManager);
        error NotAToken(address token);
        error ChannelExists(address channel);
        error SamePartner(address partner);
        error InvalidPartner(address partner);
        error InvalidSettleTimeout(uint256 settleTimeout, uint256 minimum, uint256 maximum);
        error NothingToDeposit();
        error AmountTooLarge(uint256 amount, uint256 maximum);
        error NotAChannel();
        error NotManager(address caller);
        error NotParticipant(address account);
        error ChannelNotOpen(uint8 state);
        error ChannelNotClosed(uint8 state);
        error CallerClosed(address caller);
        error InvalidSignature(address expectedSigner);
        error ZeroNonce();
        error StaleNonce(uint64 given, uint64 stored);
        error WindowClosed(uint256 deadline);
        error WindowOpen(uint256 until);
        error UnknownProof(address payer);
        error NothingToUnlock();
        error InvalidLockLength(uint256 length);
        error InvalidSecret(bytes32 hashlock);
        error LockExpired(bytes32 hashlock, uint256 expiration);
        error InvalidMerkleProof(bytes32 leaf);
        error TransferredAmountOverflow(uint256 transferredAmount, uint256 amount);
        error WrongTotal(uint256 balance1, uint256 balance2, uint256 total);
        error NothingToWithdraw(uint256 given, uint256 stored);
        error WithdrawTooLarge(uint256 amount, uint256 available);
        error NothingToCollect(address account);
        error EndpointTooLong(uint256 length, uint256 maximum);
        error ReentrancyGuardReentrantCall();
        error SafeERC20FailedOperation(address token);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    }
}

/// The contracts that are deployed by themselves; the others are made by these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deployable {
    Registry,
    SecretRegistry,
    EndpointRegistry,
    TestToken,
}

#[derive(Debug, Deserialize)]
struct Artefact {
    bytecode: String,
}

impl Deployable {
    /// Returns the code that creates the contract; constructor arguments go behind it.
    pub(crate) fn creation_code(self) -> Bytes {
        let artefact: Artefact =
            serde_json::from_str(self.artefact()).expect("the artefacts are tested to be JSON");
        hex::decode(artefact.bytecode).expect("the artefacts are tested to be code").into()
    }

    const fn artefact(self) -> &'static str {
        match self {
            Self::Registry => include_str!("../contracts/artifacts/Registry.json"),
            Self::SecretRegistry => include_str!("../contracts/artifacts/SecretRegistry.json"),
            Self::EndpointRegistry => include_str!("../contracts/artifacts/EndpointRegistry.json"),
            Self::TestToken => include_str!("../contracts/artifacts/TestToken.json"),
        }
    }
}

#[cfg(test)]
mod tests;
