// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Where nodes say how they are reached
contract EndpointRegistry {
    /// @notice The longest endpoint accepted, in bytes.
    uint256 public constant MAX_ENDPOINT_LENGTH = 255;

    mapping(address node => string endpoint) private _endpoints;

    /// @notice A node stated, changed or (empty text) withdrew its endpoint.
    /// @param node The caller that registered.
    /// @param endpoint The text as given; nothing checks that it names a reachable place.
    event AddressRegistered(address indexed node, string endpoint);

    /// @notice The text is longer than `MAX_ENDPOINT_LENGTH`.
    error EndpointTooLong(uint256 length, uint256 maximum);

    /// @notice Sets the caller's endpoint, replacing an earlier one. The empty text withdraws it.
    /// @param endpoint At most 255 bytes, host:port by convention.
    function registerEndpoint(string calldata endpoint) external {
        uint256 length = bytes(endpoint).length;
        if (length > MAX_ENDPOINT_LENGTH) revert EndpointTooLong(length, MAX_ENDPOINT_LENGTH);
        _endpoints[msg.sender] = endpoint;
        emit AddressRegistered(msg.sender, endpoint);
    }

    /// @notice The endpoint of a node.
    /// @param node Any address.
    /// @return endpoint Empty when the node has none.
    function endpointOf(address node) external view returns (string memory endpoint) {
        return _endpoints[node];
    }
}
