//! `env-proxy`: a proxy in the environment against the declared mode.

use crate::network::proxy::{Direct, Proxy, ProxyScheme, Route};
use crate::network::{Check, CheckResult, Egress, Mode};

/// Judges the way out that the environment gives `host`.
#[must_use]
pub fn env_proxy(host: &str, mode: Option<Mode>, route: &Route) -> CheckResult {
    let expected = match mode {
        Some(Mode::Private | Mode::VpcEndpoint { .. }) => format!("no proxy between this machine and `{host}`"),
        Some(Mode::Public { egress: Some(egress) }) => format!("the way out leads through {}", egress_name(egress)),
        Some(Mode::Public { egress: None }) | None => "a way out: direct, or through an HTTP proxy".to_owned(),
    };
    let result = CheckResult::new(Check::EnvProxy, expected);
    match route {
        Route::Direct(Direct::Loopback) => result.pass("direct: the registry runs on this machine"),
        Route::Direct(Direct::NoneSet) => result.pass("direct: no variable names a proxy"),
        Route::Direct(Direct::Cgi) => result.pass("direct: REQUEST_METHOD is set, so proxy variables are not used"),
        Route::Direct(Direct::Excepted { variable, entry, proxy }) => {
            result.pass(format!("direct: `{entry}` in {variable} excepts it from {}, {proxy}", proxy.variable))
        }
        Route::Direct(Direct::Unusable { variable }) => result
            .warn(format!("direct: the value of {variable} is not a proxy's URL and is passed over"))
            .with_fix(format!("write {variable} as `http://HOST:PORT`, or unset it")),
        Route::Through(proxy) => through(result, host, mode, proxy),
    }
}

fn through(result: CheckResult, host: &str, mode: Option<Mode>, proxy: &Proxy) -> CheckResult {
    let variable = proxy.variable;
    let seen = format!("{variable} sends requests to {proxy}");
    let except = except(host, proxy);
    match mode {
        _ if proxy.scheme == ProxyScheme::Socks => result
            .fail(format!("{seen}, a SOCKS proxy, which is not supported"))
            .with_fix(format!("name an HTTP proxy in {variable}, or {except}")),
        Some(mode @ (Mode::Private | Mode::VpcEndpoint { .. })) => result
            .fail(format!("{seen}: the declared {} path is not used", mode.name()))
            .with_fix(format!("{except}, or unset {variable}")),
        Some(Mode::Public { egress: Some(egress) }) => result
            .warn(format!("{seen}, not straight through {}", egress_name(egress)))
            .with_fix(format!("{except}, or drop `egress=\"{}\"` where the proxy is meant", egress_value(egress))),
        Some(Mode::Public { egress: None }) | None if !proxy.near_misses.is_empty() => {
            result.warn(format!("{seen}, though NO_PROXY seems to except `{host}`")).with_fix(except)
        }
        Some(Mode::Public { egress: None }) | None => result.pass(seen),
    }
}

/// The change that makes `NO_PROXY` match.
fn except(host: &str, proxy: &Proxy) -> String {
    match proxy.near_misses.first() {
        Some(entry) => format!(
            "write `{host}` instead of `{entry}` in NO_PROXY: entries are names without `*` and port, parted by commas"
        ),
        None => format!("add `{host}` to NO_PROXY"),
    }
}

const fn egress_name(egress: Egress) -> &'static str {
    match egress {
        Egress::Nat => "the NAT gateway",
        Egress::Eip => "an elastic IP address",
    }
}

const fn egress_value(egress: Egress) -> &'static str {
    match egress {
        Egress::Nat => "nat",
        Egress::Eip => "eip",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Environment, Verdict, route};

    const HOST: &str = "swr.corp.example";

    fn judged(mode: Option<Mode>, pairs: &[(&str, &str)]) -> CheckResult {
        let environment: Environment =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        env_proxy(HOST, mode, &route(&environment, HOST, false))
    }

    const PROXY: (&str, &str) = ("HTTPS_PROXY", "http://ann:hunter2@proxy.corp:3128");

    #[test]
    fn a_proxy_breaks_a_private_path_and_the_fix_names_the_host() {
        for mode in [Mode::Private, Mode::VpcEndpoint { via: None }] {
            let result = judged(Some(mode), &[PROXY]);
            assert_eq!(result.verdict, Verdict::Fail);
            assert!(result.observed.starts_with("HTTPS_PROXY sends requests to http://proxy.corp:3128:"));
            assert_eq!(result.fix.as_deref(), Some("add `swr.corp.example` to NO_PROXY, or unset HTTPS_PROXY"));
        }
    }

    #[test]
    fn a_proxy_on_a_public_path_is_told_and_beside_a_declared_egress_it_is_a_warning() {
        assert_eq!(judged(Some(Mode::Public { egress: None }), &[PROXY]).verdict, Verdict::Pass);
        assert_eq!(judged(None, &[PROXY]).verdict, Verdict::Pass);
        let result = judged(Some(Mode::Public { egress: Some(Egress::Nat) }), &[PROXY]);
        assert_eq!(result.verdict, Verdict::Warn);
        assert!(result.fix.unwrap().contains("drop `egress=\"nat\"`"));
    }

    #[test]
    fn an_exception_restores_the_private_path() {
        let result = judged(Some(Mode::Private), &[PROXY, ("NO_PROXY", ".corp.example")]);
        assert_eq!(result.verdict, Verdict::Pass);
        assert!(result.observed.contains("`.corp.example` in NO_PROXY"));
    }

    #[test]
    fn an_exception_that_misses_by_its_spelling_is_corrected() {
        let result = judged(Some(Mode::Private), &[PROXY, ("NO_PROXY", "*.corp.example")]);
        assert!(result.fix.unwrap().starts_with("write `swr.corp.example` instead of `*.corp.example`"));
        assert_eq!(judged(None, &[PROXY, ("NO_PROXY", "*.corp.example")]).verdict, Verdict::Warn);
    }

    #[test]
    fn a_socks_proxy_fails_in_every_mode() {
        let result = judged(Some(Mode::Public { egress: None }), &[("ALL_PROXY", "socks5://p.corp:1080")]);
        assert_eq!(result.verdict, Verdict::Fail);
    }

    #[test]
    fn credentials_of_a_proxy_are_never_shown() {
        for mode in [None, Some(Mode::Private), Some(Mode::Public { egress: Some(Egress::Eip) })] {
            for no_proxy in ["", HOST, "*.corp.example"] {
                let result = judged(mode, &[PROXY, ("NO_PROXY", no_proxy)]);
                assert!(!format!("{result:?}").contains("hunter2"), "{result:?}");
            }
        }
        let result = judged(None, &[("HTTPS_PROXY", "gopher://ann:hunter2@proxy")]);
        assert_eq!(result.verdict, Verdict::Warn);
        assert!(!format!("{result:?}").contains("hunter2"));
    }
}
