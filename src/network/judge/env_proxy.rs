//! `env-proxy`: a proxy in the environment against the declared mode.

use crate::diag::{Wording, say};
use crate::network::proxy::{Direct, Proxy, ProxyScheme, Route};
use crate::network::{Check, CheckResult, Egress, Mode};

/// Judges the way out that the environment gives `host`.
#[must_use]
pub fn env_proxy(host: &str, mode: Option<Mode>, route: &Route) -> CheckResult {
    let expected = match mode {
        Some(Mode::Private | Mode::VpcEndpoint { .. }) => {
            say!("no proxy between this machine and `{host}`", "本机与 `{host}` 之间没有代理", host)
        }
        Some(Mode::Public { egress: Some(egress) }) => {
            say!("the way out leads through {egress}", "出口经过 {egress}", egress = egress_name(egress))
        }
        Some(Mode::Public { egress: None }) | None => {
            say!("a way out: direct, or through an HTTP proxy", "有出口：直连，或经过 HTTP 代理")
        }
    };
    let result = CheckResult::new(Check::EnvProxy, expected);
    match route {
        Route::Direct(Direct::Loopback) => {
            result.pass(say!("direct: the registry runs on this machine", "直连：镜像仓库就在本机"))
        }
        Route::Direct(Direct::NoneSet) => {
            result.pass(say!("direct: no variable names a proxy", "直连：没有环境变量设置代理"))
        }
        Route::Direct(Direct::Cgi) => result.pass(say!(
            "direct: REQUEST_METHOD is set, so proxy variables are not used",
            "直连：设置了 REQUEST_METHOD，因此不使用代理变量"
        )),
        Route::Direct(Direct::Excepted { variable, entry, proxy }) => result.pass(say!(
            "direct: `{entry}` in {variable} excepts it from {source}, {proxy}",
            "直连：{variable} 里的 `{entry}` 使它不经过 {source} 设置的 {proxy}",
            entry,
            variable,
            source = proxy.variable,
            proxy
        )),
        Route::Direct(Direct::Unusable { variable }) => result
            .warn(say!(
                "direct: the value of {variable} is not a proxy's URL and is passed over",
                "直连：{variable} 的值不是代理的 URL，已被忽略",
                variable
            ))
            .with_fix(say!(
                "write {variable} as `http://HOST:PORT`, or unset it",
                "把 {variable} 写成 `http://HOST:PORT`，或者取消它",
                variable
            )),
        Route::Through(proxy) => through(result, host, mode, proxy),
    }
}

fn through(result: CheckResult, host: &str, mode: Option<Mode>, proxy: &Proxy) -> CheckResult {
    let variable = proxy.variable;
    let seen = say!("{variable} sends requests to {proxy}", "{variable} 把请求发往 {proxy}", variable, proxy);
    let except = except(host, proxy);
    match mode {
        _ if proxy.scheme == ProxyScheme::Socks => result
            .fail(say!("{seen}, a SOCKS proxy, which is not supported", "{seen}，这是 SOCKS 代理，不受支持", seen))
            .with_fix(say!(
                "name an HTTP proxy in {variable}, or {except}",
                "在 {variable} 里写 HTTP 代理，或者{except}",
                variable,
                except
            )),
        Some(mode @ (Mode::Private | Mode::VpcEndpoint { .. })) => result
            .fail(say!(
                "{seen}: the declared {mode} path is not used",
                "{seen}：没有走声明的 {mode} 路径",
                seen,
                mode = mode.name()
            ))
            .with_fix(say!("{except}, or unset {variable}", "{except}，或者取消 {variable}", except, variable)),
        Some(Mode::Public { egress: Some(egress) }) => result
            .warn(say!(
                "{seen}, not straight through {egress}",
                "{seen}，而不是直接经过 {egress}",
                seen,
                egress = egress_name(egress)
            ))
            .with_fix(say!(
                "{except}, or drop `egress=\"{egress}\"` where the proxy is meant",
                "{except}；如果本来就要用代理，就去掉 `egress=\"{egress}\"`",
                except,
                egress = egress_value(egress)
            )),
        Some(Mode::Public { egress: None }) | None if !proxy.near_misses.is_empty() => {
            let observed = say!(
                "{seen}, though NO_PROXY seems to except `{host}`",
                "{seen}，尽管 NO_PROXY 看起来排除了 `{host}`",
                seen,
                host
            );
            result.warn(observed).with_fix(except)
        }
        Some(Mode::Public { egress: None }) | None => result.pass(seen),
    }
}

/// The change that makes `NO_PROXY` match.
fn except(host: &str, proxy: &Proxy) -> Wording {
    match proxy.near_misses.first() {
        Some(entry) => say!(
            "write `{host}` instead of `{entry}` in NO_PROXY: entries are names without `*` and port, parted by commas",
            "把 NO_PROXY 里的 `{entry}` 改为 `{host}`：各项是不带 `*` 和端口的域名，用逗号分隔",
            host,
            entry
        ),
        None => say!("add `{host}` to NO_PROXY", "把 `{host}` 加入 NO_PROXY", host),
    }
}

const fn egress_name(egress: Egress) -> Wording {
    match egress {
        Egress::Nat => say!("the NAT gateway", "NAT 网关"),
        Egress::Eip => say!("an elastic IP address", "EIP（弹性公网 IP）"),
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
            assert!(result.observed.english().starts_with("HTTPS_PROXY sends requests to http://proxy.corp:3128:"));
            let fix = result.fix.unwrap();
            assert_eq!(fix.english(), "add `swr.corp.example` to NO_PROXY, or unset HTTPS_PROXY");
        }
    }

    #[test]
    fn a_proxy_on_a_public_path_is_told_and_beside_a_declared_egress_it_is_a_warning() {
        assert_eq!(judged(Some(Mode::Public { egress: None }), &[PROXY]).verdict, Verdict::Pass);
        assert_eq!(judged(None, &[PROXY]).verdict, Verdict::Pass);
        let result = judged(Some(Mode::Public { egress: Some(Egress::Nat) }), &[PROXY]);
        assert_eq!(result.verdict, Verdict::Warn);
        assert!(result.fix.unwrap().english().contains("drop `egress=\"nat\"`"));
    }

    #[test]
    fn an_exception_restores_the_private_path() {
        let result = judged(Some(Mode::Private), &[PROXY, ("NO_PROXY", ".corp.example")]);
        assert_eq!(result.verdict, Verdict::Pass);
        assert!(result.observed.english().contains("`.corp.example` in NO_PROXY"));
    }

    #[test]
    fn an_exception_that_misses_by_its_spelling_is_corrected() {
        let result = judged(Some(Mode::Private), &[PROXY, ("NO_PROXY", "*.corp.example")]);
        assert!(result.fix.unwrap().english().starts_with("write `swr.corp.example` instead of `*.corp.example`"));
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
