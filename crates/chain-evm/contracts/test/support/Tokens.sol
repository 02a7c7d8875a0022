// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Takes one hundredth of every transfer and burns it.
contract FeeToken is ERC20("Fee token", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : value / 100;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}

/// Takes everything.
contract VanishingToken is ERC20("Vanishing token", "VAN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, from == address(0) ? to : address(0), value);
    }
}

/// Returns nothing from transfer, transferFrom and approve, as some old tokens do, and knows no permit.
contract NoReturnToken {
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Transfers nothing to whom it blocks: it reverts, or answers false.
contract BlockingToken is ERC20("Blocking token", "BLK") {
    error Blocked(address account);

    mapping(address => bool) private _blocked;
    bool private _quiet;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setBlocked(address account, bool blocked, bool quiet) external {
        _blocked[account] = blocked;
        _quiet = quiet;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (!_blocked[to]) return super.transfer(to, amount);
        if (!_quiet) revert Blocked(to);
        return false;
    }
}

/// Answers false instead of transferring.
contract RefusingToken is ERC20("Refusing token", "NO") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// Calls what it was armed with, once, in the middle of a transfer: before or after the balances move.
contract HookToken is ERC20("Hook token", "HOOK") {
    address private _target;
    bytes private _call;
    bool private _before;
    uint256 public attempts;
    uint256 public successes;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target, bytes calldata data, bool beforeMove) external {
        (_target, _call, _before) = (target, data, beforeMove);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_before) _fire();
        super._update(from, to, value);
        if (!_before) _fire();
    }

    function _fire() private {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        ++attempts;
        (bool success,) = target.call(_call);
        if (success) ++successes;
    }
}
