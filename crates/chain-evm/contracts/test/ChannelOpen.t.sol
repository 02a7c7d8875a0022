// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Fixture} from "./support/Fixture.sol";
import {Signatures} from "./support/Signatures.sol";
import {vm} from "./support/Vm.sol";

/// What an open channel does: deposits, withdrawals, cooperative settlement.
contract ChannelOpenTest is Fixture {
    function testFuzz_depositsAddUp(uint256 first, uint256 second, uint256 other) public {
        first = 1 + first % (WEALTH / 2);
        second = 1 + second % (WEALTH / 2);
        other = 1 + other % WEALTH;
        _deposit(alice, first);
        _deposit(bob, other);
        vm.prank(alice);
        token.approve(address(channel), second);
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelNewBalance(alice, first + second);
        vm.prank(alice);
        channel.deposit(second);
        vm.assertEq(channel.depositOf(alice), first + second, "alice");
        vm.assertEq(channel.depositOf(bob), other, "bob");
        vm.assertEq(token.balanceOf(address(channel)), first + second + other, "held");
    }

    function test_depositIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NotParticipant.selector, carol));
        vm.prank(carol);
        channel.deposit(1);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NothingToDeposit.selector));
        vm.prank(alice);
        channel.deposit(0);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(channel), 0, 1)
        );
        vm.prank(alice);
        channel.deposit(1);
        _closePlain(bob);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Closed)
        );
        vm.prank(alice);
        channel.deposit(1);
        _settleBlank();
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Settled)
        );
        vm.prank(alice);
        channel.deposit(1);
    }

    function test_depositsAreBounded() public {
        uint256 maximum = (1 << 104) - 1;
        token.mint(alice, 1 << 105);
        token.mint(bob, 1 << 105);
        _deposit(alice, maximum);
        _deposit(bob, maximum);
        vm.assertEq(channel.depositOf(alice), maximum, "alice's field is full");
        vm.assertEq(channel.depositOf(bob), maximum, "bob's field is full");
        vm.prank(alice);
        token.approve(address(channel), 1);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.AmountTooLarge.selector, 1, 0));
        vm.prank(alice);
        channel.deposit(1);
        _closePlain(bob);
        vm.assertEq(channel.closer(), bob, "full deposits leave the other fields alone");
        _settleBlank();
        vm.assertEq(token.balanceOf(address(channel)), 0, "all paid out");
    }

    function test_depositWithPermit() public {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                bob,
                address(channel),
                uint256(55),
                uint256(0),
                uint256(2000)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(BOB_KEY, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
        vm.prank(bob);
        channel.depositWithPermit(55, 2000, v, r, s);
        vm.assertEq(channel.depositOf(bob), 55, "deposit");
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(channel), 0, 55)
        );
        vm.prank(bob);
        channel.depositWithPermit(55, 2000, v, r, s);
    }

    function test_tokensSentDirectlyAreNotAccounted() public {
        vm.prank(alice);
        token.transfer(address(channel), 9);
        _deposit(bob, 100);
        vm.assertEq(channel.depositOf(bob), 100, "bob's deposit only");
        _closePlain(bob);
        _settleBlank();
        vm.assertEq(token.balanceOf(address(channel)), 9, "stays where nobody can take it");
    }

    function testFuzz_withdrawalsAreCumulative(uint256 a, uint256 b, uint256 c) public {
        _deposit(alice, 1000);
        _deposit(bob, 500);
        a = 1 + a % 1498;
        b = 1 + b % (1499 - a);
        c = 1 + c % (1500 - a - b);
        uint256 before = token.balanceOf(alice);
        _withdraw(alice, a);
        _withdraw(alice, a + b);
        _withdraw(bob, c);
        vm.assertEq(channel.withdrawnOf(alice), a + b, "alice's sum");
        vm.assertEq(channel.withdrawnOf(bob), c, "bob's sum");
        vm.assertEq(token.balanceOf(alice), before + a + b, "alice was paid");
        vm.assertEq(uint256(channel.state()), uint256(INettingChannel.State.Open), "still open");
        vm.assertEq(channel.depositOf(alice), 1000, "deposits stay what they were");
    }

    function test_withdrawAnnouncesTheSum() public {
        _deposit(alice, 1000);
        _withdraw(alice, 10);
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, 30);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 30);
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelWithdraw(alice, 30);
        vm.prank(carol);
        channel.withdraw(alice, 30, own, partner);
    }

    function test_whoSendsNeedNotSign() public {
        _deposit(alice, 1000);
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, 10);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 10);
        uint256 id = vm.snapshotState();
        vm.prank(alice);
        channel.withdraw(alice, 10, "", partner);
        vm.revertToState(id);
        vm.prank(bob);
        channel.withdraw(alice, 10, own, "");
        vm.revertToState(id);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        vm.prank(carol);
        channel.withdraw(alice, 10, "", partner);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob));
        vm.prank(alice);
        channel.withdraw(alice, 10, "", "");
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        vm.prank(bob);
        channel.withdraw(alice, 10, "", "");
    }

    function test_withdrawIsRefused() public {
        _deposit(alice, 1000);
        _withdraw(alice, 10);
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, 10);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 10);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NothingToWithdraw.selector, 10, 10));
        channel.withdraw(alice, 10, own, partner);
        own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, 1001);
        partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 1001);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.WithdrawTooLarge.selector, 991, 990));
        channel.withdraw(alice, 1001, own, partner);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        channel.withdraw(alice, 1000, own, partner);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob));
        channel.withdraw(bob, 1001, own, partner);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NotParticipant.selector, carol));
        channel.withdraw(carol, 1, own, partner);
        _closePlain(alice);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Closed)
        );
        channel.withdraw(alice, 1000, own, partner);
    }

    /// Goal: a total that wraps modulo 2^256 or 2^128 can not pass for a small one.
    function testFuzz_hugeWithdrawalsAreRefused(uint256 total) public {
        _deposit(alice, 1000);
        vm.assume(total > 1000);
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, total);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, total);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.WithdrawTooLarge.selector, total, 1000));
        channel.withdraw(alice, total, own, partner);
    }

    function testFuzz_cooperativeSettlementPaysAsSigned(uint256 balance1) public {
        _deposit(alice, 1000);
        _deposit(bob, 500);
        _withdraw(bob, 200);
        balance1 = balance1 % 1301;
        uint256 alicesBefore = token.balanceOf(alice);
        uint256 bobsBefore = token.balanceOf(bob);
        bytes memory one = Signatures.cooperative(ALICE_KEY, address(channel), balance1, 1300 - balance1);
        bytes memory two = Signatures.cooperative(BOB_KEY, address(channel), balance1, 1300 - balance1);
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelCooperativelySettled(balance1, 1300 - balance1);
        vm.prank(carol);
        channel.cooperativeSettle(balance1, 1300 - balance1, one, two);
        vm.assertEq(token.balanceOf(alice), alicesBefore + balance1, "alice");
        vm.assertEq(token.balanceOf(bob), bobsBefore + 1300 - balance1, "bob");
        vm.assertEq(uint256(channel.state()), uint256(INettingChannel.State.Settled), "settled");
        vm.assertEq(channel.closer(), address(0), "nobody closed");
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Settled)
        );
        channel.cooperativeSettle(balance1, 1300 - balance1, one, two);
    }

    function testFuzz_cooperativeSettlementNeedsTheTotal(uint256 balance1, uint256 balance2) public {
        _deposit(alice, 1000);
        unchecked {
            vm.assume(balance1 + balance2 != 1000 || balance1 > 1000);
        }
        bytes memory one = Signatures.cooperative(ALICE_KEY, address(channel), balance1, balance2);
        bytes memory two = Signatures.cooperative(BOB_KEY, address(channel), balance1, balance2);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.WrongTotal.selector, balance1, balance2, 1000)
        );
        channel.cooperativeSettle(balance1, balance2, one, two);
    }

    function test_cooperativeSettlementNeedsBoth() public {
        _deposit(alice, 1000);
        bytes memory one = Signatures.cooperative(ALICE_KEY, address(channel), 900, 100);
        bytes memory two = Signatures.cooperative(BOB_KEY, address(channel), 900, 100);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob));
        channel.cooperativeSettle(900, 100, one, one);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        channel.cooperativeSettle(900, 100, two, two);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        channel.cooperativeSettle(901, 99, one, two);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob));
        vm.prank(alice);
        channel.cooperativeSettle(900, 100, "", "");
        uint256 id = vm.snapshotState();
        vm.prank(bob);
        channel.cooperativeSettle(900, 100, one, "");
        vm.revertToState(id);
        _closePlain(alice);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Closed)
        );
        channel.cooperativeSettle(900, 100, one, two);
    }

    function test_viewsRefuseStrangers() public {
        bytes memory refusal = abi.encodeWithSelector(INettingChannel.NotParticipant.selector, carol);
        vm.expectRevert(refusal);
        channel.depositOf(carol);
        vm.expectRevert(refusal);
        channel.withdrawnOf(carol);
        vm.expectRevert(refusal);
        channel.proofOf(carol);
    }

    function test_theDomainIsTheChannels() public {
        vm.assertEq(channel.domainSeparator(), Signatures.domain(address(channel)), "domain");
        vm.chainId(777);
        vm.assertEq(channel.domainSeparator(), Signatures.domain(address(channel)), "follows the chain id");
    }

    function _withdraw(address who, uint256 total) private {
        bytes memory own = Signatures.withdrawal(_keyOf(who), address(channel), who, total);
        bytes memory partner = Signatures.withdrawal(_keyOf(_otherOf(who)), address(channel), who, total);
        channel.withdraw(who, total, own, partner);
    }
}
