//! Explicit changes of an image on its way: platform subset, attestations dropped, OCI to Docker media types.
//!
//! Pure and deterministic, so that the plan can say the digest that a rewrite produces. Only manifests change;
//! config and layer blobs keep their digests. The exception are layers compressed with zstd, which Docker's media types
//! cannot name: what they become is known only once they have been compressed again.

mod error;
mod fields;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use self::write::Platforms;
use super::{Child, Descriptor, Digest, Manifest, MediaType, OciOnly, Platform, RawManifest};
use crate::diag::{Wording, say};

pub use self::error::RewriteError;

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

    /// Whether `digest` names what the tag will hold, by its own algorithm; not known as long as layers are to be recompressed.
    #[must_use]
    pub fn is_called(&self, digest: &Digest) -> bool {
        self.recompress.is_empty() && self.root().is_called(digest)
    }

    /// The tree once its layers were recompressed; `layers` are their new descriptors, by the digest at the source.
    #[must_use]
    pub fn with_recompressed(&self, layers: &BTreeMap<Digest, Descriptor>) -> Self {
        if layers.is_empty() {
            return self.clone();
        }
        let mut renamed = layers.clone();
        let renew = |raw: &RawManifest| {
            let written = write::with_descriptors(raw, &renamed);
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

/// What recompressed layers are at the target.
pub const DOCKER_GZIP_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Nested indexes beyond this are refused, not followed.
pub const MAX_DEPTH: usize = 4;

/// Applies `rewrite` to the image of `root`; `children` holds every manifest below it that is kept, and `platforms` what
/// the configs of [`configs_to_read`] say.
///
/// # Errors
/// When a manifest is malformed or missing, no child has a wanted platform, or Docker's types cannot hold it.
pub fn rewrite(
    root: &RawManifest,
    children: &BTreeMap<Digest, RawManifest>,
    platforms: &Platforms,
    rewrite: &Rewrite,
) -> Result<ImageTree, RewriteError> {
    let reads = children.keys().chain([&root.digest]).cloned().collect();
    let tree = ImageTree { manifests: vec![], blobs: vec![], recompress: vec![], losses: vec![], reads };
    let mut work = Work { children, platforms, rewrite, written: BTreeMap::new(), offered: BTreeSet::new(), tree };
    if work.manifest(root, 0)?.is_none() {
        return Err(RewriteError::NoSuchPlatform(rewrite.platform_list()));
    }
    work.report_lacking();
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
            let kept = children.iter().filter(|child| child.is_manifest() && rewrite.keeps(child, children));
            kept.map(|child| child.descriptor.clone()).collect()
        }
    }
}

/// The configs that alone say what an image is for where the index, which is to become Docker's list, does not; by the
/// image's manifest.
#[must_use]
pub fn configs_to_read(
    root: &RawManifest,
    children: &BTreeMap<Digest, RawManifest>,
    rewrite: &Rewrite,
) -> BTreeMap<Digest, Descriptor> {
    let entries = match root.parse() {
        Ok(Manifest::Index { children, .. }) if rewrite.converts(root) => children,
        _ => vec![],
    };
    let homeless = entries.iter().filter(|entry| entry.platform.is_none() && rewrite.keeps(entry, &entries));
    let config = |entry: &Child| {
        let digest = &entry.descriptor.digest;
        match children.get(digest)?.parse() {
            Ok(Manifest::Image { config, .. }) if is_image_config(&config) => Some((digest.clone(), config)),
            _ => None,
        }
    };
    homeless.filter_map(config).collect()
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

    /// Does an index become a list of Docker's?
    fn converts(&self, index: &RawManifest) -> bool {
        self.docker_media_types && index.media_type != MediaType::DockerManifestList
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
    platforms: &'a Platforms,
    rewrite: &'a Rewrite,
    /// What manifests became, by their old digest: indexes that name one manifest again and again cost nothing.
    written: BTreeMap<Digest, Option<Descriptor>>,
    /// The platforms that indexes name.
    offered: BTreeSet<Platform>,
    tree: ImageTree,
}

impl Work<'_> {
    /// What a manifest became; `None` where nothing of it is kept.
    fn manifest(&mut self, raw: &RawManifest, depth: usize) -> Result<Option<Descriptor>, RewriteError> {
        if depth > MAX_DEPTH {
            return Err(RewriteError::TooDeep);
        }
        if let Some(written) = self.written.get(&raw.digest) {
            return Ok(written.clone());
        }
        let written = match raw.parse()? {
            Manifest::Image { config, layers, oci_only } => Some(self.image(raw, config, layers, &oci_only)?),
            Manifest::Index { children, oci_only } => self.index(raw, &children, &oci_only, depth)?,
        };
        let descriptor = written.as_ref().map(RawManifest::descriptor);
        self.tree.manifests.extend(written);
        self.written.insert(raw.digest.clone(), descriptor.clone());
        Ok(descriptor)
    }

    fn image(
        &mut self,
        raw: &RawManifest,
        config: Descriptor,
        layers: Vec<Descriptor>,
        oci_only: &OciOnly,
    ) -> Result<RawManifest, RewriteError> {
        let written = if self.rewrite.docker_media_types {
            let written = write::docker_image(raw, &config, &layers)?;
            if raw.media_type != written.media_type {
                self.tree.losses.extend(oci_only.fields().map(|field| {
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
        oci_only: &OciOnly,
        depth: usize,
    ) -> Result<Option<RawManifest>, RewriteError> {
        self.offered.extend(children.iter().filter_map(|child| child.platform.clone()));
        let converts = self.rewrite.converts(raw);
        let mut kept = BTreeMap::new();
        for child in children.iter().filter(|child| self.rewrite.keeps(child, children)) {
            let digest = &child.descriptor.digest;
            if let Some(written) = self.child(child, depth)? {
                if converts && child.platform.is_none() && !self.platforms.contains_key(digest) {
                    return Err(RewriteError::Homeless(digest.clone()));
                }
                kept.insert(digest.clone(), written);
            }
        }
        if kept.is_empty() && !children.is_empty() {
            return Ok(None);
        }
        self.report_dropped(children, &kept);
        if converts {
            let fields = oci_only.fields();
            self.tree.losses.extend(fields.map(|field| say!("{field} of the index", "索引的 {field}", field)));
        }
        let untouched = children.iter().all(|child| kept.get(&child.descriptor.digest) == Some(&child.descriptor));
        Ok(Some(if untouched && !converts {
            raw.clone()
        } else {
            {
                let docker = self.rewrite.docker_media_types.then_some(self.platforms);
                write::index(raw, &kept, docker)
            }
        }))
    }

    /// What a child became; `None` where nothing of it is kept.
    fn child(&mut self, child: &Child, depth: usize) -> Result<Option<Descriptor>, RewriteError> {
        let Descriptor { digest, .. } = &child.descriptor;
        if child.is_manifest() {
            let raw = self.children.get(digest).ok_or_else(|| RewriteError::MissingChild(digest.clone()))?;
            let written = self.manifest(raw, depth + 1)?;
            return match written {
                Some(index) if index.media_type.is_index() && self.rewrite.docker_media_types => {
                    Err(RewriteError::Nested(digest.clone()))
                }
                written => Ok(written),
            };
        }
        if self.rewrite.docker_media_types {
            return Err(RewriteError::NoManifest(child.descriptor.clone()));
        }
        self.tree.blobs.push(child.descriptor.clone());
        Ok(Some(child.descriptor.clone()))
    }

    /// Wanted platforms that no index names; one that names none at all leaves them to be told by what is below it.
    fn report_lacking(&mut self) {
        let is_there = |wanted: &&Platform| self.offered.iter().any(|there| wanted.selects(there));
        let lacking = self.rewrite.platforms.iter().filter(|wanted| !self.offered.is_empty() && !is_there(wanted));
        self.tree.losses.extend(lacking.map(|platform| {
            say!("platform {platform} (the source has none)", "平台 {platform}（源里没有）", platform)
        }));
    }

    fn report_dropped(&mut self, children: &[Child], kept: &BTreeMap<Digest, Descriptor>) {
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

fn is_image_config(config: &Descriptor) -> bool {
    matches!(config.media_type, MediaType::OciConfig | MediaType::DockerConfig)
}
