//! Clients of the API: they order and wait, and do as little else as possible, since they share the
//! cores with the server. All run on one thread, each with a connection that it keeps.

use super::{Run, orders::Orders};
use crate::{cpu::CpuTime, web::parse_head};
use anyhow::{Result, bail, ensure};
use std::{
    io::Write as _,
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
};

/// What bodies of good answers have in them.
pub(crate) const SUCCESS: &[u8] = b"\"success\": true";

/// Lets so many clients order at once, each one deal at a time, for `time`.
///
/// # Errors
///
/// An answer is no success.
pub(crate) fn run(
    address: SocketAddr,
    orders: &Arc<Orders>,
    is_signed: bool,
    clients: usize,
    time: Duration,
) -> Result<Run> {
    let before = CpuTime::now();
    let started = Instant::now();
    let orders = Arc::clone(orders);
    let order = move || -> Result<_> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(all(address, &orders, is_signed, clients, time))
    };
    let thread = thread::Builder::new().name("clients".to_owned()).spawn(order)?;
    let all = thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
    let cpu = before.zip(CpuTime::now()).map(|(before, after)| after.since(&before));
    let mut run = Run { time: started.elapsed(), latencies: vec![], cpu, answered_bytes: 0 };
    for client in all {
        run.latencies.extend(client.latencies);
        run.answered_bytes += client.answered_bytes;
    }
    Ok(run)
}

async fn all(
    address: SocketAddr,
    orders: &Arc<Orders>,
    is_signed: bool,
    clients: usize,
    time: Duration,
) -> Result<Vec<Client>> {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let orders = Arc::clone(orders);
        tasks.spawn(async move {
            let mut client = Client::connect(address, orders, is_signed).await?;
            while Instant::now() < until {
                client.order().await?;
            }
            anyhow::Ok(client)
        });
    }
    let mut all = vec![];
    while let Some(ended) = tasks.join_next().await {
        all.push(ended??);
    }
    Ok(all)
}

/// One client.
#[derive(Debug)]
struct Client {
    orders: Arc<Orders>,
    /// The query of the requests.
    query: &'static str,
    stream: TcpStream,
    body: String,
    buffer: Vec<u8>,
    latencies: Vec<Duration>,
    answered_bytes: u64,
}

impl Client {
    async fn connect(address: SocketAddr, orders: Arc<Orders>, is_signed: bool) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            orders,
            query: if is_signed { "" } else { "?pgp=off" },
            stream,
            body: String::new(),
            buffer: vec![],
            latencies: vec![],
            answered_bytes: 0,
        })
    }

    async fn order(&mut self) -> Result<()> {
        self.orders.write(&mut self.body)?;
        let (query, length, body) = (self.query, self.body.len(), &self.body);
        self.buffer.clear();
        write!(
            self.buffer,
            "POST /api/v1/deal/create{query} HTTP/1.1\r\nhost: localhost:4999\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let asked = Instant::now();
        self.stream.write_all(&self.buffer).await?;
        let bytes = self.read_answer().await?;
        self.latencies.push(asked.elapsed());
        self.answered_bytes += bytes as u64;
        Ok(())
    }

    /// Reads a whole answer; returns the bytes of its body.
    async fn read_answer(&mut self) -> Result<usize> {
        self.buffer.clear();
        let mut expected: Option<(usize, usize)> = None;
        loop {
            if expected.is_none() {
                expected = parse_head(&self.buffer)?;
            }
            if let Some((head, length)) = expected
                && self.buffer.len() >= head + length
            {
                let body = &self.buffer[head..];
                let is_success = body.windows(SUCCESS.len()).any(|part| part == SUCCESS);
                ensure!(is_success, "answered {}", String::from_utf8_lossy(body));
                return Ok(length);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }
}
