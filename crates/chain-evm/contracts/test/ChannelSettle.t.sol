// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {Settlement} from "../src/lib/Settlement.sol";
import {Fixture} from "./support/Fixture.sol";
import {Proof, Signatures} from "./support/Signatures.sol";
import {vm} from "./support/Vm.sol";

/// Settlement arithmetic and what a settled channel is.
contract ChannelSettleTest is Fixture {
    /// The worked examples: closer 40, other 50; 10 and 25 transferred, then a lock of 5 paid to the other.
    function test_workedExamples() public pure {
        (uint256 other, uint256 closer) = Settlement.split(50, 0, 25, 10, 90);
        vm.assertEq(other, 35, "other");
        vm.assertEq(closer, 55, "closer");
        (other, closer) = Settlement.split(50, 0, 25, 15, 90);
        vm.assertEq(other, 40, "other after the lock");
        vm.assertEq(closer, 50, "closer after the lock");
    }

    function test_clamps() public pure {
        (uint256 one, uint256 two) = Settlement.split(10, 0, 11, 0, 30);
        vm.assertEq(one, 0, "never below zero");
        vm.assertEq(two, 30, "the rest");
        (one, two) = Settlement.split(10, 0, 0, 21, 30);
        vm.assertEq(one, 30, "never above the total");
        vm.assertEq(two, 0, "nothing left");
        (one, two) = Settlement.split(10, 0, type(uint256).max, 0, 30);
        vm.assertEq(one, 0, "the largest number is only large");
        (one, two) = Settlement.split(10, 0, 0, type(uint256).max, 30);
        vm.assertEq(one, 30, "the largest number is only large");
        (one, two) = Settlement.split(10, 0, type(uint256).max, type(uint256).max, 30);
        vm.assertEq(one, 10, "equal numbers cancel");
        (one, two) = Settlement.split(0, 25, 0, 30, 5);
        vm.assertEq(one, 5, "withdrawn before it was received");
    }

    /// Goal: the split is the signed, clamped formula for any numbers, and the same seen from either side. Method:
    /// compare with arithmetic on small numbers, where nothing can wrap.
    function testFuzz_splitIsTheSignedFormula(
        uint64 deposit1,
        uint64 deposit2,
        uint64 withdrawn1,
        uint64 withdrawn2,
        uint64 transferred1,
        uint64 transferred2
    ) public pure {
        uint256 deposits = uint256(deposit1) + deposit2;
        uint256 w1 = withdrawn1 % (deposits + 1);
        uint256 w2 = withdrawn2 % (deposits - w1 + 1);
        uint256 total = deposits - w1 - w2;
        (uint256 payout1, uint256 payout2) = Settlement.split(deposit1, w1, transferred1, transferred2, total);
        int256 net =
            int256(uint256(deposit1)) - int256(w1) + int256(uint256(transferred2)) - int256(uint256(transferred1));
        uint256 expected = net < 0 ? 0 : uint256(net) > total ? total : uint256(net);
        vm.assertEq(payout1, expected, "participant 1");
        vm.assertEq(payout1 + payout2, total, "all of it");
        (uint256 mirrored2, uint256 mirrored1) =
            Settlement.split(deposit2, w2, transferred2, transferred1, total);
        vm.assertEq(mirrored1, payout1, "the same from the other side");
        vm.assertEq(mirrored2, payout2, "the same from the other side");
    }

    /// Goal: whatever two payers sign, exactly the total is paid, to the participants alone.
    function testFuzz_settlementPaysTheTotal(
        uint256 deposit1,
        uint256 deposit2,
        uint256 transferred1,
        uint256 transferred2,
        bytes32 root1,
        bytes32 root2
    ) public {
        deposit1 = 1 + deposit1 % WEALTH;
        deposit2 = 1 + deposit2 % WEALTH;
        _deposit(alice, deposit1);
        _deposit(bob, deposit2);
        _close(alice, _proof(1, transferred2, root2));
        _update(bob, _proof(1, transferred1, root1));
        _afterWindow();
        uint256 alices = token.balanceOf(alice);
        uint256 bobs = token.balanceOf(bob);
        (uint256 payout1, uint256 payout2) =
            Settlement.split(deposit1, 0, transferred1, transferred2, deposit1 + deposit2);
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelSettled(payout1, payout2);
        vm.prank(carol);
        channel.settle(transferred1, root1, transferred2, root2);
        vm.assertEq(token.balanceOf(alice), alices + payout1, "alice");
        vm.assertEq(token.balanceOf(bob), bobs + payout2, "bob");
        vm.assertEq(token.balanceOf(address(channel)), 0, "nothing left");
        vm.assertEq(payout1 + payout2, deposit1 + deposit2, "the total");
    }

    function test_settleNeedsTheStoredValues() public {
        _deposit(alice, 100);
        _close(alice, _proof(1, 20, "bobs root"));
        _afterWindow();
        bytes memory notAlices = abi.encodeWithSelector(INettingChannel.UnknownProof.selector, alice);
        bytes memory notBobs = abi.encodeWithSelector(INettingChannel.UnknownProof.selector, bob);
        vm.expectRevert(notAlices);
        channel.settle(1, 0, 20, "bobs root");
        vm.expectRevert(notAlices);
        channel.settle(0, "root", 20, "bobs root");
        vm.expectRevert(notBobs);
        channel.settle(0, 0, 21, "bobs root");
        vm.expectRevert(notBobs);
        channel.settle(0, 0, 20, 0);
        vm.expectRevert(notBobs);
        channel.settle(0, 0, 0, 0);
        channel.settle(0, 0, 20, "bobs root");
    }

    function test_withdrawalsCountAtSettlement() public {
        _deposit(alice, 100);
        _deposit(bob, 60);
        bytes memory own = Signatures.withdrawal(BOB_KEY, address(channel), bob, 70);
        bytes memory partner = Signatures.withdrawal(ALICE_KEY, address(channel), bob, 70);
        channel.withdraw(bob, 70, own, partner);
        _closePlain(alice);
        _update(bob, _proof(3, 25, 0));
        _afterWindow();
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelSettled(75, 15);
        channel.settle(25, 0, 0, 0);
    }

    function test_aSettledChannelIsOver() public {
        _deposit(alice, 100);
        _close(bob, _proof(1, 10, 0));
        _afterWindow();
        channel.settle(10, 0, 0, 0);
        vm.assertEq(uint256(channel.state()), uint256(INettingChannel.State.Settled), "settled");
        vm.assertEq(channel.closer(), bob, "history stays");
        vm.assertEq(channel.depositOf(alice), 100, "history stays");
        (uint64 nonce, bytes24 hash) = channel.proofOf(alice);
        vm.assertEq(nonce, 0, "the proof is gone");
        vm.assertEq(hash, 0, "the proof is gone");
        vm.prank(carol);
        token.mint(address(channel), 50);
        bytes memory over =
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Settled);
        vm.expectRevert(over);
        channel.settle(0, 0, 0, 0);
        Proof memory p = _proof(2, 0, 0);
        bytes memory acknowledgement = Signatures.acknowledgement(BOB_KEY, address(channel), alice, p);
        vm.expectRevert(over);
        vm.prank(alice);
        channel.supersedeTransfer(2, 0, 0, p.messageHash, acknowledgement);
        bytes memory notOpen =
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Settled);
        vm.expectRevert(notOpen);
        vm.prank(alice);
        channel.close(0, 0, 0, 0, "");
        vm.expectRevert(notOpen);
        channel.cooperativeSettle(25, 25, "", "");
        vm.expectRevert(notOpen);
        channel.withdraw(alice, 5, "", "");
    }

    function test_anEmptyChannelSettles() public {
        _closePlain(alice);
        _afterWindow();
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelSettled(0, 0);
        channel.settle(0, 0, 0, 0);
        vm.assertEq(uint256(channel.state()), uint256(INettingChannel.State.Settled), "settled");
    }
}
