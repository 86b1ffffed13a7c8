//! Organizations of SWR Basic: found at plan, created by apply where that is declared, and by nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::content::image;
use crate::support::kdl;
use crate::support::plan::{actions, document};
use crate::support::registry::Registry;
use crate::support::swr::{ACCESS_KEY, REGION, SECRET_KEY, Settings, Swr};
use crate::support::swrctl::Project;

const KEYS: &str = "auth { access-key env=\"AK\"; secret-key env=\"SK\"; }";

struct World {
    source: Registry,
    swr: Swr,
}

impl World {
    fn new(settings: Settings) -> Self {
        let world = Self { source: Registry::plain(), swr: Swr::plain(settings) };
        image(1).build().push(&world.source.http(), "app", "v1");
        image(2).build().push(&world.source.http(), "app", "v2");
        world
    }

    fn project(&self, organization: &str, auth: &str) -> Project {
        let block = format!(
            "provider \"swr\" region=\"{REGION}\" api-host=\"{}\"\n    organization {organization}\n    {auth}\n    \
             limit requests-per-second=500",
            self.swr.api().host()
        );
        let sections = [
            kdl::anonymous("source", &self.source.host()),
            kdl::registry("target", &self.swr.host(), &block),
            kdl::migrate("image \"app\""),
        ];
        let project = Project::new(&kdl::project(&sections)).env("AK", ACCESS_KEY).env("SK", SECRET_KEY);
        project.env("LOGIN", Swr::password())
    }
}

fn told(document: &Value) -> BTreeMap<&str, &str> {
    actions(document).into_iter().filter(|(address, _)| !address.starts_with("network.")).collect()
}

#[test]
fn a_declared_organization_is_created_once_and_then_filled() {
    let world = World::new(Settings::with_organizations(&["other"]));
    let project = world.project("\"team\" create=true", KEYS);
    let plan = document(&project.run(["plan", "--json"]).expect_success());
    let planned = BTreeMap::from([
        ("organization.target/team", "create"),
        ("sync.target/team/app:v1", "create"),
        ("sync.target/team/app:v2", "create"),
    ]);
    assert_eq!(told(&plan), planned);
    let asked = |method| world.swr.recorder().count(method, "/v2/team/");
    assert_eq!((asked("HEAD"), asked("GET")), (0, 0), "nothing is in it");
    let network = plan["steps"].as_array().unwrap().iter().find(|step| step["address"] == "network.target").unwrap();
    let obs = network["checks"].as_array().unwrap().iter().find(|check| check["check"] == "obs-redirect").unwrap();
    assert_eq!(obs["verdict"], "unknown", "{obs:#}");
    assert!(obs["observed"].as_str().unwrap().starts_with("the organization `team` does not exist yet"), "{obs:#}");
    assert!(obs["fix"].as_str().unwrap().starts_with("push an image (the first apply does)"), "{obs:#}");

    let apply = project.run(["apply", "--auto-approve"]).expect_success();
    assert!(apply.stdout.contains("created organization.target/team"), "{apply}");
    assert_eq!(world.swr.api().recorder().count("POST", ""), 1);
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");
    for output in [apply, again] {
        for secret in [SECRET_KEY, &Swr::password(), "Signature="] {
            assert!(!output.everything().contains(secret), "{output}");
        }
    }
}

#[test]
fn a_saved_plan_creates_what_is_missing_and_takes_what_came_meanwhile() {
    let world = World::new(Settings::with_organizations(&[]));
    let project = world.project("\"team\" create=true", KEYS);
    project.run(["plan", "--out", "saved.plan"]).expect_success();
    world.swr.account().state().organizations.insert("team".to_owned());
    let apply = project.run(["apply", "saved.plan", "--auto-approve"]).expect_success();
    assert!(apply.stdout.contains("2 created, 0 updated, 0 deleted, 1 unchanged"), "{apply}");
}

#[test]
fn a_name_that_another_account_has_fails_with_what_depends_on_it() {
    let settings = Settings { taken: ["team".to_owned()].into(), ..Settings::with_organizations(&[]) };
    let world = World::new(settings);
    let apply = world.project("\"team\" create=true", KEYS).run(["apply", "--auto-approve"]).expect_code(1);
    let everything = apply.everything();
    assert!(everything.contains("the organization `team` belongs to another account"), "{apply}");
    assert!(everything.contains("2 skipped, 1 failed"), "{apply}");
    assert_eq!(world.swr.recorder().count("PUT", ""), 0);
}

#[test]
fn a_used_up_quota_is_told_with_what_swr_says() {
    let world = World::new(Settings::with_organizations(&["a", "b", "c", "d", "e"]));
    let apply = world.project("\"team\" create=true", KEYS).run(["apply", "--auto-approve"]).expect_code(1);
    assert!(apply.everything().contains("exceeds the quota of 5"), "{apply}");
    assert!(apply.everything().contains("ask for a higher quota"), "{apply}");
}

#[test]
fn a_missing_organization_blocks_and_is_not_created_unasked() {
    let world = World::new(Settings::with_organizations(&["other"]));
    let syncs = ["sync.target/team/app:v1", "sync.target/team/app:v2"];
    let login = format!("auth {{ username \"{}\"; password env=\"LOGIN\"; }}", Swr::user());
    for auth in [KEYS, &login] {
        let project = world.project("\"team\"", auth);
        let plan = document(&project.run(["plan", "--json"]).expect_code(1));
        assert_eq!(syncs.map(|sync| told(&plan)[sync]), ["blocked"; 2], "{auth}");
        let plan = project.run(["plan"]).expect_code(1);
        assert!(plan.stdout.contains("! network.target  auth-organization: `team`: no such organization"), "{plan}");
        assert!(!plan.stdout.contains("organization.target/team"), "it is told in one place: {plan}");
        project.run(["apply", "--auto-approve"]).expect_code(1);
    }
    assert_eq!(world.swr.api().recorder().count("POST", ""), 0);
}

#[test]
fn wrong_keys_are_told_by_the_management_api_s_own_words() {
    let world = World::new(Settings::with_organizations(&[]));
    let project = world.project("\"team\" create=true", KEYS).env("SK", "a-wrong-secret-key");
    let plan = project.run(["plan"]).expect_code(1);
    assert!(!plan.everything().contains("a-wrong-secret-key"), "{plan}");
    assert!(plan.stdout.contains("network.target"), "the registry refuses them first: {plan}");
}

#[test]
fn over_tls_both_hosts_are_trusted_by_the_same_authority() {
    let authority = Authority::new();
    let (source, swr) = (Registry::plain(), Swr::tls(Settings::with_organizations(&[]), &authority));
    image(1).build().push(&source.http(), "app", "v1");
    let target = format!(
        "registry \"target\" \"{}\" {{\n    provider \"swr\" region=\"{REGION}\" api-host=\"{}\"\n    \
         organization \"team\" create=true\n    tls ca=\"ca.pem\"\n    {KEYS}\n}}\n",
        swr.host(),
        swr.api().host()
    );
    let sections = [kdl::anonymous("source", &source.host()), target, kdl::migrate("image \"app\"")];
    let project = Project::new(&kdl::project(&sections)).env("AK", ACCESS_KEY).env("SK", SECRET_KEY);
    project.file("ca.pem", authority.pem()).run(["apply", "--auto-approve"]).expect_success();
    assert!(swr.account().has("team"));
}
