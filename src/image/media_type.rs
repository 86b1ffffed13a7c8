//! Media types of manifests, configs and layers.

use std::fmt;

/// A media type; the ones a sync has to tell apart have names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaType {
    OciManifest,
    OciIndex,
    DockerManifest,
    DockerManifestList,
    /// Docker schema 1, signed or not: refused by everything written since 2017.
    DockerSchema1,
    OciConfig,
    DockerConfig,
    OciLayerTar,
    OciLayerGzip,
    OciLayerZstd,
    DockerLayerGzip,
    Other(Box<str>),
}

const NAMED: [(MediaType, &str); 11] = [
    (MediaType::OciManifest, "application/vnd.oci.image.manifest.v1+json"),
    (MediaType::OciIndex, "application/vnd.oci.image.index.v1+json"),
    (MediaType::DockerManifest, "application/vnd.docker.distribution.manifest.v2+json"),
    (MediaType::DockerManifestList, "application/vnd.docker.distribution.manifest.list.v2+json"),
    (MediaType::DockerSchema1, "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    (MediaType::OciConfig, "application/vnd.oci.image.config.v1+json"),
    (MediaType::DockerConfig, "application/vnd.docker.container.image.v1+json"),
    (MediaType::OciLayerTar, "application/vnd.oci.image.layer.v1.tar"),
    (MediaType::OciLayerGzip, "application/vnd.oci.image.layer.v1.tar+gzip"),
    (MediaType::OciLayerZstd, "application/vnd.oci.image.layer.v1.tar+zstd"),
    (MediaType::DockerLayerGzip, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
];

impl MediaType {
    /// Every manifest type a client must accept: without the full list, registries convert or answer 404.
    pub const MANIFESTS: [Self; 4] =
        [Self::OciManifest, Self::OciIndex, Self::DockerManifest, Self::DockerManifestList];

    /// From a `Content-Type` or `mediaType`; parameters (`; charset=utf-8`) are dropped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.split(';').next().unwrap_or_default().trim();
        if text == "application/vnd.docker.distribution.manifest.v1+json" {
            return Self::DockerSchema1;
        }
        let named = NAMED.iter().find(|(_, name)| *name == text);
        named.map_or_else(|| Self::Other(text.into()), |(media_type, _)| media_type.clone())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        if let Self::Other(text) = self {
            return text;
        }
        NAMED.iter().find(|(media_type, _)| media_type == self).map_or("", |(_, name)| name)
    }

    #[must_use]
    pub const fn is_index(&self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerManifestList)
    }

    #[must_use]
    pub const fn is_manifest(&self) -> bool {
        matches!(self, Self::OciManifest | Self::OciIndex | Self::DockerManifest | Self::DockerManifestList)
    }

    /// Layers compressed with zstd, which Docker's media types have no name for (`tar.zstd` is `BuildKit`'s).
    #[must_use]
    pub fn is_zstd_layer(&self) -> bool {
        const ZSTD: [&str; 2] =
            ["application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar.zstd"];
        ZSTD.contains(&self.as_str())
    }

    /// Layers whose bytes are not meant to be distributed (Windows base layers).
    #[must_use]
    pub fn is_foreign_layer(&self) -> bool {
        self.as_str().contains(".nondistributable.") || self.as_str().contains(".foreign.")
    }
}

impl std::str::FromStr for MediaType {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text))
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for (media_type, name) in NAMED {
            assert_eq!(MediaType::parse(name), media_type);
            assert_eq!(media_type.as_str(), name);
        }
        assert_eq!(MediaType::parse("application/vnd.oci.image.index.v1+json; charset=utf-8"), MediaType::OciIndex);
    }
}
