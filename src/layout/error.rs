//! Why a layout could not be read or written, in words for people.

use std::io;
use std::path::{Path, PathBuf};

use crate::diag::Problem;
use crate::image::{BlobError, Digest, ManifestError};

/// Why a layout could not be read or written; it names the file or directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.problem())]
pub struct Error(Box<Facts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Facts {
    path: PathBuf,
    fault: Fault,
}

/// What went wrong at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    NotADirectory,
    /// Files are there, but no `oci-layout` among them.
    NotALayout,
    Version(String),
    NoIndex,
    Malformed(String),
    TooLarge {
        limit: u64,
    },
    /// Entries of one name point at different manifests.
    Ambiguous {
        name: String,
    },
    BlobMissing(Digest),
    BlobSize {
        digest: Digest,
        expected: u64,
        found: u64,
    },
    BlobDigest(Digest),
    /// A manifest was to be stored before what it refers to.
    Incomplete {
        manifest: Digest,
        missing: Digest,
    },
    Manifest(ManifestError),
    Source(BlobError),
    /// Another process held the lock for too long.
    Locked,
    Stopped,
    Io {
        action: &'static str,
        kind: io::ErrorKind,
        text: String,
    },
}

impl Error {
    pub(super) fn new(path: impl Into<PathBuf>, fault: Fault) -> Self {
        Self(Box::new(Facts { path: path.into(), fault }))
    }

    /// `action` is an infinitive: "read", "write".
    pub(super) fn io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::new(path, Fault::Io { action, kind: error.kind(), text: error.to_string() })
    }

    /// Trying again may help without anybody's doing.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match &self.0.fault {
            Fault::Source(error) => error.temporary,
            Fault::Locked => true,
            Fault::Io { kind, .. } => matches!(kind, io::ErrorKind::Interrupted | io::ErrorKind::TimedOut),
            _ => false,
        }
    }

    #[must_use]
    pub fn problem(&self) -> Problem {
        let path = self.0.path.display().to_string();
        match &self.0.fault {
            Fault::Source(error) => error.problem.clone(),
            Fault::Io { action, kind, text } => io_problem(&path, action, *kind, text),
            Fault::Missing
            | Fault::NotADirectory
            | Fault::NotALayout
            | Fault::Version(_)
            | Fault::Locked
            | Fault::Stopped => directory_problem(&path, &self.0.fault),
            Fault::NoIndex | Fault::Malformed(_) | Fault::TooLarge { .. } | Fault::Ambiguous { .. } => {
                index_problem(&path, &self.0.fault)
            }
            Fault::BlobMissing(_)
            | Fault::BlobSize { .. }
            | Fault::BlobDigest(_)
            | Fault::Incomplete { .. }
            | Fault::Manifest(_) => content_problem(&path, &self.0.fault),
        }
    }

    /// A file is there, but its bytes are not what its name says.
    pub(super) fn is_wrong_content(&self) -> bool {
        matches!(self.0.fault, Fault::BlobDigest(_))
    }

    #[cfg(test)]
    pub(super) fn fault(&self) -> &Fault {
        &self.0.fault
    }
}

fn directory_problem(path: &str, fault: &Fault) -> Problem {
    match fault {
        Fault::Missing => Problem::new("layout-missing", format!("there is no OCI image layout at {path}")).with_help(
            "correct the directory, or write a layout there first (for example with `skopeo copy … oci:DIR:NAME`)",
        ),
        Fault::NotADirectory => Problem::new("layout-not-a-directory", format!("{path} is not a directory"))
            .with_help("name the directory that holds `oci-layout`; unpack an archive first"),
        Fault::Version(version) => Problem::new(
            "layout-version",
            format!("{path} says `{version}`, but only image layout version 1.0.0 is known"),
        )
        .with_help("write the layout again with a tool that writes version 1.0.0"),
        Fault::Locked => Problem::new("layout-locked", format!("another process keeps {path} locked"))
            .with_help("wait for the other swrctl that writes to this layout, or end it"),
        Fault::Stopped => Problem::new("layout-stopped", format!("work on {path} was stopped half-way"))
            .with_help("run the command again: what was finished is kept"),
        _ => Problem::new(
            "layout-invalid",
            format!("{path} is not an OCI image layout: it holds files, but no `oci-layout`"),
        )
        .with_help("name the directory of a layout, or an empty or new one as a target"),
    }
}

fn index_problem(path: &str, fault: &Fault) -> Problem {
    match fault {
        Fault::NoIndex => Problem::new("layout-index", format!("{path} is missing, so its blobs have no names"))
            .with_help("restore the file, or write the layout again"),
        Fault::TooLarge { limit } => {
            Problem::new("layout-index", format!("{path} is larger than the {limit} bytes that are read of it"))
                .with_help("split the layout into several directories")
        }
        Fault::Ambiguous { name } => Problem::new(
            "layout-ambiguous",
            format!("{path} has several manifests named `{name}`, so none of them is the one that is meant"),
        )
        .with_help("remove all but one of these entries, or join them in one image index"),
        Fault::Malformed(reason) => Problem::new("layout-index", format!("{path} {reason}"))
            .with_help("restore the file, or write the layout again"),
        _ => Problem::new("layout-index", format!("{path} cannot be read as an index")),
    }
}

fn content_problem(path: &str, fault: &Fault) -> Problem {
    let damaged = "the layout is damaged: copy the image into it again";
    match fault {
        Fault::BlobMissing(digest) => {
            Problem::new("blob-missing", format!("blob {digest} is not in the layout: {path} does not exist"))
                .with_help(damaged)
        }
        Fault::BlobSize { digest, expected, found } => Problem::new(
            "blob-size",
            format!("blob {digest} is not what its name says: {path} has {found} bytes instead of {expected}"),
        )
        .with_help(damaged),
        Fault::BlobDigest(digest) => Problem::new(
            "blob-digest",
            format!("blob {digest} is not what its name says: the bytes of {path} have another digest"),
        )
        .with_help(damaged),
        Fault::Incomplete { manifest, missing } => Problem::new(
            "layout-incomplete",
            format!("manifest {manifest} is not stored in {path}, because {missing} which it refers to is not there"),
        )
        .with_help("copy the missing content first"),
        Fault::Manifest(error) => Problem::new("manifest-invalid", format!("{error}, so it is not stored in {path}"))
            .with_help("build the image again, or exclude the tag"),
        _ => Problem::new("layout-invalid", format!("{path} cannot be used")),
    }
}

fn io_problem(path: &str, action: &str, kind: io::ErrorKind, text: &str) -> Problem {
    let (code, help) = match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            "layout-disk-full",
            "free space on that file system or choose another directory, then run the command again: finished blobs are kept",
        ),
        io::ErrorKind::PermissionDenied => {
            ("layout-permission", "let the user who runs swrctl read and write the layout")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            ("layout-read-only", "choose a directory on a file system that is mounted for writing")
        }
        io::ErrorKind::Unsupported if action == "lock" => {
            ("layout-lock", "choose a directory on a file system with file locks, so that no tag can be lost")
        }
        _ => ("layout-io", "look into the file system's health, then run the command again"),
    };
    let reason = if code == "layout-disk-full" { "no space is left on its file system" } else { text };
    Problem::new(code, format!("cannot {action} {path}: {reason}")).with_help(help)
}
