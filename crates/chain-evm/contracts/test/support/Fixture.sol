// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChannelManager} from "../../src/ChannelManager.sol";
import {NettingChannel} from "../../src/NettingChannel.sol";
import {Registry} from "../../src/Registry.sol";
import {SecretRegistry} from "../../src/SecretRegistry.sol";
import {TestToken} from "../../src/TestToken.sol";
import {INettingChannel} from "../../src/interfaces/INettingChannel.sol";
import {Locks} from "./Locks.sol";
import {Proof, Signatures} from "./Signatures.sol";
import {vm} from "./Vm.sol";

/// A network with one token and one channel between Alice (participant 1) and Bob (participant 2).
abstract contract Fixture {
    uint256 internal constant ALICE_KEY = uint256(keccak256("alice"));
    uint256 internal constant BOB_KEY = uint256(keccak256("bob"));
    uint256 internal constant TIMEOUT = 20;
    uint256 internal constant WEALTH = 1e24;

    address internal immutable alice = vm.addr(ALICE_KEY);
    address internal immutable bob = vm.addr(BOB_KEY);
    address internal immutable carol = vm.addr(uint256(keccak256("carol")));

    SecretRegistry internal secrets;
    Registry internal registry;
    TestToken internal token;
    ChannelManager internal manager;
    NettingChannel internal channel;

    function setUp() public virtual {
        vm.roll(1000);
        secrets = SecretRegistry(vm.deployCode("SecretRegistry.sol:SecretRegistry"));
        registry = Registry(vm.deployCode("Registry.sol:Registry", abi.encode(secrets)));
        token = _newToken(18);
        manager = ChannelManager(registry.addToken(address(token)));
        channel = _openIn(manager);
        token.mint(alice, WEALTH);
        token.mint(bob, WEALTH);
    }

    /// By artifact and not by `new`, like everything above: the compiler would compile the code once more for each test.
    function _newToken(uint8 decimals) internal returns (TestToken) {
        return TestToken(vm.deployCode("TestToken.sol:TestToken", abi.encode("Test token", "TT", decimals)));
    }

    function _openIn(ChannelManager where) internal returns (NettingChannel) {
        vm.prank(alice);
        return NettingChannel(where.newChannel(bob, TIMEOUT));
    }

    function _deposit(address who, uint256 amount) internal {
        vm.startPrank(who);
        token.approve(address(channel), amount);
        channel.deposit(amount);
        vm.stopPrank();
    }

    function _keyOf(address who) internal view returns (uint256) {
        return who == alice ? ALICE_KEY : BOB_KEY;
    }

    function _otherOf(address who) internal view returns (address) {
        return who == alice ? bob : alice;
    }

    function _proof(uint64 nonce, uint256 transferred, bytes32 root) internal pure returns (Proof memory) {
        return Proof(nonce, transferred, root, keccak256(abi.encode("message", nonce)));
    }

    /// `who` closes without a proof.
    function _closePlain(address who) internal {
        vm.prank(who);
        channel.close(0, 0, 0, 0, "");
    }

    /// `who` closes with a proof of its counterparty.
    function _close(address who, Proof memory p) internal {
        bytes memory signature = Signatures.balanceProof(_keyOf(_otherOf(who)), address(channel), p);
        vm.prank(who);
        channel.close(p.nonce, p.transferred, p.root, p.messageHash, signature);
    }

    /// `who` updates with a proof of its counterparty.
    function _update(address who, Proof memory p) internal {
        bytes memory signature = Signatures.balanceProof(_keyOf(_otherOf(who)), address(channel), p);
        vm.prank(who);
        channel.updateTransfer(p.nonce, p.transferred, p.root, p.messageHash, signature);
    }

    /// `payer` supersedes its stored proof by one that the counterparty acknowledged.
    function _supersede(address payer, Proof memory p) internal {
        bytes memory signature = Signatures.acknowledgement(_keyOf(_otherOf(payer)), address(channel), payer, p);
        vm.prank(payer);
        channel.supersedeTransfer(p.nonce, p.transferred, p.root, p.messageHash, signature);
    }

    function _afterWindow() internal {
        vm.roll(channel.closedAt() + TIMEOUT + 1);
    }

    function _settleBlank() internal {
        _afterWindow();
        channel.settle(0, 0, 0, 0);
    }

    /// Lock number i of a family: secret, amount 10*(i+1), the given expiration.
    function _secret(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode("secret", i));
    }

    function _lock(uint256 i, uint64 expiration) internal pure returns (bytes memory) {
        return Locks.encode(expiration, 10 * (i + 1), Locks.hashlockOf(_secret(i)));
    }

    function _leaves(uint256 count, uint64 expiration) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(_lock(i, expiration));
        }
        return Locks.sorted(leaves);
    }

    function _claim(bytes memory lock, bytes32 secret, bytes32[] memory siblings)
        internal
        pure
        returns (INettingChannel.Claim[] memory claims)
    {
        claims = new INettingChannel.Claim[](1);
        claims[0] = INettingChannel.Claim(lock, secret, siblings);
    }
}
