//! JSON-RPC as a client: one endpoint, over a socket or in process.

pub(crate) mod calls;
mod endpoint;
mod failure;
mod hints;
mod in_process;

pub use endpoint::{Endpoint, EndpointError};
pub(crate) use failure::RpcFailure;
pub(crate) use hints::HeadHints;
