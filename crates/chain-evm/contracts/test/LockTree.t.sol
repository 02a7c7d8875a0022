// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {INettingChannel} from "../src/interfaces/INettingChannel.sol";
import {LockTree} from "../src/lib/LockTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {Locks} from "./support/Locks.sol";
import {vm} from "./support/Vm.sol";

/// The contracts' tree against the vectors of the specification and against the tests' own tree.
contract LockTreeTest is Fixture {
    function rootsBeforeAndAfter(bytes32 leaf, bytes32[] calldata proof) external pure returns (bytes32, bytes32) {
        return LockTree.rootsBeforeAndAfter(leaf, proof);
    }

    function read(bytes calldata lock) external pure returns (bytes32, uint256, uint256, bytes32) {
        return LockTree.read(lock);
    }

    /// keccak of the bytes 0, 1, ... count-1, in ascending order.
    function _byteLeaves(uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(abi.encodePacked(uint8(i)));
        }
        return Locks.sorted(leaves);
    }

    function test_rootsOfTheSpecification() public pure {
        vm.assertEq(Locks.root(_byteLeaves(0)), 0, "0");
        bytes32[7] memory roots = [
            bytes32(0xb2521d64679bc4720dabfbae7ce17947a5d373d987d3b0cc1e3042ba2054da4a),
            0xd359d2743bb3a93ded4c902716931497ae3080f478c14e7af96344a92e9ddd51,
            0xa6acd53a13cd3887be772d9f62f4ec0d528832f3608e618c57fdf86820730333,
            0x34458c5792036827218d08a967c43ecb1a46beb2a3da9293e9abaa3188c868b9,
            0x8ea2b8c004b294c12fb76be355b63e91707ea29dca784071ef6e08d399629f93,
            0x4f04281bfc366b57325ca389d5f7c2a4d73fdc6d6ca124de2c1c49f397c5960b,
            0x474b4ff446406764e2c9b7c5345ea2c73dd2b668d32e91ea9c56bf45904646e0
        ];
        for (uint256 i = 0; i < roots.length; ++i) {
            vm.assertEq(Locks.root(_byteLeaves(i + 2)), roots[i], "2 to 8");
        }
        bytes32 nine = 0x16714064403e9f4620963d00d9eeb06db8e5fb85286b555117b603fa7f46d7df;
        bytes32 sixteen = 0x5f2db418042b52cca66940820de907e5da1ef7317fc8d99aa72f814e1424c0f5;
        bytes32 thirtyFive = 0x4abadc9ed4a7bd726e31fcbb631c3e149f2dfed403e371dfd9e61b69c315ef3f;
        vm.assertEq(Locks.root(_byteLeaves(9)), nine, "9");
        vm.assertEq(Locks.root(_byteLeaves(16)), sixteen, "16");
        vm.assertEq(Locks.root(_byteLeaves(35)), thirtyFive, "35");
    }

    function test_rootOfThreeLiteralLeaves() public pure {
        bytes32[] memory leaves = new bytes32[](3);
        leaves[0] = bytes32(0x6161616161616161616161616161616161616161616161616161616161616161);
        leaves[1] = bytes32(0x6262626262626262626262626262626262626262626262626262626262626262);
        leaves[2] = bytes32(0x6363636363636363636363636363636363636363636363636363636363636363);
        bytes32 pair = 0x6d65ef9ca93d3516a4d38ab7d989c2b500e2fc89ccdcf878f9c46daaf6ad0d5b;
        vm.assertEq(Locks.parent(leaves[0], leaves[1]), pair, "pair");
        bytes32[] memory proof = Locks.proof(leaves, 2);
        vm.assertEq(proof.length, 1, "the third leaf is promoted once");
        vm.assertEq(proof[0], pair, "its sibling is the pair");
        bytes32 root = 0xf199958c0228de039a57d84b8ab32513d86aebb4edf69c8b238342d2be9ac1a1;
        vm.assertEq(Locks.root(leaves), root, "root");
    }

    /// Goal: the contract's fold accepts every proof of every small tree, and the second root is that of the tree with
    /// the marker in place.
    function testFuzz_bothRoots(uint256 count, uint256 position, bytes32 salt) public view {
        count = 1 + count % 40;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(salt, i));
        }
        leaves = Locks.sorted(leaves);
        position %= count;
        bytes32 leaf = leaves[position];
        bytes32[] memory proof = Locks.proof(leaves, position);
        (bytes32 before_, bytes32 after_) = this.rootsBeforeAndAfter(leaf, proof);
        vm.assertEq(before_, Locks.root(leaves), "root");
        leaves[position] = Locks.spent(leaf);
        vm.assertEq(after_, Locks.root(leaves), "root with the marker, positions kept");
    }

    function testFuzz_lockFields(uint64 expiration, uint256 amount, bytes32 hashlock) public view {
        bytes memory lock = Locks.encode(expiration, amount, hashlock);
        (bytes32 leaf, uint256 expiration_, uint256 amount_, bytes32 hashlock_) = this.read(lock);
        vm.assertEq(leaf, keccak256(lock), "leaf");
        vm.assertEq(expiration_, expiration, "expiration");
        vm.assertEq(amount_, amount, "amount");
        vm.assertEq(hashlock_, hashlock, "hashlock");
        vm.assertEq(LockTree.leafOf(expiration, amount, hashlock), leaf, "leaf of the fields");
        vm.assertEq(LockTree.spentMarker(leaf), Locks.spent(leaf), "marker");
    }

    function test_lockOfTheSpecification() public view {
        bytes32 hashlock = 0xd308ba732707b60e614774890bfc30891a1c15eb994e2db91d8fe1f16ccf8e97;
        vm.assertEq(keccak256("hashlock"), hashlock, "hashlock");
        (bytes32 leaf,,,) = this.read(Locks.encode(4589895, 34, hashlock));
        bytes32 expected = 0x093b72e3c35dca66a4abebcebd19ca1079c4ca7373d190e3d7570a24f7751aaa;
        vm.assertEq(leaf, expected, "leaf");
    }

    /// Goal: the specification's lock tree pays on chain with its own literal proofs. Lock i: secret = byte (i+1) x 32,
    /// expiration 100+i, amount 10*(i+1).
    function test_lockTreeOfTheSpecificationPays() public {
        bytes32 root = 0x87773dd8586977cc5df66a8b946a6e98ce954dc3c1e208082e7ca90a3f1fa77a;
        vm.roll(100);
        _deposit(alice, 1000);
        _close(bob, _proof(1, 0, root));
        uint256 id = vm.snapshotState();

        bytes32[] memory two = new bytes32[](2);
        two[0] = 0x5e210e7c570b3e677be3ee3baad493f48a5e546af8fa37e36f7e6274e92c784e;
        two[1] = 0xe1f154acc10e3e288e28a0affba822f46750fdd8613cdac47071173157c3f5cf;
        _paySpecified(root, 0, two);
        vm.revertToState(id);
        two[0] = 0x3ce6ebbe32aea01922fe9e6c44b86a62414f708aaff4b9d224da03a8bcb2534f;
        _paySpecified(root, 1, two);
        vm.revertToState(id);
        bytes32[] memory one = new bytes32[](1);
        one[0] = 0x1fb382eac4350a7f7bf5642b095b1fa0eef2c513c950adfb8e056cb51e1d433b;
        _paySpecified(root, 2, one);
    }

    function _paySpecified(bytes32 root, uint256 i, bytes32[] memory proof) private {
        bytes32 secret = bytes32((i + 1) * 0x0101010101010101010101010101010101010101010101010101010101010101);
        // casting is safe: i is below 3
        bytes memory lock = Locks.encode(uint64(100 + i), 10 * (i + 1), Locks.hashlockOf(secret));
        channel.unlock(alice, 0, root, _claim(lock, secret, proof));
        (, bytes24 hash) = channel.proofOf(alice);
        bytes32 after_ = Locks.spent(keccak256(lock));
        for (uint256 k = 0; k < proof.length; ++k) {
            after_ = Locks.parent(after_, proof[k]);
        }
        vm.assertEq(hash, bytes24(keccak256(abi.encode(10 * (i + 1), after_))), "paid and marked");
    }
}
