//! HTTP servers of our own, in this process, and a record of what they were asked.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
pub use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::authority::Identity;

pub type Body = BoxBody<Bytes, hyper::Error>;

/// A server on a free loopback port; ends when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves HTTP/1.1, over TLS where an identity is given.
    pub fn start<H, F>(identity: Option<&Identity>, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let runtime = background_runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = identity.map(|identity| TlsAcceptor::from(Arc::new(identity.server_config())));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), handler.clone());
                let _ = stream.set_nodelay(true);
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, handler).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, runtime: Some(runtime) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A runtime that works while the test's own thread does something else.
pub fn background_runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

async fn serve<S, H, F>(stream: S, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = handler(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    // A client that goes away in the middle is its own affair.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

pub fn full(content: impl Into<Bytes>) -> Body {
    Full::new(content.into()).map_err(|never| match never {}).boxed()
}

/// Bytes without end.
pub fn endless() -> Body {
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    StreamBody::new(stream::repeat_with(move || Ok(Frame::data(chunk.clone())))).boxed()
}

/// A JSON answer.
pub fn reply(status: StatusCode, content: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(full(content.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", "application/json".parse().expect("a valid header"));
    response
}

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub method: String,
    /// With its query.
    pub path: String,
    pub status: u16,
    /// Bytes of the request's body that arrived.
    pub sent: u64,
    /// Bytes of the answer's body that were passed on.
    pub received: u64,
    /// Whether it carried an `Authorization` header.
    pub authorized: bool,
}

/// Every request that a server saw, in the order of their answers.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    exchange: Exchange,
    sent: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

impl Recorder {
    /// Records a request; the counters may go on counting its bodies.
    pub fn record<B>(&self, request: &Request<B>, status: StatusCode, sent: Arc<AtomicU64>, received: Arc<AtomicU64>) {
        let exchange = Exchange {
            method: request.method().to_string(),
            path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            status: status.as_u16(),
            sent: 0,
            received: 0,
            authorized: request.headers().contains_key(AUTHORIZATION),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Entry { exchange, sent, received });
    }

    /// Records a request whose bodies do not matter.
    pub fn note<B>(&self, request: &Request<B>, status: StatusCode) {
        self.record(request, status, Arc::default(), Arc::default());
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        entries
            .iter()
            .map(|Entry { exchange, sent, received }| Exchange {
                sent: count(sent),
                received: count(received),
                ..exchange.clone()
            })
            .collect()
    }

    /// How many requests had this method (any, when empty) and a path that contains a text.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let counts =
            |exchange: &&Exchange| (method.is_empty() || exchange.method == method) && exchange.path.contains(path);
        self.exchanges().iter().filter(counts).count()
    }

    /// Body bytes of all requests.
    pub fn sent(&self) -> u64 {
        self.exchanges().iter().map(|exchange| exchange.sent).sum()
    }

    /// Body bytes of all answers.
    pub fn received(&self) -> u64 {
        self.exchanges().iter().map(|exchange| exchange.received).sum()
    }

    /// `(repository, digest)` of every upload that a registry accepted, in order, repeated ones too.
    pub fn finished_uploads(&self) -> Vec<(String, String)> {
        let finished = |exchange: &Exchange| {
            let (path, query) = exchange.path.split_once('?')?;
            let repository = path.strip_prefix("/v2/")?.split_once("/blobs/uploads/")?.0;
            let digest = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "digest")?.1;
            (exchange.status == 201).then(|| (repository.to_owned(), digest.into_owned()))
        };
        self.exchanges().iter().filter_map(finished).collect()
    }

    /// Forgets everything so far, so that a test counts one phase.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
