//! What is known about images by their names alone.

use crate::dockerfile::Base;
use crate::image::Reference;

/// Official images that set nothing but PATH, run a shell and expose no port.
const SYSTEMS: [&str; 12] = [
    "alpine",
    "debian",
    "ubuntu",
    "busybox",
    "centos",
    "fedora",
    "rockylinux",
    "almalinux",
    "amazonlinux",
    "archlinux",
    "opensuse/leap",
    "opensuse/tumbleweed",
];

/// Official images of languages: their CMD is an interpreter, they expose no port.
const LANGUAGES: [&str; 11] =
    ["node", "python", "golang", "ruby", "rust", "openjdk", "eclipse-temurin", "gcc", "perl", "maven", "gradle"];

/// What kind of image a build finally starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scratch,
    System,
    Language,
    /// It may define anything.
    Unknown,
}

pub(super) fn kind(base: Option<&Base>) -> Kind {
    match base {
        Some(Base::Scratch) => Kind::Scratch,
        Some(Base::Image(name)) => official(name).map_or(Kind::Unknown, |name| {
            if SYSTEMS.contains(&name.as_str()) {
                Kind::System
            } else if LANGUAGES.contains(&name.as_str()) {
                Kind::Language
            } else {
                Kind::Unknown
            }
        }),
        _ => Kind::Unknown,
    }
}

/// Whether the base defines no environment variable but PATH.
pub(super) fn has_bare_environment(base: Option<&Base>) -> bool {
    const BARE: [&str; 4] = ["alpine", "debian", "ubuntu", "busybox"];
    match base {
        Some(Base::Scratch) => true,
        Some(Base::Image(name)) => official(name).is_some_and(|name| BARE.contains(&name.as_str())),
        _ => false,
    }
}

/// The short name of one of Docker Hub's official images.
pub(super) fn official(image: &str) -> Option<String> {
    let reference: Reference = image.parse().ok()?;
    let name = reference.repository.as_str();
    let name = name.strip_prefix("library/").or_else(|| name.starts_with("opensuse/").then_some(name))?;
    reference.registry.is_docker_hub().then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_images_are_known_by_every_spelling() {
        assert_eq!(official("node:20").as_deref(), Some("node"));
        assert_eq!(official("docker.io/library/node@sha256:x").as_deref(), None);
        assert_eq!(official("index.docker.io/library/node").as_deref(), Some("node"));
        assert_eq!(official("corp.example/node:20"), None);
        assert_eq!(kind(Some(&Base::Image("opensuse/leap:15".into()))), Kind::System);
    }
}
