use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What happened since the start; every number only grows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// Returns every counter with its name, for a metrics page.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }

        /// The live counters.
        #[derive(Debug, Default)]
        pub(crate) struct Counting {
            $(pub(crate) $name: Counter,)*
        }

        impl Counting {
            pub(crate) fn snapshot(&self) -> Counters {
                Counters { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// UDP datagrams that arrived.
    datagrams_received,
    /// Of those, the ones that cannot be packets of QUIC version 1.
    datagrams_malformed,
    /// Connections on which both sides proved who they are.
    connections_established,
    /// Of those, the ones that ended.
    connections_closed,
    /// Connections closed because a better one to the same peer exists.
    connections_superseded,
    /// Dials that did not end in a connection.
    dials_failed,
    /// Callers refused because of the limit on all connections.
    refused_total_limit,
    /// Callers refused because of the limit on one IP address.
    refused_ip_limit,
    /// Callers refused because too many others had not proved their identity yet.
    refused_half_open_limit,
    /// Callers asked to show that their IP address is not forged.
    address_validations,
    /// Connections lost before the identity was proved, by either side's fault.
    handshakes_failed,
    /// Connections that did not prove an identity in time.
    handshakes_timed_out,
    /// Peers refused because they speak another protocol version.
    refused_version,
    /// Peers refused because they work on another chain.
    refused_chain,
    /// Peers refused because they are not the node that was dialled.
    refused_identity,
    /// Peers refused because their signature is not over this connection by the key they claim.
    refused_signature,
    /// Connections to ourselves.
    refused_self,
    /// Connections whose first frame is not a greeting, or a malformed one.
    refused_greeting,
    /// Connections closed because of a malformed frame.
    frames_malformed,
    /// Connections closed because of a frame above the size limit.
    frames_oversized,
    /// Connections closed because messages or acknowledgements were out of sequence.
    sequence_violations,
    /// Messages written to connections.
    messages_sent,
    /// Messages handed to the node.
    messages_received,
    /// Acknowledgements written to connections.
    acknowledgements_sent,
    /// Acknowledgements handed to the node.
    acknowledgements_received,
    /// Messages not taken because the peer's queue was full.
    queue_refusals,
}

/// One counter. Relaxed: counters order nothing.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) {
        self.add(1);
    }
}
