// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {Fixture} from "./support/Fixture.sol";
import {Locks} from "./support/Locks.sol";
import {vm} from "./support/Vm.sol";

/// Paying locks: secrets, expiry, late secrets, spent markers, batches. Bob closes with a proof of Alice that holds
/// locks; lock i has the amount 10*(i+1).
contract ChannelUnlockTest is Fixture {
    uint64 private constant EXPIRY = 1010;
    uint256 private constant PAID = 100;

    function setUp() public override {
        super.setUp();
        _deposit(alice, 10_000);
        _deposit(bob, 10_000);
    }

    /// Bob closes with Alice's proof over `count` locks.
    function _closeWith(uint256 count) private returns (bytes32[] memory leaves, bytes32 root) {
        leaves = _leaves(count, EXPIRY);
        root = Locks.root(leaves);
        _close(bob, _proof(9, PAID, root));
    }

    function _claimOf(bytes32[] memory leaves, uint256 i) private pure returns (INettingChannel.Claim[] memory) {
        bytes memory lock = _lock(i, EXPIRY);
        uint256 position = Locks.indexOf(leaves, keccak256(lock));
        return _claim(lock, _secret(i), Locks.proof(leaves, position));
    }

    /// Goal: every lock of every tree can be paid, in any order and by either function, and each unlock leaves the root
    /// of the same tree with the marker in the leaf's place. Method: fuzzed size, start and step through the locks; the
    /// expected roots come from the tests' own tree.
    function testFuzz_allLocksOfATreeInAnyOrder(uint256 count, uint256 start, bool flat) public {
        count = 1 + count % 24;
        (bytes32[] memory leaves, bytes32 root) = _closeWith(count);
        uint256 transferred = PAID;
        for (uint256 k = 0; k < count; ++k) {
            uint256 i = (start % count + k) % count;
            bytes memory lock = _lock(i, EXPIRY);
            uint256 position = Locks.indexOf(leaves, keccak256(lock));
            bytes32[] memory siblings = Locks.proof(leaves, position);
            leaves[position] = Locks.spent(leaves[position]);
            uint256 amount = 10 * (i + 1);
            vm.expectEmit(address(channel));
            emit INettingChannel.ChannelUnlocked(
                alice, _secret(i), amount, transferred + amount, Locks.root(leaves)
            );
            if (flat) {
                channel.unlockWithSecret(alice, transferred, root, EXPIRY, amount, _secret(i), siblings);
            } else {
                channel.unlock(alice, transferred, root, _claim(lock, _secret(i), siblings));
            }
            transferred += amount;
            root = Locks.root(leaves);
        }
        _afterWindow();
        uint256 before = token.balanceOf(bob);
        channel.settle(transferred, root, 0, 0);
        vm.assertEq(token.balanceOf(bob), before + 10_000 + transferred, "bob got every lock once");
    }

    /// Goal: a batch does what its claims do one after the other.
    function testFuzz_aBatchEqualsItsClaims(uint256 count, uint256 taken) public {
        count = 2 + count % 14;
        taken = 1 + taken % count;
        (bytes32[] memory leaves, bytes32 root) = _closeWith(count);
        INettingChannel.Claim[] memory claims = new INettingChannel.Claim[](taken);
        uint256 total = PAID;
        for (uint256 i = 0; i < taken; ++i) {
            uint256 position = Locks.indexOf(leaves, keccak256(_lock(i, EXPIRY)));
            claims[i] = INettingChannel.Claim(_lock(i, EXPIRY), _secret(i), Locks.proof(leaves, position));
            leaves[position] = Locks.spent(leaves[position]);
            total += 10 * (i + 1);
        }
        channel.unlock(alice, PAID, root, claims);
        (, bytes24 hash) = channel.proofOf(alice);
        vm.assertEq(hash, bytes24(keccak256(abi.encode(total, Locks.root(leaves)))), "final values");
    }

    /// Goal: a lock pays at most once. Method: repeat the claim against the old values, the new values with the old
    /// siblings, and twice within one batch.
    function test_aLockPaysOnce() public {
        (bytes32[] memory leaves, bytes32 root) = _closeWith(3);
        INettingChannel.Claim[] memory once = _claimOf(leaves, 1);
        INettingChannel.Claim[] memory twice = new INettingChannel.Claim[](2);
        (twice[0], twice[1]) = (once[0], once[0]);
        bytes32 leaf = keccak256(_lock(1, EXPIRY));
        bytes memory notThere = abi.encodeWithSelector(INettingChannel.InvalidMerkleProof.selector, leaf);
        vm.expectRevert(notThere);
        channel.unlock(alice, PAID, root, twice);
        channel.unlock(alice, PAID, root, once);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.UnknownProof.selector, alice));
        channel.unlock(alice, PAID, root, once);
        leaves[Locks.indexOf(leaves, leaf)] = Locks.spent(leaf);
        vm.expectRevert(notThere);
        channel.unlock(alice, PAID + 20, Locks.root(leaves), once);
        vm.expectRevert(notThere);
        channel.unlockWithSecret(alice, PAID + 20, Locks.root(leaves), EXPIRY, 20, _secret(1), once[0].proof);
    }

    function test_expiryBorders() public {
        (bytes32[] memory leaves, bytes32 root) = _closeWith(2);
        INettingChannel.Claim[] memory claims = _claimOf(leaves, 0);
        vm.roll(EXPIRY);
        uint256 id = vm.snapshotState();
        channel.unlock(alice, PAID, root, claims);
        vm.revertToState(id);
        vm.roll(EXPIRY + 1);
        bytes memory expired = abi.encodeWithSelector(
            INettingChannel.LockExpired.selector, Locks.hashlockOf(_secret(0)), uint256(EXPIRY)
        );
        vm.expectRevert(expired);
        channel.unlock(alice, PAID, root, claims);
        vm.expectRevert(expired);
        channel.unlockWithSecret(alice, PAID, root, EXPIRY, 10, _secret(0), claims[0].proof);
    }

    /// Goal: a secret registered at or before expiry keeps the lock claimable, even after the window, until
    /// settlement; one registered later does not.
    function testFuzz_registrationDecidesAfterExpiry(uint256 registered, uint256 claimed) public {
        (bytes32[] memory leaves, bytes32 root) = _closeWith(2);
        registered = 1000 + registered % 20;
        claimed = 1 + EXPIRY + claimed % 1000;
        if (claimed < registered) claimed = registered;
        vm.roll(registered);
        secrets.registerSecret(_secret(0));
        vm.roll(claimed);
        INettingChannel.Claim[] memory claims = _claimOf(leaves, 0);
        if (registered > EXPIRY) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    INettingChannel.LockExpired.selector, Locks.hashlockOf(_secret(0)), uint256(EXPIRY)
                )
            );
        }
        channel.unlock(alice, PAID, root, claims);
    }

    function test_locksAreLostAtSettlement() public {
        (bytes32[] memory leaves, bytes32 root) = _closeWith(2);
        secrets.registerSecret(_secret(0));
        _afterWindow();
        channel.settle(PAID, root, 0, 0);
        INettingChannel.Claim[] memory claims = _claimOf(leaves, 0);
        bytes memory gone = abi.encodeWithSelector(INettingChannel.UnknownProof.selector, alice);
        vm.expectRevert(gone);
        channel.unlock(alice, PAID, root, claims);
        vm.expectRevert(gone);
        channel.unlock(alice, 0, 0, claims);
    }

    function test_unlockIsRefused() public {
        bytes32[] memory leaves = _leaves(3, EXPIRY);
        bytes32 root = Locks.root(leaves);
        INettingChannel.Claim[] memory claims = _claimOf(leaves, 0);
        bytes memory unknownAlice = abi.encodeWithSelector(INettingChannel.UnknownProof.selector, alice);
        vm.expectRevert(unknownAlice);
        channel.unlock(alice, PAID, root, claims);
        _close(bob, _proof(9, PAID, root));
        vm.expectRevert(unknownAlice);
        channel.unlock(alice, PAID + 1, root, claims);
        vm.expectRevert(unknownAlice);
        channel.unlock(alice, PAID, 0, claims);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.UnknownProof.selector, bob));
        channel.unlock(bob, PAID, root, claims);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.UnknownProof.selector, address(0)));
        channel.unlock(address(0), 0, 0, claims);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.NothingToUnlock.selector));
        channel.unlock(alice, PAID, root, new INettingChannel.Claim[](0));
        INettingChannel.Claim[] memory wrong = _claim(_lock(0, EXPIRY), _secret(1), claims[0].proof);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.InvalidSecret.selector, Locks.hashlockOf(_secret(0)))
        );
        channel.unlock(alice, PAID, root, wrong);
        wrong = _claim(abi.encodePacked(_lock(0, EXPIRY), uint8(0)), _secret(0), claims[0].proof);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidLockLength.selector, 73));
        channel.unlock(alice, PAID, root, wrong);
        wrong = _claim("", _secret(0), claims[0].proof);
        vm.expectRevert(abi.encodeWithSelector(INettingChannel.InvalidLockLength.selector, 0));
        channel.unlock(alice, PAID, root, wrong);
        wrong = _claim(_lock(0, EXPIRY + 1), _secret(0), claims[0].proof);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.InvalidMerkleProof.selector, keccak256(_lock(0, EXPIRY + 1)))
        );
        channel.unlock(alice, PAID, root, wrong);
        vm.expectRevert();
        channel.unlockWithSecret(alice, PAID, root, EXPIRY, 10, _secret(1), claims[0].proof);
        vm.expectRevert();
        channel.unlockWithSecret(alice, PAID, root, EXPIRY, 11, _secret(0), claims[0].proof);
    }

    function test_anAmountThatOverflowsIsRefused() public {
        bytes memory lock = Locks.encode(EXPIRY, type(uint256).max, Locks.hashlockOf(_secret(0)));
        _close(bob, _proof(9, PAID, keccak256(lock)));
        vm.expectRevert(
            abi.encodeWithSelector(
                INettingChannel.TransferredAmountOverflow.selector, PAID, type(uint256).max
            )
        );
        channel.unlock(alice, PAID, keccak256(lock), _claim(lock, _secret(0), new bytes32[](0)));
    }

    /// Goal: a newer proof replaces what was unlocked under the older one, and its own locks pay again, so the payee
    /// neither loses nor doubles.
    function test_aNewerProofStartsAfresh() public {
        bytes32[] memory leaves = _leaves(3, EXPIRY);
        bytes32 root = Locks.root(leaves);
        _closePlain(alice);
        _update(bob, _proof(9, PAID, root));
        channel.unlock(alice, PAID, root, _claimOf(leaves, 0));
        _update(bob, _proof(10, PAID, root));
        channel.unlock(alice, PAID, root, _claimOf(leaves, 0));
        leaves[Locks.indexOf(leaves, keccak256(_lock(0, EXPIRY)))] = Locks.spent(keccak256(_lock(0, EXPIRY)));
        _afterWindow();
        uint256 before = token.balanceOf(bob);
        channel.settle(PAID + 10, Locks.root(leaves), 0, 0);
        vm.assertEq(token.balanceOf(bob), before + 10_000 + PAID + 10, "once");
    }

    /// Goal: superseding undoes the unlock of a lock that the payee had given up.
    function test_supersedingUndoesUnlocks() public {
        (bytes32[] memory leaves, bytes32 root) = _closeWith(1);
        channel.unlock(alice, PAID, root, _claimOf(leaves, 0));
        _supersede(alice, _proof(10, PAID, 0));
        INettingChannel.Claim[] memory claims = _claimOf(leaves, 0);
        vm.expectRevert(
            abi.encodeWithSelector(INettingChannel.InvalidMerkleProof.selector, keccak256(_lock(0, EXPIRY)))
        );
        channel.unlock(alice, PAID, 0, claims);
        _afterWindow();
        uint256 before = token.balanceOf(bob);
        channel.settle(PAID, 0, 0, 0);
        vm.assertEq(token.balanceOf(bob), before + 10_000 + PAID, "the lock paid nothing");
    }
}
