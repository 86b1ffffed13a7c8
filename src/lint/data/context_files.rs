//! What lies in build contexts: what a build installs and builds anew, and what belongs to one machine alone.
//!
//! From each tool's own manual, as of November 2026.

use super::super::packages::matches;

/// Files directly in a context that are read where the whole of it is copied; each may hold one `*`.
const READ: [&str; 42] = [
    "*.cmake",
    "*.config.cjs",
    "*.config.js",
    "*.config.mjs",
    "*.config.mts",
    "*.config.ts",
    "*.csproj",
    "*.fsproj",
    "*.gemspec",
    "*.gradle",
    "*.gradle.kts",
    "*.mk",
    "*.pem",
    "*.props",
    "*.sbt",
    "*.targets",
    "*.vbproj",
    ".gitignore",
    ".npmrc",
    "CMakeLists.txt",
    "Cargo.toml",
    "GNUmakefile",
    "Gemfile",
    "Gemfile.lock",
    "Justfile",
    "Makefile",
    "Pipfile",
    "Rakefile",
    "Taskfile*",
    "build.rs",
    "composer.json",
    "go.mod",
    "justfile",
    "makefile",
    "meson.build",
    "mix.exs",
    "package.json",
    "pom.xml",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "yarn.lock",
];

/// Whether it is one of [`READ`].
pub(in super::super) fn is_read(name: &str) -> bool {
    READ.iter().any(|pattern| matches(pattern, name))
}

/// Whether a file tells several containers how to be built and run together.
pub(in super::super) fn is_compose_file(name: &str) -> bool {
    let named = ["compose.", "compose-", "docker-compose."].iter().any(|start| name.starts_with(start));
    let named = named || name.starts_with("docker-compose-");
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    named && matches!(extension, Some("yml" | "yaml"))
}

/// Directories that a command fills.
#[derive(Debug)]
pub(in super::super) struct Product {
    /// One of these names lies in the context; one that starts with `.` is an extension.
    pub(in super::super) markers: &'static [&'static str],
    pub(in super::super) folders: &'static [&'static str],
    /// The tool puts nothing else there: the name alone says what it is. Of others git has to say it.
    pub(in super::super) certain: bool,
}

impl Product {
    /// Whether the context holds a project of this kind.
    pub(in super::super) fn is_in<'n>(&self, mut names: impl Iterator<Item = &'n String>) -> bool {
        let is = |name: &str, marker: &str| name == marker || (marker.starts_with('.') && name.ends_with(marker));
        names.any(|name| self.markers.iter().any(|marker| is(name, marker)))
    }
}

/// What installs dependencies into the project's own directory, and where.
pub(in super::super) static INSTALLED: [(Product, &[&str]); 5] = [
    (product(&["package.json"], &["node_modules"]), &["npm", "yarn", "pnpm", "bun"]),
    (product(&["requirements.txt", "pyproject.toml", "Pipfile", "setup.py"], &[".venv"]), PYTHON),
    (product(&["composer.json"], &["vendor"]), &["composer"]),
    (product(&["Gemfile"], &["vendor/bundle"]), &["bundle", "bundler"]),
    (product(&["mix.exs"], &["deps"]), &["mix"]),
];

/// Installers of Python's packages.
pub(in super::super) const PYTHON: &[&str] = &["pip", "pip3", "python", "python3", "pipenv", "poetry", "uv", "pdm"];

const fn product(markers: &'static [&'static str], folders: &'static [&'static str]) -> Product {
    Product { markers, folders, certain: true }
}

/// Where tools of JavaScript put what they make: each project says so itself.
const NODE: &[&str] = &[".next", ".nuxt", ".output", "build", "coverage", "dist", "out"];

/// Where builds put their results.
pub(in super::super) static BUILT: [Product; 6] = [
    Product { certain: false, ..product(&["package.json"], NODE) },
    product(&["Cargo.toml", "pom.xml"], &["target"]),
    product(&["build.gradle", "build.gradle.kts"], &["build", ".gradle"]),
    product(&[".csproj"], &["bin", "obj"]),
    product(&["mix.exs"], &["_build"]),
    Product { certain: false, ..product(&["pyproject.toml", "setup.py"], &["build", "dist"]) },
];

/// Whether a tool makes a folder of this name.
pub(in super::super) fn is_built(name: &str) -> bool {
    let folders = BUILT.iter().flat_map(|product| product.folders);
    folders.chain(INSTALLED.iter().flat_map(|(product, _)| product.folders)).any(|folder| *folder == name)
}

/// Names that ignore files list by habit, wherever they come from; each may hold one `*`.
const USUAL: [&str; 42] = [
    "*.db",
    "*.env",
    "*.iml",
    "*.local",
    "*.log",
    "*.pid",
    "*.pyc",
    "*.sqlite*",
    "*.swp",
    "*.tmp",
    "*~",
    "CHANGELOG*",
    "CONTRIBUTING*",
    "Dockerfile*",
    "LICENSE*",
    "Makefile",
    "README*",
    "Thumbs.db",
    "Vagrantfile",
    "__pycache__",
    "__tests__",
    "bower_components",
    "cache",
    "charts",
    "compose*",
    "data",
    "desktop.ini",
    "doc*",
    "env",
    "example*",
    "htmlcov",
    "jspm_packages",
    "log*",
    "node_modules",
    "npm-debug*",
    "secrets*",
    "temp",
    "test*",
    "tmp",
    "vendor",
    "venv",
    "yarn-*",
];

/// Whether something of this name may come and go without anybody's doing: it is hidden, built, or listed by habit.
pub(in super::super) fn is_usual(path: &str) -> bool {
    let known =
        |name: &str| name.starts_with('.') || is_built(name) || USUAL.iter().any(|pattern| matches(pattern, name));
    path.split('/').any(known)
}

/// What a runtime leaves beside the source, of no use to any other.
pub(in super::super) static CACHED: Product =
    product(&["requirements.txt", "pyproject.toml", "Pipfile", "setup.py"], &["**/__pycache__"]);

/// What a build that asks git for its version has in its files.
pub(in super::super) const ASKS_GIT: [&str; 50] = [
    "'git',",
    "GitPython",
    "GitVersion",
    "MinVer",
    "Nerdbank",
    "SourceLink",
    "\"git\",",
    "axion-release",
    "buildnumber",
    "dunamai",
    "dynamic-versioning",
    "git branch",
    "git config",
    "git describe",
    "git diff",
    "git log",
    "git ls-files",
    "git rev-list",
    "git rev-parse",
    "git show",
    "git status",
    "git submodule",
    "git tag",
    "git-commit-id",
    "git-describe",
    "git-info",
    "git-properties",
    "git-rev",
    "git-version",
    "git2",
    "gitProperties",
    "gitVersion",
    "git_version",
    "gitinfo",
    "gitversion",
    "hatch-vcs",
    "isomorphic-git",
    "jgit",
    "nebula.release",
    "nodegit",
    "pbr",
    "reckon",
    "setuptools-git",
    "setuptools-scm",
    "setuptools_scm",
    "simple-git",
    "source = \"scm\"",
    "vergen",
    "versioneer",
    "versioningit",
];
