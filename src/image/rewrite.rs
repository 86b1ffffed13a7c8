//! Explicit changes of an image on its way: platform subset, attestations dropped, OCI to Docker media types.
//!
//! Pure and deterministic, so that the plan can say the digest that a rewrite produces. Only manifests change;
//! config and layer blobs keep their digests. The exception are layers compressed with zstd, which Docker's media types
//! cannot name: what they become is known only once they have been compressed again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Child, Descriptor, Digest, Manifest, ManifestError, MediaType, Platform, RawManifest};
use crate::diag::{Wording, say};

/// What to change; the default changes nothing, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// Children of an index to keep; empty keeps all.
    pub platforms: Vec<Platform>,
    pub drop_attestations: bool,
    /// Docker media types instead of OCI's, as SWR Basic requires.
    pub docker_media_types: bool,
}

/// A whole image, ready to be copied: blobs first, then `manifests` in order, the last of them under the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageTree {
    /// Children before the index that names them; the root is the last.
    pub manifests: Vec<RawManifest>,
    /// Every blob once, in order of first mention; without those to be recompressed.
    pub blobs: Vec<Descriptor>,
    /// Layers to be compressed with gzip instead. As long as there are any, the manifests name them as the source has
    /// them: their digests mean nothing, and they must not be written.
    pub recompress: Vec<Descriptor>,
    /// What the rewrite takes away, in the user's words; empty when bytes are untouched.
    pub losses: Vec<Wording>,
    /// What of the source had to be read to know all this: manifests, and perhaps a config.
    pub reads: BTreeSet<Digest>,
}

impl ImageTree {
    /// # Panics
    /// Never: a tree is built with its root.
    #[must_use]
    pub fn root(&self) -> &RawManifest {
        self.manifests.last().expect("a tree has a root")
    }

    /// The digest that the tag will hold, where it is known yet.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.recompress.is_empty().then(|| &self.root().digest)
    }

    /// The tree once its layers were recompressed; `layers` are their new descriptors, by the digest at the source.
    #[must_use]
    pub fn with_recompressed(&self, layers: &BTreeMap<Digest, Descriptor>) -> Self {
        if layers.is_empty() {
            return self.clone();
        }
        let mut renamed = layers.clone();
        let renew = |raw: &RawManifest| {
            let written = with_descriptors(raw, &renamed);
            renamed.insert(raw.digest.clone(), written.descriptor());
            written
        };
        let manifests = self.manifests.iter().map(renew).collect();
        let (known, recompress): (Vec<_>, Vec<_>) =
            self.recompress.iter().cloned().partition(|layer| layers.contains_key(&layer.digest));
        let mut blobs = self.blobs.clone();
        blobs.extend(known.iter().map(|layer| layers[&layer.digest].clone()));
        Self { manifests, blobs, recompress, ..self.clone() }
    }
}

/// `raw` with the entries of its layers or children that have another digest now.
fn with_descriptors(raw: &RawManifest, renamed: &BTreeMap<Digest, Descriptor>) -> RawManifest {
    let mut document: Map<String, Value> = serde_json::from_slice(&raw.bytes).unwrap_or_default();
    let mut changed = false;
    let lists = document.iter_mut().filter(|(name, _)| matches!(name.as_str(), "layers" | "manifests"));
    for entry in lists.filter_map(|(_, list)| list.as_array_mut()).flatten() {
        let digest = entry.get("digest").and_then(Value::as_str).and_then(|text| text.parse::<Digest>().ok());
        let renamed = digest.and_then(|digest| renamed.get(&digest).filter(|now| now.digest != digest));
        if let (Some(now), Some(entry)) = (renamed, entry.as_object_mut()) {
            entry.insert("digest".to_owned(), json!(now.digest));
            entry.insert("size".to_owned(), json!(now.size));
            changed = true;
        }
    }
    if changed { RawManifest::new(None, Value::Object(document).to_string()) } else { raw.clone() }
}

/// Why an image cannot be rewritten as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.wording().english())]
pub enum RewriteError {
    Manifest(#[from] ManifestError),
    MissingChild(Digest),
    NoSuchPlatform(String),
    OtherPlatform { found: Platform, wanted: String },
    UnknownPlatform(Digest),
    Artifact { digest: Digest, config: MediaType },
    Layer { digest: Digest, layer: MediaType },
    TooDeep,
}

impl RewriteError {
    #[must_use]
    pub fn wording(&self) -> Wording {
        match self {
            Self::Manifest(error) => error.wording(),
            Self::MissingChild(child) => {
                say!("child manifest {child} of the index is missing", "缺少索引的子清单 {child}", child)
            }
            Self::NoSuchPlatform(wanted) => {
                say!("no child of the index is for {wanted}", "索引里没有 {wanted} 的子清单", wanted)
            }
            Self::OtherPlatform { found, wanted } => say!(
                "the image is for {found} alone, not for {wanted}",
                "镜像只适用于 {found}，不适用于 {wanted}",
                found,
                wanted
            ),
            Self::UnknownPlatform(config) => say!(
                "the config {config} does not say which platform the image is for",
                "配置 {config} 没有写明镜像适用的平台",
                config
            ),
            Self::Artifact { digest, config } => say!(
                "manifest {digest} has the config type `{config}`: an artifact, which Docker media types cannot hold",
                "清单 {digest} 的配置类型是 `{config}`：这是制品，Docker 媒体类型无法表示",
                digest,
                config
            ),
            Self::Layer { digest, layer } => say!(
                "manifest {digest} has a layer of type `{layer}`, which Docker media types cannot name",
                "清单 {digest} 有 `{layer}` 类型的层，Docker 媒体类型无法表示",
                digest,
                layer
            ),
            Self::TooDeep => {
                say!("indexes are nested deeper than {most} levels", "索引嵌套超过 {most} 层", most = MAX_DEPTH)
            }
        }
    }
}

/// What recompressed layers are at the target.
pub const DOCKER_GZIP_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Nested indexes beyond this are refused, not followed.
pub const MAX_DEPTH: usize = 4;

/// Applies `rewrite` to the image of `root`; `children` holds every manifest below it that is kept.
///
/// # Errors
/// When a manifest is malformed or missing, no child has a wanted platform, or Docker's types cannot hold it.
pub fn rewrite(
    root: &RawManifest,
    children: &BTreeMap<Digest, RawManifest>,
    rewrite: &Rewrite,
) -> Result<ImageTree, RewriteError> {
    let reads = children.keys().chain([&root.digest]).cloned().collect();
    let tree = ImageTree { manifests: vec![], blobs: vec![], recompress: vec![], losses: vec![], reads };
    let mut work = Work { children, rewrite, written: BTreeMap::new(), tree };
    work.manifest(root, 0)?;
    let mut seen = BTreeSet::new();
    work.tree.blobs.retain(|blob| seen.insert(blob.digest.clone()));
    work.tree.recompress.retain(|blob| seen.insert(blob.digest.clone()));
    let mut seen = BTreeSet::new();
    work.tree.manifests.retain(|manifest| seen.insert(manifest.digest.clone()));
    Ok(work.tree)
}

/// Digests of the children of `index` that `rewrite` keeps: what has to be read before rewriting.
#[must_use]
pub fn wanted_children(manifest: &Manifest, rewrite: &Rewrite) -> Vec<Descriptor> {
    match manifest {
        Manifest::Image { .. } => vec![],
        Manifest::Index { children, .. } => {
            children.iter().filter(|child| rewrite.keeps(child, children)).map(|c| c.descriptor.clone()).collect()
        }
    }
}

impl Rewrite {
    #[must_use]
    pub fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    /// The platforms to keep, for people.
    #[must_use]
    pub fn platform_list(&self) -> String {
        let platforms: Vec<String> = self.platforms.iter().map(ToString::to_string).collect();
        platforms.join(", ")
    }

    /// Must an image of this type be read to know the digest that the rewrite gives it?
    #[must_use]
    pub fn needs_content(&self, media_type: &MediaType) -> bool {
        match media_type {
            MediaType::DockerManifest => false,
            MediaType::OciManifest => self.docker_media_types,
            _ => !self.is_identity(),
        }
    }

    fn keeps(&self, child: &Child, siblings: &[Child]) -> bool {
        if child.attestation {
            // An attestation belongs to one image; with a subset it could speak of a child that is gone.
            return !self.drop_attestations && !self.docker_media_types && self.platforms.is_empty();
        }
        let wanted = |platform: &Platform| self.platforms.iter().any(|wanted| wanted.selects(platform));
        self.platforms.is_empty()
            || child.platform.as_ref().is_some_and(wanted)
            || (child.descriptor.media_type.is_index() && siblings.iter().all(|sibling| sibling.platform.is_none()))
    }
}

struct Work<'a> {
    children: &'a BTreeMap<Digest, RawManifest>,
    rewrite: &'a Rewrite,
    /// What manifests became, by their old digest: indexes that name one manifest again and again cost nothing.
    written: BTreeMap<Digest, Descriptor>,
    tree: ImageTree,
}

impl Work<'_> {
    fn manifest(&mut self, raw: &RawManifest, depth: usize) -> Result<Descriptor, RewriteError> {
        if depth > MAX_DEPTH {
            return Err(RewriteError::TooDeep);
        }
        if let Some(written) = self.written.get(&raw.digest) {
            return Ok(written.clone());
        }
        let written = match raw.parse()? {
            Manifest::Image { config, layers, oci_only } => self.image(raw, config, layers, &oci_only)?,
            Manifest::Index { children, oci_only } => self.index(raw, &children, &oci_only, depth)?,
        };
        let descriptor = written.descriptor();
        self.tree.manifests.push(written);
        self.written.insert(raw.digest.clone(), descriptor.clone());
        Ok(descriptor)
    }

    fn image(
        &mut self,
        raw: &RawManifest,
        config: Descriptor,
        layers: Vec<Descriptor>,
        oci_only: &[&str],
    ) -> Result<RawManifest, RewriteError> {
        let written = if self.rewrite.docker_media_types {
            let written = docker_image(raw, &config, &layers)?;
            if raw.media_type != written.media_type {
                self.tree.losses.extend(oci_only.iter().map(|field| {
                    say!("{field} of {digest}", "{digest} 的 {field}", field, digest = raw.digest.short())
                }));
            }
            written
        } else {
            raw.clone()
        };
        self.tree.blobs.push(config);
        let layers = layers.into_iter().filter(|layer| !layer.media_type.is_foreign_layer());
        let (recompress, blobs): (Vec<_>, Vec<_>) =
            layers.partition(|layer| self.rewrite.docker_media_types && layer.media_type.is_zstd_layer());
        self.tree.recompress.extend(recompress);
        self.tree.blobs.extend(blobs);
        Ok(written)
    }

    fn index(
        &mut self,
        raw: &RawManifest,
        children: &[Child],
        oci_only: &[&str],
        depth: usize,
    ) -> Result<RawManifest, RewriteError> {
        let mut kept = BTreeMap::new();
        for child in children.iter().filter(|child| self.rewrite.keeps(child, children)) {
            let digest = &child.descriptor.digest;
            let raw = self.children.get(digest).ok_or_else(|| RewriteError::MissingChild(digest.clone()))?;
            kept.insert(digest.clone(), self.manifest(raw, depth + 1)?);
        }
        if kept.is_empty() && !children.is_empty() {
            return Err(RewriteError::NoSuchPlatform(self.rewrite.platform_list()));
        }
        self.report_dropped(children, &kept);
        let to_docker = self.rewrite.docker_media_types && raw.media_type != MediaType::DockerManifestList;
        if to_docker {
            self.tree.losses.extend(oci_only.iter().map(|field| say!("{field} of the index", "索引的 {field}", field)));
        }
        let untouched = children.iter().all(|child| kept.get(&child.descriptor.digest) == Some(&child.descriptor));
        if untouched && !to_docker {
            return Ok(raw.clone());
        }
        Ok(write_index(raw, &kept, self.rewrite.docker_media_types))
    }

    fn report_dropped(&mut self, children: &[Child], kept: &BTreeMap<Digest, Descriptor>) {
        let is_there = |wanted: &&Platform| {
            children.iter().filter_map(|child| child.platform.as_ref()).any(|there| wanted.selects(there))
        };
        let lacking = self.rewrite.platforms.iter().filter(|wanted| !is_there(wanted));
        // An index of indexes tells platforms one level down.
        if children.iter().any(|child| child.platform.is_some()) {
            self.tree.losses.extend(lacking.map(|platform| {
                say!("platform {platform} (the source has none)", "平台 {platform}（源里没有）", platform)
            }));
        }
        let dropped = children.iter().filter(|child| !kept.contains_key(&child.descriptor.digest));
        let (attestations, platforms): (Vec<_>, Vec<_>) = dropped.partition(|child| child.attestation);
        let losses = &mut self.tree.losses;
        losses.extend(platforms.iter().map(|child| match &child.platform {
            Some(platform) => say!("platform {platform}", "平台 {platform}", platform),
            None => say!("child {digest}", "子清单 {digest}", digest = child.descriptor.digest.short()),
        }));
        if !attestations.is_empty() {
            losses.push(Wording::counted(attestations.len(), &say!("attestation", "个构建证明")));
        }
    }
}

fn docker_image(raw: &RawManifest, config: &Descriptor, layers: &[Descriptor]) -> Result<RawManifest, RewriteError> {
    if !matches!(config.media_type, MediaType::OciConfig | MediaType::DockerConfig) {
        return Err(RewriteError::Artifact { digest: raw.digest.clone(), config: config.media_type.clone() });
    }
    if raw.media_type == MediaType::DockerManifest && !layers.iter().any(|layer| layer.media_type.is_zstd_layer()) {
        return Ok(raw.clone());
    }
    let layers = layers
        .iter()
        .map(|layer| {
            let media_type = docker_layer(&layer.media_type)
                .ok_or_else(|| RewriteError::Layer { digest: raw.digest.clone(), layer: layer.media_type.clone() })?;
            Ok(json!({ "mediaType": media_type, "size": layer.size, "digest": layer.digest }))
        })
        .collect::<Result<Vec<_>, RewriteError>>()?;
    let document = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DockerManifest,
        "config": { "mediaType": MediaType::DockerConfig, "size": config.size, "digest": config.digest },
        "layers": layers,
    });
    Ok(RawManifest::new(None, document.to_string()))
}

/// What Docker calls a layer of this type; one of zstd is gzip by then.
fn docker_layer(media_type: &MediaType) -> Option<&str> {
    match media_type.as_str() {
        _ if media_type.is_zstd_layer() => Some(DOCKER_GZIP_LAYER),
        "application/vnd.oci.image.layer.v1.tar+gzip" => Some(DOCKER_GZIP_LAYER),
        "application/vnd.oci.image.layer.v1.tar" => Some("application/vnd.docker.image.rootfs.diff.tar"),
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" => {
            Some("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
        }
        docker if docker.starts_with("application/vnd.docker.image.rootfs.") => Some(docker),
        _ => None,
    }
}

/// `raw` with only the `kept` children, each with its new descriptor. Fields that this tool does not know stay.
fn write_index(raw: &RawManifest, kept: &BTreeMap<Digest, Descriptor>, docker: bool) -> RawManifest {
    let mut document: Map<String, Value> = serde_json::from_slice(&raw.bytes).unwrap_or_default();
    if let Some(Value::Array(entries)) = document.get_mut("manifests") {
        entries.retain_mut(|entry| keep_entry(entry, kept, docker));
    }
    if docker {
        document.retain(|key, _| matches!(key.as_str(), "schemaVersion" | "manifests"));
        document.insert("mediaType".to_owned(), json!(MediaType::DockerManifestList));
    }
    RawManifest::new(Some(raw.media_type.as_str()), Value::Object(document).to_string())
}

fn keep_entry(entry: &mut Value, kept: &BTreeMap<Digest, Descriptor>, docker: bool) -> bool {
    let digest = entry.get("digest").and_then(Value::as_str).and_then(|text| text.parse::<Digest>().ok());
    let Some(descriptor) = digest.and_then(|digest| kept.get(&digest)) else { return false };
    let Some(entry) = entry.as_object_mut() else { return false };
    if docker {
        entry.retain(|key, _| key == "platform");
    }
    entry.insert("mediaType".to_owned(), json!(descriptor.media_type));
    entry.insert("size".to_owned(), json!(descriptor.size));
    entry.insert("digest".to_owned(), json!(descriptor.digest));
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::same_content;

    fn image(layer: &str, layer_type: &str) -> RawManifest {
        let document = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OciManifest,
            "config": { "mediaType": MediaType::OciConfig, "size": 2, "digest": Digest::sha256(b"{}") },
            "layers": [{ "mediaType": layer_type, "size": 3, "digest": Digest::sha256(layer.as_bytes()) }],
            "annotations": { "a": "b" },
        });
        RawManifest::new(None, document.to_string())
    }

    fn index(children: &[(&RawManifest, &str)]) -> RawManifest {
        let entries: Vec<Value> = children
            .iter()
            .map(|(child, platform)| {
                let (os, architecture) = platform.split_once('/').unwrap();
                json!({ "mediaType": child.media_type, "size": child.bytes.len(), "digest": child.digest,
                        "platform": { "os": os, "architecture": architecture }, "x-unknown": 1 })
            })
            .collect();
        let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": entries });
        RawManifest::new(None, document.to_string())
    }

    const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

    fn multi_platform() -> (RawManifest, BTreeMap<Digest, RawManifest>) {
        let (amd, arm, attestation) = (image("amd", GZIP), image("arm", GZIP), image("sbom", "application/json"));
        let root = index(&[(&amd, "linux/amd64"), (&arm, "linux/arm64"), (&attestation, "unknown/unknown")]);
        (root, [amd, arm, attestation].into_iter().map(|raw| (raw.digest.clone(), raw)).collect())
    }

    #[test]
    fn the_identity_keeps_every_byte() {
        let (root, children) = multi_platform();
        let tree = rewrite(&root, &children, &Rewrite::default()).unwrap();
        assert_eq!(tree.root(), &root);
        assert_eq!((tree.manifests.len(), tree.blobs.len(), tree.losses.len()), (4, 4, 0));
    }

    #[test]
    fn a_subset_stays_an_index_with_its_unknown_fields() {
        let (root, children) = multi_platform();
        let wanted = Rewrite { platforms: vec!["linux/arm64".parse().unwrap()], ..Rewrite::default() };
        let tree = rewrite(&root, &children, &wanted).unwrap();
        let Manifest::Index { children: kept, .. } = tree.root().parse().unwrap() else { panic!("an index") };
        assert_eq!(kept.len(), 1);
        assert!(String::from_utf8_lossy(&tree.root().bytes).contains("x-unknown"));
        assert_eq!(
            tree.losses.iter().map(Wording::english).collect::<Vec<_>>(),
            ["platform linux/amd64", "1 attestation"]
        );
        let more =
            Rewrite { platforms: vec!["linux/arm64".parse().unwrap(), "linux/s390x".parse().unwrap()], ..wanted };
        let losses = rewrite(&root, &children, &more).unwrap().losses;
        assert!(losses.iter().any(|loss| loss.english() == "platform linux/s390x (the source has none)"), "{losses:?}");
        let nothing = Rewrite { platforms: vec!["plan9/mips".parse().unwrap()], ..Rewrite::default() };
        assert!(matches!(rewrite(&root, &children, &nothing), Err(RewriteError::NoSuchPlatform(_))));
    }

    #[test]
    fn indexes_that_repeat_their_children_are_cheap() {
        let image = image("x", GZIP);
        let mut children = BTreeMap::from([(image.digest.clone(), image.clone())]);
        let mut root = image;
        for _ in 0..MAX_DEPTH {
            root = index(&vec![(&root, "linux/amd64"); 300]);
            children.insert(root.digest.clone(), root.clone());
        }
        let tree = rewrite(&root, &children, &Rewrite::default()).unwrap();
        assert_eq!((tree.root(), tree.manifests.len(), tree.blobs.len()), (&root, MAX_DEPTH + 1, 2));
    }

    #[test]
    fn docker_types_all_the_way_down_and_stable() {
        let (root, children) = multi_platform();
        let docker = Rewrite { docker_media_types: true, ..Rewrite::default() };
        let tree = rewrite(&root, &children, &docker).unwrap();
        assert_eq!(tree.root().media_type, MediaType::DockerManifestList);
        assert!(!tree.manifests.iter().any(|raw| String::from_utf8_lossy(&raw.bytes).contains("vnd.oci")));
        assert!(tree.losses.iter().any(|loss| loss.english() == "1 attestation"));
        // What was converted once is not converted again.
        let all = tree.manifests.iter().map(|raw| (raw.digest.clone(), raw.clone())).collect();
        assert_eq!(rewrite(tree.root(), &all, &docker).unwrap().root(), tree.root());
    }

    #[test]
    fn zstd_layers_leave_the_digest_open_until_they_are_recompressed() {
        let docker = Rewrite { docker_media_types: true, ..Rewrite::default() };
        let (zstd, gzip) = (image("z", "application/vnd.oci.image.layer.v1.tar+zstd"), image("g", GZIP));
        let root = index(&[(&zstd, "linux/amd64"), (&gzip, "linux/arm64")]);
        let children = [&zstd, &gzip].map(|raw| (raw.digest.clone(), raw.clone())).into();
        let tree = rewrite(&root, &children, &docker).unwrap();
        assert_eq!((tree.digest(), tree.recompress.len(), tree.blobs.len()), (None, 1, 2));

        let new = Descriptor {
            media_type: MediaType::parse(DOCKER_GZIP_LAYER),
            digest: Digest::sha256(b"recompressed"),
            size: 12,
        };
        let done = tree.with_recompressed(&[(tree.recompress[0].digest.clone(), new.clone())].into());
        assert_eq!(done.digest(), Some(&done.root().digest));
        assert!(done.blobs.contains(&new) && done.manifests.len() == 3);
        let all = done.manifests.iter().map(|raw| (raw.digest.clone(), raw.clone())).collect();
        let again = rewrite(done.root(), &all, &docker).unwrap();
        assert_eq!((again.root(), again.blobs.len()), (done.root(), 3), "it holds together");
        assert!(same_content(&tree, &again) && !same_content(&again, &tree));
        // Without OCI's types at stake, nothing changes.
        assert_eq!(rewrite(&root, &children, &Rewrite::default()).unwrap().digest(), Some(&root.digest));
    }

    #[test]
    fn what_docker_types_cannot_hold_is_refused() {
        let docker = Rewrite { docker_media_types: true, ..Rewrite::default() };
        let strange = image("z", "application/vnd.example.layer");
        assert!(matches!(rewrite(&strange, &BTreeMap::new(), &docker), Err(RewriteError::Layer { .. })));
        let (root, _) = multi_platform();
        assert!(matches!(rewrite(&root, &BTreeMap::new(), &docker), Err(RewriteError::MissingChild(_))));
    }
}
