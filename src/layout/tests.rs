//! The layout as its callers see it, on real directories.

mod foreign;
mod shared;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::image::MediaType;

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work)
}

fn new() -> (TempDir, Layout) {
    let dir = TempDir::new().unwrap();
    let layout = Layout::at(dir.path().join("shop"));
    (dir, layout)
}

fn repository(text: &str) -> Repository {
    text.parse().unwrap()
}

fn tag(text: &str) -> ManifestReference {
    ManifestReference::Tag(text.parse().unwrap())
}

fn blob(text: &str) -> Descriptor {
    Descriptor { media_type: MediaType::OciLayerTar, digest: Digest::sha256(text.as_bytes()), size: text.len() as u64 }
}

fn bytes_of(text: &str) -> BlobStream {
    let (a, b) = text.as_bytes().split_at(text.len() / 2);
    stream::iter([a, b].map(|part| Ok(Bytes::copy_from_slice(part)))).boxed()
}

async fn collect(mut stream: BlobStream) -> Result<Vec<u8>, crate::image::BlobError> {
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all)
}

/// A manifest that has only a config.
fn manifest(config: &str) -> RawManifest {
    let mut config = json!(blob(config));
    config["mediaType"] = json!(MediaType::OciConfig);
    let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciManifest, "config": config, "layers": [] });
    RawManifest::new(None, document.to_string())
}

async fn put(layout: &Layout, name: &str, version: &str, config: &str) -> RawManifest {
    let raw = manifest(config);
    layout.put_blob(&blob(config), bytes_of(config)).await.unwrap();
    layout.put_manifest(&repository(name), &tag(version), &raw).await.unwrap();
    raw
}

fn index_json(layout: &Layout) -> Value {
    serde_json::from_slice(&std::fs::read(layout.path().join("index.json")).unwrap()).unwrap()
}

fn write_layout(layout: &Layout, index: &Value) {
    std::fs::create_dir_all(layout.path().join("blobs/sha256")).unwrap();
    std::fs::write(layout.path().join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    std::fs::write(layout.path().join("index.json"), index.to_string()).unwrap();
}

fn drafts(layout: &Layout) -> usize {
    let directories = [layout.path().to_owned(), layout.path().join("blobs/sha256")];
    let entries = directories.iter().flat_map(|directory| std::fs::read_dir(directory).unwrap());
    entries.filter(|entry| file::is_draft(&entry.as_ref().unwrap().path())).count()
}

fn code(error: &Error) -> String {
    error.problem().code.to_string()
}

#[test]
fn what_was_put_is_found_again() {
    let (_dir, layout) = new();
    run(async {
        assert!(!layout.exists().await.unwrap());
        assert_eq!(layout.catalog().await.unwrap(), []);
        let raw = put(&layout, "team/app", "1.0", "config").await;
        put(&layout, "base", "latest", "other").await;
        assert!(layout.exists().await.unwrap());

        let layout = Layout::at(layout.path().to_owned());
        let app = repository("team/app");
        assert_eq!(layout.catalog().await.unwrap(), [repository("base"), app.clone()]);
        assert_eq!(layout.tags(&app).await.unwrap().unwrap(), ["1.0".parse().unwrap()]);
        assert_eq!(layout.tags(&repository("none")).await.unwrap(), None);
        for reference in [tag("1.0"), raw.digest.clone().into()] {
            assert_eq!(layout.head_manifest(&app, &reference).await.unwrap(), Some(raw.descriptor()));
            assert_eq!(layout.manifest(&app, &reference).await.unwrap().as_ref(), Some(&raw));
        }
        assert_eq!(layout.head_manifest(&app, &tag("2.0")).await.unwrap(), None);
        assert_eq!(layout.head_blob(&blob("config").digest).await.unwrap(), Some(6));
        assert_eq!(layout.head_blob(&blob("absent").digest).await.unwrap(), None);
        assert_eq!(collect(layout.blob(&blob("config")).await.unwrap()).await.unwrap(), b"config");
        // A blob is not a manifest, though its digest is known.
        assert_eq!(layout.manifest(&app, &blob("config").digest.into()).await.unwrap(), None);
    });
    let document = index_json(&layout);
    assert_eq!(document["manifests"][0]["annotations"], json!({ name::REF_NAME: "team/app:1.0" }));
    let mode = layout.path().join("index.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o400, 0o400);
    assert_eq!(drafts(&layout), 0);
}

#[test]
fn a_large_blob_passes_whole() {
    let (_dir, layout) = new();
    let text = "0123456789abcdef".repeat(200_000);
    run(async {
        layout.put_blob(&blob(&text), bytes_of(&text)).await.unwrap();
        assert_eq!(collect(layout.blob(&blob(&text)).await.unwrap()).await.unwrap(), text.as_bytes());
        layout.put_blob(&blob(""), bytes_of("")).await.unwrap();
        assert_eq!(collect(layout.blob(&blob("")).await.unwrap()).await.unwrap(), b"");
    });
}

#[test]
fn wrong_bytes_never_become_a_blob() {
    let (_dir, layout) = new();
    run(async {
        for (text, temporary) in [("confiX", false), ("conf", true), ("config and more", true)] {
            let error = layout.put_blob(&blob("config"), bytes_of(text)).await.unwrap_err();
            assert_eq!(error.is_temporary(), temporary, "{text}");
        }
        let (pending, never) = (blob("x"), stream::pending().boxed());
        let cancelled = tokio::time::timeout(std::time::Duration::from_millis(50), layout.put_blob(&pending, never));
        assert!(cancelled.await.is_err());
        assert_eq!(layout.head_blob(&blob("config").digest).await.unwrap(), None);
    });
    assert_eq!(std::fs::read_dir(layout.path().join("blobs/sha256")).unwrap().count(), 0);
}

#[test]
fn wrong_files_are_not_served() {
    let (_dir, layout) = new();
    run(async {
        let raw = put(&layout, "app", "1", "config").await;
        let app = repository("app");
        let path = |digest: &Digest| layout.path().join("blobs/sha256").join(digest.hex());

        std::fs::write(path(&blob("config").digest), "confiX").unwrap();
        let error = collect(layout.blob(&blob("config")).await.unwrap()).await.unwrap_err();
        assert_eq!(error.problem.code.as_str(), "blob-digest");
        std::fs::write(path(&blob("config").digest), "").unwrap();
        assert_eq!(layout.head_blob(&blob("config").digest).await.unwrap(), None);
        assert_eq!(code(&layout.blob(&blob("config")).await.err().unwrap()), "blob-size");
        assert_eq!(code(&layout.blob(&blob("absent")).await.err().unwrap()), "blob-missing");

        let other = "x".repeat(raw.bytes.len());
        std::fs::write(path(&raw.digest), other).unwrap();
        assert_eq!(code(&layout.manifest(&app, &tag("1")).await.unwrap_err()), "blob-digest");
        assert_eq!(code(&layout.manifest(&app, &raw.digest.clone().into()).await.unwrap_err()), "blob-digest");
        assert_eq!(layout.head_manifest(&app, &raw.digest.clone().into()).await.unwrap(), None);
        std::fs::remove_file(path(&raw.digest)).unwrap();
        assert_eq!(code(&layout.head_manifest(&app, &tag("1")).await.unwrap_err()), "blob-missing");
        // Putting the image again mends it.
        put(&layout, "app", "1", "config").await;
        assert_eq!(layout.manifest(&app, &tag("1")).await.unwrap(), Some(raw));
    });
}

#[test]
fn a_manifest_is_stored_only_when_it_is_complete() {
    let (_dir, layout) = new();
    run(async {
        let app = repository("app");
        let error = layout.put_manifest(&app, &tag("1"), &manifest("config")).await.unwrap_err();
        assert_eq!(code(&error), "layout-incomplete");
        assert!(error.problem().message.english().contains(&blob("config").digest.to_string()), "{error}");
        assert_eq!(layout.catalog().await.unwrap(), []);
        let error = layout.put_manifest(&app, &blob("x").digest.into(), &manifest("config")).await.unwrap_err();
        assert_eq!(code(&error), "blob-digest");
        let error = layout.put_manifest(&app, &tag("1"), &RawManifest::new(None, "{}")).await.unwrap_err();
        assert_eq!(code(&error), "manifest-invalid");
    });
}

#[test]
fn sha512_names_work_like_sha256() {
    let (_dir, layout) = new();
    run(async {
        let raw = put(&layout, "app", "1", "config").await;
        let mut hasher = crate::image::Hasher::new(crate::image::Algorithm::Sha512);
        hasher.update(&raw.bytes);
        let digest: ManifestReference = hasher.finish().into();
        layout.put_manifest(&repository("app"), &digest, &raw).await.unwrap();
        let found = layout.manifest(&repository("app"), &digest).await.unwrap().unwrap();
        assert_eq!((found.bytes, ManifestReference::from(found.digest)), (raw.bytes, digest));
    });
}

#[test]
fn setting_a_tag_to_what_it_is_writes_nothing() {
    let (_dir, layout) = new();
    run(async {
        put(&layout, "app", "1", "config").await;
        let before = file::inode(&layout.path().join("index.json").metadata().unwrap());
        put(&layout, "app", "1", "config").await;
        assert_eq!(file::inode(&layout.path().join("index.json").metadata().unwrap()), before);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_put_changes_its_own_tag_only(puts in prop::collection::vec((0..3usize, 0..4usize, 0..5usize), 0..20)) {
        let (_dir, layout) = new();
        let names = ["shop", "team/app", "quay.io/team/app"];
        let mut expected = BTreeMap::new();
        run(async {
            for (name, version, config) in puts {
                let raw = put(&layout, names[name], &format!("v{version}"), &format!("config {config}")).await;
                expected.insert((names[name], format!("v{version}")), raw);
                for ((name, version), raw) in &expected {
                    let found = layout.manifest(&repository(name), &tag(version)).await.unwrap();
                    assert_eq!(found.as_ref(), Some(raw), "{name}:{version}");
                }
            }
            let count = layout.catalog().await.unwrap().len();
            assert_eq!(count, expected.keys().map(|(name, _)| name).collect::<std::collections::BTreeSet<_>>().len());
        });
    }

    #[test]
    fn no_index_makes_it_panic(text in "\\PC*|[\\[\\]{}\":,0-9a-z]{0,40}") {
        let _ = index::Index::parse(text.as_bytes(), None);
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_known_before_anything_is_written() {
    let (dir, layout) = new();
    layout.require_writable().await.unwrap();
    assert!(!layout.path().exists());
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Layout::at(file.join("images")).require_writable().await.unwrap_err();
    assert!(error.problem().message.english().contains("file"), "{error}");
}
