//! Vendors' APIs beside the registry's: what they answer, right and wrong.

use super::server::{Answer, Server};
use super::{repository, settings};
use crate::registry::{AccessKeys, Client, Creation, Kind, Secret, Settings, Vendor};

const SECRET_KEY: &str = "sk-example-0123456789-abcdefghij";

fn swr(server: &Server) -> Client {
    let keys = AccessKeys { access_key: "AKEXAMPLE".to_owned(), secret_key: Secret::new(SECRET_KEY) };
    let vendor = Vendor::Swr { host: server.host().parse().unwrap(), keys };
    Client::new(Settings { vendor, retries: 1, ..settings(server) }).unwrap()
}

/// What Huawei Cloud's gateway says of a wrong signature, and SWR of everything else.
fn gateway(status: u16, message: &str) -> Answer {
    Answer::json(status, &serde_json::json!({"error_code": "APIG.0301", "error_msg": message}).to_string())
}

#[tokio::test]
async fn requests_of_the_management_api_are_signed_and_carry_no_login_of_the_registry() {
    let server = Server::start(|_| Answer::json(200, r#"{"namespaces":[{"name":"team","id":1},{"name":""}]}"#)).await;
    let listed = swr(&server).management().unwrap().organizations().await.unwrap();
    assert_eq!((listed.names, listed.strange), (vec![repository("team")], vec![]));
    let [request] = server.seen().try_into().unwrap();
    assert_eq!(request.line(), "GET /v2/manage/namespaces");
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders="), "{authorization}");
    assert_eq!(request.header("x-sdk-date").map(str::len), Some("20260102T030405Z".len()));
}

#[tokio::test]
async fn only_equal_names_are_organizations_that_are_seen() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/manage/namespaces?filter=namespace%3A%3Ateam%7Cmode%3A%3Avisible" => {
            Answer::json(200, r#"{"namespaces":[{"name":"team-2"}]}"#)
        }
        _ => Answer::json(200, r#"{"namespaces":[{"name":"other"}]}"#),
    })
    .await;
    let client = swr(&server);
    assert!(!client.management().unwrap().sees(&repository("team")).await.unwrap());
    assert!(client.management().unwrap().sees(&repository("other")).await.unwrap());
}

#[tokio::test]
async fn a_conflict_after_a_lost_answer_is_an_organization_of_our_own() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "POST" => Answer::error(409, "SVCSTG.SWR.4090001", "namespace team already exists"),
        _ => Answer::json(200, r#"{"namespaces":[{"name":"team"}]}"#),
    })
    .await;
    let client = swr(&server);
    let created = client.management().unwrap().create(&repository("team")).await.unwrap();
    assert!(matches!(created, Creation::Present), "{created:?}");
    let taken = client.management().unwrap().create(&repository("theirs")).await.unwrap();
    assert!(matches!(taken, Creation::Taken), "{taken:?}");
    assert_eq!(server.seen()[0].body, br#"{"namespace":"team"}"#);
}

#[tokio::test]
async fn what_the_management_api_refuses_is_told_in_its_words_without_the_key() {
    for (status, kind) in [(401, Kind::Unauthorized), (403, Kind::Denied), (400, Kind::UnexpectedStatus)] {
        let server = Server::start(move |_| gateway(status, &format!("verify aksk {SECRET_KEY} signature fail"))).await;
        let error = swr(&server).management().unwrap().organizations().await.unwrap_err();
        assert_eq!(*error.kind(), kind);
        let told = format!("{error} {error:?} {:?}", error.problem());
        assert!(told.contains("APIG.0301: verify aksk *** signature fail") && !told.contains(SECRET_KEY), "{told}");
    }
}

#[tokio::test]
async fn a_busy_management_api_is_asked_again() {
    let server = Server::start(|_| Answer::new(503).header("Retry-After", "0")).await;
    let error = swr(&server).management().unwrap().organizations().await.unwrap_err();
    assert_eq!((*error.kind() == Kind::ServerError, server.seen().len()), (true, 2), "{error}");
}

#[tokio::test]
async fn what_is_no_list_of_organizations_is_an_error() {
    for body in ["<html>log in</html>", "[]", r#"{"namespaces":[{}]}"#, r#"{"namespaces":"team"}"#, ""] {
        let server = Server::start(move |_| Answer::new(200).body(body)).await;
        let error = swr(&server).management().unwrap().organizations().await.unwrap_err();
        assert_eq!(*error.kind(), Kind::Protocol, "{body}: {error}");
    }
    let server = Server::start(|_| Answer::json(200, r#"{"namespaces":null}"#)).await;
    assert_eq!(swr(&server).management().unwrap().organizations().await.unwrap().names, vec![]);
}
