//! A plain blocking HTTP client for tests: it follows nothing, retries nothing and hides nothing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Certificate, Client, Method, redirect};
use tokio::runtime::Runtime;

#[derive(Debug)]
pub struct Http {
    runtime: Runtime,
    client: Client,
    base: String,
    authorization: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Http {
    /// A client for one server, e.g. `http://127.0.0.1:5000`.
    pub fn new(base: impl Into<String>) -> Self {
        Self::with_authority(base, None)
    }

    /// A client that trusts one authority, given as PEM, and no other.
    pub fn trusting(base: impl Into<String>, authority: &str) -> Self {
        Self::with_authority(base, Some(authority))
    }

    fn with_authority(base: impl Into<String>, authority: Option<&str>) -> Self {
        // Another test may have installed it first; it is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trusted = authority.map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap());
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).tls_certs_only(trusted).build();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, client: client.unwrap(), base: base.into(), authorization: None }
    }

    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Self { authorization: Some(format!("Basic {pair}")), ..self }
    }

    pub fn bearer(self, token: &str) -> Self {
        Self { authorization: Some(format!("Bearer {token}")), ..self }
    }

    /// Sends one request to a path of the server, or to the absolute URL of a `Location`.
    #[track_caller]
    pub fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    pub fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Result<Answer> {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let mut request = self.client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        self.runtime.block_on(async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
        })
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new())
    }

    /// Asks for a manifest with every media type that registries know; without it they convert or hide.
    #[track_caller]
    pub fn manifest(&self, method: Method, repository: &str, reference: &str) -> Answer {
        let accept = super::content::MANIFEST_TYPES.join(", ");
        self.send(method, &format!("/v2/{repository}/manifests/{reference}"), &[("Accept", &accept)], Vec::new())
    }
}

impl Answer {
    /// A header's text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("registries send ASCII headers"))
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}
