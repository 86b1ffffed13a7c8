//! Programs that read what others wrote.

use std::process::Command;
use std::time::Duration;

use super::swr_target;
use crate::support::containerd::Containerd;
use crate::support::content::{Artifact, Format, image};
use crate::support::docker::Docker;
use crate::support::kdl;
use crate::support::plan::checked;
use crate::support::process::{Running, program, run};
use crate::support::registry::Registry;
use crate::support::swr::{Settings, Swr};
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

/// What an apply of `project` reports of its only sync that wrote `address`: the digest that its tag holds now.
#[track_caller]
fn reported(project: &Project, address: &str) -> String {
    project.run(["apply", "--auto-approve", "--report", "report.json"]).expect_success();
    let report = checked(&std::fs::read_to_string(project.path("report.json")).unwrap(), "schema/report.schema.json");
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["address"] == address).unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!(step["outcome"], "created", "{report:#}");
    step["digest"].as_str().unwrap().to_owned()
}

#[test]
fn docker_pulls_what_was_synced_under_the_digest_that_was_reported() {
    let (source, target, docker) = (Registry::plain(), Registry::plain(), Docker::start());
    for (tag, artifact) in [
        ("image", image(1).build()),
        ("index", image(2).index(&BOTH)),
        ("list", image(3).format(Format::Docker).index(&BOTH)),
        ("attested", image(4).index_with_attestations(&BOTH)),
    ] {
        artifact.push(&source.http(), "app", tag);
        let migration = kdl::migrate(&format!("image \"app\" tags=\"{tag}\""));
        let sections = [kdl::anonymous("source", &source.host()), kdl::anonymous("target", &target.host()), migration];
        let digest = reported(&Project::new(&kdl::project(&sections)), &format!("sync.target/app:{tag}"));
        assert_eq!(digest, artifact.digest());
        let repository = format!("{}/app", target.host());
        docker.pull(&format!("{repository}:{tag}"), None).expect_success();
        assert_eq!(docker.repo_digests(&format!("{repository}:{tag}")), [format!("{repository}@{digest}")]);
    }
}

#[test]
fn docker_pulls_from_swr_what_was_converted_and_recompressed_for_it() {
    let (source, docker) = (Registry::plain(), Docker::start());
    let swr = Swr::plain(Settings::with_organizations(&["team"]));
    let converted = |tag: &str, artifact: &Artifact| {
        artifact.push(&source.http(), "app", tag);
        let rules = format!("image \"app\" tags=\"{tag}\"\n    attestations \"drop\"");
        reported(&swr_target::project_of(&source.host(), &swr, "team", &rules), &format!("sync.target/team/app:{tag}"))
    };
    let (user, password) = (Swr::user(), Swr::password());
    for (tag, artifact) in [
        ("single", image(1).build()),
        ("index", image(2).index_with_attestations(&BOTH)),
        ("zstd", image(3).layers(2, 200_000).zstd().index(&BOTH)),
    ] {
        let (digest, repository) = (converted(tag, &artifact), format!("{}/team/app", swr.host()));
        docker.pull(&format!("{repository}:{tag}"), Some((&user, &password))).expect_success();
        assert_eq!(docker.repo_digests(&format!("{repository}:{tag}")), [format!("{repository}@{digest}")]);
    }
}

#[test]
fn docker_refuses_a_damaged_blob() {
    let (registry, docker) = (Registry::plain(), Docker::start());
    let artifact = image(1).build();
    artifact.push(&registry.http(), "a/b", "v1");
    let layer = &artifact.blobs[1];
    let mut damaged = layer.bytes.clone();
    damaged[700] ^= 1;
    std::fs::write(registry.blob_file(&layer.digest), damaged).unwrap();
    let output = docker.pull(&format!("{}/a/b:v1", registry.host()), None);
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
