//! Files of other programs in which a project keeps lines of its own: hosts files and BIND's. Pure: what a file is to
//! hold. Reading and writing it is the business of higher layers.
//!
//! What a project has written is known by its markers alone: a block that it does not declare any more is removed.

pub mod bind;
mod block;
mod error;

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

use self::bind::Serial;
use self::block::{Blocks, Wanted};
pub use self::block::{Damage, Owner, Writer};
pub use self::error::ManagedError;
use super::hosts;
use crate::diag::{Problem, Spanned, Wording, say};

/// What a `network` section has written into files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managed {
    /// Whether the hosts file that the section names is to hold the registry's name.
    pub hosts: bool,
    /// At most one a service.
    pub zones: Vec<BindZone>,
    pub forward: Option<BindForward>,
}

impl Managed {
    /// Whether files are to hold anything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.hosts
            || self.zones.iter().any(|zone| zone.manage)
            || self.forward.as_ref().is_some_and(|forward| forward.manage)
    }

    /// Files of BIND that are named.
    pub fn bind_files(&self) -> impl Iterator<Item = (&Spanned<PathBuf>, Form)> {
        let zones = self.zones.iter().flat_map(|zone| [(&zone.path, Form::Zone), (&zone.conf, Form::NamedConf)]);
        zones.chain(self.forward.iter().map(|forward| (&forward.conf, Form::NamedConf)))
    }
}

/// A path as people name a file: without the `./` that some write.
#[must_use]
pub fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// What a path leads to, each by hosts and an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Registry,
    /// SWR's management API.
    Api,
    /// Object storage, from which blobs are read.
    Obs,
}

impl Service {
    /// The node of a `network` section that declares its address.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::Registry => "endpoint",
            Self::Api => "api-endpoint",
            Self::Obs => "obs-endpoint",
        }
    }
}

/// `bind-zone`: BIND answers for the hosts of a service itself; each is a zone, and all have the one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindZone {
    pub service: Service,
    /// The zone's file.
    pub path: Spanned<PathBuf>,
    /// The file of statements that names the zone.
    pub conf: Spanned<PathBuf>,
    /// The zone's file as `named` has to open it, where that differs.
    pub installed: Option<String>,
    /// False: what was written is removed.
    pub manage: bool,
}

/// `bind-forward`: BIND asks other name servers for the hosts of every service that is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindForward {
    pub servers: Vec<IpAddr>,
    pub conf: Spanned<PathBuf>,
    /// False: what was written is removed.
    pub manage: bool,
}

/// What reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Hosts,
    /// Statements of `named.conf`.
    NamedConf,
    /// A zone file of BIND, which is ours alone.
    Zone,
}

impl Form {
    const fn comment(self) -> &'static str {
        match self {
            Self::Hosts => "#",
            Self::NamedConf => "//",
            Self::Zone => ";",
        }
    }

    /// In a list of kinds of files.
    #[must_use]
    pub const fn name(self) -> Wording {
        match self {
            Self::Hosts => say!("a hosts file", "hosts 文件"),
            Self::NamedConf => say!("a configuration of BIND", "BIND 配置文件"),
            Self::Zone => say!("a zone file", "区域文件"),
        }
    }
}

/// What a registry's section wants in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Lines of a hosts file, `ADDRESS NAME`.
    Pins(Vec<Pin>),
    /// Zones of BIND's own; `file` as `named` has to open it.
    Authoritative {
        zones: Vec<String>,
        file: String,
    },
    Forward {
        zones: Vec<String>,
        servers: Vec<IpAddr>,
    },
    /// The file of zones that all have the same addresses.
    Records {
        zones: Vec<String>,
        addresses: Vec<IpAddr>,
    },
}

/// A name and the address that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub address: IpAddr,
    pub name: String,
}

impl Content {
    fn lines(&self, before: Option<&[String]>, day: Serial) -> Vec<String> {
        match self {
            Self::Pins(pins) => pins.iter().map(|pin| format!("{} {}", pin.address, pin.name)).collect(),
            Self::Authoritative { zones, file } => {
                zones.iter().flat_map(|zone| bind::authoritative(zone, file)).collect()
            }
            Self::Forward { zones, servers } => zones.iter().flat_map(|zone| bind::forward(zone, servers)).collect(),
            Self::Records { addresses, .. } => bind::zone(addresses, before, day),
        }
    }

    /// Zones that it declares.
    fn zones(&self) -> &[String] {
        match self {
            Self::Authoritative { zones, .. } | Self::Forward { zones, .. } => zones,
            Self::Pins(_) | Self::Records { .. } => &[],
        }
    }

    /// What it does, for the reason of a step.
    #[must_use]
    pub fn wording(&self) -> Wording {
        match self {
            Self::Pins(pins) => {
                let pins: Vec<String> = pins.iter().map(|pin| format!("{} {}", pin.address, pin.name)).collect();
                Wording::same(pins.join(", "))
            }
            Self::Authoritative { zones, .. } => {
                say!(
                    "BIND answers for {zones} once it is reloaded (`rndc reload`)",
                    "重新加载（`rndc reload`）后由 BIND 应答 {zones}",
                    zones = Wording::list(zones)
                )
            }
            Self::Forward { zones, .. } => {
                say!(
                    "BIND forwards {zones} once it is reloaded (`rndc reload`)",
                    "重新加载（`rndc reload`）后由 BIND 转发 {zones}",
                    zones = Wording::list(zones)
                )
            }
            Self::Records { zones, addresses } => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                say!(
                    "zone {zones} with {addresses}",
                    "区域 {zones}，地址 {addresses}",
                    zones = Wording::list(zones),
                    addresses = addresses.join(", ")
                )
            }
        }
    }
}

/// A file and what a project keeps in it.
#[derive(Clone, Debug)]
pub struct ManagedFile {
    /// As people and addresses of steps name it.
    pub name: String,
    /// As the process must open it.
    pub path: PathBuf,
    pub form: Form,
    /// By registry, whose parts make one block; one that is not here has nothing in the file any more.
    pub parts: Vec<(String, Content)>,
}

/// What is to become of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it will hold; none where it goes.
    pub after: Option<Vec<u8>>,
    /// Registries whose lines are new or other than before.
    pub written: Vec<String>,
    /// Registries whose lines go.
    pub removed: Vec<String>,
}

impl ManagedFile {
    /// What is to become of the file, which holds `before` now; none when it is as it should be. Zones that change get a
    /// serial of `day` or a greater one.
    ///
    /// # Errors
    /// When that would not have the effect that is declared, or nobody knows what belongs to whom.
    pub fn change(&self, writer: &Writer, before: Option<&[u8]>, day: Serial) -> Result<Option<Change>, ManagedError> {
        let text = before.unwrap_or_default();
        let blocks = Blocks::read(text, self.form.comment(), writer).map_err(ManagedError::Damaged)?;
        let wanted = self.wanted(&blocks, day);
        if let Some((line, file)) = wanted.iter().find_map(|wanted| blocks.rival(wanted)) {
            let (project, file) = (writer.project.clone(), file.to_owned());
            return Err(ManagedError::Namesake { line, project, file });
        }
        self.has_no_rival(&blocks)?;
        let after = blocks.with(&wanted);
        if after == text {
            return Ok(None);
        }
        let is_new = |wanted: &&Wanted| blocks.body(&wanted.registry).as_ref() != Some(&wanted.lines);
        let is_wanted = |registry: &str| wanted.iter().any(|wanted| wanted.registry == registry);
        Ok(Some(Change {
            written: wanted.iter().filter(is_new).map(|wanted| wanted.registry.clone()).collect(),
            removed: blocks.registries().filter(|name| !is_wanted(name)).map(str::to_owned).collect(),
            // BIND does not start without a file that its configuration names; of zones that configuration is ours.
            after: (!after.is_empty() || self.form != Form::Zone).then_some(after),
        }))
    }

    /// What each registry's block is to say.
    fn wanted(&self, blocks: &Blocks, day: Serial) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for (registry, content) in &self.parts {
            let lines = content.lines(blocks.body(registry).as_deref(), day);
            match wanted.iter_mut().find(|wanted| wanted.registry == *registry) {
                Some(wanted) => wanted.lines.extend(lines),
                None => wanted.push(Wanted { registry: registry.clone(), lines }),
            }
        }
        wanted
    }

    /// Whether a marker in the file names `project`, as far as its markers can be told.
    #[must_use]
    pub fn names(&self, project: &str, text: Option<&[u8]>) -> bool {
        let text = String::from_utf8_lossy(text.unwrap_or_default());
        text.lines().any(|line| {
            line.trim_start().starts_with(self.form.comment()) && line.contains(&format!(" swrctl {project}/"))
        })
    }

    /// Does somebody else say something else in the same file?
    fn has_no_rival(&self, blocks: &Blocks) -> Result<(), ManagedError> {
        let others = blocks.without(|registry| self.parts.iter().any(|(own, _)| own == registry));
        let owner = |line| blocks.owner_of(line).map(ToString::to_string);
        for (registry, content) in &self.parts {
            match content {
                Content::Pins(pins) => {
                    for pin in pins {
                        self.agrees(registry, pin)?;
                        let rival = hosts::pins(&others, &pin.name)
                            .into_iter()
                            .find(|rival| !self.gives(&pin.name, rival.address));
                        if let Some(rival) = rival {
                            let (name, line) = (pin.name.clone(), rival.line);
                            return Err(ManagedError::Pinned {
                                name,
                                address: rival.address,
                                line,
                                owner: owner(line),
                            });
                        }
                    }
                }
                Content::Authoritative { zones, .. } | Content::Forward { zones, .. } => {
                    self.declares_alone(registry, zones)?;
                    let declared = |zone: &String| Some((zone.clone(), bind::declaration(&others, zone)?));
                    if let Some((zone, line)) = zones.iter().find_map(declared) {
                        return Err(ManagedError::Declared { zone, line, owner: owner(line) });
                    }
                }
                Content::Records { .. } if blocks.body(registry).is_none() => {
                    if let Some(line) = others.lines().position(|line| !line.trim().is_empty()) {
                        return Err(ManagedError::Occupied { line: line + 1 });
                    }
                }
                Content::Records { .. } => {}
            }
        }
        Ok(())
    }

    fn gives(&self, name: &str, address: IpAddr) -> bool {
        self.pins().any(|(_, pin)| pin.name.eq_ignore_ascii_case(name) && pin.address == address)
    }

    /// Two sections may name one host, but not give it two addresses.
    fn agrees(&self, registry: &str, pin: &Pin) -> Result<(), ManagedError> {
        let rival = self.pins().find(|(other, rival)| {
            *other != registry && rival.name.eq_ignore_ascii_case(&pin.name) && rival.address != pin.address
        });
        rival.map_or(Ok(()), |(other, _)| {
            let registries = [registry.to_owned(), other.to_owned()];
            Err(ManagedError::Disagree { name: pin.name.clone(), registries })
        })
    }

    /// Nor may they declare one zone: BIND takes no second.
    fn declares_alone(&self, registry: &str, zones: &[String]) -> Result<(), ManagedError> {
        let shared = |content: &Content| {
            let found = zones.iter().find(|zone| content.zones().iter().any(|other| other.eq_ignore_ascii_case(zone)));
            found.cloned()
        };
        let others = self.parts.iter().filter(|(other, _)| other != registry);
        let rival = others.into_iter().find_map(|(other, content)| Some((other.clone(), shared(content)?)));
        rival.map_or(Ok(()), |(other, zone)| {
            Err(ManagedError::TwoZones { zone, registries: [registry.to_owned(), other] })
        })
    }

    fn pins(&self) -> impl Iterator<Item = (&str, &Pin)> {
        self.parts.iter().flat_map(|(registry, content)| {
            let pins = match content {
                Content::Pins(pins) => pins.as_slice(),
                _ => &[],
            };
            pins.iter().map(move |pin| (registry.as_str(), pin))
        })
    }
}

/// A managed file as it was found, where something is to be done or said about it.
#[derive(Clone, Debug)]
pub struct FileFacts {
    /// As people and addresses of steps name it.
    pub name: String,
    pub form: Form,
    /// The system's own hosts file, by which names resolve.
    pub is_system_hosts: bool,
    /// Registries that have lines in it, or had.
    pub registries: Vec<String>,
    pub before: Option<Vec<u8>>,
    pub change: Result<Change, Problem>,
    /// What the change does.
    pub reason: Wording,
    /// For zones that change.
    pub day: Serial,
}

#[cfg(test)]
mod tests;
