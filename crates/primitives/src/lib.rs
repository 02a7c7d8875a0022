//! Amounts, positions, ids and hashes as newtypes.
//!
//! Values that look alike but mean different things have different types here: a token is not a
//! channel, a block's position is not a count of blocks, and money has no operators that can
//! overflow. The crate does no I/O and knows no protocol. Start with [`TokenAmount`] and
//! [`NodeAddress`].

mod address;
mod amount;
mod block;
mod hash;
mod number;
mod utxo;

pub use address::{AddressParseError, ChannelAddress, ManagerAddress, NodeAddress, TokenAddress};
pub use alloy_primitives::{Address, B256, U256};
pub use amount::{AmountParseError, AmountRangeError, TokenAmount, Wei};
pub use block::{BlockHash, BlockNumber, BlockRef, BlockSpan};
pub use hash::{
    Hashlock, HexParseError, LocksRoot, MessageHash, Secret, Signature, TransactionHash,
};
pub use number::{ChainId, Nonce, PaymentId};
pub use utxo::{BlockId, Fid, FidParseError, IdParseError, Satoshi, Txid};
