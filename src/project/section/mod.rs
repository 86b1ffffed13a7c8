//! The sections of a project file, one module each: its shape, and how it is read into what it declares.

mod arguments;
mod auth;
mod bind;
mod dockerfiles;
mod header;
mod image;
mod migrate;
mod network;
mod overrides;
mod provider;
mod registry;

use super::kdl::{Child, Cursor, Fault, Faults, Node, Shape};
use std::collections::HashMap;

use crate::diag::{Span, Spanned, Wording, did_you_mean, say};
use crate::lint;
use crate::lint::policy::DockerfileSet;
use crate::migrate::Migration;
use crate::network::Network;

use super::declaration::RegistryDecl;

/// A whole project file.
pub(super) static DOCUMENT: Shape = Shape::new("", "")
    .children(&[
        Child::once(&header::PROJECT).required(),
        Child::many(&registry::REGISTRY),
        Child::many(&dockerfiles::DOCKERFILES),
        Child::many(&network::NETWORK),
        Child::many(&migrate::MIGRATE),
    ])
    .planned(&[
        ("migrate-file", INSTEAD_OF_FILE),
        ("migrate-cluster", INSTEAD_OF_CLUSTER),
        ("harbor-replication", INSTEAD_OF_REPLICATION),
    ]);

const INSTEAD_OF_FILE: &Wording = &say!(
    "write a `migrate` section with one `image` for each entry of the file",
    "写 `migrate` 小节，文件的每一项对应一个 `image`"
);
const INSTEAD_OF_CLUSTER: &Wording = &say!(
    "write a `migrate` section with one `image` for each image of the cluster",
    "写 `migrate` 小节，集群的每个镜像对应一个 `image`"
);
const INSTEAD_OF_REPLICATION: &Wording = &say!(
    "keep the replication in Harbor, or write a `migrate` section from Harbor",
    "保留 Harbor 里的复制规则，或者写以 Harbor 为源的 `migrate` 小节"
);

/// What the sections declare; those with faults are left out, so it is whole only when there are none.
pub(super) struct Sections {
    pub name: Option<Spanned<String>>,
    pub registries: Vec<RegistryDecl>,
    pub dockerfiles: Vec<DockerfileSet>,
    pub networks: Vec<Network>,
    pub migrations: Vec<Migration>,
}

/// Names that sections refer to.
struct Names<'a> {
    /// Every `registry` section's, also of those with faults.
    registries: Vec<Spanned<&'a str>>,
}

pub(super) fn read(nodes: &[Node], faults: &Faults) -> Sections {
    let sections =
        |name: &'static str| nodes.iter().filter(move |node| *node.name == name).map(|node| Cursor::new(node, faults));
    let first_arguments = |section| sections(section).filter_map(Cursor::quiet_name).collect::<Vec<_>>();
    let names = Names { registries: first_arguments("registry") };
    unique("registry", &names.registries, faults);
    unique("network", &first_arguments("network"), faults);
    Sections {
        name: sections("project").map(header::read).fold(None, Option::or),
        registries: sections("registry").filter_map(registry::read).collect(),
        dockerfiles: sections("dockerfiles").map(|cursor| dockerfiles::read(cursor, &names)).collect(),
        networks: sections("network").filter_map(|cursor| network::read(cursor, &names)).collect(),
        migrations: sections("migrate").filter_map(|cursor| migrate::read(cursor, &names)).collect(),
    }
}

fn unique(section: &str, names: &[Spanned<&str>], faults: &Faults) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for name in names {
        let Some(first) = first.insert(name.value, name.span) else { continue };
        let shown = name.escape_debug();
        let fault = Fault::new(
            "duplicate-section",
            say!(
                "there are two `{section}` sections for `{shown}`",
                "`{shown}` 有两个 `{section}` 小节",
                section,
                shown
            ),
        );
        let fault = fault.at(name.span, say!("again", "又一次")).at(first, say!("first here", "第一次在这里"));
        faults.add(fault.help(say!("rename or remove one of them", "给其中一个改名，或者删除它")));
    }
}

impl Names<'_> {
    /// `text` as the name of a `registry` section.
    fn registry(&self, cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<String>> {
        if self.registries.iter().any(|name| name.value == text.value) {
            return Some(text.map(str::to_owned));
        }
        let message = say!("there is no registry `{name}`", "没有镜像仓库 `{name}`", name = text.escape_debug());
        let fault = Fault::new("unknown-registry", message)
            .at(text.span, say!("no section has this name", "没有叫这个名字的小节"));
        cursor.add(match self.registries.as_slice() {
            [] => fault.help(say!("declare it: `registry \"NAME\" \"HOST\"`", "声明它：`registry \"NAME\" \"HOST\"`")),
            known => fault.help_with(text.value, known.iter().map(|name| name.value)),
        });
        None
    }
}

/// `text` as the name or an alias of a lint rule.
fn rule_name(cursor: Cursor, text: Spanned<&str>) -> Spanned<String> {
    if lint::rule(text.value).is_none() {
        let message = say!("there is no rule `{name}`", "没有规则 `{name}`", name = text.escape_debug());
        let near = did_you_mean(text.value, lint::rule_names());
        let help = near.map_or_else(
            || say!("write the name that findings of the rule show", "写问题报告里显示的规则名"),
            |near| say!("did you mean `{near}`?", "是不是想写 `{near}`？", near),
        );
        cursor.add(Fault::new("unknown-rule", message).at(text.span, say!("unknown rule", "未知规则")).help(help));
    }
    text.map(str::to_owned)
}
