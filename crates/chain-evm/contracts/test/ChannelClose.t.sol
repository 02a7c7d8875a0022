// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {Fixture} from "./support/Fixture.sol";
import {Proof, Signatures} from "./support/Signatures.sol";
import {vm} from "./support/Vm.sol";

/// Closing and the proofs presented in the window: update, delegation, superseding, window borders.
contract ChannelCloseTest is Fixture {
    function setUp() public override {
        super.setUp();
        _deposit(alice, 1000);
        _deposit(bob, 1000);
    }

    function testFuzz_closeStoresTheCounterpartysProof(uint64 nonce, uint256 amount, bytes32 root, bool byAlice)
        public
    {
        vm.assume(nonce != 0);
        address who = byAlice ? alice : bob;
        Proof memory p = _proof(nonce, amount, root);
        bytes memory signature = Signatures.balanceProof(_keyOf(_otherOf(who)), address(channel), p);
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelClosed(who, nonce, amount, root);
        vm.prank(who);
        channel.close(nonce, amount, root, p.messageHash, signature);
        vm.assertEq(uint256(channel.state()), uint256(INettingChannel.State.Closed), "closed");
        vm.assertEq(channel.closedAt(), 1000, "block");
        vm.assertEq(channel.closer(), who, "closer");
        _assertStored(_otherOf(who), nonce, amount, root);
        _assertNothingStored(who);
    }

    function test_closeWithoutProofIgnoresTheRest() public {
        vm.expectEmit(address(channel));
        emit INettingChannel.ChannelClosed(bob, 0, 0, 0);
        vm.prank(bob);
        channel.close(0, 5, "root", "hash", "");
        _assertNothingStored(alice);
        _assertNothingStored(bob);
    }

    function test_closeIsRefused() public {
        Proof memory p = _proof(1, 10, 0);
        bytes memory bobs = Signatures.balanceProof(BOB_KEY, address(channel), p);
        bytes memory alices = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NotParticipant.selector, carol));
        vm.prank(carol);
        channel.close(1, 10, 0, p.messageHash, bobs);
        vm.startPrank(alice);
        bytes memory invalid = abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob);
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, alices);
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, "");
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, abi.encodePacked(bobs, uint8(0)));
        vm.expectRevert(invalid);
        channel.close(2, 10, 0, p.messageHash, bobs);
        vm.expectRevert(invalid);
        channel.close(1, 11, 0, p.messageHash, bobs);
        vm.expectRevert(invalid);
        channel.close(1, 10, bytes32(uint256(1)), p.messageHash, bobs);
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, 0, bobs);
        channel.close(1, 10, 0, p.messageHash, bobs);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotOpen.selector, INettingChannel.State.Closed)
        );
        channel.close(1, 10, 0, p.messageHash, bobs);
        vm.stopPrank();
    }

    function test_aProofOfNonceZeroIsRefused() public {
        Proof memory p = _proof(0, 10, 0);
        bytes memory signature = Signatures.balanceProof(BOB_KEY, address(channel), p);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.ZeroNonce.selector));
        vm.prank(alice);
        channel.close(0, 10, 0, p.messageHash, signature);
    }

    /// Goal: only the one canonical form of a signature counts. Method: high s, v of 0/1, a signature for the shared
    /// implementation, another channel or another chain.
    function test_signaturesAreBoundAndCanonical() public {
        Proof memory p = _proof(1, 10, 0);
        bytes memory invalid = abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob);
        bytes memory good = Signatures.balanceProof(BOB_KEY, address(channel), p);
        (bytes32 r, bytes32 s, uint8 v) = _split(good);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        vm.startPrank(alice);
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, abi.encodePacked(r, bytes32(order - uint256(s)), 55 - v));
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, abi.encodePacked(r, s, v - 27));
        bytes memory elsewhere = Signatures.balanceProof(BOB_KEY, manager.implementation(), p);
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, elsewhere);
        vm.chainId(4242);
        vm.expectRevert(invalid);
        channel.close(1, 10, 0, p.messageHash, good);
        vm.stopPrank();
    }

    function testFuzz_updateTakesAnyHigherNonce(uint64 first, uint64 second, uint256 amount, bytes32 root) public {
        vm.assume(first != 0);
        _closePlain(alice);
        _update(bob, _proof(first, 1, 0));
        Proof memory p = _proof(second, amount, root);
        bytes memory signature = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        if (second == 0) {
            vm.expectRevert(abi.encodeWithSelector(INettingChannel.ZeroNonce.selector));
        } else if (second <= first) {
            vm.expectRevert(abi.encodeWithSelector(INettingChannel.StaleNonce.selector, second, first));
        } else {
            vm.expectEmit(address(channel));
            emit INettingChannel.TransferUpdated(alice, second, amount, root);
        }
        vm.prank(bob);
        channel.updateTransfer(second, amount, root, p.messageHash, signature);
        if (second > first) _assertStored(alice, second, amount, root);
        else _assertStored(alice, first, 1, 0);
    }

    function test_updateIsRefused() public {
        Proof memory p = _proof(3, 10, 0);
        bytes memory alices = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        bytes memory bobs = Signatures.balanceProof(BOB_KEY, address(channel), p);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Open)
        );
        vm.prank(bob);
        channel.updateTransfer(3, 10, 0, p.messageHash, alices);
        _closePlain(alice);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.CallerClosed.selector, alice));
        vm.prank(alice);
        channel.updateTransfer(3, 10, 0, p.messageHash, bobs);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NotParticipant.selector, carol));
        vm.prank(carol);
        channel.updateTransfer(3, 10, 0, p.messageHash, alices);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        vm.prank(bob);
        channel.updateTransfer(3, 10, 0, p.messageHash, bobs);
        _settleBlank();
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Settled)
        );
        vm.prank(bob);
        channel.updateTransfer(3, 10, 0, p.messageHash, alices);
    }

    /// Goal: the window holds block closed + timeout for proofs and not for settlement, and the next block the
    /// other way round.
    function test_windowBorders() public {
        _closePlain(alice);
        uint256 last = 1000 + TIMEOUT;
        vm.roll(last);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.WindowOpen.selector, last));
        channel.settle(0, 0, 0, 0);
        uint256 id = vm.snapshotState();
        _update(bob, _proof(1, 10, 0));
        _supersede(alice, _proof(2, 10, 0));
        vm.revertToState(id);
        vm.roll(last + 1);
        Proof memory p = _proof(1, 10, 0);
        bytes memory closed = abi.encodeWithSelector(INettingChannel.WindowClosed.selector, last);
        bytes memory signature = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        vm.expectRevert(closed);
        vm.prank(bob);
        channel.updateTransfer(1, 10, 0, p.messageHash, signature);
        bytes memory consent = Signatures.delegation(BOB_KEY, address(channel), p, carol);
        vm.expectRevert(closed);
        vm.prank(carol);
        channel.updateTransferDelegate(1, 10, 0, p.messageHash, signature, consent);
        bytes memory acknowledgement = Signatures.acknowledgement(BOB_KEY, address(channel), alice, p);
        vm.expectRevert(closed);
        vm.prank(alice);
        channel.supersedeTransfer(1, 10, 0, p.messageHash, acknowledgement);
        channel.settle(0, 0, 0, 0);
    }

    function test_settleNeedsAClose() public {
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Open)
        );
        channel.settle(0, 0, 0, 0);
    }

    function test_aDelegateUpdates() public {
        _closePlain(alice);
        Proof memory p = _proof(4, 10, 0);
        bytes memory signature = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        bytes memory consent = Signatures.delegation(BOB_KEY, address(channel), p, carol);
        vm.expectEmit(address(channel));
        emit INettingChannel.TransferUpdated(alice, 4, 10, 0);
        vm.prank(carol);
        channel.updateTransferDelegate(4, 10, 0, p.messageHash, signature, consent);
        _assertStored(alice, 4, 10, 0);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.StaleNonce.selector, 4, 4));
        vm.prank(carol);
        channel.updateTransferDelegate(4, 10, 0, p.messageHash, signature, consent);
        _update(bob, _proof(5, 20, 0));
        _assertStored(alice, 5, 20, 0);
    }

    function test_delegationIsRefused() public {
        Proof memory p = _proof(4, 10, 0);
        bytes memory signature = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        bytes memory consent = Signatures.delegation(BOB_KEY, address(channel), p, carol);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Open)
        );
        vm.prank(carol);
        channel.updateTransferDelegate(4, 10, 0, p.messageHash, signature, consent);
        _closePlain(alice);
        bytes memory noConsent = abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob);
        vm.expectRevert(noConsent);
        channel.updateTransferDelegate(4, 10, 0, p.messageHash, signature, consent);
        bytes memory alices = Signatures.delegation(ALICE_KEY, address(channel), p, carol);
        vm.expectRevert(noConsent);
        vm.prank(carol);
        channel.updateTransferDelegate(4, 10, 0, p.messageHash, signature, alices);
        vm.expectRevert(noConsent);
        vm.prank(carol);
        channel.updateTransferDelegate(5, 10, 0, p.messageHash, signature, consent);
        bytes memory wrong = Signatures.balanceProof(BOB_KEY, address(channel), p);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        vm.prank(carol);
        channel.updateTransferDelegate(4, 10, 0, p.messageHash, wrong, consent);
    }

    /// Goal: a proof the payee gave up can not stand against the one it acknowledged, in whatever order they arrive.
    function testFuzz_anAcknowledgedProofBeatsOlderOnes(uint64 older, uint64 newer, bool staleFirst) public {
        vm.assume(older != 0 && newer > older);
        _closePlain(alice);
        if (staleFirst) _update(bob, _proof(older, 10, "locks"));
        _supersede(alice, _proof(newer, 10, 0));
        _assertStored(alice, newer, 10, 0);
        Proof memory p = _proof(older, 10, "locks");
        bytes memory signature = Signatures.balanceProof(ALICE_KEY, address(channel), p);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.StaleNonce.selector, older, newer));
        vm.prank(bob);
        channel.updateTransfer(older, 10, "locks", p.messageHash, signature);
    }

    function test_theCloserCanBeSupersededToo() public {
        _close(bob, _proof(3, 10, "locks"));
        _supersede(alice, _proof(4, 10, 0));
        _assertStored(alice, 4, 10, 0);
    }

    function test_supersedeIsRefused() public {
        Proof memory p = _proof(4, 10, 0);
        bytes memory bobs = Signatures.acknowledgement(BOB_KEY, address(channel), alice, p);
        bytes memory alices = Signatures.acknowledgement(ALICE_KEY, address(channel), alice, p);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.ChannelNotClosed.selector, INettingChannel.State.Open)
        );
        vm.prank(alice);
        channel.supersedeTransfer(4, 10, 0, p.messageHash, bobs);
        _close(bob, _proof(4, 10, "locks"));
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.StaleNonce.selector, 4, 4));
        vm.prank(alice);
        channel.supersedeTransfer(4, 10, 0, p.messageHash, bobs);
        p = _proof(5, 10, 0);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob));
        vm.prank(alice);
        channel.supersedeTransfer(5, 10, 0, p.messageHash, alices);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NotParticipant.selector, carol));
        vm.prank(carol);
        channel.supersedeTransfer(5, 10, 0, p.messageHash, bobs);
        bytes memory proofNotAcknowledged = Signatures.balanceProof(BOB_KEY, address(channel), p);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, bob));
        vm.prank(alice);
        channel.supersedeTransfer(5, 10, 0, p.messageHash, proofNotAcknowledged);
    }

    /// Goal: an acknowledgement names its payer, so that it serves no proof of the payee's own.
    function test_anAcknowledgementServesOnePayerOnly() public {
        _closePlain(alice);
        Proof memory p = _proof(4, 10, 0);
        bytes memory forAlice = Signatures.acknowledgement(ALICE_KEY, address(channel), alice, p);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidSignature.selector, alice));
        vm.prank(bob);
        channel.supersedeTransfer(4, 10, 0, p.messageHash, forAlice);
    }

    function _assertStored(address payer, uint64 nonce, uint256 amount, bytes32 root) private view {
        (uint64 storedNonce, bytes24 hash) = channel.proofOf(payer);
        vm.assertEq(storedNonce, nonce, "stored nonce");
        vm.assertEq(hash, bytes24(keccak256(abi.encode(amount, root))), "stored hash");
    }

    function _assertNothingStored(address payer) private view {
        (uint64 nonce, bytes24 hash) = channel.proofOf(payer);
        vm.assertEq(nonce, 0, "no nonce");
        vm.assertEq(hash, 0, "no hash");
    }

    function _split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
