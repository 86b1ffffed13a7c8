//! The signed management API of the stand-in for SWR. It works the signature out by itself, from the request as it
//! came in.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use hyper::header::{AUTHORIZATION, CONTENT_RANGE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::authority::Identity;
use super::http::Http;
use super::server::{Body, Incoming, Recorder, Server, full, reply};
use super::swr::{ACCESS_KEY, SECRET_KEY};

/// Most entries of a list that one answer holds.
const MOST: usize = 1000;

/// What an account has; the registry and the management API see the same.
#[derive(Debug, Clone)]
pub struct Account(Arc<Mutex<State>>);

#[derive(Debug)]
pub struct State {
    pub organizations: BTreeSet<String>,
    /// Names that other accounts took.
    pub taken: BTreeSet<String>,
    pub quota: usize,
    /// Digests that its list of tags is behind with, by `organization/repository:tag`.
    pub stale: BTreeMap<String, String>,
    /// Who asks for lists of tags may not.
    pub hides_tags: bool,
}

impl Account {
    pub fn new(organizations: BTreeSet<String>, taken: BTreeSet<String>) -> Self {
        Self(Arc::new(Mutex::new(State { organizations, taken, quota: 5, stale: BTreeMap::new(), hides_tags: false })))
    }

    pub fn has(&self, organization: &str) -> bool {
        self.state().organizations.contains(organization)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub struct SwrApi {
    server: Server,
    recorder: Recorder,
}

impl SwrApi {
    /// For what `account` has and `registry` holds.
    pub fn start(account: &Account, registry: SocketAddr, identity: Option<&Identity>) -> Self {
        let recorder = Recorder::default();
        let server = Server::start(identity, {
            let (account, recorder) = (account.clone(), recorder.clone());
            move |request| answer(request, account.clone(), recorder.clone(), registry)
        });
        Self { server, recorder }
    }

    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}

async fn answer(
    request: Request<Incoming>,
    account: Account,
    recorder: Recorder,
    registry: SocketAddr,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let request = Request::from_parts(parts, body);
    // What is asked of the registry is asked by a client that blocks.
    let answered = tokio::task::spawn_blocking(move || {
        let response = match verify(&request) {
            Ok(()) => serve(&request, &account, registry),
            Err(why) => {
                let text = format!("Incorrect IAM authentication information: {why}");
                reply(StatusCode::UNAUTHORIZED, &json!({"error_code": "APIG.0301", "error_msg": text}))
            }
        };
        recorder.note(&request, response.status());
        response
    });
    answered.await.unwrap()
}

/// Checks what SDK-HMAC-SHA256 asks for: a date of now, and the hash over method, path, query, headers and body.
fn verify(request: &Request<Bytes>) -> Result<(), String> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = header(AUTHORIZATION.as_str());
    let fields = authorization.strip_prefix("SDK-HMAC-SHA256 ").ok_or("no signature")?;
    let field = |name: &str| {
        let mut fields = fields.split(", ");
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('=')).ok_or(format!("no {name}"))
    };
    let (access, names, signature) = (field("Access")?, field("SignedHeaders")?, field("Signature")?);
    if access != ACCESS_KEY {
        return Err("unknown access key".to_owned());
    }
    let names: Vec<&str> = names.split(';').collect();
    if !names.is_sorted() || !["host", "x-sdk-date"].iter().all(|needed| names.contains(needed)) {
        return Err("host and x-sdk-date have to be signed, in order".to_owned());
    }
    let date = header("x-sdk-date");
    let signed_at = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", date).and_then(|parsed| parsed.to_datetime());
    let signed_at = signed_at.map_err(|error| error.to_string())?.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    if signed_at.timestamp().duration_since(jiff::Timestamp::now()).abs() > jiff::SignedDuration::from_mins(15) {
        return Err("the date is not now".to_owned());
    }
    let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let mut canonical =
        vec![request.method().to_string(), canonical_path(request.uri().path()), canonical_query(request)];
    canonical.extend(names.iter().map(|name| format!("{name}:{}", header(name).trim())));
    canonical.extend([String::new(), names.join(";"), hash(request.body())]);
    let text = format!("SDK-HMAC-SHA256\n{date}\n{}", hash(canonical.join("\n").as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let right = hex::encode(mac.finalize().into_bytes()) == signature;
    if right { Ok(()) } else { Err("verify aksk signature fail".to_owned()) }
}

fn canonical_path(path: &str) -> String {
    let mut encoded = String::new();
    for byte in path.trim_end_matches('/').bytes().chain([b'/']) {
        encoded.push_str(&if byte == b'/' { "/".to_owned() } else { encode(&[byte]) });
    }
    encoded
}

fn canonical_query(request: &Request<Bytes>) -> String {
    let mut pairs: Vec<_> = parameters(request).into_iter().collect();
    pairs.sort();
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes()))).collect();
    pairs.join("&")
}

fn encode(bytes: &[u8]) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    bytes
        .iter()
        .map(|byte| if unreserved(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn parameters(request: &Request<Bytes>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// `filter=a::b|c::d` as a map.
fn filters(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let filter = parameters(request).into_iter().find(|(name, _)| name == "filter").unwrap_or_default().1;
    let pairs = filter.split('|').filter_map(|pair| pair.split_once("::"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn serve(request: &Request<Bytes>, account: &Account, registry: SocketAddr) -> Response<Body> {
    let path: Vec<&str> = request.uri().path().trim_start_matches('/').split('/').collect();
    let filters = filters(request);
    match (request.method(), path.as_slice()) {
        (&Method::GET, ["v2", "manage", "namespaces"]) => {
            let wanted = filters.get("namespace").cloned().unwrap_or_default();
            let names = account.state().organizations.clone().into_iter().filter(|name| name.contains(&wanted));
            let listed: Vec<Value> = names.map(|name| json!({"id": 1, "name": name, "auth": 7})).collect();
            reply(StatusCode::OK, &json!({"namespaces": listed}))
        }
        (&Method::POST, ["v2", "manage", "namespaces"]) => create(request.body(), account),
        (&Method::GET, ["v2", "manage", "repos"]) => page(&repositories(&filters, account, registry), &filters),
        (&Method::GET, ["v2", "manage", "namespaces", _, "repos", _, "tags"]) if account.state().hides_tags => {
            refusal(StatusCode::FORBIDDEN, "no permission to list tags")
        }
        (&Method::GET, ["v2", "manage", "namespaces", organization, "repos", repository, "tags"]) => {
            let repository = format!("{organization}/{}", repository.replace('$', "/"));
            page(&tags(&repository, account, registry), &filters)
        }
        _ => refusal(StatusCode::NOT_FOUND, "no such call"),
    }
}

fn create(body: &[u8], account: &Account) -> Response<Body> {
    let wish: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(name) = wish["namespace"].as_str() else {
        return refusal(StatusCode::BAD_REQUEST, "the body names no namespace");
    };
    let mut state = account.state();
    if state.organizations.contains(name) || state.taken.contains(name) {
        return refusal(StatusCode::CONFLICT, &format!("namespace {name} already exists"));
    }
    if state.organizations.len() >= state.quota {
        return refusal(
            StatusCode::BAD_REQUEST,
            &format!("the number of namespaces exceeds the quota of {}", state.quota),
        );
    }
    state.organizations.insert(name.to_owned());
    let mut created = Response::new(full(""));
    *created.status_mut() = StatusCode::CREATED;
    created
}

/// Those whose organization contains the wanted name: SWR's filter is not exact.
fn repositories(filters: &BTreeMap<String, String>, account: &Account, registry: SocketAddr) -> Vec<Value> {
    let wanted = filters.get("namespace").cloned().unwrap_or_default();
    let catalog = Http::new(format!("http://{registry}")).get("/v2/_catalog?n=1000").expect_status(200).json();
    let names = catalog["repositories"].as_array().cloned().unwrap_or_default();
    let names = names.iter().filter_map(|name| name.as_str()?.split_once('/'));
    let own = names.filter(|(organization, _)| organization.contains(&wanted) && account.has(organization));
    own.map(|(organization, name)| json!({"name": name, "namespace": organization, "category": "other"})).collect()
}

fn tags(repository: &str, account: &Account, registry: SocketAddr) -> Vec<Value> {
    let http = Http::new(format!("http://{registry}"));
    let listed = http.get(&format!("/v2/{repository}/tags/list"));
    let listed = if listed.status == 200 { listed.json() } else { Value::Null };
    let names = listed["tags"].as_array().cloned().unwrap_or_default();
    let stale = account.state().stale.clone();
    let entry = |name: &Value| {
        let tag = name.as_str().unwrap();
        let digest = stale
            .get(&format!("{repository}:{tag}"))
            .cloned()
            .unwrap_or_else(|| http.manifest(Method::HEAD, repository, tag).header("docker-content-digest").to_owned());
        json!({"Tag": tag, "digest": digest, "schema": 2, "size": 1})
    };
    names.iter().map(entry).collect()
}

/// One page of a list, with where it stands in it.
fn page(entries: &[Value], filters: &BTreeMap<String, String>) -> Response<Body> {
    let number = |name: &str| filters.get(name).and_then(|number| number.parse::<usize>().ok());
    let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(100).min(MOST));
    let page: Vec<&Value> = entries.iter().skip(offset).take(limit).collect();
    let range = format!("{offset}-{}/{}", page.len(), entries.len());
    let mut response = reply(StatusCode::OK, &json!(page));
    response.headers_mut().insert(CONTENT_RANGE, range.parse().unwrap());
    response
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let code = format!("SVCSTG.SWR.{}0001", status.as_u16());
    reply(status, &json!({"errors": [{"errorCode": code, "errorMessage": message}]}))
}
