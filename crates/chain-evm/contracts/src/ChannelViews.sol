// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ChannelStorage} from "./ChannelStorage.sol";
import {INettingChannel} from "./interfaces/INettingChannel.sol";
import {ISecretRegistry} from "./interfaces/ISecretRegistry.sol";
import {Ledger} from "./lib/Ledger.sol";
import {StoredProof} from "./lib/StoredProof.sol";

/// @title What can be read from a channel
abstract contract ChannelViews is ChannelStorage {
    IERC20 internal immutable TOKEN;
    ISecretRegistry internal immutable SECRETS;
    address internal immutable MANAGER = msg.sender;

    constructor(address token_, address secretRegistry_) {
        TOKEN = IERC20(token_);
        SECRETS = ISecretRegistry(secretRegistry_);
    }

    /// @inheritdoc INettingChannel
    function collectable(address participant) external view returns (uint256 amount) {
        return _unpaid[participant];
    }

    /// @inheritdoc INettingChannel
    function participants() external view returns (address participant1, address participant2) {
        (participant1, participant2,) = _constants();
    }

    /// @inheritdoc INettingChannel
    function settleTimeout() external view returns (uint256 blocks) {
        (,, blocks) = _constants();
    }

    /// @inheritdoc INettingChannel
    function token() external view returns (address) {
        return address(TOKEN);
    }

    /// @inheritdoc INettingChannel
    function secretRegistry() external view returns (address) {
        return address(SECRETS);
    }

    /// @inheritdoc INettingChannel
    function manager() external view returns (address) {
        return MANAGER;
    }

    /// @inheritdoc INettingChannel
    function state() external view returns (State) {
        return _isImplementation() ? State.None : _stateOf(_ledger);
    }

    /// @inheritdoc INettingChannel
    function closedAt() external view returns (uint256 blockNumber) {
        return _ledger.closedAt();
    }

    /// @inheritdoc INettingChannel
    function closer() external view returns (address) {
        Ledger ledger = _ledger;
        if (ledger.closedAt() == 0) return address(0);
        (address participant1, address participant2,) = _constants();
        return ledger.isClosedBySecond() ? participant2 : participant1;
    }

    /// @inheritdoc INettingChannel
    function depositOf(address participant) external view returns (uint256 amount) {
        (, bool isFirst) = _counterparty(participant);
        return isFirst ? _ledger.deposit1() : _ledger.deposit2();
    }

    /// @inheritdoc INettingChannel
    function withdrawnOf(address participant) external view returns (uint256 amount) {
        (, bool isFirst) = _counterparty(participant);
        (uint256 withdrawn1, uint256 withdrawn2) = _withdrawn();
        return isFirst ? withdrawn1 : withdrawn2;
    }

    /// @inheritdoc INettingChannel
    function proofOf(address payer) external view returns (uint64 nonce, bytes24 proofHash) {
        _counterparty(payer);
        StoredProof stored = _proofs[payer].proof;
        return (uint64(stored.nonce()), stored.hash());
    }

    /// @inheritdoc INettingChannel
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }
}
