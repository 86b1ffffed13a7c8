//! What is read back after a push, and the report of an apply.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::{Method, Response};
use serde_json::Value;

use crate::support::content::{Artifact, Format, image};
use crate::support::counting::{Behaviour, Proxy};
use crate::support::kdl;
use crate::support::plan::checked;
use crate::support::process::Output;
use crate::support::registry::Registry;
use crate::support::server::{full, reply};
use crate::support::swrctl::Project;

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// A source with one index, and a target that misbehaves.
fn project(source: &Registry, target: &Proxy, verify: &str) -> Project {
    image(1).index(&BOTH).push(&source.http(), "team/app", "v1");
    project_of(source, target, &format!("image \"team/app\"\n    verify \"{verify}\"\n    retries 1"))
}

fn project_of(source: &Registry, target: &Proxy, rules: &str) -> Project {
    Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("target", &target.host()),
        kdl::migrate(rules),
    ]))
}

/// Takes a push and does not know of it a moment later.
fn forgetful() -> impl Behaviour {
    let pushed = AtomicBool::new(false);
    move |request: &hyper::Request<_>| {
        if request.uri().path() != "/v2/team/app/manifests/v1" {
            return None;
        }
        let forgets = *request.method() == Method::HEAD && pushed.load(Ordering::SeqCst);
        pushed.fetch_or(*request.method() == Method::PUT, Ordering::SeqCst);
        forgets.then(|| reply(StatusCode::NOT_FOUND, &serde_json::json!({"errors": [{"code": "MANIFEST_UNKNOWN"}]})))
    }
}

/// Stores blobs and gives other bytes back.
fn damaging() -> impl Behaviour {
    |request: &hyper::Request<_>| {
        let is_read = *request.method() == Method::GET && request.uri().path().contains("/blobs/sha256:");
        is_read.then(|| Response::new(full("something else")))
    }
}

#[test]
fn a_target_that_loses_what_it_took_fails_the_digest_check() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let front = Proxy::start(target.address(), None, forgetful());
    let project = project(&source, &front, "digest");
    let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(apply.stdout.contains("target/team/app:v1 was written, but it is not there"), "{apply}");
}

#[test]
fn a_target_that_gives_other_bytes_back_fails_the_pull_check() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let front = Proxy::start(target.address(), None, damaging());
    let project = project(&source, &front, "none");
    let apply = project.run(["apply", "--auto-approve", "--verify", "pull"]).expect_code(1);
    assert!(apply.stdout.contains("target/team/app:v1 is not written: it cannot be read back: "), "{apply}");
}

/// A source with two tags that share a layer, and a target with the first, in which that layer has rotted: its length is
/// still the right one. The second tag replaces another image where `updates` says so.
fn rotten(updates: bool) -> (Registry, Registry, Artifact) {
    let (source, target) = (Registry::plain(), Registry::plain());
    let (one, two) = (image(1).build(), image(1).created("2025-02-03T04:05:06Z").build());
    one.push(&source.http(), "team/app", "v1");
    two.push(&source.http(), "team/app", "v2");
    one.push(&target.http(), "team/app", "v1");
    if updates {
        image(2).build().push(&target.http(), "team/app", "v2");
    }
    let layer = &two.blobs[1];
    let mut bytes = layer.bytes.clone();
    bytes[10] ^= 1;
    std::fs::write(target.blob_file(&layer.digest), bytes).unwrap();
    (source, target, two)
}

#[test]
fn no_tag_leads_to_what_cannot_be_read_back_and_the_next_apply_says_so_again() {
    for updates in [false, true] {
        let (source, target, _) = rotten(updates);
        let front = Proxy::counting(target.address());
        let project = project_of(&source, &front, "image \"team/app\"\n    verify \"pull\"");
        for _ in 0..2 {
            let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
            assert!(apply.stdout.contains("target/team/app:v2 holds a damaged sha256:"), "{apply}");
            assert!(apply.stdout.contains("and keeps it when the right bytes are sent"), "{apply}");
            let held = target.http().manifest(Method::HEAD, "team/app", "v2");
            if updates {
                assert_eq!(held.header("docker-content-digest"), image(2).build().digest());
            } else {
                assert_eq!(held.status, 404);
            }
        }
    }
}

#[test]
fn what_is_damaged_at_the_target_is_sent_again_where_that_is_possible() {
    let (source, target, artifact) = rotten(false);
    let layer = artifact.blobs[1].clone();
    let (file, hex) = (target.blob_file(&layer.digest), layer.digest.replace("sha256:", ""));
    // The registry itself writes no blob twice.
    let replacing = Proxy::start(target.address(), None, move |request: &hyper::Request<_>| {
        if *request.method() == Method::PUT && request.uri().query().is_some_and(|query| query.contains(&hex)) {
            std::fs::remove_file(&file).unwrap();
        }
        None
    });
    let project = project_of(&source, &replacing, "image \"team/app\"\n    verify \"pull\"");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
    assert_eq!(target.http().manifest(Method::GET, "team/app", "v2").body, artifact.manifest.bytes);
}

#[test]
fn what_is_damaged_in_a_directory_is_written_again() {
    let source = Registry::plain();
    let (one, two) = (image(1).build(), image(1).created("2025-02-03T04:05:06Z").build());
    one.push(&source.http(), "team/app", "v1");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        "registry \"target\" \"oci-layout:./images\"\n".to_owned(),
        kdl::migrate("image \"team/app\"\n    verify \"pull\""),
    ]));
    project.run(["apply", "--auto-approve"]).expect_success();
    let layer = &two.blobs[1];
    let file = project.path(&format!("images/blobs/{}", layer.digest.replace(':', "/")));
    let mut bytes = layer.bytes.clone();
    bytes[10] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    two.push(&source.http(), "team/app", "v2");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(std::fs::read(&file).unwrap(), layer.bytes);
}

#[test]
fn a_sound_target_passes_every_check_and_is_read_as_often_as_asked_for() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let front = Proxy::counting(target.address());
    let project = project(&source, &front, "pull");
    project.run(["apply", "--auto-approve"]).expect_success();
    let recorder = front.recorder();
    assert_eq!((recorder.count("GET", "/manifests/sha256:"), recorder.count("GET", "/blobs/sha256:")), (3, 6));
    let layout = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        "registry \"target\" \"oci-layout:./images\"\n".to_owned(),
        kdl::migrate("image \"team/app\"\n    verify \"pull\""),
    ]));
    layout.run(["apply", "--auto-approve"]).expect_success();
}

#[track_caller]
fn report(project: &Project, name: &str) -> Value {
    let text = std::fs::read_to_string(project.path(name)).unwrap();
    checked(&text, "schema/report.schema.json")
}

#[test]
fn a_report_tells_every_verdict_with_its_bytes_and_retries_also_of_what_failed() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let front = Proxy::counting(target.address());
    let project = project(&source, &front, "digest");
    image(2).format(Format::Docker).build().push(&source.http(), "team/app", "v2");
    project.run(["apply", "--auto-approve", "--report", "first.json"]).expect_success();
    let first = report(&project, "first.json");
    assert_eq!((&first["state"], &first["tally"]["created"]), (&"finished".into(), &2.into()));
    let moved: u64 = first["steps"].as_array().unwrap().iter().map(|step| step["moved"].as_u64().unwrap()).sum();
    assert_eq!(first["tally"]["bytes"], moved);

    image(3).build().push(&source.http(), "team/app", "v3");
    let blob = image(3).build().blobs[1].digest.clone();
    std::fs::write(source.blob_file(&blob), "damaged").unwrap();
    project.run(["apply", "--auto-approve", "--report", "second.json"]).expect_code(1);
    let second = report(&project, "second.json");
    let outcomes: Vec<&str> =
        second["steps"].as_array().unwrap().iter().map(|s| s["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["passed", "passed", "unchanged", "unchanged", "failed"]);
    assert!(second["steps"][4]["problem"]["message"].is_string(), "{second:#}");

    let both = ["apply", "--auto-approve", "--report", "third.md", "--report", "third.json"];
    project.run(both).expect_code(1);
    assert_eq!(report(&project, "third.json")["tally"]["failed"], 1);
    let text = std::fs::read_to_string(project.path("third.md")).unwrap();
    assert!(text.contains("| failed | `sync.target/team/app:v3` |"), "{text}");
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_done() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let project = project(&source, &Proxy::counting(target.address()), "none");
    let apply = project.run(["apply", "--auto-approve", "--report", "report.txt"]).expect_code(1);
    assert!(apply.stderr.contains("is neither JSON nor Markdown by its name"), "{apply}");
    let front = Proxy::counting(target.address());
    let project = self::project(&source, &front, "none");
    project.run(["apply", "--auto-approve", "--report", "absent/report.json"]).expect_code(1);
    assert_eq!(front.recorder().count("PUT", ""), 0);
}

/// Takes no upload before it is let go.
fn holding(uploading: &Arc<AtomicBool>, let_go: &Arc<AtomicBool>) -> impl Behaviour {
    let (uploading, let_go) = (Arc::clone(uploading), Arc::clone(let_go));
    move |request: &hyper::Request<_>| {
        if *request.method() == Method::PATCH || *request.method() == Method::PUT {
            uploading.store(true, Ordering::SeqCst);
            let deadline = Instant::now() + Duration::from_mins(1);
            while !let_go.load(Ordering::SeqCst) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        None
    }
}

#[test]
fn an_apply_that_is_stopped_at_once_leaves_a_report_of_it() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let (uploading, let_go) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let front = Proxy::start(target.address(), None, holding(&uploading, &let_go));
    let project = project(&source, &front, "none");
    let mut running = project.spawn(["apply", "--auto-approve", "--report", "report.json"]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while !uploading.load(Ordering::SeqCst) {
        assert!(running.is_running() && Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(report(&project, "report.json")["state"], "running");
    // Signals that come at once are one: the second is sent until it is seen.
    while running.is_running() {
        assert!(Instant::now() < deadline);
        running.interrupt();
        std::thread::sleep(Duration::from_millis(20));
    }
    running.finish(Duration::from_mins(1)).expect_code(130);
    let_go.store(true, Ordering::SeqCst);
    let report = report(&project, "report.json");
    assert_eq!(report["state"], "interrupted");
    let steps = report["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["outcome"] != "pending"), "{report:#}");
    assert_eq!(steps.last().unwrap()["outcome"], "skipped", "{report:#}");
}

#[test]
fn a_run_that_does_not_begin_leaves_no_report_of_another() {
    let project = Project::new("project \"test\" version=1").file("report.md", "# of yesterday");
    project.run(["apply", "--auto-approve", "--report", "report.md"]).expect_success();
    assert!(!std::fs::read_to_string(project.path("report.md")).unwrap().contains("of yesterday"));
    let project = project.file("swr.kdl", "project {");
    project.run(["apply", "--auto-approve", "--report", "report.md"]).expect_code(1);
    assert!(!project.path("report.md").exists());
}

#[test]
fn who_asks_to_verify_what_is_unchanged_is_told_that_it_is_not_read() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let front = Proxy::counting(target.address());
    let project = project(&source, &front, "none");
    let told = |apply: &Output| apply.stderr.contains("tags that are unchanged (1) are not read back");
    let first = project.run(["apply", "--auto-approve", "--verify", "pull"]).expect_success();
    let second = project.run(["apply", "--auto-approve", "--verify", "pull"]).expect_success();
    assert!(!told(&first) && told(&second), "{first}{second}");
}

#[test]
fn verdicts_are_there_as_they_fall_where_nobody_watches() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "team/app", "small");
    image(2).layers(1, 30 << 20).build().push(&source.http(), "team/app", "large");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("target", &target.host()),
        kdl::migrate("image \"team/app\""),
    ]));
    // Killed long before the large one can be there.
    let output = project.bash(
        "swrctl apply --auto-approve --bandwidth 200KiB/s > out 2> /dev/null & pid=$!
        for _ in $(seq 250); do grep -q ^created out && break; sleep 0.1; done
        kill -9 $pid; cat out",
    );
    assert!(output.stdout.contains("\ncreated sync.target/team/app:small  "), "{output}");
    assert!(!output.stdout.contains("Apply "), "{output}");
}
