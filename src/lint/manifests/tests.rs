//! What each tool is known to read, and what makes that uncertain.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::diag::Source;
use crate::dockerfile::Text;
use crate::dockerfile::shell::ShellReader;
use crate::lint::{ContextFile, Folder};

/// Paths and texts.
type Files<'f> = &'f [(&'f str, &'f str)];

/// What the command reads in a folder with these files; an empty one is only there.
fn read_by(command: &str, files: Files) -> Option<Vec<String>> {
    let mut text = Text::default();
    text.push(command, 0);
    let script = ShellReader::default().read(&text);
    let file = |(path, text): &(&str, &str)| {
        let source = Arc::new(Source::new(*path, *text));
        ((*path).to_owned(), ContextFile { source, executable: None })
    };
    let entries = files.iter().filter(|(path, _)| !path.contains('/')).map(|(path, _)| (*path).to_owned()).collect();
    let build = BuildContext {
        folder: Arc::new(Folder::new(entries, |_| false)).into(),
        files: files.iter().map(file).collect::<BTreeMap<_, _>>().into(),
        ..BuildContext::default()
    };
    let ignored = IgnoreFile::parse("ignored\n");
    reads(&script.invocations[0], Sources { build: &build, ignored: Some(&ignored) }).map(|reads| reads.files)
}

#[test]
fn manifests_with_their_companions_are_read() {
    let package = ("package.json", r#"{ "dependencies": { "a": "~1.2", "b": "npm:c@1", "d": "https://e/f.tgz" } }"#);
    let cases: [(&str, Files, &[&str]); 11] = [
        ("npm ci", &[package, ("package-lock.json", "")], &["package.json", "package-lock.json"]),
        ("npm install --registry=https://r.example", &[package], &["package.json"]),
        ("yarn --network-timeout 1000", &[package, ("yarn.lock", "")], &["package.json", "yarn.lock"]),
        ("pnpm i --frozen-lockfile", &[package, ("pnpm-lock.yaml", "")], &["package.json", "pnpm-lock.yaml"]),
        (
            "npm i",
            &[("package.json", r#"{ "name": "a" }"#), (".npmrc", "# a\nfund=false\n")],
            &["package.json", ".npmrc"],
        ),
        ("python -m pip install -U pip -r a/b.txt", &[("a/b.txt", "c\n-i https://d/e\nf==1;g\n")], &["a/b.txt"]),
        (
            "pip install -rb.txt --requirement=./c.txt",
            &[("b.txt", ""), ("c.txt", "a @ git+https://d/e")],
            &["b.txt", "c.txt"],
        ),
        (
            "uv sync --locked --no-install-project",
            &[("pyproject.toml", "[project]\n"), ("uv.lock", "")],
            &["pyproject.toml", "uv.lock"],
        ),
        ("pipenv install --system --deploy", &[("Pipfile", "[packages]\na = \"*\"\n")], &["Pipfile"]),
        (
            "composer install --no-scripts --no-autoloader",
            &[("composer.json", r#"{ "scripts": {} }"#)],
            &["composer.json"],
        ),
        ("dotnet restore ./A.csproj -r linux-x64", &[("A.csproj", "<Project/>")], &["A.csproj"]),
    ];
    for (command, files, expected) in cases {
        assert_eq!(
            read_by(command, files).as_deref(),
            Some(&expected.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()[..]),
            "{command}"
        );
    }
}

#[test]
fn what_prepares_reads_nothing() {
    for command in [
        "apt-get install -y git",
        "sudo apk add --no-cache --virtual .deps a",
        "npm install -g pnpm@9 @scope/tool",
        "corepack enable",
        "pip install --upgrade pip setuptools",
        "npm cache clean --force",
        "set -eux",
    ] {
        assert_eq!(read_by(command, &[]), Some(Vec::new()), "{command}");
    }
}

#[test]
fn what_may_read_more_is_not_told() {
    let package = |text| [("package.json", text)];
    for text in [
        "not json",
        "[]",
        r#"{ "workspaces": ["a"] }"#,
        r#"{ "scripts": { "prepare": "husky" } }"#,
        r#"{ "dependencies": { "a": "file:a" } }"#,
        r#"{ "devDependencies": { "a": "../a" } }"#,
        r#"{ "overrides": { "a": { "b": "link:c" } } }"#,
        r#"{ "dependencies": { "a": "workspace:*" } }"#,
        r#"{ "pnpm": { "patchedDependencies": {} } }"#,
    ] {
        assert_eq!(read_by("npm install", &package(text)), None, "{text}");
    }
    let plain = package("{}")[0];
    let cases: [(&str, Files); 21] = [
        ("npm ci", &[plain]),
        ("npm install --prefix a", &[plain]),
        ("npm install --userconfig=./a", &[plain]),
        ("npm install $A", &[plain]),
        ("npm install", &[]),
        ("npm install", &[plain, (".npmrc", "cafile=./ca.pem\n")]),
        ("yarn", &[plain, (".yarnrc.yml", "")]),
        ("pip install -r a.txt", &[("a.txt", "-r b.txt\n")]),
        ("pip install -r a.txt", &[("a.txt", "./b\n")]),
        ("pip install -r a.txt", &[("a.txt", "b @ file:///c\n")]),
        ("pip install -r a.txt -c b.txt", &[("a.txt", ""), ("b.txt", "")]),
        ("pip install -r a.txt .", &[("a.txt", "")]),
        ("pip install --find-links ./wheels a", &[]),
        ("poetry install", &[("pyproject.toml", "[a]\n"), ("poetry.lock", "")]),
        ("uv sync --no-install-project", &[("pyproject.toml", "a = { path = \"b\" }\n")]),
        ("bundle install", &[("Gemfile", "gem 'a', path: 'b'\n")]),
        ("bundle install", &[("Gemfile", "gemspec\n")]),
        ("composer install", &[("composer.json", r#"{ "autoload": { "classmap": ["a"] } }"#)]),
        ("mvn dependency:go-offline", &[("pom.xml", "<modules>")]),
        ("apt-get install ./a.deb", &[]),
        ("env -C a npm install", &[plain]),
    ];
    for (command, files) in cases {
        assert_eq!(read_by(command, files), None, "{command} {files:?}");
    }
}
