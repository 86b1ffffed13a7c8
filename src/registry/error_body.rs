//! What registries write into the bodies of errors.

use serde::Deserialize;

use super::{Secret, redact};
use crate::diag::{Wording, say};

/// One entry of a registry's error list; bounded, on one line, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// `UNAUTHORIZED`, `NAME_UNKNOWN`, …; empty when the server gave none.
    pub code: String,
    pub message: Wording,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    errors: Vec<Entry>,
    /// Token servers of OAuth 2: `{"error": "invalid_grant", "error_description": "…"}`; others: `{"details": "…"}`;
    /// Huawei Cloud's gateway: `{"error_code": "APIG.0301", "error_msg": "…"}`.
    #[serde(default, alias = "error_code")]
    error: Option<serde_json::Value>,
    #[serde(default, alias = "details", alias = "message", alias = "error_msg")]
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, alias = "errorCode")]
    code: Option<serde_json::Value>,
    #[serde(default, alias = "errorMessage")]
    message: Option<String>,
}

/// Reads both shapes of the error list (the specification's and SWR's `errorCode`/`errorMessage`), OAuth 2 errors, and
/// plain text.
pub(super) fn parse(body: &[u8], secrets: &[Secret]) -> Vec<ServerError> {
    let clean = |text: &str| redact::text(text, secrets);
    if let Ok(body) = serde_json::from_slice::<Body>(body) {
        let listed = body.errors.iter().map(|entry| (entry.code.as_ref(), entry.message.as_deref()));
        let single = (body.error.as_ref(), body.error_description.as_deref());
        return listed
            .chain([single])
            .map(|(code, message)| ServerError {
                code: clean(&code.map(plain).unwrap_or_default()),
                message: Wording::foreign(clean(message.unwrap_or_default())),
            })
            .filter(|error| !error.code.is_empty() || !error.message.is_empty())
            .collect();
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let message = if text.is_empty() {
        return Vec::new();
    } else if let Some((code, message)) = storage_error(text) {
        return vec![ServerError { code: clean(code), message: Wording::foreign(clean(message)) }];
    } else if text.starts_with('<') {
        let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        let title = title.map(|(title, _)| format!(" \"{}\"", clean(title))).unwrap_or_default();
        say!(
            "an HTML page{title}: not the registry but a proxy or a web front end answered",
            "HTML 页面{title}：应答的不是镜像仓库，而是代理或网页前端",
            title
        )
    } else {
        Wording::foreign(clean(text))
    };
    vec![ServerError { code: String::new(), message }]
}

/// Code and message of an error of object storage (S3, OBS): `<Error><Code>AccessDenied</Code><Message>…`.
fn storage_error(text: &str) -> Option<(&str, &str)> {
    let inside = |tag: &str| Some(text.split_once(&format!("<{tag}>"))?.1.split_once(&format!("</{tag}>"))?.0);
    inside("Error")?;
    Some((inside("Code")?, inside("Message").unwrap_or_default()))
}

/// Whether it is object storage that wrote the body.
pub(super) fn is_of_storage(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| storage_error(text).is_some())
}

fn plain(code: &serde_json::Value) -> String {
    code.as_str().map_or_else(|| code.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Lang;

    fn read(body: &str) -> Vec<(String, String)> {
        parse(body.as_bytes(), &[]).into_iter().map(|error| (error.code, error.message.into_string(Lang::En))).collect()
    }

    fn entry(code: &str, message: &str) -> Vec<(String, String)> {
        vec![(code.to_owned(), message.to_owned())]
    }

    #[test]
    fn every_shape_is_read() {
        assert_eq!(read(r#"{"errors":[{"code":"DENIED","message":"no","detail":{}}]}"#), entry("DENIED", "no"));
        assert_eq!(read(r#"{"errors":[{"errorCode":"SVCSTG.1","errorMessage":"no"}]}"#), entry("SVCSTG.1", "no"));
        assert_eq!(read(r#"{"error":"invalid_grant","error_description":"old"}"#), entry("invalid_grant", "old"));
        assert_eq!(
            read(r#"{"details":"incorrect username or password"}"#),
            entry("", "incorrect username or password")
        );
        assert_eq!(read(r#"{"error_code":"APIG.0301","error_msg":"bad aksk"}"#), entry("APIG.0301", "bad aksk"));
        assert_eq!(read(r#"{"errors":[{"code":429}]}"#), entry("429", ""));
        assert_eq!(read("slow\ndown"), entry("", "slow down"));
        let denied = "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>has expired</Message></Error>";
        assert_eq!(read(denied), entry("AccessDenied", "has expired"));
    }

    #[test]
    fn nothing_readable_is_nothing() {
        for body in ["", "  ", "{}", r#"{"errors":[]}"#, r#"{"errors":[{}]}"#] {
            assert!(read(body).is_empty(), "{body}");
        }
        assert!(read("<html>…").first().unwrap().1.starts_with("an HTML page: "));
        assert!(read("<html><title>502 Bad\nGateway</title>").first().unwrap().1.contains("\"502 Bad Gateway\""));
    }
}
