//! Manifests: digests, types, sizes.

use std::sync::atomic::{AtomicBool, Ordering};

use super::server::{Answer, Seen, Server};
use super::{client, repository, tag};
use crate::image::{Digest, ManifestReference, MediaType, RawManifest};
use crate::registry::Kind;

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
const TYPE: &str = "application/vnd.oci.image.index.v1+json";

fn digest() -> Digest {
    Digest::sha256(MANIFEST.as_bytes())
}

fn stored() -> Answer {
    Answer::new(200).body(MANIFEST).header("Content-Type", TYPE).header("Docker-Content-Digest", digest().to_string())
}

async fn serving(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |seen| if seen.target == "/v2/" { Answer::new(200) } else { answer(seen) }).await
}

#[tokio::test]
async fn a_head_moves_no_body() {
    let server = serving(|_| stored()).await;
    let found = client(&server).head_manifest(&repository("a"), &tag("t")).await.unwrap().unwrap();
    assert_eq!((found.digest, found.size, found.media_type), (digest(), 88, MediaType::OciIndex));
    assert_eq!(server.lines(), ["GET /v2/", "HEAD /v2/a/manifests/t"]);
    let accept = server.seen()[1].header("accept").unwrap().to_owned();
    assert!(MediaType::MANIFESTS.iter().all(|media_type| accept.contains(media_type.as_str())), "{accept}");
    assert!(server.seen()[1].header("user-agent").unwrap().starts_with("swrctl/"));
}

#[tokio::test]
async fn headers_that_do_not_tell_make_a_get() {
    let answers = [
        Answer::new(200).body(MANIFEST).header("Content-Type", TYPE),
        Answer::new(200).body(MANIFEST).header("Content-Type", TYPE).header("Docker-Content-Digest", "latest"),
        Answer::new(200).body(MANIFEST).header("Docker-Content-Digest", digest().to_string()),
    ];
    for answer in answers {
        let server = serving(move |_| answer.clone()).await;
        let found = client(&server).head_manifest(&repository("a"), &tag("t")).await.unwrap().unwrap();
        assert_eq!((found.digest, found.size, found.media_type), (digest(), 88, MediaType::OciIndex));
        assert_eq!(server.count("GET /v2/a/manifests/t"), 1);
    }
}

#[tokio::test]
async fn a_refused_manifest_is_told_what_to_do_about_it() {
    for (status, message, help) in [
        (400, "Invalid image, fail to parse 'manifest.json'", "edition=\"basic\""),
        (400, "manifest invalid", "look at what the registry says"),
        (412, "The image is not scanned", "rules of the repository"),
        (409, "tag is immutable", "rules of the repository"),
    ] {
        let server = serving(move |_| Answer::error(status, "", message)).await;
        let manifest = RawManifest::new(None, MANIFEST);
        let error = client(&server).put_manifest(&repository("a"), &tag("t"), &manifest).await.unwrap_err();
        assert_eq!(*error.kind(), Kind::ManifestRejected);
        let told = error.problem().help.unwrap();
        assert!(told.english().contains(help), "{status} {message}: {}", told.english());
    }
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let server = serving(|_| Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown")).await;
    let client = client(&server);
    assert_eq!(client.head_manifest(&repository("a"), &tag("t")).await.unwrap(), None);
    assert_eq!(client.manifest(&repository("a"), &tag("t")).await.unwrap(), None);
    assert_eq!(client.head_blob(&repository("a"), &digest()).await.unwrap(), None);
}

#[tokio::test]
async fn a_lying_digest_is_an_error() {
    let lie = Digest::sha256(b"something else");
    let by_tag =
        serving(move |_| Answer::new(200).body(MANIFEST).header("Docker-Content-Digest", lie.to_string())).await;
    let error = client(&by_tag).manifest(&repository("a"), &tag("t")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::DigestInvalid);
    assert!(!error.is_temporary());

    let server = serving(|_| Answer::new(200).body(MANIFEST).header("Content-Type", TYPE)).await;
    let reference = ManifestReference::Digest(Digest::sha256(b"what was asked for"));
    let error = client(&server).manifest(&repository("a"), &reference).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::DigestInvalid);
    assert!(error.to_string().contains(&digest().to_string()), "{error}");

    let server = serving(|_| stored()).await;
    let error = client(&server).head_manifest(&repository("a"), &reference).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::DigestInvalid);
}

#[tokio::test]
async fn a_manifest_has_a_largest_size() {
    let server = serving(|_| Answer::new(200).body(vec![b' '; 4 * 1024 * 1024 + 1])).await;
    let error = client(&server).manifest(&repository("a"), &tag("t")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::TooLarge);
}

#[tokio::test]
async fn a_manifest_is_put_byte_for_byte() {
    let server = serving(|_| Answer::new(201).header("Docker-Content-Digest", digest().to_string())).await;
    let manifest = RawManifest::new(None, MANIFEST);
    client(&server).put_manifest(&repository("a"), &tag("t"), &manifest).await.unwrap();
    let put = server.seen().pop().unwrap();
    assert_eq!(put.line(), "PUT /v2/a/manifests/t");
    assert_eq!(put.body, MANIFEST.as_bytes());
    assert_eq!((put.header("content-type"), put.header("content-length")), (Some(TYPE), Some("88")));
}

#[tokio::test]
async fn a_manifest_that_another_writer_is_storing_is_put_once_more() {
    const UNKNOWN: &str = r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}"#;
    let manifest = RawManifest::new(None, MANIFEST);
    let refused = AtomicBool::new(false);
    let server = serving(move |_| {
        if refused.swap(true, Ordering::Relaxed) {
            Answer::new(201).header("Docker-Content-Digest", digest().to_string())
        } else {
            Answer::json(400, UNKNOWN)
        }
    })
    .await;
    client(&server).put_manifest(&repository("a"), &tag("t"), &manifest).await.unwrap();
    let lost = serving(|_| Answer::json(400, UNKNOWN)).await;
    let error = client(&lost).put_manifest(&repository("a"), &tag("t"), &manifest).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::BlobUnknown);
    assert_eq!(lost.lines().iter().filter(|line| line.starts_with("PUT ")).count(), 2);
}

#[tokio::test]
async fn a_registry_that_stores_something_else_is_noticed() {
    let other = Digest::sha256(b"converted");
    let server = serving(move |_| Answer::new(201).header("Docker-Content-Digest", other.to_string())).await;
    let manifest = RawManifest::new(None, MANIFEST);
    let error = client(&server).put_manifest(&repository("a"), &tag("t"), &manifest).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::DigestInvalid);
}

#[tokio::test]
async fn a_refused_manifest_says_why() {
    let text = "Invalid image, fail to parse 'manifest.json'";
    let server = serving(move |_| {
        Answer::json(400, &serde_json::json!({"errors":[{"errorCode":"SVCSTG","errorMessage":text}]}).to_string())
    })
    .await;
    let manifest = RawManifest::new(None, MANIFEST);
    let error = client(&server).put_manifest(&repository("a"), &tag("t"), &manifest).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::ManifestRejected);
    let problem = error.problem();
    assert!(problem.message.english().ends_with(&format!("answered 400 (SVCSTG: {text})")), "{problem}");
    assert!(problem.help.unwrap().english().contains("Docker media types"));
}

#[tokio::test]
async fn a_manifest_that_was_cut_short_is_told_by_its_digest_and_a_page_as_what_it_is() {
    for (body, kind) in [(&MANIFEST[..9], Kind::DigestInvalid), ("<html>", Kind::Protocol)] {
        let server = serving(move |_| Answer::new(200).body(body)).await;
        let whole = ManifestReference::Digest(Digest::sha256(MANIFEST.as_bytes()));
        let error = client(&server).manifest(&repository("a"), &whole).await.unwrap_err();
        assert_eq!(*error.kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn who_says_no_is_named_with_what_to_do_about_it() {
    let storage =
        "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    let cases = [
        (Answer::new(403).body(storage), "the storage behind the registry refuses its link", "clocks"),
        (Answer::error(507, "UNKNOWN", "quota exceeded"), "the registry has no room for it", "quota"),
        (Answer::new(413), "larger than is allowed", "client_max_body_size"),
        (Answer::error(418, "TEAPOT", "no"), "an unexpected answer", "what the registry says"),
    ];
    for (answer, told, help) in cases {
        let server = serving(move |_| answer.clone()).await;
        let problem = client(&server).manifest(&repository("a"), &tag("t")).await.unwrap_err().problem();
        assert!(problem.message.english().contains(told), "{problem}");
        assert!(problem.help.as_ref().unwrap().english().contains(help), "{problem}");
    }
}
