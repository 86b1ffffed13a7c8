//! A reverse proxy in front of a real registry that records every request, and may answer some itself.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use super::authority::Identity;
use super::http::Http;
use super::server::{Body, Incoming, Recorder, Server, full, reply};

/// What a proxy does beyond passing on and recording.
pub trait Behaviour: Send + Sync + 'static {
    /// An answer in place of the registry's.
    fn before(&self, _request: &Request<Incoming>) -> Option<Response<Body>> {
        None
    }

    /// An answer that replaces the registry's, by its status.
    fn after(&self, _request: &Request<()>, _status: StatusCode) -> Option<Response<Body>> {
        None
    }

    /// Changes the headers of the registry's answer.
    fn adorn(&self, _request: &Request<()>, _headers: &mut HeaderMap) {}
}

/// Passes everything on.
impl Behaviour for () {}

/// A function that may answer a request itself: a refusal, a fault, a header that a real registry never sends.
impl<F> Behaviour for F
where
    F: Fn(&Request<Incoming>) -> Option<Response<Body>> + Send + Sync + 'static,
{
    fn before(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        self(request)
    }
}

/// Answers the first `count` requests of a method to a path that contains `path` with a status and `Retry-After: 0`.
pub fn first_answers(count: usize, status: StatusCode, method: Method, path: &'static str) -> impl Behaviour {
    let answered = AtomicUsize::new(0);
    move |request: &Request<Incoming>| {
        let concerned = *request.method() == method && request.uri().path().contains(path);
        (concerned && answered.fetch_add(1, Ordering::SeqCst) < count).then(|| {
            let mut response = reply(status, &json!({"errors": [{"code": "UNAVAILABLE", "message": "try again"}]}));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("0"));
            response
        })
    }
}

#[derive(Debug)]
pub struct Proxy {
    server: Server,
    recorder: Recorder,
}

impl Proxy {
    /// Counts what passes to a registry that speaks plain HTTP.
    pub fn counting(upstream: SocketAddr) -> Self {
        Self::start(upstream, None, ())
    }

    /// A proxy with a behaviour, over TLS where an identity is given.
    pub fn start(upstream: SocketAddr, identity: Option<&Identity>, behaviour: impl Behaviour) -> Self {
        let recorder = Recorder::default();
        let front = Arc::new(Front {
            client: Client::builder(TokioExecutor::new()).build_http(),
            upstream,
            scheme: if identity.is_some() { "https" } else { "http" },
            recorder: recorder.clone(),
            behaviour,
        });
        let server = Server::start(identity, move |request| Arc::clone(&front).handle(request));
        Self { server, recorder }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// `127.0.0.1:PORT`, as image names spell it.
    pub fn host(&self) -> String {
        self.address().to_string()
    }

    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A client of a proxy without TLS.
    pub fn http(&self) -> Http {
        Http::new(format!("http://{}", self.address()))
    }
}

struct Front<B> {
    client: Client<HttpConnector, Body>,
    upstream: SocketAddr,
    scheme: &'static str,
    recorder: Recorder,
    behaviour: B,
}

impl<B: Behaviour> Front<B> {
    /// Not an `async fn`: its future has to be `'static` and `Send`.
    fn handle(self: Arc<Self>, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send {
        let (sent, received) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        async move {
            let head = head_of(&request);
            let response = if let Some(response) = self.behaviour.before(&request) {
                // An unread body would close the connection under a client that still writes.
                let _ = counted(request.into_body(), &sent).collect().await;
                response
            } else {
                let response = self.forward(request, &sent).await;
                let mut response = self.behaviour.after(&head, response.status()).unwrap_or(response);
                self.behaviour.adorn(&head, response.headers_mut());
                response
            };
            self.recorder.record(&head, response.status(), sent, Arc::clone(&received));
            response.map(|body| counted(body, &received))
        }
    }

    /// The registry sees the proxy's own host name and scheme, so its absolute `Location`s lead back here.
    async fn forward(&self, request: Request<Incoming>, sent: &Arc<AtomicU64>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("http://{}{path}", self.upstream).parse::<Uri>().expect("the path was parsed before");
        parts.headers.insert("x-forwarded-proto", self.scheme.parse().expect("a valid header"));
        match self.client.request(Request::from_parts(parts, counted(body, sent))).await {
            Ok(response) => response.map(BodyExt::boxed),
            Err(error) => {
                let mut response = Response::new(full(format!("the proxy's upstream failed: {error}")));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                response
            }
        }
    }
}

/// A request without its body.
fn head_of(request: &Request<Incoming>) -> Request<()> {
    let mut head = Request::new(());
    request.method().clone_into(head.method_mut());
    request.uri().clone_into(head.uri_mut());
    request.headers().clone_into(head.headers_mut());
    head
}

/// The same body, adding up its bytes while they pass. An empty body stays one, so that no `Transfer-Encoding` appears.
fn counted<B>(body: B, counter: &Arc<AtomicU64>) -> Body
where
    B: hyper::body::Body<Data = Bytes, Error = hyper::Error> + Send + Sync + 'static,
{
    if body.is_end_stream() {
        return body.boxed();
    }
    Counted { body: Box::pin(body), counter: Arc::clone(counter) }.boxed()
}

/// A body that keeps its size hint, which `BodyExt::map_frame` would lose.
struct Counted<B> {
    body: std::pin::Pin<Box<B>>,
    counter: Arc<AtomicU64>,
}

impl<B: hyper::body::Body<Data = Bytes>> hyper::body::Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, B::Error>>> {
        let polled = self.body.as_mut().poll_frame(context);
        if let std::task::Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.counter.fetch_add(data.len() as u64, Ordering::SeqCst);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}
