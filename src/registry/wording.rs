//! How failed requests are told to people.

use super::{Error, Kind};
use crate::diag::{Problem, Wording, say};

/// Code of the problem that the organization, namespace or project does not exist.
pub const MISSING_ORGANIZATION: &str = "missing-organization";

/// `<what is wrong>: <METHOD URL> answered <status> (<what the registry said>)`, with what to do.
pub(super) fn problem(error: &Error) -> Problem {
    if let Kind::Source(error) = error.kind() {
        return error.problem.clone();
    }
    let (code, summary) = summary(error);
    let request = format!("{} {}", error.method(), error.url());
    let message = match error.status() {
        Some(status) => say!(
            "{summary}: {request} answered {status}",
            "{summary}：{request} 应答 {status}",
            summary,
            request,
            status
        ),
        None => say!("{summary}: {request}", "{summary}：{request}", summary, request),
    };
    let said: Vec<Wording> = error.server_errors().iter().map(said).chain(error.detail().cloned()).collect();
    let message = if said.is_empty() {
        message
    } else {
        let said = Wording::joined(said, &say!("; ", "；"));
        say!("{message} ({said})", "{message}（{said}）", message, said)
    };
    let problem = Problem::new(code, message);
    match help(error) {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

/// The registry's own words.
fn said(entry: &super::ServerError) -> Wording {
    let code = (!entry.code.is_empty()).then(|| Wording::foreign(&entry.code));
    let message = (!entry.message.is_empty()).then(|| entry.message.clone());
    Wording::joined(code.into_iter().chain(message), &Wording::foreign(": "))
}

fn summary(error: &Error) -> (&'static str, Wording) {
    match error.kind() {
        Kind::Dns => ("registry-dns", say!("the registry's host name does not resolve", "镜像仓库的域名无法解析")),
        Kind::Connect => ("registry-connect", say!("no connection to the registry", "无法连接镜像仓库")),
        Kind::Tls => ("registry-tls", say!("no secure connection to the registry", "无法与镜像仓库建立安全连接")),
        Kind::Timeout => ("registry-timeout", say!("the registry did not answer in time", "镜像仓库没有及时应答")),
        Kind::Interrupted => {
            ("registry-interrupted", say!("the connection to the registry broke", "与镜像仓库的连接中断"))
        }
        Kind::Unauthorized if error.is_anonymous() => {
            ("registry-unauthorized", say!("the registry asks for credentials", "镜像仓库要求凭据"))
        }
        Kind::Unauthorized => {
            ("registry-unauthorized", say!("the registry does not take these credentials", "镜像仓库不接受这些凭据"))
        }
        Kind::Denied if error.is_of_storage() => (
            "storage-denied",
            say!("the storage behind the registry refuses its link", "镜像仓库后面的对象存储拒绝了它的链接"),
        ),
        Kind::Denied if error.is_anonymous() => (
            "registry-denied",
            say!("the registry does not let anonymous users do this", "镜像仓库不允许匿名用户这样做"),
        ),
        Kind::Denied => ("registry-denied", say!("these credentials may not do this", "这些凭据没有权限这样做")),
        Kind::MissingOrganization => {
            (MISSING_ORGANIZATION, say!("the organization does not exist in the registry", "组织在镜像仓库里不存在"))
        }
        Kind::BlockedTenant => (
            "blocked-tenant",
            say!("the registry blocks this account for about 30 minutes", "镜像仓库把这个账号锁定约 30 分钟"),
        ),
        Kind::NotFound if error.url().ends_with("/v2/") => {
            ("no-registry", say!("this host speaks no registry API", "这个主机不提供镜像仓库 API"))
        }
        Kind::NotFound => ("registry-not-found", say!("the registry does not have it", "镜像仓库里没有它")),
        Kind::RateLimited => {
            ("rate-limited", say!("the registry takes no more requests for now", "镜像仓库暂时不再接受请求"))
        }
        Kind::PullsUsedUp => {
            ("pulls-used-up", say!("the registry grants no more pulls for now", "镜像仓库暂时不再允许拉取"))
        }
        Kind::ManifestRejected => {
            ("manifest-rejected", say!("the registry refuses the manifest", "镜像仓库拒绝了清单"))
        }
        Kind::NoRoom => ("registry-full", say!("the registry has no room for it", "镜像仓库没有空间存放它")),
        Kind::BlobUnknown => {
            ("blob-unknown", say!("the registry misses content that the manifest names", "镜像仓库缺少清单引用的内容"))
        }
        Kind::UploadUnknown => ("upload-unknown", say!("the registry has lost the upload", "镜像仓库丢失了上传")),
        Kind::DigestInvalid => ("digest-invalid", say!("bytes and digest do not belong together", "内容与摘要不符")),
        Kind::TooLarge => ("registry-too-large", say!("the content is larger than is allowed", "内容超过允许的大小")),
        Kind::ServerError => ("registry-error", say!("the registry failed", "镜像仓库出错")),
        Kind::UnexpectedStatus => {
            ("registry-status", say!("the registry gave an unexpected answer", "镜像仓库的应答出乎意料"))
        }
        Kind::PlaceholderLeft(original) => (
            "placeholder-left",
            say!(
                "the tag could not be deleted, and holds a placeholder in place of {original}",
                "标签无法删除，现在它指向占位清单，而不是 {original}",
                original
            ),
        ),
        Kind::Protocol | Kind::Source(_) => {
            ("registry-protocol", say!("the answer is not what the registry's API says", "应答不符合镜像仓库的 API"))
        }
    }
}

fn help(error: &Error) -> Option<Wording> {
    Some(match error.kind() {
        Kind::Dns => say!(
            "check the spelling of the host, and that this machine's name servers know it",
            "检查主机名的拼写，以及本机的域名服务器是否认识它"
        ),
        Kind::Connect => say!(
            "check host and port, and that firewalls and HTTPS_PROXY let this machine reach them",
            "检查主机和端口，以及防火墙和 HTTPS_PROXY 是否让本机能够访问"
        ),
        Kind::Tls if error.status().is_some() => say!(
            "the server speaks TLS at this port: remove `tls plain-http=true`",
            "服务器在这个端口上使用 TLS：删除 `tls plain-http=true`"
        ),
        Kind::Tls => tls_help(error.detail().map_or("", Wording::english)),
        Kind::Timeout => say!(
            "check the network path to the registry; `swrctl plan` shows its checks",
            "检查到镜像仓库的网络路径；`swrctl plan` 会显示各项检查"
        ),
        Kind::Interrupted => say!(
            "try again; if it happens every time, something between cuts connections",
            "重试；如果每次都这样，说明途中有设备切断连接"
        ),
        Kind::Unauthorized if error.is_anonymous() => {
            say!(
                "log in with `docker login`, or write `auth` into the `registry` section",
                "用 `docker login` 登录，或者在 `registry` 小节里写 `auth`"
            )
        }
        Kind::Unauthorized => say!(
            "check user name and password; for SWR: region, access key and secret key",
            "检查用户名和密码；对 SWR 则检查区域、AK 和 SK"
        ),
        Kind::Denied if error.is_of_storage() => say!(
            "such a link is signed for a short time: check the clocks of this machine and of the registry, that no proxy keeps its \
             answers, and the rules of the bucket or endpoint",
            "这类链接的签名只在短时间内有效：检查本机和镜像仓库的时钟，途中的代理是否缓存应答，以及桶或终端节点的策略"
        ),
        Kind::Denied if error.is_anonymous() => {
            say!(
                "write `auth` into the `registry` section, or check the spelling of the repository",
                "在 `registry` 小节里写 `auth`，或者检查仓库名的拼写"
            )
        }
        Kind::Denied => say!(
            "give this user the permission, or check the spelling of the repository",
            "给这个用户授权，或者检查仓库名的拼写"
        ),
        Kind::MissingOrganization => {
            say!(
                "create the organization (a push does not), or check its spelling and that it belongs to this account",
                "创建组织（推送不会自动创建），或者检查它的拼写以及是否属于这个账号"
            )
        }
        Kind::BlockedTenant => {
            say!(
                "wait 30 minutes, check the credentials, then run again; nothing more is sent to this registry now",
                "等待 30 分钟，检查凭据，然后重新运行；现在不会再向这个镜像仓库发送请求"
            )
        }
        Kind::RateLimited => say!(
            "wait, log in for a higher limit, or set `limit requests-per-second=` for this registry",
            "等待，登录以提高限额，或者为这个镜像仓库设置 `limit requests-per-second=`"
        ),
        Kind::PullsUsedUp => say!(
            "run it again later, log in for a higher limit, or leave tags out",
            "稍后再运行，登录以提高限额，或者减少标签"
        ),
        Kind::ManifestRejected => manifest_help(error),
        Kind::NoRoom => say!(
            "free space there or raise the quota, then apply again; what arrived stays",
            "清理空间或调高配额，然后重新 apply；已到达的内容会保留"
        ),
        Kind::TooLarge if error.status().is_some() => say!(
            "raise the limit of the server in front of the registry (nginx: `client_max_body_size`), or of the registry itself",
            "调高镜像仓库前面的服务器的限制（nginx：`client_max_body_size`），或者镜像仓库自己的限制"
        ),
        Kind::BlobUnknown => say!(
            "look at the registry's log: it lost content that it had accepted, or wants what nobody has to send (a foreign layer)",
            "查看镜像仓库的日志：它丢失了已接收的内容，或者要求提供无需发送的内容（外部层）"
        ),
        Kind::UploadUnknown => {
            say!("run it again; what is already there is not moved twice", "再运行一次；已经在那里的内容不会重复传输")
        }
        Kind::DigestInvalid => {
            say!(
                "something between the registry and this machine changes bytes, or the registry's storage is damaged",
                "镜像仓库与本机之间有设备改动了内容，或者镜像仓库的存储已损坏"
            )
        }
        Kind::ServerError => {
            say!("try again later; the registry's own log says more", "稍后重试；镜像仓库自己的日志有更多信息")
        }
        Kind::UnexpectedStatus if error.server_errors().iter().any(|said| !said.code.is_empty()) => {
            say!("look at what the registry says, and at its log", "查看镜像仓库的应答和日志")
        }
        Kind::UnexpectedStatus | Kind::Protocol => say!(
            "check that the host is a registry's and not a web page or a proxy",
            "确认主机是镜像仓库，而不是网页或代理"
        ),
        Kind::PlaceholderLeft(_) => say!(
            "apply again to delete the tag, or put it back by that digest: the manifest is still there",
            "再次 apply 以删除该标签，或者用那个摘要恢复它：清单还在"
        ),
        Kind::NotFound if error.url().ends_with("/v2/") => {
            say!("check host and port; the organization does not belong there", "检查主机和端口；组织不写在那里")
        }
        Kind::NotFound | Kind::TooLarge | Kind::Source(_) => return None,
    })
}

fn manifest_help(error: &Error) -> Wording {
    let says = |text: &str| {
        error.server_errors().iter().any(|said| said.message.english().to_ascii_lowercase().contains(text))
    };
    match error.status() {
        status if matches!(status, Some(405 | 409 | 412)) || says("immutable") => say!(
            "look at the rules of the repository (immutable tags, scans): one of them forbids it",
            "检查仓库的规则（不可变标签、扫描策略）：其中一条禁止这样写入"
        ),
        Some(400) if ["parse", "media type", "mediatype"].into_iter().any(says) => say!(
            "SWR Basic takes Docker media types only: write `provider \"swr\" edition=\"basic\"` so that images are converted",
            "SWR 基础版只接受 Docker 媒体类型：写 `provider \"swr\" edition=\"basic\"`，这样镜像会被转换"
        ),
        _ => say!(
            "look at what the registry says, and at its log: it may not take manifests of this kind",
            "查看镜像仓库的应答和日志：它可能不接受这种清单"
        ),
    }
}

fn tls_help(detail: &str) -> Wording {
    if detail.contains("UnknownIssuer") || detail.contains("BadSignature") {
        say!(
            "name the CA that signed the certificate with `tls ca=\"file.pem\"`, or install ca-certificates",
            "用 `tls ca=\"file.pem\"` 写明签发证书的 CA，或者安装 ca-certificates"
        )
    } else if detail.contains("CaUsedAsEndEntity") {
        say!(
            "trust this very certificate with `tls ca=\"file.pem\"`, or give the server one that its CA issued for this host",
            "用 `tls ca=\"file.pem\"` 直接信任这个证书，或者给服务器换上 CA 为该主机签发的证书"
        )
    } else if detail.to_ascii_lowercase().contains("expired") {
        say!(
            "the server's certificate has expired; renew it, or check this machine's clock",
            "服务器的证书已过期；更新证书，或者检查本机时钟"
        )
    } else if detail.to_ascii_lowercase().contains("not valid for name") || detail.contains("NotValidForName") {
        say!(
            "the certificate is for another host; use a name that it holds, or check where the host name leads",
            "证书属于别的主机；使用证书里有的域名，或者检查域名指向哪里"
        )
    } else if ["corrupt message", "InvalidContentType", "hung up"].iter().any(|sign| detail.contains(sign)) {
        say!(
            "the server does not speak TLS at this port; if that is meant, write `tls plain-http=true`",
            "服务器在这个端口上不使用 TLS；如果是有意为之，写 `tls plain-http=true`"
        )
    } else if detail.contains("CertificateRequired") || detail.contains("HandshakeFailure") {
        say!(
            "the server may ask for a client certificate: `tls client-certificate=\"file.pem\"`",
            "服务器可能要求客户端证书：`tls client-certificate=\"file.pem\"`"
        )
    } else {
        say!(
            "check the server's certificate and TLS versions; a proxy that opens TLS needs its CA in `tls ca=`",
            "检查服务器的证书和 TLS 版本；拆开 TLS 的代理需要把它的 CA 写进 `tls ca=`"
        )
    }
}
