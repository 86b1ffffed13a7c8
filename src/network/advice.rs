//! Steps in the cloud's console that a path needs and that this machine cannot look at: told only where what was seen
//! points there.

use super::{Check, Egress, Mode, PathReport, Verdict};
use crate::diag::{Wording, say};

/// What the owner of the account has to do, step by step.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Advice {
    /// Stable, kebab-case.
    pub name: &'static str,
    pub title: Wording,
    pub steps: Vec<Wording>,
}

/// What `report` points to, for a registry that is reached by `mode`; `region` is that of an SWR: of other registries
/// the cloud's console knows nothing.
#[must_use]
pub fn advice(mode: Option<Mode>, region: Option<&str>, report: &PathReport) -> Vec<Advice> {
    let seen = Seen(report);
    match (mode, region) {
        (Some(Mode::Public { egress }), _) if seen.any_bad(&[Check::RouteSource, Check::Tcp]) => match egress {
            Some(Egress::Eip) => vec![bind_eip()],
            Some(Egress::Nat) => vec![nat_gateway()],
            // Elsewhere than in the cloud there is no EIP to bind.
            None if seen.is_in_the_cloud() => vec![bind_eip(), nat_gateway()],
            None => Vec::new(),
        },
        // A name that answers, and only differs from a hosts file, is not the private DNS' doing.
        (Some(Mode::Private), Some(_)) if seen.any_bad(&[Check::AddressClass]) || seen.failed(Check::DnsRegistry) => {
            vec![private_dns()]
        }
        (Some(Mode::VpcEndpoint { .. }), Some(region)) => endpoints(region, &seen),
        _ => Vec::new(),
    }
}

fn endpoints(region: &str, seen: &Seen) -> Vec<Advice> {
    let lost = seen.any_bad(&[Check::AddressClass, Check::RouteSource, Check::Tcp]) || seen.failed(Check::DnsRegistry);
    let advice = [
        lost.then(|| endpoint_for_swr(region)),
        seen.any_bad(&[Check::DnsApi]).then(|| endpoint_for_api(region)),
        seen.any_bad(&[Check::DnsObs, Check::ObsRedirect]).then(endpoint_for_obs),
        seen.any_bad(&[Check::ObsRedirect, Check::ObsRedirectRepeat]).then(endpoint_policies),
    ];
    advice.into_iter().flatten().collect()
}

struct Seen<'a>(&'a PathReport);

impl Seen<'_> {
    fn any_bad(&self, checks: &[Check]) -> bool {
        self.0.checks.iter().any(|result| checks.contains(&result.check) && result.verdict >= Verdict::Warn)
    }

    fn failed(&self, check: Check) -> bool {
        self.0.checks.iter().any(|result| result.check == check && result.verdict == Verdict::Fail)
    }

    /// The metadata service told a region.
    fn is_in_the_cloud(&self) -> bool {
        let told = |verdict| !matches!(verdict, Verdict::Unknown | Verdict::Skip);
        self.0.checks.iter().any(|result| result.check == Check::EnvRegion && told(result.verdict))
    }
}

fn bind_eip() -> Advice {
    Advice {
        name: "bind-eip",
        title: say!("give this machine an elastic IP address (EIP)", "给本机绑定弹性公网 IP（EIP）"),
        steps: vec![
            say!(
                "console > Network > Elastic IP > Buy EIP, in this machine's region",
                "控制台 > 网络 > 弹性公网 IP > 购买弹性公网 IP，区域与本机相同"
            ),
            say!(
                "in the row of the EIP: Bind, then choose this ECS and its network interface",
                "在该 EIP 所在行点击“绑定”，选择本机 ECS 及其网卡"
            ),
            say!(
                "security group of the ECS: an outbound rule that allows TCP 443 to 0.0.0.0/0",
                "ECS 的安全组：出方向放行到 0.0.0.0/0 的 TCP 443"
            ),
        ],
    }
}

fn nat_gateway() -> Advice {
    Advice {
        name: "nat-gateway",
        title: say!("lead this machine's subnet out through a NAT gateway", "让本机所在子网通过 NAT 网关出公网"),
        steps: vec![
            say!("buy an EIP, and bind it to no machine", "购买一个 EIP，不要绑定到任何机器"),
            say!(
                "console > Network > NAT Gateway > Public NAT Gateways > Buy, in the VPC of this machine",
                "控制台 > 网络 > NAT 网关 > 公网 NAT 网关 > 购买，选择本机所在的 VPC"
            ),
            say!(
                "in the gateway: SNAT Rules > Add SNAT Rule, scenario VPC, the subnet of this machine, and the EIP",
                "在该网关的 SNAT 规则页添加 SNAT 规则：使用场景选虚拟私有云，子网选本机所在子网，并选择该 EIP"
            ),
            say!(
                "route table of the VPC: 0.0.0.0/0 leads to the NAT gateway",
                "VPC 的路由表：0.0.0.0/0 的下一跳为该 NAT 网关"
            ),
        ],
    }
}

fn private_dns() -> Advice {
    Advice {
        name: "private-dns",
        title: say!("let the cloud's private DNS answer in this subnet", "让本子网使用云上的内网 DNS"),
        steps: vec![
            say!(
                "console > Network > VPC > Subnets > this machine's subnet > DNS server addresses: reset them to the \
                 default, the private DNS of the region",
                "控制台 > 网络 > 虚拟私有云 > 子网 > 本机所在子网 > DNS 服务器地址：恢复为默认值，即本区域的内网 DNS"
            ),
            say!(
                "restart the machine's DHCP client, or the machine, so that /etc/resolv.conf follows",
                "重启本机的 DHCP 客户端或重启本机，使 /etc/resolv.conf 随之更新"
            ),
        ],
    }
}

/// Which service to choose in the list; the name is the documents'.
fn service(region: &str, suffix: &str) -> Wording {
    Wording::same(format!("`com.myhuaweicloud.{region}.{suffix}`"))
}

fn buy(service: &Wording) -> Wording {
    say!(
        "console > Network > VPC Endpoint > VPC Endpoints > Buy: cloud service {service}, in the VPC that the VPN or Direct \
         Connect leads to",
        "控制台 > 网络 > VPC 终端节点 > 终端节点 > 购买：云服务 {service}，选择 VPN 或云专线所连接的 VPC",
        service
    )
}

fn endpoint_for_swr(region: &str) -> Advice {
    Advice {
        name: "endpoint-swr",
        title: say!("connect an endpoint for SWR to the VPC", "为 VPC 连接一个 SWR 终端节点"),
        steps: vec![
            buy(&service(region, "swr")),
            say!(
                "write the endpoint's address into the project file: `endpoint \"ADDRESS\"`, and into the hosts file or the \
                 DNS of this site",
                "把终端节点的 IP 写进项目文件：`endpoint \"ADDRESS\"`，并写进 hosts 文件或本地 DNS"
            ),
            say!(
                "add the subnet of the endpoint to the remote subnets of the VPN connection or the virtual interface, and \
                 allow TCP 443 from this site in its access control",
                "把终端节点所在子网加入 VPN 连接或虚拟接口的远端子网，并在其访问控制里放行本地网络的 TCP 443"
            ),
        ],
    }
}

fn endpoint_for_api(region: &str) -> Advice {
    Advice {
        name: "endpoint-api",
        title: say!("connect an endpoint for SWR's management API to the VPC", "为 VPC 连接一个 SWR 管理 API 终端节点"),
        steps: vec![
            buy(&service(region, "swr-api")),
            say!(
                "write the endpoint's address into the project file: `api-endpoint \"ADDRESS\"`, and into the hosts file or \
                 the DNS of this site",
                "把终端节点的 IP 写进项目文件：`api-endpoint \"ADDRESS\"`，并写进 hosts 文件或本地 DNS"
            ),
        ],
    }
}

fn endpoint_for_obs() -> Advice {
    Advice {
        name: "endpoint-obs",
        title: say!(
            "connect an endpoint for OBS to the VPC: without one images can be pushed and not pulled",
            "为 VPC 连接一个 OBS 终端节点：没有它只能推送，不能拉取"
        ),
        steps: vec![
            say!(
                "ask for the name of the OBS endpoint service by a service ticket: it differs by region and tenant",
                "提交工单获取 OBS 终端节点服务的名称：它因区域和租户而异"
            ),
            say!(
                "console > Network > VPC Endpoint > VPC Endpoints > Buy: find a service by name, enter that name, and \
                 choose the VPC that the VPN or Direct Connect leads to",
                "控制台 > 网络 > VPC 终端节点 > 终端节点 > 购买：按名称查找服务，填入该名称，选择 VPN 或云专线所连接的 VPC"
            ),
            say!(
                "forward the names below OBS' domain to an endpoint for the region's DNS, and route the addresses that it \
                 answers through the VPN or Direct Connect",
                "把 OBS 域名的解析转发给连接本区域 DNS 的终端节点，并让其应答的地址经 VPN 或云专线路由"
            ),
        ],
    }
}

fn endpoint_policies() -> Advice {
    Advice {
        name: "endpoint-policy",
        title: say!("let both storage clusters through the OBS endpoint", "让 OBS 终端节点放行两个存储集群"),
        steps: vec![
            say!(
                "make the policies: `swrctl generate endpoint-policy` for SWR, and with `--service obs` for OBS",
                "生成策略：SWR 用 `swrctl generate endpoint-policy`，OBS 再加上 `--service obs`"
            ),
            say!(
                "console > Network > VPC Endpoint > the endpoint > Policy > Edit: put it in place of what is there",
                "控制台 > 网络 > VPC 终端节点 > 相应终端节点 > 策略 > 编辑：用生成的策略替换原有内容"
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::CheckResult;

    fn names(mode: Mode, results: &[(Check, Verdict)]) -> Vec<&'static str> {
        names_at(Some("cn-north-4"), mode, results)
    }

    fn names_at(region: Option<&str>, mode: Mode, results: &[(Check, Verdict)]) -> Vec<&'static str> {
        let checks = results.iter().map(|(check, verdict)| CheckResult {
            verdict: *verdict,
            ..crate::network::judge::skipped(*check, say!("a reason", "理由"))
        });
        let report = PathReport { checks: checks.collect(), ..PathReport::default() };
        advice(Some(mode), region, &report).iter().map(|advice| advice.name).collect()
    }

    #[test]
    fn a_good_path_needs_no_advice() {
        for mode in [Mode::Private, Mode::Public { egress: None }, Mode::VpcEndpoint { via: None }] {
            let all: Vec<_> = Check::ALL.into_iter().map(|check| (check, Verdict::Pass)).collect();
            assert_eq!(names(mode, &all), Vec::<&str>::new());
        }
    }

    #[test]
    fn advice_is_about_what_was_seen() {
        let public = |egress| Mode::Public { egress };
        let dead = [(Check::Tcp, Verdict::Fail)];
        assert_eq!(names(public(Some(Egress::Eip)), &dead), ["bind-eip"]);
        assert_eq!(names(public(Some(Egress::Nat)), &dead), ["nat-gateway"]);
        assert_eq!(names(public(None), &dead), Vec::<&str>::new());
        let ecs = [(Check::EnvRegion, Verdict::Pass), (Check::Tcp, Verdict::Fail)];
        assert_eq!(names(public(None), &ecs), ["bind-eip", "nat-gateway"]);
        assert_eq!(names(Mode::Private, &[(Check::AddressClass, Verdict::Fail)]), ["private-dns"]);
        assert_eq!(names(Mode::Private, &dead), Vec::<&str>::new());
    }

    #[test]
    fn each_leg_of_an_endpoint_path_has_its_own_advice() {
        let mode = Mode::VpcEndpoint { via: None };
        assert_eq!(names(mode, &[(Check::AddressClass, Verdict::Fail)]), ["endpoint-swr"]);
        assert_eq!(names(mode, &[(Check::DnsApi, Verdict::Warn)]), ["endpoint-api"]);
        assert_eq!(names(mode, &[(Check::DnsObs, Verdict::Warn)]), ["endpoint-obs"]);
        assert_eq!(names(mode, &[(Check::ObsRedirectRepeat, Verdict::Fail)]), ["endpoint-policy"]);
        assert_eq!(names(mode, &[(Check::DnsObs, Verdict::Skip)]), Vec::<&str>::new());
    }
    #[test]
    fn a_name_that_answers_is_not_blamed_on_the_private_dns() {
        assert_eq!(names(Mode::Private, &[(Check::DnsRegistry, Verdict::Warn)]), Vec::<&str>::new());
        assert_eq!(names(Mode::Private, &[(Check::DnsRegistry, Verdict::Fail)]), ["private-dns"]);
        let mode = Mode::VpcEndpoint { via: None };
        assert_eq!(names(mode, &[(Check::DnsRegistry, Verdict::Warn)]), Vec::<&str>::new());
    }

    #[test]
    fn the_console_knows_nothing_of_other_registries() {
        let wrong = [(Check::AddressClass, Verdict::Fail), (Check::DnsObs, Verdict::Fail)];
        for mode in [Mode::Private, Mode::VpcEndpoint { via: None }] {
            assert_eq!(names_at(None, mode, &wrong), Vec::<&str>::new());
        }
    }
}
