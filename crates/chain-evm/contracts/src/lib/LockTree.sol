// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {INettingChannel} from "../interfaces/INettingChannel.sol";

/// @title Leaves and roots of pending locks
/// @dev Leaf: keccak256 of the 72-byte lock. Node: keccak256 of its two children, the smaller first. Spent marker:
///      keccak256("spent" | leaf). The three inputs have 72, 64 and 37 bytes, so none can pass for another.
library LockTree {
    /// @dev expiration uint64 | amount uint256 | hashlock, big-endian.
    uint256 internal constant LOCK_LENGTH = 72;

    /// @dev The leaf of a lock and its fields.
    function read(bytes calldata lock)
        internal
        pure
        returns (bytes32 leaf, uint256 expiration, uint256 amount, bytes32 hashlock)
    {
        if (lock.length != LOCK_LENGTH) revert INettingChannel.InvalidLockLength(lock.length);
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, lock.offset, LOCK_LENGTH)
            leaf := keccak256(free, LOCK_LENGTH)
            expiration := shr(192, mload(free))
            amount := mload(add(free, 8))
            hashlock := mload(add(free, 40))
        }
    }

    /// @dev The leaf of the lock with these fields; `expiration` is below 2^64.
    function leafOf(uint256 expiration, uint256 amount, bytes32 hashlock) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, shl(192, expiration))
            mstore(add(free, 8), amount)
            mstore(add(free, 40), hashlock)
            leaf := keccak256(free, LOCK_LENGTH)
        }
    }

    function hashlockOf(bytes32 secret) internal pure returns (bytes32 hashlock) {
        assembly ("memory-safe") {
            mstore(0x00, secret)
            hashlock := keccak256(0x00, 0x20)
        }
    }

    /// @dev The marker that takes a leaf's place once its lock is paid.
    function spentMarker(bytes32 leaf) internal pure returns (bytes32 marker) {
        assembly ("memory-safe") {
            mstore(0x00, "spent")
            mstore(0x05, leaf)
            marker := keccak256(0x00, 0x25)
        }
    }

    /// @dev The roots over the same siblings with the leaf and with its spent marker in the leaf's place.
    function rootsBeforeAndAfter(bytes32 leaf, bytes32[] calldata proof)
        internal
        pure
        returns (bytes32 before_, bytes32 after_)
    {
        before_ = leaf;
        after_ = spentMarker(leaf);
        uint256 height = proof.length;
        for (uint256 i = 0; i < height; ++i) {
            bytes32 sibling = proof[i];
            before_ = Hashes.commutativeKeccak256(before_, sibling);
            after_ = Hashes.commutativeKeccak256(after_, sibling);
        }
    }
}
