//! The main job towards SWR Basic: AK/SK login, conversion, and the refusals that only SWR makes.

use std::time::Duration;

use reqwest::Method;

use crate::support::content::{Format, image};
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::swr::{ACCESS_KEY, REGION, SECRET_KEY, Settings, Swr};
use crate::support::swrctl::Project;
use crate::support::tools::skopeo_raw;

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

fn project(source: &Registry, swr: &Swr, organization: &str) -> Project {
    let block = format!(
        "provider \"swr\" region=\"{REGION}\" edition=\"basic\"\n    organization \"{organization}\"\n    \
         auth {{ access-key env=\"AK\"; secret-key env=\"SK\"; }}\n    limit requests-per-second=500"
    );
    let sections = [
        kdl::anonymous("source", &source.host()),
        kdl::registry("target", &swr.host(), &block),
        kdl::migrate("image \"app\"\n    attestations \"drop\""),
    ];
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
fn a_token_that_ends_in_the_middle_is_renewed() {
    let settings = Settings { token_life: Duration::from_millis(300), ..Settings::with_organizations(&["team"]) };
    let (source, swr) = (Registry::plain(), Swr::plain(settings));
    for tag in 0..20 {
        image(tag).layers(2, 200_000).build().push(&source.http(), "app", &format!("v{tag}"));
    }
    project(&source, &swr, "team").run(["apply", "--auto-approve"]).expect_success();
}

#[test]
fn a_missing_organization_is_named_at_plan_and_nothing_is_written() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    image(1).build().push(&source.http(), "app", "v1");
    let output = project(&source, &swr, "absent").run(["plan"]).expect_code(1);
    assert!(output.everything().contains("organization") && output.everything().contains("absent"), "{output}");
    assert_eq!(swr.recorder().count("PUT", "") + swr.recorder().count("POST", ""), 0);
}
