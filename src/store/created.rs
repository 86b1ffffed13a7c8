//! When an image was created.

use jiff::Timestamp;

use super::image::{MAX_CONFIG, read_config, read_manifest, read_tagged};
use super::{Error, Reads, Store};
use crate::image::rewrite::MAX_DEPTH;
use crate::image::{Descriptor, Manifest, ManifestReference, RawManifest, Repository};

/// What a manifest is, and when its image was created: by its annotation, else by its config; of an index, by those of its first
/// image. `None` where there is no such manifest.
///
/// # Errors
/// When a manifest or a config cannot be read.
pub async fn read_created(
    store: &Store,
    repository: &Repository,
    reference: &ManifestReference,
    reads: &Reads,
) -> Result<Option<(Descriptor, Option<Timestamp>)>, Error> {
    let Some(root) = read_tagged(store, repository, reference, reads).await? else { return Ok(None) };
    let descriptor = root.descriptor();
    Ok(Some((descriptor, created(store, repository, root, reads).await?)))
}

async fn created(
    store: &Store,
    repository: &Repository,
    mut manifest: RawManifest,
    reads: &Reads,
) -> Result<Option<Timestamp>, Error> {
    for _ in 0..=MAX_DEPTH {
        if let Some(created) = manifest.created() {
            return Ok(Some(created));
        }
        // What is no image has no config that could say it.
        let Ok(parsed) = manifest.parse() else { return Ok(None) };
        let children = match parsed {
            Manifest::Image { config, .. } if config.size > MAX_CONFIG => return Ok(None),
            Manifest::Image { config, .. } => return Ok(read_config(store, repository, &config, reads).await?.created),
            Manifest::Index { children, .. } => children,
        };
        let Some(first) = children.iter().find(|child| child.is_manifest() && !child.attestation) else {
            return Ok(None);
        };
        manifest = read_manifest(store, repository, &first.descriptor.digest, reads).await?;
    }
    Ok(None)
}
