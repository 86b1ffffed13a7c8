//! Manifests of a layout: found by tag or digest, checked, and stored only when what they refer to is there. Blocking.

use super::directory::Directory;
use super::error::{Error, Fault};
use super::index::Names;
use super::{blob, file};
use crate::image::{Descriptor, Digest, Manifest, RawManifest, Repository, Tag};

/// What a tag points at; its file is there with the right size, its content is not looked at.
pub(super) fn head(
    directory: &Directory,
    repository: &Repository,
    tag: &Tag,
    names: Names,
) -> Result<Option<Descriptor>, Error> {
    let Some(target) = directory.find(repository, tag, names)? else { return Ok(None) };
    let path = directory.blob_path(&target.digest);
    match blob::size(directory, &target.digest)? {
        Some(found) if found == target.size => Ok(Some(target)),
        Some(found) => {
            let fault = Fault::BlobSize { digest: target.digest, expected: target.size, found };
            Err(Error::new(path, fault))
        }
        None => Err(Error::new(path, Fault::BlobMissing(target.digest))),
    }
}

pub(super) fn by_tag(
    directory: &Directory,
    repository: &Repository,
    tag: &Tag,
    names: Names,
) -> Result<Option<RawManifest>, Error> {
    let Some(target) = head(directory, repository, tag, names)? else { return Ok(None) };
    let raw = read(directory, &target.digest, Some(target.media_type.as_str()))?;
    let missing = || Error::new(directory.blob_path(&target.digest), Fault::BlobMissing(target.digest.clone()));
    raw.ok_or_else(missing).map(Some)
}

/// None when there is no such blob or it is not a manifest, as a registry would answer.
pub(super) fn by_digest(directory: &Directory, digest: &Digest) -> Result<Option<RawManifest>, Error> {
    match blob::size(directory, digest)? {
        Some(size) if size <= RawManifest::MAX_BYTES => {
            Ok(read(directory, digest, None)?.filter(|raw| raw.parse().is_ok()))
        }
        _ => Ok(None),
    }
}

fn read(directory: &Directory, digest: &Digest, media_type: Option<&str>) -> Result<Option<RawManifest>, Error> {
    let path = directory.blob_path(digest);
    let Some((bytes, _)) = file::read(&path, RawManifest::MAX_BYTES)? else { return Ok(None) };
    if !digest.matches(&bytes) {
        return Err(Error::new(path, Fault::BlobDigest(digest.clone())));
    }
    let mut raw = RawManifest::new(media_type, bytes);
    raw.digest = digest.clone();
    Ok(Some(raw))
}

/// Stores the manifest under `digest`, which must be that of its bytes.
pub(super) fn write(directory: &Directory, digest: &Digest, manifest: &RawManifest) -> Result<(), Error> {
    let path = directory.blob_path(digest);
    if !digest.matches(&manifest.bytes) {
        return Err(Error::new(path, Fault::BlobDigest(digest.clone())));
    }
    check_complete(directory, manifest)?;
    if let Ok(Some((bytes, _))) = file::read(&path, RawManifest::MAX_BYTES)
        && bytes == manifest.bytes
    {
        return Ok(());
    }
    let mut draft = directory.blob_draft(digest)?;
    draft.write(&manifest.bytes)?;
    draft.publish()
}

/// Refuses a manifest before its blobs and children, as registries do: a tag must never point at something incomplete.
fn check_complete(directory: &Directory, manifest: &RawManifest) -> Result<(), Error> {
    let parsed = manifest.parse().map_err(|error| Error::new(directory.path(), Fault::Manifest(error)))?;
    let parts: Vec<Descriptor> = match parsed {
        Manifest::Image { config, layers, .. } => std::iter::once(config).chain(layers).collect(),
        Manifest::Index { children, .. } => children.into_iter().map(|child| child.descriptor).collect(),
    };
    for part in parts.into_iter().filter(is_stored) {
        let path = directory.blob_path(&part.digest);
        match blob::size(directory, &part.digest)? {
            Some(found) if found == part.size => {}
            Some(found) => {
                let fault = Fault::BlobSize { digest: part.digest, expected: part.size, found };
                return Err(Error::new(path, fault));
            }
            None => {
                let fault = Fault::Incomplete { manifest: manifest.digest.clone(), missing: part.digest };
                return Err(Error::new(directory.path(), fault));
            }
        }
    }
    Ok(())
}

/// Layers that may not be distributed live elsewhere.
fn is_stored(part: &Descriptor) -> bool {
    let media_type = part.media_type.as_str();
    !media_type.contains(".nondistributable.") && !media_type.contains(".foreign.")
}
