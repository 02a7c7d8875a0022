use crate::counters::Counting;
use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{RecvMeta, Transmit},
};
use std::{
    io::{self, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// Shorter datagrams carry no QUIC packet: header, connection id and what encryption adds.
const DATAGRAM_BYTES_MIN: usize = 21;
/// Set in every packet of QUIC version 1 (RFC 9000 §17); we do not let peers vary it.
const FIXED_BIT: u8 = 0x40;
/// Set in packets that carry their version in the next four bytes.
const LONG_HEADER_BIT: u8 = 0x80;
const QUIC_VERSION_1: [u8; 4] = [0, 0, 0, 1];

/// A UDP socket that counts what arrives. The QUIC library drops garbage without a trace.
#[derive(Debug)]
pub(crate) struct CountingSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    counting: Arc<Counting>,
}

impl CountingSocket {
    pub(crate) fn new(inner: Arc<dyn AsyncUdpSocket>, counting: Arc<Counting>) -> Self {
        Self { inner, counting }
    }
}

impl AsyncUdpSocket for CountingSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = ready!(self.inner.poll_recv(cx, bufs, meta))?;
        for (buffer, meta) in bufs.iter().zip(meta.iter()).take(received) {
            let all = &buffer[..meta.len];
            // An empty datagram is one too.
            let count = all.len().div_ceil(meta.stride.max(1)).max(1);
            let good = all.chunks(meta.stride.max(1)).filter(|datagram| is_quic(datagram)).count();
            self.counting.datagrams_received.add(count as u64);
            self.counting.datagrams_malformed.add((count - good) as u64);
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

/// A socket that hears nothing and sends nowhere. It takes the place of the real one when that is
/// closed while old connections still linger.
#[derive(Debug)]
pub(crate) struct DeadSocket(pub(crate) SocketAddr);

impl AsyncUdpSocket for DeadSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, _transmit: &Transmit<'_>) -> io::Result<()> {
        Ok(())
    }

    fn poll_recv(
        &self,
        _cx: &mut Context<'_>,
        _bufs: &mut [IoSliceMut<'_>],
        _meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0)
    }
}

#[derive(Debug)]
struct AlwaysWritable;

impl UdpPoller for AlwaysWritable {
    fn poll_writable(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Says whether a datagram looks like a packet of QUIC version 1 from outside. Only the keys tell
/// whether it is one.
fn is_quic(datagram: &[u8]) -> bool {
    let Some((&first, rest)) = datagram.split_first() else { return false };
    let is_version_1 = first & LONG_HEADER_BIT == 0 || rest.starts_with(&QUIC_VERSION_1);
    datagram.len() >= DATAGRAM_BYTES_MIN && first & FIXED_BIT != 0 && is_version_1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_garbage_from_what_may_be_a_packet() {
        let mut datagram = [0x40; 30];
        assert!(is_quic(&datagram));
        assert!(!is_quic(&datagram[..20]));
        assert!(!is_quic(&[]));
        datagram[0] = 0xc0;
        assert!(!is_quic(&datagram));
        datagram[1..5].copy_from_slice(&QUIC_VERSION_1);
        assert!(is_quic(&datagram));
        datagram[0] = 0x80;
        assert!(!is_quic(&datagram));
    }
}
