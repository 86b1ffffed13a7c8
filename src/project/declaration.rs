//! What a valid project file declares.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::diag::{Source, Span, Spanned, Wording, say};
use crate::image::{RegistryHost, Repository};
use crate::lint::policy::DockerfileSet;
use crate::migrate::Migration;
use crate::network::{Network, without_project};

/// A whole, valid project file: every name in it that must refer to a section does.
#[derive(Clone, Debug)]
pub struct Project {
    pub name: Spanned<String>,
    /// The file's text, for late findings that point at a line of it.
    pub source: Arc<Source>,
    /// Directory of the file: relative paths start here.
    pub root: PathBuf,
    pub registries: Vec<RegistryDecl>,
    pub dockerfiles: Vec<DockerfileSet>,
    pub networks: Vec<Network>,
    pub migrations: Vec<Migration>,
}

impl Project {
    /// Nothing is declared: for who works without a project file.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            name: Spanned::new(String::new(), Span::default()),
            source: Arc::new(Source::new("", "")),
            root: PathBuf::new(),
            registries: Vec::new(),
            dockerfiles: Vec::new(),
            networks: Vec::new(),
            migrations: Vec::new(),
        }
    }

    #[must_use]
    pub fn registry(&self, name: &str) -> Option<&RegistryDecl> {
        self.registries.iter().find(|registry| *registry.name == name)
    }

    /// The first section that names the same place as the section `name`: what they hold is the same, whatever their logins.
    #[must_use]
    pub fn home<'a>(&'a self, name: &'a str) -> &'a str {
        let found =
            self.registry(name).and_then(|this| self.registries.iter().find(|first| first.is_at(this, &self.root)));
        found.map_or(name, |first| &first.name)
    }

    /// The first section that names the same place as the section `name` and logs in alike: what one may read, the other may.
    #[must_use]
    pub fn login<'a>(&'a self, name: &'a str) -> &'a str {
        let found = self.registry(name).and_then(|this| {
            self.registries.iter().find(|first| first.is_at(this, &self.root) && first.auth.is_as(&this.auth))
        });
        found.map_or(name, |first| &first.name)
    }

    #[must_use]
    pub fn network(&self, registry: &str) -> Option<&Network> {
        self.networks.iter().find(|network| *network.registry == registry)
    }

    /// A path of the project file as the process must open it; `~/` is the home directory.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        resolve(&self.root, path)
    }
}

fn resolve(root: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix("~").ok().zip(std::env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        // `components` drops the `./` that people write.
        None => root.join(path).components().collect(),
    }
}

/// What a path leads to, from the top and without `..`, as far as its names tell; links are not looked at.
pub(super) fn from_the_top(root: &Path, path: &Path) -> PathBuf {
    let path = resolve(root, path);
    let mut names = PathBuf::new();
    for part in std::path::absolute(&path).unwrap_or(path).components() {
        match part {
            Component::ParentDir => drop(names.pop()),
            part => names.push(part),
        }
    }
    names
}

/// One `registry` section.
#[derive(Clone, Debug)]
pub struct RegistryDecl {
    pub name: Spanned<String>,
    pub place: Place,
    /// Where a directory really is, once somebody followed the links on the way.
    pub directory: Option<PathBuf>,
    pub provider: Provider,
    /// Prefix of every target repository here; sources are named in full.
    pub organization: Option<Spanned<Repository>>,
    /// It is created where it is missing.
    pub create_organization: bool,
    pub tls: Tls,
    pub auth: Auth,
    pub limits: Limits,
}

impl RegistryDecl {
    /// A registry that no section names, as Docker takes it: with the logins of Docker's configuration, and on this machine
    /// without TLS.
    #[must_use]
    pub fn undeclared(name: String, host: RegistryHost) -> Self {
        Self {
            name: Spanned::new(name, Span::default()),
            tls: Tls { plain_http: host.is_loopback(), ..Tls::default() },
            place: Place::Registry(host),
            directory: None,
            provider: Provider::Generic,
            organization: None,
            create_organization: false,
            auth: Auth::default(),
            limits: Limits::default(),
        }
    }

    /// Do both name one place? Sections may differ in their logins, organizations and limits. Relative paths start at `root`.
    #[must_use]
    pub fn is_at(&self, other: &Self, root: &Path) -> bool {
        match (&self.place, &other.place) {
            (Place::Registry(one), Place::Registry(two)) => {
                one.host() == two.host() && self.port(one) == other.port(two)
            }
            (Place::OciLayout(one), Place::OciLayout(two)) => self.directory(one, root) == other.directory(two, root),
            (Place::Registry(_), Place::OciLayout(_)) | (Place::OciLayout(_), Place::Registry(_)) => false,
        }
    }

    fn directory(&self, written: &Path, root: &Path) -> Cow<'_, Path> {
        self.directory.as_deref().map_or_else(|| from_the_top(root, written).into(), Cow::from)
    }

    fn port(&self, host: &RegistryHost) -> u16 {
        host.port().unwrap_or(if self.tls.plain_http { 80 } else { 443 })
    }

    /// The region of SWR, without the name of a regional sub-project.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match &self.provider {
            Provider::Swr { region, .. } => Some(without_project(region)),
            Provider::Generic | Provider::Harbor => None,
        }
    }

    /// As the user limits it, or else as the provider bears it.
    #[must_use]
    pub fn requests_per_second(&self) -> Option<u32> {
        self.limits.requests_per_second.or_else(|| self.provider.requests_per_second())
    }

    /// Does it list its repositories namespace by namespace (organization, project), instead of all at once?
    #[must_use]
    pub fn lists_by_namespace(&self) -> bool {
        let is_hub = matches!(&self.place, Place::Registry(host) if host.is_docker_hub());
        is_hub || matches!(self.provider, Provider::Harbor | Provider::Swr { edition: Edition::Basic, .. })
    }
}

/// Where images live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Registry(RegistryHost),
    /// Directory of an OCI image layout, as written in the project file.
    OciLayout(PathBuf),
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Provider {
    #[default]
    Generic,
    Harbor,
    Swr {
        /// Or a regional sub-project (`cn-north-4_team`).
        region: String,
        edition: Edition,
        /// The management API; none where the region is not known and the file does not say.
        api: Option<RegistryHost>,
        /// Object storage, whose buckets are `BUCKET.<this>`; none as above.
        obs: Option<RegistryHost>,
        /// The management API's lists of tags stand in for HEAD requests.
        tag_lists: bool,
    },
}

impl Provider {
    /// SWR Basic refuses OCI media types: manifests are converted to Docker's on their way there.
    #[must_use]
    pub fn needs_docker_media_types(&self) -> bool {
        matches!(self, Self::Swr { edition: Edition::Basic, .. })
    }

    /// Repositories are in organizations that a push does not create.
    #[must_use]
    pub fn has_organizations(&self) -> bool {
        matches!(self, Self::Swr { edition: Edition::Basic, .. })
    }

    /// What is well within the provider's own limit, where one is known: SWR answers 503 above 20.
    #[must_use]
    pub fn requests_per_second(&self) -> Option<u32> {
        matches!(self, Self::Swr { .. }).then_some(15)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    Basic,
    Enterprise,
}

/// How the connection is secured; paths as written in the project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub plain_http: bool,
    pub verify: bool,
    /// PEM file with additional trusted certificates.
    pub ca: Option<Spanned<PathBuf>>,
    /// PEM file with a certificate chain and its private key.
    pub client_certificate: Option<Spanned<PathBuf>>,
}

impl Default for Tls {
    fn default() -> Self {
        Self { plain_http: false, verify: true, ca: None, client_certificate: None }
    }
}

/// Where credentials come from; secrets themselves are never in the project file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Auth {
    /// `~/.docker/config.json` and its credential helpers; anonymous where they know nothing. The default.
    #[default]
    DockerConfig,
    Anonymous,
    Basic {
        username: SecretSource,
        password: SecretSource,
    },
    /// SWR's AK/SK: the login is derived from them.
    AccessKey {
        access_key: SecretSource,
        secret_key: SecretSource,
    },
}

impl Auth {
    /// Do both log in with the same name and secret, wherever that is written?
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::DockerConfig, Self::DockerConfig) | (Self::Anonymous, Self::Anonymous) => true,
            (Self::Basic { username: a, password: b }, Self::Basic { username: c, password: d })
            | (Self::AccessKey { access_key: a, secret_key: b }, Self::AccessKey { access_key: c, secret_key: d }) => {
                a.is_as(c) && b.is_as(d)
            }
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Env(Spanned<String>),
    File(Spanned<PathBuf>),
    /// Only for what is no secret: a user name.
    Literal(Spanned<String>),
}

impl SecretSource {
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Env(one), Self::Env(two)) | (Self::Literal(one), Self::Literal(two)) => one.value == two.value,
            (Self::File(one), Self::File(two)) => one.value == two.value,
            _ => false,
        }
    }
}

/// Politeness towards one registry; `None` is no limit of the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    pub requests_per_second: Option<u32>,
    /// Requests at a time.
    pub concurrency: Option<u32>,
    /// Blob uploads at a time.
    pub uploads: Option<u32>,
    /// Connections over which one large blob is read.
    pub connections_per_blob: Option<u32>,
    /// Bytes of blobs, to and fro.
    pub bandwidth: Option<ByteRate>,
}

/// So many bytes a second, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRate(NonZeroU64);

impl ByteRate {
    #[must_use]
    pub const fn bytes_per_second(self) -> u64 {
        self.0.get()
    }
}

/// Not a number of bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Wording::from(*self).english())]
pub struct BadByteRate;

impl From<BadByteRate> for Wording {
    fn from(BadByteRate: BadByteRate) -> Self {
        say!(
            "not a rate like `20MiB/s`: a number, one of B, KB, KiB, MB, MiB, GB, GiB, and `/s`",
            "不是 `20MiB/s` 这样的速率：数字，B、KB、KiB、MB、MiB、GB、GiB 之一，再加 `/s`"
        )
    }
}

impl FromStr for ByteRate {
    type Err = BadByteRate;

    fn from_str(text: &str) -> Result<Self, BadByteRate> {
        let amount = text.trim().strip_suffix("/s").ok_or(BadByteRate)?;
        let digits = amount.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = amount.split_at(digits);
        let factor: u64 = match unit.trim() {
            "B" => 1,
            "KB" | "kB" => 1000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            _ => return Err(BadByteRate),
        };
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        bytes.and_then(NonZeroU64::new).map(Self).ok_or(BadByteRate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_with_their_unit() {
        let read = |text: &str| text.parse().map(ByteRate::bytes_per_second);
        for (text, bytes) in
            [("1B/s", 1), ("20MiB/s", 20 << 20), ("20 MB/s", 20_000_000), ("3kB/s", 3000), ("1GiB/s", 1 << 30)]
        {
            assert_eq!(read(text), Ok(bytes), "{text}");
        }
        for wrong in
            ["", "20", "20MiB", "MiB/s", "0MiB/s", "-1B/s", "1.5MiB/s", "20mb/s", "20Mbit/s", "99999999999GiB/s"]
        {
            assert_eq!(read(wrong), Err(BadByteRate), "{wrong}");
        }
    }
}
