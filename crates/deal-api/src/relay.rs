//! The way to another server and back.

use crate::{api::Inner, call::Call, error::ApiError, render, server::Front};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tally_deal::{Address, Order};
use tally_deal_node::module::{
    Answer, Forward, Package, PackageId, RemoteError, ServerRefused, Verdict, action_of_path,
};

/// Headers of a request that the server sees as they came.
const PASSED: [&str; 8] = [
    "authorization",
    "origin",
    "session",
    "secret",
    "nonce",
    "signature",
    "x-real-ip",
    "idempotency-key",
];

/// What is sent to a server in a package. Payloads may have passwords in them: nothing shows one.
pub(crate) struct Message {
    pub(crate) address: Option<String>,
    pub(crate) payload: Option<String>,
    pub(crate) about: About,
}

/// What a message is about.
#[derive(Debug)]
pub(crate) enum About {
    Account,
    /// The state of a deal.
    DealStatus,
    /// An order, with the payment address that was computed here.
    Deal(Order, Address),
}

impl About {
    /// Returns what is asked, if the path may not say it.
    fn action(&self) -> Option<String> {
        match self {
            Self::Account | Self::DealStatus => None,
            Self::Deal(order, _) => Some(order.to_lowercase()),
        }
    }

    /// Says whether an answer may be shown: money that goes where a payload says, and not where the
    /// service's keys say, is lost. A deal that was made must say where it is paid.
    fn is_fit(&self, package: Option<&Package>) -> bool {
        let Self::Deal(order, computed) = self else { return true };
        let Some(package) = package else { return false };
        match render::payment_address(package.payload.as_deref().unwrap_or_default()) {
            Some(named) => named == computed.to_string(),
            None => {
                let is_done = package.result.as_ref().is_none_or(|result| result.success);
                *order != Order::Create || !is_done
            }
        }
    }
}

/// Sends a package to the server and gives the client what comes back.
pub(crate) async fn send(
    api: &Inner,
    front: &Front,
    call: &Call,
    message: Message,
) -> Result<Response, ApiError> {
    let id = PackageId::new(api.random_bytes());
    let action = message.about.action().or_else(|| action_of_path(&call.spelled));
    let action = action.unwrap_or_default();
    let payload = message.payload.map(String::into_bytes);
    let address = message.address;
    let package = Package { address, payload, ..Package::request(&id, action) };
    let mut headers = passed_headers(api, call);
    // The server hears what the module takes of a deal.
    if !matches!(message.about, About::Account) {
        headers.push(("module-fee", api.config.module.fee.clone().into_bytes()));
    }
    let body = (package.to_text().into_bytes(), "application/json".to_owned());
    let forward = Forward { is_post: call.is_post, path: &call.spelled, headers, body: Some(body) };
    let answer = ask(front, call, &forward).await?;
    if answer.status != 200 {
        return Err(refused(answer)?);
    }
    let package = Package::parse(&answer.body);
    if !message.about.is_fit(package.as_ref().ok()) {
        tracing::error!(server = %answer.server, "a server says that a deal is paid elsewhere");
        return Err(ApiError::bad_gateway());
    }
    let payload = package.as_ref().ok().and_then(|package| package.payload.clone());
    let keys = front.verifying_keys();
    let verdict = Verdict::of(payload.as_deref().unwrap_or_default(), &keys, api.clock.now());
    let mut reply = match (call.query.format()?, package) {
        (None, _) => {
            let kind = HeaderValue::from_static("application/json; charset=utf-8");
            (StatusCode::OK, [(header::CONTENT_TYPE, kind)], answer.body).into_response()
        }
        (Some(format), Ok(_)) => render::foreign(&payload.unwrap_or_default(), format),
        (Some(_), Err(error)) => {
            tracing::warn!(server = %answer.server, %error, "the server's answer is no package");
            return Err(ApiError::bad_gateway());
        }
    };
    reply.headers_mut().insert("payload-signature", HeaderValue::from_static(verdict.word()));
    Ok(reply)
}

/// Passes a request on as it is, and its answer back as it is.
pub(crate) async fn pass(api: &Inner, front: &Front, call: &Call) -> Result<Response, ApiError> {
    let path = format!("{}{}", call.spelled, call.query.for_server());
    let body = (!call.bytes.is_empty()).then(|| {
        let kind = call.header("content-type").unwrap_or("application/octet-stream");
        (call.bytes.to_vec(), kind.to_owned())
    });
    let headers = passed_headers(api, call);
    let forward = Forward { is_post: call.is_post, path: &path, headers, body };
    let answer = ask(front, call, &forward).await?;
    if answer.status >= 400 {
        return Err(refused(answer)?);
    }
    let status = StatusCode::from_u16(answer.status).map_err(|_| ApiError::bad_gateway())?;
    let kind = HeaderValue::try_from(answer.content_type);
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    // What another server sends is shown, and never run, in the name of this one.
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy)];
    Ok((status, headers, answer.body).into_response())
}

async fn ask(front: &Front, call: &Call, forward: &Forward<'_>) -> Result<Answer, ApiError> {
    let servers = front.remote.choose(call.query.text("server")?).map_err(not_chosen)?;
    front.remote.ask(&servers, forward).await.map_err(|error| {
        tracing::warn!(error = %error, "a server gave no answer");
        match error {
            RemoteError::Unreachable(_)
            | RemoteError::Broken { .. }
            | RemoteError::TooLong { .. } => ApiError::bad_gateway(),
            RemoteError::Late { .. } => ApiError::gateway_timeout(),
        }
    })
}

pub(crate) fn not_chosen(refused: ServerRefused) -> ApiError {
    match refused {
        ServerRefused::Malformed(_) => ApiError::bad_request(refused.to_string()),
        ServerRefused::NotAllowed(_) => {
            ApiError::new(StatusCode::FORBIDDEN, "server_not_allowed", refused.to_string())
        }
    }
}

fn passed_headers(api: &Inner, call: &Call) -> Vec<(&'static str, Vec<u8>)> {
    let passed = PASSED
        .iter()
        .filter_map(|name| call.headers.get(*name).map(|value| (*name, value.as_bytes().to_vec())));
    let module = api.config.module.address.clone();
    passed.chain(module.map(|address| ("module-address", address.into_bytes()))).collect()
}

/// Makes the reply of an answer that refuses: the server's own words if they are an error of the
/// platform, else the stock words of its status.
fn refused(answer: Answer) -> Result<ApiError, ApiError> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    if !status.is_client_error() && !status.is_server_error() {
        // A redirection, or news of something that was not asked for.
        return Err(ApiError::bad_gateway());
    }
    let is_error = answer.is_error_body();
    let message = status.canonical_reason().unwrap_or("Error");
    let error = ApiError::new(status, "server_refused", message);
    Ok(if is_error { error.with_body(answer.body) } else { error })
}
