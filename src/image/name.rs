//! Registry hosts, repositories, tags and references, as the distribution specification and Docker read them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use super::Digest;
use crate::diag::{Lang, Wording, say};

/// Why a text is not the name it was meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message().get(Lang::En))]
pub struct NameError {
    pub what: Wording,
    pub input: String,
    /// A verb phrase: "holds an upper-case letter".
    pub reason: Wording,
}

impl NameError {
    pub(super) fn new(what: Wording, input: &str, reason: Wording) -> Self {
        const SHOWN: usize = 120;
        let cut = input.floor_char_boundary(SHOWN);
        let input = if cut < input.len() { format!("{}…", &input[..cut]) } else { input.to_owned() };
        Self { what, input: input.escape_debug().to_string(), reason }
    }

    #[must_use]
    pub fn message(&self) -> Wording {
        let Self { what, input, reason } = self;
        say!("{what} `{input}` {reason}", "{what} `{input}` 有误：{reason}", what, input, reason)
    }
}

impl From<NameError> for Wording {
    fn from(error: NameError) -> Self {
        error.message()
    }
}

/// `host[:port]` of a registry, lower case; every spelling of Docker Hub is `docker.io`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryHost(String);

impl RegistryHost {
    pub const DOCKER_HUB: &'static str = "docker.io";

    const DOCKER_HUB_SPELLINGS: [&'static str; 4] =
        ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.0 == Self::DOCKER_HUB
    }

    /// `host[:port]` that speaks the registry API: Docker Hub's differs from its name.
    #[must_use]
    pub fn api_host(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.0 }
    }

    /// Host without port and without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = split_port(self.api_host()).0;
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// Whether it is this very machine; `127.1` is short for `127.0.0.1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_short = host.strip_prefix("127.").is_some_and(|rest| rest.split('.').all(number));
        host == "localhost" || is_short || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    #[must_use]
    pub fn port(&self) -> Option<u16> {
        split_port(self.api_host()).1.and_then(|port| port.parse().ok())
    }
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    }
}

impl FromStr for RegistryHost {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = |reason: Wording| NameError::new(say!("registry host", "镜像仓库主机"), text, reason);
        if text.contains("://") {
            return Err(error(say!(
                "starts with a scheme; write `host[:port]` only",
                "以协议开头；只写 `host[:port]`"
            )));
        }
        if text.contains('/') {
            return Err(error(say!(
                "holds a `/`; write `host[:port]` only, the organization goes into `organization`",
                "含有 `/`；只写 `host[:port]`，组织写在 `organization` 里"
            )));
        }
        let (host, port) = split_port(text);
        if let Some(port) = port
            && !matches!(port.parse::<u16>(), Ok(1..))
        {
            return Err(error(say!("has a port that is not a number from 1 to 65535", "端口不是 1 到 65535 的数字")));
        }
        let address = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let well_formed = match address {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.split('.').all(is_host_label),
        };
        if !well_formed || host.len() > 253 {
            return Err(error(say!("is not a host name or an address", "不是主机名或地址")));
        }
        let text = text.to_ascii_lowercase();
        Ok(Self(if Self::DOCKER_HUB_SPELLINGS.contains(&text.as_str()) { Self::DOCKER_HUB.to_owned() } else { text }))
    }
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `<name>` of the distribution specification: path components joined by `/`, without a registry. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(Arc<str>);

impl Repository {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// `prefix/self`.
    ///
    /// # Errors
    /// When the whole is longer than a repository may be.
    pub fn under(&self, prefix: &Self) -> Result<Self, NameError> {
        format!("{}/{}", prefix.0, self.0).parse()
    }
}

impl FromStr for Repository {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = |reason: Wording| NameError::new(say!("repository", "仓库名"), text, reason);
        if text.is_empty() {
            return Err(error(say!("is empty", "是空的")));
        }
        if text.len() > 255 {
            return Err(error(say!("is longer than 255 characters", "超过 255 个字符")));
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(error(say!(
                "holds an upper-case letter; repositories are lower case",
                "含有大写字母；仓库名只能小写"
            )));
        }
        if text.split('/').all(is_path_component) {
            return Ok(Self(text.into()));
        }
        Err(error(say!(
            "is not lower-case letters and digits joined by `/`, `.`, `_`, `__` or `-`",
            "不是由 `/`、`.`、`_`、`__` 或 `-` 连接的小写字母和数字"
        )))
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut at = 0;
    loop {
        let word = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
        at += word;
        if word == 0 || at == bytes.len() {
            return word > 0;
        }
        let separator = bytes[at..].iter().take_while(|byte| matches!(byte, b'.' | b'_' | b'-')).count();
        match &bytes[at..at + separator] {
            b"." | b"_" | b"__" => {}
            dashes if !dashes.is_empty() && dashes.iter().all(|byte| *byte == b'-') => {}
            _ => return false,
        }
        at += separator;
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = |reason: Wording| NameError::new(say!("tag", "标签"), text, reason);
        if text.is_empty() {
            return Err(error(say!("is empty", "是空的")));
        }
        if text.len() > 128 {
            return Err(error(say!("is longer than 128 characters", "超过 128 个字符")));
        }
        if text.starts_with(['.', '-']) {
            return Err(error(say!("starts with `.` or `-`", "以 `.` 或 `-` 开头")));
        }
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')) {
            return Ok(Self(text.into()));
        }
        Err(error(say!(
            "holds something other than letters, digits, `_`, `.` and `-`",
            "含有字母、数字、`_`、`.` 和 `-` 以外的字符"
        )))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `FROM`, `docker pull` and people write: `[registry/]repository[:tag][@digest]`, Docker Hub by default.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    pub registry: RegistryHost,
    pub repository: Repository,
    pub tag: Option<Tag>,
    pub digest: Option<Digest>,
}

impl Reference {
    /// What a registry is asked for: the digest before the tag, `latest` where there is neither.
    #[must_use]
    pub fn manifest(&self) -> ManifestReference {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => ManifestReference::Digest(digest.clone()),
            (None, Some(tag)) => ManifestReference::Tag(tag.clone()),
            (None, None) => ManifestReference::Tag(Tag(Self::LATEST.into())),
        }
    }

    const LATEST: &str = "latest";

    /// The same image by what a registry is asked for.
    #[must_use]
    pub fn normalized(self) -> Self {
        let (tag, digest) = match self.manifest() {
            ManifestReference::Tag(tag) => (Some(tag), None),
            ManifestReference::Digest(digest) => (None, Some(digest)),
        };
        Self { tag, digest, ..self }
    }
}

impl FromStr for Reference {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let (name, tag) = match rest.rfind(':') {
            Some(colon) if !rest[colon..].contains('/') => (&rest[..colon], Some(rest[colon + 1..].parse()?)),
            _ => (rest, None),
        };
        // Docker's habit: the first component is a host when it could not be a repository's.
        let (registry, path) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (first, path),
            _ => (RegistryHost::DOCKER_HUB, name),
        };
        let registry: RegistryHost = registry.parse()?;
        let repository = if registry.is_docker_hub() && !path.contains('/') && !path.is_empty() {
            format!("library/{path}").parse()?
        } else {
            path.parse()?
        };
        Ok(Self { registry, repository, tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// `<reference>` of the distribution specification: what a manifest is asked for by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ManifestReference {
    Tag(Tag),
    Digest(Digest),
}

impl fmt::Display for ManifestReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "{tag}"),
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

impl ManifestReference {
    #[must_use]
    pub const fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) => None,
        }
    }
}

impl FromStr for ManifestReference {
    type Err = NameError;

    /// A tag holds no `:`, a digest does.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains(':') { text.parse().map(Self::Digest) } else { text.parse().map(Self::Tag) }
    }
}

impl From<Tag> for ManifestReference {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for ManifestReference {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

/// A repository's content by digest: the only thing a sync may copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct PinnedReference {
    pub repository: Repository,
    pub digest: Digest,
}

impl fmt::Display for PinnedReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

/// Names travel as their text and are checked again when read back.
macro_rules! serde_as_text {
    ($($name:ty),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(RegistryHost, Repository, Tag, Reference, ManifestReference, Digest, super::Platform, super::MediaType);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_normalised() {
        let host = |text: &str| text.parse::<RegistryHost>().unwrap();
        assert_eq!(host("registry.hub.docker.com").as_str(), "docker.io");
        assert_eq!(host("docker.io").api_host(), "registry-1.docker.io");
        assert_eq!(host("Harbor.Corp:8443").port(), Some(8443));
        assert_eq!(host("[::1]:5000").host(), "::1");
        for wrong in ["", "https://a.b", "a/b", "a:0", "a:99999", "a b", "-a", "[::z]", "ä.de"] {
            assert!(wrong.parse::<RegistryHost>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        let is_loopback = |text: &str| text.parse::<RegistryHost>().unwrap().is_loopback();
        assert!(["localhost:5000", "127.0.0.1", "127.1:5000", "[::1]:80"].into_iter().all(is_loopback));
        assert!(!["127.example", "127.0.0.1.example", "10.0.0.1", "local", "127"].into_iter().any(is_loopback));
    }

    #[test]
    fn repositories_follow_the_grammar() {
        for right in ["a", "a/b/c", "a__b", "a--b", "a.b_c", "0/1"] {
            assert!(right.parse::<Repository>().is_ok(), "{right}");
        }
        for wrong in ["", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a.-b", "_a", "a_", "a:b", "ü"] {
            assert!(wrong.parse::<Repository>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn references_read_as_docker_reads_them() {
        let shown = |text: &str| text.parse::<Reference>().unwrap().to_string();
        assert_eq!(shown("nginx"), "docker.io/library/nginx");
        assert_eq!(shown("bitnami/redis:7"), "docker.io/bitnami/redis:7");
        assert_eq!(shown("localhost/x"), "localhost/x");
        assert_eq!(shown("h:5000/a/b:t"), "h:5000/a/b:t");
        assert_eq!(shown("[::1]:5000/x"), "[::1]:5000/x");
        assert!("h:5000/".parse::<Reference>().is_err());
        assert!("nginx:".parse::<Reference>().is_err());
        let digest = format!("sha256:{}", "0".repeat(64));
        let normalized = |text: &str| text.parse::<Reference>().unwrap().normalized().to_string();
        assert_eq!(normalized("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(normalized(&format!("h:5000/a:1@{digest}")), format!("h:5000/a@{digest}"));
    }
}
