//! The stand-in for SWR shows the facts for which it stands.

use std::time::Duration;

use reqwest::Method;

use crate::support::authority::Authority;
use crate::support::content::{Format, image, push_blob};
use crate::support::swr::{ACCESS_KEY, SECRET_KEY, Settings, Swr};
use crate::support::tools::{openssl_hmac, skopeo};

const EVERYTHING: &str = "repository:team/app:pull,push";

fn swr() -> Swr {
    Swr::plain(Settings::with_organizations(&["team"]))
}

#[test]
fn the_login_is_what_openssl_derives() {
    assert_eq!(Swr::password(), openssl_hmac(SECRET_KEY, ACCESS_KEY));
}

#[test]
fn a_challenge_names_the_realm_and_a_scope_without_actions() {
    let swr = swr();
    let realm = format!("Bearer realm=\"http://{}/swr/auth/v2/registry/auth/\",service=\"dockyard\"", swr.host());
    assert_eq!(swr.http().get("/v2/").expect_status(401).header("www-authenticate"), realm);
    let of_tags = swr.http().get("/v2/team/app/tags/list").expect_status(401);
    assert_eq!(of_tags.header("www-authenticate"), format!("{realm},scope=\"repository:team/app:\""));
}

#[test]
fn over_tls_the_realm_is_too() {
    let authority = Authority::new();
    let swr = Swr::tls(Settings::with_organizations(&["team"]), &authority);
    let challenge = swr.http().get("/v2/").expect_status(401);
    assert!(challenge.header("www-authenticate").starts_with("Bearer realm=\"https://127.0.0.1:"));
    image(1).format(Format::Docker).build().push(&swr.logged_in(EVERYTHING), "team/app", "v1");
}

#[test]
fn a_token_comes_without_its_lifetime_and_ends() {
    let swr = Swr::plain(Settings { token_life: Duration::ZERO, ..Settings::with_organizations(&["team"]) });
    let login = swr.http().basic(&Swr::user(), &Swr::password());
    let answer = login.get("/swr/auth/v2/registry/auth/?service=dockyard").expect_status(200).json();
    assert_eq!(answer.as_object().expect("an object").keys().collect::<Vec<_>>(), ["token"]);
    swr.logged_in(EVERYTHING).get("/v2/").expect_status(401);
}

#[test]
fn a_wrong_password_gets_no_token() {
    let swr = swr();
    let wrong = swr.http().basic(&Swr::user(), "wrong");
    wrong.get("/swr/auth/v2/registry/auth/?service=dockyard").expect_status(401);
    swr.http().basic(ACCESS_KEY, &Swr::password()).get("/swr/auth/v2/registry/auth/").expect_status(401);
}

#[test]
fn a_token_is_good_for_its_scopes_only() {
    let swr = swr();
    image(1).format(Format::Docker).build().push(&swr.logged_in(EVERYTHING), "team/app", "v1");
    let puller = swr.logged_in("repository:team/app:pull");
    puller.manifest(Method::HEAD, "team/app", "v1").expect_status(200);
    puller.send(Method::POST, "/v2/team/app/blobs/uploads/", &[], Vec::new()).expect_status(401);
    puller.manifest(Method::HEAD, "team/other", "v1").expect_status(401);
}

#[test]
fn anyone_may_pull_a_public_repository() {
    let public = ["team/app".to_owned()].into();
    let swr = Swr::plain(Settings { public, ..Settings::with_organizations(&["team"]) });
    image(1).format(Format::Docker).build().push(&swr.registry().http(), "team/app", "v1");
    let reference = format!("docker://{}/team/app:v1", swr.host());
    skopeo(&["inspect", "--tls-verify=false", "--raw", &reference]).expect_success();
    skopeo(&["inspect", "--tls-verify=false", "--raw", &reference.replace("app", "other")]).expect_code(1);
}

#[test]
fn skopeo_logs_in_and_writes() {
    let swr = swr();
    let source = tempfile::tempdir().unwrap();
    image(1).build().write_layout(source.path(), "v1");
    let (layout, target) =
        (format!("oci:{}:v1", source.path().display()), format!("docker://{}/team/app:v1", swr.host()));
    let credentials = format!("{}:{}", Swr::user(), Swr::password());
    let copy = ["copy", "--format", "v2s2", "--dest-tls-verify=false", "--dest-creds", &credentials, &layout, &target];
    skopeo(&copy).expect_success();
    assert_eq!(swr.recorder().count("PUT", "/manifests/v1"), 1);
}

#[test]
fn a_blob_is_read_from_another_host_without_the_token() {
    let swr = swr();
    let http = swr.logged_in(EVERYTHING);
    let artifact = image(1).format(Format::Docker).build();
    artifact.push(&http, "team/app", "v1");
    let layer = &artifact.blobs[1];
    let redirect = http.get(&format!("/v2/team/app/blobs/{}", layer.digest)).expect_status(307);
    let location = redirect.header("location");
    assert!(location.starts_with(&format!("http://{}/", swr.storage().host())), "{location}");
    http.get(location).expect_status(400);
    assert_eq!(swr.http().get(location).expect_status(200).body, layer.bytes);
    assert_eq!(swr.storage().recorder().count("GET", &layer.digest), 2);
}

#[test]
fn a_missing_organization_is_denied_by_name() {
    let swr = swr();
    let absent = swr.logged_in("repository:absent/app:pull,push");
    let answer = absent.send(Method::POST, "/v2/absent/app/blobs/uploads/", &[], Vec::new()).expect_status(401);
    let error = &answer.json()["errors"][0];
    assert_eq!(error["code"], "DENIED");
    assert!(error["message"].as_str().expect("a text").contains("'absent'"));
}

#[test]
fn an_unknown_repository_has_null_for_tags() {
    let answer = swr().logged_in(EVERYTHING).get("/v2/team/app/tags/list").expect_status(200);
    assert_eq!(answer.json(), serde_json::json!({"name": "team/app", "tags": null}));
}

#[test]
fn there_is_no_catalog() {
    swr().logged_in(EVERYTHING).get("/v2/_catalog").expect_status(404);
}

#[test]
fn an_oci_index_is_refused_after_its_blobs_were_moved() {
    let swr = swr();
    let http = swr.logged_in(EVERYTHING);
    let index = image(1).index(&[("linux", "amd64")]);
    index.children[0].push(&http, "team/app", index.children[0].digest());
    let put = |manifest: &crate::support::content::Blob| {
        let headers = [("Content-Type", manifest.media_type)];
        http.send(Method::PUT, "/v2/team/app/manifests/v1", &headers, manifest.bytes.clone())
    };
    let refusal = put(&index.manifest).expect_status(400).json();
    assert_eq!(refusal["errors"][0]["errorMessage"], "Invalid image, fail to parse 'manifest.json'");
    image(1).format(Format::Docker).index(&[("linux", "amd64")]).push(&http, "team/app", "v1");
}

#[test]
fn a_single_oci_manifest_is_refused_where_that_is_asked_for() {
    let settings = Settings::with_organizations(&["team"]);
    let swr = Swr::plain(Settings { refuse_oci_manifests: true, ..settings });
    let http = swr.logged_in(EVERYTHING);
    let artifact = image(1).build();
    for blob in artifact.all_blobs() {
        push_blob(&http, "team/app", blob);
    }
    let headers = [("Content-Type", artifact.manifest.media_type)];
    let bytes = artifact.manifest.bytes.clone();
    http.send(Method::PUT, "/v2/team/app/manifests/v1", &headers, bytes).expect_status(400);
}
