//! Somebody else writes at the target while apply runs: what they wrote stays, and the step says so.

use std::sync::atomic::{AtomicBool, Ordering};

use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use serde_json::json;

use crate::support::content::{Artifact, image};
use crate::support::counting::{Behaviour, Proxy};
use crate::support::http::Http;
use crate::support::kdl;
use crate::support::process::Output;
use crate::support::registry::Registry;
use crate::support::server::{Incoming, reply};
use crate::support::swrctl::Project;

/// Whether the request at which others write passes, or is to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Passes,
    IsBusy,
}

/// Others write `pushes` (by tag) to `team/app` when the first request comes to a path that contains `path`; not the very
/// tag that the request is about, where it passes.
fn others(
    registry: &Registry,
    (method, path): (Method, &'static str),
    then: Then,
    pushes: Vec<(String, Artifact)>,
) -> impl Behaviour {
    let (wrote, url) = (AtomicBool::new(false), registry.url());
    move |request: &Request<Incoming>| {
        let concerned = *request.method() == method && request.uri().path().contains(path);
        if !concerned || wrote.swap(true, Ordering::SeqCst) {
            return None;
        }
        // The client of tests blocks, which the threads of the proxy must not.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let http = Http::new(url.clone());
                let spared =
                    |tag: &str| then == Then::Passes && request.uri().path().ends_with(&format!("/manifests/{tag}"));
                let pushes = pushes.iter().filter(|(tag, _)| !spared(tag));
                pushes.for_each(|(tag, artifact)| artifact.push(&http, "team/app", tag));
            });
        });
        (then == Then::IsBusy).then(|| {
            let mut busy = reply(StatusCode::SERVICE_UNAVAILABLE, &json!({"errors": [{"code": "UNAVAILABLE"}]}));
            busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("0"));
            busy
        })
    }
}

fn project(source: &Registry, target: &Proxy, rules: &str) -> Project {
    Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        kdl::anonymous("target", &target.host()),
        kdl::migrate(rules),
    ]))
}

#[track_caller]
fn assert_holds(target: &Registry, tag: &str, artifact: &Artifact) {
    let held = target.http().manifest(Method::HEAD, "team/app", tag).expect_status(200);
    assert_eq!(held.header("docker-content-digest"), artifact.digest(), "{tag}");
}

#[track_caller]
fn assert_moved(apply: &Output, step: &str) {
    let line = apply.stdout.lines().find(|line| line.starts_with(&format!("failed {step}  ")));
    assert!(line.is_some_and(|line| line.contains(" moved since the plan was made")), "{step}: {apply}");
}

#[test]
fn a_surplus_tag_that_is_pushed_anew_during_the_deletions_stays() {
    for then in [Then::Passes, Then::IsBusy] {
        // Distribution 2 gets a placeholder to delete.
        assert_pushed_anew_stays(&Registry::plain(), Method::PUT, then);
    }
}

#[test]
#[ignore = "needs Distribution 3: SWRCTL_TEST_DISTRIBUTION_3 names its program"]
fn a_surplus_tag_that_is_pushed_anew_stays_where_tags_are_deleted_by_name() {
    for then in [Then::Passes, Then::IsBusy] {
        assert_pushed_anew_stays(&Registry::distribution_3(), Method::DELETE, then);
    }
}

/// Ten surplus tags. The others push all but one of them anew when that one is about to go; or that one, too, when it is
/// about to be tried again.
#[track_caller]
fn assert_pushed_anew_stays(target: &Registry, deleting: Method, then: Then) {
    let source = Registry::plain();
    image(1).build().push(&source.http(), "team/app", "v1");
    let tags: Vec<String> = (0..10).map(|number| format!("old{number}")).collect();
    for tag in &tags {
        image(2).build().push(&target.http(), "team/app", tag);
    }
    let anew = image(3).build();
    let pushes = tags.iter().map(|tag| (tag.clone(), anew.clone())).collect();
    let front = Proxy::start(target.address(), None, others(target, (deleting, "/manifests/old"), then, pushes));
    let project = project(&source, &front, "image \"team/app\"\n    prune true");
    let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
    let is_deleted = |tag: &&String| apply.stdout.contains(&format!("deleted prune.target/team/app:{tag}  "));
    let (deleted, kept): (Vec<&String>, Vec<_>) = tags.iter().partition(is_deleted);
    assert_eq!(deleted.len(), usize::from(then == Then::Passes), "{then:?}: {apply}");
    for tag in kept {
        assert_moved(&apply, &format!("prune.target/team/app:{tag}"));
        assert_holds(target, tag, &anew);
    }
}

/// The others push when the first blob is sent; or when the tag is, which is to be tried again.
const MOMENTS: [(Method, &str, Then); 2] =
    [(Method::PUT, "/blobs/", Then::Passes), (Method::PUT, "/manifests/v1", Then::IsBusy)];

#[test]
fn a_tag_that_appears_while_its_blobs_are_on_their_way_is_not_overwritten() {
    for (method, path, then) in MOMENTS {
        let (source, target) = (Registry::plain(), Registry::plain());
        image(1).build().push(&source.http(), "team/app", "v1");
        let foreign = image(2).build();
        let pushes = vec![("v1".to_owned(), foreign.clone())];
        let front = Proxy::start(target.address(), None, others(&target, (method, path), then, pushes));
        let project = project(&source, &front, "image \"team/app\"\n    missing-only true");
        let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
        assert_moved(&apply, "sync.target/team/app:v1");
        assert_holds(&target, "v1", &foreign);
        let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
        assert!(again.stdout.ends_with("No changes.\n"), "{again}");
    }
}

#[test]
fn a_tag_that_moves_while_its_blobs_are_on_their_way_is_not_overwritten() {
    for (method, path, then) in MOMENTS {
        let (source, target) = (Registry::plain(), Registry::plain());
        image(1).build().push(&source.http(), "team/app", "v1");
        image(3).build().push(&target.http(), "team/app", "v1");
        let foreign = image(2).build();
        let pushes = vec![("v1".to_owned(), foreign.clone())];
        let front = Proxy::start(target.address(), None, others(&target, (method, path), then, pushes));
        let apply = project(&source, &front, "image \"team/app\"").run(["apply", "--auto-approve"]).expect_code(1);
        assert_moved(&apply, "sync.target/team/app:v1");
        assert_holds(&target, "v1", &foreign);
    }
}

#[test]
fn a_tag_that_comes_to_hold_the_same_meanwhile_is_unchanged() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let artifact = image(1).build();
    artifact.push(&source.http(), "team/app", "v1");
    let pushes = vec![("v1".to_owned(), artifact)];
    let moment = (Method::PUT, "/blobs/");
    let front = Proxy::start(target.address(), None, others(&target, moment, Then::Passes, pushes));
    let apply = project(&source, &front, "image \"team/app\"").run(["apply", "--auto-approve"]).expect_success();
    assert!(apply.stdout.contains("0 created, 0 updated, 0 deleted, 1 unchanged"), "{apply}");
}

/// A saved plan that is applied again asks for each tag, and for nothing else.
#[test]
fn what_a_saved_plan_did_already_is_not_read_again() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "team/app", "v1");
    let (from, to) = (Proxy::counting(source.address()), Proxy::counting(target.address()));
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &from.host()),
        kdl::anonymous("target", &to.host()),
        kdl::migrate("image \"team/app\""),
    ]));
    project.run(["plan", "--out", "saved.json"]).expect_success();
    project.run(["apply", "saved.json"]).expect_success();
    from.recorder().clear();
    to.recorder().clear();
    let again = project.run(["apply", "saved.json"]).expect_success();
    assert!(again.stdout.contains("0 created, 0 updated, 0 deleted, 1 unchanged"), "{again}");
    assert_eq!((from.recorder().count("", "/manifests/"), from.recorder().count("", "/blobs/")), (0, 0));
    assert_eq!((to.recorder().count("", "/manifests/"), to.recorder().count("", "/blobs/")), (1, 0));
}
