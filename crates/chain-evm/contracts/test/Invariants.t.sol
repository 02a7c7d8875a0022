// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Handler} from "./support/Handler.sol";
import {vm} from "./support/Vm.sol";

/// Laws of a channel over random lives: see the handler for what is tried and what is compared. Paid out equals paid
/// in, nobody gets more than the total, the newest proof presented stands, and a lock pays at most once.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private _handler;

    function setUp() public {
        _handler = Handler(vm.deployCode("Handler.sol:Handler"));
        _handler.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), _handler.selectors());
    }

    function invariant_lawsOfAChannel() public view {
        _handler.check();
    }

    /// Goal: the random lives are worth something: every kind of call succeeds often enough to be compared. Method:
    /// one long life from a fixed seed, counted.
    function test_theHandlerReachesEverything() public {
        uint256 random = 1;
        bytes4[] memory list = _handler.selectors();
        for (uint256 i = 0; i < 3000; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            bytes memory arguments = abi.encode(random & 1, random >> 8, (random >> 4) & 1);
            // casting is safe: the list is short
            bytes4 selector = list[(random >> 16) % list.length];
            if (selector == _handler.lock.selector) arguments = abi.encode(random & 1, random >> 8, (random >> 32) % 256);
            if (selector == _handler.wait.selector) arguments = abi.encode((random >> 32) % 256);
            if (selector == _handler.update.selector || selector == _handler.delegate.selector) {
                arguments = abi.encode(random >> 8);
            }
            (bool success,) = address(_handler).call(abi.encodePacked(selector, arguments));
            vm.assertTrue(success, "the model agrees");
            _handler.check();
        }
        bytes32[9] memory names = [
            bytes32("deposit"), "withdraw", "close", "update", "delegate", "supersede", "unlock", "settle", "cooperate"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            vm.assertTrue(_handler.calls(names[i]) >= 5, string(abi.encodePacked(names[i])));
        }
    }
}
