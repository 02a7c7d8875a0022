//! Clients: they sign, send and wait, and do as little else as possible, since they share the cores
//! with the server. All run on one thread, each with a connection that it keeps.

use super::kinds::{Kind, Numbers, Size, URL_HEAD};
use crate::{
    cpu::{CpuTime, CpuUse},
    web::parse_head,
};
use anyhow::{Result, bail, ensure};
use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tally_crypto::fch::sym_sign;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
};

/// What bodies of successful answers begin with.
pub(crate) const SUCCESS: &[u8] = b"{\"code\":0,";

/// What clients ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) address: SocketAddr,
    pub(crate) kind: Kind,
    pub(crate) size: Size,
}

/// A user with a session.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) key: [u8; 32],
    /// The next nonce.
    pub(crate) nonce: i64,
    pub(crate) seed: u64,
}

/// One repetition.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) time: Duration,
    pub(crate) latencies: Vec<Duration>,
    /// By this process, and by others.
    pub(crate) cpu: Option<CpuUse>,
    /// Processor time of the clients' thread, a part of it.
    pub(crate) clients: Duration,
    /// Bytes of all bodies.
    pub(crate) asked_bytes: u64,
    pub(crate) answered_bytes: u64,
}

impl Run {
    /// Bytes of a request's body and of an answer's, on average.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let count = self.latencies.len().max(1) as u64;
        let each = |bytes: u64| usize::try_from(bytes / count).unwrap_or(0);
        (each(self.asked_bytes), each(self.answered_bytes))
    }
}

/// Lets all users ask at once, each one request at a time, for `time`.
///
/// # Errors
///
/// An answer is no success.
pub(crate) fn run(work: Work, users: &mut [User], time: Duration) -> Result<Run> {
    let before = CpuTime::now();
    let started = Instant::now();
    let owned: Vec<User> = users.to_vec();
    let ask = move || -> Result<_> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let clients = runtime.block_on(all(work, owned, time))?;
        Ok((clients, own_time()))
    };
    let thread = thread::Builder::new().name("clients".to_owned()).spawn(ask)?;
    let (clients, own) = thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
    let cpu = before.zip(CpuTime::now()).map(|(before, after)| after.since(&before));
    let mut run = Run {
        time: started.elapsed(),
        latencies: vec![],
        cpu,
        clients: own,
        asked_bytes: 0,
        answered_bytes: 0,
    };
    for (client, user) in clients.into_iter().zip(users) {
        run.latencies.extend(client.latencies);
        run.asked_bytes += client.asked_bytes;
        run.answered_bytes += client.answered_bytes;
        user.nonce = client.user.nonce;
        user.seed += 1;
    }
    Ok(run)
}

async fn all(work: Work, users: Vec<User>, time: Duration) -> Result<Vec<Client>> {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for (place, user) in users.into_iter().enumerate() {
        tasks.spawn(async move {
            let mut client = Client::connect(work, user).await?;
            while Instant::now() < until {
                client.ask().await?;
            }
            anyhow::Ok((place, client))
        });
    }
    let mut clients = vec![];
    while let Some(ended) = tasks.join_next().await {
        clients.push(ended??);
    }
    clients.sort_by_key(|(place, _)| *place);
    Ok(clients.into_iter().map(|(_, client)| client).collect())
}

/// One client.
#[derive(Debug)]
struct Client {
    work: Work,
    user: User,
    numbers: Numbers,
    stream: TcpStream,
    body: String,
    buffer: Vec<u8>,
    latencies: Vec<Duration>,
    asked_bytes: u64,
    answered_bytes: u64,
}

impl Client {
    async fn connect(work: Work, user: User) -> Result<Self> {
        let stream = TcpStream::connect(work.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            work,
            numbers: Numbers::new(user.seed),
            user,
            stream,
            body: String::new(),
            buffer: vec![],
            latencies: vec![],
            asked_bytes: 0,
            answered_bytes: 0,
        })
    }

    async fn ask(&mut self) -> Result<()> {
        self.write_request()?;
        let asked = Instant::now();
        self.stream.write_all(&self.buffer).await?;
        let bytes = self.read_answer().await?;
        self.latencies.push(asked.elapsed());
        self.answered_bytes += bytes as u64;
        Ok(())
    }

    fn write_request(&mut self) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let (tail, nonce) = (self.work.kind.tail(), self.user.nonce);
        self.user.nonce += 1;
        self.body.clear();
        write!(self.body, r#"{{"url":"{URL_HEAD}{tail}","time":{now},"nonce":{nonce},"fcdsl":"#)?;
        self.work.kind.write(self.work.size, &mut self.numbers, &mut self.body);
        self.body.push('}');
        let sign = sym_sign(self.body.as_bytes(), &self.user.key);
        let (name, length) = (&self.user.name, self.body.len());
        self.asked_bytes += length as u64;
        self.buffer.clear();
        std::io::Write::write_fmt(
            &mut self.buffer,
            format_args!(
                "POST /APIP/{tail} HTTP/1.1\r\nhost: localhost:8080\r\ncontent-type: application/json\r\n\
                 sessionname: {name}\r\nsign: {sign}\r\ncontent-length: {length}\r\n\r\n{}",
                self.body
            ),
        )?;
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
                let is_success = body.starts_with(SUCCESS);
                ensure!(is_success, "answered {}", String::from_utf8_lossy(body));
                return Ok(length);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }
}

/// Processor time of this thread; nothing where the kernel does not say.
fn own_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
