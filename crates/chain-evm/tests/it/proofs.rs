//! Rust and Solidity agree on what is signed.

use crate::{
    common::{CHAIN_ID, Deployed, key, sign},
    suite::Dev,
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use tally_chain::{
    ChannelContracts, OpenChannel, Proof, Refusal, TransactionError, contract::Statement,
};
use tally_crypto::{keccak256, keccak256_parts};
use tally_primitives::{
    BlockSpan, ChannelAddress, LocksRoot, MessageHash, Nonce, Signature, TokenAmount,
};

/// Proofs tried of each kind.
const ROUNDS: u64 = 24;

sol! {
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
}

/// Random words from a seed, which the test prints.
struct Random(B256);

impl Random {
    #[expect(clippy::print_stdout, reason = "whoever repeats a failed run needs the seed")]
    fn new() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        println!("seed {}", B256::from(seed));
        Self(seed.into())
    }

    fn word(&mut self) -> B256 {
        self.0 = keccak256(self.0);
        keccak256_parts(&[b"word", self.0.as_slice()])
    }

    fn proof(&mut self, nonce: u64) -> Proof {
        Proof {
            nonce: Nonce(nonce),
            transferred: TokenAmount::from_be_bytes(self.word().0),
            locksroot: LocksRoot(self.word()),
            message_hash: MessageHash(self.word()),
            signature: Signature([0; 65]),
        }
    }
}

/// The digest as alloy derives it, which shares no code with ours.
fn digest(channel: ChannelAddress, statement: Statement, proof: &Proof) -> B256 {
    let domain = eip712_domain! {
        name: "Tallystick",
        version: "1",
        chain_id: CHAIN_ID.0,
        verifying_contract: channel.0,
    };
    let (nonce, transferred): (u64, U256) = (proof.nonce.0, proof.transferred.units());
    let (locksroot, message_hash) = (proof.locksroot.0, proof.message_hash.0);
    match statement {
        Statement::BalanceProof => BalanceProof {
            nonce,
            transferredAmount: transferred,
            locksroot,
            messageHash: message_hash,
        }
        .eip712_signing_hash(&domain),
        Statement::Acknowledgement { payer } => ProofAcknowledgement {
            payer: payer.0,
            nonce,
            transferredAmount: transferred,
            locksroot,
            messageHash: message_hash,
        }
        .eip712_signing_hash(&domain),
    }
}

/// Goal: a proof signed in Rust is one the contract takes, and nothing else is. Method: random
/// values with rising nonces; each is tried with one bit changed first.
#[tokio::test]
async fn contracts_verify_what_rust_signs() {
    let deployed = Deployed::on(Dev::in_process()).await;
    let [closer, other] = &deployed.contracts;
    closer.register_token(deployed.token).await.unwrap();
    let order = OpenChannel {
        token: deployed.token,
        partner: other.account(),
        settle_timeout: BlockSpan(1_000),
        deposit: TokenAmount::ZERO,
    };
    let channel = closer.open_channel(order).await.unwrap().channel;
    closer.close(channel, None).await.unwrap();

    let mut random = Random::new();
    let mut nonces = [0_u64; 2];
    for round in 0..ROUNDS {
        for (index, statement) in
            [Statement::BalanceProof, Statement::Acknowledgement { payer: other.account() }]
                .into_iter()
                .enumerate()
        {
            // The largest nonce there is comes last.
            let step = u64::from(random.word()[0]) + 1;
            nonces[index] = if round + 1 == ROUNDS { u64::MAX } else { nonces[index] + step };
            // The closer signs both: its own balance proof, and that it has seen the other's.
            let proof = sign(&key(1), channel, statement, random.proof(nonces[index]));
            let digest = digest(channel, statement, &proof);
            tally_crypto::verify(&digest, &proof.signature, closer.account()).unwrap();

            let mut forged = proof.clone();
            let bit = random.word();
            forged.message_hash.0[usize::from(bit[0] % 32)] ^= 1 << (bit[1] % 8);
            for (proof, is_genuine) in [(forged, false), (proof, true)] {
                let result = match statement {
                    Statement::BalanceProof => other.update_transfer(channel, proof).await,
                    Statement::Acknowledgement { .. } => {
                        other.supersede_transfer(channel, proof).await
                    }
                };
                match result {
                    Ok(_) => assert!(is_genuine, "a forged proof was taken"),
                    Err(TransactionError::Refused(Refusal::Other(words))) => {
                        assert!(!is_genuine && words == "invalid signature", "{words}");
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    }
}
