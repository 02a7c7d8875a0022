// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EndpointRegistry} from "../src/EndpointRegistry.sol";
import {TestToken} from "../src/TestToken.sol";
import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {Fixture} from "./support/Fixture.sol";
import {Locks} from "./support/Locks.sol";
import {Proof, Signatures} from "./support/Signatures.sol";
import {vm} from "./support/Vm.sol";

/// The gas of each call as a transaction of its own: `forge test --isolate` counts the transaction's base cost, its
/// input, cold accesses and refunds. scripts/gas.mjs turns the figures into the table of docs/contracts.md.
contract GasTest is Fixture {
    uint256 private constant DEPOSIT = 100e18;
    uint256 private constant PAID = 25e18;

    function _record(string memory name) private {
        vm.snapshotGasLastCall(name);
    }

    function _funded() private {
        _deposit(alice, DEPOSIT);
        _deposit(bob, DEPOSIT);
    }

    function _permit(address spender) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                alice,
                spender,
                DEPOSIT,
                token.nonces(alice),
                type(uint256).max
            )
        );
        return vm.sign(ALICE_KEY, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_addToken() public {
        TestToken another = _newToken(18);
        registry.addToken(address(another));
        _record("addToken");
    }

    function test_open() public {
        vm.prank(alice);
        manager.newChannel(carol, TIMEOUT);
        _record("newChannel");
        vm.prank(bob);
        manager.newChannel(carol, 2_700_000);
        _record("newChannel, longest timeout");
    }

    function test_openAgain() public {
        channel.cooperativeSettle(
            0,
            0,
            Signatures.cooperative(ALICE_KEY, address(channel), 0, 0),
            Signatures.cooperative(BOB_KEY, address(channel), 0, 0)
        );
        vm.prank(alice);
        manager.newChannel(bob, TIMEOUT);
        _record("newChannel, pair had one before");
    }

    function test_openWithDeposit() public {
        vm.prank(alice);
        token.approve(address(manager), DEPOSIT);
        _record("token approve");
        vm.prank(alice);
        manager.newChannelWithDeposit(carol, TIMEOUT, DEPOSIT);
        _record("newChannelWithDeposit");
    }

    function test_openWithPermit() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(address(manager));
        vm.prank(alice);
        manager.newChannelWithPermit(carol, TIMEOUT, DEPOSIT, type(uint256).max, v, r, s);
        _record("newChannelWithPermit");
    }

    function test_deposit() public {
        vm.prank(alice);
        token.approve(address(channel), DEPOSIT);
        vm.prank(alice);
        channel.deposit(DEPOSIT);
        _record("deposit, first of all");
        vm.prank(bob);
        token.approve(address(channel), DEPOSIT);
        vm.prank(bob);
        channel.deposit(DEPOSIT);
        _record("deposit");
        vm.prank(bob);
        token.approve(address(channel), 2 * DEPOSIT);
        vm.prank(bob);
        channel.deposit(DEPOSIT);
        _record("deposit, allowance left over");
        vm.prank(bob);
        token.approve(address(channel), type(uint256).max);
        vm.prank(bob);
        channel.deposit(DEPOSIT);
        _record("deposit, unlimited allowance");
    }

    function test_depositWithPermit() public {
        _funded();
        (uint8 v, bytes32 r, bytes32 s) = _permit(address(channel));
        vm.prank(alice);
        channel.depositWithPermit(DEPOSIT, type(uint256).max, v, r, s);
        _record("depositWithPermit");
    }

    function test_closeAndUpdate() public {
        _funded();
        bytes32 root = Locks.root(_leaves(3, 2000));
        _close(alice, _proof(7, PAID, root));
        _record("close with proof");
        _update(bob, _proof(9, PAID, root));
        _record("updateTransfer");
        _update(bob, _proof(10, 2 * PAID, root));
        _record("updateTransfer, second");
        _supersede(alice, _proof(12, 2 * PAID, 0));
        _record("supersedeTransfer");
    }

    function test_closePlain() public {
        _funded();
        _closePlain(alice);
        _record("close without proof");
    }

    function test_updateDelegate() public {
        _funded();
        _close(alice, _proof(7, PAID, 0));
        Proof memory p = _proof(9, PAID, Locks.root(_leaves(3, 2000)));
        bytes memory signature = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        bytes memory consent = Signatures.delegation(BOB_KEY, address(channel), p, carol);
        vm.prank(carol);
        channel.updateTransferDelegate(p.nonce, p.transferred, p.root, p.messageHash, signature, consent);
        _record("updateTransferDelegate");
    }

    function test_unlock() public {
        _unlockOneOf(1, "unlock of one lock");
    }

    function test_unlockWithSecret() public {
        _funded();
        bytes32[] memory leaves = _leaves(1, 2000);
        _close(bob, _proof(7, PAID, leaves[0]));
        vm.prank(bob);
        channel.unlockWithSecret(alice, PAID, leaves[0], 2000, 10, _secret(0), new bytes32[](0));
        _record("unlockWithSecret");
    }

    function test_unlockOfTwo() public {
        _unlockOneOf(2, "unlock of one lock of 2");
    }

    function test_unlockOfEight() public {
        _unlockOneOf(8, "unlock of one lock of 8");
    }

    function test_unlockOfHundredSixty() public {
        _unlockOneOf(160, "unlock of one lock of 160");
    }

    function _unlockOneOf(uint256 count, string memory name) private {
        _funded();
        bytes32[] memory leaves = _leaves(count, 2000);
        bytes32 root = Locks.root(leaves);
        _close(bob, _proof(7, PAID, root));
        bytes memory lock = _lock(0, 2000);
        bytes32[] memory siblings = Locks.proof(leaves, Locks.indexOf(leaves, keccak256(lock)));
        vm.prank(bob);
        channel.unlock(alice, PAID, root, _claim(lock, _secret(0), siblings));
        _record(name);
    }

    function test_unlockRegistered() public {
        _funded();
        bytes32[] memory leaves = _leaves(1, 1010);
        _close(bob, _proof(7, PAID, leaves[0]));
        secrets.registerSecret(_secret(0));
        vm.roll(1015);
        vm.prank(bob);
        channel.unlock(alice, PAID, leaves[0], _claim(_lock(0, 1010), _secret(0), new bytes32[](0)));
        _record("unlock of one lock, past expiry, secret registered");
    }

    function test_unlockFour() public {
        _funded();
        bytes32[] memory leaves = _leaves(4, 2000);
        bytes32 root = Locks.root(leaves);
        _close(bob, _proof(7, PAID, root));
        INettingChannel.Claim[] memory claims = new INettingChannel.Claim[](4);
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory lock = _lock(i, 2000);
            uint256 position = Locks.indexOf(leaves, keccak256(lock));
            claims[i] = INettingChannel.Claim(lock, _secret(i), Locks.proof(leaves, position));
            leaves[position] = Locks.spent(leaves[position]);
        }
        vm.prank(bob);
        channel.unlock(alice, PAID, root, claims);
        _record("unlock of four locks in one call");
    }

    function test_settle() public {
        _funded();
        bytes32 root = Locks.root(_leaves(3, 2000));
        _close(alice, _proof(7, PAID, root));
        _update(bob, _proof(9, 2 * PAID, root));
        _afterWindow();
        vm.prank(alice);
        channel.settle(2 * PAID, root, PAID, root);
        _record("settle");
    }

    function test_settleToEmptyAccounts() public {
        _funded();
        _close(alice, _proof(7, PAID, 0));
        _emptyAccounts();
        _afterWindow();
        vm.prank(alice);
        channel.settle(0, 0, PAID, 0);
        _record("settle, both had no token left");
    }

    function test_settlePlain() public {
        _deposit(alice, DEPOSIT);
        _closePlain(alice);
        _afterWindow();
        vm.prank(alice);
        channel.settle(0, 0, 0, 0);
        _record("settle, nothing was ever paid");
    }

    function test_cooperativeSettle() public {
        _funded();
        uint256 balance1 = DEPOSIT - PAID;
        uint256 balance2 = DEPOSIT + PAID;
        bytes memory signature1 = Signatures.cooperative(ALICE_KEY, address(channel), balance1, balance2);
        bytes memory signature2 = Signatures.cooperative(BOB_KEY, address(channel), balance1, balance2);
        vm.prank(carol);
        channel.cooperativeSettle(balance1, balance2, signature1, signature2);
        _record("cooperativeSettle");
    }

    function test_cooperativeSettleBySender() public {
        _funded();
        bytes memory signature2 =
            Signatures.cooperative(BOB_KEY, address(channel), DEPOSIT - PAID, DEPOSIT + PAID);
        vm.prank(alice);
        channel.cooperativeSettle(DEPOSIT - PAID, DEPOSIT + PAID, "", signature2);
        _record("cooperativeSettle, sent by a participant");
    }

    function test_withdraw() public {
        _funded();
        for (uint256 i = 1; i <= 2; ++i) {
            bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, i * PAID);
            bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, i * PAID);
            vm.prank(carol);
            channel.withdraw(alice, i * PAID, own, partner);
            _record(i == 1 ? "withdraw" : "withdraw, second");
        }
    }

    function test_withdrawBySender() public {
        _funded();
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, PAID);
        vm.prank(alice);
        channel.withdraw(alice, PAID, "", partner);
        _record("withdraw, sent by a participant");
    }

    function test_withdrawToEmptyAccount() public {
        _funded();
        _emptyAccounts();
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, PAID);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, PAID);
        vm.prank(carol);
        channel.withdraw(alice, PAID, own, partner);
        _record("withdraw, receiver had no token left");
    }

    function test_registerSecret() public {
        secrets.registerSecret(_secret(0));
        _record("registerSecret");
        secrets.registerSecret(_secret(0));
        _record("registerSecret, repeated");
    }

    function test_registerSecrets() public {
        bytes32[] memory list = new bytes32[](10);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = _secret(i);
        }
        secrets.registerSecrets(list);
        _record("registerSecrets, ten");
    }

    function test_registerEndpoint() public {
        EndpointRegistry endpoints = EndpointRegistry(vm.deployCode("EndpointRegistry.sol:EndpointRegistry"));
        vm.prank(alice);
        endpoints.registerEndpoint("203.0.113.17:40001");
        _record("registerEndpoint");
    }

    function _emptyAccounts() private {
        uint256 left = token.balanceOf(alice);
        vm.prank(alice);
        token.transfer(carol, left);
        left = token.balanceOf(bob);
        vm.prank(bob);
        token.transfer(carol, left);
    }
}
