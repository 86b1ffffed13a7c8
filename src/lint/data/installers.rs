//! Commands that install what a project's manifest asks for, and those that work on its source.
//!
//! Sources, looked up in November 2026: the documentation of poetry (`install`: the project too, but for `--no-root`), uv
//! (its guide for Docker: `--no-install-project`), pdm (`--no-self`), pnpm (`fetch` reads the lockfile alone), bun
//! (`bun.lock` since 1.2, `bun.lockb` before) and cargo-chef (`cook` reads the recipe alone); the tools' manuals else.

/// A command that reads nothing of a project but its manifests.
#[derive(Debug)]
pub(in super::super) struct Installer {
    pub(in super::super) program: &'static str,
    /// One of these has to be the first operand; empty where the program alone installs.
    pub(in super::super) verbs: &'static [&'static str],
    /// Operands behind the verb name packages: then no manifest is read.
    pub(in super::super) takes_packages: bool,
    /// As COPY can name them.
    pub(in super::super) manifests: &'static str,
    /// Options without which the project itself is installed, too; the first is the usual one.
    pub(in super::super) alone: &'static [&'static str],
}

const fn installer(program: &'static str, verbs: &'static [&'static str], manifests: &'static str) -> Installer {
    Installer { program, verbs, takes_packages: false, manifests, alone: &[] }
}

const fn by_package(program: &'static str, verbs: &'static [&'static str], manifests: &'static str) -> Installer {
    Installer { takes_packages: true, ..installer(program, verbs, manifests) }
}

impl Installer {
    const fn alone(self, options: &'static [&'static str]) -> Self {
        Self { alone: options, ..self }
    }
}

pub(in super::super) static INSTALLERS: [Installer; 22] = [
    by_package("npm", &["install", "i", "ci", "clean-install"], "package*.json"),
    by_package("yarn", &["", "install"], "package.json yarn.lock"),
    by_package("pnpm", &["install", "i"], "package.json pnpm-lock.yaml"),
    installer("pnpm", &["fetch"], "pnpm-lock.yaml"),
    by_package("bun", &["install", "i"], "package.json bun.lock*"),
    by_package("pipenv", &["install", "sync"], "Pipfile Pipfile.lock"),
    installer("poetry", &["install", "sync"], "pyproject.toml poetry.lock").alone(&["--no-root"]),
    installer("uv", &["sync"], "pyproject.toml uv.lock").alone(&[
        "--no-install-project",
        "--no-install-workspace",
        "--no-install-local",
    ]),
    installer("pdm", &["install", "sync"], "pyproject.toml pdm.lock").alone(&["--no-self"]),
    installer("bundle", &["", "install"], "Gemfile*"),
    installer("bundler", &["install"], "Gemfile*"),
    by_package("go", &["mod download"], "go.mod go.sum"),
    installer("cargo", &["fetch", "vendor"], "Cargo.toml Cargo.lock"),
    installer("mvn", &["dependency:go-offline", "dependency:resolve"], "pom.xml"),
    installer("mvnw", &["dependency:go-offline", "dependency:resolve"], "pom.xml"),
    installer("gradle", &["dependencies"], "*.gradle*"),
    installer("gradlew", &["dependencies"], "*.gradle*"),
    installer("dotnet", &["restore"], "*.csproj"),
    installer("nuget", &["restore"], "*.csproj"),
    by_package("composer", &["install"], "composer.json composer.lock"),
    installer("mix", &["deps.get"], "mix.exs mix.lock"),
    installer("conda", &["env create", "env update"], "environment.yml"),
];

/// Programs that work on the project's source, whatever their arguments, or with these first operands.
pub(in super::super) static BUILDERS: [(&str, &[&str]); 25] = [
    ("npm", &["run", "run-script", "test", "build", "start", "prune"]),
    ("yarn", &["build", "run", "test", "compile"]),
    ("pnpm", &["build", "run", "test"]),
    ("bun", &["build", "run", "test"]),
    ("make", &[]),
    ("cmake", &[]),
    ("ninja", &[]),
    ("tsc", &[]),
    ("webpack", &[]),
    ("vite", &["build"]),
    ("ng", &["build"]),
    ("go", &["build", "install", "test", "generate", "vet"]),
    ("cargo", &["build", "test", "install"]),
    ("mvn", &["package", "install", "compile", "verify", "test", "clean"]),
    ("mvnw", &["package", "install", "compile", "verify", "test", "clean"]),
    ("gradle", &["build", "assemble", "bootJar", "shadowJar", "clean"]),
    ("gradlew", &["build", "assemble", "bootJar", "shadowJar", "clean"]),
    ("dotnet", &["build", "publish", "test"]),
    ("msbuild", &[]),
    ("composer", &["dump-autoload", "dumpautoload"]),
    ("rake", &[]),
    ("rails", &[]),
    ("ant", &[]),
    ("sbt", &[]),
    ("mix", &["compile", "release"]),
];
