// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {vm} from "./Vm.sol";

/// What a payer states: the arguments of close, updateTransfer and supersedeTransfer without the signature.
struct Proof {
    uint64 nonce;
    uint256 transferred;
    bytes32 root;
    bytes32 messageHash;
}

/// Signs the EIP-712 messages, with type strings and domain written out here once more.
library Signatures {
    function domain(address channel) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Tallystick"),
                keccak256("1"),
                block.chainid,
                channel
            )
        );
    }

    function balanceProof(uint256 key, address channel, Proof memory p) internal view returns (bytes memory) {
        bytes32 typeHash =
            keccak256("BalanceProof(uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash)");
        return sign(key, channel, keccak256(abi.encode(typeHash, p.nonce, p.transferred, p.root, p.messageHash)));
    }

    function delegation(uint256 key, address channel, Proof memory p, address delegate)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256(
            "UpdateDelegation(uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash,address delegate)"
        );
        return
            sign(key, channel, keccak256(abi.encode(typeHash, p.nonce, p.transferred, p.root, p.messageHash, delegate)));
    }

    function acknowledgement(uint256 key, address channel, address payer, Proof memory p)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256(
            "ProofAcknowledgement(address payer,uint64 nonce,uint256 transferredAmount,bytes32 locksroot,bytes32 messageHash)"
        );
        return sign(key, channel, keccak256(abi.encode(typeHash, payer, p.nonce, p.transferred, p.root, p.messageHash)));
    }

    function cooperative(uint256 key, address channel, uint256 balance1, uint256 balance2)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256("CooperativeSettlement(uint256 balance1,uint256 balance2)");
        return sign(key, channel, keccak256(abi.encode(typeHash, balance1, balance2)));
    }

    function withdrawal(uint256 key, address channel, address participant, uint256 total)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256("Withdrawal(address participant,uint256 totalWithdraw)");
        return sign(key, channel, keccak256(abi.encode(typeHash, participant, total)));
    }

    function sign(uint256 key, address channel, bytes32 structHash) internal view returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain(channel), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
