//! Why a layout could not be read or written, in words for people.

use std::io;
use std::path::{Path, PathBuf};

use crate::diag::{Problem, Wording, say};
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
    /// A phrase that says what the file is or has.
    Malformed(Wording),
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
        action: Action,
        kind: io::ErrorKind,
        reason: Wording,
    },
}

/// What could not be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Read,
    Write,
    Lock,
}

impl Error {
    pub(super) fn new(path: impl Into<PathBuf>, fault: Fault) -> Self {
        Self(Box::new(Facts { path: path.into(), fault }))
    }

    pub(super) fn io(action: Action, path: &Path, error: &io::Error) -> Self {
        Self::new(path, Fault::Io { action, kind: error.kind(), reason: Wording::of_system(error) })
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
            Fault::Io { action, kind, reason } => io_problem(&path, *action, *kind, reason),
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
    /// Is something missing that a manifest names?
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(self.0.fault, Fault::Incomplete { .. } | Fault::BlobSize { .. })
    }

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
        Fault::Missing => Problem::new(
            "layout-missing",
            say!("there is no OCI image layout at {path}", "{path} 没有 OCI 镜像布局", path),
        )
        .with_help(say!(
            "correct the directory, or write a layout there first (for example with `skopeo copy … oci:DIR:NAME`)",
            "修正目录，或者先在那里写一个布局（例如 `skopeo copy … oci:DIR:NAME`）"
        )),
        Fault::NotADirectory => {
            Problem::new("layout-not-a-directory", say!("{path} is not a directory", "{path} 不是目录", path))
                .with_help(say!(
                    "name the directory that holds `oci-layout`; unpack an archive first",
                    "写 `oci-layout` 所在的目录；归档要先解开"
                ))
        }
        Fault::Version(version) => Problem::new(
            "layout-version",
            say!(
                "{path} says `{version}`, but only image layout version 1.0.0 is known",
                "{path} 写的是 `{version}`，而只认识镜像布局版本 1.0.0",
                path,
                version
            ),
        )
        .with_help(say!(
            "write the layout again with a tool that writes version 1.0.0",
            "用能写 1.0.0 版本的工具重新写这个布局"
        )),
        Fault::Locked => {
            Problem::new("layout-locked", say!("another process keeps {path} locked", "另一个进程锁住了 {path}", path))
                .with_help(say!(
                    "wait for the other swrctl that writes to this layout, or end it",
                    "等待另一个正在写这个布局的 swrctl，或者结束它"
                ))
        }
        Fault::Stopped => Problem::new(
            "layout-stopped",
            say!("work on {path} was stopped half-way", "对 {path} 的处理中途停止", path),
        )
        .with_help(say!("run the command again: what was finished is kept", "再运行一次命令：已完成的部分会保留")),
        _ => Problem::new(
            "layout-invalid",
            say!(
                "{path} is not an OCI image layout: it holds files, but no `oci-layout`",
                "{path} 不是 OCI 镜像布局：里面有文件，但没有 `oci-layout`",
                path
            ),
        )
        .with_help(say!(
            "name the directory of a layout, or an empty or new one as a target",
            "写布局所在的目录；作为目标时可以是空目录或新目录"
        )),
    }
}

fn index_problem(path: &str, fault: &Fault) -> Problem {
    match fault {
        Fault::NoIndex => Problem::new(
            "layout-index",
            say!("{path} is missing, so its blobs have no names", "缺少 {path}，因此数据块没有名字", path),
        )
        .with_help(say!("restore the file, or write the layout again", "恢复这个文件，或者重新写布局")),
        Fault::TooLarge { limit } => Problem::new(
            "layout-index",
            say!(
                "{path} is larger than the {limit} bytes that are read of it",
                "{path} 超过可读取的 {limit} 字节",
                path,
                limit
            ),
        )
        .with_help(say!("split the layout into several directories", "把布局拆成几个目录")),
        Fault::Ambiguous { name } => Problem::new(
            "layout-ambiguous",
            say!(
                "{path} has several manifests named `{name}`, so none of them is the one that is meant",
                "{path} 里有多个叫 `{name}` 的清单，无法确定是哪一个",
                path,
                name
            ),
        )
        .with_help(say!(
            "remove all but one of these entries, or join them in one image index",
            "只保留其中一项，或者把它们合并成一个镜像索引"
        )),
        Fault::Malformed(reason) => {
            Problem::new("layout-index", say!("{path} {reason}", "{path}：{reason}", path, reason))
                .with_help(say!("restore the file, or write the layout again", "恢复这个文件，或者重新写布局"))
        }
        _ => {
            Problem::new("layout-index", say!("{path} cannot be read as an index", "无法把 {path} 当作索引读取", path))
        }
    }
}

fn content_problem(path: &str, fault: &Fault) -> Problem {
    let damaged = say!("the layout is damaged: copy the image into it again", "布局已损坏：重新把镜像复制进去");
    match fault {
        Fault::BlobMissing(digest) => Problem::new(
            "blob-missing",
            say!(
                "blob {digest} is not in the layout: {path} does not exist",
                "布局里没有数据块 {digest}：{path} 不存在",
                digest,
                path
            ),
        )
        .with_help(damaged),
        Fault::BlobSize { digest, expected, found } => Problem::new(
            "blob-size",
            say!(
                "blob {digest} is not what its name says: {path} has {found} bytes instead of {expected}",
                "数据块 {digest} 名不副实：{path} 有 {found} 字节，应为 {expected}",
                digest,
                path,
                found,
                expected
            ),
        )
        .with_help(damaged),
        Fault::BlobDigest(digest) => Problem::new(
            "blob-digest",
            say!(
                "blob {digest} is not what its name says: the bytes of {path} have another digest",
                "数据块 {digest} 名不副实：{path} 的内容是另一个摘要",
                digest,
                path
            ),
        )
        .with_help(damaged),
        Fault::Incomplete { manifest, missing } => Problem::new(
            "layout-incomplete",
            say!(
                "manifest {manifest} is not stored in {path}, because {missing} which it refers to is not there",
                "清单 {manifest} 没有存入 {path}，因为它引用的 {missing} 不在那里",
                manifest,
                path,
                missing
            ),
        )
        .with_help(say!("copy the missing content first", "先复制缺少的内容")),
        Fault::Manifest(error) => Problem::new(
            "manifest-invalid",
            say!(
                "{reason}, so it is not stored in {path}",
                "{reason}，因此没有存入 {path}",
                reason = error.wording(),
                path
            ),
        )
        .with_help(say!("build the image again, or exclude the tag", "重新构建镜像，或者排除这个标签")),
        _ => Problem::new("layout-invalid", say!("{path} cannot be used", "无法使用 {path}", path)),
    }
}

fn io_problem(path: &str, action: Action, kind: io::ErrorKind, reason: &Wording) -> Problem {
    let (code, help) = match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            "layout-disk-full",
            say!(
                "free space on that file system or choose another directory, then run the command again: finished blobs are kept",
                "在那个文件系统上腾出空间，或者换一个目录，然后再运行一次命令：已完成的数据块会保留"
            ),
        ),
        io::ErrorKind::PermissionDenied => (
            "layout-permission",
            say!("let the user who runs swrctl read and write the layout", "让运行 swrctl 的用户可以读写这个布局"),
        ),
        io::ErrorKind::ReadOnlyFilesystem => (
            "layout-read-only",
            say!("choose a directory on a file system that is mounted for writing", "换一个可写文件系统上的目录"),
        ),
        io::ErrorKind::Unsupported if action == Action::Lock => (
            "layout-lock",
            say!(
                "choose a directory on a file system with file locks, so that no tag can be lost",
                "换一个支持文件锁的文件系统上的目录，以免丢失标签"
            ),
        ),
        _ => (
            "layout-io",
            say!(
                "look into the file system's health, then run the command again",
                "检查文件系统的状态，然后再运行一次命令"
            ),
        ),
    };
    let message = match action {
        Action::Create => say!("cannot create {path}: {reason}", "无法创建 {path}：{reason}", path, reason),
        Action::Read => say!("cannot read {path}: {reason}", "无法读取 {path}：{reason}", path, reason),
        Action::Write => say!("cannot write {path}: {reason}", "无法写入 {path}：{reason}", path, reason),
        Action::Lock => say!("cannot lock {path}: {reason}", "无法锁定 {path}：{reason}", path, reason),
    };
    Problem::new(code, message).with_help(help)
}
