//! Manifests as they are written: documents of JSON with other entries in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::Fields;
use super::{DOCKER_GZIP_LAYER, RewriteError, is_image_config};
use crate::image::{Descriptor, Digest, MediaType, Platform, RawManifest};

/// What images are for, by their manifests at the source.
pub(super) type Platforms = BTreeMap<Digest, Platform>;

/// `raw` with the entries of its layers or children that have another digest now.
pub(super) fn with_descriptors(raw: &RawManifest, renamed: &BTreeMap<Digest, Descriptor>) -> RawManifest {
    let mut document = Fields::parse(&raw.bytes).unwrap_or_default();
    let mut changed = false;
    for list in ["layers", "manifests"] {
        let mut entries = document.entries(list);
        for entry in &mut entries {
            let digest = entry.digest();
            let renamed = digest.and_then(|digest| renamed.get(&digest).filter(|now| now.digest != digest));
            if let Some(now) = renamed {
                entry.set("digest", &now.digest);
                entry.set("size", &now.size);
                changed = true;
            }
        }
        if !entries.is_empty() {
            document.set(list, &entries);
        }
    }
    if changed { RawManifest::new(None, document.to_bytes()) } else { raw.clone() }
}

/// `raw` with only the `kept` children, each with its new descriptor. Fields that this tool does not know stay.
///
/// For `docker` it becomes a list of Docker's; entries without a platform get theirs.
pub(super) fn index(raw: &RawManifest, kept: &BTreeMap<Digest, Descriptor>, docker: Option<&Platforms>) -> RawManifest {
    let mut document = Fields::parse(&raw.bytes).unwrap_or_default();
    let entries = document.entries("manifests").into_iter();
    let entries: Vec<Fields> = entries.filter_map(|entry| keep_entry(entry, kept, docker)).collect();
    document.set("manifests", &entries);
    if docker.is_some() {
        document.retain(|field, _| matches!(field, "schemaVersion" | "manifests"));
        document.set("mediaType", &MediaType::DockerManifestList);
    }
    RawManifest::new(Some(raw.media_type.as_str()), document.to_bytes())
}

fn keep_entry(mut entry: Fields, kept: &BTreeMap<Digest, Descriptor>, docker: Option<&Platforms>) -> Option<Fields> {
    let digest = entry.digest()?;
    let descriptor = kept.get(&digest)?;
    if let Some(platforms) = docker {
        entry.retain(|field, value| field == "platform" && value.get() != "null");
        if let Some(platform) = platforms.get(&digest).filter(|_| entry.get("platform").is_none()) {
            entry.set("platform", &docker_platform(platform));
        }
    }
    entry.set("mediaType", &descriptor.media_type);
    entry.set("size", &descriptor.size);
    entry.set("digest", &descriptor.digest);
    Some(entry)
}

fn docker_platform(Platform { os, architecture, variant }: &Platform) -> Value {
    let mut platform = json!({ "architecture": architecture, "os": os });
    if let Some(variant) = variant {
        platform["variant"] = json!(variant);
    }
    platform
}

/// An image in Docker's media types.
pub(super) fn docker_image(
    raw: &RawManifest,
    config: &Descriptor,
    layers: &[Descriptor],
) -> Result<RawManifest, RewriteError> {
    if !is_image_config(config) {
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
