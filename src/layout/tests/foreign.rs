//! Directories that other tools wrote, or that are no layouts at all.

use std::os::unix::fs::symlink;

use super::*;

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
    let own = document["manifests"][3].clone();
    assert_eq!(own["annotations"], json!({ name::REF_NAME: "library/app:1" }));
    expected["manifests"].as_array_mut().unwrap().push(own);
    assert_eq!(document.to_string(), expected.to_string());
}

#[test]
fn images_of_other_registries_are_neither_replaced_nor_taken_away() {
    let (_dir, layout) = new();
    let named = |name: &str| {
        let mut entry = json!(manifest("foreign").descriptor());
        entry["annotations"] = json!({ name::REF_NAME: name });
        entry
    };
    let foreign = ["quay.io/team/app:1.0", "ghcr.io/team/app:9.9"].map(named);
    write_layout(&layout, &json!({ "schemaVersion": 2, "manifests": foreign }));
    let (app, target) = (repository("team/app"), layout.as_target());
    run(async {
        layout.put_blob(&blob("foreign"), bytes_of("foreign")).await.unwrap();
        layout.put_manifest(&app, &manifest("foreign").digest.into(), &manifest("foreign")).await.unwrap();
        let names = async |layout: &Layout| layout.tags(&app).await.unwrap().unwrap_or_default();
        assert_eq!(names(&layout).await, ["1.0".parse().unwrap(), "9.9".parse().unwrap()], "a source reads them");
        assert_eq!(names(&target).await, []);
        assert_eq!(target.head_manifest(&app, &tag("1.0")).await.unwrap(), None);

        let raw = put(&target, "team/app", "1.0", "ours").await;
        for layout in [&layout, &target] {
            let found = layout.head_manifest(&app, &tag("1.0")).await.unwrap();
            assert_eq!(found, Some(raw.descriptor()), "the own name wins");
        }
        for version in ["1.0", "9.9"] {
            target.remove_tag(&app, &version.parse().unwrap()).await.unwrap();
        }
        let found = layout.head_manifest(&app, &tag("1.0")).await.unwrap();
        assert_eq!(found, Some(manifest("foreign").descriptor()), "theirs is there as before");
    });
    assert_eq!(index_json(&layout)["manifests"], json!(foreign));
}

#[test]
fn entries_that_contradict_each_other_are_refused_and_kept() {
    let (_dir, layout) = new();
    let named = |config: &str, name: &str| {
        let mut entry = json!(manifest(config).descriptor());
        entry["annotations"] = json!({ name::REF_NAME: name });
        entry
    };
    let app = repository("app");
    let own = json!({ "schemaVersion": 2, "manifests": [named("a", "app:1"), named("b", "app:1")] });
    write_layout(&layout, &own);
    run(async {
        assert_eq!(code(&layout.head_manifest(&app, &tag("1")).await.unwrap_err()), "layout-ambiguous");
        layout.put_blob(&blob("c"), bytes_of("c")).await.unwrap();
        let error = layout.put_manifest(&app, &tag("1"), &manifest("c")).await.unwrap_err();
        assert_eq!(code(&error), "layout-ambiguous");
    });
    assert_eq!(index_json(&layout), own);
    let others =
        json!({ "schemaVersion": 2, "manifests": [named("a", "a.example/app:1"), named("b", "b.example/app:1")] });
    write_layout(&layout, &others);
    run(async {
        assert_eq!(code(&layout.head_manifest(&app, &tag("1")).await.unwrap_err()), "layout-ambiguous");
        let raw = put(&layout.as_target(), "app", "1", "c").await;
        assert_eq!(layout.head_manifest(&app, &tag("1")).await.unwrap(), Some(raw.descriptor()), "ours is the one");
    });
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
    assert_eq!(run(layout.catalog()).unwrap(), std::slice::from_ref(&app));
    assert!(run(layout.head_manifest(&app, &tag("1"))).unwrap_err().to_string().contains("`manifests[0]`"));
    let raw = run(put(&layout, "app", "1", "config"));
    assert_eq!(run(layout.manifest(&app, &tag("1"))).unwrap(), Some(raw));
    std::fs::remove_file(layout.path().join("index.json")).unwrap();
    assert_eq!(run(layout.catalog()).unwrap_err().fault(), &Fault::NoIndex);
}
