use crate::dev::DevChain;
use alloy_json_rpc::{RequestPacket, ResponsePacket};
use alloy_transport::{TransportError, TransportFut};
use std::{
    future::ready,
    task::{Context, Poll},
};
use tower_service::Service;

/// The transport to a development chain in the same process: no socket, no waiting.
#[derive(Debug, Clone)]
pub(crate) struct InProcess(pub(crate) DevChain);

impl Service<RequestPacket> for InProcess {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        Box::pin(ready(Ok(self.0.answer_packet(&packet))))
    }
}
