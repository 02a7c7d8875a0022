use super::{block::SignedTransaction, failure::Failure, state::View};
use alloy_consensus::{Header, Transaction as _};
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::{
    Context, ExecuteEvm, MainBuilder, MainContext,
    context::{BlockEnv, CfgEnv, TxEnv, result::ResultAndState},
    database_interface::WrapDatabaseRef,
    primitives::hardfork::SpecId,
};

/// The rules of the development chain: what the contracts are compiled for, and no newer.
const RULES: SpecId = SpecId::PRAGUE;

/// The smallest gas a transaction can use; estimates start here.
const TRANSACTION_GAS_MIN: u64 = 21_000;

/// How close an estimate comes to the least gas that works: to one part in this many.
const ESTIMATE_PRECISION: u64 = 64;

fn block_env(header: &Header) -> BlockEnv {
    let mut env = BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        ..BlockEnv::default()
    };
    env.set_blob_excess_gas_and_price(
        0,
        revm::primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
    );
    env
}

fn config(chain_id: u64) -> CfgEnv {
    let mut config = CfgEnv::new_with_spec(RULES);
    config.chain_id = chain_id;
    config
}

/// Runs a signed transaction in the block of `header`. Changes nothing: the changes are returned.
///
/// # Errors
///
/// The reason why the transaction cannot be part of the block.
pub(crate) fn transact(
    view: View<'_>,
    chain_id: u64,
    header: &Header,
    signed: &SignedTransaction,
) -> Result<ResultAndState, Failure> {
    let envelope = &signed.envelope;
    let tx = TxEnv {
        tx_type: envelope.tx_type().into(),
        caller: signed.sender,
        gas_limit: envelope.gas_limit(),
        gas_price: envelope.max_fee_per_gas(),
        kind: envelope.kind(),
        value: envelope.value(),
        data: envelope.input().clone(),
        nonce: envelope.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        ..TxEnv::default()
    };
    run(view, config(chain_id), header, tx)
}

/// Runs a call that is no transaction: nobody pays for it and no nonce is checked.
///
/// # Errors
///
/// The reason why it could not even begin.
pub(crate) fn simulate(
    view: View<'_>,
    chain_id: u64,
    header: &Header,
    request: &TransactionRequest,
    gas_limit: u64,
) -> Result<ResultAndState, Failure> {
    let mut config = config(chain_id);
    config.disable_nonce_check = true;
    config.disable_balance_check = true;
    config.disable_base_fee = true;
    config.disable_eip3607 = true;
    let tx = TxEnv {
        caller: request.from.unwrap_or_default(),
        gas_limit,
        gas_price: 0,
        kind: request.to.unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: request.input.input().cloned().unwrap_or_default(),
        chain_id: None,
        ..TxEnv::default()
    };
    run(view, config, header, tx)
}

/// Returns a gas limit with which the call succeeds, at most one part in
/// [`ESTIMATE_PRECISION`] above the least.
///
/// # Errors
///
/// What the call fails with when it gets all the gas there is.
pub(crate) fn estimate(
    view: View<'_>,
    chain_id: u64,
    header: &Header,
    request: &TransactionRequest,
) -> Result<u64, Failure> {
    let limit = request.gas.unwrap_or(header.gas_limit).min(header.gas_limit);
    let most = simulate(view, chain_id, header, request, limit)?.result;
    let spent = most.gas().total_gas_spent().max(most.tx_gas_used());
    output_of(most)?;

    let works = |gas: u64| {
        simulate(view, chain_id, header, request, gas).is_ok_and(|run| run.result.is_success())
    };
    // What was spent before refunds is almost always enough, but for the 63/64 rule of inner calls.
    let (mut too_little, mut enough) =
        (spent.saturating_sub(1).max(TRANSACTION_GAS_MIN - 1), limit);
    for guess in [spent, spent.saturating_add(spent / 63).saturating_add(2300)] {
        if guess < enough && works(guess) {
            enough = guess;
            break;
        }
        too_little = too_little.max(guess.min(enough - 1));
    }
    while enough - too_little > 1 + enough / ESTIMATE_PRECISION {
        let middle = too_little + (enough - too_little) / 2;
        if works(middle) { enough = middle } else { too_little = middle }
    }
    Ok(enough)
}

/// Returns what a call returned.
///
/// # Errors
///
/// The revert with its data, or the halt.
pub(crate) fn output_of(result: revm::context::result::ExecutionResult) -> Result<Bytes, Failure> {
    use revm::context::result::ExecutionResult::{Halt, Revert, Success};
    match result {
        Success { output, .. } => Ok(output.into_data()),
        Revert { output, .. } => Err(Failure::reverted(output)),
        Halt { reason, .. } => Err(Failure::server(format!("execution failed: {reason:?}"))),
    }
}

fn run(
    view: View<'_>,
    config: CfgEnv,
    header: &Header,
    tx: TxEnv,
) -> Result<ResultAndState, Failure> {
    let context = Context::mainnet()
        .with_db(WrapDatabaseRef(view))
        .with_block(block_env(header))
        .with_cfg(config);
    context.build_mainnet().transact(tx).map_err(|error| Failure::server(error.to_string()))
}
