// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev One storage word: deposit1 (104 bits, lowest) | deposit2 (104) | block of the close (40) | flags (8).
///      Opening, depositing, closing and settling write this word and no other of the channel's own.
type Ledger is uint256;

using LedgerLibrary for Ledger global;

/// @title The fields of a `Ledger`
/// @dev Words instead of a struct: the compiler unpacks a struct into memory field by field, which costs several
///      hundred gas a call.
library LedgerLibrary {
    /// @dev The most a participant's deposits may add up to.
    uint256 internal constant DEPOSIT_MAX = (1 << 104) - 1;

    uint256 private constant DEPOSIT2_SHIFT = 104;
    uint256 private constant CLOSED_AT_SHIFT = 208;
    uint256 private constant CLOSED_AT_MAX = (1 << 40) - 1;
    uint256 private constant SETTLED = 1 << 248;
    uint256 private constant CLOSED_BY_SECOND = 1 << 249;

    function deposit1(Ledger self) internal pure returns (uint256) {
        return Ledger.unwrap(self) & DEPOSIT_MAX;
    }

    function deposit2(Ledger self) internal pure returns (uint256) {
        return (Ledger.unwrap(self) >> DEPOSIT2_SHIFT) & DEPOSIT_MAX;
    }

    /// @dev Below 2^105.
    function deposits(Ledger self) internal pure returns (uint256) {
        unchecked {
            return deposit1(self) + deposit2(self);
        }
    }

    /// @dev Zero while nobody closed.
    function closedAt(Ledger self) internal pure returns (uint256) {
        return (Ledger.unwrap(self) >> CLOSED_AT_SHIFT) & CLOSED_AT_MAX;
    }

    function isSettled(Ledger self) internal pure returns (bool) {
        return Ledger.unwrap(self) & SETTLED != 0;
    }

    function isClosedBySecond(Ledger self) internal pure returns (bool) {
        return Ledger.unwrap(self) & CLOSED_BY_SECOND != 0;
    }

    /// @dev Neither closed nor settled: everything above the deposits is zero.
    function isOpen(Ledger self) internal pure returns (bool) {
        return Ledger.unwrap(self) >> CLOSED_AT_SHIFT == 0;
    }

    /// @dev The caller has checked that the sum fits.
    function addDeposit(Ledger self, bool first, uint256 amount) internal pure returns (Ledger) {
        unchecked {
            return Ledger.wrap(Ledger.unwrap(self) + (first ? amount : amount << DEPOSIT2_SHIFT));
        }
    }

    function markClosed(Ledger self, bool byFirst, uint256 blockNumber) internal pure returns (Ledger) {
        uint256 mark = blockNumber << CLOSED_AT_SHIFT | (byFirst ? 0 : CLOSED_BY_SECOND);
        return Ledger.wrap(Ledger.unwrap(self) | mark);
    }

    function markSettled(Ledger self) internal pure returns (Ledger) {
        return Ledger.wrap(Ledger.unwrap(self) | SETTLED);
    }
}
