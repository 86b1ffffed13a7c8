//! What a status and an error body mean, with the peculiarities of the registries we met.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use url::Url;

use super::{Kind, ServerError, quota};

pub(super) fn kind_of(
    method: &Method,
    url: &Url,
    status: StatusCode,
    server: &[ServerError],
    headers: &HeaderMap,
) -> Kind {
    let has = |codes: &[&str]| server.iter().any(|error| codes.contains(&error.code.as_str()));
    let says = |text: &str| server.iter().any(|error| error.message.english().to_ascii_lowercase().contains(text));
    if says("not allow to login, upload or download") {
        return Kind::BlockedTenant;
    }
    // Go's server and nginx, to plain HTTP where TLS is spoken.
    if says("http request to an https server") || says("http request was sent to https port") {
        return Kind::Tls;
    }
    if names_missing_organization(status, server) {
        return Kind::MissingOrganization;
    }
    let writing_manifest = *method == Method::PUT && url.path().contains("/manifests/");
    if writing_manifest && has(&["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"]) {
        return Kind::BlobUnknown;
    }
    let writing = *method == Method::PUT || *method == Method::PATCH || *method == Method::POST;
    let of_distribution = url.path().contains("/blobs/") || url.path().contains("/manifests/");
    match status.as_u16() {
        429 if quota::used_up(headers).is_some() => Kind::PullsUsedUp,
        _ if has(&["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"]) => Kind::UploadUnknown,
        _ if has(&["DIGEST_INVALID"]) => Kind::DigestInvalid,
        _ if has(&["TOOMANYREQUESTS"]) => Kind::RateLimited,
        507 => Kind::NoRoom,
        _ if writing && of_distribution && says("quota") => Kind::NoRoom,
        // Some say it so, and not with 405, 409 or 412.
        403 if writing_manifest && says("immutable") => Kind::ManifestRejected,
        401 if has(&["DENIED"]) || insufficient_scope(headers) => Kind::Denied,
        401 => Kind::Unauthorized,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        408 => Kind::Timeout,
        413 => Kind::TooLarge,
        429 => Kind::RateLimited,
        500 | 502 | 503 | 504 => Kind::ServerError,
        400..=499 if writing_manifest => Kind::ManifestRejected,
        _ => Kind::UnexpectedStatus,
    }
}

/// SWR answers 401 DENIED with a text that names the organization; Harbor 404 or 401 with `project x not found`.
fn names_missing_organization(status: StatusCode, server: &[ServerError]) -> bool {
    const ABSENT: [&str; 5] = ["not exist", "n't exist", "not found", "no such", "not been created"];
    const PERMISSION: [&str; 4] = ["permission", "not authorized", "not allowed", "forbidden"];
    status.is_client_error()
        && server.iter().any(|error| {
            let text = error.message.english().to_ascii_lowercase();
            let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
            let denied = status == StatusCode::UNAUTHORIZED && error.code == "DENIED";
            names_holder(&text) && (says(&ABSENT) || denied && !says(&PERMISSION))
        })
}

/// As a word of its own: `artifact my-project/app:1 not found` speaks of no project.
fn names_holder(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || "-_./".contains(c)));
    words.any(|word| ["namespace", "organization", "project"].contains(&word.trim_end_matches('.')))
}

fn insufficient_scope(headers: &HeaderMap) -> bool {
    let mut challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    challenges.any(|value| value.as_bytes().windows(18).any(|part| part == b"insufficient_scope"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::error_body;

    fn kind(method: &Method, status: u16, body: &str) -> Kind {
        let url = "https://h/v2/a/manifests/t".parse().unwrap();
        let server = error_body::parse(body.as_bytes(), &[]);
        kind_of(method, &url, StatusCode::from_u16(status).unwrap(), &server, &HeaderMap::new())
    }

    fn listed(code: &str, message: &str) -> String {
        format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#)
    }

    #[test]
    fn swr_s_401_is_read_before_it_is_judged() {
        assert_eq!(kind(&Method::GET, 401, &listed("UNAUTHORIZED", "authentication required")), Kind::Unauthorized);
        assert_eq!(
            kind(&Method::GET, 401, &listed("DENIED", "namespace portal is not valid")),
            Kind::MissingOrganization
        );
        assert_eq!(kind(&Method::GET, 401, &listed("DENIED", "no permission in namespace portal")), Kind::Denied);
        let blocked = listed("DENIED", "Not allow to login, upload or download image");
        assert_eq!(kind(&Method::GET, 401, &blocked), Kind::BlockedTenant);
        assert_eq!(kind(&Method::POST, 404, &listed("NOT_FOUND", "project x not found")), Kind::MissingOrganization);
        let organization = listed("DENIED", "organization(portal) does not exist.");
        assert_eq!(kind(&Method::POST, 401, &organization), Kind::MissingOrganization);
    }

    #[test]
    fn a_missing_artifact_of_a_project_is_just_missing() {
        let artifact = listed("NOT_FOUND", "artifact my-project/project:v1 not found");
        assert_eq!(kind(&Method::GET, 404, &artifact), Kind::NotFound);
        assert_eq!(kind(&Method::GET, 404, &listed("NOT_FOUND", "repository a/namespace not found")), Kind::NotFound);
    }

    #[test]
    fn plain_http_to_a_tls_port_is_named_as_such() {
        assert_eq!(kind(&Method::GET, 400, "Client sent an HTTP request to an HTTPS server."), Kind::Tls);
        let nginx = "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>";
        assert_eq!(kind(&Method::GET, 400, nginx), Kind::Tls);
    }

    #[test]
    fn a_refused_manifest_is_told_from_a_missing_blob() {
        let refused = listed("", "Invalid image, fail to parse 'manifest.json'");
        assert_eq!(kind(&Method::PUT, 400, &refused), Kind::ManifestRejected);
        assert_eq!(kind(&Method::PUT, 400, &listed("MANIFEST_BLOB_UNKNOWN", "")), Kind::BlobUnknown);
        assert_eq!(kind(&Method::PUT, 400, &listed("DIGEST_INVALID", "")), Kind::DigestInvalid);
        assert_eq!(kind(&Method::GET, 404, &listed("MANIFEST_UNKNOWN", "")), Kind::NotFound);
        assert_eq!(kind(&Method::PUT, 403, &listed("DENIED", "tag is immutable")), Kind::ManifestRejected);
        assert_eq!(kind(&Method::PUT, 403, &listed("DENIED", "no permission")), Kind::Denied);
    }

    #[test]
    fn no_room_is_no_riddle() {
        assert_eq!(kind(&Method::PUT, 507, &listed("UNKNOWN", "disk full")), Kind::NoRoom);
        for status in [403, 412, 500] {
            let exceeded = listed("DENIED", "Quota exceeded when processing the request of adding 5 MiB");
            assert_eq!(kind(&Method::PUT, status, &exceeded), Kind::NoRoom, "{status}");
        }
        assert_eq!(kind(&Method::GET, 403, &listed("DENIED", "quota")), Kind::Denied);
        assert_eq!(kind(&Method::PUT, 429, &listed("TOOMANYREQUESTS", "rate quota")), Kind::RateLimited);
    }
}
