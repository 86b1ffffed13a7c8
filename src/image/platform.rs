//! Platforms of an image index (`os/architecture[/variant]`).

use std::fmt;
use std::str::FromStr;

use super::NameError;
use crate::diag::say;

/// What an image runs on. A platform without a variant selects every variant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
    pub variant: Option<String>,
}

impl Platform {
    /// What an image's config says it runs on; `None` where it says nothing.
    #[must_use]
    pub fn of_config(config: &[u8]) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Config {
            os: String,
            architecture: String,
            variant: Option<String>,
        }
        let Config { os, architecture, variant } = serde_json::from_slice(config).ok()?;
        Some(Self { os, architecture, variant }).filter(|platform| !platform.os.is_empty())
    }

    /// Does an image for `other` answer a request for `self`?
    #[must_use]
    pub fn selects(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }

    /// Does a machine of this platform run an image for `other`? As containerd chooses from an index: names are normalized,
    /// and later variants of a processor run what earlier ones do.
    #[must_use]
    pub fn runs(&self, other: &Self) -> bool {
        let (machine, image) = (self.normalized(), other.normalized());
        let generation = |platform: &Self| generation(&platform.architecture, platform.variant.as_deref());
        machine.is_kind_of(&image)
            && (machine.variant == image.variant
                || generation(&machine).zip(generation(&image)).is_some_and(|(machine, image)| image <= machine))
    }

    /// Are the operating system and the architecture the same, by whatever names?
    #[must_use]
    pub fn is_kind_of(&self, other: &Self) -> bool {
        let (one, two) = (self.normalized(), other.normalized());
        (one.os, one.architecture) == (two.os, two.architecture)
    }

    /// By the names that containerd uses: `linux/x86_64` is `linux/amd64`, `linux/arm64/v8` is `linux/arm64`.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let lower = |text: &str| text.to_ascii_lowercase();
        let (os, architecture, variant) =
            (lower(&self.os), lower(&self.architecture), self.variant.as_deref().map(lower).unwrap_or_default());
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", "8" | "v8") => ("arm64", ""),
            ("aarch64", variant) => ("arm64", variant),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            own => own,
        };
        let os = if os == "macos" { "darwin".to_owned() } else { os };
        let variant = Some(variant).filter(|variant| !variant.is_empty()).map(str::to_owned);
        Self { os, architecture: architecture.to_owned(), variant }
    }
}

/// How far a processor has come, where variants are steps of one line: normalized names, as in [`Platform::normalized`].
fn generation(architecture: &str, variant: Option<&str>) -> Option<(u32, u32)> {
    let first = match architecture {
        "amd64" => "v1",
        "arm64" => "v8",
        "arm" => "v7",
        _ => return None,
    };
    let number = variant.unwrap_or(first).strip_prefix('v')?;
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl FromStr for Platform {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts: Vec<&str> = text.split('/').collect();
        let well_formed = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(well_formed) {
            return Err(NameError::new(
                say!("platform", "平台"),
                text,
                say!(
                    "is not `os/architecture` or `os/architecture/variant`",
                    "不是 `os/architecture` 或 `os/architecture/variant`"
                ),
            ));
        }
        Ok(Self {
            os: parts[0].to_owned(),
            architecture: parts[1].to_owned(),
            variant: parts.get(2).map(|&variant| variant.to_owned()),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_says_its_platform() {
        let config = br#"{"architecture":"arm","os":"linux","variant":"v7","rootfs":{}}"#;
        assert_eq!(Platform::of_config(config).unwrap().to_string(), "linux/arm/v7");
        assert_eq!(Platform::of_config(b"{}"), None);
        assert_eq!(Platform::of_config(br#"{"architecture":"","os":""}"#), None);
    }

    #[test]
    fn without_a_variant_every_variant_is_meant() {
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert!(platform("linux/arm").selects(&platform("linux/arm/v7")));
        assert!(!platform("linux/arm/v6").selects(&platform("linux/arm/v7")));
        assert!("linux".parse::<Platform>().is_err());
        assert!("linux//".parse::<Platform>().is_err());
    }

    #[test]
    fn a_machine_runs_images_for_itself_and_its_forebears() {
        let runs = |machine: &str, image: &str| machine.parse::<Platform>().unwrap().runs(&image.parse().unwrap());
        for (machine, image) in [
            ("linux/amd64", "linux/x86_64"),
            ("linux/amd64", "Linux/amd64/v1"),
            ("linux/amd64/v3", "linux/amd64"),
            ("linux/arm64", "linux/arm64/v8"),
            ("linux/arm64/v8", "linux/aarch64"),
            ("linux/arm64/v9", "linux/arm64/v8.2"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v7", "linux/arm/v5"),
            ("linux/riscv64", "linux/riscv64"),
            ("linux/armhf", "linux/arm"),
        ] {
            assert!(runs(machine, image), "{machine} runs {image}");
        }
        for (machine, image) in [
            ("linux/amd64", "linux/arm64"),
            ("linux/amd64", "windows/amd64"),
            ("linux/amd64", "linux/amd64/v3"),
            ("linux/arm/v6", "linux/arm"),
            ("linux/arm64", "linux/arm/v7"),
            ("linux/mips", "linux/mips/x"),
        ] {
            assert!(!runs(machine, image), "{machine} does not run {image}");
        }
    }
}
