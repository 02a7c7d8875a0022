// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {NettingChannel} from "../src/NettingChannel.sol";
import {IChannelManager} from "../src/interfaces/IChannelManager.sol";
import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract ChannelManagerTest is Fixture {
    function test_aNewChannelKnowsItsConstants() public view {
        (address participant1, address participant2) = channel.participants();
        vm.assertEq(participant1, alice, "the caller is participant 1");
        vm.assertEq(participant2, bob, "the partner is participant 2");
        vm.assertEq(channel.settleTimeout(), TIMEOUT, "timeout");
        vm.assertEq(channel.token(), address(token), "token");
        vm.assertEq(channel.secretRegistry(), address(secrets), "secret registry");
        vm.assertEq(channel.manager(), address(manager), "manager");
        vm.assertEq(uint256(channel.state()), uint256(INettingChannel.State.Open), "open");
        vm.assertEq(channel.closedAt(), 0, "not closed");
        vm.assertEq(channel.closer(), address(0), "closed by nobody");
        vm.assertEq(manager.getChannelWith(alice, bob), address(channel), "found");
        vm.assertEq(manager.getChannelWith(bob, alice), address(channel), "found in either order");
        vm.assertEq(address(channel).code.length, 88, "45 bytes of proxy and 43 of constants");
    }

    /// Goal: any pair and timeout survives the packing into code. Method: open with fuzzed values and read them back.
    function testFuzz_constantsSurvivePacking(address one, address two, uint256 timeout) public {
        vm.assume(one != two && one != address(0) && two != address(0));
        timeout = 6 + timeout % (2_700_000 - 5);
        address predicted = manager.predictChannel(one, two, timeout);
        vm.expectEmit(address(manager));
        emit IChannelManager.ChannelNew(predicted, one, two, timeout);
        vm.prank(one);
        NettingChannel made = NettingChannel(manager.newChannel(two, timeout));
        vm.assertEq(address(made), predicted, "as predicted");
        (address participant1, address participant2) = made.participants();
        vm.assertEq(participant1, one, "participant 1");
        vm.assertEq(participant2, two, "participant 2");
        vm.assertEq(made.settleTimeout(), timeout, "timeout");
    }

    function test_openingIsRefused() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.SamePartner.selector, alice));
        manager.newChannel(alice, TIMEOUT);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.InvalidPartner.selector, address(0)));
        manager.newChannel(address(0), TIMEOUT);
        vm.expectRevert(
            abi.encodeWithSelector(IChannelManager.InvalidSettleTimeout.selector, 5, 6, 2_700_000)
        );
        manager.newChannel(carol, 5);
        vm.expectRevert(
            abi.encodeWithSelector(IChannelManager.InvalidSettleTimeout.selector, 2_700_001, 6, 2_700_000)
        );
        manager.newChannel(carol, 2_700_001);
        vm.expectRevert(
            abi.encodeWithSelector(IChannelManager.InvalidSettleTimeout.selector, 1 << 24, 6, 2_700_000)
        );
        manager.predictChannel(alice, carol, 1 << 24);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.ChannelExists.selector, address(channel)));
        manager.newChannel(bob, TIMEOUT);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.ChannelExists.selector, address(channel)));
        vm.prank(bob);
        manager.newChannel(alice, TIMEOUT);
    }

    function test_bordersOfTheTimeoutAreAllowed() public {
        vm.startPrank(alice);
        manager.newChannel(carol, 6);
        manager.newChannel(address(0xbeef), 2_700_000);
        vm.stopPrank();
    }

    /// Goal: one live channel a pair, a fresh one at another address after settlement, by either side.
    function test_aPairGetsANewChannelOnlyAfterSettlement() public {
        _closePlain(alice);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.ChannelExists.selector, address(channel)));
        vm.prank(alice);
        manager.newChannel(bob, TIMEOUT);
        _settleBlank();
        vm.assertEq(manager.getChannelWith(alice, bob), address(0), "a settled channel is not found");
        address predicted = manager.predictChannel(bob, alice, TIMEOUT);
        vm.prank(bob);
        address second = manager.newChannel(alice, TIMEOUT);
        vm.assertEq(second, predicted, "as predicted");
        vm.assertTrue(second != address(channel), "another address");
        vm.assertEq(manager.getChannelWith(alice, bob), second, "the new one is found");
        (address participant1,) = NettingChannel(second).participants();
        vm.assertEq(participant1, bob, "whoever opens is participant 1");
    }

    /// Goal: an opening that is mined again after a reorganisation makes the same channel. Method: undo and repeat.
    function test_anOpeningMinedAgainGetsTheSameAddress() public {
        uint256 id = vm.snapshotState();
        vm.prank(alice);
        address first = manager.newChannel(carol, TIMEOUT);
        vm.revertToState(id);
        vm.roll(1007);
        vm.prank(bob);
        manager.newChannel(carol, TIMEOUT);
        vm.prank(alice);
        vm.assertEq(manager.newChannel(carol, TIMEOUT), first, "same address in another block");
    }

    function testFuzz_openingWithDepositAccountsIt(uint256 amount) public {
        amount = 1 + amount % WEALTH;
        address predicted = manager.predictChannel(alice, carol, TIMEOUT);
        vm.startPrank(alice);
        token.approve(address(manager), amount);
        vm.expectEmit(address(manager));
        emit IChannelManager.ChannelNew(predicted, alice, carol, TIMEOUT);
        vm.expectEmit(predicted);
        emit INettingChannel.ChannelNewBalance(alice, amount);
        NettingChannel made = NettingChannel(manager.newChannelWithDeposit(carol, TIMEOUT, amount));
        vm.stopPrank();
        vm.assertEq(made.depositOf(alice), amount, "deposit");
        vm.assertEq(made.depositOf(carol), 0, "none of the partner");
        vm.assertEq(token.balanceOf(address(made)), amount, "held by the channel");
        vm.assertEq(token.balanceOf(address(manager)), 0, "nothing stays with the manager");
    }

    /// Goal: tokens sent ahead to a future channel are nobody's deposit.
    function test_tokensSentAheadAreNotAccounted() public {
        address predicted = manager.predictChannel(alice, carol, TIMEOUT);
        vm.startPrank(alice);
        token.transfer(predicted, 7);
        token.approve(address(manager), 100);
        manager.newChannelWithDeposit(carol, TIMEOUT, 100);
        vm.stopPrank();
        vm.assertEq(NettingChannel(predicted).depositOf(alice), 100, "only what the opening brought");
    }

    function test_openingWithDepositIsRefused() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.NothingToDeposit.selector));
        manager.newChannelWithDeposit(carol, TIMEOUT, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(manager), 0, 100)
        );
        manager.newChannelWithDeposit(carol, TIMEOUT, 100);
        vm.expectRevert(abi.encodeWithSelector(IChannelManager.ChannelExists.selector, address(channel)));
        manager.newChannelWithDeposit(bob, TIMEOUT, 100);
        token.mint(alice, 1 << 105);
        token.approve(address(manager), 1 << 104);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.AmountTooLarge.selector, 1 << 104, (1 << 104) - 1)
        );
        manager.newChannelWithDeposit(carol, TIMEOUT, 1 << 104);
        vm.stopPrank();
        vm.assertEq(manager.getChannelWith(alice, carol), address(0), "no refusal leaves a channel");
    }

    function test_openingWithPermitNeedsNoApproval() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(ALICE_KEY, address(manager), 100);
        vm.prank(alice);
        address made = manager.newChannelWithPermit(carol, TIMEOUT, 100, type(uint256).max, v, r, s);
        vm.assertEq(NettingChannel(made).depositOf(alice), 100, "deposit");
    }

    /// Goal: somebody who uses the permit first can not block the opening.
    function test_aPermitUsedByAnotherDoesNotBlock() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(ALICE_KEY, address(manager), 100);
        token.permit(alice, address(manager), 100, type(uint256).max, v, r, s);
        vm.prank(alice);
        address made = manager.newChannelWithPermit(carol, TIMEOUT, 100, type(uint256).max, v, r, s);
        vm.assertEq(NettingChannel(made).depositOf(alice), 100, "deposit");
    }

    function test_aPermitOfAnotherIsNoAllowance() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(BOB_KEY, address(manager), 100);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(manager), 0, 100)
        );
        vm.prank(alice);
        manager.newChannelWithPermit(carol, TIMEOUT, 100, type(uint256).max, v, r, s);
    }

    function test_onlyTheManagerCreditsAnOpening() public {
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NotManager.selector, alice));
        vm.prank(alice);
        channel.creditOpening(1);
    }

    /// Goal: the shared implementation is no channel and refuses to be one.
    function test_theImplementationIsNoChannel() public {
        NettingChannel shared = NettingChannel(manager.implementation());
        vm.assertEq(uint256(shared.state()), uint256(INettingChannel.State.None), "no state");
        bytes memory refusal = abi.encodeWithSelector(INettingChannel.NotAChannel.selector);
        vm.expectRevert(refusal);
        shared.participants();
        vm.expectRevert(refusal);
        shared.close(0, 0, 0, 0, "");
        vm.expectRevert(refusal);
        shared.deposit(1);
        vm.expectRevert(refusal);
        shared.withdraw(alice, 1, "", "");
        vm.expectRevert(refusal);
        shared.cooperativeSettle(0, 0, "", "");
        vm.expectRevert(refusal);
        vm.prank(address(manager));
        shared.creditOpening(1);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Open)
        );
        shared.settle(0, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.UnknownProof.selector, alice));
        shared.unlock(alice, 0, 0, new INettingChannel.Claim[](0));
    }

    function _permit(uint256 key, address spender, uint256 amount)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash =
            keccak256(abi.encode(typeHash, vm.addr(key), spender, amount, uint256(0), type(uint256).max));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }
}
