use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain};
use proptest::prelude::*;
use tally_channel::{BalanceProof, SignedProof};
use tally_crypto::SecretKey;
use tally_primitives::{
    ChainId, ChannelAddress, LocksRoot, MessageHash, NodeAddress, Nonce, TokenAmount,
};

/// What participants sign, declared to an independent implementation of EIP-712.
pub(crate) mod typed {
    alloy_sol_types::sol! {
        struct BalanceProof {
            uint64 nonce;
            uint256 transferredAmount;
            bytes32 locksroot;
            bytes32 messageHash;
        }
        struct ProofAcknowledgement {
            address payer;
            uint64 nonce;
            uint256 transferredAmount;
            bytes32 locksroot;
            bytes32 messageHash;
        }
        struct UpdateDelegation {
            uint64 nonce;
            uint256 transferredAmount;
            bytes32 locksroot;
            bytes32 messageHash;
            address delegate;
        }
        struct CooperativeSettlement {
            uint256 balance1;
            uint256 balance2;
        }
        struct Withdrawal {
            address participant;
            uint256 totalWithdraw;
        }
    }

    impl BalanceProof {
        pub(crate) fn of(proof: &tally_channel::BalanceProof) -> Self {
            Self {
                nonce: proof.nonce.0,
                transferredAmount: proof.transferred.units(),
                locksroot: proof.locksroot.0,
                messageHash: proof.message_hash.0,
            }
        }
    }

    impl ProofAcknowledgement {
        pub(crate) fn of(
            proof: &tally_channel::BalanceProof,
            payer: tally_primitives::NodeAddress,
        ) -> Self {
            Self {
                payer: payer.0,
                nonce: proof.nonce.0,
                transferredAmount: proof.transferred.units(),
                locksroot: proof.locksroot.0,
                messageHash: proof.message_hash.0,
            }
        }
    }
}

/// Returns where the signatures of a channel are valid.
pub(crate) fn domain(chain: ChainId, channel: ChannelAddress) -> Eip712Domain {
    eip712_domain! {
        name: "Tallystick", version: "1", chain_id: chain.0, verifying_contract: channel.0,
    }
}

prop_compose! {
    fn any_proof()(
        channel: [u8; 20], nonce in 1..=u64::MAX, transferred: [u8; 32], locksroot: [u8; 32],
        message_hash: [u8; 32],
    ) -> BalanceProof {
        BalanceProof {
            channel: ChannelAddress::new(channel),
            nonce: Nonce(nonce),
            transferred: TokenAmount::from_be_bytes(transferred),
            locksroot: LocksRoot::new(locksroot),
            message_hash: MessageHash::new(message_hash),
        }
    }
}

/// Returns `proof` with one field after the other taken from `other`, where they differ.
fn changed(proof: BalanceProof, other: BalanceProof) -> impl Iterator<Item = BalanceProof> {
    [
        BalanceProof { channel: other.channel, ..proof },
        BalanceProof { nonce: other.nonce, ..proof },
        BalanceProof { transferred: other.transferred, ..proof },
        BalanceProof { locksroot: other.locksroot, ..proof },
        BalanceProof { message_hash: other.message_hash, ..proof },
    ]
    .into_iter()
    .filter(move |changed| *changed != proof)
}

proptest! {
    #[test]
    fn digests_agree_with_an_independent_implementation(
        proof in any_proof(), chain: u64, payer: [u8; 20],
    ) {
        let (chain, payer) = (ChainId(chain), NodeAddress::new(payer));
        let domain = domain(chain, proof.channel);
        let expected = typed::BalanceProof::of(&proof).eip712_signing_hash(&domain);
        prop_assert_eq!(proof.digest(chain), expected);
        let expected =
            typed::ProofAcknowledgement::of(&proof, payer).eip712_signing_hash(&domain);
        prop_assert_eq!(proof.acknowledgement_digest(chain, payer), expected);
    }

    /// Goal: a signature is good for one signer, one proof, one channel, one chain and one purpose.
    #[test]
    fn signatures_are_good_for_nothing_else(
        proof in any_proof(), other in any_proof(), chain: u64, keys: [[u8; 32]; 2], bit in 0..520_usize,
    ) {
        let [payer, payee] = keys.map(SecretKey::generate);
        prop_assume!(payer.address() != payee.address());
        let chain = ChainId(chain);
        let signed = proof.sign(chain, &payer);
        let acknowledged = proof.acknowledge(chain, payer.address(), &payee);
        let (payer, payee) = (payer.address(), payee.address());
        prop_assert_eq!(signed.verify(chain, payer), Ok(()));
        prop_assert_eq!(acknowledged.verify_acknowledgement(chain, payer, payee), Ok(()));

        let elsewhere = ChainId(chain.0 ^ 1);
        prop_assert!(signed.verify(chain, payee).is_err());
        prop_assert!(signed.verify(elsewhere, payer).is_err());
        prop_assert!(acknowledged.verify(chain, payee).is_err());
        prop_assert!(acknowledged.verify_acknowledgement(chain, payee, payer).is_err());
        prop_assert!(acknowledged.verify_acknowledgement(chain, payee, payee).is_err());
        prop_assert!(acknowledged.verify_acknowledgement(elsewhere, payer, payee).is_err());
        for signed in [signed, acknowledged] {
            for proof in changed(proof, other) {
                let moved = SignedProof { proof, ..signed };
                prop_assert!(moved.verify(chain, payer).is_err());
                prop_assert!(moved.verify_acknowledgement(chain, payer, payee).is_err());
            }
            let mut damaged = signed;
            damaged.signature.0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(damaged.verify(chain, payer).is_err());
            prop_assert!(damaged.verify_acknowledgement(chain, payer, payee).is_err());
        }
    }
}
