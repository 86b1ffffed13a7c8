//! What broken or malicious servers, plans and disks do, and what must not come of it.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::content::{digest_of, image};
use crate::support::counting::Proxy;
use crate::support::kdl;
use crate::support::process::{Output, program};
use crate::support::registry::Registry;
use crate::support::server::{Server, full, reply};
use crate::support::swrctl::Project;

use hyper::{Response, StatusCode};

/// Nothing of this may reach a terminal as it is.
const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}";

fn sections(source: &str, target: &str, images: &str) -> String {
    kdl::project(&[kdl::anonymous("source", source), kdl::anonymous("target", target), kdl::migrate(images)])
}

#[track_caller]
fn expect_harmless(output: &Output) {
    let unsafe_chars = ['\u{1b}', '\u{7}', '\u{202e}'];
    assert!(!output.everything().contains(unsafe_chars), "{output}");
}

#[test]
fn a_login_page_in_front_of_the_target_is_not_taken_for_it() {
    let source = Registry::plain();
    image(1).build().push(&source.http(), "app", "v1");
    let portal = Server::start(None, |_| async {
        Response::new(full("<html><title>Welcome to the guest network</title></html>"))
    });
    let project = Project::new(&sections(&source.host(), &portal.address().to_string(), "image \"app\" tags=\"v1\""));
    let output = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.stdout.contains("HTML page") && output.stdout.contains("! sync.target/app:v1 "), "{output}");
}

#[test]
fn what_a_server_says_cannot_drive_the_terminal() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    let evil = Proxy::start(source.address(), None, |request: &hyper::Request<_>| {
        request.uri().path().ends_with("/tags/list").then(|| {
            let body = json!({ "errors": [{ "code": ESCAPES, "message": ESCAPES }] });
            let mut response = Response::new(full(body.to_string()));
            *response.status_mut() = StatusCode::FORBIDDEN;
            response
        })
    });
    let project = Project::new(&sections(&evil.host(), &target.host(), "image \"app\" tags=\"*\""));
    let output = project.run(["plan"]).expect_code(1);
    assert!(output.stdout.contains("! select.source/app "), "{output}");
    expect_harmless(&output);
}

/// A plan of one tag, changed by `change`, applied.
fn apply_changed(change: impl Fn(&mut Value)) -> (Registry, Output) {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    let project = Project::new(&sections(&source.host(), &target.host(), "image \"app\" tags=\"v1\""));
    project.run(["plan", "--out", "plan.json"]).expect_success();
    let mut plan: Value = serde_json::from_slice(&std::fs::read(project.path("plan.json")).unwrap()).unwrap();
    change(&mut plan);
    std::fs::write(project.path("plan.json"), plan.to_string()).unwrap();
    let output = project.run(["apply", "plan.json"]);
    expect_harmless(&output);
    (target, output)
}

fn sync(plan: &mut Value) -> &mut Value {
    let steps = plan["steps"].as_array_mut().expect("a plan has steps");
    steps.iter_mut().find(|step| step["kind"] == "sync").expect("the plan has a sync")
}

#[test]
fn a_changed_plan_does_nothing_that_it_does_not_show() {
    let (target, output) = apply_changed(|plan| sync(plan)["target"]["reference"] = json!("latest"));
    let output = output.expect_code(1);
    assert!(output.stderr.contains("is about sync.target/app:latest"), "{output}");
    target.http().get("/v2/app/tags/list").expect_status(404);

    let (_, output) = apply_changed(|plan| sync(plan)["reason"] = json!(ESCAPES));
    output.expect_success();
}

#[test]
fn a_plan_that_promises_too_much_leads_to_no_wrong_tag() {
    let (target, output) = apply_changed(|plan| {
        for blob in sync(plan)["blobs"].as_array_mut().expect("blobs") {
            blob["transfer"] = json!("present");
        }
    });
    // As if the registry had collected them since: they are sent all the same.
    assert!(output.expect_success().stdout.contains("created sync.target/app:v1 "));
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(200);

    let (target, output) = apply_changed(|plan| sync(plan)["after"] = json!(digest_of(b"something else")));
    assert!(output.expect_code(1).stdout.contains("not sha256:"));
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(404);
}

/// A file system in memory; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    #[track_caller]
    fn new(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new(program("mount"));
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path());
        assert!(mount.status().unwrap().success(), "the test mounts a small disk, which takes root's rights");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_full_disk_is_told_and_leaves_the_layout_as_it_was() {
    let source = Registry::plain();
    image(1).layers(1, 50_000).build().push(&source.http(), "app", "small");
    let disk = SmallDisk::new("1m");
    let layout = format!("oci-layout:{}", disk.path().join("layout").display());
    let target = format!("registry \"target\" \"{layout}\"\n");
    let project = |images: &str| {
        Project::new(&kdl::project(&[kdl::anonymous("source", &source.host()), target.clone(), kdl::migrate(images)]))
    };
    project("image \"app\" tags=\"small\"").run(["apply", "--auto-approve"]).expect_success();
    let before = files_below(disk.path());

    image(2).layers(1, 3_000_000).build().push(&source.http(), "app", "large");
    let output = project("image \"app\" tags=\"*\"").run(["apply", "--auto-approve"]).expect_code(1);
    let failed =
        output.stdout.lines().find(|line| line.starts_with("failed sync.target/app:large ")).unwrap_or_default();
    assert!(failed.contains("no space left") && failed.contains("layout/blobs"), "{output}");
    let mut after = files_below(disk.path());
    after.retain(|path| !before.contains(path));
    assert!(after.iter().all(|path| !path.to_string_lossy().contains(".part")), "{after:?}");
    assert!(!output.stdout.contains("panicked"), "{output}");
    let plan = project("image \"app\" tags=\"small\"").run(["plan"]).expect_success();
    assert_eq!(plan.stdout.lines().last(), Some("No changes."), "{plan}");
}

#[test]
fn one_request_at_a_time_within_one_registry_is_enough() {
    let registry = Registry::plain();
    // Layers that many repositories share, so that tasks wait for each other's uploads.
    for number in 0..8 {
        for tag in 0..3 {
            image(tag).layers(3, 100_000).build().push(
                &registry.http(),
                &format!("from/r{number}"),
                &format!("v{tag}"),
            );
        }
    }
    // Mounts are refused, so that every blob goes up again for every repository.
    let recorded = Proxy::start(registry.address(), None, |request: &hyper::Request<_>| {
        let mounts = request.uri().query().is_some_and(|query| query.contains("mount="));
        mounts.then(|| reply(StatusCode::METHOD_NOT_ALLOWED, &json!({})))
    });
    let one = "auth \"anonymous\"\n    limit concurrency=1 uploads=1";
    let text = kdl::project(&[
        kdl::registry("source", &recorded.host(), one),
        kdl::registry("target", &recorded.host(), &format!("{one}\n    organization \"to\"")),
        kdl::migrate("image \"from/*\" tags=\"*\""),
    ]);
    Project::new(&text).run(["apply", "--auto-approve"]).expect_success();
    for number in 0..8 {
        registry.http().manifest(Method::HEAD, &format!("to/from/r{number}"), "v2").expect_status(200);
    }
    assert_eq!(recorded.recorder().finished_uploads().len(), 8 * 3 * 4, "a config and three layers each");
}
