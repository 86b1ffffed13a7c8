//! Commands that install what a project's manifest asks for, and those that work on its source.

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
}

const fn installer(program: &'static str, verbs: &'static [&'static str], manifests: &'static str) -> Installer {
    Installer { program, verbs, takes_packages: false, manifests }
}

const fn by_package(program: &'static str, verbs: &'static [&'static str], manifests: &'static str) -> Installer {
    Installer { program, verbs, takes_packages: true, manifests }
}

/// From each tool's own manual.
pub(in super::super) static INSTALLERS: [Installer; 21] = [
    by_package("npm", &["install", "i", "ci", "clean-install"], "package*.json"),
    by_package("yarn", &["", "install"], "package.json yarn.lock"),
    by_package("pnpm", &["install", "i"], "package.json pnpm-lock.yaml"),
    by_package("bun", &["install", "i"], "package.json bun.lock"),
    by_package("pipenv", &["install", "sync"], "Pipfile Pipfile.lock"),
    installer("poetry", &["install"], "pyproject.toml poetry.lock"),
    installer("uv", &["sync"], "pyproject.toml uv.lock"),
    installer("pdm", &["install", "sync"], "pyproject.toml pdm.lock"),
    installer("bundle", &["", "install"], "Gemfile*"),
    installer("bundler", &["install"], "Gemfile*"),
    by_package("go", &["mod download"], "go.mod go.sum"),
    installer("cargo", &["fetch", "vendor", "chef cook"], "Cargo.toml Cargo.lock"),
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
