use crate::{
    CloseCode, ConnectFailure, Received,
    frame::{Decoder, Frame, put_hello},
    hello::{ChannelBinding, Hello, Role},
    shared::Shared,
    slots::Slot,
};
use bytes::BytesMut;
use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, WriteError};
use tally_primitives::{NodeAddress, Signature};

/// Names the secret that binds a greeting to its TLS session (RFC 5705, RFC 9266 in spirit).
const EXPORTER_LABEL: &[u8] = b"EXPORTER-tallystick-transport";

/// A connection on which both sides proved who they are.
#[derive(Debug)]
pub(crate) struct Established {
    pub(crate) connection: Connection,
    pub(crate) send: SendStream,
    pub(crate) recv: RecvStream,
    /// Holds what arrived behind the peer's greeting.
    pub(crate) decoder: Decoder,
    /// The peer's greeting.
    pub(crate) hello: Hello,
    /// What our greeting said about the peer's messages.
    pub(crate) told: Received,
    /// Whether we dialled.
    pub(crate) is_dialled: bool,
    /// The place among the accepted connections, if we did not dial.
    pub(crate) slot: Option<Slot>,
}

impl Established {
    pub(crate) fn close(&self, code: CloseCode) {
        self.connection.close(code.to_wire(), b"");
    }
}

/// Proves both identities on a connection that was dialled to reach `peer`.
pub(crate) async fn greet_as_dialler(
    shared: &Shared,
    connection: Connection,
    peer: NodeAddress,
) -> Result<Box<Established>, ConnectFailure> {
    let binding = channel_binding(&connection)?;
    let (mut send, mut recv) = connection.open_bi().await.map_err(lost)?;
    let told = shared.received_from(peer);
    write_hello(shared, &mut send, Role::Dialler, &binding, told).await?;
    let (hello, decoder) = read_hello(&mut recv).await?;
    check(shared, &hello, Role::Acceptor, &binding)?;
    if hello.node != peer {
        return Err(ConnectFailure::Identity(hello.node));
    }
    let (is_dialled, slot) = (true, None);
    Ok(Box::new(Established { connection, send, recv, decoder, hello, told, is_dialled, slot }))
}

/// Proves both identities on a connection that somebody made to us. Says nothing before the other
/// side has proved its own.
pub(crate) async fn greet_as_acceptor(
    shared: &Shared,
    connection: Connection,
    mut slot: Slot,
) -> Result<Box<Established>, ConnectFailure> {
    let binding = channel_binding(&connection)?;
    let (mut send, mut recv) = connection.accept_bi().await.map_err(lost)?;
    let (hello, decoder) = read_hello(&mut recv).await?;
    check(shared, &hello, Role::Dialler, &binding)?;
    slot.mark_proved();
    let told = shared.received_from(hello.node);
    write_hello(shared, &mut send, Role::Acceptor, &binding, told).await?;
    let (is_dialled, slot) = (false, Some(slot));
    Ok(Box::new(Established { connection, send, recv, decoder, hello, told, is_dialled, slot }))
}

fn check(
    shared: &Shared,
    hello: &Hello,
    role: Role,
    binding: &ChannelBinding,
) -> Result<(), ConnectFailure> {
    if hello.version != shared.protocol_version {
        return Err(ConnectFailure::Version(hello.version));
    }
    if hello.chain_id != shared.chain_id {
        return Err(ConnectFailure::Chain(hello.chain_id));
    }
    if hello.node == shared.node() {
        return Err(ConnectFailure::OwnAddress);
    }
    hello.verify(role, binding).map_err(|_| ConnectFailure::Signature)
}

fn channel_binding(connection: &Connection) -> Result<ChannelBinding, ConnectFailure> {
    let mut binding = [0; 32];
    connection
        .export_keying_material(&mut binding, EXPORTER_LABEL, b"")
        .map_err(|_| ConnectFailure::Lost)?;
    Ok(binding)
}

async fn write_hello(
    shared: &Shared,
    send: &mut SendStream,
    role: Role,
    binding: &ChannelBinding,
    received: Received,
) -> Result<(), ConnectFailure> {
    let mut hello = Hello {
        version: shared.protocol_version,
        chain_id: shared.chain_id,
        node: shared.node(),
        instance: shared.instance,
        epoch: shared.epoch,
        received,
        signature: Signature([0; Signature::LENGTH]),
    };
    hello.sign(&shared.key, role, binding);
    let mut buffer = BytesMut::new();
    put_hello(&mut buffer, &hello);
    send.write_chunk(buffer.freeze()).await.map_err(|error| match error {
        WriteError::ConnectionLost(error) => lost(error),
        WriteError::Stopped(_) | WriteError::ClosedStream | WriteError::ZeroRttRejected => {
            ConnectFailure::Lost
        }
    })
}

async fn read_hello(recv: &mut RecvStream) -> Result<(Hello, Decoder), ConnectFailure> {
    let mut decoder = Decoder::default();
    loop {
        match decoder.next_frame() {
            Ok(Some(Frame::Hello(hello))) => return Ok((hello, decoder)),
            Ok(None) => {}
            Ok(Some(Frame::Message { .. } | Frame::Acknowledge { .. })) | Err(_) => {
                return Err(ConnectFailure::Greeting);
            }
        }
        match recv.read_chunk(usize::MAX, true).await {
            Ok(Some(chunk)) => decoder.feed(&chunk.bytes),
            Ok(None) => return Err(ConnectFailure::Greeting),
            Err(ReadError::ConnectionLost(error)) => return Err(lost(error)),
            Err(
                ReadError::Reset(_)
                | ReadError::ClosedStream
                | ReadError::IllegalOrderedRead
                | ReadError::ZeroRttRejected,
            ) => return Err(ConnectFailure::Lost),
        }
    }
}

/// Says what losing a connection before the identities were proved means.
pub(crate) fn lost(error: ConnectionError) -> ConnectFailure {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            CloseCode::from_wire(close.error_code.into_inner())
                .map_or(ConnectFailure::Lost, ConnectFailure::RefusedByPeer)
        }
        ConnectionError::TimedOut => ConnectFailure::TimedOut,
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::ConnectionClosed(_)
        | ConnectionError::Reset
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => ConnectFailure::Lost,
    }
}
