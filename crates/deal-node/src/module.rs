//! The module: the front of a server.
//!
//! A module takes a client's request, makes a [`Package`] of it, sends that to a server
//! ([`Remote`]) or to the embedded one, and gives the client what comes back. It knows the service's
//! keys ([`KeyService`]) because it computes payment addresses itself and verifies what a server has
//! signed ([`Verdict`]).

mod action;
mod identifier;
mod jwt;
mod key_service;
mod package;
mod remote;
mod servers;
mod service_account;
mod verdict;

pub use action::action_of_path;
pub use identifier::{IDENTIFIER_RANDOM_BYTES, PackageId, PackageIdParseError};
pub use jwt::{Claims, JwtError, JwtKey};
pub use key_service::{
    KeyRound, KeyService, KeyServiceConfig, Randomness, RefreshRhythm, ServiceKeyUnknown,
    ServiceView,
};
pub use package::{PACKAGE_BYTES_MAX, Package, PackageError, PackageResult};
pub use remote::{
    Answer, Failure, Forward, REPLY_BYTES_MAX, Remote, RemoteConfig, RemoteError, RemoteSetupError,
};
pub use servers::{AllowList, SERVER_PORT, ServerAddress, ServerParseError, ServerRefused};
pub use service_account::{ServiceAccount, ServiceAccountError};
pub use verdict::Verdict;
