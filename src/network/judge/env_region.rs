//! `env-region`: in which region this machine runs, against the registry's and the declared mode.

use crate::diag::{Wording, say};
use crate::network::{Check, CheckResult, Mode};

/// Judges what the metadata service of the machine said: its region, or why that is not known. `region` is the
/// registry's, `host` its name.
#[must_use]
pub fn env_region(mode: Mode, host: &str, region: &str, here: &Result<String, Wording>) -> CheckResult {
    let expected = match mode {
        Mode::Private => {
            say!("this machine runs in {region}, the registry's region", "本机运行在镜像仓库的区域 {region}", region)
        }
        Mode::Public { .. } | Mode::VpcEndpoint { .. } => {
            say!("this machine runs outside {region}", "本机运行在 {region} 之外", region)
        }
    };
    let result = CheckResult::new(Check::EnvRegion, expected);
    let here = match here {
        Ok(here) => here,
        Err(reason) => {
            return result.unknown(say!(
                "not an ECS, or its metadata are out of reach: {reason}",
                "不是 ECS，或者无法访问其元数据：{reason}",
                reason
            ));
        }
    };
    let observed = say!("it runs in {here}", "本机运行在 {here}", here);
    match mode {
        Mode::Private if here != region => result.fail(observed).with_fix(say!(
            "push to the registry of {here}, or declare `mode \"public\"`: {host} has no private way from there",
            "推送到 {here} 的镜像仓库，或者声明 `mode \"public\"`：从那里到 {host} 没有内网路径",
            here,
            host
        )),
        Mode::Public { .. } if here == region => result
            .warn(say!(
                "{observed}: you pay for public traffic to your own region",
                "{observed}：访问本区域却要为公网流量付费",
                observed
            ))
            .with_fix(say!(
                "declare `mode \"private\"` and resolve {host} by the VPC's DNS: it is free and faster",
                "声明 `mode \"private\"`，并用 VPC 的 DNS 解析 {host}：免费而且更快",
                host
            )),
        Mode::Private | Mode::Public { .. } | Mode::VpcEndpoint { .. } => result.pass(observed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn judged(mode: Mode, here: &str) -> CheckResult {
        env_region(mode, "swr.cn-north-4.myhuaweicloud.com", "cn-north-4", &Ok(here.to_owned()))
    }

    #[test]
    fn a_private_path_needs_a_machine_in_the_region() {
        assert_eq!(judged(Mode::Private, "cn-north-4").verdict, Verdict::Pass);
        let elsewhere = judged(Mode::Private, "cn-south-1");
        assert_eq!(elsewhere.verdict, Verdict::Fail);
        assert!(elsewhere.fix.unwrap().english().starts_with("push to the registry of cn-south-1"));
    }

    #[test]
    fn public_traffic_to_the_own_region_is_paid_for() {
        let public = Mode::Public { egress: None };
        assert_eq!(judged(public, "cn-south-1").verdict, Verdict::Pass);
        let own = judged(public, "cn-north-4");
        assert_eq!((own.verdict, own.observed.english().contains("you pay for public traffic")), (Verdict::Warn, true));
    }

    #[test]
    fn no_metadata_is_unknown_and_not_a_failure() {
        let result = env_region(Mode::Private, "h", "cn-north-4", &Err(Wording::same("no answer within 1 s")));
        assert_eq!(result.verdict, Verdict::Unknown);
        assert!(result.observed.english().ends_with("no answer within 1 s"));
    }
}
