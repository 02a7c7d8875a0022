// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {INettingChannel} from "./interfaces/INettingChannel.sol";
import {Ledger} from "./lib/Ledger.sol";
import {StoredProof, StoredProofLibrary} from "./lib/StoredProof.sol";

/// @title What a channel stores, what its code carries, and who signed
/// @dev A channel is an EIP-1167 clone. Its constants follow the proxy's 45 bytes of code:
///      participant1 (20) | participant2 (20) | settleTimeout (3). They cost 200 gas a byte once, and no storage read.
abstract contract ChannelStorage is INettingChannel, EIP712 {
    /// @dev A struct of one word, so that code can hold a reference to it instead of hashing the key twice.
    struct ProofSlot {
        StoredProof proof;
    }

    uint256 private constant PROXY_LENGTH = 0x2d;
    uint256 private constant ARGUMENTS_LENGTH = 0x2b;
    uint256 private constant WITHDRAWN_SHIFT = 128;

    address private immutable IMPLEMENTATION = address(this);

    Ledger internal _ledger;

    /// @dev withdrawn1 (128 bits, lowest) | withdrawn2 (128); both stay below the sum of the deposits. A mark in the
    ///      ledger that there were any would spare settlements this read (2,100 gas) and cost each first withdrawal a
    ///      write (2,900).
    uint256 private _withdrawals;

    mapping(address payer => ProofSlot slot) internal _proofs;

    /// @dev Payouts that the token refused at settlement.
    mapping(address participant => uint256 amount) internal _unpaid;

    constructor() EIP712("Tallystick", "1") {}

    function _isImplementation() internal view returns (bool) {
        return address(this) == IMPLEMENTATION;
    }

    /// @dev The constants in the clone's code.
    function _constants() internal view returns (address participant1, address participant2, uint256 timeout) {
        if (_isImplementation()) revert NotAChannel();
        assembly ("memory-safe") {
            extcodecopy(address(), 0x00, PROXY_LENGTH, ARGUMENTS_LENGTH)
            participant1 := shr(96, mload(0x00))
            let second := mload(0x0b)
            participant2 := and(shr(24, second), 0xffffffffffffffffffffffffffffffffffffffff)
            timeout := and(second, 0xffffff)
        }
    }

    /// @dev The counterparty of a participant, and whether the participant is the first one.
    function _counterparty(address participant) internal view returns (address other, bool isFirst) {
        (address participant1, address participant2,) = _constants();
        if (participant == participant1) return (participant2, true);
        if (participant == participant2) return (participant1, false);
        revert NotParticipant(participant);
    }

    function _stateOf(Ledger ledger) internal pure returns (State) {
        if (ledger.isSettled()) return State.Settled;
        return ledger.closedAt() == 0 ? State.Open : State.Closed;
    }

    function _requireOpen(Ledger ledger) internal pure {
        if (!ledger.isOpen()) revert ChannelNotOpen(_stateOf(ledger));
    }

    function _requireClosed(Ledger ledger) internal pure {
        State current = _stateOf(ledger);
        if (current != State.Closed) revert ChannelNotClosed(current);
    }

    function _withdrawn() internal view returns (uint256 withdrawn1, uint256 withdrawn2) {
        uint256 word = _withdrawals;
        return (uint128(word), word >> WITHDRAWN_SHIFT);
    }

    /// @dev What the channel has accounted and not paid out, and what participant 1 has withdrawn.
    function _held(Ledger ledger) internal view returns (uint256 total, uint256 withdrawn1) {
        uint256 withdrawn2;
        (withdrawn1, withdrawn2) = _withdrawn();
        unchecked {
            total = ledger.deposits() - withdrawn1 - withdrawn2;
        }
    }

    /// @dev Raises a participant's withdrawals to `totalWithdraw` and returns by how much.
    function _takeOut(Ledger ledger, bool isFirst, uint256 totalWithdraw) internal returns (uint256 amount) {
        (uint256 withdrawn1, uint256 withdrawn2) = _withdrawn();
        uint256 earlier = isFirst ? withdrawn1 : withdrawn2;
        if (totalWithdraw <= earlier) revert NothingToWithdraw(totalWithdraw, earlier);
        unchecked {
            amount = totalWithdraw - earlier;
            uint256 available = ledger.deposits() - withdrawn1 - withdrawn2;
            if (amount > available) revert WithdrawTooLarge(amount, available);
            _withdrawals = isFirst
                ? withdrawn2 << WITHDRAWN_SHIFT | totalWithdraw
                : totalWithdraw << WITHDRAWN_SHIFT | withdrawn1;
        }
    }

    /// @dev Stores a proof, checked by the caller, that must be newer than the one there.
    function _storeProof(address payer, uint64 nonce, uint256 transferredAmount, bytes32 locksroot) internal {
        if (nonce == 0) revert ZeroNonce();
        ProofSlot storage slot = _proofs[payer];
        uint256 stored = slot.proof.nonce();
        if (nonce <= stored) revert StaleNonce(nonce, uint64(stored));
        slot.proof = StoredProofLibrary.pack(nonce, transferredAmount, locksroot);
    }

    /// @dev Checks a payer's final values against the stored proof, which it clears.
    function _takeProof(address payer, uint256 transferredAmount, bytes32 locksroot) internal {
        ProofSlot storage slot = _proofs[payer];
        StoredProof stored = slot.proof;
        if (stored.isEmpty()) {
            if (transferredAmount != 0 || locksroot != 0) revert UnknownProof(payer);
        } else {
            if (!stored.matches(transferredAmount, locksroot)) revert UnknownProof(payer);
            slot.proof = StoredProof.wrap(0);
        }
    }

    /// @dev `digest` is the final EIP-712 digest.
    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) internal pure {
        (address recovered,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered != signer) revert InvalidSignature(signer);
    }

    /// @dev A participant that sends the transaction itself need not sign.
    function _requireConsent(address signer, bytes32 digest, bytes calldata signature) internal view {
        if (signature.length == 0 && signer == msg.sender) return;
        _requireSigned(signer, digest, signature);
    }
}
