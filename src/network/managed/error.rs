//! Why a managed file is left alone.

use std::net::IpAddr;

use super::block::Damage;
use crate::diag::{Problem, Wording, say};

/// Lines from 1; `owner` is `PROJECT/REGISTRY` where the line is in a block of another project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedError {
    Damaged(Damage),
    /// Somebody else gives the name an address in the same hosts file.
    Pinned {
        name: String,
        address: IpAddr,
        line: usize,
        owner: Option<String>,
    },
    /// Two registries of the project give one name two addresses.
    Disagree {
        name: String,
        registries: [String; 2],
    },
    /// Two registries of the project declare one zone.
    TwoZones {
        zone: String,
        registries: [String; 2],
    },
    /// Another project file of the same name wrote lines for a registry of the same name.
    Namesake {
        line: usize,
        project: String,
        file: String,
    },
    /// The zone is declared in the same file already.
    Declared {
        zone: String,
        line: usize,
        owner: Option<String>,
    },
    /// What is to be a zone file holds something else.
    Occupied {
        line: usize,
    },
}

impl ManagedError {
    /// As a problem with the file that people call `file`.
    #[must_use]
    pub fn problem(&self, file: &str) -> Problem {
        let (code, what, help) = match self {
            Self::Damaged(damage) => {
                let help = say!(
                    "put the markers of the block back, or remove the block whole; apply writes it anew",
                    "补回该区块的标记，或删除整个区块；apply 会重新写入"
                );
                ("damaged-markers", damage.wording(), help)
            }
            Self::Pinned { name, address, line, owner } => {
                let what = say!(
                    "line {line} gives {name} the address {address}{by}",
                    "第 {line} 行把 {name} 指向了 {address}{by}",
                    line,
                    name,
                    address,
                    by = by(owner.as_deref())
                );
                ("pinned-already", what, remove(*line, owner.as_deref()))
            }
            Self::Disagree { name, registries: [one, other] } => {
                let what = say!(
                    "`{one}` and `{other}` give {name} two addresses",
                    "`{one}` 和 `{other}` 给了 {name} 两个地址",
                    one,
                    other,
                    name
                );
                (
                    "two-addresses",
                    what,
                    say!(
                        "write the same `endpoint` in both `network` sections",
                        "在两个网络小节中写相同的 `endpoint`（`network`）"
                    ),
                )
            }
            Self::TwoZones { zone, registries: [one, other] } => {
                let what = say!(
                    "`{one}` and `{other}` both declare the zone {zone}",
                    "`{one}` 和 `{other}` 都声明了区域 {zone}",
                    one,
                    other,
                    zone
                );
                (
                    "two-zones",
                    what,
                    say!(
                        "keep one `bind-zone` or `bind-forward` for it: registries of one host share the zone",
                        "只为它保留一个 `bind-zone` 或 `bind-forward`：同一主机的镜像仓库共用这个区域"
                    ),
                )
            }
            Self::Namesake { line, project, file } => {
                let what = say!(
                    "line {line} begins lines of another project `{project}`: {file}",
                    "第 {line} 行开始的内容属于另一个项目 `{project}`：{file}",
                    line,
                    project,
                    file
                );
                (
                    "namesake",
                    what,
                    say!(
                        "give one of the two projects another name; if they are copies of one, apply there, or remove these lines",
                        "给其中一个项目改名；如果两者是同一项目的副本，就在那边执行 apply，或者删除这些行"
                    ),
                )
            }
            Self::Declared { zone, line, owner } => {
                let what = say!(
                    "line {line} declares the zone {zone}{by}",
                    "第 {line} 行已声明区域 {zone}{by}",
                    line,
                    zone,
                    by = by(owner.as_deref())
                );
                ("zone-declared-already", what, remove(*line, owner.as_deref()))
            }
            Self::Occupied { line } => {
                let what = say!(
                    "line {line} is not of swrctl, and a zone file has to be its own",
                    "第 {line} 行不是 swrctl 写的，而区域文件必须由它独占",
                    line
                );
                ("not-its-own-file", what, say!("name a file that is not there yet", "换一个尚不存在的文件"))
            }
        };
        let message = say!("`{file}` is left alone: {what}", "`{file}` 保持不变：{what}", file, what);
        Problem::new(code, message).with_help(help)
    }
}

fn by(owner: Option<&str>) -> Wording {
    owner.map_or_else(Wording::default, |owner| say!(" for {owner}", "（属于 {owner}）", owner))
}

fn remove(line: usize, owner: Option<&str>) -> Wording {
    match owner {
        None => say!("remove line {line}: swrctl writes its own", "删除第 {line} 行：swrctl 会写自己的", line),
        Some(owner) => say!(
            "two projects declare it: write `manage=false` in one of them and apply it ({owner} is the other)",
            "两个项目都声明了它：在其中一个写 `manage=false` 并执行 apply（另一个是 {owner}）",
            owner
        ),
    }
}
