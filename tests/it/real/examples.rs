//! Examples carried out between real registries: their project files with the hosts of the test, and no other change.

use reqwest::Method;
use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::content::{Format, image};
use crate::support::registry::Registry;
use crate::support::swr::{ACCESS_KEY, REGION, SECRET_KEY, Settings, Swr};
use crate::support::swrctl::Project;

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];
/// Loopback is in no mode's network.
const ANY_ADDRESS: &str = "check \"address-class\" level=\"off\"; check \"dns-obs\" level=\"off\"";

/// Replaces texts of a project file, each of which has to be there.
#[track_caller]
fn edit(project: &Project, name: &str, replacements: &[(&str, String)]) {
    let mut text = std::fs::read_to_string(project.path(name)).unwrap();
    for (from, to) in replacements {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    std::fs::write(project.path(name), text).unwrap();
}

/// The end of a `registry` line, with a host over plain HTTP.
fn plain(host: &str) -> String {
    format!("\"{host}\" {{\n    tls plain-http=true")
}

#[track_caller]
fn assert_no_changes(project: &Project, file: &str) {
    let output = project.run(["plan", "--detailed-exitcode", "--file", file]).expect_success();
    assert_eq!(output.stdout, "No changes.\n");
}

#[test]
fn both_halves_over_an_air_gap_carry_the_images_over() {
    let authority = Authority::new();
    let (hub, quay, inside) = (Registry::plain(), Registry::plain(), Registry::tls(&authority));
    let alpine = image(1).index(&BOTH);
    alpine.push(&hub.http(), "library/alpine", "3.21.3");
    image(2).index(&BOTH).push(&hub.http(), "library/registry", "2.8.3");
    let exporter = image(3).build();
    exporter.push(&quay.http(), "prometheus/node-exporter", "1.9.1");
    image(4).build().push(&quay.http(), "prometheus/node-exporter", "1.8.0");
    let project = Project::copy_of("examples/air-gap")
        .file("inside-ca.pem", authority.pem())
        .home_file(".mirror-password", "test-password\n");
    let hosts = [("\"docker.io\" {", plain(&hub.host())), ("\"quay.io\" {", plain(&quay.host()))];
    edit(&project, "swr.kdl", &hosts);
    let inner = [("registry.inside.example:5000", inside.host()), ("mode \"private\"", ANY_ADDRESS.to_owned())];
    edit(&project, "inside.kdl", &inner);

    project.run(["apply", "--auto-approve"]).expect_success();
    assert_no_changes(&project, "swr.kdl");
    drop((hub, quay));
    project.run(["apply", "--auto-approve", "--file", "inside.kdl"]).expect_success();
    assert_no_changes(&project, "inside.kdl");

    let arrived = |name: &str, tag: &str| inside.http().manifest(Method::GET, name, tag);
    assert_eq!(arrived("mirror/library/alpine", "3.21.3").body, alpine.manifest.bytes);
    assert_eq!(arrived("mirror/prometheus/node-exporter", "1.9.1").body, exporter.manifest.bytes);
    let subset = arrived("mirror/library/registry", "2.8.3").json();
    assert_eq!(subset["manifests"].as_array().map(Vec::len), Some(1), "{subset}");
    assert_eq!(arrived("mirror/prometheus/node-exporter", "1.8.0").status, 404);
}

#[test]
fn docker_hubs_images_arrive_at_swr_as_the_example_names_them() {
    let (hub, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["base-images"])));
    for (seed, tag) in (1..).zip(["1.25.5", "1.26.0", "1.26.1", "1.27.0", "1.27.1", "latest"]) {
        image(seed).index_with_attestations(&BOTH).push(&hub.http(), "nginx", tag);
    }
    for (seed, tag) in (11..).zip(["15.1", "16.1", "17.0", "17.0-bullseye"]) {
        image(seed).build().push(&hub.http(), "postgres", tag);
    }
    image(21).format(Format::Docker).build().push(&hub.http(), "redis", "7.4.2");
    image(22).index_with_attestations(&BOTH).push(&hub.http(), "grafana/grafana", "11.5.1");
    let project = Project::copy_of("examples/docker-hub-to-swr").env("SWR_AK", ACCESS_KEY).env("SWR_SK", SECRET_KEY);
    let replacements = [
        ("\"docker.io\" {", plain(&hub.host())),
        ("\"swr.cn-north-4.myhuaweicloud.com\" {", plain(&swr.host())),
        // The region is in the name of the host no more.
        ("provider \"swr\"", format!("provider \"swr\" region=\"{REGION}\"")),
        ("mode \"public\"", format!("{ANY_ADDRESS}; mode \"public\"")),
    ];
    edit(&project, "swr.kdl", &replacements);

    project.run(["apply", "--auto-approve"]).expect_success();
    assert_no_changes(&project, "swr.kdl");
    for (name, expected) in [
        ("nginx", vec!["1.26.1", "1.27.0", "1.27.1"]),
        ("postgres", vec!["16.1", "17.0"]),
        ("redis", vec!["7.4.2"]),
        ("grafana/grafana", vec!["11.5.1"]),
    ] {
        let listed = swr.registry().http().get(&format!("/v2/base-images/{name}/tags/list")).json();
        let mut tags: Vec<&str> = listed["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        tags.sort_unstable();
        assert_eq!(tags, expected, "{name}");
    }
}
