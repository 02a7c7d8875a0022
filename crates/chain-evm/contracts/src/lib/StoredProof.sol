// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev One storage word: the first 192 bits of keccak256(transferredAmount | locksroot) | nonce (64 bits, lowest).
///      Zero while no proof is stored, and again after settlement. A collision of the shortened hash takes 2^96 work and
///      would serve only the payer who signs; one of two addresses takes 2^80.
type StoredProof is uint256;

using StoredProofLibrary for StoredProof global;

/// @title The fields of a `StoredProof`
library StoredProofLibrary {
    uint256 private constant NONCE_MASK = (1 << 64) - 1;

    function pack(uint256 nonce_, uint256 transferredAmount, bytes32 locksroot) internal pure returns (StoredProof) {
        return StoredProof.wrap((_digest(transferredAmount, locksroot) & ~NONCE_MASK) | nonce_);
    }

    function isEmpty(StoredProof self) internal pure returns (bool) {
        return StoredProof.unwrap(self) == 0;
    }

    function nonce(StoredProof self) internal pure returns (uint256) {
        return StoredProof.unwrap(self) & NONCE_MASK;
    }

    function hash(StoredProof self) internal pure returns (bytes24) {
        return bytes24(bytes32(StoredProof.unwrap(self)));
    }

    /// @dev Whether a stored proof has these values.
    function matches(StoredProof self, uint256 transferredAmount, bytes32 locksroot) internal pure returns (bool) {
        return (StoredProof.unwrap(self) ^ _digest(transferredAmount, locksroot)) <= NONCE_MASK;
    }

    function _digest(uint256 transferredAmount, bytes32 locksroot) private pure returns (uint256 digest) {
        assembly ("memory-safe") {
            mstore(0x00, transferredAmount)
            mstore(0x20, locksroot)
            digest := keccak256(0x00, 0x40)
        }
    }
}
