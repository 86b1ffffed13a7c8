//! `large-record`: whether requests that fill whole packets pass (path MTU).

use std::time::Duration;

use super::{silence, span};
use crate::diag::{Problem, say};
use crate::network::{Check, CheckResult};

/// What became of a request that takes several full packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LargeRequest {
    Answered,
    /// No answer within the time; whether a small request right after it got one.
    Stalled {
        limit: Duration,
        small_passes: bool,
    },
    /// The connection broke; whether a small request right after it got an answer.
    Broken {
        problem: Problem,
        small_passes: bool,
    },
}

/// Judges a request of `bytes`.
#[must_use]
pub fn large_record(bytes: usize, request: &LargeRequest) -> CheckResult {
    let result = CheckResult::new(
        Check::LargeRecord,
        say!(
            "a request of {bytes} bytes, in full packets, is answered",
            "{bytes} 字节、占满数据包的请求得到应答",
            bytes
        ),
    );
    let fix = say!(
        "lower the MTU of the interface or tunnel (`ip link set dev IF mtu 1300`), or clamp the MSS on the VPN gateway, \
         and let ICMP \"fragmentation needed\" pass",
        "调低网卡或隧道的 MTU（`ip link set dev IF mtu 1300`），或在 VPN 网关上限制 MSS，并放行 ICMP \"fragmentation needed\""
    );
    match request {
        LargeRequest::Answered => result.pass(say!("it is", "已得到应答")),
        LargeRequest::Stalled { limit, small_passes: true } => result
            .fail(say!(
                "no answer within {limit}, while small requests pass: full packets are lost on the way (path MTU)",
                "{limit}内没有应答，而小请求可以通过：占满的数据包在途中丢失（路径 MTU）",
                limit = span(*limit)
            ))
            .with_fix(fix),
        LargeRequest::Broken { problem, small_passes: true } => result
            .fail(say!(
                "the connection breaks, while small requests pass: {problem}",
                "连接中断，而小请求可以通过：{problem}",
                problem = problem.message
            ))
            .with_fix(fix),
        LargeRequest::Stalled { limit, small_passes: false } => result.unknown(say!(
            "{silence}, nor to a small request",
            "{silence}，小请求也没有",
            silence = silence(*limit)
        )),
        LargeRequest::Broken { problem, small_passes: false } => result.unknown(problem.message.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Wording;
    use crate::network::Verdict;

    #[test]
    fn only_a_large_request_that_is_lost_alone_is_about_packets() {
        let limit = Duration::from_secs(3);
        let verdict = |request| large_record(4000, &request).verdict;
        assert_eq!(verdict(LargeRequest::Answered), Verdict::Pass);
        assert_eq!(verdict(LargeRequest::Stalled { limit, small_passes: true }), Verdict::Fail);
        assert_eq!(verdict(LargeRequest::Stalled { limit, small_passes: false }), Verdict::Unknown);
        let problem = Problem::new("registry-interrupted", Wording::same("reset"));
        assert_eq!(verdict(LargeRequest::Broken { problem: problem.clone(), small_passes: true }), Verdict::Fail);
        assert_eq!(verdict(LargeRequest::Broken { problem, small_passes: false }), Verdict::Unknown);
    }
}
