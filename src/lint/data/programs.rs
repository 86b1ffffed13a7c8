//! Which programs well-known bases come without, and which packages bring them.
//!
//! Source: the Dockerfiles of the official images as of August 2026 (nodejs/docker-node, docker-library/python, ruby and
//! golang, openjdk, postgres and redis, rust-lang/docker-rust, adoptium/containers, dotnet/dotnet-docker), and the
//! README files of GoogleContainerTools/distroless; packages of Debian 12 and Alpine. A program that is in some releases of
//! a family only counts as held.

/// Programs that people probe with, and packages that bring them under another name; `*` as in globs.
pub(in super::super) static PROBES: [(&str, &[&str]); 17] = [
    ("curl", &[]),
    ("wget", &[]),
    ("nc", &["netcat*", "ncat", "nmap*", "busybox"]),
    ("bash", &[]),
    ("git", &[]),
    ("jq", &[]),
    ("python", &[]),
    ("python3", &["python"]),
    ("node", &[]),
    ("php", &[]),
    ("ruby", &[]),
    ("redis-cli", &["redis*", "valkey*"]),
    ("mysqladmin", &["mysql*", "mariadb*", "default-mysql*"]),
    ("mysql", &["mariadb*", "default-mysql*"]),
    ("pg_isready", &["postgresql*"]),
    ("psql", &["postgresql*"]),
    ("mongosh", &["mongodb*"]),
];

/// The kinds of tags that official images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Variant {
    Plain,
    Slim,
    Alpine,
}

/// A family of tags whose content is known.
#[derive(Debug)]
pub(in super::super) struct Known {
    pub(in super::super) image: &'static str,
    pub(in super::super) variant: Variant,
    /// The first release that was looked at; older ones may hold anything.
    pub(in super::super) since: (u32, u32),
    /// Those of the programs above that it does hold.
    pub(in super::super) holds: &'static [&'static str],
}

const fn known(image: &'static str, variant: Variant, since: (u32, u32), holds: &'static [&'static str]) -> Known {
    Known { image, variant, since, holds }
}

/// Alpine's `busybox` is its `wget` and `nc`. Images of other registries are named in full, with one `*` at most.
#[rustfmt::skip] // a table
pub(in super::super) static BASES: [Known; 33] = [
    known("alpine", Variant::Plain, (3, 10), &["wget", "nc"]),
    known("busybox", Variant::Plain, (1, 28), &["wget", "nc"]),
    known("debian", Variant::Plain, (10, 0), &["bash"]),
    known("debian", Variant::Slim, (10, 0), &["bash"]),
    known("ubuntu", Variant::Plain, (18, 4), &["bash"]),
    known("node", Variant::Alpine, (14, 0), &["wget", "nc", "node"]),
    known("node", Variant::Slim, (14, 0), &["bash", "node"]),
    known("python", Variant::Alpine, (3, 8), &["wget", "nc", "python", "python3"]),
    known("python", Variant::Slim, (3, 8), &["bash", "python", "python3"]),
    known("ruby", Variant::Alpine, (3, 0), &["wget", "nc", "ruby"]),
    known("ruby", Variant::Slim, (3, 0), &["bash", "ruby"]),
    known("golang", Variant::Alpine, (1, 20), &["wget", "nc"]),
    known("rust", Variant::Alpine, (1, 70), &["wget", "nc"]),
    known("rust", Variant::Slim, (1, 70), &["bash"]),
    known("openjdk", Variant::Alpine, (8, 0), &["bash", "wget", "nc"]),
    known("openjdk", Variant::Slim, (11, 0), &["bash"]),
    known("eclipse-temurin", Variant::Alpine, (11, 0), &["bash", "wget", "nc"]),
    known("postgres", Variant::Plain, (12, 0), &["bash", "pg_isready", "psql"]),
    known("postgres", Variant::Alpine, (12, 0), &["bash", "wget", "nc", "pg_isready", "psql"]),
    known("redis", Variant::Plain, (6, 0), &["bash", "redis-cli"]),
    known("redis", Variant::Alpine, (6, 0), &["wget", "nc", "redis-cli"]),
    known("gcr.io/distroless/static*", Variant::Plain, (0, 0), &[]),
    known("gcr.io/distroless/base*", Variant::Plain, (0, 0), &[]),
    known("gcr.io/distroless/cc*", Variant::Plain, (0, 0), &[]),
    known("gcr.io/distroless/java*", Variant::Plain, (0, 0), &[]),
    known("gcr.io/distroless/nodejs*", Variant::Plain, (0, 0), &["node"]),
    known("gcr.io/distroless/python3*", Variant::Plain, (0, 0), &["python", "python3"]),
    known("mcr.microsoft.com/dotnet/aspnet", Variant::Plain, (6, 0), &["bash"]),
    known("mcr.microsoft.com/dotnet/aspnet", Variant::Alpine, (6, 0), &["wget", "nc"]),
    known("mcr.microsoft.com/dotnet/aspnet", Variant::Slim, (6, 0), &["bash"]),
    known("mcr.microsoft.com/dotnet/runtime", Variant::Plain, (6, 0), &["bash"]),
    known("mcr.microsoft.com/dotnet/runtime", Variant::Slim, (6, 0), &["bash"]),
    known("mcr.microsoft.com/dotnet/runtime", Variant::Alpine, (6, 0), &["wget", "nc"]),
];

/// Starts of parts of tags whose images are made otherwise than those above.
pub(in super::super) const OTHERWISE: [&str; 7] =
    ["azurelinux", "cbl", "chiseled", "composite", "debug", "nanoserver", "windowsservercore"];
