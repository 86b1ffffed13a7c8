//! Steps of a plan: what is to be done, why, and what it changes.

use crate::diag::{Problem, Severity, Wording};
use crate::image::rewrite::Rewrite;
use crate::image::{Descriptor, Digest, MediaType, Repository};
use crate::migrate::Verify;
use crate::network::managed::bind::Serial;
use crate::network::{CheckResult, TakenPath};

use super::address::Address;
use super::cost::Requests;
use super::inventory::Location;

/// What happens to the thing at a step's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Update,
    Delete,
    Unchanged,
    /// Cannot be done, or its gate is shut.
    Blocked,
}

impl Action {
    #[must_use]
    pub const fn symbol(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
            Self::Unchanged => '=',
            Self::Blocked => '!',
        }
    }

    /// As documents write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Unchanged => "unchanged",
            Self::Blocked => "blocked",
        }
    }

    #[must_use]
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// One node of the DAG.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    pub address: Address,
    pub action: Action,
    /// Why this action, in one phrase.
    pub reason: Wording,
    /// What to do about it; only where something is blocked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Wording>,
    #[serde(flatten)]
    pub work: Work,
}

impl Step {
    /// The problem that a blocked step tells of.
    #[must_use]
    pub fn blocked_by(&self) -> Problem {
        let mut problem = Problem::new("blocked", self.reason.clone());
        problem.help.clone_from(&self.help);
        problem
    }

    pub(super) fn blocked(address: Address, why: Problem, work: Work) -> Self {
        Self { address, action: Action::Blocked, reason: why.message, help: why.help, work }
    }
}

/// What kind of step it is, with all that carrying it out needs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Work {
    Fix(FixWork),
    File(FileWork),
    Lint(LintWork),
    Network(NetworkWork),
    /// Before what is written into it.
    Organization(OrganizationWork),
    /// A rule whose repositories or tags could not be listed: always blocked.
    Select(SelectWork),
    Sync(Box<SyncWork>),
    Prune(PruneWork),
}

impl Work {
    /// Its name in documents.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Lint(_) => "lint",
            Self::Network(_) => "network",
            Self::Organization(_) => "organization",
            Self::Select(_) => "select",
            Self::Sync(_) => "sync",
            Self::Prune(_) => "prune",
            Self::Fix(_) => "fix",
            Self::File(_) => "file",
        }
    }

    /// The change of a file that it makes.
    #[must_use]
    pub const fn edit(&self) -> Option<&FileEdit> {
        match self {
            Self::Fix(work) => Some(&work.edit),
            Self::File(work) => Some(&work.edit),
            Self::Lint(_)
            | Self::Network(_)
            | Self::Organization(_)
            | Self::Select(_)
            | Self::Sync(_)
            | Self::Prune(_) => None,
        }
    }
}

/// A file that is changed, created or removed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileEdit {
    /// Relative to the project file, or absolute.
    pub file: String,
    /// What the file holds; none for one that is not there yet.
    pub before: Option<Digest>,
    /// What it will hold; none where it goes.
    pub after: Option<Digest>,
    /// How long it will be.
    pub bytes: u64,
    /// Unified, for people; what it shows has to be what is written.
    pub diff: String,
}

impl FileEdit {
    #[must_use]
    pub const fn action(&self) -> Action {
        match (&self.before, &self.after) {
            (None, _) => Action::Create,
            (Some(_), Some(_)) => Action::Update,
            (Some(_), None) => Action::Delete,
        }
    }
}

/// A file of the project that safe fixes change or create.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixWork {
    #[serde(flatten)]
    pub edit: FileEdit,
    /// What is written.
    pub text: String,
}

/// A file in which the project keeps lines. What is written follows from the project file and what the file holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileWork {
    #[serde(flatten)]
    pub edit: FileEdit,
    /// Zones that change get this serial or a greater one.
    pub serial: Serial,
}

/// A Dockerfile against its policy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintWork {
    pub file: String,
    /// Index of its `dockerfiles` section.
    pub set: usize,
    pub digest: Digest,
    pub findings: Vec<LintFinding>,
}

/// A finding as a plan file keeps it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintFinding {
    pub rule: String,
    pub severity: Severity,
    pub message: Wording,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// The path to one registry.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkWork {
    pub registry: String,
    pub checks: Vec<CheckResult>,
    /// The way that the checks went.
    pub path: TakenPath,
}

/// An organization that has to be there: created, or a gate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationWork {
    /// Name of the target registry.
    pub registry: String,
    pub organization: Repository,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectWork {
    /// Name of the source registry.
    pub registry: String,
    pub pattern: String,
}

/// One tag to be made equal at the target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncWork {
    pub source: Location,
    /// What the source's tag held when the plan was made; this content is copied, whatever the tag holds later.
    pub source_digest: Option<Digest>,
    pub target: Location,
    /// What the target's tag held when the plan was made.
    pub before: Option<Digest>,
    /// What it will hold.
    pub after: Option<Digest>,
    #[serde(default, skip_serializing_if = "Rewrite::is_identity")]
    pub rewrite: Rewrite,
    /// The manifest that this one refers to and has to be listed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// What the rewrite takes away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Wording>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<PlannedBlob>,
    /// Sum of the sizes of the blobs to upload.
    pub bytes: u64,
    /// What writing it asks of both registries, as far as no earlier step does.
    pub requests: Requests,
    /// Tries after the first, for what is temporary.
    pub retries: u32,
    #[serde(default, skip_serializing_if = "Verify::is_none")]
    pub verify: Verify,
}

/// A tag that no rule produces, to be taken away; the manifest stays.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneWork {
    pub target: Location,
    /// What it held when the plan was made.
    pub before: Option<Digest>,
}

/// A blob of an image and how it gets to the target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "BlobRecord")]
pub struct PlannedBlob {
    #[serde(flatten)]
    pub descriptor: Descriptor,
    #[serde(flatten)]
    pub transfer: Transfer,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "transfer", rename_all = "lowercase")]
pub enum Transfer {
    /// The target repository holds it.
    Present,
    /// An earlier step puts it there.
    Coming,
    /// Another repository of the target holds it or will, so no bytes move.
    Mount {
        from: Repository,
    },
    Upload,
}

/// A planned blob as it is read: flattened parts would let unknown keys pass.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BlobRecord {
    media_type: MediaType,
    digest: Digest,
    size: u64,
    transfer: TransferName,
    #[serde(default)]
    from: Option<Repository>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum TransferName {
    Present,
    Coming,
    Mount,
    Upload,
}

/// What is wrong is said in the words of the library that reads JSON, as whatever else a plan file lacks.
impl TryFrom<BlobRecord> for PlannedBlob {
    type Error = serde::de::value::Error;

    fn try_from(record: BlobRecord) -> Result<Self, Self::Error> {
        let BlobRecord { media_type, digest, size, transfer, from } = record;
        let transfer = match (transfer, from) {
            (TransferName::Present, None) => Transfer::Present,
            (TransferName::Coming, None) => Transfer::Coming,
            (TransferName::Upload, None) => Transfer::Upload,
            (TransferName::Mount, Some(from)) => Transfer::Mount { from },
            (TransferName::Mount, None) => return Err(serde::de::Error::missing_field("from")),
            (_, Some(_)) => {
                let known = &["mediaType", "digest", "size", "transfer"];
                return Err(serde::de::Error::unknown_field("from", known));
            }
        };
        Ok(Self { descriptor: Descriptor { media_type, digest, size }, transfer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_says_from_where_and_nothing_else_does() {
        let digest = Digest::sha256(b"a");
        let read = |rest: &str| {
            let text = format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":1,{rest}}}"#);
            serde_json::from_str::<PlannedBlob>(&text).map(|blob| blob.transfer).map_err(|error| error.to_string())
        };
        let mount = Transfer::Mount { from: "a/b".parse().unwrap() };
        assert_eq!(read(r#""transfer":"mount","from":"a/b""#), Ok(mount));
        assert_eq!(read(r#""transfer":"upload""#), Ok(Transfer::Upload));
        assert!(read(r#""transfer":"mount""#).unwrap_err().starts_with("missing field `from`"));
        assert!(read(r#""transfer":"upload","from":"a/b""#).unwrap_err().starts_with("unknown field `from`"));
    }
}
