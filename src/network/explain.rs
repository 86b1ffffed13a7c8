//! What each check proves, why it matters and what to do: the text of the documentation.

use super::Check;
use crate::diag::{Wording, say};

/// One paragraph about `check`.
#[must_use]
pub const fn explain(check: Check) -> Wording {
    match check {
        Check::EnvRegion => say!(
            "Asks the metadata service of this machine in which region it runs, and compares it with the registry's. \
             Private addresses of a registry are reachable from its own region only, and public traffic to the own \
             region is paid for and slower than the private way. The service is asked for a second at most and never \
             through a proxy; a machine that is no ECS has none, which is unknown and not a failure.",
            "向本机的元数据服务询问所在区域，并与镜像仓库的区域对照。镜像仓库的私有地址只能在它自己的区域内访\
             问；在本区域内走公网既要付费，又比内网慢。最多询问一秒，绝不经过代理；不是 ECS 的机器没有该服务，\
             结果为未知，不算失败。",
        ),
        Check::EnvProxy => say!(
            "Finds the proxy that HTTPS_PROXY, ALL_PROXY and NO_PROXY (HTTP_PROXY with plain HTTP) put between this \
             machine and the registry, read as the HTTP client reads them. A proxy quietly turns a private path into a \
             public one: traffic is billed, throttled and inspected elsewhere. In the modes private and vpc-endpoint a \
             proxy in the way is a failure; add the registry's host to NO_PROXY. Credentials of a proxy are never \
             shown.",
            "找出 HTTPS_PROXY、ALL_PROXY 和 NO_PROXY（明文 HTTP 时为 HTTP_PROXY）在本机与镜像仓库之间设置的代\
             理，读取方式与 HTTP 客户端一致。代理会悄悄把内网路径变成公网路径：流量在别处计费、限速和检查。在 private \
             和 vpc-endpoint 模式下，途中有代理就是失败；请把镜像仓库的主机名加入 NO_PROXY。代理的账号密码绝\
             不会显示。",
        ),
        Check::DnsRegistry => say!(
            "Resolves the registry's name as every program on this machine does, hosts file included, and reads the \
             hosts file for lines that pin the name. A stale line survives every change of DNS and sends requests to \
             an address that is gone; a line in a file that the system does not read pins nothing. Correct the line \
             that is named, or the servers in resolv.conf. Through a proxy the check is skipped: the proxy resolves.",
            "像本机的所有程序一样解析镜像仓库的域名（包括 hosts 文件），并检查 hosts 文件里固定该域名的行。过\
             期的行不会随 DNS 变化，请求会发往早已失效的地址；写在系统不读取的文件里的行则什么也固定不了。请\
             修正指出的那一行，或 resolv.conf 里的服务器。经过代理时跳过此检查：域名由代理解析。",
        ),
        Check::AddressClass => say!(
            "Compares the resolved addresses with the declared mode: private wants RFC 1918, 100.64.0.0/10 or \
             unique-local IPv6, public wants global addresses, vpc-endpoint wants the declared endpoint, or private \
             addresses where none is declared. The name of a registry resolves differently inside and outside its \
             region, so this is where a declared path and the real one part. Correct name resolution, or the mode.",
            "把解析到的地址与声明的模式对照：private 要求 RFC 1918、100.64.0.0/10 或唯一本地 IPv6 地址，public \
             要求全球地址，vpc-endpoint 要求声明的终端节点，没有声明时要求私有地址。镜像仓库的域名在区域内外\
             解析结果不同，声明的路径与真实的路径就在这里分道扬镳。请修正域名解析，或修改模式。",
        ),
        Check::RouteSource => say!(
            "Looks up by which address and interface packets to the registry leave, without sending one. With \
             `interface` declared, packets that would leave by another (the tunnel is down, a route is missing) are a \
             failure: what was to go through VPN or Direct Connect would take the Internet.",
            "查出发往镜像仓库的数据包从哪个地址、哪个网卡离开，不发送任何数据包。声明了 `interface` 时，如果数据\
             包会从别的网卡离开（隧道断开、缺少路由），就是失败：本应走 VPN 或云专线的流量会走公网。",
        ),
        Check::Ping => say!(
            "Sends one ICMP echo request to every address of the registry, by the system's `ping`. Off unless the project \
             file gives it a level or `--only ping` asks for it, and never a proof: firewalls and endpoints drop ICMP \
             where HTTPS passes, so silence is at most a warning. Look at tcp.",
            "用系统的 `ping` 向镜像仓库的每个地址发送一个 ICMP 回显请求。除非项目文件给出级别或用 `--only ping` 指定，否则不\
             执行；它也不能证明什么：防火墙和终端节点会丢弃 ICMP 而放行 HTTPS，所以没有回显最多只是警告。以 tcp 的结果为准。",
        ),
        Check::Tcp => say!(
            "Opens a connection to every address of the registry, or to the proxy in front of it. Refused means that a \
             machine is there and nothing listens on the port; no answer means that a firewall, a security group or a \
             missing route swallows the packets. One dead address among several makes pulls fail now and then, which \
             is a warning.",
            "与镜像仓库的每个地址（或它前面的代理）建立连接。连接被拒绝说明机器在，但端口上没有程序监听；没有\
             应答说明防火墙、安全组或缺失的路由吞掉了报文。多个地址中有一个不通会让拉取时好时坏，报为警告。",
        ),
        Check::Tls => say!(
            "Completes a TLS handshake with the registry's name and verifies the certificate against this machine's \
             trusted roots and the registry's own `ca`. Tells an expired certificate, a wrong name, an unknown issuer \
             (an own certificate authority, or a proxy that opens the traffic) and a port that speaks plain HTTP from \
             one another. With `verify=false` nothing is proved, and the check warns.",
            "用镜像仓库的域名完成 TLS 握手，并用本机信任的根证书和该仓库自己的 `ca` 验证证书。它能区分证书过\
             期、域名不符、签发者未知（自建 CA，或拆开流量的代理）以及端口上跑的是明文 HTTP。设置了 `verify=false` \
             时什么也证明不了，检查会给出警告。",
        ),
        Check::RegistryApi => say!(
            "Asks for /v2/ and expects an answer of the distribution specification. Load balancers, portals and \
             captive networks answer on port 443 with a valid certificate too: only this tells a registry from them. \
             Correct the host, or what stands in front of it.",
            "请求 /v2/，并要求应答符合分发规范。负载均衡、门户页面和强制认证网络同样会在 443 端口用有效证书应\
             答：只有这一步能把镜像仓库与它们区分开。请修正主机名，或它前面的设备。",
        ),
        Check::Clock => say!(
            "Compares this machine's clock with the Date header of the registry's first answer. Tokens count from a \
             second on, and signed requests to Huawei Cloud are refused when their date is more than 15 minutes off; \
             both fail with words that do not mention the clock. Set the clock.",
            "把本机时钟与镜像仓库首次应答的 Date 头对照。令牌从某一秒起生效；发往华为云的签名请求，时间偏差超过 \
             15 分钟就会被拒绝；两者的报错都不会提到时钟。请校准时钟。",
        ),
        Check::LargeRecord => say!(
            "Sends a request whose header fills several packets, over a connection of its own. Tunnels of a VPN carry \
             smaller packets than a LAN; where the message that says so is dropped, small requests pass and large ones \
             are lost, so that logins work and pushes hang. It fails where the large request gets no answer and a small \
             one right after it does. Lower the MTU, or clamp the MSS on the gateway.",
            "用单独的连接发送一个请求头占满多个数据包的请求。VPN 隧道能承载的数据包比局域网小；如果告知这一点的消息被丢弃，\
             小请求可以通过而大请求丢失，于是登录正常，推送却卡住。大请求没有应答、紧接着的小请求有应答时，检查失败。请调\
             低 MTU，或在网关上限制 MSS。",
        ),
        Check::DnsApi => say!(
            "Resolves the name of SWR's management API, `api-host` or the region's, and compares the addresses with the \
             mode and with `api-endpoint`. Images move without it; organizations and quotas are managed there, and over \
             VPN or Direct Connect it needs an endpoint of its own. A fault is a failure where the plan creates \
             organizations, a warning where `api-endpoint` is declared, and else unknown.",
            "解析 SWR 管理 API 的域名（`api-host`，或本区域的），并把地址与模式和 `api-endpoint` 对照。搬运镜像不需要它；组织\
             和配额在那里管理，经 VPN 或云专线时需要单独的终端节点。有问题时：计划要创建组织则算失败，声明了 `api-endpoint` 则是警告，\
             否则为未知。",
        ),
        Check::AuthToken => say!(
            "Asks the registry for the permissions that the migrations need: pull of sources, pull and push of \
             targets, one repository for each organization. Finds wrong credentials, a missing organization and a \
             missing right to push before the first blob is moved. Nothing is pulled, pushed or created.",
            "向镜像仓库申请迁移所需的权限：源要拉取，目标要拉取和推送，每个组织取一个仓库。在搬运第一个数据块\
             之前就发现错误的凭据、不存在的组织和缺少的推送权限。不会拉取、推送或创建任何东西。",
        ),
        Check::AuthOrganization => say!(
            "Looks into one repository of every organization that the migrations push to. SWR answers 401 for an \
             organization that is not there or belongs to another account, which reads like a wrong password; a push \
             creates no organization, so it fails after the blobs are there. Create the organization, or correct its \
             name.",
            "查看迁移要推送到的每个组织中的一个仓库。组织不存在或属于其他账号时，SWR 应答 401，看起来像密码错误；推送不会创\
             建组织，所以要等数据块都传完才失败。请创建该组织，或更正名称。",
        ),
        Check::DnsObs => say!(
            "Asks the registry for a blob, up to eight times until two storage hosts are seen, and resolves each host that \
             it redirects to: SWR keeps blobs in object storage (OBS), in two clusters with names of their own. Compares \
             the addresses with the mode and with `obs-endpoint`. A path to SWR alone is good for pushing only: a \
             failure where images are read from the registry, a warning where they are only pushed to it. The image is \
             one that the migrations name, or `probe-image`; where there is none yet, the hosts that `obs-hosts` names \
             are resolved.",
            "向镜像仓库请求一个数据块，最多八次，直到见到两个存储主机，并解析重定向到的每个主机：SWR 把数据块放在对象存储\
             （OBS）的两个集群里，各有自己的域名。把地址与模式和 `obs-endpoint` 对照。只通到 SWR 的路径只能推送：从该仓库\
             读取镜像时算失败，只向它推送时算警告。所用镜像是迁移写出的镜像，或 `probe-image`；还没有镜像时，解析 `obs-hosts` \
             写出的主机。",
        ),
        Check::ObsRedirect => say!(
            "Follows a redirect to object storage and reads one byte by Range, without the login, as every pull does. \
             Names may resolve and the byte still not come: a firewall, or the policy of an endpoint, stands between. \
             Then images can be pushed and not pulled.",
            "跟随到对象存储的重定向，用 Range 读取一个字节，不带登录信息，与每次拉取相同。域名能解析，这个字节也可能读不到：\
             中间有防火墙，或终端节点的策略不放行。这时可以推送镜像，但不能拉取。",
        ),
        Check::ObsRedirectRepeat => say!(
            "Reads one byte from every storage host that was seen. SWR redirects to two clusters by turns, so an endpoint \
             policy or a hosts file that knows one of them makes pulls fail now and then. Name both clusters, or none.",
            "从见到的每个存储主机读取一个字节。SWR 轮流重定向到两个集群，所以只知道其中一个的终端节点策略或 hosts 文件会让拉\
             取时好时坏。两个集群都写上，或者都不写。",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Lang;

    #[test]
    fn every_check_is_explained_in_one_paragraph() {
        for check in Check::ALL {
            for (lang, end) in [(Lang::En, '.'), (Lang::Zh, '。')] {
                let text = explain(check);
                let text = text.get(lang);
                assert!(text.ends_with(end) && !text.contains('\n') && !text.contains("  "), "{check}");
            }
        }
    }
}
