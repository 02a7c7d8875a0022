// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ChannelManager} from "../src/ChannelManager.sol";
import {NettingChannel} from "../src/NettingChannel.sol";
import {IChannelManager} from "../src/interfaces/IChannelManager.sol";
import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {Fixture} from "./support/Fixture.sol";
import {Signatures} from "./support/Signatures.sol";
import {BlockingToken, FeeToken, HookToken, NoReturnToken, RefusingToken, VanishingToken} from "./support/Tokens.sol";
import {vm} from "./support/Vm.sol";

/// A participant that is a contract: it does what it is told, so that a token's hook can reenter through it.
contract Puppet {
    function act(address target, bytes calldata data) external returns (bytes memory) {
        (bool success, bytes memory answer) = target.call(data);
        if (!success) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}

/// Tokens that are not like the others: fees, no return values, refusals, reentrancy.
contract TokensTest is Fixture {
    function _openFor(address odd) private returns (ChannelManager made) {
        made = ChannelManager(registry.addToken(odd));
        channel = _openIn(made);
    }

    function test_aFeeIsNobodysDeposit() public {
        FeeToken odd = new FeeToken();
        ChannelManager made = _openFor(address(odd));
        odd.mint(alice, 10_000);
        vm.startPrank(alice);
        odd.approve(address(channel), 1000);
        channel.deposit(1000);
        vm.assertEq(channel.depositOf(alice), 990, "what arrived");
        odd.approve(address(made), 1000);
        NettingChannel second = NettingChannel(made.newChannelWithDeposit(carol, TIMEOUT, 1000));
        vm.assertEq(second.depositOf(alice), 990, "what arrived at the opening");
        vm.stopPrank();
        _closePlain(alice);
        _settleBlank();
        vm.assertEq(odd.balanceOf(address(channel)), 0, "all accounted tokens left");
        vm.assertEq(odd.balanceOf(alice), 8000 + 981, "less the fee on the way back");
    }

    function test_aDepositThatVanishesIsRefused() public {
        VanishingToken odd = new VanishingToken();
        ChannelManager made = _openFor(address(odd));
        odd.mint(alice, 1000);
        vm.startPrank(alice);
        odd.approve(address(channel), 1000);
        odd.approve(address(made), 1000);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NothingToDeposit.selector));
        channel.deposit(500);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.NothingToDeposit.selector));
        made.newChannelWithDeposit(carol, TIMEOUT, 500);
        vm.stopPrank();
    }

    function test_tokensThatReturnNothingWork() public {
        NoReturnToken odd = new NoReturnToken();
        ChannelManager made = _openFor(address(odd));
        odd.mint(alice, 10_000);
        vm.startPrank(alice);
        odd.approve(address(channel), 1000);
        channel.deposit(600);
        channel.depositWithPermit(400, 0, 27, 0, 0);
        vm.assertEq(channel.depositOf(alice), 1000, "deposits");
        odd.approve(address(made), 500);
        made.newChannelWithDeposit(carol, TIMEOUT, 300);
        made.newChannelWithPermit(address(0xbeef), TIMEOUT, 200, 0, 27, 0, 0);
        vm.stopPrank();
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 100);
        vm.prank(alice);
        channel.withdraw(alice, 100, "", partner);
        _closePlain(alice);
        _update(bob, _proof(1, 250, 0));
        _afterWindow();
        channel.settle(250, 0, 0, 0);
        vm.assertEq(odd.balanceOf(bob), 250, "bob");
        vm.assertEq(odd.balanceOf(alice), 8500 + 100 + 650, "alice");
    }

    function test_aFalseAnswerIsARefusal() public {
        RefusingToken odd = new RefusingToken();
        ChannelManager made = _openFor(address(odd));
        odd.mint(alice, 1000);
        bytes memory failed = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(odd));
        vm.startPrank(alice);
        vm.expectRevert(failed);
        channel.deposit(500);
        vm.expectRevert(failed);
        made.newChannelWithDeposit(carol, TIMEOUT, 500);
        vm.stopPrank();
    }

    /// Goal: a participant whom the token refuses costs the other nothing, and is paid once the token lets it.
    function test_aBlockedParticipantDoesNotBlockTheOther() public {
        BlockingToken odd = new BlockingToken();
        _openFor(address(odd));
        odd.mint(alice, 1000);
        vm.startPrank(alice);
        odd.approve(address(channel), 1000);
        channel.deposit(1000);
        vm.stopPrank();
        uint256 open = vm.snapshotState();
        for (uint256 i = 0; i < 4; ++i) {
            vm.revertToState(open);
            odd.setBlocked(bob, true, i % 2 == 0);
            if (i < 2) _settleWithBobsShare();
            else _settleTogetherWithBobsShare();
            vm.assertEq(odd.balanceOf(alice), 600, "alice is paid");
            vm.assertEq(channel.collectable(bob), 400, "kept for bob");
            vm.assertEq(odd.balanceOf(address(channel)), 400, "and held");
            vm.expectRevert();
            channel.collect(bob);
            odd.setBlocked(bob, false, false);
            channel.collect(bob);
            vm.assertEq(odd.balanceOf(bob), 400, "bob is paid");
            vm.expectRevert(abi.encodeWithSelector(INettingChannel.NothingToCollect.selector, bob));
            channel.collect(bob);
        }
    }

    function _settleWithBobsShare() private {
        _closePlain(alice);
        _update(bob, _proof(1, 400, 0));
        _afterWindow();
        vm.expectEmit(address(channel));
        emit INettingChannel.PayoutRefused(bob, 400);
        channel.settle(400, 0, 0, 0);
    }

    function _settleTogetherWithBobsShare() private {
        bytes memory signature1 = Signatures.cooperative(ALICE_KEY, address(channel), 600, 400);
        bytes memory signature2 = Signatures.cooperative(BOB_KEY, address(channel), 600, 400);
        vm.expectEmit(address(channel));
        emit INettingChannel.PayoutRefused(bob, 400);
        channel.cooperativeSettle(600, 400, signature1, signature2);
    }

    // Reentrancy. The participants are contracts; the token calls one of them in the middle of a transfer.

    HookToken private hook;
    Puppet private one;
    Puppet private two;

    function _hookChannel() private {
        hook = new HookToken();
        one = new Puppet();
        two = new Puppet();
        ChannelManager made = ChannelManager(registry.addToken(address(hook)));
        bytes memory opened = one.act(address(made), abi.encodeCall(IChannelManager.newChannel, (address(two), TIMEOUT)));
        channel = NettingChannel(abi.decode(opened, (address)));
        hook.mint(address(one), 10_000);
        hook.mint(address(two), 10_000);
        one.act(address(hook), abi.encodeCall(IERC20.approve, (address(channel), type(uint256).max)));
        two.act(address(hook), abi.encodeCall(IERC20.approve, (address(channel), type(uint256).max)));
        _puppetDeposit(one, 1000);
        _puppetDeposit(two, 1000);
    }

    function _puppetDeposit(Puppet who, uint256 amount) private {
        who.act(address(channel), abi.encodeCall(INettingChannel.deposit, (amount)));
    }

    function _arm(Puppet who, bytes memory data, bool beforeMove) private {
        hook.arm(address(who), abi.encodeCall(Puppet.act, (address(channel), data)), beforeMove);
    }

    /// Goal: while a deposit runs no function that writes the ledger or moves tokens runs, before or after the balances
    /// move; the deposit itself is accounted once. Method: a hook tries each of them.
    function test_nothingReentersADeposit() public {
        _hookChannel();
        bytes[5] memory calls = [
            abi.encodeCall(INettingChannel.deposit, (300)),
            abi.encodeCall(INettingChannel.close, (0, 0, 0, 0, "")),
            abi.encodeCall(INettingChannel.withdraw, (address(one), 500, "", "")),
            abi.encodeCall(INettingChannel.cooperativeSettle, (2000, 0, "", "")),
            abi.encodeCall(INettingChannel.settle, (0, 0, 0, 0))
        ];
        uint256 expected = 1000;
        for (uint256 i = 0; i < 2 * calls.length; ++i) {
            _arm(one, calls[i / 2], i % 2 == 0);
            _puppetDeposit(one, 100);
            expected += 100;
            vm.assertEq(channel.depositOf(address(one)), expected, "accounted once");
        }
        vm.assertEq(hook.attempts(), 10, "all were tried");
        vm.assertEq(hook.successes(), 0, "none succeeded");
        _assertSolvent();
    }

    /// Goal: settlement can not be entered again from its own payouts. Method: the hook fires in the first payout.
    function test_nothingReentersASettlement() public {
        _hookChannel();
        one.act(address(channel), abi.encodeCall(INettingChannel.close, (0, 0, 0, 0, "")));
        _afterWindow();
        uint256 id = vm.snapshotState();
        bytes[4] memory calls = [
            abi.encodeCall(INettingChannel.settle, (0, 0, 0, 0)),
            abi.encodeCall(INettingChannel.deposit, (1)),
            abi.encodeCall(INettingChannel.close, (0, 0, 0, 0, "")),
            abi.encodeCall(INettingChannel.updateTransfer, (1, 1, 0, 0, ""))
        ];
        for (uint256 i = 0; i < 2 * calls.length; ++i) {
            vm.revertToState(id);
            _arm(two, calls[i / 2], i % 2 == 0);
            channel.settle(0, 0, 0, 0);
            vm.assertEq(hook.attempts(), 1, "tried");
            vm.assertEq(hook.successes(), 0, "refused");
            vm.assertEq(hook.balanceOf(address(one)), 10_000, "paid once");
            vm.assertEq(hook.balanceOf(address(two)), 10_000, "paid once");
        }
    }

    /// Goal: a cooperative withdrawal writes before it pays: entering it again from its payout finds nothing more.
    function test_aWithdrawalEnteredAgainPaysOnce() public {
        HookToken odd = new HookToken();
        _openFor(address(odd));
        hook = odd;
        odd.mint(alice, 1000);
        vm.startPrank(alice);
        odd.approve(address(channel), 1000);
        channel.deposit(1000);
        vm.stopPrank();
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, 300);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 300);
        bytes memory again = abi.encodeCall(INettingChannel.withdraw, (alice, 300, own, partner));
        for (uint256 i = 0; i < 2; ++i) {
            uint256 id = vm.snapshotState();
            odd.arm(address(channel), again, i == 0);
            channel.withdraw(alice, 300, own, partner);
            vm.assertEq(odd.attempts(), 1, "tried");
            vm.assertEq(odd.successes(), 0, "refused");
            vm.assertEq(odd.balanceOf(alice), 300, "paid once");
            vm.revertToState(id);
        }
    }

    /// Goal: a deposit made inside a withdrawal's payout is accounted by what it brings, no more.
    function test_aDepositInsideAWithdrawalIsExact() public {
        _hookChannel();
        // Nobody can sign for a contract, so the withdrawal is one of Alice's in a channel of hers with Bob.
        ChannelManager made = ChannelManager(registry.channelManagerByToken(address(hook)));
        channel = _openIn(made);
        hook.mint(alice, 1000);
        vm.startPrank(alice);
        hook.approve(address(channel), 1000);
        channel.deposit(1000);
        vm.stopPrank();
        bytes memory own = Signatures.withdrawal(ALICE_KEY, address(channel), alice, 300);
        bytes memory partner = Signatures.withdrawal(BOB_KEY, address(channel), alice, 300);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 id = vm.snapshotState();
            hook.arm(address(this), abi.encodeCall(this.depositOfBob, (200)), i == 0);
            channel.withdraw(alice, 300, own, partner);
            vm.assertEq(hook.successes(), 1, "deposited");
            vm.assertEq(channel.depositOf(bob), 200, "exactly");
            vm.assertEq(hook.balanceOf(address(channel)), 900, "held");
            vm.revertToState(id);
        }
    }

    function depositOfBob(uint256 amount) external {
        hook.mint(bob, amount);
        vm.startPrank(bob);
        hook.approve(address(channel), amount);
        channel.deposit(amount);
        vm.stopPrank();
    }

    /// Goal: while an opening's deposit is on its way no second opening of anyone begins.
    function test_nothingReentersAnOpening() public {
        _hookChannel();
        ChannelManager made = ChannelManager(registry.channelManagerByToken(address(hook)));
        hook.mint(alice, 2000);
        vm.prank(alice);
        hook.approve(address(made), 2000);
        bytes[2] memory calls = [
            abi.encodeCall(IChannelManager.newChannel, (carol, TIMEOUT)),
            abi.encodeCall(IChannelManager.newChannelWithDeposit, (carol, TIMEOUT, 1))
        ];
        for (uint256 i = 0; i < 4; ++i) {
            uint256 id = vm.snapshotState();
            hook.arm(address(one), abi.encodeCall(Puppet.act, (address(made), calls[i / 2])), i % 2 == 0);
            vm.prank(alice);
            NettingChannel opened = NettingChannel(made.newChannelWithDeposit(carol, TIMEOUT, 1000));
            vm.assertEq(hook.attempts(), 1, "tried");
            vm.assertEq(hook.successes(), 0, "refused");
            vm.assertEq(opened.depositOf(alice), 1000, "accounted once");
            vm.revertToState(id);
        }
    }

    function _assertSolvent() private view {
        vm.assertEq(
            channel.depositOf(address(one)) + channel.depositOf(address(two)),
            hook.balanceOf(address(channel)),
            "accounted is held"
        );
    }
}
