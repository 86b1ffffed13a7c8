//! Repositories by glob where vendors list them by APIs of their own.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, LINK};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::content::{Format, image};
use crate::support::counting::Proxy;
use crate::support::http::Http;
use crate::support::kdl;
use crate::support::plan::{actions, document};
use crate::support::registry::Registry;
use crate::support::server::{Body, Incoming, reply};
use crate::support::swr::{ACCESS_KEY, REGION, SECRET_KEY, Settings, Swr};
use crate::support::swrctl::Project;

const ROBOT: &str = "robot$reader";
const PASSWORD: &str = "robot-password-never-printed";

fn syncs(plan: &Value) -> BTreeSet<&str> {
    actions(plan).into_keys().filter(|address| address.starts_with("sync.")).collect()
}

fn fill(http: &Http, repositories: &[&str]) {
    for (seed, repository) in (1..).zip(repositories) {
        image(seed).format(Format::Docker).build().push(http, repository, "v1");
    }
}

#[test]
fn organizations_of_swr_are_listed_by_the_signed_api() {
    let (swr, target) = (Swr::plain(Settings::with_organizations(&["team", "team-2"])), Registry::plain());
    fill(&swr.registry().http(), &["team/web", "team/jobs/nightly", "team-2/web", "theirs/web"]);
    let planned = |pattern: &str| {
        let keys = "auth { access-key env=\"AK\"; secret-key env=\"SK\"; }";
        let provider = format!("provider \"swr\" region=\"{REGION}\" api-host=\"{}\"", swr.api().host());
        let sections = [
            kdl::registry("source", &swr.host(), &format!("{provider}\n    {keys}\n    limit requests-per-second=500")),
            kdl::anonymous("target", &target.host()),
            kdl::migrate(&format!("image \"{pattern}\"")),
        ];
        let project = Project::new(&kdl::project(&sections)).env("AK", ACCESS_KEY).env("SK", SECRET_KEY);
        let output = project.run(["plan", "--json"]).expect_success();
        assert!(!output.everything().contains(SECRET_KEY));
        syncs(&document(&output)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(planned("team/*"), ["sync.target/team/web:v1"]);
    assert_eq!(planned("team/**"), ["sync.target/team/jobs/nightly:v1", "sync.target/team/web:v1"]);
    let everything = ["sync.target/team-2/web:v1", "sync.target/team/jobs/nightly:v1", "sync.target/team/web:v1"];
    assert_eq!(planned("**"), everything);
    assert_eq!(swr.recorder().count("", "_catalog"), 0);
}

/// Answers as Harbor does, two entries a page, to its robot only; what is no list goes to the registry behind it.
fn harbor(request: &Request<Incoming>) -> Option<Response<Body>> {
    let path = request.uri().path().strip_prefix("/api/v2.0")?;
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{ROBOT}:{PASSWORD}")));
    if request.headers().get(AUTHORIZATION).is_none_or(|given| given != expected.as_str()) {
        let body = json!({"errors": [{"code": "UNAUTHORIZED", "message": "unauthorized"}]});
        return Some(reply(StatusCode::UNAUTHORIZED, &body));
    }
    let all: &[&str] = match path {
        "/projects" => &["shop", "tools", "empty"],
        "/projects/shop/repositories" => &["shop/cart", "shop/pay", "shop/jobs/mail"],
        "/projects/tools/repositories" => &["tools/lint"],
        "/projects/empty/repositories" => &[],
        _ => {
            let project = path.split('/').nth(2).unwrap_or_default();
            let body = json!({"errors": [{"code": "NOT_FOUND", "message": format!("project {project} not found")}]});
            return Some(reply(StatusCode::NOT_FOUND, &body));
        }
    };
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let page: usize =
        query.iter().find(|(name, _)| name == "page").and_then(|(_, page)| page.parse().ok()).unwrap_or(1);
    let entries: Vec<Value> = all.iter().skip((page - 1) * 2).take(2).map(|name| json!({"name": name})).collect();
    let mut response = reply(StatusCode::OK, &json!(entries));
    response.headers_mut().insert("x-total-count", all.len().into());
    if page * 2 < all.len() {
        let next = format!("</api/v2.0{path}?page={}&page_size=2>; rel=\"next\"", page + 1);
        response.headers_mut().insert(LINK, next.parse().unwrap());
    }
    Some(response)
}

#[test]
fn projects_of_harbor_are_listed_to_a_robot_account() {
    let (behind, target) = (Registry::plain(), Registry::plain());
    fill(&behind.http(), &["shop/cart", "shop/pay", "shop/jobs/mail", "tools/lint"]);
    let front = Proxy::start(behind.address(), None, harbor);
    let run = |pattern: &str, password: &str| {
        let login = format!("provider \"harbor\"\n    auth {{ username \"{ROBOT}\"; password env=\"ROBOT\"; }}");
        let sections = [
            kdl::registry("source", &front.host(), &login),
            kdl::anonymous("target", &target.host()),
            kdl::migrate(&format!("image \"{pattern}\"")),
        ];
        Project::new(&kdl::project(&sections)).env("ROBOT", password).run(["plan", "--json"])
    };
    let planned = |pattern: &str| {
        let output = run(pattern, PASSWORD).expect_success();
        syncs(&document(&output)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(planned("shop/*"), ["sync.target/shop/cart:v1", "sync.target/shop/pay:v1"]);
    assert_eq!(planned("**").len(), 4);
    assert_eq!(front.recorder().count("", "_catalog"), 0);

    let refused = run("shop/*", "another-password-never-printed").expect_code(1);
    assert_eq!(actions(&document(&refused))["select.source/shop/*"], "blocked");
    let shown = refused.everything();
    assert!(shown.contains("/api/v2.0/projects/shop/repositories?page=…&page_size=… answered 401"), "{refused}");
    assert!(!shown.contains("never-printed"), "{refused}");
    let absent = run("ghosts/*", PASSWORD).expect_code(1);
    assert!(absent.everything().contains("project ghosts not found"), "{absent}");
}

/// A project that copies every tag of `app` to SWR, and asks for its lists of tags or does not.
fn to_swr(source: &Registry, swr: &Swr, tag_lists: bool) -> Project {
    let block = format!(
        "provider \"swr\" region=\"{REGION}\" api-host=\"{}\" tag-lists={tag_lists}\n    organization \"team\"\n    \
         auth {{ access-key env=\"AK\"; secret-key env=\"SK\"; }}\n    limit requests-per-second=500",
        swr.api().host()
    );
    let sections = [
        kdl::anonymous("source", &source.host()),
        kdl::registry("target", &swr.host(), &block),
        kdl::migrate("image \"app\""),
    ];
    Project::new(&kdl::project(&sections)).env("AK", ACCESS_KEY).env("SK", SECRET_KEY)
}

#[test]
fn lists_of_tags_stand_in_for_heads_of_what_is_unchanged() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    for seed in 1..=6_u8 {
        // The last is converted: what it becomes is compared.
        let format = if seed == 6 { Format::Oci } else { Format::Docker };
        image(seed.into()).format(format).build().push(&source.http(), "app", &format!("v{seed}"));
    }
    let project = to_swr(&source, &swr, true);
    project.run(["apply", "--auto-approve"]).expect_success();
    let heads = || swr.recorder().count("HEAD", "/manifests/");
    let (before, lists) = (heads(), swr.api().recorder().count("GET", "/tags"));
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");
    assert_eq!((heads() - before, swr.api().recorder().count("GET", "/tags") - lists), (0, 1));

    // Without being asked for, no list is.
    to_swr(&source, &swr, false).run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!((heads() - before, swr.api().recorder().count("GET", "/tags") - lists), (6, 1));
}

#[test]
fn what_a_list_says_otherwise_is_looked_at_before_the_plan_says_so() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    for seed in 1..=4 {
        image(seed).format(Format::Docker).build().push(&source.http(), "app", &format!("v{seed}"));
    }
    let project = to_swr(&source, &swr, true);
    project.run(["apply", "--auto-approve"]).expect_success();
    // A list that is behind, one that holds nonsense, and a tag that has moved in truth.
    let old = format!("sha256:{}", "0".repeat(64));
    swr.account()
        .state()
        .stale
        .extend([("team/app:v1".to_owned(), old), ("team/app:v2".to_owned(), "nonsense".to_owned())]);
    image(9).format(Format::Docker).build().push(&swr.registry().http(), "team/app", "v3");
    let before = swr.recorder().count("HEAD", "/manifests/");
    let plan = document(&project.run(["plan", "--json"]).expect_success());
    let changes: Vec<_> = actions(&plan).into_iter().filter(|(_, action)| *action != "unchanged").collect();
    assert_eq!(changes, [("sync.target/team/app:v3", "update")]);
    assert_eq!(swr.recorder().count("HEAD", "/manifests/") - before, 3);
    project.run(["apply", "--auto-approve"]).expect_success();
    let again = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");
}

#[test]
fn a_list_that_does_not_come_is_told_and_every_tag_is_looked_at() {
    let (source, swr) = (Registry::plain(), Swr::plain(Settings::with_organizations(&["team"])));
    for seed in 1..=3 {
        image(seed).format(Format::Docker).build().push(&source.http(), "app", &format!("v{seed}"));
    }
    let project = to_swr(&source, &swr, true);
    project.run(["apply", "--auto-approve"]).expect_success();
    swr.account().state().hides_tags = true;
    let before = swr.recorder().count("HEAD", "/manifests/");
    let plan = project.run(["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(plan.stdout.trim_end().lines().last(), Some("No changes."), "{plan}");
    assert!(plan.stderr.contains("the list of tags of target/team/app did not come"), "{plan}");
    assert!(plan.stderr.contains("no permission to list tags"), "{plan}");
    assert_eq!(swr.recorder().count("HEAD", "/manifests/") - before, 3);
}
