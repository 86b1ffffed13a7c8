//! Programs that read what others wrote.

use std::process::Command;
use std::time::Duration;

use crate::support::containerd::Containerd;
use crate::support::content::{Format, image};
use crate::support::process::{Running, program, run};
use crate::support::registry::Registry;
use crate::support::swrctl::Project;
use crate::support::tools::{skopeo, skopeo_raw};

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

#[test]
fn containerd_pulls_and_unpacks() {
    let (registry, containerd) = (Registry::plain(), Containerd::start());
    for (tag, artifact) in [
        ("image", image(1).build()),
        ("docker", image(2).format(Format::Docker).index(&BOTH)),
        ("attested", image(3).index_with_attestations(&BOTH)),
    ] {
        artifact.push(&registry.http(), "a/b", tag);
        let reference = format!("{}/a/b:{tag}", registry.host());
        containerd.pull(&reference, "linux/amd64").expect_success();
        assert_eq!(containerd.digest(&reference), artifact.digest());
    }
}

#[test]
fn containerd_refuses_a_damaged_blob() {
    let (registry, containerd) = (Registry::plain(), Containerd::start());
    let artifact = image(1).build();
    artifact.push(&registry.http(), "a/b", "v1");
    let layer = &artifact.blobs[1];
    let mut damaged = layer.bytes.clone();
    damaged[700] ^= 1;
    std::fs::write(registry.blob_file(&layer.digest), damaged).unwrap();
    let output = containerd.pull(&format!("{}/a/b:v1", registry.host()), "linux/amd64");
    assert_ne!(output.code, Some(0), "{output}");
}

#[test]
fn skopeo_reads_a_layout_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::plain();
    for (tag, artifact) in [("one", image(1).build()), ("both", image(2).index(&BOTH))] {
        artifact.write_layout(folder.path(), tag);
        let source = format!("oci:{}:{tag}", folder.path().display());
        let target = format!("{}/a/b:{tag}", registry.host());
        skopeo(&["copy", "--all", "--dest-tls-verify=false", &source, &format!("docker://{target}")]).expect_success();
        assert_eq!(skopeo_raw(&target).as_bytes(), artifact.manifest.bytes);
    }
}

#[test]
fn the_binary_runs_in_a_project_of_its_own() {
    let project = Project::new("")
        .file("sub/file", "x")
        .executable("helper", "#!/bin/sh\n")
        .home_file(".docker/config.json", "{}")
        .env("NAME", "value");
    assert!(project.path("sub/file").is_file());
    project.run(["--version"]).expect_success();
    project.spawn(["--version"]).finish(Duration::from_secs(10)).expect_success();
}

#[test]
fn a_program_is_heard_on_both_streams() {
    let mut command = Command::new(program("sh"));
    command.args(["-c", "echo out; echo err >&2; exit 3"]);
    let output = run(command, Duration::from_secs(10)).expect_code(3);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(output.everything(), "out\nerr\n");
}

#[test]
fn a_program_is_interrupted_killed_or_runs_out_of_time() {
    let sleep = || {
        // Whoever runs the tests in the background may have it ignore interrupts.
        let mut command = Command::new(program("env"));
        command.args(["--default-signal=INT", "sleep", "60"]);
        command
    };
    let running = Running::spawn(sleep());
    running.interrupt();
    assert_eq!(running.finish(Duration::from_secs(10)).code, None);
    let mut running = Running::spawn(sleep());
    assert!(running.is_running());
    running.kill();
    assert_eq!(running.finish(Duration::from_secs(10)).code, None);
    let late = std::panic::catch_unwind(|| run(sleep(), Duration::from_millis(50)));
    assert!(late.is_err(), "the time limit holds");
}
