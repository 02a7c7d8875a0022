use super::{DevChain, failure::Failure};
use alloy_json_rpc::{
    Id, RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Calls that one batch may hold; go-ethereum's default.
const BATCH_MAX: usize = 1000;

/// One call as it comes over the wire. Without an id it is a notification and gets no answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: Option<Id>,
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) params: Option<Box<RawValue>>,
}

/// What is asked for: one call or several.
#[derive(Debug)]
pub(crate) enum Calls {
    One(Call),
    Batch(Vec<Result<Call, Failure>>),
}

/// Makes the answer to a call.
pub(crate) fn response(id: Id, result: Result<Box<RawValue>, Failure>) -> Response {
    let payload = match result {
        Ok(value) => ResponsePayload::Success(value),
        Err(failure) => ResponsePayload::Failure(failure.payload()),
    };
    Response { id, payload }
}

/// Reads what a client sent.
pub(crate) fn parse(text: &str) -> Result<Calls, Failure> {
    if !text.trim_start().starts_with('[') {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| Failure::parse())?;
        return parse_one(raw).map(Calls::One);
    }
    let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Failure::parse())?;
    if raw.is_empty() {
        return Err(Failure::invalid_request("empty batch"));
    }
    if raw.len() > BATCH_MAX {
        return Err(Failure::invalid_request("batch too large"));
    }
    Ok(Calls::Batch(raw.into_iter().map(parse_one).collect()))
}

fn parse_one(raw: &RawValue) -> Result<Call, Failure> {
    serde_json::from_str(raw.get()).map_err(|_| Failure::invalid_request("invalid request"))
}

/// Answers what a client sent with `carry_out`; `None` if nothing is to be answered.
pub(crate) fn answer_text(
    text: &str,
    mut carry_out: impl FnMut(&Call) -> Result<Box<RawValue>, Failure>,
) -> Option<String> {
    let mut answer_one = |call: Result<Call, Failure>| match call {
        Ok(call) => {
            let result = carry_out(&call);
            call.id.map(|id| response(id, result))
        }
        Err(failure) => Some(response(Id::None, Err(failure))),
    };
    let packet = match parse(text) {
        Ok(Calls::One(call)) => ResponsePacket::Single(answer_one(Ok(call))?),
        Ok(Calls::Batch(calls)) => {
            let answers: Vec<_> = calls.into_iter().filter_map(&mut answer_one).collect();
            if answers.is_empty() {
                return None;
            }
            ResponsePacket::Batch(answers)
        }
        Err(failure) => ResponsePacket::Single(response(Id::None, Err(failure))),
    };
    let text = match &packet {
        ResponsePacket::Single(response) => serde_json::to_string(response),
        ResponsePacket::Batch(responses) => serde_json::to_string(responses),
    };
    Some(text.expect("a response is JSON"))
}

impl DevChain {
    /// Carries out calls that did not travel over a wire.
    pub(crate) fn answer_packet(&self, packet: &RequestPacket) -> ResponsePacket {
        let answer = |request: &SerializedRequest| {
            response(request.id().clone(), self.call(request.method(), request.params()))
        };
        match packet {
            RequestPacket::Single(request) => ResponsePacket::Single(answer(request)),
            RequestPacket::Batch(requests) => {
                ResponsePacket::Batch(requests.iter().map(answer).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: whatever a client sends, the answer is JSON or nothing.
        #[test]
        fn any_text_is_answered(text in r#"[\[\]{}",:a-z0-9 ]{0,60}"#) {
            let answer = answer_text(&text, |call| Err(Failure::no_method(&call.method)));
            if let Some(answer) = answer {
                serde_json::from_str::<serde_json::Value>(&answer).unwrap();
            }
        }

        /// Law: whatever the parameters of a known method are, there is an answer.
        #[test]
        fn any_parameters_are_answered(method in 0..METHODS.len(), params in r#"\[("(0x)?[0-9a-z]{0,70}"|[0-9]{1,25}|true|null|\{"(to|data|fromBlock|gas|topics)":("0x[0-9a-f]{0,12}"|[0-9]{1,3}|\[\])\}|,){0,5}\]"#) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _inside = runtime.enter();
            let chain = DevChain::start(&crate::DevChainConfig {
                chain_id: tally_primitives::ChainId(1),
                accounts: Vec::new(),
                mining: crate::Mining::Instant,
            });
            let text = format!(r#"{{"id":1,"method":"{}","params":{params}}}"#, METHODS[method]);
            let answer = answer_text(&text, |call| chain.call(&call.method, call.params.as_deref()));
            serde_json::from_str::<serde_json::Value>(&answer.unwrap()).unwrap();
        }
    }

    const METHODS: [&str; 17] = [
        "eth_getBlockByNumber",
        "eth_getBlockByHash",
        "eth_getLogs",
        "eth_call",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_getTransactionCount",
        "eth_getBalance",
        "eth_getCode",
        "eth_getStorageAt",
        "eth_sendRawTransaction",
        "eth_getTransactionReceipt",
        "evm_revert",
        "evm_setAutomine",
        "anvil_reorg",
        "anvil_rollback",
        "anvil_setBalance",
    ];
}
