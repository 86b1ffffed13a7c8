//! What registries and links can bear is not exceeded, and what they say about it is heeded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;

use crate::support::content::{Format, image};
use crate::support::counting::{Behaviour, Proxy, first_answers};
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::server::{Body, Incoming, reply};
use crate::support::swr::{ACCESS_KEY, REGION, SECRET_KEY, Settings, Swr};
use crate::support::swrctl::Project;

fn project(source: &str, target: &str, images: &str) -> Project {
    let sections = [kdl::anonymous("source", source), kdl::anonymous("target", target), kdl::migrate(images)];
    Project::new(&kdl::project(&sections))
}

/// Images of one registry that go to an SWR, with what else stands in its section.
fn to_swr(images: u64, swr: &Swr, limit: &str) -> (Registry, Project) {
    to_sections(images, swr, limit, &["target"])
}

/// The same by several sections of one SWR, to a repository each.
fn to_sections(images: u64, swr: &Swr, limit: &str, names: &[&str]) -> (Registry, Project) {
    let source = Registry::plain();
    for number in 0..images {
        image(number).format(Format::Docker).build().push(&source.http(), "app", &format!("v{number}"));
    }
    let block = format!(
        "provider \"swr\" region=\"{REGION}\"\n    organization \"team\"\n    \
         auth {{ access-key env=\"AK\"; secret-key env=\"SK\"; }}\n    {limit}"
    );
    let mut sections = vec![kdl::anonymous("source", &source.host())];
    for name in names {
        let migration = kdl::migrate(&format!("image \"app\" as=\"app-{name}\""));
        sections.push(kdl::registry(name, &swr.host(), &block));
        sections.push(migration.replace("to=\"target\"", &format!("to=\"{name}\"")));
    }
    let project = Project::new(&kdl::project(&sections)).env("AK", ACCESS_KEY).env("SK", SECRET_KEY);
    (source, project)
}

fn refusals(swr: &Swr) -> usize {
    swr.recorder().exchanges().iter().filter(|exchange| exchange.status == 503).count()
}

fn busy_swr(patience: usize) -> Swr {
    Swr::plain(Settings { requests_per_second: 20, patience, ..Settings::with_organizations(&["team"]) })
}

#[test]
fn swr_s_limit_is_kept_without_being_told() {
    let swr = busy_swr(usize::MAX);
    let (_source, project) = to_swr(6, &swr, "");
    project.run(["apply", "--auto-approve"]).expect_success();
    assert!(swr.recorder().exchanges().len() > 40, "enough to be refused");
    assert_eq!(refusals(&swr), 0);
}

#[test]
fn sections_of_one_swr_keep_its_limit_together() {
    let swr = busy_swr(usize::MAX);
    let (_source, project) = to_sections(4, &swr, "", &["one", "other"]);
    project.run(["apply", "--auto-approve"]).expect_success();
    assert!(swr.recorder().exchanges().len() > 60, "enough to be refused");
    assert_eq!(refusals(&swr), 0);
}

#[test]
fn a_busy_registry_slows_the_client_down_until_everything_is_there() {
    let swr = busy_swr(usize::MAX);
    let (_source, project) = to_swr(6, &swr, "limit requests-per-second=60");
    project.run(["apply", "--auto-approve"]).expect_success();
    let (all, refused) = (swr.recorder().exchanges().len(), refusals(&swr));
    assert!(refused > 0 && refused * 2 < all, "{refused} of {all}");
}

#[test]
fn a_blocked_account_is_left_alone() {
    let swr = busy_swr(1);
    let (_source, project) = to_swr(8, &swr, "limit requests-per-second=200 concurrency=4");
    let output = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.everything().contains("30 minutes"), "{output}");
    let exchanges = swr.recorder().exchanges();
    let since = exchanges.iter().position(|exchange| exchange.status == 503).expect("one too many");
    assert!(exchanges.len() - since < 24, "what was under way, no more: {exchanges:#?}");
}

#[test]
fn requests_with_bodies_wait_as_long_as_they_are_asked_to() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    for (method, path) in [(Method::PUT, "/uploads/"), (Method::PUT, "/manifests/")] {
        let answered = AtomicUsize::new(0);
        let busy = Proxy::start(target.address(), None, move |request: &Request<Incoming>| {
            let concerned = *request.method() == method && request.uri().path().contains(path);
            (concerned && answered.fetch_add(1, Ordering::SeqCst) == 0).then(|| {
                let mut response = reply(StatusCode::TOO_MANY_REQUESTS, &json!({}));
                response.headers_mut().insert("retry-after", "2".parse().expect("a header"));
                response
            })
        });
        let begin = Instant::now();
        let output =
            project(&source.host(), &busy.host(), "image \"app\"").run(["apply", "--auto-approve"]).expect_success();
        assert!(begin.elapsed() >= Duration::from_secs(2), "{path}: {:?}", begin.elapsed());
        let told = output.everything();
        assert!(told.contains("in 2 s (1 of 3)") || told.contains("in 1.9 s (1 of 3)"), "{output}");
        let digest = target.http().manifest(Method::HEAD, "app", "v1").header("docker-content-digest").to_owned();
        target.http().send(Method::DELETE, &format!("/v2/app/manifests/{digest}"), &[], Vec::new());
        for blob in image(1).build().blobs {
            target.http().send(Method::DELETE, &format!("/v2/app/blobs/{}", blob.digest), &[], Vec::new());
        }
    }
}

#[test]
fn a_refused_blob_is_sent_again() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    let busy = Proxy::start(
        target.address(),
        None,
        first_answers(2, StatusCode::SERVICE_UNAVAILABLE, Method::PUT, "/uploads/"),
    );
    project(&source.host(), &busy.host(), "image \"app\"").run(["apply", "--auto-approve"]).expect_success();
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(200);
}

/// Lets an account pull `limit` manifests, and says how many are left as Docker Hub does.
struct Hub {
    limit: usize,
    pulled: AtomicUsize,
}

fn is_manifest(path: &str) -> bool {
    path.contains("/manifests/")
}

impl Behaviour for Hub {
    fn before(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        let pull = *request.method() == Method::GET && is_manifest(request.uri().path());
        let refused = pull && self.pulled.fetch_add(1, Ordering::SeqCst) >= self.limit;
        refused.then(|| reply(StatusCode::TOO_MANY_REQUESTS, &json!({})))
    }

    fn adorn(&self, request: &Request<()>, headers: &mut HeaderMap) {
        if is_manifest(request.uri().path()) {
            let left = self.limit.saturating_sub(self.pulled.load(Ordering::SeqCst));
            for (name, number) in [("ratelimit-limit", self.limit), ("ratelimit-remaining", left)] {
                headers.insert(name, format!("{number};w=21600").parse().expect("a header"));
            }
        }
    }
}

#[test]
fn pulls_that_are_left_are_counted_before_the_wall() {
    let (registry, target) = (Registry::plain(), Registry::plain());
    for number in 0..5 {
        image(number).build().push(&registry.http(), "app", &format!("v{number}"));
    }
    let hub = Proxy::start(registry.address(), None, Hub { limit: 3, pulled: AtomicUsize::new(0) });
    let project = project(&hub.host(), &target.host(), "image \"app\" tags=\"*\"");
    let output = project.run(["apply", "--auto-approve"]).expect_code(1);
    let told = "`source` says that 3 of 3 pulls in 6 hours are left, and this plan takes 5 or more";
    assert_eq!(output.stdout.matches("! sync.target/app:").count(), 2, "{output}");
    assert!(output.stdout.contains(told), "{output}");
    assert_eq!(output.stdout.matches("created sync.target/app:").count(), 3, "{output}");
    assert!(hub.recorder().exchanges().iter().all(|exchange| exchange.status != 429), "the wall was not met");
}

#[test]
fn bytes_stay_within_the_bandwidth() {
    const SIZE: usize = 600_000;
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).layers(1, SIZE).build().push(&source.http(), "app", "v1");
    let images = "image \"app\"";
    let limited = |run: fn(&Project)| {
        let block = "auth \"anonymous\"\n    organization \"a\"\n    limit bandwidth=\"300KB/s\"";
        let sections = [
            kdl::anonymous("source", &source.host()),
            kdl::registry("target", &target.host(), block),
            kdl::migrate(images),
        ];
        let begin = Instant::now();
        run(&Project::new(&kdl::project(&sections)));
        begin.elapsed()
    };
    let one = limited(|project| drop(project.run(["apply", "--auto-approve"]).expect_success()));
    assert!(one >= Duration::from_millis(1900), "the target takes no more: {one:?}");

    let begin = Instant::now();
    let free = project(&source.host(), &target.host(), images);
    free.run(["apply", "--auto-approve", "--bandwidth", "600KB/s"]).expect_success();
    assert!(begin.elapsed() >= Duration::from_millis(1900), "to and fro are one: {:?}", begin.elapsed());
    let wrong = free.run(["apply", "--bandwidth", "fast"]).expect_code(1);
    assert!(wrong.stderr.contains("20MiB/s"), "{wrong}");
}

#[test]
fn without_retries_nothing_is_tried_again() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).build().push(&source.http(), "app", "v1");
    for (retries, tried) in [(0, 1), (2, 3)] {
        let broken = first_answers(usize::MAX, StatusCode::SERVICE_UNAVAILABLE, Method::PUT, "/manifests/");
        let broken = Proxy::start(target.address(), None, broken);
        let images = format!("image \"app\"\n    retries {retries}");
        let output = project(&source.host(), &broken.host(), &images).run(["apply", "--auto-approve"]).expect_code(1);
        assert_eq!(broken.recorder().count("PUT", "/manifests/"), tried, "{output}");
        assert_eq!(output.everything().matches("retrying ").count(), tried - 1, "{output}");
    }
}

#[test]
fn a_section_heeds_what_another_one_of_its_host_was_told() {
    let swr = busy_swr(1);
    let (_source, project) = to_sections(8, &swr, "limit requests-per-second=200 concurrency=4", &["one", "other"]);
    let output = project.run(["apply", "--auto-approve"]).expect_code(1);
    let exchanges = swr.recorder().exchanges();
    let since = exchanges.iter().position(|exchange| exchange.status == 503).expect("one too many");
    assert!(exchanges.len() - since < 24, "what was under way, no more: {exchanges:#?}");
    assert!(output.everything().contains("not sent: it said so to an earlier request"), "{output}");
}
