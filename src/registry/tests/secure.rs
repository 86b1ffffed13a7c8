//! TLS: whom the client trusts, and what it says when it does not.

use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::server::{Answer, Server};
use crate::registry::{Client, ClientCertificate, Error, Kind, Settings, TlsSettings, TrustedCertificates};

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn trusted(&self) -> TrustedCertificates {
        TrustedCertificates::from_pem(self.certificate.pem().as_bytes()).unwrap()
    }

    fn issue(&self, name: &str, expired: bool) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A registry whose certificate is for `name`; it wants a certificate of this authority when `mutual`.
    async fn serve(&self, name: &str, expired: bool, mutual: bool) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = if mutual {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let (certificate, key) = self.issue(name, expired);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        Server::start_tls(config, |_| Answer::new(200)).await
    }
}

async fn ping(server: &Server, tls: TlsSettings) -> Result<(), Error> {
    let settings = Settings { tls, retries: 0, ..Settings::new(server.host().parse().unwrap()) };
    Client::new(settings).unwrap().ping().await
}

fn help(refused: Result<(), Error>) -> String {
    let error = refused.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (&Kind::Tls, false), "{error:?}");
    error.problem().help.unwrap().english().to_owned()
}

#[tokio::test]
async fn an_own_ca_is_trusted_when_it_is_named() {
    let authority = Authority::new();
    let server = authority.serve("127.0.0.1", false, false).await;
    ping(&server, TlsSettings { trusted: authority.trusted(), ..TlsSettings::default() }).await.unwrap();
    ping(&server, TlsSettings { verify: false, ..TlsSettings::default() }).await.unwrap();
    assert!(help(ping(&server, TlsSettings::default()).await).contains("tls ca="));
    let other = TlsSettings { trusted: Authority::new().trusted(), ..TlsSettings::default() };
    assert!(help(ping(&server, other).await).contains("tls ca="));
}

#[tokio::test]
async fn an_expired_certificate_and_a_wrong_name_are_told_apart() {
    let authority = Authority::new();
    let trusting = || TlsSettings { trusted: authority.trusted(), ..TlsSettings::default() };
    let expired = authority.serve("127.0.0.1", true, false).await;
    assert!(help(ping(&expired, trusting()).await).contains("has expired"));
    let elsewhere = authority.serve("registry.example", false, false).await;
    assert!(help(ping(&elsewhere, trusting()).await).contains("for another host"));
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_who_asks_for_it() {
    let authority = Authority::new();
    let server = authority.serve("127.0.0.1", false, true).await;
    let (certificate, key) = authority.issue("client", false);
    let pem = certificate.pem() + &key.serialize_pem();
    let own = ClientCertificate::from_pem(pem.as_bytes()).unwrap();
    let tls = TlsSettings { trusted: authority.trusted(), client_certificate: Some(own), ..TlsSettings::default() };
    ping(&server, tls.clone()).await.unwrap();
    assert!(help(ping(&server, TlsSettings { client_certificate: None, ..tls }).await).contains("client-certificate"));
}
