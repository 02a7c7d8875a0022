// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ChannelViews} from "./ChannelViews.sol";
import {INettingChannel} from "./interfaces/INettingChannel.sol";
import {ChannelMessages} from "./lib/ChannelMessages.sol";
import {Ledger, LedgerLibrary} from "./lib/Ledger.sol";
import {LockTree} from "./lib/LockTree.sol";
import {Settlement} from "./lib/Settlement.sol";
import {StoredProof, StoredProofLibrary} from "./lib/StoredProof.sol";

/// @title The code behind every channel of one manager
/// @dev Functions that move tokens hold the reentrancy guard. The others make no call into a token: `close` refuses to
///      run inside a guarded function, and the proof functions need a closed channel, which no guarded function leaves
///      half changed (`settle` writes all it writes before it pays).
contract NettingChannel is ChannelViews, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @param token_ The token of the manager that deploys this implementation.
    /// @param secretRegistry_ Where secrets become public.
    constructor(address token_, address secretRegistry_) ChannelViews(token_, secretRegistry_) {}

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
    ) external nonReentrantView {
        Ledger ledger = _ledger;
        _requireOpen(ledger);
        (address partner, bool isFirst) = _counterparty(participant);
        bytes32 digest = _hashTypedDataV4(ChannelMessages.withdrawal(participant, totalWithdraw));
        _requireConsent(participant, digest, participantSignature);
        _requireConsent(partner, digest, partnerSignature);

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
    ) external nonReentrantView {
        Ledger ledger = _ledger;
        _requireOpen(ledger);
        (address participant1, address participant2,) = _constants();
        (uint256 total,) = _held(ledger);
        if (balance1 > total || balance2 != total - balance1) revert WrongTotal(balance1, balance2, total);
        bytes32 digest = _hashTypedDataV4(ChannelMessages.cooperativeSettlement(balance1, balance2));
        _requireConsent(participant1, digest, signature1);
        _requireConsent(participant2, digest, signature2);

        _ledger = ledger.markSettled();
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
        Ledger ledger = _ledger;
        _requireOpen(ledger);
        (address partner, bool isFirst) = _counterparty(msg.sender);
        if (nonce == 0 && signature.length == 0) {
            (transferredAmount, locksroot) = (0, 0);
        } else {
            _requireBalanceProof(partner, nonce, transferredAmount, locksroot, messageHash, signature);
            _storeProof(partner, nonce, transferredAmount, locksroot);
        }
        _ledger = ledger.markClosed(isFirst, block.number);
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
        _requireSigned(other, _hashTypedDataV4(structHash), nonClosingSignature);
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
        _requireSigned(payee, _hashTypedDataV4(structHash), acknowledgement);
        _storeProof(msg.sender, nonce, transferredAmount, locksroot);
        emit TransferUpdated(msg.sender, nonce, transferredAmount, locksroot);
    }

    /// @inheritdoc INettingChannel
    function unlock(address payer, uint256 transferredAmount, bytes32 locksroot, Claim[] calldata claims) external {
        (ProofSlot storage slot, uint256 nonce) = _requireStored(payer, transferredAmount, locksroot);
        uint256 count = claims.length;
        if (count == 0) revert NothingToUnlock();
        for (uint256 i = 0; i < count; ++i) {
            Claim calldata claim = claims[i];
            (bytes32 leaf, uint256 expiration, uint256 amount, bytes32 hashlock) = LockTree.read(claim.lock);
            if (LockTree.hashlockOf(claim.secret) != hashlock) revert InvalidSecret(hashlock);
            _requireInTime(hashlock, expiration);
            locksroot = _spend(leaf, locksroot, claim.proof);
            transferredAmount = _pay(payer, claim.secret, amount, transferredAmount, locksroot);
        }
        slot.proof = StoredProofLibrary.pack(nonce, transferredAmount, locksroot);
    }

    /// @inheritdoc INettingChannel
    function unlockWithSecret(
        address payer,
        uint256 transferredAmount,
        bytes32 locksroot,
        uint64 expiration,
        uint256 amount,
        bytes32 secret,
        bytes32[] calldata proof
    ) external {
        (ProofSlot storage slot, uint256 nonce) = _requireStored(payer, transferredAmount, locksroot);
        bytes32 hashlock = LockTree.hashlockOf(secret);
        _requireInTime(hashlock, expiration);
        locksroot = _spend(LockTree.leafOf(expiration, amount, hashlock), locksroot, proof);
        transferredAmount = _pay(payer, secret, amount, transferredAmount, locksroot);
        slot.proof = StoredProofLibrary.pack(nonce, transferredAmount, locksroot);
    }

    /// @inheritdoc INettingChannel
    function settle(uint256 transferredAmount1, bytes32 locksroot1, uint256 transferredAmount2, bytes32 locksroot2)
        external
        nonReentrantView
    {
        Ledger ledger = _ledger;
        _requireClosed(ledger);
        (address participant1, address participant2, uint256 timeout) = _constants();
        uint256 until = ledger.closedAt() + timeout;
        if (block.number <= until) revert WindowOpen(until);
        _takeProof(participant1, transferredAmount1, locksroot1);
        _takeProof(participant2, transferredAmount2, locksroot2);

        _ledger = ledger.markSettled();
        (uint256 total, uint256 withdrawn1) = _held(ledger);
        (uint256 payout1, uint256 payout2) =
            Settlement.split(ledger.deposit1(), withdrawn1, transferredAmount1, transferredAmount2, total);
        emit ChannelSettled(payout1, payout2);
        _payOut(participant1, payout1, participant2, payout2);
    }

    /// @inheritdoc INettingChannel
    function collect(address participant) external nonReentrantView {
        uint256 amount = _unpaid[participant];
        if (amount == 0) revert NothingToCollect(participant);
        _unpaid[participant] = 0;
        TOKEN.safeTransfer(participant, amount);
    }

    /// @dev Accounts what arrives, which need not be what was sent. The ledger is read before the token is called and
    ///      written after: the guard keeps everything else that writes it out meanwhile.
    function _deposit(uint256 amount) private {
        if (amount == 0) revert NothingToDeposit();
        Ledger ledger = _ledger;
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

    function _credit(Ledger ledger, address participant, bool isFirst, uint256 received) private {
        uint256 total = isFirst ? ledger.deposit1() : ledger.deposit2();
        unchecked {
            uint256 room = LedgerLibrary.DEPOSIT_MAX - total;
            if (received > room) revert AmountTooLarge(received, room);
            total += received;
        }
        _ledger = ledger.addDeposit(isFirst, received);
        emit ChannelNewBalance(participant, total);
    }

    /// @dev Refuses outside the settle window.
    function _requireWindow() private view returns (address closing, address other) {
        Ledger ledger = _ledger;
        _requireClosed(ledger);
        (address participant1, address participant2, uint256 timeout) = _constants();
        uint256 deadline = ledger.closedAt() + timeout;
        if (block.number > deadline) revert WindowClosed(deadline);
        return ledger.isClosedBySecond() ? (participant2, participant1) : (participant1, participant2);
    }

    function _requireBalanceProof(
        address payer,
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        bytes calldata signature
    ) private view {
        bytes32 structHash = ChannelMessages.balanceProof(nonce, transferredAmount, locksroot, messageHash);
        _requireSigned(payer, _hashTypedDataV4(structHash), signature);
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

    /// @dev The payer's proof, which must be stored and have these values. The ledger need not be read: a proof is
    ///      stored only from close to settlement.
    function _requireStored(address payer, uint256 transferredAmount, bytes32 locksroot)
        private
        view
        returns (ProofSlot storage slot, uint256 nonce)
    {
        slot = _proofs[payer];
        StoredProof stored = slot.proof;
        if (stored.isEmpty() || !stored.matches(transferredAmount, locksroot)) revert UnknownProof(payer);
        nonce = stored.nonce();
    }

    /// @dev Either it is not too late, or the secret was registered when it was not.
    function _requireInTime(bytes32 hashlock, uint256 expiration) private view {
        if (block.number <= expiration) return;
        uint256 revealed = SECRETS.revealedAt(hashlock);
        if (revealed == 0 || revealed > expiration) revert LockExpired(hashlock, expiration);
    }

    /// @dev The root with the leaf's spent marker in the leaf's place.
    function _spend(bytes32 leaf, bytes32 locksroot, bytes32[] calldata proof) private pure returns (bytes32) {
        (bytes32 rootBefore, bytes32 rootAfter) = LockTree.rootsBeforeAndAfter(leaf, proof);
        if (rootBefore != locksroot) revert InvalidMerkleProof(leaf);
        return rootAfter;
    }

    /// @dev The transferred amount with the lock's amount in it.
    function _pay(address payer, bytes32 secret, uint256 amount, uint256 transferredAmount, bytes32 newLocksroot)
        private
        returns (uint256 newTransferredAmount)
    {
        unchecked {
            newTransferredAmount = transferredAmount + amount;
        }
        if (newTransferredAmount < amount) revert TransferredAmountOverflow(transferredAmount, amount);
        emit ChannelUnlocked(payer, secret, amount, newTransferredAmount, newLocksroot);
    }

    function _payOut(address participant1, uint256 payout1, address participant2, uint256 payout2) private {
        _payOne(participant1, payout1);
        _payOne(participant2, payout2);
    }

    /// @dev A token that refuses one participant (a block list, a receiver's hook) must not keep the other's money: the
    ///      refused payout stays here for `collect`.
    function _payOne(address participant, uint256 payout) private {
        if (payout == 0 || TOKEN.trySafeTransfer(participant, payout)) return;
        _unpaid[participant] = payout;
        emit PayoutRefused(participant, payout);
    }
}
