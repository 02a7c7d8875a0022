// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Who gets how much at settlement
library Settlement {
    /// @dev Above every total (a total is below 2^105) and far below the bounds of int256.
    uint256 private constant DIFFERENCE_MAX = 1 << 128;

    /// @dev Splits `total` by net1 = deposit1 - withdrawn1 + transferred2 - transferred1, clamped to [0, total].
    ///      The transferred amounts are any numbers the payers signed; a difference beyond the total decides as much
    ///      as one of 2^128, so it is cut there and nothing overflows.
    function split(uint256 deposit1, uint256 withdrawn1, uint256 transferred1, uint256 transferred2, uint256 total)
        internal
        pure
        returns (uint256 payout1, uint256 payout2)
    {
        unchecked {
            int256 net1 = int256(deposit1) - int256(withdrawn1);
            if (transferred2 >= transferred1) {
                net1 += int256(_cut(transferred2 - transferred1));
            } else {
                net1 -= int256(_cut(transferred1 - transferred2));
            }
            if (net1 > 0) payout1 = uint256(net1) > total ? total : uint256(net1);
            payout2 = total - payout1;
        }
    }

    function _cut(uint256 difference) private pure returns (uint256) {
        return difference > DIFFERENCE_MAX ? DIFFERENCE_MAX : difference;
    }
}
