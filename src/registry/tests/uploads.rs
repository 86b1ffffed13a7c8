//! Blobs to and fro.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::server::{Answer, Server};
use super::{blob_of, client, logged_in, read, repository, settings};
use crate::diag::{Problem, Wording};
use crate::image::{BlobError, BlobStream, Digest};
use crate::registry::http::Times;
use crate::registry::{CheckedBy, Client, Kind, Mount, Settings, TlsSettings, Upload};

fn bytes(chunks: &[&'static str]) -> BlobStream {
    stream::iter(chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).collect::<Vec<_>>()).boxed()
}

/// Opens sessions with a relative location, and takes what is put there.
async fn uploads(put: Answer) -> Server {
    Server::start(move |seen| match seen.method.as_str() {
        "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1?_state=s%2F1"),
        "PUT" => put.clone(),
        _ => Answer::new(200),
    })
    .await
}

#[tokio::test]
async fn a_blob_goes_up_in_one_put_with_its_length() {
    let blob = blob_of(b"hello world");
    let server = uploads(Answer::new(201).header("Docker-Content-Digest", blob.digest.to_string())).await;
    let client = client(&server);
    let upload = client.start_upload(&repository("a")).await.unwrap();
    assert!(!format!("{upload:?}").contains("s%2F1"));
    client.finish_upload(upload, &blob, bytes(&["hello ", "world"]), CheckedBy::Us).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[1].line(), "POST /v2/a/blobs/uploads/");
    assert_eq!(seen[1].header("content-length"), Some("0"));
    let digest = blob.digest.to_string().replace(':', "%3A");
    assert_eq!(seen[2].line(), format!("PUT /v2/a/blobs/uploads/1?_state=s%2F1&digest={digest}"));
    assert_eq!(seen[2].header("content-length"), Some("11"));
    assert_eq!(seen[2].body, b"hello world");
}

#[tokio::test]
async fn an_empty_blob_goes_up_too() {
    let server = uploads(Answer::new(201)).await;
    let client = client(&server);
    let upload = client.start_upload(&repository("a")).await.unwrap();
    client.finish_upload(upload, &blob_of(b""), bytes(&[]), CheckedBy::Us).await.unwrap();
    assert_eq!(server.seen()[2].header("content-length"), Some("0"));
}

#[tokio::test]
async fn what_has_another_length_is_not_the_blob() {
    let blob = blob_of(b"hello world");
    for (length, found) in [("11", "held"), ("5", "damaged")] {
        let server = Server::start(move |seen| match seen.method.as_str() {
            "POST" if seen.target.contains("mount=") => Answer::new(201),
            "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1"),
            _ => Answer::new(200).header("Content-Length", length),
        })
        .await;
        let told = match client(&server).open_upload(&repository("a"), &blob).await.unwrap() {
            Mount::Mounted => "held",
            Mount::Damaged(_) => "damaged",
            Mount::Refused(_) => "absent",
        };
        assert_eq!(told, found);
    }
}

#[tokio::test]
async fn a_failing_source_is_told_as_it_failed() {
    let server = uploads(Answer::new(201)).await;
    let client = client(&server);
    for temporary in [true, false] {
        let failure =
            BlobError { problem: Problem::new("blob-digest", Wording::same("the source is damaged")), temporary };
        let broken = stream::iter([Ok(Bytes::from_static(b"hello ")), Err(failure.clone())]).boxed();
        let upload = client.start_upload(&repository("a")).await.unwrap();
        let error = client.finish_upload(upload, &blob_of(b"hello world"), broken, CheckedBy::Us).await.unwrap_err();
        assert_eq!(*error.kind(), Kind::Source(failure.clone()));
        assert_eq!((error.problem(), error.is_temporary()), (failure.problem, temporary));
    }
    assert_eq!(server.count("PUT"), 0, "half a blob is no request");
}

#[tokio::test]
async fn a_source_of_the_wrong_length_is_no_blob() {
    let server = uploads(Answer::new(201)).await;
    let client = client(&server);
    for chunks in [&["hello "][..], &["hello ", "worlds"]] {
        let upload = client.start_upload(&repository("a")).await.unwrap();
        let error =
            client.finish_upload(upload, &blob_of(b"hello world"), bytes(chunks), CheckedBy::Us).await.unwrap_err();
        assert_eq!(error.problem().code.as_str(), "blob-size", "{error}");
    }
    assert_eq!(server.count("PUT"), 0);
}

#[tokio::test]
async fn another_digest_than_sent_is_noticed() {
    let server = uploads(Answer::new(201).header("Docker-Content-Digest", Digest::sha256(b"x").to_string())).await;
    let client = client(&server);
    let upload = client.start_upload(&repository("a")).await.unwrap();
    let error = client.finish_upload(upload, &blob_of(b"hello"), bytes(&["hello"]), CheckedBy::Us).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::DigestInvalid);
}

#[tokio::test]
async fn unchecked_bytes_are_for_registries_that_state_what_they_stored() {
    let blob = blob_of(b"hello");
    let says = |digest: &Digest| Answer::new(201).header("Docker-Content-Digest", digest.to_string());
    let stated = says(&blob.digest);
    for (answer, states) in [(stated.clone(), true), (Answer::new(201), false), (says(&Digest::sha256(b"x")), false)] {
        let (count, stated) = (AtomicUsize::new(0), stated.clone());
        let server = Server::start(move |seen| match seen.method.as_str() {
            "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1"),
            "PUT" if count.fetch_add(1, Ordering::SeqCst) == 0 => stated.clone(),
            "PUT" => answer.clone(),
            _ => Answer::new(200),
        })
        .await;
        let client = client(&server);
        let send = async |text: &'static str| {
            let upload = client.start_upload(&repository("a")).await.unwrap();
            client.finish_upload(upload, &blob, bytes(&[text]), CheckedBy::Registry).await
        };
        let error = send("jello").await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Source(_)) && server.count("PUT") == 0, "nothing is known of it yet");
        send("hello").await.unwrap();
        assert!(client.states_digests());
        let sent = send("jello").await;
        assert_eq!(sent.is_ok(), states, "these bytes were for the registry to check");
        assert!(sent.err().is_none_or(|error| error.is_temporary()), "sent again, checked on the way");
        assert_eq!(client.states_digests(), states);
    }
}

#[tokio::test]
async fn a_refused_digest_is_worth_another_try_where_nobody_has_checked_it() {
    let server = uploads(Answer::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")).await;
    let client = client(&server);
    for states_digests in [false, true] {
        client.digests_stated().store(states_digests, Ordering::Relaxed);
        let upload = client.start_upload(&repository("a")).await.unwrap();
        let sent = client.finish_upload(upload, &blob_of(b"hello"), bytes(&["hello"]), CheckedBy::Registry).await;
        let error = sent.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (&Kind::DigestInvalid, states_digests));
    }
}

#[tokio::test]
async fn a_token_that_ran_out_meanwhile_is_worth_another_upload() {
    let server = uploads(Answer::new(401).header("WWW-Authenticate", "Basic realm=\"x\"")).await;
    let client = logged_in(&server);
    let upload = client.start_upload(&repository("a")).await.unwrap();
    let error = client.finish_upload(upload, &blob_of(b"hello"), bytes(&["hello"]), CheckedBy::Us).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::Unauthorized, true));
}

#[tokio::test]
async fn a_refused_mount_is_an_upload() {
    let digest = Digest::sha256(b"hello");
    let server = Server::start(|seen| match seen.line() {
        line if line.starts_with("POST /v2/have/") => Answer::new(201).header("Location", "/v2/have/blobs/x"),
        line if line.starts_with("POST /v2/other/") => Answer::new(202).header("Location", "/v2/other/blobs/uploads/7"),
        // Quay: an error where the specification wants a session.
        line if line.starts_with("POST /v2/strict/") && line.contains("mount") => Answer::error(400, "UNSUPPORTED", ""),
        line if line.starts_with("POST /v2/strict/") => Answer::new(202).header("Location", "uploads/8"),
        line if line.starts_with("PUT ") => Answer::new(201),
        _ => Answer::new(200),
    })
    .await;
    let client = client(&server);
    let from = repository("base");
    assert!(matches!(client.mount_blob(&repository("have"), &digest, &from).await.unwrap(), Mount::Mounted));
    assert_eq!(server.lines().pop().unwrap(), format!("POST /v2/have/blobs/uploads/?mount={digest}&from=base"));
    for (name, path) in [("other", "/v2/other/blobs/uploads/7"), ("strict", "/v2/strict/blobs/uploads/uploads/8")] {
        let Mount::Refused(upload) = client.mount_blob(&repository(name), &digest, &from).await.unwrap() else {
            panic!("{name} mounts nothing")
        };
        client.finish_upload(upload, &blob_of(b"hello"), bytes(&["hello"]), CheckedBy::Us).await.unwrap();
        assert!(server.lines().pop().unwrap().starts_with(&format!("PUT {path}?digest=")));
    }
}

#[tokio::test]
async fn a_redirected_blob_does_not_take_the_login_along() {
    let store = Server::start(|_| Answer::new(200).body("hello")).await;
    let signed = format!("http://{}/bucket/x?Signature=s3cret", store.host());
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::new(401).header("WWW-Authenticate", "Basic realm=\"x\""),
        target if target.starts_with("/v2/a/") => Answer::new(307).header("Location", "/moved"),
        _ => Answer::new(302).header("Location", signed.clone()),
    })
    .await;
    let client = logged_in(&server);
    let stream = client.blob(&repository("a"), &blob_of(b"hello")).await.unwrap();
    assert_eq!(read(stream).await.unwrap(), b"hello");
    let logins: Vec<bool> = server.seen().iter().map(|seen| seen.header("authorization").is_some()).collect();
    assert_eq!(logins, [false, true, true]);
    assert_eq!(store.lines(), ["GET /bucket/x?Signature=s3cret"]);
    assert_eq!(store.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_signed_url_is_not_shown_when_its_host_fails() {
    let store = Server::start(|_| Answer::error(403, "SignatureDoesNotMatch", "see http://x/?Signature=s3cret")).await;
    let signed = format!("http://{}/bucket/x?Signature=s3cret", store.host());
    let server = Server::start(move |_| Answer::new(307).header("Location", signed.clone())).await;
    let Err(error) = client(&server).blob(&repository("a"), &blob_of(b"hello")).await else { panic!("403 is no blob") };
    assert_eq!(*error.kind(), Kind::Denied);
    let told = format!("{error} {error:?}");
    assert!(told.contains("Signature=…") && !told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn a_storage_host_that_answers_get_only_tells_the_size_too() {
    let store = Server::start(|seen| match seen.method.as_str() {
        "GET" => Answer::new(200).body("hello"),
        _ => Answer::new(403),
    })
    .await;
    let signed = format!("http://{}/x?Signature=1", store.host());
    let server = Server::start(move |_| Answer::new(307).header("Location", signed.clone())).await;
    let size = client(&server).head_blob(&repository("a"), &blob_of(b"hello").digest).await.unwrap();
    assert_eq!(size, Some(5));
}

#[tokio::test]
async fn only_a_registry_that_takes_nothing_is_too_slow() {
    let times = Times { stall: Duration::from_millis(200), commit: Duration::from_millis(400), ..Times::default() };
    // Takes the head of the request and then nothing: more than the buffers between can hold.
    let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = deaf.local_addr().unwrap().to_string();
    let tls = TlsSettings { plain_http: true, ..TlsSettings::default() };
    let settings = Settings { tls, ..Settings::new(host.parse().unwrap()) };
    let client = Client::with_times(settings, times).unwrap();
    let location = format!("http://{host}/v2/a/blobs/uploads/1").parse().unwrap();
    let large = vec![7; 64 << 20];
    let chunks: Vec<_> = large.chunks(1 << 20).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let silent = tokio::spawn(async move {
        // `GET /v2/` is answered, the PUT is not read.
        let (mut first, _) = deaf.accept().await.unwrap();
        first.read_buf(&mut Vec::new()).await.unwrap();
        first.write_all(b"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let second = deaf.accept().await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop((first, second));
    });
    let upload = Upload { repository: repository("a"), location, kept: 0 };
    let error =
        client.finish_upload(upload, &blob_of(&large), stream::iter(chunks).boxed(), CheckedBy::Us).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::Timeout, true), "{error}");
    silent.abort();
}

#[tokio::test]
async fn a_slow_source_does_not_make_the_registry_late() {
    let server = uploads(Answer::new(201).after(Duration::from_millis(300))).await;
    let times = Times { stall: Duration::from_millis(150), commit: Duration::from_secs(5), ..Times::default() };
    let client = Client::with_times(settings(&server), times).unwrap();
    let slow = stream::unfold(0, |n| async move {
        tokio::time::sleep(Duration::from_millis(250)).await;
        (n < 3).then(|| (Ok(Bytes::from_static(b"abc")), n + 1))
    });
    let upload = client.start_upload(&repository("a")).await.unwrap();
    client.finish_upload(upload, &blob_of(b"abcabcabc"), slow.boxed(), CheckedBy::Us).await.unwrap();
    assert_eq!(server.seen().pop().unwrap().body, b"abcabcabc");
}

#[tokio::test]
async fn an_upload_that_nothing_confirms_is_not_believed() {
    let server = uploads(Answer::new(200)).await;
    let client = client(&server);
    let upload = client.start_upload(&repository("a")).await.unwrap();
    let error = client.finish_upload(upload, &blob_of(b"hello"), bytes(&["hello"]), CheckedBy::Us).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Protocol, "{error}");
}

/// Keeps what the status says of every upload, and answers the PUT of the rest.
async fn keeping(status: Answer, put: Answer) -> Server {
    Server::start(move |seen| match seen.method.as_str() {
        "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1?_state=old"),
        "GET" if seen.target.contains("uploads") => status.clone(),
        "PUT" => put.clone(),
        _ => Answer::new(200),
    })
    .await
}

#[tokio::test]
async fn an_upload_goes_on_from_what_the_registry_kept() {
    let kept = Answer::new(204).header("Range", "0-5").header("Location", "/v2/a/blobs/uploads/1?_state=new");
    let server = keeping(kept, Answer::new(201)).await;
    let client = client(&server);
    let broken = client.start_upload(&repository("a")).await.unwrap();
    let upload = client.resume_upload(&broken, 11).await.unwrap().expect("6 bytes were kept");
    assert_eq!(upload.kept(), 6);
    client.finish_upload(upload, &blob_of(b"hello world"), bytes(&["world"]), CheckedBy::Us).await.unwrap();
    let put = server.seen().pop().unwrap();
    assert!(put.target.starts_with("/v2/a/blobs/uploads/1?_state=new&digest="), "{}", put.target);
    assert_eq!((put.header("content-range"), put.header("content-length")), (Some("6-10"), Some("5")));
    assert_eq!(put.body, b"world");
}

#[tokio::test]
async fn an_upload_of_which_everything_was_kept_needs_its_end_only() {
    let server = keeping(Answer::new(204).header("Range", "0-10"), Answer::new(201)).await;
    let client = client(&server);
    let broken = client.start_upload(&repository("a")).await.unwrap();
    let upload = client.resume_upload(&broken, 11).await.unwrap().expect("all of it was kept");
    client.finish_upload(upload, &blob_of(b"hello world"), stream::pending().boxed(), CheckedBy::Us).await.unwrap();
    let put = server.seen().pop().unwrap();
    assert_eq!((put.header("content-range"), put.header("content-length")), (None, Some("0")));
}

#[tokio::test]
async fn the_end_of_an_upload_may_take_as_long_as_a_registry_writes() {
    let slow = Answer::new(201).after(Duration::from_millis(600));
    let server = keeping(Answer::new(204).header("Range", "0-10"), slow).await;
    let times = Times { metadata: Duration::from_millis(300), ..Times::default() };
    let client = Client::with_times(settings(&server), times).unwrap();
    let broken = client.start_upload(&repository("a")).await.unwrap();
    let upload = client.resume_upload(&broken, 11).await.unwrap().expect("all of it was kept");
    client.finish_upload(upload, &blob_of(b"hello world"), stream::pending().boxed(), CheckedBy::Us).await.unwrap();
}

#[tokio::test]
async fn an_upload_of_which_nothing_was_kept_is_none() {
    for status in [
        Answer::error(404, "BLOB_UPLOAD_INVALID", "blob upload invalid"),
        Answer::new(404),
        Answer::new(405),
        Answer::new(204),
        Answer::new(204).header("Range", "0-0"),
        Answer::new(204).header("Range", "0-99"),
        Answer::new(200).body("<html>"),
    ] {
        let server = keeping(status, Answer::new(201)).await;
        let client = Client::new(Settings { retries: 3, ..settings(&server) }).unwrap();
        let broken = client.start_upload(&repository("a")).await.unwrap();
        assert!(client.resume_upload(&broken, 11).await.unwrap().is_none());
        assert_eq!(server.count("GET /v2/a/blobs/uploads"), 1, "asked once");
    }
}

#[tokio::test]
async fn a_wrong_sum_of_parts_is_worth_another_upload_and_a_wrong_whole_is_not() {
    let kept = Answer::new(204).header("Range", "0-5");
    let server = keeping(kept, Answer::error(400, "DIGEST_INVALID", "")).await;
    let client = client(&server);
    let blob = blob_of(b"hello world");
    let broken = client.start_upload(&repository("a")).await.unwrap();
    let error = client.finish_upload(broken.clone(), &blob, bytes(&["hello world"]), CheckedBy::Us).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::DigestInvalid, false));
    let upload = client.resume_upload(&broken, 11).await.unwrap().unwrap();
    let error = client.finish_upload(upload, &blob, bytes(&["world"]), CheckedBy::Us).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::DigestInvalid, true));
}

#[tokio::test]
async fn only_the_registry_s_own_uploads_are_remembered() {
    let server = keeping(Answer::new(204), Answer::new(201)).await;
    let client = client(&server);
    let own = format!("http://{}/v2/a/blobs/uploads/1?_state=x", server.host());
    let upload = client.remembered_upload(&repository("a"), &own).unwrap();
    assert_eq!((upload.location(), upload.kept()), (own.as_str(), 0));
    assert!(!format!("{upload:?}").contains("=x"));
    for foreign in ["http://evil.example/v2/a/blobs/uploads/1", "file:///etc/passwd", "", "/v2/a", "http://["] {
        assert!(client.remembered_upload(&repository("a"), foreign).is_none(), "{foreign}");
    }
    for other in ["a/b", "b"] {
        assert!(client.remembered_upload(&repository(other), &own).is_none(), "the blob would be in a, not in {other}");
    }
}
