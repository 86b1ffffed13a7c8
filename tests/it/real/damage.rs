//! Damaged, lying and unusual images: each is one verdict, and no tag points at anything wrong.

use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha512};

use crate::support::content::{Artifact, Format, digest_of, image};
use crate::support::counting::Proxy;
use crate::support::kdl;
use crate::support::keeper::{Habit, Keeper};
use crate::support::registry::Registry;
use crate::support::server::{Body, Incoming, full};
use crate::support::swrctl::Project;
use crate::support::tools::skopeo_raw;

fn project(source: &str, target: &str) -> Project {
    let images = kdl::migrate("image \"app\" tags=\"v1\"");
    Project::new(&kdl::project(&[kdl::anonymous("source", source), kdl::anonymous("target", target), images]))
}

/// A registry that serves `manifest` under every tag, and states `digest` for it.
fn serving(registry: &Registry, media_type: &'static str, manifest: Vec<u8>, digest: String) -> Proxy {
    let own = digest_of(&manifest);
    Proxy::start(registry.address(), None, move |request: &Request<Incoming>| {
        let path = request.uri().path();
        let asked = path.contains("/manifests/v1") || path.ends_with(&own) || path.ends_with(&digest);
        asked.then(|| {
            let head = *request.method() == Method::HEAD;
            let mut response: Response<Body> = Response::new(full(if head { vec![] } else { manifest.clone() }));
            let length = manifest.len().to_string();
            for (name, value) in
                [("content-type", media_type), ("docker-content-digest", &digest), ("content-length", &length)]
            {
                response.headers_mut().insert(name, value.parse().expect("a header"));
            }
            response
        })
    })
}

#[test]
fn a_manifest_that_cannot_be_copied_is_one_verdict_and_no_loop() {
    let index = image(7).index(&[("linux", "amd64"), ("linux", "arm64")]);
    let schema1 = json!({"schemaVersion": 1, "name": "app", "tag": "v1", "fsLayers": [], "history": []});
    let plain = image(8).build().manifest.bytes;
    let cases: [(&str, Vec<u8>, Option<String>, &str); 6] = [
        (
            Format::Oci.index_type(),
            index.manifest.bytes.clone(),
            None,
            "is incomplete at the source: its index names linux/amd64 (sha256:",
        ),
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            schema1.to_string().into_bytes(),
            None,
            "Docker schema 1",
        ),
        (Format::Oci.manifest_type(), vec![b' '; 9 << 20], None, "larger than is allowed"),
        (Format::Oci.manifest_type(), plain.clone(), Some(digest_of(b"other")), "bytes and digest do not belong"),
        (Format::Oci.manifest_type(), plain[..100].to_vec(), Some(digest_of(&plain)), "bytes and digest do not belong"),
        (Format::Oci.manifest_type(), b"no manifest".to_vec(), None, "not JSON"),
    ];
    for (media_type, bytes, stated, told) in cases {
        let (registry, target) = (Registry::plain(), Registry::plain());
        let stated = stated.unwrap_or_else(|| digest_of(&bytes));
        let source = serving(&registry, media_type, bytes, stated);
        let output = project(&source.host(), &target.host()).run(["apply", "--auto-approve"]).expect_code(1);
        assert!(output.everything().contains(told), "{told}: {output}");
        target.http().manifest(Method::HEAD, "app", "v1").expect_status(404);
        assert!(source.recorder().count("", "/manifests/") < 10, "{:#?}", source.recorder().exchanges());
    }
}

#[test]
fn a_foreign_layer_stays_where_it_is() {
    let registry = Registry::plain();
    let mut artifact = image(1).build();
    artifact.push(&registry.http(), "app", "base");
    let mut manifest = artifact.manifest.bytes.clone();
    let mut document: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let absent = digest_of(b"licensed elsewhere");
    document["layers"].as_array_mut().expect("layers").push(json!({
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "digest": absent, "size": 18, "urls": ["https://vendor.example/layer"],
    }));
    manifest = document.to_string().into_bytes();
    artifact.manifest.bytes.clone_from(&manifest);
    let source = serving(&registry, Format::Oci.manifest_type(), manifest.clone(), digest_of(&manifest));
    let keeper = Keeper::start(Habit::Keeps);
    project(&source.host(), &keeper.address().to_string()).run(["apply", "--auto-approve"]).expect_success();
    assert!(keeper.has_tag("/v2/app/manifests/v1") && keeper.blob(&absent).is_none());
    assert_eq!(source.recorder().count("", &absent), 0, "nobody asked for it");
}

#[test]
fn a_layer_named_by_sha512_is_copied_as_any_other() {
    let target = Registry::plain();
    let content = b"a layer that its sha512 names".to_vec();
    let name = hex::encode(Sha512::digest(&content));
    let mut artifact = image(1).layers(0, 0).build();
    let mut document: serde_json::Value = serde_json::from_slice(&artifact.manifest.bytes).unwrap();
    document["layers"] = json!([{
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": format!("sha512:{name}"), "size": content.len(),
    }]);
    artifact.manifest.bytes = document.to_string().into_bytes();
    artifact.manifest.digest = digest_of(&artifact.manifest.bytes);
    let source = "registry \"source\" \"oci-layout:./images\"\n".to_owned();
    let sections = [source, kdl::anonymous("target", &target.host()), kdl::migrate("image \"app\" tags=\"v1\"")];
    let project = Project::new(&kdl::project(&sections));
    artifact.write_layout(&project.path("images"), "app:v1");
    let project = project.file(&format!("images/blobs/sha512/{name}"), &content);
    project.run(["apply", "--auto-approve"]).expect_success();
    let read = target.http().get(&format!("/v2/app/blobs/sha512:{name}")).expect_status(200);
    assert_eq!(read.body, content);
    assert_eq!(skopeo_raw(&format!("{}/app:v1", target.host())).as_bytes(), artifact.manifest.bytes);
}

#[test]
fn what_the_plan_saw_is_copied_although_the_tag_moves_meanwhile() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let (seen, moved) = (image(1).build(), image(2).build());
    seen.push(&source.http(), "app", "v1");
    let project = project(&source.host(), &target.host());
    project.run(["plan", "--out", "saved.plan"]).expect_success();
    moved.push(&source.http(), "app", "v1");
    project.run(["apply", "saved.plan"]).expect_success();
    assert_eq!(skopeo_raw(&format!("{}/app:v1", target.host())).as_bytes(), seen.manifest.bytes);
    let next = project.run(["plan", "--detailed-exitcode"]).expect_code(2);
    assert!(next.stdout.contains("~ sync.target/app:v1 "), "{next}");
}

#[test]
fn two_applies_at_once_do_no_harm() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let images: Vec<_> = (0..8).map(|number| image(number).layers(2, 60_000).build()).collect();
    for (number, artifact) in images.iter().enumerate() {
        artifact.push(&source.http(), "app", &format!("v{number}"));
    }
    let sections = [
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("target", &target.host()),
        kdl::migrate("image \"app\""),
    ];
    let project = Project::new(&kdl::project(&sections));
    let runs = [(); 2].map(|()| project.spawn(["apply", "--auto-approve"]));
    for run in runs {
        run.finish(std::time::Duration::from_mins(1)).expect_success();
    }
    for (number, artifact) in images.iter().enumerate() {
        assert_eq!(skopeo_raw(&format!("{}/app:v{number}", target.host())).as_bytes(), artifact.manifest.bytes);
    }
    let plan = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(plan.stdout.trim_end().lines().last(), Some("No changes."), "{plan}");
}

/// A source and a target that share a layer, of which the target's storage has lost the end.
fn truncated() -> (Artifact, Registry, Registry) {
    let (source, target) = (Registry::plain(), Registry::plain());
    let (artifact, older) = (image(1).created("2025-02-03T04:05:06Z").build(), image(1).build());
    artifact.push(&source.http(), "app", "v1");
    older.push(&target.http(), "app", "older");
    let layer = target.blob_file(&artifact.blobs[1].digest);
    std::fs::File::options().write(true).open(layer).unwrap().set_len(500).unwrap();
    (artifact, source, target)
}

#[test]
fn a_blob_of_another_length_at_the_target_is_told_where_it_stays() {
    let (_, source, target) = truncated();
    let output = project(&source.host(), &target.host()).run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.stdout.contains("and keeps it when the right bytes are sent"), "{output}");
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(404);
}

#[test]
fn a_blob_of_another_length_at_the_target_is_replaced_where_that_is_possible() {
    let (artifact, source, target) = truncated();
    let layer = artifact.blobs[1].clone();
    let (file, hex) = (target.blob_file(&layer.digest), layer.digest.replace("sha256:", ""));
    // The registry itself writes no blob twice.
    let replacing = Proxy::start(target.address(), None, move |request: &Request<Incoming>| {
        if *request.method() == Method::PUT && request.uri().query().is_some_and(|query| query.contains(&hex)) {
            std::fs::remove_file(&file).unwrap();
        }
        None
    });
    project(&source.host(), &replacing.host()).run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
    assert_eq!(skopeo_raw(&format!("{}/app:v1", target.host())).as_bytes(), artifact.manifest.bytes);
}

#[test]
fn a_blob_without_end_is_not_read_to_it() {
    let (registry, target) = (Registry::plain(), Registry::plain());
    let artifact = image(1).build();
    artifact.push(&registry.http(), "app", "v1");
    let layer = artifact.blobs[1].digest.clone();
    let endless = Proxy::start(registry.address(), None, move |request: &Request<Incoming>| {
        let asked = *request.method() == Method::GET && request.uri().path().ends_with(&layer);
        asked.then(|| {
            let mut response = Response::new(crate::support::server::endless());
            *response.status_mut() = StatusCode::OK;
            response
        })
    });
    let output = project(&endless.host(), &target.host()).run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.stdout.contains("goes on after"), "{output}");
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(404);
    assert!(endless.recorder().received() < 50_000_000, "{}", endless.recorder().received());
}
