//! Downloads that break off, and servers that say wrong things about the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::server::{Answer, Seen, Server};
use super::{blob_of, client, read, repository, settings};
use crate::image::{BlobError, BlobStream};
use crate::registry::http::Times;
use crate::registry::{Bandwidth, Client, Kind, Limits, Settings};

/// Larger than what comes over one connection alone.
const LARGE: usize = 72 << 20;

const BYTES: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn patient(server: &Server) -> Client {
    Client::new(Settings { retries: 3, ..settings(server) }).unwrap()
}

/// The first byte that a request asks for.
fn asked_from(seen: &Seen) -> Option<usize> {
    seen.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

fn part(from: usize, to: usize) -> Answer {
    let range = format!("bytes {from}-{}/{}", to - 1, BYTES.len());
    Answer::new(206).header("Content-Range", range).body(&BYTES[from..to])
}

/// Sends `at_a_time` bytes from where it is asked and hangs up.
fn cutting(at_a_time: usize) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    move |seen| {
        let from = asked_from(seen).unwrap_or(0);
        let to = BYTES.len().min(from + at_a_time);
        let answer = if from == 0 { Answer::new(200).body(&BYTES[..to]) } else { part(from, to) };
        if to == BYTES.len() { answer } else { answer.stated_length(BYTES.len() - from) }
    }
}

async fn stream(client: &Client) -> BlobStream {
    client.blob(&repository("a"), &blob_of(BYTES)).await.unwrap()
}

fn ranges(server: &Server) -> Vec<Option<String>> {
    server.seen().iter().filter(|seen| seen.target != "/v2/").map(|s| s.header("range").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_stopped() {
    let server = Server::start(cutting(12)).await;
    assert_eq!(read(stream(&patient(&server)).await).await.unwrap(), BYTES);
    let expected = [None, Some("bytes=12-"), Some("bytes=24-")];
    assert_eq!(ranges(&server), expected.map(|range| range.map(str::to_owned)));
}

#[tokio::test]
async fn a_download_goes_on_through_a_fresh_redirect_without_the_login() {
    let store = Server::start(cutting(20)).await;
    let (host, number) = (store.host(), AtomicUsize::new(0));
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        _ => {
            let link = number.fetch_add(1, Ordering::SeqCst);
            Answer::new(307).header("Location", format!("http://{host}/x?Signature={link}"))
        }
    })
    .await;
    assert_eq!(read(stream(&patient(&server)).await).await.unwrap(), BYTES);
    assert_eq!(store.lines(), ["GET /x?Signature=0", "GET /x?Signature=1"]);
    assert_eq!(ranges(&store), [None, Some("bytes=20-".to_owned())]);
}

/// Knows no ranges, and breaks off the first time.
fn cutting_without_ranges(after: usize) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    let asked = AtomicUsize::new(0);
    move |seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        _ if asked.fetch_add(1, Ordering::SeqCst) == 0 => {
            Answer::new(200).body(&BYTES[..after]).stated_length(BYTES.len())
        }
        _ => Answer::new(200).body(BYTES),
    }
}

#[tokio::test]
async fn a_server_that_ignores_ranges_sends_no_byte_twice() {
    let server = Server::start(cutting_without_ranges(10)).await;
    assert_eq!(read(stream(&patient(&server)).await).await.unwrap(), BYTES);
}

#[tokio::test]
async fn a_wrong_part_is_not_taken_for_the_right_one() {
    let other = || Answer::new(206).body(&BYTES[3..]);
    let wrong = [
        other().header("Content-Range", format!("bytes 3-35/{}", BYTES.len())),
        other().header("Content-Range", "bytes 10-35/99"),
        other(),
        Answer::new(416),
    ];
    for wrong in wrong {
        let server = Server::start(move |seen| match asked_from(seen) {
            Some(_) => wrong.clone(),
            None if seen.target == "/v2/" => Answer::new(200),
            None => Answer::new(200).body(&BYTES[..10]).stated_length(BYTES.len()),
        })
        .await;
        let error = read(stream(&patient(&server)).await).await.unwrap_err();
        assert!(error.temporary, "{error}");
        let asked = ranges(&server);
        assert_eq!(asked[..3], [None, Some("bytes=10-".to_owned()), None], "then for everything");
    }
}

#[tokio::test]
async fn corrupt_bytes_after_a_cut_are_noticed() {
    let server = Server::start(|seen| match asked_from(seen) {
        Some(from) => part(from, BYTES.len()).body(vec![b'x'; BYTES.len() - from]),
        None => cutting(10)(seen),
    })
    .await;
    let error = read(stream(&patient(&server)).await).await.unwrap_err();
    assert_eq!((error.problem.code.as_str(), error.temporary), ("blob-digest", false));
}

#[tokio::test]
async fn a_body_without_end_or_with_too_little_is_told() {
    let endless = Answer::new(200).header("Transfer-Encoding", "chunked").header("Content-Length", "");
    for (body, code) in [
        ("24\r\n0123456789abcdefghijklmnopqrstuvwxyz\r\n5\r\nabcde\r\n", "digest-invalid"),
        ("5\r\n01234\r\n0\r\n\r\n", "registry-interrupted"),
    ] {
        let answer = endless.clone().body(body);
        let server = Server::start(move |_| answer.clone()).await;
        let error = read(stream(&client(&server)).await).await.unwrap_err();
        assert_eq!(error.problem.code.as_str(), code, "{error}");
    }
    for size in [BYTES.len() - 1, BYTES.len() + 1] {
        let server = Server::start(move |_| Answer::new(200).body(vec![b'0'; size])).await;
        let Err(error) = client(&server).blob(&repository("a"), &blob_of(BYTES)).await else { panic!("{size} bytes") };
        assert_eq!((error.kind(), error.is_temporary()), (&Kind::DigestInvalid, false), "{error}");
    }
}

#[tokio::test]
async fn patience_with_a_download_ends_where_nothing_comes_any_more() {
    let server = Server::start(|seen| match asked_from(seen) {
        Some(from) => Answer::new(206).header("Content-Range", format!("bytes {from}-35/36")).stated_length(36 - from),
        None => cutting(10)(seen),
    })
    .await;
    let BlobError { problem, temporary } = read(stream(&patient(&server)).await).await.unwrap_err();
    assert!(temporary && problem.code.as_str() == "registry-interrupted", "{problem}");
    assert_eq!(ranges(&server).len(), 4, "the first and three more");
}

#[tokio::test]
async fn a_download_that_stalls_goes_on_over_another_connection() {
    let stalls = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |seen| match asked_from(seen) {
        None if stalls.fetch_add(1, Ordering::SeqCst) > 0 => {
            Answer::new(200).body(&BYTES[..10]).stated_length(BYTES.len()).hanging()
        }
        None => Answer::new(200),
        Some(from) => part(from, BYTES.len()),
    })
    .await;
    let times = Times { stall: Duration::from_millis(200), ..Times::default() };
    let client = Client::with_times(Settings { retries: 3, ..settings(&server) }, times).unwrap();
    assert_eq!(read(stream(&client).await).await.unwrap(), BYTES);
}

/// A client that reads large blobs over several connections.
fn wide(server: &Server) -> Client {
    let limits = Limits { connections_per_blob: Some(4), ..Limits::default() };
    Client::new(Settings { limits, ..settings(server) }).unwrap()
}

/// A blob, with `answer` to whoever asks for a part of it.
async fn parted(blob: Arc<Vec<u8>>, answer: impl Fn(usize, usize) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |seen| {
        let range = seen.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let bounds = range.map(|(from, last)| {
            (from.parse::<usize>().unwrap(), last.parse::<usize>().map_or(blob.len(), |last| last + 1))
        });
        match bounds {
            _ if seen.target == "/v2/" => Answer::new(200),
            Some((from, end)) => answer(from, end),
            None => Answer::new(200).body(&*blob),
        }
    })
    .await
}

fn large() -> Arc<Vec<u8>> {
    Arc::new((0..72).flat_map(|number: u8| vec![number; 1 << 20]).collect())
}

/// Every part that is asked for, as it is.
fn parts_of(blob: &Arc<Vec<u8>>) -> impl Fn(usize, usize) -> Answer + Send + Sync + 'static {
    let bytes = Arc::clone(blob);
    move |from, end| {
        let range = format!("bytes {from}-{}/{LARGE}", end - 1);
        Answer::new(206).header("Content-Range", range).body(&bytes[from..end])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_blob_comes_in_as_many_parts_as_its_size_tells_and_in_order() {
    let blob = large();
    let server = parted(Arc::clone(&blob), parts_of(&blob)).await;
    let (descriptor, client) = (blob_of(&blob), wide(&server));
    let parts = Limits { connections_per_blob: Some(4), ..Limits::default() }.requests_for(descriptor.size);
    let (at, also_at) = (repository("a"), repository("b"));
    // The second one has one connection at a time, so that memory is bounded, and as many parts.
    let (first, second) =
        (client.blob(&at, &descriptor).await.unwrap(), client.blob(&also_at, &descriptor).await.unwrap());
    let (first, second) = tokio::join!(read(first), read(second));
    assert!(first.unwrap() == *blob && second.unwrap() == *blob);
    assert_eq!((ranges(&server).into_iter().flatten().count() as u64, parts), (36, 18));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_for_parts_unasked_however_slow_the_connection_is() {
    let blob = large();
    let bytes = Arc::clone(&blob);
    let server = Server::start(move |_| Answer::new(200).body(&*bytes).paced(Duration::from_millis(5))).await;
    let stream = client(&server).blob(&repository("a"), &blob_of(&blob)).await.unwrap();
    assert!(read(stream).await.unwrap() == *blob);
    assert_eq!(ranges(&server), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sends_no_parts_after_all_is_read_in_one() {
    let blob = large();
    for refusal in [Answer::new(416), Answer::new(206).header("Content-Range", "bytes 1-2/3").body("xy")] {
        let server = parted(Arc::clone(&blob), move |_, _| refusal.clone()).await;
        let stream = wide(&server).blob(&repository("a"), &blob_of(&blob)).await.unwrap();
        assert!(read(stream).await.unwrap() == *blob);
        let asked = ranges(&server).into_iter().filter(Option::is_none).count();
        assert_eq!(asked, 1, "everything at once");
    }
}

#[tokio::test]
async fn a_download_goes_on_with_a_new_token_where_the_old_one_ended() {
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        let realm = format!("Bearer realm=\"http://{}/token\",service=\"s\"", seen.header("host").unwrap());
        let refused = || Answer::new(401).header("WWW-Authenticate", realm.clone());
        match (seen.target.split('?').next().unwrap(), seen.header("authorization")) {
            ("/token", _) => {
                let number = tokens.fetch_add(1, Ordering::SeqCst);
                Answer::json(200, &format!("{{\"token\":\"t{number}\",\"expires_in\":300}}"))
            }
            ("/v2/", _) | (_, None) => refused(),
            // Each token is good for one piece.
            (_, Some(token)) => match (asked_from(seen), token) {
                (None, "Bearer t0") | (Some(20), "Bearer t1") => cutting(20)(seen),
                _ => refused(),
            },
        }
    })
    .await;
    assert_eq!(read(stream(&patient(&server)).await).await.unwrap(), BYTES);
}

#[tokio::test]
async fn whatever_a_connection_brings_of_a_small_blob_is_progress() {
    let server = Server::start(cutting(12)).await;
    let client = Client::new(Settings { retries: 1, ..settings(&server) }).unwrap();
    assert_eq!(read(stream(&client).await).await.unwrap(), BYTES, "after more failures than are allowed in a row");
    assert!(server.count("blobs") > 2);
}

#[tokio::test]
async fn a_byte_a_connection_is_no_progress_of_a_large_blob() {
    let size = 100_000;
    let server = Server::start(move |seen| {
        let from = asked_from(seen).unwrap_or(0);
        let range = format!("bytes {from}-{}/{size}", size - 1);
        let answer = if from == 0 { Answer::new(200) } else { Answer::new(206).header("Content-Range", range) };
        answer.body("x").stated_length(size - from)
    })
    .await;
    let client = Client::new(Settings { retries: 2, ..settings(&server) }).unwrap();
    let bytes = client.blob(&repository("a"), &blob_of(&vec![b'x'; size])).await.unwrap();
    assert!(read(bytes).await.unwrap_err().temporary);
    assert_eq!(server.count("blobs"), 3);
}

/// Whose blobs come at so many bytes a second.
fn narrow(settings: Settings, bytes_per_second: u64) -> Client {
    Client::new(Settings { bandwidth: Bandwidth::default().and(bytes_per_second), ..settings }).unwrap()
}

#[tokio::test]
async fn bytes_that_are_skipped_take_their_share_of_the_line() {
    let server = Server::start(cutting_without_ranges(30)).await;
    let client = narrow(Settings { retries: 3, ..settings(&server) }, BYTES.len() as u64);
    let begin = Instant::now();
    assert_eq!(read(stream(&client).await).await.unwrap(), BYTES);
    assert!(begin.elapsed() >= Duration::from_millis(1800), "66 bytes at 36 a second: {:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_come_within_the_bandwidth_while_they_are_read() {
    let blob = large();
    let server = parted(Arc::clone(&blob), parts_of(&blob)).await;
    let limits = Limits { connections_per_blob: Some(4), ..Limits::default() };
    let client = narrow(Settings { limits, ..settings(&server) }, 8 << 20);
    let mut stream = client.blob(&repository("a"), &blob_of(&blob)).await.unwrap();
    let begin = Instant::now();
    futures_util::StreamExt::next(&mut stream).await.unwrap().unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(450), "a whole part was paid for: {:?}", begin.elapsed());
}
