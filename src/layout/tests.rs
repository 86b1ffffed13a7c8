//! The layout as its callers see it, on real directories.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};

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
        assert!(error.problem().message.contains(&blob("config").digest.to_string()), "{error}");
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
fn entries_of_other_tools_are_kept() {
    let (_dir, layout) = new();
    let target = manifest("config").descriptor();
    let entry = |annotations: Value| {
        let mut entry = json!(target);
        entry["annotations"] = annotations;
        entry["x-unknown"] = json!([1, { "b": null, "a": 2 }]);
        entry
    };
    let nameless = json!({ "mediaType": "x/y", "digest": "blake3:00", "size": 1 });
    let ours = entry(json!({ "io.containerd.image.name": "docker.io/library/app:1", name::REF_NAME: "1" }));
    let bare = entry(json!({ name::REF_NAME: "1" }));
    let index =
        json!({ "schemaVersion": 2, "x-top": true, "manifests": [nameless, ours, bare], "annotations": { "k": "v" } });
    write_layout(&layout, &index);
    run(async {
        assert_eq!(layout.catalog().await.unwrap(), [repository("library/app"), repository("shop")]);
        let raw = put(&layout, "library/app", "1", "newer").await;
        assert_eq!(layout.head_manifest(&repository("library/app"), &tag("1")).await.unwrap(), Some(raw.descriptor()));
    });
    let (mut expected, document) = (index, index_json(&layout));
    expected["manifests"][1] = document["manifests"][1].clone();
    assert_eq!(document.to_string(), expected.to_string());
    assert_eq!(document["manifests"][1]["annotations"], json!({ name::REF_NAME: "library/app:1" }));
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

#[test]
fn entries_that_contradict_each_other_are_refused_and_kept() {
    let (_dir, layout) = new();
    let named = |config: &str, name: &str| {
        let mut entry = json!(manifest(config).descriptor());
        entry["annotations"] = json!({ name::REF_NAME: name });
        entry
    };
    let index =
        json!({ "schemaVersion": 2, "manifests": [named("a", "a.example/app:1"), named("b", "b.example/app:1")] });
    write_layout(&layout, &index);
    run(async {
        let app = repository("app");
        assert_eq!(code(&layout.head_manifest(&app, &tag("1")).await.unwrap_err()), "layout-ambiguous");
        layout.put_blob(&blob("c"), bytes_of("c")).await.unwrap();
        let error = layout.put_manifest(&app, &tag("1"), &manifest("c")).await.unwrap_err();
        assert_eq!(code(&error), "layout-ambiguous");
    });
    assert_eq!(index_json(&layout), index);
}

#[test]
fn what_is_not_a_layout_is_refused_and_left_alone() {
    let (dir, layout) = new();
    let check = |layout: &Layout, expected: &str| {
        run(async {
            assert_eq!(code(&layout.exists().await.unwrap_err()), expected);
            assert_eq!(code(&layout.put_blob(&blob("x"), bytes_of("x")).await.unwrap_err()), expected);
            assert!(layout.catalog().await.is_err());
        });
    };
    run(async { assert_eq!(code(&layout.require().await.unwrap_err()), "layout-missing") });
    run(async { assert_eq!(code(&layout.blob(&blob("x")).await.err().unwrap()), "layout-missing") });
    std::fs::write(layout.path(), "a file").unwrap();
    check(&layout, "layout-not-a-directory");
    std::fs::remove_file(layout.path()).unwrap();
    std::fs::create_dir(layout.path()).unwrap();
    run(async { assert!(!layout.exists().await.unwrap()) });
    std::fs::write(layout.path().join("notes.txt"), "mine").unwrap();
    check(&layout, "layout-invalid");
    assert_eq!(std::fs::read_dir(layout.path()).unwrap().count(), 1);
    std::fs::write(layout.path().join("oci-layout"), r#"{"imageLayoutVersion": "2.0.0"}"#).unwrap();
    check(&layout, "layout-version");
    std::fs::write(layout.path().join("oci-layout"), "x").unwrap();
    check(&layout, "layout-index");
    std::fs::remove_file(layout.path().join("oci-layout")).unwrap();
    symlink("/dev/zero", layout.path().join("oci-layout")).unwrap();
    check(&layout, "layout-io");
    drop(dir);
}

#[test]
fn a_damaged_index_names_its_fault() {
    let (_dir, layout) = new();
    let cases = [
        ("", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        (r#"{"schemaVersion":2}"#, "has no list `manifests`"),
        (r#"{"schemaVersion":1,"manifests":[]}"#, "`schemaVersion` other than 2"),
        (r#"{"manifests":[{},3]}"#, "`manifests[1]`"),
    ];
    write_layout(&layout, &json!({}));
    let app = repository("app");
    for (text, reason) in cases {
        std::fs::write(layout.path().join("index.json"), text).unwrap();
        let error = run(layout.catalog()).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let entry = json!({ "digest": "sha256:0", "annotations": { name::REF_NAME: "app:1" } });
    std::fs::write(layout.path().join("index.json"), json!({ "manifests": [entry] }).to_string()).unwrap();
    assert_eq!(run(layout.catalog()).unwrap(), [app.clone()]);
    assert!(run(layout.head_manifest(&app, &tag("1"))).unwrap_err().to_string().contains("`manifests[0]`"));
    let raw = run(put(&layout, "app", "1", "config"));
    assert_eq!(run(layout.manifest(&app, &tag("1"))).unwrap(), Some(raw));
    std::fs::remove_file(layout.path().join("index.json")).unwrap();
    assert_eq!(run(layout.catalog()).unwrap_err().fault(), &Fault::NoIndex);
}

#[test]
fn a_run_killed_while_it_created_the_layout_is_continued() {
    for left in [&[][..], &[".swrctl-abc.part"], &["oci-layout"]] {
        let (_dir, layout) = new();
        std::fs::create_dir(layout.path()).unwrap();
        for name in left {
            std::fs::write(layout.path().join(name), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        }
        run(async {
            assert_eq!(layout.catalog().await.unwrap(), []);
            put(&layout, "app", "1", "config").await;
        });
        assert_eq!(drafts(&layout), 0, "{left:?}");
    }
}

#[test]
fn only_what_nobody_writes_is_swept() {
    let (_dir, layout) = new();
    run(put(&layout, "app", "1", "config"));
    let blobs = layout.path().join("blobs/sha256");
    for name in [".swrctl-left.part", ".other.part", "note"] {
        std::fs::write(blobs.join(name), "x").unwrap();
    }
    let live = file::Draft::in_directory(&blobs).unwrap();
    run(put(&Layout::at(layout.path().to_owned()), "app", "2", "config"));
    assert_eq!(drafts(&layout), 1);
    assert!(blobs.join(".other.part").exists() && blobs.join("note").exists());
    live.publish(&blobs.join("live")).unwrap();
    assert!(blobs.join("live").exists());
}

#[test]
fn a_change_by_another_tool_is_seen() {
    let (_dir, layout) = new();
    let name = |tag: &str| {
        let mut entry = json!(manifest("config").descriptor());
        entry["annotations"] = json!({ name::REF_NAME: format!("app:{tag}") });
        json!({ "schemaVersion": 2, "manifests": [entry] })
    };
    write_layout(&layout, &name("0"));
    run(async {
        // In place, same size, within one tick of the file system's clock.
        for tag in 0..50 {
            std::fs::write(layout.path().join("index.json"), name(&(tag % 10).to_string()).to_string()).unwrap();
            let tags = layout.tags(&repository("app")).await.unwrap().unwrap();
            assert_eq!(tags[0].as_str(), (tag % 10).to_string());
        }
        // Long settled, then replaced.
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        let path = layout.path().join("index.json");
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        assert_eq!(layout.tags(&repository("app")).await.unwrap().unwrap()[0].as_str(), "9");
        std::fs::write(&path, name("x").to_string()).unwrap();
        assert_eq!(layout.tags(&repository("app")).await.unwrap().unwrap()[0].as_str(), "x");
    });
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    const WRITERS: usize = 4;
    const TAGS: usize = 12;
    let (_dir, layout) = new();
    let path = layout.path().to_owned();
    // Handles of their own exclude each other by the file lock only, as processes do.
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                run(async {
                    let layout = Layout::at(path);
                    let tags = (0..TAGS).map(|tag| {
                        let layout = layout.clone();
                        tokio::spawn(
                            async move { put(&layout, &format!("w{writer}"), &tag.to_string(), "config").await },
                        )
                    });
                    for task in tags.collect::<Vec<_>>() {
                        task.await.unwrap();
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    run(async {
        assert_eq!(layout.catalog().await.unwrap().len(), WRITERS);
        for writer in 0..WRITERS {
            let tags = layout.tags(&repository(&format!("w{writer}"))).await.unwrap().unwrap();
            assert_eq!(tags.len(), TAGS);
        }
    });
    assert_eq!(drafts(&layout), 0);
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
