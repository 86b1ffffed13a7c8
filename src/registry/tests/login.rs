//! Handshakes, tokens, and what happens when they are refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::server::{Answer, Seen, Server};
use super::{PASSWORD, blob_of, client, logged_in, repository, settings, tag};
use crate::image::Digest;
use crate::registry::http::Times;
use crate::registry::{Access, CheckedBy, Client, Credentials, Kind, Limits, Secret, Settings};

/// A registry with a token server of its own; `judge` decides about requests with a token.
async fn registry(
    token: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    judge: impl Fn(&Seen, &str) -> Answer + Send + Sync + 'static,
) -> Server {
    let tokens = AtomicUsize::new(0);
    Server::start(move |seen| {
        if seen.target.starts_with("/token") {
            return token(seen, tokens.fetch_add(1, Ordering::SeqCst) + 1);
        }
        match seen.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) {
            Some(token) => judge(seen, token),
            None => challenge(seen),
        }
    })
    .await
}

fn challenge(seen: &Seen) -> Answer {
    let host = seen.header("host").unwrap();
    // As SWR does it: a scope of the challenge's own making, with no action in it.
    let value = format!(r#"Bearer realm="http://{host}/token",service="dockyard",scope="repository:a/b:""#);
    Answer::error(401, "UNAUTHORIZED", "authentication required").header("WWW-Authenticate", value)
}

fn numbered(_: &Seen, number: usize) -> Answer {
    Answer::json(200, &format!(r#"{{"token":"t{number}","expires_in":900}}"#))
}

fn found(_: &Seen, _: &str) -> Answer {
    Answer::new(200)
        .header("Docker-Content-Digest", Digest::sha256(b"x").to_string())
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        .header("Content-Length", "1")
}

#[tokio::test]
async fn a_bare_401_finishes_the_handshake() {
    let server = registry(numbered, |_, _| Answer::new(200)).await;
    client(&server).ping().await.unwrap();
    assert_eq!(server.lines(), ["GET /v2/", "GET /token?service=dockyard&client_id=swrctl", "GET /v2/"]);
    assert_eq!(server.seen()[1].header("authorization"), None);
}

#[tokio::test]
async fn many_tasks_share_one_handshake_and_one_token() {
    let slowly = |seen: &Seen, number: usize| numbered(seen, number).after(Duration::from_millis(50));
    let server = registry(slowly, found).await;
    let client = logged_in(&server);
    let (repository, reference) = (repository("a/b"), tag("t"));
    let asked = join_all((0..40).map(|_| client.head_manifest(&repository, &reference))).await;
    assert!(asked.into_iter().all(|found| found.unwrap().is_some()));
    assert_eq!((server.count("/v2/ "), server.count("/token"), server.count("HEAD")), (0, 1, 40));
    assert_eq!(server.lines().iter().filter(|line| *line == "GET /v2/").count(), 1);
    let login = server.seen().into_iter().find(|seen| seen.target.starts_with("/token")).unwrap();
    assert_eq!(login.target, "/token?service=dockyard&client_id=swrctl&scope=repository%3Aa%2Fb%3Apull");
    assert!(login.header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn a_token_for_push_serves_pulls() {
    let server = registry(numbered, found).await;
    let client = client(&server);
    client.authorize(&repository("a/b"), Access::PullPush).await.unwrap();
    client.head_manifest(&repository("a/b"), &tag("t")).await.unwrap();
    assert_eq!(server.count("/token"), 1);
    client.head_manifest(&repository("a/c"), &tag("t")).await.unwrap();
    assert_eq!(server.count("/token"), 2);
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires() {
    let short =
        |_: &Seen, number: usize| Answer::json(200, &format!(r#"{{"access_token":"t{number}","expires_in":1}}"#));
    let server = registry(short, found).await;
    let client = client(&server);
    for _ in 0..2 {
        client.head_manifest(&repository("a/b"), &tag("t")).await.unwrap();
    }
    assert_eq!(server.count("/token"), 1);
    tokio::time::sleep(Duration::from_millis(850)).await;
    client.head_manifest(&repository("a/b"), &tag("t")).await.unwrap();
    assert_eq!(server.count("/token"), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let revoked = Arc::new(AtomicUsize::new(0));
    let limit = Arc::clone(&revoked);
    let server = registry(numbered, move |seen, token| {
        let number: usize = token[1..].parse().unwrap();
        if number > limit.load(Ordering::SeqCst) { found(seen, token) } else { challenge(seen) }
    })
    .await;
    let client = logged_in(&server);
    let ask = || async { client.head_manifest(&repository("a/b"), &tag("t")).await };
    ask().await.unwrap();
    revoked.store(1, Ordering::SeqCst);
    join_all((0..10).map(|_| ask())).await.into_iter().for_each(|found| assert!(found.unwrap().is_some()));
    assert_eq!(server.count("/token"), 2);
    revoked.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(*ask().await.unwrap_err().kind(), Kind::Unauthorized);
    assert_eq!(server.count("/token"), 3);
}

#[tokio::test]
async fn wrong_credentials_are_not_shown_often_enough_to_lock_an_account() {
    let refuse = |_: &Seen, _: usize| Answer::json(401, &format!(r#"{{"details":"bob:{PASSWORD} is wrong"}}"#));
    let server = registry(refuse, found).await;
    let client = logged_in(&server);
    let repositories: Vec<_> = (0..10).map(|n| repository(&format!("a/{n}"))).collect();
    for asked in join_all(repositories.iter().map(|one| client.tags(one))).await {
        let error = asked.unwrap_err();
        assert_eq!(*error.kind(), Kind::Unauthorized);
        let told = format!("{error} {error:?} {:?} {client:?}", error.problem());
        assert!(told.contains("bob:*** is wrong") && !told.contains(PASSWORD), "{told}");
    }
    assert_eq!(server.count("/token"), 3);
}

#[tokio::test]
async fn an_identity_token_goes_through_oauth() {
    let server = registry(numbered, found).await;
    let credentials = Credentials::IdentityToken(Secret::new("refresh/me"));
    let client = Client::new(Settings { credentials, ..settings(&server) }).unwrap();
    client.head_manifest(&repository("a/b"), &tag("t")).await.unwrap();
    let login = server.seen().into_iter().find(|seen| seen.target == "/token").unwrap();
    assert_eq!(login.method, "POST");
    let form = String::from_utf8(login.body).unwrap();
    assert_eq!(
        form,
        "grant_type=refresh_token&client_id=swrctl&service=dockyard&scope=repository%3Aa%2Fb%3Apull&refresh_token=refresh%2Fme"
    );
}

#[tokio::test]
async fn basic_authentication_needs_credentials() {
    let basic = |seen: &Seen| match seen.header("authorization") {
        Some("Basic Ym9iOmh1bnRlcjItaXMtc2VjcmV0") => Answer::new(200),
        _ => Answer::new(401).header("WWW-Authenticate", r#"Basic realm="Registry Realm""#),
    };
    let server = Server::start(basic).await;
    logged_in(&server).ping().await.unwrap();
    let error = client(&server).ping().await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Unauthorized);
    assert!(error.problem().message.english().starts_with("the registry asks for credentials: GET http://127.0.0.1:"));
    let credentials = Credentials::Basic { username: "eve".to_owned(), password: Secret::new("wrong") };
    let eve = Client::new(Settings { credentials, ..settings(&server) }).unwrap();
    assert!(
        eve.ping()
            .await
            .unwrap_err()
            .problem()
            .message
            .english()
            .starts_with("the registry does not take these credentials")
    );
}

#[tokio::test]
async fn a_token_that_covers_less_than_asked_for_is_noticed() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let pull_only = r#"{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}"#;
    let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(pull_only));
    let answer = Answer::json(200, &format!(r#"{{"token":"{token}"}}"#));
    let server = registry(move |_, _| answer.clone(), found).await;
    let client = logged_in(&server);
    client.authorize(&repository("a/b"), Access::Pull).await.unwrap();
    let error = client.authorize(&repository("a/b"), Access::PullPush).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Denied);
    assert!(error.to_string().contains("repository:a/b:pull,push"), "{error}");
}

#[tokio::test]
async fn a_missing_organization_is_not_called_bad_credentials() {
    let missing = |_: &Seen, _: &str| Answer::error(401, "DENIED", "namespace portal does not exist");
    let server = registry(numbered, missing).await;
    let error = logged_in(&server).start_upload(&repository("portal/x")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::MissingOrganization);
    assert_eq!(error.problem().code.as_str(), "missing-organization");
    assert_eq!(server.count("/token"), 1);
}

#[tokio::test]
async fn a_refused_head_is_asked_for_its_reason() {
    let missing = |seen: &Seen, _: &str| match seen.method.as_str() {
        "HEAD" => Answer::new(401),
        _ => Answer::error(401, "DENIED", "namespace portal does not exist"),
    };
    let server = registry(numbered, missing).await;
    let error = logged_in(&server).head_manifest(&repository("portal/x"), &tag("t")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::MissingOrganization);
    assert!(error.to_string().contains("namespace portal"), "{error}");
}

#[tokio::test]
async fn a_blocked_tenant_stops_every_further_request() {
    let blocked = |_: &Seen, _: &str| Answer::error(401, "DENIED", "Not allow to login, upload or download image");
    let server = registry(numbered, blocked).await;
    let client = Client::new(Settings { retries: 3, ..settings(&server) }).unwrap();
    assert_eq!(*client.tags(&repository("a/b")).await.unwrap_err().kind(), Kind::BlockedTenant);
    let before = server.seen().len();
    for _ in 0..3 {
        let error = client.tags(&repository("a/c")).await.unwrap_err();
        assert_eq!(*error.kind(), Kind::BlockedTenant);
        assert!(error.to_string().contains("30 minutes"), "{error}");
    }
    assert_eq!(server.seen().len(), before);
}

#[tokio::test]
async fn a_scheme_nobody_speaks_is_named_as_the_reason() {
    let server = Server::start(|_| Answer::new(401).header("WWW-Authenticate", "Negotiate")).await;
    let error = client(&server).tags(&repository("a/b")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Protocol);
    assert!(error.to_string().contains("Basic, Bearer"), "{error}");
}

#[tokio::test]
async fn a_token_server_that_is_not_there_is_waited_for_together() {
    let mute = |seen: &Seen, number: usize| numbered(seen, number).after(Duration::from_secs(30));
    let server = registry(mute, found).await;
    let times = Times { metadata: Duration::from_millis(300), ..Times::default() };
    let credentials = Credentials::Basic { username: "bob".to_owned(), password: Secret::new(PASSWORD) };
    let client = Client::with_times(Settings { credentials, ..settings(&server) }, times).unwrap();
    let start = std::time::Instant::now();
    let repositories: Vec<_> = (0..20).map(|n| repository(&format!("a/{n}"))).collect();
    for asked in join_all(repositories.iter().map(|one| client.tags(one))).await {
        assert_eq!(*asked.unwrap_err().kind(), Kind::Timeout);
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// A client that is going to read from these repositories.
fn expecting(server: &Server, names: &[&str]) -> Client {
    let client = logged_in(server);
    client.expect(names.iter().map(|name| (repository(name), Access::Pull)));
    client
}

async fn heads(client: &Client, names: &[&str]) {
    let repositories: Vec<_> = names.iter().map(|name| repository(name)).collect();
    let reference = tag("t");
    let found = join_all(repositories.iter().map(|one| client.head_manifest(one, &reference))).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
}

/// The scopes of every token that was asked for.
fn asked_scopes(server: &Server) -> Vec<Vec<String>> {
    let asked = server.seen().into_iter().filter(|seen| seen.target.starts_with("/token"));
    asked.map(|seen| scopes_of(&seen)).collect()
}

fn scopes_of(seen: &Seen) -> Vec<String> {
    let query = seen.target.split_once('?').unwrap().1.as_bytes();
    let pairs = url::form_urlencoded::parse(query);
    pairs.filter(|(name, _)| name == "scope").map(|(_, scope)| scope.into_owned()).collect()
}

/// A JSON web token that says what it covers.
fn stating(scopes: &[String]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let access = scopes.iter().map(|scope| {
        let parts: Vec<&str> = scope.split(':').collect();
        let actions: Vec<&str> = parts[2].split(',').collect();
        serde_json::json!({"type": parts[0], "name": parts[1], "actions": actions})
    });
    let claims = serde_json::json!({"access": access.collect::<Vec<_>>()});
    format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn token_answer(token: &str) -> Answer {
    Answer::json(200, &serde_json::json!({"token": token, "expires_in": 900}).to_string())
}

const NAMES: [&str; 3] = ["a/b", "a/c", "b/d"];
const SCOPES: [&str; 3] = ["repository:a/b:pull", "repository:a/c:pull", "repository:b/d:pull"];

#[tokio::test]
async fn one_token_covers_all_that_is_expected() {
    let judge = |seen: &Seen, token: &str| if seen.method == "GET" { Answer::new(200) } else { found(seen, token) };
    let server = registry(|seen, _| token_answer(&stating(&scopes_of(seen))), judge).await;
    let client = expecting(&server, &NAMES);
    client.ping().await.unwrap();
    client.authorize(&repository("a/c"), Access::Pull).await.unwrap();
    heads(&client, &NAMES).await;
    assert_eq!(asked_scopes(&server), [SCOPES]);
}

#[tokio::test]
async fn short_lived_tokens_are_shared_and_replaced_together() {
    let short = |_: &Seen, number: usize| Answer::json(200, &format!(r#"{{"token":"t{number}","expires_in":1}}"#));
    let server = registry(short, found).await;
    let client = expecting(&server, &NAMES);
    heads(&client, &NAMES).await;
    tokio::time::sleep(Duration::from_millis(850)).await;
    heads(&client, &NAMES).await;
    assert_eq!(asked_scopes(&server), [SCOPES, SCOPES]);
}

#[tokio::test]
async fn who_gives_one_scope_a_token_is_asked_for_each() {
    let server = registry(|seen, _| token_answer(&stating(&scopes_of(seen)[..1])), found).await;
    let client = expecting(&server, &NAMES);
    for name in NAMES {
        heads(&client, &[name]).await;
    }
    assert_eq!(asked_scopes(&server), [&SCOPES[..], &SCOPES[1..2], &SCOPES[2..]]);
}

#[tokio::test]
async fn one_refused_scope_does_not_spoil_the_others() {
    let partial = |seen: &Seen, number: usize| {
        if scopes_of(seen).contains(&SCOPES[1].to_owned()) {
            Answer::error(403, "DENIED", "not allowed")
        } else {
            numbered(seen, number)
        }
    };
    let server = registry(partial, found).await;
    let client = expecting(&server, &NAMES);
    heads(&client, &NAMES[..1]).await;
    heads(&client, &NAMES[2..]).await;
    let error = client.head_manifest(&repository(NAMES[1]), &tag("t")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Denied);
    assert_eq!(asked_scopes(&server), [&SCOPES[..], &SCOPES[..1], &SCOPES[2..], &SCOPES[1..2]]);
}

#[tokio::test]
async fn a_token_that_hides_what_it_covers_is_believed_until_it_is_refused() {
    let server =
        registry(numbered, |seen, token| if token == "t1" { challenge(seen) } else { found(seen, token) }).await;
    let client = expecting(&server, &NAMES);
    for name in NAMES {
        heads(&client, &[name]).await;
    }
    assert_eq!(asked_scopes(&server), [&SCOPES[..], &SCOPES[..1], &SCOPES[1..2], &SCOPES[2..]]);
}

#[tokio::test]
async fn an_expired_token_that_states_what_it_covers_is_replaced_by_its_like() {
    let expired = Arc::new(AtomicUsize::new(0));
    let limit = Arc::clone(&expired);
    let give = |seen: &Seen, number: usize| token_answer(&format!("{}{number}", stating(&scopes_of(seen))));
    let server = registry(give, move |seen, token| {
        let number: usize = token[token.len() - 1..].parse().unwrap();
        if number > limit.load(Ordering::SeqCst) { found(seen, token) } else { challenge(seen) }
    })
    .await;
    let client = expecting(&server, &NAMES);
    heads(&client, &NAMES).await;
    expired.store(1, Ordering::SeqCst);
    heads(&client, &NAMES).await;
    assert_eq!(asked_scopes(&server), [SCOPES, SCOPES]);
}

#[tokio::test]
async fn who_had_to_wait_for_its_turn_carries_a_token_that_is_good_then() {
    let short = |_: &Seen, number: usize| Answer::json(200, &format!(r#"{{"token":"t{number}","expires_in":1}}"#));
    // Each answer takes longer than a token lives.
    let server = registry(short, |seen, _| match seen.method.as_str() {
        "POST" => Answer::new(202).header("Location", format!("{}1", seen.target)),
        "PUT" => Answer::new(201).after(Duration::from_millis(1200)),
        _ => Answer::new(200).after(Duration::from_millis(1200)),
    })
    .await;
    let limits = Limits { concurrency: Some(1), uploads: Some(1), ..Limits::default() };
    let client = Client::new(Settings { limits, ..settings(&server) }).unwrap();
    let (at, blob) = (repository("a"), blob_of(b"x"));
    let head = || client.head_blob(&at, &blob.digest);
    tokio::join!(head(), head(), head()).2.unwrap();
    let put = || async {
        let bytes = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"x"))]);
        let upload = client.start_upload(&at).await?;
        client.finish_upload(upload, &blob, Box::pin(bytes), CheckedBy::Us).await
    };
    let (first, second) = tokio::join!(put(), put());
    first.and(second).unwrap();
    for (method, count) in [("HEAD", 3), ("PUT", 2)] {
        let carried = server.seen().into_iter().filter(|seen| seen.method == method);
        let tokens: BTreeSet<_> = carried.map(|seen| seen.headers["authorization"].clone()).collect();
        assert_eq!(tokens.len(), count, "{method}: {tokens:?}");
    }
}
