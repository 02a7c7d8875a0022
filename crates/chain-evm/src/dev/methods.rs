use super::{
    DevChain, Mining,
    chain::{Chain, TIP_SUGGESTED, Undone},
    execute::{self, output_of},
    failure::Failure,
    params::Params,
};
use alloy_consensus::TxEnvelope;
use alloy_eips::{BlockId, BlockNumberOrTag, eip2718::Decodable2718};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{BlockNumberOrTag as Tag, Filter, TransactionRequest};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::time::Duration;

/// Blocks that one `anvil_mine` may ask for.
const MINE_MAX: u64 = 10_000;

type Answer = Result<Box<RawValue>, Failure>;

fn answer<T: Serialize>(value: T) -> Answer {
    to_raw_value(&value).map_err(|error| Failure::server(error.to_string()))
}

fn quantity(number: u64) -> Answer {
    answer(U64::from(number))
}

impl DevChain {
    /// Carries out one JSON-RPC call.
    pub(crate) fn call(&self, method: &str, params: Option<&RawValue>) -> Answer {
        let mut params = Params::parse(params)?;
        match method {
            "eth_chainId" => quantity(self.lock().id),
            "net_version" => answer(self.lock().id.to_string()),
            "net_listening" => answer(true),
            "web3_clientVersion" => answer(concat!("tally-dev/", env!("CARGO_PKG_VERSION"))),
            "web3_sha3" => answer(alloy_primitives::keccak256(params.take::<Bytes>()?)),
            "eth_syncing" => answer(false),
            "eth_accounts" => answer([(); 0]),
            "eth_blockNumber" => quantity(self.lock().head().header.number),
            "eth_getBlockByNumber" | "eth_getBlockByHash" => self.lock().block_call(method, params),
            "eth_getLogs" => {
                let filter = params.take::<Filter>()?;
                answer(self.lock().logs(&filter)?)
            }
            "eth_call" | "eth_estimateGas" => self.lock().simulation_call(method, params),
            "eth_gasPrice" | "eth_maxPriorityFeePerGas" | "eth_feeHistory" => {
                self.lock().fee_call(method, params)
            }
            "eth_getTransactionCount" | "eth_getBalance" | "eth_getCode" | "eth_getStorageAt" => {
                self.lock().account_call(method, params)
            }
            "eth_sendRawTransaction" => {
                let raw = params.take::<Bytes>()?;
                let envelope = TxEnvelope::decode_2718_exact(&raw)
                    .map_err(|error| Failure::server(format!("rlp: {error}")))?;
                answer(self.lock().submit(envelope)?)
            }
            "eth_getTransactionReceipt" | "eth_getTransactionByHash" => {
                self.lock().transaction_call(method, params)
            }
            _ => self.control_call(method, params),
        }
    }

    /// Carries out the calls that real servers do not have.
    fn control_call(&self, method: &str, mut params: Params) -> Answer {
        match method {
            "evm_mine" => {
                self.lock().mine();
                answer("0x0")
            }
            "anvil_mine" => {
                let count = params.take_optional::<U64>()?.map_or(1, |count| count.to::<u64>());
                if count > MINE_MAX {
                    return Err(Failure::invalid_params("too many blocks"));
                }
                self.mine(count);
                answer(())
            }
            "evm_snapshot" => quantity(self.lock().snapshot()),
            "evm_revert" => {
                let id = params.take::<U64>()?.to();
                answer(self.lock().revert(id))
            }
            "evm_setAutomine" => {
                let instant = params.take::<bool>()?;
                self.set_mining(if instant { Mining::Instant } else { Mining::OnDemand });
                answer(true)
            }
            "evm_setIntervalMining" => {
                let seconds = params.take::<u64>()?;
                self.set_mining(match seconds {
                    0 => Mining::OnDemand,
                    seconds => Mining::Interval(Duration::from_secs(seconds)),
                });
                answer(())
            }
            "anvil_reorg" => {
                let depth = params.take::<u64>()?;
                self.lock().reorganise(depth, Undone::Dropped)?;
                answer(())
            }
            "anvil_rollback" => {
                let depth = params.take_optional::<u64>()?.unwrap_or(1);
                self.lock().take_back(depth, Undone::Dropped)?;
                answer(())
            }
            "anvil_setBalance" => {
                let (address, balance) = (params.take::<Address>()?, params.take::<U256>()?);
                self.lock().set_balance(address, balance);
                answer(())
            }
            _ => Err(Failure::no_method(method)),
        }
    }
}

impl Chain {
    fn block_call(&self, method: &str, mut params: Params) -> Answer {
        let block = if method == "eth_getBlockByHash" {
            self.block_by_hash(params.take::<B256>()?)
        } else {
            self.find(params.take::<BlockNumberOrTag>()?)
        };
        let full = params.take_optional::<bool>()?.unwrap_or(false);
        answer(block.map(|block| block.rpc(full)))
    }

    fn simulation_call(&self, method: &str, mut params: Params) -> Answer {
        let request = params.take::<TransactionRequest>()?;
        self.require_newest(params.take_optional::<BlockId>()?)?;
        let header = self.next_header();
        if method == "eth_estimateGas" {
            return quantity(execute::estimate(self.view(), self.id, &header, &request)?);
        }
        let gas_limit = request.gas.unwrap_or(header.gas_limit).min(header.gas_limit);
        let run = execute::simulate(self.view(), self.id, &header, &request, gas_limit)?;
        answer(output_of(run.result)?)
    }

    fn fee_call(&self, method: &str, mut params: Params) -> Answer {
        match method {
            "eth_maxPriorityFeePerGas" => quantity(TIP_SUGGESTED),
            "eth_gasPrice" => {
                quantity(TIP_SUGGESTED + self.next_header().base_fee_per_gas.unwrap_or_default())
            }
            _ => {
                let count = params.take::<U64>()?.to();
                let newest = params.take::<Tag>()?;
                let percentiles = params.take_optional::<Vec<f64>>()?;
                answer(self.fee_history(count, newest, percentiles.as_deref())?)
            }
        }
    }

    fn account_call(&self, method: &str, mut params: Params) -> Answer {
        let address = params.take::<Address>()?;
        let slot = match method {
            "eth_getStorageAt" => Some(params.take::<U256>()?),
            _ => None,
        };
        let at = params.take_optional::<BlockId>()?;
        self.require_newest(at)?;
        let info = self.state.info(address);
        match (method, slot) {
            (_, Some(slot)) => answer(B256::from(self.state.slot(address, slot))),
            ("eth_getBalance", _) => answer(info.balance),
            ("eth_getCode", _) => {
                answer(info.code.map(|code| code.original_bytes()).unwrap_or_default())
            }
            _ if at == Some(BlockId::pending()) => {
                quantity(self.pool.next_nonce(address, info.nonce))
            }
            _ => quantity(info.nonce),
        }
    }

    fn transaction_call(&self, method: &str, mut params: Params) -> Answer {
        let hash = params.take::<B256>()?;
        let place = self.place(hash);
        if method == "eth_getTransactionReceipt" {
            return answer(place.map(|(block, index)| &block.transactions[index].receipt));
        }
        let waiting = || self.pool.find(hash).map(|signed| signed.pending_rpc());
        answer(place.map(|(block, index)| block.rpc_transaction(index)).or_else(waiting))
    }
}
