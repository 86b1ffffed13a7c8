//! What a rewrite keeps, drops, turns into something else and refuses.

use serde_json::{Value, json};

use super::*;
use crate::image::same_content;

fn rewrite(
    root: &RawManifest,
    children: &BTreeMap<Digest, RawManifest>,
    wanted: &Rewrite,
) -> Result<ImageTree, RewriteError> {
    super::rewrite(root, children, &BTreeMap::new(), wanted)
}

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
    assert_eq!(tree.losses.iter().map(Wording::english).collect::<Vec<_>>(), ["platform linux/amd64", "1 attestation"]);
    let more = Rewrite { platforms: vec!["linux/arm64".parse().unwrap(), "linux/s390x".parse().unwrap()], ..wanted };
    let losses = rewrite(&root, &children, &more).unwrap().losses;
    assert!(losses.iter().any(|loss| loss.english() == "platform linux/s390x (the source has none)"), "{losses:?}");
    let nothing = Rewrite { platforms: vec!["plan9/mips".parse().unwrap()], ..Rewrite::default() };
    assert!(matches!(rewrite(&root, &children, &nothing), Err(RewriteError::NoSuchPlatform(_))));
}

#[test]
fn what_is_not_known_stays_as_it_is_written() {
    let (amd, arm) = (image("amd", GZIP), image("arm", GZIP));
    let numbers = r#"{"big":12345678901234567890123, "huge":1e400, "zero":-0.0, "text":"\/\u00e9"}"#;
    let mut document: Value =
        serde_json::from_slice(&index(&[(&amd, "linux/amd64"), (&arm, "linux/arm64")]).bytes).unwrap();
    document["x-top"] = json!("HERE");
    document["manifests"][1]["x-unknown"] = json!("HERE");
    let root = RawManifest::new(None, document.to_string().replace(r#""HERE""#, numbers));
    let wanted = Rewrite { platforms: vec!["linux/arm64".parse().unwrap()], ..Rewrite::default() };
    let tree = rewrite(&root, &by_digest(&[&amd, &arm]), &wanted).unwrap();
    document["manifests"].as_array_mut().unwrap().remove(0);
    let expected = document.to_string().replace(r#""HERE""#, numbers);
    assert_eq!(String::from_utf8_lossy(&tree.root().bytes), expected);
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

/// An index that names no platforms.
fn bare_index(children: &[&RawManifest]) -> RawManifest {
    let entries: Vec<Descriptor> = children.iter().map(|child| child.descriptor()).collect();
    let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": entries });
    RawManifest::new(None, document.to_string())
}

fn by_digest(manifests: &[&RawManifest]) -> BTreeMap<Digest, RawManifest> {
    manifests.iter().map(|raw| (raw.digest.clone(), (*raw).clone())).collect()
}

#[test]
fn what_lacks_the_platform_falls_out_of_an_index_of_indexes() {
    let (amd, arm) = (image("amd", GZIP), image("arm", GZIP));
    let (only_amd, only_arm) = (index(&[(&amd, "linux/amd64")]), index(&[(&arm, "linux/arm64")]));
    let root = bare_index(&[&only_amd, &only_arm]);
    let children = by_digest(&[&amd, &arm, &only_amd, &only_arm]);
    let subset = |platforms: &[&str]| {
        let platforms = platforms.iter().map(|platform| platform.parse().unwrap()).collect();
        rewrite(&root, &children, &Rewrite { platforms, ..Rewrite::default() })
    };
    let tree = subset(&["linux/arm64"]).unwrap();
    assert_eq!(tree.manifests[..2], [arm, only_arm.clone()]);
    let Manifest::Index { children: kept, .. } = tree.root().parse().unwrap() else { panic!("an index") };
    assert_eq!(kept.iter().map(|child| child.descriptor.clone()).collect::<Vec<_>>(), [only_arm.descriptor()]);
    assert_eq!(tree.losses, [say!("child {digest}", "子清单 {digest}", digest = only_amd.digest.short())]);
    let both = subset(&["linux/amd64", "linux/arm64"]).unwrap();
    assert_eq!((both.root(), both.losses.len()), (&root, 0));
    assert!(matches!(subset(&["plan9/mips"]), Err(RewriteError::NoSuchPlatform(_))));
}

#[test]
fn a_list_of_docker_s_takes_its_platforms_from_configs_where_the_index_names_none() {
    let docker = Rewrite { docker_media_types: true, ..Rewrite::default() };
    let (amd, arm) = (image("amd", GZIP), image("arm", GZIP));
    let (root, children) = (bare_index(&[&amd, &arm]), by_digest(&[&amd, &arm]));
    let configs = configs_to_read(&root, &children, &docker);
    assert_eq!(configs.keys().collect::<BTreeSet<_>>(), children.keys().collect());
    assert!(matches!(rewrite(&root, &children, &docker), Err(RewriteError::Homeless(_))));

    let platforms = [(&amd, "linux/amd64"), (&arm, "linux/arm64/v8")];
    let platforms = platforms.map(|(raw, platform)| (raw.digest.clone(), platform.parse().unwrap())).into();
    let tree = super::rewrite(&root, &children, &platforms, &docker).unwrap();
    let Manifest::Index { children: listed, .. } = tree.root().parse().unwrap() else { panic!("an index") };
    let named: Vec<_> = listed.iter().map(|child| child.platform.as_ref().unwrap().to_string()).collect();
    assert_eq!(named, ["linux/amd64", "linux/arm64/v8"]);
    // Nothing is read of what names its platforms, nor where they are not needed.
    let (named, children) = multi_platform();
    assert!(configs_to_read(&named, &children, &docker).is_empty());
    assert!(configs_to_read(&root, &by_digest(&[&amd, &arm]), &Rewrite::default()).is_empty());
}

#[test]
fn an_index_of_blobs_is_copied_with_them() {
    let docker = Rewrite { docker_media_types: true, ..Rewrite::default() };
    let blob = |text: &str, media_type: &str| Descriptor {
        media_type: MediaType::parse(media_type),
        digest: Digest::sha256(text.as_bytes()),
        size: text.len() as u64,
    };
    let blobs = [blob("layer", GZIP), blob("config", "application/vnd.buildkit.cacheconfig.v0")];
    let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": blobs });
    let root = RawManifest::new(None, document.to_string());
    assert_eq!(wanted_children(&root.parse().unwrap(), &Rewrite::default()), []);
    let tree = rewrite(&root, &BTreeMap::new(), &Rewrite::default()).unwrap();
    assert_eq!((&tree.manifests[..], &tree.blobs[..]), (&[root.clone()][..], &blobs[..]));
    assert!(matches!(rewrite(&root, &BTreeMap::new(), &docker), Err(RewriteError::NoManifest(_))));
}

#[test]
fn what_docker_types_cannot_hold_is_refused() {
    let docker = Rewrite { docker_media_types: true, ..Rewrite::default() };
    let strange = image("z", "application/vnd.example.layer");
    assert!(matches!(rewrite(&strange, &BTreeMap::new(), &docker), Err(RewriteError::Layer { .. })));
    let (root, mut children) = multi_platform();
    assert!(matches!(rewrite(&root, &BTreeMap::new(), &docker), Err(RewriteError::MissingChild(_))));
    children.insert(root.digest.clone(), root.clone());
    let nested = bare_index(&[&root]);
    assert!(matches!(rewrite(&nested, &children, &docker), Err(RewriteError::Nested(_))));
}
