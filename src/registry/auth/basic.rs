//! User name and password (RFC 7617).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use crate::registry::Secret;

pub(super) fn encoded(username: &str, password: &Secret) -> String {
    STANDARD.encode(format!("{username}:{}", password.expose()))
}

/// `Basic …`, marked so that it is never shown.
pub(super) fn header(username: &str, password: &Secret) -> HeaderValue {
    let text = format!("Basic {}", encoded(username, password));
    let mut value = HeaderValue::from_str(&text).expect("base64 is a header value");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_rfc_s_example_and_is_not_shown() {
        let header = header("Aladdin", &Secret::new("open sesame"));
        assert_eq!(header.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{header:?}"), "Sensitive");
    }
}
