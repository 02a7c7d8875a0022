use crate::{Limits, NetError};
use quinn::{
    ClientConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt,
    crypto::rustls::{QuicClientConfig, QuicServerConfig},
};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
};
use std::sync::Arc;

/// The name every node's certificate is for; identities are proved above TLS.
pub(crate) const SERVER_NAME: &str = "tallystick";
/// What the peers agree to speak. The version is in the greeting, so that a refusal can say so.
const ALPN: &[u8] = b"tallystick";

/// Bytes a caller may send before it has proved its identity: a greeting, with room to spare.
const WINDOW_BEFORE_HELLO: u32 = 4 * 1024;
/// Bytes a peer may send ahead of the node: a flight of the longest messages.
pub(crate) const WINDOW: VarInt = VarInt::from_u32(1 << 20);
/// Bytes kept for retransmission per connection.
const SEND_WINDOW: u64 = 2 << 20;

/// Returns the two halves of the TLS and QUIC configuration, with a certificate made for this
/// process.
///
/// The certificate proves nothing: the signatures in the greetings do, over the session's
/// exported keying material. There are no tickets and no early data, so every session is new.
pub(crate) fn configs(limits: &Limits) -> Result<(ServerConfig, ClientConfig), NetError> {
    let transport = Arc::new(transport(limits)?);
    let mut server = ServerConfig::with_crypto(Arc::new(server_tls()?));
    server
        .transport_config(Arc::clone(&transport))
        .max_incoming(limits.half_open_connections)
        .incoming_buffer_size(u64::from(WINDOW_BEFORE_HELLO))
        .incoming_buffer_size_total(u64::from(WINDOW_BEFORE_HELLO) * 64);
    let mut client = ClientConfig::new(Arc::new(client_tls()?));
    client.transport_config(transport);
    Ok((server, client))
}

fn transport(limits: &Limits) -> Result<TransportConfig, NetError> {
    let idle = IdleTimeout::try_from(limits.idle_timeout).map_err(|_| NetError::IdleTimeout)?;
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(WINDOW)
        .receive_window(VarInt::from_u32(WINDOW_BEFORE_HELLO))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(Some(limits.keep_alive));
    Ok(transport)
}

fn identity_error(error: impl std::error::Error + Send + Sync + 'static) -> NetError {
    NetError::Identity(Box::new(error))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn server_tls() -> Result<QuicServerConfig, NetError> {
    let made =
        rcgen::generate_simple_self_signed(vec![SERVER_NAME.to_owned()]).map_err(identity_error)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut tls = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(identity_error)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(identity_error)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.send_tls13_tickets = 0;
    QuicServerConfig::try_from(tls).map_err(identity_error)
}

fn client_tls() -> Result<QuicClientConfig, NetError> {
    let provider = provider();
    let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(identity_error)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.resumption = Resumption::disabled();
    QuicClientConfig::try_from(tls).map_err(identity_error)
}

/// Accepts any certificate whose owner holds its key: who the peer is, the greeting proves.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
