//! Are two images the same but for how their manifests are written?

use super::rewrite::ImageTree;
use super::{Child, Descriptor, Digest, Manifest, OciOnly, RawManifest};

/// Whether `other` holds the configs and layers of `one` for the same platforms, in the same order and of the same types.
///
/// A layer of `one` that is to be recompressed may be any there: the config, which is the same, names the digests of
/// what layers hold. Whether it really does is to be seen in [`recompressed_images`].
///
/// Tools that read a manifest and write it again change its digest and nothing that runs. Annotations do not count.
#[must_use]
pub fn same_content(one: &ImageTree, other: &ImageTree) -> bool {
    Pair { one, other }.same(one.root(), other.root())
}

/// How many layers the config of an image names by the digests of what they hold.
#[must_use]
pub fn layers_in_config(config: &[u8]) -> usize {
    #[derive(serde::Deserialize)]
    struct Config {
        rootfs: RootFs,
    }
    #[derive(serde::Deserialize)]
    struct RootFs {
        diff_ids: Vec<Digest>,
    }
    serde_json::from_slice::<Config>(config).map_or(0, |config| config.rootfs.diff_ids.len())
}

/// The configs of images with layers to be recompressed, each with how many layers it has to name.
#[must_use]
pub fn recompressed_images(tree: &ImageTree) -> Vec<(Descriptor, usize)> {
    let recompressed = |layer: &Descriptor| tree.recompress.iter().any(|other| other.digest == layer.digest);
    let image = |raw: &RawManifest| match raw.parse() {
        Ok(Manifest::Image { config, layers, .. }) if layers.iter().any(recompressed) => Some((config, layers.len())),
        _ => None,
    };
    tree.manifests.iter().filter_map(image).collect()
}

struct Pair<'a> {
    one: &'a ImageTree,
    other: &'a ImageTree,
}

impl Pair<'_> {
    fn same(&self, one: &RawManifest, other: &RawManifest) -> bool {
        if one.digest == other.digest {
            return true;
        }
        if one.media_type != other.media_type {
            return false;
        }
        match (one.parse(), other.parse()) {
            (
                Ok(Manifest::Image { config, layers, oci_only }),
                Ok(Manifest::Image { config: config_2, layers: layers_2, oci_only: oci_only_2 }),
            ) => config == config_2 && self.same_layers(&layers, &layers_2) && same_fields(&oci_only, &oci_only_2),
            (
                Ok(Manifest::Index { children, oci_only }),
                Ok(Manifest::Index { children: others, oci_only: oci_only_2 }),
            ) => {
                let mut pairs = children.iter().zip(&others);
                children.len() == others.len()
                    && same_fields(&oci_only, &oci_only_2)
                    && pairs.all(|(one, other)| self.same_child(one, other))
            }
            _ => false,
        }
    }

    fn same_layers(&self, layers: &[Descriptor], others: &[Descriptor]) -> bool {
        let recompressed = |layer: &Descriptor| self.one.recompress.iter().any(|other| other.digest == layer.digest);
        let same = |(layer, other): (&Descriptor, &Descriptor)| {
            layer == other || (recompressed(layer) && layer.media_type == other.media_type)
        };
        layers.len() == others.len() && layers.iter().zip(others).all(same)
    }

    fn same_child(&self, one: &Child, other: &Child) -> bool {
        let held = |tree: &'_ ImageTree, digest: &Digest| tree.manifests.iter().position(|raw| raw.digest == *digest);
        one.platform == other.platform
            && match (held(self.one, &one.descriptor.digest), held(self.other, &other.descriptor.digest)) {
                (Some(one), Some(other)) => self.same(&self.one.manifests[one], &self.other.manifests[other]),
                _ => one.descriptor == other.descriptor,
            }
    }
}

/// What makes a manifest an artifact of its own.
fn same_fields(one: &OciOnly, other: &OciOnly) -> bool {
    one.subject == other.subject && one.artifact_type == other.artifact_type
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::image::MediaType;
    use crate::image::rewrite::{Rewrite, rewrite};

    fn image(layer: &str) -> RawManifest {
        let document = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OciManifest,
            "config": { "mediaType": MediaType::OciConfig, "size": 2, "digest": Digest::sha256(b"{}") },
            "layers": [{ "mediaType": MediaType::OciLayerGzip, "size": 3, "digest": Digest::sha256(layer.as_bytes()) }],
        });
        RawManifest::new(None, document.to_string())
    }

    fn tree(root: &RawManifest, children: &[&RawManifest]) -> ImageTree {
        let children: BTreeMap<_, _> = children.iter().map(|raw| (raw.digest.clone(), (*raw).clone())).collect();
        rewrite(root, &children, &BTreeMap::new(), &Rewrite::default()).unwrap()
    }

    fn index(children: &[(&RawManifest, &str)]) -> ImageTree {
        let entry = |(child, architecture): &(&RawManifest, &str)| {
            json!({ "mediaType": child.media_type, "size": child.bytes.len(), "digest": child.digest,
                    "platform": { "os": "linux", "architecture": architecture } })
        };
        let entries: Vec<Value> = children.iter().map(entry).collect();
        let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": entries });
        let root = RawManifest::new(None, document.to_string());
        tree(&root, &children.iter().map(|(child, _)| *child).collect::<Vec<_>>())
    }

    fn rewritten(raw: &RawManifest) -> RawManifest {
        let mut document: Value = serde_json::from_slice(&raw.bytes).unwrap();
        document["annotations"] = json!({ "written": "again" });
        RawManifest::new(None, serde_json::to_string_pretty(&document).unwrap())
    }

    #[test]
    fn other_words_for_the_same_image_are_the_same_content() {
        let (amd, arm) = (image("amd"), image("arm"));
        assert!(same_content(&tree(&amd, &[]), &tree(&rewritten(&amd), &[])));
        let again = (rewritten(&amd), rewritten(&arm));
        assert!(same_content(
            &index(&[(&amd, "amd64"), (&arm, "arm64")]),
            &index(&[(&again.0, "amd64"), (&again.1, "arm64")])
        ));
    }

    #[test]
    fn another_subject_or_artifact_type_makes_another_artifact() {
        let with = |field: &str, value: &Value| {
            let mut document: Value = serde_json::from_slice(&image("x").bytes).unwrap();
            document[field] = value.clone();
            tree(&RawManifest::new(None, document.to_string()), &[])
        };
        let (one, two) = (json!(image("one").descriptor()), json!(image("two").descriptor()));
        for (field, value, other) in
            [("subject", one, two), ("artifactType", json!("application/vnd.a"), json!("application/vnd.b"))]
        {
            let artifact = with(field, &value);
            let written_again = tree(&rewritten(artifact.root()), &[]);
            assert!(same_content(&artifact, &written_again));
            assert!(!same_content(&artifact, &with(field, &other)), "{field}");
            assert!(!same_content(&artifact, &tree(&image("x"), &[])), "{field}");
        }
    }

    #[test]
    fn a_config_says_how_many_layers_it_names() {
        let id = Digest::sha256(b"layer");
        for (config, layers) in [
            (json!({ "rootfs": { "type": "layers", "diff_ids": [id, id] } }), 2),
            (json!({ "rootfs": { "diff_ids": ["sha256:0"] } }), 0),
            (json!({ "rootfs": {} }), 0),
            (json!({}), 0),
        ] {
            assert_eq!(layers_in_config(config.to_string().as_bytes()), layers, "{config}");
        }
    }

    #[test]
    fn other_layers_platforms_or_children_are_not() {
        let (amd, arm) = (image("amd"), image("arm"));
        assert!(!same_content(&tree(&amd, &[]), &tree(&arm, &[])));
        let both = index(&[(&amd, "amd64"), (&arm, "arm64")]);
        for other in [
            index(&[(&amd, "amd64")]),
            index(&[(&arm, "amd64"), (&amd, "arm64")]),
            index(&[(&amd, "amd64"), (&rewritten(&amd), "arm64")]),
            tree(&amd, &[]),
        ] {
            assert!(!same_content(&both, &other));
        }
    }
}
