//! A token server as the distribution specification describes it, which signs what a real registry verifies.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hyper::header::AUTHORIZATION;
use hyper::{Request, Response, StatusCode};
use rcgen::{CertificateParams, DnType, KeyPair, SigningKey as _};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::registry::{PASSWORD, USER};
use super::server::{Body, Incoming, Recorder, Server, reply};

pub const SERVICE: &str = "test-registry";
pub const ISSUER: &str = "test-tokens";

/// How far a registry's clock may differ (Distribution, `registry/auth/token`): its tokens are good for so much longer.
const LEEWAY: u64 = 60;

/// How long tokens are good for, in seconds, and whether the server says so.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub seconds: u64,
    pub told: bool,
}

/// Grants [`USER`] everything it asks for, and anyone a pull from `public/…`.
#[derive(Debug)]
pub struct TokenServer {
    server: Server,
    recorder: Recorder,
    signer: Arc<Signer>,
    folder: TempDir,
}

#[derive(Debug)]
struct Signer {
    life: Life,
    key: KeyPair,
    certificate: String,
}

impl TokenServer {
    pub fn start() -> Self {
        Self::with(Life { seconds: 300, told: true })
    }

    pub fn with(life: Life) -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec!["tokens.test".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "tokens.test");
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tokens.crt"), certificate.pem()).unwrap();

        let signer = Arc::new(Signer { life, key, certificate: BASE64_STANDARD.encode(certificate.der()) });
        let recorder = Recorder::default();
        let handler = {
            let (signer, recorder) = (Arc::clone(&signer), recorder.clone());
            move |request: Request<Incoming>| {
                let response = answer(&signer, &request);
                recorder.note(&request, response.status());
                async move { response }
            }
        };
        Self { server: Server::start(None, handler), recorder, signer, folder }
    }

    pub fn realm(&self) -> String {
        format!("http://{}/token", self.server.address())
    }

    /// The certificate that the registry trusts.
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.path().join("tokens.crt")
    }

    /// The requests for tokens so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A token for a scope such as `repository:a/b:pull,push`, without asking over HTTP.
    pub fn token(&self, scope: &str) -> String {
        self.signer.token(USER, &[scope.to_owned()], |_, _| true)
    }
}

fn answer(signer: &Signer, request: &Request<Incoming>) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query).into_owned().collect();
    let scopes: Vec<String> = pairs
        .iter()
        .filter(|(key, _)| key == "scope")
        .flat_map(|(_, value)| value.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let token = match request.headers().get(AUTHORIZATION) {
        None => signer.token("", &scopes, |repository, action| repository.starts_with("public/") && action == "pull"),
        Some(given) if given == expected.as_str() => signer.token(USER, &scopes, |_, _| true),
        Some(_) => {
            let error = json!({"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]});
            return reply(StatusCode::UNAUTHORIZED, &error);
        }
    };
    let mut answer = json!({"token": token});
    if signer.life.told {
        answer["expires_in"] = json!(signer.life.seconds);
    }
    reply(StatusCode::OK, &answer)
}

impl Signer {
    /// A JWT (ES256) that grants what `allowed(repository, action)` says of the scopes.
    fn token(&self, subject: &str, scopes: &[String], allowed: impl Fn(&str, &str) -> bool) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
        let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [self.certificate]});
        let access: Vec<Value> = scopes.iter().filter_map(|scope| grant(scope, &allowed)).collect();
        let claims = json!({
            "iss": ISSUER, "sub": subject, "aud": SERVICE, "jti": format!("{now}-{}", scopes.join(" ")),
            "iat": now, "nbf": now - LEEWAY, "exp": now + self.life.seconds - LEEWAY, "access": access,
        });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = raw_signature(&self.key.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Whether a request carries a token that is good still, as a registry looks at it. What it grants is not looked at.
pub fn is_current<B>(request: &Request<B>) -> bool {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = header.strip_prefix("Bearer ").and_then(|token| token.split('.').nth(1));
    let claims = claims.and_then(|claims| BASE64_URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    let ends = claims.and_then(|claims| claims["exp"].as_u64());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
    ends.is_some_and(|ends| now <= ends + LEEWAY)
}

fn grant(scope: &str, allowed: impl Fn(&str, &str) -> bool) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let actions: BTreeSet<&str> = actions.split(',').filter(|action| allowed(name, action)).collect();
    Some(json!({"type": kind, "name": name, "actions": actions}))
}

/// An ECDSA signature as JWT wants it: two integers of 32 bytes each, instead of the DER sequence of two.
fn raw_signature(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut raw = Vec::with_capacity(64);
    for _ in 0..2 {
        let (integer, after) = rest[2..].split_at(usize::from(rest[1]));
        let significant = &integer[integer.len().saturating_sub(32)..];
        raw.resize(raw.len() + 32 - significant.len(), 0);
        raw.extend_from_slice(significant);
        rest = after;
    }
    raw
}
