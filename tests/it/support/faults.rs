//! A TCP proxy that misbehaves on purpose, connection by connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::server::background_runtime;

/// What happens to one connection. Sizes count every byte of it: requests' heads, TLS records and all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fault {
    reset_at_once: bool,
    delay: Duration,
    up: Lane,
    down: Lane,
}

/// One direction of a connection.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    cut_after: Option<u64>,
    bytes_per_second: Option<u64>,
    latency: Duration,
}

impl Fault {
    /// The connection works.
    pub fn none() -> Self {
        Self::default()
    }

    /// Accepted and reset before a byte passes.
    pub fn reset() -> Self {
        Self { reset_at_once: true, ..Self::default() }
    }

    /// Reset after the client sent so many bytes.
    pub fn cut_upload(after: u64) -> Self {
        Self { up: Lane { cut_after: Some(after), ..Lane::default() }, ..Self::default() }
    }

    /// Reset after the server answered so many bytes.
    pub fn cut_download(after: u64) -> Self {
        Self { down: Lane { cut_after: Some(after), ..Lane::default() }, ..Self::default() }
    }

    /// The same, at so many bytes a second in both directions.
    pub fn throttled(mut self, bytes_per_second: u64) -> Self {
        for lane in [&mut self.up, &mut self.down] {
            lane.bytes_per_second = Some(bytes_per_second);
        }
        self
    }

    /// Nothing passes for a while after the connection stands.
    pub fn delay(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    /// A server so far away: every byte takes half of the round trip, and so does the handshake. As many bytes pass as
    /// otherwise.
    pub fn far_away(round_trip: Duration) -> Self {
        let lane = Lane { latency: round_trip / 2, ..Lane::default() };
        Self { delay: round_trip, up: lane, down: lane, ..Self::default() }
    }

    /// Both directions carry at most so many bytes a second.
    pub fn throttle(bytes_per_second: u64) -> Self {
        Self::none().throttled(bytes_per_second)
    }
}

/// The fault on the first `count` connections; later ones work.
pub fn first(count: usize, fault: Fault) -> impl Fn(usize) -> Fault + Send + Sync + 'static {
    move |connection| if connection < count { fault } else { Fault::none() }
}

#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    sent: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl FaultProxy {
    /// Passes connections to `upstream`; `fault` is asked for each, counted from 0.
    pub fn start(upstream: SocketAddr, fault: impl Fn(usize) -> Fault + Send + Sync + 'static) -> Self {
        let runtime = background_runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let ended = Arc::<AtomicUsize>::default();
        let sent = Arc::<AtomicU64>::default();
        let (counter, ends, bytes) = (Arc::clone(&connections), Arc::clone(&ended), Arc::clone(&sent));
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = fault(counter.fetch_add(1, Ordering::SeqCst));
                let (ends, bytes) = (Arc::clone(&ends), Arc::clone(&bytes));
                tokio::spawn(async move {
                    pass(client, upstream, fault, &bytes).await;
                    ends.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, connections, ended, sent, runtime: Some(runtime) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `127.0.0.1:PORT`, as image names spell it.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Waits until every connection ended: what a killed client had sent is delivered before that.
    #[track_caller]
    pub fn settle(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.ended.load(Ordering::SeqCst) < self.connections() {
            assert!(Instant::now() < deadline, "connections stay open");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Bytes that clients sent and the server was given, those of requests' heads too.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// How many connections came so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A loopback address on which nothing listens: a refused connection.
pub fn closed_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The connection was cut, on purpose or by a peer.
struct Cut;

async fn pass(mut client: TcpStream, upstream: SocketAddr, fault: Fault, sent: &AtomicU64) {
    tokio::time::sleep(fault.delay).await;
    if !fault.reset_at_once
        && let Ok(mut server) = TcpStream::connect(upstream).await
    {
        let answered = AtomicU64::new(0);
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let up = carry(&mut from_client, &mut to_server, fault.up, sent);
        let down = carry(&mut from_server, &mut to_client, fault.down, &answered);
        if tokio::try_join!(up, down).is_ok() {
            return;
        }
        let _ = server.set_zero_linger();
    }
    let _ = client.set_zero_linger();
}

async fn carry(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    lane: Lane,
    carried: &AtomicU64,
) -> Result<(), Cut> {
    if lane.latency.is_zero() {
        pump(from, to, lane, carried).await
    } else {
        delayed(from, to, lane.latency, carried).await
    }
}

/// What is on its way at a time: the window of a connection over a long line.
const ON_THE_WAY: usize = 256;

/// Passes everything on, each piece `latency` after it came.
async fn delayed(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    latency: Duration,
    carried: &AtomicU64,
) -> Result<(), Cut> {
    let (sender, mut pieces) = mpsc::channel::<(tokio::time::Instant, Vec<u8>)>(ON_THE_WAY);
    let take = async move {
        loop {
            let mut piece = Vec::with_capacity(64 * 1024);
            if from.read_buf(&mut piece).await.map_err(|_| Cut)? == 0 {
                return Ok(());
            }
            piece.shrink_to_fit();
            sender.send((tokio::time::Instant::now() + latency, piece)).await.map_err(|_| Cut)?;
        }
    };
    let give = async move {
        while let Some((due, piece)) = pieces.recv().await {
            tokio::time::sleep_until(due).await;
            to.write_all(&piece).await.map_err(|_| Cut)?;
            carried.fetch_add(piece.len() as u64, Ordering::SeqCst);
        }
        to.shutdown().await.map_err(|_| Cut)
    };
    tokio::try_join!(take, give).map(drop)
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    lane: Lane,
    carried: &AtomicU64,
) -> Result<(), Cut> {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = lane.cut_after;
    loop {
        let room = left.map_or(buffer.len(), |left| buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        if room == 0 {
            return Err(Cut);
        }
        let read = from.read(&mut buffer[..room]).await.map_err(|_| Cut)?;
        if read == 0 {
            return to.shutdown().await.map_err(|_| Cut);
        }
        to.write_all(&buffer[..read]).await.map_err(|_| Cut)?;
        carried.fetch_add(read as u64, Ordering::SeqCst);
        left = left.map(|left| left - read as u64);
        if let Some(rate) = lane.bytes_per_second {
            tokio::time::sleep(Duration::from_micros(read as u64 * 1_000_000 / rate)).await;
        }
    }
}
