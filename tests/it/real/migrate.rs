//! The main job between real registries: plan, apply, and a second plan that finds nothing to do.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use sha2::Digest as _;

use crate::support::containerd::Containerd;
use crate::support::content::{Artifact, Format, build_cache, image};
use crate::support::counting::Proxy;
use crate::support::faults::{Fault, FaultProxy};
use crate::support::kdl;
use crate::support::plan::document;
use crate::support::process::Running;
use crate::support::registry::Registry;
use crate::support::server::Recorder;
use crate::support::swrctl::Project;
use crate::support::tools::{skopeo, skopeo_raw};

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// Two registries with a counting proxy before each.
pub(super) struct Pair {
    pub(super) source: Registry,
    pub(super) target: Registry,
    pub(super) source_proxy: Proxy,
    pub(super) target_proxy: Proxy,
}

impl Pair {
    pub(super) fn start() -> Self {
        let (source, target) = (Registry::plain(), Registry::plain());
        let (source_proxy, target_proxy) = (Proxy::counting(source.address()), Proxy::counting(target.address()));
        Self { source, target, source_proxy, target_proxy }
    }

    pub(super) fn project(&self, block: &str) -> Project {
        Project::new(&kdl::project(&[
            kdl::anonymous("source", &self.source_proxy.host()),
            kdl::anonymous("target", &self.target_proxy.host()),
            kdl::migrate(block),
        ]))
    }

    pub(super) fn recorders(&self) -> [&Recorder; 2] {
        [self.source_proxy.recorder(), self.target_proxy.recorder()]
    }

    #[track_caller]
    pub(super) fn assert_arrived(&self, name: &str, artifact: &Artifact) {
        assert_eq!(skopeo_raw(&format!("{}/{name}", self.target.host())).as_bytes(), artifact.manifest.bytes, "{name}");
    }
}

#[track_caller]
pub(super) fn assert_no_changes(project: &Project) {
    let output = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(output.stdout.trim_end().lines().last(), Some("No changes."), "{output}");
}

#[track_caller]
fn assert_uploaded_once(recorder: &Recorder) {
    let uploads = recorder.finished_uploads();
    let distinct: BTreeSet<_> = uploads.iter().collect();
    assert_eq!(uploads.len(), distinct.len(), "{uploads:#?}");
}

#[test]
fn every_format_arrives_byte_for_byte_and_containerd_runs_with_it() {
    let pair = Pair::start();
    let artifacts = [
        ("oci", image(1).build()),
        ("docker", image(2).format(Format::Docker).build()),
        ("index", image(3).index(&BOTH)),
        ("list", image(4).format(Format::Docker).index(&BOTH)),
        ("attested", image(5).index_with_attestations(&BOTH)),
    ];
    for (tag, artifact) in &artifacts {
        artifact.push(&pair.source.http(), "team/app", tag);
    }
    let project = pair.project("image \"team/app\" as=\"mirror/app\"");

    let plan = project.run(["plan", "--detailed-exitcode"]).expect_code(2);
    let last = plan.stdout.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("Plan: 5 to create, 0 to update, 0 to delete, 0 blocked; "), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_success();
    let containerd = Containerd::start();
    for (tag, artifact) in &artifacts {
        pair.assert_arrived(&format!("mirror/app:{tag}"), artifact);
        let reference = format!("{}/mirror/app:{tag}", pair.target.host());
        containerd.pull(&reference, "linux/amd64").expect_success();
    }
    assert_no_changes(&project);
}

#[test]
fn a_plan_writes_nothing() {
    let pair = Pair::start();
    image(1).index(&BOTH).push(&pair.source.http(), "team/app", "v1");
    pair.project("image \"team/app\"").run(["plan"]).expect_success();
    for recorder in pair.recorders() {
        let written: Vec<_> =
            recorder.exchanges().into_iter().filter(|e| e.method != "GET" && e.method != "HEAD").collect();
        assert_eq!(written, []);
    }
}

#[test]
fn two_hundred_tags_cost_two_heads_each_once_they_are_equal() {
    let pair = Pair::start();
    for repository in 0..40 {
        for tag in 0..5 {
            let artifact = image(repository * 5 + tag).layers(1, 512).build();
            artifact.push(&pair.source.http(), &format!("team/app-{repository}"), &format!("v{tag}"));
        }
    }
    let images: Vec<String> = (0..40)
        .map(|repository| format!("image \"team/app-{repository}\" {{ tags \"v0\" \"v1\" \"v2\" \"v3\" \"v4\"; }}"))
        .collect();
    let project = pair.project(&images.join("\n    "));
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_uploaded_once(pair.target_proxy.recorder());

    for recorder in pair.recorders() {
        recorder.clear();
    }
    assert_no_changes(&project);
    for recorder in pair.recorders() {
        assert_eq!((recorder.count("HEAD", "/manifests/"), recorder.count("GET", "/manifests/")), (200, 0));
        assert_eq!(recorder.count("", "/blobs/"), 0);
    }
}

#[test]
fn a_tag_that_moved_at_the_source_is_an_update() {
    let pair = Pair::start();
    image(1).build().push(&pair.source.http(), "team/app", "v1");
    let project = pair.project("image \"team/app\" tags=\"v1\"");
    project.run(["apply", "--auto-approve"]).expect_success();
    let moved = image(2).build();
    moved.push(&pair.source.http(), "team/app", "v1");
    let plan = project.run(["plan", "--detailed-exitcode"]).expect_code(2);
    assert!(plan.stdout.contains("Plan: 0 to create, 1 to update, 0 to delete, 0 blocked; "), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_success();
    pair.assert_arrived("team/app:v1", &moved);
}

#[test]
fn a_saved_plan_refuses_a_target_that_moved_and_does_the_rest() {
    let pair = Pair::start();
    let (first, second, foreign) = (image(1).build(), image(2).build(), image(3).build());
    first.push(&pair.source.http(), "team/app", "v1");
    second.push(&pair.source.http(), "team/app", "v2");
    let project = pair.project("image \"team/app\"");
    project.run(["plan", "--out", "saved.json"]).expect_success();
    foreign.push(&pair.target.http(), "team/app", "v1");
    let apply = project.run(["apply", "saved.json"]).expect_code(1);
    assert!(apply.everything().contains("team/app:v1"), "{apply}");
    pair.assert_arrived("team/app:v1", &foreign);
    pair.assert_arrived("team/app:v2", &second);
}

#[test]
fn a_tag_deleted_between_plan_and_apply_fails_by_name() {
    let pair = Pair::start();
    let artifact = image(1).build();
    artifact.push(&pair.source.http(), "team/app", "v1");
    let project = pair.project("image \"team/app\" tags=\"v1\"");
    project.run(["plan", "--out", "saved.json"]).expect_success();
    let path = format!("/v2/team/app/manifests/{}", artifact.digest());
    pair.source.http().send(Method::DELETE, &path, &[], Vec::new()).expect_status(202);
    let apply = project.run(["apply", "saved.json"]).expect_code(1);
    assert!(apply.everything().contains("team/app:v1"), "{apply}");
    pair.target.http().manifest(Method::HEAD, "team/app", "v1").expect_status(404);
}

#[test]
fn a_platform_subset_is_recognised_by_the_next_plan() {
    let pair = Pair::start();
    image(1).index_with_attestations(&BOTH).push(&pair.source.http(), "team/app", "v1");
    let project = pair.project("image \"team/app\" { platforms \"linux/arm64\"; }\n    attestations \"drop\"");
    project.run(["apply", "--auto-approve"]).expect_success();
    let written = skopeo_raw(&format!("{}/team/app:v1", pair.target.host()));
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["manifests"].as_array().map(Vec::len), Some(1), "{written}");
    assert_eq!(written["manifests"][0]["platform"]["architecture"], "arm64");
    assert_no_changes(&project);
}

#[test]
fn an_image_for_another_platform_is_not_taken_for_the_wanted_one() {
    let pair = Pair::start();
    image(1).platform("linux", "amd64").build().push(&pair.source.http(), "team/app", "v1");
    let wants = |platform: &str| pair.project(&format!("image \"team/app\" {{ platforms \"{platform}\"; }}"));
    let plan = wants("linux/arm64").run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains("the image is for linux/amd64 alone, not for linux/arm64"), "{plan}");
    wants("linux/amd64").run(["apply", "--auto-approve"]).expect_success();
}

#[test]
fn a_blob_that_two_repositories_share_is_uploaded_once() {
    let pair = Pair::start();
    let artifact = image(1).layers(2, 100_000).build();
    artifact.push(&pair.source.http(), "team/one", "v1");
    artifact.push(&pair.source.http(), "team/two", "v1");
    pair.project("image \"team/*\"").run(["apply", "--auto-approve"]).expect_success();
    let uploads = pair.target_proxy.recorder().finished_uploads();
    let digests: BTreeSet<&String> = uploads.iter().map(|(_, digest)| digest).collect();
    assert_eq!(uploads.len(), digests.len(), "{uploads:#?}");
    pair.assert_arrived("team/two:v1", &artifact);
}

/// A source with images of three blobs each, and a target that is slow enough to be interrupted on the way there.
fn slow_target(pair: &Pair, images: u64) -> (FaultProxy, Project) {
    for tag in 0..images {
        image(tag).layers(2, 40_000).build().push(&pair.source.http(), "team/app", &format!("v{tag}"));
    }
    let slow = FaultProxy::start(pair.target_proxy.address(), |_| Fault::throttle(150_000));
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &pair.source_proxy.host()),
        kdl::registry("target", &slow.host(), "auth \"anonymous\"; limit concurrency=3"),
        kdl::migrate("image \"team/app\""),
    ]));
    (slow, project)
}

/// Starts an apply and returns it once the target holds so many blobs.
#[track_caller]
fn apply_until(project: &Project, target: &Recorder, blobs: usize) -> Running {
    let mut running = project.spawn(["apply", "--auto-approve"]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while target.finished_uploads().len() < blobs {
        assert!(running.is_running() && Instant::now() < deadline, "{}", running.finish(Duration::from_secs(1)));
        std::thread::sleep(Duration::from_millis(2));
    }
    running
}

#[test]
fn killed_at_any_moment_it_converges_and_uploads_no_finished_blob_again() {
    let pair = Pair::start();
    let (slow, project) = slow_target(&pair, 12);
    let target = pair.target_proxy.recorder();
    for blobs in [1, 4, 11, 20] {
        drop(apply_until(&project, target, blobs));
        slow.settle();
    }
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_uploaded_once(target);
    assert_no_changes(&project);
}

#[test]
fn an_interrupt_finishes_what_is_in_flight_and_leaves_the_rest_for_the_next_run() {
    let pair = Pair::start();
    let (_slow, project) = slow_target(&pair, 60);
    let running = apply_until(&project, pair.target_proxy.recorder(), 4);
    running.interrupt();
    let output = running.finish(Duration::from_mins(1)).expect_code(1);
    assert!(pair.target_proxy.recorder().count("PUT", "/manifests/") > 0, "{output}");
    for tag in 0..60 {
        assert!(output.stdout.contains(&format!("sync.target/team/app:v{tag}")), "every step has a verdict: {output}");
    }
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_uploaded_once(pair.target_proxy.recorder());
    assert_no_changes(&project);
}

#[test]
fn several_targets_each_hold_the_image() {
    let pair = Pair::start();
    let artifact = image(1).layers(2, 50_000).build();
    artifact.push(&pair.source.http(), "team/app", "v1");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &pair.source_proxy.host()),
        kdl::anonymous("target", &pair.target_proxy.host()),
        "registry \"airgap\" \"oci-layout:./images\"\n".to_owned(),
        kdl::migrate("image \"team/app\"").replace("to=\"target\"", "to=\"target\" \"airgap\""),
    ]));
    project.run(["apply", "--auto-approve"]).expect_success();
    pair.assert_arrived("team/app:v1", &artifact);
    let layout = format!("oci:{}:team/app:v1", project.path("images").display());
    let read = skopeo(&["inspect", "--raw", &layout]).expect_success();
    assert_eq!(read.stdout.as_bytes(), artifact.manifest.bytes);
    assert_no_changes(&project);
}

#[test]
fn a_build_cache_is_copied_with_the_layers_that_its_index_names() {
    let pair = Pair::start();
    let cache = build_cache(1);
    cache.push(&pair.source.http(), "team/app", "cache");
    let project = pair.project("image \"team/app\"\n    verify \"pull\"");
    project.run(["apply", "--auto-approve"]).expect_success();
    pair.assert_arrived("team/app:cache", &cache);
    assert_no_changes(&project);
}

#[test]
fn a_manifest_named_by_sha512_is_recognised_by_its_bytes() {
    let pair = Pair::start();
    let artifact = image(1).build();
    let sections = [
        "registry \"source\" \"oci-layout:./source\"\n".to_owned(),
        kdl::anonymous("target", &pair.target.host()),
        kdl::migrate("image \"team/app\"\n    verify \"digest\""),
    ];
    let project = Project::new(&kdl::project(&sections));
    artifact.write_layout(&project.path("source"), "team/app:v1");
    let hex = hex::encode(sha2::Sha512::digest(&artifact.manifest.bytes));
    std::fs::create_dir(project.path("source/blobs/sha512")).unwrap();
    std::fs::write(project.path(&format!("source/blobs/sha512/{hex}")), &artifact.manifest.bytes).unwrap();
    let index = std::fs::read_to_string(project.path("source/index.json")).unwrap();
    let index = index.replace(artifact.digest(), &format!("sha512:{hex}"));
    std::fs::write(project.path("source/index.json"), index).unwrap();
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_no_changes(&project);
}

#[test]
fn a_layout_carries_images_to_another_registry() {
    let pair = Pair::start();
    let artifact = image(1).index_with_attestations(&BOTH);
    artifact.push(&pair.source.http(), "team/app", "v1");
    let layout = "registry \"disk\" \"oci-layout:./images\"\n".to_owned();
    let section =
        |from: &str, to: &str| kdl::migrate("image \"team/app\"").replace("\"source\"", from).replace("\"target\"", to);
    let (source, target) =
        (kdl::anonymous("source", &pair.source_proxy.host()), kdl::anonymous("target", &pair.target_proxy.host()));
    let out = kdl::project(&[source, layout.clone(), section("\"source\"", "\"disk\"")]);
    let back = kdl::project(&[target, layout, section("\"disk\"", "\"target\"")]);
    let project = Project::new(&out).file("in.kdl", back);
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_no_changes(&project);
    std::fs::rename(project.path("in.kdl"), project.path("swr.kdl")).unwrap();
    project.run(["apply", "--auto-approve"]).expect_success();
    pair.assert_arrived("team/app:v1", &artifact);
    assert_no_changes(&project);
}

#[test]
fn a_blob_that_a_crash_cut_off_in_a_layout_is_copied_again() {
    let artifact = image(1).build();
    let sections = [
        "registry \"source\" \"oci-layout:./source\"\n".to_owned(),
        "registry \"target\" \"oci-layout:./target\"\n".to_owned(),
        kdl::migrate("image \"team/app\""),
    ];
    let project = Project::new(&kdl::project(&sections));
    artifact.write_layout(&project.path("source"), "team/app:v1");
    project.run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    let file = project.path(&format!("target/blobs/{}", layer.digest.replace(':', "/")));
    std::fs::write(&file, &layer.bytes[..100]).unwrap();
    artifact.write_layout(&project.path("source"), "team/app:v2");
    let plan = project.run(["plan", "--json"]).expect_success();
    let bytes = document(&plan)["summary"]["bytes"].as_u64().unwrap();
    assert_eq!(bytes, layer.bytes.len() as u64, "{plan}");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(std::fs::read(&file).unwrap(), layer.bytes);
}

#[test]
fn a_dockerfile_that_fails_its_policy_blocks_the_syncs_to_the_target() {
    let pair = Pair::start();
    image(1).build().push(&pair.source.http(), "team/app", "v1");
    let project = Project::new(&kdl::project(&[
        "dockerfiles \"Dockerfile\" { profile \"swr\"; fail-on \"warning\"; }\n".to_owned(),
        kdl::anonymous("source", &pair.source_proxy.host()),
        kdl::anonymous("target", &pair.target_proxy.host()),
        kdl::migrate("image \"team/app\""),
    ]));
    let project = project.file("Dockerfile", "FROM alpine:latest\nRUN [\n");
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains("! sync.target/team/app:v1 "), "{plan}");
    assert!(plan.everything().contains("Dockerfile"), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_code(1);
    pair.target.http().manifest(Method::HEAD, "team/app", "v1").expect_status(404);
}
