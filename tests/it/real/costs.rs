//! What a sync costs: the plan says bytes and requests, and apply makes exactly these; several targets of one source
//! read it once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::content::{Artifact, Format, image};
use crate::support::counting::Proxy;
use crate::support::faults::{Fault, FaultProxy};
use crate::support::kdl;
use crate::support::plan::checked;
use crate::support::process::Output;
use crate::support::registry::Registry;
use crate::support::server::{Exchange, Recorder, reply};
use crate::support::swrctl::Project;
use crate::support::tools::{skopeo, skopeo_raw};

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// A registry behind a counting proxy.
struct Counted {
    registry: Registry,
    proxy: Proxy,
}

impl Counted {
    fn start() -> Self {
        let registry = Registry::plain();
        let proxy = Proxy::counting(registry.address());
        Self { registry, proxy }
    }

    fn push(&self, artifact: &Artifact, repository: &str, tag: &str) {
        artifact.push(&self.registry.http(), repository, tag);
    }

    fn recorder(&self) -> &Recorder {
        self.proxy.recorder()
    }

    /// Exchanges about manifests and blobs.
    fn content(&self) -> Vec<Exchange> {
        let is_content =
            |exchange: &Exchange| ["/manifests/", "/blobs/"].iter().any(|part| exchange.path.contains(part));
        self.recorder().exchanges().into_iter().filter(is_content).collect()
    }

    #[track_caller]
    fn assert_holds(&self, name: &str, artifact: &Artifact) {
        let read = skopeo_raw(&format!("{}/{name}", self.registry.host()));
        assert_eq!(read.as_bytes(), artifact.manifest.bytes, "{name}");
        let pulled = tempfile::tempdir().unwrap();
        let (from, to) =
            (format!("docker://{}/{name}", self.registry.host()), format!("dir:{}", pulled.path().display()));
        skopeo(&["copy", "--all", "--src-tls-verify=false", &from, &to]).expect_success();
    }
}

fn project(source: &Counted, targets: &[(&str, String)], block: &str) -> Project {
    let registries = targets.iter().map(|(name, host)| kdl::anonymous(name, host));
    let names: Vec<String> = targets.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let migration = kdl::migrate(block).replace("to=\"target\"", &format!("to={}", names.join(" ")));
    let sections: Vec<String> =
        [kdl::anonymous("source", &source.proxy.host())].into_iter().chain(registries).chain([migration]).collect();
    Project::new(&kdl::project(&sections))
}

fn count(exchanges: &[Exchange], method: &str) -> usize {
    exchanges.iter().filter(|exchange| exchange.method == method).count()
}

fn unique_bytes(artifacts: &[&Artifact]) -> u64 {
    let blobs: BTreeSet<_> = artifacts
        .iter()
        .flat_map(|artifact| artifact.all_blobs())
        .map(|blob| (&blob.digest, blob.bytes.len()))
        .collect();
    blobs.iter().map(|(_, length)| *length as u64).sum()
}

/// Plans, applies the saved plan, and holds what both sides saw against what the plan said. Returns the plan's summary.
#[track_caller]
fn assert_costs_as_planned(project: &Project, source: &Counted, targets: &[&Counted]) -> Value {
    let (summary, sent) = assert_requests_as_planned(project, source, targets);
    assert_eq!(summary["bytes"], sent);
    summary
}

/// The same without the bytes, which are not known before layers are recompressed; the second is how many were sent.
#[track_caller]
fn assert_requests_as_planned(project: &Project, source: &Counted, targets: &[&Counted]) -> (Value, u64) {
    let plan = project.run(["plan", "--out", "saved.json"]).expect_success();
    let document: Value = serde_json::from_slice(&std::fs::read(project.path("saved.json")).unwrap()).unwrap();
    let summary = document["summary"].clone();
    assert_total_is_shown(&plan, &summary["requests"]);
    for side in targets.iter().chain([&source]) {
        side.recorder().clear();
    }
    project.run(["apply", "saved.json"]).expect_success();

    let read = source.content();
    let written: Vec<Exchange> = targets.iter().flat_map(|target| target.content()).collect();
    let (gets, said) = (count(&read, "GET"), &summary["requests"]["source"]);
    assert_eq!(gets as u64, said["manifests"].as_u64().unwrap() + said["blobs"].as_u64().unwrap(), "{read:#?}");
    assert_eq!(gets, read.len(), "the source is only read: {read:#?}");
    let asked = ["HEAD", "GET", "POST", "PUT"].map(|method| (method.to_lowercase(), json!(count(&written, method))));
    assert_eq!(Value::Object(asked.into_iter().collect()), summary["requests"]["target"], "{written:#?}");
    let sent: u64 =
        written.iter().filter(|exchange| exchange.path.contains("/blobs/")).map(|exchange| exchange.sent).sum();
    (summary, sent)
}

#[track_caller]
fn assert_total_is_shown(plan: &Output, requests: &Value) {
    let kinds =
        [&requests["source"], &requests["target"]].into_iter().flat_map(|side| side.as_object().unwrap().values());
    let total: u64 = kinds.map(|number| number.as_u64().unwrap()).sum();
    assert!(plan.stdout.trim_end().ends_with(&format!(" to move in {total} requests.")), "{total}: {plan}");
}

#[test]
fn a_fresh_target_costs_what_the_plan_says_and_no_head_a_blob() {
    let (source, target) = (Counted::start(), Counted::start());
    let (plain, index) = (image(1).layers(3, 20_000).build(), image(2).index_with_attestations(&BOTH));
    source.push(&plain, "team/app", "v1");
    source.push(&index, "team/app", "v2");
    source.push(&image(1).layers(3, 20_000).format(Format::Docker).build(), "team/app", "v3");
    let project = project(&source, &[("target", target.proxy.host())], "image \"team/app\"");
    project.run(["plan"]).expect_success();
    assert_eq!(target.recorder().count("", "/blobs/"), 0, "the repository is known to be empty");
    let asked = |method, part| target.recorder().count(method, part);
    assert_eq!((asked("HEAD", "/manifests/"), asked("GET", "/tags/list")), (1, 1), "one tag and the list tell of all");
    let read = source.content();
    assert_eq!(count(&read, "HEAD"), 1, "what is sure to be read is not asked for before: {read:#?}");
    let once: BTreeSet<&String> = read.iter().map(|exchange| &exchange.path).collect();
    assert_eq!(read.len(), once.len(), "{read:#?}");
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["bytes"], unique_bytes(&[&plain, &index]));
    assert_eq!(summary["requests"]["target"]["head"], 6);
}

#[test]
fn a_first_tag_that_is_missing_hides_no_other() {
    let (source, target) = (Counted::start(), Counted::start());
    let artifacts = [1, 2, 3].map(|seed| image(seed).build());
    for (artifact, tag) in artifacts.iter().zip(["v1", "v2", "v3"]) {
        source.push(artifact, "team/app", tag);
    }
    target.push(&artifacts[1], "team/app", "v2");
    let project = project(&source, &[("target", target.proxy.host())], "image \"team/app\"");
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["bytes"], unique_bytes(&[&artifacts[0], &artifacts[2]]));
    target.recorder().clear();
    project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!((target.recorder().count("HEAD", "/manifests/"), target.recorder().count("GET", "/tags/list")), (3, 0));
}

#[test]
fn a_target_that_holds_a_part_costs_what_is_missing() {
    let (source, target) = (Counted::start(), Counted::start());
    let (old, new) = (image(1).layers(2, 9_000), image(2).layers(2, 9_000).build());
    source.push(&old.clone().format(Format::Docker).build(), "team/app", "v1");
    source.push(&new, "team/app", "v2");
    target.push(&old.format(Format::Oci).build(), "team/app", "v1");
    let project = project(&source, &[("target", target.proxy.host())], "image \"team/app\"");
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["bytes"], unique_bytes(&[&new]), "the blobs of v1 are there, its manifest is another");
    assert_eq!(summary["requests"]["target"], json!({"head": 4, "get": 0, "post": 3, "put": 5}));
}

#[test]
fn a_shared_blob_costs_one_upload_and_one_mount_a_repository() {
    let (source, target) = (Counted::start(), Counted::start());
    let artifact = image(1).layers(2, 9_000).build();
    for name in ["team/one", "team/two", "team/three"] {
        source.push(&artifact, name, "v1");
        source.push(&artifact, name, "v2");
    }
    let project = project(&source, &[("target", target.proxy.host())], "image \"team/*\"");
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["requests"]["target"], json!({"head": 12, "get": 0, "post": 9, "put": 9}));
    assert_eq!(summary["requests"]["source"]["blobs"], 3);
    target.assert_holds("team/three:v2", &artifact);
}

#[test]
fn a_promotion_within_one_registry_moves_no_byte() {
    let registry = Counted::start();
    let artifact = image(1).layers(3, 9_000).build();
    registry.push(&artifact, "dev/app", "v1");
    let host = registry.proxy.host();
    let rules = "image \"dev/app\" as=\"prod/app\"\n    image \"dev/app\" as=\"dev/app:checked\" tags=\"v1\"";
    let project = project(&registry, &[("target", host)], rules);
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.trim_end().ends_with("0 B to move in 11 requests."), "{plan}");
    registry.recorder().clear();
    project.run(["apply", "--auto-approve"]).expect_success();
    let asked = |method, part| registry.recorder().count(method, part);
    assert_eq!((asked("POST", "&from=dev/app"), asked("PUT", "/blobs/"), asked("GET", "/blobs/")), (4, 0, 0));
    registry.assert_holds("prod/app:v1", &artifact);
    registry.assert_holds("dev/app:checked", &artifact);
}

#[test]
fn a_rewrite_costs_what_it_keeps() {
    let (source, target) = (Counted::start(), Counted::start());
    source.push(&image(1).index_with_attestations(&BOTH), "team/app", "index");
    source.push(&image(9).platform("linux", "arm64").build(), "team/app", "single");
    let block = "image \"team/app\" { platforms \"linux/arm64\"; }\n    attestations \"drop\"";
    let project = project(&source, &[("target", target.proxy.host())], block);
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(
        summary["requests"]["source"],
        json!({"manifests": 4, "blobs": 6}),
        "the platform of one is in its config"
    );
}

#[test]
fn what_is_verified_costs_what_is_read_back_of_every_target() {
    let (source, first, second) = (Counted::start(), Counted::start(), Counted::start());
    let index = image(1).index(&BOTH);
    source.push(&index, "team/app", "v1");
    let targets = [("first", first.proxy.host()), ("second", second.proxy.host())];
    let digest = project(&source, &targets, "image \"team/app\" as=\"one\"\n    verify \"digest\"");
    let summary = assert_costs_as_planned(&digest, &source, &[&first, &second]);
    assert_eq!(summary["requests"]["target"], json!({"head": 6, "get": 0, "post": 12, "put": 18}));
    let pull = project(&source, &targets, "image \"team/app\" as=\"two\"\n    verify \"pull\"");
    let summary = assert_costs_as_planned(&pull, &source, &[&first, &second]);
    assert_eq!(summary["requests"]["target"]["head"], 6);
    assert_eq!(summary["requests"]["target"]["get"], 18, "3 manifests and 6 blobs, of both");
}

#[test]
fn several_targets_read_the_source_once() {
    let (source, first, second) = (Counted::start(), Counted::start(), Counted::start());
    let artifacts = [image(1).layers(3, 400_000).build(), image(2).layers(2, 100_000).index(&BOTH)];
    source.push(&artifacts[0], "team/app", "v1");
    source.push(&artifacts[1], "team/app", "v2");
    source.push(&artifacts[0], "team/other", "v1");
    let targets = [("first", first.proxy.host()), ("second", second.proxy.host())];
    let project = project(&source, &targets, "image \"team/*\"");
    let summary = assert_costs_as_planned(&project, &source, &[&first, &second]);
    let unique = unique_bytes(&[&artifacts[0], &artifacts[1]]);
    assert_eq!(summary["bytes"], unique * 2);
    let read: u64 = source.content().iter().filter(|e| e.path.contains("/blobs/")).map(|e| e.received).sum();
    assert_eq!(read, unique);
    for target in [&first, &second] {
        target.assert_holds("team/app:v1", &artifacts[0]);
        target.assert_holds("team/app:v2", &artifacts[1]);
        target.assert_holds("team/other:v1", &artifacts[0]);
    }
}

/// Every tag that begins with `a` by one section of the target, with `b` by the other, into one repository.
fn by_two_sections(source: &Counted, one: &str, two: &str) -> String {
    let migrate = |to: &str, tags: &str| {
        kdl::migrate(&format!("image \"team/app\" tags=\"{tags}\" as=\"copy\""))
            .replace("\"target\"", &format!("\"{to}\""))
    };
    kdl::project(&[
        kdl::anonymous("source", &source.proxy.host()),
        one.to_owned(),
        two.to_owned(),
        migrate("one", "a*"),
        migrate("two", "b*"),
    ])
}

#[test]
fn sections_of_one_registry_share_what_its_repositories_hold() {
    let (source, target) = (Counted::start(), Counted::start());
    let sections = ["one", "two"].map(|name| kdl::anonymous(name, &target.proxy.host()));
    let project = Project::new(&by_two_sections(&source, &sections[0], &sections[1]));
    let push = |artifact: &Artifact, number: u8| {
        for section in ["a", "b"] {
            source.push(artifact, "team/app", &format!("{section}{number}"));
        }
    };
    let (first, second) = (image(1).index(&BOTH), image(1).created("2025-02-03T04:05:06Z").index(&BOTH));
    push(&first, 1);
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["bytes"], unique_bytes(&[&first]));
    assert_eq!(summary["requests"]["target"], json!({"head": 4, "get": 0, "post": 6, "put": 10}));

    push(&second, 2);
    target.recorder().clear();
    project.run(["plan"]).expect_success();
    assert_eq!(target.recorder().count("HEAD", "/blobs/"), second.all_blobs().len(), "each once");
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["bytes"], unique_bytes(&[&first, &second]) - unique_bytes(&[&first]), "the configs");
    for tag in ["a1", "b1"] {
        target.assert_holds(&format!("copy:{tag}"), &first);
    }
}

#[test]
fn layers_are_read_once_for_all_who_need_them_recompressed_and_once_for_all_others() {
    let (source, targets) = (Counted::start(), [(); 4].map(|()| Counted::start()));
    let artifact = image(1).layers(2, 200_000).zstd().index(&BOTH);
    source.push(&artifact, "app", "v1");
    let swr = "provider \"swr\" region=\"cn-north-4\" edition=\"basic\"\n    organization \"team\"";
    let section = |number: usize, block: &str| {
        let block = format!("auth \"anonymous\"\n    {block}");
        kdl::registry(&format!("t{number}"), &targets[number].proxy.host(), &block)
    };
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.proxy.host()),
        section(0, swr),
        section(1, swr),
        section(2, ""),
        section(3, ""),
        kdl::migrate("image \"app\"\n    verify \"pull\"").replace("\"target\"", "\"t0\" \"t1\" \"t2\" \"t3\""),
    ]));
    let (summary, _) = assert_requests_as_planned(&project, &source, &targets.each_ref());
    assert_eq!(summary["requests"]["source"]["blobs"], 6 + 4, "four of six blobs are layers");
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");
}

#[test]
fn organizations_of_one_registry_mount_from_each_other() {
    let (source, target) = (Counted::start(), Counted::start());
    let artifact = image(1).layers(2, 9_000).build();
    source.push(&artifact, "team/app", "v1");
    let organization = |name: &str| {
        kdl::registry(name, &target.proxy.host(), &format!("auth \"anonymous\"\n    organization \"{name}\""))
    };
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.proxy.host()),
        organization("dev"),
        organization("prod"),
        kdl::migrate("image \"team/app\"").replace("\"target\"", "\"dev\" \"prod\""),
    ]));
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["bytes"], unique_bytes(&[&artifact]));
    assert_eq!(summary["requests"]["target"], json!({"head": 4, "get": 0, "post": 6, "put": 5}));
    for organization in ["dev", "prod"] {
        target.assert_holds(&format!("{organization}/team/app:v1"), &artifact);
    }
}

#[test]
fn sections_of_one_directory_share_its_blobs() {
    let source = Counted::start();
    let artifact = image(1).build();
    for tag in ["a1", "b1"] {
        source.push(&artifact, "team/app", tag);
    }
    let project = Project::empty();
    let whole = project.path("copy");
    let sections = [("one", "copy"), ("two", whole.to_str().expect("temporary paths are UTF-8"))];
    let sections = sections.map(|(name, path)| format!("registry \"{name}\" \"oci-layout:{path}\"\n"));
    let project = project.file("swr.kdl", by_two_sections(&source, &sections[0], &sections[1]));
    let planned = checked(&project.run(["plan", "--json"]).expect_success().stdout, "schema/plan.schema.json");
    assert_eq!(planned["summary"]["bytes"], unique_bytes(&[&artifact]));
    source.recorder().clear();
    project.run(["apply", "--auto-approve"]).expect_success();
    assert_eq!(source.recorder().count("GET", "/blobs/"), artifact.blobs.len());
}

#[test]
fn nothing_is_asked_of_a_source_twice_in_one_run() {
    let (source, first, second) = (Counted::start(), Counted::start(), Counted::start());
    let index = image(1).index(&BOTH);
    source.push(&index, "team/app", "v1");
    source.push(&index, "team/app", "v2");
    source.push(&index.children[0], "team/app", "amd64");
    let targets = [("first", first.proxy.host()), ("second", second.proxy.host())];
    let project = project(&source, &targets, "image \"team/app\"");
    source.recorder().clear();
    project.run(["apply", "--auto-approve"]).expect_success();
    let asked: Vec<_> = source.recorder().exchanges().into_iter().map(|e| (e.method, e.path)).collect();
    let asked: Vec<_> = asked.into_iter().filter(|(_, path)| path != "/v2/").collect();
    let distinct: BTreeSet<_> = asked.iter().collect();
    assert_eq!(asked.len(), distinct.len(), "{asked:#?}");
}

#[test]
fn a_target_that_fails_in_the_middle_does_not_spoil_the_other() {
    let (source, whole, broken) = (Counted::start(), Counted::start(), Counted::start());
    let artifact = image(1).layers(3, 2_000_000).build();
    source.push(&artifact, "team/app", "v1");
    let cut = FaultProxy::start(broken.proxy.address(), |_| Fault::cut_upload(700_000));
    // First in the order of names, so that the other one depends on it where it can.
    let targets = [("broken", cut.host()), ("whole", whole.proxy.host())];
    let project = project(&source, &targets, "image \"team/app\"\n    retries 0");
    let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(apply.stdout.contains("sync.broken/team/app:v1"), "{apply}");
    whole.assert_holds("team/app:v1", &artifact);
    assert_eq!(broken.recorder().count("PUT", "/manifests/"), 0, "no tag points at something incomplete");
    let read: u64 = source.content().iter().filter(|e| e.path.contains("/blobs/")).map(|e| e.received).sum();
    assert_eq!(read, unique_bytes(&[&artifact]), "for both together");
}

#[test]
fn a_target_that_recovers_catches_up_by_itself() {
    let (source, whole, shaky) = (Counted::start(), Counted::start(), Counted::start());
    let artifact = image(1).layers(3, 2_000_000).build();
    source.push(&artifact, "team/app", "v1");
    let cut = FaultProxy::start(shaky.proxy.address(), |connection| {
        if connection < 8 { Fault::cut_upload(700_000) } else { Fault::none() }
    });
    let targets = [("shaky", cut.host()), ("whole", whole.proxy.host())];
    let project = project(&source, &targets, "image \"team/app\"\n    retries 9");
    project.run(["apply", "--auto-approve", "--report", "report.json"]).expect_success();
    for target in [&whole, &shaky] {
        target.assert_holds("team/app:v1", &artifact);
    }
    let report = checked(&std::fs::read_to_string(project.path("report.json")).unwrap(), "schema/report.schema.json");
    let of_syncs = |name: &str| {
        let steps = report["steps"].as_array().unwrap();
        let syncs = steps.iter().filter(|step| step["kind"] == "sync");
        syncs.map(|step| step[name].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert!(of_syncs("retries").iter().sum::<u64>() > 0, "{report:#}");
    let size = unique_bytes(&[&artifact]);
    assert_eq!(of_syncs("moved"), [size, size], "what moves again counts once");
    assert_eq!(report["tally"]["bytes"], 2 * size);
}

#[test]
fn a_slow_target_holds_the_other_back_and_nothing_is_read_twice() {
    let (source, quick, slow) = (Counted::start(), Counted::start(), Counted::start());
    let artifact = image(1).layers(2, 1_000_000).build();
    source.push(&artifact, "team/app", "v1");
    let throttled = FaultProxy::start(slow.proxy.address(), |_| Fault::throttle(1_000_000));
    let targets = [("quick", quick.proxy.host()), ("slow", throttled.host())];
    let project = project(&source, &targets, "image \"team/app\"");
    project.run(["apply", "--auto-approve"]).expect_success();
    let read: u64 = source.content().iter().filter(|e| e.path.contains("/blobs/")).map(|e| e.received).sum();
    assert_eq!(read, unique_bytes(&[&artifact]));
    for target in [&quick, &slow] {
        target.assert_holds("team/app:v1", &artifact);
    }
}

#[test]
fn one_image_under_several_names_is_read_once() {
    let (source, target) = (Counted::start(), Counted::start());
    let index = image(1).index(&BOTH);
    source.push(&index, "team/app", "latest");
    source.push(&index, "team/app", "v1");
    let names =
        ["r/app:x", "r/app:y", "s/app:y"].map(|name| format!("image \"team/app\" tags=\"latest\" as=\"{name}\""));
    let rules = names.join("\n    ") + "\n    image \"team/app\" tags=\"v1\" as=\"t/app\"";
    let project = project(&source, &[("target", target.proxy.host())], &rules);
    let summary = assert_costs_as_planned(&project, &source, &[&target]);
    assert_eq!(summary["requests"]["source"]["manifests"], 3, "the index and its children");
    assert_eq!(source.recorder().count("GET", "/manifests/"), 3);
}

#[test]
fn bytes_and_retries_of_a_step_that_failed_are_told() {
    let (source, target) = (Counted::start(), Registry::plain());
    let artifact = image(1).layers(2, 300_000).build();
    source.push(&artifact, "team/app", "v1");
    let tries = AtomicUsize::new(0);
    let front = Proxy::start(target.address(), None, move |request: &hyper::Request<_>| {
        let tag = *request.method() == Method::PUT && request.uri().path().ends_with("/manifests/v1");
        let status = if tries.fetch_add(usize::from(tag), Ordering::SeqCst) == 0 { 503 } else { 400 };
        tag.then(|| reply(StatusCode::from_u16(status).unwrap(), &json!({"errors": [{"code": "UNSUPPORTED"}]})))
    });
    let project = project(&source, &[("target", front.host())], "image \"team/app\"");
    let apply = project.run(["apply", "--auto-approve", "--json", "--report", "report.json"]).expect_code(1);
    let report: Value = serde_json::from_slice(&std::fs::read(project.path("report.json")).unwrap()).unwrap();
    let moved = unique_bytes(&[&artifact]);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["kind"] == "sync").unwrap();
    assert_eq!(
        (&report["tally"]["bytes"], &step["moved"], &step["retries"]),
        (&json!(moved), &json!(moved), &json!(1))
    );
    let events: Vec<Value> = apply.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| events.iter().find(|event| event["event"] == name && event["address"] == step["address"]);
    assert_eq!(of("finished").unwrap()["bytes"], moved, "{apply}");
    assert_eq!(of("retried").unwrap()["attempt"], 1, "{apply}");
    assert_eq!(events.last().unwrap()["tally"]["bytes"], moved, "{apply}");
}
