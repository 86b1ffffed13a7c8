//! `dns-api`: how the name of SWR's management API resolves.

use super::leg::{Expectation, Leg};
use crate::diag::say;
use crate::network::{Check, CheckResult};

/// Judges the way to the management API. Images move without it: unless something is to be managed, nothing about it is
/// worse than a warning.
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
        Some(fault) => result
            .warn(say!(
                "{what}; images can be moved without the management API, organizations cannot be managed",
                "{what}；没有管理 API 仍可搬运镜像，但无法管理组织",
                what = fault.what
            ))
            .with_fix(fault.fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::judge::{Answer, Way};
    use crate::network::{Mode, Verdict};

    #[test]
    fn the_management_api_is_a_warning_unless_something_is_managed() {
        let leg = |address: &str| Leg {
            host: "swr-api.r-1.example".to_owned(),
            way: Way::Direct(Answer::Addresses(vec![address.parse().unwrap()])),
        };
        let expected = Expectation { mode: Some(Mode::Private), endpoint: None, node: "api-endpoint" };
        assert_eq!(dns_api(&leg("100.125.0.2"), &expected, true).verdict, Verdict::Pass);
        let warned = dns_api(&leg("9.9.9.9"), &expected, false);
        assert_eq!((warned.verdict, warned.fix.is_some()), (Verdict::Warn, true));
        assert_eq!(dns_api(&leg("9.9.9.9"), &expected, true).verdict, Verdict::Fail);
    }
}
