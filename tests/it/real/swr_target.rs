//! The main job towards SWR Basic: AK/SK login, conversion, and the refusals that only SWR makes.

use std::io::Read;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::content::{Format, build_cache, image};
use crate::support::counting::Proxy;
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::swr::{ACCESS_KEY, REGION, SECRET_KEY, Settings, Swr};
use crate::support::swrctl::Project;
use crate::support::tools::skopeo_raw;

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

fn project(source: &Registry, swr: &Swr, organization: &str) -> Project {
    project_of(&source.host(), swr, organization, "image \"app\"\n    attestations \"drop\"")
}

pub(super) fn project_of(source: &str, swr: &Swr, organization: &str, rules: &str) -> Project {
    let block = format!(
        "provider \"swr\" region=\"{REGION}\" edition=\"basic\"\n    organization \"{organization}\"\n    \
         auth {{ access-key env=\"AK\"; secret-key env=\"SK\"; }}\n    limit requests-per-second=500"
    );
    let sections =
        [kdl::anonymous("source", source), kdl::registry("target", &swr.host(), &block), kdl::migrate(rules)];
    Project::new(&kdl::project(&sections)).env("AK", ACCESS_KEY).env("SK", SECRET_KEY)
}

#[test]
fn an_oci_index_is_converted_and_recognised_by_the_next_plan() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    image(1).index_with_attestations(&BOTH).push(&source.http(), "app", "v1");
    let project = project(&source, &swr, "team");
    let plan = project.run(["plan"]).expect_success();
    let apply = project.run(["apply", "--auto-approve"]).expect_success();
    let written: serde_json::Value =
        serde_json::from_str(&skopeo_raw(&format!("{}/team/app:v1", swr.registry().host()))).unwrap();
    assert_eq!(written["mediaType"], Format::Docker.index_type());
    assert_eq!(written["manifests"].as_array().map(Vec::len), Some(2), "{written}");
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");

    let head = swr.logged_in("repository:team/app:pull").manifest(Method::HEAD, "team/app", "v1");
    let digest = head.header("docker-content-digest").to_owned();
    assert!(plan.stdout.contains(&digest[..15]), "the plan tells {digest}: {plan}");
    for output in [plan, apply, again] {
        for secret in [SECRET_KEY, &Swr::password()] {
            assert!(!output.everything().contains(secret), "{output}");
        }
    }
}

#[test]
fn zstd_layers_are_recompressed_once_and_recognised_by_the_next_plan() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    let artifact = image(1).layers(2, 200_000).zstd().index(&BOTH);
    let counted = Proxy::counting(source.address());
    for (repository, tag) in [("app", "v1"), ("app", "latest"), ("other", "v1")] {
        artifact.push(&source.http(), repository, tag);
    }
    let rules = "image \"app\"\n    image \"other\"\n    verify \"pull\"";
    let project = project_of(&counted.host(), &swr, "team", rules);
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.contains("none → (known after apply)"), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_success();
    let written = gzip_layers(&swr);
    for layer in artifact.all_blobs().iter().filter(|blob| blob.media_type.ends_with("zstd")) {
        assert_eq!(counted.recorder().count("GET", &layer.digest), 1, "read once for three tags");
        let tar = zstd::decode_all(layer.bytes.as_slice()).unwrap();
        assert!(written.contains(&tar), "the content of {} is there", layer.digest);
    }
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");
}

#[test]
fn a_zstd_image_whose_config_names_no_layers_is_not_taken_for_another_one() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    let push = |seed| image(seed).zstd().empty_config().build().push(&source.http(), "app", "v1");
    push(1);
    let project = project_of(&source.host(), &swr, "team", "image \"app\"");
    project.run(["plan", "--out", "saved.plan"]).expect_success();
    project.run(["apply", "--auto-approve"]).expect_success();
    push(2);
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.contains("Plan: 0 to create, 1 to update, "), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_success();
    let moved = project.run(["apply", "saved.plan"]).expect_code(1);
    assert!(moved.everything().contains("moved since the plan was made"), "{moved}");
}

#[test]
fn an_index_without_platforms_becomes_a_list_with_those_of_its_configs() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    image(1).index(&BOTH).without_platforms().push(&source.http(), "app", "v1");
    let project = project(&source, &swr, "team");
    project.run(["apply", "--auto-approve"]).expect_success();
    let written: Value = serde_json::from_str(&skopeo_raw(&format!("{}/team/app:v1", swr.registry().host()))).unwrap();
    let platforms: Vec<_> = written["manifests"].as_array().unwrap().iter().map(|child| &child["platform"]).collect();
    let expected = BOTH.map(|(os, architecture)| json!({"os": os, "architecture": architecture}));
    assert_eq!(platforms, expected.iter().collect::<Vec<_>>(), "{written}");
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");
}

#[test]
fn what_docker_s_lists_cannot_name_is_refused_at_plan() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    build_cache(1).push(&source.http(), "app", "cache");
    image(1).index(&BOTH).nested().push(&source.http(), "app", "nested");
    image(1).empty_config().index(&BOTH).without_platforms().push(&source.http(), "app", "homeless");
    let plan = project(&source, &swr, "team").run(["plan"]).expect_code(1);
    for reason in [
        "which is no manifest but a blob, as in a build cache",
        "the index names another index",
        "which platform it is for",
    ] {
        assert!(plan.everything().contains(reason), "{reason}: {plan}");
    }
}

#[test]
fn a_saved_plan_of_recompressed_layers_finds_what_it_did() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    let artifact = image(1).layers(2, 20_000).zstd().index(&BOTH);
    artifact.push(&source.http(), "app", "v1");
    image(2).layers(1, 20_000).zstd().build().push(&source.http(), "app", "v2");
    let counted = Proxy::counting(source.address());
    let project = project_of(&counted.host(), &swr, "team", "image \"app\"");
    project.run(["plan", "--out", "saved.json"]).expect_success();
    project.run(["apply", "saved.json"]).expect_success();
    counted.recorder().clear();
    let again = project.run(["apply", "saved.json"]).expect_success();
    assert!(again.stdout.contains("0 created, 0 updated, 0 deleted, 2 unchanged"), "{again}");
    assert_eq!(counted.recorder().count("", "/blobs/"), 0);
    // What somebody else pushes there is no result of the plan.
    let foreign = image(3).format(Format::Docker).build();
    foreign.push(&swr.registry().http(), "team/app", "v2");
    let moved = project.run(["apply", "saved.json"]).expect_code(1);
    assert!(moved.stdout.contains("target/team/app:v2 moved since the plan was made"), "{moved}");
}

/// What the layers of `team/app:v1` hold.
fn gzip_layers(swr: &Swr) -> Vec<Vec<u8>> {
    let http = swr.registry().http();
    let manifest = |reference: &str| http.manifest(Method::GET, "team/app", reference).expect_status(200).json();
    let list = |document: &Value, name: &str| document[name].as_array().cloned().unwrap_or_default();
    let digest = |entry: &Value| entry["digest"].as_str().unwrap().to_owned();
    let mut layers = Vec::new();
    for child in list(&manifest("v1"), "manifests") {
        for layer in list(&manifest(&digest(&child)), "layers") {
            assert_eq!(layer["mediaType"], "application/vnd.docker.image.rootfs.diff.tar.gzip");
            let bytes = http.get(&format!("/v2/team/app/blobs/{}", digest(&layer))).expect_status(200).body;
            let mut tar = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut tar).unwrap();
            layers.push(tar);
        }
    }
    layers
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed() {
    let settings = Settings { token_life: Duration::from_millis(700), ..Settings::with_organizations(&["team"]) };
    let (source, swr) = (Registry::plain(), Swr::plain(settings));
    for tag in 0..40 {
        image(tag).layers(2, 200_000).build().push(&source.http(), "app", &format!("v{tag}"));
    }
    project(&source, &swr, "team").run(["apply", "--auto-approve"]).expect_success();
}

#[test]
fn a_missing_organization_is_named_at_plan_and_nothing_is_written() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    image(1).build().push(&source.http(), "app", "v1");
    let output = project(&source, &swr, "absent").run(["plan"]).expect_code(1);
    assert!(output.stdout.contains("auth-organization: `absent`: no such organization"), "{output}");
    assert_eq!(swr.recorder().count("PUT", "") + swr.recorder().count("POST", ""), 0);
}
