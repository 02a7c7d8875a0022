// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {NettingChannel} from "./NettingChannel.sol";
import {IChannelManager} from "./interfaces/IChannelManager.sol";
import {INettingChannel} from "./interfaces/INettingChannel.sol";

/// @title Opens the channels of one token
/// @dev A channel's address follows from who opens with whom, the timeout, and how many channels the pair had before,
///      so an opening that a reorganisation mines again makes the same channel.
contract ChannelManager is IChannelManager, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The shortest settle window, in blocks.
    uint256 public constant SETTLE_TIMEOUT_MIN = 6;
    /// @notice The longest settle window, in blocks.
    uint256 public constant SETTLE_TIMEOUT_MAX = 2_700_000;

    /// @dev One slot a pair.
    struct Pair {
        address channel;
        uint96 openings;
    }

    IERC20 private immutable TOKEN;
    address private immutable IMPLEMENTATION;

    mapping(bytes32 pairKey => Pair pair) private _pairs;

    /// @param token_ The token of all channels here, checked by the registry.
    /// @param secretRegistry_ Where secrets become public.
    constructor(address token_, address secretRegistry_) {
        TOKEN = IERC20(token_);
        IMPLEMENTATION = address(new NettingChannel(token_, secretRegistry_));
    }

    /// @inheritdoc IChannelManager
    function newChannel(address partner, uint256 settleTimeout) external nonReentrantView returns (address channel) {
        (bytes32 pairKey, uint96 openings) = _checkOpening(partner, settleTimeout);
        return _open(partner, settleTimeout, pairKey, openings);
    }

    /// @inheritdoc IChannelManager
    function newChannelWithDeposit(address partner, uint256 settleTimeout, uint256 deposit)
        external
        nonReentrant
        returns (address channel)
    {
        return _openWithDeposit(partner, settleTimeout, deposit);
    }

    /// @inheritdoc IChannelManager
    function newChannelWithPermit(
        address partner,
        uint256 settleTimeout,
        uint256 deposit,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (address channel) {
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), deposit, deadline, v, r, s) {} catch {}
        return _openWithDeposit(partner, settleTimeout, deposit);
    }

    /// @inheritdoc IChannelManager
    function getChannelWith(address a, address b) external view returns (address channel) {
        channel = _pairs[_pairKey(a, b)].channel;
        if (channel != address(0) && _isSettled(channel)) return address(0);
    }

    /// @inheritdoc IChannelManager
    function predictChannel(address a, address b, uint256 settleTimeout) external view returns (address channel) {
        _checkTimeout(settleTimeout);
        bytes32 pairKey = _pairKey(a, b);
        return _predict(a, b, settleTimeout, pairKey, _pairs[pairKey].openings);
    }

    /// @inheritdoc IChannelManager
    function token() external view returns (address) {
        return address(TOKEN);
    }

    /// @inheritdoc IChannelManager
    function implementation() external view returns (address) {
        return IMPLEMENTATION;
    }

    function _checkOpening(address partner, uint256 settleTimeout)
        private
        view
        returns (bytes32 pairKey, uint96 openings)
    {
        if (partner == msg.sender) revert SamePartner(partner);
        if (partner == address(0)) revert InvalidPartner(partner);
        _checkTimeout(settleTimeout);
        pairKey = _pairKey(msg.sender, partner);
        Pair memory pair = _pairs[pairKey];
        if (pair.channel != address(0) && !_isSettled(pair.channel)) revert ChannelExists(pair.channel);
        return (pairKey, pair.openings);
    }

    function _checkTimeout(uint256 settleTimeout) private pure {
        if (settleTimeout < SETTLE_TIMEOUT_MIN || settleTimeout > SETTLE_TIMEOUT_MAX) {
            revert InvalidSettleTimeout(settleTimeout, SETTLE_TIMEOUT_MIN, SETTLE_TIMEOUT_MAX);
        }
    }

    /// @dev Transfers to the address where the channel will be, and makes the channel afterwards: while the token runs
    ///      there is no channel that could account the same tokens, nor can another opening begin.
    function _openWithDeposit(address partner, uint256 settleTimeout, uint256 deposit)
        private
        returns (address channel)
    {
        if (deposit == 0) revert NothingToDeposit();
        (bytes32 pairKey, uint96 openings) = _checkOpening(partner, settleTimeout);
        channel = _predict(msg.sender, partner, settleTimeout, pairKey, openings);
        uint256 balanceBefore = TOKEN.balanceOf(channel);
        TOKEN.safeTransferFrom(msg.sender, channel, deposit);
        uint256 balanceAfter = TOKEN.balanceOf(channel);
        if (balanceAfter <= balanceBefore) revert NothingToDeposit();
        _open(partner, settleTimeout, pairKey, openings);
        unchecked {
            INettingChannel(channel).creditOpening(balanceAfter - balanceBefore);
        }
    }

    function _open(address partner, uint256 settleTimeout, bytes32 pairKey, uint96 openings)
        private
        returns (address channel)
    {
        channel = Clones.cloneDeterministicWithImmutableArgs(
            IMPLEMENTATION, _arguments(msg.sender, partner, settleTimeout), _salt(pairKey, openings)
        );
        _pairs[pairKey] = Pair(channel, openings + 1);
        emit ChannelNew(channel, msg.sender, partner, settleTimeout);
    }

    function _predict(address a, address b, uint256 settleTimeout, bytes32 pairKey, uint96 openings)
        private
        view
        returns (address channel)
    {
        return Clones.predictDeterministicAddressWithImmutableArgs(
            IMPLEMENTATION, _arguments(a, b, settleTimeout), _salt(pairKey, openings)
        );
    }

    function _isSettled(address channel) private view returns (bool) {
        return INettingChannel(channel).state() == INettingChannel.State.Settled;
    }

    function _arguments(address a, address b, uint256 settleTimeout) private pure returns (bytes memory) {
        return abi.encodePacked(a, b, uint24(settleTimeout));
    }

    function _pairKey(address a, address b) private pure returns (bytes32) {
        return Hashes.commutativeKeccak256(bytes32(uint256(uint160(a))), bytes32(uint256(uint160(b))));
    }

    function _salt(bytes32 pairKey, uint96 openings) private pure returns (bytes32) {
        return Hashes.efficientKeccak256(pairKey, bytes32(uint256(openings)));
    }
}
