use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use tally_crypto::{
    Domain, SecretKey, SignatureError, struct_hash, type_hash, typed_data_digest, verify,
    word_address, word_u64,
};
use tally_primitives::{
    B256, ChainId, ChannelAddress, LocksRoot, MessageHash, NodeAddress, Nonce, Signature,
    TokenAmount,
};

/// What a payer says about its side of a channel. The one with the highest nonce counts.
///
/// Source: docs/formats.md, "Balance proof"; `NettingChannel` in docs/contracts.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceProof {
    /// The channel.
    pub channel: ChannelAddress,
    /// Counts the payer's proofs in the channel; the first is 1.
    pub nonce: Nonce,
    /// All the payer has transferred so far.
    pub transferred: TokenAmount,
    /// The payer's pending locks.
    pub locksroot: LocksRoot,
    /// Hash of the message that carries the proof.
    pub message_hash: MessageHash,
}

/// A balance proof and the signature that the contract asks for: the payer's own, or the payee's
/// acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedProof {
    /// What is signed.
    pub proof: BalanceProof,
    /// By whom depends on where it is used.
    pub signature: Signature,
}

static BALANCE_PROOF: LazyLock<B256> = LazyLock::new(|| {
    type_hash(
        "BalanceProof(uint64 nonce,uint256 transferredAmount,bytes32 locksroot,\
         bytes32 messageHash)",
    )
});

static ACKNOWLEDGEMENT: LazyLock<B256> = LazyLock::new(|| {
    type_hash(
        "ProofAcknowledgement(address payer,uint64 nonce,uint256 transferredAmount,\
         bytes32 locksroot,bytes32 messageHash)",
    )
});

impl BalanceProof {
    /// Returns the digest that the payer signs (EIP-712).
    pub fn digest(&self, chain: ChainId) -> B256 {
        let hash = struct_hash(&BALANCE_PROOF, &self.words());
        typed_data_digest(&domain_separator(chain, self.channel), &hash)
    }

    /// Returns the digest with which the payee acknowledges this proof of `payer` (EIP-712).
    pub fn acknowledgement_digest(&self, chain: ChainId, payer: NodeAddress) -> B256 {
        let [nonce, transferred, locksroot, message_hash] = self.words();
        let words = [word_address(&payer.0), nonce, transferred, locksroot, message_hash];
        typed_data_digest(
            &domain_separator(chain, self.channel),
            &struct_hash(&ACKNOWLEDGEMENT, &words),
        )
    }

    /// Signs the proof as its payer.
    pub fn sign(self, chain: ChainId, payer: &SecretKey) -> SignedProof {
        SignedProof { proof: self, signature: payer.sign_digest(&self.digest(chain)) }
    }

    /// Acknowledges the proof of `payer` as its payee.
    pub fn acknowledge(self, chain: ChainId, payer: NodeAddress, payee: &SecretKey) -> SignedProof {
        let digest = self.acknowledgement_digest(chain, payer);
        SignedProof { proof: self, signature: payee.sign_digest(&digest) }
    }

    fn words(&self) -> [[u8; 32]; 4] {
        [
            word_u64(self.nonce.0),
            self.transferred.to_be_bytes(),
            *self.locksroot.as_bytes(),
            *self.message_hash.as_bytes(),
        ]
    }
}

impl SignedProof {
    /// Checks that `payer` signed the proof.
    ///
    /// # Errors
    ///
    /// [`SignatureError`] if somebody else did, or nobody could have.
    pub fn verify(&self, chain: ChainId, payer: NodeAddress) -> Result<(), SignatureError> {
        verify(&self.proof.digest(chain), &self.signature, payer)
    }

    /// Checks that `payee` acknowledged the proof of `payer`.
    ///
    /// # Errors
    ///
    /// [`SignatureError`] if somebody else did, or nobody could have.
    pub fn verify_acknowledgement(
        &self,
        chain: ChainId,
        payer: NodeAddress,
        payee: NodeAddress,
    ) -> Result<(), SignatureError> {
        verify(&self.proof.acknowledgement_digest(chain, payer), &self.signature, payee)
    }
}

fn domain_separator(chain: ChainId, channel: ChannelAddress) -> B256 {
    Domain { name: "Tallystick", version: "1", chain_id: chain, verifying_contract: channel.0 }
        .separator()
}
