//! Manifests as they are written: documents of JSON with other entries in them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{DOCKER_GZIP_LAYER, RewriteError, is_image_config};
use crate::image::{Descriptor, Digest, MediaType, Platform, RawManifest};

/// What images are for, by their manifests at the source.
pub(super) type Platforms = BTreeMap<Digest, Platform>;

/// `raw` with the entries of its layers or children that have another digest now.
pub(super) fn with_descriptors(raw: &RawManifest, renamed: &BTreeMap<Digest, Descriptor>) -> RawManifest {
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

/// `raw` with only the `kept` children, each with its new descriptor. Fields that this tool does not know stay.
///
/// For `docker` it becomes a list of Docker's; entries without a platform get theirs.
pub(super) fn index(raw: &RawManifest, kept: &BTreeMap<Digest, Descriptor>, docker: Option<&Platforms>) -> RawManifest {
    let mut document: Map<String, Value> = serde_json::from_slice(&raw.bytes).unwrap_or_default();
    if let Some(Value::Array(entries)) = document.get_mut("manifests") {
        entries.retain_mut(|entry| keep_entry(entry, kept, docker));
    }
    if docker.is_some() {
        document.retain(|key, _| matches!(key.as_str(), "schemaVersion" | "manifests"));
        document.insert("mediaType".to_owned(), json!(MediaType::DockerManifestList));
    }
    RawManifest::new(Some(raw.media_type.as_str()), Value::Object(document).to_string())
}

fn keep_entry(entry: &mut Value, kept: &BTreeMap<Digest, Descriptor>, docker: Option<&Platforms>) -> bool {
    let digest = entry.get("digest").and_then(Value::as_str).and_then(|text| text.parse::<Digest>().ok());
    let Some((digest, descriptor)) = digest.and_then(|digest| kept.get_key_value(&digest)) else { return false };
    let Some(entry) = entry.as_object_mut() else { return false };
    if let Some(platforms) = docker {
        entry.retain(|key, value| key == "platform" && !value.is_null());
        if let Some(platform) = platforms.get(digest) {
            entry.entry("platform").or_insert_with(|| docker_platform(platform));
        }
    }
    entry.insert("mediaType".to_owned(), json!(descriptor.media_type));
    entry.insert("size".to_owned(), json!(descriptor.size));
    entry.insert("digest".to_owned(), json!(descriptor.digest));
    true
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
