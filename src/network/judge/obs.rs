//! `dns-obs`, `obs-redirect` and `obs-redirect-repeat`: whether what the registry's object storage holds can be read.
//!
//! Blobs are pushed to the registry and read from storage hosts (OBS, two clusters), to which it redirects. A path that
//! leads to the registry alone is enough to push and not to pull.

use std::path::PathBuf;
use std::time::Duration;

use super::leg::{Expectation, Leg};
use super::{silence, skipped};
use crate::diag::{Problem, Wording, say};
use crate::network::{Check, CheckResult, Mode};

/// Who reads from the registry; who only pushes does not need its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Pull,
    Push,
}

/// What came of reading a byte from a storage host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub host: String,
    pub outcome: Result<(), FetchFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchFailure {
    /// The status it answered.
    Refused(u16),
    TimedOut(Duration),
    Broken(Problem),
}

/// Lines of the hosts file that pin storage hosts: host and line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StoragePins {
    pub path: PathBuf,
    pub lines: Vec<(String, usize)>,
}

/// All three checks, where the registry could not be asked for a blob: nothing is known.
#[must_use]
pub fn storage_unknown(check: Check, why: Wording) -> CheckResult {
    let result = skipped(check, Wording::default());
    result.unknown(why).with_fix(match check {
        Check::DnsObs => say!(
            "push an image (the first apply does) and look again, or name one that is there with `probe-image \"NAME:TAG\"`; \
             to look up storage hosts before, name them with `obs-hosts`",
            "推送一个镜像（首次 apply 就会推送）后再检查，或者用 `probe-image \"NAME:TAG\"` 指定一个已有的镜像；\
             想提前解析存储主机，就用 `obs-hosts` 写出它们"
        ),
        _ => say!(
            "push an image (the first apply does) and look again, or name one that is there with `probe-image \"NAME:TAG\"` \
             in the `network` section",
            "推送一个镜像（首次 apply 就会推送）后再检查，或者在 `network` 小节用 `probe-image \"NAME:TAG\"` 指定一个已有的镜像"
        ),
    })
}

/// All three checks, where the registry hands out blobs itself.
#[must_use]
pub fn storage_is_registry(check: Check) -> CheckResult {
    skipped(check, Wording::default())
        .pass(say!("the registry hands out blobs itself", "镜像仓库自己提供数据块，不重定向"))
}

/// Judges how the storage hosts resolve that the registry redirected to.
#[must_use]
pub fn dns_obs(need: Need, legs: &[(Leg, Expectation)]) -> CheckResult {
    let seen = || legs.iter().map(|(leg, _)| leg.wording());
    let result = skipped(Check::DnsObs, Wording::default()).with_evidence(seen());
    let mut faults: Vec<_> = legs.iter().filter_map(|(leg, expected)| leg.fault(expected)).collect();
    if faults.is_empty() {
        return result.pass(Wording::joined(seen(), &say!("; ", "；")));
    }
    let all = faults.len() == legs.len();
    let fault = faults.swap_remove(0);
    missing(result, need, all, &fault.what).with_fix(fault.fix)
}

/// Judges the byte that was read from the first storage host.
#[must_use]
pub fn obs_redirect(need: Need, mode: Option<Mode>, first: &Fetched) -> CheckResult {
    let result = skipped(Check::ObsRedirect, Wording::default());
    let host = &first.host;
    match &first.outcome {
        Ok(()) => result.pass(say!("`{host}` hands out blobs", "`{host}` 可以读取数据块", host)),
        Err(failure) => missing(result, need, true, &first.wording()).with_fix(failure.fix(host, mode)),
    }
}

/// Judges the bytes that were read from every storage host of `asked` redirects.
#[must_use]
pub fn obs_redirect_repeat(
    need: Need,
    mode: Option<Mode>,
    asked: usize,
    fetched: &[Fetched],
    pins: &StoragePins,
) -> CheckResult {
    let result = skipped(Check::ObsRedirectRepeat, Wording::default());
    let result = result.with_evidence(fetched.iter().map(Fetched::wording));
    if let Some((host, failure)) =
        fetched.iter().find_map(|fetched| Some((&fetched.host, fetched.outcome.as_ref().err()?)))
    {
        let failed = fetched.iter().filter(|fetched| fetched.outcome.is_err()).map(Fetched::wording);
        let all = fetched.iter().all(|fetched| fetched.outcome.is_err());
        let what = Wording::joined(failed, &say!("; ", "；"));
        return missing(result, need, all, &what).with_fix(failure.fix(host, mode));
    }
    let hosts = Wording::list(fetched.iter().map(|fetched| Wording::same(format!("`{}`", fetched.host))));
    if let Some((pinned, line)) = pins.lines.first()
        && pins.lines.len() < fetched.len().max(2)
    {
        return result
            .warn(say!(
                "line {line} of {path} pins `{pinned}` alone: SWR has two storage clusters, and the other one is not \
                 reached the same way",
                "{path} 第 {line} 行只固定了 `{pinned}`：SWR 有两个存储集群，另一个走的不是同一条路",
                line,
                path = pins.path.display(),
                pinned
            ))
            .with_fix(say!(
                "pin both clusters, or none: pulls fail now and then where only one is known; seen here: {hosts}",
                "两个集群都固定，或者都不固定：只固定一个时，拉取会时好时坏；此处见到的有：{hosts}",
                hosts
            ));
    }
    match fetched.len() {
        1 => result.pass(say!(
            "{hosts} alone in {asked} redirects; the other cluster was not seen",
            "{asked} 次重定向都指向 {hosts}；没有见到另一个集群",
            hosts,
            asked
        )),
        _ => result.pass(say!("both clusters hand out blobs: {hosts}", "两个集群都可以读取数据块：{hosts}", hosts)),
    }
}

/// Storage cannot be read as it should: all of it, or a part now and then.
fn missing(result: CheckResult, need: Need, all: bool, what: &Wording) -> CheckResult {
    let observed = if all {
        say!("push only: OBS is not reachable: {what}", "只能推送：无法访问 OBS：{what}", what)
    } else {
        say!("pulls fail now and then: {what}", "拉取会时好时坏：{what}", what)
    };
    match need {
        Need::Pull => result.fail(observed),
        Need::Push => result.warn(observed),
    }
}

impl Fetched {
    fn wording(&self) -> Wording {
        let host = &self.host;
        match &self.outcome {
            Ok(()) => say!("`{host}` hands out blobs", "`{host}` 可以读取数据块", host),
            Err(FetchFailure::Refused(status)) => {
                say!("`{host}` answers {status}", "`{host}` 应答 {status}", host, status)
            }
            Err(FetchFailure::TimedOut(limit)) => {
                say!("`{host}`: {silence}", "`{host}`：{silence}", host, silence = silence(*limit))
            }
            Err(FetchFailure::Broken(problem)) => {
                say!("`{host}`: {problem}", "`{host}`：{problem}", host, problem = problem.message)
            }
        }
    }
}

impl FetchFailure {
    fn fix(&self, host: &str, mode: Option<Mode>) -> Wording {
        match (self, mode) {
            (Self::Refused(_), Some(Mode::VpcEndpoint { .. })) => say!(
                "name the buckets of both clusters in the policy of the OBS endpoint: `swrctl generate endpoint-policy \
                 --service obs`",
                "在 OBS 终端节点的策略里写上两个集群的桶：`swrctl generate endpoint-policy --service obs`"
            ),
            (Self::Refused(_), _) => say!(
                "look at what stands between this machine and `{host}`: a proxy that changes requests, or a policy that \
                 does not let this bucket through",
                "检查本机与 `{host}` 之间的设备：修改请求的代理，或不放行该桶的策略",
                host
            ),
            (_, Some(Mode::VpcEndpoint { .. })) => say!(
                "connect an endpoint for OBS to the VPC, and route `{host}` to it: the endpoint for SWR alone allows \
                 push only",
                "为 VPC 连接一个 OBS 终端节点，并把 `{host}` 指向它：只有 SWR 终端节点时只能推送",
                host
            ),
            _ => say!(
                "open port 443 towards `{host}` in firewalls, security groups and routes on the way",
                "在沿途的防火墙、安全组和路由里放通到 `{host}` 的 443 端口",
                host
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;
    use crate::network::judge::{Answer, Way};

    const A: &str = "op-svc-swr-b051-1-3az.obs.r-1.example";
    const B: &str = "op-svc-swr-r-1-backup.obs.r-1.example";
    const ENDPOINT: Option<Mode> = Some(Mode::VpcEndpoint { via: None });

    fn leg(host: &str, address: &str) -> Leg {
        Leg { host: host.to_owned(), way: Way::Direct(Answer::Addresses(vec![address.parse().unwrap()])) }
    }

    fn fetched(host: &str, outcome: Result<(), FetchFailure>) -> Fetched {
        Fetched { host: host.to_owned(), outcome }
    }

    fn repeated(fetched: &[Fetched], pinned: &[&str]) -> CheckResult {
        let lines = pinned.iter().zip(4..).map(|(host, line)| ((*host).to_owned(), line)).collect();
        obs_redirect_repeat(Need::Pull, ENDPOINT, 8, fetched, &StoragePins { path: "/etc/hosts".into(), lines })
    }

    #[test]
    fn a_registry_without_its_storage_is_for_pushing_only() {
        let expected = Expectation { mode: ENDPOINT, endpoint: None, node: "obs-endpoint" };
        let legs = [(leg(A, "121.36.0.1"), expected), (leg(B, "121.36.0.2"), expected)];
        let result = dns_obs(Need::Pull, &legs);
        assert_eq!(result.verdict, Verdict::Fail);
        assert!(
            result.observed.english().starts_with("push only: OBS is not reachable: `op-svc-swr-b051"),
            "{result:?}"
        );
        assert_eq!(dns_obs(Need::Push, &legs).verdict, Verdict::Warn);
        let one = dns_obs(Need::Pull, &[(leg(A, "10.0.0.9"), expected), (leg(B, "121.36.0.2"), expected)]);
        assert!(one.observed.english().starts_with("pulls fail now and then: `op-svc-swr-r-1-backup"), "{one:?}");
        let silent = fetched(A, Err(FetchFailure::TimedOut(Duration::from_secs(3))));
        let result = obs_redirect(Need::Push, ENDPOINT, &silent);
        assert_eq!(result.verdict, Verdict::Warn);
        assert!(result.observed.english().ends_with("no answer within 3 s"), "{result:?}");
    }

    #[test]
    fn an_endpoint_policy_that_knows_one_cluster_is_told_by_the_other() {
        let result = repeated(&[fetched(A, Ok(())), fetched(B, Err(FetchFailure::Refused(403)))], &[]);
        assert_eq!(result.verdict, Verdict::Fail);
        assert_eq!(result.observed.english(), format!("pulls fail now and then: `{B}` answers 403"));
        assert!(result.fix.unwrap().english().contains("buckets of both clusters"));
    }

    #[test]
    fn a_hosts_file_that_pins_one_cluster_warns_even_where_the_other_was_not_seen() {
        let both = [fetched(A, Ok(())), fetched(B, Ok(()))];
        assert_eq!(repeated(&both, &[]).verdict, Verdict::Pass);
        assert_eq!(repeated(&both, &[A, B]).verdict, Verdict::Pass);
        let one = repeated(&both, &[A]);
        assert_eq!(one.verdict, Verdict::Warn);
        assert!(one.observed.english().starts_with("line 4 of /etc/hosts pins `op-svc-swr-b051"), "{one:?}");
        assert_eq!(repeated(&both[..1], &[A]).verdict, Verdict::Warn);
        assert_eq!(repeated(&both[..1], &[]).verdict, Verdict::Pass);
    }
}
