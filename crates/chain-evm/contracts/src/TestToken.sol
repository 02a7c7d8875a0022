// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title A token for development chains
/// @notice Anyone may mint any amount: it is worth nothing and must never be used as money.
contract TestToken is ERC20, ERC20Permit {
    uint8 private immutable DECIMALS;

    /// @param name_ The token's name, also that of its permit domain (version "1").
    /// @param symbol_ The token's symbol.
    /// @param decimals_ Digits after the point in displays.
    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) ERC20Permit(name_) {
        DECIMALS = decimals_;
    }

    /// @notice Creates tokens out of nothing for anyone.
    /// @param to Who receives them.
    /// @param amount Base units.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Digits after the point in displays.
    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }
}
