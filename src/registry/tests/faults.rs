//! What is temporary, what is not, and what gets lost on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::server::{Answer, Server};
use super::{blob_of, client, read, repository, settings};
use crate::registry::http::Times;
use crate::registry::{Access, CheckedBy, Client, Kind, Limits, Settings};

/// Answers the first `times` requests about something with `fault`, the rest with `then`.
async fn faulty(times: usize, fault: Answer, then: Answer) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        _ if asked.fetch_add(1, Ordering::SeqCst) < times => fault.clone(),
        _ => then.clone(),
    })
    .await
}

fn patient(server: &Server) -> Client {
    Client::new(Settings { retries: 3, ..settings(server) }).unwrap()
}

#[tokio::test]
async fn what_is_temporary_is_tried_again() {
    let tags = Answer::json(200, r#"{"tags":["a"]}"#);
    for fault in [Answer::new(503), Answer::new(429), Answer::json(200, r#"{"tags":["#).stated_length(99)] {
        let server = faulty(2, fault, tags.clone()).await;
        assert_eq!(patient(&server).tags(&repository("a")).await.unwrap().unwrap().names.len(), 1);
        assert_eq!(server.count("tags"), 3);
    }
}

#[tokio::test]
async fn what_will_not_change_is_asked_once() {
    for status in [400, 403, 405] {
        let server = faulty(usize::MAX, Answer::new(status), Answer::new(200)).await;
        assert!(patient(&server).head_blob(&repository("a"), &blob_of(b"").digest).await.is_err());
        assert_eq!(server.count("HEAD"), 1, "{status}");
        assert!(server.count("GET /v2/a/") <= 1, "only to learn why: {status}");
    }
}

#[tokio::test]
async fn patience_ends() {
    let server = faulty(usize::MAX, Answer::new(502).body("<html>bad gateway"), Answer::new(200)).await;
    let error =
        Client::new(Settings { retries: 1, ..settings(&server) }).unwrap().tags(&repository("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (&Kind::ServerError, Some(502)));
    assert!(error.to_string().contains("an HTML page"), "{error}");
    assert_eq!(server.count("tags"), 2);
}

#[tokio::test]
async fn retry_after_is_honoured_by_every_request() {
    let tags = Answer::json(200, r#"{"tags":[]}"#);
    let server = faulty(1, Answer::new(429).header("Retry-After", "1"), tags).await;
    let client = patient(&server);
    client.ping().await.unwrap();
    let start = Instant::now();
    let name = repository("a");
    let first = client.tags(&name);
    let second = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        client.ping().await
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() && second.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    let lines = server.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("tags")).count(), 2);
}

#[tokio::test]
async fn a_pause_of_a_day_is_told_and_not_waited_for() {
    let limited = Answer::new(429).header("Retry-After", "86400");
    let server = faulty(usize::MAX, limited, Answer::new(200)).await;
    let error = patient(&server).tags(&repository("a")).await.unwrap_err();
    assert!(!error.is_temporary() && error.to_string().contains("it asks to wait 86400 s"), "{error}");
    assert_eq!(server.count("tags"), 1);
}

#[tokio::test]
async fn a_truncated_blob_is_temporary_and_never_whole() {
    let server = Server::start(|_| Answer::new(200).body("hello").stated_length(11)).await;
    let stream = client(&server).blob(&repository("a"), &blob_of(b"hello world")).await.unwrap();
    let error = read(stream).await.unwrap_err();
    assert!(error.temporary, "{error}");
}

#[tokio::test]
async fn a_corrupt_blob_is_final_and_never_whole() {
    let server = Server::start(|_| Answer::new(200).body("hellO world")).await;
    let stream = client(&server).blob(&repository("a"), &blob_of(b"hello world")).await.unwrap();
    let error = read(stream).await.unwrap_err();
    assert_eq!((error.problem.code.as_str(), error.temporary), ("blob-digest", false));

    let server = Server::start(|_| Answer::new(200).body("short")).await;
    let Err(error) = client(&server).blob(&repository("a"), &blob_of(b"hello world")).await else {
        panic!("too short")
    };
    assert_eq!(*error.kind(), Kind::DigestInvalid);
}

#[tokio::test]
async fn a_refused_connection_is_temporary() {
    let server = Server::start(|_| Answer::new(200)).await;
    let refused = settings(&server);
    drop(server);
    tokio::task::yield_now().await;
    let error = Client::new(refused).unwrap().ping().await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::Connect, true), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_such() {
    let server = Server::start(|_| Answer::new(200)).await;
    let mut settings = settings(&server);
    settings.tls.plain_http = false;
    let error = Client::new(settings).unwrap().ping().await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::Tls, false), "{error:?}");
    assert!(error.problem().help.unwrap().english().contains("plain-http"), "{error}");
}

#[tokio::test]
async fn no_more_requests_than_allowed_are_under_way() {
    let server = Server::start(|_| Answer::json(200, "{}").after(Duration::from_millis(60))).await;
    let limits = Limits { concurrency: Some(2), ..Limits::default() };
    let client = Client::new(Settings { limits, ..settings(&server) }).unwrap();
    client.ping().await.unwrap();
    let start = Instant::now();
    let (at, digest) = (repository("a"), blob_of(b"{}").digest);
    let asked = futures_util::future::join_all((0..6).map(|_| client.head_blob(&at, &digest)));
    asked.await;
    assert!(start.elapsed() >= Duration::from_millis(180), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_blob_that_stops_moving_is_given_up() {
    let rest = Answer::new(200).body("hello").stated_length(11).hanging();
    let server = Server::start(move |_| rest.clone()).await;
    let times = Times { stall: Duration::from_millis(200), ..Times::default() };
    let client = Client::with_times(settings(&server), times).unwrap();
    let stream = client.blob(&repository("a"), &blob_of(b"hello world")).await.unwrap();
    let error = read(stream).await.unwrap_err();
    assert_eq!((error.problem.code.as_str(), error.temporary), ("registry-timeout", true));
}

#[tokio::test]
async fn many_tasks_wait_together_for_a_registry_that_is_not_there() {
    let server = Server::start(|_| Answer::new(200).after(Duration::from_secs(30))).await;
    let times = Times { metadata: Duration::from_millis(300), ..Times::default() };
    let client = Client::with_times(settings(&server), times).unwrap();
    let start = Instant::now();
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.tags(&repository(&format!("a/{number}"))).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(*task.await.unwrap().unwrap_err().kind(), Kind::Timeout);
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_host_without_the_api_is_named_as_such() {
    let server = Server::start(|_| Answer::new(404).body("<html><title>Welcome</title></html>")).await;
    let problem = client(&server).ping().await.unwrap_err().problem();
    assert!(
        problem.message.english().starts_with("this host speaks no registry API: GET http://127.0.0.1:"),
        "{problem}"
    );
    assert!(problem.message.english().contains("\"Welcome\""), "{problem}");
}

#[tokio::test]
async fn a_refusal_whose_body_never_ends_is_told_all_the_same() {
    let endless = Answer::new(403).body("no").stated_length(99).hanging();
    let server = Server::start(move |seen| match seen.method.as_str() {
        _ if seen.target == "/v2/" => Answer::new(200),
        "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1"),
        _ => endless.clone(),
    })
    .await;
    let times = Times { metadata: Duration::from_millis(300), ..Times::default() };
    let client = Client::with_times(settings(&server), times).unwrap();
    let start = Instant::now();
    let Err(download) = client.blob(&repository("a"), &blob_of(b"hello world")).await else { panic!("refused") };
    let upload = client.start_upload(&repository("a")).await.unwrap();
    let bytes = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"hello world"))]);
    let upload =
        client.finish_upload(upload, &blob_of(b"hello world"), Box::pin(bytes), CheckedBy::Us).await.unwrap_err();
    assert_eq!((download.kind(), upload.kind()), (&Kind::Denied, &Kind::Denied), "{download} {upload}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_login_page_is_no_registry() {
    let page = "<html><title>Welcome to the guest network</title></html>";
    let server = Server::start(move |_| Answer::new(200).body(page).header("Content-Type", "text/html")).await;
    let (client, manifest) = (client(&server), crate::image::RawManifest::new(None, "{}"));
    let (name, tag) = (repository("a"), super::tag("t"));
    let errors = [
        client.ping().await.unwrap_err(),
        client.head_manifest(&name, &tag).await.unwrap_err(),
        client.manifest(&name, &tag).await.unwrap_err(),
        client.tags(&name).await.unwrap_err(),
        client.start_upload(&name).await.unwrap_err(),
        client.put_manifest(&name, &tag, &manifest).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.is_temporary()), (&Kind::Protocol, false), "{error}");
    }
}

#[tokio::test]
async fn a_word_in_place_of_html_is_a_registry_s_answer() {
    // Quay's.
    let server = Server::start(|_| Answer::new(200).body("true").header("Content-Type", "text/html")).await;
    client(&server).ping().await.unwrap();
}

#[tokio::test]
async fn what_is_tried_again_is_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = |client: Client| {
        let told = Arc::clone(&told);
        client.watched(move |retry| told.lock().unwrap().push((retry.attempt, retry.problem.code.to_string())))
    };
    let server = faulty(2, Answer::new(503), Answer::json(200, r#"{"tags":["a"]}"#)).await;
    hears(patient(&server)).tags(&repository("a")).await.unwrap();
    let cut = Answer::new(200).body("ab").stated_length(4);
    let server = faulty(1, cut, Answer::new(200).body("abcd")).await;
    let bytes = hears(patient(&server)).blob(&repository("a"), &blob_of(b"abcd")).await.unwrap();
    assert_eq!(read(bytes).await.unwrap(), b"abcd");
    let told = told.lock().unwrap().iter().map(|(attempt, code)| format!("{attempt} {code}")).collect::<Vec<_>>();
    assert_eq!(told, ["1 registry-error", "2 registry-error", "1 registry-interrupted"]);
}

#[tokio::test]
async fn what_was_just_answered_is_not_asked_again() {
    let server = faulty(0, Answer::new(500), Answer::json(200, r#"{"tags":["a"]}"#)).await;
    let client = client(&server);
    for _ in 0..2 {
        client.ping().await.unwrap();
        client.authorize(&repository("a"), Access::PullPush).await.unwrap();
        client.tags(&repository("a")).await.unwrap();
    }
    assert_eq!(server.lines(), ["GET /v2/", "GET /v2/a/tags/list?n=1000"]);
}

#[tokio::test]
async fn a_registry_that_asks_for_a_long_pause_is_left_alone_by_every_section() {
    let server = faulty(usize::MAX, Answer::new(429).header("Retry-After", "600"), Answer::new(200)).await;
    let settings = Settings { retries: 3, ..settings(&server) };
    let (one, other) = (Client::new(settings.clone()).unwrap(), Client::new(settings).unwrap());
    for client in [&one, &other] {
        client.ping().await.unwrap();
    }
    one.tags(&repository("a")).await.unwrap_err();
    let before = server.seen().len();
    for client in [&one, &other] {
        let error = client.tags(&repository("b")).await.unwrap_err();
        let told = error.to_string();
        assert_eq!((error.kind(), error.status(), error.is_temporary()), (&Kind::RateLimited, None, false));
        assert!(told.contains("/v2/b/tags/list") && told.contains("not sent") && !told.contains("/v2/a/"), "{told}");
    }
    assert_eq!(server.seen().len(), before);
}

#[tokio::test]
async fn pulls_that_are_used_up_are_not_tried_again() {
    let wall = Answer::error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
        .header("ratelimit-limit", "100;w=21600")
        .header("ratelimit-remaining", "0;w=21600");
    let server = faulty(usize::MAX, wall, Answer::new(200)).await;
    let error = patient(&server).manifest(&repository("a"), &super::tag("t")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::PullsUsedUp, false));
    assert!(error.to_string().contains("0 of 100 pulls in 6 hours are left"), "{error}");
    assert_eq!(server.count("manifests"), 1);
}

#[tokio::test]
async fn a_date_to_come_back_at_is_read_by_the_clock_that_wrote_it() {
    let busy = Answer::new(503)
        .header("Date", "Sun, 06 Nov 2044 08:49:37 GMT")
        .header("Retry-After", "Sun, 06 Nov 2044 08:49:38 GMT");
    let server = faulty(1, busy, Answer::json(200, r#"{"tags":["a"]}"#)).await;
    let client = patient(&server).watched(|retry| assert_eq!(retry.pause, Duration::from_secs(1)));
    client.tags(&repository("a")).await.unwrap();
    assert_eq!(server.count("tags"), 2);
}

#[tokio::test]
async fn who_is_to_try_nothing_again_does_not() {
    for (retries, tried) in [(0, 1), (2, 3)] {
        let server = faulty(usize::MAX, Answer::new(503), Answer::new(200)).await;
        let client = patient(&server).watched(move |retry| assert_eq!(retry.retries, retries)).retrying(retries);
        client.tags(&repository("a")).await.unwrap_err();
        assert_eq!(server.count("tags"), tried);
    }
}
