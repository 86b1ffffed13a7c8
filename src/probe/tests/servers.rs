//! Servers that answer well, badly or not at all; each lives as long as its test's runtime.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::image::Digest;

/// Runs `serve` for every connection.
pub(super) async fn serve<F>(serve: impl Fn(TcpStream) -> F + Send + Clone + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Accepts and says nothing.
pub(super) async fn silent() -> SocketAddr {
    serve(|mut stream| async move { while stream.read_u8().await.is_ok() {} }).await
}

/// Speaks plain HTTP: `answer` gets method and path, and gives what follows `HTTP/1.1 `.
pub(super) async fn http(answer: fn(&str, SocketAddr) -> String) -> SocketAddr {
    serve(move |stream| async move {
        let address = stream.local_addr().unwrap();
        let mut stream = BufReader::new(stream);
        let (mut asked, mut line) = (Vec::new(), Vec::new());
        while stream.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            if asked.is_empty() {
                asked.clone_from(&line);
            }
            if line == b"\r\n" {
                let asked = String::from_utf8_lossy(&std::mem::take(&mut asked)).replace(" HTTP/1.1\r\n", "");
                let answer = format!("HTTP/1.1 {}", answer(&asked, address));
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            line.clear();
        }
    })
    .await
}

/// The same, told the whole head of a request, in lower case.
pub(super) async fn answering<F>(answer: F) -> SocketAddr
where
    F: Fn(&str, SocketAddr) -> String + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    serve(move |stream| {
        let answer = Arc::clone(&answer);
        async move {
            let address = stream.local_addr().unwrap();
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while stream.read_line(&mut head).await.is_ok_and(|read| read > 0) {
                if head.ends_with("\r\n\r\n") {
                    let answer = format!("HTTP/1.1 {}", answer(&head.to_lowercase(), address));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    head.clear();
                }
            }
        }
    })
    .await
}

/// Lets everybody in; gives a token for every repository but those of organization `nobody`.
pub(super) async fn registry() -> SocketAddr {
    http(|asked, address| match asked {
        "GET /v2/" => with_body(
            "401 Unauthorized",
            &format!("WWW-Authenticate: Bearer realm=\"http://{address}/token\",service=\"test\"\r\n"),
            "",
        ),
        asked if asked.starts_with("GET /token") && asked.contains("nobody") => with_body(
            "401 Unauthorized",
            "Content-Type: application/json\r\n",
            r#"{"errors":[{"code":"DENIED","message":"namespace nobody does not exist"}]}"#,
        ),
        asked if asked.starts_with("GET /token") => {
            with_body("200 OK", "Content-Type: application/json\r\n", r#"{"token":"t","expires_in":900}"#)
        }
        _ => with_body("404 Not Found", "", ""),
    })
    .await
}

pub(super) fn with_body(status: &str, headers: &str, body: &str) -> String {
    format!("{status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Sends `text` and closes.
pub(super) async fn says(text: &'static str) -> SocketAddr {
    serve(move |mut stream| async move {
        let _ = stream.write_all(text.as_bytes()).await;
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await
}

/// A proxy that tunnels every `CONNECT` to `to`, if its request holds `wanted`; else it asks for credentials.
pub(super) async fn proxy(to: SocketAddr, wanted: &'static str) -> SocketAddr {
    serve(move |stream| async move {
        let mut stream = BufReader::new(stream);
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            stream.read_line(&mut request).await.unwrap();
        }
        if !request.contains(wanted) {
            stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
            return;
        }
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        let mut onward = TcpStream::connect(to).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
    })
    .await
}

/// Completes handshakes, with each acceptor by turns.
async fn shake(acceptors: Vec<TlsAcceptor>) -> SocketAddr {
    let turn = Arc::new(AtomicUsize::new(0));
    serve(move |stream| {
        let acceptor = acceptors[turn.fetch_add(1, Ordering::Relaxed) % acceptors.len()].clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 64]).await;
            }
        }
    })
    .await
}

/// A load balancer whose servers have certificates of their own.
pub(super) async fn balancer(identities: &[&Identity]) -> SocketAddr {
    shake(identities.iter().map(|identity| identity.acceptor()).collect()).await
}

/// A certificate authority.
pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and key.
pub(super) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

pub(super) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { pem, issuer: Issuer::new(params, key) }
}

impl Authority {
    /// Valid from the first day of one year to the first day of another.
    pub(super) fn issue(&self, names: &[&str], years: [i32; 2]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = server_params(names, years).signed_by(&key, &self.issuer).unwrap();
        Identity { certificate, key }
    }
}

pub(super) fn self_signed(names: &[&str], is_ca: IsCa) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = server_params(names, [2020, 2090]);
    params.is_ca = is_ca;
    Identity { certificate: params.self_signed(&key).unwrap(), key }
}

fn server_params(names: &[&str], [from, to]: [i32; 2]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    params
}

impl Identity {
    fn acceptor(&self) -> TlsAcceptor {
        let builder = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![self.certificate.der().clone()], key).unwrap()))
    }

    /// SHA-256 of its public key.
    pub(super) fn digest(&self) -> Digest {
        Digest::sha256(&rcgen::PublicKeyData::subject_public_key_info(&self.key))
    }

    pub(super) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A server that completes handshakes.
    pub(super) async fn serve(&self) -> SocketAddr {
        self.serve_with(&[&rustls::version::TLS13, &rustls::version::TLS12], None).await
    }

    /// A server that speaks `versions` only and wants a certificate of `clients`.
    pub(super) async fn serve_with(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients: Option<&Authority>,
    ) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                let mut pem = authority.pem.as_bytes();
                roots.add_parsable_certificates(rustls_pki_types::pem::PemObject::pem_reader_iter(&mut pem).flatten());
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = builder.with_single_cert(vec![self.certificate.der().clone()], key).unwrap();
        shake(vec![TlsAcceptor::from(Arc::new(config))]).await
    }
}
