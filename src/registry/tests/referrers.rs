//! What refers to a manifest: the API, pages, and the tag that stands in for it.

use serde_json::json;

use super::server::{Answer, Seen, Server};
use super::{client, repository};
use crate::image::{Digest, referrers};
use crate::registry::Kind;

fn subject(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

fn list(referrer: &str) -> Answer {
    let entry =
        json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": subject(referrer), "size": 1 });
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] });
    Answer::json(200, &list.to_string()).header("Content-Type", INDEX)
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn asks_for(seen: &Seen, path: &str) -> bool {
    seen.target.starts_with("/v2/a/") && seen.target.contains(path)
}

#[tokio::test]
async fn a_subject_that_is_not_there_tells_nothing_of_the_api() {
    let (absent, present) = (subject("absent").to_string(), subject("present").to_string());
    let listed = present.clone();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        _ if asks_for(seen, "/referrers/") && seen.target.ends_with(&listed) => list("sbom"),
        _ => Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    })
    .await;
    let client = client(&server);
    assert_eq!(client.referrers(&repository("a"), &absent.parse().unwrap()).await.unwrap(), None);
    let found = client.referrers(&repository("a"), &present.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found[0].descriptor.digest, subject("sbom"));
}

#[tokio::test]
async fn a_registry_that_does_not_know_what_is_there_has_no_such_api() {
    let tag = referrers::tag(&subject("one")).to_string();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        _ if asks_for(seen, "/referrers/") => Answer::new(404).body("404 page not found"),
        _ if asks_for(seen, &tag) => list("sbom"),
        _ if asks_for(seen, "/manifests/sha256:") => {
            let digest = seen.target.rsplit('/').next().unwrap_or_default().to_owned();
            Answer::new(200).body("{}").header("Content-Type", INDEX).header("Docker-Content-Digest", digest)
        }
        _ => Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    })
    .await;
    let client = client(&server);
    let subjects = ["one", "two", "three"].map(subject);
    let at = repository("a");
    for listed in futures_util::future::join_all(subjects.iter().map(|subject| client.referrers(&at, subject))).await {
        assert_eq!(listed.unwrap(), None);
    }
    assert_eq!(server.count("/referrers/"), 1, "one found out for all");
    let found = client.referrers_by_tag(&at, &subjects[0]).await.unwrap();
    assert_eq!(found[0].descriptor.digest, subject("sbom"));
    assert_eq!(client.referrers_by_tag(&at, &subjects[1]).await.unwrap(), []);
}

#[tokio::test]
async fn a_list_that_leads_back_is_no_list() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        _ => list("sbom").header("Link", format!("<{}>; rel=next", seen.target)),
    })
    .await;
    let error = client(&server).referrers(&repository("a"), &subject("one")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Protocol);
}
