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
}
