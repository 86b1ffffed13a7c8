//! A small HTTP/1.1 server that answers as a test tells it, wrongly where that is the point.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// `Content-Length`, where it is not the body's.
    stated: Option<usize>,
    delay: Duration,
    /// Keeps the connection open although more was announced.
    hangs: bool,
    /// Pause after each MiB of the body.
    pace: Duration,
}

impl Answer {
    pub(super) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            stated: None,
            delay: Duration::ZERO,
            hangs: false,
            pace: Duration::ZERO,
        }
    }

    pub(super) fn json(status: u16, body: &str) -> Self {
        Self::new(status).body(body).header("Content-Type", "application/json")
    }

    /// The specification's error list with one entry.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &serde_json::json!({"errors": [{"code": code, "message": message}]}).to_string())
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// States a longer body than is sent, and hangs up.
    pub(super) fn stated_length(mut self, length: usize) -> Self {
        self.stated = Some(length);
        self
    }

    pub(super) fn hanging(mut self) -> Self {
        self.hangs = true;
        self
    }

    pub(super) fn paced(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

const MIB: usize = 1 << 20;

type Handler = dyn Fn(&Seen) -> Answer + Send + Sync;

/// Runs until it is dropped.
pub(super) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, handler).await
    }

    pub(super) async fn start_tls(
        config: ServerConfig,
        handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(TlsAcceptor::from(Arc::new(config))), handler).await
    }

    async fn listen(tls: Option<TlsAcceptor>, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, handler): (_, Arc<Handler>) = (Arc::clone(&seen), Arc::new(handler));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, log, handler) = (tls.clone(), Arc::clone(&log), Arc::clone(&handler));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, log, handler).await,
                        // A client that does not like the certificate is gone by now.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, log, handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, seen, task }
    }

    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Method and target of every request so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    pub(super) fn count(&self, part: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(part)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, log: Arc<Mutex<Vec<Seen>>>, handler: Arc<Handler>) {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = receive(&mut stream).await {
        let answer = handler(&seen);
        let head = seen.method == "HEAD";
        log.lock().unwrap().push(seen);
        tokio::time::sleep(answer.delay).await;
        if send(&mut stream, &answer, head).await.is_none() || answer.stated.is_some() && !answer.hangs {
            return;
        }
    }
}

/// `None` when the peer is gone, also in the middle of its body.
async fn receive(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<Seen> {
    let mut seen = Seen::default();
    let first = line(stream).await?;
    let mut words = first.split(' ');
    (seen.method, seen.target) = (words.next()?.to_owned(), words.next()?.to_owned());
    loop {
        let text = line(stream).await?;
        let Some((name, value)) = text.split_once(':') else { break };
        seen.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    assert!(seen.header("transfer-encoding").is_none(), "every body has a stated length");
    seen.body = vec![0; seen.header("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut seen.body).await.ok()?;
    Some(seen)
}

async fn line(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<String> {
    let mut text = String::new();
    let Ok(read) = stream.read_line(&mut text).await else {
        // Not text: what comes is a TLS handshake.
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok()?;
        return None;
    };
    (read > 0).then(|| text.trim_end().to_owned())
}

async fn send(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, answer: &Answer, head: bool) -> Option<()> {
    let mut lines = vec![format!("HTTP/1.1 {} x", answer.status)];
    lines.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    if !answer.headers.iter().any(|(name, _)| name == "Content-Length") {
        lines.push(format!("Content-Length: {}", answer.stated.unwrap_or(answer.body.len())));
    }
    let mut bytes = (lines.join("\r\n") + "\r\n\r\n").into_bytes();
    let (first, rest) = answer.body.split_at(answer.body.len().min(MIB));
    bytes.extend_from_slice(if head { &[] } else { first });
    stream.write_all(&bytes).await.ok()?;
    for chunk in rest.chunks(MIB).filter(|_| !head) {
        tokio::time::sleep(answer.pace).await;
        stream.write_all(chunk).await.ok()?;
    }
    Some(())
}
