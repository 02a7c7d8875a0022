// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChannelManager} from "../src/ChannelManager.sol";
import {EndpointRegistry} from "../src/EndpointRegistry.sol";
import {Registry} from "../src/Registry.sol";
import {TestToken} from "../src/TestToken.sol";
import {ISecretRegistry} from "../src/interfaces/ISecretRegistry.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// Registry, SecretRegistry and EndpointRegistry.
contract RegistriesTest is Fixture {
    function test_addTokenMakesAManagerAndListsTheToken() public {
        TestToken second = _newToken(6);
        address manager2 = registry.addToken(address(second));
        vm.assertEq(registry.channelManagerByToken(address(second)), manager2, "manager by token");
        vm.assertEq(ChannelManager(manager2).token(), address(second), "the manager's token");
        address[] memory all = registry.tokenAddresses();
        vm.assertEq(all.length, 2, "two tokens");
        vm.assertEq(all[0], address(token), "first");
        vm.assertEq(all[1], address(second), "second");
        vm.assertEq(registry.channelManagerByToken(alice), address(0), "unknown token");
        vm.assertEq(registry.secretRegistry(), address(secrets), "secret registry");
    }

    function test_addTokenAnnouncesTheManager() public {
        TestToken second = _newToken(6);
        uint256 id = vm.snapshotState();
        address expected = registry.addToken(address(second));
        vm.revertToState(id);
        vm.expectEmit(address(registry));
        emit Registry.TokenAdded(address(second), expected);
        vm.assertEq(registry.addToken(address(second)), expected, "the address follows from the token");
    }

    function test_addTokenRefusesDuplicatesAndWhatIsNoToken() public {
        vm.expectRevert(
            abi.encodeWithSelector(Registry.TokenAlreadyRegistered.selector, address(token), address(manager))
        );
        registry.addToken(address(token));
        vm.expectRevert(abi.encodeWithSelector(Registry.NotAToken.selector, alice));
        registry.addToken(alice);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotAToken.selector, address(secrets)));
        registry.addToken(address(secrets));
    }

    function test_registryNeedsASecretRegistry() public {
        vm.expectRevert(abi.encodeWithSelector(Registry.NotAContract.selector, alice));
        this.deployRegistry(alice);
    }

    function deployRegistry(address secretRegistry) external {
        bytes memory code = abi.encodePacked(vm.getCode("Registry.sol:Registry"), abi.encode(secretRegistry));
        assembly {
            if iszero(create(0, add(code, 0x20), mload(code))) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function testFuzz_firstRegistrationOfASecretWins(bytes32 secret, uint32 later) public {
        bytes32 hashlock = keccak256(abi.encodePacked(secret));
        vm.assertEq(secrets.revealedAt(hashlock), 0, "unknown");
        vm.expectEmit(address(secrets));
        emit ISecretRegistry.SecretRevealed(secret);
        secrets.registerSecret(secret);
        vm.assertEq(secrets.revealedAt(hashlock), 1000, "first block");
        vm.roll(1001 + uint256(later));
        secrets.registerSecret(secret);
        vm.assertEq(secrets.revealedAt(hashlock), 1000, "still the first block");
    }

    function test_registerSecretsTakesRepetitions() public {
        bytes32[] memory list = new bytes32[](3);
        (list[0], list[1], list[2]) = (_secret(1), _secret(2), _secret(1));
        secrets.registerSecrets(list);
        vm.assertEq(secrets.revealedAt(keccak256(abi.encode(_secret(1)))), 1000, "first");
        vm.assertEq(secrets.revealedAt(keccak256(abi.encode(_secret(2)))), 1000, "second");
        secrets.registerSecrets(new bytes32[](0));
    }

    function test_endpointsAreSetReplacedAndWithdrawn() public {
        EndpointRegistry endpoints = EndpointRegistry(vm.deployCode("EndpointRegistry.sol:EndpointRegistry"));
        vm.assertEq(endpoints.endpointOf(alice), "", "none yet");
        string[3] memory texts = ["127.0.0.1:40001", "[2001:db8::1]:40001", ""];
        for (uint256 i = 0; i < texts.length; ++i) {
            vm.expectEmit(address(endpoints));
            emit EndpointRegistry.AddressRegistered(alice, texts[i]);
            vm.prank(alice);
            endpoints.registerEndpoint(texts[i]);
            vm.assertEq(endpoints.endpointOf(alice), texts[i], "as registered");
        }
        vm.assertEq(endpoints.endpointOf(bob), "", "nobody else's");
    }

    function test_endpointsAreBounded() public {
        EndpointRegistry endpoints = EndpointRegistry(vm.deployCode("EndpointRegistry.sol:EndpointRegistry"));
        endpoints.registerEndpoint(string(new bytes(255)));
        vm.expectRevert(abi.encodeWithSelector(EndpointRegistry.EndpointTooLong.selector, 256, 255));
        endpoints.registerEndpoint(string(new bytes(256)));
    }

    function test_testTokenHasDecimalsAndMints() public {
        TestToken six = _newToken(6);
        vm.assertEq(six.decimals(), 6, "decimals");
        six.mint(carol, 5);
        vm.assertEq(six.balanceOf(carol), 5, "minted");
    }
}
