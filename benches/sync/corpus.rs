//! Images from a seed: base layers that repositories share, layers that the tags of a repository share, and what every
//! tag has alone; every tenth tag is an index of two platforms.

use std::fmt;

use reqwest::Method;
use serde_json::{Value, json};

use crate::interrupt::{self, Interrupted};
use crate::registry::Registry;
use crate::support::content::{Blob, Format, digest_of, push_blob};
use crate::support::http::Http;

const MIB: u64 = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub repositories: u64,
    /// Of all repositories.
    pub tags: u64,
    /// Unique MiB.
    pub mib: u64,
    pub seed: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self { repositories: 40, tags: 1_200, mib: 2_048, seed: 1 }
    }
}

/// Layers by what shares them, with their sizes in bytes: an eighth of all bytes is in base layers, three eighths in
/// layers of several tags, and half in layers of one tag.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    base: u64,
    middle: u64,
    own: u64,
}

/// Repositories that share a base layer, tags that share a middle layer, and tags of which one is an index.
const PER_BASE: u64 = 5;
const PER_MIDDLE: u64 = 5;
const PER_INDEX: u64 = 10;

impl Shape {
    pub fn tags_each(&self) -> u64 {
        self.tags.div_ceil(self.repositories)
    }

    pub fn repository(index: u64) -> String {
        format!("bench/app-{index:02}")
    }

    pub fn tag((_, tag): (u64, u64)) -> String {
        format!("v1.{tag}")
    }

    /// The index of repository and tag, in the order of pushing.
    pub fn images(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let (each, tags) = (self.tags_each(), self.tags);
        (0..tags).map(move |image| (image / each, image % each))
    }

    fn middles(&self) -> u64 {
        self.images().filter(|(_, tag)| tag % PER_MIDDLE == 0).count() as u64
    }

    pub fn sizes(&self) -> Sizes {
        let bytes = self.mib * MIB;
        let own = self.tags + self.tags.div_ceil(PER_INDEX);
        Sizes {
            base: bytes / 8 / self.repositories.div_ceil(PER_BASE),
            middle: bytes * 3 / 8 / self.middles().max(1),
            own: bytes / 2 / own,
        }
    }

    /// The layers of one image, each with the seed and the size of its bytes; `platform` is 0 or 1.
    pub fn layers(&self, (repository, tag): (u64, u64), platform: u64) -> [(u64, u64); 3] {
        let Sizes { base, middle, own } = self.sizes();
        let place = repository * self.tags_each() + tag;
        let seed = |kind: u64, number: u64| (self.seed << 40) + (kind << 32) + number;
        [
            (seed(1, repository / PER_BASE), base),
            (seed(2, repository * self.tags_each() + tag / PER_MIDDLE), middle),
            (seed(3 + platform, place), own),
        ]
    }

    pub fn is_index((_, tag): (u64, u64)) -> bool {
        tag % PER_INDEX == PER_INDEX - 1
    }
}

/// A corpus in a registry.
#[derive(Debug)]
pub struct Corpus {
    shape: Shape,
    /// Bytes of distinct blobs.
    unique: u64,
    blobs: usize,
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { repositories, tags, seed, .. } = self.shape;
        let (blobs, mib) = (self.blobs, self.unique / MIB);
        write!(f, "{repositories} repositories, {tags} tags, {blobs} blobs, {mib} MiB unique, seed {seed}")
    }
}

impl Corpus {
    /// Makes the corpus and pushes it, each blob once.
    pub fn push(shape: &Shape, registry: &Registry) -> Result<Self, Interrupted> {
        let mut pusher = Pusher { http: registry.http(), homes: Homes::new(), unique: 0 };
        for image in shape.images() {
            interrupt::check()?;
            pusher.image(shape, image);
        }
        Ok(Self { shape: shape.clone(), unique: pusher.unique, blobs: pusher.homes.len() })
    }

    pub fn repositories(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.shape.tags.div_ceil(self.shape.tags_each())).map(Shape::repository)
    }

    /// The path of every tag's manifest.
    pub fn manifests(&self) -> impl Iterator<Item = String> + use<> {
        self.shape.images().map(|image| format!("/v2/{}/manifests/{}", Shape::repository(image.0), Shape::tag(image)))
    }

    /// A tool that leaves something out is not fast: every tag is there, and every byte.
    pub fn assert_whole(&self, target: &Registry) {
        let http = target.http();
        let tags: usize = self
            .repositories()
            .map(|repository| {
                let list = http.get(&format!("/v2/{repository}/tags/list")).expect_status(200).json();
                list["tags"].as_array().map_or(0, Vec::len)
            })
            .sum();
        assert_eq!(tags as u64, self.shape.tags, "not every tag arrived");
        assert!(target.stored() >= self.unique, "not every byte arrived");
    }
}

/// Where each blob is, by digest.
type Homes = std::collections::HashMap<String, Vec<String>>;

struct Pusher {
    http: Http,
    homes: Homes,
    unique: u64,
}

impl Pusher {
    fn image(&mut self, shape: &Shape, image: (u64, u64)) {
        let (repository, tag) = (Shape::repository(image.0), Shape::tag(image));
        if !Shape::is_index(image) {
            self.manifest(&repository, &tag, shape, image, 0);
            return;
        }
        let children: Vec<Value> = (0..2)
            .map(|platform| {
                let mut entry = self.manifest(&repository, "", shape, image, platform);
                let architecture = architecture(platform);
                entry["platform"] = json!({"os": "linux", "architecture": architecture});
                entry
            })
            .collect();
        let media_type = Format::Oci.index_type();
        self.put(&repository, &tag, &json!({"schemaVersion": 2, "mediaType": media_type, "manifests": children}));
    }

    /// Pushes one image under a tag, or under its digest where there is none; returns its descriptor.
    fn manifest(&mut self, repository: &str, tag: &str, shape: &Shape, image: (u64, u64), platform: u64) -> Value {
        let layers = shape.layers(image, platform);
        let layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        let layers = layers.map(|(seed, size)| self.blob(repository, layer_type, noise(seed, size)));
        let config = json!({
            "architecture": architecture(platform), "os": "linux", "config": {"Labels": {"tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": layers.each_ref().map(|layer| layer["digest"].clone())},
            "seed": shape.seed + image.0,
        });
        let config_type = "application/vnd.oci.image.config.v1+json";
        let config = self.blob(repository, config_type, config.to_string().into_bytes());
        let media_type = Format::Oci.manifest_type();
        let document = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
        self.put(repository, tag, &document)
    }

    fn put(&self, repository: &str, tag: &str, document: &Value) -> Value {
        let (media_type, bytes) = (document["mediaType"].as_str().unwrap(), document.to_string().into_bytes());
        let digest = digest_of(&bytes);
        let descriptor = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
        let path = format!("/v2/{repository}/manifests/{}", if tag.is_empty() { &digest } else { tag });
        self.http.send(Method::PUT, &path, &[("Content-Type", media_type)], bytes).expect_status(201);
        descriptor
    }

    fn blob(&mut self, repository: &str, media_type: &'static str, bytes: Vec<u8>) -> Value {
        let blob = Blob { digest: digest_of(&bytes), media_type, bytes };
        let descriptor = json!({"mediaType": media_type, "digest": blob.digest, "size": blob.bytes.len()});
        let homes = self.homes.entry(blob.digest.clone()).or_default();
        if let Some(home) = homes.first().filter(|_| !homes.iter().any(|home| home == repository)) {
            let path = format!("/v2/{repository}/blobs/uploads/?mount={}&from={home}", blob.digest);
            self.http.send(Method::POST, &path, &[], Vec::new()).expect_status(201);
        } else if homes.is_empty() {
            self.unique += blob.bytes.len() as u64;
            push_blob(&self.http, repository, &blob);
        }
        if !homes.iter().any(|home| home == repository) {
            homes.push(repository.to_owned());
        }
        descriptor
    }
}

fn architecture(platform: u64) -> &'static str {
    if platform == 0 { "amd64" } else { "arm64" }
}

/// Bytes that look random and are the same for the same seed (xorshift).
pub fn noise(seed: u64, length: u64) -> Vec<u8> {
    let length = usize::try_from(length).unwrap();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
