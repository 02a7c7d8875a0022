//! Transactions from their bytes.

use crate::{BLOCK_BYTES_MAX, block::facts};
use bitcoin::consensus::encode::deserialize;
use std::error::Error;
use tally_chain::utxo::Transaction;

/// Bytes are not a transaction.
#[derive(Debug, thiserror::Error)]
pub enum MalformedTransaction {
    /// It is longer than any block.
    #[error("the transaction has {0} bytes, more than {BLOCK_BYTES_MAX}")]
    TooLong(usize),
    /// The bytes do not have the form of a transaction.
    #[error("the bytes are not a transaction")]
    Form(#[source] Box<dyn Error + Send + Sync>),
}

/// Reads a transaction in the form in which nodes store and send it, with witnesses or without.
///
/// # Errors
///
/// [`MalformedTransaction`].
pub fn decode_transaction(bytes: &[u8]) -> Result<Transaction, MalformedTransaction> {
    let transaction = read(bytes)?;
    let txid = transaction.compute_txid();
    Ok(facts(transaction, txid))
}

pub(crate) fn read(bytes: &[u8]) -> Result<bitcoin::Transaction, MalformedTransaction> {
    if bytes.len() > BLOCK_BYTES_MAX {
        return Err(MalformedTransaction::TooLong(bytes.len()));
    }
    deserialize(bytes).map_err(|error| MalformedTransaction::Form(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tally_primitives::Satoshi;

    /// The native P2WPKH example of BIP 143, signed.
    const WITNESSED: &str = "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf43354\
        1db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5c\
        dd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b8\
        04cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb20600000000\
        1976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe\
        6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb\
        1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476\
        c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000";

    /// Goal: the id leaves the witnesses out. Method: the published example, whose id is known, and
    /// what is cut off or added.
    #[test]
    fn witnesses_are_read_and_do_not_count_for_the_id() {
        let raw = hex::decode(WITNESSED).unwrap();
        let transaction = decode_transaction(&raw).unwrap();
        // Computed by hand from the bytes without marker, flag and witnesses.
        let txid = "e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609";
        assert_eq!(transaction.txid.to_string(), txid);
        assert_eq!(transaction.inputs.len(), 2);
        assert_eq!(transaction.inputs[1].vout, 1);
        let values: Vec<_> = transaction.outputs.iter().map(|output| output.value).collect();
        assert_eq!(values, [Satoshi(112_340_000), Satoshi(223_450_000)]);
        for wrong in [&raw[..raw.len() - 1], &[&raw[..], &[0]].concat(), &[], &[0; 10]] {
            assert!(matches!(decode_transaction(wrong), Err(MalformedTransaction::Form(_))));
        }
        let long = vec![0; BLOCK_BYTES_MAX + 1];
        assert!(matches!(decode_transaction(&long), Err(MalformedTransaction::TooLong(4_000_001))));
    }

    proptest! {
        /// Goal: no bytes break the reading. Method: any, and the example with some of it changed.
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            decode_transaction(&bytes).ok();
            let mut raw = hex::decode(WITNESSED).unwrap();
            let place = at.index(raw.len());
            raw[place] = byte;
            decode_transaction(&raw).ok();
        }
    }
}
