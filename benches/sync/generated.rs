//! Peak memory at sizes that no disk has to hold: a source that makes its blobs from their seeds, a target that keeps
//! manifests and drops blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::corpus::{Shape, noise};
use crate::interrupt::Interrupted;
use crate::measure;
use crate::support::content::{Format, digest_of};
use crate::support::server::{Body, Incoming, Server, full};
use crate::tools::{Tool, swr_kdl};

const CHUNK: usize = 256 * 1024;
const CONFIG: &[u8] = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

/// Prints what swrctl needs for the corpus, for ten times its bytes, and for one layer of 10 GB.
pub fn measure(shape: &Shape) -> Result<(), Interrupted> {
    let ten_times = Shape { mib: shape.mib * 10, ..shape.clone() };
    let layer = vec![(vec![(1, 10_000_000_000)], "big".to_owned(), "v1".to_owned())];
    println!("| corpus | wall s | CPU s | peak MiB | unchanged: peak MiB |\n|---|---|---|---|---|");
    let corpora = [
        (format!("{} MiB in {} tags", shape.mib, shape.tags), images(shape)),
        (format!("{} MiB in {} tags", ten_times.mib, ten_times.tags), images(&ten_times)),
        ("one layer of 10 GB".to_owned(), layer),
    ];
    for (name, images) in corpora {
        let source = Source::start(&images);
        let target = Target::start();
        let [wall, cpu, mib] = apply(source.address(), target.address(), &source.repositories)?;
        let [_, _, again] = apply(source.address(), target.address(), &source.repositories)?;
        println!("| {name} | {wall:.2} | {cpu:.2} | {mib:.1} | {again:.1} |");
    }
    Ok(())
}

/// Seeds and sizes of the layers, repository and tag.
type Image = (Vec<(u64, u64)>, String, String);

fn images(shape: &Shape) -> Vec<Image> {
    let place = |image: (u64, u64)| (Shape::repository(image.0), Shape::tag(image));
    let image = |image| (shape.layers(image, 0).to_vec(), place(image).0, place(image).1);
    shape.images().map(image).collect()
}

fn apply(source: SocketAddr, target: SocketAddr, repositories: &BTreeSet<String>) -> Result<[f64; 3], Interrupted> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("swr.kdl"), swr_kdl(repositories.iter().cloned(), source, target)).unwrap();
    let mut command = Command::new(Tool::Swrctl.path().unwrap());
    command.current_dir(folder.path()).args(["apply", "--auto-approve"]);
    measure::watch(&command)
}

/// The same bytes again and again, behind the seed.
fn chunk(seed: u64) -> Bytes {
    let mut bytes = noise(7, CHUNK as u64);
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes.into()
}

/// The chunks of a blob.
fn chunks(seed: u64, size: u64) -> impl Iterator<Item = Bytes> + Send {
    let chunk = chunk(seed);
    (0..size.div_ceil(CHUNK as u64)).map(move |index| {
        let left = size - index * CHUNK as u64;
        chunk.slice(..CHUNK.min(usize::try_from(left).unwrap_or(CHUNK)))
    })
}

fn digest(seed: u64, size: u64) -> String {
    let mut hasher = Sha256::new();
    chunks(seed, size).for_each(|chunk| hasher.update(&chunk));
    format!("sha256:{}", hex::encode(hasher.finalize()))
}

/// What a server holds, by path below `/v2/`; blobs by digest.
#[derive(Debug, Default)]
struct Held {
    manifests: BTreeMap<String, (&'static str, Bytes)>,
    tags: BTreeMap<String, Vec<String>>,
    /// Seeds and sizes.
    blobs: BTreeMap<String, (u64, u64)>,
}

struct Source {
    server: Server,
    repositories: BTreeSet<String>,
}

impl Source {
    fn start(images: &[Image]) -> Self {
        let mut held = Held::default();
        let mut digests = BTreeMap::new();
        for (layers, repository, tag) in images {
            let layer = |(seed, size): &(u64, u64)| {
                let digest = digests.entry((*seed, *size)).or_insert_with(|| digest(*seed, *size));
                held.blobs.insert(digest.clone(), (*seed, *size));
                let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
                json!({"mediaType": media_type, "digest": digest, "size": size})
            };
            let layers: Vec<Value> = layers.iter().map(layer).collect();
            let config_type = "application/vnd.oci.image.config.v1+json";
            let config = json!({"mediaType": config_type, "digest": digest_of(CONFIG), "size": CONFIG.len()});
            let media_type = Format::Oci.manifest_type();
            let manifest = json!({
                "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers,
                "annotations": {"name": format!("{repository}:{tag}")},
            });
            let bytes = Bytes::from(manifest.to_string());
            for reference in [tag.clone(), digest_of(&bytes)] {
                held.manifests.insert(format!("{repository}/manifests/{reference}"), (media_type, bytes.clone()));
            }
            held.tags.entry(repository.clone()).or_default().push(tag.clone());
        }
        let repositories = held.tags.keys().cloned().collect();
        let held = Arc::new(held);
        let server = Server::start(None, move |request| {
            let answer = read(&held, &request);
            async { answer }
        });
        Self { server, repositories }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

fn answer(status: StatusCode, headers: &[(&'static str, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

/// Answers HEAD and GET.
fn read(held: &Held, request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().strip_prefix("/v2/").unwrap_or_default();
    let not_found = || answer(StatusCode::NOT_FOUND, &[], full(r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#));
    if path.is_empty() {
        return answer(StatusCode::OK, &[], full("{}"));
    }
    if let Some(repository) = path.strip_suffix("/tags/list") {
        let tags = held.tags.get(repository);
        return tags
            .map_or_else(not_found, |tags| answer(StatusCode::OK, &[], full(json!({"tags": tags}).to_string())));
    }
    if let Some((media_type, bytes)) = held.manifests.get(path) {
        let digest = ("docker-content-digest", digest_of(bytes));
        let headers = [("content-type", (*media_type).to_owned()), ("content-length", bytes.len().to_string()), digest];
        let body = if request.method() == Method::HEAD { Bytes::new() } else { bytes.clone() };
        return answer(StatusCode::OK, &headers, full(body));
    }
    let Some(digest) = path.split_once("/blobs/").map(|(_, digest)| digest) else { return not_found() };
    if digest == digest_of(CONFIG) {
        return answer(StatusCode::OK, &[], full(CONFIG));
    }
    let Some((seed, size)) = held.blobs.get(digest) else { return not_found() };
    let frames = stream::iter(chunks(*seed, *size)).map(|chunk| Ok(Frame::data(chunk)));
    answer(StatusCode::OK, &[("content-length", size.to_string())], BodyExt::boxed(StreamBody::new(frames)))
}

struct Target(Server);

impl Target {
    fn start() -> Self {
        let held = Arc::new(Mutex::new(Held::default()));
        Self(Server::start(None, move |request| {
            let held = Arc::clone(&held);
            async move { write(&held, request).await }
        }))
    }

    fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

/// Answers everything; the bytes of blobs are read and dropped.
async fn write(held: &Mutex<Held>, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().strip_prefix("/v2/").unwrap_or_default().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let parameter = |name: &str| url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    let created = |digest: String| answer(StatusCode::CREATED, &[("docker-content-digest", digest)], full(""));
    match *request.method() {
        Method::POST => match parameter("mount") {
            Some((_, digest)) if held.lock().unwrap().blobs.contains_key(&*digest) => created(digest.into_owned()),
            _ => answer(StatusCode::ACCEPTED, &[("location", format!("/v2/{path}1"))], full("")),
        },
        Method::PUT => {
            if let Some((_, digest)) = parameter("digest") {
                let digest = digest.into_owned();
                let mut body = request.into_body();
                while let Some(frame) = body.frame().await {
                    if frame.is_err() {
                        return answer(StatusCode::BAD_REQUEST, &[], full(""));
                    }
                }
                held.lock().unwrap().blobs.insert(digest.clone(), (0, 0));
                return created(digest);
            }
            let bytes = request.into_body().collect().await.unwrap().to_bytes();
            let digest = digest_of(&bytes);
            let mut held = held.lock().unwrap();
            let (repository, tag) = path.split_once("/manifests/").unwrap();
            held.tags.entry(repository.to_owned()).or_default().push(tag.to_owned());
            held.manifests.insert(path.clone(), (Format::Oci.manifest_type(), bytes));
            created(digest)
        }
        _ => read(&held.lock().unwrap(), &request),
    }
}
