//! Disputes and their ends, and settlements that the parties sign themselves.

use crate::{
    access::forbidden, api::Inner, call::Call, deals, error::ApiError, members::Members, render,
    server::Embedded,
};
use axum::{http::StatusCode, response::Response};
use serde_json::json;
use std::sync::Arc;
use tally_deal::{Address, Percent, PublicKey};
use tally_deal_node::{Authority, Decided, ImportError, Party, ServerError};

/// Answers `POST /api/v1/deal/{code}/dispute`.
pub(crate) async fn dispute(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let members = Members::read(&call).await?;
    let party = match members.required("by")?.to_ascii_lowercase().as_str() {
        "seller" => Party::Seller,
        "customer" => Party::Customer,
        _ => return Err(ApiError::validation("by must be seller or customer")),
    };
    let (reason, signature) = (members.required("reason")?, members.required("signature")?);
    let code = deals::code(embedded, &call).await?;
    written(embedded, embedded.server.dispute(code, party, reason, signature).await)
}

/// Answers `POST /api/v1/deal/{code}/resolve`.
pub(crate) async fn resolve(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let members = Members::read(&call).await?;
    let refund: Percent = members
        .required("refund")?
        .parse()
        .map_err(|_| ApiError::validation("refund must be a percentage such as 50%"))?;
    let authority = match (members.optional("arbiter"), members.optional("signature")) {
        (Some(arbiter), Some(signature)) => {
            let address = Address::parse(arbiter, api.config.network)
                .map_err(|_| ApiError::validation("arbiter must be an address"))?;
            Authority::Arbiter { address, signature: signature.to_owned() }
        }
        (None, None) if call.caller.is_operator => Authority::Operator,
        _ => return Err(forbidden("an arbiter and his signature are needed")),
    };
    let code = deals::code(embedded, &call).await?;
    written(embedded, embedded.server.resolve(code, refund, &authority).await)
}

/// Answers `POST /api/v1/deal/{code}/retry`: the operator has settlements that failed tried again.
pub(crate) async fn retry(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    call.caller.check_operator()?;
    let embedded = api.embedded()?;
    let code = deals::code(embedded, &call).await?;
    written(embedded, embedded.server.retry(code).await)
}

/// Answers `POST /api/v1/deal/{code}/delete`: the operator hides a deal that has no money.
pub(crate) async fn delete(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    call.caller.check_operator()?;
    let embedded = api.embedded()?;
    let code = deals::code(embedded, &call).await?;
    written(embedded, embedded.server.delete(code).await)
}

/// Answers `GET /api/v1/deal/{code}/psbt`.
pub(crate) async fn settlements(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let code = deals::code(embedded, &call).await?;
    let open = embedded.server.open_settlements(code).await?;
    let open = open.ok_or_else(|| ApiError::unknown("deal"))?;
    let written = open.iter().map(|settlement| {
        json!({
            "id": settlement.id.0,
            "txid": settlement.txid.to_string(),
            "psbt": settlement.psbt,
            "signers": texts(&settlement.signers),
        })
    });
    Ok(render::json(&written.collect()))
}

/// Answers `POST /api/v1/deal/{code}/psbt`: takes the signatures of a PSBT.
pub(crate) async fn import(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let members = Members::read(&call).await?;
    let psbt = members.optional("psbt").or(members.optional("text"));
    let psbt =
        psbt.ok_or_else(|| ApiError::validation("Invalid format: key \"psbt\" cannot be empty."))?;
    let code = deals::code(embedded, &call).await?;
    match embedded.server.import_psbt(code, psbt.trim()).await {
        Ok(signers) => Ok(render::json(&json!({ "signers": texts(&signers) }))),
        Err(ImportError::Unknown) => Err(ApiError::unknown("deal")),
        Err(error @ ImportError::NothingToSign) => {
            Err(ApiError::conflict("nothing_to_sign", error.to_string()))
        }
        Err(error @ (ImportError::Psbt(_) | ImportError::Settlement(_))) => {
            Err(ApiError::validation(error.to_string()))
        }
        Err(ImportError::Server(error)) => Err(error.into()),
    }
}

/// Answers with the deal after a decision, or says why it was not taken.
fn written(
    embedded: &Embedded,
    decided: Result<Decided, ServerError>,
) -> Result<Response, ApiError> {
    match decided? {
        Decided::Done(deal) => deals::written(embedded, &deal),
        Decided::Unknown => Err(ApiError::unknown("deal")),
        Decided::Forbidden(message) => {
            Err(ApiError::new(StatusCode::FORBIDDEN, "not_signed", message))
        }
        Decided::Refused(message) => Err(ApiError::conflict("wrong_state", message)),
    }
}

fn texts(keys: &[PublicKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}
