//! nginx between client and registry: redirects, refusals, HTTP/2, and connections that are narrow one by one.

use reqwest::Method;

use crate::support::authority::Authority;
use crate::support::content::{Artifact, image};
use crate::support::kdl;
use crate::support::nginx::Nginx;
use crate::support::registry::Registry;
use crate::support::swrctl::Project;
use crate::support::tools::skopeo_raw;

/// HTTP/2, blobs from another port, and no more than so many requests a second.
const STRICT: &str = "
    limit_req_zone $binary_remote_addr zone=all:1m rate=25r/s;
    limit_req_status 429;
    server {
        listen %FRONT% ssl http2;
        %TLS%
        location / {
            limit_req zone=all burst=5 nodelay;
            proxy_pass http://%UPSTREAM%;
        }
        location ~ ^/v2/.+/blobs/sha256: {
            if ($request_method = GET) { return 307 https://%SECOND%$request_uri?signature=x; }
            proxy_pass http://%UPSTREAM%;
        }
    }
    server {
        listen %SECOND% ssl;
        %TLS%
        location / { proxy_pass http://%UPSTREAM%; }
    }";

#[test]
fn behind_nginx_redirects_are_followed_and_refusals_waited_out() {
    let authority = Authority::new();
    let (source, target) = (Registry::plain(), Registry::plain());
    let images: Vec<Artifact> = (0..6).map(|number| image(number).layers(2, 50_000).build()).collect();
    for (number, artifact) in images.iter().enumerate() {
        artifact.push(&source.http(), "app", &format!("v{number}"));
    }
    let identity = authority.identity();
    let fronts = [&source, &target].map(|registry| Nginx::start(registry.address(), Some(&identity), STRICT));
    let section = |name: &str, front: &Nginx| {
        format!("registry \"{name}\" \"{}\" {{ tls ca=\"ca.pem\"; auth \"anonymous\"; }}\n", front.host())
    };
    let sections = [section("source", &fronts[0]), section("target", &fronts[1]), kdl::migrate("image \"app\"")];
    let project = Project::new(&kdl::project(&sections)).file("ca.pem", authority.pem());
    project.run(["apply", "--auto-approve"]).expect_success();
    for (number, artifact) in images.iter().enumerate() {
        assert_eq!(skopeo_raw(&format!("{}/app:v{number}", target.host())).as_bytes(), artifact.manifest.bytes);
    }
    let [from, to] = fronts.map(|front| front.requests());
    let all = |lines: &[String], part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert!(all(&from, " 307 ") >= 12 && all(&from, "HTTP/2.0 HEAD /v2/app/manifests/") > 0, "{from:#?}");
    assert!(all(&to, " 429 ") > 0, "it was too busy for a moment: {to:#?}");
    assert!(all(&to, " 429 ") * 3 < to.len(), "and then was not: {to:#?}");
    assert!(to.iter().filter(|line| line.contains(" PUT /v2/app/blobs/")).all(|line| line.starts_with("HTTP/1.1 ")));
}

#[test]
fn a_large_blob_comes_in_as_many_parts_as_the_plan_counts() {
    let (source, target) = (Registry::plain(), Registry::plain());
    let artifact = image(1).layers(1, 72 << 20).build();
    artifact.push(&source.http(), "app", "v1");
    let narrow = "
    server {
        listen %FRONT%;
        location / { proxy_pass http://%UPSTREAM%; }
        location ~ ^/v2/.+/blobs/ { limit_rate 6m; proxy_buffering on; proxy_max_temp_file_size 0; proxy_pass http://%UPSTREAM%; }
    }";
    let front = Nginx::start(source.address(), None, narrow);
    let sections = [
        kdl::registry("source", &front.host(), "limit connections-per-blob=4"),
        kdl::anonymous("target", &target.host()),
        kdl::migrate("image \"app\" tags=\"v1\""),
    ];
    let project = Project::new(&kdl::project(&sections));
    let plan = project.run(["plan", "--json"]).expect_success();
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    project.run(["apply", "--auto-approve"]).expect_success();
    target.http().manifest(Method::HEAD, "app", "v1").expect_status(200);
    let layer = &artifact.blobs[1];
    assert!(std::fs::read(target.blob_file(&layer.digest)).unwrap() == layer.bytes);
    let parts = front.requests().into_iter().filter(|line| line.contains(" 206 ")).count();
    let counted = &plan["summary"]["requests"]["source"]["blobs"];
    assert_eq!((parts, counted.as_u64()), (19, Some(20)), "72 MiB and some bytes in parts of 4 MiB, and the config");
}
