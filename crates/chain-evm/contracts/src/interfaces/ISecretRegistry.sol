// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Where secrets become public on chain
/// @notice A secret registered at or before a lock's expiration keeps the lock claimable until settlement.
interface ISecretRegistry {
    /// @notice A secret was registered for the first time; the log's block is the one stored.
    /// @param secret The preimage; who reads the log hashes it to know the hashlock.
    event SecretRevealed(bytes32 secret);

    /// @notice Registers one secret. The first registration wins; a repetition changes nothing and emits nothing.
    /// @param secret The preimage of a hashlock.
    function registerSecret(bytes32 secret) external;

    /// @notice Registers several secrets as `registerSecret` does each.
    /// @param secrets The preimages, in any order, repetitions allowed.
    function registerSecrets(bytes32[] calldata secrets) external;

    /// @notice The block in which the secret of a hashlock was registered.
    /// @param hashlock keccak256 of the secret.
    /// @return blockNumber Zero when it never was.
    function revealedAt(bytes32 hashlock) external view returns (uint256 blockNumber);
}
