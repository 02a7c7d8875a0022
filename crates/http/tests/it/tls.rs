use crate::{exchange, start};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use std::{path::Path, sync::Arc};
use tally_http::{BindError, Server, TlsFiles};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A certificate authority and what it issued.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    root_pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let (root, root_pem) = (certificate.der().clone(), certificate.pem());
        Self { issuer: Issuer::new(params, key), root, root_pem }
    }

    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// Writes a server's files into `folder`.
    fn files(&self, folder: &Path, client_ca: bool) -> TlsFiles {
        let (certificate, key) = self.issue();
        let file = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        TlsFiles {
            certificate: file("certificate.pem", certificate.pem()),
            key: file("key.pem", key.serialize_pem()),
            client_ca: client_ca.then(|| file("client-ca.pem", self.root_pem.clone())),
        }
    }

    async fn connect(
        &self,
        address: std::net::SocketAddr,
        with_certificate: bool,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = if with_certificate {
            let (certificate, key) = self.issue();
            let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

#[tokio::test]
async fn serves_tls_from_pem_files() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let running = start(Some(&authority.files(folder.path(), false))).await;
    let stream = authority.connect(running.address, false).await.unwrap();
    assert!(exchange(stream, "/").await.ends_with("hello"));
}

/// Goal: with a client CA only its clients are answered.
#[tokio::test]
async fn a_client_ca_keeps_strangers_out() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let running = start(Some(&authority.files(folder.path(), true))).await;
    let friend = authority.connect(running.address, true).await.unwrap();
    assert!(exchange(friend, "/").await.ends_with("hello"));

    // In TLS 1.3 the client learns of the refusal when it reads.
    let stranger = authority.connect(running.address, false).await;
    if let Ok(stranger) = stranger {
        let talk = tokio::spawn(exchange(stranger, "/"));
        assert!(talk.await.is_err(), "a client without certificate was answered");
    }
}

#[tokio::test]
async fn files_that_are_no_pem_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Authority::new().files(folder.path(), false);
    std::fs::write(&files.certificate, "no certificate").unwrap();
    let error = Server::bind("127.0.0.1:0".parse().unwrap(), Some(&files)).await.unwrap_err();
    assert!(matches!(error, BindError::Tls { .. }));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, format!("{} cannot be used", files.certificate.display()));

    files.key = folder.path().join("absent.pem");
    assert!(Server::bind("127.0.0.1:0".parse().unwrap(), Some(&files)).await.is_err());
}
