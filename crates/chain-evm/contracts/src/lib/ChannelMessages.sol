// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title EIP-712 struct hashes of everything participants sign
library ChannelMessages {
    bytes32 internal constant BALANCE_PROOF_TYPEHASH = keccak256(
        "BalanceProof(uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash)"
    );
    bytes32 internal constant UPDATE_DELEGATION_TYPEHASH = keccak256(
        "UpdateDelegation(uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash,address delegate)"
    );
    bytes32 internal constant PROOF_ACKNOWLEDGEMENT_TYPEHASH = keccak256(
        "ProofAcknowledgement(address payer,uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash)"
    );
    bytes32 internal constant COOPERATIVE_SETTLEMENT_TYPEHASH =
        keccak256("CooperativeSettlement(uint256 balance1,uint256 balance2)");
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(address participant,uint256 totalWithdraw)");

    /// @dev Signed by the payer of the proof.
    function balanceProof(uint64 nonce, uint256 transferredAmount, bytes32 locksroot, bytes32 messageHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(BALANCE_PROOF_TYPEHASH, nonce, transferredAmount, locksroot, messageHash));
    }

    /// @dev Signed by the non-closing participant for one delegate.
    function updateDelegation(
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash,
        address delegate
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(UPDATE_DELEGATION_TYPEHASH, nonce, transferredAmount, locksroot, messageHash, delegate)
        );
    }

    /// @dev Signed by the payee of the proof.
    function proofAcknowledgement(
        address payer,
        uint64 nonce,
        uint256 transferredAmount,
        bytes32 locksroot,
        bytes32 messageHash
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(PROOF_ACKNOWLEDGEMENT_TYPEHASH, payer, nonce, transferredAmount, locksroot, messageHash)
        );
    }

    /// @dev Signed by both participants.
    function cooperativeSettlement(uint256 balance1, uint256 balance2) internal pure returns (bytes32) {
        return keccak256(abi.encode(COOPERATIVE_SETTLEMENT_TYPEHASH, balance1, balance2));
    }

    /// @dev Signed by both participants.
    function withdrawal(address participant, uint256 totalWithdraw) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAWAL_TYPEHASH, participant, totalWithdraw));
    }
}
