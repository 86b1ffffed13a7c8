//! Lists of what refers to a manifest, as registries answer them and as the fallback tag holds them.

use serde_json::{Map, Value, json};

use super::{Algorithm, Descriptor, Digest, MediaType, RawManifest, Tag};

/// The specification cuts at 64 characters of the hash, which SHA-512 exceeds.
const LONGEST: usize = 64;

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
    let hex: String = subject.hex().chars().take(LONGEST).collect();
    format!("{}-{hex}", subject.algorithm().name()).parse().expect("an algorithm and hex digits are a tag")
}

/// Whether a tag is that of a list of referrers, or one of cosign's (`sha256-<hex>.sig`, `.att`, `.sbom`): it belongs to
/// another manifest.
#[must_use]
pub fn belongs_to_an_image(tag: &Tag) -> bool {
    let prefix = [Algorithm::Sha256, Algorithm::Sha512]
        .iter()
        .find_map(|algorithm| tag.as_str().strip_prefix(algorithm.name())?.strip_prefix('-'));
    let Some(hex) = prefix else { return false };
    let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
    end == LONGEST && (end == hex.len() || hex[end..].starts_with('.'))
}

/// Whether a tag is that of a list of referrers.
#[must_use]
pub fn is_list(tag: &Tag) -> bool {
    belongs_to_an_image(tag) && !tag.as_str().contains('.')
}

/// Whether a tag is one of cosign's for `subject`.
#[must_use]
pub fn is_signature_of(tag: &Tag, subject: &Digest) -> bool {
    let ending = tag.as_str().strip_prefix(self::tag(subject).as_str());
    ending.is_some_and(|ending| ending.starts_with('.'))
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

/// The list under the fallback tag, with all that its writers put into it: others keep it, too.
#[derive(Clone, Debug)]
pub struct List(Map<String, Value>);

impl Default for List {
    fn default() -> Self {
        let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": [] });
        Self(document.as_object().cloned().unwrap_or_default())
    }
}

impl List {
    /// `None` for what is no index.
    #[must_use]
    pub fn read(index: &[u8]) -> Option<Self> {
        let mut document: Map<String, Value> = serde_json::from_slice(index).ok()?;
        let manifests = document.get_mut("manifests")?;
        if manifests.is_null() {
            *manifests = json!([]);
        }
        manifests.is_array().then_some(Self(document))
    }

    /// The list with `entry`, too; `None` where it names that manifest already.
    #[must_use]
    pub fn with(mut self, entry: &Entry) -> Option<RawManifest> {
        let manifests = self.0.get_mut("manifests")?.as_array_mut()?;
        let digest = entry.descriptor.digest.to_string();
        if manifests.iter().any(|listed| listed.get("digest").and_then(Value::as_str) == Some(&digest)) {
            return None;
        }
        manifests.push(entry.document.clone());
        Some(RawManifest::new(Some(MediaType::OciIndex.as_str()), Value::Object(self.0).to_string()))
    }
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
        let index = List::default().with(&listed).unwrap();
        assert_eq!(index.media_type, MediaType::OciIndex);
        let read = entries(&index.bytes);
        assert_eq!(read, [listed]);
        assert_eq!(read[0].document["annotations"]["a"], "b");
        assert_eq!(entries(b"no index"), []);
    }

    #[test]
    fn a_list_keeps_what_others_wrote() {
        let (own, other) = (Digest::sha256(b"own"), Digest::sha256(b"other"));
        let kept = json!({
            "schemaVersion": 2, "annotations": { "a": "b" },
            "manifests": [{ "digest": other, "size": 1, "x": 1.5 }, "strange"],
        });
        let descriptor = Descriptor { media_type: MediaType::OciManifest, digest: own, size: 2 };
        let entry = Entry { document: json!(descriptor), descriptor, artifact_type: None };
        let index = List::read(kept.to_string().as_bytes()).unwrap().with(&entry).unwrap();
        let mut expected = kept;
        expected["manifests"].as_array_mut().unwrap().push(entry.document.clone());
        assert_eq!(index.bytes, expected.to_string());
        assert!(List::read(&index.bytes).unwrap().with(&entry).is_none(), "it is listed once");
        let empty = List::read(br#"{"manifests":null}"#).unwrap().with(&entry).unwrap();
        assert_eq!(entries(&empty.bytes), [entry]);
        for other in ["", "[]", "{}", r#"{"manifests":{}}"#, r#"{"config":{},"layers":[]}"#] {
            assert!(List::read(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn tags_that_belong_to_an_image_are_told_from_those_of_images() {
        let long: Digest = format!("sha512:{}", "a".repeat(128)).parse().unwrap();
        for subject in [Digest::sha256(b"a"), long] {
            let list = tag(&subject);
            let signature: Tag = format!("{list}.sig").parse().unwrap();
            assert!(belongs_to_an_image(&list) && belongs_to_an_image(&signature));
            assert!(is_signature_of(&signature, &subject) && !is_signature_of(&list, &subject));
            assert!(!is_signature_of(&signature, &Digest::sha256(b"b")));
        }
        let hex = "0".repeat(64);
        for other in ["v1", "sha256-", "sha256-0a.sig", &format!("sha1-{hex}"), &format!("sha256-{hex}0"), &hex] {
            assert!(!belongs_to_an_image(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn the_fallback_tag_is_a_tag_for_every_algorithm() {
        assert_eq!(tag(&Digest::sha256(b"")).as_str().len(), 71);
        let long: Digest = format!("sha512:{}", "a".repeat(128)).parse().unwrap();
        assert_eq!(tag(&long).as_str(), format!("sha512-{}", "a".repeat(64)));
    }
}
