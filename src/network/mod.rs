//! How the network reaches a registry: declared modes, the checks that prove them, and their results. No sockets.

mod address;
mod advice;
pub mod certificate;
mod check;
pub mod endpoint_policy;
mod explain;
pub mod hosts;
pub mod judge;
pub mod managed;
mod no_proxy;
mod proxy;
mod region;
mod taken_path;

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

pub use address::AddressClass;
pub use advice::{Advice, advice};
pub use check::{Check, CheckResult, PathReport, Verdict, WantedChecks};
pub use explain::explain;
pub use proxy::{Direct, Environment, Proxy, ProxyScheme, Route, route};
pub use region::{Services, known_regions, region_of, without_project};
pub use taken_path::{Destination, PathChange, ResolvedBy, TakenPath};

use self::managed::{Form, Managed};
use crate::diag::Spanned;
use crate::image::{ManifestReference, NameError, RegistryHost, Repository};
use crate::lint::policy::Level;

/// One `network` section: the path to a registry.
#[derive(Clone, Debug)]
pub struct Network {
    /// Name of a `registry` section.
    pub registry: Spanned<String>,
    pub mode: Option<Spanned<Mode>>,
    /// Address that the registry's name must resolve to (mode `vpc-endpoint`).
    pub endpoint: Option<Spanned<IpAddr>>,
    /// The same for the management API's name.
    pub api_endpoint: Option<Spanned<IpAddr>>,
    /// The same for the names of object storage.
    pub obs_endpoint: Option<Spanned<IpAddr>>,
    /// Glob over the names of object storage that `obs_endpoint` is for; without it, all.
    pub obs_names: Option<Spanned<String>>,
    /// Hosts of object storage by their names: those that files are to name, and that are looked up where the registry has
    /// no image to be redirected for.
    pub obs_hosts: Vec<Spanned<RegistryHost>>,
    /// An image of the registry to read a byte of.
    pub probe_image: Option<Spanned<ProbeImage>>,
    /// Hosts file to read instead of the system's, relative to the project file's directory.
    pub hosts_file: Option<Spanned<PathBuf>>,
    /// What is to be written into files of this and other programs.
    pub managed: Managed,
    /// Glob over the interfaces by which packets may leave for the registry.
    pub interface: Option<Spanned<String>>,
    /// Levels that differ from the default.
    pub levels: Vec<(Spanned<Check>, Level)>,
}

/// The three ways of SWR's documents; other registries have them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Same region: the name resolves to a private address.
    Private,
    /// Over the Internet.
    Public { egress: Option<Egress> },
    /// VPN or Direct Connect to a VPC endpoint.
    VpcEndpoint { via: Option<Via> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Egress {
    Nat,
    Eip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Vpn,
    DirectConnect,
}

/// An image that is there for the checks, in the registry it is an image of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeImage {
    pub repository: Repository,
    pub reference: ManifestReference,
}

impl FromStr for ProbeImage {
    type Err = NameError;

    /// `repository:tag` or `repository@digest`; without both the tag is `latest`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (repository, reference) = match (text.split_once('@'), text.rsplit_once(':')) {
            (Some(parts), _) => parts,
            (None, Some((name, tag))) if !tag.contains('/') => (name, tag),
            _ => (text, "latest"),
        };
        Ok(Self { repository: repository.parse()?, reference: reference.parse()? })
    }
}

impl Network {
    /// Every file that the section names.
    pub fn files(&self) -> impl Iterator<Item = (&Spanned<PathBuf>, Form)> {
        self.hosts_file.iter().map(|path| (path, Form::Hosts)).chain(self.managed.bind_files())
    }

    /// How much a failure of `check` weighs; the last word of the section counts.
    #[must_use]
    pub fn level(&self, check: Check) -> Level {
        let named = self.levels.iter().rev().find(|(named, _)| **named == check);
        named.map_or(check.default_level(), |(_, level)| *level)
    }
}

impl Mode {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public { .. } => "public",
            Self::VpcEndpoint { .. } => "vpc-endpoint",
        }
    }
}
