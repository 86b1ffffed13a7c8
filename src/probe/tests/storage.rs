//! What is behind the login: organizations, object storage, large requests, and what no check may exceed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::path::{network, plain, result};
use super::servers::{answering, registry, silent, with_body};
use crate::lint::policy::Level;
use crate::network::Verdict::{Fail, Pass, Skip, Unknown, Warn};
use crate::network::judge::Need;
use crate::network::{Check, Mode, PathReport, Verdict};
use crate::probe::{Limits, PathTarget, path};
use crate::registry::Access;

const CONFIG: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// A storage host: `status` for what comes with Range and without a login.
async fn storage(status: &'static str) -> SocketAddr {
    answering(move |request, _| {
        let is_right = request.contains("range: bytes=0-0\r\n") && !request.contains("authorization:");
        with_body(if is_right { status } else { "400 Bad Request" }, "", "{")
    })
    .await
}

/// SWR with one image, which redirects to these storage hosts by turns.
async fn swr(hosts: Vec<String>) -> SocketAddr {
    let turn = Arc::new(AtomicUsize::new(0));
    answering(move |request, _| {
        let asked = request.split("\r\n").next().unwrap_or_default().replace(" http/1.1", "");
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
            "config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"{CONFIG}","size":2}},"layers":[]}}"#
        );
        match asked.as_str() {
            "get /v2/" => with_body("200 OK", "", "{}"),
            "get /v2/team/app/tags/list?n=1000" => with_body("200 OK", "", r#"{"name":"team/app","tags":["1"]}"#),
            "get /v2/team/app/manifests/1" => {
                let kind = "Content-Type: application/vnd.docker.distribution.manifest.v2+json\r\n";
                with_body("200 OK", kind, &manifest)
            }
            asked if asked.starts_with("get /v2/team/app/blobs/") && !hosts.is_empty() => {
                let host = &hosts[turn.fetch_add(1, Ordering::SeqCst) % hosts.len()];
                with_body("307 Temporary Redirect", &format!("Location: http://{host}/blob?Signature=s\r\n"), "")
            }
            asked if asked.starts_with("get /v2/team/app/blobs/") => with_body("200 OK", "", "{}"),
            asked if asked.starts_with("get /v2/nobody/") => with_body(
                "401 Unauthorized",
                "Content-Type: application/json\r\n",
                r#"{"errors":[{"code":"DENIED","message":"namespace nobody does not exist"}]}"#,
            ),
            _ => with_body("404 Not Found", "", "{}"),
        }
    })
    .await
}

async fn walked(hosts: Vec<String>, change: impl FnOnce(PathTarget) -> PathTarget) -> PathReport {
    let access = vec![("team/app".parse().unwrap(), Access::Pull)];
    // The system's own pins `localhost`.
    let hosts_file = Some("/dev/null".into());
    let target = PathTarget { is_swr: true, access, hosts_file, ..plain(swr(hosts).await) };
    Box::pin(path(&change(target))).await
}

fn verdicts(report: &PathReport) -> [Verdict; 3] {
    [Check::DnsObs, Check::ObsRedirect, Check::ObsRedirectRepeat].map(|check| result(report, check).verdict)
}

/// `127.0.0.1` and `localhost` are two hosts of one storage.
async fn two_hosts(status: [&'static str; 2]) -> Vec<String> {
    let [first, second] = [storage(status[0]).await, storage(status[1]).await];
    vec![format!("127.0.0.1:{}", first.port()), format!("localhost:{}", second.port())]
}

const GIVEN: &str = "206 Partial Content";

#[tokio::test]
async fn both_clusters_of_storage_are_found_and_read() {
    let report = walked(two_hosts([GIVEN, GIVEN]).await, |target| target).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Pass], "{report:?}");
    let repeat = result(&report, Check::ObsRedirectRepeat);
    assert_eq!(repeat.observed.english(), "both clusters hand out blobs: `127.0.0.1` and `localhost`");
}

#[tokio::test]
async fn a_policy_that_knows_one_cluster_makes_pulls_fail_now_and_then() {
    let hosts = two_hosts([GIVEN, "403 Forbidden"]).await;
    let report = walked(hosts.clone(), |target| target).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Fail], "{report:?}");
    let pushing = walked(hosts, |target| PathTarget { need: Need::Push, ..target }).await;
    assert_eq!(verdicts(&pushing), [Pass, Pass, Warn], "{pushing:?}");
}

#[tokio::test]
async fn storage_that_does_not_answer_leaves_pushing_only() {
    let hosts = vec![silent().await.to_string()];
    let limits = Limits { fetch: Duration::from_millis(300), ..Limits::default() };
    let report = walked(hosts, |target| PathTarget { need: Need::Push, limits, ..target }).await;
    assert_eq!(verdicts(&report), [Pass, Warn, Skip], "{report:?}");
    let redirect = result(&report, Check::ObsRedirect).observed.english();
    assert_eq!(redirect, "push only: OBS is not reachable: `127.0.0.1`: no answer within 300 ms");
    assert_eq!(report.failure(), None);
}

#[tokio::test]
async fn a_storage_host_at_another_address_than_the_endpoint_is_told() {
    let mut declared = network(Mode::VpcEndpoint { via: None }, Some("127.0.0.1"), &[]);
    declared.obs_endpoint = Some(crate::diag::Spanned::new("127.0.0.9".parse().unwrap(), crate::diag::Span::default()));
    let hosts = vec![storage(GIVEN).await.to_string()];
    let report = walked(hosts.clone(), |target| PathTarget { network: Some(declared.clone()), ..target }).await;
    assert_eq!(verdicts(&report), [Fail, Skip, Skip], "{report:?}");
    declared.obs_names = Some(crate::diag::Spanned::new("*.obs.other".to_owned(), crate::diag::Span::default()));
    let report = walked(hosts, |target| PathTarget { network: Some(declared), ..target }).await;
    assert!(result(&report, Check::DnsObs).observed.english().contains("loopback"), "{report:?}");
}

#[tokio::test]
async fn where_there_is_no_image_storage_is_unknown_and_an_image_can_be_named() {
    let nothing = |target| PathTarget { access: vec![("team/none".parse().unwrap(), Access::PullPush)], ..target };
    let hosts = two_hosts([GIVEN, GIVEN]).await;
    let report = walked(hosts.clone(), nothing).await;
    assert_eq!(verdicts(&report), [Unknown, Unknown, Unknown], "{report:?}");
    assert!(result(&report, Check::DnsObs).fix.as_ref().unwrap().english().contains("`probe-image \"NAME:TAG\"`"));
    let mut declared = network(Mode::Public { egress: None }, None, &[(Check::AddressClass, Level::Off)]);
    declared.probe_image = Some(crate::diag::Spanned::new("team/app:1".parse().unwrap(), crate::diag::Span::default()));
    declared.mode = None;
    let report = walked(hosts, |target| PathTarget { network: Some(declared), ..nothing(target) }).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Pass], "{report:?}");
}

/// A fresh organization: its storage cannot be asked for, but what is declared of it can be looked up.
#[tokio::test]
async fn declared_storage_hosts_are_looked_up_before_there_is_an_image() {
    let nothing = |target| PathTarget { access: vec![("team/none".parse().unwrap(), Access::PullPush)], ..target };
    let mut declared = network(Mode::VpcEndpoint { via: None }, Some("127.0.0.1"), &[]);
    let spanned = |text: &str| crate::diag::Spanned::new(text.parse().unwrap(), crate::diag::Span::default());
    declared.obs_hosts = vec![spanned("localhost")];
    declared.obs_endpoint = Some(crate::diag::Spanned::new("127.0.0.9".parse().unwrap(), crate::diag::Span::default()));
    let report = walked(Vec::new(), |target| PathTarget { network: Some(declared.clone()), ..nothing(target) }).await;
    assert_eq!(verdicts(&report), [Fail, Skip, Skip], "{report:?}");
    declared.obs_endpoint = declared.endpoint;
    let report = walked(Vec::new(), |target| PathTarget { network: Some(declared), ..nothing(target) }).await;
    assert_eq!(verdicts(&report), [Pass, Unknown, Unknown], "{report:?}");
    let redirect = result(&report, Check::ObsRedirect);
    assert!(redirect.observed.english().contains("none of the repositories that the project names has an image yet"));
    assert!(redirect.fix.as_ref().unwrap().english().starts_with("push an image (the first apply does)"));
}

#[tokio::test]
async fn an_image_is_looked_for_in_the_next_repository_where_one_is_refused_or_empty() {
    let names = ["nobody/a", "team/none", "nobody/a", "team/none", "team/app"];
    let access: Vec<_> = names.map(|name| (name.parse().unwrap(), Access::Pull)).into();
    let report = walked(two_hosts([GIVEN, GIVEN]).await, |target| PathTarget { access, ..target }).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Pass], "{report:?}");
}

#[tokio::test]
async fn a_registry_that_hands_out_blobs_itself_needs_no_storage() {
    let report = walked(Vec::new(), |target| target).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Pass], "{report:?}");
    let report = walked(Vec::new(), |target| PathTarget { is_swr: false, ..target }).await;
    assert_eq!(verdicts(&report), [Skip, Skip, Skip], "{report:?}");
}

#[tokio::test]
async fn a_missing_organization_is_named_before_anything_is_pushed() {
    let organizations = ["team/app", "nobody/app"].map(|name| name.parse().unwrap()).to_vec();
    let report = walked(Vec::new(), |target| PathTarget { organizations, ..target }).await;
    let organization = result(&report, Check::AuthOrganization);
    assert_eq!(organization.verdict, Fail);
    assert!(organization.observed.english().starts_with("`nobody`: no such organization"), "{organization:?}");
    let report = walked(Vec::new(), |target| target).await;
    assert_eq!(result(&report, Check::AuthOrganization).verdict, Skip);
}

#[tokio::test]
async fn a_request_in_full_packets_that_is_lost_alone_is_told() {
    let narrow = answering(|request, _| match request.len() {
        ..1500 => with_body("200 OK", "", "{}"),
        // Never a whole answer.
        _ => "200 OK\r\nContent-".to_owned(),
    });
    let limits = Limits { large_record: Duration::from_millis(500), ..Limits::default() };
    let report = path(&PathTarget { limits, ..plain(narrow.await) }).await;
    let large = result(&report, Check::LargeRecord);
    assert_eq!(large.verdict, Fail, "{large:?}");
    assert!(large.observed.english().contains("while small requests pass"), "{large:?}");
    let report = path(&plain(registry().await)).await;
    assert_eq!(result(&report, Check::LargeRecord).verdict, Pass);
}
