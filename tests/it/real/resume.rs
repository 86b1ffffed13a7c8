//! Large blobs over links that break: what is there already is not moved again, and nothing wrong is put together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use serde_json::json;

use crate::support::content::{Artifact, image};
use crate::support::counting::{Behaviour, Proxy};
use crate::support::faults::{Fault, FaultProxy, first};
use crate::support::kdl;
use crate::support::keeper::{Habit, Keeper};
use crate::support::process::Output;
use crate::support::registry::{PASSWORD, Registry, USER};
use crate::support::server::{Incoming, reply};
use crate::support::swrctl::Project;
use crate::support::token::{self, Life, TokenServer};

const TAG: &str = "/v2/app/manifests/v1";
/// Larger than what is remembered from run to run.
const LARGE: usize = 34 << 20;

/// An image with one layer of `size`, at a registry that counts.
fn source(size: usize) -> (Artifact, Registry, Proxy) {
    let (artifact, registry) = (image(1).layers(1, size).build(), Registry::plain());
    artifact.push(&registry.http(), "app", "v1");
    let proxy = Proxy::counting(registry.address());
    (artifact, registry, proxy)
}

fn project(source: &str, target: &str) -> Project {
    let images = kdl::migrate("image \"app\" tags=\"v1\"");
    Project::new(&kdl::project(&[kdl::anonymous("source", source), kdl::anonymous("target", target), images]))
}

fn state_file(project: &Project) -> PathBuf {
    project.home(".local/state/swrctl/uploads.json")
}

#[test]
fn a_cut_download_goes_on_without_the_upload() {
    let (artifact, registry, counted) = source(4_000_000);
    let target = Registry::plain();
    let from = FaultProxy::start(counted.address(), first(6, Fault::cut_download(1_500_000)));
    let output = project(&from.host(), &target.host()).run(["apply", "--auto-approve"]).expect_success();
    let told = output.everything();
    assert!(
        told.contains("retrying") && !told.contains(": PUT "),
        "it is told, and the upload noticed nothing: {output}"
    );
    let layer = &artifact.blobs[1].digest;
    assert!(counted.recorder().count("GET", layer) > 1);
    assert_eq!(std::fs::read(target.blob_file(layer)).unwrap(), artifact.blobs[1].bytes);
    drop(registry);
}

#[test]
fn a_cut_upload_goes_on_from_what_the_registry_kept() {
    let (artifact, _registry, counted) = source(8_000_000);
    let keeper = Keeper::start(Habit::Keeps);
    let to = FaultProxy::start(keeper.address(), first(12, Fault::cut_upload(3_000_000)));
    project(&counted.host(), &to.host()).run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    assert_eq!(keeper.blob(&layer.digest).as_ref(), Some(&layer.bytes));
    assert!(keeper.has_tag(TAG) && keeper.statuses() > 0);
    let size = layer.bytes.len() as u64;
    assert!(keeper.received() < size + 100_000, "{} bytes for a layer of {size}", keeper.received());
}

#[test]
fn an_upload_put_together_wrongly_is_sent_again_as_a_whole() {
    let (artifact, _registry, counted) = source(4_000_000);
    let keeper = Keeper::start(Habit::Exaggerates);
    project(&counted.host(), &keeper.address().to_string()).run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    assert_eq!(keeper.blob(&layer.digest).as_ref(), Some(&layer.bytes));
    assert!(keeper.has_tag(TAG) && keeper.statuses() > 0);
}

#[test]
fn a_blob_whose_arrival_was_not_told_is_found_and_not_sent_again() {
    let (artifact, _registry, counted) = source(4_000_000);
    let keeper = Keeper::start(Habit::Mute);
    project(&counted.host(), &keeper.address().to_string()).run(["apply", "--auto-approve"]).expect_success();
    let size = artifact.blobs[1].bytes.len() as u64;
    assert!(keeper.has_tag(TAG) && keeper.statuses() > 0);
    assert!(keeper.received() < size + 100_000, "{} bytes for a layer of {size}", keeper.received());
}

#[test]
fn a_blob_that_the_target_loses_is_told_and_leaves_no_tag() {
    let (_, _registry, counted) = source(100_000);
    let keeper = Keeper::start(Habit::Loses);
    let output =
        project(&counted.host(), &keeper.address().to_string()).run(["apply", "--auto-approve"]).expect_code(1);
    assert!(output.stdout.contains("misses content that the manifest names"), "{output}");
    assert!(!keeper.has_tag(TAG));
}

/// A run that is killed while a large blob is on its way to `target`, and how many bytes of it had arrived.
fn killed(target: SocketAddr, received: impl Fn(&FaultProxy) -> u64, source: &Proxy) -> (Project, FaultProxy, u64) {
    let slow = Arc::new(AtomicBool::new(true));
    let ends = Arc::clone(&slow);
    let throttle = move |_| if slow.load(Ordering::SeqCst) { Fault::throttle(20 << 20) } else { Fault::none() };
    let to = FaultProxy::start(target, throttle);
    let project = project(&source.host(), &to.host());
    let mut running = project.spawn(["apply", "--auto-approve"]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while received(&to) < 8 << 20 {
        assert!(running.is_running() && Instant::now() < deadline, "{}", running.finish(Duration::from_secs(1)));
        std::thread::sleep(Duration::from_millis(2));
    }
    running.kill();
    to.settle();
    ends.store(false, Ordering::SeqCst);
    let before = received(&to);
    (project, to, before)
}

#[test]
fn an_upload_that_a_kill_ended_is_ended_by_the_next_run() {
    use std::os::unix::fs::PermissionsExt;
    let (artifact, _registry, counted) = source(LARGE);
    let keeper = Keeper::start(Habit::Keeps);
    let (project, _to, before) = killed(keeper.address(), |_| keeper.received(), &counted);
    let state = std::fs::read_to_string(state_file(&project)).unwrap();
    assert!(state.contains(&artifact.blobs[1].digest), "{state}");
    assert_eq!(state_file(&project).metadata().unwrap().permissions().mode() & 0o777, 0o600);

    project.run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    assert_eq!(keeper.blob(&layer.digest).as_ref(), Some(&layer.bytes));
    assert!(before >= 8 << 20 && keeper.received() < layer.bytes.len() as u64 + 100_000, "{}", keeper.received());
    assert!(!state_file(&project).exists(), "nothing is left to remember");
}

#[test]
fn a_state_file_that_is_wrong_or_gone_costs_nothing_but_bytes() {
    let (artifact, _registry, counted) = source(LARGE);
    let layer = &artifact.blobs[1];
    for damage in [
        (|_| None) as fn(String) -> Option<String>,
        |text| Some(text[..text.len() / 2].to_owned()),
        |text| Some(text.replace("/uploads/", "/uploads/9999")),
        |text| Some(text.replace("127.0.0.1:", "127.0.0.2:")),
        |text| Some(text.replace("\"version\": 1", "\"version\": 99")),
    ] {
        let keeper = Keeper::start(Habit::Keeps);
        let (project, _to, before) = killed(keeper.address(), |_| keeper.received(), &counted);
        let text = std::fs::read_to_string(state_file(&project)).unwrap();
        match damage(text.clone()) {
            None => std::fs::remove_file(state_file(&project)).unwrap(),
            Some(damaged) => {
                assert_ne!(damaged, text);
                std::fs::write(state_file(&project), damaged).unwrap();
            }
        }
        project.run(["apply", "--auto-approve"]).expect_success();
        assert_eq!(keeper.blob(&layer.digest).as_ref(), Some(&layer.bytes));
        assert!(keeper.received() >= before + layer.bytes.len() as u64, "all of it was sent again");
    }
}

#[test]
#[ignore = "needs Distribution 3: SWRCTL_TEST_DISTRIBUTION_3 names its program"]
fn an_upload_that_a_kill_ended_is_ended_by_the_next_run_at_a_real_registry() {
    let (artifact, _registry, counted) = source(LARGE);
    let target = Registry::distribution_3();
    let (project, to, before) = killed(target.address(), FaultProxy::sent, &counted);
    let deadline = Instant::now() + Duration::from_mins(1);
    while !target.log().contains("client disconnected during blob PUT") {
        assert!(Instant::now() < deadline, "{}", target.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    project.run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
    // What a reset overtakes is lost on its way.
    let again = to.sent().saturating_sub(layer.bytes.len() as u64);
    assert!(before >= 8 << 20 && again < before / 2, "{again} bytes again of {before} before the kill");
    assert!(!state_file(&project).exists(), "nothing is left to remember");
}

#[test]
#[ignore = "needs Distribution 3: SWRCTL_TEST_DISTRIBUTION_3 names its program"]
fn a_cut_upload_goes_on_from_what_a_real_registry_kept() {
    let (artifact, _registry, counted) = source(8_000_000);
    let target = Registry::distribution_3();
    let to = FaultProxy::start(target.address(), first(12, Fault::cut_upload(3_000_000)));
    project(&counted.host(), &to.host()).run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
    // Three cuts at least, of 3 MB each that would be sent again; what a reset overtakes is lost on its way.
    assert!(to.sent() < 8_000_000 + 9_000_000 / 2, "{} bytes", to.sent());
    assert!(target.log().contains("client disconnected during blob PUT"), "{}", target.log());
}

/// Tokens end while a blob of 6 MB is on its way at 1 MB/s, which breaks off behind 4.5 MB.
const SHORT: u64 = 3;
const CUT: u64 = 4_500_000;
const RATE: u64 = 1_000_000;

/// Copies an image of 6 MB, logging in where it is asked to.
#[track_caller]
fn copy_with_tokens(source: &str, target: &str) -> Output {
    let login = "auth { username env=\"LOGIN\"; password env=\"PASSWORD\"; }";
    let registries = [("source", source), ("target", target)].map(|(name, host)| kdl::registry(name, host, login));
    let project = Project::new(&kdl::project(&[registries.concat(), kdl::migrate("image \"app\" tags=\"v1\"")]));
    project.env("LOGIN", USER).env("PASSWORD", PASSWORD).run(["apply", "--auto-approve"]).expect_success()
}

#[test]
fn a_cut_download_goes_on_with_a_new_token() {
    for told in [true, false] {
        let (tokens, target) = (TokenServer::with(Life { seconds: SHORT, told }), Registry::plain());
        let source = Registry::token(&tokens);
        let artifact = image(1).layers(1, 6_000_000).build();
        artifact.push(&source.http().bearer(&tokens.token("repository:app:pull,push")), "app", "v1");
        let counted = Proxy::counting(source.address());
        let from = FaultProxy::start(counted.address(), first(6, Fault::cut_download(CUT).throttled(RATE)));
        let output = copy_with_tokens(&from.host(), &target.host());
        let told = output.everything();
        assert!(
            told.contains("retrying") && !told.contains(": PUT "),
            "it is told, and the upload noticed nothing: {output}"
        );
        let layer = &artifact.blobs[1];
        assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
        let read = counted.recorder().exchanges().into_iter().filter(|exchange| exchange.path.contains(&layer.digest));
        assert!(read.filter(|exchange| exchange.status == 206).count() > 0, "it went on where it stopped");
        assert!(tokens.recorder().count("GET", "/token") > 1);
    }
}

/// Asks for tokens of `tokens` that are good still.
fn guard(tokens: &TokenServer) -> impl Behaviour + use<> {
    let challenge = format!("Bearer realm=\"{}\",service=\"{}\"", tokens.realm(), token::SERVICE);
    move |request: &Request<Incoming>| {
        let mut refusal = reply(StatusCode::UNAUTHORIZED, &json!({"errors": [{"code": "UNAUTHORIZED"}]}));
        refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge.parse().expect("a valid header"));
        (!token::is_current(request)).then_some(refusal)
    }
}

#[test]
fn a_cut_upload_goes_on_with_a_new_token() {
    let (artifact, _registry, counted) = source(6_000_000);
    let layer = &artifact.blobs[1];
    for told in [true, false] {
        let (tokens, keeper) = (TokenServer::with(Life { seconds: SHORT, told }), Keeper::start(Habit::Keeps));
        let guarded = Proxy::start(keeper.address(), None, guard(&tokens));
        let to = FaultProxy::start(guarded.address(), first(6, Fault::cut_upload(CUT).throttled(RATE)));
        copy_with_tokens(&counted.host(), &to.host());
        assert_eq!(keeper.blob(&layer.digest).as_ref(), Some(&layer.bytes));
        assert!(keeper.has_tag(TAG) && keeper.statuses() > 0);
        assert!(keeper.received() < layer.bytes.len() as u64 + 100_000, "{} bytes", keeper.received());
        assert!(tokens.recorder().count("GET", "/token") > 1);
    }
}

#[test]
#[ignore = "needs Distribution 3: SWRCTL_TEST_DISTRIBUTION_3 names its program"]
fn a_cut_upload_goes_on_with_a_new_token_at_a_real_registry() {
    let (artifact, _registry, counted) = source(6_000_000);
    for told in [true, false] {
        let tokens = TokenServer::with(Life { seconds: SHORT, told });
        let target = Registry::distribution_3_with_token(&tokens);
        let to = FaultProxy::start(target.address(), first(6, Fault::cut_upload(CUT).throttled(RATE)));
        copy_with_tokens(&counted.host(), &to.host());
        let layer = &artifact.blobs[1];
        assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
        assert!(to.sent() < 6_000_000 + CUT / 2, "{} bytes", to.sent());
        assert!(tokens.recorder().count("GET", "/token") > 1);
    }
}

#[test]
fn an_upload_that_is_sent_anew_has_a_new_token() {
    let (artifact, _registry, counted) = source(6_000_000);
    for told in [true, false] {
        let tokens = TokenServer::with(Life { seconds: SHORT, told });
        let target = Registry::token(&tokens);
        let to = FaultProxy::start(target.address(), first(6, Fault::cut_upload(CUT).throttled(RATE)));
        copy_with_tokens(&counted.host(), &to.host());
        let layer = &artifact.blobs[1];
        assert_eq!(std::fs::read(target.blob_file(&layer.digest)).unwrap(), layer.bytes);
        assert!(tokens.recorder().count("GET", "/token") > 1);
    }
}

#[test]
fn a_registry_that_keeps_nothing_is_sent_everything_again() {
    let (artifact, _registry, counted) = source(LARGE);
    let target = Registry::plain();
    let to = FaultProxy::start(target.address(), first(6, Fault::cut_upload(20_000_000)));
    let project = project(&counted.host(), &to.host());
    project.run(["apply", "--auto-approve", "--state-file", "none"]).expect_success();
    assert_eq!(std::fs::read(target.blob_file(&artifact.blobs[1].digest)).unwrap(), artifact.blobs[1].bytes);
    assert!(!state_file(&project).exists());
}

/// A copy of a layer of 4 MB to a registry behind `behaviour`, which has to succeed.
fn copied(habit: Habit, behaviour: impl Behaviour) {
    let (artifact, _registry, counted) = source(4_000_000);
    let keeper = Keeper::start(habit);
    let between = Proxy::start(keeper.address(), None, behaviour);
    project(&counted.host(), &between.host()).run(["apply", "--auto-approve"]).expect_success();
    let layer = &artifact.blobs[1];
    assert_eq!(keeper.blob(&layer.digest).as_ref(), Some(&layer.bytes));
    assert!(keeper.has_tag(TAG));
}

fn is_blob_put(request: &Request<Incoming>) -> bool {
    *request.method() == Method::PUT && request.uri().path().contains("/blobs/uploads/")
}

#[test]
fn an_upload_whose_state_nobody_tells_is_sent_anew() {
    let (failed, asked) = (AtomicBool::new(false), Arc::<AtomicBool>::default());
    let was_asked = Arc::clone(&asked);
    copied(Habit::Keeps, move |request: &Request<Incoming>| {
        let is_layer = request.headers().get(CONTENT_LENGTH).is_some_and(|length| length.len() > 6);
        if *request.method() == Method::GET && request.uri().path().contains("/uploads/") {
            asked.store(true, Ordering::SeqCst);
            return Some(reply(StatusCode::INTERNAL_SERVER_ERROR, &json!({})));
        }
        let fails = is_blob_put(request) && is_layer && !failed.swap(true, Ordering::SeqCst);
        fails.then(|| reply(StatusCode::SERVICE_UNAVAILABLE, &json!({})))
    });
    assert!(was_asked.load(Ordering::SeqCst));
}

#[test]
fn an_upload_that_cannot_go_on_is_sent_anew() {
    let refused = Arc::<AtomicBool>::default();
    let was_refused = Arc::clone(&refused);
    copied(Habit::Exaggerates, move |request: &Request<Incoming>| {
        let goes_on = is_blob_put(request) && request.headers().contains_key(CONTENT_RANGE);
        refused.fetch_or(goes_on, Ordering::SeqCst);
        goes_on.then(|| reply(StatusCode::BAD_GATEWAY, &json!({})))
    });
    assert!(was_refused.load(Ordering::SeqCst));
}
