// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title The channels of one token
interface IChannelManager {
    /// @notice A channel was opened.
    /// @param nettingChannel The channel's address.
    /// @param participant1 Who opened it.
    /// @param participant2 Its partner.
    /// @param settleTimeout The length of its settle window in blocks.
    event ChannelNew(
        address indexed nettingChannel,
        address indexed participant1,
        address indexed participant2,
        uint256 settleTimeout
    );

    /// @notice The partner is the caller itself.
    error SamePartner(address partner);
    /// @notice The zero address is nobody's partner.
    error InvalidPartner(address partner);
    /// @notice The settle timeout is outside its bounds.
    error InvalidSettleTimeout(uint256 settleTimeout, uint256 minimum, uint256 maximum);
    /// @notice The pair has a channel that is not settled.
    error ChannelExists(address channel);
    /// @notice Nothing was given or nothing arrived.
    error NothingToDeposit();

    /// @notice Opens a channel between the caller and a partner.
    /// @param partner Any other address.
    /// @param settleTimeout 6 to 2,700,000 blocks.
    /// @return channel The channel's address.
    function newChannel(address partner, uint256 settleTimeout) external returns (address channel);

    /// @notice `newChannel` with a first deposit of the caller; the allowance is given to this manager.
    /// @param deposit Base units to be transferred; what arrives is accounted.
    function newChannelWithDeposit(address partner, uint256 settleTimeout, uint256 deposit)
        external
        returns (address channel);

    /// @notice `newChannelWithDeposit` with an EIP-2612 permit for this manager. A permit that fails is ignored: the
    ///         allowance decides.
    function newChannelWithPermit(
        address partner,
        uint256 settleTimeout,
        uint256 deposit,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (address channel);

    /// @notice The pair's channel that is not settled, the zero address when there is none. The order does not matter.
    function getChannelWith(address a, address b) external view returns (address channel);

    /// @notice Where the pair's next channel will be when `a` opens it with these arguments.
    function predictChannel(address a, address b, uint256 settleTimeout) external view returns (address channel);

    /// @notice The token of all channels here.
    function token() external view returns (address);

    /// @notice The code behind all channels here.
    function implementation() external view returns (address);
}
