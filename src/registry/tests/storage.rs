//! Where blobs are read from, and what proves the way there.

use super::server::{Answer, Server};
use super::{blob_of, client, repository};
use crate::registry::Kind;

const BYTES: &[u8] = b"0123456789";

fn url(server: &Server) -> String {
    format!("http://{}", server.host())
}

#[tokio::test]
async fn the_storage_host_is_told_and_gives_a_byte_without_the_login() {
    let store = Server::start(|seen| match (seen.header("authorization"), seen.header("range")) {
        (None, Some("bytes=0-0")) => Answer::new(206).header("Content-Range", "bytes 0-0/10").body(&BYTES[..1]),
        _ => Answer::new(400),
    });
    let store = store.await;
    let link = format!("{}/bucket/blob?Signature=hunter2", url(&store));
    let server = Server::start(move |seen| match seen.target.as_str() {
        target if target.contains("/blobs/") => Answer::new(307).header("Location", link.clone()),
        _ => Answer::new(200),
    });
    let server = server.await;
    let client = client(&server);
    let link = client.blob_storage(&repository("a"), &blob_of(BYTES).digest).await.unwrap().unwrap();
    assert_eq!((link.host(), link.is_plain_http()), ("127.0.0.1", true));
    assert!(!format!("{link:?}").contains("hunter2"), "{link:?}");
    client.first_byte(&link).await.unwrap();
    assert_eq!(server.seen().iter().filter(|seen| seen.target.contains("/blobs/")).count(), 1);
}

#[tokio::test]
async fn a_registry_that_hands_out_blobs_itself_has_no_storage_host() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/a/elsewhere" => Answer::new(200).body(BYTES),
        target if target.starts_with("/v2/a/blobs/") => Answer::new(307).header("Location", "/v2/a/elsewhere"),
        target if target.starts_with("/v2/b/blobs/") => Answer::new(200).body(BYTES),
        _ => Answer::new(404),
    });
    let server = server.await;
    let client = client(&server);
    for name in ["a", "b"] {
        assert_eq!(client.blob_storage(&repository(name), &blob_of(BYTES).digest).await.unwrap(), None, "{name}");
    }
    let error = client.blob_storage(&repository("c"), &blob_of(BYTES).digest).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::NotFound);
}

#[tokio::test]
async fn storage_that_refuses_or_sends_nothing_is_told() {
    for (answer, kind) in [(Answer::new(403), Kind::Denied), (Answer::new(200), Kind::Interrupted)] {
        let store = Server::start(move |_| answer.clone()).await;
        let link = format!("{}/blob", url(&store));
        let server = Server::start(move |_| Answer::new(307).header("Location", link.clone())).await;
        let client = client(&server);
        let link = client.blob_storage(&repository("a"), &blob_of(BYTES).digest).await.unwrap().unwrap();
        assert_eq!(client.first_byte(&link).await.unwrap_err().kind(), &kind);
    }
}

#[tokio::test]
async fn a_padded_request_is_as_long_as_it_should_be_and_any_answer_counts() {
    let server = Server::start(|_| Answer::new(431)).await;
    client(&server).ping_padded(4000).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("x-padding").unwrap().len(), 4000);
    assert_eq!(seen[0].header("authorization"), None);
}
