//! A registry in memory that keeps what arrived of an upload, as the distribution specification describes it and the
//! packaged registry does not, and that can be told to be wrong about it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::BodyExt;
use hyper::header::{LOCATION, RANGE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::content::digest_of;
use super::server::{Body, Incoming, Server, full, reply};

/// How it treats uploads that broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    Keeps,
    /// Breaks the first large upload off, and says that it kept more of it than it did.
    Exaggerates,
    /// Has the blob after its last byte, but loses it again.
    Loses,
    /// Has a large blob after its last byte, but does not say so.
    Mute,
}

#[derive(Debug)]
pub struct Keeper {
    server: Server,
    shelves: Arc<Mutex<Shelves>>,
}

#[derive(Debug, Default)]
struct Shelves {
    uploads: HashMap<String, Vec<u8>>,
    /// Uploads begun so far: no two have one number, whichever have ended.
    begun: usize,
    blobs: HashMap<String, Vec<u8>>,
    manifests: HashMap<String, Vec<u8>>,
    /// Body bytes of all uploads.
    received: u64,
    statuses: usize,
}

impl Keeper {
    pub fn start(habit: Habit) -> Self {
        let shelves = Arc::<Mutex<Shelves>>::default();
        let shared = Arc::clone(&shelves);
        let server = Server::start(None, move |request| answer(Arc::clone(&shared), habit, request));
        Self { server, shelves }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Body bytes of all uploads so far, those of broken ones too.
    pub fn received(&self) -> u64 {
        lock(&self.shelves).received
    }

    /// How often it was asked how far an upload came.
    pub fn statuses(&self) -> usize {
        lock(&self.shelves).statuses
    }

    pub fn has_tag(&self, path: &str) -> bool {
        lock(&self.shelves).manifests.contains_key(path)
    }

    pub fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        lock(&self.shelves).blobs.get(digest).cloned()
    }
}

fn lock(shelves: &Mutex<Shelves>) -> MutexGuard<'_, Shelves> {
    shelves.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(shelves: Arc<Mutex<Shelves>>, habit: Habit, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    if path.contains("/blobs/uploads/") {
        return upload(&shelves, habit, request, path).await;
    }
    let last = path.rsplit('/').next().unwrap_or_default().to_owned();
    if path.contains("/manifests/") && *request.method() == Method::PUT {
        let Ok(body) = request.into_body().collect().await else { return empty(StatusCode::BAD_REQUEST) };
        let bytes = body.to_bytes().to_vec();
        let missing = lock(&shelves).blobs.keys().all(|digest| !String::from_utf8_lossy(&bytes).contains(digest));
        if missing {
            let error = json!({"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry"}]});
            return reply(StatusCode::BAD_REQUEST, &error);
        }
        let digest = digest_of(&bytes);
        lock(&shelves).manifests.insert(path, bytes);
        return with(empty(StatusCode::CREATED), "docker-content-digest", &digest);
    }
    let found = if path.contains("/blobs/") {
        lock(&shelves).blobs.get(&last).cloned()
    } else {
        lock(&shelves).manifests.get(&path).cloned()
    };
    match found {
        _ if path == "/v2/" => empty(StatusCode::OK),
        Some(bytes) => {
            let digest = digest_of(&bytes);
            with(Response::new(full(bytes)), "docker-content-digest", &digest)
        }
        None => reply(StatusCode::NOT_FOUND, &json!({})),
    }
}

async fn upload(shelves: &Mutex<Shelves>, habit: Habit, request: Request<Incoming>, path: String) -> Response<Body> {
    match *request.method() {
        Method::POST => {
            let mut shelves = lock(shelves);
            shelves.begun += 1;
            let path = format!("{path}{}", shelves.begun);
            shelves.uploads.insert(path.clone(), Vec::new());
            with(empty(StatusCode::ACCEPTED), LOCATION.as_str(), &path)
        }
        Method::GET => {
            let mut shelves = lock(shelves);
            shelves.statuses += 1;
            let Some(length) = shelves.uploads.get(&path).map(Vec::len) else { return empty(StatusCode::NOT_FOUND) };
            let said = if habit == Habit::Exaggerates { length + 1000 } else { length };
            let range = format!("0-{}", said.saturating_sub(1));
            with(with(empty(StatusCode::NO_CONTENT), RANGE.as_str(), &range), LOCATION.as_str(), &path)
        }
        _ => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let mut body = request.into_body();
            while let Some(Ok(frame)) = body.frame().await {
                let mut shelves = lock(shelves);
                let data = frame.into_data().unwrap_or_default();
                shelves.received += data.len() as u64;
                let Some(kept) = shelves.uploads.get_mut(&path) else { return empty(StatusCode::NOT_FOUND) };
                kept.extend_from_slice(&data);
                if habit == Habit::Exaggerates && shelves.statuses == 0 && shelves.received > 1_000_000 {
                    return empty(StatusCode::SERVICE_UNAVAILABLE);
                }
            }
            finish(&mut lock(shelves), habit, &path, &query)
        }
    }
}

fn finish(shelves: &mut Shelves, habit: Habit, path: &str, query: &str) -> Response<Body> {
    let digest = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "digest");
    let digest = digest.map(|(_, digest)| digest.into_owned()).unwrap_or_default();
    let bytes = shelves.uploads.get(path).cloned().unwrap_or_default();
    if digest_of(&bytes) != digest {
        return reply(StatusCode::BAD_REQUEST, &json!({"errors": [{"code": "DIGEST_INVALID", "message": ""}]}));
    }
    shelves.uploads.remove(path);
    let is_large = bytes.len() > 1_000_000;
    if habit != Habit::Loses {
        shelves.blobs.insert(digest, bytes);
    }
    empty(if habit == Habit::Mute && is_large { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::CREATED })
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(full(""));
    *response.status_mut() = status;
    response
}

fn with(mut response: Response<Body>, name: &'static str, value: &str) -> Response<Body> {
    response.headers_mut().insert(name, value.parse().expect("a valid header"));
    response
}
