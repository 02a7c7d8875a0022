// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// The tree of pending locks, written from the specification and apart from the contracts' own library.
library Locks {
    function encode(uint64 expiration, uint256 amount, bytes32 hashlock) internal pure returns (bytes memory) {
        return abi.encodePacked(expiration, amount, hashlock);
    }

    function hashlockOf(bytes32 secret) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(secret));
    }

    function spent(bytes32 leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("spent", leaf));
    }

    function parent(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    /// The leaves in ascending order.
    function sorted(bytes32[] memory leaves) internal pure returns (bytes32[] memory) {
        for (uint256 i = 1; i < leaves.length; ++i) {
            for (uint256 j = i; j > 0 && leaves[j] < leaves[j - 1]; --j) {
                (leaves[j], leaves[j - 1]) = (leaves[j - 1], leaves[j]);
            }
        }
        return leaves;
    }

    function indexOf(bytes32[] memory leaves, bytes32 leaf) internal pure returns (uint256) {
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (leaves[i] == leaf) return i;
        }
        revert("no such leaf");
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        if (leaves.length == 0) return 0;
        bytes32[] memory layer = leaves;
        while (layer.length > 1) layer = _above(layer);
        return layer[0];
    }

    /// The siblings of the leaf at a position, bottom-up; the leaves are taken in the order given.
    function proof(bytes32[] memory leaves, uint256 position) internal pure returns (bytes32[] memory siblings) {
        bytes32[] memory layer = leaves;
        while (layer.length > 1) {
            uint256 sibling = position ^ 1;
            if (sibling < layer.length) siblings = _append(siblings, layer[sibling]);
            layer = _above(layer);
            position /= 2;
        }
    }

    function _above(bytes32[] memory layer) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((layer.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            bool alone = 2 * i + 1 == layer.length;
            above[i] = alone ? layer[2 * i] : parent(layer[2 * i], layer[2 * i + 1]);
        }
    }

    function _append(bytes32[] memory list, bytes32 item) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = item;
    }
}
