use crate::{
    CloseCode, Inbound,
    frame::{Decoder, Frame, FrameError},
    handshake::Established,
    outbound::Outbound,
    peer::Peer,
    sequence::{Sequence, Turn},
    shared::Shared,
    tls::WINDOW,
};
use bytes::{Bytes, BytesMut};
use quinn::{RecvStream, SendStream};
use std::{pin::pin, sync::Arc};
use tally_primitives::NodeAddress;

/// Pieces of a stream taken at once: a flight of packets.
const PIECES: usize = 32;

/// Makes the sending side of a connection.
pub(crate) fn outbound(shared: &Shared, established: &Established) -> Arc<Outbound> {
    let hello = &established.hello;
    let sequence = Sequence::new(shared.epoch, hello.received);
    let received = received_of_ours(shared, established);
    let id = shared.next_connection();
    Arc::new(Outbound::new(id, hello.epoch, sequence, received, &shared.limits))
}

/// Returns how far the peer has our messages: what it has of another epoch does not count.
fn received_of_ours(shared: &Shared, established: &Established) -> u64 {
    let received = established.hello.received;
    if received.epoch == shared.epoch { received.seq } else { 0 }
}

/// Runs a connection from its `Connected` to its `Disconnected` event.
pub(crate) async fn run(
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    established: Box<Established>,
    outbound: Arc<Outbound>,
) {
    let (node, connection) = (peer.node, outbound.id());
    let received = received_of_ours(&shared, &established);
    let Established { connection: quic, send, recv, decoder, hello, told, slot, .. } = *established;
    quic.set_receive_window(WINDOW);
    peer.attach(Arc::clone(&outbound), quic.remote_address());
    // What became durable after our greeting was written was not told yet.
    let durable = shared.received_from(node);
    if durable.epoch == hello.epoch && durable != told {
        outbound.acknowledge(durable.seq);
    }
    shared.counting.connections_established.count();
    tracing::debug!(peer = %node, remote = %quic.remote_address(), "connected");

    let peer_epoch = hello.epoch;
    let connected = Inbound::Connected { peer: node, connection, peer_epoch, received };
    let code = if shared.deliver(connected).await {
        let sequence = Sequence::new(hello.epoch, told);
        let reader = Reader { shared: &shared, outbound: &outbound, node, sequence };
        tokio::select! {
            code = reader.run(recv, decoder) => code,
            code = write(&shared, &outbound, node, send) => code,
            code = outbound.evicted() => code,
            () = shared.overdue() => CloseCode::Shutdown,
        }
    } else {
        CloseCode::Shutdown
    };
    quic.close(code.to_wire(), b"");
    peer.detach(connection);
    drop(slot);
    shared.counting.connections_closed.count();
    tracing::debug!(peer = %node, ?code, "disconnected");
    shared.deliver(Inbound::Disconnected { peer: node, connection }).await;
}

/// Writes what is queued, as much at once as there is, until the node stops.
async fn write(
    shared: &Shared,
    outbound: &Outbound,
    peer: NodeAddress,
    mut send: SendStream,
) -> CloseCode {
    let mut buffer = BytesMut::new();
    let mut stopping = pin!(shared.stopping());
    let mut is_stopping = false;
    loop {
        let batch = outbound.take(&mut buffer);
        if buffer.is_empty() {
            if is_stopping {
                // Fails only if the peer is gone, who then needs no goodbye.
                let _ = send.finish();
                let _ = send.stopped().await;
                return CloseCode::Shutdown;
            }
            tokio::select! {
                () = outbound.filled() => {}
                () = &mut stopping => is_stopping = true,
            }
            continue;
        }
        if send.write_chunk(buffer.split().freeze()).await.is_err() {
            return CloseCode::Protocol;
        }
        shared.counting.messages_sent.add(batch.messages);
        shared.counting.acknowledgements_sent.add(batch.acknowledgements);
        let writable = Inbound::Writable { peer, connection: outbound.id() };
        if batch.has_become_writable && !shared.deliver(writable).await {
            return CloseCode::Shutdown;
        }
    }
}

struct Reader<'a> {
    shared: &'a Shared,
    outbound: &'a Outbound,
    node: NodeAddress,
    sequence: Sequence,
}

impl Reader<'_> {
    /// Hands the peer's messages to the node until the stream ends. A slow node slows this down,
    /// and thereby the peer.
    async fn run(mut self, mut recv: RecvStream, mut decoder: Decoder) -> CloseCode {
        let mut pieces = [const { Bytes::new() }; PIECES];
        loop {
            loop {
                match decoder.next_frame() {
                    Ok(None) => break,
                    Ok(Some(frame)) => {
                        if let Err(code) = self.take(frame).await {
                            return code;
                        }
                    }
                    Err(error) => return self.refuse(&error),
                }
            }
            match recv.read_chunks(&mut pieces).await {
                Ok(Some(count)) => pieces[..count].iter().for_each(|piece| decoder.feed(piece)),
                // The peer said goodbye, or the connection is lost.
                Ok(None) | Err(_) => return CloseCode::Shutdown,
            }
        }
    }

    async fn take(&mut self, frame: Frame) -> Result<(), CloseCode> {
        let counting = &self.shared.counting;
        let (peer, connection) = (self.node, self.outbound.id());
        let event = match frame {
            Frame::Message { seq, payload } => {
                if self.sequence.turn(seq) != Turn::Next {
                    counting.sequence_violations.count();
                    return Err(CloseCode::Protocol);
                }
                self.sequence.advance(seq);
                counting.messages_received.count();
                Inbound::Message { peer, connection, seq, payload }
            }
            Frame::Acknowledge { seq } => match self.outbound.take_acknowledgement(seq) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    counting.acknowledgements_received.count();
                    Inbound::Acknowledged { peer, connection, seq }
                }
                Err(_) => {
                    counting.sequence_violations.count();
                    return Err(CloseCode::Protocol);
                }
            },
            Frame::Hello(_) => {
                counting.frames_malformed.count();
                return Err(CloseCode::Protocol);
            }
        };
        if self.shared.deliver(event).await { Ok(()) } else { Err(CloseCode::Shutdown) }
    }

    fn refuse(&self, error: &FrameError) -> CloseCode {
        match error {
            FrameError::TooLong(_) => &self.shared.counting.frames_oversized,
            FrameError::Length { .. } | FrameError::Kind(_) => {
                &self.shared.counting.frames_malformed
            }
        }
        .count();
        tracing::debug!(peer = %self.node, %error, "malformed frame");
        CloseCode::Protocol
    }
}
