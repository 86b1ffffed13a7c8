//! The whole walk: order, dependencies, levels.

use std::net::SocketAddr;

use super::servers::{http, registry, with_body};
use super::{SHORT, target, target_with};
use crate::diag::{Span, Spanned, Wording};
use crate::lint::policy::Level;
use crate::network::Verdict::{Fail, Pass, Skip, Unknown, Warn};
use crate::network::managed::Managed;
use crate::network::{
    Check, CheckResult, Destination, Environment, Mode, Network, PathReport, ResolvedBy, TakenPath, Verdict,
};
use crate::probe::{Limits, PathTarget, path};
use crate::registry::{Access, TlsSettings};

pub(super) fn network(mode: Mode, endpoint: Option<&str>, levels: &[(Check, Level)]) -> Network {
    fn spanned<T>(value: T) -> Spanned<T> {
        Spanned::new(value, Span::default())
    }
    Network {
        registry: spanned("r".to_owned()),
        mode: Some(spanned(mode)),
        endpoint: endpoint.map(|address| spanned(address.parse().unwrap())),
        api_endpoint: None,
        obs_endpoint: None,
        obs_names: None,
        obs_hosts: Vec::new(),
        probe_image: None,
        hosts_file: None,
        managed: Managed::default(),
        interface: None,
        levels: levels.iter().map(|(check, level)| (spanned(*check), *level)).collect(),
    }
}

pub(super) fn plain(address: SocketAddr) -> PathTarget {
    target_with("127.0.0.1", address, TlsSettings { plain_http: true, ..TlsSettings::default() })
}

/// Of what these walks are about; the rest depends on the machine, or is behind the login.
fn verdicts(report: &PathReport) -> Vec<Verdict> {
    use Check::{AddressClass, AuthToken, DnsRegistry, EnvProxy, RegistryApi, Tcp, Tls};
    const WALKED: [Check; 7] = [EnvProxy, DnsRegistry, AddressClass, Tcp, Tls, RegistryApi, AuthToken];
    assert!(report.checks.iter().map(|result| result.check).eq(Check::ALL), "{report:?}");
    report.checks.iter().filter(|result| WALKED.contains(&result.check)).map(|result| result.verdict).collect()
}

pub(super) fn result(report: &PathReport, check: Check) -> &CheckResult {
    report.checks.iter().find(|result| result.check == check).unwrap()
}

async fn refused() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

const ENDPOINT: Mode = Mode::VpcEndpoint { via: None };

#[tokio::test]
async fn a_registry_at_its_endpoint_passes_every_check() {
    let target = PathTarget {
        network: Some(network(ENDPOINT, Some("127.0.0.1"), &[])),
        access: vec![("team/app".parse().unwrap(), Access::PullPush)],
        ..plain(registry().await)
    };
    let report = path(&target).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Pass, Pass, Skip, Pass, Pass], "{report:?}");
}

#[tokio::test]
async fn the_path_that_was_taken_is_told_as_far_as_it_is_known() {
    let here = PathTarget { network: Some(network(ENDPOINT, Some("127.0.0.1"), &[])), ..plain(registry().await) };
    let taken = path(&here).await.taken;
    assert_eq!(taken, TakenPath { addresses: [Destination::Endpoint].into(), ..TakenPath::default() });
    let named = PathTarget { wanted: [Check::Tls].into_iter().collect(), ..target("localhost", refused().await) };
    let named = path(&named).await.taken;
    assert_eq!((named.addresses, named.resolved_by), ([Destination::Loopback].into(), Some(ResolvedBy::HostsFile {})));
    let environment = Environment::from([("HTTPS_PROXY".to_owned(), "http://ann:hunter2@127.0.0.1:1".to_owned())]);
    let proxied = path(&PathTarget { environment, ..target("registry.corp", refused().await) }).await.taken;
    assert_eq!(proxied, TakenPath { proxy: Some("http://127.0.0.1:1".to_owned()), ..TakenPath::default() });
}

#[tokio::test]
async fn a_missing_organization_is_told_in_the_registrys_words() {
    let access = ["team/app", "nobody/app"].map(|name| (name.parse().unwrap(), Access::PullPush)).to_vec();
    let report = path(&PathTarget { access, ..plain(registry().await) }).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Skip, Pass, Skip, Pass, Fail], "{report:?}");
    let failure = report.failure().unwrap();
    assert!(failure.observed.english().contains("`nobody/app` refused"), "{failure:?}");
    assert!(failure.observed.english().contains("namespace nobody does not exist"), "{failure:?}");
    assert!(failure.fix.is_some());
}

#[tokio::test]
async fn a_registry_that_wants_a_login_is_a_registry() {
    let strict = http(|_, _| {
        let headers = "WWW-Authenticate: Basic realm=\"r\"\r\nContent-Type: application/json\r\n";
        with_body("401 Unauthorized", headers, r#"{"errors":[{"code":"UNAUTHORIZED","message":"log in"}]}"#)
    });
    let access = vec![("team/app".parse().unwrap(), Access::Pull)];
    let report = path(&PathTarget { access, ..plain(strict.await) }).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Skip, Pass, Skip, Pass, Fail], "{report:?}");
}

#[tokio::test]
async fn a_token_server_that_is_down_leaves_the_permissions_unknown() {
    let half = http(|asked, address| match asked {
        "GET /v2/" => {
            let headers = format!("WWW-Authenticate: Bearer realm=\"http://{address}/token\",service=\"s\"\r\n");
            with_body("401 Unauthorized", &headers, "")
        }
        _ => with_body("503 Service Unavailable", "", ""),
    });
    let access = vec![("team/app".parse().unwrap(), Access::Pull)];
    let report = path(&PathTarget { access, ..plain(half.await) }).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Skip, Pass, Skip, Pass, Unknown], "{report:?}");
}

#[tokio::test]
async fn a_web_page_is_no_registry() {
    let page = http(|_, _| with_body("404 Not Found", "Content-Type: text/html\r\n", "<html>")).await;
    let report = path(&PathTarget { access: vec![("a/b".parse().unwrap(), Access::Pull)], ..plain(page) }).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Skip, Pass, Skip, Fail, Skip], "{report:?}");
    assert_eq!(result(&report, Check::AuthToken).observed.english(), "registry-api failed");
}

#[tokio::test]
async fn a_registry_that_does_not_answer_ends_the_check() {
    let limits = Limits { registry_api: SHORT, ..Limits::default() };
    let report = path(&PathTarget { limits, ..plain(super::servers::silent().await) }).await;
    assert_eq!(result(&report, Check::RegistryApi).observed.english(), "no answer within 1000 ms");
}

#[tokio::test]
async fn what_depends_on_a_failed_check_says_so() {
    let report = path(&target("127.0.0.1", refused().await)).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Skip, Fail, Skip, Skip, Skip], "{report:?}");
    for check in [Check::Tls, Check::RegistryApi, Check::AuthToken] {
        assert_eq!(result(&report, check).observed.english(), "tcp failed");
    }
}

#[tokio::test]
async fn the_wrong_address_keeps_requests_from_the_registry() {
    let target = PathTarget { network: Some(network(ENDPOINT, Some("127.0.0.2"), &[])), ..plain(registry().await) };
    let report = path(&target).await;
    assert_eq!(verdicts(&report), [Pass, Pass, Fail, Pass, Skip, Skip, Skip], "{report:?}");
}

#[tokio::test]
async fn levels_soften_a_failure_and_let_the_walk_go_on() {
    for (level, verdict) in [(Level::Warning, Warn), (Level::Off, Skip)] {
        let network = Some(network(Mode::Public { egress: None }, None, &[(Check::AddressClass, level)]));
        let report = path(&PathTarget { network, ..plain(registry().await) }).await;
        assert_eq!(verdicts(&report), [Pass, Pass, verdict, Pass, Skip, Pass, Skip], "{report:?}");
    }
}

#[tokio::test]
async fn a_proxy_in_front_of_a_private_path_stops_the_walk_and_keeps_its_secret() {
    let environment = Environment::from([("HTTPS_PROXY".to_owned(), "http://ann:hunter2@proxy.corp:1".to_owned())]);
    let target = PathTarget {
        environment,
        network: Some(network(Mode::Private, None, &[])),
        ..target("registry.corp", refused().await)
    };
    let report = path(&target).await;
    assert_eq!(verdicts(&report), [Fail, Skip, Skip, Skip, Skip, Skip, Skip], "{report:?}");
    assert!(!format!("{report:?} {target:?}").contains("hunter2"));
}

#[tokio::test]
async fn through_a_proxy_the_proxy_is_what_is_connected_to() {
    let proxy = refused().await;
    let environment = Environment::from([("HTTPS_PROXY".to_owned(), format!("http://{proxy}"))]);
    let target = PathTarget { environment, ..target("registry.corp", refused().await) };
    let report = path(&target).await;
    assert_eq!(verdicts(&report), [Pass, Skip, Skip, Fail, Skip, Skip, Skip], "{report:?}");
    let tcp = result(&report, Check::Tcp);
    assert!(tcp.observed.english().contains(&proxy.to_string()), "{tcp:?}");
    assert_eq!(tcp.fix.as_ref().map(Wording::english), Some("start the proxy, or correct HTTPS_PROXY"));
}

#[tokio::test]
async fn the_declared_hosts_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosts");
    let seen = async |text: &str| {
        std::fs::write(&file, text).unwrap();
        let target = PathTarget { hosts_file: Some(file.clone()), ..target("localhost", refused().await) };
        result(&path(&target).await, Check::DnsRegistry).clone()
    };
    assert_eq!(seen("127.0.0.1 localhost # own\r\n").await.verdict, Pass);
    assert_eq!(seen("127.0.0.1 other\n").await.verdict, Warn);
    let stale = seen("\n10.0.0.5\tlocalhost\n").await;
    assert!(stale.observed.english().starts_with(&format!("line 2 of {} pins 10.0.0.5", file.display())), "{stale:?}");
    for (wrong, reason) in [("none", "no such file or directory"), ("", "not a regular file")] {
        let hosts_file = Some(folder.path().join(wrong));
        let report = path(&PathTarget { hosts_file, ..target("localhost", refused().await) }).await;
        let dns = result(&report, Check::DnsRegistry);
        assert_eq!(dns.verdict, Fail);
        assert!(dns.observed.english().contains(reason), "{dns:?}");
    }
}
