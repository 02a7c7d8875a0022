use super::{endpoint::Endpoint, failure::RpcFailure};
use alloy_primitives::{Address, B256, Bloom, Bytes, U64, U128, U256};
use alloy_rpc_types_eth::Log;
use serde::Deserialize;
use serde_json::{Value, json};
use tally_primitives::{BlockHash, BlockNumber, BlockRef};

/// The part of a block that this crate needs; chains differ in the rest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    #[serde(default)]
    base_fee_per_gas: Option<U128>,
    #[serde(default)]
    logs_bloom: Bloom,
}

impl Head {
    pub(crate) fn at(&self) -> BlockRef {
        BlockRef { number: BlockNumber(self.number.to()), hash: BlockHash(self.hash) }
    }

    pub(crate) fn parent(&self) -> BlockHash {
        BlockHash(self.parent_hash)
    }

    pub(crate) fn timestamp_s(&self) -> u64 {
        self.timestamp.to()
    }

    /// What the block charged per gas; `None` on chains from before EIP-1559.
    pub(crate) fn base_fee(&self) -> Option<u128> {
        self.base_fee_per_gas.map(|fee| fee.to())
    }

    pub(crate) fn bloom(&self) -> &Bloom {
        &self.logs_bloom
    }
}

/// The part of a receipt that this crate needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MinedReceipt {
    pub(crate) transaction_hash: B256,
    block_number: U64,
    gas_used: U64,
    #[serde(default)]
    status: Option<U64>,
    #[serde(default)]
    pub(crate) contract_address: Option<Address>,
    pub(crate) logs: Vec<Log>,
}

impl MinedReceipt {
    pub(crate) fn block(&self) -> BlockNumber {
        BlockNumber(self.block_number.to())
    }

    pub(crate) fn gas_used(&self) -> u64 {
        self.gas_used.to()
    }

    /// Says whether the transaction did what it was to do. Every chain in use has the status.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_none_or(|status| !status.is_zero())
    }
}

/// Which state or block a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Latest,
    Pending,
}

impl At {
    const fn tag(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Pending => "pending",
        }
    }
}

fn hex_number(number: BlockNumber) -> U64 {
    U64::from(number.0)
}

impl Endpoint {
    pub(crate) async fn chain_number(&self) -> Result<u64, RpcFailure> {
        self.call::<U64>("eth_chainId", json!([])).await.map(|id| id.to())
    }

    /// Returns the newest block.
    pub(crate) async fn newest(&self) -> Result<Head, RpcFailure> {
        self.call("eth_getBlockByNumber", json!(["latest", false])).await
    }

    /// Returns the blocks `first..=last`, as many from the front as the server has.
    pub(crate) async fn heads(
        &self,
        first: BlockNumber,
        last: BlockNumber,
    ) -> Result<Vec<Head>, RpcFailure> {
        let params = (first.0..=last.0).map(|number| json!([U64::from(number), false])).collect();
        let heads = self.call_batch::<Option<Head>>("eth_getBlockByNumber", params).await?;
        Ok(heads.into_iter().map_while(|head| head).collect())
    }

    pub(crate) async fn head_by_hash(&self, hash: BlockHash) -> Result<Option<Head>, RpcFailure> {
        self.call("eth_getBlockByHash", json!([hash.0, false])).await
    }

    /// Returns the logs of each of some blocks whose first topic is one of `events`.
    pub(crate) async fn logs_of_blocks(
        &self,
        blocks: &[BlockHash],
        events: &[B256],
    ) -> Result<Vec<Vec<Log>>, RpcFailure> {
        let filter = |block: &BlockHash| json!([{ "blockHash": block.0, "topics": [events] }]);
        self.call_batch("eth_getLogs", blocks.iter().map(filter).collect()).await
    }

    /// Returns the logs of the blocks `first..=last` whose first topic is one of `events`, of
    /// `emitters` or, if there are none, of anyone.
    pub(crate) async fn logs_of_range(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        emitters: &[Address],
        events: &[B256],
    ) -> Result<Vec<Log>, RpcFailure> {
        let mut filter = json!({
            "fromBlock": hex_number(first),
            "toBlock": hex_number(last),
            "topics": [events],
        });
        if !emitters.is_empty() {
            filter["address"] = json!(emitters);
        }
        self.call("eth_getLogs", json!([filter])).await
    }

    pub(crate) async fn transaction_count(
        &self,
        account: Address,
        at: At,
    ) -> Result<u64, RpcFailure> {
        let count = self.call::<U64>("eth_getTransactionCount", json!([account, at.tag()])).await?;
        Ok(count.to())
    }

    pub(crate) async fn balance(&self, account: Address) -> Result<U256, RpcFailure> {
        self.call("eth_getBalance", json!([account, "latest"])).await
    }

    pub(crate) async fn has_code(&self, account: Address) -> Result<bool, RpcFailure> {
        let code = self.call::<Bytes>("eth_getCode", json!([account, "latest"])).await?;
        Ok(!code.is_empty())
    }

    /// Calls a contract without a transaction and returns what it returned.
    pub(crate) async fn read(
        &self,
        from: Option<Address>,
        to: Address,
        data: &Bytes,
    ) -> Result<Bytes, RpcFailure> {
        self.call("eth_call", json!([transaction(from, Some(to), data), "latest"])).await
    }

    pub(crate) async fn estimate_gas(
        &self,
        from: Address,
        to: Option<Address>,
        data: &Bytes,
    ) -> Result<u64, RpcFailure> {
        let params = json!([transaction(Some(from), to, data)]);
        self.call::<U64>("eth_estimateGas", params).await.map(|gas| gas.to())
    }

    pub(crate) async fn gas_price(&self) -> Result<u128, RpcFailure> {
        self.call::<U128>("eth_gasPrice", json!([])).await.map(|price| price.to())
    }

    pub(crate) async fn suggested_tip(&self) -> Result<u128, RpcFailure> {
        self.call::<U128>("eth_maxPriorityFeePerGas", json!([])).await.map(|tip| tip.to())
    }

    pub(crate) async fn send_raw(&self, raw: &Bytes) -> Result<B256, RpcFailure> {
        self.call("eth_sendRawTransaction", json!([raw])).await
    }

    pub(crate) async fn receipt(&self, hash: B256) -> Result<Option<MinedReceipt>, RpcFailure> {
        self.call("eth_getTransactionReceipt", json!([hash])).await
    }
}

fn transaction(from: Option<Address>, to: Option<Address>, data: &Bytes) -> Value {
    let mut transaction = json!({ "input": data });
    if let Some(from) = from {
        transaction["from"] = json!(from);
    }
    if let Some(to) = to {
        transaction["to"] = json!(to);
    }
    transaction
}
