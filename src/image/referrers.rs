//! Lists of what refers to a manifest, as registries answer them and as the fallback tag holds them.

use serde_json::{Map, Value, json};

use super::{Descriptor, Digest, MediaType, RawManifest, Tag};

/// One entry of such a list, with everything that its writer put into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub descriptor: Descriptor,
    /// `artifactType`, where it is said.
    pub artifact_type: Option<String>,
    document: Value,
}

/// The tag under which registries without the referrers API keep the list: `sha256-<hex>`.
#[must_use]
pub fn tag(subject: &Digest) -> Tag {
    // The specification cuts at 64 characters of the hash, which SHA-512 exceeds.
    const LONGEST: usize = 64;
    let hex: String = subject.hex().chars().take(LONGEST).collect();
    format!("{}-{hex}", subject.algorithm().name()).parse().expect("an algorithm and hex digits are a tag")
}

/// The entries of an index; what is no descriptor is passed over.
#[must_use]
pub fn entries(index: &[u8]) -> Vec<Entry> {
    let document: Map<String, Value> = serde_json::from_slice(index).unwrap_or_default();
    let Some(Value::Array(entries)) = document.get("manifests") else { return vec![] };
    let entry = |document: &Value| {
        let descriptor: Descriptor = serde_json::from_value(document.clone()).ok()?;
        let artifact_type = document.get("artifactType").and_then(Value::as_str).map(str::to_owned);
        Some(Entry { descriptor, artifact_type, document: document.clone() })
    };
    entries.iter().filter_map(entry).collect()
}

/// How a list names `manifest`: with its artifact type, which may be its config's, and its annotations.
#[must_use]
pub fn entry(manifest: &RawManifest) -> Entry {
    let document: Map<String, Value> = serde_json::from_slice(&manifest.bytes).unwrap_or_default();
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let own = document.get("artifactType").and_then(text);
    let artifact_type = own.or_else(|| document.get("config")?.get("mediaType").and_then(text));
    let descriptor = manifest.descriptor();
    let mut listed = json!(descriptor);
    if let Some(artifact_type) = &artifact_type {
        listed["artifactType"] = json!(artifact_type);
    }
    if let Some(annotations) = document.get("annotations").filter(|annotations| annotations.is_object()) {
        listed["annotations"] = annotations.clone();
    }
    Entry { descriptor, artifact_type, document: listed }
}

/// The index of `entries` for the fallback tag.
#[must_use]
pub fn index(entries: &[Entry]) -> RawManifest {
    let manifests: Vec<&Value> = entries.iter().map(|entry| &entry.document).collect();
    let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": manifests });
    RawManifest::new(None, document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_what_it_says_of_its_entries() {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MediaType::OciManifest, "annotations": { "a": "b" },
            "config": { "mediaType": "application/vnd.example.sbom", "size": 2, "digest": Digest::sha256(b"{}") },
            "layers": [],
        });
        let listed = entry(&RawManifest::new(None, manifest.to_string()));
        assert_eq!(listed.artifact_type.as_deref(), Some("application/vnd.example.sbom"));
        let read = entries(&index(std::slice::from_ref(&listed)).bytes);
        assert_eq!(read, [listed]);
        assert_eq!(read[0].document["annotations"]["a"], "b");
        assert_eq!(entries(b"no index"), []);
    }

    #[test]
    fn the_fallback_tag_is_a_tag_for_every_algorithm() {
        assert_eq!(tag(&Digest::sha256(b"")).as_str().len(), 71);
        let long: Digest = format!("sha512:{}", "a".repeat(128)).parse().unwrap();
        assert_eq!(tag(&long).as_str(), format!("sha512-{}", "a".repeat(64)));
    }
}
