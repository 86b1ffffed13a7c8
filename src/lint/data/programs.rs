//! Which programs well-known bases come without, and which packages bring them.
//!
//! Source: the Dockerfiles of the official images as of August 2026 (nodejs/docker-node, docker-library/python, ruby and
//! golang, rust-lang/docker-rust); packages of Debian 12 and Alpine.

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

/// Alpine's `busybox` is its `wget` and `nc`.
#[rustfmt::skip] // a table
pub(in super::super) static BASES: [Known; 12] = [
    known("alpine", Variant::Plain, (3, 10), &["wget", "nc"]),
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
];
