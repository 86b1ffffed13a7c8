//! Tag lists and catalogs.

use super::server::{Answer, Server};
use super::{client, repository};
use crate::registry::Kind;

fn names<T: ToString>(listed: &[T]) -> Vec<String> {
    listed.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn both_kinds_of_links_lead_through_all_pages() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/" => Answer::new(200),
        "/v2/a/b/tags/list?n=1000" => {
            Answer::json(200, r#"{"tags":["1","2"]}"#).header("Link", r#"</v2/a/b/tags/list?last=2&n=2>; rel="next""#)
        }
        // An absolute link with a host nobody knows, as registries behind proxies send it.
        "/v2/a/b/tags/list?last=2&n=2" => Answer::json(200, r#"{"tags":["3","2"]}"#)
            .header("Link", "<https://internal.invalid/v2/a/b/tags/list?last=3&n=2>;rel=next"),
        "/v2/a/b/tags/list?last=3&n=2" => Answer::json(200, r#"{"tags":["4"]}"#),
        other => panic!("{other}"),
    })
    .await;
    let tags = client(&server).tags(&repository("a/b")).await.unwrap().unwrap();
    assert_eq!(names(&tags.names), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn null_and_empty_names_are_no_tags() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/none/tags/list?n=1000" => Answer::json(200, r#"{"name":"none","tags":null}"#),
        "/v2/empty/tags/list?n=1000" => Answer::json(200, r#"{"tags":["","v1",""]}"#),
        "/v2/gone/tags/list?n=1000" => Answer::error(404, "NAME_UNKNOWN", "repository name not known to registry"),
        _ => Answer::new(200),
    })
    .await;
    let client = client(&server);
    assert_eq!(client.tags(&repository("none")).await.unwrap(), Some(vec![].into()));
    assert_eq!(names(&client.tags(&repository("empty")).await.unwrap().unwrap().names), ["v1"]);
    assert_eq!(client.tags(&repository("gone")).await.unwrap(), None);
}

#[tokio::test]
async fn pages_that_run_in_circles_are_an_error() {
    let server = Server::start(|seen| {
        let next = if seen.target.contains("last=b") { "a" } else { "b" };
        Answer::json(200, r#"{"repositories":["x/y"]}"#).header("Link", format!("</v2/_catalog?last={next}>; rel=next"))
    })
    .await;
    let error = client(&server).catalog().await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Protocol);
    assert_eq!(server.count("_catalog"), 3);
}

#[tokio::test]
async fn a_registry_that_refuses_the_page_size_chooses_its_own() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/_catalog?n=1000" => Answer::error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested"),
        _ => Answer::json(200, r#"{"repositories":["a","b/c"]}"#),
    })
    .await;
    assert_eq!(names(&client(&server).catalog().await.unwrap().names), ["a", "b/c"]);
}

#[tokio::test]
async fn a_name_that_is_none_does_not_hide_the_others() {
    let server =
        Server::start(|_| Answer::json(200, r#"{"tags":["v1","a b","v2","a b"],"repositories":["A","b"]}"#)).await;
    let client = client(&server);
    let tags = client.tags(&repository("odd")).await.unwrap().unwrap();
    assert_eq!((names(&tags.names), tags.strange), (vec!["v1".to_owned(), "v2".to_owned()], vec!["a b".to_owned()]));
    let catalog = client.catalog().await.unwrap();
    assert_eq!((names(&catalog.names), catalog.strange), (vec!["b".to_owned()], vec!["A".to_owned()]));
}

#[tokio::test]
async fn what_is_no_list_is_an_error() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/page/tags/list?n=1000" => Answer::new(200).body("<html>log in</html>"),
        _ => Answer::error(404, "UNSUPPORTED", ""),
    })
    .await;
    let client = client(&server);
    assert_eq!(*client.tags(&repository("page")).await.unwrap_err().kind(), Kind::Protocol);
    assert!(client.catalog().await.unwrap_err().is_not_found());
}
