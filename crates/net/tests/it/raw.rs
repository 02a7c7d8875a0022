//! A peer that writes its own bytes, from docs/transport.md and nothing of the crate.

use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, SendStream,
    crypto::rustls::QuicClientConfig,
};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{net::SocketAddr, sync::Arc};
use tally_crypto::{SecretKey, keccak256_parts};

/// A TLS connection on which nothing was said yet.
pub(crate) struct Raw {
    pub(crate) connection: Connection,
    pub(crate) send: SendStream,
    pub(crate) recv: RecvStream,
    /// Dropping it would end the connection.
    _endpoint: Endpoint,
}

impl Raw {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        Self::connect_with(to, b"tallystick").await.unwrap()
    }

    pub(crate) async fn connect_with(to: SocketAddr, alpn: &[u8]) -> Result<Self, ConnectionError> {
        let mut endpoint = Endpoint::client(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        endpoint.set_default_client_config(client(alpn));
        let connection = endpoint.connect(to, "tallystick").unwrap().await?;
        let (send, recv) = connection.open_bi().await?;
        Ok(Self { connection, send, recv, _endpoint: endpoint })
    }

    pub(crate) fn binding(&self) -> [u8; 32] {
        let mut binding = [0; 32];
        let label = b"EXPORTER-tallystick-transport";
        self.connection.export_keying_material(&mut binding, label, b"").unwrap();
        binding
    }

    /// Writes bytes; a connection that is being closed may not take them.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.send.write_all(bytes).await;
    }

    /// Greets properly and reads the answer.
    pub(crate) async fn greet(&mut self, key: &SecretKey) -> Vec<u8> {
        let hello = Greeting::default().signed(key, 1, &self.binding());
        self.write(&hello).await;
        let mut answer = vec![0; 132];
        self.recv.read_exact(&mut answer).await.unwrap();
        answer
    }

    /// Waits for the other side to close and returns its code.
    pub(crate) async fn close_code(&self) -> u64 {
        match self.connection.closed().await {
            ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
            other => panic!("{other:?}"),
        }
    }
}

/// The fields of a greeting that tests change.
pub(crate) struct Greeting {
    pub(crate) version: u16,
    pub(crate) chain: u64,
    pub(crate) epoch: u64,
}

impl Default for Greeting {
    fn default() -> Self {
        Self { version: 1, chain: 1337, epoch: 5 }
    }
}

impl Greeting {
    /// Returns the frame: length, kind, fields, signature.
    pub(crate) fn signed(&self, key: &SecretKey, role: u8, binding: &[u8; 32]) -> Vec<u8> {
        let mut fields = Vec::new();
        fields.extend(self.version.to_be_bytes());
        fields.extend(self.chain.to_be_bytes());
        fields.extend(key.address().as_bytes());
        for number in [1, self.epoch, 0, 0] {
            fields.extend(number.to_be_bytes());
        }
        let tag = b"tallystick transport hello\0";
        let digest = keccak256_parts(&[tag, &[role], binding, &fields]);
        let mut frame = vec![0, 0, 0, 128, 1];
        frame.extend(fields);
        frame.extend(key.sign_digest(&digest).0);
        frame
    }
}

pub(crate) fn message(seq: u64, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 9).unwrap();
    let mut frame = length.to_be_bytes().to_vec();
    frame.push(2);
    frame.extend(seq.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(crate) fn acknowledge(seq: u64) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, 9, 3];
    frame.extend(seq.to_be_bytes());
    frame
}

fn client(alpn: &[u8]) -> ClientConfig {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.to_vec()];
    ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
