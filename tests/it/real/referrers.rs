//! Signatures, SBOMs and what else refers to an image, between registries that list it and those that do not.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::migrate::{Pair, assert_no_changes};
use crate::support::content::{Artifact, Format, image, index, referrer};
use crate::support::counting::{Behaviour, Proxy};
use crate::support::faults::{Fault, FaultProxy};
use crate::support::http::Http;
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::server::{Body, reply};
use crate::support::swrctl::Project;

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];
const SBOM: &str = "application/vnd.example.sbom";
const SIGNATURE: &str = "application/vnd.example.signature";

fn fallback_tag(subject: &Artifact) -> String {
    subject.digest().replace(':', "-")
}

/// Pushes referrers of one subject and lists them under the fallback tag, as clients of old registries do.
fn push_referrers(registry: &Registry, repository: &str, subject: &Artifact, referrers: Vec<Artifact>) {
    for referrer in &referrers {
        referrer.push_as(&registry.http(), repository, referrer.digest());
    }
    index(Format::Oci, referrers).push(&registry.http(), repository, &fallback_tag(subject));
}

#[track_caller]
fn listed(registry: &Registry, repository: &str, subject: &Artifact) -> Vec<String> {
    let index = registry.http().manifest(Method::GET, repository, &fallback_tag(subject)).expect_status(200).json();
    let entries = index["manifests"].as_array().unwrap().clone();
    entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn everything_that_refers_to_an_image_comes_along_behind_it_and_is_listed() {
    let pair = Pair::start();
    let app = image(1).index(&BOTH);
    app.push(&pair.source.http(), "team/app", "v1");
    let (sbom, signature) = (referrer(&app, SBOM, "sbom"), referrer(&app, SIGNATURE, "signature"));
    let of_child = referrer(&app.children[1], SBOM, "sbom of a child");
    let of_sbom = referrer(&sbom, SIGNATURE, "signature of the sbom");
    push_referrers(&pair.source, "team/app", &app, vec![sbom.clone(), signature.clone()]);
    push_referrers(&pair.source, "team/app", &app.children[1], vec![of_child.clone()]);
    push_referrers(&pair.source, "team/app", &sbom, vec![of_sbom.clone()]);
    let cosign = format!("{}.sig", fallback_tag(&app));
    image(7).build().push(&pair.source.http(), "team/app", &cosign);

    // Somebody signed at the target already: that stays listed.
    app.push(&pair.target.http(), "copy", "v1");
    let own = referrer(&app, SIGNATURE, "made at the target");
    push_referrers(&pair.target, "copy", &app, vec![own.clone()]);

    let project = pair.project("image \"team/app\" as=\"copy\"\n    referrers true");
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.contains("Plan: 5 to create, 0 to update, 0 to delete, 0 blocked; "), "{plan}");
    project.run(["apply", "--auto-approve", "--verify", "pull"]).expect_success();
    let mut at_target = listed(&pair.target, "copy", &app);
    at_target.sort();
    let mut expected = [own.digest(), sbom.digest(), signature.digest()].map(str::to_owned);
    expected.sort();
    assert_eq!(at_target, expected);
    assert_eq!(listed(&pair.target, "copy", &app.children[1]), [of_child.digest()]);
    assert_eq!(listed(&pair.target, "copy", &sbom), [of_sbom.digest()]);
    pair.target.http().manifest(Method::HEAD, "copy", &cosign).expect_status(200);
    assert_no_changes(&project);
}

#[test]
fn several_targets_get_an_image_and_what_refers_to_it_and_one_that_fails_spoils_nothing() {
    let (source, good, bad) = (Registry::plain(), Registry::plain(), Registry::plain());
    let app = image(1).index(&BOTH);
    app.push(&source.http(), "team/app", "v1");
    let (sbom, signature) = (referrer(&app, SBOM, "sbom"), referrer(&app, SIGNATURE, "signature"));
    push_referrers(&source, "team/app", &app, vec![sbom.clone(), signature.clone()]);
    let sbom_path = format!("/v2/team/app/manifests/{}", sbom.digest());
    let refusing = Proxy::start(bad.address(), None, move |request: &hyper::Request<_>| {
        let refused = *request.method() == Method::PUT && request.uri().path() == sbom_path;
        refused.then(|| reply(StatusCode::FORBIDDEN, &json!({"errors": [{"code": "DENIED"}]})))
    });
    let migration = kdl::migrate("image \"team/app\" tags=\"v1\"\n    referrers true\n    verify \"pull\"");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("bad", &refusing.host()),
        kdl::anonymous("good", &good.host()),
        migration.replace("to=\"target\"", "to=\"bad\" \"good\""),
    ]));
    project.run(["apply", "--auto-approve"]).expect_code(1);
    assert_eq!(listed(&good, "team/app", &app).len(), 2);
    assert_eq!(listed(&bad, "team/app", &app), [signature.digest()]);
}

#[test]
fn only_the_artifact_types_that_are_asked_for_come_along() {
    let pair = Pair::start();
    let app = image(1).build();
    app.push(&pair.source.http(), "team/app", "v1");
    let (sbom, signature) = (referrer(&app, SBOM, "sbom"), referrer(&app, SIGNATURE, "signature"));
    push_referrers(&pair.source, "team/app", &app, vec![sbom.clone(), signature]);
    let project = pair.project(&format!("image \"team/app\"\n    referrers \"{SBOM}\""));
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(listed(&pair.target, "team/app", &app), [sbom.digest()]);
    assert_no_changes(&project);
}

#[test]
fn a_referrer_that_was_stored_but_never_listed_is_listed_by_the_next_run() {
    let pair = Pair::start();
    let app = image(1).build();
    let sbom = referrer(&app, SBOM, "sbom");
    for registry in [&pair.source, &pair.target] {
        app.push(&registry.http(), "team/app", "v1");
        sbom.push_as(&registry.http(), "team/app", sbom.digest());
    }
    push_referrers(&pair.source, "team/app", &app, vec![sbom.clone()]);
    let project = pair.project("image \"team/app\" tags=\"v1\"\n    referrers true");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(listed(&pair.target, "team/app", &app), [sbom.digest()]);
    assert_no_changes(&project);
}

#[test]
fn a_rewritten_image_says_what_it_loses() {
    let pair = Pair::start();
    let app = image(1).index(&BOTH);
    app.push(&pair.source.http(), "team/app", "v1");
    push_referrers(&pair.source, "team/app", &app, vec![referrer(&app, SIGNATURE, "signature")]);
    let project = pair.project("image \"team/app\" { platforms \"linux/amd64\"; }\n    referrers true");
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.contains("1 of its signatures and referrers: its digest changes"), "{plan}");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_no_changes(&project);
}

#[test]
fn what_refers_to_an_image_stays_where_the_target_keeps_another() {
    let pair = Pair::start();
    let (app, other) = (image(1).build(), image(2).build());
    app.push(&pair.source.http(), "team/app", "v1");
    other.push(&pair.target.http(), "team/app", "v1");
    push_referrers(&pair.source, "team/app", &app, vec![referrer(&app, SIGNATURE, "signature")]);
    let project = pair.project("image \"team/app\" tags=\"v1\"\n    missing-only true\n    referrers true");
    assert_no_changes(&project);
    // What it does hold is signed.
    app.push(&pair.target.http(), "team/app", "v1");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(listed(&pair.target, "team/app", &app).len(), 1);
}

#[test]
fn a_list_of_referrers_is_not_replaced_by_one_that_lacks_its_entries() {
    let pair = Pair::start();
    let app = image(1).build();
    let (ours, theirs) = (referrer(&app, SIGNATURE, "at the source"), referrer(&app, SIGNATURE, "at the target"));
    for registry in [&pair.source, &pair.target] {
        app.push(&registry.http(), "team/app", "v1");
    }
    push_referrers(&pair.source, "team/app", &app, vec![ours.clone()]);
    push_referrers(&pair.target, "team/app", &app, vec![theirs.clone()]);
    let plain = pair.project("image \"team/app\"");
    let refused = plain.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(refused.stdout.contains("names 1 that the source's does not name"), "{refused}");
    assert_eq!(listed(&pair.target, "team/app", &app), [theirs.digest()]);

    // One that lacks nothing of the target's takes its place.
    push_referrers(&pair.source, "team/app", &app, vec![ours.clone(), theirs.clone()]);
    plain.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(listed(&pair.target, "team/app", &app), [ours.digest(), theirs.digest()]);
    assert_no_changes(&plain);
}

#[test]
fn two_signatures_under_one_tag_are_a_conflict_unless_they_are_the_same() {
    let pair = Pair::start();
    let app = image(1).build();
    let cosign = format!("{}.sig", fallback_tag(&app));
    for (repository, seed) in [("x/app", 7), ("y/app", 8)] {
        app.push(&pair.source.http(), repository, "1");
        image(seed).build().push(&pair.source.http(), repository, &cosign);
    }
    let rules =
        "image \"x/app\" tags=\"1\" as=\"app:x\"\n    image \"y/app\" tags=\"1\" as=\"app:y\"\n    referrers true";
    let project = pair.project(rules);
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains(&format!("two rules write target/app:{cosign}: from source/x/app")), "{plan}");

    image(7).build().push(&pair.source.http(), "y/app", &cosign);
    project.run(["apply", "--auto-approve"]).expect_success();
    pair.target.http().manifest(Method::HEAD, "app", &cosign).expect_status(200);
    assert_no_changes(&project);
}

#[test]
fn a_referrer_that_is_listed_and_gone_is_told_and_left_out() {
    let pair = Pair::start();
    let app = image(1).build();
    app.push(&pair.source.http(), "team/app", "v1");
    let (kept, gone) = (referrer(&app, SBOM, "kept"), referrer(&app, SIGNATURE, "gone"));
    push_referrers(&pair.source, "team/app", &app, vec![kept.clone(), gone.clone()]);
    pair.source.http().manifest(Method::DELETE, "team/app", gone.digest()).expect_status(202);
    let project = pair.project("image \"team/app\"\n    referrers true");
    let applied = project.run(["apply", "--auto-approve"]).expect_success();
    assert!(applied.stderr.contains("warning[referrer-gone]"), "{applied}");
    assert_eq!(listed(&pair.target, "team/app", &app), [kept.digest()]);
}

#[test]
fn what_refers_to_an_image_can_be_left_out_by_its_address() {
    let pair = Pair::start();
    let app = image(1).build();
    app.push(&pair.source.http(), "team/app", "v1");
    let (sbom, signature) = (referrer(&app, SBOM, "sbom"), referrer(&app, SIGNATURE, "signature"));
    push_referrers(&pair.source, "team/app", &app, vec![sbom.clone(), signature.clone()]);
    let project = pair.project("image \"team/app\" tags=\"v1\"\n    referrers true");
    let address = format!("sync.target/team/app@{}", sbom.digest());
    let plan = project.run(["plan", "--exclude", &address]).expect_success();
    assert!(plan.stdout.contains("Plan: 2 to create, ") && !plan.stdout.contains(&address), "{plan}");
    assert!(plan.stderr.contains("leaves 1 step out"), "{plan}");
    // Its image is out of scope, and with it what refers to it.
    let plan = project.run(["plan", "--target", &address]).expect_code(1);
    assert!(plan.stderr.contains("target the tag of the image, too"), "{plan}");
    let tag = "sync.target/team/app:v1";
    let plan = project.run(["plan", "--target", &address, "--target", tag]).expect_success();
    assert!(plan.stdout.contains("Plan: 2 to create, ") && plan.stdout.contains(&address), "{plan}");
}

#[test]
fn signatures_that_cannot_be_listed_are_not_left_behind() {
    let pair = Pair::start();
    let app = image(1).build();
    app.push(&pair.source.http(), "team/app", "v1");
    image(7).build().push(&pair.source.http(), "team/app", &format!("{}.sig", fallback_tag(&app)));
    let front = Proxy::start(pair.source.address(), None, |request: &hyper::Request<_>| {
        let refusal = json!({"errors": [{"code": "DENIED", "message": "no listing"}]});
        request.uri().path().ends_with("/tags/list").then(|| reply(StatusCode::FORBIDDEN, &refusal))
    });
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &front.host()),
        kdl::anonymous("target", &pair.target.host()),
        kdl::migrate("image \"team/app\" tags=\"v1\"\n    referrers true"),
    ]));
    let plan = project.run(["plan"]).expect_code(1);
    assert!(
        plan.stdout.contains("! sync.target/team/app:v1  the signatures in source/team/app are not known"),
        "{plan}"
    );
}

/// Somebody who read a list of referrers before we wrote ours, and writes theirs a while after us.
struct LateWriter {
    registry: String,
    tag: String,
    list: Artifact,
    wrote: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Behaviour for LateWriter {
    fn after(&self, request: &hyper::Request<()>, status: StatusCode) -> Option<Response<Body>> {
        let writes = *request.method() == Method::PUT && request.uri().path().ends_with(&self.tag);
        let mut wrote = self.wrote.lock().unwrap();
        if writes && status == StatusCode::CREATED && wrote.is_none() {
            let (registry, tag, list) = (self.registry.clone(), self.tag.clone(), self.list.clone());
            *wrote = Some(std::thread::spawn(move || {
                // Longer than a look right behind our own writing takes, shorter than reading and writing does.
                std::thread::sleep(ROUND_TRIP * 2);
                list.push(&Http::new(registry), "team/app", &tag);
            }));
        }
        None
    }
}

const ROUND_TRIP: Duration = Duration::from_millis(250);

#[test]
fn of_two_who_list_referrers_at_a_time_neither_is_lost() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let app = image(1).build();
    app.push(&source.http(), "team/app", "v1");
    let (ours, theirs) = (referrer(&app, SBOM, "ours"), referrer(&app, SIGNATURE, "theirs"));
    push_referrers(&source, "team/app", &app, vec![ours.clone()]);
    theirs.push_as(&target.http(), "team/app", theirs.digest());
    let wrote = Arc::<Mutex<Option<JoinHandle<()>>>>::default();
    let other = LateWriter {
        registry: target.url(),
        tag: fallback_tag(&app),
        list: index(Format::Oci, vec![theirs.clone()]),
        wrote: Arc::clone(&wrote),
    };
    let front = Proxy::start(target.address(), None, other);
    let far = FaultProxy::start(front.address(), |_| Fault::far_away(ROUND_TRIP));
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("target", &far.host()),
        kdl::migrate("image \"team/app\" tags=\"v1\"\n    referrers true"),
    ]));
    project.run(["apply", "--auto-approve"]).expect_success();
    wrote.lock().unwrap().take().expect("the other wrote, too").join().unwrap();
    let mut at_target = listed(&target, "team/app", &app);
    at_target.sort();
    let mut expected = [ours.digest(), theirs.digest()].map(str::to_owned);
    expected.sort();
    assert_eq!(at_target, expected);
    assert_no_changes(&project);
}

/// A registry with the referrers API before one without: it answers the list, and says that it notes subjects.
fn with_api(registry: &Registry, entries: Vec<Value>) -> Proxy {
    Proxy::start(registry.address(), None, move |request: &hyper::Request<_>| {
        let path = request.uri().path();
        let list = |entries: &[Value]| -> Response<Body> {
            let document = json!({"schemaVersion": 2, "mediaType": Format::Oci.index_type(), "manifests": entries});
            reply(StatusCode::OK, &document)
        };
        if !path.contains("/referrers/") {
            return None;
        }
        let (half, rest) = entries.split_at(entries.len() / 2);
        let is_second = request.uri().query() == Some("page=2");
        let subject = entries.first().and_then(|entry| entry["subject"].as_str()).unwrap_or_default();
        Some(match (path.ends_with(subject), is_second) {
            (false, _) => list(&[]),
            (true, true) => list(rest),
            (true, false) => {
                let mut response = list(half);
                let next = format!("<{path}?page=2>; rel=\"next\"").parse().unwrap();
                response.headers_mut().insert("link", next);
                response
            }
        })
    })
}

#[test]
fn the_api_is_asked_page_by_page_and_no_tag_is_needed() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let app = image(1).build();
    app.push(&source.http(), "team/app", "v1");
    let (sbom, signature) = (referrer(&app, SBOM, "sbom"), referrer(&app, SIGNATURE, "signature"));
    let mut entries = Vec::new();
    for referrer in [&sbom, &signature] {
        referrer.push_as(&source.http(), "team/app", referrer.digest());
        entries.push(json!({
            "mediaType": Format::Oci.manifest_type(), "digest": referrer.digest(),
            "size": referrer.manifest.bytes.len(), "subject": app.digest(),
        }));
    }
    let front = with_api(&source, entries);
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &front.host()),
        kdl::anonymous("target", &target.host()),
        kdl::migrate("image \"team/app\" tags=\"v1\"\n    referrers true"),
    ]));
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(listed(&target, "team/app", &app).len(), 2);
    assert_no_changes(&project);
}

#[test]
fn who_has_no_such_api_is_asked_once_and_its_tags_tell_the_rest() {
    let pair = Pair::start();
    for seed in 0..4 {
        image(seed).index(&BOTH).push(&pair.source.http(), "team/app", &format!("v{seed}"));
    }
    let project = pair.project("image \"team/app\"\n    referrers true");
    project.run(["apply", "--auto-approve"]).expect_success();
    let asked = pair.source_proxy.recorder();
    asked.clear();
    assert_no_changes(&project);
    assert_eq!(asked.count("GET", "/referrers/"), 1);
    assert_eq!(
        asked.count("GET", "/manifests/"),
        0,
        "neither lists that are not there nor indexes that nothing refers to"
    );
    assert_eq!(asked.count("HEAD", "/manifests/"), 5, "each tag, and whether the subject of that question is there");
}
