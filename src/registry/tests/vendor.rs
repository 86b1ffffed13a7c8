//! Vendors' APIs beside the registry's: what they answer, right and wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::server::{Answer, Seen, Server};
use super::{PASSWORD, repository, settings};
use crate::image::{Listed, Repository};
use crate::registry::{AccessKeys, Client, Creation, Credentials, Kind, Secret, Settings, Vendor};

const SECRET_KEY: &str = "sk-example-0123456789-abcdefghij";

fn swr(server: &Server) -> Client {
    let keys = AccessKeys { access_key: "AKEXAMPLE".to_owned(), secret_key: Secret::new(SECRET_KEY) };
    let vendor = Vendor::Swr { host: server.host().parse().unwrap(), keys, tag_lists: true };
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

/// The value of a parameter in a request's query.
fn parameter(seen: &Seen, name: &str) -> Option<String> {
    let query = seen.target.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn names(listed: &Listed<Repository>) -> Vec<&str> {
    listed.names.iter().map(Repository::as_str).collect()
}

/// SWR's lists: a page of at most `most` of the entries `team/r0` and so on, said to be of `total`.
fn page_of_swr(seen: &Seen, most: usize, entries: usize, total: Option<usize>) -> Answer {
    let filter = parameter(seen, "filter").unwrap();
    let number = |name: &str| filter.split('|').find_map(|part| part.strip_prefix(name)?.parse::<usize>().ok());
    let (offset, limit) = (number("offset::").unwrap(), number("limit::").unwrap());
    assert!(offset.is_multiple_of(limit), "SWR wants multiples: {filter}");
    let page: Vec<_> = (offset..entries)
        .take(limit.min(most))
        .map(|number| serde_json::json!({"namespace": "team", "name": format!("r{number}"), "size": 1}))
        .collect();
    let answer = Answer::json(200, &serde_json::json!(page).to_string());
    match total {
        Some(total) => answer.header("Content-Range", format!("{offset}-{}/{total}", page.len())),
        None => answer,
    }
}

#[tokio::test]
async fn swr_s_repositories_come_page_by_page_also_where_its_pages_are_smaller_than_asked_for() {
    for (most, entries, total, requests) in [
        (1000, 3, Some(3), 1),
        (1000, 2500, Some(2500), 3),
        (100, 250, Some(250), 3),
        (100, 250, None, 3),
        (1000, 0, Some(0), 1),
    ] {
        let server = Server::start(move |seen| page_of_swr(seen, most, entries, total)).await;
        let listed = swr(&server).repositories(Some(&repository("team"))).await.unwrap();
        assert_eq!((listed.names.len(), server.seen().len()), (entries, requests), "{most} {entries} {total:?}");
        let filter = parameter(&server.seen()[0], "filter").unwrap();
        assert_eq!(filter, "center::self|namespace::team|offset::0|limit::1000");
    }
}

#[tokio::test]
async fn without_a_namespace_every_organization_of_swr_is_listed_and_only_equal_names_count() {
    let server = Server::start(|seen| match seen.target.split('?').next().unwrap() {
        "/v2/manage/namespaces" => Answer::json(200, r#"{"namespaces":[{"name":"team"},{"name":"team-2"}]}"#),
        _ => Answer::json(
            200,
            r#"[{"namespace":"team","name":"a/b"},{"namespace":"team-2","name":"c"},{"namespace":"team","name":"D"},
                {"namespace":"team","name":""}]"#,
        )
        .header("Content-Range", "0-4/4"),
    })
    .await;
    let listed = swr(&server).repositories(None).await.unwrap();
    assert_eq!(names(&listed), ["team/a/b", "team-2/c"]);
    assert_eq!(listed.strange, ["team/D", "team/"]);
}

#[tokio::test]
async fn half_a_list_of_swr_is_an_error_and_one_that_repeats_itself_ends() {
    let server = Server::start(|seen| page_of_swr(seen, 1000, 5, Some(9))).await;
    let error = swr(&server).repositories(Some(&repository("team"))).await.unwrap_err();
    assert!(error.to_string().contains("its list ends after 5 of 9 entries"), "{error}");
    let server = Server::start(|_| Answer::json(200, r#"[{"namespace":"team","name":"a"}]"#)).await;
    assert_eq!(names(&swr(&server).repositories(Some(&repository("team"))).await.unwrap()), ["team/a"]);
    assert_eq!(server.seen().len(), 2);
    let server = Server::start(|_| Answer::json(200, "null")).await;
    assert_eq!(swr(&server).repositories(Some(&repository("team"))).await.unwrap(), vec![].into());
}

fn harbor(server: &Server, credentials: Credentials) -> Client {
    Client::new(Settings { vendor: Vendor::Harbor, credentials, ..settings(server) }).unwrap()
}

fn robot() -> Credentials {
    Credentials::Basic { username: "robot$ci".to_owned(), password: Secret::new(PASSWORD) }
}

#[tokio::test]
async fn harbor_s_projects_and_repositories_are_followed_from_link_to_link() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/api/v2.0/projects?page=1&page_size=100" => Answer::json(200, r#"[{"name":"shop"}]"#)
            .header("Link", r#"</api/v2.0/projects?page=2&page_size=100>; rel="next""#)
            .header("X-Total-Count", "2"),
        "/api/v2.0/projects?page=2&page_size=100" => Answer::json(200, r#"[{"name":"tools"}]"#)
            .header("Link", r#"</api/v2.0/projects?page=1&page_size=100>; rel="prev""#)
            .header("X-Total-Count", "2"),
        "/api/v2.0/projects/shop/repositories?page=1&page_size=100" => {
            // As behind a proxy that does not know its own name.
            let link = "<http://internal.invalid/api/v2.0/projects/shop/repositories?page=2&page_size=100>; rel=next";
            Answer::json(200, r#"[{"name":"shop/cart"},{"name":"shop/A"}]"#).header("Link", link)
        }
        "/api/v2.0/projects/shop/repositories?page=2&page_size=100" => {
            Answer::json(200, r#"[{"name":"shop/a/b"}]"#).header("X-Total-Count", "3")
        }
        "/api/v2.0/projects/tools/repositories?page=1&page_size=100" => Answer::json(200, "[]"),
        other => panic!("{other}"),
    })
    .await;
    let listed = harbor(&server, robot()).repositories(None).await.unwrap();
    assert_eq!(
        (names(&listed), listed.strange.as_slice()),
        (vec!["shop/cart", "shop/a/b"], &["shop/A".to_owned()][..])
    );
    let expected = format!("Basic {}", STANDARD.encode(format!("robot$ci:{PASSWORD}")));
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some(&expected)));
}

#[tokio::test]
async fn a_named_project_of_harbor_needs_no_list_of_projects() {
    let server = Server::start(|_| Answer::json(200, r#"[{"name":"shop/cart"}]"#)).await;
    let listed = harbor(&server, Credentials::Anonymous).repositories(Some(&repository("shop"))).await.unwrap();
    assert_eq!((names(&listed), server.seen().len()), (vec!["shop/cart"], 1));
    assert_eq!(server.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_harbor_without_that_api_is_asked_for_its_catalog() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/_catalog?n=1000" => Answer::json(200, r#"{"repositories":["shop/cart"]}"#),
        "/v2/" => Answer::new(200),
        _ => Answer::new(404).body("404 page not found"),
    })
    .await;
    assert_eq!(names(&harbor(&server, robot()).repositories(None).await.unwrap()), ["shop/cart"]);
    let missing = Server::start(|_| Answer::error(404, "NOT_FOUND", "project shop not found")).await;
    let error = harbor(&missing, robot()).repositories(Some(&repository("shop"))).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::MissingOrganization, "{error}");
}

#[tokio::test]
async fn lists_that_run_in_circles_or_end_too_early_are_errors() {
    let server = Server::start(|seen| {
        let other = if seen.target.contains("page=1&") { 2 } else { 1 };
        let link = format!("</api/v2.0/projects/shop/repositories?page={other}&page_size=100>; rel=next");
        Answer::json(200, r#"[{"name":"shop/cart"}]"#).header("Link", link)
    })
    .await;
    let error = harbor(&server, robot()).repositories(Some(&repository("shop"))).await.unwrap_err();
    assert!(error.to_string().contains("its pages do not come to an end"), "{error}");
    assert_eq!(server.seen().len(), 2);
    let server = Server::start(|_| Answer::json(200, r#"[{"name":"shop/cart"}]"#).header("X-Total-Count", "7")).await;
    let error = harbor(&server, robot()).repositories(Some(&repository("shop"))).await.unwrap_err();
    assert!(error.to_string().contains("its list ends after 1 of 7 entries"), "{error}");
}

#[tokio::test]
async fn refusals_and_nonsense_of_lists_are_told_without_the_password() {
    let encoded = STANDARD.encode(format!("robot$ci:{PASSWORD}"));
    for (answer, kind) in [
        (Answer::error(401, "UNAUTHORIZED", &format!("unauthorized: {encoded} {PASSWORD}")), Kind::Unauthorized),
        (Answer::error(403, "FORBIDDEN", "forbidden"), Kind::Denied),
        (Answer::new(503), Kind::ServerError),
        (Answer::new(302).header("Location", "/login"), Kind::UnexpectedStatus),
        (Answer::new(200).body("<html>log in</html>"), Kind::Protocol),
        (Answer::json(200, r#"{"name":"shop"}"#), Kind::Protocol),
    ] {
        let server = Server::start(move |_| answer.clone()).await;
        let error = harbor(&server, robot()).repositories(Some(&repository("shop"))).await.unwrap_err();
        assert_eq!(*error.kind(), kind, "{error}");
        let told = format!("{error} {error:?} {:?}", error.problem());
        assert!(!told.contains(PASSWORD) && !told.contains(&encoded), "{told}");
    }
}

fn hub(server: &Server, credentials: Credentials) -> Client {
    let vendor = Vendor::DockerHub { host: server.host().parse().unwrap() };
    Client::new(Settings { credentials, vendor, ..settings(server) }).unwrap()
}

/// Docker Hub's list of a namespace in two pages; private repositories are for who has a token.
fn hub_s_answer(seen: &Seen) -> Answer {
    let known = seen.header("authorization") == Some("Bearer token-of-hub");
    match seen.target.as_str() {
        "/v2/auth/token" if String::from_utf8_lossy(&seen.body).contains(PASSWORD) => {
            Answer::json(200, r#"{"access_token":"token-of-hub"}"#)
        }
        "/v2/auth/token" => {
            Answer::json(401, r#"{"detail":"Incorrect authentication credentials","message":"incorrect"}"#)
        }
        "/v2/namespaces/team/repositories?page_size=1000" => Answer::json(
            200,
            r#"{"count":4,"next":"https://hub.docker.com/v2/namespaces/team/repositories?page=2&page_size=1000",
                "results":[{"name":"web","namespace":"team","repository_type":"image"},
                           {"name":"driver","repository_type":"plugin"}]}"#,
        ),
        "/v2/namespaces/team/repositories?page=2&page_size=1000" if known => Answer::json(
            200,
            r#"{"count":4,"next":null,"results":[{"name":"old","repository_type":null},{"name":"hidden"}]}"#,
        ),
        "/v2/namespaces/team/repositories?page=2&page_size=1000" => {
            Answer::json(200, r#"{"count":3,"next":null,"results":[{"name":"old","repository_type":null}]}"#)
        }
        _ => Answer::json(404, r#"{"message":"object not found","errinfo":{}}"#),
    }
}

#[tokio::test]
async fn docker_hub_lists_a_namespace_with_what_the_login_may_see_and_without_plugins() {
    let server = Server::start(hub_s_answer).await;
    let of_team = |credentials| {
        let client = hub(&server, credentials);
        async move { client.repositories(Some(&repository("team"))).await }
    };
    assert_eq!(names(&of_team(Credentials::Anonymous).await.unwrap()), ["team/web", "team/old"]);
    assert_eq!(server.count("/v2/auth/token"), 0);
    let login = |password: &str| Credentials::Basic { username: "bob".to_owned(), password: Secret::new(password) };
    assert_eq!(names(&of_team(login(PASSWORD)).await.unwrap()), ["team/web", "team/old", "team/hidden"]);
    let error = of_team(login("wrong-password")).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Unauthorized);
    assert!(!format!("{error} {error:?}").contains("wrong-password"), "{error}");
    let absent = hub(&server, Credentials::Anonymous).repositories(Some(&repository("nobody"))).await.unwrap_err();
    assert!(absent.is_not_found(), "{absent}");
}

#[tokio::test]
async fn digests_of_tags_are_read_where_they_are_digests_and_a_repository_that_is_not_there_has_none() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let wanted = digest.clone();
    let body = serde_json::json!([
        {"Tag": "v1", "digest": digest, "schema": 2},
        {"tag": "v2", "digest": digest},
        {"Tag": "v3", "digest": ""},
        {"Tag": "v4", "digest": null},
        {"Tag": "", "digest": digest},
    ]);
    let server = Server::start(move |seen| match seen.target.split('?').next().unwrap() {
        "/v2/manage/namespaces/team/repos/a$b$c/tags" => {
            Answer::json(200, &body.to_string()).header("Content-Range", "0-5/5")
        }
        "/v2/manage/namespaces/team/repos/closed/tags" => gateway(403, "no permission"),
        _ => gateway(404, "repo not found"),
    })
    .await;
    let client = swr(&server);
    let digests = client.listed_digests(&repository("team/a/b/c")).await.unwrap().unwrap();
    let tags: Vec<_> = digests.iter().map(|(tag, found)| (tag.as_str(), found.to_string() == wanted)).collect();
    assert_eq!(tags, [("v1", true), ("v2", true)]);
    assert_eq!(parameter(&server.seen()[0], "filter").unwrap(), "offset::0|limit::1000");
    for absent in ["team/absent", "no-organization"] {
        assert!(client.listed_digests(&repository(absent)).await.unwrap().unwrap().is_empty(), "{absent}");
    }
    let error = client.listed_digests(&repository("team/closed")).await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), Kind::Denied);
}
