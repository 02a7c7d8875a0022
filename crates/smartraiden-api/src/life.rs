use crate::{
    SmartRaidenApi,
    error::{ApiError, Shape},
    mapping::Operation,
    params::Params,
    values::read_address,
    wire::Version,
};
use axum::{extract::State, http::StatusCode, response::Response};
use tally_channel_node::{PeerEndpoint, RequestError};
use tally_http::{BodyError, ErrorShape, FieldProblem, Fields, Json, JsonBody, read_text};

/// `GET` and `POST /api/1/stop`
///
/// Also ends the daemon, unlike the original's, which went on answering without a node behind it.
pub(crate) async fn stop(State(api): State<SmartRaidenApi>) -> Result<&'static str, ApiError> {
    let stopped = api.node.stop().await;
    api.shutdown.trigger();
    match stopped {
        // Two clients may ask at a time: the second finds what it wanted.
        Ok(()) | Err(RequestError::Stopping) => Ok("ok"),
        Err(error) => Err(ApiError::during(Operation::Stop)(error)),
    }
}

/// `POST /api/1/updatenodes`
pub(crate) async fn update_nodes(
    State(api): State<SmartRaidenApi>,
    body: Result<JsonBody, BodyError>,
) -> Result<&'static str, ApiError> {
    let peers = body?.objects()?.into_iter().map(read_peer).collect::<Result<_, _>>()?;
    let updated = api.node.update_nodes(peers).await;
    updated.map_err(ApiError::during(Operation::UpdateNodes))?;
    Ok("ok")
}

fn read_peer(mut fields: Fields) -> Result<PeerEndpoint, BodyError> {
    let node = fields.required("address", read_address)?;
    let endpoint = fields.required("ip_port", read_text)?;
    if !is_host_and_port(&endpoint) {
        let expected = "host:port";
        return Err(fields.error("ip_port", FieldProblem::Malformed { expected }).into());
    }
    // The original never routed through a "mobile" device; here what a node says of itself counts.
    fields.optional("device_type", read_text)?;
    fields.finish()?;
    Ok(PeerEndpoint { node, endpoint })
}

fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_graphic())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
            && !port.starts_with('+')
    })
}

/// `GET /api/1/switch/{mesh}`
pub(crate) async fn switch(
    State(api): State<SmartRaidenApi>,
    params: Params,
) -> Result<&'static str, ApiError> {
    let mesh = params.boolean("mesh")?;
    api.node.switch_mesh(mesh).await.map_err(ApiError::during(Operation::Switch))?;
    Ok("ok")
}

/// `GET /api/1/version`
pub(crate) async fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION"), api_version: 1 })
}

/// Refuses `HEAD` where `GET` changes something: a client that looks must not touch.
pub(crate) async fn head_not_allowed() -> Response {
    Shape.reply(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
}
