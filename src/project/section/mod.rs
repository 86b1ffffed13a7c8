//! The sections of a project file, one module each: its shape, and how it is read into what it declares.

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

use crate::diag::{Span, Spanned, did_you_mean};
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
        ("migrate-file", "write a `migrate` section with one `image` for each entry of the file"),
        ("migrate-cluster", "write a `migrate` section with one `image` for each image of the cluster"),
        ("harbor-replication", "keep the replication in Harbor, or write a `migrate` section from Harbor"),
    ]);

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
        let fault = Fault::new("duplicate-section", format!("there are two `{section}` sections for `{shown}`"));
        let fault = fault.at(name.span, "again").at(first, "first here");
        faults.add(fault.help("rename or remove one of them"));
    }
}

impl Names<'_> {
    /// `text` as the name of a `registry` section.
    fn registry(&self, cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<String>> {
        if self.registries.iter().any(|name| name.value == text.value) {
            return Some(text.map(str::to_owned));
        }
        let message = format!("there is no registry `{}`", text.escape_debug());
        let fault = Fault::new("unknown-registry", message).at(text.span, "no section has this name");
        cursor.add(match self.registries.as_slice() {
            [] => fault.help("declare it: `registry \"NAME\" \"HOST\"`"),
            known => fault.help_with(text.value, known.iter().map(|name| name.value)),
        });
        None
    }
}

/// `text` as the name or an alias of a lint rule.
fn rule_name(cursor: Cursor, text: Spanned<&str>) -> Spanned<String> {
    if lint::rule(text.value).is_none() {
        let message = format!("there is no rule `{}`", text.escape_debug());
        let near = did_you_mean(text.value, lint::rule_names());
        let help = near.map_or_else(
            || "write the name that findings of the rule show".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        cursor.add(Fault::new("unknown-rule", message).at(text.span, "unknown rule").help(help));
    }
    text.map(str::to_owned)
}
