//! What one handshake shows.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rcgen::{BasicConstraints, IsCa};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::servers::{authority, balancer, proxy, registry, says, self_signed, serve, silent};
use super::{SHORT, target, target_with, trusting};
use crate::network::judge::{Distrust, Handshake};
use crate::network::{Environment, Route, route};
use crate::probe::{Limits, PathTarget, tls};
use crate::registry::TlsSettings;

const VALID: [i32; 2] = [2020, 2090];

async fn shake(target: &PathTarget, address: SocketAddr) -> Handshake {
    let route = route(&target.environment, target.host().host(), false);
    tls::observe(target, &route, &[address]).await.0
}

async fn shake_with(tls: TlsSettings, address: SocketAddr) -> Handshake {
    shake(&target_with("localhost", address, tls), address).await
}

fn reason(handshake: Handshake) -> Distrust {
    let Handshake::Distrusted { reason, .. } = handshake else { panic!("{handshake:?}") };
    reason
}

#[tokio::test]
async fn a_certificate_of_the_own_authority_is_trusted() {
    let authority = authority("Corp CA");
    let address = authority.issue(&["localhost", "127.0.0.1"], VALID).serve().await;
    for name in ["localhost", "127.0.0.1"] {
        let target = target_with(name, address, trusting(&authority.pem));
        let Handshake::Trusted { version, certificate } = shake(&target, address).await else { panic!("{name}") };
        assert_eq!((version, certificate.unwrap().issuer.english()), ("TLS 1.3", "Corp CA"));
    }
}

#[tokio::test]
async fn an_expired_certificate_tells_since_when() {
    let authority = authority("Corp CA");
    let address = authority.issue(&["localhost"], [2019, 2020]).serve().await;
    let since = Some("2020-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(reason(shake_with(trusting(&authority.pem), address).await), Distrust::Expired { since });
}

#[tokio::test]
async fn a_certificate_of_the_future_tells_from_when() {
    let authority = authority("Corp CA");
    let address = authority.issue(&["localhost"], [2080, 2090]).serve().await;
    let from = Some("2080-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(reason(shake_with(trusting(&authority.pem), address).await), Distrust::NotYetValid { from });
}

#[tokio::test]
async fn a_wrong_name_tells_the_names_presented() {
    let authority = authority("Corp CA");
    let address = authority.issue(&["harbor.corp", "*.swr.corp", "10.0.0.1"], VALID).serve().await;
    let presented = ["`harbor.corp`", "`*.swr.corp`", "`10.0.0.1`"].map(str::to_owned).to_vec();
    assert_eq!(reason(shake_with(trusting(&authority.pem), address).await), Distrust::WrongName { presented });
}

#[tokio::test]
async fn an_issuer_that_nobody_knows_is_named() {
    let address = authority("Inspection CA").issue(&["localhost"], VALID).serve().await;
    let handshake = shake_with(trusting(&authority("Corp CA").pem), address).await;
    let Handshake::Distrusted { reason: Distrust::UnknownIssuer, certificate } = handshake else {
        panic!("{handshake:?}")
    };
    let certificate = certificate.unwrap();
    assert_eq!((certificate.issuer.english(), certificate.is_self_issued), ("Inspection CA", false));
}

#[tokio::test]
async fn a_certificate_signed_by_itself_is_told_apart_and_can_be_trusted() {
    let identity = self_signed(&["localhost"], IsCa::NoCa);
    let address = identity.serve().await;
    let handshake = shake_with(trusting(&authority("Corp CA").pem), address).await;
    let Handshake::Distrusted { certificate: Some(certificate), .. } = handshake else { panic!("{handshake:?}") };
    assert!(certificate.is_self_issued);
    assert!(matches!(shake_with(trusting(&identity.pem()), address).await, Handshake::Trusted { .. }));
}

#[tokio::test]
async fn an_authoritys_certificate_is_a_servers_only_where_it_is_named() {
    let identity = self_signed(&["localhost"], IsCa::Ca(BasicConstraints::Unconstrained));
    let address = identity.serve().await;
    let others = trusting(&super::servers::authority("Other CA").pem);
    assert_eq!(reason(shake_with(others, address).await), Distrust::AuthorityAsServer);
    let named = shake_with(trusting(&identity.pem()), address).await;
    assert!(matches!(named, Handshake::Trusted { .. }), "{named:?}");
}

#[tokio::test]
async fn without_verification_nothing_is_proved() {
    let authority = authority("Corp CA");
    let address = authority.issue(&["localhost"], VALID).serve().await;
    let unknown = TlsSettings { verify: false, ..trusting(&super::servers::authority("Other CA").pem) };
    let known = TlsSettings { verify: false, ..trusting(&authority.pem) };
    let expected = Handshake::Unverified { reason: Some(Distrust::UnknownIssuer) };
    assert_eq!(shake_with(unknown, address).await, expected);
    assert_eq!(shake_with(known, address).await, Handshake::Unverified { reason: None });
}

#[tokio::test]
async fn the_keys_of_all_certificates_of_a_load_balancer_are_seen_and_none_that_was_refused() {
    let authority = authority("Corp CA");
    let [one, other] = [(); 2].map(|()| authority.issue(&["localhost"], VALID));
    let address = balancer(&[&one, &other]).await;
    let target = |tls| target_with("localhost", address, tls);
    let keys =
        async |target| tls::observe(&target, &route(&Environment::new(), "localhost", false), &[address]).await.1;
    assert_eq!(keys(target(trusting(&authority.pem))).await, BTreeSet::from([one.digest(), other.digest()]));
    let strangers = trusting(&super::servers::authority("Other CA").pem);
    assert!(keys(target(strangers.clone())).await.is_empty());
    assert_eq!(keys(target(TlsSettings { verify: false, ..strangers })).await.len(), 2, "taken unseen, but seen");
}

#[tokio::test]
async fn an_older_server_is_spoken_to_and_a_wanted_client_certificate_is_told() {
    let authority = authority("Corp CA");
    let identity = authority.issue(&["localhost"], VALID);
    let address = identity.serve_with(&[&rustls::version::TLS12], None).await;
    let handshake = shake_with(trusting(&authority.pem), address).await;
    assert!(matches!(handshake, Handshake::Trusted { version: "TLS 1.2", .. }), "{handshake:?}");
    let address = identity.serve_with(&[&rustls::version::TLS12], Some(&authority)).await;
    let handshake = shake_with(trusting(&authority.pem), address).await;
    assert!(matches!(handshake, Handshake::Refused(_)), "{handshake:?}");
}

#[tokio::test]
async fn plain_http_on_the_port_is_recognised_even_where_it_waits_for_more() {
    let registry = registry().await;
    let patient = serve(|mut stream| async move {
        // Says nothing to what is no request, and holds the line.
        let mut request = [0; 4];
        while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
            if request == *b"GET " {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            }
        }
    })
    .await;
    for address in [registry, patient] {
        let limits = Limits { tls: SHORT, ..Limits::default() };
        let target = PathTarget { limits, ..target("localhost", address) };
        assert_eq!(shake(&target, address).await, Handshake::PlainHttp);
    }
}

#[tokio::test]
async fn other_services_silence_and_hanging_up_are_told_apart() {
    let handshake = async |address| {
        let limits = Limits { tls: SHORT, ..Limits::default() };
        shake(&PathTarget { limits, ..target("localhost", address) }, address).await
    };
    assert_eq!(handshake(says("SSH-2.0-OpenSSH_9.2\r\n").await).await, Handshake::NotTls);
    assert_eq!(handshake(silent().await).await, Handshake::TimedOut(SHORT));
    assert_eq!(handshake(serve(|_| async {}).await).await, Handshake::Closed);
    // A port for TLS that has no certificate for the name, asked without TLS.
    let strict = serve(|mut stream| async move {
        let mut request = [0; 4];
        if stream.read_exact(&mut request).await.is_ok() && request == *b"GET " {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    assert_eq!(handshake(strict.await).await, Handshake::Closed);
}

#[tokio::test]
async fn a_proxy_is_passed_by_connect_and_its_refusal_told() {
    let authority = authority("Corp CA");
    let registry = authority.issue(&["registry.corp"], VALID).serve().await;
    let address = proxy(registry, "Proxy-Authorization: Basic YW5uOmh1bnRlcjI=\r\n").await;
    let through = |url: String| PathTarget {
        environment: Environment::from([("HTTPS_PROXY".to_owned(), url)]),
        ..target_with("registry.corp", registry, trusting(&authority.pem))
    };
    let known = through(format!("http://ann:hunter2@{address}"));
    assert!(matches!(route(&known.environment, "registry.corp", false), Route::Through(_)));
    let handshake = shake(&known, address).await;
    assert!(matches!(handshake, Handshake::Trusted { .. }), "{handshake:?}");
    let handshake = shake(&through(format!("http://{address}")), address).await;
    assert_eq!(handshake, Handshake::NoTunnel("HTTP/1.1 407 Proxy Authentication Required".to_owned()));
}
