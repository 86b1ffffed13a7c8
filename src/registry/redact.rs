//! What may be shown of URLs and of texts that servers send.

use url::Url;

use super::Secret;

/// Query parameters of the distribution specification that say something to people and nothing to thieves.
const SHOWN_PARAMETERS: [&str; 8] = ["digest", "mount", "from", "n", "last", "scope", "service", "client_id"];

/// Longest server text that goes into a message, in characters.
const MAX_TEXT: usize = 300;

/// The URL without user information, fragment, and the values of query parameters that may sign it.
pub(super) fn url(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Both fail only for URLs that cannot hold user information.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let mut text = shown.to_string();
    for (at, (name, value)) in url.query_pairs().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(&visible(&name));
        text.push('=');
        let known = SHOWN_PARAMETERS.contains(&name.as_ref());
        text.push_str(&if known { visible(&value) } else { "…".to_owned() });
    }
    text
}

/// A server's text on one bounded line: no control characters, none of `secrets`, no tokens, no signed URLs.
pub(super) fn text(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.expose().len() >= 4) {
        text = text.replace(secret.expose(), "***");
    }
    let words: Vec<String> = text.split_whitespace().map(word).collect();
    bounded(&visible(&words.join(" ")))
}

fn word(word: &str) -> String {
    // Three base64 parts that start with `{"`: a JSON web token.
    if let Some(at) = word.find("eyJ")
        && word.len() - at > 40
    {
        return format!("{}***", &word[..at]);
    }
    match word.find("://").and_then(|scheme| word[scheme..].find('?').map(|query| scheme + query)) {
        Some(query) => format!("{}?…", &word[..query]),
        None => word.to_owned(),
    }
}

fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        url(&text.parse().unwrap())
    }

    #[test]
    fn signed_urls_lose_their_signature() {
        assert_eq!(
            shown("https://obs.example/b?AWSAccessKeyId=AK&Expires=1&Signature=s3cret#f"),
            "https://obs.example/b?AWSAccessKeyId=…&Expires=…&Signature=…"
        );
        assert_eq!(shown("https://user:pass@h/v2/"), "https://h/v2/");
    }

    #[test]
    fn the_specification_s_own_parameters_stay() {
        assert_eq!(shown("http://h/v2/a/tags/list?n=5&last=b"), "http://h/v2/a/tags/list?n=5&last=b");
        assert_eq!(shown("http://h/u?_state=abc&digest=sha256%3Aaa"), "http://h/u?_state=…&digest=sha256:aa");
    }

    #[test]
    fn texts_lose_secrets_tokens_and_control_characters() {
        let secrets = [Secret::new("hunter2")];
        assert_eq!(text("login bob:hunter2\nfailed\u{1b}[31m", &secrets), "login bob:*** failed\u{fffd}[31m");
        let token = format!("token=eyJ{} bad", "a".repeat(50));
        assert_eq!(text(&token, &[]), "token=*** bad");
        assert_eq!(text("see https://h/x?sig=1 now", &[]), "see https://h/x?… now");
        assert_eq!(text(&"ä".repeat(500), &[]).chars().count(), 301);
    }
}
