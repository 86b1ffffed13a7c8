//! `dns-api`: how the name of SWR's management API resolves.

use super::leg::{Expectation, Leg};
use crate::diag::say;
use crate::network::{Check, CheckResult};

/// Judges the way to the management API. Images move without it: unless something is to be managed, a fault is a warning
/// at most, and that where an endpoint for it is declared.
#[must_use]
pub fn dns_api(leg: &Leg, expected: &Expectation, manages: bool) -> CheckResult {
    let result = CheckResult::new(
        Check::DnsApi,
        say!(
            "`{host}`, the management API, resolves as the mode wants",
            "管理 API 的域名 `{host}` 按模式的要求解析",
            host = leg.host
        ),
    );
    match leg.fault(expected) {
        None => result.pass(leg.wording()),
        Some(fault) if manages => result
            .fail(say!(
                "{what}; `organization … create=true` needs the management API",
                "{what}；`organization … create=true` 需要管理 API",
                what = fault.what
            ))
            .with_fix(fault.fix),
        Some(fault) => {
            let what = say!(
                "{what}; images can be moved without the management API, organizations cannot be managed",
                "{what}；没有管理 API 仍可搬运镜像，但无法管理组织",
                what = fault.what
            );
            // Who neither declares nor uses it need not hear of it in every plan.
            let result = if expected.endpoint.is_some() { result.warn(what) } else { result.unknown(what) };
            result.with_fix(fault.fix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::judge::{Answer, Way};
    use crate::network::{Mode, Verdict};

    #[test]
    fn the_management_api_weighs_as_much_as_it_is_relied_on() {
        let verdict = |address: &str, endpoint: Option<&str>, manages| {
            let leg = Leg {
                host: "swr-api.r-1.example".to_owned(),
                way: Way::Direct(Answer::Addresses(vec![address.parse().unwrap()])),
            };
            let endpoint = endpoint.map(|address| address.parse().unwrap());
            let mode = Some(Mode::VpcEndpoint { via: None });
            dns_api(&leg, &Expectation { mode, endpoint, node: "api-endpoint" }, manages).verdict
        };
        assert_eq!(verdict("10.0.0.9", Some("10.0.0.9"), true), Verdict::Pass);
        assert_eq!(verdict("9.9.9.9", None, false), Verdict::Unknown);
        assert_eq!(verdict("9.9.9.9", Some("10.0.0.9"), false), Verdict::Warn);
        assert_eq!(verdict("9.9.9.9", None, true), Verdict::Fail);
    }
}
