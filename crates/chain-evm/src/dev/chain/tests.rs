use super::*;
use crate::abi::{Deployable, Token};
use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Signature, TxKind};
use alloy_sol_types::{SolCall, SolConstructor};
use proptest::prelude::*;
use tally_crypto::SecretKey;

fn key(number: u8) -> SecretKey {
    SecretKey::generate([number; 32])
}

fn signed(key: &SecretKey, nonce: u64, to: TxKind, value: u64, input: Vec<u8>) -> TxEnvelope {
    let transaction = TxLegacy {
        chain_id: Some(1337),
        nonce,
        gas_price: 10_000_000_000,
        gas_limit: 3_000_000,
        to,
        value: U256::from(value),
        input: input.into(),
    };
    let signature = key.sign_digest(&transaction.signature_hash());
    let signature = Signature::from_raw_array(&signature.0).unwrap();
    transaction.into_signed(signature).into()
}

/// A chain with a token and two rich accounts.
fn chain_with_token() -> (Chain, Address) {
    let accounts = [1, 2].map(|number| (key(number).address().0, U256::from(u64::MAX)));
    let mut chain = Chain::new(1337, &accounts);
    chain.is_instant = true;
    let arguments = Token::constructorCall { name: "T".into(), symbol: "T".into(), decimals: 0 };
    let mut code = Deployable::TestToken.creation_code().to_vec();
    code.extend(arguments.abi_encode());
    let hash = chain.submit(signed(&key(1), 0, TxKind::Create, 0, code)).unwrap();
    let (block, index) = chain.place(hash).unwrap();
    let token = block.transactions[index].receipt.contract_address.unwrap();
    (chain, token)
}

/// What an account can do.
#[derive(Debug, Clone)]
enum Deed {
    Pay(u64),
    Mint(u64),
    Fail,
    Deploy,
    Rest,
}

fn any_deed() -> impl Strategy<Value = (u8, Deed)> {
    let deed = prop_oneof![
        (0..1_000_000_u64).prop_map(Deed::Pay),
        any::<u64>().prop_map(Deed::Mint),
        Just(Deed::Fail),
        Just(Deed::Deploy),
        Just(Deed::Rest),
    ];
    (1..=2_u8, deed)
}

fn perform(chain: &mut Chain, token: Address, account: u8, deed: &Deed) {
    let key = key(account);
    let nonce = chain.state.info(key.address().0).nonce;
    let stranger = Address::repeat_byte(0x42);
    let transaction = match deed {
        Deed::Pay(value) => signed(&key, nonce, TxKind::Call(stranger), *value, Vec::new()),
        Deed::Mint(amount) => {
            let call = Token::mintCall { to: stranger, amount: U256::from(*amount) };
            signed(&key, nonce, TxKind::Call(token), 0, call.abi_encode())
        }
        Deed::Fail => signed(&key, nonce, TxKind::Call(token), 0, vec![1, 2, 3, 4]),
        Deed::Deploy => {
            let code = Deployable::SecretRegistry.creation_code().to_vec();
            signed(&key, nonce, TxKind::Create, 0, code)
        }
        Deed::Rest => return chain.mine(),
    };
    chain.submit(transaction).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Law: taking blocks back restores the state exactly, and the coin is conserved but for what
    /// the base fee burns.
    #[test]
    fn taking_back_restores_the_state(
        before in proptest::collection::vec(any_deed(), 0..6),
        after in proptest::collection::vec(any_deed(), 1..10),
    ) {
        let (mut chain, token) = chain_with_token();
        for (account, deed) in &before {
            perform(&mut chain, token, *account, deed);
        }
        let (state, head) = (chain.state.clone(), chain.head().hash);
        let mut hashes = vec![head];
        for (account, deed) in &after {
            perform(&mut chain, token, *account, deed);
            prop_assert!(!hashes.contains(&chain.head().hash));
            hashes.push(chain.head().hash);
        }
        chain.take_back(after.len() as u64, Undone::Dropped).unwrap();
        prop_assert_eq!(chain.head().hash, head);
        prop_assert!(chain.state == state);
        prop_assert!(chain.block_by_hash(hashes[1]).is_none());
    }

    /// Law: transactions that are requeued are mined again with the same result.
    #[test]
    fn requeued_transactions_happen_again(
        deeds in proptest::collection::vec(any_deed(), 1..8),
    ) {
        let (mut chain, token) = chain_with_token();
        for (account, deed) in &deeds {
            perform(&mut chain, token, *account, deed);
        }
        let nonces = |chain: &Chain| [1, 2].map(|number| chain.state.info(key(number).address().0).nonce);
        let stranger = Address::repeat_byte(0x42);
        let before = (nonces(&chain), chain.state.info(stranger).balance);
        chain.reorganise(deeds.len() as u64, Undone::Requeued).unwrap();
        prop_assert_eq!((nonces(&chain), chain.state.info(stranger).balance), before);
        prop_assert_eq!(chain.pool.len(), 0);
    }
}
