use std::time::Duration;

/// Bytes of a request's body. The largest body of any API is a table of peers; 256 KiB hold about
/// two thousand of them.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a body that is announced as too long which are read all the same, and thrown away: a
/// client that is still sending when the connection closes never sees why. Who announces more is not
/// listened to.
pub(crate) const BODY_BYTES_DISCARDED_MAX: usize = 1024 * 1024;

/// How long a client may take to send a body. Slower ones would hold a place for nothing.
pub const BODY_READ_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes of a request's line and headers together.
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;

/// Headers of a request.
pub const HEADERS_MAX: usize = 64;

/// How long a client may take to send its headers, and how long an idle connection is kept.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections served at a time. For a further one the longest idle one goes; if none is idle, it
/// waits.
pub const CONNECTIONS_MAX: usize = 1024;

/// How long a connection that goes may still be read from: what was answered last may be on its way.
pub const CONNECTION_EVICTION_GRACE: Duration = Duration::from_secs(1);

/// Requests carried out at a time; further ones are answered 503 at once. Most of them wait for a
/// payment or a block, which costs memory only.
pub const REQUESTS_MAX: usize = 512;

/// How long a request may take, unless the daemon asks for more. A backstop: what the daemons wait
/// for has shorter limits of its own.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(600);

/// How long a readiness or metrics request waits for the daemon's answer.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long requests in flight may go on after a shutdown began.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a TLS handshake may take.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Items of one page of a list. A list without `limit` is cut here too.
pub const PAGE_ITEMS_MAX: usize = 10_000;
