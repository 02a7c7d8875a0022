use tally_deal::Network;
use tally_pgp::SecretKey;

use crate::{
    access::{AccessRule, OAuthClient},
    playground::Playground,
};
use std::sync::Arc;

/// Who the module is.
#[derive(Debug, Clone)]
pub struct ModuleIdentity {
    /// Its Bitcoin address: an account at the server.
    pub address: Option<String>,
    /// What it takes of a deal: a percentage such as `0.1%`, or satoshi.
    pub fee: String,
    /// The key that signs what it sends; without it, only requests with `pgp=off` go to another
    /// server.
    pub pgp: Option<SecretKey>,
}

impl Default for ModuleIdentity {
    fn default() -> Self {
        Self { address: None, fee: "0.1%".to_owned(), pgp: None }
    }
}

/// How the API behaves.
#[derive(Debug, Clone)]
pub struct DealApiConfig {
    /// The network that deals are paid on.
    pub network: Network,
    /// Who the module is.
    pub module: ModuleIdentity,
    /// Whether errors are those of the original, with 500 and code 0 for what the client did wrong.
    pub compat: bool,
    /// The web origins whose pages may read replies; `*` stands for all of them. None by default.
    pub origins: Vec<String>,
    /// Whether requests to the embedded server must say who asks.
    pub access: AccessRule,
    /// The programs that may get access tokens.
    pub clients: Vec<OAuthClient>,
    /// The name of the embedded server in its tokens.
    pub issuer: String,
    /// The simulated chain, of which a server for trying out gives money and blocks.
    pub playground: Option<Arc<dyn Playground>>,
}

impl DealApiConfig {
    /// Makes the settings of a network, with everything else as most need it.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            module: ModuleIdentity::default(),
            compat: false,
            origins: vec![],
            access: AccessRule::default(),
            clients: vec![],
            issuer: "deal-server".to_owned(),
            playground: None,
        }
    }
}
