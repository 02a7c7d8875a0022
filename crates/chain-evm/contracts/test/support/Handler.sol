// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {INettingChannel} from "../../src/interfaces/INettingChannel.sol";
import {Fixture} from "./Fixture.sol";
import {Locks} from "./Locks.sol";
import {Proof, Signatures} from "./Signatures.sol";
import {vm} from "./Vm.sol";

/// Two participants who pay each other off chain and do everything the contract offers, honest or not: outdated proofs,
/// late claims, repeated claims, superseding, in any order. A model says for each call whether it must succeed and what
/// it must leave behind; after a settlement the pair opens its next channel.
contract Handler is Fixture {
    struct Lock {
        uint64 expiration;
        uint256 amount;
        bytes32 secret;
    }

    /// What a payer signed with one nonce; index i has the nonce i + 1. `acknowledged` proofs have the payee's signature.
    struct Statement {
        uint256 transferred;
        uint256[] locks;
        bool acknowledged;
    }

    /// What the chain should hold for a payer: the statement presented, and the leaves with markers in their places.
    struct Presented {
        uint64 nonce;
        uint256 transferred;
        uint256[] locks;
        bytes32[] leaves;
    }

    Lock[] private _locks;
    mapping(address => Statement[]) private _statements;
    mapping(address => Presented) private _presented;
    mapping(address => uint256) private _withdrawn;
    mapping(address => uint256) private _deposited;
    mapping(uint256 => mapping(address => mapping(uint64 => mapping(uint256 => uint256)))) private _payments;

    uint256 public lives;
    uint256 public supply;
    mapping(bytes32 => uint256) public calls;

    function setUp() public override {
        super.setUp();
        supply = token.totalSupply();
    }

    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](14);
        list[0] = this.deposit.selector;
        list[1] = this.pay.selector;
        list[2] = this.lock.selector;
        list[3] = this.cancel.selector;
        list[4] = this.withdraw.selector;
        list[5] = this.close.selector;
        list[6] = this.update.selector;
        list[7] = this.delegate.selector;
        list[8] = this.supersede.selector;
        list[9] = this.unlock.selector;
        list[10] = this.register.selector;
        list[11] = this.settle.selector;
        list[12] = this.cooperate.selector;
        list[13] = this.wait.selector;
    }

    // Off chain.

    function pay(bool byAlice, uint256 amount) external {
        address payer = _who(byAlice);
        Statement storage next = _next(payer);
        next.transferred += amount % 1e24;
    }

    function lock(bool byAlice, uint256 amount, uint8 blocks) external {
        address payer = _who(byAlice);
        Statement storage next = _next(payer);
        if (next.locks.length == 12) next.locks.pop();
        next.locks.push(_locks.length);
        bytes32 secret = keccak256(abi.encode("secret", _locks.length));
        _locks.push(Lock(uint64(vm.getBlockNumber() + blocks % 32), 1 + amount % 1e23, secret));
    }

    /// The payee gives up the payer's latest lock: a statement without it, which the payee acknowledges.
    function cancel(bool byAlice) external {
        address payer = _who(byAlice);
        Statement storage next = _next(payer);
        if (next.locks.length != 0) next.locks.pop();
        next.acknowledged = true;
    }

    // On chain.

    function deposit(bool byAlice, uint256 amount) external {
        address who = _who(byAlice);
        uint256 wealth = token.balanceOf(who);
        if (wealth == 0) return;
        amount = 1 + amount % wealth;
        vm.prank(who);
        token.approve(address(channel), amount);
        bool expected = channel.state() == INettingChannel.State.Open;
        vm.prank(who);
        try channel.deposit(amount) {
            _succeeded("deposit", expected);
            _deposited[who] += amount;
        } catch {
            _failed(expected);
        }
    }

    function withdraw(bool byAlice, uint256 amount) external {
        address who = _who(byAlice);
        uint256 total = _withdrawn[who] + amount % 1e24;
        bool expected = channel.state() == INettingChannel.State.Open && total > _withdrawn[who]
            && total - _withdrawn[who] <= held();
        bytes memory own = Signatures.withdrawal(_keyOf(who), address(channel), who, total);
        bytes memory partner = Signatures.withdrawal(_keyOf(_otherOf(who)), address(channel), who, total);
        try channel.withdraw(who, total, own, partner) {
            _succeeded("withdraw", expected);
            _withdrawn[who] = total;
        } catch {
            _failed(expected);
        }
    }

    function close(bool byAlice, uint256 which) external {
        address who = _who(byAlice);
        bool expected = channel.state() == INettingChannel.State.Open;
        (Proof memory p, bytes memory signature) = _pick(_otherOf(who), which);
        vm.prank(who);
        try channel.close(p.nonce, p.transferred, p.root, p.messageHash, signature) {
            _succeeded("close", expected);
            if (p.nonce != 0) _present(_otherOf(who), p.nonce);
        } catch {
            _failed(expected);
        }
    }

    function update(uint256 which) external {
        address payer = channel.closer();
        if (payer == address(0)) payer = alice;
        (Proof memory p, bytes memory signature) = _pick(payer, which);
        bool expected = _inWindow() && p.nonce > _presented[payer].nonce;
        vm.prank(_otherOf(payer));
        try channel.updateTransfer(p.nonce, p.transferred, p.root, p.messageHash, signature) {
            _succeeded("update", expected);
            _present(payer, p.nonce);
        } catch {
            _failed(expected);
        }
    }

    function delegate(uint256 which) external {
        address payer = channel.closer();
        if (payer == address(0)) payer = alice;
        (Proof memory p, bytes memory signature) = _pick(payer, which);
        bytes memory consent = Signatures.delegation(_keyOf(_otherOf(payer)), address(channel), p, carol);
        bool expected = _inWindow() && p.nonce > _presented[payer].nonce;
        vm.prank(carol);
        try channel.updateTransferDelegate(p.nonce, p.transferred, p.root, p.messageHash, signature, consent) {
            _succeeded("delegate", expected);
            _present(payer, p.nonce);
        } catch {
            _failed(expected);
        }
    }

    function supersede(bool byAlice, uint256 which) external {
        address payer = _who(byAlice);
        (Proof memory p,) = _pick(payer, which);
        bool acknowledged = p.nonce != 0 && _statements[payer][p.nonce - 1].acknowledged;
        uint256 key = acknowledged ? _keyOf(_otherOf(payer)) : _keyOf(payer);
        bytes memory signature = Signatures.acknowledgement(key, address(channel), payer, p);
        bool expected = _inWindow() && acknowledged && p.nonce > _presented[payer].nonce;
        vm.prank(payer);
        try channel.supersedeTransfer(p.nonce, p.transferred, p.root, p.messageHash, signature) {
            _succeeded("supersede", expected);
            _present(payer, p.nonce);
        } catch {
            _failed(expected);
        }
    }

    function register(uint256 which) external {
        if (_locks.length == 0) return;
        secrets.registerSecret(_locks[which % _locks.length].secret);
    }

    function unlock(bool byAlice, uint256 which, bool flat) external {
        address payer = _who(byAlice);
        Presented storage shown = _presented[payer];
        if (shown.locks.length == 0) return;
        uint256 id = shown.locks[which % shown.locks.length];
        Lock memory chosen = _locks[id];
        uint256 position = _positionOf(shown, id);
        bool expected = shown.leaves[position] == _leafOf(id) && _inTime(chosen);
        bytes32[] memory siblings = Locks.proof(shown.leaves, position);
        if (_tryUnlock(payer, shown, chosen, siblings, flat)) {
            _succeeded("unlock", expected);
            shown.leaves[position] = Locks.spent(shown.leaves[position]);
            shown.transferred += chosen.amount;
            uint256 payments = ++_payments[lives][payer][shown.nonce][id];
            vm.assertEq(payments, 1, "a lock pays at most once");
        } else {
            _failed(expected);
        }
    }

    function settle() external {
        bool expected =
            channel.state() == INettingChannel.State.Closed && vm.getBlockNumber() > channel.closedAt() + TIMEOUT;
        Presented memory a = _presented[alice];
        Presented memory b = _presented[bob];
        uint256 alices = token.balanceOf(alice);
        uint256 bobs = token.balanceOf(bob);
        uint256 total = held();
        try channel.settle(a.transferred, Locks.root(a.leaves), b.transferred, Locks.root(b.leaves)) {
            _succeeded("settle", expected);
        } catch {
            _failed(expected);
            return;
        }
        int256 net = int256(_deposited[alice]) - int256(_withdrawn[alice]) + int256(b.transferred)
            - int256(a.transferred);
        uint256 payout = net < 0 ? 0 : uint256(net) > total ? total : uint256(net);
        vm.assertEq(token.balanceOf(alice) - alices, payout, "alice's payout");
        vm.assertEq(token.balanceOf(bob) - bobs, total - payout, "bob's payout");
        _startOver();
    }

    function cooperate(uint256 share) external {
        if (share % 4 != 0) return;
        bool expected = channel.state() == INettingChannel.State.Open;
        uint256 total = held();
        uint256 mine = share % (total + 1);
        bytes memory one = Signatures.cooperative(ALICE_KEY, address(channel), mine, total - mine);
        bytes memory two = Signatures.cooperative(BOB_KEY, address(channel), mine, total - mine);
        try channel.cooperativeSettle(mine, total - mine, one, two) {
            _succeeded("cooperate", expected);
            _startOver();
        } catch {
            _failed(expected);
        }
    }

    function wait(uint8 blocks) external {
        vm.roll(vm.getBlockNumber() + 1 + blocks % 16);
    }

    // What must hold.

    /// What the channel has accounted and not paid out, by the model.
    function held() public view returns (uint256) {
        return _deposited[alice] + _deposited[bob] - _withdrawn[alice] - _withdrawn[bob];
    }

    function check() external view {
        vm.assertEq(token.balanceOf(address(channel)), held(), "paid in less paid out is held");
        uint256 everything =
            token.balanceOf(alice) + token.balanceOf(bob) + token.balanceOf(address(channel));
        vm.assertEq(everything, supply, "nothing is lost to old channels");
        _checkPayer(alice);
        _checkPayer(bob);
    }

    function _checkPayer(address payer) private view {
        vm.assertEq(channel.depositOf(payer), _deposited[payer], "deposit");
        vm.assertEq(channel.withdrawnOf(payer), _withdrawn[payer], "withdrawn");
        Presented memory shown = _presented[payer];
        (uint64 nonce, bytes24 hash) = channel.proofOf(payer);
        vm.assertEq(nonce, shown.nonce, "the newest proof presented stands");
        bytes32 expected = keccak256(abi.encode(shown.transferred, Locks.root(shown.leaves)));
        vm.assertEq(hash, nonce == 0 ? bytes24(0) : bytes24(expected), "its values, unlocks included");
    }

    function _who(bool byAlice) private view returns (address) {
        return byAlice ? alice : bob;
    }

    function _succeeded(bytes32 name, bool expected) private {
        ++calls[name];
        vm.assertTrue(expected, "must have been refused");
    }

    function _failed(bool expected) private pure {
        vm.assertTrue(!expected, "must have succeeded");
    }

    /// A copy of the payer's latest statement under the next nonce.
    function _next(address payer) private returns (Statement storage next) {
        Statement[] storage all = _statements[payer];
        next = all.push();
        if (all.length == 1) return next;
        Statement storage last = all[all.length - 2];
        next.transferred = last.transferred;
        next.locks = last.locks;
    }

    /// One of the payer's statements, or (nonce 0) none.
    function _pick(address payer, uint256 which) private view returns (Proof memory p, bytes memory signature) {
        // casting is safe: a run makes few statements
        p.nonce = uint64(which % (_statements[payer].length + 1));
        if (p.nonce == 0) return (p, "");
        Statement memory picked = _statements[payer][p.nonce - 1];
        p = _proof(p.nonce, picked.transferred, Locks.root(_leavesOf(picked.locks)));
        signature = Signatures.balanceProof(_keyOf(payer), address(channel), p);
    }

    function _present(address payer, uint64 nonce) private {
        Statement storage picked = _statements[payer][nonce - 1];
        _presented[payer] = Presented(nonce, picked.transferred, picked.locks, _leavesOf(picked.locks));
    }

    function _leafOf(uint256 id) private view returns (bytes32) {
        Lock memory l = _locks[id];
        return keccak256(Locks.encode(l.expiration, l.amount, Locks.hashlockOf(l.secret)));
    }

    function _leavesOf(uint256[] memory ids) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            leaves[i] = _leafOf(ids[i]);
        }
        return Locks.sorted(leaves);
    }

    /// The lock's place in the order of the original leaves, which the markers keep.
    function _positionOf(Presented memory shown, uint256 id) private view returns (uint256) {
        return Locks.indexOf(_leavesOf(shown.locks), _leafOf(id));
    }

    function _inWindow() private view returns (bool) {
        return channel.state() == INettingChannel.State.Closed
            && vm.getBlockNumber() <= channel.closedAt() + TIMEOUT;
    }

    function _inTime(Lock memory l) private view returns (bool) {
        uint256 revealed = secrets.revealedAt(Locks.hashlockOf(l.secret));
        return vm.getBlockNumber() <= l.expiration || (revealed != 0 && revealed <= l.expiration);
    }

    function _tryUnlock(
        address payer,
        Presented memory shown,
        Lock memory l,
        bytes32[] memory siblings,
        bool flat
    ) private returns (bool success) {
        bytes32 root = Locks.root(shown.leaves);
        bytes memory call = flat
            ? abi.encodeCall(
                INettingChannel.unlockWithSecret,
                (payer, shown.transferred, root, l.expiration, l.amount, l.secret, siblings)
            )
            : abi.encodeCall(
                INettingChannel.unlock,
                (
                    payer,
                    shown.transferred,
                    root,
                    _claim(Locks.encode(l.expiration, l.amount, Locks.hashlockOf(l.secret)), l.secret, siblings)
                )
            );
        (success,) = address(channel).call(call);
    }

    /// The pair's next channel; the old one must be empty.
    function _startOver() private {
        vm.assertEq(token.balanceOf(address(channel)), 0, "a settled channel is empty");
        ++lives;
        address[2] memory both = [alice, bob];
        for (uint256 i = 0; i < 2; ++i) {
            delete _statements[both[i]];
            delete _presented[both[i]];
            delete _deposited[both[i]];
            delete _withdrawn[both[i]];
        }
        channel = _openIn(manager);
    }
}
