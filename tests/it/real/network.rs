//! `swrctl network` against real registries.

use serde_json::Value;

use crate::support::kdl;
use crate::support::plan::network_document;
use crate::support::registry::Registry;
use crate::support::swrctl::Project;

fn checks(path: &Value) -> Vec<(&str, &str)> {
    let checks = path["checks"].as_array().unwrap().iter();
    checks.map(|result| (result["check"].as_str().unwrap(), result["verdict"].as_str().unwrap())).collect()
}

#[test]
fn every_registry_is_checked_alone_and_reported() {
    let (up, down) = (Registry::plain(), Registry::plain());
    let gone = down.host();
    drop(down);
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("up", &up.host()),
        kdl::anonymous("gone", &gone),
        "registry \"images\" \"oci-layout:./images\"\n".to_owned(),
    ]));

    let output = project.run(["network"]).expect_code(1);
    assert!(output.stdout.contains("  pass     registry-api"), "{output}");
    assert!(output.stdout.contains("  FAIL     tcp"), "{output}");
    assert!(output.stdout.ends_with("1 of 2 not as declared: gone.\n"), "{output}");

    let document = network_document(&project.run(["doctor", "--json"]).expect_code(1));
    let registries = document["registries"].as_array().unwrap();
    assert_eq!(registries.len(), 2, "a directory has no path");
    assert_eq!(registries[1]["as_declared"], false);
    assert_eq!(registries[1]["checks"][3]["evidence"].as_array().unwrap().len(), 1, "{document:#}");
    assert!(checks(&registries[1]).contains(&("registry-api", "skip")), "{document:#}");

    let output = project.run(["network", "up"]).expect_success();
    assert!(output.stdout.ends_with("The path is as declared.\n"), "{output}");
}

#[test]
fn only_what_is_asked_for_is_made_and_shown() {
    let registry = Registry::plain();
    let project = Project::new(&kdl::project(&[kdl::anonymous("up", &registry.host())]));
    let document = network_document(&project.run(["network", "--json", "--only", "tcp"]).expect_success());
    assert_eq!(checks(&document["registries"][0]), [("tcp", "pass")]);
    assert!(!registry.log().contains("GET /v2/"), "a check of the connection sends no request");
    let output = project.run(["network", "--only", "tpc"]).expect_code(1);
    assert!(output.stderr.contains("possible values: env-proxy, "), "{output}");
    let output = project.run(["network", "pu"]).expect_code(1);
    assert!(output.stderr.contains("did you mean `up`?"), "{output}");
}
