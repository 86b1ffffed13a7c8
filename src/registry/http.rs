//! Requests and answers on the wire: connections, time limits, pacing, and errors without secrets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Body, ClientBuilder, Method, StatusCode, redirect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::bandwidth::Bandwidth;
use super::limit::{Lane, Limiter, Place};
use super::quota::Quota;
use super::skew::Skew;
use super::tls;
use super::{Error, Kind, Limits, Secret, Settings};
use crate::diag::{Problem, Wording, say};

/// How long to wait for what.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) connect: Duration,
    /// A whole metadata request.
    pub(super) metadata: Duration,
    /// A blob may take as long as it likes, but something has to move.
    pub(super) stall: Duration,
    /// A registry that was sent the last byte of a blob may still have to write all of them down.
    pub(super) commit: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            metadata: Duration::from_secs(30),
            stall: Duration::from_mins(1),
            commit: Duration::from_mins(5),
        }
    }
}

/// Shorter than servers keep idle connections: what is sent on one that they just closed is lost, a blob with it.
const IDLE: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 5;
/// More of an error's body is not read.
const MAX_ERROR_BODY: u64 = 64 * 1024;
/// Nor is it waited for any longer: the status is known.
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// Connections to one registry and to the hosts it points to.
pub(super) struct Transport {
    metadata: reqwest::Client,
    /// HTTP/1.1 only: a connection a blob, so that one cannot hold back the others.
    blobs: reqwest::Client,
    limits: Limits,
    limiter: Limiter,
    bandwidth: Bandwidth,
    quota: Quota,
    /// One blob at a time comes over many connections.
    parts: Arc<Semaphore>,
    skew: Skew,
    /// Never to be shown, whoever sends them back.
    secrets: Vec<Secret>,
    times: Times,
}

impl Transport {
    pub(super) fn new(settings: &Settings, times: Times) -> Result<Self, Problem> {
        let Settings { host, tls, credentials, vendor, limits, pacer, bandwidth, addresses, .. } = settings;
        let client = |protocols: &[&[u8]]| {
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls::client_config(tls, protocols)?)
                .user_agent(concat!("swrctl/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                // Trying again is decided above; for its own tries it would copy every request.
                .retry(reqwest::retry::never().max_retries_per_request(0))
                .connect_timeout(times.connect)
                .pool_idle_timeout(IDLE);
            for (host, addresses) in addresses {
                let addresses: Vec<_> = addresses.iter().map(|address| SocketAddr::new(*address, 0)).collect();
                builder = builder.resolve_to_addrs(host, &addresses);
            }
            // Seen on the wire and not in buffers: how long a peer may confirm nothing of what lies there for it.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            {
                builder = builder.tcp_user_timeout(times.stall);
            }
            // As other clients do it: what runs on this machine is never asked for through a proxy.
            if host.is_loopback() {
                builder = builder.no_proxy();
            }
            if !protocols.contains(&b"h2".as_slice()) {
                builder = builder.http1_only();
            }
            Ok::<_, Problem>(builder)
        };
        let built = |builder: ClientBuilder| {
            builder.build().map_err(|error| {
                let message = say!("no HTTP client can be made: {error}", "无法创建 HTTP 客户端：{error}", error);
                Problem::new("http-client", message)
            })
        };
        Ok(Self {
            metadata: built(client(&[b"h2", b"http/1.1"])?.timeout(times.metadata))?,
            blobs: built(client(&[b"http/1.1"])?)?,
            limits: *limits,
            limiter: Limiter::new(*limits, pacer.clone()),
            bandwidth: bandwidth.clone(),
            quota: Quota::default(),
            parts: Arc::new(Semaphore::new(1)),
            skew: Skew::default(),
            secrets: credentials.secrets().into_iter().chain(vendor.secret().cloned()).collect(),
            times,
        })
    }

    /// Waits until a request may be sent, except for its turn: that is for who has its login, as many may wait for one.
    pub(super) async fn enter(&self, lane: Lane) -> Place {
        self.limiter.enter(lane).await
    }

    /// Waits until a request that has its place may leave.
    pub(super) async fn turn(&self) {
        self.limiter.turn().await;
    }

    /// Waits until a request that needs no login of its own may be sent.
    pub(super) async fn admit(&self, lane: Lane) -> Place {
        let place = self.enter(lane).await;
        self.turn().await;
        place
    }

    /// Sends one request, at once; any status is an answer. The caller bounds the time of uploads.
    pub(super) async fn send(
        &self,
        place: Place,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<Body>,
    ) -> Result<Response, Error> {
        if let Some(error) = self.limiter.refuses(method, url) {
            return Err(error);
        }
        let mut request = reqwest::Request::new(method.clone(), url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = body;
        let sent = match place.lane {
            Lane::Metadata | Lane::Login => self.metadata.execute(request).await,
            Lane::Commit => {
                *request.timeout_mut() = Some(self.times.commit);
                self.blobs.execute(request).await
            }
            Lane::Download => match tokio::time::timeout(self.times.stall, self.blobs.execute(request)).await {
                Ok(sent) => sent,
                Err(_) => return Err(stalled(method, url, self.times.stall)),
            },
            Lane::Upload => self.blobs.execute(request).await,
        };
        let inner = sent.map_err(|error| Error::from_transport(method, url, &error))?;
        self.quota.note(inner.headers());
        self.skew.note(inner.headers(), jiff::Timestamp::now());
        let Times { stall, metadata: time, .. } = self.times;
        Ok(Response { method: method.clone(), inner, stall, time, _place: place })
    }

    /// Sends a request without a body and goes where it is redirected to; `authorization` only to the first host.
    pub(super) async fn follow(
        &self,
        mut place: Place,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, Error> {
        let (first, mut url) = (url, url.clone());
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = headers.clone();
            if let Some(authorization) = authorization.filter(|_| same_origin(&url, first)) {
                headers.insert(AUTHORIZATION, authorization.clone());
            }
            let lane = place.lane;
            let response = self.send(place, method, &url, headers, None).await?;
            if !response.is_redirect() {
                return Ok(response);
            }
            url = response.location()?;
            drop(response);
            place = self.admit(lane).await;
        }
        Err(Error::new(
            Kind::Protocol,
            method,
            &url,
            say!("more than {most} redirects", "重定向超过 {most} 次", most = MAX_REDIRECTS),
        ))
    }

    pub(super) fn times(&self) -> &Times {
        &self.times
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn bandwidth(&self) -> &Bandwidth {
        &self.bandwidth
    }

    pub(super) fn skew(&self) -> &Skew {
        &self.skew
    }

    /// How long the registry wants to be left alone from now on.
    pub(super) fn paused_for(&self) -> Duration {
        self.limiter.paused_for()
    }

    pub(super) fn quota(&self) -> &Quota {
        &self.quota
    }

    /// The turn of a blob to come over many connections, unless another one has it.
    pub(super) fn parts_turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.parts).try_acquire_owned().ok()
    }

    /// The error that a refused request's answer tells of; `sent` is what the request carried.
    pub(super) async fn refusal(&self, response: Response, sent: Option<&HeaderValue>) -> Error {
        let (method, url, status) = (response.method.clone(), response.url().clone(), response.status());
        let headers = response.headers().clone();
        // Half an explanation is worse than the status alone.
        let body = tokio::time::timeout(ERROR_BODY_TIME, response.bytes(MAX_ERROR_BODY)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        let token = sent.and_then(|value| value.to_str().ok()?.split_once(' ').map(|(_, token)| Secret::new(token)));
        let secrets: Vec<Secret> = self.secrets.iter().cloned().chain(token).collect();
        let error = Error::from_status((&method, &url), status, (&headers, &body, &secrets));
        if *error.kind() == Kind::BlockedTenant {
            self.limiter.close(&error);
            return error;
        }
        if *error.kind() == Kind::RateLimited || status == StatusCode::SERVICE_UNAVAILABLE {
            self.limiter.slow_down();
        }
        if let Some(pause) = error.pause() {
            self.limiter.pause(pause, &error);
        }
        error
    }
}

/// Whether two HTTP URLs are of the same scheme, host and port.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}

fn stalled(method: &Method, url: &Url, time: Duration) -> Error {
    let detail = say!("nothing moved for {seconds} seconds", "{seconds} 秒没有进展", seconds = time.as_secs_f32());
    Error::new(Kind::Timeout, method, url, detail)
}

/// An answer whose body is still on its way; it holds its place among the requests at a time.
pub(super) struct Response {
    method: Method,
    inner: reqwest::Response,
    stall: Duration,
    /// For a body that is read whole, whatever it answers.
    time: Duration,
    /// Held, not read.
    _place: Place,
}

impl Response {
    pub(super) fn status(&self) -> StatusCode {
        self.inner.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The headers, for who needs nothing else but the body.
    pub(super) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(self.inner.headers_mut())
    }

    pub(super) fn url(&self) -> &Url {
        self.inner.url()
    }

    pub(super) fn is_redirect(&self) -> bool {
        matches!(self.status().as_u16(), 301 | 302 | 303 | 307 | 308)
    }

    /// Where `Location` points to, absolute or relative to this answer's URL; never from HTTPS to plain HTTP.
    pub(super) fn location(&self) -> Result<Url, Error> {
        let wrong = |detail: Wording| self.error(Kind::Protocol, detail);
        let location =
            self.headers().get(LOCATION).ok_or_else(|| wrong(say!("no Location header", "没有 Location 头")))?;
        let location = location.to_str().ok().and_then(|text| self.url().join(text).ok());
        let location =
            location.ok_or_else(|| wrong(say!("a Location header that is no URL", "Location 头不是 URL")))?;
        match (self.url().scheme(), location.scheme()) {
            ("http", "http") | (_, "https") => Ok(location),
            ("https", "http") => Err(wrong(say!(
                "a Location header that leads from HTTPS to plain HTTP; the proxy in front of the registry must pass on \
                 `X-Forwarded-Proto`",
                "Location 头从 HTTPS 指向明文 HTTP；镜像仓库前面的代理必须传递 `X-Forwarded-Proto`"
            ))),
            _ => Err(wrong(say!("a Location header that is no HTTP URL", "Location 头不是 HTTP URL"))),
        }
    }

    pub(super) fn error(&self, kind: Kind, detail: Wording) -> Error {
        Error::new(kind, &self.method, self.url(), detail)
    }

    /// The whole body, which may neither be longer than `limit` bytes nor take longer than a metadata request.
    pub(super) async fn bytes(mut self, limit: u64) -> Result<Bytes, Error> {
        if self.method == Method::HEAD {
            return Ok(Bytes::new());
        }
        match tokio::time::timeout(self.time, self.read(limit)).await {
            Ok(body) => body,
            Err(_) => {
                let detail = say!(
                    "its answer did not end within {seconds} seconds",
                    "应答在 {seconds} 秒内没有结束",
                    seconds = self.time.as_secs_f32()
                );
                Err(self.error(Kind::Timeout, detail))
            }
        }
    }

    async fn read(&mut self, limit: u64) -> Result<Bytes, Error> {
        let too_large =
            |this: &Self| this.error(Kind::TooLarge, say!("more than {limit} bytes", "超过 {limit} 字节", limit));
        if self.inner.content_length().is_some_and(|length| length > limit) {
            return Err(too_large(self));
        }
        let mut body = BytesMut::new();
        loop {
            let Some(chunk) = self.chunk().await? else { return Ok(body.freeze()) };
            body.extend_from_slice(&chunk);
            if body.len() as u64 > limit {
                return Err(too_large(self));
            }
        }
    }

    /// The next piece of the body, `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match tokio::time::timeout(self.stall, self.inner.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| Error::from_transport(&self.method, self.inner.url(), &error)),
            Err(_) => Err(stalled(&self.method, self.url(), self.stall)),
        }
    }
}

/// What the header says; of a HEAD request the only source of the size.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
