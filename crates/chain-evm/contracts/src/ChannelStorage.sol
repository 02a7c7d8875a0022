// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {INettingChannel} from "./interfaces/INettingChannel.sol";

/// @title What a channel stores, what its code carries, and who signed
/// @dev A channel is an EIP-1167 clone. Its constants follow the proxy's 45 bytes of code:
///      participant1 (20) | participant2 (20) | settleTimeout (3). They cost 200 gas a byte once, and no storage read.
abstract contract ChannelStorage is INettingChannel, EIP712 {
    /// @dev The first slot: all that opening, depositing and closing touch, so that each writes one slot.
    struct Ledger {
        uint104 deposit1;
        uint104 deposit2;
        uint40 closedAt;
        uint8 flags;
    }

    /// @dev Written by withdrawals only; read when `HAS_WITHDRAWALS` is set. Both stay below the sum of the deposits.
    struct Withdrawals {
        uint128 withdrawn1;
        uint128 withdrawn2;
    }

    /// @dev One slot a payer; all zero while no proof is stored, and again after settlement. The hash is
    ///      keccak256(transferredAmount | locksroot) cut to 192 bits: 2^96 work for a collision, which only the payer
    ///      itself could use, against 2^80 for an address.
    struct Proof {
        uint64 nonce;
        bytes24 hash;
    }

    uint8 internal constant SETTLED = 1;
    uint8 internal constant CLOSED_BY_SECOND = 2;
    uint8 internal constant HAS_WITHDRAWALS = 4;

    uint256 private constant PROXY_LENGTH = 0x2d;
    uint256 private constant ARGUMENTS_LENGTH = 0x2b;

    address private immutable IMPLEMENTATION = address(this);

    Ledger internal _ledger;
    Withdrawals internal _withdrawals;
    mapping(address payer => Proof proof) internal _proofs;

    constructor() EIP712("Tallystick", "1") {}

    function _isImplementation() internal view returns (bool) {
        return address(this) == IMPLEMENTATION;
    }

    /// @dev The constants in the clone's code.
    function _constants() internal view returns (address participant1, address participant2, uint256 timeout) {
        if (_isImplementation()) revert NotAChannel();
        assembly ("memory-safe") {
            extcodecopy(address(), 0x00, PROXY_LENGTH, ARGUMENTS_LENGTH)
            let first := mload(0x00)
            let second := mload(0x0b)
            participant1 := shr(96, first)
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

    function _stateOf(Ledger memory ledger) internal pure returns (State) {
        if (ledger.flags & SETTLED != 0) return State.Settled;
        return ledger.closedAt == 0 ? State.Open : State.Closed;
    }

    function _requireOpen(Ledger memory ledger) internal pure {
        State current = _stateOf(ledger);
        if (current != State.Open) revert ChannelNotOpen(current);
    }

    function _requireClosed(Ledger memory ledger) internal pure {
        State current = _stateOf(ledger);
        if (current != State.Closed) revert ChannelNotClosed(current);
    }

    /// @dev What the channel has accounted and not paid out, and what participant 1 has withdrawn of it.
    function _held(Ledger memory ledger) internal view returns (uint256 total, uint256 withdrawn1) {
        unchecked {
            total = uint256(ledger.deposit1) + ledger.deposit2;
            if (ledger.flags & HAS_WITHDRAWALS != 0) {
                Withdrawals memory withdrawals = _withdrawals;
                withdrawn1 = withdrawals.withdrawn1;
                total -= withdrawn1 + withdrawals.withdrawn2;
            }
        }
    }

    function _proofHash(uint256 transferredAmount, bytes32 locksroot) internal pure returns (bytes24 hash) {
        assembly ("memory-safe") {
            mstore(0x00, transferredAmount)
            mstore(0x20, locksroot)
            hash := and(keccak256(0x00, 0x40), not(0xffffffffffffffff))
        }
    }

    /// @dev Stores a proof, checked by the caller, that must be newer than the one there.
    function _storeProof(address payer, uint64 nonce, uint256 transferredAmount, bytes32 locksroot) internal {
        uint64 stored = _proofs[payer].nonce;
        if (nonce == 0) revert ZeroNonce();
        if (nonce <= stored) revert StaleNonce(nonce, stored);
        _proofs[payer] = Proof(nonce, _proofHash(transferredAmount, locksroot));
    }

    /// @dev Refuses when the values are not those stored for the payer.
    function _requireStored(Proof memory stored, address payer, uint256 transferredAmount, bytes32 locksroot)
        internal
        pure
    {
        bool matches = stored.nonce == 0
            ? transferredAmount == 0 && locksroot == 0
            : stored.hash == _proofHash(transferredAmount, locksroot);
        if (!matches) revert UnknownProof(payer);
    }

    function _requireSigned(address signer, bytes32 structHash, bytes calldata signature) internal view {
        (address recovered,,) = ECDSA.tryRecoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != signer) revert InvalidSignature(signer);
    }

    /// @dev A participant that sends the transaction itself need not sign.
    function _requireConsent(address signer, bytes32 structHash, bytes calldata signature) internal view {
        if (signature.length == 0 && signer == msg.sender) return;
        _requireSigned(signer, structHash, signature);
    }
}
