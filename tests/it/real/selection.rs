//! What rules select beyond tags as they are called: digests, other tags at the target.

use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use reqwest::Method;

use super::migrate::{Pair, assert_no_changes};
use crate::support::containerd::is_root;
use crate::support::content::image;
use crate::support::counting::{Proxy, first_answers};
use crate::support::kdl;
use crate::support::registry::Registry;
use crate::support::server::reply;
use crate::support::swrctl::Project;

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

#[test]
fn a_digest_is_copied_under_the_tag_it_is_given_or_under_none() {
    let pair = Pair::start();
    let (old, new) = (image(1).index(&BOTH), image(2).index(&BOTH));
    old.push(&pair.source.http(), "team/app", "v1");
    new.push(&pair.source.http(), "team/app", "v1");
    let digest = old.digest();
    let project = pair.project(&format!(
        "image \"team/app:v1@{digest}\"\n    image \"team/app@{digest}\" as=\"renamed:v2\"\n    image \"team/app@{digest}\" as=\"bare\"\n    image \"team/app\" tags=\"v1\" as=\"renamed:v3\""
    ));
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.contains(&format!("+ sync.target/bare@{digest}  not at the target")), "{plan}");
    assert!(plan.stdout.contains(&format!("from source/team/app@{digest}")), "{plan}");
    project.run(["apply", "--auto-approve", "--verify", "digest"]).expect_success();
    pair.assert_arrived("team/app:v1", &old);
    pair.assert_arrived("renamed:v2", &old);
    pair.assert_arrived("renamed:v3", &new);
    pair.assert_arrived(&format!("bare@{digest}"), &old);
    pair.target.http().get("/v2/bare/tags/list").expect_status(404);
    assert_no_changes(&project);
}

#[test]
fn a_digest_without_a_tag_is_refused_where_it_would_change() {
    let pair = Pair::start();
    let artifact = image(1).index(&BOTH);
    artifact.push(&pair.source.http(), "team/app", "v1");
    let rule = format!("image \"team/app@{}\" {{ platforms \"linux/amd64\"; }}", artifact.digest());
    let plan = pair.project(&rule).run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains("has to be rewritten for the target and becomes sha256:"), "{plan}");
    assert!(plan.stdout.contains("help: give it a tag to be found by"), "{plan}");
    let absent = artifact.digest().replace(&artifact.digest()[10..20], "0123456789");
    let plan = pair.project(&format!("image \"team/app@{absent}\"")).run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains(&format!("the source has no source/team/app@{absent}")), "{plan}");
}

#[test]
fn an_image_gets_another_tag_in_its_own_repository() {
    let pair = Pair::start();
    let artifact = image(1).build();
    artifact.push(&pair.target.http(), "team/app", "v1");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("target", &pair.target_proxy.host()),
        kdl::migrate("image \"team/app\" tags=\"v1\" as=\"team/app:stable\"").replace("\"source\"", "\"target\""),
    ]));
    project.run(["apply", "--auto-approve"]).expect_success();
    pair.assert_arrived("team/app:stable", &artifact);
    assert_eq!(pair.target_proxy.recorder().count("POST", ""), 0);
    pair.target.http().manifest(Method::HEAD, "team/app", "v1").expect_status(200);
}

#[test]
fn a_tag_that_no_rule_selects_goes_alone_and_not_before_everything_else_is_there() {
    let pair = Pair::start();
    let (one, two, own) = (image(1).index(&BOTH), image(2).build(), image(3).build());
    one.push(&pair.source.http(), "team/app", "v1");
    two.push(&pair.source.http(), "team/app", "v2");
    // `old` and `v1` share a manifest: deleting that by its digest would take both.
    one.push(&pair.target.http(), "team/app", "old");
    one.push(&pair.target.http(), "team/app", "v1");
    own.push(&pair.target.http(), "team/other", "own");
    let project = pair.project("image \"team/app\"\n    prune true max-delete=1");
    let plan = project.run(["plan"]).expect_success();
    assert!(plan.stdout.starts_with("- prune.target/team/app:old  no rule selects it\n"), "{plan}");
    assert!(plan.stdout.contains("Plan: 1 to create, 0 to update, 1 to delete, 0 blocked; "), "{plan}");
    let apply = project.run(["apply", "--auto-approve", "--report", "report.json"]).expect_success();
    assert!(apply.stdout.contains("deleted prune.target/team/app:old"), "{apply}");
    pair.target.http().manifest(Method::HEAD, "team/app", "old").expect_status(404);
    pair.assert_arrived("team/app:v1", &one);
    pair.assert_arrived("team/app:v2", &two);
    pair.assert_arrived("team/other:own", &own);
    assert_no_changes(&project);
}

/// A front that refuses every deletion after the first so many.
fn refusing_after(registry: &Registry, allowed: usize) -> Proxy {
    let deletions = AtomicUsize::new(0);
    Proxy::start(registry.address(), None, move |request: &hyper::Request<_>| {
        let refused = *request.method() == Method::DELETE && deletions.fetch_add(1, Ordering::SeqCst) >= allowed;
        let body = serde_json::json!({"errors": [{"code": "UNSUPPORTED", "message": "The operation is unsupported."}]});
        refused.then(|| reply(StatusCode::METHOD_NOT_ALLOWED, &body))
    })
}

#[test]
fn a_tag_that_cannot_be_deleted_stays_what_it_was() {
    // Nothing at all is deleted; or only until the tag was pointed at a placeholder.
    for allowed in [0, 2] {
        let (source, target) = (Registry::plain(), Registry::plain());
        image(1).build().push(&source.http(), "team/app", "v1");
        let old = image(2).build();
        old.push(&target.http(), "team/app", "old");
        let front = refusing_after(&target, allowed);
        let project = Project::new(&kdl::project(&[
            kdl::anonymous("source", &source.host()),
            kdl::anonymous("target", &front.host()),
            kdl::migrate("image \"team/app\"\n    prune true"),
        ]));
        let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
        assert!(apply.stdout.contains("failed prune.target/team/app:old  "), "{apply}");
        let held = target.http().manifest(Method::HEAD, "team/app", "old").expect_status(200);
        assert_eq!(held.header("docker-content-digest"), old.digest(), "{allowed}");
    }
}

#[test]
fn more_deletions_than_allowed_are_none() {
    let pair = Pair::start();
    image(1).build().push(&pair.source.http(), "team/app", "v1");
    for tag in ["a", "b"] {
        image(2).build().push(&pair.target.http(), "team/app", tag);
    }
    let project = pair.project("image \"team/app\"\n    prune true max-delete=1");
    let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(apply.stdout.contains("it is one of 2 such tags, and max-delete is 1"), "{apply}");
    for tag in ["a", "b", "v1"] {
        pair.target.http().manifest(Method::HEAD, "team/app", tag).expect_status(200);
    }
}

#[test]
fn a_failed_sync_keeps_what_was_to_be_deleted_beside_it() {
    let pair = Pair::start();
    let artifact = image(1).build();
    artifact.push(&pair.source.http(), "team/app", "v1");
    image(2).build().push(&pair.target.http(), "team/app", "old");
    std::fs::write(pair.source.blob_file(&artifact.blobs[1].digest), "damaged").unwrap();
    let project = pair.project("image \"team/app\"\n    prune true");
    let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(
        apply.stdout.contains("skipped prune.target/team/app:old  sync.target/team/app:v1 did not succeed"),
        "{apply}"
    );
    pair.target.http().manifest(Method::HEAD, "team/app", "old").expect_status(200);
}

#[test]
fn a_tag_is_deleted_from_a_layout_and_its_neighbours_stay() {
    let pair = Pair::start();
    image(1).build().push(&pair.source.http(), "team/app", "v1");
    image(2).build().push(&pair.source.http(), "team/app", "v2");
    let layout = |tags: &str| {
        kdl::project(&[
            kdl::anonymous("source", &pair.source.host()),
            "registry \"target\" \"oci-layout:./images\"\n".to_owned(),
            kdl::migrate(&format!("image \"team/app\" tags=\"{tags}\"\n    prune true")),
        ])
    };
    let project = Project::new(&layout("v*")).file("narrow.kdl", layout("v2"));
    project.run(["apply", "--auto-approve"]).expect_success();
    let apply = project.run(["--file", "narrow.kdl", "apply", "--auto-approve"]).expect_success();
    assert!(apply.stdout.contains("deleted prune.target/team/app:v1"), "{apply}");
    let index = std::fs::read_to_string(project.path("images/index.json")).unwrap();
    assert!(index.contains("team/app:v2") && !index.contains("team/app:v1"), "{index}");
}

#[test]
fn images_of_other_registries_in_a_layout_are_left_alone() {
    let layout = |name: &str| format!("registry \"{name}\" \"oci-layout:./{name}\"\n");
    let migration = kdl::migrate("image \"team/app\" tags=\"1.*\"\n    prune true");
    let project = Project::new(&kdl::project(&[layout("source"), layout("target"), migration]));
    image(1).build().write_layout(&project.path("source"), "team/app:1.0");
    let foreign = ["quay.io/team/app:1.0", "quay.io/team/app:2.0", "ghcr.io/team/app:9.9"];
    for name in foreign {
        image(2).build().write_layout(&project.path("target"), name);
    }
    image(2).build().write_layout(&project.path("target"), "team/app:3.0");
    let apply = project.run(["apply", "--auto-approve"]).expect_success();
    assert!(apply.stdout.contains("created sync.target/team/app:1.0"), "{apply}");
    assert!(apply.stdout.contains("deleted prune.target/team/app:3.0"), "{apply}");
    let index = std::fs::read(project.path("target/index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let name = |entry: &serde_json::Value| entry["annotations"]["org.opencontainers.image.ref.name"].clone();
    let names: Vec<_> = index["manifests"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(names, [&foreign[..], &["team/app:1.0"]].concat());
    assert_no_changes(&project);
}

#[test]
fn what_another_tool_wrote_again_is_left_alone_where_that_is_good_enough() {
    let pair = Pair::start();
    let mut artifact = image(1).index(&BOTH);
    artifact.push(&pair.source.http(), "team/app", "v1");
    let document: serde_json::Value = serde_json::from_slice(&artifact.manifest.bytes).unwrap();
    artifact.manifest.bytes = serde_json::to_vec_pretty(&document).unwrap();
    artifact.push(&pair.target.http(), "team/app", "v1");
    assert_no_changes(&pair.project("image \"team/app\"\n    accept-equivalent true"));
    let plan = pair.project("image \"team/app\"").run(["plan"]).expect_success();
    assert!(plan.stdout.contains("Plan: 0 to create, 1 to update, "), "{plan}");
    image(2).index(&BOTH).push(&pair.target.http(), "team/app", "v1");
    let plan = pair.project("image \"team/app\"\n    accept-equivalent true").run(["plan"]).expect_success();
    assert!(plan.stdout.contains("Plan: 0 to create, 1 to update, "), "{plan}");
}

#[test]
fn a_target_that_cannot_be_read_is_not_written_again_for_that() {
    let pair = Pair::start();
    image(1).build().push(&pair.source.http(), "team/app", "v1");
    image(2).build().push(&pair.target.http(), "team/app", "v1");
    let busy = first_answers(usize::MAX, StatusCode::SERVICE_UNAVAILABLE, Method::GET, "/manifests/sha256:");
    let front = Proxy::start(pair.target.address(), None, busy);
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &pair.source.host()),
        kdl::anonymous("target", &front.host()),
        kdl::migrate("image \"team/app\" tags=\"v1\"\n    accept-equivalent true"),
    ]));
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stdout.contains("! sync.target/team/app:v1 ") && plan.stdout.contains("503"), "{plan}");
}

#[test]
fn the_newest_by_creation_are_chosen_and_nothing_is_read_twice() {
    let pair = Pair::start();
    let at = |seed, created| image(seed).created(created);
    at(1, "2024-03-01T00:00:00Z").build().push(&pair.source.http(), "team/app", "build-a");
    at(2, "2024-01-01T00:00:00Z").build().push(&pair.source.http(), "team/app", "build-z");
    // The image of an index says it.
    let last = at(3, "2024-05-01T00:00:00+08:00").index(&BOTH);
    last.push(&pair.source.http(), "team/app", "build-b");
    at(4, "2025-01-01T00:00:00Z").build().push(&pair.source.http(), "team/app", "nightly");
    let project =
        pair.project("image \"team/app\" {\n        tags \"build-*\"\n        newest 2 by=\"created\"\n    }");
    project.run(["apply", "--auto-approve"]).expect_success();
    let listed = pair.target.http().get("/v2/team/app/tags/list").expect_status(200);
    let mut tags: Vec<_> = listed.json()["tags"].as_array().unwrap().iter().map(ToString::to_string).collect();
    tags.sort();
    assert_eq!(tags, ["\"build-a\"", "\"build-b\""]);
    pair.assert_arrived("team/app:build-b", &last);
    let asked = pair.source_proxy.recorder();
    for tag in ["build-a", "build-b", "build-z"] {
        assert_eq!(asked.count("GET", &format!("manifests/{tag}")), 1, "{tag}");
        assert_eq!(asked.count("HEAD", &format!("manifests/{tag}")), 0, "{tag}");
    }
    assert_eq!(asked.count("", "manifests/nightly"), 0);
    assert_no_changes(&project);
}

#[test]
fn where_a_listed_tag_cannot_be_read_nobody_knows_the_newest_and_nothing_is_deleted() {
    let pair = Pair::start();
    let images = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"];
    for (number, created) in (1..).zip(images) {
        image(number).created(created).build().push(&pair.source.http(), "team/app", &format!("t{number}"));
    }
    let rules = "image \"team/app\" { newest 2 by=\"created\"; }\n    prune true";
    pair.project(rules).run(["apply", "--auto-approve"]).expect_success();
    let gone = first_answers(usize::MAX, StatusCode::NOT_FOUND, Method::GET, "/manifests/t3");
    let front = Proxy::start(pair.source.address(), None, gone);
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &front.host()),
        kdl::anonymous("target", &pair.target_proxy.host()),
        kdl::migrate(rules),
    ]));
    let apply = project.run(["apply", "--auto-approve"]).expect_code(1);
    assert!(apply.stdout.contains("! select.source/team/app  which tags are the newest is not known: "), "{apply}");
    assert!(apply.stderr.contains("nothing is deleted from target"), "{apply}");
    pair.target.http().manifest(Method::HEAD, "team/app", "t3").expect_status(200);
    pair.target.http().manifest(Method::HEAD, "team/app", "t1").expect_status(404);
}

#[test]
fn many_tags_of_a_repository_go_at_once_and_none_is_left_as_a_name() {
    let pair = Pair::start();
    image(1).build().push(&pair.source.http(), "team/app", "v1");
    for number in 0..20 {
        image(100 + number).build().push(&pair.target.http(), "team/app", &format!("x{number}"));
    }
    let project = pair.project("image \"team/app\" tags=\"v1\"\n    prune true max-delete=20");
    let apply = project.run(["apply", "--auto-approve"]).expect_success();
    assert!(apply.stdout.contains(", 20 deleted, "), "{apply}");
    let listed = pair.target.http().get("/v2/team/app/tags/list").expect_status(200);
    assert_eq!(listed.json()["tags"], serde_json::json!(["v1"]), "{apply}");
    assert_no_changes(&project);
}

#[test]
fn a_directory_that_cannot_be_written_blocks_when_the_plan_is_made() {
    let source = Registry::plain();
    image(1).build().push(&source.http(), "team/app", "v1");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("source", &source.host()),
        "registry \"target\" \"oci-layout:./folder/images\"\n".to_owned(),
        kdl::migrate("image \"team/app\""),
    ]));
    std::fs::create_dir(project.path("folder")).unwrap();
    project.run(["apply", "--auto-approve"]).expect_success();
    // Who may everything is stopped by no right.
    let nobody = if is_root() { "setpriv --reuid=65534 --regid=65534 --clear-groups" } else { "" };
    let script = |rights: &str| {
        format!("cp -n \"$SWRCTL\" binary; chmod 755 . binary; chmod -R {rights} folder; {nobody} ./binary plan")
    };
    let plan = project.bash(&script("a-w,a+rX")).expect_success();
    assert!(plan.stdout.contains("No changes."), "what is there is not written: {plan}");
    image(2).build().push(&source.http(), "team/app", "v2");
    let plan = project.bash(&script("a-w")).expect_code(1);
    project.bash("chmod -R u+w folder").expect_success();
    assert!(plan.stdout.contains("! sync.target/team/app:v2  cannot write"), "{plan}");
}
