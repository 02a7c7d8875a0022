// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISecretRegistry} from "./interfaces/ISecretRegistry.sol";

/// @title Block numbers of revealed secrets
/// @dev The block number of a hashlock lives in the storage slot of that very number: a hashlock is the output of
///      keccak256, so slots can no more collide than those of a mapping, and hashing it again would only cost gas.
contract SecretRegistry is ISecretRegistry {
    /// @inheritdoc ISecretRegistry
    function registerSecret(bytes32 secret) external {
        _register(secret);
    }

    /// @inheritdoc ISecretRegistry
    function registerSecrets(bytes32[] calldata secrets) external {
        uint256 count = secrets.length;
        for (uint256 i = 0; i < count; ++i) {
            _register(secrets[i]);
        }
    }

    /// @inheritdoc ISecretRegistry
    function revealedAt(bytes32 hashlock) public view returns (uint256 blockNumber) {
        assembly ("memory-safe") {
            blockNumber := sload(hashlock)
        }
    }

    function _register(bytes32 secret) private {
        bytes32 hashlock;
        assembly ("memory-safe") {
            mstore(0x00, secret)
            hashlock := keccak256(0x00, 0x20)
        }
        if (revealedAt(hashlock) != 0) return;
        assembly ("memory-safe") {
            sstore(hashlock, number())
        }
        emit SecretRevealed(secret);
    }
}
