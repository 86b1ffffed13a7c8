//! Images made from a seed: real layers that a container engine can unpack, in every manifest format that registries
//! store. The same seed gives the same bytes.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::http::Http;

/// Every manifest type, as a client lists them in `Accept`.
pub const MANIFEST_TYPES: [&str; 4] = [
    Format::Oci.manifest_type(),
    Format::Oci.index_type(),
    Format::Docker.manifest_type(),
    Format::Docker.index_type(),
];

/// The two families of media types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Oci,
    Docker,
}

impl Format {
    pub const fn manifest_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.manifest.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.v2+json",
        }
    }

    pub const fn index_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.index.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    const fn config_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.config.v1+json",
            Self::Docker => "application/vnd.docker.container.image.v1+json",
        }
    }

    const fn layer_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Docker => "application/vnd.docker.image.rootfs.diff.tar.gzip",
        }
    }
}

/// Bytes with the media type and digest under which they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub bytes: Vec<u8>,
    pub media_type: &'static str,
    pub digest: String,
}

impl Blob {
    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { digest: digest_of(&bytes), media_type, bytes }
    }

    fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// An image or an index: its manifest and everything that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub manifest: Blob,
    /// The config first, then the layers; empty for an index.
    pub blobs: Vec<Blob>,
    /// The manifests of an index.
    pub children: Vec<Artifact>,
    /// How an index lists this image; `None` for an index itself.
    listing: Option<Value>,
}

/// What an image is made from.
#[derive(Debug, Clone)]
pub struct Recipe {
    seed: u64,
    format: Format,
    platform: (&'static str, &'static str),
    layers: u64,
    layer_size: usize,
    created: &'static str,
    env: &'static [&'static str],
    zstd: bool,
    empty_config: bool,
}

/// One Linux image for amd64, in OCI format, with two small layers.
pub fn image(seed: u64) -> Recipe {
    Recipe {
        seed,
        format: Format::Oci,
        platform: ("linux", "amd64"),
        layers: 2,
        layer_size: 1024,
        created: "2024-01-01T00:00:00Z",
        env: &[],
        zstd: false,
        empty_config: false,
    }
}

impl Recipe {
    pub fn format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    pub fn platform(self, os: &'static str, architecture: &'static str) -> Self {
        Self { platform: (os, architecture), ..self }
    }

    /// Layers compressed with zstd, which OCI's media types only can name.
    pub fn zstd(self) -> Self {
        Self { zstd: true, ..self }
    }

    /// A config that says nothing, as tools write it that store other things than images.
    pub fn empty_config(self) -> Self {
        Self { empty_config: true, ..self }
    }

    fn layer(&self, tar: &[u8]) -> Blob {
        if self.zstd {
            let bytes = zstd::encode_all(tar, 3).expect("memory can be written to");
            return Blob::new("application/vnd.oci.image.layer.v1.tar+zstd", bytes);
        }
        Blob::new(self.format.layer_type(), gzip(tar))
    }

    /// RFC 3339.
    pub fn created(self, created: &'static str) -> Self {
        Self { created, ..self }
    }

    /// Variables that it sets, as `NAME=value`.
    pub fn env(self, env: &'static [&'static str]) -> Self {
        Self { env, ..self }
    }

    /// So many layers, each holding one file of `size` bytes that do not compress.
    pub fn layers(self, layers: u64, size: usize) -> Self {
        Self { layers, layer_size: size, ..self }
    }

    pub fn build(&self) -> Artifact {
        let (os, architecture) = self.platform;
        let tars: Vec<Vec<u8>> = (0..self.layers)
            .map(|layer| {
                let content = noise(self.seed.wrapping_mul(1000) + layer, self.layer_size);
                tar(&format!("data/{}-{layer}", self.seed), &content)
            })
            .collect();
        let said = json!({
            "architecture": architecture,
            "os": os,
            "created": self.created,
            "config": {"Cmd": ["/data"], "Env": self.env, "Labels": {"seed": self.seed.to_string()}},
            "rootfs": {"type": "layers", "diff_ids": tars.iter().map(|tar| digest_of(tar)).collect::<Vec<_>>()},
            "history": tars.iter().map(|_| json!({"created_by": "test"})).collect::<Vec<_>>(),
        });
        let config = if self.empty_config { json!({}) } else { said };
        let layers = tars.iter().map(|tar| self.layer(tar));
        let blobs: Vec<Blob> =
            [Blob::new(self.format.config_type(), to_bytes(&config))].into_iter().chain(layers).collect();
        let platform = json!({"platform": {"os": os, "architecture": architecture}});
        Artifact { manifest: manifest(self.format, &blobs), blobs, children: Vec::new(), listing: Some(platform) }
    }

    /// The same image for several platforms under one index; platforms share the seed and no bytes.
    pub fn index(&self, platforms: &[(&'static str, &'static str)]) -> Artifact {
        index(self.format, self.children(platforms))
    }

    /// The same, as `BuildKit` writes it: every platform with an attestation beside it.
    pub fn index_with_attestations(&self, platforms: &[(&'static str, &'static str)]) -> Artifact {
        let images = self.children(platforms);
        let attestations: Vec<Artifact> = images.iter().map(attestation).collect();
        index(self.format, images.into_iter().chain(attestations).collect())
    }

    fn children(&self, platforms: &[(&'static str, &'static str)]) -> Vec<Artifact> {
        let child = |(position, (os, architecture)): (u64, &(&'static str, &'static str))| {
            Self { seed: self.seed + (position << 32), ..self.clone() }.platform(os, architecture).build()
        };
        (0..).zip(platforms).map(child).collect()
    }
}

/// What `BuildKit` exports as a cache: an index that names layers and a list of them, and no manifest.
pub fn build_cache(seed: u64) -> Artifact {
    let layers = image(seed).build().blobs.into_iter().skip(1);
    let list = Blob::new("application/vnd.buildkit.cacheconfig.v0", br#"{"layers":[]}"#.to_vec());
    let blobs: Vec<Blob> = layers.chain([list]).collect();
    let entries: Vec<Value> = blobs.iter().map(Blob::descriptor).collect();
    let document = json!({"schemaVersion": 2, "mediaType": Format::Oci.index_type(), "manifests": entries});
    let manifest = Blob::new(Format::Oci.index_type(), to_bytes(&document));
    Artifact { manifest, blobs, children: Vec::new(), listing: None }
}

/// An index over images.
pub fn index(format: Format, children: Vec<Artifact>) -> Artifact {
    let entries: Vec<Value> = children.iter().map(entry).collect();
    let document = json!({"schemaVersion": 2, "mediaType": format.index_type(), "manifests": entries});
    let manifest = Blob::new(format.index_type(), to_bytes(&document));
    Artifact { manifest, blobs: Vec::new(), children, listing: None }
}

fn entry(child: &Artifact) -> Value {
    let mut entry = child.manifest.descriptor();
    let listing = child.listing.as_ref().and_then(Value::as_object).expect("only images stand in an index");
    entry.as_object_mut().expect("a descriptor is an object").extend(listing.clone());
    entry
}

/// An in-toto statement about an image, stored as `BuildKit` does.
fn attestation(image: &Artifact) -> Artifact {
    let statement =
        json!({"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"digest": image.manifest.digest}]});
    let layer = Blob::new("application/vnd.in-toto+json", to_bytes(&statement));
    let config = json!({
        "architecture": "unknown", "os": "unknown",
        "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
    });
    let blobs = vec![Blob::new(Format::Oci.config_type(), to_bytes(&config)), layer];
    let listing = json!({
        "annotations": {
            "vnd.docker.reference.digest": image.manifest.digest,
            "vnd.docker.reference.type": "attestation-manifest",
        },
        "platform": {"os": "unknown", "architecture": "unknown"},
    });
    Artifact { manifest: manifest(Format::Oci, &blobs), blobs, children: Vec::new(), listing: Some(listing) }
}

/// What refers to an image: a document of a type of its own, as signers and scanners write it.
pub fn referrer(subject: &Artifact, artifact_type: &'static str, text: &str) -> Artifact {
    let blobs = vec![
        Blob::new("application/vnd.oci.empty.v1+json", b"{}".to_vec()),
        Blob::new("application/octet-stream", text.as_bytes().to_vec()),
    ];
    let document = json!({
        "schemaVersion": 2,
        "mediaType": Format::Oci.manifest_type(),
        "artifactType": artifact_type,
        "config": blobs[0].descriptor(),
        "layers": [blobs[1].descriptor()],
        "subject": subject.manifest.descriptor(),
        "annotations": {"text": text},
    });
    let manifest = Blob::new(Format::Oci.manifest_type(), to_bytes(&document));
    Artifact { manifest, blobs, children: Vec::new(), listing: Some(json!({"artifactType": artifact_type})) }
}

fn manifest(format: Format, blobs: &[Blob]) -> Blob {
    let (config, layers) = blobs.split_first().expect("an image has a config");
    let document = json!({
        "schemaVersion": 2,
        "mediaType": format.manifest_type(),
        "config": config.descriptor(),
        "layers": layers.iter().map(Blob::descriptor).collect::<Vec<_>>(),
    });
    Blob::new(format.manifest_type(), to_bytes(&document))
}

impl Artifact {
    pub fn digest(&self) -> &str {
        &self.manifest.digest
    }

    /// An index that names nothing but this one.
    pub fn nested(self) -> Self {
        let document = json!({"schemaVersion": 2, "mediaType": self.manifest.media_type, "manifests": [self.manifest.descriptor()]});
        let manifest = Blob::new(self.manifest.media_type, to_bytes(&document));
        Self { manifest, blobs: Vec::new(), children: vec![self], listing: None }
    }

    /// The same index, which does not say what its images are for.
    pub fn without_platforms(mut self) -> Self {
        let mut document: Value = serde_json::from_slice(&self.manifest.bytes).expect("an index is JSON");
        for entry in document["manifests"].as_array_mut().expect("an index has entries") {
            entry.as_object_mut().expect("a descriptor is an object").remove("platform");
        }
        self.manifest = Blob::new(self.manifest.media_type, to_bytes(&document));
        self
    }

    /// Every blob of this image, or of all images of this index.
    pub fn all_blobs(&self) -> Vec<&Blob> {
        self.blobs.iter().chain(self.children.iter().flat_map(Self::all_blobs)).collect()
    }

    /// Uploads everything, in the order that registries demand, and tags it.
    #[track_caller]
    pub fn push(&self, registry: &Http, repository: &str, tag: &str) {
        self.push_as(registry, repository, tag);
    }

    #[track_caller]
    pub fn push_as(&self, registry: &Http, repository: &str, reference: &str) {
        for blob in &self.blobs {
            push_blob(registry, repository, blob);
        }
        for child in &self.children {
            child.push_as(registry, repository, child.digest());
        }
        let path = format!("/v2/{repository}/manifests/{reference}");
        let headers = [("Content-Type", self.manifest.media_type)];
        registry.send(Method::PUT, &path, &headers, self.manifest.bytes.clone()).expect_status(201);
    }

    /// Adds everything to an OCI image layout folder, which is made when it is missing, and tags it.
    pub fn write_layout(&self, folder: &Path, tag: &str) {
        std::fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        self.write_blobs(folder);
        let path = folder.join("index.json");
        let mut index = std::fs::read(&path).map_or_else(
            |_| json!({"schemaVersion": 2, "mediaType": Format::Oci.index_type(), "manifests": []}),
            |bytes| serde_json::from_slice(&bytes).unwrap(),
        );
        let mut entry = self.manifest.descriptor();
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
        index["manifests"].as_array_mut().expect("a list of manifests").push(entry);
        std::fs::write(path, to_bytes(&index)).unwrap();
    }

    fn write_blobs(&self, folder: &Path) {
        for blob in self.blobs.iter().chain([&self.manifest]) {
            let hex = blob.digest.strip_prefix("sha256:").expect("made with SHA-256");
            std::fs::write(folder.join("blobs/sha256").join(hex), &blob.bytes).unwrap();
        }
        for child in &self.children {
            child.write_blobs(folder);
        }
    }
}

/// Uploads one blob: a POST and a PUT.
#[track_caller]
pub fn push_blob(registry: &Http, repository: &str, blob: &Blob) {
    let begun = registry.send(Method::POST, &format!("/v2/{repository}/blobs/uploads/"), &[], Vec::new());
    let location = begun.expect_status(202).header("location").to_owned();
    let separator = if location.contains('?') { '&' } else { '?' };
    let url = format!("{location}{separator}digest={}", blob.digest);
    let headers = [("Content-Type", "application/octet-stream")];
    registry.send(Method::PUT, &url, &headers, blob.bytes.clone()).expect_status(201);
}

pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn to_bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("JSON values serialize")
}

/// Bytes that look random and are the same for the same seed (xorshift).
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15) | 1;
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

/// A ustar archive of one file.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", content.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let checksum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{checksum:06o}\0 ").as_bytes());

    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

/// A gzip member of stored blocks (RFC 1951 3.2.4, RFC 1952): noise would not get smaller anyway.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = content.chunks(0xFFFF).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("chunks fit");
        member.push(u8::from(blocks.peek().is_none()));
        member.extend_from_slice(&length.to_le_bytes());
        member.extend_from_slice(&(!length).to_le_bytes());
        member.extend_from_slice(block);
    }
    member.extend_from_slice(&crc32(content).to_le_bytes());
    let size = u32::try_from(content.len() % (1 << 32)).expect("a remainder fits");
    member.extend_from_slice(&size.to_le_bytes());
    member
}

fn crc32(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|index| {
        let index = u32::try_from(index).expect("at most 255");
        (0..8).fold(index, |value, _| if value & 1 == 1 { 0xEDB8_8320 ^ (value >> 1) } else { value >> 1 })
    });
    !bytes.iter().fold(u32::MAX, |crc, byte| table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8))
}
