// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ChannelManager} from "./ChannelManager.sol";

/// @title The tokens of a payment network
contract Registry {
    /// @notice Where secrets become public, for all channels of all tokens.
    address public immutable secretRegistry;

    /// @notice The manager of a token's channels, the zero address when the token is not registered.
    mapping(address token => address manager) public channelManagerByToken;

    address[] private _tokens;

    /// @notice A token was registered.
    /// @param token The token.
    /// @param channelManager The manager made for it.
    event TokenAdded(address indexed token, address indexed channelManager);

    /// @notice The address has no code.
    error NotAContract(address account);
    /// @notice There is no contract at the address, or it does not answer totalSupply().
    error NotAToken(address token);
    /// @notice The token has a manager already.
    error TokenAlreadyRegistered(address token, address channelManager);

    /// @param secretRegistry_ A deployed SecretRegistry.
    constructor(address secretRegistry_) {
        if (secretRegistry_.code.length == 0) revert NotAContract(secretRegistry_);
        secretRegistry = secretRegistry_;
    }

    /// @notice Registers a token and deploys its manager, at an address that follows from the token. Anyone may call.
    /// @param token A contract that answers totalSupply().
    /// @return manager The manager of the token's channels.
    function addToken(address token) external returns (address manager) {
        manager = channelManagerByToken[token];
        if (manager != address(0)) revert TokenAlreadyRegistered(token, manager);
        if (token.code.length == 0) revert NotAToken(token);
        (bool success, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20.totalSupply, ()));
        if (!success || answer.length < 32) revert NotAToken(token);

        manager = address(new ChannelManager{salt: bytes32(uint256(uint160(token)))}(token, secretRegistry));
        channelManagerByToken[token] = manager;
        _tokens.push(token);
        emit TokenAdded(token, manager);
    }

    /// @notice All registered tokens in the order of their registration.
    function tokenAddresses() external view returns (address[] memory) {
        return _tokens;
    }
}
