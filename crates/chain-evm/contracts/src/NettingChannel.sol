// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ChannelStorage} from "./ChannelStorage.sol";
import {INettingChannel} from "./interfaces/INettingChannel.sol";
import {ISecretRegistry} from "./interfaces/ISecretRegistry.sol";
import {ChannelMessages} from "./lib/ChannelMessages.sol";
import {LockTree} from "./lib/LockTree.sol";
import {Settlement} from "./lib/Settlement.sol";

/// @title The code behind every channel of one manager
/// @dev Functions that move tokens hold the reentrancy guard. The others make no call into a token: `close` refuses to
///      run inside a guarded function, and the proof functions need a closed channel, which no guarded function leaves
///      half changed (`settle` writes all it writes before it pays).
contract NettingChannel is ChannelStorage, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant LOCK_LENGTH = 72;

    IERC20 private immutable TOKEN;
    ISecretRegistry private immutable SECRETS;
    address private immutable MANAGER = msg.sender;

    /// @param token_ The token of the manager that deploys this implementation.
    /// @param secretRegistry_ Where secrets become public.
    constructor(address token_, address secretRegistry_) {
        TOKEN = IERC20(token_);
        SECRETS = ISecretRegistry(secretRegistry_);
    }

    /// @inheritdoc INettingChannel
    function deposit(uint256 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc INettingChannel
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc INettingChannel
    function creditOpening(uint256 received) external {
        if (msg.sender != MANAGER) revert NotManager(msg.sender);
        (address participant1,,) = _constants();
        _credit(_ledger, participant1, true, received);
    }

    /// @inheritdoc INettingChannel
    function withdraw(
        address participant,
        uint256 totalWithdraw,
        bytes calldata participantSignature,
        bytes calldata partnerSignature
    ) external nonReentrant {
        Ledger memory ledger = _ledger;
        _requireOpen(ledger);
        (address partner, bool isFirst) = _counterparty(participant);
        bytes32 structHash = ChannelMessages.withdrawal(participant, totalWithdraw);
        _requireConsent(participant, structHash, participantSignature);
        _requireConsent(partner, structHash, partnerSignature);

        uint256 amount = _takeOut(ledger, isFirst, totalWithdraw);
        emit ChannelWithdraw(participant, totalWithdraw);
        TOKEN.safeTransfer(participant, amount);
    }

    /// @inheritdoc INettingChannel
    function cooperativeSettle(
        uint256 balance1,
        uint256 balance2,
        bytes calldata signature1,
        bytes calldata signature2
    ) external nonReentrant {
        Ledger memory ledger = _ledger;
        _requireOpen(ledger);
        (address participant1, address participant2,) = _constants();
        (uint256 total,) = _held(ledger);
        if (balance1 > total || balance2 != total - balance1) revert WrongTotal(balance1, balance2, total);
        bytes32 structHash = ChannelMessages.cooperativeSettlement(balance1, balance2);
        _requireConsent(participant1, structHash, signature1);
        _requireConsent(participant2, structHash, signature2);

        _ledger.flags = ledger.flags | SETTLED;
        emit ChannelCooperativelySettled(balance1, balance2);
        _payOut(participant1, balance1, participant2, balance2);
    }

    /// @inheritdoc INettingChannel
    function close(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) external nonReentrantView {
        Ledger memory ledger = _ledger;
        _requireOpen(ledger);
        (address partner, bool isFirst) = _counterparty(msg.sender);
        if (nonce == 0 && signature.length == 0) {
            (transferredAmount, locksroot) = (0, 0);
        } else {
            _requireBalanceProof(partner, nonce, transferredAmount, locksroot, messageHash, signature);
            _storeProof(partner, nonce, transferredAmount, locksroot);
        }
        ledger.closedAt = uint40(block.number);
        if (!isFirst) ledger.flags |= CLOSED_BY_SECOND;
        _ledger = ledger;
        emit ChannelClosed(msg.sender, nonce, transferredAmount, locksroot);
    }

    /// @inheritdoc INettingChannel
    function updateTransfer(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) external {
        (address closing, address other) = _requireWindow();
        if (msg.sender != other) {
            if (msg.sender == closing) revert CallerClosed(msg.sender);
            revert NotParticipant(msg.sender);
        }
        _update(closing, nonce, transferredAmount, locksroot, messageHash, signature);
    }

    /// @inheritdoc INettingChannel
    function updateTransferDelegate(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature,
        bytes calldata nonClosingSignature
    ) external {
        (address closing, address other) = _requireWindow();
        bytes32 structHash =
            ChannelMessages.updateDelegation(nonce, transferredAmount, locksroot, messageHash, msg.sender);
        _requireSigned(other, structHash, nonClosingSignature);
        _update(closing, nonce, transferredAmount, locksroot, messageHash, signature);
    }

    /// @inheritdoc INettingChannel
    function supersedeTransfer(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata acknowledgement
    ) external {
        _requireWindow();
        (address payee,) = _counterparty(msg.sender);
        bytes32 structHash =
            ChannelMessages.proofAcknowledgement(msg.sender, nonce, transferredAmount, locksroot, messageHash);
        _requireSigned(payee, structHash, acknowledgement);
        _storeProof(msg.sender, nonce, transferredAmount, locksroot);
        emit TransferUpdated(msg.sender, nonce, transferredAmount, locksroot);
    }

    /// @inheritdoc INettingChannel
    /// @dev Does not read the ledger: a proof is stored only from close to settlement.
    function unlock(address payer, uint256 transferredAmount, bytes32 locksroot, Claim[] calldata claims) external {
        Proof memory stored = _proofs[payer];
        if (stored.nonce == 0) revert UnknownProof(payer);
        _requireStored(stored, payer, transferredAmount, locksroot);
        uint256 count = claims.length;
        if (count == 0) revert NothingToUnlock();
        for (uint256 i = 0; i < count; ++i) {
            (transferredAmount, locksroot) = _unlockOne(payer, transferredAmount, locksroot, claims[i]);
        }
        stored.hash = _proofHash(transferredAmount, locksroot);
        _proofs[payer] = stored;
    }

    /// @inheritdoc INettingChannel
    function settle(uint256 transferredAmount1, bytes32 locksroot1, uint256 transferredAmount2, bytes32 locksroot2)
        external
        nonReentrant
    {
        Ledger memory ledger = _ledger;
        _requireClosed(ledger);
        (address participant1, address participant2, uint256 timeout) = _constants();
        uint256 until = ledger.closedAt + timeout;
        if (block.number <= until) revert WindowOpen(until);
        _takeProof(participant1, transferredAmount1, locksroot1);
        _takeProof(participant2, transferredAmount2, locksroot2);

        _ledger.flags = ledger.flags | SETTLED;
        (uint256 total, uint256 withdrawn1) = _held(ledger);
        (uint256 payout1, uint256 payout2) =
            Settlement.split(ledger.deposit1, withdrawn1, transferredAmount1, transferredAmount2, total);
        emit ChannelSettled(payout1, payout2);
        _payOut(participant1, payout1, participant2, payout2);
    }

    /// @inheritdoc INettingChannel
    function participants() external view returns (address participant1, address participant2) {
        (participant1, participant2,) = _constants();
    }

    /// @inheritdoc INettingChannel
    function settleTimeout() external view returns (uint256 blocks) {
        (,, blocks) = _constants();
    }

    /// @inheritdoc INettingChannel
    function token() external view returns (address) {
        return address(TOKEN);
    }

    /// @inheritdoc INettingChannel
    function secretRegistry() external view returns (address) {
        return address(SECRETS);
    }

    /// @inheritdoc INettingChannel
    function manager() external view returns (address) {
        return MANAGER;
    }

    /// @inheritdoc INettingChannel
    function state() external view returns (State) {
        return _isImplementation() ? State.None : _stateOf(_ledger);
    }

    /// @inheritdoc INettingChannel
    function closedAt() external view returns (uint256 blockNumber) {
        return _ledger.closedAt;
    }

    /// @inheritdoc INettingChannel
    function closer() external view returns (address) {
        Ledger memory ledger = _ledger;
        if (ledger.closedAt == 0) return address(0);
        (address closing,) = _closerAndOther(ledger);
        return closing;
    }

    /// @inheritdoc INettingChannel
    function depositOf(address participant) external view returns (uint256 amount) {
        (, bool isFirst) = _counterparty(participant);
        return isFirst ? _ledger.deposit1 : _ledger.deposit2;
    }

    /// @inheritdoc INettingChannel
    function withdrawnOf(address participant) external view returns (uint256 amount) {
        (, bool isFirst) = _counterparty(participant);
        return isFirst ? _withdrawals.withdrawn1 : _withdrawals.withdrawn2;
    }

    /// @inheritdoc INettingChannel
    function proofOf(address payer) external view returns (uint64 nonce, bytes24 proofHash) {
        _counterparty(payer);
        Proof memory stored = _proofs[payer];
        return (stored.nonce, stored.hash);
    }

    /// @inheritdoc INettingChannel
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Accounts what arrives, which need not be what was sent. The ledger is read before the token is called and
    ///      written after: the guard keeps everything else that writes it out meanwhile.
    function _deposit(uint256 amount) private {
        if (amount == 0) revert NothingToDeposit();
        Ledger memory ledger = _ledger;
        _requireOpen(ledger);
        (, bool isFirst) = _counterparty(msg.sender);
        uint256 balanceBefore = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balanceAfter = TOKEN.balanceOf(address(this));
        if (balanceAfter <= balanceBefore) revert NothingToDeposit();
        unchecked {
            _credit(ledger, msg.sender, isFirst, balanceAfter - balanceBefore);
        }
    }

    function _credit(Ledger memory ledger, address participant, bool isFirst, uint256 received) private {
        uint256 maximum = type(uint104).max;
        uint256 total = isFirst ? ledger.deposit1 : ledger.deposit2;
        if (received > maximum - total) revert AmountTooLarge(received, maximum - total);
        unchecked {
            total += received;
        }
        if (isFirst) ledger.deposit1 = uint104(total);
        else ledger.deposit2 = uint104(total);
        _ledger = ledger;
        emit ChannelNewBalance(participant, total);
    }

    /// @dev Raises a participant's withdrawals to `totalWithdraw` and returns by how much.
    function _takeOut(Ledger memory ledger, bool isFirst, uint256 totalWithdraw) private returns (uint256 amount) {
        Withdrawals memory withdrawals = _withdrawals;
        uint256 earlier = isFirst ? withdrawals.withdrawn1 : withdrawals.withdrawn2;
        if (totalWithdraw <= earlier) revert NothingToWithdraw(totalWithdraw, earlier);
        unchecked {
            amount = totalWithdraw - earlier;
            uint256 available =
                uint256(ledger.deposit1) + ledger.deposit2 - withdrawals.withdrawn1 - withdrawals.withdrawn2;
            if (amount > available) revert WithdrawTooLarge(amount, available);
        }
        if (isFirst) withdrawals.withdrawn1 = uint128(totalWithdraw);
        else withdrawals.withdrawn2 = uint128(totalWithdraw);
        _withdrawals = withdrawals;
        if (ledger.flags & HAS_WITHDRAWALS == 0) _ledger.flags = ledger.flags | HAS_WITHDRAWALS;
    }

    function _closerAndOther(Ledger memory ledger) private view returns (address closing, address other) {
        (address participant1, address participant2,) = _constants();
        return ledger.flags & CLOSED_BY_SECOND == 0 ? (participant1, participant2) : (participant2, participant1);
    }

    /// @dev Refuses outside the settle window.
    function _requireWindow() private view returns (address closing, address other) {
        Ledger memory ledger = _ledger;
        _requireClosed(ledger);
        (address participant1, address participant2, uint256 timeout) = _constants();
        uint256 deadline = ledger.closedAt + timeout;
        if (block.number > deadline) revert WindowClosed(deadline);
        return ledger.flags & CLOSED_BY_SECOND == 0 ? (participant1, participant2) : (participant2, participant1);
    }

    function _requireBalanceProof(
        address payer,
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) private view {
        _requireSigned(
            payer, ChannelMessages.balanceProof(nonce, transferredAmount, locksroot, messageHash), signature
        );
    }

    function _update(
        address payer,
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) private {
        _requireBalanceProof(payer, nonce, transferredAmount, locksroot, messageHash, signature);
        _storeProof(payer, nonce, transferredAmount, locksroot);
        emit TransferUpdated(payer, nonce, transferredAmount, locksroot);
    }

    /// @dev Pays one lock: the amount moves into the transferred amount and the leaf becomes its spent marker.
    function _unlockOne(address payer, uint256 transferredAmount, bytes32 locksroot, Claim calldata claim)
        private
        returns (uint256 newTransferredAmount, bytes32 newLocksroot)
    {
        bytes calldata lock = claim.lock;
        if (lock.length != LOCK_LENGTH) revert InvalidLockLength(lock.length);
        bytes32 hashlock = bytes32(lock[40:]);
        if (keccak256(abi.encode(claim.secret)) != hashlock) revert InvalidSecret(hashlock);
        _requireInTime(hashlock, uint64(bytes8(lock)));

        bytes32 leaf = keccak256(lock);
        bytes32 root;
        (root, newLocksroot) = LockTree.rootsBeforeAndAfter(leaf, claim.proof);
        if (root != locksroot) revert InvalidMerkleProof(leaf);

        uint256 amount = uint256(bytes32(lock[8:]));
        unchecked {
            newTransferredAmount = transferredAmount + amount;
        }
        if (newTransferredAmount < amount) revert TransferredAmountOverflow(transferredAmount, amount);
        emit ChannelUnlocked(payer, hashlock, amount, newTransferredAmount, newLocksroot);
    }

    function _requireInTime(bytes32 hashlock, uint256 expiration) private view {
        if (block.number <= expiration) return;
        uint256 revealed = SECRETS.revealedAt(hashlock);
        if (revealed == 0 || revealed > expiration) revert LockExpired(hashlock, expiration);
    }

    /// @dev Checks a payer's final values against the stored proof, which it clears.
    function _takeProof(address payer, uint256 transferredAmount, bytes32 locksroot) private {
        Proof memory stored = _proofs[payer];
        _requireStored(stored, payer, transferredAmount, locksroot);
        if (stored.nonce != 0) delete _proofs[payer];
    }

    function _payOut(address participant1, uint256 payout1, address participant2, uint256 payout2) private {
        if (payout1 != 0) TOKEN.safeTransfer(participant1, payout1);
        if (payout2 != 0) TOKEN.safeTransfer(participant2, payout2);
    }
}
