use std::fmt;
use ureq::tls::{PemItem, RootCerts, parse_pem};

/// Which certificates prove that a server is the one that its `https://` address names; by default
/// those of the authorities that browsers trust.
#[derive(Clone)]
pub struct Trust(pub(super) RootCerts);

/// A text has no certificates to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is malformed.
    #[error("the certificates are malformed")]
    Malformed(#[source] ureq::Error),
    /// There is none.
    #[error("there is no certificate in PEM")]
    Missing,
}

impl Trust {
    /// Trusts these certificates, and whom they certify, alone: those of a server that has signed
    /// its own, for example.
    ///
    /// # Errors
    ///
    /// [`TrustError`].
    pub fn only(pem: &[u8]) -> Result<Self, TrustError> {
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) = item.map_err(TrustError::Malformed)? {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(TrustError::Missing);
        }
        Ok(Self(RootCerts::new_with_certs(&certificates)))
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self(RootCerts::WebPki)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust(..)")
    }
}
