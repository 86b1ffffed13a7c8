//! Every folder of `examples` is planned. What needs no registry is carried out; the others meet a proxy that nobody
//! answers, so that nothing leaves this machine and their plans say so.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;

use serde_json::Value;

use crate::support::plan::{actions, document};
use crate::support::process::Output;
use crate::support::sources::files;
use crate::support::swrctl::Project;

#[test]
fn every_example_is_planned_by_a_test() {
    let folders = files("examples").into_iter().map(|file| file.path.split('/').nth(1).unwrap().to_owned());
    let tested = ["air-gap", "docker-hub-to-swr", "harbor-to-swr", "monorepo", "quickstart"];
    assert_eq!(folders.collect::<BTreeSet<_>>(), tested.map(str::to_owned).into());
}

#[track_caller]
fn assert_last_line(output: &Output, expected: &str) {
    assert_eq!(output.stdout.lines().last(), Some(expected), "{output}");
}

#[test]
fn the_quickstart_plans_applies_and_finds_nothing_left() {
    let project = Project::copy_of("examples/quickstart");
    let plan = project.run(["plan", "--detailed-exitcode"]).expect_code(2);
    assert_last_line(&plan, "Plan: 1 to create, 0 to update, 0 to delete, 0 blocked; 924 B to move.");
    let planned = document(&project.run(["plan", "--json"]).expect_success());
    let expected = [("lint.Dockerfile", "unchanged"), ("sync.out/hello:1.0", "create")];
    assert_eq!(actions(&planned), expected.into());

    let applied = project.run(["apply", "--auto-approve"]).expect_success();
    assert_last_line(
        &applied,
        "Apply complete: 1 created, 0 updated, 0 deleted, 0 unchanged, 0 blocked, 0 skipped, 0 failed; 924 B moved.",
    );
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("No changes.\n", ""));
    let planned = document(&project.run(["plan", "--json"]).expect_success());
    assert_eq!(actions(&planned)["sync.out/hello:1.0"], "unchanged");
}

/// The script calls cargo once, in a function; everything else of it runs here as it is.
#[test]
fn the_quickstart_script_does_what_it_says() {
    let project = Project::copy_of("examples/quickstart");
    let script = std::fs::read_to_string(project.path("run")).unwrap();
    let (_, steps) = script.split_once("\n}\n").unwrap();
    assert!(script.contains("cargo run --quiet --release -- \"$@\"") && !steps.contains("cargo"), "{script}");
    let output = project.bash(steps).expect_success();
    let verdicts: Vec<&str> = output.stdout.lines().filter(|line| line.ends_with('.')).collect();
    assert_eq!(verdicts.len(), 4, "{output}");
    assert!(verdicts[0].starts_with("Plan: 1 to create") && verdicts[1] == verdicts[0], "{output}");
    assert!(verdicts[2].starts_with("Apply complete: 1 created") && verdicts[3] == "No changes.", "{output}");
}

/// Plans a project file of an example, unchanged, where every request would go to a proxy that is not there.
fn plan_behind_a_dead_proxy(folder: &str, file: &str) -> Value {
    // Bound and closed again: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let project = Project::copy_of(folder)
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))
        .env("SWR_AK", "TESTACCESSKEY0000001")
        .env("SWR_SK", "test-secret-key")
        .env("HARBOR_USER", "robot")
        .env("HARBOR_PASSWORD", "test-password")
        .env("BUILD_REGISTRY_PASSWORD", "test-password")
        .home_file(".mirror-password", "test-password\n")
        .file("certs/corp.pem", authority())
        .file("inside-ca.pem", authority());
    let output = project.run(["plan", "--json", "--file", file]).expect_code(1);
    for secret in ["test-secret-key", "test-password"] {
        assert!(!output.everything().contains(secret), "{output}");
    }
    document(&output)
}

fn authority() -> String {
    crate::support::authority::Authority::new().pem().to_owned()
}

/// Why each registry cannot be reached: the check that failed.
fn failed_checks(document: &Value) -> BTreeMap<&str, &str> {
    let networks = document["steps"].as_array().unwrap().iter().filter(|step| step["kind"] == "network");
    networks
        .map(|step| {
            let mut checks = step["checks"].as_array().unwrap().iter();
            let failed = checks.find(|check| check["verdict"] == "fail").unwrap();
            (step["registry"].as_str().unwrap(), failed["check"].as_str().unwrap())
        })
        .collect()
}

#[track_caller]
fn assert_planned(document: &Value, expected: &[&str]) {
    let steps: Vec<String> =
        actions(document).into_iter().map(|(address, action)| format!("{action} {address}")).collect();
    assert_eq!(steps, expected);
}

#[test]
fn from_docker_hub_to_swr_is_planned() {
    let plan = plan_behind_a_dead_proxy("examples/docker-hub-to-swr", "swr.kdl");
    assert_eq!(failed_checks(&plan), [("hub", "tcp"), ("swr", "tcp")].into());
    assert_planned(
        &plan,
        &[
            "blocked network.hub",
            "blocked network.swr",
            "blocked select.hub/library/nginx",
            "blocked select.hub/library/postgres",
            "blocked sync.swr/base-images/grafana/grafana:11.5.1",
            "blocked sync.swr/base-images/redis:7.4.2",
        ],
    );
}

#[test]
fn from_harbor_to_swr_is_planned() {
    let plan = plan_behind_a_dead_proxy("examples/harbor-to-swr", "swr.kdl");
    assert_eq!(failed_checks(&plan), [("harbor", "env-proxy"), ("swr", "env-proxy")].into());
    assert_planned(
        &plan,
        &[
            "blocked network.harbor",
            "blocked network.swr",
            "blocked select.harbor/portal/base/runtime",
            "blocked select.harbor/portal/shop/*",
        ],
    );
}

#[test]
fn both_halves_over_an_air_gap_are_planned() {
    let plan = plan_behind_a_dead_proxy("examples/air-gap", "swr.kdl");
    assert_eq!(failed_checks(&plan), [("hub", "tcp"), ("quay", "tcp")].into());
    assert_planned(
        &plan,
        &[
            "blocked network.hub",
            "blocked network.quay",
            "blocked select.quay/prometheus/node-exporter",
            "blocked sync.medium/library/alpine:3.21.3",
            "blocked sync.medium/library/registry:2.8.3",
        ],
    );
    let plan = plan_behind_a_dead_proxy("examples/air-gap", "inside.kdl");
    assert_eq!(failed_checks(&plan), [("inside", "env-proxy")].into());
    // Nobody has brought the medium yet.
    assert_planned(&plan, &["blocked network.inside", "blocked select.medium/**"]);
}

#[test]
fn a_monorepo_is_planned() {
    let plan = plan_behind_a_dead_proxy("examples/monorepo", "swr.kdl");
    assert_eq!(failed_checks(&plan), [("build", "tcp"), ("swr", "tcp"), ("test", "tcp")].into());
    assert_planned(
        &plan,
        &[
            "unchanged lint.jobs/report/Dockerfile",
            "unchanged lint.services/api/Dockerfile",
            "unchanged lint.services/web/Dockerfile",
            "blocked network.build",
            "blocked network.swr",
            "blocked network.test",
            "blocked select.build/shop/*",
            "blocked select.build/shop/api",
            "blocked select.build/shop/jobs/report",
            "blocked select.build/shop/web",
        ],
    );
}
