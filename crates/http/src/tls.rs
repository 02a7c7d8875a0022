use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    server::{VerifierBuilderError, WebPkiClientVerifier},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The PEM files that make an API speak TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by those that lead to its root.
    pub certificate: PathBuf,
    /// The private key of the server's certificate.
    pub key: PathBuf,
    /// Roots that clients' certificates must lead to; clients need none if this is absent.
    pub client_ca: Option<PathBuf>,
}

/// Why an API cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or is not PEM of the right kind.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the library said.
        #[source]
        source: pem::Error,
    },
    /// Key and certificate do not fit, or the library does not take them.
    #[error("the TLS key or certificate is not accepted")]
    Refused(#[from] rustls::Error),
    /// The roots for clients' certificates cannot be used.
    #[error("the client CA is not accepted")]
    ClientCa(#[from] VerifierBuilderError),
}

impl TlsFiles {
    /// Reads the files. TLS 1.2 and 1.3, ALPN `http/1.1`.
    pub(crate) fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match &self.client_ca {
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(path)? {
                    roots.add(root)?;
                }
                let roots = Arc::new(roots);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build()?)
            }
            None => builder.with_no_client_auth(),
        };
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|source| refuse(&self.key, source))?;
        let mut config = builder.with_single_cert(certificates(&self.certificate)?, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all {
        Ok(all) if all.is_empty() => Err(refuse(path, pem::Error::NoItemsFound)),
        Ok(all) => Ok(all),
        Err(source) => Err(refuse(path, source)),
    }
}

fn refuse(path: &Path, source: pem::Error) -> TlsError {
    TlsError::File { path: path.to_owned(), source }
}
