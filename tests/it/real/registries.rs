//! The registries that other tests rely on behave as their names say.

use reqwest::{Method, StatusCode};

use crate::support::authority::Authority;
use crate::support::content::{Format, image};
use crate::support::counting::{Proxy, first_answers};
use crate::support::registry::{PASSWORD, Registry, USER};
use crate::support::token::TokenServer;
use crate::support::tools::{skopeo, skopeo_raw};

const BOTH: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

#[test]
fn a_plain_registry_returns_every_format_byte_for_byte() {
    let registry = Registry::plain();
    let artifacts = [
        image(1).build(),
        image(2).format(Format::Docker).build(),
        image(3).index(&BOTH),
        image(4).format(Format::Docker).index(&BOTH),
        image(5).index_with_attestations(&BOTH),
    ];
    for (number, artifact) in (0..).zip(&artifacts) {
        let tag = format!("v{number}");
        artifact.push(&registry.http(), "library/app", &tag);
        let read = skopeo_raw(&format!("{}/library/app:{tag}", registry.host()));
        assert_eq!(read.as_bytes(), artifact.manifest.bytes, "{tag}");
        let head = registry.http().manifest(Method::HEAD, "library/app", &tag).expect_status(200);
        assert_eq!(head.header("docker-content-digest"), artifact.digest());
    }
    assert_eq!(image(3).index(&BOTH), artifacts[2], "the same seed gives the same bytes");
}

#[test]
fn a_registry_deletes_and_keeps_its_blobs_where_tests_can_damage_them() {
    let registry = Registry::plain();
    let artifact = image(1).build();
    artifact.push(&registry.http(), "a/b", "v1");
    for blob in artifact.all_blobs() {
        assert_eq!(std::fs::read(registry.blob_file(&blob.digest)).unwrap(), blob.bytes);
    }
    let path = format!("/v2/a/b/manifests/{}", artifact.digest());
    registry.http().send(Method::DELETE, &path, &[], Vec::new()).expect_status(202);
    registry.http().manifest(Method::HEAD, "a/b", "v1").expect_status(404);
}

#[test]
fn htpasswd_lets_in_its_user_only() {
    let registry = Registry::htpasswd();
    let challenge = registry.http().get("/v2/").expect_status(401);
    assert!(challenge.header("www-authenticate").starts_with("Basic "));
    registry.http().basic(USER, "wrong").get("/v2/").expect_status(401);
    let artifact = image(1).build();
    artifact.push(&registry.http().basic(USER, PASSWORD), "a/b", "v1");

    let reference = format!("docker://{}/a/b:v1", registry.host());
    let inspect = |password: &str| skopeo(&["inspect", "--tls-verify=false", "--raw", "--creds", password, &reference]);
    assert_eq!(inspect(&format!("{USER}:{PASSWORD}")).expect_success().stdout.as_bytes(), artifact.manifest.bytes);
    let refused = inspect(&format!("{USER}:wrong")).expect_code(1);
    assert!(refused.stderr.contains("unauthorized"), "{refused}");
}

#[test]
fn tls_is_trusted_through_its_authority_only() {
    let authority = Authority::new();
    let registry = Registry::tls(&authority);
    let artifact = image(1).build();
    artifact.push(&registry.http(), "a/b", "v1");

    let reference = format!("docker://{}/a/b:v1", registry.host());
    let inspect = |folder: &Authority| {
        let folder = folder.folder().to_str().expect("temporary paths are UTF-8");
        skopeo(&["inspect", "--raw", "--cert-dir", folder, &reference])
    };
    assert_eq!(inspect(&authority).expect_success().stdout.as_bytes(), artifact.manifest.bytes);
    let refused = inspect(&Authority::new()).expect_code(1);
    assert!(refused.stderr.contains("certificate"), "{refused}");
    assert!(registry.log().contains("tls"), "the registry logs what it does");
}

#[test]
fn a_certificate_can_be_expired_or_for_another_host() {
    let authority = Authority::new();
    for (identity, complaint) in
        [(authority.expired_identity(), "expired"), (authority.identity_for(&["other.test"], 4096), "SAN")]
    {
        let registry = Registry::tls_with(&authority, &identity);
        assert!(registry.http().try_send(Method::GET, "/v2/", &[], Vec::new()).is_err());
        let folder = authority.folder().to_str().expect("temporary paths are UTF-8");
        let refused = skopeo(&["list-tags", "--cert-dir", folder, &format!("docker://{}/a/b", registry.host())]);
        assert!(refused.expect_code(1).stderr.contains(complaint));
    }
    assert!(std::fs::read_to_string(authority.file()).unwrap().contains("BEGIN CERTIFICATE"));
}

#[test]
fn tokens_open_what_their_scopes_name() {
    let tokens = TokenServer::start();
    let registry = Registry::token(&tokens);
    let challenge = registry.http().get("/v2/").expect_status(401);
    assert!(challenge.header("www-authenticate").contains(&tokens.realm()), "{challenge:?}");

    let artifact = image(1).build();
    artifact.push(&registry.http().bearer(&tokens.token("repository:a/b:pull,push")), "a/b", "v1");
    let pull_only = registry.http().bearer(&tokens.token("repository:a/b:pull"));
    pull_only.manifest(Method::HEAD, "a/b", "v1").expect_status(200);
    pull_only.send(Method::POST, "/v2/a/b/blobs/uploads/", &[], Vec::new()).expect_status(401);

    let reference = format!("docker://{}/a/b:v1", registry.host());
    let inspect = |credentials: &[&str]| {
        skopeo(&[&["inspect", "--tls-verify=false", "--raw"], credentials, &[reference.as_str()]].concat())
    };
    let (right, wrong) = (format!("{USER}:{PASSWORD}"), format!("{USER}:wrong"));
    assert_eq!(inspect(&["--creds", &right]).expect_success().stdout.as_bytes(), artifact.manifest.bytes);
    inspect(&["--creds", &wrong]).expect_code(1);
    inspect(&[]).expect_code(1);
    assert!(tokens.recorder().exchanges().iter().any(|exchange| exchange.status == 401));
}

#[test]
fn anyone_gets_a_token_to_pull_what_is_public() {
    let tokens = TokenServer::start();
    let registry = Registry::token(&tokens);
    let artifact = image(1).build();
    artifact.push(&registry.http().bearer(&tokens.token("repository:public/app:pull,push")), "public/app", "v1");
    assert_eq!(skopeo_raw(&format!("{}/public/app:v1", registry.host())).as_bytes(), artifact.manifest.bytes);
}

#[test]
fn the_counting_proxy_counts_requests_and_bytes() {
    let registry = Registry::plain();
    let proxy = Proxy::counting(registry.address());
    let artifact = image(1).layers(1, 100_000).build();
    artifact.push(&proxy.http(), "a/b", "v1");

    let record = proxy.recorder();
    let uploads: Vec<(String, String)> =
        artifact.all_blobs().iter().map(|blob| ("a/b".to_owned(), blob.digest.clone())).collect();
    assert_eq!(record.finished_uploads(), uploads);
    assert_eq!((record.count("POST", "/uploads/"), record.count("PUT", "/manifests/v1")), (2, 1));
    let size = |blob: &crate::support::content::Blob| blob.bytes.len() as u64;
    let whole = artifact.all_blobs().iter().map(|blob| size(blob)).sum::<u64>() + size(&artifact.manifest);
    assert_eq!((record.sent(), record.received()), (whole, 0));

    record.clear();
    proxy.http().manifest(Method::HEAD, "a/b", "v1").expect_status(200);
    let exchanges = record.exchanges();
    assert_eq!(exchanges.len(), 1);
    assert_eq!((exchanges[0].method.as_str(), exchanges[0].received, exchanges[0].authorized), ("HEAD", 0, false));

    let folder = tempfile::tempdir().unwrap();
    let copy = format!("dir:{}", folder.path().display());
    skopeo(&["copy", "--src-tls-verify=false", &format!("docker://{}/a/b:v1", proxy.host()), &copy]).expect_success();
    assert!(record.received() >= whole, "{} of {whole} bytes came down", record.received());
}

#[test]
fn a_proxy_answers_in_place_of_a_busy_registry() {
    let registry = Registry::plain();
    let busy = first_answers(2, StatusCode::SERVICE_UNAVAILABLE, Method::POST, "/uploads/");
    let proxy = Proxy::start(registry.address(), None, busy);
    let begin = || proxy.http().send(Method::POST, "/v2/a/b/blobs/uploads/", &[], Vec::new());
    for _ in 0..2 {
        assert_eq!(begin().expect_status(503).header("retry-after"), "0");
    }
    begin().expect_status(202);
    proxy.http().get("/v2/").expect_status(200);
}
