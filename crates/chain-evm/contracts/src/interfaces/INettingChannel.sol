// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title A payment channel between two participants in one ERC-20 token
/// @notice Life: Open (deposits, withdrawals) -> Closed (proofs and secrets are presented) -> Settled (all is paid out).
///         A cooperative settlement goes from Open to Settled at once.
///         Signatures are 65 bytes r|s|v with v in {27,28} and low s, over EIP-712 typed data whose domain is
///         ("Tallystick", "1", chain id, this channel's address).
interface INettingChannel {
    /// @notice Where the channel is in its life. `None` is the shared implementation, which is no channel.
    enum State {
        None,
        Open,
        Closed,
        Settled
    }

    /// @notice One lock to be paid out.
    /// @param lock 72 bytes: expiration uint64 | amount uint256 | hashlock, big-endian.
    /// @param secret The preimage of the hashlock.
    /// @param proof The siblings of the lock's leaf, bottom-up, in the tree as it is when this claim's turn comes.
    struct Claim {
        bytes lock;
        bytes32 secret;
        bytes32[] proof;
    }

    /// @notice A deposit arrived.
    /// @param participant Whose deposit it is.
    /// @param balance The participant's new total deposit.
    event ChannelNewBalance(address indexed participant, uint256 balance);

    /// @notice The channel was closed; the values are those of the counterparty's proof, zero when none was given.
    event ChannelClosed(address indexed closingAddress, uint64 nonce, uint256 transferredAmount, bytes32 locksroot);

    /// @notice A newer proof is now stored.
    /// @param participant The payer, who signed the proof.
    event TransferUpdated(address indexed participant, uint64 nonce, uint256 transferredAmount, bytes32 locksroot);

    /// @notice A lock was paid to the payer's counterparty; one event a lock.
    /// @param payer Whose lock it was.
    /// @param secret What opened it; its hash names the lock. A mediator whose payee claims here learns it from this
    ///        event and can claim its own lock.
    /// @param amount The lock's amount.
    /// @param transferredAmount The payer's transferred amount, this lock included.
    /// @param locksroot The root with this lock's leaf replaced by its spent marker.
    event ChannelUnlocked(
        address indexed payer, bytes32 secret, uint256 amount, uint256 transferredAmount, bytes32 locksroot
    );

    /// @notice A participant took tokens out of the open channel.
    /// @param participant Who was paid.
    /// @param totalWithdraw The sum of all its withdrawals.
    event ChannelWithdraw(address indexed participant, uint256 totalWithdraw);

    /// @notice The channel was settled after its window.
    event ChannelSettled(uint256 payout1, uint256 payout2);

    /// @notice The channel was settled by both signatures.
    event ChannelCooperativelySettled(uint256 payout1, uint256 payout2);

    /// @notice The token refused a payout of a settlement; `collect` tries again.
    /// @param participant Who was to be paid.
    /// @param amount What the channel keeps for it.
    event PayoutRefused(address indexed participant, uint256 amount);

    /// @notice Called on the shared implementation instead of a channel.
    error NotAChannel();
    /// @notice Only the channel's manager may call this.
    error NotManager(address caller);
    /// @notice The address is neither participant.
    error NotParticipant(address account);
    /// @notice The function needs an open channel.
    error ChannelNotOpen(State state);
    /// @notice The function needs a closed channel.
    error ChannelNotClosed(State state);
    /// @notice The closing participant gave its proof when closing; only the other one updates.
    error CallerClosed(address caller);
    /// @notice Nothing was given or nothing arrived.
    error NothingToDeposit();
    /// @notice A participant's deposits would exceed what the channel can account.
    error AmountTooLarge(uint256 amount, uint256 maximum);
    /// @notice The signature is not the expected signer's, or is malformed.
    error InvalidSignature(address expectedSigner);
    /// @notice A proof's nonce starts at 1.
    error ZeroNonce();
    /// @notice A proof with the same or a higher nonce is stored.
    error StaleNonce(uint64 given, uint64 stored);
    /// @notice The settle window ended with block `deadline`.
    error WindowClosed(uint256 deadline);
    /// @notice The settle window is open up to and including block `until`.
    error WindowOpen(uint256 until);
    /// @notice The amount and root are not those of the proof stored for the payer (all zero when none is stored).
    error UnknownProof(address payer);
    /// @notice No claim was given.
    error NothingToUnlock();
    /// @notice A lock has 72 bytes.
    error InvalidLockLength(uint256 length);
    /// @notice The secret is not the preimage of the lock's hashlock.
    error InvalidSecret(bytes32 hashlock);
    /// @notice The lock is past its expiration and its secret was not registered in time.
    error LockExpired(bytes32 hashlock, uint256 expiration);
    /// @notice The lock is not in the tree, or not any more.
    error InvalidMerkleProof(bytes32 leaf);
    /// @notice The lock's amount would lift the transferred amount above 2^256-1.
    error TransferredAmountOverflow(uint256 transferredAmount, uint256 amount);
    /// @notice The two balances do not add up to what the channel holds.
    error WrongTotal(uint256 balance1, uint256 balance2, uint256 total);
    /// @notice The total does not exceed what the participant has withdrawn already.
    error NothingToWithdraw(uint256 given, uint256 stored);
    /// @notice The withdrawal exceeds what the channel holds.
    error WithdrawTooLarge(uint256 amount, uint256 available);
    /// @notice The channel keeps no payout for the account.
    error NothingToCollect(address account);

    /// @notice Adds to the caller's deposit; the allowance is given to the channel. What arrives is accounted.
    /// @param amount Base units to be transferred from the caller.
    function deposit(uint256 amount) external;

    /// @notice `deposit` with an EIP-2612 permit for the channel. A permit that fails (a token without permits, one
    ///         used by somebody else first) is ignored: the allowance decides.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Accounts the first deposit of participant 1, which the manager has transferred before it made the channel.
    /// @param received What arrived.
    function creditOpening(uint256 received) external;

    /// @notice Pays a participant out of the open channel. Anyone may send it.
    /// @param participant Who is paid.
    /// @param totalWithdraw The sum of all withdrawals of the participant, this one included.
    /// @param participantSignature Withdrawal(participant,totalWithdraw) by the participant; may be empty when it sends.
    /// @param partnerSignature The same by the counterparty; may be empty when it sends.
    function withdraw(
        address participant,
        uint256 totalWithdraw,
        bytes calldata participantSignature,
        bytes calldata partnerSignature
    ) external;

    /// @notice Settles an open channel at once. Anyone may send it.
    /// @param balance1 What participant 1 is paid.
    /// @param balance2 What participant 2 is paid; both add up to the total held.
    /// @param signature1 CooperativeSettlement(balance1,balance2) by participant 1; may be empty when it sends.
    /// @param signature2 The same by participant 2; may be empty when it sends.
    function cooperativeSettle(
        uint256 balance1,
        uint256 balance2,
        bytes calldata signature1,
        bytes calldata signature2
    ) external;

    /// @notice Closes the channel with the counterparty's latest proof; the settle window starts with this block.
    /// @param nonce The proof's nonce; zero with an empty signature means that there is no proof, the rest is ignored.
    /// @param transferredAmount The proof's cumulative transferred amount.
    /// @param locksroot The proof's root of pending locks.
    /// @param messageHash The hash of the message that carried the proof.
    /// @param signature BalanceProof by the counterparty.
    function close(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) external;

    /// @notice The non-closing participant presents the closer's proof, up to and including block closed + settleTimeout,
    ///         as often as the nonce rises.
    /// @dev Parameters as `close`; the signature is the closer's.
    function updateTransfer(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) external;

    /// @notice `updateTransfer` by a delegate of the non-closing participant.
    /// @param nonClosingSignature UpdateDelegation over the same proof, naming the caller, by the non-closing participant.
    function updateTransferDelegate(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature,
        bytes calldata nonClosingSignature
    ) external;

    /// @notice The payer of a proof replaces it by a newer one that the payee has acknowledged, so that locks cancelled
    ///         between the two can not be claimed. What was unlocked under the older proof is undone.
    /// @param acknowledgement ProofAcknowledgement(payer,nonce,...) by the payee.
    function supersedeTransfer(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata acknowledgement
    ) external;

    /// @notice Pays locks of the proof stored for a payer to its counterparty, until settlement. Anyone may send it.
    ///         A lock needs its secret, and either a block not past its expiration or the secret's registration in the
    ///         SecretRegistry at or before it.
    /// @param payer Whose proof holds the locks.
    /// @param transferredAmount The stored amount, earlier unlocks included.
    /// @param locksroot The stored root, earlier spent markers included.
    /// @param claims The locks, each against the tree as the ones before left it.
    function unlock(address payer, uint256 transferredAmount, bytes32 locksroot, Claim[] calldata claims) external;

    /// @notice `unlock` of a single lock with its fields as plain arguments, which costs less. The hashlock is not
    ///         given: it is the secret's, and a wrong secret makes a leaf that is not in the tree (InvalidMerkleProof).
    /// @param expiration The lock's last block.
    /// @param amount The lock's amount.
    /// @param secret The preimage of the lock's hashlock.
    /// @param proof The siblings of the lock's leaf, bottom-up.
    function unlockWithSecret(
        address payer,
        uint256 transferredAmount,
        bytes32 locksroot,
        uint64 expiration,
        uint256 amount,
        bytes32 secret,
        bytes32[] calldata proof
    ) external;

    /// @notice Pays everything out after the window. Anyone may send it.
    /// @param transferredAmount1 The amount stored for participant 1 as payer, zero when no proof is stored.
    /// @param locksroot1 The root stored for participant 1 as payer, zero when no proof is stored.
    /// @param transferredAmount2 The amount stored for participant 2 as payer, zero when no proof is stored.
    /// @param locksroot2 The root stored for participant 2 as payer, zero when no proof is stored.
    function settle(uint256 transferredAmount1, bytes32 locksroot1, uint256 transferredAmount2, bytes32 locksroot2)
        external;

    /// @notice Pays what the token refused to pay at settlement. Anyone may send it.
    /// @param participant Who is paid.
    function collect(address participant) external;

    /// @notice What `collect` would pay.
    function collectable(address participant) external view returns (uint256 amount);

    /// @notice Who opened the channel, and with whom.
    function participants() external view returns (address participant1, address participant2);

    /// @notice The length of the settle window in blocks.
    function settleTimeout() external view returns (uint256 blocks);

    /// @notice The token paid in.
    function token() external view returns (address);

    /// @notice The registry that keeps late locks alive.
    function secretRegistry() external view returns (address);

    /// @notice The manager that made the channel.
    function manager() external view returns (address);

    /// @notice Where the channel is in its life.
    function state() external view returns (State);

    /// @notice The block of the close, zero before and after a cooperative settlement.
    function closedAt() external view returns (uint256 blockNumber);

    /// @notice Who closed, the zero address when nobody did.
    function closer() external view returns (address);

    /// @notice A participant's total deposit.
    function depositOf(address participant) external view returns (uint256 amount);

    /// @notice The sum of a participant's withdrawals.
    function withdrawnOf(address participant) external view returns (uint256 amount);

    /// @notice The proof stored for a payer.
    /// @return nonce Zero when none is stored, and after settlement.
    /// @return proofHash The first 24 bytes of keccak256(transferredAmount | locksroot), as the unlocks left them.
    function proofOf(address payer) external view returns (uint64 nonce, bytes24 proofHash);

    /// @notice The EIP-712 domain separator of this channel.
    function domainSeparator() external view returns (bytes32);
}
