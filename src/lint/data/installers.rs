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

/// A build that first fetches what its manifests ask for.
#[derive(Debug)]
pub(in super::super) struct Resolver {
    pub(in super::super) programs: &'static [&'static str],
    /// One of these is among its operands; `*` as in globs.
    pub(in super::super) verbs: &'static [&'static str],
    /// One of these lies in the context.
    pub(in super::super) manifests: &'static [&'static str],
    /// Words by which it fetches nothing, or not into the layer.
    pub(in super::super) unless: &'static [&'static str],
    /// What fetches alone, in the words of its manual: then the build does not.
    pub(in super::super) fetched_by: &'static [&'static str],
    pub(in super::super) advice: Advice,
}

/// What to do about a build that fetches its dependencies.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Advice {
    /// Files that COPY brings first, and the command that fetches.
    FetchFirst { files: &'static str, command: &'static str },
    /// Nothing fetches without the source: folders over which a cache is mounted.
    MountCache { folder: &'static str },
}

pub(in super::super) static RESOLVERS: [Resolver; 5] = [
    Resolver {
        programs: &["go"],
        verbs: &["build", "install", "test"],
        manifests: &["go.mod"],
        unless: &["-mod=vendor", "-mod", "vendor"],
        fetched_by: &["go mod", "go get"],
        advice: Advice::FetchFirst { files: "go.mod go.sum", command: "go mod download" },
    },
    Resolver {
        programs: &["cargo"],
        verbs: &["build", "install", "test", "b", "t"],
        manifests: &["Cargo.toml"],
        unless: &["--offline", "--frozen"],
        fetched_by: &["cargo fetch", "cargo vendor", "cargo chef"],
        advice: Advice::MountCache { folder: "/usr/local/cargo/registry" },
    },
    Resolver {
        programs: &["mvn", "mvnw"],
        verbs: &["package", "install", "compile", "verify", "test", "deploy"],
        manifests: &["pom.xml"],
        unless: &["-o", "--offline"],
        fetched_by: &["dependency:"],
        advice: Advice::FetchFirst { files: "pom.xml", command: "mvn dependency:go-offline" },
    },
    Resolver {
        programs: &["gradle", "gradlew"],
        verbs: &["build", "assemble", "bootJar", "shadowJar", "jar", "war", "installDist", "*:build", "*:bootJar"],
        manifests: &["build.gradle", "build.gradle.kts"],
        unless: &["--offline"],
        fetched_by: &["dependencies", "resolveDependencies"],
        advice: Advice::MountCache { folder: "/root/.gradle" },
    },
    Resolver {
        programs: &["dotnet"],
        verbs: &["build", "publish", "test"],
        manifests: &["*.csproj", "*.fsproj", "*.sln", "*.slnx"],
        unless: &["--no-restore"],
        fetched_by: &["dotnet restore"],
        advice: Advice::FetchFirst { files: "*.csproj", command: "dotnet restore" },
    },
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
