//! Repositories by glob where vendors list them by APIs of their own.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, LINK};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::authority::Authority;
use crate::support::content::{Format, image};
use crate::support::counting::Proxy;
use crate::support::http::Http;
use crate::support::kdl;
use crate::support::netns::Host;
use crate::support::plan::{actions, document};
use crate::support::process::Daemon;
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

const HUB: &str = "10.0.0.1";
const HUB_API: &str = "10.0.0.2";
const MEMBER: &str = "member-password-never-printed";

/// Docker Hub's API as its documents describe it (`POST /v2/auth/token`, `GET /v2/namespaces/{namespace}/repositories`),
/// with two entries on a page; it logs a line a request.
const HUB_STAND_IN: &str = r#"
import json, ssl, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

address, certificate, password = sys.argv[1:]
LIST = "/v2/namespaces/team/repositories"
PUBLIC = [("web", "image"), ("driver", "plugin"), ("old", None), ("jobs", "image")]
PRIVATE = [("hidden", "image")]

class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v2/auth/token" and wish == {"identifier": "bob", "secret": password}:
            self.answer(200, {"access_token": "token-of-hub"})
        else:
            self.answer(401, {"message": "incorrect authentication credentials", "errinfo": {}})

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path != LIST:
            return self.answer(404, {"message": "object not found", "errinfo": {}})
        query = parse_qs(url.query)
        page, size = int(query.get("page", ["1"])[0]), int(query.get("page_size", ["10"])[0])
        visible = PUBLIC + (PRIVATE if self.headers["Authorization"] == "Bearer token-of-hub" else [])
        entries = [{"name": name, "namespace": "team", "repository_type": kind} for name, kind in visible]
        more = page * 2 < len(entries)
        next = f"https://hub.docker.com{LIST}?page={page + 1}&page_size={size}" if more else None
        results = entries[page * 2 - 2 : page * 2]
        self.answer(200, {"count": len(entries), "next": next, "previous": None, "results": results})

server = ThreadingHTTPServer((address, 443), Hub)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"#;

/// Docker Hub's registry and its API under their own names, on a host that reaches nothing else.
struct Hub {
    host: Host,
    authority: Authority,
    api: Daemon,
    _registry: Registry,
}

impl Hub {
    fn start() -> Self {
        let host = Host::new(&[HUB, HUB_API].map(|address| format!("{address}/32")).each_ref().map(String::as_str));
        host.hosts(&format!("{HUB} registry-1.docker.io\n{HUB_API} hub.docker.com\n"));
        let authority = Authority::new();
        let identity = authority.identity_for(&["registry-1.docker.io", "hub.docker.com"], 4096);
        let registry = Registry::on(&host, HUB, &authority, &identity);
        let file = |name: &str| host.path(name).to_str().expect("temporary paths are UTF-8").to_owned();
        std::fs::write(file("hub.py"), HUB_STAND_IN).unwrap();
        std::fs::write(file("hub.pem"), format!("{}{}", identity.certificate, identity.key)).unwrap();
        let mut api = host.start("python3", "hub", &["-u", &file("hub.py"), HUB_API, &file("hub.pem"), MEMBER]);
        api.wait_until(|_| host.accepts(&format!("{HUB_API}:443")).then_some(()));
        Self { host, authority, api, _registry: registry }
    }

    /// A project with Docker Hub and a directory, and what is to be copied.
    fn project(&self, login: &str, migration: &str) -> Project {
        let registries = "registry \"disk\" \"oci-layout:./images\"\n".to_owned();
        let hub = format!("registry \"hub\" \"docker.io\" {{ tls ca=\"ca.pem\"; {login}; }}\n");
        let project = Project::new(&kdl::project(&[registries, hub, migration.to_owned()]));
        project.file("ca.pem", self.authority.pem())
    }

    fn fill(&self, repositories: &[&str]) {
        let rules: Vec<String> = repositories.iter().map(|name| format!("image \"{name}\"; ")).collect();
        let migration = format!("migrate \"disk\" to=\"hub\" {{ {} }}\n", rules.concat());
        let project = self.project("auth \"anonymous\"", &migration);
        for (seed, repository) in (1..).zip(repositories) {
            image(seed).build().write_layout(&project.path("images"), &format!("{repository}:v1"));
        }
        project.run_on(&self.host, ["apply", "--auto-approve"]).expect_success();
    }
}

#[test]
fn a_namespace_of_docker_hub_is_listed_by_its_api_and_copied() {
    let hub = Hub::start();
    hub.fill(&["team/web", "team/driver", "team/old", "team/jobs", "team/hidden"]);
    let logged_in = "auth { username \"bob\"; password env=\"HUB\"; }";
    let migration = "migrate \"hub\" to=\"disk\" { image \"team/*\"; }\n";
    let run = |login: &str, password: &str, arguments: [&str; 2]| {
        let project = hub.project(login, migration).env("HUB", password);
        let output = project.run_on(&hub.host, arguments);
        assert!(!output.everything().contains("never-printed"), "{output}");
        (project, output)
    };
    let planned = |login: &str| {
        let (_, output) = run(login, MEMBER, ["plan", "--json"]);
        let plan = document(&output.expect_success());
        syncs(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        planned("auth \"anonymous\""),
        ["sync.disk/team/jobs:v1", "sync.disk/team/old:v1", "sync.disk/team/web:v1"]
    );
    assert_eq!(hub.api.log().matches("POST ").count(), 0, "{}", hub.api.log());
    let all = ["sync.disk/team/hidden:v1", "sync.disk/team/jobs:v1", "sync.disk/team/old:v1", "sync.disk/team/web:v1"];
    assert_eq!(planned(logged_in), all);
    assert_eq!(hub.api.log().matches("GET /v2/namespaces/team/repositories?page_size=").count(), 2);

    let (project, output) = run(logged_in, MEMBER, ["apply", "--auto-approve"]);
    output.expect_success();
    let again = project.run_on(&hub.host, ["plan", "--detailed-exitcode"]).expect_success();
    assert_eq!(again.stdout.trim_end().lines().last(), Some("No changes."), "{again}");

    let (_, refused) = run(logged_in, "another-password-never-printed", ["plan", "--json"]);
    assert_eq!(actions(&document(&refused.expect_code(1)))["select.hub/team/*"], "blocked");
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
