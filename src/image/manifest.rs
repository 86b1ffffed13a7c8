//! Manifests with their exact bytes, and what of them a sync needs to know.

use bytes::Bytes;
use oci_spec::image as oci;

use super::{Digest, MediaType, NameError, Platform};
use crate::diag::{Wording, say};

/// The bytes of a manifest as a registry served them; never re-serialised, so that the digest stays true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawManifest {
    pub media_type: MediaType,
    pub bytes: Bytes,
    pub digest: Digest,
}

/// A manifest that does not say what the specification asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.wording().english())]
pub struct ManifestError {
    pub digest: Digest,
    /// A verb phrase: "is not JSON: …".
    pub reason: Wording,
}

impl ManifestError {
    #[must_use]
    pub fn wording(&self) -> Wording {
        let Self { digest, reason } = self;
        say!("manifest {digest} {reason}", "清单 {digest} {reason}", digest, reason)
    }
}

/// What points at content: a blob, or a manifest below an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    pub media_type: MediaType,
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

/// One entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub descriptor: Descriptor,
    pub platform: Option<Platform>,
    /// Provenance or SBOM of a sibling (BuildKit writes them with platform `unknown/unknown`).
    pub attestation: bool,
}

impl Child {
    /// By its media type; else it is a blob, as in what `BuildKit` exports as a cache: an index of layers.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        let media_type = &self.descriptor.media_type;
        // Of those that nobody writes any more, too: they are told by their type once they are read.
        media_type.is_manifest() || media_type.as_str().contains("manifest")
    }
}

/// A parsed manifest; blobs and children in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    Image { config: Descriptor, layers: Vec<Descriptor>, oci_only: OciOnly },
    Index { children: Vec<Child>, oci_only: OciOnly },
}

/// What Docker's media types cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OciOnly {
    pub annotated: bool,
    /// The manifest that this one refers to.
    pub subject: Option<Descriptor>,
    pub artifact_type: Option<MediaType>,
}

impl OciOnly {
    /// Names of the fields that are there.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = [
            ("annotations", self.annotated),
            ("subject", self.subject.is_some()),
            ("artifactType", self.artifact_type.is_some()),
        ];
        fields.into_iter().filter(|(_, present)| *present).map(|(name, _)| name)
    }

    fn read(
        annotated: bool,
        subject: Option<&oci::Descriptor>,
        artifact_type: Option<&oci::MediaType>,
    ) -> Result<Self, Wording> {
        let artifact_type = artifact_type.map(|name| MediaType::parse(name.as_ref()));
        Ok(Self { annotated, subject: subject.map(descriptor).transpose()?, artifact_type })
    }
}

impl RawManifest {
    /// Largest manifest that registries take (4 MiB, Distribution's limit).
    pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

    /// Takes the type from the document's own `mediaType`, else from `content_type`, else from its shape.
    #[must_use]
    pub fn new(content_type: Option<&str>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Digest::sha256(&bytes);
        let media_type = declared_type(&bytes, content_type);
        Self { media_type, bytes, digest }
    }

    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor { media_type: self.media_type.clone(), digest: self.digest.clone(), size: self.bytes.len() as u64 }
    }

    /// Whether `digest` is the one of the bytes, by its own algorithm.
    #[must_use]
    pub fn is_called(&self, digest: &Digest) -> bool {
        *digest == self.digest || digest.algorithm() != self.digest.algorithm() && digest.matches(&self.bytes)
    }

    /// # Errors
    /// When the bytes are not an image manifest or an index.
    pub fn parse(&self) -> Result<Manifest, ManifestError> {
        let error = |reason: Wording| ManifestError { digest: self.digest.clone(), reason };
        match &self.media_type {
            MediaType::OciIndex | MediaType::DockerManifestList => {
                let index: oci::ImageIndex = serde_json::from_slice(&self.bytes).map_err(|e| {
                    error(say!("is not an index: {reason}", "不是索引：{reason}", reason = Wording::of_json(&e)))
                })?;
                parse_index(&index).map_err(error)
            }
            MediaType::OciManifest | MediaType::DockerManifest => {
                let image: oci::ImageManifest = serde_json::from_slice(&self.bytes).map_err(|e| {
                    error(say!(
                        "is not an image manifest: {reason}",
                        "不是镜像清单：{reason}",
                        reason = Wording::of_json(&e)
                    ))
                })?;
                parse_image(&image).map_err(error)
            }
            MediaType::DockerSchema1 => Err(error(say!(
                "is Docker schema 1, which registries stopped taking; pull it with an old Docker, push it again",
                "是 Docker schema 1，镜像仓库已不再接受；用旧版 Docker 拉取，再重新推送"
            ))),
            other => Err(error(say!(
                "has the media type `{other}`, which is no manifest",
                "的媒体类型是 `{other}`，不是清单",
                other
            ))),
        }
    }
}

fn declared_type(bytes: &[u8], content_type: Option<&str>) -> MediaType {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Probe {
        media_type: Option<String>,
        manifests: Option<serde::de::IgnoredAny>,
        schema_version: Option<u32>,
    }
    let probe: Option<Probe> = serde_json::from_slice(bytes).ok();
    if let Some(declared) = probe.as_ref().and_then(|probe| probe.media_type.as_deref()) {
        return MediaType::parse(declared);
    }
    let header = content_type.map(MediaType::parse);
    if let Some(header) = header
        && (header.is_manifest() || header == MediaType::DockerSchema1)
    {
        return header;
    }
    match probe {
        Some(Probe { schema_version: Some(1), .. }) => MediaType::DockerSchema1,
        Some(Probe { manifests: Some(_), .. }) => MediaType::OciIndex,
        _ => MediaType::OciManifest,
    }
}

fn descriptor(from: &oci::Descriptor) -> Result<Descriptor, Wording> {
    let digest = from.digest().to_string().parse().map_err(|error: NameError| {
        say!("has a bad descriptor: {reason}", "的描述符有误：{reason}", reason = error.message())
    })?;
    Ok(Descriptor { media_type: MediaType::parse(from.media_type().as_ref()), digest, size: from.size() })
}

fn parse_image(image: &oci::ImageManifest) -> Result<Manifest, Wording> {
    let annotated = image.annotations().as_ref().is_some_and(|map| !map.is_empty());
    Ok(Manifest::Image {
        config: descriptor(image.config())?,
        layers: image.layers().iter().map(descriptor).collect::<Result<_, _>>()?,
        oci_only: OciOnly::read(annotated, image.subject().as_ref(), image.artifact_type().as_ref())?,
    })
}

fn parse_index(index: &oci::ImageIndex) -> Result<Manifest, Wording> {
    let annotated = index.annotations().as_ref().is_some_and(|map| !map.is_empty());
    let oci_only = OciOnly::read(annotated, index.subject().as_ref(), index.artifact_type().as_ref())?;
    let children = index.manifests().iter().map(child).collect::<Result<_, _>>()?;
    Ok(Manifest::Index { children, oci_only })
}

fn child(from: &oci::Descriptor) -> Result<Child, Wording> {
    let platform = from.platform().as_ref().map(|platform| Platform {
        os: platform.os().to_string(),
        architecture: platform.architecture().to_string(),
        variant: platform.variant().clone(),
    });
    let annotated = from.annotations().as_ref().is_some_and(|annotations| {
        annotations.get("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest")
    });
    let unknown = platform.as_ref().is_some_and(|p| p.os == "unknown" && p.architecture == "unknown");
    Ok(Child { descriptor: descriptor(from)?, platform, attestation: annotated || unknown })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::sha256(text.as_bytes())
    }

    #[test]
    fn the_document_says_its_own_type() {
        let raw = RawManifest::new(Some("text/plain"), r#"{"schemaVersion":2,"manifests":[]}"#);
        assert_eq!(raw.media_type, MediaType::OciIndex);
        let raw = RawManifest::new(Some("application/vnd.docker.distribution.manifest.v2+json"), "{}");
        assert_eq!(raw.media_type, MediaType::DockerManifest);
        assert!(raw.parse().is_err());
    }

    #[test]
    fn attestations_are_seen() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
            {{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":7,"platform":{{"os":"linux","architecture":"arm","variant":"v7"}}}},
            {{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":7,"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#,
            digest("a"),
            digest("b")
        );
        let Manifest::Index { children, .. } = RawManifest::new(None, text).parse().unwrap() else {
            panic!("an index")
        };
        assert_eq!(children[0].platform.as_ref().unwrap().to_string(), "linux/arm/v7");
        assert_eq!([children[0].attestation, children[1].attestation], [false, true]);
    }
}
