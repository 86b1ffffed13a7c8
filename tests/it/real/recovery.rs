//! What goes wrong on the way, and what must not come of it.

use reqwest::{Method, StatusCode};

use crate::support::content::image;
use crate::support::counting::{Proxy, first_answers};
use crate::support::faults::{Fault, FaultProxy, closed_port, first};
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::swrctl::Project;
use crate::support::tools::skopeo_raw;

fn project(source: &str, target: &str) -> Project {
    let sections = [kdl::anonymous("source", source), kdl::anonymous("target", target), kdl::migrate("image \"app\"")];
    Project::new(&kdl::project(&sections))
}

#[test]
fn a_connection_cut_in_the_middle_of_a_blob_is_tried_again() {
    let artifact = image(1).layers(1, 2_000_000).build();
    for fault in [Fault::cut_download(1_000_000), Fault::cut_upload(1_000_000)] {
        let (source, target) = (Registry::plain(), Registry::plain());
        artifact.push(&source.http(), "app", "v1");
        let (from, to) = (
            FaultProxy::start(source.address(), first(6, fault)),
            FaultProxy::start(target.address(), first(6, fault)),
        );
        project(&from.host(), &to.host()).run(["apply", "--auto-approve"]).expect_success();
        assert_eq!(skopeo_raw(&format!("{}/app:v1", target.host())).as_bytes(), artifact.manifest.bytes);
        assert!(from.connections() + to.connections() > 2);
    }
}

#[test]
fn a_busy_registry_is_asked_again() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    for (status, method, path) in [
        (StatusCode::SERVICE_UNAVAILABLE, Method::POST, "/uploads/"),
        (StatusCode::TOO_MANY_REQUESTS, Method::PUT, "/manifests/"),
        (StatusCode::BAD_GATEWAY, Method::HEAD, "/manifests/"),
    ] {
        let busy = Proxy::start(target.address(), None, first_answers(2, status, method.clone(), path));
        project(&source.host(), &busy.host()).run(["apply", "--auto-approve"]).expect_success();
        let manifest = target.http().manifest(Method::HEAD, "app", "v1").expect_status(200);
        let path = format!("/v2/app/manifests/{}", manifest.header("docker-content-digest"));
        target.http().send(Method::DELETE, &path, &[], Vec::new()).expect_status(202);
    }
}

#[test]
fn what_a_registry_collected_since_the_plan_is_sent_again() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let artifact = image(1).build();
    artifact.push(&source.http(), "app", "v1");
    let project = project(&source.host(), &target.host());
    project.run(["apply", "--auto-approve"]).expect_success();
    artifact.push(&source.http(), "app", "v2");
    project.run(["plan", "--out", "saved.plan"]).expect_success();
    let layer = format!("/v2/app/blobs/{}", artifact.blobs[1].digest);
    target.http().send(Method::DELETE, &layer, &[], Vec::new()).expect_status(202);
    project.run(["apply", "saved.plan"]).expect_success();
    target.http().get(&layer).expect_status(200);
    target.http().manifest(Method::HEAD, "app", "v2").expect_status(200);
}

#[test]
fn what_a_layout_lost_since_the_plan_is_written_again() {
    let artifact = image(1).build();
    let layout = |name: &str| format!("registry \"{name}\" \"oci-layout:./{name}\"\n");
    let project = Project::new(&kdl::project(&[layout("source"), layout("target"), kdl::migrate("image \"app\"")]));
    artifact.write_layout(&project.path("source"), "app:v1");
    project.run(["apply", "--auto-approve"]).expect_success();
    artifact.write_layout(&project.path("source"), "app:v2");
    project.run(["plan", "--out", "saved.plan"]).expect_success();
    let layer = project.path(&format!("target/blobs/{}", artifact.blobs[1].digest.replace(':', "/")));
    std::fs::remove_file(&layer).unwrap();
    project.run(["apply", "saved.plan"]).expect_success();
    assert_eq!(std::fs::read(&layer).unwrap(), artifact.blobs[1].bytes);
}

#[test]
fn a_corrupt_blob_never_reaches_a_tag() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let (bad, good) = (image(1).build(), image(2).build());
    bad.push(&source.http(), "app", "bad");
    good.push(&source.http(), "app", "good");
    let mut bytes = bad.blobs[1].bytes.clone();
    bytes[600] ^= 1;
    std::fs::write(source.blob_file(&bad.blobs[1].digest), bytes).unwrap();
    let output = project(&source.host(), &target.host()).run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.everything().contains("app:bad"), "{output}");
    assert!(output.everything().contains(&bad.blobs[1].digest[..19]), "{output}");
    target.http().manifest(Method::HEAD, "app", "bad").expect_status(404);
    target.http().manifest(Method::HEAD, "app", "good").expect_status(200);
}

/// The config is the smallest blob, and the last to go: by then the target is known to check what it stores.
#[test]
fn what_the_target_refuses_is_looked_at_and_the_source_is_named() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let artifact = image(1).layers(8, 50_000).build();
    artifact.push(&source.http(), "app", "v1");
    let config = artifact.blobs.iter().min_by_key(|blob| blob.bytes.len()).unwrap();
    let mut bytes = config.bytes.clone();
    bytes[10] ^= 1;
    std::fs::write(source.blob_file(&config.digest), bytes).unwrap();
    let counted = Proxy::counting(target.address());
    let output = project(&source.host(), &counted.host()).run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.everything().contains(&format!("blob {} is not what its name says", config.digest)), "{output}");
    let puts = counted.recorder().exchanges().into_iter().filter(|exchange| exchange.method == "PUT");
    assert_eq!(puts.filter(|exchange| exchange.status == 400).count(), 1, "it was refused once, and not sent again");
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(404);
}

#[test]
fn an_unreachable_registry_blocks_its_own_syncs_only() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    let closed = closed_port().to_string();
    let sections = [
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("target", &target.host()),
        kdl::anonymous("closed", &closed),
        kdl::migrate("image \"app\""),
        kdl::migrate("image \"app\"").replace("\"target\"", "\"closed\""),
    ];
    let project = Project::new(&kdl::project(&sections));
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains("! sync.closed/app:v1 ") && plan.stdout.contains("+ sync.target/app:v1 "), "{plan}");
    assert!(plan.everything().contains(&closed), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_code(1);
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(200);
}
