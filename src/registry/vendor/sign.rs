//! The signature of requests to Huawei Cloud, SDK-HMAC-SHA256 (Huawei Cloud, "API Request Signing Guide"). Pure.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderValue;
use sha2::{Digest, Sha256};
use url::{Position, Url};

use super::AccessKeys;

/// The header that says when a request was signed; 15 minutes off, and the request is refused.
pub(super) const DATE: &str = "x-sdk-date";

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const SIGNED_HEADERS: &str = "content-type;host;x-sdk-date";

/// The headers that sign a request.
pub(super) struct Signed {
    pub(super) date: HeaderValue,
    pub(super) authorization: HeaderValue,
}

/// Signs a request with this content type at that time. Its path holds nothing that URLs escape.
pub(super) fn sign(
    keys: &AccessKeys,
    method: &Method,
    url: &Url,
    content_type: &HeaderValue,
    body: &[u8],
    at: Timestamp,
) -> Signed {
    let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let request = canonical(method, url, content_type.to_str().unwrap_or_default(), body, &date);
    let text = format!("{ALGORITHM}\n{date}\n{}", hash(request.as_bytes()));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(keys.secret_key.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let AccessKeys { access_key, .. } = keys;
    let authorization =
        format!("{ALGORITHM} Access={access_key}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}");
    // An access key that no header can hold is refused as any wrong one.
    let mut authorization =
        HeaderValue::from_str(&authorization).unwrap_or_else(|_| HeaderValue::from_static(ALGORITHM));
    authorization.set_sensitive(true);
    Signed { date: HeaderValue::from_str(&date).expect("digits and letters are a header value"), authorization }
}

/// What is signed: method, path with a `/` at its end, sorted query, headers, their names, and the body's hash.
fn canonical(method: &Method, url: &Url, content_type: &str, body: &[u8], date: &str) -> String {
    let mut path = url.path().split('/').map(escaped).collect::<Vec<_>>().join("/");
    if !path.ends_with('/') {
        path.push('/');
    }
    let mut query: Vec<_> = url.query_pairs().collect();
    query.sort();
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let host = &url[Position::BeforeHost..Position::AfterPort];
    format!(
        "{method}\n{path}\n{}\ncontent-type:{content_type}\nhost:{host}\nx-sdk-date:{date}\n\n{SIGNED_HEADERS}\n{}",
        query.join("&"),
        hash(body)
    )
}

/// Everything but letters, digits, `-`, `.`, `_` and `~` as `%XX`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Secret;

    fn signed(method: &Method, url: &str, body: &[u8]) -> Signed {
        let keys = AccessKeys {
            access_key: "AKEXAMPLE0123456789A".to_owned(),
            secret_key: Secret::new("sk-example-0123456789-abcdefghij-ABCDEFG"),
        };
        let at = "2026-01-02T03:04:05.678Z".parse().unwrap();
        sign(&keys, method, &url.parse().unwrap(), &HeaderValue::from_static("application/json"), body, at)
    }

    /// The vectors were computed by another program from the guide's description.
    #[test]
    fn follows_vectors_of_another_implementation() {
        let host = "https://swr-api.cn-north-4.myhuaweicloud.com";
        let query = "filter=center%3A%3Aself%7Cnamespace%3A%3Ateam%7Coffset%3A%3A0%7Climit%3A%3A1000";
        let vectors = [
            (
                Method::GET,
                format!("{host}/v2/manage/namespaces"),
                "",
                "0707a11059c585d7aa112fdf8e3a7e70c8317f75c055562c5897c298cd3d4cc1",
            ),
            (
                Method::POST,
                format!("{host}/v2/manage/namespaces"),
                r#"{"namespace":"portal"}"#,
                "b389dcb58218b90bdb6c2c396884ceaf153a6b15aa27b3f0c1a17381a3fad54d",
            ),
            (
                Method::GET,
                format!("{host}/v2/manage/repos?{query}"),
                "",
                "b9d3429b2109ebc25b5961503849622131a848110f17475d965e638ffa1fcd99",
            ),
            (
                Method::GET,
                "http://127.0.0.1:5000/v2/manage/namespaces/team/repos/a$b$c/tags?limit=1000&b=%20%C3%A4&b=1&offset=0"
                    .to_owned(),
                "",
                "486890eb91331d337a2f2b3fb8601c26fcc722aac3fc5d5c3c1f80299037c662",
            ),
        ];
        for (method, url, body, expected) in vectors {
            let Signed { date, authorization } = signed(&method, &url, body.as_bytes());
            assert_eq!(date, "20260102T030405Z");
            let start =
                "SDK-HMAC-SHA256 Access=AKEXAMPLE0123456789A, SignedHeaders=content-type;host;x-sdk-date, Signature=";
            assert_eq!(authorization.to_str().unwrap(), format!("{start}{expected}"), "{method} {url}");
        }
    }

    #[test]
    fn neither_the_signature_nor_the_key_is_shown() {
        let Signed { authorization, .. } = signed(&Method::GET, "https://h/", b"");
        assert_eq!(format!("{authorization:?}"), "Sensitive");
    }
}
