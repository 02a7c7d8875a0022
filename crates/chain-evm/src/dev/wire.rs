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
