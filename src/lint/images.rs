//! What is known about images by their names alone.

use super::data::programs::{BASES, OTHERWISE, Variant};
use super::packages::matches;
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
    const BARE: [&str; 8] =
        ["alpine", "debian", "ubuntu", "busybox", "centos", "rockylinux", "amazonlinux", "oraclelinux"];
    match base {
        Some(Base::Scratch) => true,
        Some(Base::Image(name)) => official(name).is_some_and(|name| BARE.contains(&name.as_str())),
        _ => false,
    }
}

/// Whether an image is certainly one of Linux: a tag of some official images means one of Windows, too.
pub(super) fn is_linux(image: &str) -> bool {
    const BOTH: [&str; 5] = ["eclipse-temurin", "golang", "maven", "openjdk", "python"];
    const VARIANTS: [&str; 10] =
        ["alpine", "bookworm", "bullseye", "buster", "focal", "jammy", "noble", "slim", "trixie", "ubi"];
    let alone = official(image).is_some_and(|name| {
        let name = name.as_str();
        (SYSTEMS.contains(&name) || LANGUAGES.contains(&name)) && !BOTH.contains(&name)
    });
    let tag = image.parse::<Reference>().ok().and_then(|reference| reference.tag);
    let told = |tag: &str| tag.split('-').any(|part| VARIANTS.iter().any(|variant| part.starts_with(variant)));
    alone || tag.is_some_and(|tag| told(tag.as_str()))
}

/// The short name of one of Docker Hub's official images.
pub(super) fn official(image: &str) -> Option<String> {
    let reference: Reference = image.parse().ok()?;
    let name = reference.repository.as_str();
    let name = name.strip_prefix("library/").or_else(|| name.starts_with("opensuse/").then_some(name))?;
    reference.registry.is_docker_hub().then(|| name.to_owned())
}

/// The short name and the tag of one of Docker Hub's official images; `None` for one that only a digest names.
pub(super) fn official_tag(image: &str) -> Option<(String, String)> {
    let reference: Reference = image.parse().ok()?;
    let tag = match (&reference.tag, &reference.digest) {
        (Some(tag), _) => tag.as_str().to_owned(),
        (None, None) => "latest".to_owned(),
        (None, Some(_)) => return None,
    };
    official(image).map(|name| (name, tag))
}

/// What the tag says about the kind of image.
pub(super) fn variant(tag: &str) -> Variant {
    let mut parts = tag.split('-');
    if parts.clone().any(|part| part.starts_with("alpine")) {
        Variant::Alpine
    } else if parts.any(|part| part == "slim") {
        Variant::Slim
    } else {
        Variant::Plain
    }
}

/// Whether the tag starts with the release: `20` with `20`, `20.1` and `20-alpine`, not with `201`.
pub(super) fn is_release(tag: &str, release: &str) -> bool {
    tag.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Which of the programs that people probe with the image holds; `None` when that is not known.
pub(super) fn programs_in(image: &str) -> Option<&'static [&'static str]> {
    let (name, tag) = official_tag(image).or_else(|| full_tag(image))?;
    if tag.split('-').any(|part| OTHERWISE.iter().any(|start| part.starts_with(start))) {
        return None;
    }
    let variant = variant(&tag);
    let known = BASES.iter().find(|known| matches(known.image, &name) && known.variant == variant)?;
    release(&tag).is_none_or(|release| release >= known.since).then_some(known.holds)
}

/// The whole name and the tag of an image of another registry.
fn full_tag(image: &str) -> Option<(String, String)> {
    let reference: Reference = image.parse().ok()?;
    let tag = match (&reference.tag, &reference.digest) {
        (Some(tag), _) => tag.as_str().to_owned(),
        (None, None) => "latest".to_owned(),
        (None, Some(_)) => return None,
    };
    let name = image.split('@').next()?.rsplit_once(':').map_or(image, |(name, _)| name);
    (!reference.registry.is_docker_hub()).then(|| (name.to_owned(), tag))
}

/// Major and minor version that the tag starts with; a lone major stands for its last release.
fn release(tag: &str) -> Option<(u32, u32)> {
    let version = tag.split('-').next()?;
    let mut parts = version.split('.');
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().map_or(Some(u32::MAX), |minor| minor.parse().ok())?))
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
        assert_eq!(official_tag("node"), Some(("node".into(), "latest".into())));
        assert_eq!(kind(Some(&Base::Image("opensuse/leap:15".into()))), Kind::System);
    }

    #[test]
    fn releases_are_whole_parts_of_a_tag() {
        assert!(is_release("3.1", "3.1") && is_release("3.1.2-slim", "3.1") && is_release("3.1-slim", "3"));
        assert!(!is_release("3.10", "3.1") && !is_release("13", "3"));
    }

    #[test]
    fn only_releases_that_were_looked_at_are_known() {
        assert!(programs_in("node:20-alpine").is_some_and(|held| held.contains(&"wget") && !held.contains(&"curl")));
        assert!(programs_in("node:alpine3.20").is_some() && programs_in("python:3-slim-bookworm").is_some());
        assert_eq!(programs_in("gcr.io/distroless/static-debian12:nonroot"), Some(&[][..]));
        assert!(programs_in("mcr.microsoft.com/dotnet/aspnet:8.0").is_some_and(|held| !held.contains(&"wget")));
        for unknown in [
            "gcr.io/distroless/base:debug",
            "mcr.microsoft.com/dotnet/aspnet:8.0-azurelinux3.0",
            "mcr.microsoft.com/dotnet/sdk:8.0",
            "openjdk:17",
            "eclipse-temurin:17",
        ] {
            assert!(programs_in(unknown).is_none(), "{unknown}");
        }
        for unknown in ["node:7-alpine", "node:20", "nginx:alpine", "corp.example/alpine:3.20", "python:3.6-slim"] {
            assert!(programs_in(unknown).is_none(), "{unknown}");
        }
    }
}
