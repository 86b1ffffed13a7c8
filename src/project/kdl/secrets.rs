//! Which texts of a project file are secrets that should not stand there: decided by where they stand, before anything
//! is understood, so that not even a message about a syntax error shows one.

use std::sync::LazyLock;

use regex::Regex;

use crate::diag::Span;

/// Words of which the value is a secret, as node or property.
const SECRET_NAMES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "secret-key",
    "access-key",
    "api-key",
    "token",
    "identity-token",
    "bearer",
    "ak",
    "sk",
];
/// What `auth` says about where credentials come from; anything else there may be a credential.
const AUTH_KINDS: [&str; 2] = ["docker-config", "anonymous"];

/// Is `value`, as written, a secret? `in_auth`: it stands in the block of an `auth` node.
pub(super) fn is_secret(in_auth: bool, node: &str, property: Option<&str>, value: &str) -> bool {
    let text = value.trim_matches(['"', 'r', '#']);
    let names_a_place = match property {
        Some("env") => is_variable(text),
        Some(property) => is_source(property),
        None => false,
    };
    let in_auth_kind = node == "auth" && !AUTH_KINDS.contains(&text);
    let by_place = match property {
        Some(property) => in_auth || node == "auth" || SECRET_NAMES.contains(&property) || SECRET_NAMES.contains(&node),
        None => (in_auth && node != "username") || in_auth_kind || SECRET_NAMES.contains(&node),
    };
    (by_place && !names_a_place) || has_user_info(text)
}

/// A property that says where a secret is.
pub(super) fn is_source(property: &str) -> bool {
    matches!(property, "env" | "file")
}

/// May even the name of a property of `node` be part of a secret, one without quotes (`password abc=def`)?
pub(super) fn hides_names(in_auth: bool, node: &str) -> bool {
    in_auth || SECRET_NAMES.contains(&node)
}

/// What is written right behind a secret's name, also where it is no value: in comments and in broken lines.
pub(super) fn in_text(text: &str) -> impl Iterator<Item = Span> {
    static SECRET: LazyLock<Regex> = LazyLock::new(|| {
        let names = SECRET_NAMES.join("|");
        Regex::new(&format!(r#"\b(?:{names})[ \t]*[ \t=]r?#*"([^"\r\n]*)"#)).expect("the pattern is valid")
    });
    SECRET.captures_iter(text).filter_map(|captures| captures.get(1)).map(|secret| secret.range().into())
}

/// The name of an environment variable.
pub(crate) fn is_variable(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `scheme://user:password@host`, or the same without a scheme.
fn has_user_info(text: &str) -> bool {
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = authority.split_once('/').map_or(authority, |(authority, _)| authority);
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') || text.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_comments() {
        let text = "// auth { password \"hunter2\"; } secret-key=\"x\"; password env=\"A\"";
        let found: Vec<&str> = in_text(text).map(|span| &text[span.range()]).collect();
        assert_eq!(found, ["hunter2", "x"]);
    }

    #[test]
    fn secrets_are_known_by_their_place() {
        assert!(is_secret(true, "password", None, "\"hunter2\""));
        assert!(is_secret(true, "pasword", None, "\"hunter2\""));
        assert!(is_secret(true, "password", Some("value"), "\"hunter2\""));
        assert!(is_secret(true, "password", Some("env"), "\"$hunter-2\""));
        assert!(is_secret(false, "auth", None, "\"bob:hunter2\""));
        assert!(is_secret(false, "registry", Some("password"), "\"hunter2\""));
        assert!(is_secret(false, "registry", None, "\"https://bob:hunter2@host/x\""));
        assert!(!is_secret(true, "password", Some("env"), "\"HUNTER\""));
        assert!(!is_secret(true, "password", Some("file"), "\"/run/secrets/x\""));
        assert!(!is_secret(true, "username", None, "\"bob\""));
        assert!(!is_secret(false, "auth", None, "\"anonymous\""));
        assert!(!is_secret(false, "image", None, "\"team/app@sha256:00\""));
    }
}
