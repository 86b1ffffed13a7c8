//! Which Dockerfiles are linted, which rules speak at what level, and what a failure blocks.

use std::path::PathBuf;
use std::sync::Arc;

use globset::{Glob, GlobSet};
use jiff::civil::Date;

use super::baseline::Baseline;
use super::hadolint::Says;
use crate::diag::{Source, Spanned};
use crate::image::Platform;

/// One `dockerfiles` section of the project file.
#[derive(Clone, Debug)]
pub struct DockerfileSet {
    /// Globs relative to the project file's directory.
    pub patterns: Vec<Spanned<Glob>>,
    pub excludes: Vec<Spanned<Glob>>,
    pub policy: Policy,
    /// Safe fixes are part of the plan.
    pub fixes: bool,
    /// Settings of hadolint that the policy starts from, as written.
    pub hadolint: Option<Spanned<PathBuf>>,
    /// The file with the policy's baseline, as written.
    pub baseline: Option<Spanned<PathBuf>>,
    /// What the policy says itself, before such settings.
    pub says: Says,
    pub gates: Gates,
}

/// Which syncs a failing Dockerfile blocks.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Gates {
    /// Every sync, whatever its target: the default.
    #[default]
    All,
    /// None: findings are reported only.
    Nothing,
    /// Syncs to these targets (names of `registry` sections).
    Targets(Vec<Spanned<String>>),
}

/// How findings are weighed.
#[derive(Clone, Debug)]
pub struct Policy {
    pub profile: Profile,
    /// A finding of this level or worse fails the Dockerfile.
    pub fail_on: Level,
    /// In the order of the file; the last that matches wins.
    pub overrides: Vec<Override>,
    /// Images that `FROM` may name, as globs over `registry/repository[:tag]`; empty allows every image.
    pub base_images: Vec<Spanned<Glob>>,
    pub labels: LabelPolicy,
    pub shellcheck: ShellCheck,
    pub pragmas: PragmaPolicy,
    /// Registries are asked about base images.
    pub online: bool,
    /// What the images are built for; empty where the build alone knows.
    pub platforms: Vec<Platform>,
    /// Findings that were there before.
    pub baseline: Option<Arc<Baseline>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            profile: Profile::Swr,
            fail_on: Level::Error,
            overrides: Vec::new(),
            base_images: Vec::new(),
            labels: LabelPolicy::default(),
            shellcheck: ShellCheck::default(),
            pragmas: PragmaPolicy::default(),
            online: false,
            platforms: Vec::new(),
            baseline: None,
        }
    }
}

/// The rules a policy starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    /// The 17 practices of SWR's documents.
    #[default]
    Swr,
    /// What hadolint reports by default, at its levels.
    Hadolint,
    /// What BuildKit's checks report by default.
    Buildkit,
    /// Every rule there is.
    All,
    /// No rule but those that the policy names.
    None,
}

impl Profile {
    pub(super) const ALL: [Self; 5] = [Self::Swr, Self::Hadolint, Self::Buildkit, Self::All, Self::None];
}

/// Whether the program `shellcheck` looks at shell text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ShellCheck {
    /// Where it is installed.
    #[default]
    Auto,
    /// Where it is not installed, the Dockerfile fails.
    Require,
    Off,
}

/// What becomes of comments that turn rules off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PragmaPolicy {
    #[default]
    Allowed,
    /// One without a reason is not followed, and a finding.
    NeedReason,
    /// None is followed, and each is a finding.
    Forbidden,
    /// None is followed, and nothing is said about them.
    Ignored,
}

/// How much a finding weighs; ordered, `Error` is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Off,
    /// A matter of taste: hadolint's lowest level.
    Style,
    Info,
    Warning,
    Error,
}

/// `deny`, `warn`, `info` or `allow` of rules, perhaps only for some files and until some day.
#[derive(Clone, Debug)]
pub struct Override {
    pub rules: Vec<Spanned<String>>,
    pub level: Level,
    /// Paths relative to the project file's directory; none means every file.
    pub within: Option<GlobSet>,
    /// The last day on which it holds.
    pub until: Option<Spanned<Date>>,
    pub reason: Option<String>,
    /// Where it stands, when that is not the project file.
    pub source: Option<Arc<Source>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelPolicy {
    pub required: Vec<RequiredLabel>,
    /// Globs over names of labels, in which `*` is any text.
    pub forbidden: Vec<Spanned<Glob>>,
    /// Labels that are not required are findings.
    pub forbid_others: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredLabel {
    pub name: Spanned<String>,
    pub format: LabelFormat,
}

/// What a label's value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LabelFormat {
    #[default]
    Text,
    Url,
    Semver,
    /// A git commit: 7 to 64 hex digits.
    Hash,
    Rfc3339,
    Spdx,
    Email,
}
