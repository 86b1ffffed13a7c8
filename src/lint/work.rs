//! What the commands of a RUN work on: it decides how often they have to run again.

use super::data::installers::{BUILDERS, INSTALLERS, Installer};
use super::packages::{Manager, PackageCommand, package_command};
use crate::diag::{Wording, say};
use crate::dockerfile::shell::{Invocation, Script, ShellWord};

/// From what changes seldom to what changes with every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Packages of the operating system.
    System,
    /// Libraries of a language.
    Dependencies,
    /// The project's own source.
    Source,
    Other,
}

impl Work {
    pub(super) fn name(self) -> Wording {
        match self {
            Self::System => say!("system packages", "系统软件包"),
            Self::Dependencies => say!("dependencies", "依赖"),
            Self::Source => say!("the source", "源代码"),
            Self::Other => say!("neither packages nor the source", "既非软件包也非源代码的内容"),
        }
    }
}

/// What one command works on; `None` for those that only prepare or tidy up, like `cd` and `rm`.
fn work(invocation: &Invocation) -> Option<Work> {
    #[rustfmt::skip] // as a block of words
    const NEUTRAL: [&str; 22] = [
        "cd", "set", "echo", "printf", "rm", "mkdir", "export", "unset", "true", ":", "test", "[", "find", "sleep",
        "exit", "ls", "cat", "pwd", "sync", "chmod", "chown", "mv",
    ];
    if NEUTRAL.contains(&invocation.program()) {
        return None;
    }
    if let Some(command) = package_command(invocation) {
        let system = !matches!(command.manager, Manager::Pip | Manager::Npm | Manager::Gem);
        if system {
            return Some(Work::System);
        }
        if command.installs() && !installs_project(invocation) {
            return Some(Work::Dependencies);
        }
    }
    if manifests(invocation).is_some() {
        return Some(Work::Dependencies);
    }
    Some(if builds(invocation) { Work::Source } else { Work::Other })
}

/// What a whole RUN works on; `None` when that is several things, or cannot be told.
pub(super) fn work_of(script: &Script) -> Option<Work> {
    if !script.skipped.is_empty() || script.invocations.is_empty() {
        return None;
    }
    let mut found = script.invocations.iter().filter_map(work);
    let first = found.next().unwrap_or(Work::Other);
    found.all(|work| work == first).then_some(first)
}

/// The manifests that the command reads, as COPY can name them, when it reads nothing else of the project.
pub(super) fn manifests(invocation: &Invocation) -> Option<String> {
    if let Some(files) = requirement_files(invocation) {
        return Some(files);
    }
    Some(installer(invocation)?.manifests.to_owned())
}

fn installer(invocation: &Invocation) -> Option<&'static Installer> {
    INSTALLERS.iter().find(|installer| installs(installer, invocation))
}

/// The option that the command lacks to leave the project itself out.
pub(super) fn option_to_leave_project_out(invocation: &Invocation) -> Option<&'static str> {
    let options = installer(invocation)?.alone;
    options.first().copied().filter(|_| !options.iter().any(|option| invocation.has_option(option)))
}

fn installs(installer: &Installer, invocation: &Invocation) -> bool {
    let global = ["--global", "--location=global"].iter().any(|option| invocation.has_option(option));
    if installer.program != invocation.program()
        || global
        || invocation.arguments().iter().any(|word| word.text() == "-g")
    {
        return false;
    }
    let operands: Vec<_> = invocation.operands().map(ShellWord::text).collect();
    installer.verbs.iter().any(|verb| {
        let verb: Vec<_> = verb.split_whitespace().collect();
        operands.starts_with(&verb)
            && (!verb.is_empty() || operands.is_empty())
            && (!installer.takes_packages || !names_packages(&operands[verb.len()..]))
    })
}

/// Operands that are values of options look like `false` or a path: only a word like a package's name counts.
fn names_packages(operands: &[&str]) -> bool {
    operands.iter().any(|word| !word.starts_with(['/', '.', '$']) && word.parse::<u64>().is_err() && *word != "false")
}

/// `pip install -r a.txt -r b.txt`: the files.
fn requirement_files(invocation: &Invocation) -> Option<String> {
    let command = package_command(invocation)?;
    if command.manager != Manager::Pip || !command.installs() || installs_project(invocation) {
        return None;
    }
    let words: Vec<_> = invocation.words.iter().map(ShellWord::text).collect();
    let pairs = words.windows(2).filter(|pair| matches!(pair[0], "-r" | "--requirement")).map(|pair| pair[1]);
    let joined = words.iter().filter_map(|word| word.strip_prefix("--requirement=").or(word.strip_prefix("-r")));
    let files: Vec<_> = pairs.chain(joined.filter(|file| !file.is_empty())).collect();
    let known = |file: &&str| !file.contains("://") && !file.contains('$');
    (!files.is_empty() && files.iter().all(known)).then(|| files.join(" "))
}

/// `pip install .`, also editable, and `npm install ./sub`: the source itself is installed.
fn installs_project(invocation: &Invocation) -> bool {
    invocation.arguments().iter().any(|word| {
        let text = word.text();
        text == "."
            || text.starts_with("./")
            || text.starts_with(".[")
            || text.starts_with("-e")
            || text == "--editable"
    })
}

pub(super) fn builds(invocation: &Invocation) -> bool {
    let verb = invocation.operands().next().map(ShellWord::text);
    let known = BUILDERS.iter().any(|(program, verbs)| {
        *program == invocation.program() && (verbs.is_empty() || verb.is_some_and(|verb| verbs.contains(&verb)))
    });
    let script = invocation.program().starts_with("python") && matches!(verb, Some("setup.py" | "manage.py"));
    let project = package_command(invocation).is_some_and(|command| command.installs()) && installs_project(invocation);
    known || script || project
}

/// Whether a command brings something in from elsewhere, on which what follows may work.
pub(super) fn fetches(invocation: &Invocation) -> bool {
    match invocation.program() {
        "curl" | "wget" | "svn" | "hg" | "aria2c" => true,
        "git" => invocation.operands().next().is_some_and(|verb| matches!(verb.text(), "clone" | "fetch" | "pull")),
        _ => false,
    }
}

/// Whether a script runs something that may bring any program into the image.
pub(super) fn brings_unknown(script: &Script) -> bool {
    !script.skipped.is_empty()
        || script.invocations.is_empty()
        || script.invocations.iter().any(|command| {
            let path = command.words[0].text();
            let local = path.contains('/') && !["/bin/", "/usr/", "/sbin/"].iter().any(|place| path.starts_with(place));
            // `sh setup.sh` and `curl … | sh`, not `sh -c "…"`, which is seen through.
            let shell =
                matches!(command.program(), "sh" | "bash" | "ash" | "." | "source") && !command.has_option("-c");
            local
                || shell
                || command.words[0].dynamic
                || fetches(command)
                || matches!(
                    command.program(),
                    "tar" | "unzip" | "make" | "ansible-playbook" | "dpkg" | "rpm" | "nix" | "brew"
                )
        })
}

/// The program and its first operand: enough to recognise a command by.
pub(super) fn title(invocation: &Invocation) -> String {
    if let Some(command) = package_command(invocation) {
        return command.name();
    }
    let operand = invocation.arguments().iter().position(|word| !word.is_option());
    let words = &invocation.arguments()[..operand.map_or(0, |at| at + 1)];
    words.iter().fold(invocation.program().to_owned(), |title, word| title + " " + word.text())
}

/// A command that installs packages of the system by their names.
pub(super) fn system_install(script: &Script) -> Option<PackageCommand<'_>> {
    script.invocations.iter().filter(|command| work(command) == Some(Work::System)).find_map(|command| {
        // `./local.deb` and `$(cat list)` come with the source.
        let own = |word: &str| word.contains(['/', '$', '`']);
        package_command(command)
            .filter(|command| command.installs() && !command.operands.iter().any(|word| own(word.text())))
    })
}

/// A command that needs the project's files; what was fetched in the same RUN may be what it works on.
pub(super) fn source_work(script: &Script) -> Option<&Invocation> {
    if script.invocations.iter().any(fetches) {
        return None;
    }
    script.invocations.iter().find(|command| work(command) == Some(Work::Source) || manifests(command).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Text;
    use crate::dockerfile::shell::ShellReader;

    fn script(text: &str) -> Script {
        let mut whole = Text::default();
        whole.push(text, 0);
        ShellReader::default().read(&whole)
    }

    fn manifests_of(text: &str) -> Option<String> {
        manifests(&script(text).invocations[0])
    }

    #[test]
    fn a_run_has_one_class_or_none() {
        assert_eq!(work_of(&script("set -e; apt-get update && apt-get install -y a && rm -rf /b")), Some(Work::System));
        assert_eq!(work_of(&script("cd /app && npm ci")), Some(Work::Dependencies));
        assert_eq!(work_of(&script("npm install -g a && pip install b")), Some(Work::Dependencies));
        assert_eq!(work_of(&script("go build ./...")), Some(Work::Source));
        assert_eq!(work_of(&script("pip install -e .")), Some(Work::Source));
        assert_eq!(work_of(&script("useradd a")), Some(Work::Other));
        assert_eq!(work_of(&script("apt-get install -y a && npm ci")), None);
    }

    #[test]
    fn manifests_are_named_where_nothing_else_is_read() {
        assert_eq!(manifests_of("npm ci --omit=dev").as_deref(), Some("package*.json"));
        assert_eq!(manifests_of("pip3 install --no-cache-dir -r a.txt -r b.txt").as_deref(), Some("a.txt b.txt"));
        assert_eq!(manifests_of("go mod download").as_deref(), Some("go.mod go.sum"));
        assert_eq!(manifests_of("yarn --frozen-lockfile").as_deref(), Some("package.json yarn.lock"));
        for other in
            ["npm install express", "npm i -g x", "npm run build", "yarn build", "pip install -r $A", "go build"]
        {
            assert_eq!(manifests_of(other), None, "{other}");
        }
    }
}
