//! Which proxy the environment puts between this machine and a registry, decided as the HTTP client decides it:
//! upper-case variables before lower-case ones, `ALL_PROXY` last, `NO_PROXY` before all.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use super::no_proxy::NoProxy;

/// Variables of a process.
pub type Environment = BTreeMap<String, String>;

/// How requests to a registry leave this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Direct(Direct),
    Through(Proxy),
}

/// Why no proxy is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direct {
    /// The registry runs on this machine, which is never asked for through a proxy.
    Loopback,
    /// No variable names one.
    NoneSet,
    /// An entry of `NO_PROXY` excepts the host from `proxy`.
    Excepted { variable: &'static str, entry: String, proxy: Proxy },
    /// The variable's value is not a proxy's URL and is passed over.
    Unusable { variable: &'static str },
    /// `REQUEST_METHOD` is set: a CGI process must not trust `HTTP_PROXY`, which a client's header can set.
    Cgi,
}

/// A proxy and the variable that names it; shows neither user nor password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub variable: &'static str,
    pub scheme: ProxyScheme,
    pub host: String,
    pub port: u16,
    authorization: Option<String>,
    /// Entries of `NO_PROXY` that look as if they were meant for the host, but do not match it.
    pub near_misses: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyScheme {
    Http,
    Https,
    Socks,
}

impl Proxy {
    /// Value of the `Proxy-Authorization` header. A secret.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    fn parse(variable: &'static str, value: &str) -> Option<Self> {
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = match value.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            // Without a scheme only `host[:port]` is understood.
            None if value.contains(['/', '?', '#']) => return None,
            None => ("http", value),
        };
        let kind = match scheme {
            "socks4" | "socks4a" | "socks5" | "socks5h" => ProxyScheme::Socks,
            _ if scheme.eq_ignore_ascii_case("http") => ProxyScheme::Http,
            _ if scheme.eq_ignore_ascii_case("https") => ProxyScheme::Https,
            _ => return None,
        };
        let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
        let port = url.port_or_known_default().unwrap_or(1080);
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Self { variable, scheme: kind, host, port, authorization: basic(&url), near_misses: Vec::new() })
    }
}

fn basic(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = percent_decoded(url.username());
    pair.push(b':');
    pair.extend(percent_decoded(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low)
            }
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    decoded
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}={self})", self.variable)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            ProxyScheme::Http => "http",
            ProxyScheme::Https => "https",
            ProxyScheme::Socks => "socks",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// The way to `host` (a name, or an address without brackets), over plain HTTP or HTTPS.
#[must_use]
pub fn route(environment: &Environment, host: &str, plain_http: bool) -> Route {
    if host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback()) {
        return Route::Direct(Direct::Loopback);
    }
    if environment.contains_key("REQUEST_METHOD") {
        return Route::Direct(Direct::Cgi);
    }
    let own = if plain_http { ["HTTP_PROXY", "http_proxy"] } else { ["HTTPS_PROXY", "https_proxy"] };
    let candidates: Vec<_> = [own, ["ALL_PROXY", "all_proxy"]]
        .into_iter()
        .filter_map(|names| first_set(environment, names))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let Some(mut proxy) = candidates.iter().find_map(|(variable, value)| Proxy::parse(variable, value)) else {
        return Route::Direct(match candidates.first() {
            Some((variable, _)) => Direct::Unusable { variable },
            None => Direct::NoneSet,
        });
    };
    if let Some((variable, value)) = first_set(environment, ["NO_PROXY", "no_proxy"]) {
        let no_proxy = NoProxy::parse(value);
        if let Some(entry) = no_proxy.entry_for(host) {
            return Route::Direct(Direct::Excepted { variable, entry: entry.to_owned(), proxy });
        }
        proxy.near_misses = no_proxy.near_misses(host);
    }
    Route::Through(proxy)
}

/// A variable that is set to nothing still hides the one of the other case.
fn first_set<'a>(environment: &'a Environment, names: [&'static str; 2]) -> Option<(&'static str, &'a str)> {
    names.into_iter().find_map(|name| environment.get(name).map(|value| (name, value.as_str())))
}

#[cfg(test)]
mod tests {
    use hyper_util::client::proxy::matcher::Matcher;
    use proptest::prelude::*;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn shown(pairs: &[(&str, &str)], host: &str) -> Option<String> {
        match route(&environment(pairs), host, false) {
            Route::Through(proxy) => Some(format!("{proxy:?}")),
            Route::Direct(_) => None,
        }
    }

    #[test]
    fn the_upper_case_variable_comes_first_and_all_proxy_last() {
        let pairs = [("https_proxy", "http://low:1"), ("HTTPS_PROXY", "http://up:2"), ("ALL_PROXY", "http://all:3")];
        assert_eq!(shown(&pairs, "h.corp").as_deref(), Some("Proxy(HTTPS_PROXY=http://up:2)"));
        assert_eq!(shown(&pairs[..1], "h.corp").as_deref(), Some("Proxy(https_proxy=http://low:1)"));
        assert_eq!(shown(&pairs[2..], "h.corp").as_deref(), Some("Proxy(ALL_PROXY=http://all:3)"));
        assert_eq!(shown(&[("HTTP_PROXY", "http://plain:1")], "h.corp"), None);
    }

    #[test]
    fn the_port_is_the_written_one_or_the_schemes() {
        let port = |url: &str| Proxy::parse("HTTPS_PROXY", url).unwrap().port;
        assert_eq!(["http://p", "https://p", "socks5://p", "p"].map(port), [80, 443, 1080, 80]);
        assert_eq!(["http://p:443", "https://p:80", "socks5://p:80", "p:3128"].map(port), [443, 80, 80, 3128]);
    }

    #[test]
    fn an_empty_upper_case_variable_hides_the_lower_case_one() {
        assert_eq!(shown(&[("HTTPS_PROXY", ""), ("https_proxy", "http://low:1")], "h.corp"), None);
    }

    #[test]
    fn credentials_are_kept_for_the_proxy_and_shown_to_nobody() {
        let environment = environment(&[("HTTPS_PROXY", "http://ann:s%40cret@proxy.corp:3128/")]);
        let Route::Through(proxy) = route(&environment, "h.corp", false) else { panic!("a proxy") };
        assert_eq!(proxy.authorization(), Some("Basic YW5uOnNAY3JldA=="));
        assert_eq!(format!("{proxy} {proxy:?}"), "http://proxy.corp:3128 Proxy(HTTPS_PROXY=http://proxy.corp:3128)");
    }

    #[test]
    fn a_value_that_is_no_proxy_is_named_without_being_shown() {
        let found = route(&environment(&[("HTTPS_PROXY", "ftp://user:hunter2@x")]), "h.corp", false);
        assert_eq!(found, Route::Direct(Direct::Unusable { variable: "HTTPS_PROXY" }));
    }

    #[test]
    fn this_machine_itself_is_never_behind_a_proxy() {
        let environment = environment(&[("HTTPS_PROXY", "http://p:1")]);
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(route(&environment, host, false), Route::Direct(Direct::Loopback), "{host}");
        }
    }

    #[test]
    fn a_cgi_process_uses_no_proxy() {
        let environment = environment(&[("REQUEST_METHOD", "GET"), ("HTTPS_PROXY", "http://p:1")]);
        assert_eq!(route(&environment, "h.corp", false), Route::Direct(Direct::Cgi));
    }

    fn proxy_value() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            "(http|https|socks5|ftp)://(u(:p)?@)?[a-z]{1,5}(:[1-9][0-9]{1,3})?/?",
            "[a-z]{1,5}(:[1-9][0-9]{1,3})?",
            "https?://\\[fd00::[1-9]\\]:[1-9][0-9]{1,3}",
        ]
    }

    fn no_proxy_value() -> impl Strategy<Value = String> {
        let entry = prop_oneof![
            "\\.?([ab]\\.)?[ab]\\.(C|c)orp",
            "10\\.0\\.0\\.[0-3](/(8|30|32))?",
            "fd00::[1-3](/127)?",
            Just("*".to_owned()),
            Just(" ".to_owned()),
            "[ab]\\.corp:443",
        ];
        prop::collection::vec(entry, 0..4).prop_map(|entries| entries.join(","))
    }

    proptest! {
        /// The decision of the HTTP client's own library is the oracle.
        #[test]
        fn decides_as_the_http_client_does(
            all in proxy_value(),
            own in proxy_value(),
            no in no_proxy_value(),
            host in "([ab]\\.){1,2}corp|10\\.0\\.0\\.[0-9]|fd00::[1-4]",
        ) {
            let matcher = Matcher::builder().all(&all).https(&own).no(&no).build();
            let authority = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            let theirs = matcher.intercept(&format!("https://{authority}/v2/").parse().unwrap()).map(|found| {
                let host = found.uri().host().unwrap().trim_matches(['[', ']']).to_owned();
                (host, found.uri().port_u16(), found.basic_auth().map(|value| value.to_str().unwrap().to_owned()))
            });
            let environment = environment(&[("ALL_PROXY", &all), ("HTTPS_PROXY", &own), ("NO_PROXY", &no)]);
            let ours = match route(&environment, &host, false) {
                Route::Through(proxy) => {
                    let authorization =
                        proxy.authorization.clone().filter(|_| proxy.scheme != ProxyScheme::Socks);
                    let port = theirs.as_ref().and_then(|theirs| theirs.1).map(|_| proxy.port);
                    Some((proxy.host, port, authorization))
                }
                Route::Direct(_) => None,
            };
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn any_value_is_read_without_a_panic_and_its_password_never_shown(value in "(?s).{0,80}", no in "(?s).{0,80}") {
            let value = format!("{value}http://u:hunter2secret@{value}");
            let environment = environment(&[("HTTPS_PROXY", &value), ("NO_PROXY", &no)]);
            let shown = format!("{:?}", route(&environment, "h.corp", false));
            prop_assert!(!shown.contains("hunter2secret@"), "{}", shown);
        }
    }
}
