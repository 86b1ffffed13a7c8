//! The process is killed at random moments; after each the laws hold and the next run ends the work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Method;

use crate::support::content::{Artifact, image};
use crate::support::counting::Proxy;
use crate::support::faults::{Fault, FaultProxy};
use crate::support::http::Http;
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::swrctl::Project;

const KILLS: u32 = 100;

/// Random enough to kill by; printed when a test fails, so that it can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

fn seed() -> u64 {
    let given = std::env::var("SWRCTL_TEST_SEED").ok().map(|seed| seed.parse().expect("SWRCTL_TEST_SEED is a number"));
    given.unwrap_or_else(|| u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos()))
}

/// A tag that is there points at nothing that is missing.
#[track_caller]
fn assert_complete(target: &Http, repository: &str, artifact: &Artifact, tag: &str, seed: u64) {
    let found = target.manifest(Method::GET, repository, tag);
    if found.status == 404 {
        return;
    }
    assert_eq!(found.body, artifact.manifest.bytes, "{repository}:{tag}, seed {seed}");
    for child in &artifact.children {
        target.manifest(Method::HEAD, repository, child.digest()).expect_status(200);
    }
    for blob in artifact.all_blobs() {
        let path = format!("/v2/{repository}/blobs/{}", blob.digest);
        assert_eq!(target.send(Method::HEAD, &path, &[], Vec::new()).status, 200, "{path} of {tag}, seed {seed}");
    }
}

#[test]
fn killed_at_a_hundred_random_moments_the_laws_hold_after_each() {
    let seed = seed();
    let mut random = Random(seed);
    let (source, registry) = (Registry::plain(), Registry::plain());
    let images = [image(1).layers(1, 4000).index(&[("linux", "amd64"), ("linux", "arm64")]), image(2).build()];
    for (number, artifact) in images.iter().enumerate() {
        artifact.push(&source.http(), "app", &format!("v{number}"));
    }
    let counted = Proxy::counting(registry.address());
    let link = FaultProxy::start(counted.address(), |_| Fault::none());
    let target = registry.http();
    let project = |number: u32| {
        let block = format!("auth \"anonymous\"\n    organization \"k{number}\"");
        let sections = [
            kdl::anonymous("source", &source.host()),
            kdl::registry("target", &link.host(), &block),
            kdl::migrate("image \"app\""),
        ];
        Project::new(&kdl::project(&sections))
    };
    let begin = Instant::now();
    project(KILLS).run(["apply", "--auto-approve"]).expect_success();
    let whole = u64::try_from(begin.elapsed().as_micros()).unwrap();
    for number in 0..KILLS {
        let (project, repository) = (project(number), format!("k{number}/app"));
        counted.recorder().clear();
        let mut running = project.spawn(["apply", "--auto-approve"]);
        std::thread::sleep(Duration::from_micros(random.below(whole)));
        running.kill();
        drop(running);
        link.settle();
        for (number, artifact) in images.iter().enumerate() {
            assert_complete(&target, &repository, artifact, &format!("v{number}"), seed);
        }
        let output = project.run(["apply", "--auto-approve"]);
        assert_eq!(output.code, Some(0), "seed {seed}: {output}");
        for (number, artifact) in images.iter().enumerate() {
            let found = target.manifest(Method::GET, &repository, &format!("v{number}"));
            assert_eq!(found.body, artifact.manifest.bytes, "{repository}:v{number}, seed {seed}");
            assert_complete(&target, &repository, artifact, &format!("v{number}"), seed);
        }
        let uploads = counted.recorder().finished_uploads();
        let different: BTreeSet<_> = uploads.iter().collect();
        assert_eq!(uploads.len(), different.len(), "a finished blob moved again, seed {seed}: {uploads:#?}");
    }
}

/// A recompressed layer waits on the disk while it is uploaded.
#[test]
fn a_kill_leaves_nothing_in_the_folder_of_temporary_files() {
    let (source, target) = (Registry::plain(), Registry::plain());
    image(1).layers(1, 200_000).zstd().build().push(&source.http(), "app", "v1");
    let (uploading, let_go) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (seen, go) = (Arc::clone(&uploading), Arc::clone(&let_go));
    let front = Proxy::start(target.address(), None, move |request: &hyper::Request<_>| {
        let length =
            request.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if *request.method() == Method::PUT && length.is_some_and(|length| length > 50_000) {
            seen.store(true, Ordering::SeqCst);
            let deadline = Instant::now() + Duration::from_mins(1);
            while !go.load(Ordering::SeqCst) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        None
    });
    let block =
        "provider \"swr\" region=\"cn-north-4\" edition=\"basic\"\n    organization \"team\"\n    auth \"anonymous\"";
    let sections = [
        kdl::anonymous("source", &source.host()),
        kdl::registry("target", &front.host(), block),
        kdl::migrate("image \"app\""),
    ];
    let project = Project::new(&kdl::project(&sections));
    let folder = project.path("temporary");
    std::fs::create_dir(&folder).unwrap();
    let project = project.env("TMPDIR", &folder);
    let mut running = project.spawn(["apply", "--auto-approve"]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while !uploading.load(Ordering::SeqCst) {
        assert!(running.is_running() && Instant::now() < deadline, "{}", running.finish(Duration::from_secs(1)));
        std::thread::sleep(Duration::from_millis(5));
    }
    running.kill();
    drop(running);
    let_go.store(true, Ordering::SeqCst);
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    project.run(["apply", "--auto-approve"]).expect_success();
}
