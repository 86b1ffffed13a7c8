//! `WWW-Authenticate` (RFC 9110, section 11.6.1): several challenges in one value, quoted strings, token68.

/// One way to log in that a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Lower case.
    pub(super) scheme: String,
    /// Names in lower case.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads what can be read; what is malformed is passed over.
pub(super) fn parse(header: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = split_token(rest);
        if word.is_empty() {
            // Not a token: step over it, or end.
            let Some(odd) = rest.chars().next() else { return challenges };
            rest = &rest[odd.len_utf8()..];
            continue;
        }
        match after.trim_start().strip_prefix('=') {
            Some(value) if !challenges.is_empty() => {
                let (value, after) = split_value(value.trim_start());
                if let (Some(value), Some(challenge)) = (value, challenges.last_mut()) {
                    challenge.parameters.push((word.to_ascii_lowercase(), value));
                }
                rest = after;
            }
            _ => {
                challenges.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
                rest = skip_token68(after);
            }
        }
    }
}

fn split_token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

/// A quoted string or a bare word; some servers leave out the quotes of URLs too.
fn split_value(text: &str) -> (Option<String>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (bare, rest) = text.split_at(text.find([',', ' ', '\t']).unwrap_or(text.len()));
        return (Some(bare.to_owned()).filter(|bare| !bare.trim_matches('=').is_empty()), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (Some(value), &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (None, "")
}

/// `Negotiate YWJj==`: the word behind the scheme belongs to it unless it is a parameter's name.
fn skip_token68(after_scheme: &str) -> &str {
    let Some(text) = after_scheme.strip_prefix(' ') else { return after_scheme };
    let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let bare = word.trim_end_matches('=');
    let is_parameter = bare.contains('=') || bare.contains('"') || rest.trim_start().starts_with('=');
    if is_parameter || (word.len() > bare.len() && rest.trim_start().starts_with('"')) { after_scheme } else { rest }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_strings_may_hold_commas_and_quotes() {
        let header = r#"Bearer realm="https://h/t?a=1,2",service="the \"hub\"",scope="repository:a:pull,push""#;
        let challenges = parse(header);
        assert_eq!(challenges.len(), 1);
        assert_eq!(challenges[0].scheme, "bearer");
        assert_eq!(challenges[0].parameter("realm"), Some("https://h/t?a=1,2"));
        assert_eq!(challenges[0].parameter("service"), Some("the \"hub\""));
        assert_eq!(challenges[0].parameter("scope"), Some("repository:a:pull,push"));
    }

    #[test]
    fn several_challenges_in_one_value_are_told_apart() {
        let schemes = |header: &str| parse(header).into_iter().map(|c| c.scheme).collect::<Vec<_>>();
        assert_eq!(
            schemes(r#"Negotiate, NTLM, Basic realm="x", Bearer realm="y""#),
            ["negotiate", "ntlm", "basic", "bearer"]
        );
        assert_eq!(schemes(r#"Negotiate YWJj==, BASIC Realm = "x""#), ["negotiate", "basic"]);
        assert_eq!(parse(r#"BASIC Realm = "x""#)[0].parameter("realm"), Some("x"));
    }

    #[test]
    fn unquoted_values_are_read() {
        let challenges = parse("Bearer realm=https://h/token,service=dockyard");
        assert_eq!(challenges[0].parameter("realm"), Some("https://h/token"));
        assert_eq!(challenges[0].parameter("service"), Some("dockyard"));
    }

    proptest! {
        #[test]
        fn no_text_panics_or_hangs(text in r#"[ -~,="\\]{0,60}|\PC{0,40}"#) {
            parse(&text);
        }
    }
}
